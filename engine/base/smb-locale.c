/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-locale.h"

#include "smb-config.h"

#include <libintl.h>
#include <locale.h>

void
smb_locale_init (void)
{
  const char *folder = g_getenv ("SEMBLANCE_LOCALEDIR");

  setlocale (LC_ALL, "");
  setlocale (LC_NUMERIC, "C");
  bindtextdomain (GETTEXT_PACKAGE, folder != NULL ? folder : SMB_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}
