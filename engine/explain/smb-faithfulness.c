/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-faithfulness.h"

#include <glib/gi18n-lib.h>
#include <math.h>

void
smb_faithfulness_patches (double *out, const SmbMap *map, int grid)
{
  for (int k = 0; k < grid * grid; k++) {
    const int y0 = k / grid * map->rows / grid, y1 = MAX ((k / grid + 1) * map->rows / grid, y0 + 1);
    const int x0 = k % grid * map->columns / grid, x1 = MAX ((k % grid + 1) * map->columns / grid, x0 + 1);
    double sum = 0;
    int n = 0;

    for (int y = y0; y < y1; y++)
      for (int x = x0; x < x1; x++) {
        const float value = map->values[y * map->columns + x];

        if (!isnan (value)) {
          sum += (double) value;
          n++;
        }
      }
    out[k] = n > 0 ? sum / n : -INFINITY;
  }
}

static int
by_falling_value (gconstpointer a, gconstpointer b, gpointer values)
{
  const int i = *(const int *) a, k = *(const int *) b;
  const double x = ((const double *) values)[i], y = ((const double *) values)[k];

  return x == y ? i - k : (x < y) - (x > y);
}

void
smb_faithfulness_order (int *out, const double *values, int n)
{
  for (int i = 0; i < n; i++)
    out[i] = i;
  g_qsort_with_data (out, n, sizeof *out, by_falling_value, (gpointer) values);
}

int
smb_faithfulness_count (int step, int n)
{
  return (step * n + SMB_FAITH_STEPS / 2) / SMB_FAITH_STEPS;
}

double
smb_faithfulness_area (const double *curve)
{
  double sum = (curve[0] + curve[SMB_FAITH_STEPS]) / 2;

  for (int i = 1; i < SMB_FAITH_STEPS; i++)
    sum += curve[i];
  return sum / SMB_FAITH_STEPS;
}

/* ranks (n): from 0, ties sharing their mean. */
static void
rank (double *ranks, const double *values, int n)
{
  g_autofree int *order = g_new (int, n);

  smb_faithfulness_order (order, values, n);
  for (int i = 0, next; i < n; i = next) {
    for (next = i + 1; next < n && values[order[next]] == values[order[i]]; next++)
      ;
    for (int k = i; k < next; k++)
      ranks[order[k]] = (i + next - 1) / 2.0;
  }
}

double
smb_faithfulness_rank_correlation (const double *a, const double *b, int n)
{
  g_autofree double *x = g_new (double, n), *y = g_new (double, n);
  const double mean = (n - 1) / 2.0;
  double xx = 0, yy = 0, xy = 0;

  rank (x, a, n);
  rank (y, b, n);
  for (int i = 0; i < n; i++) {
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
    xy += (x[i] - mean) * (y[i] - mean);
  }
  return xx > 0 && yy > 0 ? xy / sqrt (xx * yy) : NAN;
}

void
smb_faithfulness_judge (SmbFaithfulness *faithfulness, const double *random_areas)
{
  double sum = 0, squares = 0;

  for (int i = 0; i < SMB_FAITH_ORDERS; i++)
    sum += random_areas[i];
  faithfulness->random_mean = sum / SMB_FAITH_ORDERS;
  for (int i = 0; i < SMB_FAITH_ORDERS; i++)
    squares += (random_areas[i] - faithfulness->random_mean) * (random_areas[i] - faithfulness->random_mean);
  faithfulness->random_deviation = sqrt (squares / (SMB_FAITH_ORDERS - 1));
  faithfulness->deletion_area = smb_faithfulness_area (faithfulness->deletion);
  faithfulness->insertion_area = smb_faithfulness_area (faithfulness->insertion);
  faithfulness->fails = 0;
  if (!(faithfulness->deletion_area < faithfulness->random_mean - faithfulness->random_deviation))
    faithfulness->fails |= SMB_FAITH_FAILS_DELETION;
  if (!(faithfulness->insertion_area > faithfulness->random_mean + faithfulness->random_deviation))
    faithfulness->fails |= SMB_FAITH_FAILS_INSERTION;
  if (!(faithfulness->correlation < SMB_FAITH_MAX_CORRELATION))
    faithfulness->fails |= SMB_FAITH_FAILS_RANDOMISED;
}

char *
smb_faithfulness_sentence (const SmbFaithfulness *faithfulness)
{
  g_autoptr (GString) out = g_string_new (NULL);

  if (faithfulness->fails == 0)
    return g_strdup (_ ("Passed the tests of faithfulness."));
  g_string_append (out, _ ("Not faithful:"));
  if (faithfulness->fails & SMB_FAITH_FAILS_DELETION)
    g_string_append_printf (out, " %s",
                            _ ("hiding what it marks changes the answer no more than hiding places at random."));
  if (faithfulness->fails & SMB_FAITH_FAILS_INSERTION)
    g_string_append_printf (out, " %s",
                            _ ("What it marks does not bring the answer about sooner than places at random."));
  if (faithfulness->fails & SMB_FAITH_FAILS_RANDOMISED)
    g_string_append_printf (out, " %s", _ ("A network with random weights gives much the same map."));
  return g_string_free (g_steal_pointer (&out), FALSE);
}
