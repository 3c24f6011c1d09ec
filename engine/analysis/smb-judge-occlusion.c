/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>

#include "analysis/smb-judge-private.h"
#include "base/smb-error.h"
#include "explain/smb-occlusion.h"

/* Squares hidden between two reports of progress. */
#define PLACES_A_STEP 8

gboolean
smb_judge_check_class (const SmbMapSpec *spec, const SmbNetConfig *config, GError **error)
{
  if (spec->of_class < config->classes)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("Class %d does not exist: the model has classes 0 to %d; choose one of them or “predicted”."),
               spec->of_class, config->classes - 1);
  return FALSE;
}

int
smb_judge_class_of (const SmbMapSpec *spec, const double *probabilities, int n_classes)
{
  int best = 0;

  if (spec->of_class >= 0)
    return spec->of_class;
  for (int c = 1; c < n_classes; c++)
    if (probabilities[c] > probabilities[best])
      best = c;
  return best;
}

SmbMap *
smb_judge_occlusion_map (SmbJudgeFace *face, const SmbMapSpec *spec, GError **error)
{
  SmbJudge *judge = face->judge;
  const SmbNetConfig *config = smb_judge_need_detector (judge, error);
  g_autofree guint8 *rgb = NULL;
  g_autofree float *image = NULL, *hidden = NULL;
  g_autofree double *whole = NULL, *falls = NULL, *some = NULL;
  int places, of_class;
  SmbNet *net;
  gsize one;
  SmbMap *map;

  if (config == NULL || !smb_judge_check_class (spec, config, error))
    return NULL;
  places = smb_occlusion_places (spec, config->image_px, error);
  rgb = places > 0 ? smb_judge_crop (face->image, face->job->box, judge->transform, config, error) : NULL;
  net = rgb != NULL ? smb_judge_get_net (judge, &judge->detector, SMB_PRECISION_F32, error) : NULL;
  if (net == NULL)
    return NULL;
  one = 3 * (gsize) config->image_px * (gsize) config->image_px;
  image = g_new (float, one);
  hidden = g_new (float, one * PLACES_A_STEP);
  whole = g_new0 (double, config->classes);
  some = g_new0 (double, config->classes * PLACES_A_STEP);
  falls = g_new0 (double, places * places);
  smb_face_normalise (image, rgb, config->image_px, judge->mean, judge->std);
  if (!smb_judge_probabilities (face, net, image, 1, whole, error))
    return NULL;
  of_class = smb_judge_class_of (spec, whole, config->classes);
  for (int done = 0; done < places * places; done += PLACES_A_STEP) {
    int n = MIN (PLACES_A_STEP, places * places - done);

    smb_judge_report (face, (guint64) done, (guint64) places * (guint64) places, _ ("Hiding one place after another"));
    for (int i = 0; i < n; i++)
      smb_occlusion_hide (hidden + (gsize) i * one, image, config->image_px, spec, places, done + i);
    if (g_cancellable_set_error_if_cancelled (face->cancellable, error)
        || !smb_judge_probabilities (face, net, hidden, (guint) n, some, error))
      return NULL;
    for (int i = 0; i < n; i++)
      falls[done + i] = whole[of_class] - some[i * config->classes + of_class];
  }
  map = smb_occlusion_map (spec, config->image_px, places, falls);
  map->area = smb_judge_face_get_area (face, TRUE);
  return map;
}
