/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-rng.h"

#include <math.h>

static void
philox_round (guint32 c[4], const guint32 k[2])
{
  guint64 p0 = (guint64) 0xD2511F53u * c[0];
  guint64 p1 = (guint64) 0xCD9E8D57u * c[2];
  guint32 n0 = (guint32) (p1 >> 32) ^ c[1] ^ k[0];
  guint32 n2 = (guint32) (p0 >> 32) ^ c[3] ^ k[1];

  c[1] = (guint32) p1;
  c[3] = (guint32) p0;
  c[0] = n0;
  c[2] = n2;
}

static void
refill (SmbRng *rng)
{
  guint32 k[2] = { (guint32) rng->seed, (guint32) (rng->seed >> 32) };

  rng->block[0] = (guint32) rng->counter;
  rng->block[1] = (guint32) (rng->counter >> 32);
  rng->block[2] = (guint32) rng->stream;
  rng->block[3] = (guint32) (rng->stream >> 32);
  for (int round = 0; round < 10; round++) {
    philox_round (rng->block, k);
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  rng->counter++;
  rng->left = 4;
}

void
smb_rng_init (SmbRng *rng, guint64 seed, guint64 stream)
{
  *rng = (SmbRng){ .seed = seed, .stream = stream };
}

guint32
smb_rng_u32 (SmbRng *rng)
{
  if (rng->left == 0)
    refill (rng);
  return rng->block[4 - rng->left--];
}

guint32
smb_rng_below (SmbRng *rng, guint32 n)
{
  guint64 m;
  guint32 threshold;

  g_return_val_if_fail (n > 0, 0);
  threshold = (guint32) (-n) % n;
  do {
    m = (guint64) smb_rng_u32 (rng) * n;
  } while ((guint32) m < threshold);
  return (guint32) (m >> 32);
}

double
smb_rng_uniform (SmbRng *rng)
{
  guint64 high = smb_rng_u32 (rng) >> 5, low = smb_rng_u32 (rng) >> 6;

  return (double) (high << 26 | low) * 0x1p-53;
}

double
smb_rng_normal (SmbRng *rng)
{
  double u = 1.0 - smb_rng_uniform (rng); /* in (0, 1]: the logarithm stays finite */
  double v = smb_rng_uniform (rng);

  return sqrt (-2.0 * log (u)) * cos (2.0 * G_PI * v);
}

/* Gamma(shape, 1); shapes below 1 through Gamma(shape + 1) * U^(1/shape). */
static double
gamma_draw (SmbRng *rng, double shape)
{
  double boost = 1.0, d, c;

  if (shape < 1.0) {
    boost = pow (1.0 - smb_rng_uniform (rng), 1.0 / shape);
    shape += 1.0;
  }
  d = shape - 1.0 / 3.0;
  c = 1.0 / sqrt (9.0 * d);
  for (;;) {
    double x = smb_rng_normal (rng), v = 1.0 + c * x, u;

    if (v <= 0.0)
      continue;
    v = v * v * v;
    u = 1.0 - smb_rng_uniform (rng);
    if (log (u) < 0.5 * x * x + d - d * v + d * log (v))
      return d * v * boost;
  }
}

double
smb_rng_beta (SmbRng *rng, double a, double b)
{
  double x = gamma_draw (rng, a), y = gamma_draw (rng, b);

  return x + y > 0.0 ? x / (x + y) : 0.5; /* both underflow only for tiny a and b */
}

void
smb_rng_shuffle (SmbRng *rng, int *values, guint32 n)
{
  for (guint32 i = n; i > 1; i--) {
    guint32 j = smb_rng_below (rng, i);
    int t = values[i - 1];

    values[i - 1] = values[j];
    values[j] = t;
  }
}
