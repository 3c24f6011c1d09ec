/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>

#include "base/smb-error.h"
#include "face/smb-face-dlib.h"
#include "face/smb-face.h"
#include "face/smb-resample.h"

/* Pixels searched at most, after doubling: dlib's features then take some 3 GB. */
#define MAX_SEARCHED_PX (160 * 1000 * 1000)
#define MAX_UPSAMPLE    4

struct _SmbFaceDetector {
  SmbDlibDetector *dlib;
  int threads;
};

static void
set_dlib_error (GError **error, SmbDlibStatus status, const char *message)
{
  if (status == SMB_DLIB_NO_MEMORY)
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MEMORY,
                         _ ("The face detector ran out of memory; close other programs or search a smaller picture."));
  else
    g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED,
                 _ ("The face detector failed: %s. Check the installation of dlib, or draw the face by hand."),
                 message);
}

SmbFaceDetector *
smb_face_detector_new (int threads, GError **error)
{
  SmbDlibDetector *dlib = NULL;
  char message[SMB_DLIB_MESSAGE_BYTES] = "";
  SmbDlibStatus status = smb_dlib_detector_new (&dlib, message);
  SmbFaceDetector *detector;

  if (status != SMB_DLIB_OK) {
    set_dlib_error (error, status, message);
    return NULL;
  }
  detector = g_new0 (SmbFaceDetector, 1);
  detector->dlib = dlib;
  detector->threads = MAX (threads, 1);
  return detector;
}

void
smb_face_detector_free (SmbFaceDetector *detector)
{
  if (detector == NULL)
    return;
  smb_dlib_detector_free (detector->dlib);
  g_free (detector);
}

const char *
smb_face_detector_name (void)
{
  static char *name;

  if (g_once_init_enter (&name))
    /* cppcheck-suppress leakNoVarFunctionCall; `name` has it, for the life of the process */
    g_once_init_leave (&name, g_strdup_printf ("dlib %s frontal HOG, %s", smb_dlib_version (), SMB_DLIB_BUILD));
  return name;
}

/* From dlib's inclusive edges in the searched picture to a box in the picture given. At scale 1 nothing moves. */
static SmbBox
box_in_picture (const SmbDlibFace *found, double scale_x, double scale_y)
{
  int x0 = (int) lround (found->left * scale_x), x1 = (int) lround ((found->right + 1) * scale_x);
  int y0 = (int) lround (found->top * scale_y), y1 = (int) lround ((found->bottom + 1) * scale_y);

  return (SmbBox){ x0, y0, x1 - x0, y1 - y0 };
}

GArray *
smb_face_detect (SmbFaceDetector *detector, const SmbImage *image, int max_side_px, int upsample, GError **error)
{
  g_autofree guint8 *shrunk = NULL;
  char message[SMB_DLIB_MESSAGE_BYTES] = "";
  const guint8 *rgb;
  SmbDlibFace *found = NULL;
  SmbDlibStatus status;
  GArray *faces;
  size_t n_found = 0;
  int width, height, longest;

  g_return_val_if_fail (detector != NULL && image != NULL && max_side_px >= 0, NULL);
  g_return_val_if_fail (upsample >= 0 && upsample <= MAX_UPSAMPLE, NULL);
  rgb = smb_image_get_pixels (image);
  width = image->width;
  height = image->height;
  longest = MAX (width, height);
  if (max_side_px > 0 && longest > max_side_px) {
    width = MAX ((int) lround ((double) width * max_side_px / longest), 1);
    height = MAX ((int) lround ((double) height * max_side_px / longest), 1);
    shrunk = smb_resample (rgb, (gsize) image->width * 3, image->width, image->height, width, height, SMB_FILTER_BOX);
    rgb = shrunk;
  }
  if (ldexp ((double) width * height, 2 * upsample) > MAX_SEARCHED_PX) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT,
                 _ ("A picture of %d × %d pixels doubled %d times is too large to search for faces; let it be shrunk "
                    "first (detect_max_side_px) or draw the face by hand."),
                 width, height, upsample);
    return NULL;
  }
  status = smb_dlib_detect (detector->dlib, rgb, width, height, upsample, detector->threads, &found, &n_found, message);
  if (status != SMB_DLIB_OK) {
    set_dlib_error (error, status, message);
    return NULL;
  }
  faces = g_array_new (FALSE, TRUE, sizeof (SmbFace));
  for (size_t i = 0; i < n_found; i++) {
    SmbFace face = { .origin = SMB_FACE_DETECTED, .confidence = found[i].score };

    face.detected = box_in_picture (&found[i], (double) image->width / width, (double) image->height / height);
    face.box = smb_face_crop_box (face.detected, image->width, image->height);
    /* A box beside the picture holds no face to look at. */
    if (face.box.width > 0)
      g_array_append_val (faces, face);
  }
  free (found);
  return faces;
}
