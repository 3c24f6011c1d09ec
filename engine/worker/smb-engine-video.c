/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-engine-video.h"

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "base/smb-json-part.h"
#include "media/smb-limits.h"
#include "worker/smb-engine-private.h"
#include "worker/smb-plane.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define CLOSE_TIMEOUT_MS (60 * 1000)
#define MAX_WARNINGS 32

struct _SmbEngineVideo {
  gatomicrefcount references;
  SmbEngine *engine;
  char *name; /* for messages */
  int fd;     /* -1: pictures */
  char **paths;
  SmbEngineOpen open_file;
  gpointer open_data;
  GDestroyNotify free_open_data;
  GMutex lock; /* of `handle` */
  gint64 handle; /* the number the worker knows it by; 0: not open there */
  SmbPlane *plane;
  SmbVideoSlot *own_slots; /* of pictures */
  guint n_frames;
  int width, height;
  JsonObject *facts;
  char **warnings;
  char *format;
};

void
smb_video_frame_free (SmbVideoFrame *frame)
{
  if (frame == NULL)
    return;
  g_clear_pointer (&frame->image, smb_image_unref);
  g_free (frame->sha256);
  g_free (frame->problem);
  g_free (frame);
}

static SmbEngineVideo *
video_new (SmbEngine *engine, const char *name)
{
  SmbEngineVideo *video = g_new0 (SmbEngineVideo, 1);

  g_atomic_ref_count_init (&video->references);
  g_mutex_init (&video->lock);
  video->engine = smb_engine_ref (engine);
  video->name = g_filename_display_name (name);
  video->fd = -1;
  return video;
}

SmbEngineVideo *
smb_engine_video_ref (SmbEngineVideo *video)
{
  g_atomic_ref_count_inc (&video->references);
  return video;
}

static SmbMessage *
call_worker (SmbEngineVideo *video, SmbMessageType type, JsonObject *body, SmbProgress progress, gpointer user_data,
             GCancellable *cancellable, GError **error)
{
  g_autofree char *doing = g_strdup_printf (_ ("while reading %s; the file is skipped"), video->name);
  SmbEngineCall call = { .worker = SMB_ENGINE_DECODE,
                         .type = type,
                         .body = body,
                         .doing = doing,
                         .timeout_ms = CLOSE_TIMEOUT_MS,
                         .fd = type == SMB_MESSAGE_VIDEO_OPEN ? video->fd : -1,
                         .progress = progress,
                         .user_data = user_data };
  SmbDecodeLimits limits;

  if (!smb_decode_limits_get (&limits, error)) {
    json_object_unref (body);
    return NULL;
  }
  if (type == SMB_MESSAGE_VIDEO_OPEN) {
    call.timeout_ms = (int) limits.video_seconds * 1000;
    call.time_setting = "SEMBLANCE_MAX_VIDEO_SECONDS";
  } else if (type == SMB_MESSAGE_VIDEO_FRAMES) {
    call.timeout_ms = (int) limits.frames_seconds * 1000;
    call.time_setting = "SEMBLANCE_MAX_SECONDS";
  }
  return smb_engine_call (video->engine, &call, cancellable, error);
}

void
smb_engine_video_unref (SmbEngineVideo *video)
{
  if (!g_atomic_ref_count_dec (&video->references))
    return;
  if (video->handle != 0 && smb_engine_get_worker_pid (video->engine, SMB_ENGINE_DECODE) != 0) {
    JsonObject *body = json_object_new ();

    json_object_set_int_member (body, "handle", video->handle);
    smb_message_free (call_worker (video, SMB_MESSAGE_VIDEO_CLOSE, body, NULL, NULL, NULL, NULL));
  }
  if (video->fd >= 0)
    close (video->fd);
  smb_plane_free (video->plane);
  g_free (video->own_slots);
  g_clear_pointer (&video->facts, json_object_unref);
  g_strfreev (video->warnings);
  g_strfreev (video->paths);
  if (video->free_open_data != NULL)
    video->free_open_data (video->open_data);
  g_free (video->format);
  g_free (video->name);
  g_mutex_clear (&video->lock);
  smb_engine_unref (video->engine);
  g_free (video);
}

