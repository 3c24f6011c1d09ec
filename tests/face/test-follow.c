/* SPDX-License-Identifier: Apache-2.0 */
/* How well a face is followed between two looks of the detector, where the truth is known: a face moved, grown and
 * shrunk over somebody else's picture, with noise and a light that changes. dlib's correlation tracker against the
 * landmarks carried along from frame to frame, and against a box that stays. */
#include "base/smb-rng.h"
#include "face/smb-face-track.h"
#include "sample.h"

#include <math.h>
#include <string.h>

#define SIDE 320
#define FRAMES 61
#define PATCH 110 /* of the face, at its middle size */
#define SEED 7

typedef struct {
  double x, y, size; /* of the patch: its top left corner, its side */
} Pose;

/* What all frames are made from. */
typedef struct {
  SmbImage *face;
  SmbBox from;
  guint8 *ground; /* SIDE x SIDE, RGB */
  SmbFaceDetector *detector;
  SmbLandmarker *landmarker; /* NULL: not installed */
} Scene;

/* speed: how many times as fast as a calm speaker. */
static Pose
pose_at (int k, double speed)
{
  const double t = k * speed;

  return (Pose){ 105 + 70 * sin (t / 19), 100 + 45 * sin (t / 13 + 1), PATCH * (1 + 0.18 * sin (t / 31)) };
}

static SmbImage *
make_frame (const Scene *scene, int k, double speed, gboolean there, SmbRng *rng)
{
  const Pose pose = pose_at (k, speed);
  const int size = (int) lround (pose.size), left = (int) lround (pose.x), top = (int) lround (pose.y);
  g_autofree guint8 *patch = smb_face_crop_resize (scene->face, scene->from, size);
  guint8 *rgb = g_memdup2 (scene->ground, (gsize) SIDE * SIDE * 3);
  g_autoptr (GBytes) bytes = NULL;

  for (int y = 0; there && y < size; y++)
    for (int x = 0; x < size; x++) {
      const double dx = 2.0 * x / size - 1, dy = 2.0 * y / size - 1, away = sqrt (dx * dx + dy * dy);
      const double share = CLAMP ((1.0 - away) * 8, 0.0, 1.0);
      guint8 *to = rgb + ((gsize) (top + y) * SIDE + (gsize) (left + x)) * 3;

      for (int c = 0; c < 3; c++)
        to[c] = (guint8) lround (share * patch[((gsize) y * (gsize) size + (gsize) x) * 3 + (gsize) c] + (1 - share) * to[c]);
    }
  for (gsize i = 0; i < (gsize) SIDE * SIDE * 3; i++)
    rgb[i] = (guint8) CLAMP (lround (rgb[i] * (1 + 0.12 * sin (k / 11.0)) + 12 * (smb_rng_uniform (rng) - 0.5)), 0, 255);
  bytes = g_bytes_new_take (rgb, (gsize) SIDE * SIDE * 3);
  return smb_image_new (SIDE, SIDE, bytes);
}

/* Where the detector's box of frame 0 has gone. */
static SmbBox
truth_at (SmbBox first, int k, double speed)
{
  const Pose then = pose_at (0, speed), now = pose_at (k, speed);
  const double scale = now.size / then.size;

  return (SmbBox){ (int) lround (now.x + (first.x - then.x) * scale), (int) lround (now.y + (first.y - then.y) * scale),
                   (int) lround (first.width * scale), (int) lround (first.height * scale) };
}

/* The box moved and grown as the points did. */
static SmbBox
carry (SmbBox box, const SmbLandmarks *before, const SmbLandmarks *after)
{
  SmbPoint middle[2] = { { 0, 0 }, { 0, 0 } };
  double spread[2] = { 0, 0 }, scale;

  for (int side = 0; side < 2; side++) {
    const SmbLandmarks *at = side == 0 ? before : after;

    for (int i = 0; i < SMB_N_LANDMARKS; i++) {
      middle[side].x += at->points[i].x / SMB_N_LANDMARKS;
      middle[side].y += at->points[i].y / SMB_N_LANDMARKS;
    }
    for (int i = 0; i < SMB_N_LANDMARKS; i++)
      spread[side] += hypot (at->points[i].x - middle[side].x, at->points[i].y - middle[side].y);
  }
  scale = spread[1] / spread[0];
  return (SmbBox){ (int) lround (middle[1].x + (box.x - middle[0].x) * scale),
                   (int) lround (middle[1].y + (box.y - middle[0].y) * scale), (int) lround (box.width * scale),
                   (int) lround (box.height * scale) };
}

static SmbLandmarks
points_in (SmbLandmarker *landmarker, const SmbImage *image, SmbBox box)
{
  g_autoptr (GError) error = NULL;
  SmbLandmarks points;

  smb_landmarker_find (landmarker, image, box, &points, &error);
  g_assert_no_error (error);
  return points;
}

static SmbBox
detect_one (SmbFaceDetector *detector, const SmbImage *image)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) faces = smb_face_detect (detector, image, 0, 1, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (faces->len, >, 0);
  return g_array_index (faces, SmbFace, 0).detected;
}

