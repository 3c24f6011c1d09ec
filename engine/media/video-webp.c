/* SPDX-License-Identifier: Apache-2.0 */
/* Animated WebP through libwebp's own animation decoder: FFmpeg knows only the still kind. Each frame is drawn onto
 * those before, so going back means beginning anew. */
#include "base/smb-error.h"
#include "media/video-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <libavutil/frame.h>
#include <string.h>
#include <webp/demux.h>

struct _VideoWebp {
  guint8 *data;
  WebPAnimDecoder *decoder;
  WebPAnimInfo info;
  guint next;
};

gboolean
video_webp_sniff (SmbVideo *video)
{
  const guint8 *head = picture_peek (&video->job, 0, 21);

  /* VP8X with the animation bit: WebP Container Specification, "Extended File Format". */
  return head != NULL && memcmp (head, "RIFF", 4) == 0 && memcmp (head + 8, "WEBPVP8X", 8) == 0 && (head[20] & 2) != 0;
}

static gboolean
read_all (SmbVideo *video, GError **error)
{
  VideoWebp *webp = video->webp;

  if (video->job.size_bytes > video->limits.picture.max_file_bytes)
    return picture_fail (&video->job, error, SMB_ERROR_LIMIT,
                         _ ("an animated picture may have %" PRIu64 " bytes, and this has %" PRIu64
                            "; if you trust it, raise SEMBLANCE_MAX_FILE_MB"),
                         video->limits.picture.max_file_bytes, video->job.size_bytes);
  webp->data = g_try_malloc (video->job.size_bytes);
  if (webp->data == NULL)
    return picture_fail_memory (&video->job, error);
  return picture_read (&video->job, 0, webp->data, video->job.size_bytes, error) == (gssize) video->job.size_bytes
         || picture_fail (&video->job, error, SMB_ERROR_IO, _ ("it became shorter while it was read"));
}

/* Frames and times from the container's own list; the decoder is not asked yet. */
static gboolean
list_frames (SmbVideo *video, const WebPData *data, GError **error)
{
  WebPDemuxState state;
  WebPDemuxer *demuxer = WebPDemuxPartial (data, &state);
  WebPIterator frame;
  gint64 at_us = 0;

  if (demuxer == NULL)
    return picture_fail (&video->job, error, SMB_ERROR_FORMAT, _ ("the WebP is damaged or cut short"));
  if (!picture_check_size (&video->job, WebPDemuxGetI (demuxer, WEBP_FF_CANVAS_WIDTH),
                           WebPDemuxGetI (demuxer, WEBP_FF_CANVAS_HEIGHT), error)) {
    WebPDemuxDelete (demuxer);
    return FALSE;
  }
  if (WebPDemuxGetFrame (demuxer, 1, &frame)) {
    do {
      const gint64 duration_us = (gint64) MAX (frame.duration, 0) * 1000;
      SmbVideoSlot slot
          = { at_us, (guint32) MIN (duration_us, G_MAXUINT32), video->slots->len == 0 ? SMB_VIDEO_SLOT_KEY : 0 };

      if (frame.complete && video->slots->len == video->limits.max_frames)
        video_warn_frames (video);
      if (!frame.complete || video->slots->len == video->limits.max_frames)
        break;
      g_array_append_val (video->slots, slot);
      at_us += duration_us;
    } while (WebPDemuxNextFrame (&frame));
    WebPDemuxReleaseIterator (&frame);
  }
  WebPDemuxDelete (demuxer);
  if (state != WEBP_DEMUX_DONE)
    picture_warn (&video->job, g_dngettext (GETTEXT_PACKAGE, "The file is cut short: %u frame, %.2f seconds, is there.",
                                            "The file is cut short: %u frames, %.2f seconds, are there.", video->slots->len), video->slots->len,
                  (double) at_us / 1e6);
  return video->slots->len > 0
         || picture_fail (&video->job, error, SMB_ERROR_FORMAT,
                          _ ("none of its pictures can be decoded; the file is damaged"));
}

