/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the scores of a face's frames come to as one number. */
typedef enum {
  SMB_SERIES_MEAN, /* the published video score */
  SMB_SERIES_MEDIAN,
  SMB_SERIES_TOP, /* mean of the highest tenth, at least one of them */
  SMB_N_SERIES
} SmbSeriesStatistic;

/* "mean", "median", "top"; static. */
const char *smb_series_name (SmbSeriesStatistic statistic);
/* How many of n are the highest tenth. */
gsize smb_series_n_top (gsize n);
/* values (n) are sorted in place, n > 0. */
void smb_series_summarise (double *values, gsize n, double out[SMB_N_SERIES]);
/* Of sorted values, n > 0; linear between neighbours (type 7 of Hyndman and Fan 1996). */
double smb_series_quantile (const double *sorted, gsize n, double q);

G_END_DECLS
