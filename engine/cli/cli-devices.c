/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli devices: what this machine can compute on, and why not where it cannot. */
#include "cli/cli.h"

#include "analysis/smb-analysis.h"
#include "backend/smb-device.h"

#include <glib/gi18n-lib.h>

/* "f32", "bf16" …; free with g_strfreev. */
static char **
list_precisions (const SmbDeviceListing *listing)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (SmbPrecision p = SMB_PRECISION_F32; p <= SMB_PRECISION_INT8; p++)
    if ((listing->info.precisions & (1u << p)) != 0)
      g_strv_builder_add (names, smb_precision_name (p));
  return g_strv_builder_end (names);
}

static JsonNode *
listing_to_json (const SmbDeviceListing *listing)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "id");
  json_builder_add_string_value (builder, listing->id);
  json_builder_set_member_name (builder, "usable");
  json_builder_add_boolean_value (builder, listing->usable);
  if (listing->reason != NULL) {
    json_builder_set_member_name (builder, "reason");
    json_builder_add_string_value (builder, listing->reason);
  }
  json_builder_set_member_name (builder, "name");
  json_builder_add_string_value (builder, listing->info.name);
  if (listing->info.total_bytes > 0) {
    json_builder_set_member_name (builder, "memory_bytes");
    json_builder_add_int_value (builder, (gint64) listing->info.total_bytes);
    json_builder_set_member_name (builder, "free_bytes");
    json_builder_add_int_value (builder, (gint64) listing->info.free_bytes);
  }
  if (listing->usable) {
    g_auto (GStrv) precisions = list_precisions (listing);

    json_builder_set_member_name (builder, "precisions");
    json_builder_begin_array (builder);
    for (guint i = 0; precisions[i] != NULL; i++)
      json_builder_add_string_value (builder, precisions[i]);
    json_builder_end_array (builder);
    json_builder_set_member_name (builder, "auto");
    json_builder_add_string_value (builder, smb_precision_name (listing->info.quick));
  }
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

int
smb_cli_devices (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object a line"), NULL },
    { NULL },
  };
  g_autoptr (GPtrArray) devices = NULL;

  if (!smb_cli_parse (&argc, &argv, entries, NULL, _ ("Lists what this machine can compute on.")))
    return SMB_EXIT_USAGE;
  if (argc > 1)
    return smb_cli_usage (_ ("“devices” takes no arguments, but “%s” was given."), argv[1]);
  devices = smb_device_list ();
  for (guint i = 0; i < devices->len; i++) {
    const SmbDeviceListing *listing = g_ptr_array_index (devices, i);

    if (json) {
      g_autoptr (JsonNode) node = listing_to_json (listing);

      smb_cli_print_json (node, FALSE);
    } else if (listing->usable) {
      g_autofree char *all = g_format_size (listing->info.total_bytes);
      g_autofree char *left = g_format_size (listing->info.free_bytes);

      g_auto (GStrv) names = list_precisions (listing);
      g_autofree char *precisions = g_strjoinv (", ", names);

      g_print (_ ("%-8s %s; memory: %s, of which %s free; precisions: %s (auto: %s)\n"), listing->id,
               listing->info.name, all, left, precisions, smb_precision_name (listing->info.quick));
    } else {
      g_print (_ ("%-8s cannot be used: %s\n"), listing->id, listing->reason);
    }
  }
  return SMB_EXIT_OK;
}
