/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-worker.h"

#include "base/smb-error.h"
#include "media/smb-metadata.h"
#include "media/smb-picture-map.h"
#include "media/smb-picture.h"
#include "worker/smb-metadata-message.h"
#include "worker/smb-plane.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

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
  json_object_set_boolean_member (body, "torn", info->torn);
  return body;
}

static void
set_misuse (GError **error)
{
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the decoder was asked for what it does not do"));
}

static SmbMessage *
decode (SmbMessage *request, const char *path, const SmbPictureLimits *limits, GCancellable *cancellable,
        GError **error)
{
  const int max_side_px = (int) smb_message_get_int (request, "max_side_px", 0);
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (SmbImage) image
      = smb_picture_decode (request->fds[0], path, max_side_px, limits, &info, cancellable, error);
  SmbMessage *answer;
  int plane = image != NULL ? smb_plane_new_fd_for_image (image, error) : -1;

  if (plane < 0)
    return NULL;
  answer = smb_message_new (SMB_MESSAGE_RESULT, request->id, info_to_json (info));
  smb_message_take_fd (answer, plane);
  return answer;
}

static SmbMessage *
read_metadata (SmbMessage *request, const char *path, const SmbPictureLimits *limits, GCancellable *cancellable,
               GError **error)
{
  g_autoptr (SmbMetadata) metadata = smb_metadata_read (request->fds[0], path, limits, cancellable, error);
  g_autoptr (SmbMessage) answer = NULL;

  if (metadata == NULL)
    return NULL;
  answer = smb_message_new (SMB_MESSAGE_RESULT, request->id, NULL);
  json_object_set_object_member (answer->body, "metadata", smb_metadata_to_json (metadata));
  if (metadata->thumbnail != NULL) {
    int plane = smb_plane_new_fd_for_image (metadata->thumbnail, error);

    if (plane < 0)
      return NULL;
    smb_message_take_fd (answer, plane);
  }
  return g_steal_pointer (&answer);
}

static SmbMessage *
make_map (SmbMessage *request, const char *path, const SmbPictureLimits *limits, GCancellable *cancellable,
          GError **error)
{
  const int quality = (int) smb_message_get_int (request, "quality", 0);
  g_autoptr (SmbImage) image = NULL;
  g_autoptr (SmbPictureMap) map = NULL;
  SmbPictureMapKind kind;
  SmbMessage *answer;
  int plane;

  if (quality < 1 || quality > 100
      || !smb_picture_map_from_name (smb_message_get_string (request, "map", NULL), &kind)) {
    set_misuse (error);
    return NULL;
  }
  image = smb_picture_decode (request->fds[0], path, 0, limits, NULL, cancellable, error);
  map = image != NULL ? smb_picture_map_make (kind, quality, image, cancellable, error) : NULL;
  plane = map != NULL ? smb_plane_new_fd (SMB_PLANE_F32, map->columns, map->rows, 1, map->values, error) : -1;
  if (plane < 0)
    return NULL;
  answer = smb_message_new (SMB_MESSAGE_RESULT, request->id, NULL);
  json_object_set_int_member (answer->body, "width", map->picture_width);
  json_object_set_int_member (answer->body, "height", map->picture_height);
  smb_message_take_fd (answer, plane);
  return answer;
}

SmbMessage *
smb_worker_decode (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, gpointer limits, GError **error)
{
  const char *path = smb_message_get_string (request, "path", _ ("evidence"));
  const gint64 max_side_px = smb_message_get_int (request, "max_side_px", 0);

  if (request->type >= SMB_MESSAGE_VIDEO_OPEN && request->type <= SMB_MESSAGE_VIDEO_CLOSE)
    return smb_worker_video (worker, request, cancellable, error);
  if (request->n_fds == 1 && max_side_px >= 0 && max_side_px <= G_MAXINT) {
    if (!smb_worker_allow_cpu (SMB_WORKER_READ_PICTURE, error))
      return NULL;
    if (request->type == SMB_MESSAGE_DECODE)
      return decode (request, path, limits, cancellable, error);
    if (request->type == SMB_MESSAGE_METADATA)
      return read_metadata (request, path, limits, cancellable, error);
    if (request->type == SMB_MESSAGE_PICTURE_MAP)
      return make_map (request, path, limits, cancellable, error);
  }
  set_misuse (error);
  return NULL;
}
