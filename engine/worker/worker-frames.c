/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a video in the compute worker. */
#include "worker/worker-compute.h"

#include "analysis/smb-frame-faces.h"
#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "worker/smb-plane.h"

/* One frame of a request or an answer. */
static gboolean
read_frames (const SmbMessage *request, GPtrArray *frames, GError **error)
{
  JsonArray *array = smb_json_find_array (request->body, "frames");

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    SmbFrameFaces *frame = smb_frame_faces_from_json (json_array_get_element (array, i), error);

    if (frame == NULL)
      return FALSE;
    g_ptr_array_add (frames, frame);
  }
  return TRUE;
}

static gboolean
take_images (SmbMessage *request, GPtrArray *images, GError **error)
{
  for (guint i = 0; i < request->n_fds; i++) {
    SmbImage *image
        = smb_plane_take_fd_as_image (smb_message_steal_fd (request, i), SMB_WORKER_MAX_PICTURE_BYTES, error);

    if (image == NULL)
      return FALSE;
    g_ptr_array_add (images, image);
  }
  return TRUE;
}

static JsonObject *
answer_body (GPtrArray *frames)
{
  JsonObject *body = json_object_new ();
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < frames->len; i++)
    json_array_add_element (array, smb_frame_faces_to_json (frames->pdata[i]));
  json_object_set_array_member (body, "frames", array);
  return body;
}

static SmbMessage *
follow (SmbJudge *judge, SmbMessage *request, GPtrArray *images, GPtrArray *frames, const SmbAnalysisSettings *face,
        GCancellable *cancellable, GError **error)
{
  const gboolean lead = images->len == frames->len + 1;
  const SmbFollowSettings settings = { *face, (guint) smb_message_get_int (request, "stride", 0),
                                       (guint) smb_message_get_int (request, "first", 0) };
  g_autoptr (SmbTracker) tracker = smb_tracker_from_json (json_object_get_member (request->body, "tracker"), error);
  SmbImage **first = (SmbImage **) images->pdata + (lead ? 1 : 0);
  JsonObject *body;

  if (tracker == NULL)
    return NULL;
  if (!smb_judge_follow (judge, first, frames->len, lead ? images->pdata[0] : NULL, tracker, &settings, frames,
                         cancellable, error))
    return NULL;
  body = answer_body (frames);
  json_object_set_member (body, "tracker", smb_tracker_to_json (tracker));
  json_object_set_int_member (body, "detector_us", (gint64) (smb_judge_get_detector_seconds (judge) * G_USEC_PER_SEC));
  return smb_message_new (SMB_MESSAGE_RESULT, request->id, body);
}

SmbMessage *
smb_worker_frames (SmbWorker *worker, SmbJudge *judge, SmbMessage *request, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) frames = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_image_unref);
  SmbAnalysisSettings settings;

  if (!read_frames (request, frames, error) || !take_images (request, images, error)
      || !smb_worker_read_settings (request, &settings, error))
    return NULL;
  if (frames->len == 0
      || (images->len != frames->len && (request->type != SMB_MESSAGE_FOLLOW || images->len != frames->len + 1))) {
    smb_worker_compute_misuse (error);
    return NULL;
  }
  if (request->type == SMB_MESSAGE_FOLLOW)
    return follow (judge, request, images, frames, &settings, cancellable, error);
  if (!(request->type == SMB_MESSAGE_SEARCH ? smb_judge_search_frames : smb_judge_score_frames) (
          judge, (SmbImage **) images->pdata, frames->len, &settings, frames, cancellable, error))
    return NULL;
  return smb_message_new (SMB_MESSAGE_RESULT, request->id, answer_body (frames));
}
