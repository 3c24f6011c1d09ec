/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels' mathematics of one element, compiled for the processor, against float64. */
#include <glib.h>
#include <math.h>

#include "base/smb-rng.h"
#include "cuda/math/activation.h"
#include "cuda/math/attention.h"
#include "cuda/math/bf16.h"
#include "cuda/math/fragment.h"
#include "cuda/math/layout.h"
#include "cuda/math/norm.h"
#include "cuda/math/optim.h"

#define SEED 20251128u

static double
gelu (double x)
{
  return 0.5 * x * erfc (-x / sqrt (2.0));
}

static void
gelu_near (void)
{
  for (double x = -12.0; x <= 12.0; x += 0.00137) {
    double at = (double) (float) x, slope = 0.5 * erfc (-at / sqrt (2.0)) + at * exp (-0.5 * at * at) / sqrt (2 * G_PI);

    g_assert_cmpfloat_with_epsilon (smb_gelu ((float) at), gelu (at), 1e-6 * fabs (gelu (at)) + 1e-37);
    g_assert_cmpfloat_with_epsilon (smb_gelu_slope ((float) at), slope, 2e-7 + 1e-6 * fabs (slope));
  }
  g_assert_true (isnan (smb_gelu (NAN)) && isnan (smb_gelu_slope (NAN)) && isnan (smb_relu (NAN)));
  g_assert_cmpfloat (smb_gelu (3e38f), ==, 3e38f);
  g_assert_cmpfloat (fabsf (smb_gelu (-3e38f)), ==, 0.0f);
  g_assert_cmpfloat (smb_gelu_slope (3e38f), ==, 1.0f);
  g_assert_cmpfloat (smb_gelu_slope (-3e38f), ==, 0.0f);
  g_assert_true (isinf (smb_gelu (INFINITY)));
  g_assert_cmpfloat (smb_relu (-2.0f), ==, 0.0f);
  g_assert_cmpfloat (smb_relu (2.0f), ==, 2.0f);
}

/* The nearest of the two neighbours, the even one of equals. */
static void
bf16_rounds (void)
{
  SmbRng rng;

  smb_rng_init (&rng, SEED, 0);
  for (int i = 0; i < 20000; i++) {
    float x = (float) (smb_rng_normal (&rng) * pow (10.0, (int) smb_rng_below (&rng, 60) - 30));
    SmbBf16 b = smb_bf16_of (x);
    double got = fabs ((double) smb_bf16_value (b) - (double) x);
    double up = fabs ((double) smb_bf16_value ((SmbBf16) (b + 1)) - (double) x);
    double down = fabs ((double) smb_bf16_value ((SmbBf16) (b - 1)) - (double) x);

    g_assert_true (got <= up && got <= down);
    if (got == up || got == down)
      g_assert_cmpuint (b & 1, ==, 0);
    g_assert_cmpfloat (smb_bf16_value (smb_bf16_of (smb_bf16_value (b))), ==, smb_bf16_value (b));
  }
  g_assert_true (isnan (smb_bf16_value (smb_bf16_of (NAN))));
  g_assert_true (isinf (smb_bf16_value (smb_bf16_of (3.4e38f))));
  g_assert_cmpuint (smb_bf16_pair (1.0f, -2.0f), ==, 0xc0003f80u);
}

static void
adam_steps (void)
{
  const double lr = 1e-3, b1 = 0.9, b2 = 0.95, eps = 1e-8, decay = 0.05, scale = 0.7;
  float p = 0.3f, m = 0, v = 0;
  double dp = (double) p, dm = 0, dv = 0;

  for (int t = 1; t <= 50; t++) {
    SmbAdamNumbers numbers = smb_adam_numbers (lr, b1, b2, eps, decay, scale, t);
    double g = scale * (double) (float) sin (t);

    smb_adam_update (&p, &m, &v, (float) sin (t), &numbers);
    dm = b1 * dm + (1 - b1) * g;
    dv = b2 * dv + (1 - b2) * g * g;
    dp = dp * (1 - lr * decay) - lr / (1 - pow (b1, t)) * dm / (sqrt (dv) / sqrt (1 - pow (b2, t)) + eps);
    g_assert_cmpfloat_with_epsilon (p, dp, 2e-6);
  }
}

static void
relevance_is_positive (void)
{
  SmbRng rng;

  smb_rng_init (&rng, SEED, 2);
  for (int i = 0; i < 20000; i++) {
    float p = (float) smb_rng_uniform (&rng), dp = (float) (smb_rng_normal (&rng) * pow (10.0, i % 40 - 30));
    double want = MAX ((double) p * (double) dp, 0.0);

    g_assert_cmpfloat_with_epsilon (smb_softmax_relevance (p, dp), want, 1e-7 * want + 1e-45);
  }
  g_assert_cmpfloat (smb_softmax_relevance (0.0f, -3.0f), ==, 0.0f);
  g_assert_true (isnan (smb_softmax_relevance (NAN, 1.0f)) && isnan (smb_softmax_relevance (0.5f, NAN)));
}

