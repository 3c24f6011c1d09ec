/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/smb-error.h"
#include "face/smb-face-dlib.h"
#include "face/smb-face-track.h"

struct _SmbFaceFollower {
  SmbDlibFollower *dlib;
};

static gboolean
fail (GError **error, SmbDlibStatus status, const char *message)
{
  g_set_error (error, SMB_ERROR, status == SMB_DLIB_NO_MEMORY ? SMB_ERROR_MEMORY : SMB_ERROR_FAILED,
               _ ("A face could not be followed from frame to frame: %s. Search every frame (--stride=1)."), message);
  return FALSE;
}

SmbFaceFollower *
smb_face_follower_new (const SmbImage *image, SmbBox detected, GError **error)
{
  char message[SMB_DLIB_MESSAGE_BYTES] = "";
  SmbFaceFollower *follower = g_new0 (SmbFaceFollower, 1);
  SmbDlibStatus status
      = smb_dlib_follower_new (&follower->dlib, smb_image_get_pixels (image), image->width, image->height, detected.x,
                               detected.y, detected.x + detected.width - 1, detected.y + detected.height - 1, message);

  if (status == SMB_DLIB_OK)
    return follower;
  fail (error, status, message);
  g_free (follower);
  return NULL;
}

gboolean
smb_face_follower_update (SmbFaceFollower *follower, const SmbImage *image, SmbBox *detected_out, double *sure_out,
                          GError **error)
{
  char message[SMB_DLIB_MESSAGE_BYTES] = "";
  double edges[4];
  SmbDlibStatus status = smb_dlib_follower_update (follower->dlib, smb_image_get_pixels (image), image->width,
                                                   image->height, edges, sure_out, message);

  if (status != SMB_DLIB_OK)
    return fail (error, status, message);
  /* Far outside a crafted picture could push it anywhere. */
  for (int i = 0; i < 4; i++)
    edges[i] = isfinite (edges[i]) ? CLAMP (edges[i], -1e6, 1e6) : 0.0;
  *detected_out = (SmbBox){ (int) lround (edges[0]), (int) lround (edges[1]), (int) lround (edges[2] - edges[0] + 1),
                            (int) lround (edges[3] - edges[1] + 1) };
  if (detected_out->width < 1 || detected_out->height < 1)
    *sure_out = 0.0;
  return TRUE;
}

void
smb_face_follower_free (SmbFaceFollower *follower)
{
  if (follower == NULL)
    return;
  smb_dlib_follower_free (follower->dlib);
  g_free (follower);
}
