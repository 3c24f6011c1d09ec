/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli dataset: labelled faces gathered once, divided without leaks, and looked over. */
#include "cli/cli.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "cli/cli-train.h"
#include "collect/smb-collect.h"
#include "learn/smb-dataset-split.h"
#include "learn/smb-embedding.h"

#define SHOWN_LEAKS 20
#define MAX_FRAMES 1000

static void
add_count (JsonBuilder *b, const char *key, gint64 n)
{
  json_builder_set_member_name (b, key);
  json_builder_add_int_value (b, n);
}

/* classes -> parts -> faces. */
static void
add_counts (JsonBuilder *b, const SmbDataset *dataset)
{
  json_builder_set_member_name (b, "classes");
  json_builder_begin_object (b);
  for (int c = 0; dataset->classes[c] != NULL; c++) {
    gint64 n[SMB_N_PARTS + 1] = { 0 }, grey = 0;

    for (guint i = 0; i < dataset->samples->len; i++) {
      const SmbSample *s = smb_dataset_get (dataset, i);

      n[s->part] += s->class == c;
      grey += s->class == c && s->grey;
    }
    json_builder_set_member_name (b, dataset->classes[c]);
    json_builder_begin_object (b);
    for (SmbPart p = 0; p <= SMB_PART_NONE; p++)
      add_count (b, smb_part_name (p), n[p]);
    add_count (b, "grey", grey);
    json_builder_end_object (b);
  }
  json_builder_end_object (b);
}

static const char *
file_of (const SmbDataset *dataset, guint sample)
{
  return dataset->faces->files[smb_dataset_get (dataset, sample)->face];
}

