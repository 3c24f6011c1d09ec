/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "worker/smb-engine-video.h"

G_BEGIN_DECLS

/* Decodes ahead: while one portion of frames is being judged the next is on its way, and no more than that. */
typedef struct _SmbVideoFeed SmbVideoFeed;

/* wanted: numbers of frames (guint), copied; `portion` of them at a time. */
SmbVideoFeed *smb_video_feed_new (SmbEngineVideo *video, const GArray *wanted, guint portion,
                                  GCancellable *cancellable);
/* The next portion (array of SmbVideoFrame*); NULL with an error, also after the last. */
GPtrArray *smb_video_feed_next (SmbVideoFeed *feed, GError **error);
void smb_video_feed_free (SmbVideoFeed *feed); /* waits for what is being decoded */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbVideoFeed, smb_video_feed_free)

G_END_DECLS
