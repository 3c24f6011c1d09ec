/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "base/smb-image.h"

G_BEGIN_DECLS

typedef enum {
  SMB_FACE_DETECTED, /* dlib's frontal detector */
  SMB_FACE_DRAWN,    /* by the examiner's hand */
} SmbFaceOrigin;

typedef struct {
  SmbBox box;      /* FSFM's crop in pixels of the upright image: detector box x 1.3, square, clipped */
  SmbBox detected; /* the detector's own box, may lean out of the picture; equals `box` for drawn faces */
  double confidence; /* the detector's score (a margin, not a probability); 0 for drawn faces */
  SmbFaceOrigin origin;
} SmbFace;

/* Below this margin of dlib's detector, finds are as often badges and folds as faces; of genuine portraits one in a
 * hundred lies below. They are shown, but not scored unasked: an examiner who draws the box gets the score. */
#define SMB_FACE_SURE_CONFIDENCE 0.25

/* dlib's HOG frontal detector, loaded once. Not for two threads at a time; a search runs on `threads` of its own, whose
 * number changes nothing but the time it takes. */
typedef struct _SmbFaceDetector SmbFaceDetector;

SmbFaceDetector *smb_face_detector_new (int threads, GError **error);
void smb_face_detector_free (SmbFaceDetector *detector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbFaceDetector, smb_face_detector_free)
/* "dlib 19.24.0 frontal HOG, -march=x86-64-v2": what results and reports name; other builds may move a box by a pixel.
 * Static. */
const char *smb_face_detector_name (void);

/* Every frontal face, best first (GArray of SmbFace; an empty array is an answer). The picture is shrunk to a long
 * side of `max_side_px` if longer (0: as it is; 640 keeps 147 of 148 faces at a fortieth of the time of full HD) and
 * searched with `upsample` doublings (0 to 4); boxes are in pixels of the picture given. The same picture gives the
 * same boxes. NULL on error only: LIMIT (too many pixels to search), MEMORY, FAILED. */
GArray *smb_face_detect (SmbFaceDetector *detector, const SmbImage *image, int max_side_px, int upsample,
                         GError **error);

/* FSFM's crop rule: s = int (max (w - 1, h - 1) * 1.3) with dlib's inclusive edges, centre floored, x = max (cx - s/2,
 * 0), then s = min (W - x, s), s = min (H - y, s). (dlib preprocessing of arXiv 2412.12032.) All zeros if nothing of
 * it lies in the picture. */
SmbBox smb_face_crop_box (SmbBox detected, int image_width, int image_height);
/* The detector's own box behind such a crop: the rule turned round, exact to a pixel unless the crop was clipped. */
SmbBox smb_face_uncrop_box (SmbBox crop);

/* What the network is shown of a box drawn by hand: clipped to the picture, then its short side grown about the centre
 * to a square that stays inside the picture, so that the face is not squashed; the long side is cut only where the
 * picture has no room for the square. All zeros if the box misses the picture. */
SmbBox smb_face_square_box (SmbBox drawn, int image_width, int image_height);

/* Crop and antialiased bicubic resize (PIL's: a = -0.5, support scaled by the shrink factor, 8-bit rounding after each
 * pass) to size x size; a box that leans out is clipped first. Returns size * size * 3 bytes RGB (g_free), NULL if the
 * box misses the image. */
guint8 *smb_face_crop_resize (const SmbImage *image, SmbBox box, int size_px);
/* The published detectors' test transform: resize to floor (size * 256 / 224), then the centre size x size. */
guint8 *smb_face_crop_resize_centre (const SmbImage *image, SmbBox box, int size_px);
/* The part of a box that the centre transform shows: x, y, width, height in pixels of the picture. */
void smb_face_centre_area (SmbBox box, int size_px, double area[4]);

/* RGB bytes (size, size, 3) to normalised float planes out (3, size, size): (v / 255 - mean) / std, in float32. */
void smb_face_normalise (float *out, const guint8 *rgb, int size_px, const double mean[3], const double std[3]);

G_END_DECLS
