/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-examine.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "case/smb-case-video.h"
#include "examine/smb-examine-private.h"
#include "examine/smb-seen-files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a file was when its bytes were read. */
typedef struct {
  guint64 size_bytes;
  gint64 modified_us;
} FileState;

static FileState
state_of (const struct stat *info)
{
  return (FileState){ (guint64) info->st_size,
                      (gint64) info->st_mtim.tv_sec * G_USEC_PER_SEC + info->st_mtim.tv_nsec / 1000 };
}

int
smb_examine_open_evidence (const char *path, guint64 *size_out, gint64 *modified_us_out, GError **error)
{
  struct stat info;
  FileState state;
  int fd;

  /* A fifo or device must not be opened at all: opening alone can block, or do something. */
  if (stat (path, &info) != 0) {
    smb_error_set_errno (error, errno, path, _ ("looking for the file"));
    return -1;
  }
  if (S_ISDIR (info.st_mode)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%s: this is a folder; name the files in it."), path);
    return -1;
  }
  if (!S_ISREG (info.st_mode)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("%s: this is not an ordinary file; copy what it holds into a file first."), path);
    return -1;
  }
  fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) {
    smb_error_set_errno (error, errno, path, _ ("opening it for reading"));
    return -1;
  }
  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode)) {
    close (fd);
    g_set_error (error, SMB_ERROR, SMB_ERROR_IO, _ ("%s: the file was replaced while it was being opened; try again."),
                 path);
    return -1;
  }
  if (info.st_size == 0) {
    close (fd);
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _ ("%s: the file is empty (0 bytes); look for another copy of it."), path);
    return -1;
  }
  state = state_of (&info);
  if (size_out != NULL)
    *size_out = state.size_bytes;
  if (modified_us_out != NULL)
    *modified_us_out = state.modified_us;
  return fd;
}

/* That it ran at all was allowed in so many words. */
gboolean
smb_examine_log_lock (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, GError **error)
{
  SmbLockState state;

  /* No worker, nothing opened; the call before says why. */
  if (!smb_engine_get_lock_state (engine, SMB_ENGINE_DECODE, &state, NULL) || state != SMB_LOCK_NONE)
    return TRUE;
  return smb_case_get_read_only (store)
         || smb_case_log (store, SMB_EXAMINE_UNSANDBOXED, evidence->exhibit, NULL, error);
}

gboolean
smb_examine_may_be_picture (const GError *video_failure)
{
  return g_error_matches (video_failure, SMB_ERROR, SMB_ERROR_UNSUPPORTED)
         || g_error_matches (video_failure, SMB_ERROR, SMB_ERROR_FORMAT);
}

/* TRUE if it is a video, an animation included, and then all about it. */
static gboolean
look_at_video (SmbEngine *engine, int fd, SmbEvidence *evidence, char **facts_out, char ***warnings_out,
               GCancellable *cancellable, GError **problem)
{
  g_autoptr (SmbEngineVideo) video
      = smb_engine_video_open (engine, fd, evidence->path, NULL, NULL, cancellable, problem);
  g_autoptr (JsonNode) node = NULL;

  if (video == NULL || smb_examine_is_still (engine, fd, evidence->path, video, cancellable))
    return FALSE;
  node = json_node_init_object (json_node_alloc (), smb_engine_video_get_facts (video));
  *facts_out = smb_json_to_canonical (node);
  evidence->width = smb_engine_video_get_width (video);
  evidence->height = smb_engine_video_get_height (video);
  evidence->format = g_strdup (smb_engine_video_get_format (video));
  *warnings_out = g_strdupv ((char **) smb_engine_video_get_warnings (video));
  return TRUE;
}

/* Decodes for size and format; *facts_out for a video. What cannot be decoded is an outcome (`problem`); FALSE only if
 * cancelled. */
