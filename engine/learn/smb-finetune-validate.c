/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-finetune-validate.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>

#include "learn/smb-finetune-worst.h"
#include "learn/smb-run-log.h"
#include "measure/smb-rates.h"

#define BATCH 32

struct _SmbValidator {
  const SmbDataset *dataset;
  SmbViewSettings view;
  guint64 seed;
  int n_classes, threads;
  GArray *items;        /* SmbScoreItem */
  float *probabilities; /* (items, classes) */
  double *scores;       /* (items) */
  double *class_auc;    /* (classes) */
  const char *const *classes;
};

SmbValidator *
smb_validator_new (const SmbDataset *dataset, const SmbFeedSettings *feed, const char *const *classes, int threads)
{
  SmbValidator *v = g_new0 (SmbValidator, 1);

  v->dataset = dataset;
  v->classes = classes;
  v->view = feed->view;
  v->view.flip = v->view.zoom = v->view.ease = v->view.cross = 0.0;
  v->seed = feed->seed;
  v->n_classes = feed->n_classes;
  v->threads = threads;
  v->items = smb_score_items (dataset, SMB_PART_VAL, feed->blend_class, feed->grey);
  v->probabilities = g_new0 (float, (gsize) v->items->len * (gsize) v->n_classes);
  v->scores = g_new0 (double, v->items->len);
  v->class_auc = g_new0 (double, v->n_classes);
  return v;
}

void
smb_validator_free (SmbValidator *v)
{
  g_array_unref (v->items);
  g_free (v->probabilities);
  g_free (v->scores);
  g_free (v->class_auc);
  g_free (v);
}

static const SmbScoreItem *
item_of (const SmbValidator *v, guint i)
{
  return &g_array_index (v->items, SmbScoreItem, i);
}

/* Of all forged ones against the genuine ones, or of one class alone. */
static double
auc_of (const SmbValidator *v, int class)
{
  g_autofree double *scores = g_new (double, v->items->len);
  g_autofree guint8 *forged = g_new (guint8, v->items->len);
  gsize n = 0;

  for (guint i = 0; i < v->items->len; i++) {
    int label = item_of (v, i)->label;

    if (label != v->dataset->real_class && class >= 0 && label != class)
      continue;
    scores[n] = v->scores[i];
    forged[n++] = label != v->dataset->real_class;
  }
  return smb_rate_auc (scores, forged, n);
}

static void
measure (SmbValidator *v, SmbFinetuneEpoch *epoch)
{
  g_autofree guint8 *forged = g_new (guint8, v->items->len);
  double right = 0.0, sum = 0.0;
  int n = 0;

  epoch->loss = v->items->len > 0 ? 0.0 : NAN;
  for (guint i = 0; i < v->items->len; i++) {
    const float *p = v->probabilities + (gsize) i * (gsize) v->n_classes;
    int label = item_of (v, i)->label, largest = 0;

    for (int c = 1; c < v->n_classes; c++)
      if (p[c] > p[largest])
        largest = c;
    right += largest == label;
    epoch->loss -= log (MAX ((double) p[label], 1e-12)) / v->items->len;
    v->scores[i] = 1.0 - (double) p[v->dataset->real_class];
    forged[i] = label != v->dataset->real_class;
  }
  epoch->accuracy = v->items->len > 0 ? right / v->items->len : NAN;
  epoch->auc = auc_of (v, -1);
  epoch->eer = smb_rate_eer (v->scores, forged, v->items->len, NULL);
  for (int c = 0; c < v->n_classes; c++) {
    v->class_auc[c] = c == v->dataset->real_class ? NAN : auc_of (v, c);
    if (isnan (v->class_auc[c]))
      continue;
    sum += v->class_auc[c];
    n++;
  }
  epoch->class_auc = v->class_auc;
  epoch->chosen_by = n > 0 ? sum / n : NAN;
}

gboolean
smb_validator_run (SmbValidator *v, SmbDevice *device, SmbTensorDict *weights, const char *folder,
                   SmbFinetuneEpoch *epoch, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbNet) net = smb_net_new (device, weights, NULL, _ ("the network"), SMB_PRECISION_F32, error);

  if (net == NULL
      || !smb_score_run (net, v->dataset, v->items, &v->view, v->seed, BATCH, v->threads, v->probabilities, cancellable,
                         error))
    return FALSE;
  measure (v, epoch);
  return smb_finetune_worst_write (folder, net, v->dataset, v->items, v->probabilities, v->classes, &v->view, v->seed,
                                   error);
}

void
smb_validator_log (const SmbValidator *v, FILE *log, const SmbFinetuneEpoch *epoch)
{
  guint worst[SMB_FINETUNE_WORST], n = smb_finetune_worst (v->items, v->probabilities, v->n_classes, worst);

  smb_run_log_number (log, "epoch", epoch->epoch);
  fputs (",\"validation\":{\"faces\":", log);
  fprintf (log, "%u", v->items->len);
  smb_run_log_number (log, "loss", epoch->loss);
  smb_run_log_number (log, "auc", epoch->auc);
  smb_run_log_number (log, "eer", epoch->eer);
  smb_run_log_number (log, "accuracy", epoch->accuracy);
  smb_run_log_number (log, "chosen_by", epoch->chosen_by);
  fputs (",\"class_auc\":[", log);
  for (int c = 0; c < v->n_classes; c++) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    fprintf (log, "%s%s", c > 0 ? "," : "",
             isnan (v->class_auc[c]) ? "null" : g_ascii_formatd (text, sizeof text, "%.9g", v->class_auc[c]));
  }
  fprintf (log, "],\"best\":%s,\"worst\":[", epoch->best ? "true" : "false");
  for (guint k = 0; k < n; k++) {
    const SmbScoreItem *item = item_of (v, worst[k]);

    fprintf (log, "%s{\"face\":%d", k > 0 ? "," : "", (int) item->sample->face);
    smb_run_log_text (log, "file", v->dataset->faces->files[item->sample->face]);
    smb_run_log_number (log, "class", item->label);
    fprintf (log, ",\"blended\":%s", item->blended ? "true" : "false");
    smb_run_log_number (log, "score", v->scores[worst[k]]);
    fputs ("}", log);
  }
  fputs ("]}", log);
}
