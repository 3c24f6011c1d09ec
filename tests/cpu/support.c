/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GUARD 32 /* floats on each side */
#define SEED 20240607u

static const guint32 guard_bits = 0x4b0dd1e5u, unset_bits = 0x7fc0dead;

typedef struct {
  float *all;
  gint64 n;
  void *shadow;     /* in the device's memory, or NULL */
  gboolean is_away; /* the device's copy is the newer */
} Buffer;

#define BYTES(buffer) ((gsize) ((buffer)->n + 2 * GUARD) * sizeof (float))

static SmbDevice *device; /* the one named in the environment */

static float *
buffer_new (Bench *bench, gint64 n)
{
  Buffer *buffer = g_new0 (Buffer, 1);
  void *memory = NULL;

  buffer->n = n;
  g_assert_cmpint (bench->abi->alloc (bench->ctx, BYTES (buffer), &memory), ==, SMB_STATUS_OK);
  g_assert_cmpuint (GPOINTER_TO_SIZE (memory) % 64, ==, 0);
  buffer->shadow = bench->device != NULL ? memory : NULL;
  buffer->all = bench->device != NULL ? g_malloc (BYTES (buffer)) : memory;
  for (gint64 i = 0; i < n + 2 * GUARD; i++)
    memcpy (&buffer->all[i], i < GUARD || i >= n + GUARD ? &guard_bits : &unset_bits, sizeof (float));
  g_ptr_array_add (bench->buffers, buffer);
  return buffer->all + GUARD;
}

float *
bench_out (Bench *bench, gint64 n)
{
  return buffer_new (bench, n);
}

double *
bench_double (Bench *bench, gint64 n)
{
  double *d = g_new0 (double, n + 1);

  g_ptr_array_add (bench->doubles, d);
  return d;
}

float *
bench_in_exact (Bench *bench, gint64 n, const double *exact)
{
  float *f = buffer_new (bench, n);

  for (gint64 i = 0; i < n; i++)
    f[i] = (float) exact[i];
  return f;
}

float *
bench_in (Bench *bench, gint64 n, double deviation, double **exact)
{
  double *d = bench_double (bench, n);

  for (gint64 i = 0; i < n; i++)
    d[i] = (float) (deviation * smb_rng_normal (&bench->rng));
  if (exact != NULL)
    *exact = d;
  return bench_in_exact (bench, n, d);
}

gint32 *
bench_index (Bench *bench, gint64 b, gint64 l, gint64 k)
{
  gint32 *index = (gint32 *) buffer_new (bench, b * k);
  g_autofree int *all = g_new (int, l);

  for (gint64 s = 0; s < b; s++) {
    for (int i = 0; i < l; i++)
      all[i] = i;
    smb_rng_shuffle (&bench->rng, all, (guint32) l);
    for (gint64 i = 0; i < k; i++)
      index[s * k + i] = all[i];
  }
  return index;
}

static void
check_status (Bench *bench, SmbStatus status)
{
  if (status != SMB_STATUS_OK)
    g_error ("%s: status %d: %s", bench->what, status, bench->abi->context_error (bench->ctx));
}

void *
bench_on (Bench *bench, const void *pointer)
{
  for (guint i = 0; bench->device != NULL && pointer != NULL && i < bench->buffers->len; i++) {
    Buffer *buffer = bench->buffers->pdata[i];
    gsize at = (gsize) pointer - (gsize) buffer->all;

    if (at >= BYTES (buffer))
      continue;
    if (!buffer->is_away)
      check_status (bench, bench->abi->upload (bench->ctx, buffer->shadow, buffer->all, BYTES (buffer)));
    buffer->is_away = TRUE;
    return (char *) buffer->shadow + at;
  }
  return (void *) pointer;
}

const void *
bench_on_all (Bench *bench, const void *arguments, gsize bytes)
{
  double *copy = bench_double (bench, (gint64) (bytes / sizeof (double)) + 1);
  void **words = (void **) (void *) copy;

  memcpy (copy, arguments, bytes);
  for (gsize i = 0; i < bytes / sizeof (void *); i++)
    words[i] = bench_on (bench, words[i]);
  return copy;
}

void
bench_ok (Bench *bench, SmbStatus status)
{
  check_status (bench, status);
  for (guint i = 0; i < bench->buffers->len; i++) {
    Buffer *buffer = bench->buffers->pdata[i];

    if (buffer->is_away)
      check_status (bench, bench->abi->download (bench->ctx, buffer->all, buffer->shadow, BYTES (buffer)));
    buffer->is_away = FALSE;
  }
}

static void
judge (Bench *bench, const char *name, double worst, double most, double tolerance, gint64 place)
{
  if (!(worst <= tolerance * MAX (most, 1e-30)))
    g_error ("%s: %s: error %.3g of %.3g is %.3g, allowed %.3g (element %" G_GINT64_FORMAT ")", bench->what, name,
             worst, most, worst / most, tolerance, place);
}

void
bench_expect (Bench *bench, const char *name, const float *got, const double *want, gint64 n, double tolerance)
{
  double worst = 0, most = 0;
  gint64 place = 0;

  for (gint64 i = 0; i < n; i++) {
    double error = fabs (got[i] - want[i]);

    if (!(error <= worst)) { /* NaN too */
      worst = error;
      place = i;
    }
    if (isnan (error))
      break;
    most = MAX (most, fabs (want[i]));
  }
  judge (bench, name, worst, most, tolerance, place);
  g_array_append_vals (bench->record, got, (guint) n);
}

void
bench_expect_same (Bench *bench, const char *name, const float *got, const float *want, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    if (memcmp (&got[i], &want[i], sizeof (float)) != 0)
      g_error ("%s: %s: element %" G_GINT64_FORMAT " is %g, not %g", bench->what, name, i, got[i], want[i]);
}

