/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "tensor/smb-tensor.h"

static void
test_shape (void)
{
  const gint64 shape[] = { 2, 3, 4 }, flat[] = { 6, 4 };
  g_autoptr (SmbTensor) a = smb_tensor_new (SMB_DTYPE_F32, 3, shape);
  g_autoptr (SmbTensor) b = smb_tensor_reshape (a, 2, flat);
  g_autoptr (SmbTensor) scalar = smb_tensor_new (SMB_DTYPE_F64, 0, NULL);
  g_autofree char *text = smb_tensor_dup_shape_text (a);

  g_assert_cmpstr (text, ==, "(2, 3, 4)");
  g_assert_cmpint (a->n, ==, 24);
  g_assert_cmpuint ((gsize) a->data % 64, ==, 0);
  g_assert_cmpfloat (((float *) a->data)[23], ==, 0.0f);
  g_assert_true (smb_tensor_shape_is (a, 3, (gint64) 2, (gint64) -1, (gint64) 4));
  g_assert_false (smb_tensor_shape_is (a, 2, (gint64) 6, (gint64) 4));
  g_assert_true (b->data == a->data);
  g_assert_cmpint (scalar->n, ==, 1);
  g_assert_cmpuint (smb_tensor_get_bytes (scalar), ==, 8);
}

static void
test_impossible (void)
{
  const gint64 huge[] = { G_MAXINT64 / 2, 3 };

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*");
  g_assert_null (smb_tensor_new (SMB_DTYPE_F32, 2, huge));
  g_test_assert_expected_messages ();
}

/* Every half by the definition of the format, computed in float64. */
static void
test_half (void)
{
  g_autofree guint16 *bits = g_new (guint16, 65536);
  const gint64 n = 65536;
  g_autoptr (SmbTensor) half = NULL, full = NULL;

  for (guint i = 0; i < 65536; i++)
    bits[i] = (guint16) i;
  half = smb_tensor_new_borrowed (SMB_DTYPE_F16, 1, &n, bits, NULL, NULL);
  full = smb_tensor_to_f32 (half);
  for (guint i = 0; i < 65536; i++) {
    guint exponent = (i >> 10) & 31, fraction = i & 1023;
    double sign = i & 0x8000 ? -1.0 : 1.0, want;
    float got = ((float *) full->data)[i];

    if (exponent == 31 && fraction != 0) {
      g_assert_true (isnan (got));
      continue;
    }
    want = exponent == 31  ? sign * INFINITY
           : exponent == 0 ? sign * ldexp (fraction, -24)
                           : sign * ldexp (1024.0 + fraction, (int) exponent - 25);
    g_assert_true (got == (float) want && !signbit (got) == !signbit (want));
  }
}

/* Every float16 comes back as itself, halfway values go to the even one, and what float16 cannot hold is refused. */
static void
test_to_half (void)
{
  const gint64 n = 0x10000;
  g_autoptr (SmbTensor) all = smb_tensor_new (SMB_DTYPE_F16, 1, &n), wide = NULL, again = NULL, between = NULL,
                        rounded = NULL;
  guint16 *bits = all->data;
  const gint64 five = 5;
  const float values[] = { 1.0f + 0x1p-11f, 1.0f + 3 * 0x1p-11f, -0x1p-25f, 3 * 0x1p-25f, 65519.0f };
  const guint16 expected[] = { 0x3c00, 0x3c02, 0x8000, 0x0002, 0x7bff };

  for (gint64 i = 0; i < n; i++)
    bits[i] = (i & 0x7c00) == 0x7c00 ? 0 : (guint16) i; /* no infinities, no NaN */
  wide = smb_tensor_to_f32 (all);
  again = smb_tensor_to_f16 (wide);
  g_assert_cmpmem (all->data, (int) smb_tensor_get_bytes (all), again->data, (int) smb_tensor_get_bytes (again));
  between = smb_tensor_new (SMB_DTYPE_F32, 1, &five);
  memcpy (between->data, values, sizeof values);
  rounded = smb_tensor_to_f16 (between);
  g_assert_cmpmem (rounded->data, (int) smb_tensor_get_bytes (rounded), expected, sizeof expected);
  ((float *) between->data)[0] = 65520.0f;
  g_assert_null (smb_tensor_to_f16 (between));
  ((float *) between->data)[0] = NAN;
  g_assert_null (smb_tensor_to_f16 (between));
}

