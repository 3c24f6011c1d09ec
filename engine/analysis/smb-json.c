/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-json.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"

#define MAX_DEPTH        64
#define MAX_STRING_BYTES (64 * 1024)
#define MAX_EXACT_INT    (G_GINT64_CONSTANT (1) << 53)
#define MAX_COORDINATE   (1 << 29)

static void
append_string (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\')
      g_string_append_printf (out, "\\%c", *c);
    else if ((guchar) *c < 0x20)
      g_string_append_printf (out, "\\u%04x", (guint) (guchar) *c);
    else
      g_string_append_c (out, *c);
  }
  g_string_append_c (out, '"');
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

static void
append_node (GString *out, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node)) {
    JsonObject *object = json_node_get_object (node);
    g_autoptr (GList) names = g_list_sort (json_object_get_members (object), compare_names);

    g_string_append_c (out, '{');
    for (GList *name = names; name != NULL; name = name->next) {
      if (name != names)
        g_string_append_c (out, ',');
      append_string (out, name->data);
      g_string_append_c (out, ':');
      append_node (out, json_object_get_member (object, name->data));
    }
    g_string_append_c (out, '}');
  } else if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);

    g_string_append_c (out, '[');
    for (guint i = 0; i < json_array_get_length (array); i++) {
      if (i > 0)
        g_string_append_c (out, ',');
      append_node (out, json_array_get_element (array, i));
    }
    g_string_append_c (out, ']');
  } else if (JSON_NODE_HOLDS_NULL (node)) {
    g_string_append (out, "null");
  } else if (json_node_get_value_type (node) == G_TYPE_STRING) {
    append_string (out, json_node_get_string (node));
  } else if (json_node_get_value_type (node) == G_TYPE_BOOLEAN) {
    g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
  } else if (json_node_get_value_type (node) == G_TYPE_DOUBLE) {
    if (isfinite (json_node_get_double (node)))
      smb_json_append_number (out, json_node_get_double (node));
    else
      g_string_append (out, "null");
  } else {
    g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
  }
}

char *
smb_json_to_canonical (JsonNode *node)
{
  GString *out;

  g_return_val_if_fail (node != NULL, NULL);
  out = g_string_new (NULL);
  append_node (out, node);
  return g_string_free (out, FALSE);
}

/* json-glib's parser calls itself for every level: too deep a text must be refused before it. */
static gboolean
too_deep (const char *text)
{
  int depth = 0;
  gboolean quoted = FALSE;

  for (const char *c = text; *c != '\0'; c++) {
    if (quoted) {
      if (*c == '\\' && c[1] != '\0')
        c++;
      else if (*c == '"')
        quoted = FALSE;
    } else if (*c == '"') {
      quoted = TRUE;
    } else if (*c == '[' || *c == '{') {
      if (++depth > MAX_DEPTH)
        return TRUE;
    } else if (*c == ']' || *c == '}') {
      depth--;
    }
  }
  return FALSE;
}

JsonNode *
smb_json_parse (const char *text, gsize max_bytes, const char *what, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) problem = NULL;
  JsonNode *root;

  g_return_val_if_fail (text != NULL && what != NULL, NULL);
  if (strlen (text) > max_bytes || too_deep (text)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT,
                 _ ("%s: the JSON is longer than %zu bytes or nested deeper than %d levels; it was "
                    "not written by this program."),
                 what, max_bytes, MAX_DEPTH);
    return NULL;
  }
  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text, -1, &problem)) {
    g_autofree char *words = g_utf8_make_valid (problem->message, -1);

    /* It quotes what it read, which a terminal might obey. */
    for (char *c = words; *c != '\0'; c++)
      *c = g_ascii_iscntrl (*c) ? ' ' : *c;
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _ ("%s: not valid JSON (%s); it is damaged or was not written by this program."), what, words);
    return NULL;
  }
  root = json_parser_steal_root (parser);
  if (root == NULL)
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _ ("%s: empty where JSON is expected; it is damaged or was not written by this program."), what);
  return root;
}

void
smb_json_fail (SmbJsonReader *reader, const char *member, const char *expected)
{
  if (reader->failed)
    return;
  reader->failed = TRUE;
  g_set_error (reader->error, SMB_ERROR, SMB_ERROR_FORMAT,
               _ ("%s: “%s%s” is missing or not %s; the record is damaged or was not written by this program."),
               reader->what, reader->where, member, expected);
}

JsonObject *
smb_json_object_at (SmbJsonReader *reader, JsonArray *array, guint i, const char *member)
{
  JsonNode *node
      = array != NULL && i < json_array_get_length (array) ? json_array_get_element (array, i) : NULL;

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    return json_node_get_object (node);
  smb_json_fail (reader, member, _ ("a list of objects"));
  return NULL;
}

