/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli verify: does a report's bundle hold? */
#include "cli/cli.h"

#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "examine/smb-examine-bundle.h"

#include <glib/gi18n-lib.h>

static const char *
outcome_code (SmbReproduction outcome)
{
  static const char *const codes[] = { "exact", "close", "different", "not-tried" };

  return codes[outcome];
}

static const char *
outcome_word (SmbReproduction outcome)
{
  switch (outcome) {
  case SMB_REPRODUCED_EXACTLY:
    return _ ("reproduced exactly");
  case SMB_REPRODUCED_CLOSELY:
    return _ ("reproduced within the tolerance");
  case SMB_NOT_REPRODUCED:
    return _ ("NOT REPRODUCED");
  case SMB_NOT_TRIED:
  default:
    return _ ("not tried");
  }
}

static void
print_check (const SmbBundleExhibit *exhibit, const SmbBundleCheck *check)
{
  g_print ("%s  %s: %s", exhibit->exhibit, check->what, outcome_word (check->outcome));
  if (check->n_exact + check->n_close > 0)
    g_print (_ (" (%u numbers the same, %u close)"), check->n_exact, check->n_close);
  g_print ("%s%s\n", check->why != NULL ? ": " : "", check->why != NULL ? check->why : "");
  for (guint i = 0; i < check->differences->len; i++)
    g_print ("      %s\n", (const char *) check->differences->pdata[i]);
  if (check->n_differences > check->differences->len)
    g_print (_ ("      and %u more\n"), check->n_differences - check->differences->len);
}

static void
add_check (JsonBuilder *b, const SmbBundleCheck *check)
{
  json_builder_begin_object (b);
  json_builder_set_member_name (b, "what");
  json_builder_add_string_value (b, check->what);
  json_builder_set_member_name (b, "outcome");
  json_builder_add_string_value (b, outcome_code (check->outcome));
  json_builder_set_member_name (b, "exact");
  json_builder_add_int_value (b, check->n_exact);
  json_builder_set_member_name (b, "close");
  json_builder_add_int_value (b, check->n_close);
  json_builder_set_member_name (b, "different");
  json_builder_add_int_value (b, check->n_differences);
  json_builder_set_member_name (b, "differences");
  json_builder_begin_array (b);
  for (guint i = 0; i < check->differences->len; i++)
    json_builder_add_string_value (b, check->differences->pdata[i]);
  json_builder_end_array (b);
  json_builder_set_member_name (b, "why");
  if (check->why != NULL)
    json_builder_add_string_value (b, check->why);
  else
    json_builder_add_null_value (b);
  json_builder_end_object (b);
}

static void
show (const SmbBundleOutcome *outcome, gboolean json)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (b);
  json_builder_set_member_name (b, "exhibit");
  json_builder_add_string_value (b, outcome->exhibit->exhibit);
  json_builder_set_member_name (b, "ok");
  json_builder_add_boolean_value (b, smb_bundle_outcome_is_good (outcome));
  json_builder_set_member_name (b, "checks");
  json_builder_begin_array (b);
  for (guint i = 0; i < outcome->checks->len; i++) {
    add_check (b, outcome->checks->pdata[i]);
    if (!json)
      print_check (outcome->exhibit, outcome->checks->pdata[i]);
  }
  json_builder_end_array (b);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  if (json)
    smb_cli_print_json (root, FALSE);
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

static gboolean
check_exhibits (const SmbBundle *bundle, const char *folder, const SmbModelInfo *model, gboolean json)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 0);
  gboolean good = TRUE;

  for (guint i = 0; i < bundle->exhibits->len; i++) {
    g_autoptr (SmbBundleOutcome) outcome
        = smb_examine_check_exhibit (engine, bundle->exhibits->pdata[i], folder, model, smb_cli_progress (), NULL, NULL, NULL);

    smb_cli_progress_end ();
    show (outcome, json);
    good = smb_bundle_outcome_is_good (outcome) && good;
  }
  return good;
}

int
smb_cli_verify (int argc, char **argv)
{
  g_autofree char *folder = NULL, *case_path = NULL, *model_name = NULL;
  gboolean json = FALSE, good;
  const GOptionEntry entries[] = {
    { "evidence", 0, 0, G_OPTION_ARG_FILENAME, &folder, N_ ("Folder with the originals (by default where the bundle says)"),
      N_ ("FOLDER") },
    { "case", 0, 0, G_OPTION_ARG_FILENAME, &case_path, N_ ("Also that this case's audit log holds the bundle's last hash"), N_ ("CASE") },
    { "model", 'm', 0, G_OPTION_ARG_STRING, &model_name, N_ ("Model to analyse with, in place of the one with the bundle's hashes"),
      N_ ("MODEL") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object an exhibit"), NULL },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in"), NULL },
    { NULL },
  };
  g_autoptr (SmbBundle) bundle = NULL;
  g_autoptr (SmbModelInfo) model = NULL;
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("BUNDLE"),
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
  good = check_exhibits (bundle, folder, model, json) && good;
  return good ? SMB_EXIT_OK : SMB_EXIT_FAILED;
}
