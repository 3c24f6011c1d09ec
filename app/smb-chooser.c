/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-chooser.h"

#include <glib/gi18n.h>

static GFile *last_folder; /* NULL: nothing was chosen yet */

static void
on_response (GtkNativeDialog *dialog, int response)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  GFile *folder = file != NULL ? g_file_get_parent (file) : NULL;

  if (folder == NULL)
    return;
  g_clear_object (&last_folder);
  last_folder = folder;
}

GtkFileChooserNative *
smb_chooser_new (GtkWindow *parent, const char *title, GtkFileChooserAction action, const char *accept)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (title, parent, action, accept, _("Cancel"));
  g_autoptr (GFile) home = g_file_new_for_path (g_get_home_dir ());

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  /* Left to itself GTK begins with the files used last, from anywhere; an examiner's next file lies beside the last. */
  gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (chooser), last_folder != NULL ? last_folder : home, NULL);
  g_signal_connect (chooser, "response", G_CALLBACK (on_response), NULL);
  return chooser;
}
