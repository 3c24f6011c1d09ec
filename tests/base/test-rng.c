/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-rng.h"

#include <math.h>
#include <string.h>

#define SEED G_GUINT64_CONSTANT (20240607)
#define DRAWS 200000

typedef struct {
  guint64 counter, stream, seed;
  guint32 want[4];
} KnownAnswer;

/* Random123's known answers for philox4x32-10: counter words 0 to 3 are counter and stream, the key is the seed. */
static void
known_answers (void)
{
  static const KnownAnswer answers[] = {
    { 0, 0, 0, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { G_MAXUINT64, G_MAXUINT64, G_MAXUINT64, { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { G_GUINT64_CONSTANT (0x85a308d3243f6a88), G_GUINT64_CONSTANT (0x0370734413198a2e),
      G_GUINT64_CONSTANT (0x299f31d0a4093822), { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    SmbRng rng;

    smb_rng_init (&rng, answers[i].seed, answers[i].stream);
    rng.counter = answers[i].counter;
    for (int j = 0; j < 4; j++)
      g_assert_cmphex (smb_rng_u32 (&rng), ==, answers[i].want[j]);
  }
}

static void
streams (void)
{
  SmbRng a, b, other, later;
  guint32 first[10];
  int same = 0;

  smb_rng_init (&a, SEED, 1);
  smb_rng_init (&b, SEED, 1);
  smb_rng_init (&other, SEED, 2);
  for (int i = 0; i < 10; i++) {
    first[i] = smb_rng_u32 (&a);
    g_assert_cmphex (first[i], ==, smb_rng_u32 (&b));
    same += smb_rng_u32 (&other) == first[i];
  }
  g_assert_cmpint (same, ==, 0);
  smb_rng_init (&later, SEED, 1); /* the counter is all there is to save, at a block's end */
  later.counter = 2;
  g_assert_cmphex (smb_rng_u32 (&later), ==, first[8]);
}

static void
uniform (void)
{
  SmbRng rng;
  double sum = 0, squares = 0;

  g_test_message ("seed %" G_GUINT64_FORMAT, SEED);
  smb_rng_init (&rng, SEED, 0);
  for (int i = 0; i < DRAWS; i++) {
    double u = smb_rng_uniform (&rng);

    g_assert_true (u >= 0 && u < 1);
    sum += u;
    squares += u * u;
  }
  g_assert_cmpfloat_with_epsilon (sum / DRAWS, 0.5, 0.004); /* six deviations */
  g_assert_cmpfloat_with_epsilon (squares / DRAWS, 1.0 / 3, 0.004);
}

static void
normal (void)
{
  SmbRng rng;
  double sum = 0, squares = 0, fourth = 0;

  g_test_message ("seed %" G_GUINT64_FORMAT, SEED);
  smb_rng_init (&rng, SEED, 0);
  for (int i = 0; i < DRAWS; i++) {
    double x = smb_rng_normal (&rng);

    g_assert_true (isfinite (x));
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  g_assert_cmpfloat_with_epsilon (sum / DRAWS, 0, 0.014);
  g_assert_cmpfloat_with_epsilon (squares / DRAWS, 1, 0.02);
  g_assert_cmpfloat_with_epsilon (fourth / DRAWS, 3, 0.14);
}

static void
below (void)
{
  guint32 counts[7] = { 0 };
  SmbRng rng;

  g_test_message ("seed %" G_GUINT64_FORMAT, SEED);
  smb_rng_init (&rng, SEED, 0);
  for (int i = 0; i < 70000; i++)
    counts[smb_rng_below (&rng, 7)]++;
  for (int i = 0; i < 7; i++)
    g_assert_true (counts[i] > 9400 && counts[i] < 10600);
  for (int i = 0; i < 100; i++)
    g_assert_cmpuint (smb_rng_below (&rng, 1), ==, 0);
  for (int i = 0; i < 100; i++)
    g_assert_cmpuint (smb_rng_below (&rng, G_MAXUINT32), <, G_MAXUINT32);
}

/* Mean a / (a + b), variance a b / ((a + b)^2 (a + b + 1)). */
static void
beta (void)
{
  static const double shapes[][2] = { { 0.8, 0.8 }, { 2, 5 }, { 0.1, 3 } };

  g_test_message ("seed %" G_GUINT64_FORMAT, SEED);
  for (gsize s = 0; s < G_N_ELEMENTS (shapes); s++) {
    double a = shapes[s][0], b = shapes[s][1], sum = 0, squares = 0, mean = a / (a + b);
    SmbRng rng;

    smb_rng_init (&rng, SEED, s);
    for (int i = 0; i < 100000; i++) {
      double x = smb_rng_beta (&rng, a, b);

      g_assert_true (x >= 0 && x <= 1);
      sum += x;
      squares += (x - mean) * (x - mean);
    }
    g_assert_cmpfloat_with_epsilon (sum / 100000, mean, 0.008);
    g_assert_cmpfloat_with_epsilon (squares / 100000, a * b / ((a + b) * (a + b) * (a + b + 1)), 0.004);
  }
}

static void
shuffle (void)
{
  int first[5] = { 0 };
  SmbRng rng;

  g_test_message ("seed %" G_GUINT64_FORMAT, SEED);
  smb_rng_init (&rng, SEED, 0);
  for (int round = 0; round < 50000; round++) {
    int values[5] = { 0, 1, 2, 3, 4 }, seen = 0;

    smb_rng_shuffle (&rng, values, 5);
    for (int i = 0; i < 5; i++)
      seen |= 1 << values[i];
    g_assert_cmpint (seen, ==, 31);
    first[values[0]]++;
  }
  for (int i = 0; i < 5; i++)
    g_assert_true (first[i] > 9450 && first[i] < 10550);
  smb_rng_shuffle (&rng, first, 0);
  smb_rng_shuffle (&rng, first, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/rng/known-answers", known_answers);
  g_test_add_func ("/base/rng/streams", streams);
  g_test_add_func ("/base/rng/uniform", uniform);
  g_test_add_func ("/base/rng/normal", normal);
  g_test_add_func ("/base/rng/below", below);
  g_test_add_func ("/base/rng/beta", beta);
  g_test_add_func ("/base/rng/shuffle", shuffle);
  return g_test_run ();
}
