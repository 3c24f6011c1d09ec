/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-video-draw.h"

G_BEGIN_DECLS

/* What analysts did with a run's tracks, told in its result, so that whoever verifies a report can do it again. */

/* Adds "drawn" (see smb_drawn_face_to_json) and "edits": [{"kind": "merge" or "split", "track", "other", "frame"}] to an
 * object. Names are left out: no number depends on them. edits: SmbTrackEdit*, or NULL. */
void smb_video_acts_to_json (JsonObject *object, const SmbVideoProgress *progress, GPtrArray *edits);

/* Does again what such an object (NULL: nothing) tells: the drawn faces are followed, scored and put into `progress`,
 * where a run of the same settings is done; the edits (SmbTrackEdit*) are given. Errors: FORMAT, ARGUMENT, those of
 * smb_video_follow_drawn. */
GPtrArray *smb_video_acts_repeat (JsonObject *object, SmbEngine *engine, const SmbModelInfo *model,
                                  SmbEngineVideo *video, const SmbVideoSettings *settings, SmbVideoProgress *progress,
                                  SmbProgress report, gpointer user_data, GCancellable *cancellable, GError **error);

G_END_DECLS
