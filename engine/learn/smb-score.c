/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-score.h"

#include <math.h>
#include <string.h>

#define SCORE_STREAM ((guint64) 1 << 60)

GArray *
smb_score_items (const SmbDataset *dataset, SmbPart part, int blend_class, double grey)
{
  GArray *items = g_array_new (FALSE, TRUE, sizeof (SmbScoreItem));
  g_autofree double *seen = g_new0 (double, smb_dataset_get_n_classes (dataset));

  for (guint i = 0; i < dataset->samples->len; i++) {
    const SmbSample *sample = smb_dataset_get (dataset, i);
    SmbScoreItem item = { .sample = sample, .label = sample->class };
    double *n = &seen[sample->class];

    if (part != SMB_PART_NONE && sample->part != part)
      continue;
    item.grey = floor ((*n + 1.0) * grey) > floor (*n * grey);
    ++*n;
    g_array_append_val (items, item);
    if (sample->class == dataset->real_class && blend_class >= 0) {
      item.label = blend_class;
      item.blended = TRUE;
      g_array_append_val (items, item);
    }
  }
  return items;
}

typedef struct {
  const SmbDataset *dataset;
  const SmbViewSettings *view;
  const GArray *items;
  guint64 seed;
  guint first, n; /* of a batch */
  float *images;
} Batch;

void
smb_score_make (const SmbDataset *dataset, const GArray *items, guint i, const SmbViewSettings *view, guint64 seed,
                float *image, float *blended)
{
  const SmbScoreItem *item = &g_array_index (items, SmbScoreItem, i);
  SmbRng rng;

  smb_rng_init (&rng, seed, SCORE_STREAM + i);
  smb_view_make (dataset, item->sample, view, item->grey, &rng, image, blended, 0, NULL);
}

static gboolean
is_blended (const GArray *items, guint i)
{
  return i < items->len && g_array_index (items, SmbScoreItem, i).blended;
}

static void
make_view (gpointer data, gpointer user_data)
{
  const Batch *b = user_data;
  guint i = GPOINTER_TO_UINT (data) - 1;
  gsize step = 3 * (gsize) b->view->image_px * (gsize) b->view->image_px;
  gboolean pair = i + 1 < b->n && is_blended (b->items, b->first + i + 1);

  smb_score_make (b->dataset, b->items, b->first + i, b->view, b->seed, b->images + i * step,
                  pair ? b->images + (i + 1) * step : NULL);
}

static gboolean
run_batch (SmbNet *net, const Batch *b, float *probabilities, int classes, GCancellable *cancellable, GError **error)
{
  const gint64 shape[] = { b->n, 3, b->view->image_px, b->view->image_px };
  g_autoptr (SmbTensor) images = smb_tensor_new_borrowed (SMB_DTYPE_F32, 4, shape, b->images, NULL, NULL);
  g_autoptr (SmbTensor) p = NULL;
  g_autoptr (SmbTensorDict) inputs = smb_tensor_dict_new (), out = NULL;

  smb_tensor_dict_set (inputs, "in.images", images);
  out = smb_net_forward (net, NULL, inputs, SMB_WANT_RESULT, cancellable, error);
  if (out == NULL)
    return FALSE;
  p = smb_tensor_to_f32 (smb_tensor_dict_get (out, "out.probabilities"));
  memcpy (probabilities + (gsize) b->first * (gsize) classes, p->data, (gsize) b->n * (gsize) classes * sizeof (float));
  return TRUE;
}

gboolean
smb_score_run (SmbNet *net, const SmbDataset *dataset, const GArray *items, const SmbViewSettings *view, guint64 seed,
               int batch, int threads, float *probabilities, GCancellable *cancellable, GError **error)
{
  gsize step = 3 * (gsize) view->image_px * (gsize) view->image_px;
  g_autofree float *images = g_new (float, ((gsize) batch + 1) * step);
  Batch b = { .dataset = dataset, .view = view, .items = items, .seed = seed, .images = images };
  int classes = smb_net_get_config (net)->classes;

  while (b.first < items->len) {
    GThreadPool *pool
        = g_thread_pool_new (make_view, &b, threads > 0 ? threads : (int) g_get_num_processors (), FALSE, NULL);

    b.n = MIN ((guint) batch, items->len - b.first);
    if (is_blended (items, b.first + b.n)) /* a pair stays together */
      b.n++;
    for (guint i = 0; i < b.n; i++)
      if (!is_blended (items, b.first + i))
        g_thread_pool_push (pool, GUINT_TO_POINTER (i + 1), NULL);
    g_thread_pool_free (pool, FALSE, TRUE);
    if (!run_batch (net, &b, probabilities, classes, cancellable, error))
      return FALSE;
    b.first += b.n;
  }
  return TRUE;
}
