/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/smb-bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "base/smb-rng.h"

static int
by_value (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* Value at a share of a sorted list, between neighbours. */
static double
quantile (const double *sorted, int n, double share)
{
  double at = share * (n - 1);
  int low = (int) floor (at), high = MIN (low + 1, n - 1);

  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

/* Members of each group, one after the other; start (groups + 1). */
static int
gather (const int *groups, gsize n, gsize *members, gsize *start)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autofree int *of = g_new (int, n);
  int n_groups = 0;
  gsize at = 0;

  for (gsize i = 0; i < n; i++) {
    gpointer known;

    if (groups == NULL) {
      of[i] = n_groups++;
    } else if (g_hash_table_lookup_extended (seen, GINT_TO_POINTER (groups[i]), NULL, &known)) {
      of[i] = GPOINTER_TO_INT (known);
    } else {
      of[i] = n_groups++;
      g_hash_table_insert (seen, GINT_TO_POINTER (groups[i]), GINT_TO_POINTER (of[i]));
    }
  }
  for (int g = 0; g <= n_groups; g++)
    start[g] = 0;
  for (gsize i = 0; i < n; i++)
    start[of[i] + 1]++;
  for (int g = 0; g < n_groups; g++)
    start[g + 1] += start[g];
  for (gsize i = 0; i < n; i++, at++)
    members[start[of[i]]++] = i;
  for (int g = n_groups; g > 0; g--)
    start[g] = start[g - 1];
  start[0] = 0;
  return n_groups;
}

void
smb_bootstrap (SmbStatistic statistic, gpointer user_data, const double *scores, const guint8 *forged,
               const int *groups, gsize n, int repeats, guint64 seed, double interval[2])
{
  g_autofree gsize *members = g_new (gsize, n), *start = g_new (gsize, n + 1);
  g_autofree double *values = g_new (double, repeats);
  int n_groups = gather (groups, n, members, start), good = 0;
  g_autoptr (GArray) s = g_array_new (FALSE, FALSE, sizeof (double)), f = g_array_new (FALSE, FALSE, 1);

  interval[0] = interval[1] = NAN;
  for (int r = 0; r < repeats && n_groups > 0; r++) {
    SmbRng rng;
    double value;

    smb_rng_init (&rng, seed, (guint64) r);
    g_array_set_size (s, 0);
    g_array_set_size (f, 0);
    for (int k = 0; k < n_groups; k++) {
      guint32 g = smb_rng_below (&rng, (guint32) n_groups);

      for (gsize i = start[g]; i < start[g + 1]; i++) {
        g_array_append_val (s, scores[members[i]]);
        g_array_append_val (f, forged[members[i]]);
      }
    }
    value = statistic ((const double *) (gpointer) s->data, (const guint8 *) f->data, s->len, user_data);
    if (!isnan (value))
      values[good++] = value;
  }
  if (good * 2 < repeats || good < 2)
    return;
  qsort (values, (gsize) good, sizeof *values, by_value);
  interval[0] = quantile (values, good, 0.025);
  interval[1] = quantile (values, good, 0.975);
}
