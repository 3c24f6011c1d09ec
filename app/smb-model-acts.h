/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What can be done with a model, each with its questions first. `done` is called once something was done or failed, not
 * if the person thought better of it; smb_model_measure_ask calls it then too, with CANCELLED. */

/* Takes weights into the library: name, title, licence are asked for. Files of PyTorch's are read by the locked worker.
 */
void smb_model_import_ask (GtkWindow *parent, const char *path, const char *title, GAsyncReadyCallback done,
                           gpointer user_data);

/* Makes it the model in use. against (char*): why it should not be; then a reason is asked for, which is written down.
 */
void smb_model_use_ask (GtkWindow *parent, const char *name, const GPtrArray *against, GAsyncReadyCallback done,
                        gpointer user_data);

/* Evaluates it on a data set, and the one in use (NULL: there is no other) on the same, and calibrates it. `begun` is
 * told each step. */
void smb_model_measure_ask (GtkWindow *parent, const char *name, const char *in_use,
                            void (*begun) (const char *what, gpointer user_data), GCancellable *cancellable,
                            GAsyncReadyCallback done, gpointer user_data);

/* The model's name; NULL with the error. */
char *smb_model_act_finish (GAsyncResult *result, GError **error);

G_END_DECLS
