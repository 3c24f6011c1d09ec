/* SPDX-License-Identifier: Apache-2.0 */
#include "augment/smb-jpeg-loss.h"

#include <math.h>
#include <string.h>

#include "augment/smb-clones.h"
#include "augment/smb-planes.h"

#define N 8

/* T.81, tables K.1 and K.2. */
static const guint8 luma_table[N * N] = {
  16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,  14, 13, 16, 24, 40,  57,
  69, 56, 14, 17, 22,  29,  51,  87,  80, 62, 18, 22, 37,  56,  68,  109, 103, 77, 24, 35, 55,  64,
  81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
};
static const guint8 chroma_table[N * N] = {
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
  99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
};

static void
scaled_table (float table[N * N], const guint8 base[N * N], int quality)
{
  int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;

  for (int i = 0; i < N * N; i++)
    table[i] = (float) CLAMP ((base[i] * scale + 50) / 100, 1, 255);
}

/* Rows are frequencies: orthonormal cosine transform of 8. */
static const float *
cosines (void)
{
  static float c[N * N];
  static gsize done;

  if (g_once_init_enter (&done)) {
    for (int k = 0; k < N; k++)
      for (int x = 0; x < N; x++)
        c[k * N + x] = (float) (sqrt (k == 0 ? 0.125 : 0.25) * cos ((2 * x + 1) * k * G_PI / 16.0));
    g_once_init_leave (&done, 1);
  }
  return c;
}

/* out = a b, 8 x 8. */
static inline void
times (float out[N * N], const float a[N * N], const float b[N * N])
{
  for (int r = 0; r < N; r++) {
    float row[N] = { 0 };

    for (int k = 0; k < N; k++)
      for (int c = 0; c < N; c++)
        row[c] += a[r * N + k] * b[k * N + c];
    memcpy (out + r * N, row, sizeof row);
  }
}

/* One plane (height,width), both multiples of 8, of 0 to 255. */
SMB_CLONES static void
lose_plane (float *plane, int width, int height, const float table[N * N])
{
  const float *c = cosines ();
  float ct[N * N];

  for (int i = 0; i < N * N; i++)
    ct[i] = c[i % N * N + i / N];
  for (int y = 0; y < height; y += N)
    for (int x = 0; x < width; x += N) {
      float block[N * N], half[N * N];
      float *at = plane + (gsize) y * (gsize) width + x;

      for (int r = 0; r < N; r++)
        for (int k = 0; k < N; k++)
          block[r * N + k] = at[r * width + k] - 128.0f;
      times (half, c, block);
      times (block, half, ct);
      for (int i = 0; i < N * N; i++)
        block[i] = (float) (int) (block[i] / table[i] + (block[i] < 0.0f ? -0.5f : 0.5f)) * table[i];
      times (half, ct, block);
      times (block, half, c);
      for (int r = 0; r < N; r++)
        for (int k = 0; k < N; k++)
          at[r * width + k] = (float) (int) (CLAMP (block[r * N + k] + 128.0f, 0.0f, 255.0f) + 0.5f);
    }
}

/* A plane grown at all sides by repeating its border: moved by (x0, y0), up to multiples of `unit`. */
static float *
padded (const float *plane, int width, int height, int x0, int y0, int unit, int *out_width, int *out_height)
{
  int w = (width + x0 + unit - 1) / unit * unit, h = (height + y0 + unit - 1) / unit * unit;
  float *out = g_new (float, (gsize) w * (gsize) h);

  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      out[(gsize) y * (gsize) w + x]
          = plane[(gsize) CLAMP (y - y0, 0, height - 1) * (gsize) width + CLAMP (x - x0, 0, width - 1)];
  *out_width = w;
  *out_height = h;
  return out;
}

