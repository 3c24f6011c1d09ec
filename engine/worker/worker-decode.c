/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-worker.h"

#include "base/smb-error.h"
#include "media/smb-picture.h"
#include "worker/smb-plane.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#define CPU_SECONDS 120

static JsonObject *
info_to_json (const SmbPictureInfo *info)
{
  JsonObject *body = json_object_new ();
  JsonArray *warnings = json_array_new ();

  for (char **warning = info->warnings; *warning != NULL; warning++)
    json_array_add_string_element (warnings, *warning);
  json_object_set_string_member (body, "format", info->format);
  json_object_set_int_member (body, "orientation", info->orientation);
  json_object_set_int_member (body, "bits", info->bits);
  json_object_set_int_member (body, "width", info->width);
  json_object_set_int_member (body, "height", info->height);
  json_object_set_array_member (body, "warnings", warnings);
  return body;
}

SmbMessage *
smb_worker_decode (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, gpointer limits, GError **error)
{
  const char *path = smb_message_get_string (request, "path", _ ("evidence"));
  gint64 max_side_px = smb_message_get_int (request, "max_side_px", 0);
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (SmbImage) image = NULL;
  SmbMessage *answer;
  int plane;

  if (request->type >= SMB_MESSAGE_VIDEO_OPEN && request->type <= SMB_MESSAGE_VIDEO_CLOSE)
    return smb_worker_video (worker, request, cancellable, error);
  if (request->type != SMB_MESSAGE_DECODE || request->n_fds != 1 || max_side_px < 0 || max_side_px > G_MAXINT) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the decoder was asked for what it does not do"));
    return NULL;
  }
  smb_worker_allow_cpu (CPU_SECONDS);
  image = smb_picture_decode (request->fds[0], path, (int) max_side_px, limits, &info, cancellable, error);
  if (image == NULL)
    return NULL;
  plane = smb_plane_new_fd_for_image (image, error);
  if (plane < 0)
    return NULL;
  answer = smb_message_new (SMB_MESSAGE_RESULT, request->id, info_to_json (info));
  smb_message_take_fd (answer, plane);
  return answer;
}
