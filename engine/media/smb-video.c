/* SPDX-License-Identifier: Apache-2.0 */
#include "media/smb-video.h"

#include "base/smb-error.h"
#include "media/video-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <libavutil/cpu.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  guint k;
  AVFrame *frame;
  guint64 n_bytes;
} VideoCached;

static void
cached_free (VideoCached *cached)
{
  av_frame_free (&cached->frame);
  g_free (cached);
}

static int
next_frame (SmbVideo *video, gint64 *slot_out, GError **error)
{
  return video->webp != NULL ? video_webp_next (video, slot_out, error) : video_decode_next (video, slot_out, error);
}

/* A frame of its own memory. The decoder takes frames from a pool that it leaves behind when it begins anew elsewhere, and
 * that lives, whole, as long as one frame out of it does: the cache would hold twice what it may. NULL: no memory. */
static AVFrame *
copy_frame (const AVFrame *frame)
{
  AVFrame *copy = av_frame_alloc ();

  if (copy == NULL)
    return NULL;
  copy->format = frame->format;
  copy->width = frame->width;
  copy->height = frame->height;
  if (av_frame_get_buffer (copy, 0) < 0 || av_frame_copy (copy, frame) < 0 || av_frame_copy_props (copy, frame) < 0)
    av_frame_free (&copy);
  return copy;
}

/* Keeps the frame at hand. */
static void
keep (SmbVideo *video, guint k)
{
  VideoCached *cached;
  AVFrame *copy;

  if (g_hash_table_contains (video->cached, GUINT_TO_POINTER (k)) || (copy = copy_frame (video->frame)) == NULL)
    return;
  cached = g_new0 (VideoCached, 1);
  cached->k = k;
  cached->frame = copy;
  cached->n_bytes = (guint64) MAX (
      av_image_get_buffer_size (video->frame->format, video->frame->width, video->frame->height, 32), 1);
  g_queue_push_head (&video->recent, cached);
  g_hash_table_insert (video->cached, GUINT_TO_POINTER (k), video->recent.head);
  video->cached_bytes += cached->n_bytes;
  while (video->cached_bytes > video->limits.cache_bytes && video->recent.length > 1) {
    VideoCached *oldest = g_queue_pop_tail (&video->recent);

    g_hash_table_remove (video->cached, GUINT_TO_POINTER (oldest->k));
    video->cached_bytes -= oldest->n_bytes;
    cached_free (oldest);
  }
}

static AVFrame *
look_up (SmbVideo *video, guint k)
{
  GList *link = g_hash_table_lookup (video->cached, GUINT_TO_POINTER (k));

  if (link == NULL)
    return NULL;
  g_queue_unlink (&video->recent, link);
  g_queue_push_head_link (&video->recent, link);
  return ((VideoCached *) link->data)->frame;
}

/* Decodes until slot k came out: 1; 0 if it does not come; -1 with an error. */
static int
decode_up_to (SmbVideo *video, guint k, GError **error)
{
  gint64 slot;
  int got;

  while ((got = next_frame (video, &slot, error)) > 0) {
    if (slot >= 0)
      keep (video, (guint) slot);
    if (slot == (gint64) k)
      return 1;
    /* Frames come in order, but a broken stream's need not. */
    if (slot > (gint64) k + 64)
      return 0;
  }
  return got;
}

/* Is decoding on cheaper than beginning at a key frame, or the same? */
static gboolean
is_ahead (const SmbVideo *video, guint k)
{
  guint key;

  if (video->drained || video->last_slot < 0 || video->last_slot >= (gint64) k)
    return FALSE;
  if (video->webp != NULL)
    return TRUE;
  key = video_decode_best_key (video, k);
  return g_array_index (video->packets, VideoPacket, g_array_index (video->keys, guint32, key)).slot
         <= video->last_slot + 8;
}

/* Gets frame k into the cache. */
static gboolean
reach (SmbVideo *video, guint k, GError **error)
{
  guint key = G_MAXUINT;
  int got = 0;

  if (is_ahead (video, k))
    got = decode_up_to (video, k, error);
  /* A key frame that turns out to be none: the one before, then the one before that … */
  for (int attempt = 0; got == 0 && key != 0; attempt++) {
    gboolean ok;

    if (video->webp != NULL) {
      key = 0;
      ok = video_webp_restart (video, error);
    } else
      ok = video_decode_restart (video, k, attempt == 0 ? G_MAXUINT : attempt == 1 ? key - 1 : 0, &key, error);
    if (!ok)
      return FALSE;
    got = decode_up_to (video, k, error);
  }
  if (got < 0)
    return FALSE;
  return got > 0
         || picture_fail (&video->job, error, SMB_ERROR_FORMAT, _ ("frame %u is damaged and cannot be decoded"), k);
}

