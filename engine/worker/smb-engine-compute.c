/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-engine.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "worker/smb-engine-private.h"
#include "worker/smb-model-message.h"
#include "worker/smb-plane.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

/* A large model on an old processor takes minutes; an hour means that it hangs. */
#define COMPUTE_TIMEOUT_MS (3600 * 1000)
/* A picture of a map is as large as the network's input, at most a few hundred pixels. */
#define MAX_MAP_BYTES (64u << 20)

static JsonArray *
box_to_json (SmbBox box)
{
  JsonArray *array = json_array_new ();

  json_array_add_int_element (array, box.x);
  json_array_add_int_element (array, box.y);
  json_array_add_int_element (array, box.width);
  json_array_add_int_element (array, box.height);
  return array;
}

/* What every request to the compute worker holds. */
static JsonObject *
new_body (SmbEngine *engine, const SmbModelInfo *model)
{
  JsonObject *body = json_object_new ();

  json_object_set_object_member (body, "model", smb_model_to_message (model));
  json_object_set_string_member (body, "device", smb_engine_get_device (engine));
  json_object_set_int_member (body, "threads", smb_engine_get_threads (engine));
  return body;
}

/* Sends the picture along; takes the call's body. */
static SmbMessage *
call_with_picture (SmbEngine *engine, SmbEngineCall *call, const SmbImage *image, GCancellable *cancellable,
                   GError **error)
{
  SmbMessage *answer;

  call->worker = SMB_ENGINE_COMPUTE;
  call->timeout_ms = COMPUTE_TIMEOUT_MS;
  call->fd = smb_plane_new_fd_for_image (image, error);
  if (call->fd < 0) {
    json_object_unref (call->body);
    return NULL;
  }
  answer = smb_engine_call (engine, call, cancellable, error);
  close (call->fd);
  return answer;
}

static JsonObject *
settings_to_json (const SmbAnalysisSettings *settings)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "detect_max_side_px", settings->detect_max_side_px);
  json_object_set_boolean_member (object, "detect_too", settings->detect_too);
  json_object_set_int_member (object, "detect_upsample", settings->detect_upsample);
  json_object_set_int_member (object, "precision", settings->precision);
  smb_json_set_uint64 (object, "seed", settings->seed);
  return object;
}

SmbAnalysis *
smb_engine_analyze (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, const GArray *drawn,
                    const SmbAnalysisSettings *settings, SmbProgress progress, gpointer user_data,
                    GCancellable *cancellable, GError **error)
{
  SmbEngineCall call = { .type = SMB_MESSAGE_ANALYZE, .progress = progress, .user_data = user_data };
  g_autofree char *doing = g_strdup (_ ("while judging the faces; try again, or a smaller model"));
  g_autoptr (SmbMessage) answer = NULL;
  JsonNode *node;

  g_return_val_if_fail (engine != NULL && model != NULL && image != NULL && settings != NULL, NULL);
  call.doing = doing;
  call.body = new_body (engine, model);
  json_object_set_object_member (call.body, "settings", settings_to_json (settings));
  if (drawn != NULL) {
    JsonArray *boxes = json_array_new ();

    for (guint i = 0; i < drawn->len; i++)
      json_array_add_array_element (boxes, box_to_json (g_array_index (drawn, SmbBox, i)));
    json_object_set_array_member (call.body, "drawn", boxes);
  }
  answer = call_with_picture (engine, &call, image, cancellable, error);
  if (answer == NULL)
    return NULL;
  node = json_object_get_member (answer->body, "analysis");
  if (node == NULL) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the compute process sent no analysis"));
    return NULL;
  }
  return smb_analysis_from_json (node, error);
}

/* A plane as the map that was asked for. */
static SmbMap *
take_map (SmbMessage *answer, guint index, const SmbMapSpec *spec, GError **error)
{
  g_autoptr (SmbPlane) plane = smb_plane_take_fd (smb_message_steal_fd (answer, index), MAX_MAP_BYTES, error);
  gboolean is_picture = spec->kind == SMB_MAP_MASKED_INPUT || spec->kind == SMB_MAP_RECONSTRUCTION;

  if (plane == NULL)
    return NULL;
  if (is_picture && plane->type == SMB_PLANE_U8 && plane->channels == 3 && plane->width == plane->height)
    return smb_map_new_rgb (spec, plane->width, g_bytes_get_data (plane->bytes, NULL));
  if (!is_picture && plane->type == SMB_PLANE_F32 && plane->channels == 1)
    return smb_map_new_grid (spec, plane->height, plane->width, g_bytes_get_data (plane->bytes, NULL));
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the compute process sent another map than was asked for"));
  return NULL;
}

static gboolean
add_maps (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, SmbBox box, const SmbMapSpec *specs,
          guint n_specs, GPtrArray *maps, GCancellable *cancellable, GError **error)
{
  SmbEngineCall call = { .type = SMB_MESSAGE_MAPS };
  g_autofree char *doing = g_strdup (_ ("while making maps; try again, or fewer at a time"));
  g_autoptr (SmbMessage) answer = NULL;
  JsonArray *texts = json_array_new ();

  call.doing = doing;
  call.body = new_body (engine, model);
  json_object_set_array_member (call.body, "box", box_to_json (box));
  for (guint i = 0; i < n_specs; i++) {
    g_autofree char *text = smb_map_spec_to_text (&specs[i]);

    json_array_add_string_element (texts, text);
  }
  json_object_set_array_member (call.body, "specs", texts);
  answer = call_with_picture (engine, &call, image, cancellable, error);
  if (answer == NULL)
    return FALSE;
  for (guint i = 0; i < n_specs; i++) {
    SmbMap *map = take_map (answer, i, &specs[i], error);

    if (map == NULL)
      return FALSE;
    g_ptr_array_add (maps, map);
  }
  return TRUE;
}

GPtrArray *
smb_engine_maps (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, SmbBox box,
                 const SmbMapSpec *specs, guint n_specs, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) maps = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_map_free);

  g_return_val_if_fail (engine != NULL && model != NULL && image != NULL && (specs != NULL || n_specs == 0), NULL);
  /* A message carries so many descriptors and no more. */
  for (guint done = 0; done < n_specs; done += SMB_MESSAGE_MAX_FDS) {
    if (!add_maps (engine, model, image, box, specs + done, MIN (n_specs - done, SMB_MESSAGE_MAX_FDS), maps,
                   cancellable, error))
      return NULL;
  }
  return g_steal_pointer (&maps);
}
