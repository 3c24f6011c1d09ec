/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "face/smb-region-map.h"

#include "sample.h"

#define SIZE 224

static int
count (const guint8 *map, int class)
{
  int n = 0;

  for (int i = 0; i < SIZE * SIZE; i++)
    n += map[i] == class;
  return n;
}

/* Centre of a class, in map pixels. */
static SmbPoint
centre_of (const guint8 *map, int class)
{
  SmbPoint sum = { 0, 0 };
  int n = MAX (count (map, class), 1);

  for (int y = 0; y < SIZE; y++)
    for (int x = 0; x < SIZE; x++)
      if (map[y * SIZE + x] == class) {
        sum.x += x;
        sum.y += y;
      }
  return (SmbPoint){ sum.x / n, sum.y / n };
}

static void
assert_is_a_face (const guint8 *map)
{
  for (int class = 0; class < SMB_N_CLASSES; class++)
    if (class != SMB_CLASS_INNER_MOUTH)
      g_assert_cmpint (count (map, class), >, 20);
  g_assert_cmpfloat (centre_of (map, SMB_CLASS_EYE_LEFT).x, <, centre_of (map, SMB_CLASS_NOSE).x);
  g_assert_cmpfloat (centre_of (map, SMB_CLASS_EYE_RIGHT).x, >, centre_of (map, SMB_CLASS_NOSE).x);
  g_assert_cmpfloat (centre_of (map, SMB_CLASS_BROW_LEFT).y, <, centre_of (map, SMB_CLASS_EYE_LEFT).y);
  g_assert_cmpfloat (centre_of (map, SMB_CLASS_BROW_RIGHT).y, <, centre_of (map, SMB_CLASS_EYE_RIGHT).y);
  g_assert_cmpfloat (centre_of (map, SMB_CLASS_NOSE).y, <, centre_of (map, SMB_CLASS_UPPER_LIP).y);
  g_assert_cmpfloat (centre_of (map, SMB_CLASS_UPPER_LIP).y, <, centre_of (map, SMB_CLASS_LOWER_LIP).y);
  g_assert_cmpfloat (centre_of (map, SMB_CLASS_HAIR).y, <, centre_of (map, SMB_CLASS_SKIN).y);
}

static void
test_template_map (void)
{
  SmbBox detected = { 100, 60, 200, 200 };
  SmbCropView view = { smb_face_crop_box (detected, 600, 600), SIZE, FALSE }, inner = view;
  SmbLandmarks landmarks;
  g_autofree guint8 *map = NULL, *larger = NULL;

  smb_landmarks_from_template (detected, &landmarks);
  g_assert_true (landmarks.coarse);
  for (int i = 0; i < SMB_N_LANDMARKS; i++) /* no point forgotten in the table */
    g_assert_cmpfloat (landmarks.points[i].x, >, 90);
  map = smb_region_map_draw (&landmarks, &view, NULL);
  assert_is_a_face (map);
  /* The template is symmetric about the middle of the box. */
  g_assert_cmpint (ABS (count (map, SMB_CLASS_EYE_LEFT) - count (map, SMB_CLASS_EYE_RIGHT)), <, 30);
  g_assert_cmpint (count (map, SMB_CLASS_INNER_MOUTH), ==, 0);
  /* The centre of a larger resize shows the same face 256/224 times as large. */
  inner.centre = TRUE;
  larger = smb_region_map_draw (&landmarks, &inner, NULL);
  g_assert_cmpfloat_with_epsilon ((double) count (larger, SMB_CLASS_NOSE) / count (map, SMB_CLASS_NOSE),
                                  256.0 * 256.0 / (224.0 * 224.0), 0.06);
}

/* Polygons have a known area: a nose of the template against the shoelace formula would repeat the code, so a landmark
 * set whose eye is an exact square is measured instead. */
static void
test_fill_area (void)
{
  static const SmbPoint square[] = { { 40, 40 }, { 50, 40 }, { 60, 40 }, { 60, 60 }, { 50, 60 }, { 40, 60 } };
  SmbCropView view = { { 0, 0, SIZE, SIZE }, SIZE, FALSE };
  SmbLandmarks landmarks;
  g_autofree guint8 *map = NULL;

  smb_landmarks_from_template ((SmbBox){ 20, 20, 180, 180 }, &landmarks);
  memcpy (landmarks.points + 36, square, sizeof square);
  map = smb_region_map_draw (&landmarks, &view, NULL);
  /* 20 * 1.12 = 22.4 pixels a side, none of them covered by a part painted later. */
  g_assert_cmpint (count (map, SMB_CLASS_EYE_LEFT), >=, 22 * 22);
  g_assert_cmpint (count (map, SMB_CLASS_EYE_LEFT), <=, 23 * 23);
  g_assert_cmpfloat_with_epsilon (centre_of (map, SMB_CLASS_EYE_LEFT).x, 50, 0.6);
  g_assert_cmpfloat_with_epsilon (centre_of (map, SMB_CLASS_EYE_LEFT).y, 50, 0.6);
}

