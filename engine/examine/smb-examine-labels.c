/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-examine-labels.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "case/smb-case-video.h"

#include <glib/gi18n-lib.h>

#define MAX_RESULT_BYTES (16u << 20)

void
smb_labelled_face_free (SmbLabelledFace *labelled)
{
  if (labelled == NULL)
    return;
  smb_evidence_free (labelled->evidence);
  g_free (labelled->name);
  g_free (labelled->class);
  g_free (labelled->identity);
  g_free (labelled);
}

static SmbEvidence *
copy_evidence (const SmbEvidence *from)
{
  SmbEvidence *copy = g_memdup2 (from, sizeof *from);

  copy->exhibit = g_strdup (from->exhibit);
  copy->path = g_strdup (from->path);
  copy->sha256 = g_strdup (from->sha256);
  copy->format = g_strdup (from->format);
  copy->problem = g_strdup (from->problem);
  copy->found_sha256 = g_strdup (from->found_sha256);
  return copy;
}

static SmbLabelledFace *
labelled_new (const SmbEvidence *evidence, const SmbCaseLabel *label, const char *face)
{
  SmbLabelledFace *labelled = g_new0 (SmbLabelledFace, 1);

  labelled->evidence = copy_evidence (evidence);
  labelled->name = face != NULL ? g_strdup_printf ("%s %s", evidence->exhibit, face) : g_strdup (evidence->exhibit);
  labelled->class = g_strdup (label->class);
  labelled->identity = g_strdup (label->identity);
  return labelled;
}

/* The label of this face, or of the exhibit (0); NULL: none. */
static const SmbCaseLabel *
label_of (GPtrArray *labels, gint64 face_id)
{
  for (guint i = 0; i < labels->len; i++)
    if (((SmbCaseLabel *) labels->pdata[i])->face_id == face_id)
      return labels->pdata[i];
  return NULL;
}

GArray *
smb_examine_track_numbers (const SmbCaseAnalysis *analysis, gint64 *run_out, GError **error)
{
  SmbJsonReader reader = { .what = "analysis", .where = "", .error = error };
  g_autoptr (JsonNode) node
      = smb_json_parse (analysis->result, MAX_RESULT_BYTES, _ ("stored analysis of a video"), error);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint));
  JsonObject *video = node != NULL && JSON_NODE_HOLDS_OBJECT (node)
                          ? smb_json_object (&reader, json_node_get_object (node), "video", SMB_JSON_REQUIRED)
                          : NULL;
  JsonArray *tracks = video != NULL ? smb_json_array (&reader, video, "tracks", SMB_JSON_REQUIRED, G_MAXUINT) : NULL;

  if (tracks == NULL) {
    if (error != NULL && *error == NULL)
      g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT,
                           _ ("The stored analysis of a video lacks its tracks; analyse it anew."));
    return NULL;
  }
  *run_out = smb_json_int (&reader, video, "run", 1, G_MAXINT64);
  for (guint i = 0; i < json_array_get_length (tracks) && !reader.failed; i++) {
    JsonObject *track = smb_json_find_at (tracks, i);
    guint number = track != NULL ? (guint) smb_json_int (&reader, track, "track", 1, G_MAXINT) : 0;

    g_array_append_val (numbers, number);
  }
  return reader.failed ? NULL : g_steal_pointer (&numbers);
}

/* What is said of a whole exhibit is said of its faces, not of every find of a doubting detector. */
static gboolean
is_sure (const SmbCaseFace *face)
{
  return g_str_equal (face->origin, "drawn") || face->confidence >= SMB_FACE_SURE_CONFIDENCE;
}

