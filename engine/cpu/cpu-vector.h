/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Vectors of the width of the instruction set a kernel file is compiled for, and functions of them. Only kernel-*.c
 * include this file. */

#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float Vec __attribute__ ((vector_size (LANES * 4)));
typedef int32_t VecInt __attribute__ ((vector_size (LANES * 4)));
typedef float VecAnywhere __attribute__ ((vector_size (LANES * 4), aligned (4), may_alias));

#define VEC_INLINE static inline __attribute__ ((always_inline))

VEC_INLINE Vec
vec_of (float x)
{
  return x - (Vec){ 0 };
}

VEC_INLINE Vec
vec_load (const float *p)
{
  return *(const VecAnywhere *) p;
}

VEC_INLINE void
vec_store (float *p, Vec x)
{
  *(VecAnywhere *) p = x;
}

/* The first n lanes, zeros behind. */
VEC_INLINE Vec
vec_load_some (const float *p, int64_t n)
{
  Vec x = { 0 };

  memcpy (&x, p, (size_t) n * sizeof (float));
  return x;
}

VEC_INLINE void
vec_store_some (float *p, Vec x, int64_t n)
{
  memcpy (p, &x, (size_t) n * sizeof (float));
}

/* a where the mask is set (all ones), else b. */
VEC_INLINE Vec
vec_select (VecInt mask, Vec a, Vec b)
{
  return (Vec) (((VecInt) a & mask) | ((VecInt) b & ~mask));
}

/* The larger; NaN if either is. */
VEC_INLINE Vec
vec_max (Vec a, Vec b)
{
  return vec_select ((a > b) | (a != a), a, b);
}

VEC_INLINE Vec
vec_abs (Vec x)
{
  return (Vec) ((VecInt) x & 0x7fffffff);
}

VEC_INLINE float
vec_sum (Vec x)
{
  float lanes[LANES];

  memcpy (lanes, &x, sizeof lanes);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++)
      lanes[i] += lanes[i + half];
  return lanes[0];
}

/* Lane i is lane which[i] of a and b one after the other. */
VEC_INLINE Vec
vec_pick (Vec a, Vec b, VecInt which)
{
#ifdef __clang__ /* fuzzing only: it shuffles by constants alone */
  Vec out;

  for (int i = 0; i < LANES; i++)
    out[i] = which[i] < LANES ? a[which[i]] : b[which[i] - LANES];
  return out;
#else
  return __builtin_shuffle (a, b, which);
#endif
}

/* Exchanges the off-diagonal squares of side `half` between two rows that lie `half` apart. */
VEC_INLINE void
vec_exchange (Vec *a, Vec *b, const int half)
{
#if LANES == 16
  const VecInt lane = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
#elif LANES == 8
  const VecInt lane = { 0, 1, 2, 3, 4, 5, 6, 7 };
#else
  const VecInt lane = { 0, 1, 2, 3 };
#endif
  const VecInt right = ((lane & half) != 0) & (LANES - half);
  Vec upper = vec_pick (*a, *b, lane + right), lower = vec_pick (*a, *b, lane + half + right);

  *a = upper;
  *b = lower;
}

/* Turns a square of LANES vectors. */
VEC_INLINE void
vec_transpose (Vec *v)
{
#define EXCHANGE_ALL(half)                                                                                             \
  _Pragma ("GCC unroll 16") for (int i = 0; i < LANES; i++)                                                            \
    if ((i & (half)) == 0)                                                                                             \
      vec_exchange (&v[i], &v[i + (half)], (half));

#if LANES >= 16
  EXCHANGE_ALL (8)
#endif
#if LANES >= 8
  EXCHANGE_ALL (4)
#endif
  EXCHANGE_ALL (2)
  EXCHANGE_ALL (1)
#undef EXCHANGE_ALL
}

/* exp (x) for x <= 0 (a little above is fine), below 1.5 units in the last place; 0 where it would be subnormal;
 * NaN stays NaN. x = n ln 2 + r, |r| <= ln 2 / 2; the polynomial interpolates exp at Chebyshev nodes of that range. */
VEC_INLINE Vec
vec_exp_negative (Vec x)
{
  const Vec magic = vec_of (0x1.8p23f); /* adding it rounds to a whole number, kept in the low bits */
  VecInt tiny = x < -87.3f;
  Vec shifted, n, r, p, power;

  x = vec_select (tiny, vec_of (-87.3f), x);
  shifted = x * 1.44269504f + magic;
  n = shifted - magic;
  r = x - n * 0.693145752f; /* ln 2 in two parts, the first with few bits: n times it is exact */
  r = r - n * 1.42860677e-6f;
  p = vec_of (0.00139485808f);
  p = p * r + 0.00837512889f;
  p = p * r + 0.0416662183f;
  p = p * r + 0.166664155f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  power = (Vec) (((VecInt) shifted << 23) + 0x3f800000);
  return vec_select (tiny, vec_of (0.0f), p * power);
}

/* The normal distribution's Phi (x), and exp (-x^2 / 2) on the way. erfc (t) = exp (-t^2) u Q (u), u = 1 / (1 + 0.4 t),
 * t >= 0: Q is smooth on (0, 1] and interpolated at Chebyshev nodes (own fit, relative error 1.5e-8 before rounding).
 * So small values keep their relative precision on the negative side, where 1 + erf would cancel. */
VEC_INLINE Vec
vec_normal_cdf (Vec x, Vec *bell)
{
  Vec t = vec_abs (x) * 0.707106781f;
  Vec u = 1.0f / (t * 0.4f + 1.0f);
  Vec s = u * 2.5f - 1.5f;
  Vec q = vec_of (-8.54182462e-06f), e = vec_exp_negative (x * x * -0.5f), half;

  q = q * s + 2.48270961e-05f;
  q = q * s + 0.000113314178f;
  q = q * s + -0.000362324359f;
  q = q * s + -0.00176980243f;
  q = q * s + 0.00282906675f;
  q = q * s + 0.0388808331f;
  q = q * s + 0.144048456f;
  q = q * s + 0.322431714f;
  q = q * s + 0.493812459f;
  half = 0.5f * e * u * q;
  *bell = e;
  return vec_select (x < 0.0f, half, 1.0f - half);
}

/* Goes over [0, n) by vectors. In the body LOAD and STORE move whole vectors, and at the end what is left of one (zeros
 * behind it) with the same arithmetic, so that a result does not depend on where a row was cut. */
#define FOR_VECTORS(i, n)                                                                                              \
  for (int64_t i = 0, left_ = (n); left_ > 0; (i) += LANES, left_ -= LANES)
#define LOAD(p) (left_ >= LANES ? vec_load (p) : vec_load_some (p, left_))
#define STORE(p, x)                                                                                                    \
  do {                                                                                                                 \
    if (left_ >= LANES)                                                                                                \
      vec_store (p, x);                                                                                                \
    else                                                                                                               \
      vec_store_some (p, x, left_);                                                                                    \
  } while (0)
