/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Single members of JSON, taken as they are or not at all: for text that shows what a file happens to say. What must be
 * so, and is an error otherwise, is read with analysis/smb-json.h. */

/* NULL where `of` is NULL, or has no such member, or one of another kind. Borrowed. */
JsonObject *smb_json_find_object (JsonObject *of, const char *key);
JsonArray *smb_json_find_array (JsonObject *of, const char *key);
/* NAN likewise. */
double smb_json_find_number (JsonObject *of, const char *key);
/* `otherwise` likewise. Borrowed. */
const char *smb_json_find_text (JsonObject *of, const char *key, const char *otherwise);
gint64 smb_json_find_int (JsonObject *of, const char *key, gint64 otherwise);
gboolean smb_json_find_boolean (JsonObject *of, const char *key); /* FALSE likewise */

/* The same of an array's element, which may be past its end: NULL (borrowed), NAN. array must not be NULL. */
JsonObject *smb_json_find_at (JsonArray *array, guint index);
const char *smb_json_text_at (JsonArray *array, guint index);
double smb_json_number_at (JsonArray *array, guint index);

/* Members of the object being built; NULL and what is no finite number become null. key NULL: an element of the array.
 */
void smb_json_add_text (JsonBuilder *builder, const char *key, const char *value);
void smb_json_add_number (JsonBuilder *builder, const char *key, double value);
void smb_json_add_int (JsonBuilder *builder, const char *key, gint64 value);
/* Members of an object that is there; NULL is left out, what is no finite number becomes null. */
void smb_json_set_text (JsonObject *of, const char *key, const char *value);
void smb_json_set_number (JsonObject *of, const char *key, double value);

/* The shortest decimal that reads back as the same number. */
void smb_json_append_number (GString *out, double value);

G_END_DECLS
