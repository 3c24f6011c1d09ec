/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli case tracks: the face tracks of a video, and what an analyst does with them. */
#include "cli/cli-case.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "cli/cli-signals.h"
#include "examine/smb-examine-video.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

typedef struct {
  char *draw, *merge, *split, *name; /* at most one of them */
  char *model, *device;
  int threads;
  gboolean json;
} Options;

/* "2:1" and the like: whole numbers before and after the sign. */
static gboolean
parse_two (const char *text, const char *sign, guint64 least, guint *first, guint *second)
{
  g_auto (GStrv) parts = g_strsplit (text, sign, 2);
  guint64 a, b;

  if (parts[0] == NULL || parts[1] == NULL || !g_ascii_string_to_unsigned (parts[0], 10, 1, G_MAXINT, &a, NULL)
      || !g_ascii_string_to_unsigned (parts[1], 10, least, G_MAXINT, &b, NULL))
    return FALSE;
  *first = (guint) a;
  *second = (guint) b;
  return TRUE;
}

static gboolean
has_track (const SmbVideoState *state, guint number, GError **error)
{
  g_autoptr (GPtrArray) tracks = smb_video_state_summarise (state);

  for (guint i = 0; i < tracks->len; i++)
    if (((SmbTrackSummary *) tracks->pdata[i])->number == number)
      return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("There is no track T%u; “case tracks” without an act lists them."),
               number);
  return FALSE;
}

static gboolean
edit (SmbCase *store, SmbVideoState *state, const Options *o, GError **error)
{
  guint track, other = 0, k = 0;
  const char *name;

  if (o->merge != NULL) {
    if (!parse_two (o->merge, ":", 1, &track, &other) || track == other) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("--merge takes two tracks' numbers, as in 3:1 for T3 into T1, not “%s”."), o->merge);
      return FALSE;
    }
    return has_track (state, track, error) && has_track (state, other, error)
           && smb_examine_edit_track (store, state, SMB_TRACK_MERGE, track, other, 0, NULL, error);
  }
  if (o->split != NULL) {
    if (!parse_two (o->split, ":", 1, &track, &k)) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("--split takes a track's number and a frame, as in 1:120, not “%s”."), o->split);
      return FALSE;
    }
    return has_track (state, track, error)
           && smb_examine_edit_track (store, state, SMB_TRACK_SPLIT, track, smb_video_state_next_number (state), k, NULL,
                                      error);
  }
  name = strchr (o->name, ':');
  track = (guint) MIN (g_ascii_strtoull (o->name, NULL, 10), G_MAXINT);
  if (name == NULL || track == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("--name takes a track's number and its name, as in “1:Witness”, not “%s”."), o->name);
    return FALSE;
  }
  return has_track (state, track, error)
         && smb_examine_edit_track (store, state, SMB_TRACK_NAME, track, 0, 0, name + 1, error);
}

/* "120:40,60,90,90". */
static gboolean
parse_drawn (const char *text, guint *k, SmbBox *box, GError **error)
{
  const char *colon = strchr (text, ':');
  char *const texts[] = { (char *) (colon != NULL ? colon + 1 : ""), NULL };
  g_autofree char *number = colon != NULL ? g_strndup (text, (gsize) (colon - text)) : NULL;
  g_autoptr (GArray) boxes = NULL;
  guint64 frame;

  if (number == NULL || !g_ascii_string_to_unsigned (number, 10, 0, G_MAXINT, &frame, NULL)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("--draw takes a frame and a box, as in 120:40,60,90,90 (x, y, width, height), not “%s”."), text);
    return FALSE;
  }
  boxes = smb_cli_parse_boxes ((char **) texts, error);
  if (boxes == NULL)
    return FALSE;
  *k = (guint) frame;
  *box = g_array_index (boxes, SmbBox, 0);
  return TRUE;
}

static gboolean
draw (SmbCase *store, const SmbEvidence *evidence, SmbVideoState *state, const Options *o, GError **error)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (o->device, o->threads);
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (SmbModelInfo) model = NULL;
  g_autoptr (SmbEngineVideo) video = NULL;
  gboolean ok;
  SmbBox box;
  guint k;

  if (!parse_drawn (o->draw, &k, &box, error))
    return FALSE;
  smb_cli_stop_on_signals (stop);
  model = smb_model_find (o->model != NULL ? o->model : state->model_name, error);
  if (model != NULL)
    video = smb_examine_open_video (store, engine, evidence, smb_cli_progress (), NULL, stop, error);
  ok = video != NULL
       && smb_examine_draw_track (store, engine, model, evidence, video, state, k, box, smb_cli_progress (), NULL, stop,
                                  error);
  smb_cli_progress_end ();
  return ok;
}

