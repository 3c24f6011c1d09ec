/* SPDX-License-Identifier: Apache-2.0 */
#include "face/smb-face-quality.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Blur is compared between faces, so it is measured at one size. */
#define MEASURE_PX 112
#define CROP_FACTOR 1.3
#define DARKEST     2
#define BRIGHTEST   253

/* A generic head, x to the picture's right, y up, z towards the camera, in any unit: nose tip, chin, outer corners of
 * the eyes and corners of the mouth. */
static const struct {
  int point;
  double at[3];
} head[] = {
  { 30, { 0, 0, 0 } },         { 8, { 0, -330, -65 } },      { 36, { -225, 170, -135 } },
  { 45, { 225, 170, -135 } },  { 48, { -150, -150, -125 } }, { 54, { 150, -150, -125 } },
};

/* Chosen, not validated: no detector's errors were measured on either side of these. */
SmbFaceLimits
smb_face_limits_default (void)
{
  return (SmbFaceLimits){ .min_size_px = 48,
                          .min_blur = 25,
                          .min_luma = 25,
                          .max_luma = 235,
                          .max_clipped = 0.25,
                          .max_yaw = 40,
                          .max_pitch = 35,
                          .max_roll = 30,
                          .max_cut = 0.15 };
}

static double
determinant (double m[3][3])
{
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
         + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

/* Solves m x = b by Cramer's rule; FALSE if there is no one answer. */
static gboolean
solve (double m[3][3], const double b[3], double x[3])
{
  double whole = determinant (m);

  if (!(fabs (whole) > 0))
    return FALSE;
  for (int c = 0; c < 3; c++) {
    double with_b[3][3];

    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++)
        with_b[i][j] = j == c ? b[i] : m[i][j];
    x[c] = determinant (with_b) / whole;
  }
  return TRUE;
}

gboolean
smb_face_pose (const SmbLandmarks *landmarks, double *yaw, double *pitch, double *roll)
{
  const int n = G_N_ELEMENTS (head);
  double mean[3] = { 0 }, cx = 0, cy = 0, m[3][3] = { { 0 } }, bx[3] = { 0 }, by[3] = { 0 }, r[3][3], dot = 0, la, lb;

  g_return_val_if_fail (landmarks != NULL && yaw != NULL && pitch != NULL && roll != NULL, FALSE);
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < 3; k++)
      mean[k] += head[i].at[k] / n;
    cx += landmarks->points[head[i].point].x / n;
    cy += landmarks->points[head[i].point].y / n;
  }
  for (int i = 0; i < n; i++) {
    const SmbPoint p = landmarks->points[head[i].point];

    for (int j = 0; j < 3; j++) {
      bx[j] += (head[i].at[j] - mean[j]) * (p.x - cx);
      by[j] += (head[i].at[j] - mean[j]) * -(p.y - cy);
      for (int k = 0; k < 3; k++)
        m[j][k] += (head[i].at[j] - mean[j]) * (head[i].at[k] - mean[k]);
    }
  }
  /* Rows of scale times rotation: right and up in the picture, as seen from the head. */
  if (!solve (m, bx, r[0]) || !solve (m, by, r[1]))
    return FALSE;
  la = sqrt (r[0][0] * r[0][0] + r[0][1] * r[0][1] + r[0][2] * r[0][2]);
  lb = sqrt (r[1][0] * r[1][0] + r[1][1] * r[1][1] + r[1][2] * r[1][2]);
  if (!(la > 0 && lb > 0 && isfinite (la) && isfinite (lb)))
    return FALSE;
  for (int k = 0; k < 3; k++) {
    r[0][k] /= la;
    r[1][k] /= lb;
    dot += r[0][k] * r[1][k];
  }
  /* Each gives half of what they lack to a right angle. */
  for (int k = 0; k < 3; k++) {
    double right = r[0][k], up = r[1][k];

    r[0][k] = right - dot / 2 * up;
    r[1][k] = up - dot / 2 * right;
  }
  la = sqrt (r[0][0] * r[0][0] + r[0][1] * r[0][1] + r[0][2] * r[0][2]);
  lb = sqrt (r[1][0] * r[1][0] + r[1][1] * r[1][1] + r[1][2] * r[1][2]);
  if (!(la > 0 && lb > 0))
    return FALSE;
  for (int k = 0; k < 3; k++) {
    r[0][k] /= la;
    r[1][k] /= lb;
  }
  r[2][2] = r[0][0] * r[1][1] - r[0][1] * r[1][0];
  /* Where the head's z (its gaze) points: column 2. */
  *yaw = atan2 (r[0][2], r[2][2]) * 180 / G_PI;
  *pitch = asin (CLAMP (r[1][2], -1.0, 1.0)) * 180 / G_PI;
  *roll = -atan2 (r[1][0], r[1][1]) * 180 / G_PI;
  return TRUE;
}

