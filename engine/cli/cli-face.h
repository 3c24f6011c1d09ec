/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/cli.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* What the commands about single faces share. */

/* Decodes the whole picture. */
SmbImage *smb_cli_open_picture (SmbEngine *engine, const char *path, GError **error);

/* Boxes (GArray of SmbBox) of the faces found, or those drawn. only: a face counted from 1, 0 all; an ARGUMENT error names
 * `path` if there are fewer. */
GArray *smb_cli_find_faces (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, GArray *drawn, int only,
                            const char *path, GError **error);

/* A region map made elsewhere: .npy, or a picture (then opened by the decode worker). */
SmbRegions *smb_cli_read_regions (SmbEngine *engine, const char *path, GError **error);

/* A progress line on standard error where that is a terminal; NULL elsewhere. */
SmbProgress smb_cli_progress (void);
void smb_cli_progress_end (void);

/* "-o FOLDER/STEM-F1-error-seed3.png": a file's name for the map of a face; nothing in it that a shell or another system
 * stumbles on. Free with g_free. */
char *smb_cli_map_file (const char *folder, const char *stem, guint face, const char *map, const char *ending);

G_END_DECLS
