/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-tensor-train.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>

#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "cli/cli.h"
#include "train/smb-pretrainer.h"
#include "weights/smb-weights-file.h"

#define MAX_STEPS 1000000

gboolean
smb_cli_tensor_parse_training (SmbCliTensorTraining *training, const SmbCliTensorHelp *help, int *accumulate,
                               gboolean *recompute, const GOptionEntry *own, int *argc, char ***argv)
{
  const GOptionEntry shared[] = {
    { "steps", 'n', 0, G_OPTION_ARG_INT, &training->steps, N_ ("How many iterations on this batch (1)"), N_ ("N") },
    { "resume", 0, 0, G_OPTION_ARG_FILENAME, &training->resume,
      N_ ("Go on from a state.safetensors or an official .pth"), N_ ("FILE") },
    { "accumulate", 0, 0, G_OPTION_ARG_INT, accumulate, N_ ("Iterations to one step of the optimiser (1)"), N_ ("N") },
    { "recompute", 0, 0, G_OPTION_ARG_NONE, recompute, N_ ("Less memory, a third more time"), NULL },
  };
  g_autoptr (GArray) entries = g_array_new (TRUE, FALSE, sizeof (GOptionEntry));

  training->steps = 1;
  g_array_append_vals (entries, shared, G_N_ELEMENTS (shared));
  for (; own->long_name != NULL; own++)
    g_array_append_val (entries, *own);
  if (!smb_cli_tensor_parse (&training->of, help, (const GOptionEntry *) (gpointer) entries->data, argc, argv))
    return FALSE;
  if (training->steps >= 1 && training->steps <= MAX_STEPS)
    return TRUE;
  smb_cli_usage (_ ("The number of steps counts from 1 to %d."), MAX_STEPS);
  return FALSE;
}

void
smb_cli_tensor_training_clear (SmbCliTensorTraining *training)
{
  smb_cli_tensor_options_clear (&training->of);
  g_free (training->resume);
}

gboolean
smb_cli_tensor_read_state (const char *path, const char *ours, SmbTensorDict **state, SmbTensorDict **optimiser,
                           GError **error)
{
  *optimiser = NULL;
  *state = smb_weights_read (path, error);
  if (*state == NULL)
    return FALSE;
  if (smb_tensor_dict_get_meta (*state, ours) != NULL)
    return TRUE;
  *optimiser = smb_weights_read_optimiser (path, error);
  return *optimiser != NULL;
}

int
smb_cli_tensor_batch (const SmbTensorDict *inputs)
{
  const SmbTensor *images = smb_tensor_dict_get (inputs, "in.images");

  return images != NULL && images->rank == 4 ? (int) CLAMP (images->shape[0], 1, G_MAXINT) : 1;
}

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

void
smb_cli_tensor_add_numbers (JsonBuilder *builder, const char *key, const double *first, gsize n, gsize stride)
{
  json_builder_set_member_name (builder, key);
  json_builder_begin_array (builder);
  for (gsize i = 0; i < n; i++)
    smb_json_add_number (builder, NULL, *(const double *) (gconstpointer) ((const char *) first + i * stride));
  json_builder_end_array (builder);
}
