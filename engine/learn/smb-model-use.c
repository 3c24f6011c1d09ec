/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>

#include "base/smb-error.h"
#include "learn/smb-model-card.h"

#define LOG_NAME "uses.jsonl"

static gboolean
log_use (const SmbModelInfo *model, const GPtrArray *against, const char *override, GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "semblance", "models", NULL);
  g_autofree char *path = g_build_filename (folder, LOG_NAME, NULL), *text = NULL, *now = NULL;
  g_autoptr (GDateTime) time = g_date_time_new_now_utc ();
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  FILE *file;
  gboolean good;

  now = g_date_time_format_iso8601 (time);
  json_builder_begin_object (b);
  json_builder_set_member_name (b, "time");
  json_builder_add_string_value (b, now);
  json_builder_set_member_name (b, "model");
  json_builder_add_string_value (b, model->name);
  json_builder_set_member_name (b, "sha256");
  json_builder_add_string_value (b, model->detector_sha256 != NULL ? model->detector_sha256 : model->mim_sha256);
  json_builder_set_member_name (b, "against");
  json_builder_begin_array (b);
  for (guint i = 0; i < against->len; i++)
    json_builder_add_string_value (b, g_ptr_array_index (against, i));
  json_builder_end_array (b);
  json_builder_set_member_name (b, "override");
  if (override != NULL)
    json_builder_add_string_value (b, override);
  else
    json_builder_add_null_value (b);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  text = json_to_string (root, FALSE);
  if (g_mkdir_with_parents (folder, 0755) != 0 || (file = fopen (path, "ae")) == NULL)
    return smb_error_set_errno (error, errno, path, _ ("writing down which model is used"));
  good = fprintf (file, "%s\n", text) > 0;
  return (fclose (file) == 0 && good)
         || smb_error_set_errno (error, errno, path, _ ("writing down which model is used"));
}

gboolean
smb_model_use (const SmbModelInfo *model, const char *override, GError **error)
{
  g_autofree char *reasons = NULL;
  g_autoptr (SmbModelInfo) before = smb_model_find (NULL, NULL);
  g_autoptr (GPtrArray) against = smb_model_card_gates (model, before);

  if (against->len > 0 && override == NULL) {
    g_ptr_array_add (against, NULL);
    reasons = g_strjoinv (" ", (char **) against->pdata);
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("“%s” is not made the lab's model. %s A reason given with --override is written down."),
                 model->name, reasons);
    return FALSE;
  }
  return log_use (model, against, override, error) && smb_model_set_active (model->name, error);
}
