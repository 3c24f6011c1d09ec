/* SPDX-License-Identifier: Apache-2.0 */
/* A video's analysis kept in a case: stored as it goes, so that a cancelled run can be gone on with. */
#include "examine/smb-examine-video.h"

#include "analysis/smb-json.h"
#include "analysis/smb-score-warning.h"
#include "base/smb-error.h"
#include "case/smb-case-video.h"
#include "examine/smb-video-acts.h"
#include "examine/smb-video-keeper.h"
#include "smb-config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define MAX_CHUNK_BYTES (16u << 20)
#define PASS_DONE 2

/* Frames of a chunk: an array to hand over, or NULL with an error. seconds: that the run had taken; NAN: not measured
 * then. */
static GPtrArray *
read_frames (JsonObject *object, double *seconds, GError **error)
{
  g_autoptr (GPtrArray) frames = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  SmbJsonReader reader = { .what = "video_chunk", .where = "", .error = error };
  JsonArray *array = smb_json_array (&reader, object, "frames", SMB_JSON_REQUIRED, G_MAXUINT);

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    SmbFrameFaces *frame = smb_frame_faces_from_json (json_array_get_element (array, i), error);

    if (frame == NULL)
      return NULL;
    g_ptr_array_add (frames, frame);
  }
  *seconds = smb_json_number (&reader, object, "seconds", SMB_JSON_OPTIONAL);
  if (reader.failed)
    return NULL;
  return array != NULL ? g_steal_pointer (&frames) : NULL;
}

static gboolean
restore_chunk (SmbVideoProgress *progress, const SmbCaseVideoChunk *chunk, GError **error)
{
  g_autoptr (JsonNode) node = smb_json_parse (chunk->data, MAX_CHUNK_BYTES, _ ("stored frames of a video"), error);
  g_autoptr (SmbTracker) tracker = NULL;
  GPtrArray *frames;
  double seconds;

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_OBJECT (node) || chunk->next < 0 || chunk->next > G_MAXINT || chunk->pass < 0) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT,
                         _ ("The stored frames of a video are damaged; restore the case from a backup copy."));
    return FALSE;
  }
  if (chunk->pass == SMB_VIDEO_FOLLOWING) {
    tracker = smb_tracker_from_json (json_object_get_member (json_node_get_object (node), "tracker"), error);
    if (tracker == NULL)
      return FALSE;
  }
  frames = read_frames (json_node_get_object (node), &seconds, error);
  if (frames == NULL)
    return FALSE;
  smb_video_progress_restore (progress, chunk->pass == SMB_VIDEO_FOLLOWING ? SMB_VIDEO_FOLLOWING : SMB_VIDEO_SCORING,
                              frames, g_steal_pointer (&tracker), (guint) chunk->next);
  if (seconds > progress->seconds)
    progress->seconds = seconds;
  return TRUE;
}

void
smb_video_state_free (SmbVideoState *state)
{
  if (state == NULL)
    return;
  smb_video_progress_free (state->progress);
  g_ptr_array_unref (state->edits);
  smb_track_calibration_free (state->calibration);
  g_free (state->model_name);
  g_free (state->model_sha256);
  g_free (state);
}

static gboolean
read_edits (SmbCase *store, SmbVideoState *state, GError **error)
{
  g_autoptr (GPtrArray) stored = smb_case_list_track_edits (store, state->run_id, error);

  for (guint i = 0; stored != NULL && i < stored->len; i++) {
    const SmbCaseTrackEdit *edit = stored->pdata[i];
    SmbTrackEditKind kind = g_str_equal (edit->kind, "merge")   ? SMB_TRACK_MERGE
                            : g_str_equal (edit->kind, "split") ? SMB_TRACK_SPLIT
                                                                : SMB_TRACK_NAME;

    g_ptr_array_add (state->edits, smb_track_edit_new (kind, (guint) edit->track, (guint) edit->other,
                                                       (guint) edit->frame, edit->text));
  }
  return stored != NULL;
}

/* What was noted when the run was done. */
static gboolean
read_end (SmbVideoState *state, const SmbCaseVideoChunk *chunk, GError **error)
{
  g_autoptr (JsonNode) node = smb_json_parse (chunk->data, MAX_CHUNK_BYTES, _ ("stored frames of a video"), error);
  JsonNode *calibration = node != NULL && JSON_NODE_HOLDS_OBJECT (node)
                              ? json_object_get_member (json_node_get_object (node), "calibration")
                              : NULL;

  state->finished = TRUE;
  g_clear_pointer (&state->calibration, smb_track_calibration_free);
  if (calibration != NULL)
    state->calibration = smb_track_calibration_from_json (calibration, error);
  return node != NULL && (calibration == NULL || state->calibration != NULL);
}

