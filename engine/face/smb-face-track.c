/* SPDX-License-Identifier: Apache-2.0 */
#include "face/smb-face-track.h"

#include <math.h>
#include <string.h>

/* A detection and a track this much over one another are the same face. */
#define SAME_IOU 0.3
/* Weaker finds go on with a track but do not begin one. */
#define BEGIN_CONFIDENCE 0.25
/* Without a detection for longer a track is lost … */
#define UNSEEN_US (1 * G_USEC_PER_SEC)
/* … and for this long it is looked for near the place where it was. */
#define NEAR_US (3 * G_USEC_PER_SEC)
/* Likeness asked for near that place, and anywhere. Measured once, on 73 looks of seven clips (six of three talking
 * heads, each genuine and swapped; two of walking people), 640 pixels wide, half a second or more apart: of 396 pairs
 * of one clip none lay below 0.35 and 3.0 % below 0.60 (median 0.87); of 1,800 pairs of different people 48 % reached
 * 0.35, which is why the place must fit too, and 0.1 % reached 0.60. A swapped face on the same head passes for the
 * same person (94 % of 432 pairs reach 0.60). That is few people, all well lit: no calibration. A wrong guess is for
 * the examiner to mend, by merging or splitting. */
#define LIKE_NEAR 0.35
#define LIKE_ANYWHERE 0.60
#define MAX_TRACKS 2000
/* A cut: so much change, and so many times the usual. */
#define CUT_CHANGE 24.0
#define CUT_TIMES 4.0
#define USUAL_SHARE 0.1

SmbTracker *
smb_tracker_new (void)
{
  SmbTracker *tracker = g_new0 (SmbTracker, 1);

  tracker->tracks = g_array_new (FALSE, TRUE, sizeof (SmbTrack));
  tracker->next_number = 1;
  return tracker;
}

SmbTracker *
smb_tracker_copy (const SmbTracker *tracker)
{
  SmbTracker *copy = g_memdup2 (tracker, sizeof *tracker);

  copy->tracks = g_array_copy (tracker->tracks);
  return copy;
}

void
smb_tracker_free (SmbTracker *tracker)
{
  if (tracker == NULL)
    return;
  g_array_unref (tracker->tracks);
  g_free (tracker);
}

static double
luma_at (const guint8 *p)
{
  return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
}

double
smb_tracker_see_scene (SmbTracker *tracker, const SmbImage *image, gboolean *cut_out)
{
  const guint8 *pixels = smb_image_get_pixels (image);
  guint8 scene[SMB_SCENE_COLUMNS * SMB_SCENE_ROWS];
  double change = 0.0;

  for (int row = 0; row < SMB_SCENE_ROWS; row++)
    for (int column = 0; column < SMB_SCENE_COLUMNS; column++) {
      int x0 = column * image->width / SMB_SCENE_COLUMNS, x1 = (column + 1) * image->width / SMB_SCENE_COLUMNS;
      int y0 = row * image->height / SMB_SCENE_ROWS, y1 = (row + 1) * image->height / SMB_SCENE_ROWS;
      double sum = 0.0;
      int n = 0;

      /* Every second pixel of a cell says as much. */
      for (int y = y0; y < MAX (y1, y0 + 1) && y < image->height; y += 2)
        for (int x = x0; x < MAX (x1, x0 + 1) && x < image->width; x += 2, n++)
          sum += luma_at (pixels + ((gsize) y * (gsize) image->width + (gsize) x) * 3);
      scene[row * SMB_SCENE_COLUMNS + column] = (guint8) (n > 0 ? sum / n + 0.5 : 0.0);
    }
  for (guint i = 0; tracker->has_scene && i < G_N_ELEMENTS (scene); i++)
    change += fabs ((double) scene[i] - tracker->scene[i]);
  change /= SMB_SCENE_ROWS * SMB_SCENE_COLUMNS;
  *cut_out = tracker->has_scene && change > CUT_CHANGE && change > CUT_TIMES * tracker->usual_change;
  if (!*cut_out)
    tracker->usual_change += USUAL_SHARE * (change - tracker->usual_change);
  memcpy (tracker->scene, scene, sizeof scene);
  tracker->has_scene = TRUE;
  return change;
}

void
smb_tracker_lose_all (SmbTracker *tracker)
{
  for (guint i = 0; i < tracker->tracks->len; i++) {
    SmbTrack *track = &g_array_index (tracker->tracks, SmbTrack, i);

    track->since_cut |= TRUE;
    track->active = FALSE;
  }
}

SmbTrack *
smb_tracker_find (SmbTracker *tracker, guint number)
{
  for (guint i = 0; i < tracker->tracks->len; i++)
    if (g_array_index (tracker->tracks, SmbTrack, i).number == number)
      return &g_array_index (tracker->tracks, SmbTrack, i);
  return NULL;
}

