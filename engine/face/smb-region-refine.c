/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "face/smb-region-private.h"

/* The drawn outline knows nothing of fringes, bald heads and narrow hair; colours do. Skin is modelled by the cheeks'
 * colour, hair and background by the mean of what was drawn as such. */

#define SKIN_DISTANCE 9.0 /* squared Mahalanobis */
#define OPEN_PX       5
#define CLOSE_PX      7
#define MIN_SAMPLE_PX 40 /* fewer pixels tell nothing of a colour */

typedef struct {
  float l, a, b; /* CIE Lab, l stretched to 0 … 255 */
} Lab;

static Lab
lab_of (double red, double green, double blue)
{
  double c[3] = { red / 255, green / 255, blue / 255 }, f[3];

  for (int i = 0; i < 3; i++)
    c[i] = c[i] <= 0.04045 ? c[i] / 12.92 : pow ((c[i] + 0.055) / 1.055, 2.4);
  f[0] = (0.4124 * c[0] + 0.3576 * c[1] + 0.1805 * c[2]) / 0.9505;
  f[1] = 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  f[2] = (0.0193 * c[0] + 0.1192 * c[1] + 0.9505 * c[2]) / 1.089;
  for (int i = 0; i < 3; i++)
    f[i] = f[i] > 0.008856 ? cbrt (f[i]) : 7.787 * f[i] + 16.0 / 116;
  return (Lab){ (float) ((116 * f[1] - 16) * 2.55), (float) (500 * (f[0] - f[1])), (float) (200 * (f[1] - f[2])) };
}

/* Lab of the crop after a 5 x 5 mean. */
static Lab *
blurred_lab (const guint8 *rgb, int size)
{
  Lab *out = g_new (Lab, (gsize) size * (gsize) size);

  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++) {
      int sum[3] = { 0 }, n = 0;

      for (int v = MAX (y - 2, 0); v <= MIN (y + 2, size - 1); v++)
        for (int u = MAX (x - 2, 0); u <= MIN (x + 2, size - 1); u++, n++)
          for (int c = 0; c < 3; c++)
            sum[c] += rgb[(v * size + u) * 3 + c];
      out[y * size + x] = lab_of ((double) sum[0] / n, (double) sum[1] / n, (double) sum[2] / n);
    }
  return out;
}

static double
squared (double x)
{
  return x * x;
}

static double
distance (Lab a, Lab b)
{
  return squared (a.l - b.l) + squared (a.a - b.a) + squared (a.b - b.b);
}

/* Mean colour of one class; FALSE if there are too few pixels. */
static gboolean
mean_colour (Lab *mean, const Lab *lab, const guint8 *classes, int n, int class)
{
  double sum[3] = { 0 };
  int found = 0;

  for (int i = 0; i < n; i++)
    if (classes[i] == class) {
      /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): a loop has filled it */
      sum[0] += lab[i].l;
      sum[1] += lab[i].a;
      sum[2] += lab[i].b;
      found++;
    }
  if (found < MIN_SAMPLE_PX)
    return FALSE;
  *mean = (Lab){ (float) (sum[0] / found), (float) (sum[1] / found), (float) (sum[2] / found) };
  return TRUE;
}

/* A polygon on each cheek, between jaw, nose and eye. */
static void
mark_cheeks (const SmbRegionSheet *sheet, const SmbFaceAxes *axes)
{
  static const guint8 left[] = { 1, 3, 5, 48, 31, 39, 36 }, right[] = { 15, 13, 11, 54, 35, 42, 45 };
  const guint8 *const sides[] = { left, right };

  for (int s = 0; s < 2; s++) {
    SmbPolygon cheek = { .n = 0 };

    for (int i = 0; i < 7; i++) /* the last two lie below the eye */
      cheek.at[cheek.n++]
        = smb_point_plus (axes->p[sides[s][i]], axes->u, i < 5 ? 0.0 : -0.25 * axes->w);
    smb_region_fill (sheet, &cheek, SMB_CLASS_SKIN);
  }
}

/* 1 where the colour is within reach of the cheeks'; FALSE if the cheeks cannot be seen. */
static gboolean
find_skin_like (guint8 *skin_like, const Lab *lab, const SmbRegionSheet *sheet, const SmbFaceAxes *axes)
{
  const int n = sheet->size_px * sheet->size_px;
  g_autofree guint8 *cheeks = g_malloc0 ((gsize) n);
  SmbRegionSheet sample = *sheet;
  double s[3][3] = { { 0 } }, inverse[3][3], determinant;
  Lab mean;
  int found = 0;

  sample.classes = cheeks;
  mark_cheeks (&sample, axes);
  if (!mean_colour (&mean, lab, cheeks, n, SMB_CLASS_SKIN))
    return FALSE;
  for (int i = 0; i < n; i++)
    if (cheeks[i] == SMB_CLASS_SKIN) {
      /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a loop has filled it */
      double d[3] = { lab[i].l - mean.l, lab[i].a - mean.a, lab[i].b - mean.b };

      for (int j = 0; j < 3; j++)
        for (int k = 0; k < 3; k++)
          s[j][k] += d[j] * d[k];
      found++;
    }
  for (int j = 0; j < 3; j++)
    for (int k = 0; k < 3; k++)
      s[j][k] = s[j][k] / found + (j == k ? (j == 0 ? 250.0 : 10.0) : 0.0);
  /* Inverse by cofactors: s is symmetric and, with what was added, positive. */
  for (int j = 0; j < 3; j++)
    for (int k = 0; k < 3; k++)
      inverse[k][j] = s[(j + 1) % 3][(k + 1) % 3] * s[(j + 2) % 3][(k + 2) % 3]
                      - s[(j + 1) % 3][(k + 2) % 3] * s[(j + 2) % 3][(k + 1) % 3];
  determinant = s[0][0] * inverse[0][0] + s[0][1] * inverse[1][0] + s[0][2] * inverse[2][0];
  for (int i = 0; i < n; i++) {
    double d[3] = { lab[i].l - mean.l, lab[i].a - mean.a, lab[i].b - mean.b }, q = 0;

    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 3; k++)
        q += d[j] * inverse[j][k] * d[k];
    skin_like[i] = q / determinant < SKIN_DISTANCE;
  }
  return TRUE;
}

