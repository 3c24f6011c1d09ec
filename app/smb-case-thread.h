/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case/smb-case.h"

G_BEGIN_DECLS

/* The one thread that owns a case. Work is queued by priority and runs one piece at a time, so that an examiner's click
 * overtakes a batch between two exhibits. All functions are for the UI thread unless they say otherwise. */
typedef struct _SmbCaseThread SmbCaseThread;

typedef enum {
  SMB_WORK_URGENT,     /* something on the screen waits for it */
  SMB_WORK_NORMAL,     /* asked for by hand */
  SMB_WORK_BACKGROUND, /* batches, verification */
} SmbWorkPriority;

/* Runs on the case thread and must return through the task (g_task_return_*). `store` is NULL before a case has been
 * adopted. Work whose task was cancelled before its turn is answered as cancelled without being called. */
typedef void (*SmbCaseWork) (GTask *task, SmbCaseThread *thread, SmbCase *store);

SmbCaseThread *smb_case_thread_new (void);
/* Lets the piece of work in hand finish (cancel it first), answers the rest as cancelled, closes the case, joins. */
void smb_case_thread_free (SmbCaseThread *thread);

/* Takes the task's reference. */
void smb_case_thread_push (SmbCaseThread *thread, SmbWorkPriority priority, GTask *task, SmbCaseWork work);

/* Inside work only: makes `store` the thread's case from now on and takes it. */
void smb_case_thread_adopt (SmbCaseThread *thread, SmbCase *store);

G_END_DECLS
