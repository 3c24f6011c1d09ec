/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers what a report shows: drawing it opens no evidence and computes nothing. */
#include "examine/smb-examine.h"

#include "analysis/smb-card-limits.h"
#include "analysis/smb-card-summary.h"
#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "examine/smb-examine-labels.h"
#include "examine/smb-examine-private.h"
#include "examine/smb-examine-video.h"
#include "media/smb-video-facts.h"
#include "report/smb-report.h"

#include <glib/gi18n-lib.h>

#define MAX_RESULT_BYTES (16u << 20) /* of a stored analysis: thousands of faces */
#define PICTURE_SIDE_PX 1600 /* about 220 dots an inch over the width of a page */

/* An exhibit with all its report entry borrows. */
typedef struct {
  SmbReportExhibit entry; /* first: see smb_examine_gather */
  SmbEvidence *evidence;
  SmbCaseAnalysis *stored;
  char *card;
  SmbCardLimits *limits;
  SmbAnalysis *analysis;
  GPtrArray *pictures;    /* SmbCasePicture*; NULL: one file */
  GPtrArray *video_facts; /* SmbVideoFact*; NULL: no video */
  GArray *left_out;       /* guint; NULL: none */
  GArray *track_frames;   /* guint: where each track of a video is seen best; NULL: a picture */
  GPtrArray *track_words; /* char*; likewise */
  SmbEngineVideo *video;
  SmbVideoState *run; /* NULL: a picture, or its run is not in the case */
  SmbReportTimeline timeline;
} Gathered;

static void
gathered_free (gpointer data)
{
  Gathered *gathered = data;

  g_clear_pointer (&gathered->entry.picture, smb_image_unref);
  g_clear_pointer (&gathered->entry.maps, g_ptr_array_unref);
  g_clear_pointer (&gathered->entry.crops, g_ptr_array_unref);
  g_clear_pointer (&gathered->entry.regions, g_ptr_array_unref);
  g_clear_pointer (&gathered->entry.notes, g_ptr_array_unref);
  g_clear_pointer (&gathered->entry.findings, g_ptr_array_unref);
  g_clear_pointer (&gathered->pictures, g_ptr_array_unref);
  g_clear_pointer (&gathered->video_facts, g_ptr_array_unref);
  g_clear_pointer (&gathered->left_out, g_array_unref);
  g_clear_pointer (&gathered->track_frames, g_array_unref);
  g_clear_pointer (&gathered->track_words, g_ptr_array_unref);
  g_clear_pointer (&gathered->video, smb_engine_video_unref);
  g_clear_pointer (&gathered->timeline.tracks, g_ptr_array_unref);
  g_clear_pointer (&gathered->run, smb_video_state_free);
  g_clear_pointer (&gathered->evidence, smb_evidence_free);
  g_clear_pointer (&gathered->stored, smb_case_analysis_free);
  g_free (gathered->card);
  g_clear_pointer (&gathered->limits, smb_card_limits_free);
  g_clear_pointer (&gathered->analysis, smb_analysis_free);
  g_free (gathered);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Gathered, gathered_free)

/* What all exhibits of a report share. */
typedef struct {
  SmbCase *store;
  SmbEngine *engine;
  const SmbReportWish *wish;
  const SmbModelInfo *model;
  const SmbMapSpec *specs;
  guint n_specs;
  gboolean check; /* maps for faithfulness */
  GCancellable *cancellable;
} Maker;

/* Something the reader must know of this report, though it is no record of the case. */
static void
remark (Gathered *gathered, const char *text)
{
  SmbFinding *finding = g_new0 (SmbFinding, 1);

  finding->evidence_id = gathered->evidence->id;
  finding->made_us = g_get_real_time ();
  finding->kind = g_strdup ("report");
  finding->text = g_strdup (text);
  g_ptr_array_add (gathered->entry.findings, finding);
}

