/* SPDX-License-Identifier: Apache-2.0 */
/* Which frames there are and in what order. First from the packets alone; where those do not tell, by decoding. */
#include "base/smb-error.h"
#include "media/video-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <libavutil/common.h>
#include <libavutil/mathematics.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_PACKETS 2000
/* 36,000 years: times are the file's word, and differences of two of them must not overflow. */
#define MAX_TIME_US ((gint64) 1 << 60)

static const AVStream *
stream_of (const SmbVideo *video)
{
  return video->format->streams[video->stream];
}

static gint64
to_us (const SmbVideo *video, gint64 units)
{
  return av_rescale_q (units, stream_of (video)->time_base, AV_TIME_BASE_Q);
}

static void
report (const SmbVideo *video, guint64 done, const char *what)
{
  if (video->progress != NULL)
    video->progress (done, video->job.size_bytes, what, video->user_data);
}

/* Does the access unit hold an IDR picture, or an SEI recovery point that recovers at once? (H.264, 7.4.1, D.2.8)
 * Others marked as key frames need pictures before them. Annex B and length-prefixed units alike are searched by start.
 */
static gboolean
is_clean_avc (const guint8 *data, int n_bytes, int length_bytes)
{
  gboolean recovers = FALSE;
  int at = 0;

  while (at + 4 < n_bytes) {
    int begin, end, type;

    if (length_bytes > 0) {
      guint64 length = 0;

      for (int i = 0; i < length_bytes && at + i < n_bytes; i++)
        length = length << 8 | data[at + i];
      begin = at + length_bytes;
      end = (int) MIN ((guint64) n_bytes, (guint64) begin + length);
    } else {
      if (data[at] != 0 || data[at + 1] != 0 || data[at + 2] != 1) {
        at++;
        continue;
      }
      begin = at + 3;
      for (end = begin; end + 2 < n_bytes && (data[end] != 0 || data[end + 1] != 0 || data[end + 2] > 1); end++)
        ;
      if (end + 2 >= n_bytes)
        end = n_bytes;
    }
    if (begin >= end)
      break;
    type = data[begin] & 31;
    if (type == 5)
      return TRUE;
    /* SEI, payload 6: its first element is ue(v) recovery_frame_cnt; 0 is a single 1 bit. */
    for (int p = begin + 1; type == 6 && p + 2 < end && data[p] < 255 && data[p + 1] < 255; p += 2 + data[p + 1])
      if (data[p] == 6)
        recovers |= (data[p + 2] & 0x80) != 0;
    at = end;
  }
  return recovers;
}

static gboolean
is_clean_key (const SmbVideo *video, const AVPacket *packet)
{
  const AVCodecParameters *parameters = stream_of (video)->codecpar;

  switch (parameters->codec_id) {
  case AV_CODEC_ID_GIF:
    return video->packets->len == 0; /* each frame paints over those before */
  case AV_CODEC_ID_H264:
    return is_clean_avc (packet->data, packet->size,
                         parameters->extradata_size > 6 && parameters->extradata[0] == 1
                             ? (parameters->extradata[4] & 3) + 1
                             : 0);
  default:
    return TRUE;
  }
}

/* VP8 keeps a bit for pictures that only others refer to. */
static gboolean
is_shown (const SmbVideo *video, const AVPacket *packet)
{
  return stream_of (video)->codecpar->codec_id != AV_CODEC_ID_VP8 || packet->size < 1
         || (packet->data[0] >> 4 & 1) != 0;
}

static void
add_packet (SmbVideo *video)
{
  const AVPacket *packet = video->packet;
  VideoPacket entry = { .pos = packet->pos, .pts = packet->pts, .dts = packet->dts, .size = (guint32) packet->size,
                        .sum = video_packet_sum (packet), .duration = (guint32) CLAMP (packet->duration, 0, G_MAXINT32),
                        .slot = -1 };
  guint32 serial = video->packets->len;

  if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0)
    entry.flags |= VIDEO_PACKET_CORRUPT;
  if ((packet->flags & AV_PKT_FLAG_DISCARD) != 0 || !is_shown (video, packet))
    entry.flags |= VIDEO_PACKET_HIDDEN;
  if (serial == 0 || ((packet->flags & AV_PKT_FLAG_KEY) != 0 && is_clean_key (video, packet))) {
    if ((packet->flags & AV_PKT_FLAG_KEY) != 0)
      entry.flags |= VIDEO_PACKET_KEY;
    g_array_append_val (video->keys, serial);
  }
  g_array_append_val (video->packets, entry);
}

