/* SPDX-License-Identifier: Apache-2.0 */
/* The region table: masks by the dozen, their errors gathered region by region, and the comparison with genuine faces.
 */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "analysis/smb-judge-private.h"
#include "analysis/smb-reference.h"
#include "base/smb-error.h"
#include "explain/smb-reconstruction-map.h"

#define N SMB_N_COVERED_REGIONS
/* Streams of random numbers: one for each region's masks, one for the proportional ones. */
#define STREAM_OF_REGION(region) (SMB_MASK_STREAM + 1 + (guint64) (region))
#define STREAM_PARTIAL STREAM_OF_REGION (N)

typedef struct {
  SmbJudgeFace *face;
  SmbRegionReport *report;
  const guint8 *member;
  gsize l; /* patches */
  guint64 done, total; /* masks */
} Job;

static void
step (Job *job, int masks)
{
  smb_judge_report (job->face, job->done, job->total, _ ("Hiding one region after another"));
  job->done += (guint64) masks;
}

/* Mean of the errors at patches of both kinds; NAN where there are none. */
static double
mean_error (const float *errors, const guint8 *mask, const guint8 *of, gsize l)
{
  double sum = 0;
  int n = 0;

  for (gsize k = 0; k < l; k++)
    if (mask[k] && of[k]) {
      sum += (double) errors[k];
      n++;
    }
  return n > 0 ? sum / n : NAN;
}

/* Unit features of the whole face (P). */
static float *
whole_features (Job *job, gsize *p_out, GError **error)
{
  g_autofree guint8 *nothing = g_new0 (guint8, job->l);
  g_autoptr (SmbTensorDict) outputs = smb_judge_forward_mask (job->face, nothing, error);
  const SmbTensor *proj = outputs != NULL ? smb_tensor_dict_get (outputs, "out.proj") : NULL;
  double square = 0;
  float *out;

  if (outputs == NULL)
    return NULL;
  *p_out = (gsize) proj->n;
  out = g_memdup2 (proj->data, *p_out * sizeof (float));
  for (gsize i = 0; i < *p_out; i++)
    square += (double) out[i] * (double) out[i];
  for (gsize i = 0; i < *p_out && square > 0; i++)
    out[i] = (float) ((double) out[i] / sqrt (square));
  return out;
}

static double
dot (const float *a, const float *b, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double) a[i] * (double) b[i];
  return sum;
}

/* Coherency and correspondence of one region: all of it hidden, the rest in proportion. */
static gboolean
cover (Job *job, int region, const float *whole, gsize p, GError **error)
{
  const int draws = job->report->settings.draws;
  const guint8 *of = job->member + (gsize) region * job->l;
  g_autofree guint8 *masks = g_new (guint8, (gsize) draws * job->l), *fr = g_new (guint8, (gsize) draws * job->l);
  g_autofree float *errors = g_new (float, (gsize) draws * job->l), *features = g_new (float, (gsize) draws * p);
  SmbMeasure *measures = job->report->rows[region].measures;
  double error_sum = 0, cosine_sum = 0;
  SmbRng rng;

  step (job, draws);
  if (memchr (of, 1, job->l) == NULL)
    return TRUE;
  smb_rng_init (&rng, job->report->settings.seed, STREAM_OF_REGION (region));
  for (gsize d = 0; d < (gsize) draws; d++)
    smb_mask_draw (masks + d * job->l, fr + d * job->l, &rng, SMB_MASK_CRFR_P, (SmbRegion) region, job->member,
                   (int) job->l, SMB_REGION_RATIO);
  if (!smb_judge_forward_masks (job->face, masks, (guint) draws, errors, features, error))
    return FALSE;
  for (gsize d = 0; d < (gsize) draws; d++) {
    error_sum += mean_error (errors + d * job->l, masks + d * job->l, fr + d * job->l, job->l);
    cosine_sum += dot (features + d * p, whole, p);
  }
  measures[SMB_MEASURE_COHERENCY].value = error_sum / draws;
  measures[SMB_MEASURE_CORRESPONDENCE].value = cosine_sum / draws;
  return TRUE;
}

/* Consistency of all regions: each hidden in proportion, none covered. A draw counts for the regions it left in part.
 */
