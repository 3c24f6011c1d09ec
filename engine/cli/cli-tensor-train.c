/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-tensor-train.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>

#include "base/smb-error.h"
#include "weights/smb-weights-file.h"

double
smb_cli_tensor_stated (const SmbTensorDict *inputs, const SmbTensorDict *weights, const char *key, double fallback)
{
  const char *text = smb_tensor_dict_get_meta (inputs, key);
  double value;
  char *end;

  if (text == NULL)
    text = smb_tensor_dict_get_meta (weights, key);
  if (text == NULL)
    return fallback;
  value = g_ascii_strtod (text, &end);
  return end != text && isfinite (value) ? value : fallback;
}

double
smb_cli_tensor_nth (const double *values, gsize n, gsize i)
{
  return values[MIN (i, n - 1)];
}

gboolean
smb_cli_tensor_folder (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0777) == 0)
    return TRUE;
  return smb_error_set_errno (error, errno, path, _ ("making the folder"));
}

gboolean
smb_cli_tensor_write (const char *folder, const char *name, const SmbTensorDict *dict, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return dict != NULL && smb_weights_write (path, dict, error);
}

gboolean
smb_cli_tensor_write_losses (const char *folder, JsonBuilder *builder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "losses.json", NULL), *json = NULL, *text = NULL;
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autoptr (GError) local = NULL;

  json = json_to_string (root, TRUE);
  text = g_strconcat (json, "\n", NULL);
  if (g_file_set_contents (path, text, -1, &local))
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_IO, _ ("%s could not be written: %s"), path, local->message);
  return FALSE;
}

static void
add_value (JsonBuilder *builder, double value)
{
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
smb_cli_tensor_add_number (JsonBuilder *builder, const char *key, double value)
{
  json_builder_set_member_name (builder, key);
  add_value (builder, value);
}

void
smb_cli_tensor_add_numbers (JsonBuilder *builder, const char *key, const double *values, gsize n)
{
  json_builder_set_member_name (builder, key);
  json_builder_begin_array (builder);
  for (gsize i = 0; i < n; i++)
    add_value (builder, values[i]);
  json_builder_end_array (builder);
}
