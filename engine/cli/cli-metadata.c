/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli metadata: what a picture's file says besides its pixels. */
#include "cli/cli.h"

#include "base/smb-error.h"
#include "examine/smb-examine.h"
#include "media/smb-png.h"
#include "worker/smb-metadata-message.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <unistd.h>

static void
print_packing (const SmbMetadata *metadata)
{
  if (metadata->tables->len > 0)
    g_print (_ ("  JPEG: %s, colours %s\n"), metadata->progressive ? _ ("progressive") : _ ("baseline"),
             metadata->sampling != NULL ? metadata->sampling : "?");
  for (guint i = 0; i < metadata->tables->len; i++) {
    const SmbQuantTable *table = &g_array_index (metadata->tables, SmbQuantTable, i);

    g_print (table->exact ? _ ("  Table %d: the standard one of quality %d\n")
                          : _ ("  Table %d: an own one, nearest to the standard one of quality %d\n"),
             table->id, table->quality);
    for (int row = 0; row < 8; row++) {
      g_print ("   ");
      for (int column = 0; column < 8; column++)
        g_print (" %4d", table->values[row * 8 + column]);
      g_print ("\n");
    }
  }
}

static void
print_text (const char *path, const SmbMetadata *metadata)
{
  const char *group = "";

  g_print ("%s\n  %s\n", path, metadata->format);
  print_packing (metadata);
  if (metadata->thumbnail != NULL)
    g_print (metadata->thumbnail_agrees ? _ ("  Thumbnail %d × %d: shows the picture (correlation %.3f)\n")
                                        : _ ("  Thumbnail %d × %d: shows something else (correlation %.3f)\n"),
             metadata->thumbnail->width, metadata->thumbnail->height, metadata->thumbnail_correlation);
  if (metadata->c2pa == SMB_C2PA_PRESENT)
    g_print (_ ("  C2PA: there is a manifest of %" PRIu64 " bytes; it was not verified\n"), metadata->c2pa_bytes);
  else
    g_print ("  C2PA: %s\n",
             metadata->c2pa == SMB_C2PA_ABSENT ? _ ("no manifest") : _ ("not sought in this kind of file"));
  for (guint i = 0; i < metadata->entries->len; i++) {
    const SmbMetadataEntry *entry = g_ptr_array_index (metadata->entries, i);

    if (!g_str_equal (entry->group, group))
      g_print ("  %s\n", group = entry->group);
    g_print ("    %-40s %s", entry->key, entry->value);
    if (entry->meaning != NULL)
      g_print ("  (%s)", entry->meaning);
    g_print ("\n");
  }
  for (char **note = metadata->notes; *note != NULL; note++)
    g_print (_ ("  Note: %s\n"), *note);
}

static SmbMetadata *
read_file (SmbEngine *engine, const char *path, GError **error)
{
  int fd = smb_examine_open_evidence (path, NULL, NULL, error);
  SmbMetadata *metadata = fd >= 0 ? smb_engine_metadata (engine, fd, path, NULL, error) : NULL;

  if (fd >= 0)
    close (fd);
  return metadata;
}

static gboolean
do_file (SmbEngine *engine, const char *path, gboolean json, const char *thumbnail, GError **error)
{
  g_autoptr (SmbMetadata) metadata = read_file (engine, path, error);

  if (metadata == NULL)
    return FALSE;
  if (json) {
    g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
    g_autofree char *shown = g_filename_display_name (path);
    JsonObject *object = smb_metadata_to_json (metadata);

    json_object_set_string_member (object, "file", shown);
    json_node_take_object (node, object);
    smb_cli_print_json (node, FALSE);
  } else
    print_text (path, metadata);
  if (thumbnail == NULL)
    return TRUE;
  if (metadata->thumbnail != NULL)
    return smb_png_write (thumbnail, metadata->thumbnail->width, metadata->thumbnail->height, 3,
                          smb_image_get_pixels (metadata->thumbnail), error);
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("%s: the file holds no thumbnail; leave --thumbnail out."),
               path);
  return FALSE;
}

int
smb_cli_metadata (int argc, char **argv)
{
  g_autofree char *thumbnail = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object a line"), NULL },
    { "thumbnail", 0, 0, G_OPTION_ARG_FILENAME, &thumbnail, N_ ("Write the embedded thumbnail as PNG"), N_ ("FILE") },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in; the log and reports say so"), NULL },
    { NULL },
  };
  g_autoptr (SmbEngine) engine = NULL;
  int failed = 0;

  if (!smb_cli_parse (
          &argc, &argv, entries, _ ("FILE…"),
          _ ("Prints what pictures' files say besides their pixels: metadata, how they were packed, their thumbnails.")))
    return SMB_EXIT_USAGE;
  if (argc < 2)
    return smb_cli_usage (_ ("“metadata” needs at least one picture."));
  if (thumbnail != NULL && argc > 2)
    return smb_cli_usage (_ ("--thumbnail goes with one picture."));
  engine = smb_engine_new (NULL, 0);
  for (int i = 1; i < argc; i++) {
    g_autoptr (GError) error = NULL;

    if (do_file (engine, argv[i], json, thumbnail, &error))
      continue;
    failed++;
    if (json) {
      g_autoptr (JsonBuilder) builder = json_builder_new ();
      g_autoptr (JsonNode) root = NULL;
      g_autofree char *shown = g_filename_display_name (argv[i]);

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "file");
      json_builder_add_string_value (builder, shown);
      smb_cli_json_add_error (builder, error);
      json_builder_end_object (builder);
      root = json_builder_get_root (builder);
      smb_cli_print_json (root, FALSE);
    } else
      smb_cli_print_error (error);
  }
  return failed > 0 ? SMB_EXIT_FAILED : SMB_EXIT_OK;
}
