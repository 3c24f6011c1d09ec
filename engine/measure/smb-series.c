/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/smb-series.h"

#include <stdlib.h>

#define TOP_SHARE 0.1

const char *
smb_series_name (SmbSeriesStatistic statistic)
{
  static const char *const names[SMB_N_SERIES] = { "mean", "median", "top" };

  return names[statistic];
}

gsize
smb_series_n_top (gsize n)
{
  return (gsize) MAX ((double) n * TOP_SHARE, 1.0);
}

double
smb_series_quantile (const double *sorted, gsize n, double q)
{
  double at = q * (double) (n - 1);
  gsize low = (gsize) at;

  return low + 1 < n ? sorted[low] + (at - (double) low) * (sorted[low + 1] - sorted[low]) : sorted[n - 1];
}

static int
compare_doubles (const void *a, const void *b)
{
  double left = *(const double *) a, right = *(const double *) b;

  return (left > right) - (left < right);
}

void
smb_series_summarise (double *values, gsize n, double out[SMB_N_SERIES])
{
  const gsize n_top = smb_series_n_top (n);
  double sum = 0.0, top = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += values[i];
  qsort (values, n, sizeof *values, compare_doubles);
  for (gsize i = 0; i < n_top; i++)
    top += values[n - 1 - i];
  out[SMB_SERIES_MEAN] = sum / (double) n;
  out[SMB_SERIES_MEDIAN] = smb_series_quantile (values, n, 0.5);
  out[SMB_SERIES_TOP] = top / (double) n_top;
}
