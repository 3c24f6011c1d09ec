/* SPDX-License-Identifier: Apache-2.0 */
#include "face/smb-face-track.h"

#include <math.h>

/* Where eyes and mouth come to lie in the small picture, as shares of its side. */
#define EYES_X 0.31
#define EYES_Y 0.38
#define MOUTH_Y 0.80
/* Chroma that differs by so much costs the whole likeness. */
#define CHROMA_SPAN 64.0

static SmbPoint
mean_of (const SmbLandmarks *landmarks, int first, int last)
{
  SmbPoint mean = { 0, 0 };

  for (int i = first; i <= last; i++) {
    mean.x += landmarks->points[i].x / (last - first + 1);
    mean.y += landmarks->points[i].y / (last - first + 1);
  }
  return mean;
}

void
smb_face_look_take (SmbFaceLook *look, const SmbImage *image, const SmbLandmarks *landmarks)
{
  const guint8 *pixels = smb_image_get_pixels (image);
  const SmbPoint right = mean_of (landmarks, 36, 41), left = mean_of (landmarks, 42, 47),
                 mouth = mean_of (landmarks, 48, 67);
  const SmbPoint eyes = { (right.x + left.x) / 2, (right.y + left.y) / 2 };
  /* Across: from eye to eye; down: from eyes to mouth, which a turned head keeps apart where it brings the eyes
   * together. */
  const double across_x = (left.x - right.x) / (1 - 2 * EYES_X), across_y = (left.y - right.y) / (1 - 2 * EYES_X);
  const double down_x = (mouth.x - eyes.x) / (MOUTH_Y - EYES_Y), down_y = (mouth.y - eyes.y) / (MOUTH_Y - EYES_Y);
  const double cell = hypot (down_x, down_y) / SMB_FACE_LOOK_PX;
  const int reach = CLAMP ((int) (cell / 2), 0, 8);
  double blue = 0.0, red = 0.0;

  for (int v = 0; v < SMB_FACE_LOOK_PX; v++)
    for (int u = 0; u < SMB_FACE_LOOK_PX; u++) {
      double s = (u + 0.5) / SMB_FACE_LOOK_PX - 0.5, t = (v + 0.5) / SMB_FACE_LOOK_PX - EYES_Y;
      int x = (int) floor (eyes.x + s * across_x + t * down_x), y = (int) floor (eyes.y + s * across_y + t * down_y);
      double sums[3] = { 0 };
      int n = 0;

      for (int dy = -reach; dy <= reach; dy++)
        for (int dx = -reach; dx <= reach; dx++, n++) {
          const guint8 *p = pixels
                            + ((gsize) CLAMP (y + dy, 0, image->height - 1) * (gsize) image->width
                               + (gsize) CLAMP (x + dx, 0, image->width - 1))
                                  * 3;

          for (int c = 0; c < 3; c++)
            sums[c] += p[c];
        }
      look->luma[v * SMB_FACE_LOOK_PX + u] = (guint8) ((0.299 * sums[0] + 0.587 * sums[1] + 0.114 * sums[2]) / n + 0.5);
      blue += (128 - 0.168736 * sums[0] / n - 0.331264 * sums[1] / n + 0.5 * sums[2] / n);
      red += (128 + 0.5 * sums[0] / n - 0.418688 * sums[1] / n - 0.081312 * sums[2] / n);
    }
  look->blue = (guint8) CLAMP (blue / (SMB_FACE_LOOK_PX * SMB_FACE_LOOK_PX) + 0.5, 0, 255);
  look->red = (guint8) CLAMP (red / (SMB_FACE_LOOK_PX * SMB_FACE_LOOK_PX) + 0.5, 0, 255);
}

double
smb_face_look_likeness (const SmbFaceLook *a, const SmbFaceLook *b)
{
  const int n = SMB_FACE_LOOK_PX * SMB_FACE_LOOK_PX;
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;

  for (int i = 0; i < n; i++) {
    mean_a += (double) a->luma[i] / n;
    mean_b += (double) b->luma[i] / n;
  }
  for (int i = 0; i < n; i++) {
    aa += (a->luma[i] - mean_a) * (a->luma[i] - mean_a);
    bb += (b->luma[i] - mean_b) * (b->luma[i] - mean_b);
    ab += (a->luma[i] - mean_a) * (b->luma[i] - mean_b);
  }
  if (aa <= 0 || bb <= 0)
    return 0.0;
  return ab / sqrt (aa * bb) - (fabs ((double) a->blue - b->blue) + fabs ((double) a->red - b->red)) / CHROMA_SPAN;
}
