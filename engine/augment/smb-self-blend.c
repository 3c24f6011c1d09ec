/* SPDX-License-Identifier: Apache-2.0 */
#include "augment/smb-self-blend.h"

#include <math.h>
#include <string.h>

#include "augment/smb-colour-shift.h"
#include "augment/smb-face-align.h"
#include "augment/smb-hull.h"
#include "augment/smb-planes.h"

#define ELASTIC_SIGMA 7.0
#define ELASTIC_ALPHA 50.0
#define ELASTIC_RADIUS 21
/* Both sides of the step that zeroes what is not whole. */
#define NOT_WHOLE (1.0f - 1e-6f)

static double
between (double low, double high, SmbRng *rng)
{
  return low + (high - low) * smb_rng_uniform (rng);
}

void
smb_landmarks_mirror (SmbPoint points[SMB_N_LANDMARKS], int width)
{
  static const guint8 partner[SMB_N_LANDMARKS] = {
    16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3,  2,  1,  0,  26, 25, 24, 23, 22, 21,
    20, 19, 18, 17, 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36,
    41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
  };
  SmbPoint old[SMB_N_LANDMARKS];

  memcpy (old, points, sizeof old);
  for (int i = 0; i < SMB_N_LANDMARKS; i++)
    points[i] = (SmbPoint){ width - 1 - old[partner[i]].x, old[partner[i]].y };
}

static SmbPoint
mean_of (const SmbPoint *points, int first, int last)
{
  SmbPoint sum = { 0, 0 };

  for (int i = first; i <= last; i++)
    sum = (SmbPoint){ sum.x + points[i].x, sum.y + points[i].y };
  return (SmbPoint){ sum.x / (last - first + 1), sum.y / (last - first + 1) };
}

void
smb_forehead_points (const SmbPoint p[SMB_N_LANDMARKS], SmbPoint forehead[SMB_N_FOREHEAD])
{
  SmbPoint left = mean_of (p, 36, 41), right = mean_of (p, 42, 47), brows = mean_of (p, 17, 26);
  double w = MAX (hypot (right.x - left.x, right.y - left.y), 1e-6);
  SmbPoint r = { (right.x - left.x) / w, (right.y - left.y) / w }, u = { r.y, -r.x };
  SmbPoint c = { (p[0].x + p[16].x) / 2.0, (p[0].y + p[16].y) / 2.0 };
  double a = hypot (p[16].x - p[0].x, p[16].y - p[0].y) / 2.0;
  double upper = (brows.x - p[33].x) * u.x + (brows.y - p[33].y) * u.y;
  double lower = (p[33].x - p[8].x) * u.x + (p[33].y - p[8].y) * u.y, third = (upper + lower) / 2.0;
  double top = MAX ((brows.x - c.x) * u.x + (brows.y - c.y) * u.y + 0.80 * third, 0.3 * a);

  for (int i = 0; i < SMB_N_FOREHEAD; i++) {
    double angle = G_PI * (i + 1) / (SMB_N_FOREHEAD + 1), x = -a * cos (angle), y = top * sin (angle);

    forehead[i] = (SmbPoint){ c.x + x * r.x + y * u.x, c.y + x * r.y + y * u.y };
  }
}

/* "0-16,48-67" in pairs of first and last. */
static void
fill_parts (float *mask, int width, int height, const SmbPoint *points, const guint8 *pairs, int n_pairs)
{
  SmbPoint of[SMB_N_LANDMARKS];
  int n = 0;

  for (int i = 0; i < n_pairs; i++)
    for (int k = pairs[2 * i]; k <= pairs[2 * i + 1]; k++)
      of[n++] = points[k];
  smb_hull_fill (mask, width, height, of, n);
}

/* Brows up by half of their distance to the eyes. */
static void
raise_brows (SmbPoint *p)
{
  for (int side = 0; side < 2; side++) {
    int brow = side == 0 ? 17 : 22, eye = side == 0 ? 36 : 42;
    SmbPoint b = mean_of (p, brow, brow + 4), e = mean_of (p, eye, eye + 5);

    for (int i = brow; i < brow + 5; i++)
      p[i] = (SmbPoint){ p[i].x + (b.x - e.x) / 2.0, p[i].y + (b.y - e.y) / 2.0 };
  }
}

