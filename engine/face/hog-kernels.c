/* SPDX-License-Identifier: Apache-2.0 */
#include "face/hog-kernels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE4_1__
#include <immintrin.h>
#endif

#define LANES 8

typedef float Vec __attribute__ ((vector_size (32)));
typedef int32_t VecInt __attribute__ ((vector_size (32)));
typedef float VecAnywhere __attribute__ ((vector_size (32), aligned (4), may_alias));
typedef float Four __attribute__ ((vector_size (16)));
typedef int32_t FourInt __attribute__ ((vector_size (16)));

#define INLINE static inline __attribute__ ((always_inline))

INLINE Vec
vec_of (float x)
{
  return (Vec){ x, x, x, x, x, x, x, x };
}

INLINE Vec
load (const float *p)
{
  return *(const VecAnywhere *) p;
}

INLINE void
store (float *p, Vec x)
{
  *(VecAnywhere *) p = x;
}

INLINE Vec
choose (VecInt mask, Vec a, Vec b)
{
  return (Vec) (((VecInt) a & mask) | ((VecInt) b & ~mask));
}

INLINE Vec
larger (Vec a, Vec b)
{
#ifdef __AVX__
  return (Vec) _mm256_max_ps ((__m256) a, (__m256) b);
#else
  return choose (a > b, a, b);
#endif
}

INLINE void
store_whole (int32_t *p, Vec x)
{
#ifdef __AVX__
  _mm256_storeu_si256 ((__m256i_u *) p, _mm256_cvttps_epi32 ((__m256) x));
#else
  for (int i = 0; i < LANES; i++)
    p[i] = (int32_t) x[i];
#endif
}

INLINE Vec
root (Vec x)
{
#ifdef __AVX__
  return (Vec) _mm256_sqrt_ps ((__m256) x);
#else
  for (int i = 0; i < LANES; i++)
    x[i] = sqrtf (x[i]);
  return x;
#endif
}

/* --- resize ------------------------------------------------------------------------------------------------------- */

/* Red, green and blue; a fourth lane of whatever follows. */
INLINE Four
load_pixel (const unsigned char *p)
{
#ifdef __SSE4_1__
  int32_t bytes;

  memcpy (&bytes, p, sizeof bytes);
  return (Four) _mm_cvtepi32_ps (_mm_cvtepu8_epi32 (_mm_cvtsi32_si128 (bytes)));
#else
  return (Four){ p[0], p[1], p[2], 0.0f };
#endif
}

INLINE void
store_pixel (unsigned char *p, Four x)
{
#ifdef __SSE4_1__
  __m128i whole = _mm_cvttps_epi32 ((__m128) x);
  int32_t bytes = _mm_cvtsi128_si32 (_mm_packus_epi16 (_mm_packus_epi32 (whole, whole), _mm_setzero_si128 ()));

  memcpy (p, &bytes, sizeof bytes);
#else
  for (int i = 0; i < 3; i++)
    p[i] = (unsigned char) (int) x[i];
#endif
}

static void
resize_row (unsigned char *out, const unsigned char *above, const unsigned char *below, double share, long in_width,
            long out_width, const SmbHogScale *scale)
{
  const float low = (float) share, high = (float) (1 - share);

  for (long c = 0; c < scale->bulk; c++) {
    const unsigned char *top = above + 3 * (long) scale->left[c], *bottom = below + 3 * (long) scale->left[c];
    float right = scale->share[c], left = 1.0f - right;
    float tl = high * left, tr = high * right, bl = low * left, br = low * right;

    store_pixel (out + 3 * c, tl * load_pixel (top) + tr * load_pixel (top + 3) + bl * load_pixel (bottom)
                                  + br * load_pixel (bottom + 3));
  }
  for (long c = scale->bulk; c < out_width; c++) {
    long left = scale->left[c], next = left + 1 < in_width ? left + 1 : in_width - 1;
    double right = scale->shares[c];

    for (int i = 0; i < 3; i++) {
      double t = (1 - right) * above[3 * left + i] + right * above[3 * next + i];
      double b = (1 - right) * below[3 * left + i] + right * below[3 * next + i];

      out[3 * c + i] = (unsigned char) ((1 - share) * t + share * b);
    }
  }
}

