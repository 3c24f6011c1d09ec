/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-examine-private.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "case/smb-case-video.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#define MAX_FACTS_BYTES (1u << 20)

static int
open_picture (const char *path, guint k, gpointer user_data, GError **error)
{
  return smb_examine_open_evidence (path, NULL, NULL, error);
}

SmbEngineVideo *
smb_examine_open_video_file (SmbEngine *engine, const char *path, double picture_rate, SmbProgress progress,
                             gpointer user_data, GCancellable *cancellable, GError **error)
{
  SmbEngineVideo *video;
  int fd;

  if (smb_examine_is_pattern (path)) {
    g_auto (GStrv) paths = smb_examine_list_pictures (path, error);

    return paths != NULL ? smb_engine_video_open_pictures (engine, path, paths, picture_rate, open_picture, NULL, NULL,
                                                           cancellable, error)
                         : NULL;
  }
  fd = smb_examine_open_evidence (path, NULL, NULL, error);
  if (fd < 0)
    return NULL;
  video = smb_engine_video_open (engine, fd, path, progress, user_data, cancellable, error);
  close (fd);
  return video;
}

gboolean
smb_examine_is_still (SmbEngine *engine, int fd, const char *path, const SmbEngineVideo *video, GCancellable *cancellable)
{
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (SmbImage) image = NULL;

  if (smb_engine_video_get_n_frames (video) > 1)
    return FALSE;
  image = smb_engine_decode (engine, fd, path, 1, &info, cancellable, NULL);
  return image != NULL;
}

static gboolean
is_still_file (SmbEngine *engine, const char *path, const SmbEngineVideo *video, GCancellable *cancellable)
{
  int fd = smb_examine_open_evidence (path, NULL, NULL, NULL);
  gboolean still;

  if (fd < 0)
    return TRUE; /* gone meanwhile: the picture's reader says so */
  still = smb_examine_is_still (engine, fd, path, video, cancellable);
  close (fd);
  return still;
}

gboolean
smb_examine_is_broken_video (const GError *no_video, const GError *no_picture)
{
  return g_error_matches (no_video, SMB_ERROR, SMB_ERROR_FORMAT)
         && g_error_matches (no_picture, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
}

/* Whether the reader of pictures should have the file, after that of videos failed so. */
static gboolean
is_for_pictures (SmbEngine *engine, const char *path, const GError *no_video, GCancellable *cancellable)
{
  g_autoptr (GError) no_picture = NULL;
  g_autoptr (SmbImage) image = NULL;
  int fd;

  if (!smb_examine_may_be_picture (no_video))
    return FALSE;
  if (!g_error_matches (no_video, SMB_ERROR, SMB_ERROR_FORMAT))
    return TRUE; /* no broken video: as most pictures, which are not to be decoded twice */
  fd = smb_examine_open_evidence (path, NULL, NULL, NULL);
  if (fd < 0)
    return TRUE; /* gone meanwhile: the picture's reader says so */
  image = smb_engine_decode (engine, fd, path, 1, NULL, cancellable, &no_picture);
  close (fd);
  return !smb_examine_is_broken_video (no_video, no_picture);
}

SmbEngineVideo *
smb_examine_try_video (SmbEngine *engine, const char *path, double picture_rate, gboolean asked, SmbProgress progress,
                       gpointer user_data, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (SmbEngineVideo) video
      = smb_examine_open_video_file (engine, path, picture_rate, progress, user_data, cancellable, &failure);

  if (video != NULL && (asked || smb_examine_is_pattern (path) || !is_still_file (engine, path, video, cancellable)))
    return g_steal_pointer (&video);
  if (failure != NULL
      && (asked || smb_examine_is_pattern (path) || !is_for_pictures (engine, path, failure, cancellable)))
    g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

gboolean
smb_examine_read_facts (SmbCase *store, gint64 evidence_id, JsonNode **facts_out, GError **error)
{
  g_autofree char *facts = NULL;

  *facts_out = NULL;
  if (!smb_case_get_video (store, evidence_id, &facts, error))
    return FALSE;
  if (facts == NULL)
    return TRUE;
  *facts_out = smb_json_parse (facts, MAX_FACTS_BYTES, _ ("facts of a video"), error);
  if (*facts_out == NULL || JSON_NODE_HOLDS_OBJECT (*facts_out))
    return *facts_out != NULL;
  g_clear_pointer (facts_out, json_node_unref);
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT,
                       _ ("The stored facts of a video are damaged; restore the case from a backup copy."));
  return FALSE;
}
