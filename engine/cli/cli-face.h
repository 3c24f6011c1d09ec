/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/cli.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* What the commands about single faces share. */

typedef struct {
  char *model, *regions, *device, *reference;
  char **boxes;
  int face, threads;
  gboolean json;
} SmbCliFaceOptions;

/* Parses the command's own options together with those that all of these commands have: --model, --regions,
 * --landmarks, --face, --box, --json, --threads, --device, --allow-unsandboxed, and --reference if `with_reference`.
 * FALSE: a sentence was printed, return SMB_EXIT_USAGE. */
gboolean smb_cli_face_parse (SmbCliFaceOptions *options, int *argc, char ***argv, const GOptionEntry *own,
                             gboolean with_reference, const char *parameters, const char *summary);
void smb_cli_face_options_clear (SmbCliFaceOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SmbCliFaceOptions, smb_cli_face_options_clear)

/* A picture with the faces that a command is about. */
typedef struct {
  SmbEngine *engine;
  SmbModelInfo *model;
  SmbImage *image;
  SmbRegions *regions; /* made elsewhere; NULL: drawn from landmarks */
  GArray *boxes;       /* SmbBox of every face, also of those not asked for */
  int only;            /* face counted from 1; 0: all */
} SmbCliFaces;

/* Opens model and picture and looks for the faces. */
gboolean smb_cli_faces_open (SmbCliFaces *faces, const SmbCliFaceOptions *options, const char *path, GError **error);
void smb_cli_faces_clear (SmbCliFaces *faces);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SmbCliFaces, smb_cli_faces_clear)
gboolean smb_cli_faces_wants (const SmbCliFaces *faces, guint index); /* from 0 */

/* What a command does with face `index` (from 0) of the picture `path`, and prints. */
typedef gboolean (*SmbCliFaceWork) (const SmbCliFaces *faces, const char *path, guint index, gpointer user_data,
                                    GError **error);
/* Every face asked for of every picture among the arguments (at least one), whose seed, if it has one, is not below 0.
 * A picture that fails gets a sentence, and the others are done. Words end with what is to be said of the model. The
 * exit code. */
int smb_cli_faces_run (const SmbCliFaceOptions *options, int argc, char **argv, gint64 seed, SmbCliFaceWork work,
                       gpointer user_data);

/* A picture's name without folder and ending: "portrait". Free with g_free. */
char *smb_cli_stem (const char *path);

/* Decodes the whole picture. */
SmbImage *smb_cli_open_picture (SmbEngine *engine, const char *path, GError **error);

/* Boxes (GArray of SmbBox) of the faces found, or those drawn. only: a face counted from 1, 0 all; an ARGUMENT error
 * names `path` if there are fewer. */
GArray *smb_cli_find_faces (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, GArray *drawn,
                            int only, const char *path, GError **error);

/* A progress line on standard error where that is a terminal; NULL elsewhere. */
SmbProgress smb_cli_progress (void);
void smb_cli_progress_end (void);

/* "-o FOLDER/STEM-F1-error-seed3.png": a file's name for the map of a face; nothing in it that a shell or another
 * system stumbles on. Free with g_free. */
char *smb_cli_map_file (const char *folder, const char *stem, guint face, const char *map, const char *ending);

G_END_DECLS
