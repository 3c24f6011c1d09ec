/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli verify: does a report's bundle hold? */
#include "cli/cli.h"

#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "examine/smb-examine-bundle.h"

#include <glib/gi18n-lib.h>

static void
print_check (const SmbBundleExhibit *exhibit, const SmbBundleCheck *check)
{
  g_print ("%s  %s: %s", exhibit->exhibit, check->what, smb_reproduction_title (check->outcome));
  if (check->n_exact + check->n_close > 0)
    g_print (_ (" (%u numbers the same, %u close)"), check->n_exact, check->n_close);
  if (check->largest > 0.0)
    g_print (_ (", largest difference %.3g"), check->largest);
  g_print ("%s%s\n", check->why != NULL ? ": " : "", check->why != NULL ? check->why : "");
  for (guint i = 0; i < check->differences->len; i++)
    g_print ("      %s\n", (const char *) check->differences->pdata[i]);
  if (check->n_differences > check->differences->len)
    g_print (_ ("      and %u more\n"), check->n_differences - check->differences->len);
}

/* SmbBundleTold; user_data: whether as JSON. */
static void
show (SmbBundleOutcome *taken, gpointer user_data)
{
  g_autoptr (SmbBundleOutcome) outcome = taken;
  const gboolean *json = user_data;
  g_autoptr (JsonNode) node = NULL;

  smb_cli_progress_end ();
  if (*json) {
    node = smb_bundle_outcome_to_json (outcome);
    smb_cli_print_json (node, FALSE);
    return;
  }
  for (guint i = 0; i < outcome->checks->len; i++)
    print_check (outcome->exhibit, outcome->checks->pdata[i]);
}

/* TRUE if the case is intact and its log holds the bundle's hash. */
static gboolean
check_log (const SmbBundle *bundle, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCase) store = smb_case_open (path, &error);

  if (store != NULL && smb_examine_check_log (store, bundle, &error)) {
    g_printerr (_ ("The case is intact, and its audit log holds the bundle's last hash.\n"));
    return TRUE;
  }
  smb_cli_print_error (error);
  return FALSE;
}

int
smb_cli_verify (int argc, char **argv)
{
  g_autofree char *folder = NULL, *case_path = NULL, *model_name = NULL;
  gboolean json = FALSE, good, reproduced;
  SmbBundleTrial trial;
  const GOptionEntry entries[] = {
    { "evidence", 0, 0, G_OPTION_ARG_FILENAME, &folder,
      N_ ("Folder with the originals (by default where the bundle says)"), N_ ("FOLDER") },
    { "case", 0, 0, G_OPTION_ARG_FILENAME, &case_path,
      N_ ("Also that this case's audit log holds the bundle's last hash"), N_ ("CASE") },
    { "model", 'm', 0, G_OPTION_ARG_STRING, &model_name,
      N_ ("Model to analyse with, in place of the one with the bundle's hashes"), N_ ("MODEL") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object an exhibit"), NULL },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in"), NULL },
    { NULL },
  };
  g_autoptr (SmbBundle) bundle = NULL;
  g_autoptr (SmbModelInfo) model = NULL;
  g_autoptr (SmbEngine) engine = NULL;
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (
          &argc, &argv, entries, _ ("BUNDLE"),
          _ ("Analyses the originals of a report anew, with its model and settings, and says of each number whether it came out "
             "again. The bundle is what “report” writes with the ending .json.")))
    return SMB_EXIT_USAGE;
  if (argc != 2)
    return smb_cli_usage (_ ("“verify” needs one report bundle (.json)."));
  bundle = smb_examine_read_bundle (argv[1], &error);
  if (bundle == NULL || (model_name != NULL && (model = smb_model_find (model_name, &error)) == NULL)) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  good = case_path == NULL || check_log (bundle, case_path);
  engine = smb_engine_new (NULL, 0);
  trial = (SmbBundleTrial){ folder, model, show, smb_cli_progress (), &json };
  return smb_examine_check_bundle (engine, bundle, &trial, &reproduced, NULL, NULL) && reproduced && good
             ? SMB_EXIT_OK
             : SMB_EXIT_FAILED;
}