static SmbVideoState *
read_run (SmbCase *store, const SmbCaseVideoRun *run, GError **error)
{
  g_autoptr (SmbVideoState) state = g_new0 (SmbVideoState, 1);
  g_autoptr (GPtrArray) chunks = NULL;

  state->edits = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_track_edit_free);
  state->run_id = run->id;
  state->model_name = g_strdup (run->model_name);
  state->model_sha256 = g_strdup (run->model_sha256);
  if (!smb_video_settings_from_json (&state->settings, run->settings, error))
    return NULL;
  state->progress = smb_video_progress_new (&state->settings);
  chunks = smb_case_list_video_chunks (store, run->id, error);
  if (chunks == NULL)
    return NULL;
  for (guint i = 0; i < chunks->len; i++) {
    const SmbCaseVideoChunk *chunk = chunks->pdata[i];

    if (!(chunk->pass == PASS_DONE ? read_end (state, chunk, error) : restore_chunk (state->progress, chunk, error)))
      return NULL;
  }
  return read_edits (store, state, error) ? g_steal_pointer (&state) : NULL;
}

GPtrArray *
smb_video_state_summarise (const SmbVideoState *state)
{
  GPtrArray *tracks = smb_tracks_summarise (state->progress->frames, state->edits, NULL);

  smb_tracks_calibrate (tracks, state->calibration);
  return tracks;
}

gboolean
smb_examine_load_video (SmbCase *store, gint64 evidence_id, SmbVideoState **state_out, GError **error)
{
  g_autoptr (GPtrArray) runs = smb_case_list_video_runs (store, evidence_id, error);

  *state_out = NULL;
  if (runs == NULL)
    return FALSE;
  if (runs->len > 0)
    *state_out = read_run (store, runs->pdata[0], error);
  return runs->len == 0 || *state_out != NULL;
}

gboolean
smb_examine_load_video_run (SmbCase *store, gint64 evidence_id, gint64 run_id, SmbVideoState **state_out,
                            GError **error)
{
  g_autoptr (GPtrArray) runs = smb_case_list_video_runs (store, evidence_id, error);

  *state_out = NULL;
  for (guint i = 0; runs != NULL && i < runs->len; i++) {
    const SmbCaseVideoRun *run = runs->pdata[i];

    if (run->id == run_id) {
      *state_out = read_run (store, run, error);
      return *state_out != NULL;
    }
  }
  return runs != NULL;
}

/* The newest run if it asked for the same and is not finished; else a new one. */
static SmbVideoState *
find_or_begin (SmbCase *store, const SmbModelInfo *model, const SmbEvidence *evidence, SmbEngine *engine,
               const SmbVideoSettings *settings, GError **error)
{
  g_autofree char *text = smb_video_settings_to_json (settings);
  g_autoptr (GPtrArray) runs = smb_case_list_video_runs (store, evidence->id, error);
  g_autoptr (SmbVideoState) state = NULL;
  g_autoptr (SmbCaseVideoRun) run = NULL;

  if (runs == NULL)
    return NULL;
  if (runs->len > 0) {
    const SmbCaseVideoRun *last = runs->pdata[0];

    if (g_str_equal (last->settings, text) && g_strcmp0 (last->model_sha256, model->detector_sha256) == 0
        && g_strcmp0 (last->program_version, SMB_VERSION) == 0) {
      state = read_run (store, last, error);
      if (state == NULL || !state->finished)
        return g_steal_pointer (&state);
    }
  }
  run = g_new0 (SmbCaseVideoRun, 1);
  run->evidence_id = evidence->id;
  run->model_name = g_strdup (model->name);
  run->model_sha256 = g_strdup (model->detector_sha256);
  run->settings = g_steal_pointer (&text);
  run->program_version = g_strdup (SMB_VERSION);
  run->device = smb_engine_dup_device (engine, model, NULL, error);
  return run->device != NULL && smb_case_add_video_run (store, run, error) ? read_run (store, run, error) : NULL;
}

