/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-worker.h"

#include "analysis/smb-analysis.h"
#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "worker/smb-map-message.h"
#include "worker/smb-model-message.h"
#include "worker/smb-plane.h"
#include "worker/worker-compute.h"

#include <glib/gi18n-lib.h>

#define MAX_DRAWN 1000

struct _SmbWorkerCompute {
  SmbJudge *judge; /* of the last request, kept because loading takes longer than judging */
  char *key;       /* its model, device and threads */
};

SmbWorkerCompute *
smb_worker_compute_new (void)
{
  return g_new0 (SmbWorkerCompute, 1);
}

void
smb_worker_compute_misuse (GError **error)
{
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the compute process was asked for what it does not do"));
}

/* Model, device, threads and file of landmarks as one string: the same string, the same judge. */
static char *
key_of (JsonObject *model, const char *device, gint64 threads, const char *landmarks)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;

  if (model == NULL)
    return g_strdup_printf ("%" G_GINT64_FORMAT "\n%s", threads, landmarks != NULL ? landmarks : "");
  node = json_node_alloc ();
  json_node_init_object (node, model);
  text = smb_json_to_canonical (node);
  return g_strdup_printf ("%s\n%" G_GINT64_FORMAT "\n%s\n%s", device, threads, landmarks != NULL ? landmarks : "",
                          text);
}

static gboolean
needs_no_model (const SmbMessage *request)
{
  return request->type == SMB_MESSAGE_FOLLOW || request->type == SMB_MESSAGE_SEARCH;
}

/* The judge asked for, loaded if it is not the one at hand. Borrowed. */
static SmbJudge *
ensure_judge (SmbWorkerCompute *compute, SmbWorker *worker, const SmbMessage *request, GError **error)
{
  JsonObject *described = needs_no_model (request) ? NULL : smb_json_find_object (request->body, "model");
  const char *device = smb_message_get_string (request, "device", "cpu");
  const char *landmarks = smb_message_get_string (request, "landmarks_from", NULL);
  gint64 threads = smb_message_get_int (request, "threads", 0);
  g_autoptr (SmbModelInfo) model = NULL;
  g_autofree char *key = NULL;

  if ((described == NULL && !needs_no_model (request)) || threads < 0 || threads > 4096) {
    smb_worker_compute_misuse (error);
    return NULL;
  }
  key = key_of (described, device, threads, landmarks);
  if (compute->judge != NULL && g_strcmp0 (key, compute->key) == 0)
    return compute->judge;
  /* The old one goes first: two models need not fit into memory together. */
  g_clear_pointer (&compute->judge, smb_judge_free);
  g_clear_pointer (&compute->key, g_free);
  if (described == NULL) {
    compute->judge = smb_judge_new_without_model ((int) threads);
  } else {
    smb_worker_report (worker, 0, 2, _ ("Loading the model"));
    model = smb_model_from_message (described, error);
    if (model == NULL)
      return NULL;
    compute->judge = smb_judge_new (model, device, (int) threads, error);
  }
  if (compute->judge != NULL) {
    smb_judge_set_landmarks (compute->judge, landmarks);
    compute->key = g_steal_pointer (&key);
  }
  return compute->judge;
}

static gboolean
box_from_json (JsonArray *array, SmbBox *box)
{
  int *parts[4] = { &box->x, &box->y, &box->width, &box->height };

  if (array == NULL || json_array_get_length (array) != 4)
    return FALSE;
  for (guint i = 0; i < 4; i++) {
    double value = smb_json_number_at (array, i);

    if (!(value >= -(1 << 29) && value <= 1 << 29))
      return FALSE;
    *parts[i] = (int) value;
  }
  return TRUE;
}

/* NULL, with no error, if none were drawn. */
static gboolean
read_drawn (const SmbMessage *request, GArray **drawn_out, GError **error)
{
  JsonArray *array = smb_json_find_array (request->body, "drawn");
  g_autoptr (GArray) drawn = NULL;

  *drawn_out = NULL;
  if (array == NULL)
    return TRUE;
  if (json_array_get_length (array) > MAX_DRAWN) {
    smb_worker_compute_misuse (error);
    return FALSE;
  }
  drawn = g_array_new (FALSE, TRUE, sizeof (SmbBox));
  for (guint i = 0; i < json_array_get_length (array); i++) {
    SmbBox box;

    JsonNode *node = json_array_get_element (array, i);

    if (!box_from_json (JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL, &box)) {
      smb_worker_compute_misuse (error);
      return FALSE;
    }
    g_array_append_val (drawn, box);
  }
  *drawn_out = g_steal_pointer (&drawn);
  return TRUE;
}

