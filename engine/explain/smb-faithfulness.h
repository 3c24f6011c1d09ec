/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/smb-rng.h"
#include "explain/smb-map.h"

G_BEGIN_DECLS

/* Whether a map shows what the detector's answer rests on. Two tests:
 *   deletion and insertion (Petsiuk, Das and Saenko 2018): patches are hidden (the mean colour, as in occlusion maps),
 * or shown on an empty picture, the most relevant first; the probability of the class must fall, or rise, faster than
 * with patches in random order; randomised weights (Adebayo et al. 2018): the same network with fresh random weights
 * must give another map. */

#define SMB_FAITH_STEPS 12
#define SMB_FAITH_ORDERS 6 /* random orders to compare with */
/* A rank correlation from here on is no other map. */
#define SMB_FAITH_MAX_CORRELATION 0.5

typedef enum {
  SMB_FAITH_FAILS_DELETION = 1 << 0,
  SMB_FAITH_FAILS_INSERTION = 1 << 1,
  SMB_FAITH_FAILS_RANDOMISED = 1 << 2,
} SmbFaithFailure;

struct _SmbFaithfulness {
  int of_class;
  /* Probability of the class with i / SMB_FAITH_STEPS of the patches hidden (deletion) or shown (insertion). */
  double deletion[SMB_FAITH_STEPS + 1], insertion[SMB_FAITH_STEPS + 1];
  double deletion_area, insertion_area; /* under the curves over the share of patches, 0 to 1 */
  /* Areas under the curves of random orders, which are alike for both: read backwards, an insertion is a deletion. */
  double random_mean, random_deviation;
  double correlation; /* Spearman's, of the map's patches and those with randomised weights; NAN: one of them is
                         constant */
  guint fails;        /* SmbFaithFailure; 0: passed */
};

/* The map's mean over each of grid * grid patches, out (grid * grid); NAN counts as lowest. */
void smb_faithfulness_patches (double *out, const SmbMap *map, int grid);
/* Patches by falling value, ties in their order: out (n). */
void smb_faithfulness_order (int *out, const double *values, int n);
/* How many patches are hidden or shown at step i of n. */
int smb_faithfulness_count (int step, int n);
/* Under a curve of SMB_FAITH_STEPS + 1 points, trapezoids. */
double smb_faithfulness_area (const double *curve);
/* Rank correlation of n values, ties sharing their mean rank; NAN if one side is constant. */
double smb_faithfulness_rank_correlation (const double *a, const double *b, int n);
/* Sets the areas from the curves, random_* from the areas of SMB_FAITH_ORDERS random orders, and `fails`: a curve that
 * does not beat the random mean by their deviation, a correlation from SMB_FAITH_MAX_CORRELATION on or NAN. */
void smb_faithfulness_judge (SmbFaithfulness *faithfulness, const double *random_areas);

/* Translated: what failed, or that nothing did. Free with g_free. */
char *smb_faithfulness_sentence (const SmbFaithfulness *faithfulness);

G_END_DECLS
