/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/cli.h"
#include "examine/smb-examine-video.h"
#include "examine/smb-video-run.h"

G_BEGIN_DECLS

/* The part of “analyze” that is about videos. */
typedef struct {
  int stride;   /* 0: the default */
  char *frames; /* "32", "all"; NULL: the default */
  char *range;  /* "100-250", "100-"; NULL: all */
  double rate;  /* of numbered pictures; 0: the default */
} SmbCliVideoOptions;

static inline void
smb_cli_video_options_clear (SmbCliVideoOptions *options)
{
  g_free (options->frames);
  g_free (options->range);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SmbCliVideoOptions, smb_cli_video_options_clear)

/* TRUE with *settings filled in, FALSE with an ARGUMENT error. */
gboolean smb_cli_video_settings (const SmbCliVideoOptions *options, const SmbAnalysisSettings *face,
                                 SmbVideoSettings *settings, GError **error);

/* How many numbered pictures are shown a second. */
double smb_cli_picture_rate (const SmbCliVideoOptions *options);
/* Opens path as a video; NULL with *error unset if it is a picture and no option asks for a video. */
SmbEngineVideo *smb_cli_try_video (SmbEngine *engine, const char *path, const SmbCliVideoOptions *options,
                                   GError **error);

/* Runs the whole analysis and prints it. store and evidence: keep it in this case (and go on with an unfinished run of
 * the same settings), or NULL. sha256: of the file, NULL for numbered pictures. profile: NULL, or what it takes is added
 * there. FALSE: failed, and said so. */
gboolean smb_cli_analyze_video (SmbEngine *engine, const SmbModelInfo *model, SmbEngineVideo *video, const char *path,
                                const char *sha256, SmbCase *store, const SmbEvidence *evidence,
                                const SmbVideoSettings *settings, gboolean json, SmbVideoProfile *profile,
                                GError **error);

/* On standard error, in words: shares of all the seconds, of which `opening` went by before the analysis. Stages work
 * at the same time, so that shares may come to more than the whole. */
void smb_cli_print_video_profile (const char *path, SmbVideoProfile *profile, double all, double opening);

G_END_DECLS