static gboolean
is_near (const SmbTrack *track, SmbBox box, gint64 time_us)
{
  double dx = (track->box.x + track->box.width / 2.0) - (box.x + box.width / 2.0);
  double dy = (track->box.y + track->box.height / 2.0) - (box.y + box.height / 2.0);
  double side = MAX (track->box.width, box.width), ratio = (double) track->box.width / MAX (box.width, 1);

  return !track->since_cut && time_us - track->seen_us < NEAR_US && hypot (dx, dy) < side && ratio > 0.5 && ratio < 2.0;
}

static void
see (SmbTrack *track, gint64 time_us, const SmbFace *face, const SmbFaceLook *look)
{
  track->box = face->detected;
  track->confidence = face->confidence;
  track->active = TRUE;
  track->since_cut = FALSE;
  track->seen_us = time_us;
  track->n_detected++;
  track->look = *look;
}

/* Active tracks first, best overlap first. */
static void
assign_by_place (SmbTracker *tracker, gint64 time_us, const SmbFace *faces, const SmbFaceLook *looks, guint n,
                 guint *numbers, gboolean *taken)
{
  for (;;) {
    double best = SAME_IOU;
    guint best_face = n, best_track = 0;

    for (guint f = 0; f < n; f++)
      for (guint t = 0; numbers[f] == 0 && t < tracker->tracks->len; t++) {
        const SmbTrack *track = &g_array_index (tracker->tracks, SmbTrack, t);
        double iou = track->active && !taken[t] ? smb_box_iou (track->box, faces[f].detected) : 0.0;

        if (iou > best) {
          best = iou;
          best_face = f;
          best_track = t;
        }
      }
    if (best_face == n)
      return;
    taken[best_track] = TRUE;
    numbers[best_face] = g_array_index (tracker->tracks, SmbTrack, best_track).number;
    see (&g_array_index (tracker->tracks, SmbTrack, best_track), time_us, &faces[best_face], &looks[best_face]);
  }
}

/* Lost tracks by their looks, best first. */
static void
assign_by_look (SmbTracker *tracker, gint64 time_us, const SmbFace *faces, const SmbFaceLook *looks, guint n,
                guint *numbers, gboolean *taken)
{
  for (;;) {
    double best = 0.0;
    guint best_face = n, best_track = 0;

    for (guint f = 0; f < n; f++)
      for (guint t = 0; numbers[f] == 0 && t < tracker->tracks->len; t++) {
        const SmbTrack *track = &g_array_index (tracker->tracks, SmbTrack, t);
        double likeness, asked;

        if (taken[t])
          continue;
        likeness = smb_face_look_likeness (&track->look, &looks[f]);
        asked = is_near (track, faces[f].detected, time_us) ? LIKE_NEAR : LIKE_ANYWHERE;
        if (likeness >= asked && likeness - asked + 1.0 > best) {
          best = likeness - asked + 1.0;
          best_face = f;
          best_track = t;
        }
      }
    if (best_face == n)
      return;
    taken[best_track] = TRUE;
    numbers[best_face] = g_array_index (tracker->tracks, SmbTrack, best_track).number;
    see (&g_array_index (tracker->tracks, SmbTrack, best_track), time_us, &faces[best_face], &looks[best_face]);
  }
}

void
smb_tracker_assign (SmbTracker *tracker, gint64 time_us, const SmbFace *faces, const SmbFaceLook *looks, guint n,
                    guint *numbers_out)
{
  g_autofree gboolean *taken = g_new0 (gboolean, tracker->tracks->len + 1);
  const guint n_before = tracker->tracks->len;

  for (guint f = 0; f < n; f++)
    numbers_out[f] = 0;
  assign_by_place (tracker, time_us, faces, looks, n, numbers_out, taken);
  assign_by_look (tracker, time_us, faces, looks, n, numbers_out, taken);
  for (guint t = 0; t < n_before; t++) {
    SmbTrack *track = &g_array_index (tracker->tracks, SmbTrack, t);

    if (track->active && !taken[t] && time_us - track->seen_us > UNSEEN_US)
      track->active = FALSE;
    /* Two tracks on one face: the one that was found has it. */
    for (guint f = 0; track->active && !taken[t] && f < n; f++)
      if (smb_box_iou (track->box, faces[f].detected) > SAME_IOU)
        track->active = FALSE;
  }
  for (guint f = 0; f < n; f++) {
    SmbTrack track = { 0 };

    if (numbers_out[f] != 0 || faces[f].confidence < BEGIN_CONFIDENCE || tracker->tracks->len >= MAX_TRACKS)
      continue;
    track.number = numbers_out[f] = tracker->next_number++;
    see (&track, time_us, &faces[f], &looks[f]);
    g_array_append_val (tracker->tracks, track);
  }
}
