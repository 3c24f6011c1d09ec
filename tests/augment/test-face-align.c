/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "augment/smb-face-align.h"

#define SIDE 32
#define N (SIDE * SIDE)

static SmbPoint
through (const SmbSimilarity *s, SmbPoint p)
{
  return (SmbPoint){ s->a * p.x - s->b * p.y + s->x0, s->b * p.x + s->a * p.y + s->y0 };
}

/* A known turn, scale and move is found again; noise on the points leaves what it must. */
static void
test_fit (void)
{
  const SmbSimilarity known = { 0.8 * cos (0.3), 0.8 * sin (0.3), 5.0, -7.0 };
  SmbPoint from[SMB_N_LANDMARKS], to[SMB_N_LANDMARKS];
  SmbSimilarity found;

  for (int i = 0; i < SMB_N_LANDMARKS; i++) {
    from[i] = (SmbPoint){ (i * 37) % 101, (i * 53) % 89 };
    to[i] = through (&known, from[i]);
  }
  g_assert_cmpfloat (smb_similarity_fit (&found, from, to, SMB_N_LANDMARKS), <, 1e-9);
  g_assert_cmpfloat_with_epsilon (found.a, known.a, 1e-12);
  g_assert_cmpfloat_with_epsilon (found.b, known.b, 1e-12);
  g_assert_cmpfloat_with_epsilon (found.x0, known.x0, 1e-9);
  g_assert_cmpfloat_with_epsilon (found.y0, known.y0, 1e-9);
  for (int i = 0; i < SMB_N_LANDMARKS; i++)
    to[i].x += i % 2 == 0 ? 1.0 : -1.0;
  g_assert_cmpfloat_with_epsilon (smb_similarity_fit (&found, from, to, SMB_N_LANDMARKS), 1.0, 0.05);
}

/* All in one point: there is nothing to turn or scale by. */
static void
test_fit_point (void)
{
  const SmbPoint from[] = { { 3, 4 }, { 3, 4 } }, to[] = { { 10, 0 }, { 12, 0 } };
  SmbSimilarity found;

  g_assert_cmpfloat (smb_similarity_fit (&found, from, to, 2), ==, 1.0);
  g_assert_cmpfloat (found.a, ==, 1.0);
  g_assert_cmpfloat (found.x0, ==, 8.0);
}

/* A ramp stays a ramp, as the map says; beyond the border its edge goes on. */
static void
test_warp (void)
{
  const SmbSimilarity where = { 0.5, 0.25, 8.0, 1.0 };
  float in[3 * N], out[3 * N];

  for (int c = 0; c < 3; c++)
    for (int i = 0; i < N; i++)
      in[c * N + i] = (float) (c * 10 + 2 * (i % SIDE) + 3 * (i / SIDE));
  smb_planes_warp (out, in, SIDE, &where);
  for (int c = 0; c < 3; c++)
    for (int i = 0; i < N; i++) {
      SmbPoint p = through (&where, (SmbPoint){ i % SIDE, i / SIDE });

      g_assert_cmpfloat_with_epsilon (out[c * N + i],
                                      c * 10 + 2 * CLAMP (p.x, 0, SIDE - 1) + 3 * CLAMP (p.y, 0, SIDE - 1), 1e-3);
    }
}

static void
test_colours (void)
{
  float planes[3 * N], like[3 * N], weight[N] = { 0 };

  for (int i = 0; i < 3 * N; i++) {
    planes[i] = (float) (100 + i % 7);
    like[i] = (float) (50 + 20 * (i / N) + i % 7 * 3 / 2.0);
  }
  smb_planes_match_colours (planes, like, weight, N); /* no weight: as it was */
  g_assert_cmpfloat (planes[3], ==, 103.0f);
  for (int i = 0; i < 7 * 100; i++)
    weight[i] = 1.0f;
  smb_planes_match_colours (planes, like, weight, N);
  for (int c = 0; c < 3; c++) {
    double mean = 0.0, wanted = 0.0;

    for (int i = 0; i < 700; i++) {
      mean += (double) planes[c * N + i] / 700;
      wanted += (double) like[c * N + i] / 700;
    }
    g_assert_cmpfloat_with_epsilon (mean, wanted, 1e-2);
    g_assert_cmpfloat_with_epsilon (planes[c * N + 1] - planes[c * N], like[c * N + 1] - like[c * N], 0.05);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/augment/face-align/fit", test_fit);
  g_test_add_func ("/augment/face-align/fit-point", test_fit_point);
  g_test_add_func ("/augment/face-align/warp", test_warp);
  g_test_add_func ("/augment/face-align/colours", test_colours);
  return g_test_run ();
}
