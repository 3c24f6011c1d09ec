/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "analysis/smb-analysis.h"
#include "base/smb-progress.h"

G_BEGIN_DECLS

/* The window's and the command line's side of the worker processes: starts `semblance-worker decode` and
 * `semblance-worker compute` when first needed, speaks framed messages with them over socket pairs, receives pixels and
 * maps as sealed memory descriptors, restarts a worker that died. Calls block: make them from a thread of your own.
 * Safe from several threads: calls to one worker queue up. Cancelling stops the work at its next step. */
typedef struct _SmbEngine SmbEngine;

/* device NULL: "cpu". threads 0: one a core. Starts nothing yet. */
SmbEngine *smb_engine_new (const char *device, int threads);
SmbEngine *smb_engine_ref (SmbEngine *engine);
void smb_engine_unref (SmbEngine *engine); /* the last one ends the workers */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbEngine, smb_engine_unref)

/* What a picture's file says of itself, besides its pixels. */
typedef struct {
  char *format;     /* "JPEG", "PNG" … */
  int orientation;  /* EXIF 1..8; pixels are already upright */
  int bits;         /* per channel in the file */
  char **warnings;  /* sentences: "truncated, the lower 12 % are grey" …; NULL-terminated, may be empty */
} SmbPictureInfo;
void smb_picture_info_free (SmbPictureInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbPictureInfo, smb_picture_info_free)

/* Decodes evidence in the decode worker from a descriptor opened read-only (stays the caller's). `path` is for messages.
 * max_side_px > 0: a thumbnail no larger than that (decoded small where the format can). info_out may be NULL. */
SmbImage *smb_engine_decode (SmbEngine *engine, int fd, const char *path, int max_side_px, SmbPictureInfo **info_out,
                             GCancellable *cancellable, GError **error);

/* Faces and scores; see smb_judge_analyze. The model stays loaded in the compute worker between calls. */
SmbAnalysis *smb_engine_analyze (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image,
                                 const GArray *drawn, const SmbAnalysisSettings *settings, SmbProgress progress,
                                 gpointer user_data, GCancellable *cancellable, GError **error);

/* Array of SmbMap*; see smb_judge_maps. */
GPtrArray *smb_engine_maps (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, SmbBox box,
                            const SmbMapSpec *specs, guint n_specs, GCancellable *cancellable, GError **error);

G_END_DECLS
