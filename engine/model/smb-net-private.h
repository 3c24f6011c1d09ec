/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-class-net.h"
#include "model/smb-mim-net.h"
#include "model/smb-net.h"

G_BEGIN_DECLS

struct _SmbNet {
  SmbNetConfig config;
  SmbNetKind kind;
  SmbTensorDict *weights; /* owned: host memory the parameters may read in place */
  SmbParamSet *params;    /* owned */
  SmbExec *exec;          /* owned */
  gboolean has_run;       /* once at least */
  gboolean planning;      /* a run is to end with its dry half */
  SmbMimNet mim;          /* online, target */
  SmbClassNet classifier; /* classifier, adapter */
};

/* A run of a network: called once dry, to plan memory, and once for real; the latter not if net->planning, and then
 * there are no outputs to go on with. */
typedef void (*SmbNetPass) (SmbExec *exec, gpointer job);
gboolean smb_net_run (SmbNet *net, SmbNetPass pass, gpointer job, GCancellable *cancellable, GError **error);

/* Around a forward pass of one of `net`'s networks that nothing is read from before its end: of a batch so small that
 * starting the operations takes the device longer than computing them, they are given to it in one piece where it can
 * keep them (smb_exec_sequence_begin). index NULL: none. */
void smb_net_pass_begin (const SmbNet *net, SmbExec *exec, const SmbTensor *images, const SmbTensor *index);
void smb_net_pass_end (SmbExec *exec);

/* Adds a float64 number. */
void smb_net_output_scalar (SmbTensorDict *outputs, const char *name, double value);

gboolean smb_net_forward_online (SmbNet *net, SmbNet *target, const SmbTensorDict *inputs, guint want,
                                 SmbTensorDict *outputs, GCancellable *cancellable, GError **error);
gboolean smb_net_forward_target (SmbNet *net, const SmbTensorDict *inputs, SmbTensorDict *outputs,
                                 GCancellable *cancellable, GError **error);
gboolean smb_net_forward_classifier (SmbNet *net, const SmbTensorDict *inputs, guint want, SmbTensorDict *outputs,
                                     GCancellable *cancellable, GError **error);

G_END_DECLS
