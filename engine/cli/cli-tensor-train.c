/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-tensor-train.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>

#include "base/smb-error.h"
#include "train/smb-pretrainer.h"
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

gboolean
smb_cli_tensor_fits (const SmbDevice *device, gint64 batch, guint64 need, guint64 one, guint64 two, GError **error)
{
  guint64 available = device->info.free_bytes / 10 * 9; /* the batch on the host, and what else the machine does */

  if (available == 0 || need <= available)
    return TRUE;
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_MEMORY,
      _ ("A batch of %d images takes %.2f GB of memory, but no more than %.2f GB can be had on %s: give at most %d images, or --recompute."),
      (int) batch, (double) need / 1e9, (double) available / 1e9, device->id,
      smb_train_suggest_batch (one, two, available));
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
