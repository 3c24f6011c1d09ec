/* SPDX-License-Identifier: Apache-2.0 */
/* FFmpeg's demuxer and decoder on a descriptor. FFmpeg gets bytes and no names: it may open nothing else. */
#include "base/smb-error.h"
#include "media/video-private.h"

#include <glib/gi18n-lib.h>
#include <libavutil/adler32.h>
#include <libavutil/avstring.h>
#include <libavutil/display.h>
#include <string.h>

#define IO_BYTES (256 << 10)
#define PROBE_BYTES (16 << 20)
#define ANALYZE_US (10 * AV_TIME_BASE)
/* More gain little where faces are what takes time, and each has pictures of its own. */
#define MAX_THREADS 4

/* Demuxers that stand for stills, text and sound without a picture, or that would follow names to other files. Bare
 * JPEGs one behind the other are a picture with previews or further views far more often than a film. */
static const char *const refused[]
    = { "image2", "image2pipe", "mjpeg",     "mjpeg_2000",         "tty",        "concat", "hls", "dash", "sdp",
        "rtsp",   "imf",        "applehttp", "webm_dash_manifest", "ffmetadata", "lrc",    "ass", "srt",  "webvtt" };

gboolean
video_fail_av (SmbVideo *video, int averror, const char *doing, GError **error)
{
  char words[AV_ERROR_MAX_STRING_SIZE];

  if (g_cancellable_set_error_if_cancelled (video->job.cancellable, error))
    return FALSE;
  if (averror == AVERROR (ENOMEM))
    return picture_fail_memory (&video->job, error);
  if (averror == AVERROR (EIO))
    return picture_fail (&video->job, error, SMB_ERROR_IO, _ ("%s broke off; check the disk it lies on"), doing);
  av_strerror (averror, words, sizeof words);
  return picture_fail (&video->job, error, SMB_ERROR_FORMAT, _ ("%s failed (%s); the file is damaged or cut short"),
                       doing, words);
}

static int
read_bytes (void *opaque, guint8 *buffer, int n_bytes)
{
  SmbVideo *video = opaque;
  gssize got = picture_read (&video->job, (guint64) video->io_at, buffer, (gsize) n_bytes, NULL);

  if (got < 0)
    return AVERROR (EIO);
  if (got == 0)
    return AVERROR_EOF;
  video->io_at += got;
  return (int) got;
}

static gint64
seek_bytes (void *opaque, gint64 offset, int whence)
{
  SmbVideo *video = opaque;
  gint64 size = (gint64) video->job.size_bytes;

  if (whence == AVSEEK_SIZE)
    return size;
  whence &= ~AVSEEK_FORCE;
  if (whence == SEEK_CUR)
    offset += video->io_at;
  else if (whence == SEEK_END)
    offset += size;
  else if (whence != SEEK_SET)
    return AVERROR (EINVAL);
  if (offset < 0)
    return AVERROR (EINVAL);
  video->io_at = offset;
  return offset;
}

static int
is_interrupted (void *opaque)
{
  return g_cancellable_is_cancelled (((SmbVideo *) opaque)->job.cancellable);
}

/* Playlists and references of a container lead to other files: there are none. */
static int
refuse_to_open (AVFormatContext *format, AVIOContext **pb, const char *url, int flags, AVDictionary **options)
{
  return AVERROR (EACCES);
}

static gboolean
is_refused (const AVInputFormat *input)
{
  if (g_str_has_suffix (input->name, "_pipe"))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    if (av_match_name (refused[i], input->name))
      return TRUE;
  return FALSE;
}

static gboolean
open_demuxer (SmbVideo *video, GError **error)
{
  guint8 *buffer = av_malloc (IO_BYTES);
  AVFormatContext *format = avformat_alloc_context ();
  int failed;

  video->io_at = 0;
  video->io = avio_alloc_context (buffer, IO_BYTES, 0, video, read_bytes, NULL, seek_bytes);
  format->pb = video->io;
  format->interrupt_callback = (AVIOInterruptCB){ is_interrupted, video };
  format->io_open = refuse_to_open;
  format->protocol_whitelist = av_strdup ("none");
  format->max_streams = (int) video->limits.max_streams;
  format->probesize = PROBE_BYTES;
  format->max_analyze_duration = ANALYZE_US;
  format->flags |= AVFMT_FLAG_CUSTOM_IO;
  failed = avformat_open_input (&format, NULL, NULL, NULL); /* frees the context if it fails */
  if (failed == AVERROR_INVALIDDATA)
    return picture_fail (
        &video->job, error, SMB_ERROR_FORMAT,
        _ ("these bytes are no video FFmpeg knows, or its beginning or table of contents is damaged or missing; look "
           "for another copy of it"));
  if (failed < 0)
    return video_fail_av (video, failed, _ ("opening the container"), error);
  video->format = format;
  if (is_refused (format->iformat))
    return picture_fail (&video->job, error, SMB_ERROR_UNSUPPORTED,
                         _ ("this is not a video (%s); add a video, or the picture as a picture"),
                         format->iformat->name);
  return TRUE;
}