static void
add_face (GPtrArray *out, const SmbEvidence *evidence, const SmbCaseFace *face, const SmbCaseLabel *label,
          gint64 run_id, guint track)
{
  SmbLabelledFace *labelled = labelled_new (evidence, label, face->label);

  labelled->known = TRUE;
  labelled->face = (SmbFace){ .box = { face->x, face->y, face->width, face->height },
                              .detected = { face->dx, face->dy, face->dwidth, face->dheight },
                              .confidence = face->confidence,
                              .origin = g_str_equal (face->origin, "drawn") ? SMB_FACE_DRAWN : SMB_FACE_DETECTED };
  labelled->video = run_id != 0;
  labelled->run_id = run_id;
  labelled->track = track;
  g_ptr_array_add (out, labelled);
}

static gboolean
add_analysed (SmbCase *store, GPtrArray *out, const SmbEvidence *evidence, const SmbCaseAnalysis *analysis,
              GPtrArray *faces, GPtrArray *labels, GError **error)
{
  g_autofree char *facts = NULL;
  g_autoptr (GArray) tracks = NULL;
  gint64 run_id = 0;

  if (!smb_case_get_video (store, evidence->id, &facts, error)
      || (facts != NULL && (tracks = smb_examine_track_numbers (analysis, &run_id, error)) == NULL))
    return FALSE;
  for (guint i = 0; i < faces->len; i++) {
    const SmbCaseFace *face = faces->pdata[i];
    const SmbCaseLabel *own = label_of (labels, face->id);
    const SmbCaseLabel *label = own == NULL && is_sure (face) ? label_of (labels, 0) : own;

    if (label != NULL && (tracks == NULL || i < tracks->len))
      add_face (out, evidence, face, label, run_id, tracks != NULL ? g_array_index (tracks, guint, i) : 0);
  }
  return TRUE;
}

/* Faces of the analysis that counts; *analysis_out NULL: the exhibit was never analysed. FALSE on error. */
static gboolean
find_analysis (GPtrArray *analyses, SmbCase *store, GPtrArray *labels, const SmbCaseAnalysis **analysis_out,
               GPtrArray **faces_out, GError **error)
{
  g_autoptr (GPtrArray) newest = NULL;

  for (guint i = 0; i < analyses->len; i++) {
    const SmbCaseAnalysis *analysis = analyses->pdata[i];
    g_autoptr (GPtrArray) faces = smb_case_list_faces (store, analysis->id, error);

    if (faces == NULL)
      return FALSE;
    for (guint k = 0; k < faces->len; k++)
      if (label_of (labels, ((SmbCaseFace *) faces->pdata[k])->id) != NULL) {
        *analysis_out = analysis;
        *faces_out = g_steal_pointer (&faces);
        return TRUE;
      }
    if (i == 0)
      newest = g_steal_pointer (&faces);
  }
  *analysis_out = analyses->len > 0 ? analyses->pdata[0] : NULL;
  *faces_out = g_steal_pointer (&newest);
  return TRUE;
}

static gboolean
add_exhibit (SmbCase *store, GPtrArray *out, const SmbEvidence *evidence, GPtrArray *labels, GError **error)
{
  g_autoptr (GPtrArray) analyses = smb_case_list_analyses (store, evidence->id, error), faces = NULL;
  const SmbCaseAnalysis *analysis;
  g_autofree char *facts = NULL;
  SmbLabelledFace *labelled;

  if (analyses == NULL || !find_analysis (analyses, store, labels, &analysis, &faces, error))
    return FALSE;
  if (analysis != NULL)
    return add_analysed (store, out, evidence, analysis, faces, labels, error);
  if (!smb_case_get_video (store, evidence->id, &facts, error))
    return FALSE;
  labelled = labelled_new (evidence, label_of (labels, 0), NULL);
  labelled->video = facts != NULL;
  g_ptr_array_add (out, labelled);
  return TRUE;
}

GPtrArray *
smb_examine_list_labelled (SmbCase *store, GError **error)
{
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_labelled_face_free);
  g_autoptr (GPtrArray) list = smb_case_list_evidence (store, error);

  for (guint i = 0; list != NULL && i < list->len; i++) {
    const SmbEvidence *evidence = list->pdata[i];
    g_autoptr (GPtrArray) labels = smb_case_list_labels (store, evidence->id, error);

    if (labels == NULL || (labels->len > 0 && !add_exhibit (store, out, evidence, labels, error)))
      return NULL;
  }
  return list != NULL ? g_steal_pointer (&out) : NULL;
}

