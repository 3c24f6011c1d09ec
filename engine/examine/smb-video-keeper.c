/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-video-keeper.h"

/* What is lost at most if the power fails. */
#define STORE_FRAMES 600
#define STORE_US (20 * G_USEC_PER_SEC)

gboolean
smb_video_keeper_store (SmbVideoKeeper *keeper, const SmbVideoProgress *progress, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *data = NULL;
  SmbCaseVideoChunk chunk = { .run_id = keeper->run_id, .pass = (int) keeper->pass, .next = progress->next };
  JsonObject *object;

  if (keeper->pending == NULL)
    return TRUE;
  node = json_node_new (JSON_NODE_OBJECT);
  object = json_object_new ();
  json_object_set_array_member (object, "frames", g_steal_pointer (&keeper->pending));
  if (keeper->pass == SMB_VIDEO_FOLLOWING)
    json_object_set_member (object, "tracker", smb_tracker_to_json (progress->tracker));
  json_object_set_double_member (object, "seconds", progress->seconds);
  json_node_take_object (node, object);
  chunk.data = data = json_to_string (node, FALSE);
  keeper->stored_us = g_get_monotonic_time ();
  return smb_case_add_video_chunk (keeper->store, &chunk, error);
}

gboolean
smb_video_keeper_take (SmbVideoPass pass, GPtrArray *frames, const SmbVideoProgress *progress, gpointer user_data,
                       GError **error)
{
  SmbVideoKeeper *keeper = user_data;

  /* What belongs to the pass before was complete when its last portion came. */
  if (keeper->pass != pass && !smb_video_keeper_store (keeper, progress, error))
    return FALSE;
  keeper->pass = pass;
  if (keeper->pending == NULL)
    keeper->pending = json_array_new ();
  for (guint i = 0; i < frames->len; i++)
    json_array_add_element (keeper->pending, smb_frame_faces_to_json (frames->pdata[i]));
  if ((json_array_get_length (keeper->pending) >= STORE_FRAMES
       || g_get_monotonic_time () - keeper->stored_us > STORE_US)
      && !smb_video_keeper_store (keeper, progress, error))
    return FALSE;
  return keeper->sink == NULL || keeper->sink->portion == NULL
         || keeper->sink->portion (pass, frames, progress, keeper->sink->user_data, error);
}

void
smb_video_keeper_progress (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  const SmbVideoKeeper *keeper = user_data;

  if (keeper->sink != NULL && keeper->sink->progress != NULL)
    keeper->sink->progress (done, total, what, keeper->sink->user_data);
}

void
smb_video_keeper_clear (SmbVideoKeeper *keeper)
{
  g_clear_pointer (&keeper->pending, json_array_unref);
}
