/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "media/smb-video.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* A video that stays open in the decode worker, so that stepping and playing are fast: or a row of picture files that
 * is shown as one. Reference counted; calls block and queue up like all of SmbEngine's. If the worker died or closed
 * it, it is opened again at the next call. */
typedef struct _SmbEngineVideo SmbEngineVideo;

/* Keeps a duplicate of fd, which must be open read-only. Errors: those of smb_video_open, WORKER. */
SmbEngineVideo *smb_engine_video_open (SmbEngine *engine, int fd, const char *path, SmbProgress progress,
                                       gpointer user_data, GCancellable *cancellable, GError **error);

/* Opens the k-th picture file read-only: a descriptor, -1 with an error. On any thread. */
typedef int (*SmbEngineOpen) (const char *path, guint k, gpointer user_data, GError **error);
/* paths: the pictures, NULL-terminated, in order; shown `rate` a second. Each is opened only when it is wanted.
 * free_data: called with user_data when it is not needed any more, also on failure; may be NULL. */
SmbEngineVideo *smb_engine_video_open_pictures (SmbEngine *engine, const char *name, char **paths, double rate,
                                                SmbEngineOpen open_file, gpointer user_data, GDestroyNotify free_data,
                                                GCancellable *cancellable, GError **error);

SmbEngineVideo *smb_engine_video_ref (SmbEngineVideo *video);
void smb_engine_video_unref (SmbEngineVideo *video); /* the last one closes it in the worker: may block */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbEngineVideo, smb_engine_video_unref)

guint smb_engine_video_get_n_frames (const SmbEngineVideo *video);
const SmbVideoSlot *smb_engine_video_get_slots (const SmbEngineVideo *video); /* borrowed */
int smb_engine_video_get_width (const SmbEngineVideo *video);                 /* upright, of the first frame */
int smb_engine_video_get_height (const SmbEngineVideo *video);
/* See smb_video_describe, cleaned of control characters; borrowed. */
JsonObject *smb_engine_video_get_facts (const SmbEngineVideo *video);
char *const *smb_engine_video_get_warnings (const SmbEngineVideo *video);
/* "MP4 · h264": for lists. Borrowed. */
const char *smb_engine_video_get_format (const SmbEngineVideo *video);
/* The frame shown at that time: the last one that began at or before it. */
guint smb_engine_video_frame_at (const SmbEngineVideo *video, gint64 time_us);

typedef struct {
  guint k;
  SmbImage *image; /* NULL: damaged, or no pixels asked for */
  SmbVideoPicture about;
  char *sha256;  /* of its pixels (upright RGB, row by row); NULL if not asked for */
  char *problem; /* why it cannot be shown, a sentence; NULL */
} SmbVideoFrame;

void smb_video_frame_free (SmbVideoFrame *frame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbVideoFrame, smb_video_frame_free)

typedef enum {
  SMB_VIDEO_WANT_PIXELS = 1 << 0,
  SMB_VIDEO_WANT_HASH = 1 << 1,
} SmbVideoWant;

/* At most so many frames with pixels can be asked for at once. */
#define SMB_VIDEO_MAX_FRAMES_A_CALL 16

/* The frames asked for, in that order (array of SmbVideoFrame*). max_side_px as in smb_video_get_frame. */
GPtrArray *smb_engine_video_get_frames (SmbEngineVideo *video, const guint *frames, guint n, int max_side_px,
                                        SmbVideoWant want, GCancellable *cancellable, GError **error);
/* One, with its pixels; a damaged frame is an error of the code FORMAT. */
SmbImage *smb_engine_video_get_frame (SmbEngineVideo *video, guint k, int max_side_px, GCancellable *cancellable,
                                      GError **error);

G_END_DECLS
