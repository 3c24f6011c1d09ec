/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/smb-tensor.h"

#include <math.h>
#include <string.h>

static float
from_bits (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/* IEEE 754 binary16; every value is exact in binary32. */
static float
from_half (guint16 half)
{
  guint32 sign = (guint32) (half & 0x8000u) << 16, exponent = (half >> 10) & 31u, fraction = half & 1023u;

  if (exponent == 31)
    return from_bits (sign | 0x7f800000u | fraction << 13);
  if (exponent != 0)
    return from_bits (sign | (exponent + 112u) << 23 | fraction << 13);
  return from_bits (sign | 0x3f800000u) * (float) fraction * 0x1p-24f; /* subnormal or zero, the sign kept */
}

SmbTensor *
smb_tensor_to_f32 (const SmbTensor *tensor)
{
  SmbTensor *out;
  float *y;

  g_return_val_if_fail (tensor->device == NULL, NULL);
  out = smb_tensor_new (SMB_DTYPE_F32, tensor->rank, tensor->shape);
  y = out->data;
  /* memcpy for each element: a mapped file need not align wide types. */
#define CONVERT(type, expression)                                                                                     \
  for (gint64 i = 0; i < tensor->n; i++) {                                                                            \
    type v;                                                                                                           \
    memcpy (&v, (const char *) tensor->data + (gsize) i * sizeof v, sizeof v);                                        \
    y[i] = (float) (expression);                                                                                      \
  }                                                                                                                   \
  break
  switch (tensor->dtype) {
  case SMB_DTYPE_F32:
    if (tensor->n > 0)
      memcpy (y, tensor->data, smb_tensor_get_bytes (tensor));
    break;
  case SMB_DTYPE_F64:
    CONVERT (double, v);
  case SMB_DTYPE_F16:
    CONVERT (guint16, from_half (v));
  case SMB_DTYPE_BF16:
    CONVERT (guint16, from_bits ((guint32) v << 16));
  case SMB_DTYPE_I64:
    CONVERT (gint64, v);
  case SMB_DTYPE_I32:
    CONVERT (gint32, v);
  case SMB_DTYPE_I16:
    CONVERT (gint16, v);
  case SMB_DTYPE_I8:
    CONVERT (gint8, v);
  case SMB_DTYPE_U8:
    CONVERT (guint8, v);
  case SMB_DTYPE_BOOL:
    CONVERT (guint8, v != 0);
  default:
    g_assert_not_reached ();
  }
#undef CONVERT
  return out;
}

static guint16
to_half (float value)
{
  float magnitude = fabsf (value);
  guint32 bits;
  guint16 sign = signbit (value) ? 0x8000u : 0;

  if (magnitude < 0x1p-14f) /* subnormal: the unit is 2^-24, and rintf rounds ties to even */
    return sign | (guint16) rintf (magnitude * 0x1p24f);
  memcpy (&bits, &magnitude, sizeof bits);
  bits += 0xfffu + (bits >> 13 & 1u);
  return sign | (guint16) ((bits >> 13) - (112u << 10));
}

SmbTensor *
smb_tensor_to_f16 (const SmbTensor *tensor)
{
  g_autoptr (SmbTensor) out = NULL;
  const float *x = tensor->data;
  guint16 *y;

  g_return_val_if_fail (tensor->device == NULL && tensor->dtype == SMB_DTYPE_F32, NULL);
  out = smb_tensor_new (SMB_DTYPE_F16, tensor->rank, tensor->shape);
  y = out->data;
  for (gint64 i = 0; i < tensor->n; i++) {
    if (!(fabsf (x[i]) < 65520.0f))
      return NULL;
    y[i] = to_half (x[i]);
  }
  return g_steal_pointer (&out);
}

gboolean
smb_tensor_is_finite (const SmbTensor *tensor)
{
  g_return_val_if_fail (tensor->device == NULL, FALSE);
#define CHECK(type, exponent)                                                                                         \
  for (gint64 i = 0; i < tensor->n; i++) {                                                                            \
    type v;                                                                                                           \
    memcpy (&v, (const char *) tensor->data + (gsize) i * sizeof v, sizeof v);                                        \
    if ((v & (type) (exponent)) == (type) (exponent))                                                                 \
      return FALSE;                                                                                                   \
  }                                                                                                                   \
  return TRUE
  switch (tensor->dtype) {
  case SMB_DTYPE_F32:
    CHECK (guint32, 0x7f800000u);
  case SMB_DTYPE_F64:
    CHECK (guint64, G_GUINT64_CONSTANT (0x7ff0000000000000));
  case SMB_DTYPE_F16:
    CHECK (guint16, 0x7c00u);
  case SMB_DTYPE_BF16:
    CHECK (guint16, 0x7f80u);
  case SMB_DTYPE_I64:
  case SMB_DTYPE_I32:
  case SMB_DTYPE_I16:
  case SMB_DTYPE_I8:
  case SMB_DTYPE_U8:
  case SMB_DTYPE_BOOL:
  default:
    return TRUE;
  }
#undef CHECK
}
