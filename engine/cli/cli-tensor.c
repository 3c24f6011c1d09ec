/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-tensor.h"

#include <glib/gi18n-lib.h>

#include "cli/cli.h"

SmbDevice *
smb_cli_tensor_open (const SmbCliTensorDevice *choice, GError **error)
{
  return smb_device_open (choice->device != NULL ? choice->device : "cpu", choice->threads, error);
}

int
smb_cli_tensor (int argc, char **argv)
{
  static const struct {
    const char *name;
    int (*run) (int argc, char **argv);
  } commands[] = {
    { "forward", smb_cli_tensor_forward },
    { "pretrain-step", smb_cli_tensor_pretrain },
    { "finetune-step", smb_cli_tensor_finetune },
    { "mask", smb_cli_tensor_mask },
  };
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (argc > 1 && g_str_equal (argv[1], commands[i].name)) {
      g_autofree char *name = g_strconcat ("tensor ", commands[i].name, NULL);

      argv[1] = name; /* the name messages and the usage line show */
      return commands[i].run (argc - 1, argv + 1);
    }
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", commands[i].name);
  }
  if (argc > 1 && (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))) {
    g_print (_ ("Usage: semblance-cli tensor COMMAND [OPTION…]\n\nRuns a network on given tensors. Commands: %s.\n"),
             names->str);
    return SMB_EXIT_OK;
  }
  if (argc < 2)
    return smb_cli_usage (_ ("“tensor” needs one of these commands: %s."), names->str);
  return smb_cli_usage (_ ("“tensor” has no command “%s”; it has these: %s."), argv[1], names->str);
}
