/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-model-card.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "base/smb-json-part.h"
#include "learn/smb-checkpoint.h"
#include "learn/smb-dataset-split.h"

#define SAYS_NOTHING 0.9995 /* Cllr: 1.000 as it is shown */

static JsonObject *
counts_of (const SmbDataset *dataset)
{
  JsonObject *out = json_object_new ();

  for (int c = 0; dataset->classes[c] != NULL; c++) {
    JsonObject *parts = json_object_new ();

    for (SmbPart p = 0; p <= SMB_PART_NONE; p++) {
      gint64 n = 0;

      for (guint i = 0; i < dataset->samples->len; i++)
        n += smb_dataset_get (dataset, i)->class == c && smb_dataset_get (dataset, i)->part == p;
      json_object_set_int_member (parts, smb_part_name (p), n);
    }
    json_object_set_object_member (out, dataset->classes[c], parts);
  }
  return out;
}

static JsonObject *
data_of (const SmbDataset *dataset)
{
  JsonObject *out = json_object_new ();
  JsonArray *files = json_array_new (), *warnings = json_array_new ();
  g_autoptr (GArray) leaks = smb_dataset_find_leaks (dataset);
  g_autoptr (GPtrArray) said = smb_dataset_warnings (dataset);
  g_autofree char *key = smb_dataset_dup_key (dataset);

  smb_json_set_text (out, "key", key);
  json_object_set_object_member (out, "faces", counts_of (dataset));
  if (dataset->faces->landmark_file != NULL) {
    JsonObject *landmarks = json_object_new ();

    smb_json_set_text (landmarks, "file", dataset->faces->landmark_file);
    smb_json_set_text (landmarks, "sha256", dataset->faces->landmark_sha256);
    json_object_set_object_member (out, "landmarks", landmarks);
  }
  json_object_set_int_member (out, "split_seed", (gint64) dataset->split_seed);
  json_object_set_int_member (out, "leaks", leaks->len);
  for (guint i = 0; i < said->len; i++)
    json_array_add_string_element (warnings, g_ptr_array_index (said, i));
  json_object_set_array_member (out, "warnings", warnings);
  for (guint i = 0; i < dataset->samples->len; i++) {
    const SmbSample *s = smb_dataset_get (dataset, i);
    JsonObject *file = json_object_new ();
    g_autofree char *name = g_path_get_basename (dataset->faces->files[s->face]);

    smb_json_set_text (file, "file", name);
    smb_json_set_text (file, "sha256", dataset->faces->sha256[s->face]);
    smb_json_set_text (file, "class", dataset->classes[s->class]);
    smb_json_set_text (file, "part", smb_part_name (s->part));
    json_array_add_object_element (files, file);
  }
  json_object_set_array_member (out, "files", files);
  return out;
}

static JsonNode *
node_of (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return node;
}

JsonNode *
smb_model_card_new (const SmbFinetunePlan *plan, const SmbDataset *dataset, const char *training, int best_epoch,
                    double best_value)
{
  JsonObject *card = json_object_new (), *init = json_object_new ();
  JsonArray *classes = json_array_new ();

  smb_json_set_text (card, "title", plan->title);
  smb_json_set_text (card, "training", training);
  json_object_set_int_member (card, "seed", (gint64) plan->settings.seed);
  for (int i = 0; plan->classes[i] != NULL; i++)
    json_array_add_string_element (classes, plan->classes[i]);
  json_object_set_array_member (card, "classes", classes);
  json_object_set_int_member (card, "epoch", best_epoch);
  smb_json_set_number (card, "validation", best_value);
  smb_json_set_text (init, "file", plan->init);
  smb_json_set_text (init, "sha256", plan->init_sha256);
  json_object_set_object_member (card, "init", init);
  smb_json_set_text (card, "licence", plan->licence);
  smb_json_set_text (card, "provenance", plan->provenance);
  smb_json_set_text (card, "limits", plan->limits);
  json_object_set_object_member (card, "data", data_of (dataset));
  return node_of (card);
}