static gboolean
is_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Maps must come from the very weights that gave the score. */
static gboolean
is_model_of (const SmbModelInfo *model, const SmbCaseAnalysis *stored)
{
  return g_strcmp0 (model->detector_sha256, stored->model_sha256) == 0
         && g_strcmp0 (model->mim_sha256, stored->mim_sha256) == 0;
}

/* What the card says of the model that gave the scores, which is found in the library by its hashes: a name in a case
 * that came from elsewhere opens nothing. */
static void
read_card (Gathered *gathered)
{
  g_autoptr (GPtrArray) models = smb_model_list (NULL);

  for (guint i = 0; i < models->len; i++) {
    const SmbModelInfo *model = g_ptr_array_index (models, i);

    if (!is_model_of (model, gathered->stored))
      continue;
    gathered->card = smb_model_card_summary (model);
    gathered->limits = smb_card_limits_read (model, NULL);
    break;
  }
  gathered->entry.model_card = gathered->card;
  if (gathered->limits != NULL && gathered->limits->poor)
    gathered->entry.model_doubt = gathered->limits->measured;
}

static gboolean
model_makes (const SmbModelInfo *model, SmbMapKind kind)
{
  gboolean of_detector = smb_map_kind_is_of_detector (kind);

  return (of_detector ? model->detector_path : model->mim_path) != NULL;
}

static void
regions_free (gpointer data)
{
  if (data != NULL)
    smb_regions_free (data);
}

static GPtrArray *
maps_of_face (const Maker *maker, Gathered *gathered, const SmbImage *image, guint index, const SmbMapSpec *specs,
              guint n_specs, GError **error)
{
  const SmbFaceResult *result = g_ptr_array_index (gathered->analysis->faces, index);
  SmbRegions *edited = NULL;
  SmbMapJob job = { .box = result->face.box, .check = maker->check };

  if (!smb_examine_get_regions (maker->store, gathered->stored->id, index, &edited, error))
    return NULL;
  gathered->entry.regions->pdata[index] = edited;
  job.regions = edited;
  return smb_engine_make_maps (maker->engine, maker->model, image, &job, specs, n_specs, maker->cancellable, error);
}

/* The picture that a face is in: of a video the frame in which its track is seen best. New reference. */
static SmbImage *
picture_of_face (const Maker *maker, const Gathered *gathered, SmbImage *image, guint index)
{
  SmbImage *frame = NULL;

  if (gathered->video != NULL && gathered->track_frames != NULL && index < gathered->track_frames->len)
    frame = smb_engine_video_get_frame (gathered->video, g_array_index (gathered->track_frames, guint, index), 0,
                                        maker->cancellable, NULL);
  return frame != NULL ? frame : smb_image_ref (image);
}

/* The maps of each face that has a score or was drawn by hand; others get none. FALSE only if cancelled. */
static gboolean
make_maps (const Maker *maker, Gathered *gathered, SmbImage *image, GError **error)
{
  g_autofree SmbMapSpec *specs = g_new0 (SmbMapSpec, maker->n_specs);
  guint n_specs = 0;

  for (guint i = 0; i < maker->n_specs; i++)
    if (model_makes (maker->model, maker->specs[i].kind))
      specs[n_specs++] = maker->specs[i];
  if (n_specs < maker->n_specs)
    remark (gathered, _ ("Some of the maps asked for are left out: this model has no network that makes them."));
  gathered->entry.maps = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  gathered->entry.regions = g_ptr_array_new_with_free_func (regions_free);
  g_ptr_array_set_size (gathered->entry.regions, (int) gathered->analysis->faces->len);
  for (guint i = 0; i < gathered->analysis->faces->len; i++) {
    const SmbFaceResult *result = g_ptr_array_index (gathered->analysis->faces, i);
    g_autoptr (GError) problem = NULL;
    g_autoptr (SmbImage) whole = picture_of_face (maker, gathered, image, i);
    GPtrArray *maps = NULL;

    if (n_specs > 0 && result->outside == NULL && smb_report_shows (&gathered->entry, i))
      maps = maps_of_face (maker, gathered, whole, i, specs, n_specs, &problem);
    if (is_cancelled (problem)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    if (problem != NULL) {
      g_autofree char *text
          = g_strdup_printf (_ ("The maps of face F%u could not be made: %s"), i + 1, problem->message);

      remark (gathered, text);
    }
    g_ptr_array_add (gathered->entry.maps,
                     maps != NULL ? maps : g_ptr_array_new_with_free_func ((GDestroyNotify) smb_map_free));
  }
  return TRUE;
}

static void
cut_crops (const Maker *maker, Gathered *gathered, SmbImage *image)
{
  gathered->entry.crops = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_image_unref);
  for (guint i = 0; i < gathered->analysis->faces->len; i++) {
    const SmbFaceResult *result = g_ptr_array_index (gathered->analysis->faces, i);
    g_autoptr (SmbImage) whole = picture_of_face (maker, gathered, image, i);
    SmbImage *crop = smb_image_crop (whole, result->face.box);

    /* Every stored box lies in its picture; a crafted case may say otherwise, and then shows the whole. */
    g_ptr_array_add (gathered->entry.crops, crop != NULL ? crop : smb_image_ref (whole));
  }
}

