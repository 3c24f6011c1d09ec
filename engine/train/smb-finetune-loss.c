/* SPDX-License-Identifier: Apache-2.0 */
#include "train/smb-finetune-loss.h"

#include <string.h>

#include "model/smb-loss.h"

/* Rows of all processes from own rows of `width`; owned, NULL on a failed sum. */
static float *
gather (const SmbFinetuneBatch *batch, const float *rows, gint64 own, gint64 width, GError **error)
{
  const SmbParallel *parallel = batch->settings->parallel;

  if (parallel == NULL)
    return g_memdup2 (rows, (gsize) (own * width) * sizeof *rows);
  return smb_parallel_gather (parallel, rows, own, batch->first, batch->total, width, error);
}

/* A double goes as two floats, what is left of it in the second. */
static double *
gather_targets (const SmbFinetuneBatch *batch, gint64 own, gint64 k, GError **error)
{
  gint64 n = own * k, all = batch->total * k;
  g_autofree float *halves = NULL, *gathered = NULL;
  double *targets;

  if (batch->settings->parallel == NULL)
    return g_memdup2 (batch->targets, (gsize) n * sizeof *batch->targets);
  halves = g_new (float, 2 * n);
  for (gint64 i = 0; i < n; i++) {
    halves[2 * i] = (float) batch->targets[i];
    halves[2 * i + 1] = (float) (batch->targets[i] - (double) halves[2 * i]);
  }
  gathered = gather (batch, halves, own, 2 * k, error);
  if (gathered == NULL)
    return NULL;
  targets = g_new (double, all);
  for (gint64 i = 0; i < all; i++)
    targets[i] = (double) gathered[2 * i] + (double) gathered[2 * i + 1];
  return targets;
}

static float *
gather_labels (const SmbFinetuneBatch *batch, gint64 own, GError **error)
{
  g_autofree float *labels = g_new (float, own);

  for (gint64 i = 0; i < own; i++)
    labels[i] = (float) batch->labels[i];
  return gather (batch, labels, own, 1, error);
}

/* Own rows of a gradient of all, times a factor. */
static void
keep_own (SmbTensor *out, const float *all, gint64 first, gint64 width, double factor)
{
  float *own = out->data;

  for (gint64 i = 0; i < out->n; i++)
    own[i] = all[first * width + i] * (float) factor;
}

static gboolean
anchor (const SmbFinetuneBatch *batch, const SmbTensor *z, SmbTensor *dz, SmbFinetuneResult *r, gboolean *any,
        GError **error)
{
  const SmbFinetuneSettings *s = batch->settings;
  gint64 own = z->shape[0], p = z->shape[1];
  g_autofree float *labels = gather_labels (batch, own, error);
  g_autofree float *vectors = labels != NULL ? gather (batch, z->data, own, p, error) : NULL;
  g_autofree float *gradient = g_new (float, batch->total * p);
  g_autofree gboolean *genuine = g_new (gboolean, batch->total);

  if (vectors == NULL)
    return FALSE;
  for (gint64 i = 0; i < batch->total; i++) {
    genuine[i] = (int) labels[i] == s->real_class;
    *any |= genuine[i];
  }
  r->contrastive = smb_loss_real_anchor (vectors, genuine, (int) batch->total, (int) p, s->contrast_temperature,
                                         gradient);
  keep_own (dz, gradient, batch->first, p, s->contrast_weight / s->accumulate);
  return TRUE;
}

gboolean
smb_finetune_loss (const SmbFinetuneBatch *batch, const SmbTensor *logits, const SmbTensor *z, SmbTensor *dlogits,
                   SmbTensor *dz, SmbFinetuneResult *r, gboolean *contrast, GError **error)
{
  const SmbFinetuneSettings *s = batch->settings;
  gint64 own = logits->shape[0], k = logits->shape[1];
  g_autofree float *all = gather (batch, logits->data, own, k, error), *gradient = g_new (float, batch->total * k);
  g_autofree double *targets = all != NULL ? gather_targets (batch, own, k, error) : NULL;

  *contrast = FALSE;
  if (targets == NULL || (z != NULL && !anchor (batch, z, dz, r, contrast, error)))
    return FALSE;
  r->cross_entropy = smb_loss_cross_entropy (all, targets, (int) batch->total, (int) k, s->class_weights, gradient);
  keep_own (dlogits, gradient, batch->first, k, 1.0 / s->accumulate);
  r->total = r->cross_entropy + s->contrast_weight * r->contrastive;
  return TRUE;
}

gboolean
smb_finetune_loss_patches (const SmbFinetuneBatch *batch, const SmbTensor *logits, SmbTensor *dlogits,
                           SmbFinetuneResult *r, GError **error)
{
  const SmbFinetuneSettings *s = batch->settings;
  gint64 own = logits->shape[0], l = logits->shape[1], k = logits->shape[2], patches = batch->total * l;
  g_autofree float *all = gather (batch, logits->data, own, l * k, error), *forged = NULL, *labels = NULL;
  g_autofree float *gradient = g_new (float, patches * k);
  g_autofree double *targets = g_new0 (double, patches * k);

  if (all == NULL || (labels = gather_labels (batch, own, error)) == NULL
      || (forged = gather (batch, batch->forged, own, l, error)) == NULL)
    return FALSE;
  for (gint64 i = 0; i < patches; i++) {
    double *target = targets + i * k;

    target[s->real_class] += 1.0 - (double) forged[i];
    target[(int) labels[i / l]] += (double) forged[i];
  }
  r->patches = smb_loss_cross_entropy (all, targets, (int) patches, (int) k, s->class_weights, gradient);
  r->total += s->patch_weight * r->patches;
  keep_own (dlogits, gradient, batch->first, l * k, s->patch_weight / s->accumulate);
  return TRUE;
}