static gboolean
write_card (const char *path, JsonNode *card, GError **error)
{
  g_autofree char *json = json_to_string (card, TRUE), *text = g_strconcat (json, "\n", NULL);

  return smb_learn_write_text (path, text, error);
}

gboolean
smb_model_card_write (const char *folder, JsonNode *card, GError **error)
{
  g_autofree char *path = g_build_filename (folder, SMB_MODEL_CARD, NULL);

  return write_card (path, card, error);
}

/* NULL without an error: there is none. */
static JsonNode *
read_card (const char *path, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;
  if (json_parser_load_from_file (parser, path, NULL) && (root = json_parser_get_root (parser)) != NULL
      && JSON_NODE_HOLDS_OBJECT (root))
    return json_node_copy (root);
  g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
               _ ("%s: is no model card; remove it, or put back the one that was there."), path);
  return NULL;
}

/* Where what is found out of a model later goes. The folder of one that came with the program is not ours to write to:
 * that goes into the user's own folder, under the hash of its description. NULL with an error. */
static char *
dup_own_path (const char *folder, GError **error)
{
  g_autofree char *description = NULL, *sha256 = NULL, *name = NULL;

  if (!smb_model_is_shipped (folder))
    return g_build_filename (folder, SMB_MODEL_CARD, NULL);
  description = g_build_filename (folder, SMB_MODEL_FILE, NULL);
  sha256 = smb_sha256_of_file (description, NULL, NULL, error);
  if (sha256 == NULL)
    return NULL;
  name = g_strconcat (sha256, ".json", NULL);
  return g_build_filename (g_get_user_data_dir (), "semblance", "cards", name, NULL);
}

gboolean
smb_model_card_same_faces (JsonObject *a, JsonObject *b)
{
  static const char *const texts[] = { "data", "part", "blended", "by", "key" };
  static const char *const numbers[] = { "reencode_px", "reencode_quality" };
  gboolean same = TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    same = same && strcmp (smb_json_find_text (a, texts[i], ""), smb_json_find_text (b, texts[i], "")) == 0;
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    same = same && smb_json_find_int (a, numbers[i], 0) == smb_json_find_int (b, numbers[i], 0);
  if (*smb_json_find_text (a, "blended", "") != '\0') /* the seed draws the blends */
    same = same && smb_json_find_int (a, "seed", 0) == smb_json_find_int (b, "seed", 0);
  return same;
}

/* Entry in place of one that speaks of the same faces. */
static void
put_entry (JsonNode *card, const char *list, JsonNode *entry)
{
  JsonArray *old = smb_json_find_array (json_node_get_object (card), list), *new = json_array_new ();

  for (guint i = 0; old != NULL && i < json_array_get_length (old); i++) {
    JsonObject *other = smb_json_find_at (old, i);

    if (other == NULL || !smb_model_card_same_faces (other, json_node_get_object (entry)))
      json_array_add_element (new, json_node_copy (json_array_get_element (old, i)));
  }
  json_array_add_element (new, json_node_copy (entry));
  json_object_set_array_member (json_node_get_object (card), list, new);
}

JsonNode *
smb_model_card_read (const char *folder, GError **error)
{
  static const char *const lists[] = { "evaluations", "calibrations" };
  g_autofree char *path = g_build_filename (folder, SMB_MODEL_CARD, NULL), *own_path = NULL;
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonNode) card = read_card (path, &local), own = NULL;

  if (local == NULL && (own_path = dup_own_path (folder, NULL)) != NULL && strcmp (own_path, path) != 0)
    own = read_card (own_path, &local);
  if (local != NULL) {
    g_propagate_error (error, g_steal_pointer (&local));
    return NULL;
  }
  if (card == NULL || own == NULL)
    return card != NULL ? g_steal_pointer (&card) : g_steal_pointer (&own);
  for (guint k = 0; k < G_N_ELEMENTS (lists); k++) {
    JsonArray *list = smb_json_find_array (json_node_get_object (own), lists[k]);

    for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
      if (smb_json_find_at (list, i) != NULL)
        put_entry (card, lists[k], json_array_get_element (list, i));
  }
  return g_steal_pointer (&card);
}

