/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-evaluation.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "measure/smb-bootstrap.h"
#include "measure/smb-rates.h"
#include "weights/smb-weights-file.h"

#define BATCH 32

void
smb_evaluation_free (SmbEvaluation *e)
{
  if (e == NULL)
    return;
  g_clear_pointer (&e->items, g_array_unref);
  g_strfreev (e->classes);
  g_free (e->probabilities);
  g_free (e->scores);
  g_free (e->forged);
  g_free (e->groups);
  g_free (e);
}

/* Who is seen, else what the picture is of, else itself. A blend is of the group of its face. */
static void
find_groups (SmbEvaluation *e)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < e->items->len; i++) {
    const SmbSample *s = g_array_index (e->items, SmbScoreItem, i).sample;
    char *name = s->identity[0] != '\0' ? g_strconcat ("i", s->identity, NULL)
                 : s->source[0] != '\0' ? g_strconcat ("s", s->source, NULL)
                                        : g_strdup_printf ("f%" G_GINT64_FORMAT, s->face);
    gpointer group;

    if (g_hash_table_lookup_extended (seen, name, NULL, &group)) {
      e->groups[i] = GPOINTER_TO_INT (group);
      g_free (name);
    } else {
      e->groups[i] = (int) g_hash_table_size (seen);
      g_hash_table_insert (seen, name, GINT_TO_POINTER (e->groups[i]));
    }
  }
}

static SmbEvaluation *
prepare (const SmbDataset *dataset, const SmbEvaluationSettings *settings, int blend, int n_probabilities)
{
  SmbEvaluation *e = g_new0 (SmbEvaluation, 1);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  g_strv_builder_addv (names, (const char **) dataset->classes);
  if (blend == smb_dataset_get_n_classes (dataset))
    g_strv_builder_add (names, settings->blended);
  e->dataset = dataset;
  e->settings = *settings;
  e->classes = g_strv_builder_end (names);
  e->items = smb_score_items (dataset, settings->part, blend, 0.0);
  e->n_probabilities = n_probabilities;
  e->probabilities = g_new0 (float, (gsize) e->items->len * (gsize) n_probabilities);
  e->scores = g_new0 (double, e->items->len);
  e->forged = g_new0 (guint8, e->items->len);
  e->groups = g_new0 (int, e->items->len);
  find_groups (e);
  return e;
}

SmbEvaluation *
smb_evaluation_run (const SmbModelInfo *model, SmbDevice *device, const SmbDataset *dataset,
                    const SmbEvaluationSettings *settings, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbTensorDict) weights = NULL;
  g_autoptr (SmbNet) net = NULL;
  g_autoptr (SmbEvaluation) e = NULL;
  SmbDegrade same = { .colour = SMB_COLOUR_UNCHANGED, .small_px = settings->reencode_px, .area = TRUE,
                      .quality = settings->reencode_quality, .subsampled = TRUE };
  SmbViewSettings view = { .whole = model->transform == SMB_FACE_RESIZE };
  int blend = -1;

  if (model->detector_path == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("The model “%s” has no detector and gives no scores."),
                 model->name);
    return NULL;
  }
  if (settings->blended != NULL && (blend = smb_dataset_blend_class (dataset, settings->blended, error)) < 0)
    return NULL;
  if ((weights = smb_weights_read (model->detector_path, error)) == NULL
      || (net = smb_net_new (device, weights, NULL, model->detector_path, settings->precision, error)) == NULL)
    return NULL;
  e = prepare (dataset, settings, blend, smb_net_get_config (net)->classes);
  if (e->items->len == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%s: there are no faces in the part “%s”."), dataset->folder,
                 settings->part == SMB_PART_NONE ? _ ("all parts") : smb_part_title (settings->part));
    return NULL;
  }
  view.image_px = smb_net_get_config (net)->image_px;
  memcpy (view.mean, model->mean, sizeof view.mean);
  memcpy (view.std, model->std, sizeof view.std);
  if (settings->reencode_px > 0 || settings->reencode_quality > 0)
    view.same = &same;
  if (!smb_score_run (net, dataset, e->items, &view, settings->seed, BATCH, settings->threads, e->probabilities,
                      cancellable, error))
    return NULL;
  for (guint i = 0; i < e->items->len; i++) {
    e->scores[i] = 1.0 - (double) e->probabilities[(gsize) i * (gsize) e->n_probabilities + (gsize) model->real_class];
    e->forged[i] = g_array_index (e->items, SmbScoreItem, i).label != dataset->real_class;
  }
  return g_steal_pointer (&e);
}

/* indices (n) of items, drawn by the bootstrap in place of scores: both models are asked about the same ones. */
static double
difference_of (const double *indices, const guint8 *forged, gsize n, gpointer user_data)
{
  const SmbEvaluation *const *both = user_data;
  g_autofree double *scores = g_new (double, n);
  double auc[2];

  for (int k = 0; k < 2; k++) {
    for (gsize i = 0; i < n; i++)
      scores[i] = both[k]->scores[(gsize) indices[i]];
    auc[k] = smb_rate_auc (scores, forged, n);
  }
  return auc[0] - auc[1];
}

double
smb_evaluation_largest_change (const SmbEvaluation *now, const SmbEvaluation *before)
{
  double largest = 0.0;

  g_return_val_if_fail (before->items->len == now->items->len, NAN);
  for (guint i = 0; i < now->items->len; i++)
    largest = MAX (largest, fabs (now->scores[i] - before->scores[i]));
  return largest;
}

void
smb_evaluation_compare (const SmbEvaluation *now, const SmbEvaluation *before, double difference[3])
{
  const SmbEvaluation *both[] = { now, before };
  guint n = now->items->len;
  g_autofree double *indices = g_new (double, n);

  g_return_if_fail (before->items->len == n);
  for (guint i = 0; i < n; i++)
    indices[i] = i;
  difference[0] = difference_of (indices, now->forged, n, both);
  smb_bootstrap (difference_of, both, indices, now->forged, now->groups, n, now->settings.repeats, now->settings.seed,
                 difference + 1);
}
