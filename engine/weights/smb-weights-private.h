/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/smb-error.h"
#include "weights/smb-weights-file.h"

G_BEGIN_DECLS

/* What the files of this room share; no other room includes this. */

/* Sets an error whose sentence names the file, says what is wrong (the format, a translated clause) and what can be
 * done. Always returns FALSE. */
gboolean smb_weights_fail (GError **error, SmbError code, const char *path, const char *format, ...)
  G_GNUC_PRINTF (4, 5);

/* A name out of a file, fit for a message: without control characters, at most 80 characters. Free with g_free. */
char *smb_weights_quote (const char *name, gsize n_bytes);

/* Name of the element type -> dtype. FALSE: this program has no such type. */
gboolean smb_weights_dtype_from_name (const char *name, SmbDtype *dtype);

/* Host tensor over `n_bytes` of `bytes` from `offset`; borrowed if they lie aligned for their type, else copied. The
 * caller has checked that they lie inside and fit the shape. */
SmbTensor *smb_weights_tensor_over (GBytes *bytes, gsize offset, SmbDtype dtype, int rank, const gint64 *shape);

/* The whole file as .safetensors; tensors keep `bytes` alive. */
SmbTensorDict *smb_safetensors_read (GBytes *bytes, const char *path, GError **error);

/* One tensor's line in a .safetensors header. */
typedef struct {
  char *name;
  SmbDtype dtype;
  int rank;
  gint64 shape[SMB_MAX_RANK];
  guint64 begin, end; /* bytes, from the start of the data */
} SmbSafetensorsEntry;

/* Parses the JSON header of n_bytes. `entries` (SmbSafetensorsEntry*) in file order, every shape and range checked
 * against each other and against data_bytes: no gap, no overlap, nothing left over. */
gboolean smb_safetensors_parse_header (const char *text, gsize n_bytes, guint64 data_bytes, GPtrArray **entries,
                                       GHashTable **metadata, const char *path, GError **error);

/* PyTorch's checkpoints: a ZIP archive, or the older stream of pickles. */
SmbTensorDict *smb_pth_read_zip (GBytes *bytes, SmbWeightsPart part, const char *path, GError **error);
SmbTensorDict *smb_pth_read_legacy (GBytes *bytes, SmbWeightsPart part, const char *path, GError **error);

/* Writes a whole file: to a temporary one beside it, fsync, rename, fsync of the folder. */
typedef gboolean (*SmbFillFile) (int fd, const char *path, gpointer user_data, GError **error);
gboolean smb_weights_replace_file (const char *path, SmbFillFile fill, gpointer user_data, GError **error);
/* Writes all of it, whatever the system takes at once. */
gboolean smb_weights_write_all (int fd, const void *data, gsize n_bytes, const char *path, GError **error);

G_END_DECLS
