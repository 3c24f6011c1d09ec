/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-video-feed.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>

#define AHEAD 2

struct _SmbVideoFeed {
  SmbEngineVideo *video;
  GArray *wanted;
  guint portion;
  GCancellable *cancellable; /* of the run */
  gulong run_cancelled;
  GCancellable *own;         /* cancelled with the run, or when nobody wants more */
  GThread *thread;
  GMutex lock; /* of all below */
  GCond changed;
  GQueue ready; /* GPtrArray* */
  GError *failure;
  gboolean ended, unwanted;
};

static gpointer
decode_ahead (gpointer data)
{
  SmbVideoFeed *feed = data;

  for (guint done = 0; done < feed->wanted->len; done += feed->portion) {
    g_autoptr (GError) failure = NULL;
    GPtrArray *frames = smb_engine_video_get_frames (feed->video, &g_array_index (feed->wanted, guint, done),
                                                     MIN (feed->portion, feed->wanted->len - done), 0,
                                                     SMB_VIDEO_WANT_PIXELS, feed->own, &failure);

    g_mutex_lock (&feed->lock);
    if (frames != NULL)
      g_queue_push_tail (&feed->ready, frames);
    else
      feed->failure = g_steal_pointer (&failure);
    g_cond_broadcast (&feed->changed);
    while (feed->ready.length >= AHEAD && !feed->unwanted)
      g_cond_wait (&feed->changed, &feed->lock);
    if (feed->failure != NULL || feed->unwanted)
      done = feed->wanted->len;
    g_mutex_unlock (&feed->lock);
  }
  g_mutex_lock (&feed->lock);
  feed->ended = TRUE;
  g_cond_broadcast (&feed->changed);
  g_mutex_unlock (&feed->lock);
  return NULL;
}

static void
cancel_own (GCancellable *cancellable, GCancellable *own)
{
  g_cancellable_cancel (own);
}

SmbVideoFeed *
smb_video_feed_new (SmbEngineVideo *video, const GArray *wanted, guint portion, GCancellable *cancellable)
{
  SmbVideoFeed *feed = g_new0 (SmbVideoFeed, 1);

  feed->video = smb_engine_video_ref (video);
  feed->wanted = g_array_copy ((GArray *) wanted);
  feed->portion = portion;
  feed->own = g_cancellable_new ();
  if (cancellable != NULL) {
    feed->cancellable = g_object_ref (cancellable);
    feed->run_cancelled = g_cancellable_connect (cancellable, G_CALLBACK (cancel_own), feed->own, NULL);
  }
  g_mutex_init (&feed->lock);
  g_cond_init (&feed->changed);
  feed->thread = g_thread_new ("video-feed", decode_ahead, feed);
  return feed;
}

GPtrArray *
smb_video_feed_next (SmbVideoFeed *feed, GError **error)
{
  GPtrArray *frames;

  g_mutex_lock (&feed->lock);
  while (feed->ready.length == 0 && !feed->ended && feed->failure == NULL)
    g_cond_wait (&feed->changed, &feed->lock);
  frames = g_queue_pop_head (&feed->ready);
  if (frames == NULL && feed->failure != NULL)
    g_propagate_error (error, g_error_copy (feed->failure));
  else if (frames == NULL)
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("there are no more frames"));
  g_cond_broadcast (&feed->changed);
  g_mutex_unlock (&feed->lock);
  return frames;
}

void
smb_video_feed_free (SmbVideoFeed *feed)
{
  if (feed == NULL)
    return;
  g_mutex_lock (&feed->lock);
  feed->unwanted = TRUE;
  g_cond_broadcast (&feed->changed);
  g_mutex_unlock (&feed->lock);
  g_cancellable_cancel (feed->own);
  g_thread_join (feed->thread);
  g_cancellable_disconnect (feed->cancellable, feed->run_cancelled);
  g_clear_object (&feed->cancellable);
  g_object_unref (feed->own);
  g_queue_clear_full (&feed->ready, (GDestroyNotify) g_ptr_array_unref);
  g_clear_error (&feed->failure);
  g_array_unref (feed->wanted);
  smb_engine_video_unref (feed->video);
  g_mutex_clear (&feed->lock);
  g_cond_clear (&feed->changed);
  g_free (feed);
}
