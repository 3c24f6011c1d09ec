/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-frame-faces.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* Frames of a video. Faces are found and followed by one worker and scored by another, so that both can be at it: see
 * smb_judge_follow, smb_judge_search_frames and smb_judge_score_frames. */

/* images (n) of frames (SmbFrameFaces* with k and time_us): a new array with their faces, and *tracker replaced by what
 * it is after the last. lead: the frame before, or NULL at a beginning. *detector_seconds: what the detector took. */
GPtrArray *smb_engine_follow (SmbEngine *engine, SmbImage *const *images, guint n, SmbImage *lead, GPtrArray *frames,
                              SmbTracker **tracker, const SmbFollowSettings *settings, double *detector_seconds,
                              GCancellable *cancellable, GError **error);

/* frames with points: a new array with what another look by the detector made of them. */
GPtrArray *smb_engine_search_frames (SmbEngine *engine, SmbImage *const *images, guint n, GPtrArray *frames,
                                     const SmbAnalysisSettings *settings, GCancellable *cancellable, GError **error);

/* frames with points: a new array with their scores. */
GPtrArray *smb_engine_score_frames (SmbEngine *engine, const SmbModelInfo *model, SmbImage *const *images, guint n,
                                    GPtrArray *frames, const SmbAnalysisSettings *settings, GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
