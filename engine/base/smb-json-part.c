/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-json-part.h"

#include <math.h>

static JsonNode *
find (JsonObject *of, const char *key)
{
  return of != NULL ? json_object_get_member (of, key) : NULL;
}

JsonObject *
smb_json_find_object (JsonObject *of, const char *key)
{
  JsonNode *node = find (of, key);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonArray *
smb_json_find_array (JsonObject *of, const char *key)
{
  JsonNode *node = find (of, key);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/* Of a node that may be NULL or no value. */
static GType
type_of (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
}

static double
number_of (JsonNode *node)
{
  GType type = type_of (node);

  return type == G_TYPE_DOUBLE || type == G_TYPE_INT64 ? json_node_get_double (node) : NAN;
}

double
smb_json_find_number (JsonObject *of, const char *key)
{
  return number_of (find (of, key));
}

const char *
smb_json_find_text (JsonObject *of, const char *key, const char *otherwise)
{
  JsonNode *node = find (of, key);

  return type_of (node) == G_TYPE_STRING ? json_node_get_string (node) : otherwise;
}

gint64
smb_json_find_int (JsonObject *of, const char *key, gint64 otherwise)
{
  JsonNode *node = find (of, key);

  return type_of (node) == G_TYPE_INT64 ? json_node_get_int (node) : otherwise;
}

gboolean
smb_json_find_boolean (JsonObject *of, const char *key)
{
  JsonNode *node = find (of, key);

  return type_of (node) == G_TYPE_BOOLEAN && json_node_get_boolean (node);
}

static JsonNode *
element (JsonArray *array, guint index)
{
  return index < json_array_get_length (array) ? json_array_get_element (array, index) : NULL;
}

JsonObject *
smb_json_find_at (JsonArray *array, guint index)
{
  JsonNode *node = element (array, index);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

const char *
smb_json_text_at (JsonArray *array, guint index)
{
  JsonNode *node = element (array, index);

  return type_of (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

double
smb_json_number_at (JsonArray *array, guint index)
{
  return number_of (element (array, index));
}

static void
add_key (JsonBuilder *builder, const char *key)
{
  if (key != NULL)
    json_builder_set_member_name (builder, key);
}

void
smb_json_add_text (JsonBuilder *builder, const char *key, const char *value)
{
  add_key (builder, key);
  if (value != NULL)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
smb_json_add_number (JsonBuilder *builder, const char *key, double value)
{
  add_key (builder, key);
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
smb_json_add_int (JsonBuilder *builder, const char *key, gint64 value)
{
  add_key (builder, key);
  json_builder_add_int_value (builder, value);
}

void
smb_json_set_text (JsonObject *of, const char *key, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (of, key, value);
}

void
smb_json_set_number (JsonObject *of, const char *key, double value)
{
  if (isfinite (value))
    json_object_set_double_member (of, key, value);
  else
    json_object_set_null_member (of, key);
}

void
smb_json_append_number (GString *out, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  for (int digits = 1; digits <= 17; digits++) {
    char format[8];

    g_snprintf (format, sizeof format, "%%.%dg", digits);
    g_ascii_formatd (buffer, sizeof buffer, format, value);
    if (g_ascii_strtod (buffer, NULL) == value)
      break;
  }
  g_string_append (out, buffer);
}
