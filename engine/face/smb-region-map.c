/* SPDX-License-Identifier: Apache-2.0 */
#include "face/smb-region-private.h"

#include <math.h>
#include <stdlib.h>

static SmbPoint
mean_of (const SmbPoint *p, int from, int to)
{
  SmbPoint sum = { 0, 0 };

  for (int i = from; i <= to; i++)
    sum = smb_point_plus (sum, p[i], 1.0);
  return (SmbPoint){ sum.x / (to - from + 1), sum.y / (to - from + 1) };
}

static void
corner (SmbPolygon *polygon, SmbPoint at)
{
  g_return_if_fail (polygon->n < SMB_MAX_CORNERS);
  polygon->at[polygon->n++] = at;
}

/* Landmark i moved by right * w along r and up * w along u. */
static void
corner_at (SmbPolygon *polygon, const SmbFaceAxes *axes, int i, double right, double up)
{
  corner (polygon, smb_point_plus (smb_point_plus (axes->p[i], axes->r, right * axes->w), axes->u, up * axes->w));
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* Fills every pixel whose centre lies inside (even-odd), with one class. */
void
smb_region_fill (const SmbRegionSheet *sheet, const SmbPolygon *polygon, SmbRegionClass class)
{
  for (int y = 0; y < sheet->size_px; y++) {
    double cross[SMB_MAX_CORNERS];
    int n = 0;

    for (int i = 0; i < polygon->n; i++) {
      SmbPoint a = polygon->at[i], b = polygon->at[(i + 1) % polygon->n];
      double ax = a.x * sheet->scale + sheet->shift_x, ay = a.y * sheet->scale + sheet->shift_y;
      double bx = b.x * sheet->scale + sheet->shift_x, by = b.y * sheet->scale + sheet->shift_y;

      if ((ay <= y) != (by <= y))
        cross[n++] = ax + (y - ay) / (by - ay) * (bx - ax);
    }
    if (n == 0)
      continue;
    qsort (cross, (size_t) n, sizeof cross[0], compare_doubles);
    for (int i = 0; i + 1 < n; i += 2) {
      /* Clamped as doubles: a landmark far off the map must not overflow an int. */
      int from = (int) CLAMP (ceil (cross[i]), 0.0, (double) sheet->size_px);
      int to = (int) CLAMP (ceil (cross[i + 1]), 0.0, (double) sheet->size_px);

      for (int x = from; x < to; x++)
        sheet->classes[y * sheet->size_px + x] = (guint8) class;
    }
  }
}

/* Half ellipse about `centre` from its right end over the top to its left end. */
static void
arc (SmbPolygon *polygon, const SmbFaceAxes *axes, SmbPoint centre, double half_width, double height)
{
  for (int i = 0; i <= 32; i++) {
    double angle = G_PI * i / 32;

    corner (polygon,
            smb_point_plus (smb_point_plus (centre, axes->r, half_width * cos (angle)), axes->u, height * sin (angle)));
  }
}

static void
fill_head (const SmbRegionSheet *sheet, const SmbFaceAxes *axes)
{
  const SmbPoint *p = axes->p;
  double half_width = hypot (p[16].x - p[0].x, p[16].y - p[0].y) / 2;
  double down = 0.21 * smb_point_dot (smb_point_plus (axes->centre, p[8], -1), axes->u);
  SmbPolygon hair = { .n = 0 }, skin = { .n = 0 };

  corner (&hair, smb_point_plus (smb_point_plus (axes->centre, axes->r, 1.15 * half_width), axes->u, -down));
  arc (&hair, axes, axes->centre, 1.15 * half_width, axes->forehead + 0.60 * axes->third);
  corner (&hair, smb_point_plus (smb_point_plus (axes->centre, axes->r, -1.15 * half_width), axes->u, -down));
  smb_region_fill (sheet, &hair, SMB_CLASS_HAIR);

  for (int i = 0; i <= 16; i++)
    corner (&skin, p[i]);
  arc (&skin, axes, axes->centre, half_width, axes->forehead);
  smb_region_fill (sheet, &skin, SMB_CLASS_SKIN);
}

static void
fill_nose (const SmbRegionSheet *sheet, const SmbFaceAxes *axes)
{
  SmbPolygon nose = { .n = 0 };

  corner_at (&nose, axes, 27, -0.09, 0);
  corner_at (&nose, axes, 28, -0.10, 0);
  corner_at (&nose, axes, 31, -0.13, 0.12);
  corner_at (&nose, axes, 31, -0.11, -0.01);
  corner_at (&nose, axes, 32, 0, -0.02);
  corner_at (&nose, axes, 33, 0, -0.02);
  corner_at (&nose, axes, 34, 0, -0.02);
  corner_at (&nose, axes, 35, 0.11, -0.01);
  corner_at (&nose, axes, 35, 0.13, 0.12);
  corner_at (&nose, axes, 28, 0.10, 0);
  corner_at (&nose, axes, 27, 0.09, 0);
  smb_region_fill (sheet, &nose, SMB_CLASS_NOSE);
}

/* first: the outer end; step: 1 on the left of the picture, -1 on the right. */
static void
fill_brow (const SmbRegionSheet *sheet, const SmbFaceAxes *axes, int first, int step, SmbRegionClass class)
{
  static const double depth[] = { 0.04, 0.09, 0.11, 0.11, 0.10 };
  SmbPolygon brow = { .n = 0 };

  for (int i = 0; i < 5; i++)
    corner_at (&brow, axes, first + i * step, 0, 0.02);
  for (int i = 4; i >= 0; i--)
    corner_at (&brow, axes, first + i * step, 0, -depth[i]);
  smb_region_fill (sheet, &brow, class);
}

static void
fill_eye (const SmbRegionSheet *sheet, const SmbPoint *p, int first, SmbRegionClass class)
{
  SmbPoint centre = mean_of (p, first, first + 5);
  SmbPolygon eye = { .n = 0 };

  for (int i = first; i < first + 6; i++)
    corner (&eye, smb_point_plus (centre, smb_point_plus (p[i], centre, -1), 1.12));
  smb_region_fill (sheet, &eye, class);
}

static void
fill_listed (const SmbRegionSheet *sheet, const SmbPoint *p, const guint8 *points, int n, SmbRegionClass class)
{
  SmbPolygon polygon = { .n = 0 };

  for (int i = 0; i < n; i++)
    corner (&polygon, p[points[i]]);
  smb_region_fill (sheet, &polygon, class);
}

static void
fill_mouth (const SmbRegionSheet *sheet, const SmbFaceAxes *axes)
{
  static const guint8 upper[] = { 48, 49, 50, 51, 52, 53, 54, 64, 63, 62, 61, 60 };
  static const guint8 lower[] = { 48, 60, 67, 66, 65, 64, 54, 55, 56, 57, 58, 59 };
  static const guint8 inner[] = { 60, 61, 62, 63, 64, 65, 66, 67 };
  double gap = smb_point_dot (smb_point_plus (mean_of (axes->p, 61, 63), mean_of (axes->p, 65, 67), -1), axes->u);

  fill_listed (sheet, axes->p, upper, G_N_ELEMENTS (upper), SMB_CLASS_UPPER_LIP);
  fill_listed (sheet, axes->p, lower, G_N_ELEMENTS (lower), SMB_CLASS_LOWER_LIP);
  if (gap > 0.02 * axes->w)
    fill_listed (sheet, axes->p, inner, G_N_ELEMENTS (inner), SMB_CLASS_INNER_MOUTH);
}

/* FALSE if the points span no face: then there is nothing to divide. */
static gboolean
find_axes (SmbFaceAxes *axes, const SmbPoint *p)
{
  SmbPoint right_eye = mean_of (p, 36, 41), left_eye = mean_of (p, 42, 47), brows = mean_of (p, 17, 26);
  SmbPoint across = smb_point_plus (left_eye, right_eye, -1);

  *axes = (SmbFaceAxes){ .p = p, .w = hypot (across.x, across.y) };
  if (!(axes->w > 0) || !isfinite (axes->w))
    return FALSE;
  axes->r = (SmbPoint){ across.x / axes->w, across.y / axes->w };
  axes->u = (SmbPoint){ axes->r.y, -axes->r.x };
  axes->centre = (SmbPoint){ (p[0].x + p[16].x) / 2, (p[0].y + p[16].y) / 2 };
  axes->third = (smb_point_dot (smb_point_plus (brows, p[33], -1), axes->u)
                 + smb_point_dot (smb_point_plus (p[33], p[8], -1), axes->u))
                / 2;
  axes->forehead = MAX (smb_point_dot (smb_point_plus (brows, axes->centre, -1), axes->u) + 0.80 * axes->third,
                        0.3 * hypot (p[16].x - p[0].x, p[16].y - p[0].y) / 2);
  return TRUE;
}

guint8 *
smb_region_map_draw (const SmbLandmarks *landmarks, const SmbCropView *view, const guint8 *rgb)
{
  const SmbPoint *p = landmarks->points;
  int size = view->size_px, resized = view->centre ? size * 256 / 224 : size;
  double border = rint ((double) (resized - size) / 2);
  SmbRegionSheet sheet = { .size_px = size };
  SmbFaceAxes axes;

  g_return_val_if_fail (size > 0 && view->box.width > 0, NULL);
  /* Pixel centres: x of the picture is at (x + 0.5 - box.x) * scale - 0.5 of the map. */
  sheet.scale = (double) resized / view->box.width;
  sheet.shift_x = (0.5 - view->box.x) * sheet.scale - 0.5 - border;
  sheet.shift_y = (0.5 - view->box.y) * sheet.scale - 0.5 - border;
  sheet.classes = g_malloc0 ((gsize) size * (gsize) size);
  if (!find_axes (&axes, p))
    return sheet.classes;
  fill_head (&sheet, &axes);
  if (rgb != NULL)
    smb_region_refine (&sheet, &axes, rgb);
  fill_nose (&sheet, &axes);
  fill_brow (&sheet, &axes, 17, 1, SMB_CLASS_BROW_LEFT);
  fill_brow (&sheet, &axes, 26, -1, SMB_CLASS_BROW_RIGHT);
  fill_eye (&sheet, p, 36, SMB_CLASS_EYE_LEFT);
  fill_eye (&sheet, p, 42, SMB_CLASS_EYE_RIGHT);
  fill_mouth (&sheet, &axes);
  return sheet.classes;
}
