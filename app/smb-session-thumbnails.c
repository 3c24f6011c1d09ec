/* SPDX-License-Identifier: Apache-2.0 */
/* Small pictures of a video's frames for the timeline: decoded one after the other in a thread, delivered as they come.
 */
#include "smb-session-video.h"

#include "smb-session-private.h"

typedef struct {
  SmbEngineVideo *video;
  guint *frames;
  guint n;
  int max_side_px;
  SmbSessionThumbnail done;
  GWeakRef owner;
  GWeakRef session;
} StripRequest;

typedef struct {
  StripRequest *strip;
  guint k;
  SmbImage *image;
} StripPicture;

static void
strip_clear (gpointer data)
{
  StripRequest *strip = data;

  g_weak_ref_clear (&strip->owner);
  g_weak_ref_clear (&strip->session);
  smb_engine_video_unref (strip->video);
  g_free (strip->frames);
}

/* Shared by the thread and the pictures on their way. */
static void
strip_release (gpointer strip)
{
  g_atomic_rc_box_release_full (strip, strip_clear);
}

static gboolean
deliver (gpointer data)
{
  StripPicture *picture = data;
  g_autoptr (GObject) owner = g_weak_ref_get (&picture->strip->owner);
  g_autoptr (SmbSession) session = g_weak_ref_get (&picture->strip->session);

  if (owner != NULL && session != NULL && smb_session_get_video (session) == picture->strip->video)
    picture->strip->done (session, picture->k, picture->image, owner);
  smb_image_unref (picture->image);
  strip_release (picture->strip);
  g_free (picture);
  return G_SOURCE_REMOVE;
}

/* One after the other, so that frames asked for by hand come between. */
static void
decode_strip (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  StripRequest *strip = task_data;

  for (guint i = 0; i < strip->n && !g_cancellable_is_cancelled (cancellable); i++) {
    SmbImage *image
        = smb_engine_video_get_frame (strip->video, strip->frames[i], strip->max_side_px, cancellable, NULL);
    StripPicture *picture;

    if (image == NULL)
      continue;
    picture = g_new0 (StripPicture, 1);
    *picture = (StripPicture){ g_atomic_rc_box_acquire (strip), strip->frames[i], image };
    g_main_context_invoke (NULL, deliver, picture);
  }
  g_task_return_boolean (task, TRUE);
}

static void
on_strip (GObject *source, GAsyncResult *result, gpointer user_data)
{
}

void
smb_session_stop_thumbnails (SmbSession *self)
{
  if (self->strip != NULL)
    g_cancellable_cancel (self->strip);
  g_clear_object (&self->strip);
}

void
smb_session_fetch_thumbnails (SmbSession *self, const guint *frames, guint n, int max_side_px, SmbSessionThumbnail done,
                              GObject *owner)
{
  StripRequest *strip;
  g_autoptr (GTask) task = NULL;

  smb_session_stop_thumbnails (self);
  if (smb_session_get_video (self) == NULL || n == 0)
    return;
  self->strip = g_cancellable_new ();
  strip = g_atomic_rc_box_new0 (StripRequest);
  strip->video = smb_engine_video_ref (smb_session_get_video (self));
  strip->frames = g_memdup2 (frames, n * sizeof *frames);
  strip->n = n;
  strip->max_side_px = max_side_px;
  strip->done = done;
  g_weak_ref_init (&strip->owner, owner);
  g_weak_ref_init (&strip->session, self);
  task = g_task_new (self, self->strip, on_strip, NULL);
  g_task_set_task_data (task, strip, strip_release);
  g_task_run_in_thread (task, decode_strip);
}
