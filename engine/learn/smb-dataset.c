/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-dataset-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "base/smb-json-part.h"
#include "learn/smb-checkpoint.h"
#include "weights/smb-model.h"

#define FORMAT 1

static const char *const part_names[] = { "train", "val", "test", "none" };

const char *
smb_part_name (SmbPart part)
{
  return part_names[part];
}

const char *
smb_part_title (SmbPart part)
{
  static const char *const titles[] = { N_ ("training"), N_ ("validation"), N_ ("test"), N_ ("no part") };

  return _ (titles[part]);
}

gboolean
smb_part_from_name (const char *name, SmbPart *part)
{
  for (guint i = 0; i < G_N_ELEMENTS (part_names); i++)
    if (g_ascii_strcasecmp (name, part_names[i]) == 0) {
      *part = i;
      return TRUE;
    }
  if (g_ascii_strcasecmp (name, "valid") != 0 && g_ascii_strcasecmp (name, "validation") != 0)
    return FALSE;
  *part = SMB_PART_VAL;
  return TRUE;
}

int
smb_class_find (const char *const *classes, const char *name)
{
  for (int i = 0; classes[i] != NULL; i++)
    if (strcmp (classes[i], name) == 0)
      return i;
  return -1;
}

const SmbSample *
smb_dataset_get (const SmbDataset *dataset, guint i)
{
  return g_ptr_array_index (dataset->samples, i);
}

int
smb_dataset_get_n_classes (const SmbDataset *dataset)
{
  return (int) g_strv_length (dataset->classes);
}

static void
sample_free (gpointer data)
{
  SmbSample *sample = data;

  g_free (sample->identity);
  g_free (sample->source);
  g_free (sample->origin);
  g_free (sample->case_id);
  g_free (sample->alike);
  g_free (sample);
}

void
smb_dataset_free (SmbDataset *dataset)
{
  if (dataset == NULL)
    return;
  smb_face_store_free (dataset->faces);
  g_clear_pointer (&dataset->samples, g_ptr_array_unref);
  g_strfreev (dataset->classes);
  g_free (dataset->folder);
  g_free (dataset);
}

SmbDataset *
smb_dataset_new (const char *folder, SmbFaceStore *faces)
{
  SmbDataset *dataset = g_new0 (SmbDataset, 1);

  dataset->folder = g_strdup (folder);
  dataset->faces = faces;
  dataset->samples = g_ptr_array_new_with_free_func (sample_free);
  return dataset;
}

int
smb_dataset_blend_class (const SmbDataset *dataset, const char *name, GError **error)
{
  int class = smb_class_find ((const char *const *) dataset->classes, name);

  if (name[0] != '\0' && class != dataset->real_class && !smb_model_class_says_genuine (name))
    return class >= 0 ? class : smb_dataset_get_n_classes (dataset);
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("Self-blended faces are forgeries, and “%s” as their class says that they are genuine, or nothing. Name "
                  "another, like “swapped”."),
               name);
  return -1;
}

void
smb_dataset_find_genuine (SmbDataset *dataset)
{
  dataset->real_class = 0;
  for (int i = smb_dataset_get_n_classes (dataset) - 1; i >= 0; i--)
    if (smb_model_class_says_genuine (dataset->classes[i]))
      dataset->real_class = i;
}

static void
add_text (JsonBuilder *b, const char *key, const char *value)
{
  if (value[0] == '\0')
    return;
  json_builder_set_member_name (b, key);
  json_builder_add_string_value (b, value);
}

static void
add_sample (JsonBuilder *b, const SmbDataset *dataset, const SmbSample *sample)
{
  g_autoptr (GString) hash = g_string_new (NULL);

  for (int i = 0; i < SMB_FACE_HASH_BYTES; i++)
    g_string_append_printf (hash, "%02x", sample->hash[i]);
  json_builder_begin_object (b);
  json_builder_set_member_name (b, "face");
  json_builder_add_int_value (b, sample->face);
  add_text (b, "class", dataset->classes[sample->class]);
  add_text (b, "part", smb_part_name (sample->part));
  add_text (b, "identity", sample->identity);
  add_text (b, "source", sample->source);
  add_text (b, "origin", sample->origin);
  add_text (b, "case", sample->case_id);
  add_text (b, "alike", sample->alike);
  add_text (b, "hash", hash->str);
  json_builder_set_member_name (b, "grey");
  json_builder_add_boolean_value (b, sample->grey);
  json_builder_set_member_name (b, "sharpness");
  json_builder_add_double_value (b, sample->sharpness);
  json_builder_end_object (b);
}