/* Texts of the file, wherever they stand, without characters that a terminal or a page would obey. */
static JsonNode *
clean_node (JsonNode *node)
{
  JsonNode *out;

  if (JSON_NODE_HOLDS_OBJECT (node)) {
    JsonObject *object = json_object_new ();
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;

    json_object_iter_init_ordered (&iter, json_node_get_object (node));
    while (json_object_iter_next_ordered (&iter, &name, &value)) {
      g_autofree char *clean = smb_engine_clean_text (name);

      json_object_set_member (object, clean, clean_node (value));
    }
    out = json_node_new (JSON_NODE_OBJECT);
    json_node_take_object (out, object);
    return out;
  }
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_array_new ();

    for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
      json_array_add_element (array, clean_node (json_array_get_element (json_node_get_array (node), i)));
    out = json_node_new (JSON_NODE_ARRAY);
    json_node_take_array (out, array);
    return out;
  }
  if (json_node_get_value_type (node) == G_TYPE_STRING) {
    g_autofree char *clean = smb_engine_clean_text (json_node_get_string (node));

    return json_node_init_string (json_node_alloc (), clean);
  }
  return json_node_copy (node);
}

/* "MP4 · h264". */
static char *
short_format (JsonObject *facts)
{
  const char *format = smb_json_find_text (smb_json_find_object (facts, "container"), "format", "");
  const char *codec = smb_json_find_text (smb_json_find_object (facts, "video"), "codec", "");
  static const struct {
    const char *name, *shown;
  } known[] = { { "mov,mp4", "MP4" }, { "matroska", "Matroska" }, { "mpegts", "MPEG-TS" }, { "mpeg", "MPEG" },
                { "gif", "GIF" },     { "webp", "WebP" },         { "avi", "AVI" } };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_has_prefix (format, known[i].name)) {
      format = known[i].shown;
      break;
    }
  return g_ascii_strcasecmp (format, codec) == 0 ? g_strdup (format) : g_strdup_printf ("%s · %s", format, codec);
}

static gboolean
take_answer (SmbEngineVideo *video, SmbMessage *answer, GError **error)
{
  JsonNode *facts = json_object_get_member (answer->body, "facts");
  JsonNode *warnings = json_object_get_member (answer->body, "warnings");
  g_autoptr (SmbPlane) plane = smb_plane_take_fd (smb_message_steal_fd (answer, 0),
                                                  (guint64) SMB_PLANE_MAX_SIDE * sizeof (SmbVideoSlot), error);
  GPtrArray *sentences;
  SmbVideoLimits limits;

  if (plane == NULL)
    return FALSE;
  video->width = (int) CLAMP (smb_message_get_int (answer, "width", 0), 0, G_MAXINT);
  video->height = (int) CLAMP (smb_message_get_int (answer, "height", 0), 0, G_MAXINT);
  if (!smb_video_limits_get (&limits, error))
    return FALSE;
  if (plane->type != SMB_PLANE_U8 || plane->width != sizeof (SmbVideoSlot) || plane->channels != 1 || facts == NULL
      || !JSON_NODE_HOLDS_OBJECT (facts) || video->width < 1 || video->height < 1
      || video->width > limits.picture.max_side_px || video->height > limits.picture.max_side_px) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER,
                 _ ("%s: the decoder sent something that is not an index of a video"), video->name);
    return FALSE;
  }
  /* Opened again it must be the same: frames that were numbered stay so. */
  if (video->plane != NULL && !g_bytes_equal (video->plane->bytes, plane->bytes)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY, _ ("%s: the file changed while it was open"), video->name);
    return FALSE;
  }
  if (video->plane == NULL) {
    g_autoptr (JsonNode) clean = clean_node (facts);

    video->facts = json_object_ref (json_node_get_object (clean));
    sentences = g_ptr_array_new ();
    for (guint i = 0; warnings != NULL && JSON_NODE_HOLDS_ARRAY (warnings)
                      && i < MIN (json_array_get_length (json_node_get_array (warnings)), MAX_WARNINGS);
         i++) {
      const char *text = smb_json_text_at (json_node_get_array (warnings), i);

      g_ptr_array_add (sentences, smb_engine_clean_text (text != NULL ? text : ""));
    }
    g_ptr_array_add (sentences, NULL);
    video->warnings = (char **) g_ptr_array_free (sentences, FALSE);
    video->format = short_format (video->facts);
    video->n_frames = (guint) plane->height;
    video->plane = g_steal_pointer (&plane);
  }
  return TRUE;
}

