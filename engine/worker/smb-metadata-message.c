/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-metadata-message.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "worker/smb-engine-private.h"

#define MAX_NOTES 64

static const char *const manifests[] = { "absent", "present", "not sought" }; /* by SmbC2pa */

static JsonObject *
jpeg_to_json (const SmbMetadata *metadata)
{
  JsonObject *out = json_object_new ();
  JsonArray *tables = json_array_new ();

  json_object_set_boolean_member (out, "progressive", metadata->progressive);
  smb_json_set_string (out, "sampling", metadata->sampling);
  for (guint i = 0; i < metadata->tables->len; i++) {
    const SmbQuantTable *table = &g_array_index (metadata->tables, SmbQuantTable, i);
    JsonObject *object = json_object_new ();
    JsonArray *values = json_array_new ();

    for (int k = 0; k < 64; k++)
      json_array_add_int_element (values, table->values[k]);
    json_object_set_int_member (object, "id", table->id);
    json_object_set_int_member (object, "bits", table->bits);
    json_object_set_array_member (object, "values", values);
    json_object_set_int_member (object, "quality", table->quality);
    json_object_set_boolean_member (object, "exact", table->exact);
    json_array_add_object_element (tables, object);
  }
  json_object_set_array_member (out, "tables", tables);
  return out;
}

static JsonObject *
thumbnail_to_json (const SmbMetadata *metadata)
{
  JsonObject *out = json_object_new ();

  json_object_set_int_member (out, "width", metadata->thumbnail->width);
  json_object_set_int_member (out, "height", metadata->thumbnail->height);
  smb_json_set_number (out, "correlation", metadata->thumbnail_correlation);
  smb_json_set_number (out, "difference", metadata->thumbnail_difference);
  json_object_set_boolean_member (out, "agrees", metadata->thumbnail_agrees);
  return out;
}

JsonObject *
smb_metadata_to_json (const SmbMetadata *metadata)
{
  JsonObject *out = json_object_new (), *c2pa = json_object_new ();
  JsonArray *tags = json_array_new (), *notes = json_array_new ();

  json_object_set_string_member (out, "format", metadata->format);
  for (guint i = 0; i < metadata->entries->len; i++) {
    const SmbMetadataEntry *entry = g_ptr_array_index (metadata->entries, i);
    JsonObject *object = json_object_new ();

    json_object_set_string_member (object, "group", entry->group);
    json_object_set_string_member (object, "key", entry->key);
    json_object_set_string_member (object, "value", entry->value);
    smb_json_set_string (object, "meaning", entry->meaning);
    json_array_add_object_element (tags, object);
  }
  json_object_set_array_member (out, "tags", tags);
  if (metadata->tables->len > 0)
    json_object_set_object_member (out, "jpeg", jpeg_to_json (metadata));
  else
    json_object_set_null_member (out, "jpeg");
  if (metadata->thumbnail != NULL)
    json_object_set_object_member (out, "thumbnail", thumbnail_to_json (metadata));
  else
    json_object_set_null_member (out, "thumbnail");
  json_object_set_string_member (c2pa, "manifest", manifests[metadata->c2pa]);
  smb_json_set_uint64 (c2pa, "bytes", metadata->c2pa_bytes);
  json_object_set_boolean_member (c2pa, "verified", FALSE);
  json_object_set_object_member (out, "c2pa", c2pa);
  for (char **note = metadata->notes; *note != NULL; note++)
    json_array_add_string_element (notes, *note);
  json_object_set_array_member (out, "notes", notes);
  return out;
}

/* A text for people; NULL stays NULL. */
static char *
clean_string (SmbJsonReader *reader, JsonObject *in, const char *member, SmbJsonNeed need)
{
  g_autofree char *text = smb_json_string (reader, in, member, need);

  return text != NULL ? smb_engine_clean_text (text) : NULL;
}