static gboolean
look_inside (SmbEngine *engine, int fd, SmbEvidence *evidence, char **facts_out, char ***warnings_out,
             GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (GError) no_video = NULL;
  g_autoptr (GError) problem = NULL;
  g_autoptr (SmbImage) image = NULL;

  if (look_at_video (engine, fd, evidence, facts_out, warnings_out, cancellable, &no_video))
    return TRUE;
  if (no_video == NULL || smb_examine_may_be_picture (no_video))
    image = smb_engine_decode (engine, fd, evidence->path, 0, &info, cancellable, &problem);
  else
    problem = g_steal_pointer (&no_video);
  if (image == NULL) {
    if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    if (smb_examine_is_broken_video (no_video, problem)) {
      g_clear_error (&problem);
      problem = g_steal_pointer (&no_video);
    }
    evidence->problem = g_strdup (problem->message);
    return TRUE;
  }
  evidence->width = image->width;
  evidence->height = image->height;
  evidence->format = g_strdup (info->format);
  *warnings_out = g_strdupv (info->warnings);
  return TRUE;
}

/* Each of the decoder's warnings ("truncated …") becomes a finding, so that it reaches the report. */
static gboolean
keep_warnings (SmbCase *store, const SmbEvidence *evidence, char *const *warnings, GError **error)
{
  for (char *const *warning = warnings; warning != NULL && *warning != NULL; warning++) {
    SmbFinding finding = { .evidence_id = evidence->id, .kind = (char *) "decoding", .text = *warning };
    gboolean ok = smb_case_add_finding (store, &finding, error);

    g_free (finding.details);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

gboolean
smb_examine_store_evidence (SmbCase *store, SmbEngine *engine, SmbEvidence *evidence, const char *facts,
                            char *const *warnings, GError **error)
{
  if (!smb_case_begin (store, error))
    return FALSE;
  return smb_case_end (store,
                       smb_case_add_evidence (store, evidence, error)
                           && (facts == NULL || smb_case_add_video (store, evidence->id, facts, error))
                           && keep_warnings (store, evidence, warnings, error)
                           && smb_examine_log_lock (store, engine, evidence, error),
                       error);
}

SmbEvidence *
smb_examine_acquire (SmbCase *store, SmbEngine *engine, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbEvidence) evidence = g_new0 (SmbEvidence, 1);
  g_auto (GStrv) warnings = NULL;
  g_autofree char *facts = NULL;
  guint64 hashed_bytes = 0;
  struct stat after;
  gboolean looked = FALSE, unchanged = FALSE;
  int fd;

  if (smb_examine_is_pattern (path))
    return smb_examine_acquire_pictures (store, engine, path, SMB_EXAMINE_PICTURE_RATE, NULL, NULL, cancellable, error);
  evidence->path = g_canonicalize_filename (path, NULL);
  fd = smb_examine_open_evidence (evidence->path, &evidence->size_bytes, &evidence->modified_us, error);
  if (fd < 0)
    return NULL;
  /* The same descriptor is hashed and decoded: what was judged is what was hashed. */
  evidence->sha256 = smb_sha256_of_fd (fd, evidence->path, &hashed_bytes, cancellable, NULL, NULL, error);
  evidence->acquired_us = g_get_real_time ();
  if (evidence->sha256 != NULL)
    looked = look_inside (engine, fd, evidence, &facts, &warnings, cancellable, error);
  if (looked && fstat (fd, &after) == 0) {
    FileState state = state_of (&after);

    unchanged = state.size_bytes == evidence->size_bytes && state.modified_us == evidence->modified_us
                && hashed_bytes == evidence->size_bytes;
  }
  close (fd);
  if (!looked)
    return NULL;
  if (!unchanged) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_INTEGRITY,
        _ ("%s: the file changed while it was being taken in; make a working copy that nothing else writes to, "
           "and add that."),
        evidence->path);
    return NULL;
  }
  evidence->video = facts != NULL;
  evidence->hash_state = SMB_HASH_VERIFIED;
  evidence->verified_us = evidence->acquired_us;
  return smb_examine_store_evidence (store, engine, evidence, facts, warnings, error) ? g_steal_pointer (&evidence)
                                                                                     : NULL;
}

static gboolean
record_state (SmbCase *store, const SmbEvidence *evidence, SmbHashState state, const char *found, GError **error)
{
  /* A case on read-only media can be checked, only not written to. */
  return smb_case_get_read_only (store) || smb_case_set_hash_state (store, evidence->id, state, found, error);
}

