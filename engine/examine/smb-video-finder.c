/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-video-finder.h"

#include "examine/smb-ahead.h"

#define PORTION_WITH_REGIONS 4

struct _SmbVideoFinder {
  SmbEngine *engine;     /* borrowed, like all that is not said to be owned */
  SmbEngineVideo *video;
  const SmbVideoSettings *settings;
  SmbVideoProfile *profile;
  GArray *wanted; /* owned; numbers of frames */
  guint portion;
  /* Of the decoder's thread. */
  guint n_decoded;
  /* Of the finder's. */
  SmbTracker *tracker; /* owned; NULL: search only */
  SmbImage *lead;      /* owned; the frame before the next portion; NULL at the beginning */
  GPtrArray *asked;    /* owned; of `wanted`, in order; NULL: follow */
  guint n_found;
  /* Owned; the last one is started last and ended first. */
  SmbAhead *decoding, *finding;
};

void
smb_video_found_free (SmbVideoFound *found)
{
  if (found == NULL)
    return;
  g_ptr_array_unref (found->images);
  g_ptr_array_unref (found->frames);
  g_clear_pointer (&found->tracker, smb_tracker_free);
  g_free (found);
}

static gpointer
decode (gpointer user_data, GCancellable *cancellable, GError **error)
{
  SmbVideoFinder *finder = user_data;
  guint n = MIN (finder->portion, finder->wanted->len - finder->n_decoded);
  gint64 begun_us;
  GPtrArray *frames;

  if (n == 0)
    return NULL;
  begun_us = smb_video_profile_begin (finder->profile);
  frames = smb_engine_video_get_frames (finder->video, &g_array_index (finder->wanted, guint, finder->n_decoded), n, 0,
                                        SMB_VIDEO_WANT_PIXELS, cancellable, error);
  smb_video_profile_end (finder->profile, SMB_VIDEO_STAGE_DECODE, begun_us);
  finder->n_decoded += n;
  return frames;
}

/* The images of a portion and frames for them; damaged frames drop out. */
static SmbVideoFound *
sort_out (SmbVideoFinder *finder, GPtrArray *decoded)
{
  const SmbVideoSlot *slots = smb_engine_video_get_slots (finder->video);
  SmbVideoFound *found = g_new0 (SmbVideoFound, 1);

  found->images = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_image_unref);
  found->frames = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  found->n = decoded->len;
  for (guint i = 0; i < decoded->len; i++) {
    const SmbVideoFrame *frame = decoded->pdata[i];

    if (frame->image == NULL) {
      found->n_damaged++;
      continue;
    }
    g_ptr_array_add (found->images, smb_image_ref (frame->image));
    g_ptr_array_add (found->frames, finder->asked != NULL
                                        ? smb_frame_faces_copy (finder->asked->pdata[finder->n_found + i])
                                        : smb_frame_faces_new (frame->k, slots[frame->k].time_us));
  }
  finder->n_found += decoded->len;
  return found;
}

static gboolean
follow (SmbVideoFinder *finder, SmbVideoFound *found, GCancellable *cancellable, GError **error)
{
  const SmbFollowSettings settings = { finder->settings->face, finder->settings->stride, finder->settings->first };
  const gint64 begun_us = smb_video_profile_begin (finder->profile);
  double detector_seconds = 0.0;
  GPtrArray *frames = smb_engine_follow (finder->engine, (SmbImage *const *) found->images->pdata, found->images->len,
                                         finder->lead, found->frames, &finder->tracker, &settings, &detector_seconds,
                                         cancellable, error);

  smb_video_profile_end (finder->profile, SMB_VIDEO_STAGE_FOLLOW, begun_us);
  smb_video_profile_move (finder->profile, SMB_VIDEO_STAGE_FOLLOW, SMB_VIDEO_STAGE_DETECT, detector_seconds);
  if (frames == NULL)
    return FALSE;
  g_ptr_array_unref (found->frames);
  found->frames = frames;
  found->tracker = smb_tracker_copy (finder->tracker);
  g_clear_pointer (&finder->lead, smb_image_unref);
  finder->lead = smb_image_ref (found->images->pdata[found->images->len - 1]);
  return TRUE;
}

