/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-judge-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "analysis/smb-json.h"
#include "analysis/smb-quality-json.h"
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "smb-config.h"
#include "weights/smb-weights-file.h"

/* Faces of one picture go through the network together, so many at a time: more gain nothing and cost memory. */
#define FACES_A_PASS    8
#define CORRECTS_IOU 0.25
#define MAX_DRAWN_FACES 1000

/* A file being hashed; expected NULL: whatever comes out. */
typedef struct {
  char *path, *expected, *found;
  GCancellable *stop;
  GError *error;
} Check;

static gpointer
check_file (gpointer data)
{
  Check *check = data;

  if (check->expected == NULL)
    check->found = smb_sha256_of_file (check->path, NULL, check->stop, &check->error);
  else
    smb_model_verify_file (check->path, check->expected, check->stop, &check->error);
  return check;
}

/* A large file takes longer than finding the faces, and as long as reading the landmarks: all at once. */
static void
begin_check (SmbJudgeNet *net)
{
  Check *check = g_new0 (Check, 1);

  net->stop = g_cancellable_new ();
  check->path = g_strdup (net->path);
  check->expected = g_strdup (net->sha256);
  check->stop = g_object_ref (net->stop);
  net->checker = g_thread_new ("hash", check_file, check);
}

static gboolean
end_check (SmbJudgeNet *net, GError **error)
{
  Check *check = g_thread_join (g_steal_pointer (&net->checker));
  gboolean good = check->error == NULL;

  if (!good)
    g_propagate_error (error, g_steal_pointer (&check->error));
  if (check->found != NULL)
    net->sha256 = g_steal_pointer (&check->found);
  net->checked = good;
  g_clear_object (&net->stop);
  g_object_unref (check->stop);
  g_free (check->path);
  g_free (check->expected);
  g_free (check);
  return good;
}

/* Results carry these hashes: they must be those of the files computed with. Hashing takes time: not before it is
 * needed. */
static gboolean
settle_hash (SmbJudgeNet *net, GError **error)
{
  if (net->checked || net->path == NULL)
    return TRUE;
  if (net->checker == NULL)
    begin_check (net);
  return end_check (net, error);
}

static void
judge_net_clear (SmbJudgeNet *net)
{
  if (net->checker != NULL) {
    g_cancellable_cancel (net->stop);
    end_check (net, NULL);
  }
  for (guint i = 0; i < G_N_ELEMENTS (net->nets); i++)
    g_clear_pointer (&net->nets[i], smb_net_free);
  g_clear_pointer (&net->weights, smb_tensor_dict_unref);
  g_clear_pointer (&net->path, g_free);
  g_clear_pointer (&net->sha256, g_free);
}

void
smb_judge_free (SmbJudge *judge)
{
  if (judge == NULL)
    return;
  judge_net_clear (&judge->detector);
  judge_net_clear (&judge->mim);
  g_clear_pointer (&judge->device, smb_device_unref);
  g_clear_pointer (&judge->faces, smb_face_detector_free);
  smb_judge_forget_landmarks (judge);
  g_free (judge->landmarks_path);
  g_free (judge->name);
  g_free (judge->folder);
  g_free (judge->reference);
  g_strfreev (judge->classes);
  smb_calibration_free (judge->calibration);
  g_free (judge);
}

/* The network, though its file may still be hashed. */
static SmbNet *
ensure_net (SmbJudge *judge, SmbJudgeNet *net, SmbPrecision precision, GError **error)
{
  SmbNet **made = &net->nets[precision];

  if (*made != NULL)
    return *made;
  if ((judge->device->info.precisions & (1u << precision)) == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
                 _ ("The device %s cannot compute with the precision asked for; choose f32 or another device."),
                 judge->device->id);
    return NULL;
  }
  *made = smb_net_new (judge->device, net->weights, NULL, net->path, precision, error);
  return *made;
}