/* --- gradients ---------------------------------------------------------------------------------------------------- */

static const float directions[9][2] = {
  { 1.0000f, 0.0000f },  { 0.9397f, 0.3420f },  { 0.7660f, 0.6428f },  { 0.500f, 0.8660f },   { 0.1736f, 0.9848f },
  { -0.1736f, 0.9848f }, { -0.5000f, 0.8660f }, { -0.7660f, 0.6428f }, { -0.9397f, 0.3420f },
};

/* A row's colours apart from each other: three times `apart` floats. */
static void
split_row (float *out, const unsigned char *rgb, long width, long apart)
{
  for (long x = 0; x < width; x++) {
    out[x] = rgb[3 * x];
    out[apart + x] = rgb[3 * x + 1];
    out[2 * apart + x] = rgb[3 * x + 2];
  }
}

/* A gradient as one whole number: both parts lie within 255. */
#define CODE_STEP 512.0f
#define CODE_MIDDLE (256 * 512 + 256)

/* Columns x to x + 7: the strongest colour's squared length and code; of equal ones the later colour's. */
INLINE Vec
gradient (const float *up, const float *at, const float *down, long apart, Vec *code_out)
{
  Vec code[3], length[3];

  for (int i = 0; i < 3; i++) {
    Vec gx = load (at + i * apart + 1) - load (at + i * apart - 1),
        gy = load (down + i * apart) - load (up + i * apart);

    length[i] = gx * gx + gy * gy;
    code[i] = gy * CODE_STEP + gx;
  }
  code[1] = choose (length[0] > length[1], code[0], code[1]);
  length[1] = larger (length[0], length[1]);
  *code_out = choose (length[1] > length[2], code[1], code[2]);
  return larger (length[1], length[2]);
}

/* One column, with the earlier one of equal colours. */
INLINE float
gradient_at (const float *up, const float *at, const float *down, long apart, int *code_out)
{
  float best = -1.0f;

  for (int i = 0; i < 3; i++) {
    float gx = at[i * apart + 1] - at[i * apart - 1], gy = down[i * apart] - up[i * apart], length = gx * gx + gy * gy;

    if (length > best) {
      best = length;
      *code_out = (int) (gy * CODE_STEP + gx);
    }
  }
  return best;
}

static int
direction_of (float gx, float gy)
{
  float most = 0.0f;
  int which = 0;

  for (int o = 0; o < 9; o++) {
    float dot = directions[o][0] * gx + directions[o][1] * gy;

    if (dot > most) {
      most = dot;
      which = o;
    } else if (-dot > most) {
      most = -dot;
      which = o + 9;
    }
  }
  return which;
}

static void
fill_directions (unsigned char *table)
{
  for (int gy = -255; gy <= 255; gy++)
    for (int gx = -255; gx <= 255; gx++)
      table[CODE_MIDDLE + gy * (int) CODE_STEP + gx] = (unsigned char) direction_of ((float) gx, (float) gy);
}

