/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-examine-video.h"
#include "smb-job.h"
#include "smb-session.h"

G_BEGIN_DECLS

/* A video's run while it goes on: what the working thread finds is copied and handed to the session on the UI thread,
 * bundled so that drawing never takes more than a small part of the time. */
typedef struct _SmbLiveRun SmbLiveRun;

/* Working thread. */
SmbLiveRun *smb_live_run_new (SmbSession *session, SmbJob *job, gint64 evidence_id, const SmbVideoSettings *settings);
/* Of an SmbVideoSink whose user data is the run. */
gboolean smb_live_run_portion (SmbVideoPass pass, GPtrArray *frames, const SmbVideoProgress *progress, gpointer run,
                               GError **error);
void smb_live_run_progress (guint64 done, guint64 total, const char *what, gpointer run);

/* Any thread. */
SmbLiveRun *smb_live_run_ref (SmbLiveRun *run);
void smb_live_run_unref (SmbLiveRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbLiveRun, smb_live_run_unref)
const SmbVideoSettings *smb_live_run_get_settings (const SmbLiveRun *run);
gint64 smb_live_run_get_evidence_id (const SmbLiveRun *run);
SmbJob *smb_live_run_get_job (const SmbLiveRun *run); /* borrowed */

/* UI thread. wanted: the exhibit is looked at: all that is there comes first, then what is new; else nothing comes. */
void smb_live_run_set_wanted (SmbLiveRun *run, gboolean wanted);
/* How long showing the last bundle took: the next waits twenty times as long. */
void smb_live_run_set_cost (SmbLiveRun *run, gint64 microseconds);

G_END_DECLS
