/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "media/picture-private.h"
#include "media/smb-video.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

G_BEGIN_DECLS

/* The pieces smb_video_open is made of; for engine/media alone. */

/* One stored picture, in the order of the file (which is that of decoding). Its number there, its serial, is what the
 * decoder is given for a timestamp, so that what comes out says which packet it came from. */
typedef struct {
  gint64 pos, pts, dts; /* AV_NOPTS_VALUE, and -1 for pos, where not known */
  guint32 size, sum, duration;
  gint32 slot; /* the frame it becomes; -1: none (not shown) */
  guint32 flags;
} VideoPacket;

enum {
  VIDEO_PACKET_KEY = 1 << 0,
  VIDEO_PACKET_HIDDEN = 1 << 1, /* decoded, never shown: before an edit list's cut, reference only */
  VIDEO_PACKET_CORRUPT = 1 << 2,
  VIDEO_PACKET_LEADING = 1 << 3, /* follows a key frame in the file but is shown before it */
};

typedef struct _VideoWebp VideoWebp;

struct _SmbVideo {
  PictureJob job; /* path, limits, warnings, cancellable of the call at hand */
  SmbPictureInfo *info;
  char *path;
  SmbVideoLimits limits;
  SmbProgress progress;
  gpointer user_data;

  GArray *slots;   /* SmbVideoSlot */
  GArray *packets; /* VideoPacket; empty for animated WebP */
  GArray *keys;    /* guint32: serials from which decoding can begin, ascending */
  gboolean by_decoding;
  guint64 n_leading, n_hidden;
  double usual_interval_us;

  AVIOContext *io;
  gint64 io_at;
  AVFormatContext *format;
  AVCodecContext *decoder;
  int stream;
  int orientation; /* EXIF's numbers */
  AVPacket *packet;
  AVFrame *frame;
  struct SwsContext *scaler;

  VideoWebp *webp; /* in place of FFmpeg */

  /* Where decoding is. */
  guint32 next_serial; /* the packet the demuxer gives next */
  gboolean drained;
  gint64 last_slot;    /* of the last frame that came out; -1: none since the start */
  gint64 first_good_slot; /* frames before are of a start in the middle and not to be trusted */
  gint32 last_serial;

  GHashTable *cached; /* slot -> its link in `recent` */
  GQueue recent;      /* VideoCached*, newest first */
  guint64 cached_bytes;
};

/* Demuxer and decoder (video-input.c). */
gboolean video_input_open (SmbVideo *video, GError **error);
void video_input_close (SmbVideo *video);
/* Opens demuxer and decoder once more, at the beginning. */
gboolean video_input_reopen (SmbVideo *video, GError **error);
/* The next packet of the stream: 1, 0 at the end (or where reading breaks off: *broken_out), -1 cancelled with an
 * error. */
int video_input_read (SmbVideo *video, gboolean *broken_out, GError **error);
guint32 video_packet_sum (const AVPacket *packet);
/* FALSE with FORMAT, MEMORY … error naming the file. */
gboolean video_fail_av (SmbVideo *video, int averror, const char *doing, GError **error);

/* The table of packets and frames (video-index.c). */
gboolean video_index_build (SmbVideo *video, GError **error);
/* A sentence among the warnings: only so many frames are taken. */
void video_warn_frames (SmbVideo *video);

/* Frames one after the other (video-decode.c). */
/* Decodes on: 1 with video->frame and its slot, 0 at the end, -1 with an error. Damaged packets are passed over. */
int video_decode_next (SmbVideo *video, gint64 *slot_out, GError **error);
/* Goes to the best key frame for slot k, not later than key number `at_most` of the list; *key_out says which. */
gboolean video_decode_restart (SmbVideo *video, guint k, guint at_most, guint *key_out, GError **error);
/* The number in `keys` of the best key frame for a slot. */
guint video_decode_best_key (const SmbVideo *video, guint k);
gboolean video_decode_restart_at_zero (SmbVideo *video, GError **error);

/* Animated WebP, which this FFmpeg cannot decode (video-webp.c): fills slots. */
gboolean video_webp_sniff (SmbVideo *video);
gboolean video_webp_open (SmbVideo *video, GError **error);
gboolean video_webp_restart (SmbVideo *video, GError **error);
int video_webp_next (SmbVideo *video, gint64 *slot_out, GError **error);
JsonObject *video_webp_describe (const SmbVideo *video);
void video_webp_free (VideoWebp *webp);

/* Does the file end before its container says? (video-cut.c) */
gboolean video_is_cut (SmbVideo *video);

/* Intervals, gaps, durations of finished slots (video-times.c). */
void video_times_finish (SmbVideo *video);
JsonObject *video_times_describe (const SmbVideo *video);

/* (video-pixels.c) Upright RGB of a decoded frame. */
SmbImage *video_pixels_to_image (SmbVideo *video, const AVFrame *frame, int max_side_px, GError **error);
/* Orientation, in EXIF's numbers, of a display matrix. 1 for what is no turn by quarters. */
int video_pixels_orientation (const gint32 matrix[9]);

G_END_DECLS
