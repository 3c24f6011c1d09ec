/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "face/hog-kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One of the detectors that search together: a face looking ahead, to a side, tilted. */
typedef struct {
  const SmbHogTerm *terms;
  int n_terms;
  double threshold;
} SmbHogDetector;

typedef struct {
  const SmbHogDetector *detectors;
  int n_detectors;
} SmbHogBank;

/* Where a detector says at least its threshold: a place among the features of a level. */
typedef struct {
  int detector, level;
  long row, column;
  double says;
} SmbHogHit;

typedef struct {
  long width, height;
} SmbHogSize;

/* The pictures of a search, each a resize of the one before: the first is `rgb` itself, its doublings follow and then
 * the ever smaller ones. Levels are counted from the last doubling. */
typedef struct {
  const SmbHogSize *sizes;
  int n_sizes, n_doublings;
} SmbHogPlan;

/* Searches every level of rgb (sizes[0].height, sizes[0].width, 3) on `threads` threads (1 or more); the answer does
 * not depend on how many. *hits, by detector, level, row and column, comes from malloc (free it), NULL where there are
 * none. 0: done; -1: not enough memory. */
int smb_hog_search (const SmbHogBank *bank, const SmbHogPlan *plan, const unsigned char *rgb, int threads,
                    SmbHogHit **hits, size_t *n_hits);

/* The copies of the kernels that this processor has: any processor's first, the best one last. */
#define SMB_HOG_COPIES 3
int smb_hog_kernels (const SmbHogKernels *copies[SMB_HOG_COPIES]);

#ifdef __cplusplus
}
#endif
