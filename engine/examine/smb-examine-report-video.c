/* SPDX-License-Identifier: Apache-2.0 */
/* What a report says of a video: its tracks, each with the published mean and what stands beside it. */
#include "analysis/smb-track-likelihood.h"
#include "base/smb-json-part.h"
#include "examine/smb-examine-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>

/* The case may say anything. */
static double
number_of (JsonObject *of, const char *member)
{
  double number = smb_json_find_number (of, member);

  return isfinite (number) ? number : 0.0;
}

static gint64
whole_of (JsonObject *of, const char *member)
{
  return smb_json_find_int (of, member, 0);
}

/* What the track's scores are worth, or that they are worth nothing. */
static void
add_likelihoods (GString *text, JsonObject *track)
{
  JsonObject *all = smb_json_find_object (track, "likelihood_ratio");

  for (guint s = 0; all != NULL && s < SMB_N_SERIES; s++) {
    g_autofree char *sentence = smb_track_likelihood_text_of_json (all, (SmbSeriesStatistic) s);

    if (sentence != NULL)
      g_string_append_printf (text, _ (" %s."), sentence);
  }
  if (all == NULL)
    g_string_append_printf (text, " %s", smb_track_calibration_missing ());
}

static char *
sentence_of (JsonObject *track, guint face)
{
  JsonObject *score = smb_json_find_object (track, "score"), *run = smb_json_find_object (score, "run");
  const char *name = smb_json_find_text (track, "name", NULL);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text,
                          _ ("F%u is track T%" PRId64 "%s%s: frames %" PRId64 " to %" PRId64
                             " (%.2f to %.2f s), shown at frame %" PRId64 ". "),
                          face, whole_of (track, "track"), name != NULL ? " " : "", name != NULL ? name : "",
                          whole_of (track, "first_frame"), whole_of (track, "last_frame"),
                          number_of (track, "first_us") / 1e6, number_of (track, "last_us") / 1e6,
                          whole_of (track, "best_frame"));
  if (score != NULL && whole_of (score, "scored") > 0)
    g_string_append_printf (text,
                            _ ("Its score is the mean of %" PRId64
                               " frames, %.3f; median %.3f, mean of the highest tenth %.3f, spread %.3f. "),
                            whole_of (score, "scored"), number_of (score, "mean"), number_of (score, "median"),
                            number_of (score, "top"), number_of (score, "deviation"));
  if (run != NULL)
    g_string_append_printf (text,
                            _ ("Longest run above its own level: %.2f to %.2f s (frames %" PRId64 " to %" PRId64
                               "), mean %.3f against %.3f elsewhere."),
                            number_of (run, "start_us") / 1e6, number_of (run, "end_us") / 1e6,
                            whole_of (run, "first_frame"), whole_of (run, "last_frame"), number_of (run, "mean"),
                            number_of (run, "rest_mean"));
  else
    g_string_append (text, _ ("No run of frames stands out above its own level."));
  if (score != NULL && whole_of (score, "scored") > 0)
    add_likelihoods (text, track);
  return g_string_free (text, FALSE);
}

static JsonObject *
video_of (JsonNode *result)
{
  return JSON_NODE_HOLDS_OBJECT (result) ? smb_json_find_object (json_node_get_object (result), "video") : NULL;
}

SmbVideoState *
smb_examine_run_of_analysis (SmbCase *store, gint64 evidence_id, JsonNode *result, GError **error)
{
  JsonObject *video = video_of (result);
  SmbVideoState *state = NULL;

  if (video != NULL)
    smb_examine_load_video_run (store, evidence_id, whole_of (video, "run"), &state, error);
  return state;
}

GArray *
smb_examine_read_tracks (JsonNode *result, GPtrArray *sentences)
{
  JsonObject *video = video_of (result);
  JsonNode *node = video != NULL ? json_object_get_member (video, "tracks") : NULL;
  JsonArray *tracks = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  GArray *frames;

  if (tracks == NULL)
    return NULL;
  frames = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < json_array_get_length (tracks); i++) {
    JsonObject *track = smb_json_find_at (tracks, i);
    guint frame = track != NULL ? (guint) CLAMP (whole_of (track, "best_frame"), 0, G_MAXINT) : 0;

    g_array_append_val (frames, frame);
    if (track != NULL)
      g_ptr_array_add (sentences, sentence_of (track, i + 1));
  }
  return frames;
}
