/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli limits: what a file may cost, and where that is set. */
#include "cli/cli.h"

#include "media/smb-limits.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

static JsonNode *
limit_to_json (const SmbLimitSetting *setting, guint64 value)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "name");
  json_builder_add_string_value (builder, setting->name);
  json_builder_set_member_name (builder, "value");
  json_builder_add_int_value (builder, (gint64) value);
  json_builder_set_member_name (builder, "min");
  json_builder_add_int_value (builder, (gint64) setting->min);
  json_builder_set_member_name (builder, "max");
  json_builder_add_int_value (builder, (gint64) setting->max);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

int
smb_cli_limits (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object a line"), NULL },
    { NULL },
  };
  g_autofree char *path = smb_limits_dup_path ();
  const SmbLimitSetting *settings;
  guint n;

  if (!smb_cli_parse (&argc, &argv, entries, NULL, _ ("Lists what a file may cost before it is refused.")))
    return SMB_EXIT_USAGE;
  if (argc > 1)
    return smb_cli_usage (_ ("“limits” takes no arguments, but “%s” was given."), argv[1]);
  settings = smb_limits_list (&n);
  for (guint i = 0; i < n; i++) {
    g_autoptr (GError) error = NULL;
    guint64 value;

    if (!smb_limits_get (&settings[i], &value, &error)) {
      smb_cli_print_error (error);
      return SMB_EXIT_FAILED;
    }
    if (json) {
      g_autoptr (JsonNode) node = limit_to_json (&settings[i], value);

      smb_cli_print_json (node, FALSE);
    } else
      g_print ("%-28s %8" PRIu64 "  %s\n", settings[i].name, value, _ (settings[i].what));
  }
  if (!json)
    g_print (_ ("\nAn environment variable of that name sets a limit, or a line NAME=NUMBER below [limits] in %s.\n"),
             path != NULL ? path : "semblance/limits.conf");
  return SMB_EXIT_OK;
}