/* Opens it in the worker under a number that none had before. The lock is held. */
static gboolean
open_in_worker (SmbEngineVideo *video, SmbProgress progress, gpointer user_data, GCancellable *cancellable,
                GError **error)
{
  static int last_handle;
  gint64 handle = g_atomic_int_add (&last_handle, 1) + 1;
  JsonObject *body = json_object_new ();
  g_autoptr (SmbMessage) answer = NULL;

  video->handle = 0;
  json_object_set_string_member (body, "path", video->name);
  json_object_set_int_member (body, "handle", handle);
  answer = call_worker (video, SMB_MESSAGE_VIDEO_OPEN, body, progress, user_data, cancellable, error);
  if (answer == NULL)
    return FALSE;
  if (!take_answer (video, answer, error)) {
    smb_engine_distrust (video->engine, SMB_ENGINE_DECODE);
    return FALSE;
  }
  video->handle = handle;
  return TRUE;
}

SmbEngineVideo *
smb_engine_video_open (SmbEngine *engine, int fd, const char *path, SmbProgress progress, gpointer user_data,
                       GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbEngineVideo) video = NULL;

  g_return_val_if_fail (engine != NULL && fd >= 0 && path != NULL, NULL);
  g_return_val_if_fail ((fcntl (fd, F_GETFL) & O_ACCMODE) == O_RDONLY, NULL);
  video = video_new (engine, path);
  video->fd = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  if (video->fd < 0 || !open_in_worker (video, progress, user_data, cancellable, error))
    return NULL;
  return g_steal_pointer (&video);
}

static SmbImage *
decode_picture (SmbEngineVideo *video, guint k, int max_side_px, SmbPictureInfo **info, GCancellable *cancellable,
                GError **error)
{
  int fd = video->open_file (video->paths[k], k, video->open_data, error);
  SmbImage *image;

  if (fd < 0)
    return NULL;
  image = smb_engine_decode (video->engine, fd, video->paths[k], max_side_px, info, cancellable, error);
  close (fd);
  return image;
}

SmbEngineVideo *
smb_engine_video_open_pictures (SmbEngine *engine, const char *name, char **paths, double rate, SmbEngineOpen open_file,
                                gpointer user_data, GDestroyNotify free_data, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbEngineVideo) video = video_new (engine, name);
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (SmbImage) first = NULL;
  JsonObject *about = json_object_new ();

  g_return_val_if_fail (paths != NULL && paths[0] != NULL && rate > 0 && open_file != NULL, NULL);
  video->paths = g_strdupv (paths);
  video->open_file = open_file;
  video->open_data = user_data;
  video->free_open_data = free_data;
  video->n_frames = g_strv_length (paths);
  video->warnings = g_new0 (char *, 1);
  video->own_slots = g_new0 (SmbVideoSlot, video->n_frames);
  video->facts = json_object_new ();
  json_object_set_object_member (video->facts, "video", about);
  first = decode_picture (video, 0, 0, &info, cancellable, error);
  if (first == NULL)
    return NULL;
  video->width = first->width;
  video->height = first->height;
  video->format = g_strdup_printf (_ ("%s pictures"), info->format);
  for (guint k = 0; k < video->n_frames; k++)
    video->own_slots[k]
        = (SmbVideoSlot){ (gint64) llround (k * 1e6 / rate), (guint32) llround (1e6 / rate), SMB_VIDEO_SLOT_KEY };
  json_object_set_string_member (about, "codec", info->format);
  json_object_set_int_member (about, "frames", video->n_frames);
  json_object_set_string_member (about, "numbered_by", "pattern");
  json_object_set_double_member (about, "rate", rate);
  return g_steal_pointer (&video);
}

guint
smb_engine_video_get_n_frames (const SmbEngineVideo *video)
{
  return video->n_frames;
}

const SmbVideoSlot *
smb_engine_video_get_slots (const SmbEngineVideo *video)
{
  return video->own_slots != NULL ? video->own_slots : g_bytes_get_data (video->plane->bytes, NULL);
}

int
smb_engine_video_get_width (const SmbEngineVideo *video)
{
  return video->width;
}

int
smb_engine_video_get_height (const SmbEngineVideo *video)
{
  return video->height;
}