static gboolean
search (SmbVideoFinder *finder, SmbVideoFound *found, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) images = g_ptr_array_new (), frames = g_ptr_array_new (), searched = NULL;
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (guint));
  gint64 begun_us;

  for (guint i = 0; i < found->frames->len; i++)
    if (!((SmbFrameFaces *) found->frames->pdata[i])->searched) {
      g_ptr_array_add (images, found->images->pdata[i]);
      g_ptr_array_add (frames, found->frames->pdata[i]);
      g_array_append_val (places, i);
    }
  if (frames->len == 0)
    return TRUE;
  begun_us = smb_video_profile_begin (finder->profile);
  searched = smb_engine_search_frames (finder->engine, (SmbImage *const *) images->pdata, images->len, frames,
                                       &finder->settings->face, cancellable, error);
  smb_video_profile_end (finder->profile, SMB_VIDEO_STAGE_DETECT, begun_us);
  for (guint i = 0; searched != NULL && i < places->len; i++) {
    gpointer *place = &found->frames->pdata[g_array_index (places, guint, i)];

    smb_frame_faces_free (*place);
    *place = searched->pdata[i];
  }
  if (searched == NULL)
    return FALSE;
  g_ptr_array_set_free_func (searched, NULL);
  return TRUE;
}

static gpointer
find (gpointer user_data, GCancellable *cancellable, GError **error)
{
  SmbVideoFinder *finder = user_data;
  g_autoptr (GPtrArray) decoded = smb_ahead_next (finder->decoding, error);
  g_autoptr (SmbVideoFound) found = decoded != NULL ? sort_out (finder, decoded) : NULL;

  if (found == NULL)
    return NULL;
  if (found->images->len > 0
      && !(finder->asked != NULL ? search : follow) (finder, found, cancellable, error))
    return NULL;
  return g_steal_pointer (&found);
}

static SmbVideoFinder *
finder_new (SmbEngine *engine, SmbEngineVideo *video, const SmbVideoSettings *settings, SmbVideoProfile *profile)
{
  SmbVideoFinder *finder = g_new0 (SmbVideoFinder, 1);

  finder->engine = engine;
  finder->video = video;
  finder->settings = settings;
  finder->profile = profile;
  finder->wanted = g_array_new (FALSE, FALSE, sizeof (guint));
  finder->portion = smb_video_portion (video);
  return finder;
}

/* One portion lies ready behind each stage while it makes the next: five in memory with the one that is scored. */
static SmbVideoFinder *
start (SmbVideoFinder *finder, GCancellable *cancellable)
{
  finder->decoding = smb_ahead_new (decode, finder, (GDestroyNotify) g_ptr_array_unref, 1, cancellable);
  finder->finding = smb_ahead_new (find, finder, (GDestroyNotify) smb_video_found_free, 1, cancellable);
  return finder;
}

SmbVideoFinder *
smb_video_finder_follow (SmbEngine *engine, SmbEngineVideo *video, const SmbVideoSettings *settings,
                         const SmbTracker *tracker, guint first, guint end, SmbVideoProfile *profile,
                         GCancellable *cancellable)
{
  SmbVideoFinder *finder = finder_new (engine, video, settings, profile);

  for (guint k = first; k < end; k++)
    g_array_append_val (finder->wanted, k);
  finder->tracker = smb_tracker_copy (tracker);
  /* Going on: the frame before starts the followers, as it would have without a break. */
  if (first > settings->first && first < end)
    finder->lead = smb_engine_video_get_frame (video, first - 1, 0, cancellable, NULL);
  return start (finder, cancellable);
}

SmbVideoFinder *
smb_video_finder_search (SmbEngine *engine, SmbEngineVideo *video, const SmbVideoSettings *settings, GPtrArray *asked,
                         SmbVideoProfile *profile, GCancellable *cancellable)
{
  SmbVideoFinder *finder = finder_new (engine, video, settings, profile);

  for (guint i = 0; i < asked->len; i++)
    g_array_append_val (finder->wanted, ((SmbFrameFaces *) asked->pdata[i])->k);
  finder->asked = asked;
  /* Region tables take seconds each: what is done is shown and kept after a few. */
  if (settings->face.region_draws > 0)
    finder->portion = MIN (finder->portion, PORTION_WITH_REGIONS);
  return start (finder, cancellable);
}

SmbVideoFound *
smb_video_finder_next (SmbVideoFinder *finder, GError **error)
{
  return smb_ahead_next (finder->finding, error);
}

void
smb_video_finder_free (SmbVideoFinder *finder)
{
  if (finder == NULL)
    return;
  smb_ahead_free (finder->finding);
  smb_ahead_free (finder->decoding);
  g_array_unref (finder->wanted);
  g_clear_pointer (&finder->tracker, smb_tracker_free);
  g_clear_pointer (&finder->lead, smb_image_unref);
  g_clear_pointer (&finder->asked, g_ptr_array_unref);
  g_free (finder);
}
