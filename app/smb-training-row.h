/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "learn/smb-job.h"
#include "smb-format.h"

G_BEGIN_DECLS

/* A training in the list of jobs: title, state, how far it is. */
#define SMB_TYPE_TRAINING_ROW (smb_training_row_get_type ())
G_DECLARE_FINAL_TYPE (SmbTrainingRow, smb_training_row, SMB, TRAINING_ROW, GtkListBoxRow)

GtkWidget *smb_training_row_new (const SmbJob *job);
void smb_training_row_update (SmbTrainingRow *self, const SmbJob *job);
const char *smb_training_row_get_id (SmbTrainingRow *self);

/* A job's state as icon, word and class. */
SmbState smb_state_of_training (SmbJobState state);
/* "Fine-tuning", "Pretraining"; translated. */
const char *smb_format_training_kind (const SmbJob *job);
/* What a person called it, else its kind and number. Free with g_free. */
char *smb_format_training_title (const SmbJob *job);
/* "2 h 14 min left"; NULL where that is not known. Free with g_free. */
char *smb_format_time_left (double seconds);

G_END_DECLS