void
smb_blend_hulls (float *mask, int width, int height, const SmbPoint points[SMB_N_LANDMARKS], int kind,
                 gboolean forehead)
{
  static const struct {
    guint8 of[8], n; /* pairs */
  } whole[] = { { { 0, 16, 48, 67 }, 2 }, { { 27, 30, 33, 33 }, 2 }, { { 17, 27, 0, 0, 16, 16, 33, 33 }, 4 } },
    parts[] = { { { 0, 8, 17, 17 }, 2 },  { { 8, 16, 26, 26 }, 2 }, { { 17, 19, 8, 8 }, 2 },
                { { 24, 26, 8, 8 }, 2 },  { { 19, 24, 8, 8 }, 2 },  { { 17, 21, 27, 27, 31, 35, 8, 8 }, 4 },
                { { 22, 26, 27, 27, 31, 35, 8, 8 }, 4 }, { { 27, 35 }, 1 } };
  SmbPoint all[SMB_N_LANDMARKS + SMB_N_FOREHEAD];

  memcpy (all, points, SMB_N_LANDMARKS * sizeof *all);
  if (kind == 3) {
    if (forehead)
      smb_forehead_points (points, all + SMB_N_LANDMARKS);
    smb_hull_fill (mask, width, height, all, SMB_N_LANDMARKS + (forehead ? SMB_N_FOREHEAD : 0));
    return;
  }
  if (kind == 2)
    raise_brows (all);
  for (guint i = 0; kind == 0 && i < G_N_ELEMENTS (whole); i++)
    fill_parts (mask, width, height, all, whole[i].of, whole[i].n);
  for (guint i = 0; kind != 0 && i < G_N_ELEMENTS (parts); i++)
    fill_parts (mask, width, height, all, parts[i].of, parts[i].n);
}

/* 3 x 3: 8 + strength in the middle, -1 around, mixed with the picture by alpha. */
static void
sharpen (float *planes, int side, double alpha, double lightness)
{
  gsize n = (gsize) side * (gsize) side;
  g_autofree float *old = g_memdup2 (planes, 3 * n * sizeof *planes);

  for (int c = 0; c < 3; c++)
    for (int y = 1; y < side - 1; y++)
      for (int x = 1; x < side - 1; x++) {
        const float *at = old + (gsize) c * n + (gsize) y * (gsize) side + x;
        float around
            = at[-side - 1] + at[-side] + at[-side + 1] + at[-1] + at[1] + at[side - 1] + at[side] + at[side + 1];
        float sharp = (8.0f + (float) lightness) * at[0] - around;

        planes[(gsize) c * n + (gsize) y * (gsize) side + x] = (float) (1.0 - alpha) * at[0] + (float) alpha * sharp;
      }
}

static void
coarsen (float *planes, int side, int factor)
{
  int small = side / factor;
  gsize n = (gsize) side * (gsize) side;
  g_autofree float *less = g_new (float, (gsize) small * (gsize) small);

  for (int c = 0; c < 3; c++) {
    smb_plane_resize (less, small, small, planes + (gsize) c * n, side, side, SMB_RESIZE_NEAREST);
    smb_plane_resize (planes + (gsize) c * n, side, side, less, small, small, SMB_RESIZE_LINEAR);
  }
}

/* What makes source and target differ. */
static void
change (float *planes, int side, double ease, SmbRng *rng)
{
  gsize n = (gsize) side * (gsize) side;
  SmbColourShift shift = smb_colour_shift_draw (0.3 + 0.7 * ease, 0.1 + 0.2 * ease, rng);

  smb_colour_shift_apply (&shift, planes, n);
  if (smb_rng_below (rng, 2) == 0) {
    coarsen (planes, side, smb_rng_below (rng, 2) == 0 && ease < 0.5 ? 2 : 4);
  } else {
    double alpha = between (0.2 + 0.3 * ease, 0.5 + 0.3 * ease, rng), lightness = between (0.5, 1.0, rng);

    sharpen (planes, side, alpha, lightness);
  }
  smb_planes_round (planes, 3 * n);
}

/* Moved by (dx, dy) and scaled about the middle. */
static void
move (float *plane, int side, double dx, double dy, double scale, SmbResize how, float *scratch)
{
  double centre = (side - 1) / 2.0;

  memcpy (scratch, plane, (gsize) side * (gsize) side * sizeof *plane);
  smb_plane_place (plane, side, side, scratch, side, side, centre - (dx + centre) / scale,
                   centre - (dy + centre) / scale, 1.0 / scale, 1.0 / scale, how);
}

