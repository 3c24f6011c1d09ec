/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-net-config.h"
#include "tensor/smb-ops.h"

G_BEGIN_DECLS

/* A parameter on a device. */
typedef struct {
  char *name;
  SmbTensor *value;
  SmbTensor *grad; /* accumulates; NULL: frozen, or a network for inference */
  void *prepared;  /* what weight_prepare made of it; NULL: the plain values are used */
  SmbPrecision precision; /* of its products */
  gboolean waits;  /* not prepared yet: smb_param_set_prepare */
} SmbParam;

/* All parameters of a network on a device. */
typedef struct {
  SmbDevice *device;
  GPtrArray *params;   /* SmbParam*, owned, in the order of smb_params_table */
  GHashTable *by_name; /* borrowed from params */
} SmbParamSet;

typedef enum {
  SMB_PARAMS_FIXED,    /* for inference: host memory is read in place where the device allows, weights are packed for
                         the products (or wait for it, see below), and those of the blocks in the precision asked for */
  SMB_PARAMS_WRITABLE, /* for training: own copies, in float32; the precision is that of the blocks' products */
} SmbParamUse;

/* Brings a network's weights (as smb_net_config_detect accepted them) onto a device in float32; position tables are
 * resampled where config asks for another input size. A value that is not a finite number is a FORMAT error naming the
 * tensor; MEMORY. `name` is the file's name for messages. */
SmbParamSet *smb_param_set_new (SmbDevice *device, const SmbTensorDict *weights, const SmbNetConfig *config,
                                SmbNetKind kind, SmbParamUse use, SmbPrecision precision, const char *name,
                                GError **error);
/* Shapes without memory, for planning a run before anything is loaded: only dry runs may use it. */
SmbParamSet *smb_param_set_new_planned (SmbDevice *device, const SmbNetConfig *config, SmbNetKind kind,
                                        SmbPrecision precision);
/* Gives a parameter a gradient tensor (planned sets: one without memory). MEMORY. */
gboolean smb_param_set_add_gradient (SmbParamSet *set, SmbParam *param, GError **error);
/* Packs what waits for it: weights that the device reads in place are packed anew in each pass until then, to the same
 * bits. That is quicker, and takes no memory, if there is one pass only. weights: those the set was made of. */
gboolean smb_param_set_prepare (SmbParamSet *set, const SmbTensorDict *weights, GError **error);
void smb_param_set_free (SmbParamSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbParamSet, smb_param_set_free)

/* Borrowed; NULL if the network has no such parameter. */
SmbParam *smb_param_set_get (const SmbParamSet *set, const char *name);
/* PREFIX.SUFFIX, which must exist. */
SmbParam *smb_param_set_need (const SmbParamSet *set, const char *prefix, const char *suffix);

/* A linear layer: weight, and bias or NULL. */
typedef struct {
  SmbParam *w, *b;
} SmbLinear;
/* A LayerNorm. */
typedef struct {
  SmbParam *w, *b;
  double eps;
} SmbNorm;

SmbLinear smb_linear_bind (const SmbParamSet *set, const char *prefix);
SmbNorm smb_norm_bind (const SmbParamSet *set, const char *prefix, double eps);

/* y = x . w^T + b [+ residual]; before as in smb_op_linear. */
void smb_linear_forward (SmbExec *exec, const SmbLinear *layer, SmbTensor *y, SmbTensor *before, const SmbTensor *x,
                         const SmbTensor *residual, SmbEpilogue epilogue);
/* dx (or NULL) =; gradients of what is not frozen +=. */
void smb_linear_backward (SmbExec *exec, const SmbLinear *layer, SmbTensor *dx, const SmbTensor *dy,
                          const SmbTensor *x);
void smb_norm_forward (SmbExec *exec, const SmbNorm *norm, SmbTensor *y, SmbTensor *mean, SmbTensor *rstd,
                       const SmbTensor *x);
void smb_norm_backward (SmbExec *exec, const SmbNorm *norm, SmbTensor *dx, const SmbTensor *dy, const SmbTensor *x,
                        const SmbTensor *mean, const SmbTensor *rstd);

G_END_DECLS
