/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-param-set.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"
#include "model/smb-params.h"
#include "model/smb-pos-embed.h"

static void
param_free (SmbParamSet *set, SmbParam *param)
{
  if (param->prepared != NULL)
    set->device->abi->weight_release (set->device->ctx, param->prepared);
  g_clear_pointer (&param->value, smb_tensor_unref);
  g_clear_pointer (&param->grad, smb_tensor_unref);
  g_free (param->name);
  g_free (param);
}

void
smb_param_set_free (SmbParamSet *set)
{
  if (set == NULL)
    return;
  for (guint i = 0; i < set->params->len; i++)
    param_free (set, g_ptr_array_index (set->params, i));
  g_ptr_array_unref (set->params);
  g_hash_table_unref (set->by_name);
  smb_device_unref (set->device);
  g_free (set);
}

/* Host float32 values of a stored tensor, for the grid asked for. */
static SmbTensor *
host_value (SmbTensor *stored, const char *name, const SmbNetConfig *config)
{
  gint64 tokens = smb_net_config_get_patches (config) + 1;
  SmbTensor *plain = stored->dtype == SMB_DTYPE_F32 ? smb_tensor_ref (stored) : smb_tensor_to_f32 (stored), *resized;

  if (!smb_params_is_table (name) || plain->shape[1] == tokens)
    return plain;
  resized = smb_pos_embed_resample (plain, smb_net_config_get_grid (config));
  smb_tensor_unref (plain);
  return resized;
}

/* A lower precision is for the blocks, where the time goes: the projection of the pixels and the heads cost next to
 * nothing and stay float32. */
static SmbPrecision
precision_of (const char *name, SmbPrecision precision)
{
  return strstr (name, "blocks.") != NULL ? precision : SMB_PRECISION_F32;
}

/* Packs a weight for the device's products. */
static gboolean
prepare (SmbParamSet *set, SmbParam *param, GError **error)
{
  gint64 n_out = param->value->shape[0];
  SmbStatus status;

  status = set->device->abi->weight_prepare (set->device->ctx, param->value->data, n_out, param->value->n / n_out,
                                             param->precision, &param->prepared);
  param->waits = FALSE;
  if (status == SMB_STATUS_OK)
    return TRUE;
  param->prepared = NULL;
  g_set_error (error, SMB_ERROR, status == SMB_STATUS_NO_MEMORY ? SMB_ERROR_MEMORY : SMB_ERROR_UNSUPPORTED,
               _ ("Preparing the tensor %s on the device %s failed: %s Choose full precision or another device."),
               param->name, set->device->id, set->device->abi->context_error (set->device->ctx));
  return FALSE;
}

/* Only gradients of the input read the plain values again. */
static gboolean
prepare_for_good (SmbParamSet *set, SmbParam *param, SmbTensor *stored, GError **error)
{
  if (!prepare (set, param, error))
    return FALSE;
  smb_tensor_release_pages (stored);
  return TRUE;
}

gboolean
smb_param_set_prepare (SmbParamSet *set, const SmbTensorDict *weights, GError **error)
{
  for (guint i = 0; i < set->params->len; i++) {
    SmbParam *param = g_ptr_array_index (set->params, i);

    if (param->waits && !prepare_for_good (set, param, smb_tensor_dict_get (weights, param->name), error))
      return FALSE;
  }
  return TRUE;
}

static SmbParam *
param_new (SmbParamSet *set, SmbTensor *stored, const SmbParamRow *row, const SmbNetConfig *config, SmbParamUse use,
           SmbPrecision precision, const char *file, GError **error)
{
  g_autoptr (SmbTensor) host = NULL;
  SmbParam *param;

  if (!smb_tensor_is_finite (stored)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _ ("%s: the tensor %s holds values that are not finite numbers; the file is damaged or its training "
                    "failed."),
                 file, row->name);
    return NULL;
  }
  host = host_value (stored, row->name, config);
  param = g_new0 (SmbParam, 1);
  param->name = g_strdup (row->name);
  param->precision = precision_of (row->name, precision);
  param->value = use == SMB_PARAMS_FIXED ? smb_tensor_on_device (host, set->device, error)
                                         : smb_tensor_upload (host, set->device, error);
  if (param->value != NULL && use == SMB_PARAMS_FIXED && (row->rank == 2 || row->rank == 4)) {
    param->waits = param->value->data == stored->data && param->precision != SMB_PRECISION_INT8;
    if (param->waits || prepare_for_good (set, param, stored, error))
      return param;
  } else if (param->value != NULL) {
    return param;
  }
  param_free (set, param);
  return NULL;
}

static SmbParamSet *
set_new (SmbDevice *device)
{
  SmbParamSet *set = g_new0 (SmbParamSet, 1);

  set->device = smb_device_ref (device);
  set->params = g_ptr_array_new ();
  set->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return set;
}

static void
set_add (SmbParamSet *set, SmbParam *param)
{
  g_ptr_array_add (set->params, param);
  g_hash_table_insert (set->by_name, param->name, param);
}

