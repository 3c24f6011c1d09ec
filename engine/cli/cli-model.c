/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli model: the library of models: what is in it, taking one in, checking it, choosing one. */
#include "cli/cli-model.h"
#include "learn/smb-model-card.h"

#include "base/smb-error.h"
#include "cli/cli.h"
#include "weights/smb-model.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What the words of one command have in common: parses, then insists on min to max arguments. */
static gboolean
parse (int *argc, char ***argv, const GOptionEntry *entries, const char *parameters, const char *summary, int min,
       int max)
{
  if (!smb_cli_parse (argc, argv, entries, parameters, summary))
    return FALSE;
  if (*argc - 1 < min || *argc - 1 > max) {
    smb_cli_usage (_ ("“%s” takes %s; “semblance-cli %s --help” explains them."), (*argv)[0],
                   parameters != NULL ? parameters : _ ("no arguments"), (*argv)[0]);
    return FALSE;
  }
  return TRUE;
}

static int
failed (const GError *error)
{
  smb_cli_print_error (error);
  return SMB_EXIT_FAILED;
}

/* Whether it is the one used by default. */
static gboolean
is_active (const SmbModelInfo *info)
{
  g_autoptr (SmbModelInfo) used = smb_model_find (NULL, NULL);

  return used != NULL && strcmp (used->name, info->name) == 0 && strcmp (used->folder, info->folder) == 0;
}

/* "not trained, numbers carry no meaning" and the like. */
static const char *
worth_of (const SmbModelInfo *info)
{
  if (!info->trained)
    return _ ("not trained: its numbers carry no meaning");
  return info->calibrated ? _ ("trained, calibrated") : _ ("trained, not calibrated");
}

static int
model_list (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object a line"), NULL },
    { NULL },
  };
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) models = NULL;

  if (!parse (&argc, &argv, entries, NULL, _ ("Lists the models of the library; “*” marks the one used by default."), 0,
              0))
    return SMB_EXIT_USAGE;
  models = smb_model_list (problems);
  for (guint i = 0; i < models->len; i++) {
    const SmbModelInfo *info = g_ptr_array_index (models, i);

    if (json) {
      g_autoptr (JsonNode) node = smb_cli_model_to_json (info, is_active (info));

      smb_cli_print_json (node, FALSE);
    } else {
      g_print ("%c %-24s %s (%s; %s)\n", is_active (info) ? '*' : ' ', info->name, info->title, worth_of (info),
               info->licence);
    }
  }
  for (guint i = 0; i < problems->len; i++)
    g_printerr ("semblance-cli: %s\n", (const char *) g_ptr_array_index (problems, i));
  if (models->len == 0 && !json)
    g_printerr ("semblance-cli: %s\n", _ ("The library is empty. Add a model: semblance-cli model import FILE."));
  return problems->len > 0 ? SMB_EXIT_FAILED : SMB_EXIT_OK;
}

static int
model_info (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object"), NULL },
    { NULL },
  };
  g_autoptr (SmbModelInfo) info = NULL;
  g_autoptr (GError) error = NULL;

  if (!parse (&argc, &argv, entries, _ ("[MODEL]"),
              _ ("Describes a model: of the library, by its folder, or a weights file. Without MODEL the one used by "
                 "default."), 0, 1))
    return SMB_EXIT_USAGE;
  info = smb_model_find (argc > 1 ? argv[1] : NULL, &error);
  if (info == NULL)
    return failed (error);
  if (json) {
    g_autoptr (JsonNode) node = smb_cli_model_to_json (info, is_active (info));

    if (!smb_cli_model_add_networks (node, info, &error))
      return failed (error);
    smb_cli_print_json (node, TRUE);
    return SMB_EXIT_OK;
  }
  g_print (_ ("%s (%s)\n%s.\n"), info->title, info->name, worth_of (info));
  return smb_cli_model_print (info, &error) ? SMB_EXIT_OK : failed (error);
}

