/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "backend/smb-device.h"

G_BEGIN_DECLS

#define SMB_MAX_RANK 8

typedef enum {
  SMB_DTYPE_F32,
  SMB_DTYPE_F64,
  SMB_DTYPE_F16,
  SMB_DTYPE_BF16,
  SMB_DTYPE_I64,
  SMB_DTYPE_I32,
  SMB_DTYPE_I16,
  SMB_DTYPE_I8,
  SMB_DTYPE_U8,
  SMB_DTYPE_BOOL,
} SmbDtype;

gsize smb_dtype_size_bytes (SmbDtype dtype);
const char *smb_dtype_name (SmbDtype dtype); /* "F32": the names of safetensors; static */

/* A contiguous row-major block of numbers. On the host (device NULL) or in a device's memory. Reference counted; the
 * shape never changes. Host tensors may borrow their bytes from an owner (a mapped file) and are then read-only. */
typedef struct {
  SmbDtype dtype;
  int rank; /* 0: a scalar, one element */
  gint64 shape[SMB_MAX_RANK];
  gint64 n; /* elements */
  void *data;
  SmbDevice *device; /* NULL: host */
  gboolean mapped;   /* data lies in a file mapped read-only: its pages can be given back and come again */
  /* private */
  gpointer owner;
  GDestroyNotify owner_free;
} SmbTensor;

/* Host tensor of zeros. Dimensions are >= 0 and their product must not overflow (else NULL: misuse). */
SmbTensor *smb_tensor_new (SmbDtype dtype, int rank, const gint64 *shape);
/* Host tensor over bytes that `owner` keeps alive; owner_free (owner) is called with the last reference. */
SmbTensor *smb_tensor_new_borrowed (SmbDtype dtype, int rank, const gint64 *shape, const void *data, gpointer owner,
                                    GDestroyNotify owner_free);
/* Float32 tensor of unset values in a device's memory; NULL with SMB_ERROR_MEMORY. */
SmbTensor *smb_tensor_new_on (SmbDevice *device, int rank, const gint64 *shape, GError **error);
SmbTensor *smb_tensor_ref (SmbTensor *tensor);
void smb_tensor_unref (SmbTensor *tensor);

gsize smb_tensor_get_bytes (const SmbTensor *tensor);
gboolean smb_tensor_shape_is (const SmbTensor *tensor, int rank, ...); /* gint64 arguments; -1 matches any */
char *smb_tensor_dup_shape_text (const SmbTensor *tensor);             /* "(2, 197, 768)" */
/* Host copy as float32 whatever the dtype (exact for F16, BF16; integers and F64 rounded). */
SmbTensor *smb_tensor_to_f32 (const SmbTensor *tensor);
/* Host copy of a float32 tensor as float16, each value rounded to the nearest (ties to even); NULL if one is beyond
 * float16's range (65504), which would come back as infinite. */
SmbTensor *smb_tensor_to_f16 (const SmbTensor *tensor);
/* Gives the memory of a mapped tensor back to the system; the values are read from the file again when they are next
 * looked at. Nothing for other tensors. */
void smb_tensor_release_pages (const SmbTensor *tensor);
/* Whether a host tensor holds neither NaN nor infinity (integers always). */
gboolean smb_tensor_is_finite (const SmbTensor *tensor);
/* The same bytes under another shape of as many elements; keeps `tensor` alive. */
SmbTensor *smb_tensor_reshape (SmbTensor *tensor, int rank, const gint64 *shape);
/* Entries [from, from + n) along the first dimension; keeps `tensor` alive. */
SmbTensor *smb_tensor_part (SmbTensor *tensor, gint64 from, gint64 n);
/* Float32 host tensor for reading on a device: the processor reads the host's own bytes (nothing is copied, `host` is
 * kept alive), any other device gets a copy. Never write to it. */
SmbTensor *smb_tensor_on_device (SmbTensor *host, SmbDevice *device, GError **error);
/* Moves: float32 host <-> device. */
SmbTensor *smb_tensor_upload (const SmbTensor *host, SmbDevice *device, GError **error);
SmbTensor *smb_tensor_download (const SmbTensor *tensor, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbTensor, smb_tensor_unref)

/* Ordered dictionary name -> tensor with string metadata: what a weights file holds. Reference counted. */
typedef struct {
  GPtrArray *names;     /* char*, in file order */
  GHashTable *tensors;  /* name -> SmbTensor* (owned) */
  GHashTable *metadata; /* char* -> char* */
} SmbTensorDict;

SmbTensorDict *smb_tensor_dict_new (void);
SmbTensorDict *smb_tensor_dict_ref (SmbTensorDict *dict);
void smb_tensor_dict_unref (SmbTensorDict *dict);
/* Adds or replaces; takes its own reference. */
void smb_tensor_dict_set (SmbTensorDict *dict, const char *name, SmbTensor *tensor);
SmbTensor *smb_tensor_dict_get (const SmbTensorDict *dict, const char *name); /* borrowed, or NULL */
guint smb_tensor_dict_get_size (const SmbTensorDict *dict);
void smb_tensor_dict_set_meta (SmbTensorDict *dict, const char *key, const char *value);
const char *smb_tensor_dict_get_meta (const SmbTensorDict *dict, const char *key); /* borrowed, or NULL */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbTensorDict, smb_tensor_dict_unref)

G_END_DECLS
