/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-application.h"
#include "smb-config.h"

#include <glib/gi18n.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  g_autoptr (SmbApplication) application = NULL;
  const char *locale = g_getenv ("SEMBLANCE_LOCALEDIR");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, locale != NULL ? locale : SMB_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  /* Numbers are written the same way in the window, the case and reports, whatever the desktop's language. */
  setlocale (LC_NUMERIC, "C");
  application = smb_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
