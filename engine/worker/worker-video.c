/* SPDX-License-Identifier: Apache-2.0 */
/* Videos in the decode worker: opened once, then asked for frames. */
#include "worker/smb-worker.h"

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "base/smb-json-part.h"
#include "media/smb-limits.h"
#include "media/smb-video.h"
#include "worker/smb-plane.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#define MAX_OPEN 4
#define MAX_FRAMES_A_CALL 100000

typedef struct {
  gint64 handle;
  guint64 used; /* a clock of requests */
  SmbVideo *video;
} OpenVideo;

static OpenVideo open_videos[MAX_OPEN];
static guint64 request_clock;

static gboolean
fail_misuse (GError **error)
{
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the decoder was asked for what it does not do"));
  return FALSE;
}

static void
report (guint64 done, guint64 total, const char *what, gpointer worker)
{
  smb_worker_report (worker, done, total, what);
}

static OpenVideo *
find_open (gint64 handle)
{
  for (guint i = 0; i < MAX_OPEN; i++)
    if (open_videos[i].video != NULL && open_videos[i].handle == handle) {
      open_videos[i].used = ++request_clock;
      return &open_videos[i];
    }
  return NULL;
}

/* A free place, or that of the one not used for longest. */
static OpenVideo *
make_room (void)
{
  OpenVideo *oldest = &open_videos[0];

  for (guint i = 0; i < MAX_OPEN; i++)
    if (open_videos[i].video == NULL || (oldest->video != NULL && open_videos[i].used < oldest->used))
      oldest = &open_videos[i];
  g_clear_pointer (&oldest->video, smb_video_free);
  return oldest;
}

static SmbMessage *
open_video (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, GError **error)
{
  const char *path = smb_message_get_string (request, "path", _ ("evidence"));
  gint64 handle = smb_message_get_int (request, "handle", 0);
  g_autoptr (SmbVideo) video = NULL;
  g_autoptr (SmbImage) first = NULL;
  g_auto (GStrv) warnings = NULL;
  JsonArray *sentences = json_array_new ();
  SmbVideoLimits limits;
  OpenVideo *place;
  JsonObject *body;
  SmbMessage *answer;
  SmbVideoPicture about = { 0 };
  int plane;

  if (request->n_fds != 1 || handle <= 0 || find_open (handle) != NULL) {
    json_array_unref (sentences);
    fail_misuse (error);
    return NULL;
  }
  /* Opening may decode a whole file to number its frames. */
  if (smb_worker_allow_cpu (SMB_WORKER_READ_VIDEO, error) && smb_video_limits_get (&limits, error))
    video = smb_video_open (request->fds[0], path, &limits, report, worker, cancellable, error);
  /* The first frame also shows that decoding works, and the size frames really have. */
  if (video != NULL)
    first = smb_video_get_frame (video, 0, 1, &about, cancellable, error);
  plane = first == NULL ? -1
                        : smb_plane_new_fd (SMB_PLANE_U8, sizeof (SmbVideoSlot), (int) smb_video_get_n_frames (video),
                                            1, smb_video_get_slots (video), error);
  if (plane < 0) {
    json_array_unref (sentences);
    return NULL;
  }
  body = json_object_new ();
  warnings = smb_video_dup_warnings (video);
  for (char **warning = warnings; *warning != NULL; warning++)
    json_array_add_string_element (sentences, *warning);
  json_object_set_array_member (body, "warnings", sentences);
  json_object_set_object_member (body, "facts", smb_video_describe (video));
  json_object_set_int_member (body, "width", about.width);
  json_object_set_int_member (body, "height", about.height);
  place = make_room ();
  *place = (OpenVideo){ handle, ++request_clock, g_steal_pointer (&video) };
  answer = smb_message_new (SMB_MESSAGE_RESULT, request->id, body);
  smb_message_take_fd (answer, plane);
  return answer;
}