gboolean
smb_worker_read_settings (const SmbMessage *request, SmbAnalysisSettings *settings, GError **error)
{
  JsonObject *object = smb_json_find_object (request->body, "settings");
  SmbJsonReader reader = { .what = "settings", .where = "", .error = error };

  if (object == NULL) {
    smb_worker_compute_misuse (error);
    return FALSE;
  }
  settings->detect_max_side_px = (int) smb_json_int (&reader, object, "detect_max_side_px", 0, G_MAXINT);
  settings->detect_too = smb_json_boolean (&reader, object, "detect_too");
  settings->detect_upsample = (int) smb_json_int (&reader, object, "detect_upsample", 0, 8);
  settings->region_draws = (int) smb_json_int (&reader, object, "region_draws", 0, SMB_REGION_MAX_DRAWS);
  settings->precision = (SmbPrecision) smb_json_int (&reader, object, "precision", 0, SMB_PRECISION_INT8);
  settings->seed = smb_json_uint64 (&reader, object, "seed");
  return !reader.failed;
}

static SmbMessage *
load (SmbJudge *judge, const SmbMessage *request, GError **error)
{
  SmbAnalysisSettings settings;

  return smb_worker_read_settings (request, &settings, error) && smb_judge_prepare (judge, settings.precision, error)
             ? smb_message_new (SMB_MESSAGE_RESULT, request->id, NULL)
             : NULL;
}

static SmbMessage *
name_instruments (SmbJudge *judge, const SmbMessage *request, GError **error)
{
  const char *file = NULL, *sha256 = NULL;
  g_autofree char *device = smb_judge_dup_device (judge), *shown = NULL;
  JsonObject *body;

  if (smb_message_get_int (request, "landmarks", 0) != 0 && !smb_judge_get_landmark_file (judge, &file, &sha256, error))
    return NULL;
  shown = file != NULL ? g_filename_display_name (file) : NULL; /* a name need not be UTF-8 */
  body = json_object_new ();
  smb_json_set_string (body, "device", device);
  smb_json_set_string (body, "landmark_file", shown);
  smb_json_set_string (body, "landmark_sha256", sha256);
  return smb_message_new (SMB_MESSAGE_RESULT, request->id, body);
}

static SmbMessage *
analyze (SmbWorker *worker, SmbJudge *judge, SmbMessage *request, const SmbImage *image, GCancellable *cancellable,
         GError **error)
{
  g_autoptr (GArray) drawn = NULL;
  g_autoptr (SmbAnalysis) analysis = NULL;
  SmbAnalysisSettings settings;
  JsonObject *body;

  if (!read_drawn (request, &drawn, error) || !smb_worker_read_settings (request, &settings, error))
    return NULL;
  smb_worker_report (worker, 1, 2, _ ("Looking for faces and judging them"));
  analysis = smb_judge_analyze (judge, image, drawn, &settings, cancellable, error);
  if (analysis == NULL)
    return NULL;
  body = json_object_new ();
  json_object_set_member (body, "analysis", smb_analysis_to_json (analysis));
  return smb_message_new (SMB_MESSAGE_RESULT, request->id, body);
}

static void
report (guint64 done, guint64 total, const char *what, gpointer worker)
{
  smb_worker_report (worker, done, total, what);
}

/* The face that a request is about; *regions_out is what job->regions borrows. */
static gboolean
read_job (SmbWorker *worker, SmbMessage *request, SmbMapJob *job, SmbRegions **regions_out, GError **error)
{
  JsonArray *box = smb_json_find_array (request->body, "box");
  gint64 origin = smb_message_get_int (request, "regions", -1);

  *job = (SmbMapJob){ .progress = report,
                      .user_data = worker,
                      .check = smb_message_get_int (request, "check", 0) != 0 };
  if (!box_from_json (box, &job->box) || (request->n_fds == 2) != (origin >= 0)
      || origin > SMB_REGIONS_BY_HAND) {
    smb_worker_compute_misuse (error);
    return FALSE;
  }
  if (origin >= 0) {
    *regions_out = smb_regions_take_fd (smb_message_steal_fd (request, 1), (SmbRegionsOrigin) origin, error);
    if (*regions_out == NULL)
      return FALSE;
  }
  job->regions = *regions_out;
  return TRUE;
}

