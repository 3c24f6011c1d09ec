/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-dataset-maker.h"

G_BEGIN_DECLS

/* Fills a box with how a data set is divided and what to beware of; hides it where there is none (NULL). */
void smb_training_split_show (GtkWidget *box, const SmbDatasetSummary *summary);

G_END_DECLS
