/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-engine-frames.h"

#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "worker/smb-engine-private.h"
#include "worker/smb-plane.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#define FRAMES_TIMEOUT_MS (3600 * 1000)

static void
close_all (GArray *fds)
{
  for (guint i = 0; i < fds->len; i++)
    close (g_array_index (fds, int, i));
  g_array_unref (fds);
}

static gboolean
add_plane (GArray *fds, const SmbImage *image, GError **error)
{
  int fd = smb_plane_new_fd_for_image (image, error);

  if (fd < 0)
    return FALSE;
  g_array_append_val (fds, fd);
  return TRUE;
}

/* Sends pictures and frames; takes the body. */
static SmbMessage *
call_with_frames (SmbEngine *engine, SmbMessageType type, JsonObject *body, SmbImage *const *images, guint n,
                  const SmbImage *lead, GPtrArray *frames, GCancellable *cancellable, GError **error)
{
  g_autofree char *doing = g_strdup (_ ("while judging the frames of a video; try again, or a smaller model"));
  GArray *fds = g_array_new (FALSE, FALSE, sizeof (int));
  JsonArray *list = json_array_new ();
  SmbMessage *answer = NULL;
  gboolean ok = lead == NULL || add_plane (fds, lead, error);

  for (guint i = 0; i < frames->len; i++)
    json_array_add_element (list, smb_frame_faces_to_json (frames->pdata[i]));
  json_object_set_array_member (body, "frames", list);
  for (guint i = 0; ok && i < n; i++)
    ok = add_plane (fds, images[i], error);
  if (ok) {
    const SmbEngineCall call = { .worker = type == SMB_MESSAGE_SCORE ? SMB_ENGINE_COMPUTE : SMB_ENGINE_FACES,
                                 .type = type, .body = body, .fd = -1, .more_fds = fds, .doing = doing,
                                 .timeout_ms = FRAMES_TIMEOUT_MS };

    answer = smb_engine_call (engine, &call, cancellable, error);
  } else
    json_object_unref (body);
  close_all (fds);
  return answer;
}

/* The frames of an answer, which must be those asked about. */
static GPtrArray *
read_frames (const SmbMessage *answer, GPtrArray *asked, GError **error)
{
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  JsonArray *array = smb_json_find_array (answer->body, "frames");

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    SmbFrameFaces *frame = smb_frame_faces_from_json (json_array_get_element (array, i), error);

    if (frame == NULL)
      return NULL;
    g_ptr_array_add (out, frame);
    if (i >= asked->len || ((SmbFrameFaces *) asked->pdata[i])->k != frame->k)
      break;
    if (i + 1 == asked->len && json_array_get_length (array) == asked->len)
      return g_steal_pointer (&out);
  }
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER,
                       _ ("the compute process answered about other frames than it was asked"));
  return NULL;
}

GPtrArray *
smb_engine_follow (SmbEngine *engine, SmbImage *const *images, guint n, SmbImage *lead, GPtrArray *frames,
                   SmbTracker **tracker, const SmbFollowSettings *settings, double *detector_seconds,
                   GCancellable *cancellable, GError **error)
{
  JsonObject *body = smb_engine_new_body (engine, NULL);
  g_autoptr (SmbMessage) answer = NULL;
  g_autoptr (GPtrArray) out = NULL;
  SmbTracker *after;

  json_object_set_object_member (body, "settings", smb_engine_settings_to_json (&settings->face));
  json_object_set_int_member (body, "stride", settings->stride);
  json_object_set_int_member (body, "first", settings->first);
  json_object_set_member (body, "tracker", smb_tracker_to_json (*tracker));
  answer = call_with_frames (engine, SMB_MESSAGE_FOLLOW, body, images, n, lead, frames, cancellable, error);
  if (answer == NULL || (out = read_frames (answer, frames, error)) == NULL)
    return NULL;
  after = smb_tracker_from_json (json_object_get_member (answer->body, "tracker"), error);
  if (after == NULL)
    return NULL;
  smb_tracker_free (*tracker);
  *tracker = after;
  *detector_seconds = (double) MAX (smb_message_get_int (answer, "detector_us", 0), 0) / G_USEC_PER_SEC;
  return g_steal_pointer (&out);
}

GPtrArray *
smb_engine_search_frames (SmbEngine *engine, SmbImage *const *images, guint n, GPtrArray *frames,
                          const SmbAnalysisSettings *settings, GCancellable *cancellable, GError **error)
{
  JsonObject *body = smb_engine_new_body (engine, NULL);
  g_autoptr (SmbMessage) answer = NULL;

  json_object_set_object_member (body, "settings", smb_engine_settings_to_json (settings));
  answer = call_with_frames (engine, SMB_MESSAGE_SEARCH, body, images, n, NULL, frames, cancellable, error);
  return answer != NULL ? read_frames (answer, frames, error) : NULL;
}

GPtrArray *
smb_engine_score_frames (SmbEngine *engine, const SmbModelInfo *model, SmbImage *const *images, guint n,
                         GPtrArray *frames, const SmbAnalysisSettings *settings, GCancellable *cancellable,
                         GError **error)
{
  JsonObject *body = smb_engine_new_body (engine, model);
  g_autoptr (SmbMessage) answer = NULL;

  json_object_set_object_member (body, "settings", smb_engine_settings_to_json (settings));
  answer = call_with_frames (engine, SMB_MESSAGE_SCORE, body, images, n, NULL, frames, cancellable, error);
  return answer != NULL ? read_frames (answer, frames, error) : NULL;
}
