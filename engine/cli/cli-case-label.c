/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli case label: says what exhibits and faces are, to learn from. */
#include "cli/cli-case.h"

#include "base/smb-error.h"
#include "cli/cli.h"
#include "examine/smb-examine-labels.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* target: "S-01", "S-01/F2". */
static gboolean
set_label (SmbCase *store, GPtrArray *list, const char *target, const char *class, const char *identity, GError **error)
{
  g_autoptr (SmbCaseLabel) label = g_new0 (SmbCaseLabel, 1);
  g_auto (GStrv) parts = g_strsplit (target, "/", 2);
  const SmbEvidence *evidence = smb_cli_find_exhibit (list, parts[0], error);

  label->face = g_strdup (parts[1]);
  label->class = g_strdup (class);
  label->identity = g_strdup (identity);
  return evidence != NULL && smb_examine_set_label (store, evidence, label, error);
}

static void
add_text (JsonBuilder *b, const char *name, const char *text)
{
  json_builder_set_member_name (b, name);
  json_builder_add_string_value (b, text);
}

/* Everything labelled, as a data set would take it. */
static gboolean
print_labels (SmbCase *store, gboolean json, GError **error)
{
  g_autoptr (GPtrArray) list = smb_examine_list_labelled (store, error);
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  if (list == NULL)
    return FALSE;
  json_builder_begin_array (b);
  for (guint i = 0; i < list->len; i++) {
    const SmbLabelledFace *labelled = list->pdata[i];

    if (!json)
      g_print ("%-12s %-16s %-24s %s\n", labelled->name, labelled->class, labelled->identity, labelled->evidence->path);
    json_builder_begin_object (b);
    add_text (b, "what", labelled->name);
    add_text (b, "exhibit", labelled->evidence->exhibit);
    add_text (b, "class", labelled->class);
    add_text (b, "identity", labelled->identity);
    add_text (b, "file", labelled->evidence->path);
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
  root = json_builder_get_root (b);
  if (json)
    smb_cli_print_json (root, TRUE);
  return TRUE;
}

/* Each of the targets, going on after one that failed; TRUE: all of them. */
static gboolean
set_labels (SmbCase *store, char **targets, const char *class, const char *identity)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = smb_case_list_evidence (store, &error);
  gboolean good = list != NULL;

  for (; list != NULL && *targets != NULL; targets++)
    if (!set_label (store, list, *targets, class, identity, &error)) {
      smb_cli_print_error (error);
      g_clear_error (&error);
      good = FALSE;
    }
  if (error != NULL)
    smb_cli_print_error (error);
  return good;
}

int
smb_cli_case_label (int argc, char **argv)
{
  g_autofree char *class = NULL, *identity = NULL, *examiner = NULL;
  gboolean clear = FALSE, json = FALSE;
  const GOptionEntry entries[] = {
    { "class", 'c', 0, G_OPTION_ARG_STRING, &class, N_ ("What they are: genuine, swapped, …"), N_ ("CLASS") },
    { "identity", 'i', 0, G_OPTION_ARG_STRING, &identity, N_ ("Who is seen"), N_ ("NAME") },
    { "clear", 0, 0, G_OPTION_ARG_NONE, &clear, N_ ("Take the labels back"), NULL },
    { "examiner", 'e', 0, G_OPTION_ARG_STRING, &examiner, N_ ("Who acts, for the audit log"), N_ ("NAME") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("List as JSON"), NULL },
    { NULL },
  };
  g_autoptr (SmbCase) store = NULL;
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (
          &argc, &argv, entries, _ ("CASE [EXHIBIT[/FACE]…]"),
          _ ("Labels exhibits (S-01) or single faces of their newest analysis (S-01/F2) for “dataset build”; without any "
             "it lists what is labelled. What is said of an exhibit holds for its faces that have no label of their "
             "own.")))
    return SMB_EXIT_USAGE;
  if (argc < 2 || (argc > 2) != ((class != NULL && class[0] != '\0') || clear)
      || (clear && (class != NULL || identity != NULL)))
    return smb_cli_usage (
        _ ("“case label” needs a case file, and, to label, exhibits with either --class or --clear."));
  store = smb_cli_open_case (argv[1], examiner);
  if (store == NULL)
    return SMB_EXIT_FAILED;
  if (argc > 2)
    return set_labels (store, argv + 2, class, identity) ? SMB_EXIT_OK : SMB_EXIT_FAILED;
  if (print_labels (store, json, &error))
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return SMB_EXIT_FAILED;
}
