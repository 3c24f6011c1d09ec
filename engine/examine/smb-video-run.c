/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-video-run.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "examine/smb-video-finder.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define PORTION_BYTES (48.0 * 1024 * 1024)
#define MAX_SETTINGS_BYTES (64 * 1024)

SmbVideoSettings
smb_video_settings_default (void)
{
  return (SmbVideoSettings){ .face = smb_analysis_settings_default (), .stride = 5, .first = 0, .last = G_MAXINT,
                             .sample = SMB_VIDEO_SAMPLE_UNIFORM, .n_uniform = 32 };
}

char *
smb_video_settings_to_json (const SmbVideoSettings *settings)
{
  g_autofree char *face = smb_analysis_settings_to_json (&settings->face);
  g_autoptr (JsonNode) node = json_from_string (face, NULL);
  JsonObject *object = json_node_get_object (node);

  json_object_set_int_member (object, "stride", settings->stride);
  json_object_set_int_member (object, "first_frame", settings->first);
  json_object_set_int_member (object, "last_frame", settings->last);
  json_object_set_string_member (object, "frames", settings->sample == SMB_VIDEO_SAMPLE_EVERY ? "every" : "uniform");
  json_object_set_int_member (object, "uniform", settings->n_uniform);
  json_object_set_string_member (object, "detector", smb_face_detector_name ());
  return smb_json_to_canonical (node);
}

gboolean
smb_video_settings_from_json (SmbVideoSettings *settings, const char *text, GError **error)
{
  SmbJsonReader reader = { .what = "settings", .where = "", .error = error };
  g_autoptr (JsonNode) node = smb_json_parse (text, MAX_SETTINGS_BYTES, _ ("settings of a video's analysis"), error);
  g_autofree char *sample = NULL;
  JsonObject *object;

  if (node == NULL || !smb_analysis_settings_from_json (&settings->face, text, error))
    return FALSE;
  object = json_node_get_object (node);
  settings->stride = (guint) smb_json_int (&reader, object, "stride", 1, G_MAXINT);
  settings->first = (guint) smb_json_int (&reader, object, "first_frame", 0, G_MAXINT);
  settings->last = (guint) smb_json_int (&reader, object, "last_frame", 0, G_MAXINT);
  settings->n_uniform = (guint) smb_json_int (&reader, object, "uniform", 1, G_MAXINT);
  sample = smb_json_string (&reader, object, "frames", SMB_JSON_REQUIRED);
  settings->sample = g_strcmp0 (sample, "every") == 0 ? SMB_VIDEO_SAMPLE_EVERY : SMB_VIDEO_SAMPLE_UNIFORM;
  return !reader.failed;
}

SmbVideoProgress *
smb_video_progress_new (const SmbVideoSettings *settings)
{
  SmbVideoProgress *progress = g_new0 (SmbVideoProgress, 1);

  progress->frames = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  progress->tracker = smb_tracker_new ();
  progress->next = settings->first;
  progress->scored = g_hash_table_new (NULL, NULL);
  return progress;
}

void
smb_video_progress_free (SmbVideoProgress *progress)
{
  if (progress == NULL)
    return;
  g_ptr_array_unref (progress->frames);
  smb_tracker_free (progress->tracker);
  g_hash_table_unref (progress->scored);
  g_free (progress);
}

guint
smb_video_portion (const SmbEngineVideo *video)
{
  double bytes = 3.0 * smb_engine_video_get_width (video) * smb_engine_video_get_height (video);

  return (guint) CLAMP (PORTION_BYTES / MAX (bytes, 1.0), 1, SMB_VIDEO_MAX_FRAMES_A_CALL - 1);
}

