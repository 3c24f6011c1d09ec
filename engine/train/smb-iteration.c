/* SPDX-License-Identifier: Apache-2.0 */
#include "train/smb-iteration.h"

#include <glib/gi18n-lib.h>

#include "base/smb-error.h"

gboolean
smb_iteration_check_images (const SmbNetConfig *config, const SmbTensor *images, GError **error)
{
  g_autofree char *shape = NULL;

  if (smb_tensor_shape_is (images, 4, (gint64) -1, (gint64) config->chans, (gint64) config->image_px,
                           (gint64) config->image_px)
      && images->shape[0] >= 1)
    return TRUE;
  shape = smb_tensor_dup_shape_text (images);
  g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
               _ ("The images have the shape %s, but the network needs (B, %d, %d, %d)."), shape, config->chans,
               config->image_px, config->image_px);
  return FALSE;
}

gboolean
smb_ahead_use (SmbAhead *ahead, guint64 iteration, const SmbTensor *images)
{
  gboolean sent = ahead->from != NULL && ahead->from == images->data && ahead->iteration == iteration;

  ahead->from = NULL;
  return sent;
}

gboolean
smb_iteration_run (SmbExec *exec, SmbOptimiser *optimiser, SmbIterationPass pass, SmbIterationMeanwhile meanwhile,
                   gconstpointer job, int *accumulated, GCancellable *cancellable, GError **error)
{
  smb_exec_begin (exec, cancellable, TRUE);
  pass (exec, job);
  if (!smb_exec_finish (exec, error) || !smb_exec_reserve (exec, error))
    return FALSE;
  smb_exec_begin (exec, cancellable, FALSE);
  if (*accumulated == 0)
    smb_optimiser_clear_gradients (optimiser, exec);
  pass (exec, job);
  if (smb_exec_sends_ahead (exec) && smb_exec_is_live (exec))
    meanwhile (exec, job);
  if (smb_exec_finish (exec, error))
    return TRUE;
  *accumulated = 0; /* half a backward pass may have been added: start the sum again */
  return FALSE;
}

gboolean
smb_iteration_count (const SmbParallel *parallel, gboolean joined, SmbOptimiser *optimiser, int accumulate,
                     int *accumulated, gboolean *due, GError **error)
{
  *due = ++*accumulated >= accumulate;
  if (!*due)
    return TRUE;
  *accumulated = 0;
  if (parallel == NULL || smb_parallel_sum_gradients (parallel, joined, optimiser, error))
    return TRUE;
  *due = FALSE; /* some are sums, some are not */
  return FALSE;
}

double
smb_iteration_step (SmbExec *exec, SmbOptimiser *optimiser, double clip_norm, double lr)
{
  double norm = smb_optimiser_norm (optimiser, exec);

  smb_optimiser_step (optimiser, exec, lr, clip_norm > 0.0 ? MIN (1.0, clip_norm / (norm + 1e-6)) : 1.0);
  return norm;
}

guint64
smb_iteration_plan_ahead (SmbExec *exec, const SmbTensor *images)
{
  return smb_exec_sends_ahead (exec) ? smb_tensor_get_bytes (images) : 0;
}

void
smb_iteration_plan_gradients (SmbParamSet *set, const GPtrArray *groups)
{
  for (guint g = 0; g < groups->len; g++) {
    const SmbGroup *group = g_ptr_array_index (groups, g);

    for (guint i = 0; i < group->names->len; i++)
      smb_param_set_add_gradient (set, smb_param_set_get (set, g_ptr_array_index (group->names, i)), NULL);
  }
}
