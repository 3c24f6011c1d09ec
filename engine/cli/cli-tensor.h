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

/* Options that a network, its inputs and its results take. */
typedef struct {
  char *weights, *inputs, *out, *config;
  char *device; /* "cpu" by default */
  int threads;
} SmbCliTensorOptions;

/* What --help says of a command, of these options in particular; N_(). */
typedef struct {
  const char *summary, *weights, *inputs, *out, *out_value, *config;
} SmbCliTensorHelp;

/* Parses them together with the command's own (ended by an empty entry). FALSE: a sentence was printed, of an argument
 * that is no option or of one of --weights, --inputs, --out that is missing; return SMB_EXIT_USAGE. */
gboolean smb_cli_tensor_parse (SmbCliTensorOptions *options, const SmbCliTensorHelp *help, const GOptionEntry *own,
                               int *argc, char ***argv);
void smb_cli_tensor_options_clear (SmbCliTensorOptions *options);

/* Whether nothing follows the options; else the sentence was printed. */
gboolean smb_cli_tensor_options_only (int argc, char **argv);
/* What to return: SMB_EXIT_OK for NULL, else the error is printed; ARGUMENT errors are of usage. */
int smb_cli_tensor_exit (const GError *error);

SmbDevice *smb_cli_tensor_open (const SmbCliTensorOptions *options, GError **error);

/* Reads a network. Where its file does not say what shapes cannot tell, the metadata of the inputs speaks for it. */
SmbTensorDict *smb_cli_tensor_weights (const char *path, const SmbTensorDict *inputs, GError **error);
/* What overrides the weights' own description: the option's JSON (may be NULL), and the size of in.images where they
 * are of another than the network's, so that its position tables are resampled to them; standard error tells of it.
 * Free with g_free; NULL: nothing. */
char *smb_cli_tensor_describe (const SmbTensorDict *weights, const SmbTensorDict *inputs, const char *config);

G_END_DECLS
