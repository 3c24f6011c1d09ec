/* SPDX-License-Identifier: Apache-2.0 */
/* Faces of a video's frames: found, followed, scored. */
#include "analysis/smb-frame-faces.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "analysis/smb-judge-private.h"
#include "base/smb-error.h"

/* Crops of several frames go through the network together. */
#define CROPS_A_PASS 16
#define MAX_FOLLOWED 24
#define SAME_IOU 0.3

/* The followers of active tracks, by number. */
typedef struct {
  SmbJudge *judge;
  SmbTracker *tracker;
  GHashTable *followers; /* number -> SmbFaceFollower* */
} Chase;

static gboolean
start_follower (Chase *chase, const SmbImage *image, const SmbTrack *track, GError **error)
{
  SmbFaceFollower *follower;

  if (g_hash_table_size (chase->followers) >= MAX_FOLLOWED
      && !g_hash_table_contains (chase->followers, GUINT_TO_POINTER (track->number)))
    return TRUE;
  follower = smb_face_follower_new (image, track->box, error);
  if (follower == NULL)
    return FALSE;
  g_hash_table_insert (chase->followers, GUINT_TO_POINTER (track->number), follower);
  return TRUE;
}

/* Moves the boxes of active tracks to where their faces are in this frame. */
static gboolean
follow (Chase *chase, const SmbImage *image, GError **error)
{
  for (guint i = 0; i < chase->tracker->tracks->len; i++) {
    SmbTrack *track = &g_array_index (chase->tracker->tracks, SmbTrack, i);
    SmbFaceFollower *follower
        = track->active ? g_hash_table_lookup (chase->followers, GUINT_TO_POINTER (track->number)) : NULL;
    double sure = SMB_FACE_FOLLOW_SURE;
    SmbBox box = track->box;

    if (follower == NULL)
      continue;
    if (!smb_face_follower_update (follower, image, &box, &sure, error))
      return FALSE;
    if (sure < SMB_FACE_FOLLOW_SURE || smb_face_crop_box (box, image->width, image->height).width < 1)
      track->active = FALSE;
    else
      track->box = box;
  }
  return TRUE;
}

/* The detector's finds, its time taken down. */
static GArray *
find_faces (SmbJudge *judge, const SmbImage *image, const SmbAnalysisSettings *settings, GError **error)
{
  const gint64 start_us = g_get_monotonic_time ();
  GArray *faces = smb_judge_find_faces (judge, image, settings, error);

  judge->stage_seconds[SMB_STAGE_DETECT] += (double) (g_get_monotonic_time () - start_us) / G_USEC_PER_SEC;
  return faces;
}

