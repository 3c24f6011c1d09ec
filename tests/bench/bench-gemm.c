/* SPDX-License-Identifier: Apache-2.0 */
/* bench-gemm PRECISION ROWS N_IN N_OUT [THREADS|DEVICE [ISA]]: a linear layer with prepared weights, ten times a run;
 * PRECISION f32, tf32, bf16, int8, or plain: float32, weights as in training; DEVICE cuda:0 instead of the processor;
 * ISA 0 base, 1 AVX2, 2 AVX-512 at most. */
#include "bench-loop.h"

#include "backend/smb-device.h"
#include "cpu/smb-cpu.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMES 10

typedef struct {
  SmbDevice *device;
  SmbLinearForward layer;
} Job;

static void
once (gpointer data)
{
  Job *job = data;

  for (int i = 0; i < TIMES; i++)
    if (job->device->abi->linear_forward (job->device->ctx, &job->layer) != SMB_STATUS_OK)
      g_error ("%s", job->device->abi->context_error (job->device->ctx));
  if (job->device->abi->synchronise (job->device->ctx) != SMB_STATUS_OK)
    g_error ("%s", job->device->abi->context_error (job->device->ctx));
}

/* In the device's memory. */
static float *
noise (const SmbDevice *device, gint64 n, guint64 seed)
{
  g_autofree float *x = g_new (float, n);
  void *out = NULL;

  bench_noise (x, (gsize) n, seed);
  if (device->abi->alloc (device->ctx, (gsize) n * sizeof *x, &out) != SMB_STATUS_OK
      || device->abi->upload (device->ctx, out, x, (gsize) n * sizeof *x) != SMB_STATUS_OK)
    g_error ("%s", device->abi->context_error (device->ctx));
  return out;
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "f32", "tf32", "bf16", "int8" };
  g_autoptr (GError) error = NULL;
  Job job = { 0 };
  void *prepared = NULL;
  const char *where = argc > 5 ? argv[5] : "0";
  int precision = -1;

  if (argc < 5) {
    fprintf (stderr, "bench-gemm PRECISION ROWS N_IN N_OUT [THREADS|DEVICE [ISA]]\n");
    return 2;
  }
  for (int i = 0; i < (int) G_N_ELEMENTS (names); i++)
    if (g_str_equal (argv[1], names[i]))
      precision = i;
  if (argc > 6)
    smb_cpu_limit_isa ((SmbCpuIsa) atoi (argv[6]));
  job.device = smb_device_open (g_str_has_prefix (where, "cuda") ? where : "cpu", atoi (where), &error);
  if (job.device == NULL)
    g_error ("%s", error->message);
  job.layer = (SmbLinearForward){ .rows = atol (argv[2]), .n_in = atol (argv[3]), .n_out = atol (argv[4]) };
  job.layer.x = noise (job.device, job.layer.rows * job.layer.n_in, 1);
  job.layer.w = noise (job.device, job.layer.n_out * job.layer.n_in, 2);
  job.layer.y = noise (job.device, job.layer.rows * job.layer.n_out, 3);
  if (precision >= 0) {
    if (job.device->abi->weight_prepare (job.device->ctx, job.layer.w, job.layer.n_out, job.layer.n_in,
                                         (SmbPrecision) precision, &prepared)
        != SMB_STATUS_OK) {
      fprintf (stderr, "bench-gemm: %s\n", job.device->abi->context_error (job.device->ctx));
      return 1;
    }
    job.layer.prepared = prepared;
  }
  bench_loop (once, &job);
  return 0;
}
