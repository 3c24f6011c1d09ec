/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli model card: what a model was made of, and how well it does. */
#include "cli/cli-model.h"

#include <glib/gi18n-lib.h>

#include "cli/cli.h"
#include "learn/smb-model-card.h"

int
smb_cli_model_card (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("The whole card as JSON, with the hash of every picture"), NULL },
    { NULL },
  };
  g_autoptr (SmbModelInfo) info = NULL;
  g_autoptr (JsonNode) card = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("MODEL"),
                      _ ("Shows a model's card: data, recipe, results, calibration, limits, licence.")))
    return SMB_EXIT_USAGE;
  if (argc != 2)
    return smb_cli_usage (_ ("“model card” takes one model."));
  info = smb_model_find (argv[1], &error);
  card = info != NULL ? smb_model_card_read (info->folder, &error) : NULL;
  if (error != NULL) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  if (card == NULL) {
    g_printerr (_ ("semblance-cli: “%s” has no card: it was not made with this program, or its card was not kept.\n"),
                argv[1]);
    return SMB_EXIT_FAILED;
  }
  if (json)
    smb_cli_print_json (card, TRUE);
  else
    g_print ("%s", (text = smb_model_card_to_text (info, card)));
  return SMB_EXIT_OK;
}