gint64
smb_examine_find_face (SmbCase *store, const SmbEvidence *evidence, const char *label, GError **error)
{
  g_autoptr (GPtrArray) analyses = smb_case_list_analyses (store, evidence->id, error), faces = NULL;

  if (analyses == NULL)
    return 0;
  if (analyses->len == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s was not analysed yet, so it has no numbered faces; analyse it first."), evidence->exhibit);
    return 0;
  }
  faces = smb_case_list_faces (store, ((SmbCaseAnalysis *) analyses->pdata[0])->id, error);
  for (guint i = 0; faces != NULL && i < faces->len; i++)
    if (g_ascii_strcasecmp (((SmbCaseFace *) faces->pdata[i])->label, label) == 0)
      return ((SmbCaseFace *) faces->pdata[i])->id;
  if (faces != NULL)
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 g_dngettext (GETTEXT_PACKAGE,
                              "%s has no face “%s”; its newest analysis found %u face, numbered from F1.",
                              "%s has no face “%s”; its newest analysis found %u faces, numbered from F1.", faces->len),
                 evidence->exhibit, label, faces->len);
  return 0;
}

gboolean
smb_examine_set_label (SmbCase *store, const SmbEvidence *evidence, SmbCaseLabel *label, GError **error)
{
  label->evidence_id = evidence->id;
  if (label->face != NULL && label->face_id == 0
      && (label->face_id = smb_examine_find_face (store, evidence, label->face, error)) == 0)
    return FALSE;
  return smb_case_add_label (store, label, error);
}

/* The frames to take, each with the tracks wanted in it. */
typedef struct {
  const SmbVideoProgress *progress;
  GPtrArray *edits;   /* may be NULL */
  GHashTable *wanted; /* number of a frame -> GArray of tracks (guint) */
  GArray *frames;     /* guint, ascending */
} Choice;

static void
choice_clear (Choice *choice)
{
  g_clear_pointer (&choice->wanted, g_hash_table_unref);
  g_clear_pointer (&choice->frames, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Choice, choice_clear)

static void
choose (Choice *choice, guint track, guint n)
{
  g_autoptr (GArray) found = smb_video_track_frames (choice->progress, choice->edits, track, TRUE);

  for (guint i = 0; i < MIN (n, found->len); i++) {
    guint k = smb_video_uniform_frame (found, i, MIN (n, found->len));
    GArray *tracks = g_hash_table_lookup (choice->wanted, GUINT_TO_POINTER (k));

    if (tracks == NULL) {
      tracks = g_array_new (FALSE, FALSE, sizeof (guint));
      g_hash_table_insert (choice->wanted, GUINT_TO_POINTER (k), tracks);
      g_array_append_val (choice->frames, k);
    }
    g_array_append_val (tracks, track);
  }
}

static int
by_number (gconstpointer a, gconstpointer b)
{
  guint left = *(const guint *) a, right = *(const guint *) b;

  return (left > right) - (left < right);
}

static gboolean
take_frame (const Choice *choice, const SmbVideoFrame *frame, SmbTakeFace take, gpointer take_data, GError **error)
{
  const GArray *tracks = g_hash_table_lookup (choice->wanted, GUINT_TO_POINTER (frame->k));

  if (frame->image == NULL) /* damaged: the others do */
    return TRUE;
  for (guint i = 0; i < choice->progress->frames->len; i++) {
    const SmbFrameFaces *faces = choice->progress->frames->pdata[i];

    for (guint p = 0; faces->k == frame->k && p < faces->points->len; p++) {
      const SmbTrackPoint *point = faces->points->pdata[p];
      guint number = smb_track_edits_apply (choice->edits, point->track, frame->k);

      for (guint t = 0; t < tracks->len; t++)
        if (g_array_index (tracks, guint, t) == number && !point->followed
            && !take (frame->image, &point->face, frame->k, take_data, error))
          return FALSE;
    }
  }
  return TRUE;
}

static gboolean
take_frames (Choice *choice, SmbEngineVideo *video, SmbTakeFace take, gpointer take_data, GCancellable *cancellable,
             GError **error)
{
  const guint portion = smb_video_portion (video);

  g_array_sort (choice->frames, by_number);
  for (guint first = 0; first < choice->frames->len; first += portion) {
    g_autoptr (GPtrArray) decoded = smb_engine_video_get_frames (video, &g_array_index (choice->frames, guint, first),
                                                                 MIN (portion, choice->frames->len - first), 0,
                                                                 SMB_VIDEO_WANT_PIXELS, cancellable, error);

    if (decoded == NULL)
      return FALSE;
    for (guint i = 0; i < decoded->len; i++)
      if (!take_frame (choice, decoded->pdata[i], take, take_data, error))
        return FALSE;
  }
  return TRUE;
}

static Choice
choice_new (const SmbVideoProgress *progress, GPtrArray *edits)
{
  return (Choice){ progress, edits, g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_array_unref),
                   g_array_new (FALSE, FALSE, sizeof (guint)) };
}

