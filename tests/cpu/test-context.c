/* SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "cpu/cpu-private.h"

static void
describes_itself (void)
{
  const SmbBackendAbi *abi = smb_cpu_backend ();
  SmbDeviceInfo info;

  g_assert_cmpuint (abi->abi_version, ==, SMB_BACKEND_ABI_VERSION);
  g_assert_cmpuint (abi->struct_bytes, ==, sizeof (SmbBackendAbi));
  g_assert_cmpstr (abi->name, ==, "cpu");
  g_assert_cmpint (abi->device_count (), ==, 1);
  g_assert_cmpint (abi->device_describe (0, &info), ==, SMB_STATUS_OK);
  g_test_message ("%s", info.name);
  g_assert_nonnull (strstr (info.name, ", ")); /* the processor, the instruction set */
  g_assert_cmpuint (info.total_bytes, >, 0);
  g_assert_cmpuint (info.free_bytes, <=, info.total_bytes);
  g_assert_true (info.precisions & (1u << SMB_PRECISION_F32));
  g_assert_true (info.quick == SMB_PRECISION_F32 || info.quick == SMB_PRECISION_BF16);
  g_assert_true (info.precisions & (1u << info.quick));
  smb_cpu_limit_isa (SMB_CPU_ISA_AVX2); /* where there is no bf16 */
  g_assert_cmpint (abi->device_describe (0, &info), ==, SMB_STATUS_OK);
  g_assert_cmpint (info.quick, ==, SMB_PRECISION_F32);
  smb_cpu_limit_isa (SMB_CPU_ISA_AMX);
  g_assert_cmpint (abi->device_describe (1, &info), ==, SMB_STATUS_NO_DEVICE);
  g_assert_cmpuint (strlen (abi->context_error (NULL)), >, 20);
}

/* What the table lets a backend leave out, and the processor has no use for: it computes while it is called. */
static gboolean
is_left_out (gsize at)
{
  return at == G_STRUCT_OFFSET (SmbBackendAbi, upload_ahead) || at == G_STRUCT_OFFSET (SmbBackendAbi, upload_take)
         || at == G_STRUCT_OFFSET (SmbBackendAbi, sequence_begin) || at == G_STRUCT_OFFSET (SmbBackendAbi, sequence_end);
}

/* Every entry of the table after the fixed fields is a function: no other may be missing. */
static void
table_is_full (void)
{
  const SmbBackendAbi *abi = smb_cpu_backend ();
  const char *bytes = (const char *) abi;

  for (gsize at = G_STRUCT_OFFSET (SmbBackendAbi, device_count); at < sizeof *abi; at += sizeof (void *)) {
    void *entry;

    memcpy (&entry, bytes + at, sizeof entry);
    if ((entry == NULL) != is_left_out (at))
      g_error ("entry at byte %" G_GSIZE_FORMAT " is missing", at);
  }
}

static void
refuses_contexts (void)
{
  const SmbBackendAbi *abi = smb_cpu_backend ();
  void *ctx = NULL;

  g_assert_cmpint (abi->context_new (3, 1, &ctx), ==, SMB_STATUS_NO_DEVICE);
  g_assert_cmpint (abi->context_new (0, -1, &ctx), ==, SMB_STATUS_FAILED);
  g_assert_cmpint (abi->context_new (0, 100000, &ctx), ==, SMB_STATUS_FAILED);
  g_assert_nonnull (strstr (abi->context_error (NULL), "100000"));
  g_assert_null (ctx);
  abi->context_free (NULL);
}

