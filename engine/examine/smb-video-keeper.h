/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case/smb-case-video.h"
#include "examine/smb-examine-video.h"

G_BEGIN_DECLS

/* What a run brings on its way into a case: frames are stored in chunks, not one by one. For engine/examine alone. */
typedef struct {
  SmbCase *store;
  gint64 run_id;
  const SmbVideoSink *sink; /* who is told as well; NULL: nobody */
  SmbVideoPass pass;
  JsonArray *pending; /* frames not stored yet; NULL: none */
  gint64 stored_us;
} SmbVideoKeeper;

/* Of an SmbVideoSink whose user data is the keeper. */
gboolean smb_video_keeper_take (SmbVideoPass pass, GPtrArray *frames, const SmbVideoProgress *progress,
                                gpointer keeper, GError **error);
void smb_video_keeper_progress (guint64 done, guint64 total, const char *what, gpointer keeper);
/* What is pending. */
gboolean smb_video_keeper_store (SmbVideoKeeper *keeper, const SmbVideoProgress *progress, GError **error);
void smb_video_keeper_clear (SmbVideoKeeper *keeper); /* drops what could not be stored */

/* The analysis of a run that is done, and with it the end of the run; state->calibration is replaced by the model's. */
gboolean smb_examine_store_video (SmbCase *store, SmbEngine *engine, const SmbModelInfo *model,
                                  const SmbEvidence *evidence, const SmbEngineVideo *video, SmbVideoState *state,
                                  GError **error);

G_END_DECLS