/* The tracks as faces of one analysis, so that lists and reports show videos like pictures: each where it is seen best,
 * with the published mean for a score. */
static SmbAnalysis *
tracks_as_analysis (const SmbModelInfo *model, SmbEngine *engine, const SmbEngineVideo *video, GPtrArray *tracks,
                    const SmbVideoSettings *settings, gboolean calibrated, double seconds, GError **error)
{
  g_autoptr (SmbAnalysis) analysis = smb_analysis_new ();

  analysis->width = smb_engine_video_get_width (video);
  analysis->height = smb_engine_video_get_height (video);
  analysis->model_name = g_strdup (model->name);
  analysis->model_sha256 = g_strdup (model->detector_sha256);
  analysis->mim_sha256 = g_strdup (model->mim_sha256);
  analysis->classes = model->classes != NULL ? g_strdupv (model->classes) : g_new0 (char *, 1);
  analysis->real_class = model->real_class;
  analysis->trained = model->trained;
  analysis->calibrated = calibrated; /* for tracks: what is said of single faces says nothing of these */
  analysis->program_version = g_strdup (SMB_VERSION);
  analysis->settings = smb_video_settings_to_json (settings);
  analysis->seed = settings->face.seed;
  analysis->seconds = seconds;
  for (guint i = 0; i < tracks->len; i++) {
    const SmbTrackSummary *track = tracks->pdata[i];
    SmbFaceResult *result = smb_face_result_new (&track->best->face);

    if (track->mean_probabilities != NULL) {
      result->n_classes = track->n_classes;
      result->probabilities = g_memdup2 (track->mean_probabilities, (gsize) track->n_classes * sizeof (double));
      result->score = CLAMP (track->score.mean, 0.0, 1.0);
      result->likelihood = track->likelihood[SMB_SERIES_MEAN];
    } else
      result->outside
          = g_strdup (track->best->outside != NULL ? track->best->outside : _ ("None of its frames was scored."));
    g_ptr_array_add (analysis->faces, result);
  }
  return smb_engine_name_instruments (engine, model, analysis, NULL, error) ? g_steal_pointer (&analysis) : NULL;
}

static JsonArray *
summaries_to_json (GPtrArray *tracks)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < tracks->len; i++)
    json_array_add_element (array, smb_track_summary_to_json (tracks->pdata[i]));
  return array;
}

static JsonNode *
describe_tracks (const SmbAnalysis *analysis, GPtrArray *tracks, const SmbTrackCalibration *calibration,
                 const SmbVideoProgress *progress, GPtrArray *edits, const SmbEngineVideo *video, gint64 run_id)
{
  const SmbScored scored = { NULL, TRUE, analysis->trained, calibration != NULL };
  JsonNode *json = smb_analysis_to_json (analysis);
  JsonObject *about = json_object_new (),
             *of_model = json_object_get_object_member (json_node_get_object (json), "model");

  /* What is said there of single faces is said of tracks here. */
  json_object_remove_member (of_model, "note");
  if (smb_score_warning (&scored) != NULL)
    json_object_set_string_member (of_model, "note", smb_score_warning (&scored));
  json_object_set_int_member (about, "run", run_id);
  json_object_set_int_member (about, "frames", smb_engine_video_get_n_frames (video));
  json_object_set_boolean_member (about, "calibrated", calibration != NULL);
  json_object_set_array_member (about, "tracks", summaries_to_json (tracks));
  smb_video_acts_to_json (about, progress, edits);
  json_object_set_object_member (json_node_get_object (json), "video", about);
  return json;
}

JsonNode *
smb_examine_video_to_json (SmbEngine *engine, const SmbModelInfo *model, const SmbEngineVideo *video,
                           const SmbVideoProgress *progress, GPtrArray *edits, const SmbVideoSettings *settings,
                           gint64 run_id, GError **error)
{
  g_autoptr (GPtrArray) tracks = smb_tracks_summarise (progress->frames, edits, NULL);
  g_autoptr (SmbTrackCalibration) calibration = smb_track_calibration_of_model (model, error);
  g_autoptr (SmbAnalysis) analysis = NULL;

  if (calibration == NULL && model->track_calibration != NULL)
    return NULL;
  smb_tracks_calibrate (tracks, calibration);
  analysis = tracks_as_analysis (model, engine, video, tracks, settings, calibration != NULL, progress->seconds, error);
  if (analysis == NULL)
    return NULL;
  return describe_tracks (analysis, tracks, calibration, progress, edits, video, run_id);
}

