/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "explain/smb-map.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* A map of the whole picture, as the command line names it: "ela", "ela:quality=75", "noise". */
typedef struct {
  SmbPictureMapKind kind;
  int quality;
} SmbCliPictureMap;

/* FALSE without an error: the text names a map of another kind. ARGUMENT for a senseless setting. */
gboolean smb_cli_picture_map_parse (SmbCliPictureMap *map, const char *text, GError **error);

/* Writes FOLDER/STEM-NAME.png (with legend) and .npy, with `raw` also -16.png; `files` (char*) gets their names. */
gboolean smb_cli_picture_map_write (SmbEngine *engine, const char *path, const SmbCliPictureMap *how,
                                    const char *folder, const char *stem, const char *name, SmbColours colours,
                                    gboolean raw, GPtrArray *files, double range[2], GError **error);

G_END_DECLS
