/* SPDX-License-Identifier: Apache-2.0 */
/* bench-gemm PRECISION ROWS N_IN N_OUT [THREADS [ISA]]: a linear layer of the CPU backend with packed weights, ten times a
 * run; PRECISION f32, bf16, int8, or plain: float32, weights as in training; ISA 0 base, 1 AVX2, 2 AVX-512 at most. */
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
}

static float *
noise (gint64 n, guint64 seed)
{
  float *x = aligned_alloc (64, ((gsize) n * 4 + 63) / 64 * 64);

  bench_noise (x, (gsize) n, seed);
  return x;
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "f32", "tf32", "bf16", "int8" };
  g_autoptr (GError) error = NULL;
  Job job = { 0 };
  void *prepared = NULL;
  int precision = -1;

  if (argc < 5) {
    fprintf (stderr, "bench-gemm PRECISION ROWS N_IN N_OUT [THREADS [ISA]]\n");
    return 2;
  }
  for (int i = 0; i < (int) G_N_ELEMENTS (names); i++)
    if (g_str_equal (argv[1], names[i]))
      precision = i;
  if (argc > 6)
    smb_cpu_limit_isa ((SmbCpuIsa) atoi (argv[6]));
  job.device = smb_device_open ("cpu", argc > 5 ? atoi (argv[5]) : 0, &error);
  if (job.device == NULL)
    g_error ("%s", error->message);
  job.layer = (SmbLinearForward){ .rows = atol (argv[2]), .n_in = atol (argv[3]), .n_out = atol (argv[4]) };
  job.layer.x = noise (job.layer.rows * job.layer.n_in, 1);
  job.layer.w = noise (job.layer.n_out * job.layer.n_in, 2);
  job.layer.y = noise (job.layer.rows * job.layer.n_out, 3);
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
