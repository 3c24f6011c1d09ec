/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "face/smb-face-dlib.h"
#include "face/smb-landmarks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_PREDICTOR "/usr/share/dlib/shape_predictor_68_face_landmarks.dat"

G_STATIC_ASSERT (SMB_N_LANDMARKS == SMB_DLIB_LANDMARKS);

struct _SmbLandmarker {
  SmbDlibPredictor *dlib;
  char *path;
  int fd;             /* of what was read, even if another file has its name by now */
  struct stat before; /* of it, as it was before it was read */
  char *sha256;       /* NULL: not asked for yet */
};

gboolean
smb_landmarks_are_wanted (const char *chosen, const char **file)
{
  const char *said = chosen != NULL ? chosen : g_getenv ("SEMBLANCE_LANDMARKS");

  *file = said != NULL && *said != '\0' ? said : NULL;
  return g_strcmp0 (said, "none") != 0;
}

SmbLandmarker *
smb_landmarker_new (const char *path, GError **error)
{
  const char *file = path != NULL ? path : SYSTEM_PREDICTOR;
  char message[SMB_DLIB_MESSAGE_BYTES] = "";
  SmbDlibPredictor *dlib = NULL;
  g_autoptr (SmbLandmarker) landmarker = NULL;
  SmbDlibStatus status;

  if (!g_file_test (file, G_FILE_TEST_IS_REGULAR)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s: there is no landmark predictor; install Debian's package libdlib-data or name another "
                    "68-point .dat file."),
                 file);
    return NULL;
  }
  landmarker = g_new0 (SmbLandmarker, 1);
  landmarker->path = g_strdup (file);
  landmarker->fd = open (file, O_RDONLY | O_CLOEXEC);
  if (landmarker->fd < 0 || fstat (landmarker->fd, &landmarker->before) != 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_IO,
                 _ ("%s: the landmark predictor cannot be read (%s); name another .dat file."), file,
                 g_strerror (errno));
    return NULL;
  }
  status = smb_dlib_predictor_new (file, &dlib, message);
  if (status != SMB_DLIB_OK) {
    g_set_error (error, SMB_ERROR, status == SMB_DLIB_NO_MEMORY ? SMB_ERROR_MEMORY : SMB_ERROR_FORMAT,
                 _ ("%s: this is not a usable 68-point landmark predictor (%s); name another .dat file."), file,
                 message);
    return NULL;
  }
  landmarker->dlib = dlib;
  return g_steal_pointer (&landmarker);
}

void
smb_landmarker_free (SmbLandmarker *landmarker)
{
  if (landmarker == NULL)
    return;
  smb_dlib_predictor_free (landmarker->dlib);
  if (landmarker->fd >= 0)
    close (landmarker->fd);
  g_free (landmarker->path);
  g_free (landmarker->sha256);
  g_free (landmarker);
}

const char *
smb_landmarker_get_path (const SmbLandmarker *landmarker)
{
  return landmarker->path;
}

const char *
smb_landmarker_get_sha256 (SmbLandmarker *landmarker, GError **error)
{
  const struct stat *before = &landmarker->before;
  g_autofree char *sha256 = NULL;
  struct stat now;

  if (landmarker->sha256 != NULL)
    return landmarker->sha256;
  sha256 = smb_sha256_of_fd (landmarker->fd, landmarker->path, NULL, NULL, NULL, NULL, error);
  if (sha256 == NULL)
    return NULL;
  if (fstat (landmarker->fd, &now) != 0 || now.st_size != before->st_size
      || now.st_mtim.tv_sec != before->st_mtim.tv_sec || now.st_mtim.tv_nsec != before->st_mtim.tv_nsec) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED,
                 _ ("%s: the landmark predictor was changed while it was in use; start the program again."),
                 landmarker->path);
    return NULL;
  }
  landmarker->sha256 = g_steal_pointer (&sha256);
  return landmarker->sha256;
}

gboolean
smb_landmarker_find (SmbLandmarker *landmarker, const SmbImage *image, SmbBox detected, SmbLandmarks *out,
                     GError **error)
{
  double points[SMB_N_LANDMARKS][2];
  char message[SMB_DLIB_MESSAGE_BYTES] = "";
  SmbDlibStatus status;

  g_return_val_if_fail (landmarker != NULL && image != NULL && out != NULL, FALSE);
  g_return_val_if_fail (detected.width > 0 && detected.height > 0, FALSE);
  status = smb_dlib_landmarks (landmarker->dlib, smb_image_get_pixels (image), image->width, image->height, detected.x,
                               detected.y, detected.x + detected.width - 1, detected.y + detected.height - 1, points,
                               message);
  if (status != SMB_DLIB_OK) {
    g_set_error (error, SMB_ERROR, status == SMB_DLIB_NO_MEMORY ? SMB_ERROR_MEMORY : SMB_ERROR_FAILED,
                 _ ("The landmarks of the face could not be found: %s. The face can still be judged without regions."),
                 message);
    return FALSE;
  }
  for (int i = 0; i < SMB_N_LANDMARKS; i++)
    out->points[i] = (SmbPoint){ points[i][0], points[i][1] };
  out->coarse = FALSE;
  return TRUE;
}

/* The left half of an upright average face (image left) and the points on its axis, in hundredths of the box; `mirror`
 * is the point's partner on the right. */
static const struct {
  guint8 point, mirror;
  gint8 x, y;
} average_face[] = {
  { 0, 16, 4, 34 },   { 1, 15, 5, 47 },   { 2, 14, 7, 59 },   { 3, 13, 10, 71 },  { 4, 12, 15, 82 },
  { 5, 11, 22, 91 },  { 6, 10, 31, 98 },  { 7, 9, 40, 103 },  { 8, 8, 50, 105 },  { 17, 26, 12, 25 },
  { 18, 25, 18, 20 }, { 19, 24, 26, 19 }, { 20, 23, 34, 20 }, { 21, 22, 42, 23 }, { 27, 27, 50, 33 },
  { 28, 28, 50, 42 }, { 29, 29, 50, 50 }, { 30, 30, 50, 58 }, { 31, 35, 41, 63 }, { 32, 34, 45, 65 },
  { 33, 33, 50, 66 }, { 36, 45, 22, 35 }, { 37, 44, 27, 32 }, { 38, 43, 33, 32 }, { 39, 42, 38, 36 },
  { 40, 47, 33, 37 }, { 41, 46, 27, 37 }, { 48, 54, 33, 78 }, { 49, 53, 39, 75 }, { 50, 52, 46, 74 },
  { 51, 51, 50, 75 }, { 55, 59, 61, 83 }, { 56, 58, 55, 86 }, { 57, 57, 50, 86 }, { 60, 64, 35, 78 },
  { 61, 63, 45, 78 }, { 62, 62, 50, 78 }, { 67, 65, 45, 78 }, { 66, 66, 50, 78 },
};

void
smb_landmarks_from_template (SmbBox detected, SmbLandmarks *out)
{
  for (gsize i = 0; i < G_N_ELEMENTS (average_face); i++) {
    double x = average_face[i].x / 100.0, y = detected.y + average_face[i].y / 100.0 * detected.height;

    out->points[average_face[i].point] = (SmbPoint){ detected.x + x * detected.width, y };
    out->points[average_face[i].mirror] = (SmbPoint){ detected.x + (1.0 - x) * detected.width, y };
  }
  out->coarse = TRUE;
}