/* Whatever FFmpeg opens to look into the streams keeps to the limits as well. */
static gboolean
look_into_streams (SmbVideo *video, GError **error)
{
  g_autofree AVDictionary **options = g_new0 (AVDictionary *, video->format->nb_streams);
  guint n = video->format->nb_streams;
  int failed;

  for (guint i = 0; i < n; i++) {
    av_dict_set_int (&options[i], "max_pixels", (gint64) video->limits.picture.max_pixels, 0);
    av_dict_set_int (&options[i], "threads", 1, 0);
  }
  failed = avformat_find_stream_info (video->format, options);
  for (guint i = 0; i < n; i++)
    av_dict_free (&options[i]);
  return failed >= 0 || video_fail_av (video, failed, _ ("looking into its streams"), error);
}

static gboolean
open_decoder (SmbVideo *video, const AVCodec *codec, GError **error)
{
  const AVStream *stream = video->format->streams[video->stream];
  AVCodecContext *decoder = avcodec_alloc_context3 (codec);
  int failed = avcodec_parameters_to_context (decoder, stream->codecpar);

  video->decoder = decoder;
  decoder->pkt_timebase = stream->time_base;
  decoder->max_pixels = (gint64) video->limits.picture.max_pixels;
  /* Threads within a picture only: those between pictures may conceal damage differently from run to run. */
  decoder->thread_count = (int) MIN (g_get_num_processors (), MAX_THREADS);
  decoder->thread_type = FF_THREAD_SLICE;
  decoder->flags |= AV_CODEC_FLAG_BITEXACT;
  if (failed >= 0)
    failed = avcodec_open2 (decoder, codec, NULL);
  return failed >= 0 || video_fail_av (video, failed, _ ("starting its decoder"), error);
}

static int
orientation_of (const AVStream *stream)
{
  size_t n_bytes = 0;
  const guint8 *matrix = av_stream_get_side_data (stream, AV_PKT_DATA_DISPLAYMATRIX, &n_bytes);
  gint32 values[9];

  if (matrix == NULL || n_bytes < sizeof values)
    return 1;
  memcpy (values, matrix, sizeof values);
  return video_pixels_orientation (values);
}

gboolean
video_input_open (SmbVideo *video, GError **error)
{
  const AVCodec *codec = NULL;
  const AVCodecParameters *parameters;

  if (!open_demuxer (video, error) || !look_into_streams (video, error))
    return FALSE;
  video->stream = av_find_best_stream (video->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
  if (video->stream == AVERROR_DECODER_NOT_FOUND)
    return picture_fail (&video->job, error, SMB_ERROR_UNSUPPORTED,
                         _ ("its video is of a codec that this system's FFmpeg cannot decode"));
  if (video->stream < 0 || (video->format->streams[video->stream]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0)
    return picture_fail (&video->job, error, SMB_ERROR_UNSUPPORTED, _ ("there is no video in it"));
  parameters = video->format->streams[video->stream]->codecpar;
  if (!picture_check_size (&video->job, (guint64) MAX (parameters->width, 0), (guint64) MAX (parameters->height, 0),
                           error))
    return FALSE;
  for (guint i = 0; i < video->format->nb_streams; i++)
    if ((int) i != video->stream)
      video->format->streams[i]->discard = AVDISCARD_ALL;
  video->orientation = orientation_of (video->format->streams[video->stream]);
  if (video->packet == NULL)
    video->packet = av_packet_alloc ();
  if (video->frame == NULL)
    video->frame = av_frame_alloc ();
  video->next_serial = 0;
  return open_decoder (video, codec, error);
}

void
video_input_close (SmbVideo *video)
{
  avcodec_free_context (&video->decoder);
  avformat_close_input (&video->format);
  if (video->io != NULL)
    av_freep (&video->io->buffer);
  avio_context_free (&video->io);
}

gboolean
video_input_reopen (SmbVideo *video, GError **error)
{
  video_input_close (video);
  return video_input_open (video, error);
}

int
video_input_read (SmbVideo *video, gboolean *broken_out, GError **error)
{
  for (;;) {
    int got;

    if (g_cancellable_set_error_if_cancelled (video->job.cancellable, error))
      return -1;
    av_packet_unref (video->packet);
    got = av_read_frame (video->format, video->packet);
    if (got == AVERROR (EAGAIN))
      continue;
    if (got < 0) {
      if (g_cancellable_set_error_if_cancelled (video->job.cancellable, error))
        return -1;
      if (broken_out != NULL)
        *broken_out = got != AVERROR_EOF;
      return 0;
    }
    if (video->packet->stream_index == video->stream)
      return 1;
  }
}

guint32
video_packet_sum (const AVPacket *packet)
{
  return av_adler32_update (1, packet->data, (size_t) packet->size);
}
