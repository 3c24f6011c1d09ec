/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-examine-video.h"
#include "examine/smb-report-draft.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Of a video's stored analysis: the frame in which each track is seen best (GArray of guint, in the order of its
 * faces), and a sentence (char*) for each on what its scores come to. NULL: a picture's analysis, or one that makes no
 * sense. */
GArray *smb_examine_read_tracks (JsonNode *result, GPtrArray *sentences);
/* Gives new faces (SmbCaseFace*) of an exhibit the region maps that an examiner left on the same faces of its earlier
 * analyses: on each the newest act on a face whose box overlaps by SMB_EXAMINE_SAME_FACE or more and which resembles no
 * other new face better. exact: only boxes that are the same to the pixel, for boxes of different frames say nothing of
 * each other. */
gboolean smb_examine_carry_regions (SmbCase *store, gint64 evidence_id, GPtrArray *faces, gboolean exact,
                                    GError **error);

/* The hash of an open exhibit. again: its bytes are read whatever is known of the file from before in this process. */
char *smb_examine_hash (int fd, const char *path, gboolean again, GCancellable *cancellable, GError **error);
/* A decoder that nothing held in: the log says for which exhibit. */
gboolean smb_examine_log_lock (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, GError **error);

/* A new exhibit into the case, whole or not at all: itself, its facts if it is a video (else NULL), each of its decoder's
 * warnings (may be NULL) as a finding, and whether that decoder was held in. */
gboolean smb_examine_store_evidence (SmbCase *store, SmbEngine *engine, SmbEvidence *evidence, const char *facts,
                                     char *const *warnings, GError **error);

/* The files that a pattern names, in the order of their numbers; NULL with a NOT_FOUND error if there is none. */
char **smb_examine_list_pictures (const char *pattern, GError **error);
/* Hashes the pictures of an exhibit that is made of them. Returns a descriptor of the first if all are those acquired;
 * else -1 with the worst state of any, the hash of all as they are now (NULL if one cannot be read), and why, naming
 * the first that differs. */
int smb_examine_check_pictures (SmbCase *store, const SmbEvidence *evidence, gboolean again, SmbHashState *state,
                                char **found, GError **why, GCancellable *cancellable);
/* The pictures (SmbCasePicture*) and how many of them are shown a second; NULL with an error. */
GPtrArray *smb_examine_read_pictures (SmbCase *store, const SmbEvidence *evidence, double *rate_out, GError **error);
/* Opens them as a video; each is checked when it is opened. The first of files in the pattern's folder, without a
 * case. */
SmbEngineVideo *smb_examine_open_picture_files (SmbEngine *engine, const char *pattern, GPtrArray *pictures,
                                                double rate, GCancellable *cancellable, GError **error);
SmbEngineVideo *smb_examine_open_pictures (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence,
                                           GCancellable *cancellable, GError **error);

/* A video of a single frame that the reader of pictures takes as well: a GIF, a WebP. Others were cut down to it, and are
 * videos. */
gboolean smb_examine_is_still (SmbEngine *engine, int fd, const char *path, const SmbEngineVideo *video,
                               GCancellable *cancellable);

/* Of a file that neither reader takes: whether what the one of videos says is what is wrong with it, for the one of
 * pictures calls a video what it is. */
gboolean smb_examine_is_broken_video (const GError *no_video, const GError *no_picture);

/* What the container of an exhibit said when it was taken in (smb_video_describe): an object; *facts_out NULL without an
 * error: it is no video. */
gboolean smb_examine_read_facts (SmbCase *store, gint64 evidence_id, JsonNode **facts_out, GError **error);

/* The run that a video's stored analysis came from, with what analysts did with its tracks; NULL if it is not in the
 * case. */
SmbVideoState *smb_examine_run_of_analysis (SmbCase *store, gint64 evidence_id, JsonNode *result, GError **error);

/* Everything a report shows of the exhibits wished for, each verified first: what is freed as a whole with the array
 * and begins with its SmbReportExhibit. */
GPtrArray *smb_examine_gather (SmbCase *store, SmbEngine *engine, const SmbReportWish *wish, SmbProgress progress,
                               gpointer user_data, GCancellable *cancellable, GError **error);

G_END_DECLS
