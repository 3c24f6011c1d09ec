/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"
#include "learn/smb-dataset-private.h"
#include "learn/smb-embedding.h"
#include "learn/smb-near-duplicate.h"
#include "weights/smb-model.h"

/* Measured on 4,355 faces: what is left is below 3.5 of grey, sepia and blue-toned scans with their noise, above 6 of
 * colour. */
#define GREY_LEVELS 4.5
#define N_LEVELS 128
#define SHARPNESS_SIDE_PX 128

/* Toned scans count as grey too: there every pixel's colour is a function of its lightness. Measured as the deviation
 * of the channels' differences from their mean at each lightness. */
static gboolean
is_grey (const guint8 *rgb, gsize n)
{
  double sums[2][N_LEVELS] = { { 0 } }, squares = 0.0, counts[N_LEVELS] = { 0 };

  for (gsize i = 0; i < n; i++) {
    const guint8 *p = rgb + 3 * i;
    int level = (77 * p[0] + 150 * p[1] + 29 * p[2]) >> 9;

    counts[level]++;
    for (int c = 0; c < 2; c++) {
      double difference = p[2 * c] - p[1];

      sums[c][level] += difference;
      squares += difference * difference;
    }
  }
  for (int l = 0; l < N_LEVELS; l++)
    for (int c = 0; c < 2 && counts[l] > 0; c++)
      squares -= sums[c][l] * sums[c][l] / counts[l];
  return squares / (2.0 * (double) n) < GREY_LEVELS * GREY_LEVELS;
}

/* Variance of the Laplacian of the luma, of boxes of the crop at 128 px, so that stores of any size compare. */
static double
sharpness_of (const guint8 *rgb, int side)
{
  static const int small = SHARPNESS_SIDE_PX;
  g_autofree double *luma = g_new (double, small * small);
  double sum = 0.0, squares = 0.0;
  int n = 0;

  for (int y = 0; y < small; y++)
    for (int x = 0; x < small; x++) {
      int y0 = y * side / small, y1 = MAX ((y + 1) * side / small, y0 + 1), x0 = x * side / small;
      int x1 = MAX ((x + 1) * side / small, x0 + 1);
      double v = 0.0;

      for (int i = y0; i < y1; i++)
        for (int j = x0; j < x1; j++) {
          const guint8 *p = rgb + 3 * ((gsize) i * (gsize) side + (gsize) j);

          v += 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
        }
      luma[y * small + x] = v / ((y1 - y0) * (x1 - x0));
    }
  for (int y = 1; y < small - 1; y++)
    for (int x = 1; x < small - 1; x++, n++) {
      const double *at = luma + y * small + x;
      double v = at[-1] + at[1] + at[-small] + at[small] - 4.0 * at[0];

      sum += v;
      squares += v * v;
    }
  return squares / n - sum * sum / n / n;
}

static void
describe (SmbDataset *dataset, gint64 face, const SmbDatasetEntry *entry)
{
  const SmbFaceStore *faces = dataset->faces;
  gsize pixels = (gsize) faces->size_px * (gsize) faces->size_px;
  const guint8 *rgb = faces->rgb + 3 * (gsize) face * pixels;
  SmbSample *sample = g_new0 (SmbSample, 1);
  SmbPoint points[SMB_N_LANDMARKS];

  sample->face = face;
  sample->class = smb_class_find ((const char *const *) dataset->classes, entry->class);
  sample->part = entry->part;
  sample->identity = g_strdup (entry->identity);
  sample->source = g_strdup (entry->source);
  sample->origin = g_strdup (entry->origin);
  sample->case_id = g_strdup (entry->case_id);
  sample->alike = g_strdup (entry->alike);
  smb_face_store_get_points (faces, face, points);
  smb_face_hash (sample->hash, rgb, faces->size_px, points, FALSE);
  sample->grey = is_grey (rgb, pixels);
  sample->sharpness = sharpness_of (rgb, faces->size_px);
  g_ptr_array_add (dataset->samples, sample);
}

/* The order wanted, or: the genuine one, then as they come. NULL: an entry's class is not among those wanted. */
static GStrv
order_classes (const GPtrArray *entries, const char *const *classes, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GStrv out;

  for (guint i = 0; i < entries->len; i++) {
    const SmbDatasetEntry *entry = g_ptr_array_index (entries, i);

    if (classes != NULL && smb_class_find (classes, entry->class) < 0) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("%s is of the class “%s”, which is not among the classes named; name it too, or rename it."),
                   entry->path, entry->class);
      return NULL;
    }
    if (!g_ptr_array_find_with_equal_func (names, entry->class, g_str_equal, NULL))
      g_ptr_array_insert (names, smb_model_class_says_genuine (entry->class) ? 0 : -1, entry->class);
  }
  if (classes != NULL)
    return g_strdupv ((GStrv) classes);
  out = g_new0 (char *, names->len + 1);
  for (guint i = 0; i < names->len; i++)
    out[i] = g_strdup (g_ptr_array_index (names, i));
  return out;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

SmbDataset *
smb_dataset_build (const char *folder, GPtrArray *entries, const char *const *classes, double same_person,
                   const SmbFaceGather *how, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) by_path = g_hash_table_new (g_str_hash, g_str_equal);
  g_auto (GStrv) names = order_classes (entries, classes, error);
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  SmbFaceGather first = *how;
  g_autoptr (SmbDataset) dataset = NULL;
  SmbFaceStore *faces;

  if (smb_learn_is_foreign (folder, SMB_DATASET_FILE, "samples", error))
    return NULL;
  if (names == NULL || !smb_embedding_group (entries, same_person, error))
    return NULL;
  for (guint i = 0; i < entries->len; i++) {
    SmbDatasetEntry *entry = g_ptr_array_index (entries, i);

    g_ptr_array_add (paths, entry->path);
    g_hash_table_insert (by_path, entry->path, entry);
  }
  g_ptr_array_sort (paths, compare_paths);
  first.points = TRUE;
  first.first = TRUE;
  faces = smb_face_store_gather_named (folder, paths, &first, cancellable, error);
  if (faces == NULL)
    return NULL;
  dataset = smb_dataset_new (folder, faces);
  dataset->classes = g_steal_pointer (&names);
  smb_dataset_find_genuine (dataset);
  for (gint64 i = 0; i < faces->n; i++)
    describe (dataset, i, g_hash_table_lookup (by_path, faces->files[i]));
  return smb_dataset_save (dataset, error) ? g_steal_pointer (&dataset) : NULL;
}