SmbNet *
smb_judge_get_net (SmbJudge *judge, SmbJudgeNet *net, SmbPrecision precision, GError **error)
{
  return settle_hash (net, error) ? ensure_net (judge, net, precision, error) : NULL;
}

/* Only what the file says of itself: the weights are read when the network is first needed. */
static gboolean
load_net (SmbJudgeNet *net, const char *path, const char *sha256, GError **error)
{
  net->path = g_strdup (path);
  net->sha256 = g_strdup (sha256);
  net->weights = smb_weights_read (path, error);
  return net->weights != NULL
         && smb_net_config_detect (&net->config, &net->kind, net->weights, NULL, path, error);
}

static gboolean
load_detector (SmbJudge *judge, const SmbModelInfo *model, GError **error)
{
  guint n_classes = g_strv_length (judge->classes);
  const SmbNetConfig *config = &judge->detector.config;
  SmbNetKind kind;

  if (!load_net (&judge->detector, model->detector_path, model->detector_sha256, error))
    return FALSE;
  begin_check (&judge->detector);
  kind = judge->detector.kind;
  if (kind != SMB_NET_CLASSIFIER && kind != SMB_NET_ADAPTER) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_MISMATCH,
        _ ("%s: a pretraining network, not a detector; name it as the model's reconstruction network instead."),
        model->detector_path);
    return FALSE;
  }
  if (config->classes != (int) n_classes || judge->real_class < 0 || judge->real_class >= config->classes) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s: the network has %d classes, but the model “%s” names %u with number %d as the genuine one; "
                    "correct the model's description or import it again."),
                 model->detector_path, config->classes, model->name, n_classes, judge->real_class);
    return FALSE;
  }
  return TRUE;
}

static gboolean
load_mim (SmbJudge *judge, const SmbModelInfo *model, GError **error)
{
  if (!load_net (&judge->mim, model->mim_path, model->mim_sha256, error))
    return FALSE;
  if (judge->mim.kind == SMB_NET_ONLINE)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
               _ ("%s: has no pixel decoder, so it cannot reconstruct; use the online network of the pretraining."),
               model->mim_path);
  return FALSE;
}

static gboolean
read_calibration (SmbJudge *judge, const SmbModelInfo *model, GError **error)
{
  g_autoptr (JsonNode) node = json_from_string (model->calibration, NULL);

  judge->calibration = smb_calibration_from_json (node, error);
  return judge->calibration != NULL;
}

SmbJudge *
smb_judge_new_without_model (int threads)
{
  SmbJudge *judge = g_new0 (SmbJudge, 1);

  judge->classes = g_new0 (char *, 1);
  judge->threads = threads > 0 ? threads : (int) g_get_num_processors ();
  return judge;
}

SmbJudge *
smb_judge_new (const SmbModelInfo *model, const char *device, int threads, GError **error)
{
  g_autoptr (SmbJudge) judge = NULL;

  g_return_val_if_fail (model != NULL && device != NULL, NULL);
  if (model->detector_path == NULL && model->mim_path == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("The model “%s” names no weights file; import it again or choose another model."), model->name);
    return NULL;
  }
  judge = g_new0 (SmbJudge, 1);
  judge->name = g_strdup (model->name);
  judge->folder = g_strdup (model->folder);
  judge->reference = g_strdup (model->reference);
  judge->classes = model->classes != NULL ? g_strdupv (model->classes) : g_new0 (char *, 1);
  judge->real_class = model->real_class;
  memcpy (judge->mean, model->mean, sizeof judge->mean);
  memcpy (judge->std, model->std, sizeof judge->std);
  memcpy (judge->mim_mean, model->mim_mean, sizeof judge->mim_mean);
  memcpy (judge->mim_std, model->mim_std, sizeof judge->mim_std);
  judge->transform = model->transform;
  judge->trained = model->trained;
  judge->calibrated = model->calibrated;
  if (model->calibrated && !read_calibration (judge, model, error))
    return NULL;
  judge->min_face_px = model->min_face_px;
  if (!smb_face_limits_for_model (&judge->limits, model, error))
    return NULL;
  judge->threads = threads > 0 ? threads : (int) g_get_num_processors ();
  judge->device = smb_device_open (device, threads, error);
  if (judge->device == NULL || (model->detector_path != NULL && !load_detector (judge, model, error))
      || (model->mim_path != NULL && !load_mim (judge, model, error)))
    return NULL;
  return g_steal_pointer (&judge);
}