static void
memory (void)
{
  const SmbBackendAbi *abi = smb_cpu_backend ();
  const char host[] = "thirteen byte";
  char back[sizeof host];
  void *ctx = NULL, *a = NULL, *b = NULL;

  g_assert_cmpint (abi->context_new (0, 0, &ctx), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->alloc (ctx, SIZE_MAX, &a), ==, SMB_STATUS_NO_MEMORY);
  g_assert_cmpuint (strlen (abi->context_error (ctx)), >, 20);
  g_assert_cmpint (abi->alloc (ctx, SIZE_MAX / 2, &a), ==, SMB_STATUS_NO_MEMORY);
  g_assert_cmpint (abi->alloc (ctx, 0, &a), ==, SMB_STATUS_OK);
  abi->release (ctx, a);
  g_assert_cmpint (abi->alloc (ctx, sizeof host, &a), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->alloc (ctx, sizeof host, &b), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->upload (ctx, a, host, sizeof host), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->copy (ctx, b, a, sizeof host), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->synchronise (ctx), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->download (ctx, back, b, sizeof host), ==, SMB_STATUS_OK);
  g_assert_cmpstr (back, ==, host);
  abi->release (ctx, a);
  abi->release (ctx, b);
  abi->release (ctx, NULL);
  abi->context_free (ctx);
}

/* An intermediate result that cannot be had is a status, and the context goes on working. */
static void
attention_too_large (void)
{
  const SmbBackendAbi *abi = smb_cpu_backend ();
  float one = 1, lse = 0, y = 0;
  SmbAttentionForward a = { .y = &y, .qkv = &one, .b = 1, .t = (gint64) G_MAXINT32 + 1, .h = 1, .d = 1 };
  SmbAttentionBackward back = { .dy = &one, .y = &y, .qkv = &one, .lse = &lse, .b = 1, .t = G_MAXINT32 / 2, .h = 1,
                                .d = 1 };
  void *ctx = NULL;
  double sum = 0;

  g_assert_cmpint (abi->context_new (0, 2, &ctx), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->attention_forward (ctx, &a), ==, SMB_STATUS_UNSUPPORTED);
  g_assert_cmpint (abi->attention_backward (ctx, &back), ==, SMB_STATUS_NO_MEMORY);
  g_assert_cmpuint (strlen (abi->context_error (ctx)), >, 20);
  g_assert_cmpint (abi->sum_squares (ctx, &sum, &one, 1), ==, SMB_STATUS_OK);
  g_assert_cmpfloat (sum, ==, 1.0);
  abi->context_free (ctx);
}

#define JOBS 400

static gpointer
compute_alone (gpointer data)
{
  const SmbBackendAbi *abi = smb_cpu_backend ();
  float a[64 * 64], b[64 * 64], c[64 * 64];
  gsize *sum = data;
  void *ctx = NULL;

  g_assert_cmpint (abi->context_new (0, 2, &ctx), ==, SMB_STATUS_OK);
  for (int i = 0; i < 64 * 64; i++) {
    a[i] = (float) (i % 7) - 3;
    b[i] = (float) (i % 5) - 2;
  }
  for (int job = 0; job < JOBS; job++) {
    g_assert_cmpint (abi->gemm (ctx, c, a, b, 64, 64, 64, 0, 0, 1, 0), ==, SMB_STATUS_OK);
    for (int i = 0; i < 64 * 64; i++)
      *sum += (gsize) (gssize) c[i] * (gsize) (i + 1);
  }
  abi->context_free (ctx);
  return NULL;
}