static SmbMessage *
make_maps (SmbWorker *worker, SmbJudge *judge, SmbMessage *request, const SmbImage *image, GCancellable *cancellable,
           GError **error)
{
  JsonArray *texts = smb_json_find_array (request->body, "specs");
  guint n = texts != NULL ? json_array_get_length (texts) : 0;
  g_autofree SmbMapSpec *specs = NULL;
  g_autoptr (SmbRegions) regions = NULL;
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (SmbMessage) answer = NULL;
  SmbMapJob job;

  if (n == 0 || n > SMB_MESSAGE_MAX_FDS) {
    smb_worker_compute_misuse (error);
    return NULL;
  }
  specs = g_new0 (SmbMapSpec, n);
  for (guint i = 0; i < n; i++) {
    const char *text = smb_json_text_at (texts, i);

    if (text == NULL)
      smb_worker_compute_misuse (error);
    if (text == NULL || !smb_map_spec_parse (&specs[i], text, error))
      return NULL;
  }
  if (!read_job (worker, request, &job, &regions, error))
    return NULL;
  smb_worker_report (worker, 1, 2, _ ("Making maps"));
  maps = smb_judge_make_maps (judge, image, &job, specs, n, cancellable, error);
  if (maps == NULL)
    return NULL;
  answer = smb_message_new (SMB_MESSAGE_RESULT, request->id, NULL);
  for (guint i = 0; i < maps->len; i++) {
    if (!smb_map_to_message (maps->pdata[i], answer, error))
      return NULL;
  }
  return g_steal_pointer (&answer);
}

static SmbMessage *
draw_regions (SmbWorker *worker, SmbJudge *judge, SmbMessage *request, const SmbImage *image, GCancellable *cancellable,
              GError **error)
{
  g_autoptr (SmbRegions) given = NULL, drawn = NULL;
  SmbMessage *answer;
  SmbMapJob job;
  int fd = -1;

  if (read_job (worker, request, &job, &given, error))
    drawn = smb_judge_region_map (judge, image, &job, cancellable, error);
  if (drawn != NULL)
    fd = smb_regions_to_fd (drawn, error);
  if (fd < 0)
    return NULL;
  answer = smb_message_new (SMB_MESSAGE_RESULT, request->id, NULL);
  json_object_set_int_member (answer->body, "origin", drawn->origin);
  smb_message_take_fd (answer, fd);
  return answer;
}

static SmbMessage *
make_regions (SmbWorker *worker, SmbJudge *judge, SmbMessage *request, const SmbImage *image, GCancellable *cancellable,
              GError **error)
{
  SmbRegionSettings settings = { .draws = (int) CLAMP (smb_message_get_int (request, "draws", 0), 0, G_MAXINT) };
  SmbJsonReader reader = { .what = "settings", .where = "", .error = error };
  g_autoptr (SmbRegions) regions = NULL;
  g_autoptr (SmbRegionReport) table = NULL;
  JsonObject *body;
  SmbMapJob job;

  settings.seed = smb_json_uint64 (&reader, request->body, "seed");
  if (reader.failed || !read_job (worker, request, &job, &regions, error))
    return NULL;
  table = smb_judge_regions (judge, image, &job, &settings, cancellable, error);
  if (table == NULL)
    return NULL;
  body = json_object_new ();
  json_object_set_object_member (body, "table", smb_region_report_to_json (table));
  return smb_message_new (SMB_MESSAGE_RESULT, request->id, body);
}

SmbMessage *
smb_worker_compute (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, gpointer compute, GError **error)
{
  const gboolean about_face = request->type == SMB_MESSAGE_MAPS || request->type == SMB_MESSAGE_REGIONS
                              || request->type == SMB_MESSAGE_REGION_MAP;
  g_autoptr (SmbImage) image = NULL;
  SmbJudge *judge;

  if (request->type == SMB_MESSAGE_SCORE || needs_no_model (request)) {
    judge = ensure_judge (compute, worker, request, error);
    return judge != NULL ? smb_worker_frames (worker, judge, request, cancellable, error) : NULL;
  }
  if (request->type == SMB_MESSAGE_LOAD || request->type == SMB_MESSAGE_INSTRUMENTS) {
    judge = ensure_judge (compute, worker, request, error);
    if (judge == NULL)
      return NULL;
    return request->type == SMB_MESSAGE_LOAD ? load (judge, request, error) : name_instruments (judge, request, error);
  }
  if ((request->type != SMB_MESSAGE_ANALYZE && !about_face) || request->n_fds < 1
      || request->n_fds > (about_face ? 2u : 1u)) {
    smb_worker_compute_misuse (error);
    return NULL;
  }
  image = smb_plane_take_fd_as_image (smb_message_steal_fd (request, 0), SMB_WORKER_MAX_PICTURE_BYTES, error);
  if (image == NULL)
    return NULL;
  judge = ensure_judge (compute, worker, request, error);
  if (judge == NULL || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (request->type == SMB_MESSAGE_REGION_MAP)
    return draw_regions (worker, judge, request, image, cancellable, error);
  if (request->type == SMB_MESSAGE_REGIONS)
    return make_regions (worker, judge, request, image, cancellable, error);
  return request->type == SMB_MESSAGE_ANALYZE ? analyze (worker, judge, request, image, cancellable, error)
                                              : make_maps (worker, judge, request, image, cancellable, error);
}
