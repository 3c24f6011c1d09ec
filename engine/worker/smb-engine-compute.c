/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-engine.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "worker/smb-engine-private.h"
#include "worker/smb-map-message.h"
#include "worker/smb-model-message.h"
#include "worker/smb-plane.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

/* A large model on an old processor takes minutes; an hour means that it hangs. */
#define COMPUTE_TIMEOUT_MS (3600 * 1000)

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
JsonObject *
smb_engine_new_body (SmbEngine *engine, const SmbModelInfo *model)
{
  JsonObject *body = json_object_new ();

  if (model != NULL)
    json_object_set_object_member (body, "model", smb_model_to_message (model));
  json_object_set_string_member (body, "device", smb_engine_get_device_name (engine));
  json_object_set_int_member (body, "threads", smb_engine_get_threads (engine));
  smb_json_set_string (body, "landmarks_from", smb_engine_get_landmarks (engine));
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

/* Sends the regions along as well, if there are any. */
static SmbMessage *
call_about_face (SmbEngine *engine, SmbEngineCall *call, const SmbImage *image, const SmbRegions *regions,
                 GCancellable *cancellable, GError **error)
{
  SmbMessage *answer;

  if (regions != NULL) {
    call->second_fd = smb_regions_to_fd (regions, error);
    if (call->second_fd < 0) {
      json_object_unref (call->body);
      return NULL;
    }
    json_object_set_int_member (call->body, "regions", regions->origin);
  }
  answer = call_with_picture (engine, call, image, cancellable, error);
  if (call->second_fd > 0)
    close (call->second_fd);
  return answer;
}

JsonObject *
smb_engine_settings_to_json (const SmbAnalysisSettings *settings)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "detect_max_side_px", settings->detect_max_side_px);
  json_object_set_boolean_member (object, "detect_too", settings->detect_too);
  json_object_set_int_member (object, "detect_upsample", settings->detect_upsample);
  json_object_set_int_member (object, "precision", settings->precision);
  json_object_set_int_member (object, "region_draws", settings->region_draws);
  smb_json_set_uint64 (object, "seed", settings->seed);
  return object;
}

void
smb_engine_prepare (SmbEngine *engine, const SmbModelInfo *model, const SmbAnalysisSettings *settings)
{
  SmbEngineCall call = {
    .worker = SMB_ENGINE_COMPUTE, .type = SMB_MESSAGE_LOAD, .fd = -1, .doing = "", .timeout_ms = COMPUTE_TIMEOUT_MS
  };

  call.body = smb_engine_new_body (engine, model);
  json_object_set_object_member (call.body, "settings", smb_engine_settings_to_json (settings));
  smb_engine_call_ahead (engine, &call);
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
  call.body = smb_engine_new_body (engine, model);
  json_object_set_object_member (call.body, "settings", smb_engine_settings_to_json (settings));
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

/* {"device", "landmark_file", "landmark_sha256"} */
static SmbMessage *
ask_instruments (SmbEngine *engine, const SmbModelInfo *model, gboolean landmarks, GCancellable *cancellable,
                 GError **error)
{
  SmbEngineCall call = { .worker = SMB_ENGINE_COMPUTE, .type = SMB_MESSAGE_INSTRUMENTS, .fd = -1,
                         .timeout_ms = COMPUTE_TIMEOUT_MS };
  g_autofree char *doing = g_strdup (_ ("while naming what it judges with; try again"));

  call.doing = doing;
  call.body = smb_engine_new_body (engine, model);
  json_object_set_int_member (call.body, "landmarks", landmarks);
  return smb_engine_call (engine, &call, cancellable, error);
}

/* A worker that was taken over may name anything; what it names is shown. */
static char *
named (const SmbMessage *answer, const char *member)
{
  const char *text = smb_message_get_string (answer, member, NULL);

  return text != NULL ? smb_engine_clean_text (text) : NULL;
}

static char *
named_device (const SmbMessage *answer, GError **error)
{
  char *device = answer != NULL ? named (answer, "device") : NULL;

  if (answer != NULL && device == NULL)
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the compute process names no device"));
  return device;
}

char *
smb_engine_dup_device (SmbEngine *engine, const SmbModelInfo *model, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbMessage) answer = ask_instruments (engine, model, FALSE, cancellable, error);

  return named_device (answer, error);
}

gboolean
smb_engine_name_instruments (SmbEngine *engine, const SmbModelInfo *model, SmbAnalysis *analysis,
                             GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbMessage) answer = ask_instruments (engine, model, analysis->faces->len > 0, cancellable, error);
  g_autofree char *device = named_device (answer, error);

  if (device == NULL)
    return FALSE;
  g_free (analysis->device);
  g_free (analysis->landmark_file);
  g_free (analysis->landmark_sha256);
  analysis->device = g_steal_pointer (&device);
  analysis->landmark_file = named (answer, "landmark_file");
  analysis->landmark_sha256 = named (answer, "landmark_sha256");
  return TRUE;
}

/* Whether a map that came is (one of) what was asked for. */
static gboolean
answers (const SmbMapSpec *asked, const SmbMapSpec *came)
{
  SmbMapSpec like = *came;

  if (asked->kind == SMB_MAP_ATTENTION && asked->head == SMB_MAP_ALL_HEADS && came->head >= 0)
    like.head = SMB_MAP_ALL_HEADS;
  return smb_map_spec_equal (asked, &like);
}

