/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-analysis.h"

#include <glib/gi18n-lib.h>
#include <math.h>

SmbFaceResult *
smb_face_result_new (const SmbFace *face)
{
  SmbFaceResult *result = g_new0 (SmbFaceResult, 1);

  result->face = *face;
  result->score = NAN;
  result->likelihood.log10_lr = NAN;
  return result;
}

SmbFaceResult *
smb_face_result_copy (const SmbFaceResult *result)
{
  SmbFaceResult *copy;

  g_return_val_if_fail (result != NULL, NULL);
  copy = g_memdup2 (result, sizeof *result);
  if (result->probabilities != NULL)
    copy->probabilities = g_memdup2 (result->probabilities, (gsize) result->n_classes * sizeof (double));
  copy->outside = g_strdup (result->outside);
  copy->quality = g_memdup2 (result->quality, result->quality != NULL ? sizeof *result->quality : 0);
  copy->quality_notes = g_strdupv (result->quality_notes);
  copy->regions = result->regions != NULL ? smb_region_report_copy (result->regions) : NULL;
  return copy;
}

void
smb_face_result_free (SmbFaceResult *result)
{
  if (result == NULL)
    return;
  g_free (result->probabilities);
  g_free (result->outside);
  g_free (result->quality);
  g_strfreev (result->quality_notes);
  smb_region_report_free (result->regions);
  g_free (result);
}

SmbAnalysis *
smb_analysis_new (void)
{
  SmbAnalysis *analysis = g_new0 (SmbAnalysis, 1);

  analysis->faces = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_face_result_free);
  return analysis;
}

SmbAnalysis *
smb_analysis_copy (const SmbAnalysis *analysis)
{
  SmbAnalysis *copy;

  g_return_val_if_fail (analysis != NULL, NULL);
  copy = g_memdup2 (analysis, sizeof *analysis);
  copy->faces = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_face_result_free);
  for (guint i = 0; i < analysis->faces->len; i++)
    g_ptr_array_add (copy->faces, smb_face_result_copy (g_ptr_array_index (analysis->faces, i)));
  copy->model_name = g_strdup (analysis->model_name);
  copy->model_sha256 = g_strdup (analysis->model_sha256);
  copy->mim_sha256 = g_strdup (analysis->mim_sha256);
  copy->classes = g_strdupv (analysis->classes);
  copy->device = g_strdup (analysis->device);
  copy->landmark_file = g_strdup (analysis->landmark_file);
  copy->landmark_sha256 = g_strdup (analysis->landmark_sha256);
  copy->program_version = g_strdup (analysis->program_version);
  copy->settings = g_strdup (analysis->settings);
  return copy;
}

void
smb_analysis_free (SmbAnalysis *analysis)
{
  if (analysis == NULL)
    return;
  g_ptr_array_unref (analysis->faces);
  g_free (analysis->model_name);
  g_free (analysis->model_sha256);
  g_free (analysis->mim_sha256);
  g_strfreev (analysis->classes);
  g_free (analysis->device);
  g_free (analysis->landmark_file);
  g_free (analysis->landmark_sha256);
  g_free (analysis->program_version);
  g_free (analysis->settings);
  g_free (analysis);
}

const char *
smb_model_warning (gboolean trained, gboolean calibrated)
{
  if (!trained)
    return _ ("Untrained weights: these numbers carry no meaning.");
  if (!calibrated)
    return _ ("Not calibrated: the score is a raw network output, not a probability of forgery.");
  return NULL;
}

SmbAnalysisSettings
smb_analysis_settings_default (void)
{
  return (SmbAnalysisSettings){
    .detect_max_side_px = 640, .detect_upsample = 1, .seed = 0, .precision = SMB_PRECISION_F32
  };
}