/* Contexts of different threads do not disturb each other. */
static void
two_contexts_at_once (void)
{
  gsize sums[3] = { 0 };
  GThread *threads[2];

  compute_alone (&sums[0]);
  for (int i = 0; i < 2; i++)
    threads[i] = g_thread_new ("compute", compute_alone, &sums[1 + i]);
  for (int i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (sums[0], !=, 0);
  g_assert_cmpuint (sums[1], ==, sums[0]);
  g_assert_cmpuint (sums[2], ==, sums[0]);
}

/* Threads come and go without a job, and with more threads than there is work. */
static void
many_threads (void)
{
  const SmbBackendAbi *abi = smb_cpu_backend ();

  for (int threads = 1; threads <= 9; threads += 4) {
    float x[3] = { 1, 2, 3 };
    void *ctx = NULL;

    g_assert_cmpint (abi->context_new (0, threads, &ctx), ==, SMB_STATUS_OK);
    if (threads > 1) {
      g_assert_cmpint (abi->axpy (ctx, x, 1.0f, x, 3), ==, SMB_STATUS_OK);
      g_assert_cmpfloat (x[2], ==, 6.0f);
    }
    abi->context_free (ctx);
  }
}

/* Items of which the first takes as long as all others together. */
typedef struct {
  GMutex lock;
  GCond changed;
  int n, done[64];
  gboolean taken[64];
  gboolean too_late; /* the others were not done while it was at work */
} Uneven;

static void
uneven_work (void *arg, int thread, int64_t from, int64_t to)
{
  Uneven *uneven = arg;

  for (int64_t i = from; i < to; i++) {
    const gint64 deadline_us = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

    g_mutex_lock (&uneven->lock);
    g_assert_cmpint (thread, <, 3);
    g_assert_false (uneven->taken[thread]); /* nobody else works as this thread */
    uneven->taken[thread] = TRUE;
    while (i == 0 && uneven->n < 63 && !uneven->too_late)
      uneven->too_late = !g_cond_wait_until (&uneven->changed, &uneven->lock, deadline_us);
    uneven->taken[thread] = FALSE;
    uneven->done[i]++;
    uneven->n++;
    g_cond_broadcast (&uneven->changed);
    g_mutex_unlock (&uneven->lock);
  }
}

/* A thread that gets no further, because something else has its processor, is no reason for the others to wait: they do
 * what is left, each item once. */
static void
held_up (void)
{
  const SmbBackendAbi *abi = smb_cpu_backend ();
  void *ctx = NULL;

  g_assert_cmpint (abi->context_new (0, 3, &ctx), ==, SMB_STATUS_OK);
  for (int round = 0; round < 200; round++) {
    Uneven uneven = { 0 };

    smb_cpu_share_out (ctx, 64, uneven_work, &uneven);
    g_assert_false (uneven.too_late);
    for (int i = 0; i < 64; i++)
      g_assert_cmpint (uneven.done[i], ==, 1);
  }
  abi->context_free (ctx);
}

typedef struct {
  gint64 from[8], to[8];
  gint runs;
} Shares;

static void
note_share (void *arg, int thread, int64_t from, int64_t to)
{
  Shares *shares = arg;

  shares->from[thread] = from;
  shares->to[thread] = to;
  g_atomic_int_inc (&shares->runs);
}

/* Whoever does it: a share is the same every time, and each is done once, however often and quickly jobs follow each
 * other. */
static void
shares_stay (void)
{
  const SmbBackendAbi *abi = smb_cpu_backend ();
  void *ctx = NULL;

  g_assert_cmpint (abi->context_new (0, 4, &ctx), ==, SMB_STATUS_OK);
  for (int round = 0; round < 20000; round++) {
    const int64_t items = 1 + round % 50, grain = 1 + round % 3, grains = (items + grain - 1) / grain;
    Shares shares = { 0 };

    smb_cpu_parallel (ctx, items, grain, note_share, &shares);
    g_assert_cmpint (shares.runs, ==, MIN (grains, 4));
    for (int i = 0; i < shares.runs; i++) {
      g_assert_cmpint (shares.from[i], ==, grains * i / shares.runs * grain);
      g_assert_cmpint (shares.to[i], ==, MIN (grains * (i + 1) / shares.runs * grain, items));
    }
  }
  abi->context_free (ctx);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cpu/describes-itself", describes_itself);
  g_test_add_func ("/cpu/table-is-full", table_is_full);
  g_test_add_func ("/cpu/refuses-contexts", refuses_contexts);
  g_test_add_func ("/cpu/memory", memory);
  g_test_add_func ("/cpu/attention-too-large", attention_too_large);
  g_test_add_func ("/cpu/two-contexts-at-once", two_contexts_at_once);
  g_test_add_func ("/cpu/many-threads", many_threads);
  g_test_add_func ("/cpu/held-up", held_up);
  g_test_add_func ("/cpu/shares-stay", shares_stay);
  return g_test_run ();
}