static void
test_conversion (void)
{
  const gint64 n = 3;
  const guint16 bf16[] = { 0x3f80, 0xc0a0, 0x0000 };
  const double f64[] = { 0.1, -2.5, 1e10 };
  const gint64 i64[] = { -3, 0, G_GINT64_CONSTANT (16777217) };
  const guint8 flag[] = { 1, 0, 7 };
  const struct {
    SmbDtype dtype;
    const void *data;
    float want[3];
  } rows[] = {
    { SMB_DTYPE_BF16, bf16, { 1.0f, -5.0f, 0.0f } },
    { SMB_DTYPE_F64, f64, { 0.1f, -2.5f, 1e10f } },
    { SMB_DTYPE_I64, i64, { -3.0f, 0.0f, 16777216.0f } },
    { SMB_DTYPE_U8, flag, { 1.0f, 0.0f, 7.0f } },
    { SMB_DTYPE_BOOL, flag, { 1.0f, 0.0f, 1.0f } },
  };

  for (guint r = 0; r < G_N_ELEMENTS (rows); r++) {
    g_autoptr (SmbTensor) from = smb_tensor_new_borrowed (rows[r].dtype, 1, &n, rows[r].data, NULL, NULL);
    g_autoptr (SmbTensor) to = smb_tensor_to_f32 (from);

    g_assert_cmpmem (to->data, 12, rows[r].want, 12);
    g_assert_true (smb_tensor_is_finite (from));
  }
}

static void
test_finite (void)
{
  const gint64 n = 2;
  const float values[][2] = { { 1.0f, NAN }, { -INFINITY, 0.0f }, { 3.4e38f, 1e-45f } };
  const guint16 half[] = { 0x7c01, 0 };
  g_autoptr (SmbTensor) h = smb_tensor_new_borrowed (SMB_DTYPE_F16, 1, &n, half, NULL, NULL);

  for (guint i = 0; i < 3; i++) {
    g_autoptr (SmbTensor) t = smb_tensor_new_borrowed (SMB_DTYPE_F32, 1, &n, values[i], NULL, NULL);

    g_assert_cmpint (smb_tensor_is_finite (t), ==, i == 2);
  }
  g_assert_false (smb_tensor_is_finite (h));
}

static void
test_dict (void)
{
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new ();
  const gint64 n = 1;
  g_autoptr (SmbTensor) a = smb_tensor_new (SMB_DTYPE_F32, 1, &n), b = smb_tensor_new (SMB_DTYPE_F32, 1, &n);

  smb_tensor_dict_set (dict, "z", a);
  smb_tensor_dict_set (dict, "a", a);
  smb_tensor_dict_set (dict, "z", b);
  smb_tensor_dict_set_meta (dict, "config", "{}");
  g_assert_cmpuint (smb_tensor_dict_get_size (dict), ==, 2);
  g_assert_cmpstr (g_ptr_array_index (dict->names, 0), ==, "z");
  g_assert_true (smb_tensor_dict_get (dict, "z") == b);
  g_assert_null (smb_tensor_dict_get (dict, "y"));
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "config"), ==, "{}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tensor/shape", test_shape);
  g_test_add_func ("/tensor/impossible-shape", test_impossible);
  g_test_add_func ("/tensor/half", test_half);
  g_test_add_func ("/tensor/to-half", test_to_half);
  g_test_add_func ("/tensor/conversion", test_conversion);
  g_test_add_func ("/tensor/finite", test_finite);
  g_test_add_func ("/tensor/dict", test_dict);
  return g_test_run ();
}
