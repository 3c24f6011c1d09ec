/* SPDX-License-Identifier: Apache-2.0 */
/* What the times of the frames say: usual interval, gaps, variable rate. */
#include "media/video-private.h"

#include <math.h>
#include <stdlib.h>

#define GAP_INTERVALS 1.5
/* Containers round to milliseconds or to 1/90000 s. */
#define ROUNDING_US 1100
#define MAX_LISTED 1000

static int
compare_times (const void *a, const void *b)
{
  gint64 left = *(const gint64 *) a, right = *(const gint64 *) b;

  return (left > right) - (left < right);
}

/* Intervals between neighbours, sorted; n - 1 of them. */
static gint64 *
sorted_intervals (const SmbVideo *video)
{
  const SmbVideoSlot *slots = (const SmbVideoSlot *) video->slots->data;
  gint64 *intervals = g_new (gint64, MAX (video->slots->len, 1));

  for (guint i = 1; i < video->slots->len; i++)
    intervals[i - 1] = slots[i].time_us - slots[i - 1].time_us;
  qsort (intervals, MAX (video->slots->len, 1) - 1, sizeof *intervals, compare_times);
  return intervals;
}

void
video_times_finish (SmbVideo *video)
{
  SmbVideoSlot *slots = (SmbVideoSlot *) video->slots->data;
  guint n = video->slots->len, middle;
  g_autofree gint64 *intervals = NULL;

  if (n < 2)
    return;
  intervals = sorted_intervals (video);
  middle = (n - 2) / 2;
  video->usual_interval_us = (double) intervals[middle];
  for (guint i = 1; i < n; i++)
    if (video->usual_interval_us > 0
        && (double) (slots[i].time_us - slots[i - 1].time_us) > GAP_INTERVALS * video->usual_interval_us + ROUNDING_US)
      slots[i].flags |= SMB_VIDEO_SLOT_AFTER_GAP;
  for (guint i = 0; i < n; i++)
    if (slots[i].duration_us == 0)
      slots[i].duration_us = (guint32) CLAMP (i + 1 < n ? slots[i + 1].time_us - slots[i].time_us
                                                        : (gint64) video->usual_interval_us,
                                              0, G_MAXUINT32);
}

JsonObject *
video_times_describe (const SmbVideo *video)
{
  const SmbVideoSlot *slots = (const SmbVideoSlot *) video->slots->data;
  const guint n = video->slots->len;
  g_autofree gint64 *intervals = sorted_intervals (video);
  JsonObject *out = json_object_new ();
  JsonArray *gaps = json_array_new ();
  guint64 n_gaps = 0, n_lost = 0, n_backwards = 0, n_repeated = 0;

  for (guint i = 1; i < n; i++) {
    gint64 step = slots[i].time_us - slots[i - 1].time_us;

    n_backwards += step < 0;
    n_repeated += step == 0;
    if ((slots[i].flags & SMB_VIDEO_SLOT_AFTER_GAP) == 0)
      continue;
    n_gaps++;
    n_lost += (guint64) MAX (llround ((double) step / video->usual_interval_us) - 1, 0);
    if (n_gaps <= MAX_LISTED) {
      JsonObject *gap = json_object_new ();

      json_object_set_int_member (gap, "before_frame", i);
      json_object_set_int_member (gap, "time_us", slots[i].time_us);
      json_object_set_int_member (gap, "interval_us", step);
      json_array_add_object_element (gaps, gap);
    }
  }
  json_object_set_int_member (out, "usual_interval_us", (gint64) llround (video->usual_interval_us));
  if (n > 1) {
    json_object_set_int_member (out, "shortest_us", intervals[0]);
    json_object_set_int_member (out, "longest_us", intervals[n - 2]);
    json_object_set_boolean_member (out, "variable", intervals[n - 2] - intervals[0] > 2 * ROUNDING_US);
    json_object_set_double_member (out, "mean_rate",
                                   slots[n - 1].time_us > slots[0].time_us
                                       ? (n - 1) * 1e6 / (double) (slots[n - 1].time_us - slots[0].time_us)
                                       : 0.0);
  }
  json_object_set_int_member (out, "backwards", (gint64) n_backwards);
  json_object_set_int_member (out, "repeated", (gint64) n_repeated);
  json_object_set_int_member (out, "gaps", (gint64) n_gaps);
  json_object_set_int_member (out, "frames_missing_in_gaps", (gint64) n_lost);
  json_object_set_array_member (out, "gap_list", gaps);
  return out;
}
