/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "base/smb-image.h"

G_BEGIN_DECLS

/* Maps of a whole picture that need no model. Runs in the decode worker. */
typedef enum {
  /* Error-level analysis (Krawetz 2007): the picture is packed as JPEG once more (4:2:0, IJG's tables of `quality`);
   * mean over R, G, B of the absolute difference, in steps of 255. Parts that were packed another number of times
   * differ. */
  SMB_PICTURE_MAP_ELA,
  /* Noise: the absolute difference of the luma (BT.601) and its median of 3 x 3. Parts from another camera, or
     smoothed, differ. */
  SMB_PICTURE_MAP_NOISE,
  SMB_N_PICTURE_MAPS,
} SmbPictureMapKind;

/* Each value is the mean over step_px x step_px pixels (fewer at the right and lower edge). */
typedef struct {
  SmbPictureMapKind kind;
  int quality; /* of ELA, 1 to 100 */
  int picture_width, picture_height;
  int step_px, columns, rows;
  float *values; /* rows * columns */
  double min, max;
} SmbPictureMap;

#define SMB_PICTURE_MAP_QUALITY 90
/* No side of a map is longer: larger pictures are averaged, so that memory stays bounded. */
#define SMB_PICTURE_MAP_MAX_SIDE 2048

const char *smb_picture_map_name (SmbPictureMapKind kind); /* "ela", "noise"; static */
gboolean smb_picture_map_from_name (const char *name, SmbPictureMapKind *kind);

/* Errors: MEMORY, cancelled. Beside the picture it takes the packed bytes and a few rows. */
SmbPictureMap *smb_picture_map_make (SmbPictureMapKind kind, int quality, const SmbImage *image,
                                     GCancellable *cancellable, GError **error);
/* From values that came from elsewhere (copied); step and size follow from the picture's. NULL if they do not fit it.
 */
SmbPictureMap *smb_picture_map_new (SmbPictureMapKind kind, int quality, int width, int height, int columns, int rows,
                                    const float *values);
/* The value below which `percent` of the map's values lie: a few edges are so much stronger than the rest that the
 * largest makes a poor end for colours. */
double smb_picture_map_percentile (const SmbPictureMap *map, double percent);
void smb_picture_map_free (SmbPictureMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbPictureMap, smb_picture_map_free)

G_END_DECLS