gboolean
smb_model_card_add (const char *folder, const char *list, JsonNode *entry, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *path = dup_own_path (folder, error), *parent = path != NULL ? g_path_get_dirname (path) : NULL;
  g_autoptr (JsonNode) taken = entry, card = path != NULL ? read_card (path, &local) : NULL;

  if (path == NULL || local != NULL) {
    if (local != NULL)
      g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  if (card == NULL)
    card = node_of (json_object_new ());
  put_entry (card, list, taken);
  if (g_mkdir_with_parents (parent, 0755) != 0)
    return smb_error_set_errno (error, errno, parent, _ ("making the folder"));
  return write_card (path, card, error);
}

/* A member of a member of an evaluation: "frame", "auc", "value". NAN where it is not there. */
static double
number_in (JsonObject *of, const char *a, const char *b, const char *c)
{
  return smb_json_find_number (smb_json_find_object (smb_json_find_object (of, a), b), c);
}

/* The part that an evaluation was made on, in words. */
static const char *
part_of (JsonObject *evaluation)
{
  const char *name = smb_json_find_text (evaluation, "part", "");
  SmbPart part;

  if (!smb_part_from_name (name, &part))
    return name;
  return part == SMB_PART_NONE ? _ ("all parts") : smb_part_title (part);
}

/* Compares the AUC where both were evaluated on the same; adds what speaks against. */
static void
compare (GPtrArray *out, JsonObject *card, JsonObject *before, const char *name)
{
  JsonArray *mine = smb_json_find_array (card, "evaluations"), *theirs = smb_json_find_array (before, "evaluations");
  gboolean any = FALSE;

  for (guint i = 0; mine != NULL && i < json_array_get_length (mine); i++)
    for (guint k = 0; theirs != NULL && k < json_array_get_length (theirs); k++) {
      JsonObject *a = smb_json_find_at (mine, i), *b = smb_json_find_at (theirs, k);
      double high, value;

      if (a == NULL || b == NULL || !smb_model_card_same_faces (a, b))
        continue;
      any = TRUE;
      high = number_in (a, "frame", "auc", "high");
      value = number_in (b, "frame", "auc", "value");
      if (high < value)
        g_ptr_array_add (
            out, g_strdup_printf (_ ("On %s (%s) its AUC is at most %.3f where that of “%s” is %.3f: it got worse."),
                                  smb_json_find_text (a, "name", smb_json_find_text (a, "data", "")),
                                  part_of (a), high, name, value));
    }
  if (!any)
    g_ptr_array_add (out, g_strdup_printf (_ ("It was not compared with “%s”: evaluate both on the same data."), name));
}

guint
smb_model_card_count_learnt (JsonNode *card, const SmbDataset *dataset, SmbPart part)
{
  g_autoptr (GHashTable) learnt = g_hash_table_new (g_str_hash, g_str_equal);
  JsonObject *data = card != NULL ? smb_json_find_object (json_node_get_object (card), "data") : NULL;
  JsonArray *files = data != NULL ? smb_json_find_array (data, "files") : NULL;
  guint n = 0;

  for (guint i = 0; files != NULL && i < json_array_get_length (files); i++) {
    JsonNode *node = json_array_get_element (files, i);
    JsonObject *file = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

    if (file != NULL && strcmp (smb_json_find_text (file, "part", ""), smb_part_name (SMB_PART_TRAIN)) == 0)
      g_hash_table_add (learnt, (char *) smb_json_find_text (file, "sha256", ""));
  }
  for (guint i = 0; i < dataset->samples->len; i++) {
    const SmbSample *s = smb_dataset_get (dataset, i);

    n += (part == SMB_PART_NONE || s->part == part) && g_hash_table_contains (learnt, dataset->faces->sha256[s->face]);
  }
  return n;
}

/* Of the faces that the calibration in force was made with, by face ("") or "video", how many the model had learnt from;
 * an entry from before that was counted says nothing. */
static gint64
calibrated_on_learnt (JsonNode *card, const char *by)
{
  JsonArray *list = smb_json_find_array (json_node_get_object (card), "calibrations");
  gint64 learnt = 0;

  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
    JsonObject *entry = smb_json_find_at (list, i);

    if (entry != NULL && g_str_equal (smb_json_find_text (entry, "by", ""), by)) /* the last one holds */
      learnt = smb_json_find_int (entry, "learnt", 0);
  }
  return learnt;
}

