/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Called with the new job's id. */
typedef void (*SmbTrainingStarted) (const char *id, gpointer user_data);

/* Asks what is to be learnt from what, on which device; makes the data set, shows how it is divided and what memory the
 * training takes, and puts it into the queue. user_data lives at least as long as parent. */
void smb_finetune_start_ask (GtkWindow *parent, SmbTrainingStarted started, gpointer user_data);
/* The same for a pretraining, which needs no labels. */
void smb_pretrain_start_ask (GtkWindow *parent, SmbTrainingStarted started, gpointer user_data);

G_END_DECLS
