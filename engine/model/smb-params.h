/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-net-config.h"

G_BEGIN_DECLS

/* One parameter of a network: its name and shape in the published checkpoints. */
typedef struct {
  char *name;
  int rank;
  gint64 shape[4];
} SmbParamRow;

/* Every parameter of a network (SmbParamRow*), in the order of the published checkpoints, which also decides the
 * indices of the optimiser's state. */
GPtrArray *smb_params_table (const SmbNetConfig *config, SmbNetKind kind);

/* Elements of all parameters. */
gint64 smb_params_count (const SmbNetConfig *config, SmbNetKind kind);

/* The three position tables, which pre-training freezes. */
gboolean smb_params_is_table (const char *name);

G_END_DECLS