/* Takes the tracks of faces that are left out away from those whose scores are drawn. */
static void
drop_left_out (const Gathered *gathered, GPtrArray *tracks)
{
  gint64 run;
  g_autoptr (GArray) numbers
      = gathered->left_out != NULL ? smb_examine_track_numbers (gathered->stored, &run, NULL) : NULL;

  for (guint i = 0; numbers != NULL && i < numbers->len; i++)
    for (guint k = tracks->len; !smb_report_shows (&gathered->entry, i) && k-- > 0;)
      if (((SmbTrackSummary *) tracks->pdata[k])->number == g_array_index (numbers, guint, i))
        g_ptr_array_remove_index (tracks, k);
}

/* The scores over time, as long as the video is; without it, as long as its last frame looked at. */
static void
add_timeline (Gathered *gathered)
{
  const GPtrArray *frames = gathered->run->progress->frames;
  SmbReportTimeline *timeline = &gathered->timeline;

  timeline->frames = gathered->run->progress->frames;
  timeline->tracks = smb_video_state_summarise (gathered->run);
  drop_left_out (gathered, timeline->tracks);
  timeline->n_edits = gathered->run->edits->len;
  if (gathered->video != NULL) {
    const SmbVideoSlot *last
        = &smb_engine_video_get_slots (gathered->video)[smb_engine_video_get_n_frames (gathered->video) - 1];

    timeline->length_us = last->time_us + last->duration_us;
  } else if (frames->len > 0)
    timeline->length_us = ((const SmbFrameFaces *) frames->pdata[frames->len - 1])->time_us;
  if (timeline->tracks->len > 0)
    gathered->entry.timeline = timeline;
}

