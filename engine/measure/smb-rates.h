/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How well scores tell forged from genuine; a score is the higher the more a face looks forged. scores (n), forged (n)
 * 0 or 1. Where one of the two kinds is missing, a rate is NAN. Equal scores cannot be told apart and are counted so.
 */

/* Area under the receiver's curve: the chance that a forged face scores above a genuine one, ties half (Mann-Whitney).
 */
double smb_rate_auc (const double *scores, const guint8 *forged, gsize n);

/* Where false alarms and misses are equal, on the straight line between the two points of the curve around it.
 * threshold (may be NULL): a score of at least that is called forged there. */
double smb_rate_eer (const double *scores, const guint8 *forged, gsize n, double *threshold);

/* Largest share of forged faces found while at most `fpr` of the genuine ones are called forged. */
double smb_rate_tpr_at_fpr (const double *scores, const guint8 *forged, gsize n, double fpr);

/* At a threshold (>= is forged). */
typedef struct {
  double accuracy;
  double fpr;  /* genuine called forged: BPCER in the words of ISO/IEC 30107-3 */
  double fnr;  /* forged called genuine: APCER where all attacks count as one kind */
  double hter; /* mean of both; ACER */
} SmbRates;

SmbRates smb_rates_at (const double *scores, const guint8 *forged, gsize n, double threshold);

/* A point of the curve: what happens when scores of at least `threshold` are called forged. */
typedef struct {
  double threshold, fpr, tpr;
} SmbRocPoint;

/* Every corner, from (0, 0) with an infinite threshold to (1, 1): array of SmbRocPoint. */
GArray *smb_rate_roc (const double *scores, const guint8 *forged, gsize n);

G_END_DECLS