/* "0.5,0.4,0.3" */
static gboolean
parse_three (const char *option, const char *text, double values[3])
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  gboolean good = g_strv_length (parts) == 3;

  for (int i = 0; good && i < 3; i++) {
    char *end;

    values[i] = g_ascii_strtod (parts[i], &end);
    good = end != parts[i] && *end == '\0';
  }
  if (!good)
    smb_cli_usage (_ ("%s should be three numbers, for red, green and blue, like 0.485,0.456,0.406, not “%s”."), option,
                   text);
  return good;
}

/* The genuine class by its name. -2: there is none of that name. */
static int
index_of_class (char **classes, const char *name)
{
  if (name == NULL)
    return -1;
  for (int i = 0; classes != NULL && classes[i] != NULL; i++) {
    if (strcmp (classes[i], name) == 0)
      return i;
  }
  return -2;
}

typedef struct {
  char *name, *title, *classes, *real_class, *licence, *provenance, *mean, *std, *transform, *config, *mim;
  gboolean half, json;
} ImportOptions;

static void
import_options_clear (ImportOptions *o)
{
  char *const texts[] = { o->name, o->title, o->classes, o->real_class, o->licence,
                          o->provenance, o->mean, o->std, o->transform, o->config, o->mim };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ImportOptions, import_options_clear)

static int
import_file (const char *path, const ImportOptions *o)
{
  g_auto (GStrv) classes = o->classes != NULL ? g_strsplit (o->classes, ",", -1) : NULL;
  double mean[3], std[3];
  g_autoptr (SmbModelInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  SmbModelImport how = {
    .name = o->name,
    .title = o->title,
    .classes = (const char *const *) classes,
    .real_class = index_of_class (classes, o->real_class),
    .licence = o->licence,
    .provenance = o->provenance,
    .transform = o->transform,
    .config = o->config,
    .mim = o->mim,
    .half = o->half,
  };

  if (o->name == NULL)
    return smb_cli_usage (_ ("A model needs a name to be imported under. Give one with --name."));
  if (how.real_class == -2)
    return smb_cli_usage (_ ("--real-class names “%s”, which is not among --classes."), o->real_class);
  if (o->mean != NULL) {
    if (!parse_three ("--mean", o->mean, mean))
      return SMB_EXIT_USAGE;
    how.mean = mean;
  }
  if (o->std != NULL) {
    if (!parse_three ("--std", o->std, std))
      return SMB_EXIT_USAGE;
    how.std = std;
  }
  info = smb_model_import (path, &how, &error);
  if (g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT))
    return smb_cli_usage ("%s", error->message);
  if (info == NULL)
    return failed (error);
  if (o->json) {
    g_autoptr (JsonNode) node = smb_cli_model_to_json (info, is_active (info));

    smb_cli_print_json (node, TRUE);
  } else {
    g_print (_ ("Imported as “%s” into %s.\n%s\n"), info->name, info->folder, info->provenance);
  }
  return SMB_EXIT_OK;
}

