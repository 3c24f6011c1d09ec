/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "backend/smb-device.h"
#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* semblance-cli tensor …: the arithmetic laid open, tensors in and tensors out, for whoever wants to compare it with
 * another implementation. Each command gets its own arguments and returns an SmbExit. */
int smb_cli_tensor (int argc, char **argv);

int smb_cli_tensor_forward (int argc, char **argv);
int smb_cli_tensor_pretrain (int argc, char **argv);
int smb_cli_tensor_finetune (int argc, char **argv);
int smb_cli_tensor_mask (int argc, char **argv);

/* Options every command shares. */
typedef struct {
  char *device; /* "cpu" by default */
  int threads;
} SmbCliTensorDevice;
SmbDevice *smb_cli_tensor_open (const SmbCliTensorDevice *choice, GError **error);

G_END_DECLS