/* Adds where it may be no better than chance, and a calibration that says nothing. */
static void
find_chance (GPtrArray *out, const SmbModelInfo *model, JsonObject *card)
{
  JsonArray *evaluations = smb_json_find_array (card, "evaluations"),
            *calibrations = smb_json_find_array (card, "calibrations");
  double cllr = NAN;

  for (guint i = 0; evaluations != NULL && i < json_array_get_length (evaluations); i++) {
    JsonObject *of = smb_json_find_at (evaluations, i);

    if (of != NULL && number_in (of, "frame", "auc", "low") <= 0.5)
      g_ptr_array_add (
          out, g_strdup_printf (_ ("On %s (%s) it may be no better than a coin: AUC %.3f, from %.3f to %.3f."),
                                smb_json_find_text (of, "name", smb_json_find_text (of, "data", "")), part_of (of),
                                number_in (of, "frame", "auc", "value"), number_in (of, "frame", "auc", "low"),
                                number_in (of, "frame", "auc", "high")));
  }
  for (guint i = 0; calibrations != NULL && i < json_array_get_length (calibrations); i++) {
    JsonObject *of = smb_json_find_at (calibrations, i);

    if (of != NULL && smb_json_find_text (of, "by", "")[0] == '\0') /* the last one holds */
      cllr = smb_json_find_number (of, "cllr");
  }
  if (model->calibrated && cllr >= SAYS_NOTHING)
    g_ptr_array_add (out, g_strdup_printf (_ ("Its likelihood ratios say nothing: their Cllr is %.3f, and 1 is that of "
                                              "always saying 1."),
                                           cllr));
}

GPtrArray *
smb_model_card_gates (const SmbModelInfo *model, const SmbModelInfo *before)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonNode) card = smb_model_card_read (model->folder, &local), old = NULL;
  gint64 leaks, learnt, of_videos;

  if (smb_model_is_shipped (model->folder)) /* it is what is used where nobody chose */
    return out;
  if (local != NULL)
    g_ptr_array_add (out, g_strdup (local->message));
  if (card == NULL)
    return out;
  leaks = smb_json_find_int (smb_json_find_object (json_node_get_object (card), "data"), "leaks", -1);
  if (leaks < 0)
    g_ptr_array_add (out, g_strdup (_ ("Its card does not say how its data was divided.")));
  if (leaks > 0)
    g_ptr_array_add (
        out, g_strdup_printf (
                 g_dngettext (GETTEXT_PACKAGE,
                              "%d person or picture is both in what it learnt from and in what it was measured on.",
                              "%d persons or pictures are both in what it learnt from and in what it was measured on.",
                              (gulong) leaks),
                 (int) leaks));
  learnt = calibrated_on_learnt (card, "");
  of_videos = model->track_calibration != NULL ? calibrated_on_learnt (card, "video") : 0;
  if (!model->calibrated)
    g_ptr_array_add (out, g_strdup (_ ("It is not calibrated: calibration makes likelihood ratios of its scores.")));
  else if (learnt > 0)
    g_ptr_array_add (out, g_strdup_printf (_ ("It learnt from %d of the faces it was calibrated with; calibrate it with "
                                              "faces it never saw."),
                                           (int) MIN (learnt, G_MAXINT)));
  if (of_videos > 0)
    g_ptr_array_add (out, g_strdup_printf (_ ("It learnt from %d of the faces that it was calibrated with for videos; "
                                              "calibrate it with videos it never saw."),
                                           (int) MIN (of_videos, G_MAXINT)));
  find_chance (out, model, json_node_get_object (card));
  old = before != NULL && strcmp (before->folder, model->folder) != 0 ? smb_model_card_read (before->folder, NULL)
                                                                      : NULL;
  if (old != NULL)
    compare (out, json_node_get_object (card), json_node_get_object (old), before->name);
  return out;
}
