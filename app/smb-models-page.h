/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The library of models: which there are, what is known of them, which is in use; taking one in, measuring and
 * calibrating it, using it. Emits "failed" and "said" (a sentence). */
#define SMB_TYPE_MODELS_PAGE (smb_models_page_get_type ())
G_DECLARE_FINAL_TYPE (SmbModelsPage, smb_models_page, SMB, MODELS_PAGE, GtkWidget)

/* Asks under what name weights are to be taken in, and does it. title: proposed; may be NULL. */
void smb_models_page_import (SmbModelsPage *self, const char *path, const char *title);

G_END_DECLS
