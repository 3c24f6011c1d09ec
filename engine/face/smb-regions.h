/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "base/smb-image.h"
#include "face/smb-region-map.h"

G_BEGIN_DECLS

typedef enum {
  SMB_REGIONS_FROM_LANDMARKS, /* found in the picture */
  SMB_REGIONS_FROM_TEMPLATE,  /* placed from the face's box alone */
  SMB_REGIONS_IMPORTED,       /* made elsewhere */
  SMB_REGIONS_BY_HAND,        /* edited by the examiner */
} SmbRegionsOrigin;

/* A region map of a face and where it comes from: one SmbRegionClass a pixel (size, size) over the face's whole box. */
typedef struct {
  int size_px;
  guint8 *classes;
  SmbRegionsOrigin origin;
} SmbRegions;

SmbRegions *smb_regions_new_take (int size_px, guint8 *classes, SmbRegionsOrigin origin);
void smb_regions_free (SmbRegions *regions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbRegions, smb_regions_free)

/* Nearest neighbour to another side (pixel centres on pixel centres); the same size is a copy. */
SmbRegions *smb_regions_resize (const SmbRegions *regions, int size_px);

/* The map laid over another square of the same picture, from the face's box `from` to the box `to`: where they overlap
 * a pixel of the picture keeps its class (to the nearest pixel of the map); beyond the old box its edge goes on. Same
 * side and origin. */
SmbRegions *smb_regions_move (const SmbRegions *regions, SmbBox from, SmbBox to);

/* The (translated) sentence that goes with regions of this origin; NULL for landmarks found in the picture. */
const char *smb_regions_note (SmbRegionsOrigin origin);

/* "landmarks", "template", "imported", "hand": as in JSON; static. */
const char *smb_regions_origin_name (SmbRegionsOrigin origin);
gboolean smb_regions_origin_from_name (const char *name, SmbRegionsOrigin *out);

/* What people call a class, translated ("left brow"), and the word files know it by ("brow-left"); static. */
const char *smb_region_class_title (SmbRegionClass class);
const char *smb_region_class_name (SmbRegionClass class);
/* The colour a class has wherever regions are drawn; the eleven differ from each other in lightness too. */
void smb_region_class_colour (SmbRegionClass class, guint8 rgb[3]);

/* As text, for a case: runs of one class from the upper left, row by row, each a letter ("a" background to "k" hair)
 * and its length if that is not 1: "a224kkb220 …" without blanks. Free with g_free. */
char *smb_regions_pack (const SmbRegions *regions);
/* FORMAT if the text is not exactly a map of this size. */
SmbRegions *smb_regions_unpack (const char *text, int size_px, SmbRegionsOrigin origin, GError **error);

/* A map made elsewhere, of whole numbers 0 to 10 over the same square as the face's box. Sides from 8 to 8192 pixels.
 * Files of NumPy (.npy) of integers, (H,W) or (1,H,W), as facer writes them (int8). */
SmbRegions *smb_regions_read_npy (const char *path, GError **error);
/* Writes (1,H,W) int8: what smb_regions_read_npy and FSFM's own loader read. */
gboolean smb_regions_write_npy (const SmbRegions *regions, const char *path, GError **error);
/* A picture whose pixels are classes: grey (v, v, v) with v <= 10, or the colours above. `path` is for messages.
 * FORMAT or MISMATCH naming what is wrong otherwise. */
SmbRegions *smb_regions_from_picture (const SmbImage *image, const char *path, GError **error);

G_END_DECLS
