/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/smb-block-cache.h"

#include <stdlib.h>

#define ALIGNMENT_BYTES 64
#define MOST_WASTE      4 /* a kept block serves a request of at least three quarters of it */

/* Owned by the tensor that uses it, or by the cache. */
typedef struct {
  SmbBlockCache *cache; /* a reference while it is in use, else NULL */
  void *data;
  gsize bytes;
} Block;

struct _SmbBlockCache {
  gatomicrefcount references;
  GMutex lock;     /* of all below */
  GPtrArray *kept; /* Block* */
  gsize kept_bytes, limit;
};

static void
block_free (Block *block)
{
  free (block->data);
  g_free (block);
}

static Block *
block_new (gsize bytes)
{
  Block *block = g_new0 (Block, 1);

  block->bytes = bytes;
  block->data = aligned_alloc (ALIGNMENT_BYTES, bytes);
  if (block->data == NULL)
    g_error ("no memory left for a tensor of %" G_GSIZE_FORMAT " bytes", bytes); /* as GLib's own allocation does */
  return block;
}

SmbBlockCache *
smb_block_cache_new (void)
{
  SmbBlockCache *cache = g_new0 (SmbBlockCache, 1);

  g_atomic_ref_count_init (&cache->references);
  g_mutex_init (&cache->lock);
  cache->kept = g_ptr_array_new_with_free_func ((GDestroyNotify) block_free);
  return cache;
}

void
smb_block_cache_unref (SmbBlockCache *cache)
{
  if (cache == NULL || !g_atomic_ref_count_dec (&cache->references))
    return;
  g_ptr_array_unref (cache->kept);
  g_mutex_clear (&cache->lock);
  g_free (cache);
}

void
smb_block_cache_set_limit (SmbBlockCache *cache, gsize bytes)
{
  g_mutex_lock (&cache->lock);
  cache->limit = bytes;
  while (cache->kept_bytes > bytes) {
    cache->kept_bytes -= ((Block *) cache->kept->pdata[0])->bytes;
    g_ptr_array_remove_index (cache->kept, 0); /* the oldest */
  }
  g_mutex_unlock (&cache->lock);
}

gsize
smb_block_cache_get_kept_bytes (SmbBlockCache *cache)
{
  gsize bytes;

  g_mutex_lock (&cache->lock);
  bytes = cache->kept_bytes;
  g_mutex_unlock (&cache->lock);
  return bytes;
}

/* The smallest kept block that serves, taken out; NULL: none. */
static Block *
take_kept (SmbBlockCache *cache, gsize bytes)
{
  guint best = G_MAXUINT;
  Block *block = NULL;

  g_mutex_lock (&cache->lock);
  for (guint i = 0; i < cache->kept->len; i++) {
    const Block *b = cache->kept->pdata[i];

    if (b->bytes >= bytes && b->bytes - bytes <= b->bytes / MOST_WASTE
        && (best == G_MAXUINT || b->bytes < ((Block *) cache->kept->pdata[best])->bytes))
      best = i;
  }
  if (best != G_MAXUINT) {
    block = g_ptr_array_steal_index (cache->kept, best);
    cache->kept_bytes -= block->bytes;
  }
  g_mutex_unlock (&cache->lock);
  return block;
}

static void
give_back (gpointer data)
{
  Block *block = data;
  SmbBlockCache *cache = g_steal_pointer (&block->cache);

  g_mutex_lock (&cache->lock);
  if (block->bytes <= cache->limit && cache->kept_bytes <= cache->limit - block->bytes) {
    cache->kept_bytes += block->bytes;
    g_ptr_array_add (cache->kept, g_steal_pointer (&block));
  }
  g_mutex_unlock (&cache->lock);
  if (block != NULL)
    block_free (block);
  smb_block_cache_unref (cache);
}

SmbTensor *
smb_block_cache_take_tensor (SmbBlockCache *cache, int rank, const gint64 *shape)
{
  SmbTensor *tensor = smb_tensor_new_borrowed (SMB_DTYPE_F32, rank, shape, NULL, NULL, give_back);
  gsize bytes;
  Block *block;

  if (tensor == NULL)
    return NULL;
  bytes = MAX (smb_tensor_get_bytes (tensor), 1);
  bytes = (bytes + ALIGNMENT_BYTES - 1) & ~(gsize) (ALIGNMENT_BYTES - 1);
  block = take_kept (cache, bytes);
  if (block == NULL)
    block = block_new (bytes);
  g_atomic_ref_count_inc (&cache->references);
  block->cache = cache;
  tensor->data = block->data;
  tensor->owner = block;
  return tensor;
}
