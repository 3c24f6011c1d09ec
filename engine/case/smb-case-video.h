/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case/smb-case.h"

G_BEGIN_DECLS

/* Videos in a case. What the program measured is never changed; what an analyst does with the tracks is kept beside it,
 * in order. */

/* A run over a video, as it was asked for. Its frames come in chunks; when it is done its analysis is stored like any
 * other. */
typedef struct {
  gint64 id, evidence_id;
  gint64 made_us;
  char *model_name, *model_sha256;
  char *settings; /* canonical JSON */
  char *program_version, *device;
} SmbCaseVideoRun;

/* A portion of a run: frames with their faces. */
typedef struct {
  gint64 id, run_id;
  int pass;   /* 0: finding and following, 1: scoring */
  gint64 next; /* the frame with which that pass goes on */
  char *data; /* JSON */
} SmbCaseVideoChunk;

typedef struct {
  gint64 id, run_id;
  gint64 made_us;
  char *author;
  char *kind; /* "merge", "split", "name" */
  int track, other;
  gint64 frame;
  char *text;
} SmbCaseTrackEdit;

void smb_case_video_run_free (SmbCaseVideoRun *run);
void smb_case_video_chunk_free (SmbCaseVideoChunk *chunk);
void smb_case_track_edit_free (SmbCaseTrackEdit *edit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCaseVideoRun, smb_case_video_run_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCaseVideoChunk, smb_case_video_chunk_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCaseTrackEdit, smb_case_track_edit_free)

/* Container facts (JSON) of an exhibit that is a video; once. */
gboolean smb_case_add_video (SmbCase *store, gint64 evidence_id, const char *facts, GError **error);
/* Those facts (g_free). *facts_out NULL without an error: it is no video. */
gboolean smb_case_get_video (SmbCase *store, gint64 evidence_id, char **facts_out, GError **error);

gboolean smb_case_add_video_run (SmbCase *store, SmbCaseVideoRun *run, GError **error);
GPtrArray *smb_case_list_video_runs (SmbCase *store, gint64 evidence_id, GError **error); /* newest first */
gboolean smb_case_add_video_chunk (SmbCase *store, SmbCaseVideoChunk *chunk, GError **error);
GPtrArray *smb_case_list_video_chunks (SmbCase *store, gint64 run_id, GError **error); /* in order */
gboolean smb_case_add_track_edit (SmbCase *store, SmbCaseTrackEdit *edit, GError **error);
GPtrArray *smb_case_list_track_edits (SmbCase *store, gint64 run_id, GError **error); /* in order */

G_END_DECLS