gboolean
smb_judge_prepare (SmbJudge *judge, SmbPrecision precision, GError **error)
{
  smb_judge_seek_landmarks (judge);
  return judge->detector.path == NULL || ensure_net (judge, &judge->detector, precision, error) != NULL;
}

guint8 *
smb_judge_crop (const SmbImage *image, SmbBox box, SmbFaceTransform transform, const SmbNetConfig *config,
                GError **error)
{
  guint8 *rgb = transform == SMB_FACE_RESIZE_CENTRE_CROP ? smb_face_crop_resize_centre (image, box, config->image_px)
                                                         : smb_face_crop_resize (image, box, config->image_px);

  if (rgb == NULL)
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("The box at %d, %d of %d × %d pixels lies outside the picture of %d × %d pixels; draw it again."),
                 box.x, box.y, box.width, box.height, image->width, image->height);
  return rgb;
}

/* Squares around what was drawn. */
static GArray *
faces_drawn (const SmbImage *image, const GArray *drawn, GError **error)
{
  g_autoptr (GArray) faces = g_array_new (FALSE, TRUE, sizeof (SmbFace));

  if (drawn->len > MAX_DRAWN_FACES) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT,
                 _ ("%u faces were drawn by hand; at most %d can be judged at once."), drawn->len, MAX_DRAWN_FACES);
    return NULL;
  }
  for (guint i = 0; i < drawn->len; i++) {
    SmbBox box = g_array_index (drawn, SmbBox, i);
    SmbFace face = { .origin = SMB_FACE_DRAWN };

    face.box = face.detected = smb_face_square_box (box, image->width, image->height);
    if (face.box.width < 1) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("The box at %d, %d of %d × %d pixels lies outside the picture of %d × %d pixels; draw it again."),
                   box.x, box.y, box.width, box.height, image->width, image->height);
      return NULL;
    }
    g_array_append_val (faces, face);
  }
  return g_steal_pointer (&faces);
}

GArray *
smb_judge_find_faces (SmbJudge *judge, const SmbImage *image, const SmbAnalysisSettings *settings, GError **error)
{
  if (judge->faces == NULL)
    judge->faces = smb_face_detector_new (judge->threads, error);
  if (judge->faces == NULL)
    return NULL;
  return smb_face_detect (judge->faces, image, settings->detect_max_side_px, settings->detect_upsample, error);
}

/* A box by hand over a face that was found is a correction of it. */
static void
drop_corrected (GArray *found, const GArray *drawn)
{
  for (guint i = found->len; i-- > 0;)
    for (guint k = 0; k < drawn->len; k++)
      if (smb_box_iou (g_array_index (found, SmbFace, i).box, g_array_index (drawn, SmbFace, k).box) >= CORRECTS_IOU) {
        g_array_remove_index (found, i);
        break;
      }
}

/* What the detector finds, what was drawn, or both: those found first, without those that were corrected. */
static GArray *
faces_wanted (SmbJudge *judge, const SmbImage *image, const GArray *drawn, const SmbAnalysisSettings *settings,
              GError **error)
{
  g_autoptr (GArray) faces = NULL;
  g_autoptr (GArray) more = NULL;

  if (drawn == NULL)
    return smb_judge_find_faces (judge, image, settings, error);
  more = faces_drawn (image, drawn, error);
  if (more == NULL || !settings->detect_too)
    return g_steal_pointer (&more);
  faces = smb_judge_find_faces (judge, image, settings, error);
  if (faces != NULL)
    drop_corrected (faces, more);
  if (faces != NULL && more->len > 0)
    g_array_append_vals (faces, more->data, more->len);
  return g_steal_pointer (&faces);
}

