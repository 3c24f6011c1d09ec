/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "face/smb-face-quality.h"

/* The picture of a head turned by so many degrees, far away: the points that pose is read from. */
static SmbLandmarks
head_at (double yaw, double pitch, double roll)
{
  static const struct {
    int point;
    double at[3]; /* right, up, towards the camera */
  } head[] = { { 30, { 0, 0, 0 } },         { 8, { 0, -330, -65 } },      { 36, { -225, 170, -135 } },
               { 45, { 225, 170, -135 } },  { 48, { -150, -150, -125 } }, { 54, { 150, -150, -125 } } };
  const double a = yaw * G_PI / 180, b = -pitch * G_PI / 180, c = -roll * G_PI / 180;
  SmbLandmarks out = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (head); i++) {
    double x = head[i].at[0], y = head[i].at[1], z = head[i].at[2], t;

    /* About the upright axis, then the one to the right, then the line of sight. */
    t = x * cos (a) + z * sin (a);
    z = z * cos (a) - x * sin (a);
    x = t;
    t = y * cos (b) - z * sin (b);
    z = y * sin (b) + z * cos (b);
    y = t;
    t = x * cos (c) - y * sin (c);
    y = x * sin (c) + y * cos (c);
    x = t;
    out.points[head[i].point] = (SmbPoint){ 300 + 0.2 * x, 200 - 0.2 * y };
  }
  return out;
}

static void
test_pose (void)
{
  static const double cases[][3] = { { 0, 0, 0 }, { 25, 0, 0 }, { -40, 0, 0 }, { 0, 20, 0 }, { 0, -30, 0 },
                                     { 0, 0, 35 }, { 0, 0, -15 }, { 20, 10, -25 } };
  SmbLandmarks none = { 0 };
  double yaw, pitch, roll;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const SmbLandmarks landmarks = head_at (cases[i][0], cases[i][1], cases[i][2]);

    g_assert_true (smb_face_pose (&landmarks, &yaw, &pitch, &roll));
    g_test_message ("%g %g %g", yaw, pitch, roll);
    /* Turned about several axes, the order of turning shows. */
    g_assert_cmpfloat_with_epsilon (yaw, cases[i][0], i == 7 ? 8 : 1e-6);
    g_assert_cmpfloat_with_epsilon (pitch, cases[i][1], i == 7 ? 8 : 1e-6);
    g_assert_cmpfloat_with_epsilon (roll, cases[i][2], i == 7 ? 8 : 1e-6);
  }
  g_assert_false (smb_face_pose (&none, &yaw, &pitch, &roll));
}

static SmbImage *
picture (int size, int period, int dark, int bright)
{
  guint8 *rgb = g_malloc ((gsize) size * (gsize) size * 3);
  g_autoptr (GBytes) bytes = NULL;

  for (int i = 0; i < size * size; i++)
    memset (rgb + i * 3, (i % size / period + i / size / period) % 2 == 0 ? dark : bright, 3);
  bytes = g_bytes_new_take (rgb, (gsize) size * (gsize) size * 3);
  return smb_image_new (size, size, bytes);
}

static void
test_measures (void)
{
  const SmbBox box = { 44, 44, 112, 112 };
  const SmbFaceLimits limits = smb_face_limits_default ();
  g_autoptr (SmbImage) flat = picture (200, 200, 10, 10), fine = picture (200, 2, 100, 140),
                       hard = picture (200, 4, 0, 255);
  SmbLandmarks landmarks;
  SmbFaceQuality q;
  g_auto (GStrv) dark = NULL, good = NULL, clipped = NULL, small = NULL, cut = NULL;

  smb_landmarks_from_template (box, &landmarks);
  smb_face_quality_measure (&q, flat, box, &landmarks);
  g_assert_cmpfloat (q.blur, ==, 0);
  g_assert_cmpfloat_with_epsilon (q.luma, 10, 1e-9);
  g_assert_true (isnan (q.yaw) && q.coarse);
  g_assert_cmpfloat (q.cut, ==, 0);
  dark = smb_face_quality_check (&q, &limits);
  g_assert_cmpuint (g_strv_length (dark), ==, 2); /* blurred, dark */
  smb_face_quality_measure (&q, fine, box, &landmarks);
  /* Every pixel has two neighbours like itself and two that differ by 40: the Laplacian is 80 or -80. */
  g_assert_cmpfloat_with_epsilon (q.blur, 6400, 1e-6);
  g_assert_cmpfloat_with_epsilon (q.luma, 120, 1e-9);
  good = smb_face_quality_check (&q, &limits);
  g_assert_cmpuint (g_strv_length (good), ==, 0);
  smb_face_quality_measure (&q, hard, box, &landmarks);
  g_assert_cmpfloat (q.clipped, ==, 1);
  clipped = smb_face_quality_check (&q, &limits);
  g_assert_cmpuint (g_strv_length (clipped), ==, 1);
  /* Half of the crop's square lies beside the picture. */
  smb_face_quality_measure (&q, fine, (SmbBox){ -56, 44, 113, 113 }, &landmarks);
  g_assert_cmpfloat_with_epsilon (q.cut, 0.5, 1e-6);
  cut = smb_face_quality_check (&q, &limits);
  g_test_message ("%s", cut[0]);
  g_assert_nonnull (strstr (cut[0], "edge"));
  smb_face_quality_measure (&q, fine, (SmbBox){ 400, 400, 50, 40 }, &landmarks);
  g_assert_cmpfloat (q.cut, ==, 1);
  g_assert_cmpint (q.size_px, ==, 40);
  {
    g_auto (GStrv) smaller = smb_face_quality_check (&q, &limits);

    g_assert_cmpuint (g_strv_length (smaller), ==, 4); /* small, and, beside the picture, blurred, dark, cut */
    g_assert_nonnull (strstr (smaller[0], "40 pixels, fewer than 48"));
  }
  q.size_px = 10;
  {
    SmbFaceLimits strict = limits;

    strict.min_size_px = 11;
    small = smb_face_quality_check (&q, &strict);
    g_assert_nonnull (strstr (small[0], "10 pixels"));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quality/pose", test_pose);
  g_test_add_func ("/quality/measures", test_measures);
  return g_test_run ();
}
