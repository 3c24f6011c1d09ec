/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-engine.h"

#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "media/smb-limits.h"
#include "worker/smb-engine-private.h"
#include "worker/smb-metadata-message.h"
#include "worker/smb-plane.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>

#define MAX_WARNINGS 32
#define MAX_BITS 64

static char **
read_warnings (const SmbMessage *answer)
{
  JsonArray *array = smb_json_find_array (answer->body, "warnings");
  guint n = array != NULL ? MIN (json_array_get_length (array), MAX_WARNINGS) : 0;
  GPtrArray *warnings = g_ptr_array_new ();

  for (guint i = 0; i < n; i++) {
    JsonNode *element = json_array_get_element (array, i);

    if (JSON_NODE_HOLDS_VALUE (element) && json_node_get_value_type (element) == G_TYPE_STRING)
      g_ptr_array_add (warnings, smb_engine_clean_text (json_node_get_string (element)));
  }
  g_ptr_array_add (warnings, NULL);
  return (char **) g_ptr_array_free (warnings, FALSE);
}

static SmbPictureInfo *
read_info (const SmbMessage *answer, const SmbPictureLimits *limits)
{
  SmbPictureInfo *info = smb_picture_info_new ();

  g_free (info->format);
  g_strfreev (info->warnings);
  info->format = smb_engine_clean_text (smb_message_get_string (answer, "format", ""));
  info->orientation = (int) CLAMP (smb_message_get_int (answer, "orientation", 1), 1, 8);
  info->bits = (int) CLAMP (smb_message_get_int (answer, "bits", 0), 0, MAX_BITS);
  info->width = (int) CLAMP (smb_message_get_int (answer, "width", 0), 0, limits->max_side_px);
  info->height = (int) CLAMP (smb_message_get_int (answer, "height", 0), 0, limits->max_side_px);
  info->warnings = read_warnings (answer);
  info->torn = smb_json_find_boolean (answer->body, "torn");
  return info;
}

/* One request about a file; takes the body. */
static SmbMessage *
ask (SmbEngine *engine, SmbMessageType type, JsonObject *body, int fd, const char *shown, GCancellable *cancellable,
     GError **error)
{
  g_autofree char *doing = g_strdup_printf (_ ("while reading %s; the file is skipped"), shown);
  SmbEngineCall call = { .worker = SMB_ENGINE_DECODE, .type = type, .body = body, .fd = fd, .doing = doing,
                         .time_setting = "SEMBLANCE_MAX_SECONDS" };
  SmbDecodeLimits limits;

  g_return_val_if_fail (engine != NULL && fd >= 0 && (fcntl (fd, F_GETFL) & O_ACCMODE) == O_RDONLY, NULL);
  if (!smb_decode_limits_get (&limits, error)) {
    json_object_unref (body);
    return NULL;
  }
  call.timeout_ms = (int) limits.picture_clock * 1000;
  json_object_set_string_member (body, "path", shown);
  return smb_engine_call (engine, &call, cancellable, error);
}

SmbImage *
smb_engine_decode (SmbEngine *engine, int fd, const char *path, int max_side_px, SmbPictureInfo **info_out,
                   GCancellable *cancellable, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (SmbMessage) answer = NULL;
  g_autoptr (SmbImage) image = NULL;
  SmbPictureLimits limits;
  JsonObject *body;

  if (info_out != NULL)
    *info_out = NULL;
  if (!smb_picture_limits_get (&limits, error))
    return NULL;
  body = json_object_new ();
  json_object_set_int_member (body, "max_side_px", MAX (max_side_px, 0));
  answer = ask (engine, SMB_MESSAGE_DECODE, body, fd, shown, cancellable, error);
  if (answer == NULL)
    return NULL;
  image = smb_plane_take_fd_as_image (smb_message_steal_fd (answer, 0), limits.max_pixels * 3, error);
  if (image == NULL)
    g_prefix_error (error, "%s: ", shown);
  else if (max_side_px > 0 && MAX (image->width, image->height) > max_side_px) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("%s: the decoder sent a larger picture than was asked for"),
                 shown);
    g_clear_pointer (&image, smb_image_unref);
  }
  if (image == NULL) {
    smb_engine_distrust (engine, SMB_ENGINE_DECODE);
    return NULL;
  }
  if (info_out != NULL)
    *info_out = read_info (answer, &limits);
  return g_steal_pointer (&image);
}

SmbMetadata *
smb_engine_metadata (SmbEngine *engine, int fd, const char *path, GCancellable *cancellable, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (SmbMessage) answer = ask (engine, SMB_MESSAGE_METADATA, json_object_new (), fd, shown, cancellable, error);
  g_autoptr (SmbMetadata) metadata = NULL;
  SmbJsonReader reader = { .what = shown, .where = "metadata.", .error = error };
  SmbImage *thumbnail = NULL;

  if (answer == NULL)
    return NULL;
  if (answer->n_fds > 0) {
    thumbnail = smb_plane_take_fd_as_image (smb_message_steal_fd (answer, 0),
                                            3 * SMB_THUMBNAIL_MAX_SIDE_PX * SMB_THUMBNAIL_MAX_SIDE_PX, error);
    if (thumbnail == NULL) {
      smb_engine_distrust (engine, SMB_ENGINE_DECODE);
      return NULL;
    }
  }
  metadata = smb_metadata_from_json (&reader, smb_json_object (&reader, answer->body, "metadata", SMB_JSON_REQUIRED),
                                     thumbnail);
  if (!reader.failed)
    return g_steal_pointer (&metadata);
  smb_engine_distrust (engine, SMB_ENGINE_DECODE);
  return NULL;
}

SmbPictureMap *
smb_engine_picture_map (SmbEngine *engine, int fd, const char *path, SmbPictureMapKind kind, int quality,
                        GCancellable *cancellable, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (SmbMessage) answer = NULL;
  g_autoptr (SmbPlane) plane = NULL;
  SmbPictureMap *map = NULL;
  JsonObject *body;

  g_return_val_if_fail (quality >= 1 && quality <= 100, NULL);
  body = json_object_new ();
  json_object_set_string_member (body, "map", smb_picture_map_name (kind));
  json_object_set_int_member (body, "quality", quality);
  answer = ask (engine, SMB_MESSAGE_PICTURE_MAP, body, fd, shown, cancellable, error);
  if (answer == NULL)
    return NULL;
  plane = smb_plane_take_fd (smb_message_steal_fd (answer, 0),
                             sizeof (float) * SMB_PICTURE_MAP_MAX_SIDE * SMB_PICTURE_MAP_MAX_SIDE, error);
  if (plane != NULL && plane->type == SMB_PLANE_F32 && plane->channels == 1)
    map = smb_picture_map_new (kind, quality,
                               (int) CLAMP (smb_message_get_int (answer, "width", 0), 0, SMB_PLANE_MAX_SIDE),
                               (int) CLAMP (smb_message_get_int (answer, "height", 0), 0, SMB_PLANE_MAX_SIDE),
                               plane->width, plane->height, g_bytes_get_data (plane->bytes, NULL));
  if (map == NULL) {
    if (plane != NULL)
      g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("%s: the decoder sent another map than was asked for"),
                   shown);
    smb_engine_distrust (engine, SMB_ENGINE_DECODE);
  }
  return map;
}