void
video_warn_frames (SmbVideo *video)
{
  picture_warn (&video->job,
                _ ("The video has more than %u frames; what comes after them is left out. If you trust the "
                   "file, raise SEMBLANCE_MAX_FRAMES."),
                video->limits.max_frames);
}

/* All packets of the stream. FALSE if reading is impossible or cancelled. */
static gboolean
read_packets (SmbVideo *video, gboolean *broken_out, GError **error)
{
  int got;

  while ((got = video_input_read (video, broken_out, error)) > 0) {
    if (video->packets->len == video->limits.max_frames) {
      video_warn_frames (video);
      break;
    }
    if (video->packets->len % REPORT_PACKETS == 0)
      report (video, (guint64) video->io_at, _ ("Reading the container"));
    add_packet (video);
  }
  if (got < 0)
    return FALSE;
  if (video->packets->len == 0)
    return picture_fail (&video->job, error, SMB_ERROR_FORMAT,
                         _ ("there is no picture in its video stream; the file is cut short"));
  return TRUE;
}

/* Serials in the order in which they are shown. */
static int
compare_pts (gconstpointer a, gconstpointer b, gpointer packets)
{
  const VideoPacket *all = packets;
  guint32 left = *(const guint32 *) a, right = *(const guint32 *) b;

  if (all[left].pts != all[right].pts)
    return all[left].pts < all[right].pts ? -1 : 1;
  return left < right ? -1 : left > right;
}

/* Do the packets' times alone say which frames come out, in which order? */
static gboolean
times_tell (const SmbVideo *video)
{
  const VideoPacket *packets = (const VideoPacket *) video->packets->data;
  const gboolean reorders = video->decoder->has_b_frames > 0;
  gint64 last_dts = G_MININT64, last_pts = G_MININT64;
  g_autoptr (GHashTable) seen = g_hash_table_new (g_int64_hash, g_int64_equal);

  for (guint i = 0; i < video->packets->len; i++) {
    const VideoPacket *packet = &packets[i];

    if (packet->pts == AV_NOPTS_VALUE || packet->size == 0)
      return FALSE;
    if (packet->dts != AV_NOPTS_VALUE && (packet->dts < last_dts || packet->pts < packet->dts))
      return FALSE;
    if (!reorders && packet->pts <= last_pts)
      return FALSE;
    if (packet->dts != AV_NOPTS_VALUE)
      last_dts = packet->dts;
    last_pts = packet->pts;
    if ((packet->flags & VIDEO_PACKET_HIDDEN) == 0 && !g_hash_table_add (seen, (gpointer) &packet->pts))
      return FALSE;
  }
  return TRUE;
}

static void
add_slot (SmbVideo *video, guint32 serial, gint64 pts, gint64 first_pts)
{
  const VideoPacket *packet = &g_array_index (video->packets, VideoPacket, serial);
  SmbVideoSlot slot = { 0 };
  const guint k = video->slots->len;

  if (pts == AV_NOPTS_VALUE || first_pts == AV_NOPTS_VALUE) {
    AVRational rate = av_guess_frame_rate (video->format, video->format->streams[video->stream], NULL);

    slot.flags |= SMB_VIDEO_SLOT_NO_TIME;
    slot.time_us = k == 0 ? 0
                          : g_array_index (video->slots, SmbVideoSlot, k - 1).time_us
                                + (rate.num > 0 ? av_rescale (AV_TIME_BASE, rate.den, rate.num) : AV_TIME_BASE / 25);
  } else
    slot.time_us = to_us (video, av_sat_sub64 (pts, first_pts));
  slot.time_us = CLAMP (slot.time_us, -MAX_TIME_US, MAX_TIME_US);
  slot.duration_us = (guint32) CLAMP (to_us (video, packet->duration), 0, G_MAXUINT32);
  if ((packet->flags & VIDEO_PACKET_KEY) != 0)
    slot.flags |= SMB_VIDEO_SLOT_KEY;
  if ((packet->flags & VIDEO_PACKET_CORRUPT) != 0)
    slot.flags |= SMB_VIDEO_SLOT_BROKEN;
  g_array_append_val (video->slots, slot);
}

