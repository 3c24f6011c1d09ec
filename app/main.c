/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-application.h"

#include "base/smb-locale.h"
#include "media/smb-limits.h"
#include "worker/smb-engine.h"

int
main (int argc, char **argv)
{
  g_autoptr (SmbApplication) application = NULL;

  smb_locale_init ();
  smb_limits_init ();
  smb_engine_guard_weights ();
  /* GTK would set the locale again, and numbers would lose their point. */
  gtk_disable_setlocale ();
  application = smb_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
