/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* Blocks of the host's memory for results as large as attention maps, which one pass after the other gives: what is
 * given back is kept for the next who asks for about as much. The C library returns such blocks to the system at once,
 * and the system has every page of them faulted in and cleared again. Reference counted; safe from several threads. */
typedef struct _SmbBlockCache SmbBlockCache;

SmbBlockCache *smb_block_cache_new (void); /* keeps nothing until a limit is set */
void smb_block_cache_unref (SmbBlockCache *cache);

/* So many bytes are kept at most; what is more goes back to the system now. Blocks in use do not count. */
void smb_block_cache_set_limit (SmbBlockCache *cache, gsize bytes);
gsize smb_block_cache_get_kept_bytes (SmbBlockCache *cache);

/* Host tensor of unset values (float32) whose memory comes from the cache and, with the tensor's last reference, goes
 * back to it; the tensor may outlive whoever holds the cache. Aligned as every tensor is. */
SmbTensor *smb_block_cache_take_tensor (SmbBlockCache *cache, int rank, const gint64 *shape);

G_END_DECLS