static gboolean
measure_quality (SmbJudge *judge, const SmbImage *image, SmbFaceResult *result, GError **error)
{
  /* A box by hand is drawn about the head, as wide as FSFM's crop. */
  const SmbBox detected = result->face.origin == SMB_FACE_DRAWN ? smb_face_uncrop_box (result->face.box)
                                                                : result->face.detected;
  SmbLandmarks landmarks;

  if (!smb_judge_find_landmarks (judge, image, detected, &landmarks, error))
    return FALSE;
  result->quality = g_new0 (SmbFaceQuality, 1);
  smb_face_quality_measure (result->quality, image, detected, &landmarks);
  result->quality_notes = smb_face_quality_check (result->quality, &judge->limits);
  return TRUE;
}

/* Why this face gets no score; NULL if it gets one. */
char *
smb_judge_why_outside (const SmbJudge *judge, const SmbFace *face)
{
  int size_px = MIN (face->detected.width, face->detected.height);

  if (judge->detector.weights == NULL)
    return g_strdup (_ ("This model has no detector: it gives maps, but no score."));
  if (size_px < judge->min_face_px)
    return g_strdup_printf (_ ("Too small: the face measures %d pixels, and the model was validated on faces from "
                               "%d pixels."),
                            size_px, judge->min_face_px);
  if (face->origin == SMB_FACE_DETECTED && face->confidence < SMB_FACE_SURE_CONFIDENCE)
    return g_strdup_printf (
        _ ("Doubtful: the face detector's confidence is %.2f, below %.2f. If it is a face, draw its "
           "box by hand to have it judged."),
        face->confidence, SMB_FACE_SURE_CONFIDENCE);
  return NULL;
}

static gboolean
read_probabilities (SmbJudge *judge, const SmbTensorDict *outputs, SmbFaceResult **results, guint n, GError **error)
{
  const SmbTensor *probabilities = smb_tensor_dict_get (outputs, "out.probabilities");
  const int n_classes = (int) g_strv_length (judge->classes);

  g_return_val_if_fail (probabilities != NULL
                            && smb_tensor_shape_is (probabilities, 2, (gint64) n, (gint64) n_classes),
                        FALSE);
  for (guint i = 0; i < n; i++) {
    const float *row = (const float *) probabilities->data + (gsize) i * (gsize) n_classes;

    results[i]->probabilities = g_new (double, n_classes);
    results[i]->n_classes = n_classes;
    for (int c = 0; c < n_classes; c++) {
      if (!isfinite (row[c])) {
        g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED,
                     _ ("%s: the network answered with values that are not numbers; its weights are damaged: verify "
                        "the model or import it again."),
                     judge->detector.path);
        return FALSE;
      }
      results[i]->probabilities[c] = CLAMP ((double) row[c], 0.0, 1.0);
    }
    results[i]->score = 1.0 - results[i]->probabilities[judge->real_class];
    if (judge->calibration != NULL) {
      SmbLikelihood *l = &results[i]->likelihood;

      l->log10_lr = smb_calibration_apply (judge->calibration, results[i]->score, &l->bound);
      l->low = judge->calibration->low;
      l->high = judge->calibration->high;
    }
  }
  return TRUE;
}

/* Adds what has passed since *since_us, which moves on to now. */
static void
add_time (double *seconds, gint64 *since_us)
{
  const gint64 now_us = g_get_monotonic_time ();

  *seconds += (double) (now_us - *since_us) / G_USEC_PER_SEC;
  *since_us = now_us;
}

