/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/resource.h>

#include "tensor/smb-block-cache.h"
#include "tensor/smb-exec.h"
#include "tensor/smb-ops.h"

#define MIB ((gint64) 1 << 20)

static SmbTensor *
take (SmbBlockCache *cache, gint64 bytes)
{
  const gint64 n = bytes / 4;

  return smb_block_cache_take_tensor (cache, 1, &n);
}

/* Takes so much, writes to all of it, and gives it back; where it lay. */
static void *
use (SmbBlockCache *cache, gint64 bytes)
{
  SmbTensor *t = take (cache, bytes);
  void *data = t->data;

  memset (data, 1, (gsize) bytes);
  smb_tensor_unref (t);
  return data;
}

static void
test_reuse (void)
{
  SmbBlockCache *cache = smb_block_cache_new ();
  SmbTensor *a, *b;
  void *at;

  smb_block_cache_set_limit (cache, 16 * MIB);
  at = use (cache, 8 * MIB);
  g_assert_cmpuint (smb_block_cache_get_kept_bytes (cache), ==, 8 * MIB);
  a = take (cache, 7 * MIB); /* near enough */
  g_assert_true (a->data == at);
  g_assert_cmpuint (smb_block_cache_get_kept_bytes (cache), ==, 0);
  b = take (cache, 7 * MIB); /* what is in use is nobody else's */
  g_assert_true (b->data != at);
  memset (a->data, 2, smb_tensor_get_bytes (a));
  memset (b->data, 3, smb_tensor_get_bytes (b));
  g_assert_cmpint (((guint8 *) a->data)[7 * MIB - 1], ==, 2);
  smb_tensor_unref (a);
  smb_tensor_unref (b);
  /* Far smaller ones must not sit on a large block. */
  a = take (cache, MIB);
  g_assert_true (a->data != at);
  smb_tensor_unref (a);
  smb_block_cache_unref (cache);
}

/* Of several that would serve, the smallest. */
static void
test_best_fit (void)
{
  SmbBlockCache *cache = smb_block_cache_new ();
  SmbTensor *large = take (cache, 10 * MIB), *small = take (cache, 9 * MIB), *again;
  void *at = small->data;

  smb_block_cache_set_limit (cache, 32 * MIB);
  smb_tensor_unref (large);
  smb_tensor_unref (small);
  again = take (cache, 9 * MIB);
  g_assert_true (again->data == at);
  smb_tensor_unref (again);
  smb_block_cache_unref (cache);
}

static void
test_limit (void)
{
  SmbBlockCache *cache = smb_block_cache_new ();
  SmbTensor *all[8];

  use (cache, 4 * MIB);
  g_assert_cmpuint (smb_block_cache_get_kept_bytes (cache), ==, 0); /* as it begins */
  smb_block_cache_set_limit (cache, 10 * MIB);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    all[i] = take (cache, 4 * MIB);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    smb_tensor_unref (all[i]);
  g_assert_cmpuint (smb_block_cache_get_kept_bytes (cache), ==, 8 * MIB);
  smb_block_cache_set_limit (cache, 5 * MIB);
  g_assert_cmpuint (smb_block_cache_get_kept_bytes (cache), ==, 4 * MIB);
  use (cache, 6 * MIB); /* more than may be kept */
  g_assert_cmpuint (smb_block_cache_get_kept_bytes (cache), ==, 4 * MIB);
  smb_block_cache_set_limit (cache, 0);
  g_assert_cmpuint (smb_block_cache_get_kept_bytes (cache), ==, 0);
  smb_block_cache_unref (cache);
}

static void
test_alignment_and_shape (void)
{
  SmbBlockCache *cache = smb_block_cache_new ();
  const gint64 shape[] = { 3, 0, 5 }, odd[] = { 1, 7, 197 };
  SmbTensor *none = smb_block_cache_take_tensor (cache, 3, shape), *t;

  smb_block_cache_set_limit (cache, MIB);
  g_assert_cmpint (none->n, ==, 0);
  smb_tensor_unref (none);
  for (int i = 0; i < 3; i++) {
    t = smb_block_cache_take_tensor (cache, 3, odd);
    g_assert_cmpuint ((guintptr) t->data % 64, ==, 0);
    g_assert_true (smb_tensor_shape_is (t, 3, G_GINT64_CONSTANT (1), G_GINT64_CONSTANT (7), G_GINT64_CONSTANT (197)));
    g_assert_cmpint (t->dtype, ==, SMB_DTYPE_F32);
    smb_tensor_unref (t);
  }
  smb_block_cache_unref (cache);
}