char *
smb_examine_hash (int fd, const char *path, gboolean again, GCancellable *cancellable, GError **error)
{
  char *sha256 = again ? NULL : smb_seen_files_lookup (fd);
  struct stat before;

  if (sha256 != NULL)
    return sha256;
  if (fstat (fd, &before) != 0) {
    smb_error_set_errno (error, errno, path, _ ("looking for the file"));
    return NULL;
  }
  sha256 = smb_sha256_of_fd (fd, path, NULL, cancellable, NULL, NULL, error);
  if (sha256 != NULL)
    smb_seen_files_add (fd, &before, sha256);
  return sha256;
}

/* Opens and hashes (see hash_evidence). Returns a descriptor if the bytes are those acquired; else -1, with the state
 * and what was found. `error` is set only where nothing could be learnt (cancelled). */
static int
open_and_hash (SmbCase *store, const SmbEvidence *evidence, gboolean again, SmbHashState *state, char **found,
               GError **why, GCancellable *cancellable)
{
  int fd;

  if (evidence->n_pictures > 0)
    return smb_examine_check_pictures (store, evidence, again, state, found, why, cancellable);
  fd = smb_examine_open_evidence (evidence->path, NULL, NULL, why);
  *found = NULL;
  if (fd < 0) {
    gboolean empty = g_error_matches (*why, SMB_ERROR, SMB_ERROR_FORMAT);

    /* An emptied file is an altered one: its hash is that of no bytes. */
    *state = empty ? SMB_HASH_ALTERED
             : g_error_matches (*why, SMB_ERROR, SMB_ERROR_NOT_FOUND) ? SMB_HASH_MISSING
                                                                     : SMB_HASH_UNREADABLE;
    if (empty)
      *found = smb_sha256_of_bytes ("", 0);
    return -1;
  }
  *found = smb_examine_hash (fd, evidence->path, again, cancellable, why);
  if (*found != NULL && g_strcmp0 (*found, evidence->sha256) == 0) {
    *state = SMB_HASH_VERIFIED;
    return fd;
  }
  *state = *found != NULL ? SMB_HASH_ALTERED : SMB_HASH_UNREADABLE;
  close (fd);
  return -1;
}

gboolean
smb_examine_find_state (SmbCase *store, const SmbEvidence *evidence, SmbHashState *state, char **found,
                        GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) why = NULL;
  int fd = open_and_hash (store, evidence, TRUE, state, found, &why, cancellable);

  if (fd >= 0)
    close (fd);
  if (!g_error_matches (why, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

gboolean
smb_examine_verify (SmbCase *store, const SmbEvidence *evidence, SmbHashState *state_out, GCancellable *cancellable,
                    GError **error)
{
  g_autofree char *found = NULL;
  SmbHashState state;

  if (!smb_examine_find_state (store, evidence, &state, &found, cancellable, error))
    return FALSE;
  if (state_out != NULL)
    *state_out = state;
  return record_state (store, evidence, state, found, error);
}

int
smb_examine_open_checked (SmbCase *store, const SmbEvidence *evidence, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autofree char *found = NULL;
  SmbHashState state;
  int fd = open_and_hash (store, evidence, FALSE, &state, &found, &why, cancellable);

  if (fd < 0 && g_error_matches (why, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_propagate_error (error, g_steal_pointer (&why));
    return -1;
  }
  /* Looking at an exhibit is no verification of its own: only news is recorded. */
  if (state != evidence->hash_state && !record_state (store, evidence, state, found, error)) {
    if (fd >= 0)
      close (fd);
    return -1;
  }
  if (fd < 0 && state == SMB_HASH_ALTERED && (evidence->n_pictures == 0 || why == NULL))
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_INTEGRITY,
        _ ("%s (%s): the file is not the one that was taken in: its SHA-256 is now %s. It is not opened; restore "
           "the original."),
        evidence->exhibit, evidence->path, found);
  else if (fd < 0)
    g_propagate_error (error, g_steal_pointer (&why));
  return fd;
}

SmbEngineVideo *
smb_examine_open_video (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, SmbProgress progress,
                        gpointer user_data, GCancellable *cancellable, GError **error)
{
  int fd = smb_examine_open_checked (store, evidence, cancellable, error);
  SmbEngineVideo *video;

  if (fd < 0)
    return NULL;
  video = evidence->n_pictures > 0
              ? smb_examine_open_pictures (store, engine, evidence, cancellable, error)
              : smb_engine_video_open (engine, fd, evidence->path, progress, user_data, cancellable, error);
  close (fd);
  if (!smb_examine_log_lock (store, engine, evidence, video != NULL ? error : NULL))
    g_clear_pointer (&video, smb_engine_video_unref);
  return video;
}

static SmbImage *
decode_still (SmbEngine *engine, const SmbEvidence *evidence, int fd, int max_side_px, SmbPictureInfo **info,
              GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) problem = NULL;
  SmbImage *image = smb_engine_decode (engine, fd, evidence->path, max_side_px, info, cancellable, &problem);

  /* The bytes are those that were taken in, so what was wrong with them then still is: of a broken video the reader of
   * pictures would only say that it is no picture. */
  if (g_error_matches (problem, SMB_ERROR, SMB_ERROR_UNSUPPORTED) && evidence->problem != NULL)
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT, evidence->problem);
  else if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  return image;
}

