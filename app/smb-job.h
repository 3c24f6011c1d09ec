/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A long piece of work as the window shows it: what, n of m, rate, time left, cancel. Lives on the UI thread; emits
 * "changed" there, also for what a working thread reports. */
#define SMB_TYPE_JOB (smb_job_get_type ())
G_DECLARE_FINAL_TYPE (SmbJob, smb_job, SMB, JOB, GObject)

/* total: units (exhibits, files); 0: not known yet. title is copied. */
SmbJob *smb_job_new (const char *title, guint total);

const char *smb_job_get_title (SmbJob *self);
GCancellable *smb_job_get_cancellable (SmbJob *self); /* borrowed */
void smb_job_set_total (SmbJob *self, guint total);
/* One unit is through, well or badly. TRUE when it was the last. */
gboolean smb_job_step (SmbJob *self);
guint smb_job_get_total (SmbJob *self);

/* From any thread: how far the unit in hand is; `what` is copied. */
void smb_job_report (SmbJob *self, guint64 done, guint64 total, const char *what);

double smb_job_get_fraction (SmbJob *self);  /* -1: unknown */
char *smb_job_dup_status (SmbJob *self);     /* "3 of 7 · 1.4 a second · 3 s left" */
char *smb_job_dup_what (SmbJob *self);       /* of the unit in hand; may be NULL */

G_END_DECLS