gboolean
smb_dataset_save (const SmbDataset *dataset, GError **error)
{
  g_autofree char *path = g_build_filename (dataset->folder, SMB_DATASET_FILE, NULL), *text = NULL;
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (b);
  json_builder_set_member_name (b, "format");
  json_builder_add_int_value (b, FORMAT);
  add_text (b, "faces", dataset->faces->key);
  json_builder_set_member_name (b, "classes");
  json_builder_begin_array (b);
  for (int i = 0; dataset->classes[i] != NULL; i++)
    json_builder_add_string_value (b, dataset->classes[i]);
  json_builder_end_array (b);
  json_builder_set_member_name (b, "split_seed");
  json_builder_add_int_value (b, (gint64) dataset->split_seed);
  json_builder_set_member_name (b, "samples");
  json_builder_begin_array (b);
  for (guint i = 0; i < dataset->samples->len; i++)
    add_sample (b, dataset, smb_dataset_get (dataset, i));
  json_builder_end_array (b);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  text = json_to_string (root, FALSE);
  return smb_learn_write_text (path, text, error);
}

static gboolean
read_hash (SmbSample *sample, const char *text)
{
  if (strlen (text) != 2 * SMB_FACE_HASH_BYTES)
    return FALSE;
  for (int i = 0; i < SMB_FACE_HASH_BYTES; i++) {
    int high = g_ascii_xdigit_value (text[2 * i]), low = g_ascii_xdigit_value (text[2 * i + 1]);

    if (high < 0 || low < 0)
      return FALSE;
    sample->hash[i] = (guint8) (high * 16 + low);
  }
  return TRUE;
}

static gboolean
read_sample (SmbDataset *dataset, JsonNode *node)
{
  JsonObject *object = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  SmbSample *sample = g_new0 (SmbSample, 1);
  double sharpness = smb_json_find_number (object, "sharpness");

  g_ptr_array_add (dataset->samples, sample);
  if (object == NULL)
    return FALSE;
  sample->identity = g_strdup (smb_json_find_text (object, "identity", ""));
  sample->source = g_strdup (smb_json_find_text (object, "source", ""));
  sample->origin = g_strdup (smb_json_find_text (object, "origin", ""));
  sample->case_id = g_strdup (smb_json_find_text (object, "case", ""));
  sample->alike = g_strdup (smb_json_find_text (object, "alike", ""));
  sample->face = smb_json_find_int (object, "face", -1);
  sample->class = smb_class_find ((const char *const *) dataset->classes, smb_json_find_text (object, "class", ""));
  sample->grey = smb_json_find_boolean (object, "grey");
  sample->sharpness = isfinite (sharpness) ? sharpness : 0.0;
  return sample->face >= 0 && sample->face < dataset->faces->n && sample->class >= 0
         && smb_part_from_name (smb_json_find_text (object, "part", ""), &sample->part)
         && read_hash (sample, smb_json_find_text (object, "hash", ""));
}

static gboolean
read_all (SmbDataset *dataset, JsonObject *root)
{
  g_autoptr (GStrvBuilder) classes = g_strv_builder_new ();
  JsonNode *names = json_object_get_member (root, "classes"), *samples = json_object_get_member (root, "samples");
  JsonArray *array;

  if (smb_json_find_int (root, "format", 0) != FORMAT || names == NULL || samples == NULL
      || !JSON_NODE_HOLDS_ARRAY (names) || !JSON_NODE_HOLDS_ARRAY (samples)
      || strcmp (smb_json_find_text (root, "faces", ""), dataset->faces->key) != 0)
    return FALSE;
  array = json_node_get_array (names);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *name = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_VALUE (name) || json_node_get_value_type (name) != G_TYPE_STRING)
      return FALSE;
    g_strv_builder_add (classes, json_node_get_string (name));
  }
  dataset->classes = g_strv_builder_end (classes);
  dataset->split_seed = (guint64) smb_json_find_int (root, "split_seed", 0);
  array = json_node_get_array (samples);
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!read_sample (dataset, json_array_get_element (array, i)))
      return FALSE;
  smb_dataset_find_genuine (dataset);
  return dataset->samples->len > 0;
}

SmbDataset *
smb_dataset_open (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, SMB_DATASET_FILE, NULL);
  SmbFaceStore *faces = smb_face_store_open (folder, error);
  g_autoptr (SmbDataset) dataset = faces != NULL ? smb_dataset_new (folder, faces) : NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) local = NULL;
  JsonNode *root;

  if (faces == NULL)
    return NULL;
  if (!json_parser_load_from_file (parser, path, &local)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("%s: cannot be read (%s); “dataset build” makes it."), path,
                 local->message);
    return NULL;
  }
  root = json_parser_get_root (parser);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root) && read_all (dataset, json_node_get_object (root)))
    return g_steal_pointer (&dataset);
  g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
               _ ("%s: does not describe the faces beside it; make it anew with “dataset build”."), path);
  return NULL;
}

char *
smb_dataset_dup_key (const SmbDataset *dataset)
{
  g_autoptr (GString) text = g_string_new (dataset->faces->key);

  for (int i = 0; dataset->classes[i] != NULL; i++)
    g_string_append_printf (text, "\n%s", dataset->classes[i]);
  for (guint i = 0; i < dataset->samples->len; i++) {
    const SmbSample *sample = smb_dataset_get (dataset, i);

    g_string_append_printf (text, "\n%" PRId64 " %d %d %d", sample->face, sample->class, sample->part, sample->grey);
  }
  return smb_sha256_of_bytes (text->str, text->len);
}