/* A video stands for itself with its first frame. */
static SmbImage *
decode_exhibit (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, int fd, int max_side_px,
                SmbPictureInfo **info, GCancellable *cancellable, GError **error)
{
  g_autofree char *facts = NULL;
  g_autoptr (SmbEngineVideo) video = NULL;

  if (!smb_case_get_video (store, evidence->id, &facts, error))
    return NULL;
  if (facts == NULL)
    return decode_still (engine, evidence, fd, max_side_px, info, cancellable, error);
  video = evidence->n_pictures > 0 ? smb_examine_open_pictures (store, engine, evidence, cancellable, error)
                                   : smb_engine_video_open (engine, fd, evidence->path, NULL, NULL, cancellable, error);
  return video != NULL ? smb_engine_video_get_frame (video, 0, max_side_px, cancellable, error) : NULL;
}

static SmbImage *
open_exhibit (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, int max_side_px, SmbPictureInfo **info,
              GCancellable *cancellable, GError **error)
{
  int fd = smb_examine_open_checked (store, evidence, cancellable, error);
  SmbImage *image;

  if (fd < 0)
    return NULL;
  image = decode_exhibit (store, engine, evidence, fd, max_side_px, info, cancellable, error);
  close (fd);
  if (!smb_examine_log_lock (store, engine, evidence, image != NULL ? error : NULL))
    g_clear_pointer (&image, smb_image_unref);
  return image;
}

SmbImage *
smb_examine_open_picture (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, int max_side_px,
                          GCancellable *cancellable, GError **error)
{
  return open_exhibit (store, engine, evidence, max_side_px, NULL, cancellable, error);
}

/* Takes the image. */
static SmbImage *
if_whole (SmbImage *image, const SmbPictureInfo *info, const char *path, GError **error)
{
  if (image == NULL || info == NULL || !info->torn)
    return image;
  g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
               _ ("%s: the file is cut short or damaged, and part of the picture is missing or wrong: it is not learnt "
                  "from. Get it again from its source, or remove it."),
               path);
  smb_image_unref (image);
  return NULL;
}

SmbImage *
smb_examine_open_whole (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (SmbPictureInfo) info = NULL;
  SmbImage *image = open_exhibit (store, engine, evidence, 0, &info, cancellable, error);

  return if_whole (image, info, evidence->path, error);
}

SmbImage *
smb_examine_open_whole_file (SmbEngine *engine, const char *path, GError **error)
{
  g_autoptr (SmbPictureInfo) info = NULL;
  int fd = smb_examine_open_evidence (path, NULL, NULL, error);
  SmbImage *image;

  if (fd < 0)
    return NULL;
  image = smb_engine_decode (engine, fd, path, 0, &info, NULL, error);
  close (fd);
  return if_whole (image, info, path, error);
}

SmbMetadata *
smb_examine_metadata (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, GCancellable *cancellable,
                      GError **error)
{
  int fd = smb_examine_open_checked (store, evidence, cancellable, error);
  SmbMetadata *metadata;

  if (fd < 0)
    return NULL;
  metadata = smb_engine_metadata (engine, fd, evidence->path, cancellable, error);
  close (fd);
  if (!smb_examine_log_lock (store, engine, evidence, metadata != NULL ? error : NULL))
    g_clear_pointer (&metadata, smb_metadata_free);
  return metadata;
}