static void
read_tags (SmbJsonReader *reader, JsonObject *in, SmbMetadata *out)
{
  JsonArray *tags = smb_json_array (reader, in, "tags", SMB_JSON_REQUIRED, SMB_METADATA_MAX_ENTRIES);

  for (guint i = 0; tags != NULL && i < json_array_get_length (tags) && !reader->failed; i++) {
    JsonObject *object = smb_json_object_at (reader, tags, i, "tags");
    g_autofree char *group = clean_string (reader, object, "group", SMB_JSON_REQUIRED);
    g_autofree char *key = clean_string (reader, object, "key", SMB_JSON_REQUIRED);
    g_autofree char *value = clean_string (reader, object, "value", SMB_JSON_REQUIRED);
    g_autofree char *meaning = clean_string (reader, object, "meaning", SMB_JSON_OPTIONAL);

    if (!reader->failed)
      g_ptr_array_add (out->entries, smb_metadata_entry_new (group, key, value, meaning));
  }
}

static void
read_jpeg (SmbJsonReader *reader, JsonObject *in, SmbMetadata *out)
{
  JsonArray *tables = smb_json_array (reader, in, "tables", SMB_JSON_REQUIRED, SMB_METADATA_MAX_TABLES);

  out->progressive = smb_json_boolean (reader, in, "progressive");
  out->sampling = clean_string (reader, in, "sampling", SMB_JSON_OPTIONAL);
  for (guint i = 0; tables != NULL && i < json_array_get_length (tables) && !reader->failed; i++) {
    JsonObject *object = smb_json_object_at (reader, tables, i, "tables");
    SmbQuantTable table = { .id = (int) smb_json_int (reader, object, "id", 0, 15),
                            .bits = (int) smb_json_int (reader, object, "bits", 8, 16),
                            .quality = (int) smb_json_int (reader, object, "quality", 1, 100),
                            .exact = smb_json_boolean (reader, object, "exact") };
    int values[64] = { 0 };

    if (object != NULL)
      smb_json_ints (reader, object, "values", values, 64);
    for (int k = 0; k < 64 && !reader->failed; k++)
      table.values[k] = (guint16) CLAMP (values[k], 0, G_MAXUINT16);
    g_array_append_val (out->tables, table);
  }
}

static void
read_notes (SmbJsonReader *reader, JsonObject *in, SmbMetadata *out)
{
  JsonArray *notes = smb_json_array (reader, in, "notes", SMB_JSON_REQUIRED, MAX_NOTES);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; notes != NULL && i < json_array_get_length (notes); i++) {
    JsonNode *node = json_array_get_element (notes, i);
    const char *text = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
    g_autofree char *clean = text != NULL ? smb_engine_clean_text (text) : NULL;

    if (clean != NULL)
      g_strv_builder_add (builder, clean);
  }
  g_strfreev (out->notes);
  out->notes = g_strv_builder_end (builder);
}

SmbMetadata *
smb_metadata_from_json (SmbJsonReader *reader, JsonObject *in, SmbImage *thumbnail)
{
  SmbMetadata *out = smb_metadata_new ();
  JsonObject *jpeg = smb_json_object (reader, in, "jpeg", SMB_JSON_OPTIONAL);
  JsonObject *about = smb_json_object (reader, in, "thumbnail", SMB_JSON_OPTIONAL);
  JsonObject *c2pa = smb_json_object (reader, in, "c2pa", SMB_JSON_REQUIRED);
  g_autofree char *manifest = smb_json_string (reader, c2pa, "manifest", SMB_JSON_REQUIRED);

  out->thumbnail = thumbnail;
  g_free (out->format);
  out->format = clean_string (reader, in, "format", SMB_JSON_REQUIRED);
  read_tags (reader, in, out);
  if (jpeg != NULL)
    read_jpeg (reader, jpeg, out);
  if (about != NULL) {
    out->thumbnail_correlation = smb_json_number (reader, about, "correlation", SMB_JSON_OPTIONAL);
    out->thumbnail_difference = smb_json_number (reader, about, "difference", SMB_JSON_OPTIONAL);
    out->thumbnail_agrees = smb_json_boolean (reader, about, "agrees");
  }
  if (!reader->failed && (about != NULL) != (thumbnail != NULL))
    smb_json_fail (reader, "thumbnail", _ ("there exactly when its pixels are"));
  for (guint i = 0; i < G_N_ELEMENTS (manifests); i++)
    if (g_strcmp0 (manifest, manifests[i]) == 0)
      out->c2pa = (SmbC2pa) i;
  out->c2pa_bytes = smb_json_uint64 (reader, c2pa, "bytes");
  read_notes (reader, in, out);
  return out;
}
