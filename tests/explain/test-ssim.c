/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/smb-rng.h"
#include "explain/smb-ssim.h"

enum { WIDTH = 23, HEIGHT = 17, SEED = 5 };

/* The definition, written out: one window at one place. */
static double
by_definition (const float *a, const float *b, int x0, int y0)
{
  double w = 0, ma = 0, mb = 0, va = 0, vb = 0, vab = 0;

  for (int pass = 0; pass < 2; pass++)
    for (int y = y0 - 5; y <= y0 + 5; y++)
      for (int x = x0 - 5; x <= x0 + 5; x++) {
        double k;

        if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT)
          continue;
        k = exp (-((x - x0) * (x - x0) + (y - y0) * (y - y0)) / 4.5);
        if (pass == 0) {
          w += k;
          ma += k * a[y * WIDTH + x];
          mb += k * b[y * WIDTH + x];
        } else {
          va += k / w * (a[y * WIDTH + x] - ma / w) * (a[y * WIDTH + x] - ma / w);
          vb += k / w * (b[y * WIDTH + x] - mb / w) * (b[y * WIDTH + x] - mb / w);
          vab += k / w * (a[y * WIDTH + x] - ma / w) * (b[y * WIDTH + x] - mb / w);
        }
      }
  ma /= w;
  mb /= w;
  return (2 * ma * mb + 6.5025) * (2 * vab + 58.5225) / ((ma * ma + mb * mb + 6.5025) * (va + vb + 58.5225));
}

static void
test_definition (void)
{
  float a[WIDTH * HEIGHT], b[WIDTH * HEIGHT];
  g_autofree float *got = NULL, *same = NULL;
  SmbRng rng;

  g_test_message ("seed %d", SEED);
  smb_rng_init (&rng, SEED, 0);
  for (int i = 0; i < WIDTH * HEIGHT; i++) {
    a[i] = (float) (255 * smb_rng_uniform (&rng));
    b[i] = (float) (0.6 * a[i] + 80 * smb_rng_uniform (&rng));
  }
  got = smb_ssim (a, b, WIDTH, HEIGHT);
  same = smb_ssim (a, a, WIDTH, HEIGHT);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) {
      g_assert_cmpfloat_with_epsilon (got[y * WIDTH + x], by_definition (a, b, x, y), 1e-5);
      g_assert_cmpfloat_with_epsilon (same[y * WIDTH + x], 1, 1e-6);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ssim/definition", test_definition);
  return g_test_run ();
}