enum { CORRELATION, LANDMARKS, STAYING, N_WAYS };

/* Mean overlap with the truth over the frames between two looks, `stride` apart, each of which finds the face just
 * where it is. */
static void
measure (const Scene *scene, int stride, double speed, double means[N_WAYS])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbFaceFollower) follower = NULL;
  SmbBox first = { 0 }, boxes[N_WAYS] = { { 0 } };
  SmbLandmarks points = { 0 };
  SmbRng rng;
  int n = 0;

  memset (means, 0, sizeof (double) * N_WAYS);
  smb_rng_init (&rng, SEED, 0);
  for (int k = 0; k < FRAMES; k++) {
    g_autoptr (SmbImage) image = make_frame (scene, k, speed, TRUE, &rng);
    SmbBox truth;

    if (k == 0)
      first = detect_one (scene->detector, image);
    truth = truth_at (first, k, speed);
    if (k % stride == 0) {
      for (int way = 0; way < N_WAYS; way++)
        boxes[way] = truth;
      g_clear_pointer (&follower, smb_face_follower_free);
      follower = smb_face_follower_new (image, truth, &error);
    } else {
      double sure;

      g_assert_true (smb_face_follower_update (follower, image, &boxes[CORRELATION], &sure, &error));
      if (scene->landmarker != NULL) {
        const SmbLandmarks now = points_in (scene->landmarker, image, boxes[LANDMARKS]);

        boxes[LANDMARKS] = carry (boxes[LANDMARKS], &points, &now);
      }
      for (int way = 0; way < N_WAYS; way++)
        means[way] += smb_box_iou (boxes[way], truth);
      n++;
    }
    g_assert_no_error (error);
    if (scene->landmarker != NULL)
      points = points_in (scene->landmarker, image, boxes[LANDMARKS]);
  }
  for (int way = 0; way < N_WAYS; way++)
    means[way] /= n;
}

static void
test_overlap (const Scene *scene)
{
  static const int strides[] = { 5, 10 };
  static const double speeds[] = { 1.0, 2.0 };

  for (gsize v = 0; v < G_N_ELEMENTS (speeds); v++)
    for (gsize s = 0; s < G_N_ELEMENTS (strides); s++) {
      double means[N_WAYS];

      measure (scene, strides[s], speeds[v], means);
      g_test_message ("speed %.0f, every %dth frame: correlation %.3f, landmarks %.3f, staying %.3f", speeds[v],
                      strides[s], means[CORRELATION], scene->landmarker != NULL ? means[LANDMARKS] : NAN,
                      means[STAYING]);
      g_assert_cmpfloat (means[CORRELATION], >, 0.9);
      g_assert_cmpfloat (means[CORRELATION], >, means[STAYING] + 0.1);
    }
}

/* What landmarks cannot say, who are found in anything: the face is gone. */
static void
test_lost (const Scene *scene)
{
  enum { GONE = 20, LAST = 32 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbFaceFollower) follower = NULL;
  double surest_after = 0.0, least_before = G_MAXDOUBLE;
  SmbRng rng;

  smb_rng_init (&rng, SEED, 1);
  for (int k = 0; k < LAST; k++) {
    g_autoptr (SmbImage) image = make_frame (scene, k, 1.0, k < GONE, &rng);
    double sure;
    SmbBox box;

    if (k == 0) {
      follower = smb_face_follower_new (image, detect_one (scene->detector, image), &error);
      continue;
    }
    g_assert_true (smb_face_follower_update (follower, image, &box, &sure, &error));
    if (k < GONE)
      least_before = MIN (least_before, sure);
    else if (k == GONE)
      surest_after = sure;
  }
  g_test_message ("sure of it %.1f at the least, of its absence %.1f", least_before, surest_after);
  g_assert_cmpfloat (least_before, >, SMB_FACE_FOLLOW_SURE);
  g_assert_cmpfloat (surest_after, <, SMB_FACE_FOLLOW_SURE);
}

static void
with_scene (gconstpointer test)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbImage) face = sample_load ("18f-brethauer.jpg"), other = sample_load ("18f-dave.jpg");
  g_autoptr (SmbFaceDetector) detector = smb_face_detector_new (1, &error);
  g_autoptr (SmbLandmarker) landmarker = smb_landmarker_new (NULL, NULL);
  const int side = MIN (other->width, other->height);
  g_autofree guint8 *ground = smb_face_crop_resize (other, (SmbBox){ 0, 0, side, side }, SIDE);
  Scene scene = { face, { 0 }, ground, detector, landmarker };

  g_assert_no_error (error);
  scene.from = smb_face_crop_box (detect_one (detector, face), face->width, face->height);
  ((void (*) (const Scene *)) test) (&scene);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/face/follow/overlap", test_overlap, with_scene);
  g_test_add_data_func ("/face/follow/lost", test_lost, with_scene);
  return g_test_run ();
}
