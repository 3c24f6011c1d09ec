/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "worker/smb-engine-video.h"

G_BEGIN_DECLS

/* Every frame of a video decoded once, on request: its type, the SHA-256 of its pixels, whether it repeats the one
 * before. */
typedef struct {
  guint n;           /* looked at so far */
  guint n_types[128]; /* by the type's letter */
  guint n_interlaced, n_corrupt, n_damaged;
  GArray *repeated;  /* guint: numbers of frames with the pixels of the frame before */
} SmbFrameTally;

void smb_frame_tally_free (SmbFrameTally *tally);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbFrameTally, smb_frame_tally_free)

/* A frame as soon as it is decoded, in order; on the thread that looks. FALSE with an error ends it. */
typedef gboolean (*SmbFrameSeen) (const SmbVideoFrame *frame, const SmbVideoSlot *slot, gboolean repeated,
                                  gpointer user_data, GError **error);

/* seen, progress: may be NULL; both get user_data. A damaged frame is counted, not an error. NULL: cancelled, or the
 * decoder cannot go on. */
SmbFrameTally *smb_video_look_at_frames (SmbEngineVideo *video, SmbFrameSeen seen, SmbProgress progress,
                                         gpointer user_data, GCancellable *cancellable, GError **error);

/* "4 I, 20 P, 36 B; 0 interlaced, 0 with concealed damage, 0 lost" (translated; g_free). */
char *smb_frame_tally_in_words (const SmbFrameTally *tally);
/* "3: 15, 16, 40" (g_free). */
char *smb_frame_tally_repeated_in_words (const SmbFrameTally *tally);

/* A frame as one line of a table with tabs between: number, seconds, type, what there is to note of it, SHA-256 or what
 * is wrong. The heading's words are translated, those in lines are not. g_free. */
char *smb_frame_line_heading (void);
char *smb_frame_line (const SmbVideoFrame *frame, const SmbVideoSlot *slot, gboolean repeated);

G_END_DECLS