static gboolean
hide_partly (Job *job, GError **error)
{
  const int draws = job->report->settings.draws;
  g_autofree guint8 *masks = g_new (guint8, (gsize) draws * job->l), *fr = g_new (guint8, job->l);
  g_autofree float *errors = g_new (float, (gsize) draws * job->l);
  double sums[N] = { 0 };
  SmbRng rng;

  step (job, draws);
  smb_rng_init (&rng, job->report->settings.seed, STREAM_PARTIAL);
  for (gsize d = 0; d < (gsize) draws; d++)
    smb_mask_draw (masks + d * job->l, fr, &rng, SMB_MASK_FRP, SMB_REGION_RANDOM, job->member, (int) job->l,
                   SMB_REGION_RATIO);
  if (!smb_judge_forward_masks (job->face, masks, (guint) draws, errors, NULL, error))
    return FALSE;
  for (int i = 0; i < N; i++) {
    const guint8 *of = job->member + (gsize) i * job->l;
    SmbRegionRow *row = &job->report->rows[i];

    for (gsize d = 0; d < (gsize) draws; d++) {
      const guint8 *mask = masks + d * job->l;
      gboolean hidden = FALSE, seen = FALSE;

      for (gsize k = 0; k < job->l; k++) {
        hidden |= of[k] && mask[k];
        seen |= of[k] && !mask[k];
      }
      if (hidden && seen) {
        sums[i] += mean_error (errors + d * job->l, mask, of, job->l);
        row->partial++;
      }
    }
    if (row->partial > 0)
      row->measures[SMB_MEASURE_CONSISTENCY].value = sums[i] / row->partial;
  }
  return TRUE;
}

/* Errors of region i and j when just these two are hidden (i = j: the one); NAN where that cannot be. */
static gboolean
hide_pair (Job *job, int i, int j, double *of_i, double *of_j, GError **error)
{
  const guint8 *a = job->member + (gsize) i * job->l, *b = job->member + (gsize) j * job->l;
  g_autofree guint8 *mask = g_new (guint8, job->l);
  g_autofree float *errors = g_new (float, job->l);

  step (job, 1);
  *of_i = *of_j = NAN;
  for (gsize k = 0; k < job->l; k++)
    mask[k] = a[k] || b[k];
  if (memchr (a, 1, job->l) == NULL || memchr (b, 1, job->l) == NULL || memchr (mask, 0, job->l) == NULL)
    return TRUE;
  if (!smb_judge_forward_masks (job->face, mask, 1, errors, NULL, error))
    return FALSE;
  *of_i = mean_error (errors, mask, a, job->l);
  *of_j = mean_error (errors, mask, b, job->l);
  return TRUE;
}

static gboolean
fill_matrix (Job *job, GError **error)
{
  double alone[N], of_i, of_j;

  for (int i = 0; i < N; i++) {
    if (!hide_pair (job, i, i, &alone[i], &of_j, error))
      return FALSE;
    job->report->rows[i].measures[SMB_MEASURE_ALONE].value = alone[i];
  }
  for (int i = 0; i < N; i++)
    for (int j = i + 1; j < N; j++) {
      if (!hide_pair (job, i, j, &of_i, &of_j, error))
        return FALSE;
      job->report->rise[i][j].value = of_i - alone[i];
      job->report->rise[j][i].value = of_j - alone[j];
    }
  return TRUE;
}

/* Every value that was measured is a number, or the weights are broken. */
static gboolean
check_numbers (const Job *job, GError **error)
{
  for (int i = 0; i < N; i++) {
    const SmbMeasure *measures = job->report->rows[i].measures;

    if (job->report->rows[i].n_patches > 0
        && (!isfinite (measures[SMB_MEASURE_COHERENCY].value)
            || !isfinite (measures[SMB_MEASURE_CORRESPONDENCE].value))) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED,
                   _ ("%s: the network answered with values that are not numbers; its weights are damaged: verify the "
                      "model or import it again."),
                   job->face->judge->mim.path);
      return FALSE;
    }
  }
  return TRUE;
}

static void
note_missing (SmbRegionReport *report)
{
  for (int i = 0; i < N; i++)
    if (report->rows[i].n_patches == 0)
      smb_region_report_take_note (report, g_strdup_printf (_ ("The region “%s” is missing from this face."),
                                                            smb_region_title ((SmbRegion) i)));
}

