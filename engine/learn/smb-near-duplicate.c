/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-near-duplicate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 32
#define LOW 12
#define N_BITS (LOW * LOW - 1)
/* Side of what is looked at, in distances from the eyes to the mouth; samples a pixel, each way. */
#define REACH 2.6
#define FINE 3

static SmbPoint
middle_of (const SmbPoint *points, int first, int n)
{
  SmbPoint sum = { 0.0, 0.0 };

  for (int i = first; i < first + n; i++)
    sum = (SmbPoint){ sum.x + points[i].x / n, sum.y + points[i].y / n };
  return sum;
}

static double
luma_at (const guint8 *rgb, int side, double x, double y)
{
  int px = (int) (CLAMP (x, 0.0, side - 1.0) + 0.5), py = (int) (CLAMP (y, 0.0, side - 1.0) + 0.5);
  const guint8 *p = rgb + 3 * ((gsize) py * (gsize) side + (gsize) px);

  return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
}

/* The face upright and of one size (SIDE,SIDE). */
static void
straighten (double luma[SIDE][SIDE], const guint8 *rgb, int side, const SmbPoint *points, gboolean mirrored)
{
  SmbPoint eyes = middle_of (points, 36, 12), mouth = middle_of (points, 48, 20);
  SmbPoint down = { mouth.x - eyes.x, mouth.y - eyes.y }, right = { down.y, -down.x };
  SmbPoint centre = { (eyes.x + mouth.x) / 2.0, (eyes.y + mouth.y) / 2.0 };
  int n = SIDE * FINE;

  memset (luma, 0, SIDE * sizeof *luma);
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++) {
      double v = REACH * ((y + 0.5) / n - 0.5), u = REACH * ((x + 0.5) / n - 0.5) * (mirrored ? -1.0 : 1.0);

      luma[y / FINE][x / FINE]
          += luma_at (rgb, side, centre.x + u * right.x + v * down.x, centre.y + u * right.y + v * down.y);
    }
}

static int
by_value (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

void
smb_face_hash (guint8 hash[SMB_FACE_HASH_BYTES], const guint8 *rgb, int side, const SmbPoint points[SMB_N_LANDMARKS],
               gboolean mirrored)
{
  double luma[SIDE][SIDE], rows[LOW][SIDE], low[LOW * LOW], sorted[N_BITS], cosines[LOW][SIDE];

  straighten (luma, rgb, side, points, mirrored);
  for (int k = 0; k < LOW; k++)
    for (int x = 0; x < SIDE; x++)
      cosines[k][x] = cos ((2 * x + 1) * k * G_PI / (2 * SIDE));
  for (int k = 0; k < LOW; k++)
    for (int x = 0; x < SIDE; x++) {
      rows[k][x] = 0.0;
      for (int y = 0; y < SIDE; y++)
        rows[k][x] += cosines[k][y] * luma[y][x];
    }
  for (int k = 0; k < LOW; k++)
    for (int l = 0; l < LOW; l++) {
      low[k * LOW + l] = 0.0;
      for (int x = 0; x < SIDE; x++)
        low[k * LOW + l] += cosines[l][x] * rows[k][x];
    }
  memcpy (sorted, low + 1, sizeof sorted);
  qsort (sorted, N_BITS, sizeof *sorted, by_value);
  memset (hash, 0, SMB_FACE_HASH_BYTES);
  for (int i = 0; i < N_BITS; i++)
    if (low[i + 1] > sorted[N_BITS / 2])
      hash[i / 8] |= (guint8) (1 << i % 8);
}

int
smb_face_hash_distance (const guint8 a[SMB_FACE_HASH_BYTES], const guint8 b[SMB_FACE_HASH_BYTES])
{
  guint64 x[2], y[2];
  int rest = 0;

  memcpy (x, a, sizeof x);
  memcpy (y, b, sizeof y);
  for (gsize i = sizeof x; i < SMB_FACE_HASH_BYTES; i++)
    rest += __builtin_popcount (a[i] ^ b[i]);
  return rest + __builtin_popcountll (x[0] ^ y[0]) + __builtin_popcountll (x[1] ^ y[1]);
}

void
smb_near_duplicates (const SmbDataset *dataset, SmbNearPair found, gpointer user_data)
{
  const SmbFaceStore *faces = dataset->faces;
  gsize pixels = 3 * (gsize) faces->size_px * (gsize) faces->size_px;

  for (guint i = 0; i < dataset->samples->len; i++) {
    const SmbSample *a = smb_dataset_get (dataset, i);
    guint8 mirrored[SMB_FACE_HASH_BYTES];
    SmbPoint points[SMB_N_LANDMARKS];

    if (!smb_face_store_get_points (faces, a->face, points))
      return;
    smb_face_hash (mirrored, faces->rgb + (gsize) a->face * pixels, faces->size_px, points, TRUE);
    for (guint j = i + 1; j < dataset->samples->len; j++) {
      const SmbSample *b = smb_dataset_get (dataset, j);

      if (smb_face_hash_distance (a->hash, b->hash) <= SMB_FACE_HASH_NEAR
          || smb_face_hash_distance (mirrored, b->hash) <= SMB_FACE_HASH_NEAR)
        found (i, j, user_data);
    }
  }
}
