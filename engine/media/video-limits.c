/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from the rest, which needs FFmpeg: every program asks for the limits. */
#include "media/smb-video.h"

#define MAX_FRAMES 1000000
#define MAX_STREAMS 64
#define CACHE_BYTES (192ull << 20)

gboolean
smb_video_limits_get (SmbVideoLimits *limits, GError **error)
{
  limits->max_frames = MAX_FRAMES;
  limits->max_streams = MAX_STREAMS;
  limits->cache_bytes = CACHE_BYTES;
  return smb_picture_limits_get (&limits->picture, error);
}