static gboolean
compare (SmbJudgeFace *face, SmbRegionReport *report, GError **error)
{
  const char *named = face->judge->reference;
  g_autofree char *found
      = named == NULL ? smb_model_dup_reference (face->judge->folder, face->judge->mim.sha256) : NULL;
  g_autoptr (SmbReference) reference = NULL;
  g_autoptr (GError) local = NULL;

  if (named == NULL && found == NULL) {
    smb_region_report_take_note (report, g_strdup (_ ("No reference of genuine faces: z not available. Make one: "
                                                      "semblance-cli reference build.")));
    return TRUE;
  }
  reference = smb_reference_read (named != NULL ? named : found, &local);
  if (reference != NULL && smb_reference_compare (reference, report, &local))
    return TRUE;
  if (named != NULL) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  smb_region_report_take_note (report, g_strdup (local->message));
  return TRUE;
}

/* How sharp the face is, which chooses the genuine faces it is compared with. */
static gboolean
measure_blur (SmbJudgeFace *face, double *out, GError **error)
{
  SmbFaceQuality quality;
  SmbLandmarks template;
  SmbBox detected;

  if (!smb_judge_face_get_detected (face, &detected, error))
    return FALSE;
  smb_landmarks_from_template (detected, &template);
  smb_face_quality_measure (&quality, face->image, detected, &template);
  *out = quality.blur;
  return TRUE;
}

SmbRegionReport *
smb_judge_face_regions (SmbJudgeFace *face, const SmbRegionSettings *settings, GError **error)
{
  g_autoptr (SmbRegionReport) report = smb_region_report_new ();
  g_autofree float *whole = NULL;
  Job job = { .face = face, .report = report };
  const char *origin;
  gsize p;

  if (settings->draws < 1 || settings->draws > SMB_REGION_MAX_DRAWS) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%d draws a region make no sense; choose 1 to %d."),
                 settings->draws, SMB_REGION_MAX_DRAWS);
    return NULL;
  }
  job.member = smb_judge_face_get_member (face, error);
  if (job.member == NULL || !measure_blur (face, &report->blur, error))
    return NULL;
  job.l = (gsize) smb_net_config_get_patches (&face->judge->mim.config);
  job.total = (guint64) settings->draws * (N + 1) + (settings->table_only ? 0 : N * (N + 1) / 2);
  report->settings = *settings;
  report->origin = face->regions->origin;
  report->mim_sha256 = g_strdup (face->judge->mim.sha256);
  for (int i = 0; i < N; i++)
    for (gsize k = 0; k < job.l; k++)
      report->rows[i].n_patches += job.member[(gsize) i * job.l + k];
  whole = whole_features (&job, &p, error);
  if (whole == NULL)
    return NULL;
  for (int i = 0; i < N; i++)
    if (!cover (&job, i, whole, p, error))
      return NULL;
  if (!hide_partly (&job, error) || (!settings->table_only && !fill_matrix (&job, error))
      || !check_numbers (&job, error) || !compare (face, report, error))
    return NULL;
  origin = smb_regions_note (report->origin);
  if (origin != NULL)
    smb_region_report_take_note (report, g_strdup (origin));
  note_missing (report);
  return g_steal_pointer (&report);
}

SmbRegionReport *
smb_judge_regions (SmbJudge *judge, const SmbImage *image, const SmbMapJob *job, const SmbRegionSettings *settings,
                   GCancellable *cancellable, GError **error)
{
  g_auto (SmbJudgeFace) face = { .judge = judge, .image = image, .job = job, .cancellable = cancellable };

  g_return_val_if_fail (judge != NULL && image != NULL && job != NULL && settings != NULL, NULL);
  return smb_judge_face_regions (&face, settings, error);
}

SmbRegions *
smb_judge_region_map (SmbJudge *judge, const SmbImage *image, const SmbMapJob *job, GCancellable *cancellable,
                      GError **error)
{
  g_auto (SmbJudgeFace) face = { .judge = judge, .image = image, .job = job, .cancellable = cancellable };
  const SmbRegions *regions = smb_judge_face_get_regions (&face, error);

  return regions != NULL ? smb_regions_resize (regions, regions->size_px) : NULL;
}
