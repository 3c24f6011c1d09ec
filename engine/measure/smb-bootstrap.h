/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A number computed from scores; NAN where it cannot be. */
typedef double (*SmbStatistic) (const double *scores, const guint8 *forged, gsize n, gpointer user_data);

/* The middle 95 % of what the statistic comes to on `repeats` samples drawn with replacement (percentile bootstrap,
 * Efron 1979). groups (n) or NULL: faces of one group (a person, a video) are drawn together, for they are no
 * independent evidence. The same seed gives the same interval. NAN twice where fewer than half of the samples give a
 * number. */
void smb_bootstrap (SmbStatistic statistic, gpointer user_data, const double *scores, const guint8 *forged,
                    const int *groups, gsize n, int repeats, guint64 seed, double interval[2]);

G_END_DECLS
