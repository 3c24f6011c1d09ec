/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-bundle-compare.h"

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "examine/smb-examine-private.h"
#include "examine/smb-examine-video.h"
#include "examine/smb-examine.h"
#include "examine/smb-video-acts.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

static void
check_free (gpointer data)
{
  SmbBundleCheck *check = data;

  g_free (check->what);
  g_free (check->why);
  g_ptr_array_unref (check->differences);
  g_free (check);
}

/* Takes what; borrowed afterwards. */
static SmbBundleCheck *
add_check (SmbBundleOutcome *outcome, char *what)
{
  SmbBundleCheck *check = g_new0 (SmbBundleCheck, 1);

  check->what = what;
  check->largest = NAN;
  check->differences = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (outcome->checks, check);
  return check;
}

SmbBundle *
smb_examine_read_bundle (const char *path, GError **error)
{
  guint64 size = 0;
  int fd = smb_examine_open_evidence (path, &size, NULL, error);
  g_autofree char *text = NULL;
  gsize done = 0;
  gssize got = 1;

  if (fd < 0)
    return NULL;
  if (size > SMB_BUNDLE_MAX_BYTES) {
    close (fd);
    g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT, _ ("%s: is longer than %zu bytes; no report bundle is."), path,
                 SMB_BUNDLE_MAX_BYTES);
    return NULL;
  }
  text = g_malloc (size);
  while (done < size && (got = read (fd, text + done, size - done)) > 0)
    done += (gsize) got;
  close (fd);
  if (got >= 0)
    return smb_bundle_parse (text, done, error);
  smb_error_set_errno (error, errno, path, _ ("reading the report bundle"));
  return NULL;
}

/* Finding the original. */

static gboolean
has_bytes (const char *path, guint64 n_bytes, const char *expected, GCancellable *cancellable)
{
  g_autofree char *sha256 = NULL;
  struct stat info;

  if (stat (path, &info) != 0 || !S_ISREG (info.st_mode) || (guint64) info.st_size != n_bytes)
    return FALSE;
  sha256 = smb_sha256_of_file (path, NULL, cancellable, NULL);
  return g_strcmp0 (sha256, expected) == 0;
}

static gboolean
is_original (const SmbBundleExhibit *exhibit, const char *path, GCancellable *cancellable)
{
  return has_bytes (path, exhibit->size_bytes, exhibit->sha256, cancellable);
}

/* Whether all numbered pictures lie in the pattern's folder as they were taken in; else why not, naming the first. */
static gboolean
find_pictures (const SmbBundleExhibit *exhibit, const char *pattern, GCancellable *cancellable, gboolean *altered,
               char **why)
{
  g_autofree char *folder = g_path_get_dirname (pattern);
  g_autofree char *manifest = smb_case_pictures_manifest (exhibit->pictures);
  g_autofree char *sha256 = smb_sha256_of_bytes (manifest, strlen (manifest));

  if (!g_str_equal (sha256, exhibit->sha256)) {
    *altered = TRUE;
    *why = g_strdup_printf (_ ("The bundle's list of the pictures of %s does not fit their hash; it was changed."),
                            exhibit->exhibit);
    return FALSE;
  }
  for (guint i = 0; i < exhibit->pictures->len; i++) {
    const SmbCasePicture *picture = exhibit->pictures->pdata[i];
    g_autofree char *path = g_build_filename (folder, picture->name, NULL);

    if (has_bytes (path, picture->size_bytes, picture->sha256, cancellable))
      continue;
    *altered = g_file_test (path, G_FILE_TEST_EXISTS);
    *why = g_strdup_printf (*altered
                                ? _ ("%s is not the file that was taken in: its bytes differ. Restore the original.")
                                : _ ("%s is not there; name the folder that holds the pictures."),
                            path);
    return FALSE;
  }
  return TRUE;
}

/* Path of the file with the bytes that were taken in; else NULL, and in *why what is there instead, *altered: something
 * is. */