/* image NULL: it is damaged, and `problem` says how. */
static JsonObject *
describe_frame (guint k, const SmbVideoPicture *about, const SmbImage *image, gboolean hash, const char *problem)
{
  JsonObject *out = json_object_new ();
  const char type[2] = { about->type, '\0' };

  json_object_set_int_member (out, "k", k);
  if (image == NULL) {
    json_object_set_string_member (out, "problem", problem);
    return out;
  }
  json_object_set_string_member (out, "type", type);
  json_object_set_boolean_member (out, "key", about->key);
  json_object_set_boolean_member (out, "interlaced", about->interlaced);
  json_object_set_boolean_member (out, "top_first", about->top_first);
  json_object_set_boolean_member (out, "corrupt", about->corrupt);
  json_object_set_int_member (out, "width", about->width);
  json_object_set_int_member (out, "height", about->height);
  if (hash) {
    g_autofree char *sha256 = smb_sha256_of_bytes (smb_image_get_pixels (image), g_bytes_get_size (image->bytes));

    json_object_set_string_member (out, "sha256", sha256);
  }
  return out;
}

/* One frame into the answer. FALSE if it cannot go on: a damaged frame is an entry without pixels. */
static gboolean
add_frame (SmbVideo *video, guint k, const SmbMessage *request, SmbMessage *answer, JsonArray *frames,
           GCancellable *cancellable, GError **error)
{
  gint64 max_side_px = smb_message_get_int (request, "max_side_px", 0);
  gboolean hash = smb_message_get_int (request, "hash", 0) != 0,
           pixels = smb_message_get_int (request, "pixels", 1) != 0;
  g_autoptr (GError) problem = NULL;
  SmbVideoPicture about = { 0 };
  g_autoptr (SmbImage) image
      = smb_video_get_frame (video, k, (int) CLAMP (max_side_px, 0, G_MAXINT), &about, cancellable, &problem);

  if (image == NULL && !g_error_matches (problem, SMB_ERROR, SMB_ERROR_FORMAT)) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  json_array_add_object_element (frames,
                                 describe_frame (k, &about, image, hash, problem != NULL ? problem->message : ""));
  if (pixels && image != NULL) {
    int plane = smb_plane_new_fd_for_image (image, error);

    if (plane < 0)
      return FALSE;
    smb_message_take_fd (answer, plane);
  }
  return TRUE;
}

static SmbMessage *
get_frames (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, GError **error)
{
  OpenVideo *place = find_open (smb_message_get_int (request, "handle", 0));
  JsonArray *wanted = smb_json_find_array (request->body, "frames");
  guint n = wanted != NULL ? json_array_get_length (wanted) : 0;
  g_autoptr (SmbMessage) answer = NULL;
  JsonArray *frames;

  if (place == NULL) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("the video is not open any more"));
    return NULL;
  }
  if (n == 0 || n > MAX_FRAMES_A_CALL) {
    fail_misuse (error);
    return NULL;
  }
  if (!smb_worker_allow_cpu (SMB_WORKER_READ_FRAMES, error))
    return NULL;
  answer = smb_message_new (SMB_MESSAGE_RESULT, request->id, NULL);
  frames = json_array_new ();
  json_object_set_array_member (answer->body, "frames", frames);
  for (guint i = 0; i < n; i++) {
    double k = smb_json_number_at (wanted, i);

    if (!(k >= 0.0 && k <= G_MAXUINT)) {
      fail_misuse (error);
      return NULL;
    }
    if (!add_frame (place->video, (guint) k, request, answer, frames, cancellable, error))
      return NULL;
  }
  return g_steal_pointer (&answer);
}

SmbMessage *
smb_worker_video (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, GError **error)
{
  OpenVideo *place;

  switch (request->type) {
  case SMB_MESSAGE_VIDEO_OPEN:
    return open_video (worker, request, cancellable, error);
  case SMB_MESSAGE_VIDEO_FRAMES:
    return get_frames (worker, request, cancellable, error);
  default:
    place = find_open (smb_message_get_int (request, "handle", 0));
    if (place != NULL)
      g_clear_pointer (&place->video, smb_video_free);
    return smb_message_new (SMB_MESSAGE_RESULT, request->id, NULL);
  }
}
