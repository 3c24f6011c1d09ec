/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-training-watch.h"

G_BEGIN_DECLS

/* One training, live: its state and what can be done about it, curves, the faces it gets wrong or makes up, its log.
 * Emits "add-model" (path, title) when what it made is to be taken into the library. */
#define SMB_TYPE_TRAINING_VIEW (smb_training_view_get_type ())
G_DECLARE_FINAL_TYPE (SmbTrainingView, smb_training_view, SMB, TRAINING_VIEW, GtkWidget)

/* Follows the watch, whose chosen job it shows. */
void smb_training_view_set_watch (SmbTrainingView *self, SmbTrainingWatch *watch);

G_END_DECLS