static char *
find_original (const SmbBundleExhibit *exhibit, const char *folder, GCancellable *cancellable, gboolean *altered,
               char **why)
{
  g_autofree char *base = g_path_get_basename (exhibit->file);
  g_autofree char *path = folder != NULL ? g_build_filename (folder, base, NULL) : g_strdup (exhibit->file);
  g_autoptr (GDir) dir = folder != NULL ? g_dir_open (folder, 0, NULL) : NULL;
  const char *name;

  if (exhibit->pictures != NULL)
    return find_pictures (exhibit, path, cancellable, altered, why) ? g_steal_pointer (&path) : NULL;
  if (is_original (exhibit, path, cancellable))
    return g_steal_pointer (&path);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *other = g_build_filename (folder, name, NULL);

    if (is_original (exhibit, other, cancellable))
      return g_steal_pointer (&other);
  }
  *altered = g_file_test (path, G_FILE_TEST_EXISTS);
  *why = *altered
             ? g_strdup_printf (_ ("%s is not the file that was taken in: its bytes differ. Restore the original."),
                                path)
             : g_strdup_printf (
                 _ ("%s is not there, and no other file here has its bytes; name the folder that holds it."), path);
  return NULL;
}

static SmbModelInfo *
find_model (const SmbAnalysis *analysis, GError **error)
{
  g_autoptr (GPtrArray) models = smb_model_list (NULL);

  for (guint i = 0; i < models->len; i++) {
    SmbModelInfo *model = models->pdata[i];

    if (g_strcmp0 (model->detector_sha256, analysis->model_sha256) == 0
        && g_strcmp0 (model->mim_sha256, analysis->mim_sha256) == 0) {
      g_ptr_array_steal_index (models, i);
      return model;
    }
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
               _ ("The model “%s” with the hash %.16s… is not in the library; import it."), analysis->model_name,
               analysis->model_sha256 != NULL ? analysis->model_sha256 : "?");
  return NULL;
}

/* An exhibit under examination. */
typedef struct {
  SmbEngine *engine;
  const SmbBundleExhibit *exhibit;
  const SmbModelInfo *model;
  SmbProgress progress;
  gpointer user_data;
  GCancellable *cancellable;
  SmbImage *image;       /* of a picture */
  SmbEngineVideo *video; /* of a video */
  GArray *track_frames;  /* where each of its tracks is seen best */
} Trial;

static void
trial_clear (Trial *trial)
{
  g_clear_pointer (&trial->image, smb_image_unref);
  g_clear_pointer (&trial->video, smb_engine_video_unref);
  g_clear_pointer (&trial->track_frames, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Trial, trial_clear)

/* The boxes drawn by hand; NULL: none. */
static GArray *
drawn_boxes (const SmbAnalysis *analysis)
{
  GArray *boxes = NULL;

  for (guint i = 0; i < analysis->faces->len; i++) {
    const SmbFace *face = &((SmbFaceResult *) analysis->faces->pdata[i])->face;

    if (face->origin != SMB_FACE_DRAWN)
      continue;
    if (boxes == NULL)
      boxes = g_array_new (FALSE, FALSE, sizeof (SmbBox));
    g_array_append_val (boxes, face->box);
  }
  return boxes;
}

static JsonNode *
analyze_picture (Trial *trial, GError **error)
{
  g_autoptr (GArray) drawn = drawn_boxes (trial->exhibit->analysis);
  g_autoptr (SmbAnalysis) analysis = NULL;
  SmbAnalysisSettings settings;

  if (!smb_analysis_settings_from_json (&settings, trial->exhibit->analysis->settings, error))
    return NULL;
  analysis = smb_engine_analyze (trial->engine, trial->model, trial->image, drawn, &settings, trial->progress,
                                 trial->user_data, trial->cancellable, error);
  if (analysis == NULL
      || !smb_engine_name_instruments (trial->engine, trial->model, analysis, trial->cancellable, error))
    return NULL;
  return smb_analysis_to_json (analysis);
}

static JsonNode *
analyze_video (Trial *trial, GError **error)
{
  const SmbVideoSink sink = { .progress = trial->progress, .user_data = trial->user_data };
  JsonObject *result = json_node_get_object (trial->exhibit->result);
  JsonNode *about = json_object_get_member (result, "video");
  g_autoptr (SmbVideoProgress) progress = NULL;
  g_autoptr (GPtrArray) edits = NULL;
  SmbVideoSettings settings;

  if (!smb_video_settings_from_json (&settings, trial->exhibit->analysis->settings, error))
    return NULL;
  progress = smb_video_progress_new (&settings);
  if (!smb_video_run (trial->engine, trial->model, trial->video, &settings, progress, &sink, trial->cancellable, error))
    return NULL;
  edits = smb_video_acts_repeat (about != NULL && JSON_NODE_HOLDS_OBJECT (about) ? json_node_get_object (about) : NULL,
                                 trial->engine, trial->model, trial->video, &settings, progress, trial->progress,
                                 trial->user_data, trial->cancellable, error);
  return edits != NULL ? smb_examine_video_to_json (trial->engine, trial->model, trial->video, progress, edits, &settings,
                                                    0, error)
                       : NULL;
}

static void
check_result (Trial *trial, SmbBundleCheck *check)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) now = trial->video != NULL ? analyze_video (trial, &error) : analyze_picture (trial, &error);
  SmbAnalysisSettings settings;
  double tolerance = SMB_BUNDLE_TOLERANCE_LOW;

  if (now == NULL) {
    smb_bundle_check_fail (check, SMB_NOT_TRIED, error->message);
    return;
  }
  if (smb_analysis_settings_from_json (&settings, trial->exhibit->analysis->settings, NULL)
      && settings.precision == SMB_PRECISION_F32)
    tolerance = SMB_BUNDLE_TOLERANCE_F32;
  smb_bundle_compare_results (check, tolerance, trial->exhibit->result, now);
}

