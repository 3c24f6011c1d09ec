/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "analysis/smb-analysis.h"
#include "base/smb-progress.h"
#include "media/smb-metadata.h"
#include "media/smb-picture-map.h"
#include "media/smb-picture.h"
#include "worker/smb-lock-state.h"

G_BEGIN_DECLS

/* The window's and the command line's side of the worker processes: starts `semblance-worker decode` and
 * `semblance-worker compute` when first needed, speaks framed messages with them over socket pairs, receives pixels and
 * maps as sealed memory descriptors, restarts a worker that died. Calls block: make them from a thread of your own.
 * Safe from several threads: calls to one worker queue up. Cancelling stops the work at its next step; a worker that
 * does not heed it within two seconds is killed and started anew for the next call.
 * Fails closed: a worker whose system refuses it the walls of smb-lock-state.h gets no evidence and no model (error
 * WORKER), unless SEMBLANCE_ALLOW_UNSANDBOXED is 1.
 * A worker that dies is an error of the code WORKER that says how it ended; the call is not repeated, for the evidence
 * may be what killed it. */
typedef struct _SmbEngine SmbEngine;

/* device NULL: "cpu". threads 0: one a core. Starts nothing yet. */
SmbEngine *smb_engine_new (const char *device, int threads);
SmbEngine *smb_engine_ref (SmbEngine *engine);
void smb_engine_unref (SmbEngine *engine); /* the last one ends the workers */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbEngine, smb_engine_unref)

/* What is asked for from now on is computed there; NULL: "cpu". Whether there is such a device shows then. */
void smb_engine_set_device (SmbEngine *engine, const char *device);
/* The .dat file that landmarks are found with from now on; NULL: what SEMBLANCE_LANDMARKS says, or Debian's. One that
 * cannot be used is an error of whatever needs landmarks. */
void smb_engine_set_landmarks (SmbEngine *engine, const char *path);
/* The name of the device it computes on. Borrowed. */
const char *smb_engine_get_device_name (const SmbEngine *engine);

/* Decodes evidence in the decode worker from a descriptor opened read-only (stays the caller's). `path` is for
 * messages. max_side_px > 0: a thumbnail no larger than that (decoded small where the format can). info_out may be
 * NULL. Errors: those of smb_picture_decode, WORKER. */
SmbImage *smb_engine_decode (SmbEngine *engine, int fd, const char *path, int max_side_px, SmbPictureInfo **info_out,
                             GCancellable *cancellable, GError **error);

/* What the file says besides its pixels; see smb_metadata_read. Descriptor and path as above. */
SmbMetadata *smb_engine_metadata (SmbEngine *engine, int fd, const char *path, GCancellable *cancellable,
                                  GError **error);

/* Error level or noise over the whole picture; see smb_picture_map_make. quality 1 to 100: of the error level. */
SmbPictureMap *smb_engine_picture_map (SmbEngine *engine, int fd, const char *path, SmbPictureMapKind kind, int quality,
                                       GCancellable *cancellable, GError **error);

/* Faces and scores; see smb_judge_analyze. The model stays loaded in the compute worker between calls. */
SmbAnalysis *smb_engine_analyze (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image,
                                 const GArray *drawn, const SmbAnalysisSettings *settings, SmbProgress progress,
                                 gpointer user_data, GCancellable *cancellable, GError **error);

/* Starts the compute worker and has it load the model meanwhile, for an analysis that is to come with such settings;
 * that analysis waits only for what is left of it, and says what went wrong. Only the first call of an engine does. */
void smb_engine_prepare (SmbEngine *engine, const SmbModelInfo *model, const SmbAnalysisSettings *settings);

/* With what an analysis with this model is made, noted in it: the device's full name and, if it has faces, the file of
 * their landmarks with its hash. For one that is to be kept; the first time the file is hashed (0.1 s). */
gboolean smb_engine_name_instruments (SmbEngine *engine, const SmbModelInfo *model, SmbAnalysis *analysis,
                                      GCancellable *cancellable, GError **error);
/* The device's name as an analysis has it, "cpu" and the processor. Free with g_free. */
char *smb_engine_dup_device (SmbEngine *engine, const SmbModelInfo *model, GCancellable *cancellable, GError **error);

/* Array of SmbMap*, in the order of specs; see smb_judge_maps. */
GPtrArray *smb_engine_maps (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, SmbBox box,
                            const SmbMapSpec *specs, guint n_specs, GCancellable *cancellable, GError **error);

/* The same with regions of one's own and progress; see smb_judge_make_maps. */
GPtrArray *smb_engine_make_maps (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image,
                                 const SmbMapJob *job, const SmbMapSpec *specs, guint n_specs,
                                 GCancellable *cancellable, GError **error);

/* The face's regions themselves, over its whole box, at the side of the network's input: for showing and editing. See
 * smb_judge_region_map. */
SmbRegions *smb_engine_region_map (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image,
                                   const SmbMapJob *job, GCancellable *cancellable, GError **error);

/* Has every weights file of PyTorch's that this process reads from now on (smb_weights_read) read by a locked worker,
 * started for that one file: such a file is a small program. Without this, or a lock, they are refused. */
void smb_engine_guard_weights (void);

/* The region table of one face; see smb_judge_regions. */
SmbRegionReport *smb_engine_regions (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image,
                                     const SmbMapJob *job, const SmbRegionSettings *settings, GCancellable *cancellable,
                                     GError **error);

typedef enum {
  SMB_ENGINE_DECODE,
  SMB_ENGINE_COMPUTE, /* holds the model */
  SMB_ENGINE_WEIGHTS,
  SMB_ENGINE_FACES, /* finds and follows the faces of a video meanwhile; of COMPUTE's kind, without a model */
} SmbEngineWorker;

/* Behind which walls the worker works that served the last call; starts one if there is none yet. An error if it cannot
 * be started. */
gboolean smb_engine_get_lock_state (SmbEngine *engine, SmbEngineWorker worker, SmbLockState *state_out, GError **error);

/* The process now serving these calls, 0 if none runs: for showing what it uses. */
GPid smb_engine_get_worker_pid (SmbEngine *engine, SmbEngineWorker worker);

G_END_DECLS
