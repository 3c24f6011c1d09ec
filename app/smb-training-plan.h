/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-form.h"

G_BEGIN_DECLS

/* What both dialogs that start a training have in common: the device with what it has to offer, precision, epochs,
 * batch, seed; the memory it takes, asked of the command line (--plan) shortly after anything changed; and the start.
 */
typedef struct _SmbTrainingPlan SmbTrainingPlan;

/* The arguments of the training as the form has them now, the command first, without device, precision, epochs, batch,
 * seed; NULL if it is not complete, with why (a sentence, g_free). */
typedef GStrv (*SmbTrainingArguments) (char **why, gpointer user_data);

/* Adds its lines to the form. It lives as long as the form. */
SmbTrainingPlan *smb_training_plan_new (SmbForm *form, int epochs, int batch, SmbTrainingArguments arguments,
                                        gpointer user_data);
/* Other epochs and batch, as a preset has them. */
void smb_training_plan_set (SmbTrainingPlan *plan, int epochs, int batch);
/* To be called when a line changed. */
void smb_training_plan_refresh (SmbTrainingPlan *plan);
/* Puts it into the queue in a thread; done with the job's id (smb_training_plan_start_finish). */
void smb_training_plan_start (SmbTrainingPlan *plan, const char *title, GAsyncReadyCallback done, gpointer user_data);
char *smb_training_plan_start_finish (GAsyncResult *result, GError **error);

G_END_DECLS
