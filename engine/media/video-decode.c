/* SPDX-License-Identifier: Apache-2.0 */
/* Frames one after the other, and going to a key frame. Demuxers land where they like when they seek; the table of
 * packets says where that is, and if it does not, decoding begins at the beginning. */
#include "base/smb-error.h"
#include "media/video-private.h"

#include <glib/gi18n-lib.h>

/* A parser needs some data before it gives whole packets again. */
#define MAX_UNKNOWN_PACKETS 64

gboolean
video_decode_restart_at_zero (SmbVideo *video, GError **error)
{
  if (video->next_serial != 0 && !video_input_reopen (video, error))
    return FALSE;
  avcodec_flush_buffers (video->decoder);
  video->drained = FALSE;
  video->last_slot = -1;
  video->first_good_slot = 0;
  video->last_serial = -1;
  return TRUE;
}

/* The slot of the frame that just came out. Where one packet gives two frames the second has the next number. */
static gint64
slot_of_frame (SmbVideo *video)
{
  gint64 serial = video->frame->pts;
  gboolean again;

  if (serial < 0 || serial >= (gint64) video->packets->len)
    serial = video->last_serial;
  again = serial >= 0 && serial == video->last_serial;
  video->last_serial = (gint32) serial;
  if (serial < 0)
    return -1;
  if (again && video->by_decoding && video->last_slot >= 0)
    return video->last_slot + 1;
  return g_array_index (video->packets, VideoPacket, serial).slot;
}

/* Sends packets until the decoder has a frame. 1, 0 at the end, -1 with an error. */
static int
receive_frame (SmbVideo *video, GError **error)
{
  for (;;) {
    int got = avcodec_receive_frame (video->decoder, video->frame);

    if (got >= 0)
      return 1;
    if (got == AVERROR_EOF)
      return 0;
    if (got == AVERROR (ENOMEM)) {
      video_fail_av (video, got, _ ("decoding"), error);
      return -1;
    }
    if (got != AVERROR (EAGAIN))
      continue; /* a damaged picture: on to the next */
    if (video->drained)
      return 0;
    got = video->next_serial < video->packets->len || video->packets->len == 0 ? video_input_read (video, NULL, error)
                                                                               : 0;
    if (got < 0)
      return -1;
    if (got == 0) {
      video->drained = TRUE;
      avcodec_send_packet (video->decoder, NULL);
      continue;
    }
    video->packet->pts = video->next_serial++;
    video->packet->dts = AV_NOPTS_VALUE;
    avcodec_send_packet (video->decoder, video->packet);
  }
}

int
video_decode_next (SmbVideo *video, gint64 *slot_out, GError **error)
{
  for (;;) {
    int got;

    av_frame_unref (video->frame);
    got = receive_frame (video, error);
    if (got <= 0)
      return got;
    *slot_out = slot_of_frame (video);
    /* While frames are being numbered none has a number yet. */
    if (video->slots->len == 0 || video->by_decoding) {
      if (*slot_out < 0)
        *slot_out = video->last_slot + 1;
    } else if (*slot_out < 0)
      continue;
    video->last_slot = *slot_out;
    if (*slot_out >= video->first_good_slot)
      return 1;
  }
}

guint
video_decode_best_key (const SmbVideo *video, guint k)
{
  guint best = 0;

  /* Keys in the file's order are in the order shown as well, but for broken streams: those are searched to the end. */
  for (guint low = 0, high = video->keys->len; low < high;) {
    guint middle = (low + high) / 2;
    gint32 slot = g_array_index (video->packets, VideoPacket, g_array_index (video->keys, guint32, middle)).slot;

    if (slot >= 0 && slot <= (gint32) k) {
      best = middle;
      low = middle + 1;
    } else if (slot < 0 && middle > low)
      high = middle; /* a hidden key frame says nothing about what is shown: stay on the safe side */
    else
      high = middle;
  }
  return best;
}

/* Is this packet the one of the table? Where a seek left times unknown, place and bytes decide. */
static gboolean
is_packet (const VideoPacket *entry, const AVPacket *packet, guint32 sum)
{
  return entry->size == (guint32) packet->size && entry->sum == sum && (packet->pos < 0 || entry->pos == packet->pos)
         && (packet->dts == AV_NOPTS_VALUE || entry->dts == AV_NOPTS_VALUE || entry->dts == packet->dts);
}

/* The serial of the packet at hand; -1 if it is none of the table's. Looked for near `expected` first. */
static gint64
find_serial (const SmbVideo *video, guint32 expected)
{
  const VideoPacket *packets = (const VideoPacket *) video->packets->data;
  const guint32 n = video->packets->len, sum = video_packet_sum (video->packet);

  for (guint32 d = 0; d < n; d++) {
    if (d <= expected && is_packet (&packets[expected - d], video->packet, sum))
      return expected - d;
    if (expected + d < n && is_packet (&packets[expected + d], video->packet, sum))
      return expected + d;
  }
  return -1;
}

/* Seeks to before the packet, then reads up to it: FALSE with no error if the demuxer does not get there. */
static gboolean
seek_to_serial (SmbVideo *video, guint32 serial, GError **error)
{
  const VideoPacket *wanted = &g_array_index (video->packets, VideoPacket, serial);
  gint64 found = -1;
  int failed = -1;

  if (wanted->dts != AV_NOPTS_VALUE || wanted->pts != AV_NOPTS_VALUE)
    failed = av_seek_frame (video->format, video->stream, wanted->dts != AV_NOPTS_VALUE ? wanted->dts : wanted->pts,
                            AVSEEK_FLAG_BACKWARD);
  else if (wanted->pos >= 0)
    failed = av_seek_frame (video->format, video->stream, wanted->pos, AVSEEK_FLAG_BYTE);
  if (failed < 0)
    return FALSE;
  for (guint i = 0; found < 0 && i < MAX_UNKNOWN_PACKETS; i++) {
    if (video_input_read (video, NULL, error) <= 0)
      return FALSE;
    found = find_serial (video, serial);
  }
  if (found < 0 || found > serial)
    return FALSE;
  for (; found < serial; found++)
    if (video_input_read (video, NULL, error) <= 0)
      return FALSE;
  /* The packet at hand is the one wanted; anything else means that the file reads differently than before. */
  return is_packet (wanted, video->packet, video_packet_sum (video->packet));
}

gboolean
video_decode_restart (SmbVideo *video, guint k, guint at_most, guint *key_out, GError **error)
{
  guint key = MIN (video_decode_best_key (video, k), at_most);
  guint32 serial = g_array_index (video->keys, guint32, key);
  g_autoptr (GError) failure = NULL;

  *key_out = key;
  if (serial > 0 && seek_to_serial (video, serial, &failure)) {
    avcodec_flush_buffers (video->decoder);
    video->drained = FALSE;
    video->last_slot = -1;
    video->last_serial = -1;
    video->first_good_slot = g_array_index (video->packets, VideoPacket, serial).slot;
    video->packet->pts = serial;
    video->packet->dts = AV_NOPTS_VALUE;
    avcodec_send_packet (video->decoder, video->packet);
    video->next_serial = serial + 1;
    return TRUE;
  }
  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  *key_out = 0;
  /* A failed seek leaves the demuxer anywhere. */
  return video_input_reopen (video, error) && video_decode_restart_at_zero (video, error);
}