JsonObject *
smb_engine_video_get_facts (const SmbEngineVideo *video)
{
  return video->facts;
}

char *const *
smb_engine_video_get_warnings (const SmbEngineVideo *video)
{
  return video->warnings;
}

const char *
smb_engine_video_get_format (const SmbEngineVideo *video)
{
  return video->format;
}

guint
smb_engine_video_frame_at (const SmbEngineVideo *video, gint64 time_us)
{
  const SmbVideoSlot *slots = smb_engine_video_get_slots (video);
  guint low = 0, high = video->n_frames;

  while (high - low > 1) {
    guint middle = low + (high - low) / 2;

    if (slots[middle].time_us <= time_us)
      low = middle;
    else
      high = middle;
  }
  return low;
}

static SmbVideoFrame *
picture_as_frame (SmbEngineVideo *video, guint k, int max_side_px, SmbVideoWant want, GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (SmbImage) image = decode_picture (video, k, max_side_px, &info, cancellable, &problem);
  SmbVideoFrame *frame;

  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || g_error_matches (problem, SMB_ERROR, SMB_ERROR_WORKER)) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return NULL;
  }
  frame = g_new0 (SmbVideoFrame, 1);
  frame->k = k;
  frame->about = (SmbVideoPicture){ .type = 'I', .key = TRUE };
  if (problem != NULL)
    frame->problem = g_strdup (problem->message);
  if (image == NULL)
    return frame;
  frame->about.width = info->width;
  frame->about.height = info->height;
  if ((want & SMB_VIDEO_WANT_HASH) != 0)
    frame->sha256 = smb_sha256_of_bytes (smb_image_get_pixels (image), g_bytes_get_size (image->bytes));
  if ((want & SMB_VIDEO_WANT_PIXELS) != 0)
    frame->image = g_steal_pointer (&image);
  return frame;
}

static SmbMessage *
ask_for_frames (SmbEngineVideo *video, const guint *frames, guint n, int max_side_px, SmbVideoWant want,
                GCancellable *cancellable, GError **error)
{
  JsonObject *body = json_object_new ();
  JsonArray *list = json_array_new ();

  for (guint i = 0; i < n; i++)
    json_array_add_int_element (list, frames[i]);
  json_object_set_int_member (body, "handle", video->handle);
  json_object_set_array_member (body, "frames", list);
  json_object_set_int_member (body, "max_side_px", MAX (max_side_px, 0));
  json_object_set_int_member (body, "hash", (want & SMB_VIDEO_WANT_HASH) != 0);
  json_object_set_int_member (body, "pixels", (want & SMB_VIDEO_WANT_PIXELS) != 0);
  return call_worker (video, SMB_MESSAGE_VIDEO_FRAMES, body, NULL, NULL, cancellable, error);
}

static SmbVideoFrame *
read_frame (SmbMessage *answer, JsonObject *object, guint k, SmbVideoWant want, int max_side_px, guint *plane,
            GError **error)
{
  g_autoptr (SmbVideoFrame) frame = g_new0 (SmbVideoFrame, 1);
  const char *type = smb_json_find_text (object, "type", "?");
  const char *problem = smb_json_find_text (object, "problem", NULL);
  const char *sha256 = smb_json_find_text (object, "sha256", NULL);
  SmbVideoLimits limits;

  if (smb_json_find_int (object, "k", -1) != (gint64) k
      || !smb_video_limits_get (&limits, error)) {
    if (error != NULL && *error == NULL)
      g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the decoder sent another frame than was asked for"));
    return NULL;
  }
  frame->k = k;
  frame->about.type = g_ascii_isalpha (type[0]) ? type[0] : '?';
  frame->about.key = smb_json_find_boolean (object, "key");
  frame->about.interlaced = smb_json_find_boolean (object, "interlaced");
  frame->about.top_first = smb_json_find_boolean (object, "top_first");
  frame->about.corrupt = smb_json_find_boolean (object, "corrupt");
  frame->about.width
      = (int) CLAMP (smb_json_find_int (object, "width", 0), 0, limits.picture.max_side_px);
  frame->about.height
      = (int) CLAMP (smb_json_find_int (object, "height", 0), 0, limits.picture.max_side_px);
  frame->problem = problem != NULL ? smb_engine_clean_text (problem) : NULL;
  frame->sha256 = sha256 != NULL ? smb_engine_clean_text (sha256) : NULL;
  if ((want & SMB_VIDEO_WANT_PIXELS) == 0 || problem != NULL)
    return g_steal_pointer (&frame);
  frame->image
      = smb_plane_take_fd_as_image (smb_message_steal_fd (answer, (*plane)++), limits.picture.max_pixels * 3, error);
  if (frame->image != NULL && max_side_px > 0 && MAX (frame->image->width, frame->image->height) > max_side_px) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER,
                         _ ("the decoder sent a larger picture than was asked for"));
    return NULL;
  }
  return frame->image != NULL ? g_steal_pointer (&frame) : NULL;
}

