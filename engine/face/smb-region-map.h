/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "face/smb-landmarks.h"

G_BEGIN_DECLS

/* Classes of a region map: those of the parsing maps FSFM was pretrained with (FaRL on LaPa). */
typedef enum {
  SMB_CLASS_BACKGROUND,
  SMB_CLASS_SKIN,
  SMB_CLASS_BROW_LEFT, /* left in the picture */
  SMB_CLASS_BROW_RIGHT,
  SMB_CLASS_EYE_LEFT,
  SMB_CLASS_EYE_RIGHT,
  SMB_CLASS_NOSE,
  SMB_CLASS_UPPER_LIP,
  SMB_CLASS_INNER_MOUTH,
  SMB_CLASS_LOWER_LIP,
  SMB_CLASS_HAIR,
  SMB_N_CLASSES,
} SmbRegionClass;

/* How pixels of the upright image become pixels of the network's input. */
typedef struct {
  SmbBox box;      /* the crop */
  int size_px;     /* side of the input */
  gboolean centre; /* resized to size * 256 / 224, then the centre (smb_face_crop_resize_centre) */
} SmbCropView;

/* Region map (size, size) of a face, one SmbRegionClass a pixel, drawn from its landmarks: outline and parts as
 * polygons, hair as an ellipse about the head, by measures found on faces by trial. rgb (size, size, 3): the crop
 * itself, by whose colours the border of skin, hair and background is then refined; NULL: shapes alone. Points off the
 * picture or nonsensical ones give a poor map, never a failure. Free with g_free. */
guint8 *smb_region_map_draw (const SmbLandmarks *landmarks, const SmbCropView *view, const guint8 *rgb);

G_END_DECLS