void
bench_expect_gradient (Bench *bench, const char *name, const float *got, const double *start, double *param, gint64 n,
                       BenchLoss loss, const void *user, gint64 most_places)
{
  double worst = 0, most = 0;
  gint64 place = 0;

  for (gint64 j = 0; j < MIN (n, most_places); j++) {
    gint64 i = n <= most_places ? j : smb_rng_below (&bench->rng, (guint32) n);
    double kept = param[i], step = 1e-5 * MAX (1.0, fabs (kept)), high, low, want, error;

    param[i] = kept + step;
    high = loss (user);
    param[i] = kept - step;
    low = loss (user);
    param[i] = kept;
    want = (high - low) / (2 * step);
    error = fabs (got[i] - (start != NULL ? start[i] : 0.0) - want);
    if (!(error <= worst)) {
      worst = error;
      place = i;
    }
    if (isnan (error))
      break;
    most = MAX (most, fabs (want));
  }
  judge (bench, name, worst, most, bench->gradient_tolerance, place);
  for (gint64 i = 0; i < n; i++)
    if (isnan (got[i]))
      g_error ("%s: %s: element %" G_GINT64_FORMAT " was not written", bench->what, name, i);
  g_array_append_vals (bench->record, got, (guint) n);
}

static void
buffers_check_and_free (Bench *bench)
{
  for (guint i = 0; i < bench->buffers->len; i++) {
    Buffer *buffer = bench->buffers->pdata[i];

    for (gint64 j = 0; j < GUARD; j++)
      if (memcmp (&buffer->all[j], &guard_bits, 4) != 0
          || memcmp (&buffer->all[GUARD + buffer->n + j], &guard_bits, 4) != 0)
        g_error ("%s: buffer %u of %" G_GINT64_FORMAT " floats was written outside", bench->what, i, buffer->n);
    bench->abi->release (bench->ctx, buffer->shadow != NULL ? buffer->shadow : buffer->all);
    if (buffer->shadow != NULL)
      g_free (buffer->all);
    g_free (buffer);
  }
}

static GArray *
run_once (BenchCase run, const void *shape, const char *what, int threads)
{
  Bench bench = { .abi = smb_cpu_backend (), .what = what, .device = device,
                  .gradient_tolerance = GRADIENT_TOLERANCE };

  if (device != NULL) {
    bench.abi = device->abi;
    bench.ctx = device->ctx;
  } else {
    g_assert_cmpint (bench.abi->context_new (0, threads, &bench.ctx), ==, SMB_STATUS_OK);
  }
  smb_rng_init (&bench.rng, SEED, 0);
  bench.buffers = g_ptr_array_new ();
  bench.doubles = g_ptr_array_new_with_free_func (g_free);
  bench.record = g_array_new (FALSE, FALSE, sizeof (float));
  run (&bench, shape);
  buffers_check_and_free (&bench);
  g_ptr_array_unref (bench.buffers);
  g_ptr_array_unref (bench.doubles);
  if (device == NULL)
    bench.abi->context_free (bench.ctx);
  return bench.record;
}

static void
compare (const GArray *a, const GArray *b, const char *what, double tolerance)
{
  double worst = 0, most = 0;

  g_assert_cmpuint (a->len, ==, b->len);
  if (tolerance == 0) {
    if (a->len > 0 && memcmp (a->data, b->data, a->len * sizeof (float)) != 0)
      g_error ("%s: the second run gave other bytes", what);
    return;
  }
  for (guint i = 0; i < a->len; i++) {
    worst = MAX (worst, fabs ((double) g_array_index (a, float, i) - g_array_index (b, float, i)));
    most = MAX (most, fabs ((double) g_array_index (a, float, i)));
  }
  if (worst > tolerance * most)
    g_error ("%s: one thread and more differ by %.3g of %.3g", what, worst, most);
}

void
bench_init (int *argc, char ***argv)
{
  const char *id = g_getenv ("SMB_TEST_DEVICE");
  g_autoptr (GError) error = NULL;

  g_test_init (argc, argv, NULL);
  if (id == NULL)
    return;
  device = smb_device_open (id, 0, &error);
  if (device == NULL) {
    g_print ("1..0 # SKIP %s\n", error->message);
    exit (0);
  }
}

gboolean
bench_is_cpu (void)
{
  return device == NULL;
}

void
bench_run (BenchCase run, const void *shape)
{
  static const char *const names[] = { "base", "AVX2", "AVX-512", "AMX" };

  g_test_message ("seed %u", SEED);
  if (device != NULL) {
    g_autoptr (GArray) first = run_once (run, shape, device->id, 0), second = run_once (run, shape, device->id, 0);

    compare (first, second, device->id, 0);
    return;
  }
  for (int isa = SMB_CPU_ISA_BASE; isa <= (int) smb_cpu_best_isa (); isa++) {
    GArray *one = NULL;

    g_assert_cmpint (smb_cpu_limit_isa ((SmbCpuIsa) isa), ==, isa);
    for (int threads = 1; threads <= 3; threads++) {
      g_autofree char *what = g_strdup_printf ("%s, %d thread(s)", names[isa], threads);
      g_autoptr (GArray) first = run_once (run, shape, what, threads);
      g_autoptr (GArray) second = run_once (run, shape, what, threads);

      compare (first, second, what, 0);
      if (threads == 1)
        one = g_array_ref (first);
      else
        compare (one, first, what, 1e-5);
    }
    g_array_unref (one);
  }
  smb_cpu_limit_isa (SMB_CPU_ISA_AMX);
}