SmbPictureMap *
smb_examine_picture_map (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, SmbPictureMapKind kind,
                         int quality, GCancellable *cancellable, GError **error)
{
  int fd = smb_examine_open_checked (store, evidence, cancellable, error);
  SmbPictureMap *map;

  if (fd < 0)
    return NULL;
  map = smb_engine_picture_map (engine, fd, evidence->path, kind, quality, cancellable, error);
  close (fd);
  if (!smb_examine_log_lock (store, engine, evidence, map != NULL ? error : NULL))
    g_clear_pointer (&map, smb_picture_map_free);
  return map;
}

static GPtrArray *
faces_to_store (const SmbAnalysis *analysis)
{
  GPtrArray *faces = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_face_free);

  for (guint i = 0; i < analysis->faces->len; i++) {
    const SmbFace *face = &((SmbFaceResult *) g_ptr_array_index (analysis->faces, i))->face;
    SmbCaseFace *row = g_new0 (SmbCaseFace, 1);

    row->x = face->box.x;
    row->y = face->box.y;
    row->width = face->box.width;
    row->height = face->box.height;
    row->dx = face->detected.x;
    row->dy = face->detected.y;
    row->dwidth = face->detected.width;
    row->dheight = face->detected.height;
    row->confidence = face->confidence;
    row->origin = g_strdup (face->origin == SMB_FACE_DRAWN ? "drawn" : "detected");
    row->label = g_strdup_printf ("F%u", i + 1);
    g_ptr_array_add (faces, row);
  }
  return faces;
}

static double
highest_score (const SmbAnalysis *analysis)
{
  double highest = NAN;

  for (guint i = 0; i < analysis->faces->len; i++) {
    double score = ((SmbFaceResult *) g_ptr_array_index (analysis->faces, i))->score;

    if (!isnan (score) && !(score <= highest))
      highest = score;
  }
  return highest;
}

SmbCaseAnalysis *
smb_examine_store_analysis (SmbCase *store, gint64 evidence_id, const SmbAnalysis *analysis, JsonNode *json,
                            GError **error)
{
  g_autoptr (SmbCaseAnalysis) stored = g_new0 (SmbCaseAnalysis, 1);
  g_autoptr (GPtrArray) faces = faces_to_store (analysis);
  const gboolean video = json_object_has_member (json_node_get_object (json), "video");

  if (!smb_examine_carry_regions (store, evidence_id, faces, video, error))
    return NULL;
  stored->evidence_id = evidence_id;
  stored->made_us = g_get_real_time ();
  stored->model_name = g_strdup (analysis->model_name);
  stored->model_sha256 = g_strdup (analysis->model_sha256);
  stored->mim_sha256 = g_strdup (analysis->mim_sha256);
  stored->settings = g_strdup (analysis->settings);
  stored->seed = analysis->seed;
  stored->program_version = g_strdup (analysis->program_version);
  stored->device = g_strdup (analysis->device);
  stored->result = json_to_string (json, FALSE);
  stored->highest_score = highest_score (analysis);
  stored->n_faces = (int) analysis->faces->len;
  stored->trained = analysis->trained;
  stored->calibrated = analysis->calibrated;
  return smb_case_add_analysis (store, stored, faces, error) ? g_steal_pointer (&stored) : NULL;
}

SmbCaseAnalysis *
smb_examine_analyze (SmbCase *store, SmbEngine *engine, const SmbModelInfo *model, const SmbEvidence *evidence,
                     const GArray *drawn, const SmbAnalysisSettings *settings, SmbProgress progress, gpointer user_data,
                     GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbImage) image = smb_examine_open_picture (store, engine, evidence, 0, cancellable, error);
  g_autoptr (SmbAnalysis) analysis = NULL;
  g_autoptr (JsonNode) json = NULL;

  if (image == NULL)
    return NULL;
  analysis = smb_engine_analyze (engine, model, image, drawn, settings, progress, user_data, cancellable, error);
  if (analysis == NULL || !smb_engine_name_instruments (engine, model, analysis, cancellable, error))
    return NULL;
  json = smb_analysis_to_json (analysis);
  return smb_examine_store_analysis (store, evidence->id, analysis, json, error);
}