static void
number_by_times (SmbVideo *video)
{
  VideoPacket *packets = (VideoPacket *) video->packets->data;
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint32 i = 0; i < video->packets->len; i++)
    if ((packets[i].flags & VIDEO_PACKET_HIDDEN) == 0)
      g_array_append_val (order, i);
  g_array_sort_with_data (order, compare_pts, packets);
  for (guint k = 0; k < order->len; k++) {
    guint32 serial = g_array_index (order, guint32, k);

    packets[serial].slot = (gint32) k;
    add_slot (video, serial, packets[serial].pts, packets[g_array_index (order, guint32, 0)].pts);
  }
}

/* Decodes everything once; what comes out, as it comes out, are the frames. */
static gboolean
number_by_decoding (SmbVideo *video, GError **error)
{
  gint64 slot, first_pts = AV_NOPTS_VALUE;
  int got;

  video->by_decoding = TRUE;
  for (guint i = 0; i < video->packets->len; i++)
    g_array_index (video->packets, VideoPacket, i).slot = -1;
  g_array_set_size (video->slots, 0);
  if (!video_input_reopen (video, error) || !video_decode_restart_at_zero (video, error))
    return FALSE;
  while ((got = video_decode_next (video, &slot, error)) > 0) {
    guint32 serial = (guint32) CLAMP (video->last_serial, 0, (gint32) video->packets->len - 1);
    VideoPacket *packet = &g_array_index (video->packets, VideoPacket, serial);
    gint64 pts = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;

    if (video->slots->len == video->limits.max_frames) {
      video_warn_frames (video);
      break;
    }
    if (packet->slot < 0)
      packet->slot = (gint32) video->slots->len;
    if (first_pts == AV_NOPTS_VALUE)
      first_pts = pts;
    add_slot (video, serial, pts, first_pts);
    if (video->slots->len % (REPORT_PACKETS / 20) == 0)
      report (video, (guint64) video->io_at, _ ("Counting the frames by decoding"));
  }
  return got >= 0;
}

/* Slots of frames that never come out of the decoder go, and the rest moves up. */
static void
drop_slots (SmbVideo *video, const guint8 *came, guint from, guint to)
{
  g_autofree gint32 *moved = g_new (gint32, video->slots->len);
  g_autoptr (GArray) kept = g_array_new (FALSE, FALSE, sizeof (SmbVideoSlot));
  gint64 first_us;

  for (guint k = 0; k < video->slots->len; k++) {
    moved[k] = -1;
    if (k >= from && k < to && !came[k - from])
      continue;
    moved[k] = (gint32) kept->len;
    g_array_append_val (kept, g_array_index (video->slots, SmbVideoSlot, k));
  }
  for (guint i = 0; i < video->packets->len; i++) {
    VideoPacket *packet = &g_array_index (video->packets, VideoPacket, i);

    if (packet->slot >= 0)
      packet->slot = moved[packet->slot];
  }
  first_us = kept->len > 0 ? g_array_index (kept, SmbVideoSlot, 0).time_us : 0;
  for (guint k = 0; k < kept->len; k++)
    g_array_index (kept, SmbVideoSlot, k).time_us -= first_us;
  g_array_unref (video->slots);
  video->slots = g_steal_pointer (&kept);
}

/* Decodes from key number `key` on, up to serial `until`, and drops the slots behind `first` and before `last` that do
 * not come out: the beginning of a stream that was cut out of another, and the end of one that is cut short. */
static gboolean
drop_what_does_not_come (SmbVideo *video, guint k_restart, guint first, guint last, GError **error)
{
  g_autofree guint8 *came = g_malloc0 (last - first + 1);
  gint64 slot;
  guint key;
  int got;

  if (!video_decode_restart (video, k_restart, G_MAXUINT, &key, error))
    return FALSE;
  while ((got = video_decode_next (video, &slot, error)) > 0) {
    if (slot >= (gint64) first && slot < (gint64) last)
      came[slot - first] = 1;
    if (slot >= (gint64) last)
      break;
  }
  if (got < 0)
    return FALSE;
  drop_slots (video, came, first, last);
  return TRUE;
}