static void
measure_pixels (SmbFaceQuality *out, const guint8 *rgb)
{
  double luma[MEASURE_PX][MEASURE_PX], sum = 0, sum_l = 0, sum_ll = 0;
  const int inner = (MEASURE_PX - 2) * (MEASURE_PX - 2);
  int clipped = 0;

  for (int y = 0; y < MEASURE_PX; y++)
    for (int x = 0; x < MEASURE_PX; x++) {
      const guint8 *p = rgb + (y * MEASURE_PX + x) * 3;

      luma[y][x] = 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
      sum += luma[y][x];
      clipped += luma[y][x] <= DARKEST || luma[y][x] >= BRIGHTEST;
    }
  for (int y = 1; y < MEASURE_PX - 1; y++)
    for (int x = 1; x < MEASURE_PX - 1; x++) {
      double l = luma[y - 1][x] + luma[y + 1][x] + luma[y][x - 1] + luma[y][x + 1] - 4 * luma[y][x];

      sum_l += l;
      sum_ll += l * l;
    }
  out->luma = sum / (MEASURE_PX * MEASURE_PX);
  out->clipped = (double) clipped / (MEASURE_PX * MEASURE_PX);
  out->blur = MAX (sum_ll / inner - sum_l / inner * (sum_l / inner), 0.0);
}

/* Share of FSFM's square, before it is clipped, that lies beside the picture. */
static double
share_cut (const SmbImage *image, SmbBox detected)
{
  double side = MAX (MAX (detected.width, detected.height) - 1, 1) * CROP_FACTOR;
  double x = detected.x + (detected.width - 1) / 2.0 - side / 2,
         y = detected.y + (detected.height - 1) / 2.0 - side / 2;
  double width = x >= 0 && x + side <= image->width ? side : MIN (x + side, (double) image->width) - MAX (x, 0.0);
  double height = y >= 0 && y + side <= image->height ? side : MIN (y + side, (double) image->height) - MAX (y, 0.0);

  if (width >= side && height >= side)
    return 0;
  return CLAMP (1 - MAX (width, 0.0) * MAX (height, 0.0) / (side * side), 0.0, 1.0);
}

void
smb_face_quality_measure (SmbFaceQuality *out, const SmbImage *image, SmbBox detected, const SmbLandmarks *landmarks)
{
  g_autofree guint8 *rgb = NULL;

  g_return_if_fail (out != NULL && image != NULL && landmarks != NULL);
  *out = (SmbFaceQuality){ .size_px = MIN (detected.width, detected.height),
                           .yaw = NAN,
                           .pitch = NAN,
                           .roll = NAN,
                           .cut = share_cut (image, detected),
                           .coarse = landmarks->coarse };
  rgb = smb_face_crop_resize (image, detected, MEASURE_PX);
  if (rgb != NULL)
    measure_pixels (out, rgb);
  if (!landmarks->coarse && !smb_face_pose (landmarks, &out->yaw, &out->pitch, &out->roll))
    out->yaw = out->pitch = out->roll = NAN;
}

char **
smb_face_quality_check (const SmbFaceQuality *q, const SmbFaceLimits *limits)
{
  GPtrArray *found = g_ptr_array_new ();

  if (q->size_px < limits->min_size_px)
    g_ptr_array_add (found,
                     g_strdup_printf (_ ("Outside the validated range: the face measures %d pixels, fewer than %d."),
                                      q->size_px, limits->min_size_px));
  if (q->blur < limits->min_blur)
    g_ptr_array_add (found,
                     g_strdup_printf (_ ("Outside the validated range: the face is blurred (sharpness %.0f, below "
                                         "%.0f)."),
                                      q->blur, limits->min_blur));
  if (q->luma < limits->min_luma)
    g_ptr_array_add (found,
                     g_strdup_printf (_ ("Outside the validated range: the face is too dark (mean luma %.0f, below "
                                         "%.0f)."),
                                      q->luma, limits->min_luma));
  if (q->luma > limits->max_luma)
    g_ptr_array_add (found,
                     g_strdup_printf (_ ("Outside the validated range: the face is too bright (mean luma %.0f, above "
                                         "%.0f)."),
                                      q->luma, limits->max_luma));
  if (q->clipped > limits->max_clipped)
    g_ptr_array_add (found,
                     g_strdup_printf (_ ("Outside the validated range: %.0f %% of the face is black or white, more "
                                         "than %.0f %%."),
                                      q->clipped * 100, limits->max_clipped * 100));
  /* A NAN compares false: a pose that was not measured is not complained of. */
  if (fabs (q->yaw) > limits->max_yaw || fabs (q->pitch) > limits->max_pitch || fabs (q->roll) > limits->max_roll)
    g_ptr_array_add (found,
                     g_strdup_printf (_ ("Outside the validated range: the head is turned (yaw %.0f°, pitch %.0f°, "
                                         "roll %.0f°; validated to %.0f°, %.0f°, %.0f°)."),
                                      q->yaw, q->pitch, q->roll, limits->max_yaw, limits->max_pitch, limits->max_roll));
  if (q->cut > limits->max_cut)
    g_ptr_array_add (found,
                     g_strdup_printf (_ ("Outside the validated range: the picture's edge cuts off %.0f %% of the "
                                         "face's square, more than %.0f %%."),
                                      q->cut * 100, limits->max_cut * 100));
  g_ptr_array_add (found, NULL);
  return (char **) g_ptr_array_free (found, FALSE);
}