static void
test_nonsense (void)
{
  SmbCropView view = { { 10, 10, 50, 50 }, SIZE, FALSE };
  SmbLandmarks landmarks = { 0 };
  g_autofree guint8 *empty = smb_region_map_draw (&landmarks, &view, NULL), *far = NULL;

  g_assert_cmpint (count (empty, SMB_CLASS_BACKGROUND), ==, SIZE * SIZE);
  smb_landmarks_from_template ((SmbBox){ -1000000, -1000000, 1500, 1500 }, &landmarks);
  far = smb_region_map_draw (&landmarks, &view, NULL);
  g_assert_cmpint (count (far, SMB_CLASS_BACKGROUND), ==, SIZE * SIZE);
}

static void
test_predictor (void)
{
  static const char *const samples[] = { "nasa-astronaut.png", "18f-brethauer.jpg", "18f-melody.jpg" };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbLandmarker) landmarker = smb_landmarker_new (NULL, &error);
  g_autoptr (SmbFaceDetector) detector = smb_face_detector_new (1, NULL);

  if (landmarker == NULL) {
    g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
    g_test_skip ("libdlib-data is not installed");
    return;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++) {
    g_autoptr (SmbImage) image = sample_load (samples[i]);
    g_autoptr (GArray) faces = smb_face_detect (detector, image, 640, 1, &error);
    const SmbFace *face = &g_array_index (faces, SmbFace, 0);
    SmbCropView view = { face->box, SIZE, FALSE };
    g_autofree guint8 *map = NULL, *rgb = NULL;
    SmbLandmarks found, coarse;
    double apart = 0;

    g_assert_no_error (error);
    g_assert_true (smb_landmarker_find (landmarker, image, face->detected, &found, &error));
    g_assert_false (found.coarse);
    rgb = smb_face_crop_resize (image, face->box, SIZE);
    map = smb_region_map_draw (&found, &view, rgb);
    assert_is_a_face (map);
    /* The template stands in where there is no predictor: it must be near, for frontal faces. */
    smb_landmarks_from_template (face->detected, &coarse);
    for (int p = 0; p < SMB_N_LANDMARKS; p++)
      apart += (ABS (found.points[p].x - coarse.points[p].x) + ABS (found.points[p].y - coarse.points[p].y))
               / SMB_N_LANDMARKS / face->detected.width;
    g_test_message ("%s: template off by %.3f of the box", samples[i], apart);
    g_assert_cmpfloat (apart, <, 0.15);
    if (g_getenv ("SMB_TEST_PICTURES") != NULL) { /* for looking at: the map in colours beside the crop */
      g_autofree char *path = g_strdup_printf ("%s/regions-%s.ppm", g_getenv ("SMB_TEST_PICTURES"), samples[i]);
      GString *ppm = g_string_new ("P6\n448 224\n255\n");

      for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < 2 * SIZE; x++)
          for (int c = 0; c < 3; c++) {
            int k = y * SIZE + x % SIZE, class = map[k];

            g_string_append_c (ppm, (char) (x < SIZE ? rgb[k * 3 + c]
                                                     : (rgb[k * 3 + c] + 3 * ((class * (53 + 40 * c)) % 256)) / 4));
          }
      g_assert_true (g_file_set_contents (path, ppm->str, (gssize) ppm->len, &error));
      g_string_free (ppm, TRUE);
    }
  }
}

static void
test_bad_predictor (void)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "smb-not-a-predictor.dat", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_landmarker_new ("/nowhere/at-all.dat", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nowhere/at-all.dat"));
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (path, "this is text, not a predictor", -1, NULL));
  g_assert_null (smb_landmarker_new (path, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, path));
  g_remove (path);
}

/* The hash is of what was read: under its name there may be another file by then, and a file that was written to
 * meanwhile is not named at all. */
static void
test_hash (void)
{
  g_autoptr (SmbLandmarker) original = smb_landmarker_new (NULL, NULL), copied = NULL;
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "smb-copied-predictor.dat", NULL), *bytes = NULL;
  g_autofree char *aside = g_strconcat (path, ".aside", NULL), *sha256 = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_bytes;
  int fd;

  if (original == NULL) {
    g_test_skip ("libdlib-data is not installed");
    return;
  }
  sha256 = smb_sha256_of_file (smb_landmarker_get_path (original), NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (smb_landmarker_get_sha256 (original, &error), ==, sha256);
  g_assert_true (g_file_get_contents (smb_landmarker_get_path (original), &bytes, &n_bytes, NULL)
                 && g_file_set_contents (path, bytes, (gssize) n_bytes, NULL));
  copied = smb_landmarker_new (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_rename (path, aside), ==, 0);
  g_assert_true (g_file_set_contents (path, "another", -1, NULL));
  g_assert_cmpstr (smb_landmarker_get_sha256 (copied, &error), ==, sha256);
  smb_landmarker_free (copied);
  copied = smb_landmarker_new (aside, &error);
  g_assert_no_error (error);
  fd = open (aside, O_WRONLY | O_APPEND);
  g_assert_cmpint (write (fd, "!", 1), ==, 1);
  g_assert_cmpint (close (fd), ==, 0);
  g_assert_null (smb_landmarker_get_sha256 (copied, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, aside));
  g_remove (path);
  g_remove (aside);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/face/regions/template", test_template_map);
  g_test_add_func ("/face/regions/area", test_fill_area);
  g_test_add_func ("/face/regions/nonsense", test_nonsense);
  g_test_add_func ("/face/regions/predictor", test_predictor);
  g_test_add_func ("/face/regions/bad-predictor", test_bad_predictor);
  g_test_add_func ("/face/regions/hash", test_hash);
  return g_test_run ();
}