/* The picture that a face is in. New reference, NULL with an error. */
static SmbImage *
picture_of (const Trial *trial, guint face, GError **error)
{
  if (trial->video == NULL)
    return smb_image_ref (trial->image);
  if (trial->track_frames != NULL && face < trial->track_frames->len)
    return smb_engine_video_get_frame (trial->video, g_array_index (trial->track_frames, guint, face), 0,
                                       trial->cancellable, error);
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT, _ ("The bundle does not say in which frame this face is."));
  return NULL;
}

static void
check_map (const Trial *trial, const SmbBundleMap *was, SmbBundleCheck *check)
{
  const SmbFaceResult *result = trial->exhibit->analysis->faces->pdata[was->face];
  const SmbMapJob job = { .box = result->face.box, .regions = trial->exhibit->regions->pdata[was->face] };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbImage) image = picture_of (trial, was->face, &error);
  g_autoptr (GPtrArray) maps = image != NULL ? smb_engine_make_maps (trial->engine, trial->model, image, &job,
                                                                     &was->spec, 1, trial->cancellable, &error)
                                             : NULL;
  g_auto (SmbBundleMap) now = { 0 };

  if (maps == NULL || was->index >= maps->len) {
    smb_bundle_check_fail (check, SMB_NOT_TRIED,
                           error != NULL ? error->message : _ ("The model makes fewer maps than the bundle names."));
    return;
  }
  smb_bundle_measure_map (maps->pdata[was->index], &now);
  smb_bundle_compare_maps (check, SMB_BUNDLE_TOLERANCE_F32, was, &now);
}

/* Opens what was found, as the exhibit was opened: FALSE with an error. */
static gboolean
open_file (Trial *trial, const char *path, GError **error)
{
  int fd = smb_examine_open_evidence (path, NULL, NULL, error);
  g_autofree char *sha256 = fd >= 0 ? smb_sha256_of_fd (fd, path, NULL, trial->cancellable, NULL, NULL, error) : NULL;

  if (sha256 != NULL && !g_str_equal (sha256, trial->exhibit->sha256))
    g_set_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY,
                 _ ("%s changed while it was being looked for; make a copy that nothing writes to."), path);
  else if (sha256 != NULL && trial->exhibit->video)
    trial->video
        = smb_engine_video_open (trial->engine, fd, path, trial->progress, trial->user_data, trial->cancellable, error);
  else if (sha256 != NULL)
    trial->image = smb_engine_decode (trial->engine, fd, path, 0, NULL, trial->cancellable, error);
  if (fd >= 0)
    close (fd);
  return trial->video != NULL || trial->image != NULL;
}