static void
ripple (float *mask, int side, SmbRng *rng, float *scratch)
{
  gsize n = (gsize) side * (gsize) side;
  g_autofree float *by = g_new (float, 2 * n);

  for (gsize i = 0; i < 2 * n; i++)
    by[i] = (float) smb_rng_u32 (rng) * 0x1p-31f - 1.0f;
  smb_plane_blur (by, side, side, ELASTIC_SIGMA, ELASTIC_RADIUS);
  smb_plane_blur (by + n, side, side, ELASTIC_SIGMA, ELASTIC_RADIUS);
  memcpy (scratch, mask, n * sizeof *mask);
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++) {
      gsize at = (gsize) y * (gsize) side + x;

      mask[at] = smb_plane_sample (scratch, side, side, (float) x + (float) ELASTIC_ALPHA * by[at],
                                   (float) y + (float) ELASTIC_ALPHA * by[n + at]);
    }
}

static gboolean
divide_by_largest (float *plane, gsize n)
{
  float largest = 0.0f;

  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, plane[i]);
  if (!(largest > 0.0f))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    plane[i] /= largest;
  return TRUE;
}

/* OpenCV's sigma for a kernel that states none. */
static double
sigma_of (int kernel)
{
  return 0.3 * ((kernel - 1) * 0.5 - 1.0) + 0.8;
}

static gboolean
soften (float *mask, int side, SmbRng *rng)
{
  int w = 192 + (int) smb_rng_below (rng, 65), h = 192 + (int) smb_rng_below (rng, 65);
  int first = 5 + 2 * (int) smb_rng_below (rng, 11), second = 5 + 2 * (int) smb_rng_below (rng, 11);
  double sigma = 5.0 + smb_rng_below (rng, 41);
  gsize n = (gsize) w * (gsize) h;
  g_autofree float *work = g_new (float, n);

  smb_plane_resize (work, w, h, mask, side, side, SMB_RESIZE_LINEAR);
  smb_plane_blur (work, w, h, sigma_of (first), first / 2);
  if (!divide_by_largest (work, n))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (work[i] < NOT_WHOLE)
      work[i] = 0.0f;
  smb_plane_blur (work, w, h, sigma, second / 2);
  if (!divide_by_largest (work, n))
    return FALSE;
  smb_plane_resize (mask, side, side, work, w, h, SMB_RESIZE_LINEAR);
  return TRUE;
}

gboolean
smb_self_blend (float *face, float *fake, float *mask, int side, const SmbPoint points[SMB_N_LANDMARKS],
                const float *other, double ease, SmbRng *rng)
{
  static const float ratios[] = { 0.25f, 0.5f, 0.75f, 1.0f, 1.0f, 1.0f };
  gsize n = (gsize) side * (gsize) side;
  g_autofree float *blend = g_new0 (float, n), *scratch = g_new (float, n);
  int kind = (int) smb_rng_below (rng, 4);
  gboolean forehead = smb_rng_below (rng, 4) != 0, of_target = smb_rng_below (rng, 2) == 0, whole;
  double far = (1.0 + ease) * side, dx = between (-0.03, 0.03, rng) * far, dy = between (-0.015, 0.015, rng) * far;
  double scale = pow (between (0.95, 1.0 / 0.95, rng), 1.0 + ease);
  float ratio;

  smb_blend_hulls (blend, side, side, points, kind, forehead);
  memcpy (fake, other != NULL ? other : face, 3 * n * sizeof *face); /* first the source alone */
  if (other != NULL)
    smb_planes_match_colours (fake, face, blend, n);
  change (of_target ? face : fake, side, ease, rng);
  for (int c = 0; c < 3; c++)
    move (fake + (gsize) c * n, side, dx, dy, scale, SMB_RESIZE_LINEAR, scratch);
  move (blend, side, dx, dy, scale, SMB_RESIZE_EMPTY, scratch);
  ripple (blend, side, rng, scratch);
  whole = soften (blend, side, rng);
  ratio = whole ? ratios[smb_rng_below (rng, G_N_ELEMENTS (ratios))] : 0.0f;
  if (whole)
    ratio += (float) ease * (1.0f - ratio);
  for (gsize i = 0; i < n; i++) {
    blend[i] *= ratio;
    for (gsize c = 0; c < 3; c++)
      fake[c * n + i] = blend[i] * fake[c * n + i] + (1.0f - blend[i]) * face[c * n + i];
  }
  smb_planes_round (fake, 3 * n);
  if (mask != NULL)
    memcpy (mask, blend, n * sizeof *mask);
  return whole;
}