static void
gather (float *hist, const SmbHogPicture *picture, long rows, long columns, const unsigned char *table, float *scratch)
{
  const long width = picture->width, apart = width + 16, line = (columns + 2) * SMB_HOG_DIRECTION;
  const long end_y = (rows * SMB_HOG_CELL < picture->height ? rows * SMB_HOG_CELL : picture->height) - 1;
  const long end_x = (columns * SMB_HOG_CELL < width ? columns * SMB_HOG_CELL : width) - 1;
  const Vec near
      = { 5.5f / 8, 6.5f / 8, 7.5f / 8, 0.5f / 8, 1.5f / 8, 2.5f / 8, 3.5f / 8, 4.5f / 8 }; /* x = 1, 2, ... */
  const unsigned char *direction = table + CODE_MIDDLE;
  float *split[3] = { scratch, scratch + 3 * apart, scratch + 6 * apart };

  split_row (split[0], picture->rgb, width, apart);
  if (picture->height > 1)
    split_row (split[1], picture->rgb + picture->stride, width, apart);
  for (long y = 1; y < end_y; y++) {
    const float *up = split[(y - 1) % 3], *at = split[y % 3], *down = split[(y + 1) % 3];
    const float yp = (float) (((float) y + 0.5) / 8.0f - 0.5);
    const int cell_y = (int) floorf (yp);
    const float low = yp - (float) cell_y, high = 1.0f - low;
    float *first = hist + (cell_y + 1) * line, *second = first + line;
    long x;

    split_row (split[(y + 1) % 3], picture->rgb + (y + 1) * picture->stride, width, apart);
    for (x = 1; x < end_x - 7; x += LANES) {
      Vec code, strength = root (gradient (up + x, at + x, down + x, apart, &code)), left, right;
      float *a = first + x / 8 * SMB_HOG_DIRECTION, *b = second + x / 8 * SMB_HOG_DIRECTION;
      float parts[4][LANES];
      int32_t codes[LANES];

      left = (1.0f - near) * strength;
      right = near * strength;
      store (parts[0], high * left);
      store (parts[1], high * right);
      store (parts[2], low * left);
      store (parts[3], low * right);
      store_whole (codes, code);
#pragma GCC unroll 8
      for (int i = 0; i < LANES; i++) {
        const int bin = direction[codes[i]] + (i < 3 ? 0 : SMB_HOG_DIRECTION); /* the next cell begins at i = 3 */

        a[bin] += parts[0][i];
        a[bin + SMB_HOG_DIRECTION] += parts[1][i];
        b[bin] += parts[2][i];
        b[bin + SMB_HOG_DIRECTION] += parts[3][i];
      }
    }
    for (; x < end_x; x++) {
      int code = 0;
      float strength = sqrtf (gradient_at (up + x, at + x, down + x, apart, &code));
      const float xp = (float) (((double) x + 0.5) / 8.0 - 0.5);
      const int cell_x = (int) floorf (xp);
      const float right = xp - (float) cell_x, left = 1.0f - right;
      const long at_bin = (cell_x + 1) * SMB_HOG_DIRECTION + direction[code];

      first[at_bin] += high * left * strength;
      second[at_bin] += low * left * strength;
      first[at_bin + SMB_HOG_DIRECTION] += high * right * strength;
      second[at_bin + SMB_HOG_DIRECTION] += low * right * strength;
    }
  }
}

/* --- features ----------------------------------------------------------------------------------------------------- */

INLINE Four
smaller (float a, Four b)
{
  Four all = { a, a, a, a };
  FourInt less = all < b;

  return (Four) (((FourInt) all & less) | ((FourInt) b & ~less));
}

INLINE Four
four_root (Four x)
{
#ifdef __SSE4_1__
  return (Four) _mm_sqrt_ps ((__m128) x);
#else
  for (int i = 0; i < 4; i++)
    x[i] = sqrtf (x[i]);
  return x;
#endif
}

INLINE float
sum (Four x)
{
  return (x[0] + x[1]) + (x[2] + x[3]);
}

static void
features (float *planes, const float *hist, float *energy, long rows, long columns)
{
  const int taps = SMB_HOG_TAPS;
  const long line = (columns + 2) * SMB_HOG_DIRECTION, before = (taps - 1) / 2;
  const long width = columns - 2 + taps - 1, plane = (rows - 2 + taps - 1) * width;

  for (long r = 0; r < rows; r++)
    for (long c = 0; c < columns; c++) {
      const float *h = hist + (r + 1) * line + (c + 1) * SMB_HOG_DIRECTION;
      float all = 0.0f;

      for (int o = 0; o < 9; o++)
        all += (h[o] + h[o + 9]) * (h[o] + h[o + 9]);
      energy[r * columns + c] = all;
    }
  for (long y = 0; y < rows - 2; y++)
    for (long x = 0; x < columns - 2; x++) {
      const float *h = hist + (y + 2) * line + (x + 2) * SMB_HOG_DIRECTION;
      const float *e0 = energy + y * columns + x, *e1 = e0 + columns, *e2 = e1 + columns;
      const Four z1 = { e1[1], e0[1], e1[0], e0[0] }, z2 = { e1[2], e0[2], e1[1], e0[1] };
      const Four z3 = { e2[1], e1[1], e2[0], e1[0] }, z4 = { e2[2], e1[2], e2[1], e1[1] };
      const Four most = 0.2f * four_root (z1 + z2 + z3 + z4 + 0.0001f), scale = 0.1f / most;
      float *out = planes + (y + before) * width + x + before;
      Four texture = { 0 };

      for (int o = 0; o < 18; o += 3) {
        Four h0 = smaller (h[o], most) * scale, h1 = smaller (h[o + 1], most) * scale,
             h2 = smaller (h[o + 2], most) * scale;

        out[o * plane] = sum (h0);
        out[(o + 1) * plane] = sum (h1);
        out[(o + 2) * plane] = sum (h2);
        texture += h0 + h1 + h2;
      }
      texture *= (float) (2 * 0.2357);
      for (int o = 0; o < 9; o++)
        out[(o + 18) * plane] = sum (smaller (h[o] + h[o + 9], most) * scale);
      for (int i = 0; i < 4; i++)
        out[(27 + i) * plane] = texture[i];
    }
}