/* Means of 2 x 2, halves rounded up and down in turn as libjpeg does. */
static float *
halved (const float *plane, int width, int height)
{
  float *out = g_new (float, (gsize) width / 2 * ((gsize) height / 2));

  for (int y = 0; y < height / 2; y++)
    for (int x = 0; x < width / 2; x++) {
      const float *a = plane + (gsize) (2 * y) * (gsize) width + 2 * x, *b = a + width;

      /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a loop has filled it */
      out[(gsize) y * ((gsize) width / 2) + x] = (float) (((int) (a[0] + a[1] + b[0] + b[1]) + 1 + x % 2) >> 2);
    }
  return out;
}

/* Doubled by the triangle filter: three quarters of the nearer, one of the farther, each way. */
static void
doubled (float *out, const float *plane, int width, int height)
{
  for (int y = 0; y < 2 * height; y++) {
    const float *near = plane + (gsize) (y / 2) * (gsize) width;
    const float *far = plane + (gsize) CLAMP (y / 2 + (y % 2 ? 1 : -1), 0, height - 1) * (gsize) width;

    for (int x = 0; x < 2 * width; x++) {
      int n = x / 2, f = CLAMP (n + (x % 2 ? 1 : -1), 0, width - 1);
      float sum = 3.0f * (3.0f * near[n] + far[n]) + (3.0f * near[f] + far[f]);

      out[(gsize) y * (gsize) (2 * width) + x] = (float) (((int) sum + (x % 2 ? 7 : 8)) >> 4);
    }
  }
}

static void
lose_chroma (float *plane, int width, int height, const float table[N * N])
{
  g_autofree float *half = halved (plane, width, height);

  lose_plane (half, width / 2, height / 2, table);
  doubled (plane, half, width / 2, height / 2);
}

SMB_CLONES static void
to_ycc (float *r, float *g, float *b, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    float red = (float) (int) (CLAMP (r[i], 0.0f, 255.0f) + 0.5f),
          green = (float) (int) (CLAMP (g[i], 0.0f, 255.0f) + 0.5f);
    float blue = (float) (int) (CLAMP (b[i], 0.0f, 255.0f) + 0.5f);
    float y = 0.299f * red + 0.587f * green + 0.114f * blue;
    float cb = 0.5f * blue - 0.168736f * red - 0.331264f * green + 128.0f;
    float cr = 0.5f * red - 0.418688f * green - 0.081312f * blue + 128.0f;

    r[i] = (float) (int) (y + 0.5f);
    g[i] = (float) (int) (MIN (cb, 255.0f) + 0.5f);
    b[i] = (float) (int) (MIN (cr, 255.0f) + 0.5f);
  }
}

SMB_CLONES static void
from_ycc (float *r, float *g, float *b, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    float y = r[i], cb = g[i] - 128.0f, cr = b[i] - 128.0f;

    r[i] = y + 1.402f * cr;
    g[i] = y - 0.344136f * cb - 0.714136f * cr;
    b[i] = y + 1.772f * cb;
  }
}

void
smb_jpeg_loss (float *planes, int width, int height, int quality, gboolean subsampled, int x0, int y0)
{
  gsize n = (gsize) width * (gsize) height;
  float luma[N * N], chroma[N * N];

  scaled_table (luma, luma_table, quality);
  scaled_table (chroma, chroma_table, quality);
  to_ycc (planes, planes + n, planes + 2 * n, n);
  for (int c = 0; c < 3; c++) {
    float *plane = planes + (gsize) c * n;
    int w, h;
    g_autofree float *big = padded (plane, width, height, x0, y0, subsampled ? 2 * N : N, &w, &h);

    if (c > 0 && subsampled)
      lose_chroma (big, w, h, chroma);
    else
      lose_plane (big, w, h, c == 0 ? luma : chroma);
    for (int y = 0; y < height; y++)
      memcpy (plane + (gsize) y * (gsize) width, big + (gsize) (y + y0) * (gsize) w + x0,
              (gsize) width * sizeof *plane);
  }
  from_ycc (planes, planes + n, planes + 2 * n, n);
  smb_planes_round (planes, 3 * n);
}
