/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "train/smb-optimiser.h"

G_BEGIN_DECLS

/* The seam of data-parallel training: several processes hold the same weights, each sees its share of a batch, and what
 * they must know of each other goes through one sum. A way to talk (MPI, NCCL) fills this in. */
typedef struct {
  int rank, size;
  /* values (n) = their sum over all processes, the same bytes in each: added in the order of the ranks. Every process
   * calls it with the same n. */
  gboolean (*allreduce_sum) (gpointer user_data, float *values, gsize n, GError **error);
  gpointer user_data;
} SmbParallel;

/* The process that writes and tells; also one that trains alone (NULL). */
gboolean smb_parallel_is_first (const SmbParallel *parallel);

/* *any = whether it is so in any of the processes. FALSE on a failed sum. */
gboolean smb_parallel_any (const SmbParallel *parallel, gboolean own, gboolean *any, GError **error);

/* Where the rows of this process lie among those of all: *first of *total, `own` being here. FALSE on a failed sum. */
gboolean smb_parallel_place (const SmbParallel *parallel, gint64 own, gint64 *first, gint64 *total, GError **error);

/* The rows of all processes in the order of their ranks, (total, width), from own rows (own, width). Exact: every other
 * process adds zeros. NULL on a failed sum. Free with g_free. */
float *smb_parallel_gather (const SmbParallel *parallel, const float *rows, gint64 own, gint64 first, gint64 total,
                            gint64 width, GError **error);

/* Lets the devices of all processes reach each other, once, where every one of them can (cards can, through NCCL).
 * *joined FALSE: sums go through the host. FALSE on an error. Every process calls it. */
gboolean smb_parallel_join_device (const SmbParallel *parallel, SmbDevice *device, gboolean *joined, GError **error);

/* The gradients of everything that trains = their sum over all processes; `joined`: by the devices themselves. */
gboolean smb_parallel_sum_gradients (const SmbParallel *parallel, gboolean joined, SmbOptimiser *optimiser,
                                     GError **error);

G_END_DECLS
