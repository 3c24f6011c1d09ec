/* SPDX-License-Identifier: Apache-2.0 */
#include "augment/smb-hull.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
by_x (const void *a, const void *b)
{
  const SmbPoint *p = a, *q = b;

  if (p->x != q->x)
    return p->x < q->x ? -1 : 1;
  return p->y < q->y ? -1 : p->y > q->y;
}

static double
turn (SmbPoint o, SmbPoint a, SmbPoint b)
{
  /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the chain is filled up to its last place */
  return (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
}

int
smb_hull_of (SmbPoint *hull, const SmbPoint *points, int n)
{
  g_autofree SmbPoint *sorted = g_memdup2 (points, (gsize) n * sizeof *points), *chain = g_new (SmbPoint, 2 * n + 2);
  int k = 0, lower;

  qsort (sorted, (gsize) n, sizeof *sorted, by_x);
  for (int i = 0; i < n; i++) {
    while (k >= 2 && turn (chain[k - 2], chain[k - 1], sorted[i]) <= 0.0)
      k--;
    chain[k++] = sorted[i];
  }
  lower = k + 1;
  for (int i = n - 2; i >= 0; i--) {
    while (k >= lower && turn (chain[k - 2], chain[k - 1], sorted[i]) <= 0.0)
      k--;
    chain[k++] = sorted[i];
  }
  k = MAX (1, k - 1); /* the first point closes the chain */
  k = MIN (k, n);
  memcpy (hull, chain, (gsize) k * sizeof *hull);
  return k;
}

void
smb_hull_fill (float *mask, int width, int height, const SmbPoint *points, int n)
{
  g_autofree SmbPoint *hull = g_new (SmbPoint, n);
  int corners = smb_hull_of (hull, points, n);

  /* A row cuts a convex shape in one stretch: from the leftmost to the rightmost crossing with its edges. */
  for (int y = 0; y < height; y++) {
    double left = INFINITY, right = -INFINITY;

    for (int i = 0; i < corners; i++) {
      SmbPoint a = hull[i], b = hull[(i + 1) % corners];
      double x;

      if (MIN (a.y, b.y) > y || MAX (a.y, b.y) < y)
        continue;
      if (a.y == b.y) {
        left = MIN (left, MIN (a.x, b.x));
        right = MAX (right, MAX (a.x, b.x));
        continue;
      }
      x = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x);
      left = MIN (left, x);
      right = MAX (right, x);
    }
    if (left > right)
      continue;
    for (int x = (int) ceil (MAX (left, 0.0)); x <= (int) floor (MIN (right, width - 1.0)); x++)
      mask[y * width + x] = 1.0f;
  }
}
