/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "base/smb-image.h"
#include "base/smb-progress.h"
#include "media/smb-picture.h"

G_BEGIN_DECLS

/* Moving pictures out of descriptors whose bytes nobody trusts. Runs in the decode worker. */

/* One frame of the index: plain bytes, so that an index travels between processes as it is. */
typedef struct {
  gint64 time_us;      /* since the first frame, as the container has it; need not rise where timestamps are broken */
  guint32 duration_us; /* 0: not stated */
  guint32 flags;       /* SmbVideoSlotFlags */
} SmbVideoSlot;

typedef enum {
  SMB_VIDEO_SLOT_KEY = 1 << 0,     /* decoding can begin here */
  SMB_VIDEO_SLOT_BROKEN = 1 << 1,  /* its stored bytes are marked or known to be damaged */
  SMB_VIDEO_SLOT_NO_TIME = 1 << 2, /* the container gives no time; time_us goes on at the stated rate */
  SMB_VIDEO_SLOT_AFTER_GAP
  = 1 << 3, /* more than one and a half usual intervals after the frame before: frames were dropped */
} SmbVideoSlotFlags;

typedef struct {
  SmbPictureLimits picture; /* of each frame; its max_file_bytes holds for animated pictures alone */
  guint max_frames;         /* 1,000,000: what lies behind is left out and said so */
  guint max_streams;        /* 64 */
  guint64 cache_bytes;      /* 192 MiB of decoded frames */
} SmbVideoLimits;

/* The defaults above, with what is set for pictures (smb_picture_limits_get) and as SEMBLANCE_MAX_FRAMES. */
gboolean smb_video_limits_get (SmbVideoLimits *limits, GError **error);

/* What a decoder says of one frame. */
typedef struct {
  char type;            /* 'I', 'P', 'B' …; '?': the codec does not say */
  gboolean key;
  gboolean interlaced, top_first;
  gboolean corrupt;     /* the decoder concealed damage */
  int width, height;    /* upright, whole */
} SmbVideoPicture;

typedef struct _SmbVideo SmbVideo;

/* Loads what decoding needs, before the process gives up the right to open files. */
void smb_video_prepare (void);

/* Reads the container through and numbers its frames: 0, 1, 2 … in the order they are shown. Each stored picture with a
 * time of its own is a frame; where times are missing, repeated or contradict one another, and at an end that is cut
 * off, it is decoding that counts. Keeps a duplicate of `fd` (read by pread). Errors: FORMAT, UNSUPPORTED (a still
 * picture, sound only, a codec this FFmpeg lacks), LIMIT, ARGUMENT (folder, device), MEMORY, IO, cancelled. */
SmbVideo *smb_video_open (int fd, const char *path, const SmbVideoLimits *limits, SmbProgress progress,
                          gpointer user_data, GCancellable *cancellable, GError **error);
void smb_video_free (SmbVideo *video);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbVideo, smb_video_free)

guint smb_video_get_n_frames (const SmbVideo *video);
const SmbVideoSlot *smb_video_get_slots (const SmbVideo *video); /* n_frames of them; borrowed */
char **smb_video_dup_warnings (const SmbVideo *video);           /* translated sentences; free with g_strfreev */

/* The container's facts: {"container", "streams", "video", "gops"}; new reference. */
JsonObject *smb_video_describe (const SmbVideo *video);

/* Frame k, upright, 8-bit sRGB: the same bytes however one got there. max_side_px > 0: no side of the result is longer.
 * about_out may be NULL. Near the last frame asked for, or among those in the cache, it is fast; elsewhere decoding
 * begins anew at the key frame before. FORMAT error if that frame is damaged beyond decoding: its number stays. */
SmbImage *smb_video_get_frame (SmbVideo *video, guint k, int max_side_px, SmbVideoPicture *about_out,
                               GCancellable *cancellable, GError **error);

G_END_DECLS
