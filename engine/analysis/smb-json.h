/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Reading JSON that may come from anywhere, and writing it so that equal values are equal bytes. */

#include <json-glib/json-glib.h>

#include "base/smb-json-part.h"

G_BEGIN_DECLS

/* Compact text with the members of every object in byte order of their names and numbers in their shortest form that
 * reads back the same. Free with g_free. */
char *smb_json_to_canonical (JsonNode *node);

/* Parses text that must hold one JSON value of at most `max_bytes` and 64 levels; `what` names it in the FORMAT or
 * LIMIT error. Free with json_node_unref. */
JsonNode *smb_json_parse (const char *text, gsize max_bytes, const char *what, GError **error);

/* A sticky error: once a member was wrong, the following reads return neutral values and keep the first message, so
 * that a reader is written straight through and checked once. `where` is the path of the object in messages
 * ("faces[2]."), `what` the document ("analysis"). */
typedef struct {
  const char *what;
  const char *where;
  GError **error;
  gboolean failed;
} SmbJsonReader;

typedef enum { SMB_JSON_REQUIRED, SMB_JSON_OPTIONAL } SmbJsonNeed; /* optional: null or absent is allowed */

void smb_json_fail (SmbJsonReader *reader, const char *member, const char *expected);
JsonObject *smb_json_object (SmbJsonReader *reader, JsonObject *of, const char *member, SmbJsonNeed need);
JsonArray *smb_json_array (SmbJsonReader *reader, JsonObject *of, const char *member, SmbJsonNeed need,
                           guint max_length);
/* The object at i of that list (NULL: none was read); NULL and failed if nothing or something else stands there. */
JsonObject *smb_json_object_at (SmbJsonReader *reader, JsonArray *array, guint i, const char *member);
gint64 smb_json_int (SmbJsonReader *reader, JsonObject *of, const char *member, gint64 min, gint64 max);
/* Finite; NAN where optional and null or absent. */
double smb_json_number (SmbJsonReader *reader, JsonObject *of, const char *member, SmbJsonNeed need);
gboolean smb_json_boolean (SmbJsonReader *reader, JsonObject *of, const char *member);
/* At most 64 KiB. Free with g_free. */
char *smb_json_string (SmbJsonReader *reader, JsonObject *of, const char *member, SmbJsonNeed need);
/* n whole numbers of an array of exactly that length, each in -2^29 … 2^29. */
void smb_json_ints (SmbJsonReader *reader, JsonObject *of, const char *member, int *out, guint n);
/* A whole number from 0; beyond 2^53, where readers in other languages would round, it is written as a string of
 * digits. */
guint64 smb_json_uint64 (SmbJsonReader *reader, JsonObject *of, const char *member);
void smb_json_set_uint64 (JsonObject *of, const char *member, guint64 value);
/* NULL becomes null. */
void smb_json_set_string (JsonObject *of, const char *member, const char *value);

G_END_DECLS