/* Index of frame k in an ordered list, or where it would be. */
static guint
place_of (GPtrArray *frames, guint k)
{
  guint low = 0, high = frames->len;

  while (low < high) {
    guint middle = (low + high) / 2;

    if (((SmbFrameFaces *) frames->pdata[middle])->k < k)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

const SmbFrameFaces *
smb_video_progress_find (const SmbVideoProgress *progress, guint k)
{
  const guint at = place_of (progress->frames, k);

  return at < progress->frames->len && ((SmbFrameFaces *) progress->frames->pdata[at])->k == k
             ? progress->frames->pdata[at]
             : NULL;
}

void
smb_video_progress_restore (SmbVideoProgress *progress, SmbVideoPass pass, GPtrArray *frames, SmbTracker *tracker,
                            guint next)
{
  for (guint i = 0; i < frames->len; i++) {
    SmbFrameFaces *frame = frames->pdata[i];
    guint at = place_of (progress->frames, frame->k);

    if (pass == SMB_VIDEO_FOLLOWING)
      g_ptr_array_insert (progress->frames, (int) at, frame);
    else {
      g_hash_table_add (progress->scored, GUINT_TO_POINTER (frame->k));
      if (at < progress->frames->len && ((SmbFrameFaces *) progress->frames->pdata[at])->k == frame->k) {
        /* Scored anew: what following found out about the scene stays. */
        frame->cut = ((SmbFrameFaces *) progress->frames->pdata[at])->cut;
        frame->change = ((SmbFrameFaces *) progress->frames->pdata[at])->change;
        smb_frame_faces_free (progress->frames->pdata[at]);
        progress->frames->pdata[at] = frame;
      } else
        g_ptr_array_insert (progress->frames, (int) at, frame);
    }
  }
  g_ptr_array_set_free_func (frames, NULL);
  g_ptr_array_unref (frames);
  if (tracker != NULL) {
    smb_tracker_free (progress->tracker);
    progress->tracker = tracker;
    progress->next = next;
  }
}

/* What both passes share. */
typedef struct {
  SmbEngine *engine;
  const SmbModelInfo *model;
  SmbEngineVideo *video;
  const SmbVideoSettings *settings;
  SmbVideoProgress *progress;
  const SmbVideoSink *sink;
  GCancellable *cancellable;
  gint64 start_us;
  double seconds_before; /* what runs before this one took */
} Run;

static guint
end_of (const Run *run)
{
  guint n = smb_engine_video_get_n_frames (run->video);

  return MIN (run->settings->last, n - 1) + 1;
}

static void
report (const Run *run, guint64 done, guint64 total, const char *what)
{
  if (run->sink->progress != NULL)
    run->sink->progress (done, total, what, run->sink->user_data);
}

/* Hands frames to the sink, then into the progress. */
static gboolean
finish_portion (const Run *run, SmbVideoPass pass, SmbVideoFound *found, guint next, GError **error)
{
  const gint64 begun_us = smb_video_profile_begin (run->sink->profile);
  g_autoptr (GPtrArray) kept = g_ptr_array_copy (found->frames, NULL, NULL); /* borrowed */
  gboolean ok;

  g_ptr_array_set_free_func (kept, NULL);
  run->progress->seconds = run->seconds_before + (double) (g_get_monotonic_time () - run->start_us) / G_USEC_PER_SEC;
  smb_video_progress_restore (run->progress, pass, g_ptr_array_ref (found->frames), g_steal_pointer (&found->tracker),
                              next);
  ok = run->sink->portion == NULL || run->sink->portion (pass, kept, run->progress, run->sink->user_data, error);
  smb_video_profile_end (run->sink->profile, SMB_VIDEO_STAGE_KEEP, begun_us);
  return ok;
}

/* Scores what was found, if that is not done already. */
static gboolean
score (const Run *run, SmbVideoFound *found, GError **error)
{
  const gint64 begun_us = smb_video_profile_begin (run->sink->profile);
  GPtrArray *frames = smb_engine_score_frames (run->engine, run->model, (SmbImage *const *) found->images->pdata,
                                               found->images->len, found->frames, &run->settings->face,
                                               run->cancellable, error);

  smb_video_profile_end (run->sink->profile, SMB_VIDEO_STAGE_NETWORK, begun_us);
  if (frames == NULL)
    return FALSE;
  g_ptr_array_unref (found->frames);
  found->frames = frames;
  return TRUE;
}

static gboolean
follow_all (const Run *run, GError **error)
{
  const gboolean every = run->settings->sample == SMB_VIDEO_SAMPLE_EVERY;
  const guint end = end_of (run), first = run->settings->first;
  g_autoptr (SmbVideoFinder) finder
      = smb_video_finder_follow (run->engine, run->video, run->settings, run->progress->tracker, run->progress->next,
                                 end, run->sink->profile, run->cancellable);

  while (run->progress->next < end) {
    g_autoptr (SmbVideoFound) found = smb_video_finder_next (finder, error);
    guint next;

    if (found == NULL || (every && found->images->len > 0 && !score (run, found, error)))
      return FALSE;
    next = run->progress->next + found->n;
    run->progress->n_damaged += found->n_damaged;
    if (found->images->len == 0)
      run->progress->next = next;
    else if (!finish_portion (run, SMB_VIDEO_FOLLOWING, found, next, error))
      return FALSE;
    report (run, next - first, end - first, every ? _ ("Following and scoring faces") : _ ("Following faces"));
  }
  return TRUE;
}

GArray *
smb_video_track_frames (const SmbVideoProgress *progress, GPtrArray *edits, guint track, gboolean detected)
{
  GArray *own = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < progress->frames->len; i++) {
    const SmbFrameFaces *frame = progress->frames->pdata[i];

    for (guint p = 0; p < frame->points->len; p++) {
      const SmbTrackPoint *point = frame->points->pdata[p];

      if (smb_track_edits_apply (edits, point->track, frame->k) == track && !(detected && point->followed))
        g_array_append_val (own, frame->k);
    }
  }
  return own;
}

guint
smb_video_uniform_frame (const GArray *frames, guint i, guint n)
{
  return g_array_index (frames, guint, n == 1 ? 0 : (guint) ((double) i * (frames->len - 1) / (n - 1)));
}

/* The published protocol on each track. */
static void
choose_frames (const Run *run, GHashTable *chosen)
{
  g_autoptr (GPtrArray) tracks = smb_tracks_summarise (run->progress->frames, NULL, NULL);
  const guint n = run->settings->n_uniform;

  for (guint t = 0; t < tracks->len; t++) {
    const SmbTrackSummary *track = tracks->pdata[t];
    g_autoptr (GArray) own = smb_video_track_frames (run->progress, NULL, track->number, FALSE);

    for (guint i = 0; i < n && own->len > 0; i++)
      g_hash_table_add (chosen, GUINT_TO_POINTER (smb_video_uniform_frame (own, i, n)));
  }
}

/* A frame to score: the points that following found. */
static SmbFrameFaces *
copy_for_scoring (const SmbFrameFaces *frame)
{
  SmbFrameFaces *copy = smb_frame_faces_new (frame->k, frame->time_us);

  copy->searched = frame->searched;
  for (guint p = 0; p < frame->points->len; p++) {
    const SmbTrackPoint *point = frame->points->pdata[p];
    SmbTrackPoint *fresh = smb_track_point_new (point->track, &point->face);

    fresh->followed = point->followed;
    g_ptr_array_add (copy->points, fresh);
  }
  return copy;
}

static gboolean
score_chosen (const Run *run, GError **error)
{
  g_autoptr (GHashTable) chosen = g_hash_table_new (NULL, NULL);
  GPtrArray *asked = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  g_autoptr (SmbVideoFinder) finder = NULL;
  guint done, total;

  choose_frames (run, chosen);
  for (guint i = 0; i < run->progress->frames->len; i++) {
    const SmbFrameFaces *frame = run->progress->frames->pdata[i];
    gpointer key = GUINT_TO_POINTER (frame->k);

    if (g_hash_table_contains (chosen, key) && !g_hash_table_contains (run->progress->scored, key))
      g_ptr_array_add (asked, copy_for_scoring (frame));
  }
  total = g_hash_table_size (chosen);
  done = total - asked->len;
  finder = smb_video_finder_search (run->engine, run->video, run->settings, asked, run->sink->profile,
                                    run->cancellable);
  while (done < total) {
    g_autoptr (SmbVideoFound) found = smb_video_finder_next (finder, error);

    if (found == NULL
        || (found->images->len > 0
            && (!score (run, found, error) || !finish_portion (run, SMB_VIDEO_SCORING, found, 0, error))))
      return FALSE;
    done += found->n;
    report (run, done, total, _ ("Scoring frames"));
  }
  return TRUE;
}

static gboolean
check_range (const SmbEngineVideo *video, const SmbVideoSettings *settings, GError **error)
{
  if (settings->first < smb_engine_video_get_n_frames (video) && settings->last >= settings->first)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("The range %u to %u lies outside the video: its frames are 0 to %u."), settings->first,
               settings->last, smb_engine_video_get_n_frames (video) - 1);
  return FALSE;
}

gboolean
smb_video_follow (SmbEngine *engine, SmbEngineVideo *video, const SmbVideoSettings *settings,
                  SmbVideoProgress *progress, const SmbVideoSink *sink, GCancellable *cancellable, GError **error)
{
  const Run run
      = { engine, NULL, video, settings, progress, sink, cancellable, g_get_monotonic_time (), progress->seconds };

  g_return_val_if_fail (settings->sample != SMB_VIDEO_SAMPLE_EVERY, FALSE);

  return check_range (video, settings, error) && follow_all (&run, error);
}

gboolean
smb_video_run (SmbEngine *engine, const SmbModelInfo *model, SmbEngineVideo *video, const SmbVideoSettings *settings,
               SmbVideoProgress *progress, const SmbVideoSink *sink, GCancellable *cancellable, GError **error)
{
  const Run run
      = { engine, model, video, settings, progress, sink, cancellable, g_get_monotonic_time (), progress->seconds };

  return check_range (video, settings, error) && follow_all (&run, error)
         && (settings->sample == SMB_VIDEO_SAMPLE_EVERY || score_chosen (&run, error));
}
