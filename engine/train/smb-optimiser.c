/* SPDX-License-Identifier: Apache-2.0 */
#include "train/smb-optimiser.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"

static void
slot_free (gpointer data)
{
  SmbSlot *slot = data;

  g_clear_pointer (&slot->m, smb_tensor_unref);
  g_clear_pointer (&slot->v, smb_tensor_unref);
  g_free (slot);
}

static gboolean
add_slot (SmbOptimiser *optimiser, SmbParamSet *set, SmbParam *param, const SmbGroup *group, SmbExec *exec,
          GError **error)
{
  SmbSlot *slot = g_new0 (SmbSlot, 1);

  g_ptr_array_add (optimiser->slots, slot);
  slot->param = param;
  slot->lr_scale = group->lr_scale;
  slot->weight_decay = group->weight_decay;
  if (!smb_param_set_add_gradient (set, param, error))
    return FALSE;
  slot->m = smb_tensor_new_on (set->device, param->value->rank, param->value->shape, error);
  slot->v = slot->m != NULL ? smb_tensor_new_on (set->device, param->value->rank, param->value->shape, error) : NULL;
  if (slot->v == NULL)
    return FALSE;
  smb_op_fill (exec, slot->m, 0.0f);
  smb_op_fill (exec, slot->v, 0.0f);
  smb_op_fill (exec, param->grad, 0.0f);
  return TRUE;
}

SmbOptimiser *
smb_optimiser_new (SmbParamSet *set, const GPtrArray *groups, double beta1, double beta2, double eps, SmbExec *exec,
                   GError **error)
{
  g_autoptr (SmbOptimiser) optimiser = g_new0 (SmbOptimiser, 1);

  optimiser->slots = g_ptr_array_new_with_free_func (slot_free);
  optimiser->beta1 = beta1;
  optimiser->beta2 = beta2;
  optimiser->eps = eps;
  smb_exec_begin (exec, NULL, FALSE);
  for (guint g = 0; g < groups->len; g++) {
    const SmbGroup *group = g_ptr_array_index (groups, g);

    for (guint i = 0; i < group->names->len; i++)
      if (!add_slot (optimiser, set, smb_param_set_get (set, g_ptr_array_index (group->names, i)), group, exec, error))
        return NULL;
  }
  return smb_exec_finish (exec, error) ? g_steal_pointer (&optimiser) : NULL;
}

void
smb_optimiser_free (SmbOptimiser *optimiser)
{
  if (optimiser == NULL)
    return;
  g_ptr_array_unref (optimiser->slots);
  g_free (optimiser);
}

void
smb_optimiser_clear_gradients (SmbOptimiser *optimiser, SmbExec *exec)
{
  for (guint i = 0; i < optimiser->slots->len; i++)
    smb_op_fill (exec, ((SmbSlot *) g_ptr_array_index (optimiser->slots, i))->param->grad, 0.0f);
}

double
smb_optimiser_norm (SmbOptimiser *optimiser, SmbExec *exec)
{
  double sum = 0.0;

  for (guint i = 0; i < optimiser->slots->len; i++)
    sum += smb_op_sum_squares (exec, ((SmbSlot *) g_ptr_array_index (optimiser->slots, i))->param->grad);
  return sqrt (sum);
}

void
smb_optimiser_step (SmbOptimiser *optimiser, SmbExec *exec, double lr, double grad_scale)
{
  for (guint i = 0; i < optimiser->slots->len; i++) {
    SmbSlot *slot = g_ptr_array_index (optimiser->slots, i);
    const SmbAdamW rates = { .lr = lr * slot->lr_scale,
                             .beta1 = optimiser->beta1,
                             .beta2 = optimiser->beta2,
                             .eps = optimiser->eps,
                             .weight_decay = slot->weight_decay,
                             .grad_scale = grad_scale,
                             .t = slot->t + 1 };

    if (slot->resting)
      continue;
    smb_op_adamw (exec, slot->param->value, slot->m, slot->v, slot->param->grad, &rates);
    slot->t += smb_exec_is_live (exec);
  }
}

static gboolean
download (SmbTensorDict *out, const char *prefix, const char *name, const SmbTensor *t, GError **error)
{
  g_autofree char *full = g_strconcat (prefix, name, NULL);
  g_autoptr (SmbTensor) host = smb_tensor_download (t, error);

  if (host != NULL)
    smb_tensor_dict_set (out, full, host);
  return host != NULL;
}

static gboolean
restore (SmbTensor *t, const char *prefix, const char *name, const SmbTensorDict *from, GError **error)
{
  g_autofree char *full = g_strconcat (prefix, name, NULL);
  SmbTensor *stored = smb_tensor_dict_get (from, full);
  g_autoptr (SmbTensor) host = stored == NULL                     ? NULL
                               : stored->dtype == SMB_DTYPE_F32 ? smb_tensor_ref (stored)
                                                                : smb_tensor_to_f32 (stored);
  SmbDevice *device = t->device;

  if (host == NULL || host->rank != t->rank
      || memcmp (host->shape, t->shape, (gsize) t->rank * sizeof *t->shape) != 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("The saved training state has no fitting tensor %s; it belongs to another training."), full);
    return FALSE;
  }
  if (device->abi->upload (device->ctx, t->data, host->data, smb_tensor_get_bytes (host)) == SMB_STATUS_OK)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("Copying to the device %s failed: %s"), device->id,
               device->abi->context_error (device->ctx));
  return FALSE;
}