static void
print_tracks (const SmbVideoState *state, gboolean json)
{
  g_autoptr (GPtrArray) tracks = smb_video_state_summarise (state);

  for (guint i = 0; i < tracks->len; i++) {
    const SmbTrackSummary *track = tracks->pdata[i];
    g_autoptr (JsonNode) node = json ? smb_track_summary_to_json (track) : NULL;
    g_autofree char *likelihood = smb_track_likelihood_text (track, SMB_SERIES_MEAN);

    if (json) {
      smb_cli_print_json (node, FALSE);
      continue;
    }
    g_print (_ ("T%u%s%s  frames %u to %u, found in %u, followed in %u%s\n"), track->number,
             track->name != NULL ? " " : "", track->name != NULL ? track->name : "", track->first, track->last,
             track->n_detected, track->n_points - track->n_detected, track->drawn ? _ ("; drawn by hand") : "");
    if (track->score.n_scored > 0)
      g_print (_ ("    score %.4f: mean of %u frames; median %.4f, highest tenth %.4f, spread %.4f\n"),
               track->score.mean, track->score.n_scored, track->score.median, track->score.top, track->score.deviation);
    if (likelihood != NULL)
      g_print ("    %s\n", likelihood);
  }
  if (!json && tracks->len > 0 && state->calibration == NULL)
    g_print ("%s\n", smb_track_calibration_missing ());
}

static gboolean
act (SmbCase *store, const char *exhibit, const Options *o, GError **error)
{
  g_autoptr (GPtrArray) list = smb_case_list_evidence (store, error);
  const SmbEvidence *evidence = list != NULL ? smb_cli_find_exhibit (list, exhibit, error) : NULL;
  g_autoptr (SmbVideoState) state = NULL;

  if (evidence == NULL || !smb_examine_load_video (store, evidence->id, &state, error))
    return FALSE;
  if (state == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s has no tracks: it is no video, or was not analysed yet; “analyze --case” does that."), exhibit);
    return FALSE;
  }
  if (o->draw != NULL && !draw (store, evidence, state, o, error))
    return FALSE;
  if ((o->merge != NULL || o->split != NULL || o->name != NULL) && !edit (store, state, o, error))
    return FALSE;
  print_tracks (state, o->json);
  return TRUE;
}

int
smb_cli_case_tracks (int argc, char **argv)
{
  Options o = { 0 };
  g_autofree char *examiner = NULL;
  const GOptionEntry entries[] = {
    { "draw", 0, 0, G_OPTION_ARG_STRING, &o.draw,
      N_ ("A face the detector missed, in this box of this frame: follow it, score it, keep it as a track"),
      "FRAME:X,Y,W,H" },
    { "merge", 0, 0, G_OPTION_ARG_STRING, &o.merge, N_ ("The first track is the same person as the second"), "N:N" },
    { "split", 0, 0, G_OPTION_ARG_STRING, &o.split, N_ ("From this frame on the track is somebody else"), "N:FRAME" },
    { "name", 0, 0, G_OPTION_ARG_STRING, &o.name, N_ ("Give the track a name; an empty one takes it away"), "N:TEXT" },
    { "model", 'm', 0, G_OPTION_ARG_STRING, &o.model, N_ ("For --draw: the model; that of the analysis by default"),
      N_ ("MODEL") },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o.device, N_ ("Where to compute: see “semblance-cli devices”"),
      N_ ("DEVICE") },
    { "threads", 't', 0, G_OPTION_ARG_INT, &o.threads, N_ ("Threads to compute with; 0: one for each core"), "N" },
    { "examiner", 'e', 0, G_OPTION_ARG_STRING, &examiner, N_ ("Who acts, for the audit log"), N_ ("NAME") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o.json, N_ ("One JSON object a line"), NULL },
    { NULL },
  };
  g_autoptr (SmbCase) store = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("CASE EXHIBIT"),
                      _ ("Lists the face tracks of a video's newest analysis (S-01), after one act, if one is asked for. "
                         "Every act is kept beside what was measured, and in the audit log.")))
    return SMB_EXIT_USAGE;
  if (argc != 3 || o.threads < 0 || (o.draw != NULL) + (o.merge != NULL) + (o.split != NULL) + (o.name != NULL) > 1)
    status = smb_cli_usage (
        _ ("“case tracks” needs a case file and an exhibit, and at most one of --draw, --merge, --split and --name."));
  else {
    store = smb_cli_open_case (argv[1], examiner);
    status = store != NULL && act (store, argv[2], &o, &error)         ? SMB_EXIT_OK
             : g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE
                                                                      : SMB_EXIT_FAILED;
    if (error != NULL)
      smb_cli_print_error (error);
  }
  g_free (o.draw);
  g_free (o.merge);
  g_free (o.split);
  g_free (o.name);
  g_free (o.model);
  g_free (o.device);
  return status;
}