static gboolean
open_original (Trial *trial, const char *path, GError **error)
{
  const SmbBundleExhibit *exhibit = trial->exhibit;

  if (exhibit->pictures == NULL)
    return open_file (trial, path, error);
  trial->video = smb_examine_open_picture_files (trial->engine, path, exhibit->pictures, exhibit->rate,
                                                 trial->cancellable, error);
  return trial->video != NULL;
}

static void
run_trial (Trial *trial, SmbBundleOutcome *outcome)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  check_result (trial, add_check (outcome, g_strdup ("result")));
  if (trial->video != NULL)
    trial->track_frames = smb_examine_read_tracks (trial->exhibit->result, words);
  for (guint i = 0; i < trial->exhibit->maps->len && !g_cancellable_is_cancelled (trial->cancellable); i++) {
    const SmbBundleMap *map = trial->exhibit->maps->pdata[i];
    g_autofree char *text = smb_map_spec_to_text (&map->spec);

    check_map (trial, map, add_check (outcome, g_strdup_printf ("map F%u %s", map->face + 1, text)));
  }
}

SmbBundleOutcome *
smb_examine_check_exhibit (SmbEngine *engine, const SmbBundleExhibit *exhibit, const char *folder,
                           const SmbModelInfo *model, SmbProgress progress, gpointer user_data,
                           GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbBundleOutcome) outcome = g_new0 (SmbBundleOutcome, 1);
  g_auto (Trial) trial = { engine, exhibit, model, progress, user_data, cancellable, NULL, NULL, NULL };
  g_autoptr (SmbModelInfo) found = NULL;
  g_autoptr (GError) problem = NULL;
  g_autofree char *why = NULL;
  gboolean altered = FALSE;
  SmbBundleCheck *hash;

  outcome->exhibit = exhibit;
  outcome->checks = g_ptr_array_new_with_free_func (check_free);
  hash = add_check (outcome, g_strdup ("hash"));
  outcome->path = find_original (exhibit, folder, cancellable, &altered, &why);
  /* In a folder that was named, a file of that name may be any other; a whole row of numbered pictures is not. */
  if (outcome->path == NULL)
    smb_bundle_check_fail (
        hash, altered && (folder == NULL || exhibit->pictures != NULL) ? SMB_NOT_REPRODUCED : SMB_NOT_TRIED, why);
  if (exhibit->analysis == NULL || outcome->path == NULL)
    return g_cancellable_set_error_if_cancelled (cancellable, error) ? NULL : g_steal_pointer (&outcome);
  if (model == NULL)
    trial.model = found = find_model (exhibit->analysis, &problem);
  if (trial.model == NULL || !open_original (&trial, outcome->path, &problem))
    smb_bundle_check_fail (add_check (outcome, g_strdup ("result")), SMB_NOT_TRIED, problem->message);
  else
    run_trial (&trial, outcome);
  return g_cancellable_set_error_if_cancelled (cancellable, error) ? NULL : g_steal_pointer (&outcome);
}

gboolean
smb_examine_check_bundle (SmbEngine *engine, const SmbBundle *bundle, const SmbBundleTrial *trial, gboolean *good_out,
                          GCancellable *cancellable, GError **error)
{
  *good_out = TRUE;
  for (guint i = 0; i < bundle->exhibits->len; i++) {
    SmbBundleOutcome *outcome
        = smb_examine_check_exhibit (engine, bundle->exhibits->pdata[i], trial->folder, trial->model, trial->progress,
                                     trial->user_data, cancellable, error);

    if (outcome == NULL)
      return FALSE;
    *good_out = smb_bundle_outcome_is_good (outcome) && *good_out;
    trial->told (outcome, trial->user_data);
  }
  return TRUE;
}

gboolean
smb_examine_check_log (SmbCase *store, const SmbBundle *bundle, GError **error)
{
  gint64 seq = 0;

  if (bundle->log_head == NULL) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                         _ ("The bundle holds no hash of the audit log: the log was broken when it was written."));
    return FALSE;
  }
  if (!smb_case_check (store, error) || !smb_case_find_log_hash (store, bundle->log_head, &seq, error))
    return FALSE;
  if (seq == bundle->n_entries)
    return TRUE;
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_INTEGRITY,
      _ ("The bundle says that its hash of the audit log is of entry %lld, but in this case it is that of entry %lld."),
      (long long) bundle->n_entries, (long long) seq);
  return FALSE;
}
