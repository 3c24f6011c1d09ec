/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-video-run.h"

G_BEGIN_DECLS

/* A face that an analyst drew on a frame because the detector missed it. */
typedef struct {
  guint track; /* the number it gets */
  guint k;     /* the frame it is drawn on */
  SmbBox box;  /* as drawn, about the head */
} SmbDrawnFace;

/* Follows it from its frame forwards and backwards through the frames that were looked at, until it is lost, the scene
 * changes, or a track that is known comes over it; in a frame outside the settings' range it stands alone. Scores it in
 * its own frame and in as many of the others as any track (settings->sample), where the detector looks once more unless
 * every frame is scored. The frames it is in (SmbFrameFaces*, by number), each with its point alone. Errors: ARGUMENT
 * if the box misses the frame or there is no such frame. */
GPtrArray *smb_video_follow_drawn (SmbEngine *engine, const SmbModelInfo *model, SmbEngineVideo *video,
                                   const SmbVideoSettings *settings, const SmbVideoProgress *progress,
                                   const SmbDrawnFace *drawn, SmbProgress report, gpointer user_data,
                                   GCancellable *cancellable, GError **error);

/* {"track", "frame", "box": [x, y, width, height]}; reading checks all of it (FORMAT). */
JsonNode *smb_drawn_face_to_json (const SmbDrawnFace *drawn);
gboolean smb_drawn_face_from_json (SmbDrawnFace *drawn, JsonObject *object, GError **error);

/* Those frames with all that was known of them before: for smb_video_progress_restore, as if scored. */
GPtrArray *smb_video_join_drawn (const SmbVideoProgress *progress, GPtrArray *frames);

/* The faces drawn so far, by number (GArray of SmbDrawnFace): boxes as they were judged. */
GArray *smb_video_list_drawn (const SmbVideoProgress *progress);

G_END_DECLS