static gboolean
search (Chase *chase, const SmbImage *image, SmbFrameFaces *frame, const SmbFollowSettings *settings, GError **error)
{
  g_autoptr (GArray) faces = find_faces (chase->judge, image, &settings->face, error);
  g_autofree SmbFaceLook *looks = NULL;
  g_autofree guint *numbers = NULL;

  if (faces == NULL)
    return FALSE;
  looks = g_new0 (SmbFaceLook, faces->len + 1);
  numbers = g_new0 (guint, faces->len + 1);
  for (guint i = 0; i < faces->len; i++) {
    SmbLandmarks landmarks;

    if (!smb_judge_find_landmarks (chase->judge, image, g_array_index (faces, SmbFace, i).detected, &landmarks, error))
      return FALSE;
    smb_face_look_take (&looks[i], image, &landmarks);
  }
  smb_tracker_assign (chase->tracker, frame->time_us, (const SmbFace *) faces->data, looks, faces->len, numbers);
  frame->searched = TRUE;
  for (guint i = 0; i < faces->len; i++) {
    if (numbers[i] == 0)
      continue;
    g_ptr_array_add (frame->points, smb_track_point_new (numbers[i], &g_array_index (faces, SmbFace, i)));
    if (!start_follower (chase, image, smb_tracker_find (chase->tracker, numbers[i]), error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
has_point (const SmbFrameFaces *frame, guint number)
{
  for (guint i = 0; i < frame->points->len; i++)
    if (((SmbTrackPoint *) frame->points->pdata[i])->track == number)
      return TRUE;
  return FALSE;
}

/* Tracks that are still active and were not found by a search in this frame. */
static void
add_followed (Chase *chase, const SmbImage *image, SmbFrameFaces *frame, SmbFaceOrigin origin)
{
  for (guint i = 0; i < chase->tracker->tracks->len; i++) {
    const SmbTrack *track = &g_array_index (chase->tracker->tracks, SmbTrack, i);
    SmbFace face = { .detected = track->box, .confidence = track->confidence, .origin = origin };
    SmbTrackPoint *point;

    if (!track->active || has_point (frame, track->number))
      continue;
    face.box = smb_face_crop_box (track->box, image->width, image->height);
    if (face.box.width < 1)
      continue;
    point = smb_track_point_new (track->number, &face);
    point->followed = TRUE;
    g_ptr_array_add (frame->points, point);
  }
}

gboolean
smb_judge_follow (SmbJudge *judge, SmbImage *const *images, guint n, const SmbImage *lead, SmbTracker *tracker,
                  const SmbFollowSettings *settings, GPtrArray *frames, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) followers = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) smb_face_follower_free);
  Chase chase = { judge, tracker, followers };

  g_return_val_if_fail (frames->len == n, FALSE);
  judge->stage_seconds[SMB_STAGE_DETECT] = 0.0;
  for (guint i = 0; lead != NULL && i < tracker->tracks->len; i++) {
    const SmbTrack *track = &g_array_index (tracker->tracks, SmbTrack, i);

    if (track->active && !start_follower (&chase, lead, track, error))
      return FALSE;
  }
  for (guint i = 0; i < n; i++) {
    SmbFrameFaces *frame = frames->pdata[i];

    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    frame->change = smb_tracker_see_scene (tracker, images[i], &frame->cut);
    if (frame->cut)
      smb_tracker_lose_all (tracker);
    else if (!follow (&chase, images[i], error))
      return FALSE;
    if (settings->stride > 0 && (frame->cut || (frame->k - settings->first) % settings->stride == 0)
        && !search (&chase, images[i], frame, settings, error))
      return FALSE;
    add_followed (&chase, images[i], frame, settings->stride > 0 ? SMB_FACE_DETECTED : SMB_FACE_DRAWN);
  }
  return TRUE;
}

/* Lets the detector have the last word about the box in this very frame. */
static gboolean
search_again (SmbJudge *judge, const SmbImage *image, SmbFrameFaces *frame, const SmbAnalysisSettings *settings,
              GError **error)
{
  g_autoptr (GArray) faces = find_faces (judge, image, settings, error);

  if (faces == NULL)
    return FALSE;
  for (guint i = 0; i < frame->points->len; i++) {
    SmbTrackPoint *point = frame->points->pdata[i];
    double best = SAME_IOU;

    for (guint f = 0; f < faces->len; f++) {
      const SmbFace *face = &g_array_index (faces, SmbFace, f);
      double iou = smb_box_iou (face->detected, point->face.detected);

      if (iou > best) {
        best = iou;
        point->face = *face;
        point->followed = FALSE;
      }
    }
  }
  frame->searched = TRUE;
  return TRUE;
}

gboolean
smb_judge_search_frames (SmbJudge *judge, SmbImage *const *images, guint n, const SmbAnalysisSettings *settings,
                         GPtrArray *frames, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (frames->len == n, FALSE);
  judge->stage_seconds[SMB_STAGE_DETECT] = 0.0;
  for (guint i = 0; i < n; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !search_again (judge, images[i], frames->pdata[i], settings, error))
      return FALSE;
  return TRUE;
}

double
smb_judge_get_detector_seconds (const SmbJudge *judge)
{
  return judge->stage_seconds[SMB_STAGE_DETECT];
}

/* A face to score: its point, and the picture it is in. */
typedef struct {
  SmbTrackPoint *point;
  const SmbImage *image;
} Crop;

static gboolean
score_pass (SmbJudge *judge, SmbNet *net, const Crop *crops, guint n, GCancellable *cancellable, GError **error)
{
  SmbFaceResult results[CROPS_A_PASS] = { 0 };
  SmbFaceResult *pointers[CROPS_A_PASS];
  const SmbImage *images[CROPS_A_PASS] = { NULL };
  gboolean ok;

  for (guint i = 0; i < n; i++) {
    results[i].face = crops[i].point->face;
    results[i].score = NAN;
    pointers[i] = &results[i];
    images[i] = crops[i].image;
  }
  ok = smb_judge_score_faces (judge, net, images, pointers, n, cancellable, error);
  for (guint i = 0; i < n; i++) {
    g_free (crops[i].point->probabilities);
    crops[i].point->probabilities = results[i].probabilities;
    crops[i].point->n_classes = results[i].n_classes;
    crops[i].point->score = results[i].score;
  }
  return ok;
}

/* The region table of a face that has a score. */
static gboolean
measure_regions (SmbJudge *judge, const Crop *crop, const SmbAnalysisSettings *settings, GCancellable *cancellable,
                 GError **error)
{
  const SmbRegionSettings how = { settings->region_draws, settings->seed, TRUE };
  const SmbMapJob job = { .box = crop->point->face.box };
  g_autoptr (SmbRegionReport) report = smb_judge_regions (judge, crop->image, &job, &how, cancellable, error);

  if (report == NULL)
    return FALSE;
  g_free (crop->point->regions);
  crop->point->regions = g_new0 (SmbRegionSample, 1);
  smb_region_sample_take (crop->point->regions, report);
  return TRUE;
}

gboolean
smb_judge_score_frames (SmbJudge *judge, SmbImage *const *images, guint n, const SmbAnalysisSettings *settings,
                        GPtrArray *frames, GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) crops = g_array_new (FALSE, FALSE, sizeof (Crop));
  SmbNet *net = NULL;

  g_return_val_if_fail (frames->len == n, FALSE);
  for (guint i = 0; i < n; i++) {
    SmbFrameFaces *frame = frames->pdata[i];

    for (guint p = 0; p < frame->points->len; p++) {
      Crop crop = { frame->points->pdata[p], images[i] };

      g_free (crop.point->outside);
      crop.point->outside = smb_judge_why_outside (judge, &crop.point->face);
      if (crop.point->outside == NULL)
        g_array_append_val (crops, crop);
    }
  }
  if (crops->len > 0 && (net = smb_judge_get_net (judge, &judge->detector, settings->precision, error)) == NULL)
    return FALSE;
  for (guint done = 0; done < crops->len; done += CROPS_A_PASS) {
    guint now = MIN (CROPS_A_PASS, crops->len - done);

    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !score_pass (judge, net, &g_array_index (crops, Crop, done), now, cancellable, error))
      return FALSE;
  }
  for (guint i = 0; settings->region_draws > 0 && i < crops->len; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !measure_regions (judge, &g_array_index (crops, Crop, i), settings, cancellable, error))
      return FALSE;
  return TRUE;
}
