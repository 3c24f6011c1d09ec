/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-net.h"

#include <glib/gi18n-lib.h>

#include "base/smb-error.h"
#include "model/smb-net-private.h"

SmbNet *
smb_net_new (SmbDevice *device, SmbTensorDict *weights, const char *overrides, const char *name,
             SmbPrecision precision, GError **error)
{
  g_autoptr (SmbNet) net = g_new0 (SmbNet, 1);

  if (!smb_net_config_detect (&net->config, &net->kind, weights, overrides, name, error))
    return NULL;
  net->params = smb_param_set_new (device, weights, &net->config, net->kind, SMB_PARAMS_FIXED, precision, name, error);
  if (net->params == NULL)
    return NULL;
  net->weights = smb_tensor_dict_ref (weights);
  net->exec = smb_exec_new (device);
  if (net->kind == SMB_NET_ONLINE || net->kind == SMB_NET_TARGET)
    net->mim = smb_mim_net_bind (net->params, &net->config, net->kind);
  else
    net->classifier = smb_class_net_bind (net->params, &net->config, net->kind);
  return g_steal_pointer (&net);
}

void
smb_net_free (SmbNet *net)
{
  if (net == NULL)
    return;
  smb_mim_net_clear (&net->mim);
  smb_class_net_clear (&net->classifier);
  smb_exec_free (net->exec);
  smb_param_set_free (net->params);
  smb_tensor_dict_unref (net->weights);
  g_free (net);
}

const SmbNetConfig *
smb_net_get_config (const SmbNet *net)
{
  return &net->config;
}

SmbNetKind
smb_net_get_kind (const SmbNet *net)
{
  return net->kind;
}

gboolean
smb_net_run (SmbNet *net, SmbNetPass pass, gpointer job, GCancellable *cancellable, GError **error)
{
  if (net->has_run && !net->planning && !smb_param_set_prepare (net->params, net->weights, error))
    return FALSE;
  smb_exec_begin (net->exec, cancellable, TRUE);
  pass (net->exec, job);
  if (!smb_exec_finish (net->exec, error))
    return FALSE;
  if (net->planning)
    return TRUE;
  if (!smb_exec_reserve (net->exec, error))
    return FALSE;
  net->has_run = TRUE;
  do {
    smb_exec_begin (net->exec, cancellable, FALSE);
    pass (net->exec, job);
  } while (smb_exec_must_repeat (net->exec));
  return smb_exec_finish (net->exec, error);
}

#define SMALL_BATCH 8 /* faces; reckoned for a ViT-B, not measured */

void
smb_net_pass_begin (const SmbNet *net, SmbExec *exec, const SmbTensor *images, const SmbTensor *index)
{
  if (images->shape[0] <= SMALL_BATCH)
    smb_exec_sequence_begin (exec, net, images, index, NULL);
}

void
smb_net_pass_end (SmbExec *exec)
{
  smb_exec_sequence_end (exec);
}

void
smb_net_output_scalar (SmbTensorDict *outputs, const char *name, double value)
{
  g_autoptr (SmbTensor) t = smb_tensor_new (SMB_DTYPE_F64, 0, NULL);

  *(double *) t->data = value;
  smb_tensor_dict_set (outputs, name, t);
}

static gboolean
forward (SmbNet *net, SmbNet *target, const SmbTensorDict *inputs, guint want, SmbTensorDict *outputs,
         GCancellable *cancellable, GError **error)
{
  if (target != NULL && (net->kind != SMB_NET_ONLINE || target->kind != SMB_NET_TARGET)) {
    g_set_error_literal (
        error, SMB_ERROR, SMB_ERROR_MISMATCH,
        _ ("A target network goes only with an online network; one of the two files is another kind."));
    return FALSE;
  }
  if (net->kind == SMB_NET_ONLINE)
    return smb_net_forward_online (net, target, inputs, want, outputs, cancellable, error);
  if (net->kind == SMB_NET_TARGET)
    return smb_net_forward_target (net, inputs, outputs, cancellable, error);
  return smb_net_forward_classifier (net, inputs, want, outputs, cancellable, error);
}

SmbTensorDict *
smb_net_forward (SmbNet *net, SmbNet *target, const SmbTensorDict *inputs, guint want, GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (SmbTensorDict) outputs = smb_tensor_dict_new ();

  return forward (net, target, inputs, want, outputs, cancellable, error) ? g_steal_pointer (&outputs) : NULL;
}

gboolean
smb_net_plan (SmbNet *net, SmbNet *target, const SmbTensorDict *inputs, guint want, SmbNetNeed *need_out,
              GError **error)
{
  SmbNet *const nets[] = { net, target };
  const guint n_nets = target != NULL ? 2 : 1;
  g_autoptr (SmbTensorDict) none = smb_tensor_dict_new ();
  gboolean done;

  for (guint i = 0; i < n_nets; i++)
    nets[i]->planning = TRUE;
  *need_out = (SmbNetNeed){ 0 };
  done = forward (net, target, inputs, want, none, NULL, error);
  for (guint i = 0; i < n_nets; i++) {
    nets[i]->planning = FALSE;
    need_out->scratch_bytes += done ? smb_exec_get_peak_bytes (nets[i]->exec) : 0;
    need_out->output_bytes += done ? smb_exec_get_output_bytes (nets[i]->exec) : 0;
  }
  return done;
}
