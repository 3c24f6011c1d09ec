/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-job.h"

/* What is asked of a job, and how it ended, as written in job.json. */
typedef enum { SMB_WISH_RUN, SMB_WISH_PAUSE, SMB_WISH_CANCEL } SmbJobWish;
typedef enum { SMB_END_NONE, SMB_END_FINISHED, SMB_END_FAILED, SMB_END_CANCELLED } SmbJobEnd;

typedef struct {
  char *id, *folder;
  char *kind, *title, *cwd, *out, *error;
  GStrv arguments;
  SmbJobWish wish;
  SmbJobEnd end;
  double order;
  gint64 created_s, ended_s;
  int attempts;           /* in a row that ended without getting further */
  gint64 progress;        /* the iteration of the newest checkpoint when it was last started */
} SmbJobFile;

#define SMB_JOB_ID_FORMAT "%04" G_GUINT64_FORMAT

void smb_job_file_free (SmbJobFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbJobFile, smb_job_file_free)

char *smb_jobs_folder (void);
/* Held while job files are read to be changed: -1 with an error, else to be given to close (). */
int smb_jobs_lock (GError **error);
/* Leading zeros of the id may be left out. */
SmbJobFile *smb_job_file_read (const char *id, GError **error);
gboolean smb_job_file_write (const SmbJobFile *file, GError **error);
/* Ids, in the order of their numbers. */
GPtrArray *smb_jobs_ids (void);
/* Whether a process trains; and its number, 0 if that is not known. */
gboolean smb_job_is_running (const char *folder, GPid *pid);
/* Whether the result is there. */
gboolean smb_job_has_result (const SmbJobFile *file);
/* Iteration of the newest checkpoint, -1: there is none. */
gint64 smb_job_get_progress (const SmbJobFile *file);