/* The marker of a run that is done: with what its tracks' scores are worth. */
static char *
end_text (const SmbTrackCalibration *calibration)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  if (calibration != NULL)
    json_object_set_member (object, "calibration", smb_track_calibration_to_json (calibration));
  json_node_take_object (node, object);
  return json_to_string (node, FALSE);
}

gboolean
smb_examine_store_video (SmbCase *store, SmbEngine *engine, const SmbModelInfo *model, const SmbEvidence *evidence,
                         const SmbEngineVideo *video, SmbVideoState *state, GError **error)
{
  g_autoptr (SmbTrackCalibration) calibration = smb_track_calibration_of_model (model, error);
  g_autoptr (GPtrArray) tracks = NULL;
  g_autoptr (SmbAnalysis) analysis = NULL;
  g_autoptr (JsonNode) json = NULL;
  g_autoptr (SmbCaseAnalysis) stored = NULL;
  g_autofree char *end = end_text (calibration);
  SmbCaseVideoChunk marker
      = { .run_id = state->run_id, .pass = PASS_DONE, .next = state->progress->next, .data = end };

  if (calibration == NULL && model->track_calibration != NULL)
    return FALSE;
  g_clear_pointer (&state->calibration, smb_track_calibration_free);
  state->calibration = g_steal_pointer (&calibration);
  tracks = smb_video_state_summarise (state);
  analysis = tracks_as_analysis (model, engine, video, tracks, &state->settings, state->calibration != NULL,
                                 state->progress->seconds, error);
  if (analysis == NULL)
    return FALSE;
  json = describe_tracks (analysis, tracks, state->calibration, state->progress, state->edits, video,
                          state->run_id);
  /* Together: an analysis without the marker would be made, and stored, a second time. */
  if (!smb_case_begin (store, error))
    return FALSE;
  stored = smb_examine_store_analysis (store, evidence->id, analysis, json, error);
  return smb_case_end (store, stored != NULL && smb_case_add_video_chunk (store, &marker, error), error);
}

gboolean
smb_examine_run_video (SmbCase *store, SmbEngine *engine, const SmbModelInfo *model, const SmbEvidence *evidence,
                       SmbEngineVideo *video, const SmbVideoSettings *settings, const SmbVideoSink *sink,
                       SmbVideoProgress **progress_out, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbVideoState) state = find_or_begin (store, model, evidence, engine, settings, error);
  SmbVideoKeeper keeper = { .store = store, .sink = sink, .stored_us = g_get_monotonic_time () };
  const SmbVideoSink own = { smb_video_keeper_take, smb_video_keeper_progress, &keeper,
                             sink != NULL ? sink->profile : NULL };
  g_autoptr (GError) unsaved = NULL;
  gboolean ok;

  *progress_out = NULL;
  if (state == NULL)
    return FALSE;
  keeper.run_id = state->run_id;
  ok = smb_video_run (engine, model, video, &state->settings, state->progress, &own, cancellable, error);
  /* Cancelled or failed: what was done stays, for the next time. */
  if (!smb_video_keeper_store (&keeper, state->progress, ok ? error : &unsaved))
    ok = FALSE;
  smb_video_keeper_clear (&keeper);
  ok = ok && smb_examine_store_video (store, engine, model, evidence, video, state, error);
  *progress_out = g_steal_pointer (&state->progress);
  return ok;
}

gboolean
smb_examine_edit_track (SmbCase *store, SmbVideoState *state, SmbTrackEditKind kind, guint track,
                        guint other, guint k, const char *text, GError **error)
{
  static const char *const words[]
      = { [SMB_TRACK_MERGE] = "merge", [SMB_TRACK_SPLIT] = "split", [SMB_TRACK_NAME] = "name" };
  g_autoptr (SmbCaseTrackEdit) edit = g_new0 (SmbCaseTrackEdit, 1);

  edit->run_id = state->run_id;
  edit->kind = g_strdup (words[kind]);
  edit->track = (int) track;
  edit->other = (int) other;
  edit->frame = k;
  edit->text = g_strdup (text != NULL ? text : "");
  if (!smb_case_add_track_edit (store, edit, error))
    return FALSE;
  g_ptr_array_add (state->edits, smb_track_edit_new (kind, track, other, k, edit->text));
  return TRUE;
}
