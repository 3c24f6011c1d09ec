/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-param-set.h"
#include "train/smb-groups.h"

G_BEGIN_DECLS

/* AdamW over the parameters of some groups; those get gradients, all others stay frozen. */
typedef struct {
  SmbParam *param; /* borrowed from the set */
  SmbTensor *m, *v;
  gint64 t; /* steps this parameter has taken */
  double lr_scale, weight_decay;
  gboolean resting; /* takes no part in the next step: its gradient is undefined, not zero */
} SmbSlot;

typedef struct {
  GPtrArray *slots; /* SmbSlot*, in the order of the groups */
  double beta1, beta2, eps;
} SmbOptimiser;

/* Allocates gradients and moments (zeros) on the set's device. MEMORY. */
SmbOptimiser *smb_optimiser_new (SmbParamSet *set, const GPtrArray *groups, double beta1, double beta2, double eps,
                                 SmbExec *exec, GError **error);
void smb_optimiser_free (SmbOptimiser *optimiser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbOptimiser, smb_optimiser_free)

/* Within a run of exec: all gradients = 0. */
void smb_optimiser_clear_gradients (SmbOptimiser *optimiser, SmbExec *exec);
/* Within a run: the norm of all gradients together, summed in float64 in the order of the slots. */
double smb_optimiser_norm (SmbOptimiser *optimiser, SmbExec *exec);
/* Within a run: one step of everything that does not rest; the gradients are scaled by grad_scale first. Counts steps
 * only if the run is live. */
void smb_optimiser_step (SmbOptimiser *optimiser, SmbExec *exec, double lr, double grad_scale);

/* Moments and step counts into a dictionary ("m.NAME", "v.NAME", "t" (slots) I64), and back from one; MISMATCH if it
 * belongs to another set of parameters. */
gboolean smb_optimiser_save (const SmbOptimiser *optimiser, SmbTensorDict *state, GError **error);
gboolean smb_optimiser_load (SmbOptimiser *optimiser, const SmbTensorDict *state, GError **error);

/* The same from a checkpoint of the official scripts (smb_weights_read_optimiser), which number the parameters group by
 * group as the slots are; one without a state has taken no step. MISMATCH as above. */
gboolean smb_optimiser_load_checkpoint (SmbOptimiser *optimiser, const SmbTensorDict *checkpoint, GError **error);
/* The largest number of steps a parameter has taken. */
gint64 smb_optimiser_get_steps (const SmbOptimiser *optimiser);

/* Bytes of gradients and moments for these groups. */
guint64 smb_optimiser_plan_bytes (const SmbParamSet *set, const GPtrArray *groups);
/* What a training takes on the host besides, where the device computes in the host's own memory (else 0): a
 * checkpoint's copies of the weights and both moments, and `batch` bytes of images as they are prepared. optimiser: as
 * above. */
guint64 smb_train_plan_host_bytes (const SmbDevice *device, guint64 weights, guint64 optimiser, guint64 batch);

/* Copies every parameter, or every gradient (present only where something trains), to host tensors named PREFIX + name.
 * FALSE on a failed copy. */
gboolean smb_params_download (const SmbParamSet *set, gboolean gradients, const char *prefix, SmbTensorDict *out,
                              GError **error);
/* Overwrites parameters from PREFIX + name; MISMATCH if one is missing or misshapen. */
gboolean smb_params_restore (SmbParamSet *set, gboolean gradients, const char *prefix, const SmbTensorDict *from,
                             GError **error);

G_END_DECLS