gboolean
smb_examine_visit_video (SmbEngineVideo *video, const SmbFaceVisit *how, SmbTakeFace take, gpointer take_data,
                         GCancellable *cancellable, GError **error)
{
  const SmbVideoSettings settings = smb_video_settings_default ();
  const SmbVideoSink sink = { .progress = how->progress, .user_data = how->user_data };
  g_autoptr (SmbVideoProgress) progress = smb_video_progress_new (&settings);
  g_autoptr (GPtrArray) tracks = NULL;
  g_auto (Choice) choice = choice_new (progress, NULL);

  if (!smb_video_follow (how->engine, video, &settings, progress, &sink, cancellable, error))
    return FALSE;
  tracks = smb_tracks_summarise (progress->frames, NULL, NULL);
  for (guint t = 0; t < tracks->len; t++)
    choose (&choice, ((SmbTrackSummary *) tracks->pdata[t])->number, how->n_uniform);
  return take_frames (&choice, video, take, take_data, cancellable, error);
}

/* A track that is stored. */
static gboolean
visit_track (SmbCase *store, const SmbLabelledFace *labelled, SmbEngineVideo *video, const SmbFaceVisit *how,
             SmbTakeFace take, gpointer take_data, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbVideoState) state = NULL;
  g_auto (Choice) choice = { 0 };

  if (!smb_examine_load_video_run (store, labelled->evidence->id, labelled->run_id, &state, error))
    return FALSE;
  if (state == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("The case has no run number %lld of this video; analyse it anew."), (long long) labelled->run_id);
    return FALSE;
  }
  choice = choice_new (state->progress, state->edits);
  choose (&choice, labelled->track, how->n_uniform);
  return take_frames (&choice, video, take, take_data, cancellable, error);
}

gboolean
smb_examine_visit_labelled (SmbCase *store, const SmbLabelledFace *labelled, const SmbFaceVisit *how, SmbTakeFace take,
                            gpointer take_data, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (SmbImage) image = NULL;

  if (!labelled->video) {
    image = smb_examine_open_whole (store, how->engine, labelled->evidence, cancellable, error);
    return image != NULL && take (image, labelled->known ? &labelled->face : NULL, -1, take_data, error);
  }
  video = smb_examine_open_video (store, how->engine, labelled->evidence, how->progress, how->user_data, cancellable,
                                  error);
  if (video == NULL)
    return FALSE;
  return labelled->known ? visit_track (store, labelled, video, how, take, take_data, cancellable, error)
                         : smb_examine_visit_video (video, how, take, take_data, cancellable, error);
}
