/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-frame-faces.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* Frames of a video in the compute worker; see smb_judge_follow and smb_judge_score_frames. */

/* images (n) of frames (SmbFrameFaces* with k and time_us): a new array with their faces, and *tracker replaced by what
 * it is after the last. lead: the frame before, or NULL at a beginning. score: judge them as well,
 * which takes a model; else it may be NULL. */
GPtrArray *smb_engine_follow (SmbEngine *engine, const SmbModelInfo *model, SmbImage *const *images, guint n,
                              SmbImage *lead, GPtrArray *frames, SmbTracker **tracker,
                              const SmbFollowSettings *settings, gboolean score, GCancellable *cancellable,
                              GError **error);

/* frames with points: a new array with their scores. */
GPtrArray *smb_engine_score_frames (SmbEngine *engine, const SmbModelInfo *model, SmbImage *const *images, guint n,
                                    GPtrArray *frames, gboolean search, const SmbAnalysisSettings *settings,
                                    GCancellable *cancellable, GError **error);

G_END_DECLS
