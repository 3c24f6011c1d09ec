/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "train/smb-next-images.h"
#include "train/smb-parallel.h"

G_BEGIN_DECLS

/* What fine-tuning and pre-training have in common in one iteration: a forward and backward pass whose gradients are
 * summed over some iterations, and then a step. */

/* The pass, within a run of exec: dry, then live. */
typedef void (*SmbIterationPass) (SmbExec *exec, gconstpointer job);

/* Whether images are (B,C,S,S) as the network takes them; MISMATCH. */
gboolean smb_iteration_check_images (const SmbNetConfig *config, const SmbTensor *images, GError **error);

/* The images of the coming iteration, sent to the device while it works on this one. */
typedef struct {
  SmbNextImages next; /* NULL: nothing is */
  gpointer user_data;
  const void *from;   /* host memory of what was sent; NULL: nothing was */
  guint64 iteration;  /* that it is for */
} SmbAhead;

/* Whether `images` of `iteration` were sent: the pass then takes them with smb_exec_upload_sent, once. */
gboolean smb_ahead_use (SmbAhead *ahead, guint64 iteration, const SmbTensor *images);

/* Called in the live run once the device has been given all of the pass, while it still works. */
typedef void (*SmbIterationMeanwhile) (SmbExec *exec, gconstpointer job);

/* Runs the pass dry, reserves its memory, and runs it live, and `meanwhile` with it where the device sends ahead.
 * *accumulated: iterations summed so far; with none the
 * gradients start from 0, and a pass that fails half-way leaves none. MEMORY, CANCELLED, what the pass fails with. */
gboolean smb_iteration_run (SmbExec *exec, SmbOptimiser *optimiser, SmbIterationPass pass,
                            SmbIterationMeanwhile meanwhile, gconstpointer job, int *accumulated,
                            GCancellable *cancellable, GError **error);

/* Counts the iteration that just ran. *due: the sum of `accumulate` iterations is complete with it; then the gradients
 * are those of all processes (parallel NULL: there is one; joined: see smb_parallel_sum_gradients), a step is to
 * follow, and *accumulated starts again. FALSE if the other processes cannot be reached: the sum starts again. */
gboolean smb_iteration_count (const SmbParallel *parallel, gboolean joined, SmbOptimiser *optimiser, int accumulate,
                              int *accumulated, gboolean *due, GError **error);

/* Within a run: one step over the sum; gradients whose common norm is above clip_norm (0: no limit) are scaled down to
 * it. Returns the norm before. */
double smb_iteration_step (SmbExec *exec, SmbOptimiser *optimiser, double clip_norm, double lr);

/* For a plan: bytes on the device of images that are sent ahead. */
guint64 smb_iteration_plan_ahead (SmbExec *exec, const SmbTensor *images);

/* For a plan: gradients for all that the groups hold, in a set without memory. */
void smb_iteration_plan_gradients (SmbParamSet *set, const GPtrArray *groups);

G_END_DECLS