/* libwebp refuses to animate a file that is not whole: the frames that are there get a header that says so. */
static gsize
mend_length (SmbVideo *video)
{
  VideoWebp *webp = video->webp;
  gsize size = video->job.size_bytes, at = 12, end = 12;
  guint frames = 0;

  while (at + 8 <= size) {
    gsize payload = picture_le32 (webp->data + at + 4), chunk = 8 + payload + (payload & 1);

    if (payload > size || chunk > size - at
        || (memcmp (webp->data + at, "ANMF", 4) == 0 && ++frames > video->slots->len))
      break;
    at += chunk;
    end = at;
  }
  for (int i = 0; i < 4; i++)
    webp->data[4 + i] = (guint8) ((end - 8) >> (8 * i));
  return end;
}

gboolean
video_webp_open (SmbVideo *video, GError **error)
{
  WebPAnimDecoderOptions options;
  WebPData data;

  video->webp = g_new0 (VideoWebp, 1);
  if (!read_all (video, error))
    return FALSE;
  data = (WebPData){ video->webp->data, video->job.size_bytes };
  if (!list_frames (video, &data, error))
    return FALSE;
  data.size = mend_length (video);
  WebPAnimDecoderOptionsInit (&options);
  options.color_mode = MODE_RGBA;
  video->webp->decoder = WebPAnimDecoderNew (&data, &options);
  if (video->webp->decoder == NULL || !WebPAnimDecoderGetInfo (video->webp->decoder, &video->webp->info))
    return picture_fail (&video->job, error, SMB_ERROR_FORMAT, _ ("the WebP is damaged or cut short"));
  video->orientation = 1;
  video->frame = av_frame_alloc ();
  return TRUE;
}

gboolean
video_webp_restart (SmbVideo *video, GError **error)
{
  WebPAnimDecoderReset (video->webp->decoder);
  video->webp->next = 0;
  video->last_slot = -1;
  video->drained = FALSE;
  return TRUE;
}

int
video_webp_next (SmbVideo *video, gint64 *slot_out, GError **error)
{
  VideoWebp *webp = video->webp;
  const int width = (int) webp->info.canvas_width, height = (int) webp->info.canvas_height;
  guint8 *canvas;
  int time_ms;

  av_frame_unref (video->frame);
  if (webp->next >= video->slots->len || !WebPAnimDecoderHasMoreFrames (webp->decoder)
      || !WebPAnimDecoderGetNext (webp->decoder, &canvas, &time_ms)) {
    video->drained = TRUE;
    return 0;
  }
  video->frame->format = AV_PIX_FMT_RGBA;
  video->frame->width = width;
  video->frame->height = height;
  if (av_frame_get_buffer (video->frame, 0) < 0) {
    picture_fail_memory (&video->job, error);
    return -1;
  }
  for (int y = 0; y < height; y++)
    memcpy (video->frame->data[0] + (gssize) y * video->frame->linesize[0], canvas + (gsize) y * (gsize) width * 4,
            (gsize) width * 4);
  video->frame->key_frame = webp->next == 0;
  video->frame->pict_type = webp->next == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  *slot_out = video->last_slot = webp->next++;
  return 1;
}

JsonObject *
video_webp_describe (const SmbVideo *video)
{
  JsonObject *out = json_object_new ();

  json_object_set_string_member (out, "codec", "webp");
  json_object_set_int_member (out, "stored_width", video->webp->info.canvas_width);
  json_object_set_int_member (out, "stored_height", video->webp->info.canvas_height);
  json_object_set_int_member (out, "loops", video->webp->info.loop_count);
  return out;
}

void
video_webp_free (VideoWebp *webp)
{
  if (webp == NULL)
    return;
  WebPAnimDecoderDelete (webp->decoder);
  g_free (webp->data);
  g_free (webp);
}