/* Keys in tiles of any size give the softmax of all. */
static void
softmax_in_tiles (void)
{
  SmbRng rng;
  float scores[197];

  smb_rng_init (&rng, SEED, 1);
  for (int i = 0; i < 197; i++)
    scores[i] = (float) (5 * smb_rng_normal (&rng));
  for (int tile = 1; tile <= 197; tile += 14) {
    SmbSoftmaxState state = { -INFINITY, 0 };
    double most = -INFINITY, sum = 0;
    float weighted = 0;

    for (int i0 = 0; i0 < 197; i0 += tile) {
      float tile_most = -INFINITY, by;

      for (int i = i0; i < MIN (i0 + tile, 197); i++)
        tile_most = fmaxf (tile_most, scores[i]);
      by = smb_softmax_rescale (&state, tile_most);
      weighted *= by;
      for (int i = i0; i < MIN (i0 + tile, 197); i++) {
        state.sum += expf (scores[i] - state.most);
        weighted += expf (scores[i] - state.most) * (float) i;
      }
    }
    for (int i = 0; i < 197; i++)
      most = fmax (most, (double) scores[i]);
    for (int i = 0; i < 197; i++)
      sum += exp ((double) scores[i] - most);
    g_assert_cmpfloat_with_epsilon (state.most + logf (state.sum), most + log (sum), 2e-6 * fabs (most));
    for (int i = 0; i < 197; i++)
      g_assert_cmpfloat_with_epsilon (smb_softmax_value (scores[i], &state), exp ((double) scores[i] - most) / sum,
                                      1e-6);
    g_assert_cmpfloat (weighted, >, 0);
  }
}

/* Every register of every lane holds an element of its own, and together they hold all. */
static void
fragments_cover (void)
{
  int a[16][16] = { 0 }, b[8][16] = { 0 }, c[16][8] = { 0 };

  for (int lane = 0; lane < 32; lane++) {
    for (int r = 0; r < 4; r++) {
      a[smb_fragment_a_row (lane, r)][smb_fragment_a_depth (lane, r)]++;
      a[smb_fragment_a_row (lane, r)][smb_fragment_a_depth (lane, r) + 1]++;
      c[smb_fragment_c_row (lane, r)][smb_fragment_c_column (lane, r)]++;
    }
    for (int r = 0; r < 2; r++) {
      b[smb_fragment_b_column (lane)][smb_fragment_b_depth (lane, r)]++;
      b[smb_fragment_b_column (lane)][smb_fragment_b_depth (lane, r) + 1]++;
    }
  }
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 16; j++) {
      g_assert_cmpint (a[i][j], ==, 1);
      g_assert_cmpint (b[i / 2][j], ==, 1);
      g_assert_cmpint (c[i][j / 2], ==, 1);
    }
}

static void
patches_cover (void)
{
  const SmbPatchShape shapes[] = { { 3, 12, 20, 4, 0 }, { 3, 12, 20, 4, 1 }, { 1, 3, 3, 1, 0 }, { 2, 28, 14, 14, 1 } };

  for (gsize s = 0; s < G_N_ELEMENTS (shapes); s++) {
    gint64 n = 2 * shapes[s].chans * shapes[s].height * shapes[s].width;
    g_autofree int *seen = g_new0 (int, n);

    for (gint64 i = 0; i < n; i++) {
      gint64 at = smb_patch_source (&shapes[s], i);

      g_assert_cmpint (at, >=, 0);
      g_assert_cmpint (at, <, n);
      g_assert_cmpint (seen[at]++, ==, 0);
    }
  }
}

static void
norms (void)
{
  g_assert_cmpfloat (smb_unit_length (0.0f), ==, 1e-12f);
  g_assert_cmpfloat (smb_unit_length (9.0f), ==, 3.0f);
  g_assert_true (isnan (smb_unit_length (NAN)));
  g_assert_cmpfloat_with_epsilon (smb_layer_norm_value (3, 1, 0.5f, 2, 0.25f), 2.25, 1e-7);
  g_assert_cmpfloat_with_epsilon (smb_layer_norm_slope (0.5f, 2, 3, 1, 0.5f, 0.1f, 0.2f), (1 - 0.1 - 0.2) * 0.5, 1e-7);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuda/math/gelu", gelu_near);
  g_test_add_func ("/cuda/math/bf16", bf16_rounds);
  g_test_add_func ("/cuda/math/adam", adam_steps);
  g_test_add_func ("/cuda/math/softmax", softmax_in_tiles);
  g_test_add_func ("/cuda/math/relevance", relevance_is_positive);
  g_test_add_func ("/cuda/math/fragments", fragments_cover);
  g_test_add_func ("/cuda/math/patches", patches_cover);
  g_test_add_func ("/cuda/math/norms", norms);
  return g_test_run ();
}