/* --- filters ------------------------------------------------------------------------------------------------------ */

/* Eight sums of products, the values `apart` floats from each other, summed in three turns as dlib does. */
INLINE Vec
products (const float *x, const long apart, const Vec *taps, const int n_taps)
{
  Vec a = vec_of (0.0f), b = a, c = a;
  int n = 0;

#pragma GCC unroll 4
  for (; n < n_taps - 2; n += 3) {
    a += load (x + n * apart) * taps[n];
    b += load (x + (n + 1) * apart) * taps[n + 1];
    c += load (x + (n + 2) * apart) * taps[n + 2];
  }
#pragma GCC unroll 2
  for (; n < n_taps; n++)
    a += load (x + n * apart) * taps[n];
  return a + (b + c);
}

INLINE float
product (const float *x, long apart, const float *taps, int n_taps)
{
  float all = 0.0f;

  for (int n = 0; n < n_taps; n++)
    all += x[n * apart] * taps[n];
  return all;
}

/* Between the two filters columns lie in strips of eight, row after row, and what is left of a width one by one: so the
 * second filter runs down one strip in the first cache. */
INLINE void
filter_term (float *out, const float *plane, long width, long height, const SmbHogTerm *term, float *scratch,
             const int add)
{
  const int taps = SMB_HOG_TAPS;
  const long first = taps / 2, end_x = width - (taps - 1) / 2, end_y = height - (taps - 1) / 2, strip = height * LANES;
  const long strips = (end_x - first) / LANES;
  float *rest = scratch + strips * strip;
  Vec row[SMB_HOG_TAPS], column[SMB_HOG_TAPS];

  for (int i = 0; i < taps; i++) {
    row[i] = vec_of (term->row[i]);
    column[i] = vec_of (term->column[i]);
  }
  for (long r = 0; r < height; r++) {
    const float *from = plane + r * width;
    float *to = scratch + r * LANES;
    long c = 0;

    for (long s = 0; s < strips; s++, c += LANES, to += strip)
      store (to, products (from + c, 1, row, taps));
    for (long i = 0; c < end_x - first; c++, i++)
      rest[i * height + r] = product (from + c, 1, term->row, taps);
  }
  for (long s = 0; s < strips; s++)
    for (long r = first; r < end_y; r++) {
      float *to = out + r * width + first + s * LANES;
      Vec all = products (scratch + s * strip + (r - first) * LANES, LANES, column, taps);

      store (to, add ? all + load (to) : all);
    }
  for (long c = first + strips * LANES, i = 0; c < end_x; c++, i++)
    for (long r = first; r < end_y; r++) {
      float all = product (rest + i * height + r - first, 1, term->column, taps);

      out[r * width + c] = add ? out[r * width + c] + all : all;
    }
}

static void
filter (float *out, const float *planes, long width, long height, const SmbHogTerm *terms, int n_terms, float *scratch)
{
  for (int i = 0; i < n_terms; i++) {
    const float *plane = planes + terms[i].plane * width * height;

    if (i == 0)
      filter_term (out, plane, width, height, &terms[i], scratch, 0);
    else
      filter_term (out, plane, width, height, &terms[i], scratch, 1);
  }
}

#define NAME_(isa) smb_hog_kernels_##isa
#define NAME(isa) NAME_ (isa)

const SmbHogKernels NAME (SMB_ISA) = { resize_row, fill_directions, gather, features, filter };