/* The member, or NULL if there is nothing to read: absent, null, or an earlier failure. */
static JsonNode *
member_of (SmbJsonReader *reader, JsonObject *of, const char *member, SmbJsonNeed need, const char *expected)
{
  JsonNode *node;

  if (reader->failed || of == NULL)
    return NULL;
  node = json_object_get_member (of, member);
  if (node != NULL && !JSON_NODE_HOLDS_NULL (node))
    return node;
  if (need == SMB_JSON_REQUIRED)
    smb_json_fail (reader, member, expected);
  return NULL;
}

static gboolean
holds (JsonNode *node, GType type)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

JsonObject *
smb_json_object (SmbJsonReader *reader, JsonObject *of, const char *member, SmbJsonNeed need)
{
  JsonNode *node = member_of (reader, of, member, need, _ ("an object"));

  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_node_get_object (node);
  smb_json_fail (reader, member, _ ("an object"));
  return NULL;
}

JsonArray *
smb_json_array (SmbJsonReader *reader, JsonObject *of, const char *member, SmbJsonNeed need, guint max_length)
{
  JsonNode *node = member_of (reader, of, member, need, _ ("a list"));

  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) <= max_length)
    return json_node_get_array (node);
  smb_json_fail (reader, member, _ ("a list of sensible length"));
  return NULL;
}

gint64
smb_json_int (SmbJsonReader *reader, JsonObject *of, const char *member, gint64 min, gint64 max)
{
  JsonNode *node = member_of (reader, of, member, SMB_JSON_REQUIRED, _ ("a whole number in its range"));

  if (node == NULL)
    return min;
  if (holds (node, G_TYPE_INT64) && json_node_get_int (node) >= min && json_node_get_int (node) <= max)
    return json_node_get_int (node);
  smb_json_fail (reader, member, _ ("a whole number in its range"));
  return min;
}

double
smb_json_number (SmbJsonReader *reader, JsonObject *of, const char *member, SmbJsonNeed need)
{
  JsonNode *node = member_of (reader, of, member, need, _ ("a number"));

  if (node == NULL)
    return NAN;
  if ((holds (node, G_TYPE_INT64) || holds (node, G_TYPE_DOUBLE)) && isfinite (json_node_get_double (node)))
    return json_node_get_double (node);
  smb_json_fail (reader, member, _ ("a number"));
  return NAN;
}

gboolean
smb_json_boolean (SmbJsonReader *reader, JsonObject *of, const char *member)
{
  JsonNode *node = member_of (reader, of, member, SMB_JSON_REQUIRED, _ ("true or false"));

  if (node == NULL)
    return FALSE;
  if (holds (node, G_TYPE_BOOLEAN))
    return json_node_get_boolean (node);
  smb_json_fail (reader, member, _ ("true or false"));
  return FALSE;
}

char *
smb_json_string (SmbJsonReader *reader, JsonObject *of, const char *member, SmbJsonNeed need)
{
  JsonNode *node = member_of (reader, of, member, need, _ ("a text"));

  if (node == NULL)
    return NULL;
  if (holds (node, G_TYPE_STRING) && strlen (json_node_get_string (node)) <= MAX_STRING_BYTES)
    return json_node_dup_string (node);
  smb_json_fail (reader, member, _ ("a text of sensible length"));
  return NULL;
}

void
smb_json_ints (SmbJsonReader *reader, JsonObject *of, const char *member, int *out, guint n)
{
  JsonArray *array = smb_json_array (reader, of, member, SMB_JSON_REQUIRED, n);

  memset (out, 0, n * sizeof *out);
  if (array == NULL)
    return;
  for (guint i = 0; i < n; i++) {
    JsonNode *node = i < json_array_get_length (array) ? json_array_get_element (array, i) : NULL;

    if (node == NULL || !holds (node, G_TYPE_INT64) || json_node_get_int (node) < -MAX_COORDINATE
        || json_node_get_int (node) > MAX_COORDINATE) {
      smb_json_fail (reader, member, _ ("a list of whole numbers"));
      return;
    }
    out[i] = (int) json_node_get_int (node);
  }
}

guint64
smb_json_uint64 (SmbJsonReader *reader, JsonObject *of, const char *member)
{
  JsonNode *node = member_of (reader, of, member, SMB_JSON_REQUIRED, _ ("a whole number from 0"));
  guint64 value = 0;

  if (node == NULL)
    return 0;
  if (holds (node, G_TYPE_INT64) && json_node_get_int (node) >= 0)
    return (guint64) json_node_get_int (node);
  if (holds (node, G_TYPE_STRING)
      && g_ascii_string_to_unsigned (json_node_get_string (node), 10, 0, G_MAXUINT64, &value, NULL))
    return value;
  smb_json_fail (reader, member, _ ("a whole number from 0"));
  return 0;
}

void
smb_json_set_uint64 (JsonObject *of, const char *member, guint64 value)
{
  if (value <= (guint64) MAX_EXACT_INT) {
    json_object_set_int_member (of, member, (gint64) value);
  } else {
    g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, value);

    json_object_set_string_member (of, member, digits);
  }
}

void
smb_json_set_string (JsonObject *of, const char *member, const char *value)
{
  if (value == NULL)
    json_object_set_null_member (of, member);
  else
    json_object_set_string_member (of, member, value);
}