/* Minimum (erode) or maximum (dilate) over a square of side px, in place; outside the map counts as the pixel nearest.
 */
static void
square_filter (guint8 *mask, int size, int px, gboolean dilate)
{
  g_autofree guint8 *line = g_malloc ((gsize) size);
  int reach = px / 2;

  for (int pass = 0; pass < 2; pass++)
    for (int i = 0; i < size; i++) {
      guint8 *first = pass == 0 ? mask + i * size : mask + i;
      int step = pass == 0 ? 1 : size;

      for (int k = 0; k < size; k++) {
        guint8 value = !dilate;

        for (int at = MAX (k - reach, 0); at <= MIN (k + reach, size - 1); at++)
          value = dilate ? value | first[at * step] : value & first[at * step];
        line[k] = value;
      }
      for (int k = 0; k < size; k++)
        first[k * step] = line[k];
    }
}

/* Gives class `to` to every candidate that is joined, through candidates, to a pixel of that class. */
static void
grow (guint8 *classes, const guint8 *candidate, int size, SmbRegionClass to)
{
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (int));

  for (int i = 0; i < size * size; i++)
    if (classes[i] == to)
      g_array_append_val (stack, i);
  while (stack->len > 0) {
    int i = g_array_index (stack, int, stack->len - 1), x = i % size, y = i / size;
    int next[4]
        = { x > 0 ? i - 1 : -1, x + 1 < size ? i + 1 : -1, y > 0 ? i - size : -1, y + 1 < size ? i + size : -1 };

    g_array_set_size (stack, stack->len - 1);
    for (int k = 0; k < 4; k++)
      if (next[k] >= 0 && candidate[next[k]] && classes[next[k]] != to) {
        classes[next[k]] = (guint8) to;
        g_array_append_val (stack, next[k]);
      }
  }
}

/* Height of a map pixel above a point of the picture, along u, in picture pixels. */
static double
height_above (const SmbRegionSheet *sheet, const SmbFaceAxes *axes, int i, SmbPoint from)
{
  const int x = i % sheet->size_px, y = i / sheet->size_px;
  SmbPoint at = { (x - sheet->shift_x) / sheet->scale, (y - sheet->shift_y) / sheet->scale };

  return smb_point_dot (smb_point_plus (at, from, -1), axes->u);
}

void
smb_region_refine (const SmbRegionSheet *sheet, const SmbFaceAxes *axes, const guint8 *rgb)
{
  const int size = sheet->size_px, n = size * size;
  g_autofree Lab *lab = blurred_lab (rgb, size);
  g_autofree guint8 *skin_like = g_malloc0 ((gsize) n), *candidate = g_malloc0 ((gsize) n);
  SmbPoint brows = { 0, 0 };
  Lab hair, background;

  if (!find_skin_like (skin_like, lab, sheet, axes))
    return;
  square_filter (skin_like, size, OPEN_PX, FALSE);
  square_filter (skin_like, size, OPEN_PX, TRUE);
  square_filter (skin_like, size, CLOSE_PX, TRUE);
  square_filter (skin_like, size, CLOSE_PX, FALSE);

  for (int i = 17; i <= 26; i++)
    brows = smb_point_plus (brows, axes->p[i], 0.1);
  /* A fringe: forehead that is not the colour of skin and touches hair. */
  for (int i = 0; i < n; i++)
    candidate[i] = sheet->classes[i] == SMB_CLASS_SKIN && !skin_like[i]
                   && height_above (sheet, axes, i, brows) > 0.12 * axes->w;
  grow (sheet->classes, candidate, size, SMB_CLASS_HAIR);
  /* A high forehead: drawn as hair, but the colour of skin and joined to the face. */
  for (int i = 0; i < n; i++)
    candidate[i] = sheet->classes[i] == SMB_CLASS_HAIR && skin_like[i]
                   && height_above (sheet, axes, i, axes->centre) < axes->forehead + 0.45 * axes->third;
  grow (sheet->classes, candidate, size, SMB_CLASS_SKIN);
  /* Beside narrow hair: what looks much more like the background. */
  if (!mean_colour (&hair, lab, sheet->classes, n, SMB_CLASS_HAIR)
      || !mean_colour (&background, lab, sheet->classes, n, SMB_CLASS_BACKGROUND))
    return;
  for (int i = 0; i < n; i++)
    if (sheet->classes[i] == SMB_CLASS_HAIR && 4 * distance (lab[i], background) < distance (lab[i], hair))
      sheet->classes[i] = SMB_CLASS_BACKGROUND;
}