static gboolean
add_picture (const Maker *maker, Gathered *gathered, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (SmbImage) image = smb_examine_open_picture (maker->store, maker->engine, gathered->evidence, 0,
                                                         maker->cancellable, &problem);

  if (image != NULL && MAX (image->width, image->height) > PICTURE_SIDE_PX)
    gathered->entry.picture = smb_examine_open_picture (maker->store, maker->engine, gathered->evidence,
                                                        PICTURE_SIDE_PX, maker->cancellable, &problem);
  else if (image != NULL)
    gathered->entry.picture = smb_image_ref (image);
  if (image == NULL || gathered->entry.picture == NULL) {
    if (is_cancelled (problem)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    if (gathered->evidence->problem == NULL) /* else the exhibit's own facts say it */
      remark (gathered, problem->message);
    return TRUE;
  }
  gathered->entry.picture_scale = (double) gathered->entry.picture->width / image->width;
  if (gathered->analysis == NULL)
    return TRUE;
  if (gathered->track_frames != NULL) {
    gathered->entry.no_boxes = TRUE;
    gathered->video = smb_examine_open_video (maker->store, maker->engine, gathered->evidence, NULL, NULL,
                                              maker->cancellable, NULL);
    for (guint i = 0; i < gathered->track_words->len; i++)
      if (smb_report_shows (&gathered->entry, i))
        remark (gathered, gathered->track_words->pdata[i]);
  }
  cut_crops (maker, gathered, image);
  if (maker->n_specs == 0)
    return TRUE;
  if (maker->model == NULL || !is_model_of (maker->model, gathered->stored)) {
    remark (gathered,
            _ ("No maps are shown: the model that gave the scores is not the one this report was made with."));
    return TRUE;
  }
  gathered->entry.attention_part
      = maker->model->transform == SMB_FACE_RESIZE_CENTRE_CROP ? 224.0 / 256.0 : 1.0;
  return make_maps (maker, gathered, image, error);
}

/* Which faces of the newest analysis the examiner left out. One of an older analysis cannot be told among the new ones,
 * and would be shown: that is an error. older: SmbCaseAnalysis*, the other analyses of the exhibit. */
static gboolean
leave_out (const Maker *maker, Gathered *gathered, const GPtrArray *older, GError **error)
{
  for (guint i = 0; i < maker->wish->n_left_out; i++) {
    const SmbReportFace *face = &maker->wish->left_out[i];

    for (guint k = 0; k < older->len; k++)
      if (((const SmbCaseAnalysis *) older->pdata[k])->id == face->analysis_id) {
        g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                     _ ("%s was analysed again after the faces to leave out were chosen. Choose its faces anew."),
                     gathered->evidence->exhibit);
        return FALSE;
      }
    if (face->analysis_id != gathered->stored->id || face->face >= gathered->analysis->faces->len)
      continue;
    if (gathered->left_out == NULL)
      gathered->entry.left_out = gathered->left_out = g_array_new (FALSE, FALSE, sizeof (guint));
    g_array_append_val (gathered->left_out, face->face);
  }
  return TRUE;
}

/* As the container had them when it was taken in. */
static gboolean
add_video_facts (const Maker *maker, Gathered *gathered, GError **error)
{
  g_autoptr (JsonNode) node = NULL;

  if (!smb_examine_read_facts (maker->store, gathered->evidence->id, &node, error))
    return FALSE;
  if (node != NULL)
    gathered->video_facts = smb_video_facts_in_words (json_node_get_object (node));
  gathered->entry.video_facts = gathered->video_facts;
  return TRUE;
}

/* Takes `evidence`. */
static Gathered *
gather (const Maker *maker, SmbEvidence *evidence, GError **error)
{
  g_autoptr (Gathered) gathered = g_new0 (Gathered, 1);
  g_autoptr (GPtrArray) analyses = NULL;
  g_autoptr (GError) unread = NULL;

  gathered->evidence = evidence;
  gathered->entry.evidence = evidence;
  /* The report says when each exhibit was last found to be what was taken in: that is now, and the log has it too. */
  if (!smb_examine_verify (maker->store, evidence, &evidence->hash_state, maker->cancellable, error))
    return NULL;
  if (evidence->n_pictures > 0) {
    gathered->pictures = smb_examine_read_pictures (maker->store, evidence, &gathered->entry.rate, &unread);
    gathered->entry.pictures = gathered->pictures;
  }
  gathered->entry.notes = smb_case_list_notes (maker->store, evidence->id, error);
  if (gathered->entry.notes == NULL || !add_video_facts (maker, gathered, error))
    return NULL;
  analyses = smb_case_list_analyses (maker->store, evidence->id, error);
  if (analyses == NULL)
    return NULL;
  if (analyses->len > 0) {
    g_autoptr (JsonNode) json = NULL;

    gathered->stored = g_ptr_array_steal_index (analyses, 0);
    gathered->entry.stored = gathered->stored;
    read_card (gathered);
    json = smb_json_parse (gathered->stored->result, MAX_RESULT_BYTES, _ ("stored analysis"), error);
    if (json != NULL)
      gathered->analysis = smb_analysis_from_json (json, error);
    gathered->track_words = g_ptr_array_new_with_free_func (g_free);
    if (gathered->analysis != NULL)
      gathered->track_frames = smb_examine_read_tracks (json, gathered->track_words);
    if (gathered->track_frames != NULL)
      gathered->run = smb_examine_run_of_analysis (maker->store, evidence->id, json, unread == NULL ? &unread : NULL);
    if (gathered->analysis == NULL)
      return NULL;
    gathered->entry.analysis = gathered->analysis;
    if (!leave_out (maker, gathered, analyses, error))
      return NULL;
  }
  /* Opening the picture can add a finding (altered, missing), so the list is asked for afterwards. */
  gathered->entry.findings = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_finding_free);
  if (!add_picture (maker, gathered, error))
    return NULL;
  if (gathered->run != NULL)
    add_timeline (gathered);
  g_clear_pointer (&gathered->video, smb_engine_video_unref); /* a draft may be kept for long */
  if (unread != NULL)
    remark (gathered, unread->message);
  {
    g_autoptr (GPtrArray) stored = smb_case_list_findings (maker->store, evidence->id, error);

    if (stored == NULL)
      return NULL;
    g_ptr_array_extend_and_steal (gathered->entry.findings, g_steal_pointer (&stored));
  }
  return g_steal_pointer (&gathered);
}