/* A tensor of the device that has a shape and no memory. */
static SmbTensor *
planned_tensor (SmbParamSet *set, int rank, const gint64 *shape)
{
  SmbTensor *t = smb_tensor_new_borrowed (SMB_DTYPE_F32, rank, shape, NULL, set, NULL);

  t->device = smb_device_ref (set->device);
  return t;
}

SmbParamSet *
smb_param_set_new_planned (SmbDevice *device, const SmbNetConfig *config, SmbNetKind kind, SmbPrecision precision)
{
  SmbParamSet *set = set_new (device);
  g_autoptr (GPtrArray) rows = smb_params_table (config, kind);

  for (guint i = 0; i < rows->len; i++) {
    const SmbParamRow *row = g_ptr_array_index (rows, i);
    SmbParam *param = g_new0 (SmbParam, 1);

    param->name = g_strdup (row->name);
    param->precision = precision_of (row->name, precision);
    param->value = planned_tensor (set, row->rank, row->shape);
    set_add (set, param);
  }
  return set;
}

gboolean
smb_param_set_add_gradient (SmbParamSet *set, SmbParam *param, GError **error)
{
  const SmbTensor *value = param->value;

  g_return_val_if_fail (param->grad == NULL, FALSE);
  param->grad = value->data == NULL ? planned_tensor (set, value->rank, value->shape)
                                    : smb_tensor_new_on (set->device, value->rank, value->shape, error);
  return param->grad != NULL;
}

/* Gradients need factors of float range: integers will not do. */
static gboolean
check_precision (const SmbDevice *device, SmbPrecision precision, SmbParamUse use, GError **error)
{
  if ((device->info.precisions & (1u << precision)) != 0
      && (use == SMB_PARAMS_FIXED || precision != SMB_PRECISION_INT8))
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
               _ ("The device %s cannot compute with the precision asked for; choose f32 or another device."),
               device->id);
  return FALSE;
}

SmbParamSet *
smb_param_set_new (SmbDevice *device, const SmbTensorDict *weights, const SmbNetConfig *config, SmbNetKind kind,
                   SmbParamUse use, SmbPrecision precision, const char *name, GError **error)
{
  g_autoptr (SmbParamSet) set = set_new (device);
  g_autoptr (GPtrArray) rows = smb_params_table (config, kind);

  if (!check_precision (device, precision, use, error))
    return NULL;
  for (guint i = 0; i < rows->len; i++) {
    const SmbParamRow *row = g_ptr_array_index (rows, i);
    SmbParam *param = param_new (set, smb_tensor_dict_get (weights, row->name), row, config, use, precision, name,
                                 error);

    if (param == NULL)
      return NULL;
    set_add (set, param);
  }
  return g_steal_pointer (&set);
}

SmbParam *
smb_param_set_get (const SmbParamSet *set, const char *name)
{
  return g_hash_table_lookup (set->by_name, name);
}

SmbParam *
smb_param_set_need (const SmbParamSet *set, const char *prefix, const char *suffix)
{
  g_autofree char *name = g_strconcat (prefix, ".", suffix, NULL);
  SmbParam *param = smb_param_set_get (set, name);

  g_assert (param != NULL); /* the table and the networks come from the same code */
  return param;
}

SmbLinear
smb_linear_bind (const SmbParamSet *set, const char *prefix)
{
  g_autofree char *bias = g_strconcat (prefix, ".bias", NULL);

  return (SmbLinear){ smb_param_set_need (set, prefix, "weight"), smb_param_set_get (set, bias) };
}

SmbNorm
smb_norm_bind (const SmbParamSet *set, const char *prefix, double eps)
{
  return (SmbNorm){ smb_param_set_need (set, prefix, "weight"), smb_param_set_need (set, prefix, "bias"), eps };
}

void
smb_linear_forward (SmbExec *exec, const SmbLinear *layer, SmbTensor *y, SmbTensor *before, const SmbTensor *x,
                    const SmbTensor *residual, SmbEpilogue epilogue)
{
  smb_op_linear (exec, y, before, x, layer->w->value, layer->w->prepared, layer->w->precision,
                 layer->b != NULL ? layer->b->value : NULL, residual, epilogue);
}

void
smb_linear_backward (SmbExec *exec, const SmbLinear *layer, SmbTensor *dx, const SmbTensor *dy, const SmbTensor *x)
{
  smb_op_linear_backward (exec, dx, layer->w->grad, layer->b != NULL ? layer->b->grad : NULL, dy, x, layer->w->value,
                          layer->w->precision);
}

void
smb_norm_forward (SmbExec *exec, const SmbNorm *norm, SmbTensor *y, SmbTensor *mean, SmbTensor *rstd,
                  const SmbTensor *x)
{
  smb_op_layer_norm (exec, y, mean, rstd, x, norm->w->value, norm->b->value, norm->eps);
}

void
smb_norm_backward (SmbExec *exec, const SmbNorm *norm, SmbTensor *dx, const SmbTensor *dy, const SmbTensor *x,
                   const SmbTensor *mean, const SmbTensor *rstd)
{
  smb_op_layer_norm_backward (exec, dx, norm->w->grad, norm->b->grad, dy, x, norm->w->value, mean, rstd);
}