gboolean
smb_judge_score_faces (SmbJudge *judge, SmbNet *net, const SmbImage *const *pictures, SmbFaceResult **results, guint n,
                       GCancellable *cancellable, GError **error)
{
  gint64 since_us = g_get_monotonic_time ();
  const SmbNetConfig *config = &judge->detector.config;
  const gint64 shape[] = { n, 3, config->image_px, config->image_px };
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  g_autoptr (SmbTensorDict) inputs = smb_tensor_dict_new ();
  g_autoptr (SmbTensorDict) outputs = NULL;

  for (guint i = 0; i < n; i++) {
    g_autofree guint8 *rgb = smb_judge_crop (pictures[i], results[i]->face.box, judge->transform, config, error);

    if (rgb == NULL)
      return FALSE;
    smb_face_normalise ((float *) images->data + (gsize) i * (gsize) (images->n / n), rgb, config->image_px,
                        judge->mean, judge->std);
  }
  smb_tensor_dict_set (inputs, "in.images", images);
  add_time (&judge->stage_seconds[SMB_STAGE_CROP], &since_us);
  outputs = smb_net_forward (net, NULL, inputs, SMB_WANT_RESULT, cancellable, error);
  add_time (&judge->stage_seconds[SMB_STAGE_NETWORK], &since_us);
  return outputs != NULL && read_probabilities (judge, outputs, results, n, error);
}

/* What was asked for, and the parts that decide what faces are found. */
static char *
settings_text (const SmbAnalysisSettings *settings)
{
  g_autofree char *asked = smb_analysis_settings_to_json (settings);
  g_autoptr (JsonNode) node = json_from_string (asked, NULL);
  JsonObject *object = json_node_get_object (node);

  json_object_set_string_member (object, "detector", smb_face_detector_name ());
  json_object_set_double_member (object, "sure_confidence", SMB_FACE_SURE_CONFIDENCE);
  return smb_json_to_canonical (node);
}

static SmbAnalysis *
analysis_about (const SmbJudge *judge, const SmbImage *image, const SmbAnalysisSettings *settings)
{
  SmbAnalysis *analysis = smb_analysis_new ();

  analysis->width = image->width;
  analysis->height = image->height;
  analysis->model_name = g_strdup (judge->name);
  analysis->classes = g_strdupv (judge->classes);
  analysis->real_class = judge->real_class;
  analysis->trained = judge->trained;
  analysis->calibrated = judge->calibrated;
  analysis->device = smb_judge_dup_device (judge);
  analysis->program_version = g_strdup (SMB_VERSION);
  analysis->settings = settings_text (settings);
  analysis->seed = settings->seed;
  return analysis;
}

/* The region table of every face that is judged, if it is asked for. */
static gboolean
add_regions (SmbJudge *judge, const SmbImage *image, const GPtrArray *faces, const SmbAnalysisSettings *settings,
             GCancellable *cancellable, GError **error)
{
  const SmbRegionSettings how = { settings->region_draws, settings->seed };

  for (guint i = 0; settings->region_draws > 0 && i < faces->len; i++) {
    SmbFaceResult *result = g_ptr_array_index (faces, i);
    const SmbMapJob job = { .box = result->face.box };

    result->regions = smb_judge_regions (judge, image, &job, &how, cancellable, error);
    if (result->regions == NULL)
      return FALSE;
  }
  return TRUE;
}

/* Scores the faces while the detector's file may still be hashed. Nothing of it leaves before the file is known to be
 * the model's; that it is not is the error, whatever else went wrong. */