static int
model_import (int argc, char **argv)
{
  g_auto (ImportOptions) o = { 0 };
  const GOptionEntry entries[] = {
    { "name", 'n', 0, G_OPTION_ARG_STRING, &o.name,
      N_ ("Name in the library: lower-case letters, digits, “-”, “_”, “.”"), N_ ("NAME") },
    { "title", 0, 0, G_OPTION_ARG_STRING, &o.title, N_ ("Title for people"), N_ ("TEXT") },
    { "classes", 0, 0, G_OPTION_ARG_STRING, &o.classes, N_ ("Names of the classes in the network's order"),
      N_ ("NAME,NAME…") },
    { "real-class", 0, 0, G_OPTION_ARG_STRING, &o.real_class,
      N_ ("Which of them is the genuine one (default: the first called real, genuine, bonafide or live; else the first)"),
      N_ ("NAME") },
    { "licence", 0, 0, G_OPTION_ARG_STRING, &o.licence,
      N_ ("Licence of the weights, shown wherever they are used (default: “unknown: ask the source”)"), N_ ("TEXT") },
    { "provenance", 0, 0, G_OPTION_ARG_STRING, &o.provenance, N_ ("Where the weights come from"), N_ ("TEXT") },
    { "mean", 0, 0, G_OPTION_ARG_STRING, &o.mean,
      N_ ("Mean of the training pictures (default: pretrain_ds_mean_std.txt beside FILE, else as published)"),
      N_ ("R,G,B") },
    { "std", 0, 0, G_OPTION_ARG_STRING, &o.std, N_ ("Their standard deviation"), N_ ("R,G,B") },
    { "transform", 0, 0, G_OPTION_ARG_STRING, &o.transform,
      N_ ("How a face comes to the network's size: resize or resize256-crop224"), N_ ("NAME") },
    { "config", 0, 0, G_OPTION_ARG_STRING, &o.config,
      N_ ("What shapes cannot tell of a network of unpublished size, like {\"heads\": 3}"), N_ ("JSON") },
    { "mim", 0, 0, G_OPTION_ARG_FILENAME, &o.mim, N_ ("The reconstruction network that goes with the detector FILE"),
      N_ ("FILE") },
    { "half", 0, 0, G_OPTION_ARG_NONE, &o.half, N_ ("Store float32 weights as float16: half the size, rounded"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o.json, N_ ("Print the new entry as JSON"), NULL },
    { NULL },
  };

  if (!parse (
          &argc, &argv, entries, _ ("FILE"),
          _ ("Takes weights (.pth or .safetensors) into the library: checks them, writes them anew, runs nothing of "
             "what the file holds. The weights published by FSFM's authors are under CC BY-NC 4.0: give --licence "
             "CC-BY-NC-4.0 for them, and use them for non-commercial purposes only."),
          1, 1))
    return SMB_EXIT_USAGE;
  return import_file (argv[1], &o);
}

static int
model_verify (int argc, char **argv)
{
  const GOptionEntry entries[] = { { NULL } };
  int status = SMB_EXIT_OK;

  if (!parse (&argc, &argv, entries, _ ("MODEL…"),
              _ ("Computes the SHA-256 of the models' weights anew and compares it with what was recorded."), 1,
              G_MAXINT))
    return SMB_EXIT_USAGE;
  for (int i = 1; i < argc; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (SmbModelInfo) info = smb_model_find (argv[i], &error);

    if (info != NULL && smb_model_verify (info, NULL, &error))
      g_print (_ ("%s: intact\n"), argv[i]);
    else
      status = failed (error);
  }
  return status;
}

static int
model_activate (int argc, char **argv)
{
  gboolean none = FALSE;
  g_autofree char *override = NULL;
  g_autoptr (SmbModelInfo) info = NULL;
  const GOptionEntry entries[] = {
    { "override", 0, 0, G_OPTION_ARG_STRING, &override,
      N_ ("Use it although something speaks against it: the reason, which is written down"), N_ ("REASON") },
    { "none", 0, 0, G_OPTION_ARG_NONE, &none, N_ ("Forget the choice: the model that came with the program is used"),
      NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;

  if (!parse (
          &argc, &argv, entries, _ ("MODEL"),
          _ ("Makes a model of the library the one used by default. One that was trained here must be calibrated, not worse than the one before, and measured on what it did not learn from."),
          0, 1))
    return SMB_EXIT_USAGE;
  if (none == (argc > 1))
    return smb_cli_usage (_ ("Name one model, or give --none."));
  if (none)
    return smb_model_set_active (NULL, &error) ? SMB_EXIT_OK : failed (error);
  info = smb_model_find (argv[1], &error);
  return info != NULL && smb_model_use (info, override, &error) ? SMB_EXIT_OK : failed (error);
}

int
smb_cli_model (int argc, char **argv)
{
  static const SmbCliCommand commands[] = {
    { "list", model_list, N_ ("list the models of the library") },
    { "info", model_info, N_ ("describe a model or a weights file") },
    { "import", model_import, N_ ("take weights into the library, converted if need be") },
    { "verify", model_verify, N_ ("compare a model's files with their hashes") },
    { "use", model_activate, N_ ("make a model the one used by default") },
    { "activate", model_activate, N_ ("the same as “use”") },
    { "card", smb_cli_model_card, N_ ("print what a model learned from, with which settings, and how it did") },
    { "export", smb_cli_model_export, N_ ("write a model for other programs") },
  };

  return smb_cli_run_command ("model", _ ("The library of models."), commands, G_N_ELEMENTS (commands), argc, argv);
}
