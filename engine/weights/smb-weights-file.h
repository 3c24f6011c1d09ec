/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* Reads a weights file, by content not by name: .safetensors (mapped, nothing copied) or PyTorch's .pth in its ZIP
 * and its legacy form, by a bounded reader that builds tensors, numbers, strings, lists and dicts and calls nothing.
 * For a .pth whose top is a dict with "model" (or "state_dict"), the tensors of that entry are returned under their own
 * names and the scalars of "args" and "epoch" as metadata "args.NAME", "epoch".
 * Views come back contiguous. Errors: NOT_FOUND, PERMISSION, FORMAT, UNSUPPORTED, LIMIT; the message names the file. */
SmbTensorDict *smb_weights_read (const char *path, GError **error);

/* What of a file is wanted: the tensors of its model, or the state of its optimiser. */
typedef enum {
  SMB_WEIGHTS_MODEL,
  SMB_WEIGHTS_OPTIMISER,
} SmbWeightsPart;

/* The same from a descriptor that stays the caller's; `path` only for messages. */
SmbTensorDict *smb_weights_read_fd (int fd, SmbWeightsPart part, const char *path, GError **error);

/* The state of the optimiser (Adam's or AdamW's) in a .pth: INDEX.exp_avg, INDEX.exp_avg_sq and INDEX.step (one number)
 * for each parameter that has taken steps, in the numbering of its groups; metadata as above. Errors as above;
 * NOT_FOUND: the file holds none, as no .safetensors does. */
SmbTensorDict *smb_weights_read_optimiser (const char *path, GError **error);

/* PyTorch's files hold a pickle, which is a small program, so a process reads them itself only if it says that it is
 * locked in (or has nothing to lose, as a test). Everywhere else `convert` does it: a descriptor of the same tensors as
 * .safetensors, sealed, to be closed; -1 with an error. Until either was called they are refused. Once, at the start.
 */
typedef int (*SmbWeightsConvert) (int fd, SmbWeightsPart part, const char *path, GError **error);
void smb_weights_read_pickles_here (void);
void smb_weights_convert_pickles_with (SmbWeightsConvert convert);

/* The dictionary as .safetensors in a sealed memory descriptor; -1 with an error. */
int smb_weights_write_memory (const SmbTensorDict *dict, const char *path, GError **error);

/* Writes .safetensors: to a temporary file beside it, fsync, rename. Tensors 8-byte aligned, header as compact JSON
 * with names in the dictionary's order: the same dictionary gives the same bytes. */
gboolean smb_weights_write (const char *path, const SmbTensorDict *dict, GError **error);

/* Writes PyTorch's .pth, a ZIP archive of stored records: {"model": OrderedDict of float32 tensors, "epoch": whole
 * number if the metadata states one, "semblance": dict of the metadata's texts}; what torch.load and the official
 * scripts read. To a temporary file beside it, fsync, rename. LIMIT for more than 4 GB. */
gboolean smb_weights_write_pth (const char *path, const SmbTensorDict *dict, GError **error);

G_END_DECLS
