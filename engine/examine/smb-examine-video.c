/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-examine-private.h"

#include <unistd.h>

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

SmbEngineVideo *
smb_examine_try_video (SmbEngine *engine, const char *path, double picture_rate, gboolean asked, SmbProgress progress,
                       gpointer user_data, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (SmbEngineVideo) video
      = smb_examine_open_video_file (engine, path, picture_rate, progress, user_data, cancellable, &failure);

  if (video != NULL && (asked || smb_engine_video_get_n_frames (video) > 1))
    return g_steal_pointer (&video);
  if (failure != NULL && (asked || smb_examine_is_pattern (path) || !smb_examine_may_be_picture (failure)))
    g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}