static void
describe_picture (const SmbVideo *video, const AVFrame *frame, SmbVideoPicture *about)
{
  char type = av_get_picture_type_char (frame->pict_type);

  about->type = frame->pict_type == AV_PICTURE_TYPE_NONE ? '?' : type;
  about->key = frame->key_frame != 0;
  about->interlaced = frame->interlaced_frame != 0;
  about->top_first = frame->top_field_first != 0;
  about->corrupt = (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame->decode_error_flags != 0;
  about->width = video->orientation >= 5 ? frame->height : frame->width;
  about->height = video->orientation >= 5 ? frame->width : frame->height;
}

SmbImage *
smb_video_get_frame (SmbVideo *video, guint k, int max_side_px, SmbVideoPicture *about_out, GCancellable *cancellable,
                     GError **error)
{
  SmbImage *image = NULL;
  AVFrame *frame;

  g_return_val_if_fail (video != NULL, NULL);
  video->job.cancellable = cancellable;
  if (k >= video->slots->len) {
    picture_fail (&video->job, error, SMB_ERROR_ARGUMENT, _ ("there is no frame %u; the last one is %u"), k,
                  video->slots->len - 1);
    return NULL;
  }
  frame = look_up (video, k);
  if (frame == NULL && reach (video, k, error) && (frame = look_up (video, k)) == NULL)
    picture_fail_memory (&video->job, error);
  if (frame != NULL) {
    image = video_pixels_to_image (video, frame, max_side_px, error);
    if (about_out != NULL)
      describe_picture (video, frame, about_out);
  }
  video->job.cancellable = NULL;
  return image;
}

static gboolean
check_file (SmbVideo *video, GError **error)
{
  struct stat info;

  if (fstat (video->job.fd, &info) != 0)
    return smb_error_set_errno (error, errno, video->path, _ ("asking for its size"));
  if (!S_ISREG (info.st_mode))
    return picture_fail (&video->job, error, SMB_ERROR_ARGUMENT, _ ("this is no ordinary file; name a video file"));
  if (info.st_size == 0)
    return picture_fail (&video->job, error, SMB_ERROR_FORMAT,
                         _ ("the file is empty (0 bytes); acquire it again from its source"));
  video->job.size_bytes = (guint64) info.st_size;
  return TRUE;
}

static gboolean
open_video (SmbVideo *video, GError **error)
{
  if (!check_file (video, error))
    return FALSE;
  if (video_webp_sniff (video)) {
    if (!video_webp_open (video, error))
      return FALSE;
  } else if (!video_input_open (video, error) || !video_index_build (video, error))
    return FALSE;
  video_times_finish (video);
  return TRUE;
}

SmbVideo *
smb_video_open (int fd, const char *path, const SmbVideoLimits *limits, SmbProgress progress, gpointer user_data,
                GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbVideo) video = NULL;
  int own = fcntl (fd, F_DUPFD_CLOEXEC, 3);

  g_return_val_if_fail (path != NULL && limits != NULL, NULL);
  if (own < 0) {
    smb_error_set_errno (error, errno, path, _ ("keeping it open"));
    return NULL;
  }
  video = g_new0 (SmbVideo, 1);
  video->path = g_strdup (path);
  video->limits = *limits;
  video->info = smb_picture_info_new ();
  video->progress = progress;
  video->user_data = user_data;
  video->slots = g_array_new (FALSE, FALSE, sizeof (SmbVideoSlot));
  video->packets = g_array_new (FALSE, FALSE, sizeof (VideoPacket));
  video->keys = g_array_new (FALSE, FALSE, sizeof (guint32));
  video->cached = g_hash_table_new (NULL, NULL);
  video->orientation = 1;
  video->last_slot = -1;
  video->last_serial = -1;
  video->job = (PictureJob){ .fd = own,
                             .path = video->path,
                             .limits = &video->limits.picture,
                             .cancellable = cancellable,
                             .info = video->info,
                             .warnings = g_ptr_array_new_with_free_func (g_free) };
  if (!open_video (video, error))
    return NULL;
  video->job.cancellable = NULL;
  video->progress = NULL;
  return g_steal_pointer (&video);
}

void
smb_video_free (SmbVideo *video)
{
  if (video == NULL)
    return;
  g_queue_clear_full (&video->recent, (GDestroyNotify) cached_free);
  g_hash_table_unref (video->cached);
  video_webp_free (video->webp);
  video_input_close (video);
  sws_freeContext (video->scaler);
  av_packet_free (&video->packet);
  av_frame_free (&video->frame);
  g_array_unref (video->slots);
  g_array_unref (video->packets);
  g_array_unref (video->keys);
  g_ptr_array_unref (video->job.warnings);
  g_clear_pointer (&video->job.icc, g_bytes_unref);
  g_free (video->job.window);
  close (video->job.fd);
  smb_picture_info_free (video->info);
  g_free (video->path);
  g_free (video);
}

guint
smb_video_get_n_frames (const SmbVideo *video)
{
  return video->slots->len;
}

const SmbVideoSlot *
smb_video_get_slots (const SmbVideo *video)
{
  return (const SmbVideoSlot *) video->slots->data;
}

char **
smb_video_dup_warnings (const SmbVideo *video)
{
  GPtrArray *out = g_ptr_array_new ();

  for (guint i = 0; i < video->job.warnings->len; i++)
    g_ptr_array_add (out, g_strdup (g_ptr_array_index (video->job.warnings, i)));
  g_ptr_array_add (out, NULL);
  return (char **) g_ptr_array_free (out, FALSE);
}

/* The names of services in a transport stream are turned into UTF-8 by iconv, whose converters are files that stay
 * loaded only while they are in use: those that FFmpeg asks for (ETSI EN 300 468, annex A). */
static void
keep_converters (void)
{
  static const char *const names[]
      = { "ISO6937",     "ISO-8859-1",  "ISO-8859-2",  "ISO-8859-3",  "ISO-8859-4",  "ISO-8859-5",
          "ISO-8859-6",  "ISO-8859-7",  "ISO-8859-8",  "ISO-8859-9",  "ISO-8859-10", "ISO-8859-11",
          "ISO-8859-13", "ISO-8859-14", "ISO-8859-15", "UCS-2BE",     "KSC_5601",    "GB2312" };
  static GIConv kept[G_N_ELEMENTS (names)];

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (kept[i] == NULL)
      kept[i] = g_iconv_open ("UTF-8", names[i]);
}

void
smb_video_prepare (void)
{
  av_log_set_level (AV_LOG_QUIET);
  keep_converters ();
  /* What these ask the system once they remember. */
  av_get_cpu_flags ();
  av_cpu_count ();
}