static gpointer
use_often (gpointer cache)
{
  for (int i = 0; i < 2000; i++)
    use (cache, 4096 * (1 + i % 3));
  return NULL;
}

/* Results are let go of by whoever has them last, on whatever thread, and long after the run. */
static void
test_threads_and_outliving (void)
{
  SmbBlockCache *cache = smb_block_cache_new ();
  GThread *threads[4];
  SmbTensor *last;

  smb_block_cache_set_limit (cache, 16384);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", use_often, cache);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (smb_block_cache_get_kept_bytes (cache), <=, 16384);
  last = take (cache, MIB);
  smb_block_cache_unref (cache);
  memset (last->data, 1, MIB);
  smb_tensor_unref (last);
}

/* One run that gives n floats of `value`, in two parts. */
static SmbTensor *
give (SmbExec *exec, gint64 n, float value)
{
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new ();
  g_autoptr (GError) error = NULL;

  for (int live = 0; live < 2; live++) {
    SmbTensor *part;

    smb_exec_begin (exec, NULL, !live);
    part = smb_take (exec, 1, n / 2);
    for (gint64 i = 0; i < 2; i++) {
      smb_op_fill (exec, part, value + (float) i);
      smb_exec_output_part (exec, dict, "result", part, i, 2);
    }
    g_assert_true (smb_exec_finish (exec, &error));
    g_assert_true (live || smb_exec_reserve (exec, &error));
  }
  return smb_tensor_ref (smb_tensor_dict_get (dict, "result"));
}

static void
assert_values (const SmbTensor *t, float value)
{
  const float *x = t->data;

  g_assert_true (smb_tensor_shape_is (t, 2, G_GINT64_CONSTANT (2), t->n / 2));
  for (gint64 i = 0; i < t->n; i++)
    g_assert_cmpfloat (x[i], ==, value + (float) (i >= t->n / 2));
}

static long
page_faults (void)
{
  struct rusage usage;

  g_assert_cmpint (getrusage (RUSAGE_SELF, &usage), ==, 0);
  return usage.ru_minflt;
}

/* Passes that give as much as those before take no new pages from the system; what one gave stays its own. */
static void
test_runs (void)
{
  const gint64 n = 10 * MIB; /* 40 MiB: more than the C library ever keeps itself */
  g_autoptr (GError) error = NULL;
  SmbDevice *device = smb_device_open ("cpu", 1, &error);
  SmbExec *exec = smb_exec_new (device);
  SmbTensor *first, *second, *third, *little;
  void *at;
  long faults;

  g_assert_no_error (error);
  first = give (exec, n, 1);
  second = give (exec, n, 3);
  assert_values (first, 1);
  at = second->data;
  smb_tensor_unref (second);
  third = give (exec, n, 5);
  g_assert_true (third->data == at);
  assert_values (third, 5);
  smb_tensor_unref (third);
  faults = page_faults ();
  for (int i = 0; i < 20; i++)
    smb_tensor_unref (give (exec, n, (float) i));
  g_assert_cmpint (page_faults () - faults, <, 10240); /* one pass's pages */
  /* What is let go of after a run that gave little goes back to the system; what is not stays what it was. */
  little = give (exec, 64, 1);
  smb_tensor_unref (first);
  third = give (exec, n, 7);
  assert_values (third, 7);
  assert_values (little, 1);
  smb_exec_free (exec);
  assert_values (third, 7);
  smb_tensor_unref (third);
  smb_tensor_unref (little);
  smb_device_unref (device);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tensor/block-cache/reuse", test_reuse);
  g_test_add_func ("/tensor/block-cache/best-fit", test_best_fit);
  g_test_add_func ("/tensor/block-cache/limit", test_limit);
  g_test_add_func ("/tensor/block-cache/alignment-and-shape", test_alignment_and_shape);
  g_test_add_func ("/tensor/block-cache/threads-and-outliving", test_threads_and_outliving);
  g_test_add_func ("/tensor/block-cache/runs", test_runs);
  return g_test_run ();
}