gboolean
smb_optimiser_save (const SmbOptimiser *optimiser, SmbTensorDict *state, GError **error)
{
  const gint64 n = optimiser->slots->len;
  g_autoptr (SmbTensor) steps = smb_tensor_new (SMB_DTYPE_I64, 1, &n);

  for (guint i = 0; i < optimiser->slots->len; i++) {
    const SmbSlot *slot = g_ptr_array_index (optimiser->slots, i);

    ((gint64 *) steps->data)[i] = slot->t;
    if (!download (state, "m.", slot->param->name, slot->m, error)
        || !download (state, "v.", slot->param->name, slot->v, error))
      return FALSE;
  }
  smb_tensor_dict_set (state, "t", steps);
  return TRUE;
}

gboolean
smb_optimiser_load (SmbOptimiser *optimiser, const SmbTensorDict *state, GError **error)
{
  const SmbTensor *steps = smb_tensor_dict_get (state, "t");

  if (steps == NULL || steps->dtype != SMB_DTYPE_I64 || steps->n != (gint64) optimiser->slots->len) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                         _ ("The saved training state counts the steps of other parameters; it belongs to another "
                            "training."));
    return FALSE;
  }
  for (guint i = 0; i < optimiser->slots->len; i++) {
    SmbSlot *slot = g_ptr_array_index (optimiser->slots, i);

    memcpy (&slot->t, (const gint64 *) steps->data + i, sizeof slot->t);
    if (slot->t < 0 || !restore (slot->m, "m.", slot->param->name, state, error)
        || !restore (slot->v, "v.", slot->param->name, state, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
smb_optimiser_load_checkpoint (SmbOptimiser *optimiser, const SmbTensorDict *checkpoint, GError **error)
{
  guint found = 0;

  for (guint i = 0; i < optimiser->slots->len; i++) {
    SmbSlot *slot = g_ptr_array_index (optimiser->slots, i);
    g_autofree char *prefix = g_strdup_printf ("%u.", i), *name = g_strconcat (prefix, "step", NULL);
    const SmbTensor *step = smb_tensor_dict_get (checkpoint, name);
    g_autoptr (SmbTensor) count = step != NULL ? smb_tensor_to_f32 (step) : NULL;
    float t = count != NULL && count->n == 1 ? *(const float *) count->data : 0.0f;

    if (step == NULL)
      continue;
    if (!(t >= 1.0f && t < 1e9f) || !restore (slot->m, prefix, "exp_avg", checkpoint, error)
        || !restore (slot->v, prefix, "exp_avg_sq", checkpoint, error))
      break;
    slot->t = (gint64) t;
    found++;
  }
  if (found > 0 && 3 * found == smb_tensor_dict_get_size (checkpoint))
    return TRUE;
  g_clear_error (error);
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                       _ ("The checkpoint's optimiser belongs to other parameters than those trained here."));
  return FALSE;
}

gint64
smb_optimiser_get_steps (const SmbOptimiser *optimiser)
{
  gint64 steps = 0;

  for (guint i = 0; i < optimiser->slots->len; i++)
    steps = MAX (steps, ((const SmbSlot *) g_ptr_array_index (optimiser->slots, i))->t);
  return steps;
}

guint64
smb_optimiser_plan_bytes (const SmbParamSet *set, const GPtrArray *groups)
{
  guint64 bytes = 0;

  for (guint g = 0; g < groups->len; g++) {
    const SmbGroup *group = g_ptr_array_index (groups, g);

    for (guint i = 0; i < group->names->len; i++) /* gradient and two moments */
      bytes += 3 * smb_tensor_get_bytes (smb_param_set_get (set, g_ptr_array_index (group->names, i))->value);
  }
  return bytes;
}

guint64
smb_train_plan_host_bytes (const SmbDevice *device, guint64 weights, guint64 optimiser, guint64 batch)
{
  return g_strcmp0 (device->abi->name, "cpu") == 0 ? weights + optimiser / 3 * 2 + batch : 0;
}

gboolean
smb_params_download (const SmbParamSet *set, gboolean gradients, const char *prefix, SmbTensorDict *out, GError **error)
{
  for (guint i = 0; i < set->params->len; i++) {
    const SmbParam *param = g_ptr_array_index (set->params, i);
    const SmbTensor *t = gradients ? param->grad : param->value;

    if (t != NULL && !download (out, prefix, param->name, t, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
smb_params_restore (SmbParamSet *set, gboolean gradients, const char *prefix, const SmbTensorDict *from,
                    GError **error)
{
  for (guint i = 0; i < set->params->len; i++) {
    const SmbParam *param = g_ptr_array_index (set->params, i);
    SmbTensor *t = gradients ? param->grad : param->value;

    if (t != NULL && !restore (t, prefix, param->name, from, error))
      return FALSE;
  }
  return TRUE;
}
