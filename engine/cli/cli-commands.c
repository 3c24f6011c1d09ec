/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <glib/gi18n-lib.h>

void
smb_cli_print_commands (const SmbCliCommand *commands, guint n)
{
  for (guint i = 0; i < n; i++)
    g_print ("  %-13s %s\n", commands[i].name, _ (commands[i].summary));
}

int
smb_cli_run_command (const char *group, const char *about, const SmbCliCommand *commands, guint n, int argc, char **argv)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < n; i++) {
    if (argc > 1 && g_str_equal (argv[1], commands[i].name)) {
      g_autofree char *name = g_strconcat (group, " ", commands[i].name, NULL);

      argv[1] = name; /* the name messages and the usage line show */
      return commands[i].run (argc - 1, argv + 1);
    }
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", commands[i].name);
  }
  if (argc > 1 && (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))) {
    g_print (_ ("Usage: semblance-cli %s COMMAND [OPTIONS…]\n\n%s\n\nCommands:\n"), group, about);
    smb_cli_print_commands (commands, n);
    g_print (_ ("\n“semblance-cli %s COMMAND --help” explains a command.\n"), group);
    return SMB_EXIT_OK;
  }
  if (argc < 2)
    return smb_cli_usage (_ ("“%s” needs one of these commands: %s."), group, names->str);
  return smb_cli_usage (_ ("“%s” has no command “%s”; it has these: %s."), group, argv[1], names->str);
}
