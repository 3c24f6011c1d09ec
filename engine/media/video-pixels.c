/* SPDX-License-Identifier: Apache-2.0 */
/* From what a decoder gives (some kind of YUV, mostly) to upright RGB. */
#include "base/smb-error.h"
#include "media/video-private.h"

#include <glib/gi18n-lib.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <string.h>

/* Where a file does not say how its colours are coded, players take the lines for a hint, and so do we. */
#define SD_LINES 576

/* A matrix (a b u; c d v; x y w) as stored takes (x, y) to (ax + cy, bx + dy). */
int
video_pixels_orientation (const gint32 matrix[9])
{
  int a = (matrix[0] > 0) - (matrix[0] < 0), b = (matrix[1] > 0) - (matrix[1] < 0);
  int c = (matrix[3] > 0) - (matrix[3] < 0), d = (matrix[4] > 0) - (matrix[4] < 0);

  if (a != 0 && d != 0 && b == 0 && c == 0)
    return a > 0 ? (d > 0 ? 1 : 4) : (d > 0 ? 2 : 3);
  if (a == 0 && d == 0 && b != 0 && c != 0)
    return b > 0 ? (c > 0 ? 5 : 6) : (c > 0 ? 8 : 7);
  return 1;
}

static gboolean
has_alpha (const AVFrame *frame)
{
  const AVPixFmtDescriptor *about = av_pix_fmt_desc_get (frame->format);

  return about != NULL && ((about->flags & AV_PIX_FMT_FLAG_ALPHA) != 0 || frame->format == AV_PIX_FMT_PAL8);
}

/* Newer names for full-range formats; the range itself is told separately. */
static enum AVPixelFormat
plain_format (int format)
{
  switch (format) {
  case AV_PIX_FMT_YUVJ420P:
    return AV_PIX_FMT_YUV420P;
  case AV_PIX_FMT_YUVJ422P:
    return AV_PIX_FMT_YUV422P;
  case AV_PIX_FMT_YUVJ444P:
    return AV_PIX_FMT_YUV444P;
  case AV_PIX_FMT_YUVJ440P:
    return AV_PIX_FMT_YUV440P;
  default:
    return format;
  }
}

static void
set_colours (struct SwsContext *scaler, const AVFrame *frame)
{
  gboolean full = frame->color_range == AVCOL_RANGE_JPEG || plain_format (frame->format) != frame->format;
  int space = frame->colorspace;

  if (space == AVCOL_SPC_UNSPECIFIED || space == AVCOL_SPC_RESERVED)
    space = frame->height > SD_LINES ? SWS_CS_ITU709 : SWS_CS_ITU601;
  sws_setColorspaceDetails (scaler, sws_getCoefficients (space), full, sws_getCoefficients (SWS_CS_DEFAULT), 1, 0,
                            1 << 16, 1 << 16);
}

/* Over white, in place from 4 bytes a pixel to 3. */
static void
lay_over_white (guint8 *data, gsize n_pixels)
{
  for (gsize i = 0; i < n_pixels; i++) {
    guint alpha = data[i * 4 + 3];

    for (int c = 0; c < 3; c++)
      data[i * 3 + c] = (guint8) ((data[i * 4 + c] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}

SmbImage *
video_pixels_to_image (SmbVideo *video, const AVFrame *frame, int max_side_px, GError **error)
{
  const gboolean alpha = has_alpha (frame);
  const int channels = alpha ? 4 : 3, longer = MAX (frame->width, frame->height);
  const gboolean smaller = max_side_px > 0 && longer > max_side_px;
  PicturePixels pixels = { 0 };
  guint8 *planes[4] = { NULL };
  int strides[4] = { 0 };
  int width = frame->width, height = frame->height;
  g_autoptr (GBytes) bytes = NULL;

  if (!picture_check_size (&video->job, (guint64) MAX (width, 0), (guint64) MAX (height, 0), error))
    return NULL;
  if (smaller) {
    width = MAX ((int) ((gint64) frame->width * max_side_px / longer), 1);
    height = MAX ((int) ((gint64) frame->height * max_side_px / longer), 1);
  }
  video->scaler = sws_getCachedContext (
      video->scaler, frame->width, frame->height, plain_format (frame->format), width, height,
      alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24,
      (smaller ? SWS_AREA : SWS_BICUBIC) | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_BITEXACT, NULL, NULL, NULL);
  if (video->scaler == NULL) {
    picture_fail (&video->job, error, SMB_ERROR_UNSUPPORTED,
                  _ ("its frames have a pixel format that cannot be shown (%s)"), av_get_pix_fmt_name (frame->format));
    return NULL;
  }
  set_colours (video->scaler, frame);
  if (!picture_alloc (&video->job, &pixels, width, height, channels, error))
    return NULL;
  planes[0] = pixels.data;
  strides[0] = width * channels;
  sws_scale (video->scaler, (const guint8 *const *) frame->data, frame->linesize, 0, frame->height, planes, strides);
  if (alpha)
    lay_over_white (pixels.data, (gsize) width * (gsize) height);
  pixels.channels = 3;
  video->info->width = width;
  video->info->height = height;
  if (!picture_turn_upright (&video->job, &pixels, video->orientation, error)) {
    g_free (pixels.data);
    return NULL;
  }
  bytes = g_bytes_new_take (pixels.data, (gsize) pixels.width * (gsize) pixels.height * 3);
  return smb_image_new (pixels.width, pixels.height, bytes);
}