/* The record as it is after the picture was opened: its hash state may have changed. */
static gboolean
refresh (SmbCase *store, GPtrArray *exhibits, GError **error)
{
  g_autoptr (GPtrArray) now = smb_case_list_evidence (store, error);

  if (now == NULL)
    return FALSE;
  for (guint i = 0; i < exhibits->len; i++) {
    Gathered *gathered = g_ptr_array_index (exhibits, i);

    for (guint k = 0; k < now->len; k++) {
      const SmbEvidence *evidence = g_ptr_array_index (now, k);

      if (evidence->id == gathered->evidence->id) {
        smb_evidence_free (gathered->evidence);
        gathered->evidence = g_ptr_array_steal_index (now, k);
        gathered->entry.evidence = gathered->evidence;
        break;
      }
    }
  }
  return TRUE;
}

static gboolean
is_wanted (const SmbEvidence *evidence, const gint64 *ids, guint n_ids)
{
  if (ids == NULL)
    return TRUE;
  for (guint i = 0; i < n_ids; i++)
    if (ids[i] == evidence->id)
      return TRUE;
  return FALSE;
}

GPtrArray *
smb_examine_gather (SmbCase *store, SmbEngine *engine, const SmbReportWish *wish, SmbProgress progress,
                    gpointer user_data, GCancellable *cancellable, GError **error)
{
  const Maker gathering
      = { store, engine, wish, wish->model, wish->specs, wish->model != NULL ? wish->n_specs : 0, wish->check, cancellable };
  const Maker *maker = &gathering;
  g_autoptr (GPtrArray) exhibits = g_ptr_array_new_with_free_func (gathered_free);
  g_autoptr (GPtrArray) evidence = smb_case_list_evidence (maker->store, error);
  guint done = 0, total = 0;

  if (evidence == NULL)
    return NULL;
  for (guint i = 0; i < evidence->len; i++)
    total += is_wanted (g_ptr_array_index (evidence, i), wish->evidence_ids, wish->n_evidence) ? 1 : 0;
  while (evidence->len > 0) {
    SmbEvidence *next = g_ptr_array_steal_index (evidence, 0);
    Gathered *gathered;

    if (!is_wanted (next, wish->evidence_ids, wish->n_evidence)) {
      smb_evidence_free (next);
      continue;
    }
    if (progress != NULL)
      progress (done++, total, next->exhibit, user_data);
    gathered = gather (maker, next, error);
    if (gathered == NULL)
      return NULL;
    g_ptr_array_add (exhibits, gathered);
  }
  if (progress != NULL)
    progress (total, total, _ ("Writing the report"), user_data);
  return refresh (maker->store, exhibits, error) ? g_steal_pointer (&exhibits) : NULL;
}
