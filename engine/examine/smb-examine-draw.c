/* SPDX-License-Identifier: Apache-2.0 */
/* A face that the detector missed, drawn by an analyst: followed, scored and kept as a track of its own. */
#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "examine/smb-video-draw.h"
#include "examine/smb-video-keeper.h"

#include <glib/gi18n-lib.h>

#define PORTION_FRAMES 100

guint
smb_video_state_next_number (const SmbVideoState *state)
{
  guint next = state->progress->tracker->next_number;

  for (guint i = 0; i < state->edits->len; i++)
    next = MAX (next, ((SmbTrackEdit *) state->edits->pdata[i])->other + 1);
  for (guint i = 0; i < state->progress->frames->len; i++) {
    const SmbFrameFaces *frame = state->progress->frames->pdata[i];

    for (guint p = 0; p < frame->points->len; p++)
      next = MAX (next, ((SmbTrackPoint *) frame->points->pdata[p])->track + 1);
  }
  return next;
}

/* The act in the audit log: what was drawn, and how far it went. */
static gboolean
log_drawing (SmbCase *store, const SmbEvidence *evidence, const SmbVideoState *state, const SmbDrawnFace *drawn,
             GPtrArray *frames, GError **error)
{
  const SmbFrameFaces *first = frames->pdata[0], *last = frames->pdata[frames->len - 1];
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *details = NULL;
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "run", state->run_id);
  json_object_set_member (object, "drawn", smb_drawn_face_to_json (drawn));
  json_object_set_int_member (object, "first_frame", first->k);
  json_object_set_int_member (object, "last_frame", last->k);
  json_object_set_int_member (object, "frames", frames->len);
  json_node_take_object (node, object);
  details = smb_json_to_canonical (node);
  return smb_case_log (store, "track.draw", evidence->exhibit, details, error);
}

/* In portions: a face may be followed through hours, and a chunk has its limits. */
static gboolean
store_frames (SmbCase *store, SmbVideoState *state, GPtrArray *frames, GError **error)
{
  SmbVideoKeeper keeper = { .store = store, .run_id = state->run_id, .pass = SMB_VIDEO_SCORING,
                            .stored_us = g_get_monotonic_time () };
  gboolean ok = TRUE;

  for (guint done = 0; ok && done < frames->len; done += PORTION_FRAMES) {
    g_autoptr (GPtrArray) portion = g_ptr_array_new (); /* borrowed */

    for (guint i = done; i < MIN (done + PORTION_FRAMES, frames->len); i++)
      g_ptr_array_add (portion, frames->pdata[i]);
    ok = smb_video_keeper_take (SMB_VIDEO_SCORING, portion, state->progress, &keeper, error);
  }
  ok = ok && smb_video_keeper_store (&keeper, state->progress, error);
  smb_video_keeper_clear (&keeper);
  return ok;
}

/* All that a drawn face leaves behind: the act, its frames, the analysis with one more track. */
static gboolean
store_drawn (SmbCase *store, SmbEngine *engine, const SmbModelInfo *model, const SmbEvidence *evidence,
             SmbEngineVideo *video, SmbVideoState *state, const SmbDrawnFace *drawn, GPtrArray *found, GError **error)
{
  g_autoptr (GPtrArray) frames = NULL;

  if (!log_drawing (store, evidence, state, drawn, found, error))
    return FALSE;
  frames = smb_video_join_drawn (state->progress, found);
  if (!store_frames (store, state, frames, error))
    return FALSE;
  smb_video_progress_restore (state->progress, SMB_VIDEO_SCORING, g_steal_pointer (&frames), NULL, 0);
  return smb_examine_store_video (store, engine, model, evidence, video, state, error);
}

gboolean
smb_examine_draw_track (SmbCase *store, SmbEngine *engine, const SmbModelInfo *model, const SmbEvidence *evidence,
                        SmbEngineVideo *video, SmbVideoState *state, guint k, SmbBox box, SmbProgress progress,
                        gpointer user_data, GCancellable *cancellable, GError **error)
{
  const SmbDrawnFace drawn = { smb_video_state_next_number (state), k, box };
  g_autoptr (GPtrArray) found = NULL;

  if (!state->finished || g_strcmp0 (state->model_sha256, model->detector_sha256) != 0) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_ARGUMENT,
        _ ("%s: a face can be added once the video is analysed, with the model that is chosen now; analyse it first."),
        evidence->exhibit);
    return FALSE;
  }
  found = smb_video_follow_drawn (engine, model, video, &state->settings, state->progress, &drawn, progress, user_data,
                                  cancellable, error);
  if (found == NULL || !smb_case_begin (store, error))
    return FALSE;
  return smb_case_end (store, store_drawn (store, engine, model, evidence, video, state, &drawn, found, error), error);
}
