/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-dataset-places.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "learn/smb-checkpoint.h"
#include "learn/smb-dataset-split.h"

static char *
dup_list_path (void)
{
  return g_build_filename (g_get_user_data_dir (), "semblance", "datasets.json", NULL);
}

/* The list, empty where there is none or it cannot be read: it only saves the user from naming folders again. */
static JsonObject *
read_list (const char *path)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = json_parser_load_from_file (parser, path, NULL) ? json_parser_get_root (parser) : NULL;

  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_object_ref (json_node_get_object (root))
                                                       : json_object_new ();
}

gboolean
smb_dataset_place_note (const char *key, const char *folder, GError **error)
{
  g_autofree char *path = dup_list_path (), *parent = g_path_get_dirname (path), *text = NULL;
  g_autofree char *whole = g_canonicalize_filename (folder, NULL);
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (root, read_list (path));
  if (g_strcmp0 (smb_json_find_text (json_node_get_object (root), key, NULL), whole) == 0)
    return TRUE;
  json_object_set_string_member (json_node_get_object (root), key, whole);
  text = json_to_string (root, TRUE);
  if (g_mkdir_with_parents (parent, 0755) != 0)
    return smb_error_set_errno (error, errno, parent, _ ("making the folder"));
  return smb_learn_write_text (path, text, error);
}

char *
smb_dataset_place_find (const char *key)
{
  g_autofree char *path = dup_list_path (), *file = NULL;
  g_autoptr (JsonObject) list = read_list (path);
  const char *folder = smb_json_find_text (list, key, NULL);

  if (folder == NULL)
    return NULL;
  file = g_build_filename (folder, SMB_DATASET_FILE, NULL);
  return g_file_test (file, G_FILE_TEST_EXISTS) ? g_strdup (folder) : NULL;
}

static void
measured_on_free (gpointer data)
{
  SmbMeasuredOn *on = data;

  g_free (on->name);
  g_free (on->key);
  g_free (on->folder);
  g_free (on->blended);
  g_free (on);
}

static int
whole_number (JsonObject *of, const char *key)
{
  double value = smb_json_find_number (of, key);

  return value >= 0.0 && value <= 4096.0 ? (int) value : 0;
}

GPtrArray *
smb_measured_on (JsonNode *card)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (measured_on_free);
  JsonArray *list = card != NULL && JSON_NODE_HOLDS_OBJECT (card)
                        ? smb_json_find_array (json_node_get_object (card), "evaluations")
                        : NULL;

  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
    JsonObject *e = smb_json_find_at (list, i);
    const char *key = e != NULL ? smb_json_find_text (e, "data", NULL) : NULL;
    const char *blended = e != NULL ? smb_json_find_text (e, "blended", "") : "";
    SmbMeasuredOn *on;
    SmbPart part;

    if (key == NULL || !smb_part_from_name (smb_json_find_text (e, "part", ""), &part))
      continue;
    on = g_new0 (SmbMeasuredOn, 1);
    on->key = g_strdup (key);
    on->name = g_strdup (smb_json_find_text (e, "name", key));
    on->folder = smb_dataset_place_find (key);
    on->blended = *blended != '\0' ? g_strdup (blended) : NULL;
    on->part = part;
    on->reencode_px = whole_number (e, "reencode_px");
    on->reencode_quality = whole_number (e, "reencode_quality");
    on->seed = (guint64) smb_json_find_int (e, "seed", 0); /* the default, where it is not said */
    g_ptr_array_add (out, on);
  }
  return out;
}
