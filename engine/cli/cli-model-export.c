/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli model export: weights for PyTorch. */
#include "cli/cli-model.h"

#include "cli/cli.h"
#include "weights/smb-weights-file.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static int
failed (const GError *error)
{
  smb_cli_print_error (error);
  return SMB_EXIT_FAILED;
}

int
smb_cli_model_export (int argc, char **argv)
{
  g_autofree char *out = NULL, *part = NULL;
  const GOptionEntry entries[] = {
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_ ("The file to write"), N_ ("FILE.pth") },
    { "part", 0, 0, G_OPTION_ARG_STRING, &part,
      N_ ("Which of the model's networks: detector or mim (default: the detector if there is one)"), N_ ("NAME") },
    { NULL },
  };
  g_autoptr (SmbModelInfo) info = NULL;
  g_autoptr (SmbTensorDict) dict = NULL;
  g_autoptr (GError) error = NULL;
  const char *path;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("MODEL"),
                      _ ("Writes a model's weights as a .pth file that torch.load and FSFM's own scripts read: of the "
                         "library, by its folder, or a weights file.")))
    return SMB_EXIT_USAGE;
  if (argc != 2 || out == NULL)
    return smb_cli_usage (_ ("“model export” takes one model and --out."));
  if (part != NULL && strcmp (part, "detector") != 0 && strcmp (part, "mim") != 0)
    return smb_cli_usage (_ ("--part is detector or mim, not “%s”."), part);
  if (g_file_test (argv[1], G_FILE_TEST_IS_REGULAR)) {
    path = argv[1];
  } else {
    info = smb_model_find (argv[1], &error);
    if (info == NULL)
      return failed (error);
    path = part != NULL ? (strcmp (part, "mim") == 0 ? info->mim_path : info->detector_path)
                        : (info->detector_path != NULL ? info->detector_path : info->mim_path);
    if (path == NULL)
      return smb_cli_usage (_ ("The model “%s” has no such network."), argv[1]);
  }
  dict = smb_weights_read (path, &error);
  return dict != NULL && smb_weights_write_pth (out, dict, &error) ? SMB_EXIT_OK : failed (error);
}