static gboolean
score_all (SmbJudge *judge, const SmbImage *image, GPtrArray *faces, const SmbAnalysisSettings *settings,
           GCancellable *cancellable, GError **error)
{
  gint64 since_us = g_get_monotonic_time ();
  const SmbImage *pictures[FACES_A_PASS];
  g_autoptr (GError) failure = NULL;
  SmbNet *net = ensure_net (judge, &judge->detector, settings->precision, &failure);
  gboolean good = net != NULL, settled;

  add_time (&judge->stage_seconds[SMB_STAGE_NETWORK], &since_us);
  for (guint i = 0; i < FACES_A_PASS; i++)
    pictures[i] = image;
  for (guint done = 0; good && done < faces->len; done += FACES_A_PASS) {
    guint n = MIN (FACES_A_PASS, faces->len - done);

    good = !g_cancellable_set_error_if_cancelled (cancellable, &failure)
           && smb_judge_score_faces (judge, net, pictures, (SmbFaceResult **) faces->pdata + done, n, cancellable,
                                     &failure);
  }
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE; /* without waiting for the rest of the file */
  }
  since_us = g_get_monotonic_time ();
  settled = settle_hash (&judge->detector, error);
  add_time (&judge->stage_seconds[SMB_STAGE_NETWORK], &since_us);
  if (settled && !good)
    g_propagate_error (error, g_steal_pointer (&failure));
  return settled && good;
}

/* A model that is a mere file does not say its hashes. */
static gboolean
name_weights (SmbJudge *judge, SmbAnalysis *analysis, GError **error)
{
  if ((judge->detector.sha256 == NULL && !settle_hash (&judge->detector, error))
      || (judge->mim.sha256 == NULL && !settle_hash (&judge->mim, error)))
    return FALSE;
  analysis->model_sha256 = g_strdup (judge->detector.sha256);
  analysis->mim_sha256 = g_strdup (judge->mim.sha256);
  return TRUE;
}

char *
smb_judge_dup_device (const SmbJudge *judge)
{
  return g_strdup_printf ("%s: %s", judge->device->id, judge->device->info.name);
}

SmbAnalysis *
smb_judge_analyze (SmbJudge *judge, const SmbImage *image, const GArray *drawn, const SmbAnalysisSettings *settings,
                   GCancellable *cancellable, GError **error)
{
  const gint64 start_us = g_get_monotonic_time ();
  g_autoptr (SmbAnalysis) analysis = NULL;
  g_autoptr (GArray) faces = NULL;
  g_autoptr (GPtrArray) inside = g_ptr_array_new ();
  gint64 since_us = start_us;

  g_return_val_if_fail (judge != NULL && image != NULL && settings != NULL, NULL);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  memset (judge->stage_seconds, 0, sizeof judge->stage_seconds);
  smb_judge_seek_landmarks (judge);
  faces = faces_wanted (judge, image, drawn, settings, error);
  if (faces == NULL)
    return NULL;
  add_time (&judge->stage_seconds[SMB_STAGE_DETECT], &since_us);
  analysis = analysis_about (judge, image, settings);
  for (guint i = 0; i < faces->len; i++) {
    SmbFaceResult *result = smb_face_result_new (&g_array_index (faces, SmbFace, i));

    result->outside = smb_judge_why_outside (judge, &result->face);
    g_ptr_array_add (analysis->faces, result);
    if (result->outside == NULL)
      g_ptr_array_add (inside, result);
  }
  if (inside->len > 0 && !score_all (judge, image, inside, settings, cancellable, error))
    return NULL;
  since_us = g_get_monotonic_time ();
  for (guint i = 0; i < faces->len; i++) /* last: the first time, the landmarks are still being read */
    if (!measure_quality (judge, image, analysis->faces->pdata[i], error))
      return NULL;
  add_time (&judge->stage_seconds[SMB_STAGE_QUALITY], &since_us);
  if (!add_regions (judge, image, inside, settings, cancellable, error) || !name_weights (judge, analysis, error))
    return NULL;
  memcpy (analysis->stage_seconds, judge->stage_seconds, sizeof analysis->stage_seconds);
  analysis->seconds = (double) (g_get_monotonic_time () - start_us) / G_USEC_PER_SEC;
  return g_steal_pointer (&analysis);
}