static gboolean
take_maps (SmbMessage *answer, const SmbMapSpec *specs, guint n_specs, GPtrArray *maps, GError **error)
{
  const guint n = answer->n_fds;
  guint at = 0;

  for (guint i = 0; i < n; i++) {
    SmbMap *map = smb_map_from_message (answer, i, error);

    if (map == NULL)
      return FALSE;
    g_ptr_array_add (maps, map);
    /* The next one asked for, or another head of the same. */
    if (at < n_specs && answers (&specs[at], &map->spec))
      at++;
    else if (at == 0 || specs[at - 1].head != SMB_MAP_ALL_HEADS || !answers (&specs[at - 1], &map->spec))
      break;
    if (i + 1 == n && at == n_specs)
      return TRUE;
  }
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER,
                       _ ("the compute process sent another map than was asked for"));
  return FALSE;
}

static gboolean
add_maps (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, const SmbMapJob *job,
          const SmbMapSpec *specs, guint n_specs, GPtrArray *maps, GCancellable *cancellable, GError **error)
{
  SmbEngineCall call = { .type = SMB_MESSAGE_MAPS, .progress = job->progress, .user_data = job->user_data };
  g_autofree char *doing = g_strdup (_ ("while making maps; try again, or fewer at a time"));
  g_autoptr (SmbMessage) answer = NULL;
  JsonArray *texts = json_array_new ();

  call.doing = doing;
  call.body = smb_engine_new_body (engine, model);
  json_object_set_array_member (call.body, "box", box_to_json (job->box));
  for (guint i = 0; i < n_specs; i++) {
    g_autofree char *text = smb_map_spec_to_text (&specs[i]);

    json_array_add_string_element (texts, text);
  }
  json_object_set_array_member (call.body, "specs", texts);
  json_object_set_int_member (call.body, "check", job->check ? 1 : 0);
  answer = call_about_face (engine, &call, image, job->regions, cancellable, error);
  return answer != NULL && take_maps (answer, specs, n_specs, maps, error);
}

GPtrArray *
smb_engine_make_maps (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, const SmbMapJob *job,
                      const SmbMapSpec *specs, guint n_specs, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) maps = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_map_free);
  guint n;

  g_return_val_if_fail (engine != NULL && model != NULL && image != NULL && job != NULL, NULL);
  g_return_val_if_fail (specs != NULL || n_specs == 0, NULL);
  /* A message carries so many descriptors and no more; maps of all heads go alone, for their number is not known here.
   */
  for (guint done = 0; done < n_specs; done += n) {
    for (n = 0; n < SMB_MESSAGE_MAX_FDS && done + n < n_specs; n++)
      if (specs[done + n].head == SMB_MAP_ALL_HEADS) {
        n = MAX (n, 1);
        break;
      }
    if (!add_maps (engine, model, image, job, specs + done, n, maps, cancellable, error))
      return NULL;
  }
  return g_steal_pointer (&maps);
}

SmbRegions *
smb_engine_region_map (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, const SmbMapJob *job,
                       GCancellable *cancellable, GError **error)
{
  SmbEngineCall call = { .type = SMB_MESSAGE_REGION_MAP };
  g_autofree char *doing = g_strdup (_ ("while drawing the face's regions; try again"));
  g_autoptr (SmbMessage) answer = NULL;
  gint64 origin;

  g_return_val_if_fail (engine != NULL && model != NULL && image != NULL && job != NULL, NULL);
  call.doing = doing;
  call.body = smb_engine_new_body (engine, model);
  json_object_set_array_member (call.body, "box", box_to_json (job->box));
  answer = call_about_face (engine, &call, image, job->regions, cancellable, error);
  if (answer == NULL)
    return NULL;
  origin = smb_message_get_int (answer, "origin", -1);
  if (origin < 0 || origin > SMB_REGIONS_BY_HAND) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("a region map came in another form than was agreed"));
    return NULL;
  }
  return smb_regions_take_fd (smb_message_steal_fd (answer, 0), (SmbRegionsOrigin) origin, error);
}

SmbRegionReport *
smb_engine_regions (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, const SmbMapJob *job,
                    const SmbRegionSettings *settings, GCancellable *cancellable, GError **error)
{
  SmbEngineCall call = { .type = SMB_MESSAGE_REGIONS };
  g_autofree char *doing = g_strdup (_ ("while measuring the face's regions; try again, or with fewer draws"));
  g_autoptr (SmbMessage) answer = NULL;
  g_autoptr (SmbRegionReport) table = NULL;
  SmbJsonReader reader = { .what = _ ("Region table"), .where = "table.", .error = error };

  g_return_val_if_fail (engine != NULL && model != NULL && image != NULL && job != NULL && settings != NULL, NULL);
  call.progress = job->progress;
  call.user_data = job->user_data;
  call.doing = doing;
  call.body = smb_engine_new_body (engine, model);
  json_object_set_array_member (call.body, "box", box_to_json (job->box));
  json_object_set_int_member (call.body, "draws", settings->draws);
  smb_json_set_uint64 (call.body, "seed", settings->seed);
  answer = call_about_face (engine, &call, image, job->regions, cancellable, error);
  if (answer == NULL)
    return NULL;
  table = smb_region_report_from_json (&reader, smb_json_object (&reader, answer->body, "table", SMB_JSON_REQUIRED));
  if (!reader.failed && table->note != NULL) {
    char *clean = smb_engine_clean_text (table->note);

    g_free (table->note);
    table->note = clean;
  }
  return reader.failed ? NULL : g_steal_pointer (&table);
}

GPtrArray *
smb_engine_maps (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, SmbBox box,
                 const SmbMapSpec *specs, guint n_specs, GCancellable *cancellable, GError **error)
{
  const SmbMapJob job = { .box = box };

  return smb_engine_make_maps (engine, model, image, &job, specs, n_specs, cancellable, error);
}