/* Pictures shown before the first key frame refer to what is not there. */
static guint
count_broken_start (const SmbVideo *video)
{
  const VideoPacket *packets = (const VideoPacket *) video->packets->data;

  if ((packets[0].flags & VIDEO_PACKET_KEY) == 0)
    return video->keys->len > 1 ? (guint) MAX (packets[g_array_index (video->keys, guint32, 1)].slot, 0)
                                : video->slots->len;
  return (guint) MAX (packets[0].slot, 0);
}

/* Does the container promise more than it holds? */
static gboolean
is_cut_short (SmbVideo *video, gboolean broken)
{
  const VideoPacket *last = &g_array_index (video->packets, VideoPacket, video->packets->len - 1);

  return broken || (last->flags & VIDEO_PACKET_CORRUPT) != 0 || video_is_cut (video);
}

static gboolean
check_ends (SmbVideo *video, gboolean cut, GError **error)
{
  guint n_start = count_broken_start (video), before = video->slots->len;

  if (n_start > 0 && !drop_what_does_not_come (video, 0, 0, n_start, error))
    return FALSE;
  if (video->slots->len < before)
    picture_warn (
        &video->job,
        _ ("%u pictures at the beginning refer to earlier ones that are not in the file and cannot be shown."),
        before - video->slots->len);
  before = video->slots->len;
  if (cut && before > 0) {
    guint key = video_decode_best_key (video, before - 1);
    guint first;

    key -= MIN (key, 1);
    first
        = (guint) MAX (g_array_index (video->packets, VideoPacket, g_array_index (video->keys, guint32, key)).slot, 0);
    if (!drop_what_does_not_come (video, first, first, before, error))
      return FALSE;
  }
  return TRUE;
}

static void
count_kinds (SmbVideo *video)
{
  VideoPacket *packets = (VideoPacket *) video->packets->data;
  gint64 key_pts = AV_NOPTS_VALUE;
  guint n_broken = 0;

  for (guint i = 0; i < video->packets->len; i++) {
    if ((packets[i].flags & VIDEO_PACKET_KEY) != 0)
      key_pts = packets[i].pts;
    else if (key_pts != AV_NOPTS_VALUE && packets[i].pts != AV_NOPTS_VALUE && packets[i].pts < key_pts) {
      packets[i].flags |= VIDEO_PACKET_LEADING;
      video->n_leading++;
    }
    video->n_hidden += (packets[i].flags & VIDEO_PACKET_HIDDEN) != 0;
    n_broken += (packets[i].flags & VIDEO_PACKET_CORRUPT) != 0;
  }
  if (n_broken > 0)
    picture_warn (&video->job, _ ("%u stored pictures are damaged or incomplete."), n_broken);
}

gboolean
video_index_build (SmbVideo *video, GError **error)
{
  gboolean broken = FALSE, cut;

  if (!read_packets (video, &broken, error))
    return FALSE;
  if (times_tell (video))
    number_by_times (video);
  else if (!number_by_decoding (video, error))
    return FALSE;
  cut = video->slots->len > 0 && is_cut_short (video, broken);
  if (!video->by_decoding && video->slots->len > 0 && !check_ends (video, cut, error))
    return FALSE;
  if (video->slots->len == 0)
    return picture_fail (&video->job, error, SMB_ERROR_FORMAT,
                         _ ("none of its pictures can be decoded; the file is damaged"));
  count_kinds (video);
  if (video->by_decoding)
    picture_warn (&video->job,
                  _ ("The times of its pictures are missing, repeated or contradict one another; frames are "
                     "numbered as they come out of the decoder."));
  if (cut)
    picture_warn (&video->job,
                  g_dngettext (GETTEXT_PACKAGE, "The file is cut short: %u frame, %.2f seconds, is there.",
                               "The file is cut short: %u frames, %.2f seconds, are there.", video->slots->len),
                  video->slots->len,
                  (double) g_array_index (video->slots, SmbVideoSlot, video->slots->len - 1).time_us / 1e6);
  return TRUE;
}