static JsonNode *
describe (const SmbDataset *dataset, const GArray *leaks, const GPtrArray *warnings)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();

  json_builder_begin_object (b);
  add_count (b, "faces", dataset->samples->len);
  add_counts (b, dataset);
  json_builder_set_member_name (b, "leaks");
  json_builder_begin_array (b);
  for (guint i = 0; i < leaks->len; i++) {
    const SmbLeak *leak = &g_array_index (leaks, SmbLeak, i);

    json_builder_begin_object (b);
    json_builder_set_member_name (b, "kind");
    json_builder_add_string_value (b, smb_leak_name (leak->kind));
    for (int k = 0; k < 2; k++) {
      json_builder_set_member_name (b, k == 0 ? "a" : "b");
      json_builder_add_string_value (b, file_of (dataset, k == 0 ? leak->a : leak->b));
    }
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
  json_builder_set_member_name (b, "warnings");
  json_builder_begin_array (b);
  for (guint i = 0; i < warnings->len; i++)
    json_builder_add_string_value (b, g_ptr_array_index (warnings, i));
  json_builder_end_array (b);
  json_builder_set_member_name (b, "left_out");
  json_builder_begin_object (b);
  add_count (b, SMB_FACE_STORE_UNREADABLE, g_strv_length (dataset->faces->unreadable));
  add_count (b, SMB_FACE_STORE_FACELESS, g_strv_length (dataset->faces->faceless));
  json_builder_end_object (b);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

static void
print_table (const SmbDataset *dataset)
{
  g_print ("%-20s %8s %8s %8s %8s\n", _ ("class"), _ ("train"), _ ("val"), _ ("test"), _ ("none"));
  for (int c = 0; dataset->classes[c] != NULL; c++) {
    int n[SMB_N_PARTS + 1] = { 0 };

    for (guint i = 0; i < dataset->samples->len; i++)
      n[smb_dataset_get (dataset, i)->part] += smb_dataset_get (dataset, i)->class == c;
    g_print ("%-20s %8d %8d %8d %8d\n", dataset->classes[c], n[0], n[1], n[2], n[3]);
  }
}

/* Shows the parts, what crosses them and what to beware of. FAILED if anything crosses. */
static int
show (const SmbDataset *dataset, gboolean json)
{
  g_autoptr (GArray) leaks = smb_dataset_find_leaks (dataset);
  g_autoptr (GPtrArray) warnings = smb_dataset_warnings (dataset);
  g_autoptr (JsonNode) node = NULL;

  if (json) {
    node = describe (dataset, leaks, warnings);
    smb_cli_print_json (node, FALSE);
    return leaks->len == 0 ? SMB_EXIT_OK : SMB_EXIT_FAILED;
  }
  print_table (dataset);
  for (guint i = 0; i < MIN (leaks->len, SHOWN_LEAKS); i++) {
    const SmbLeak *leak = &g_array_index (leaks, SmbLeak, i);
    const SmbSample *a = smb_dataset_get (dataset, leak->a), *b = smb_dataset_get (dataset, leak->b);

    g_print (_ ("leak (%s): %s is in %s, %s in %s\n"), smb_leak_name (leak->kind), file_of (dataset, leak->a),
             smb_part_name (a->part), file_of (dataset, leak->b), smb_part_name (b->part));
  }
  g_print (g_dngettext (GETTEXT_PACKAGE, "%u leak between the parts.\n", "%u leaks between the parts.\n", leaks->len),
           leaks->len);
  if (leaks->len > 0)
    g_print (_ ("“semblance-cli dataset split %s” divides it anew, so that nothing crosses.\n"), dataset->folder);
  for (guint i = 0; i < warnings->len; i++)
    g_print (_ ("Beware: %s\n"), (const char *) g_ptr_array_index (warnings, i));
  return leaks->len == 0 ? SMB_EXIT_OK : SMB_EXIT_FAILED;
}

static gboolean
parse_shares (const char *text, double shares[SMB_N_PARTS])
{
  if (text == NULL || smb_cli_read_three (text, shares))
    return TRUE;
  smb_cli_usage (_ ("--shares should be three numbers, for training, validation and test, like 0.8,0.1,0.1, not “%s”."),
                 text);
  return FALSE;
}

static gboolean
split (SmbDataset *dataset, const double shares[SMB_N_PARTS], gint64 seed, GError **error)
{
  return smb_dataset_split (dataset, shares, (guint64) MAX (seed, 0), error) && smb_dataset_save (dataset, error);
}

/* whole: a file that could not be used is a failure, as in every batch; a picture without a face is none. */
static int
finish (SmbDataset *dataset, gboolean whole, gboolean json, GError *error)
{
  g_autoptr (SmbDataset) owned = dataset;
  g_autoptr (GError) failure = error;

  if (owned != NULL && failure == NULL) {
    int code = show (owned, json);

    if (whole)
      smb_cli_tell_left_out (owned->faces);
    return whole && owned->faces->unreadable[0] != NULL ? SMB_EXIT_FAILED : code;
  }
  smb_cli_print_error (failure);
  return g_error_matches (failure, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
}

static int
build (int argc, char **argv)
{
  g_autofree char *out = NULL, *shares = NULL;
  g_auto (GStrv) map = NULL, classes = NULL;
  g_autofree char *class_text = NULL;
  g_auto (GStrv) cases = NULL;
  int size = 256, frames = SMB_COLLECT_FRAMES;
  double same_person = SMB_SAME_PERSON;
  double parts[SMB_N_PARTS] = { 0.8, 0.1, 0.1 };
  gint64 seed = 0;
  gboolean cropped = FALSE, within = FALSE, json = FALSE;
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (SmbEngine) engine = NULL;
  SmbCollectOrder order;
  SmbDataset *dataset = NULL;
  GError *error = NULL;
  const GOptionEntry entries_of[] = {
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_ ("Folder of the data set"), N_ ("FOLDER") },
    { "cropped", 0, 0, G_OPTION_ARG_NONE, &cropped, N_ ("Every picture is a cropped face: look for none"), NULL },
    { "case", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &cases,
      N_ ("Also the labelled evidence of this case; may be given again"), N_ ("CASE") },
    { "within-cases", 0, 0, G_OPTION_ARG_NONE, &within, N_ ("Exhibits of one case may come into different parts"),
      NULL },
    { "same-person", 0, 0, G_OPTION_ARG_DOUBLE, &same_person,
      N_ ("Cosine of embeddings from which two faces are one person’s (0.5)"), N_ ("C") },
    smb_cli_landmarks_option (),
    { "frames", 0, 0, G_OPTION_ARG_INT, &frames, N_ ("Frames of each face track of a video (32)"), N_ ("N") },
    { "size", 0, 0, G_OPTION_ARG_INT, &size, N_ ("Side of the stored faces in pixels (256)"), N_ ("N") },
    { "map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &map, N_ ("Renames a class; may be given again"), N_ ("FROM=TO") },
    { "classes", 0, 0, G_OPTION_ARG_STRING, &class_text, N_ ("The classes in their order (the genuine one first)"),
      N_ ("A,B,…") },
    { "shares", 0, 0, G_OPTION_ARG_STRING, &shares, N_ ("Of training, validation and test (0.8,0.1,0.1)"),
      N_ ("A,B,C") },
    { "seed", 's', 0, G_OPTION_ARG_INT64, &seed, N_ ("Of the order in which the faces are dealt out (0)"), N_ ("S") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("Tell it as JSON"), NULL },
    { NULL },
  };

  if (!smb_cli_parse (
          &argc, &argv, entries_of, _ ("[CLASS=]PATH…"),
          _ ("Gathers labelled faces: folders of classes (class/… or train|val|test/class/…), folders named as "
             "CLASS=FOLDER, tables (.csv) with the columns file, label, identity, embedding, source, case, origin, "
             "split, and labelled evidence of cases. Pictures and videos. Divides them unless they come divided.")))
    return SMB_EXIT_USAGE;
  if ((argc < 2 && cases == NULL) || out == NULL)
    return smb_cli_usage (_ ("“dataset build” needs --out, a folder for the data set, and folders, tables or --case."));
  if (size < 32 || size > 1024)
    return smb_cli_usage (_ ("--size is from 32 to 1024, not %d."), size);
  if (frames < 1 || frames > MAX_FRAMES)
    return smb_cli_usage (_ ("--frames is from 1 to %d, not %d."), MAX_FRAMES, frames);
  if (seed < 0)
    return smb_cli_usage (_ ("--seed counts from 0."));
  if (!smb_embedding_is_cosine (same_person))
    return smb_cli_usage (_ ("--same-person is above 0 and at most 1, not %g."), same_person);
  if (!parse_shares (shares, parts))
    return SMB_EXIT_USAGE;
  if (class_text != NULL)
    classes = g_strsplit (class_text, ",", -1);
  smb_cli_stop_on_signals (stop);
  engine = smb_engine_new ("cpu", 1);
  order = (SmbCollectOrder){ .sources = (const char *const *) argv + 1,
                             .cases = (const char *const *) cases,
                             .within_cases = within,
                             .map = (const char *const *) map,
                             .classes = (const char *const *) classes,
                             .same_person = same_person,
                             .folder = out,
                             .size_px = size,
                             .cropped = cropped,
                             .frames = (guint) frames,
                             .warn = smb_cli_warn,
                             .progress = smb_cli_progress () };
  dataset = smb_collect_dataset (engine, &order, stop, &error);
  smb_cli_progress_end ();
  if (dataset != NULL && (shares != NULL || !smb_collect_is_divided (dataset)))
    split (dataset, parts, seed, &error);
  return finish (dataset, TRUE, json, error);
}

static int
open_and (int argc, char **argv, gboolean divide)
{
  g_autofree char *shares = NULL;
  double parts[SMB_N_PARTS] = { 0.8, 0.1, 0.1 };
  gint64 seed = 0;
  gboolean json = FALSE;
  SmbDataset *dataset;
  GError *error = NULL;
  const GOptionEntry of_split[] = {
    { "shares", 0, 0, G_OPTION_ARG_STRING, &shares, N_ ("Of training, validation and test (0.8,0.1,0.1)"),
      N_ ("A,B,C") },
    { "seed", 's', 0, G_OPTION_ARG_INT64, &seed, N_ ("Of the order in which the faces are dealt out (0)"), N_ ("S") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("Tell it as JSON"), NULL },
    { NULL },
  };
  const GOptionEntry *of = divide ? of_split : of_split + 2;

  if (!smb_cli_parse (
          &argc, &argv, of, _ ("FOLDER"),
          divide ? _ ("Divides a data set anew; what belongs together (person, source, picture) stays together.")
                 : _ ("Shows how a data set is divided, what crosses the parts, and what to beware of.")))
    return SMB_EXIT_USAGE;
  if (argc != 2 || seed < 0)
    return smb_cli_usage (
        _ ("“dataset split” and “dataset check” take one folder that “dataset build” made; --seed is from 0."));
  if (!parse_shares (shares, parts))
    return SMB_EXIT_USAGE;
  dataset = smb_dataset_open (argv[1], &error);
  if (dataset != NULL && divide)
    split (dataset, parts, seed, &error);
  return finish (dataset, FALSE, json, error);
}

static int
divide (int argc, char **argv)
{
  return open_and (argc, argv, TRUE);
}

static int
check (int argc, char **argv)
{
  return open_and (argc, argv, FALSE);
}

int
smb_cli_dataset (int argc, char **argv)
{
  static const SmbCliCommand commands[] = {
    { "build", build, N_ ("find, crop and store labelled faces, and divide them") },
    { "split", divide, N_ ("divide the faces of a data set anew") },
    { "check", check, N_ ("tell what a data set holds, and what crosses its parts") },
  };

  return smb_cli_run_command ("dataset", _ ("Labelled faces to learn from and to measure on."), commands,
                              G_N_ELEMENTS (commands), argc, argv);
}