static GPtrArray *
read_frames (SmbMessage *answer, const guint *frames, guint n, SmbVideoWant want, int max_side_px, GError **error)
{
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_video_frame_free);
  JsonArray *array = smb_json_find_array (answer->body, "frames");
  guint plane = 0;

  for (guint i = 0; i < n; i++) {
    JsonNode *element = array != NULL && i < json_array_get_length (array) ? json_array_get_element (array, i) : NULL;
    SmbVideoFrame *frame = NULL;

    if (element == NULL || !JSON_NODE_HOLDS_OBJECT (element))
      g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the decoder sent another frame than was asked for"));
    else
      frame = read_frame (answer, json_node_get_object (element), frames[i], want, max_side_px, &plane, error);
    if (frame == NULL)
      return NULL;
    g_ptr_array_add (out, frame);
  }
  return g_steal_pointer (&out);
}

/* The worker may have been started anew, or have closed this one to make room. The lock is held. */
static SmbMessage *
ask_or_reopen (SmbEngineVideo *video, const guint *frames, guint n, int max_side_px, SmbVideoWant want,
               GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) gone = NULL;
  SmbMessage *answer = NULL;

  if (video->handle != 0)
    answer = ask_for_frames (video, frames, n, max_side_px, want, cancellable, &gone);
  if (answer != NULL)
    return answer;
  if (gone != NULL && !g_error_matches (gone, SMB_ERROR, SMB_ERROR_NOT_FOUND)) {
    g_propagate_error (error, g_steal_pointer (&gone));
    return NULL;
  }
  if (!open_in_worker (video, NULL, NULL, cancellable, error))
    return NULL;
  return ask_for_frames (video, frames, n, max_side_px, want, cancellable, error);
}

GPtrArray *
smb_engine_video_get_frames (SmbEngineVideo *video, const guint *frames, guint n, int max_side_px, SmbVideoWant want,
                             GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbMessage) answer = NULL;
  g_autoptr (GPtrArray) out = NULL;

  g_return_val_if_fail (video != NULL && frames != NULL && n > 0, NULL);
  g_return_val_if_fail (n <= SMB_VIDEO_MAX_FRAMES_A_CALL || (want & SMB_VIDEO_WANT_PIXELS) == 0, NULL);
  if (video->paths != NULL) {
    out = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_video_frame_free);
    for (guint i = 0; i < n; i++) {
      SmbVideoFrame *frame = frames[i] < video->n_frames
                                 ? picture_as_frame (video, frames[i], max_side_px, want, cancellable, error)
                                 : NULL;

      if (frame == NULL)
        return NULL;
      g_ptr_array_add (out, frame);
    }
    return g_steal_pointer (&out);
  }
  g_mutex_lock (&video->lock);
  answer = ask_or_reopen (video, frames, n, max_side_px, want, cancellable, error);
  g_mutex_unlock (&video->lock);
  if (answer == NULL)
    return NULL;
  out = read_frames (answer, frames, n, want, max_side_px, error);
  if (out == NULL)
    smb_engine_distrust (video->engine, SMB_ENGINE_DECODE);
  return g_steal_pointer (&out);
}

SmbImage *
smb_engine_video_get_frame (SmbEngineVideo *video, guint k, int max_side_px, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) frames
      = smb_engine_video_get_frames (video, &k, 1, max_side_px, SMB_VIDEO_WANT_PIXELS, cancellable, error);
  SmbVideoFrame *frame;

  if (frames == NULL)
    return NULL;
  frame = frames->pdata[0];
  if (frame->image == NULL)
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT,
                         frame->problem != NULL ? frame->problem : _ ("there is no such frame"));
  return g_steal_pointer (&frame->image);
}
