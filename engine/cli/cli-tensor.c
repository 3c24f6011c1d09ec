/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-tensor.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <math.h>

#include "base/smb-error.h"
#include "cli/cli.h"
#include "weights/smb-weights-file.h"

void
smb_cli_tensor_options_clear (SmbCliTensorOptions *options)
{
  g_free (options->weights);
  g_free (options->inputs);
  g_free (options->out);
  g_free (options->config);
  g_free (options->device);
}

gboolean
smb_cli_tensor_options_only (int argc, char **argv)
{
  if (argc <= 1)
    return TRUE;
  smb_cli_usage (_ ("“%s” takes options only, but “%s” was given."), argv[0], argv[1]);
  return FALSE;
}

gboolean
smb_cli_tensor_parse (SmbCliTensorOptions *options, const SmbCliTensorHelp *help, const GOptionEntry *own, int *argc,
                      char ***argv)
{
  const GOptionEntry shared[] = {
    { "weights", 'w', 0, G_OPTION_ARG_FILENAME, &options->weights, help->weights, N_ ("FILE") },
    { "inputs", 'i', 0, G_OPTION_ARG_FILENAME, &options->inputs, help->inputs, N_ ("FILE") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &options->out, help->out, help->out_value },
    { "config", 'c', 0, G_OPTION_ARG_STRING, &options->config, help->config, N_ ("JSON") },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &options->device, N_ ("Where to compute: cpu, cuda:0 …"), N_ ("NAME") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &options->threads, N_ ("Threads; 0: one a core"), N_ ("N") },
  };
  g_autoptr (GArray) entries = g_array_new (TRUE, FALSE, sizeof (GOptionEntry));

  g_array_append_vals (entries, shared, G_N_ELEMENTS (shared));
  for (; own->long_name != NULL; own++)
    g_array_append_val (entries, *own);
  if (!smb_cli_parse (argc, argv, (const GOptionEntry *) (gpointer) entries->data, NULL, _ (help->summary))
      || !smb_cli_tensor_options_only (*argc, *argv))
    return FALSE;
  if (options->weights != NULL && options->inputs != NULL && options->out != NULL)
    return TRUE;
  smb_cli_usage (_ ("“%s” needs --weights, --inputs and --out."), (*argv)[0]);
  return FALSE;
}

int
smb_cli_tensor_exit (const GError *error)
{
  if (error == NULL)
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
}

SmbDevice *
smb_cli_tensor_open (const SmbCliTensorOptions *options, GError **error)
{
  return smb_device_open (options->device != NULL ? options->device : "cpu", options->threads, error);
}

SmbTensorDict *
smb_cli_tensor_weights (const char *path, const SmbTensorDict *inputs, GError **error)
{
  SmbTensorDict *weights = smb_weights_read (path, error);

  if (weights == NULL)
    return NULL;
  if (smb_tensor_dict_get_meta (weights, "config") == NULL && smb_tensor_dict_get_meta (inputs, "config") != NULL)
    smb_tensor_dict_set_meta (weights, "config", smb_tensor_dict_get_meta (inputs, "config"));
  if (smb_tensor_dict_get_meta (weights, "norm_pix") == NULL
      && smb_tensor_dict_get_meta (weights, "args.norm_pix_loss") == NULL
      && smb_tensor_dict_get_meta (inputs, "norm_pix") != NULL)
    smb_tensor_dict_set_meta (weights, "norm_pix", smb_tensor_dict_get_meta (inputs, "norm_pix"));
  return weights;
}

/* Side of the given images in pixels if the network's position tables are made for another; else 0. */
static gint64
other_size (const SmbTensorDict *weights, const SmbTensorDict *inputs)
{
  const SmbTensor *images = smb_tensor_dict_get (inputs, "in.images"),
                  *pos = smb_tensor_dict_get (weights, "pos_embed");
  const SmbTensor *patch = smb_tensor_dict_get (weights, "patch_embed.proj.weight");
  gint64 side, grid;

  if (images == NULL || images->rank != 4 || pos == NULL || pos->rank != 3 || patch == NULL || patch->rank != 4
      || patch->shape[2] < 1)
    return 0;
  side = images->shape[3];
  grid = llround (sqrt ((double) pos->shape[1] - 1.0));
  if (side < 1 || side != images->shape[2] || side % patch->shape[2] != 0 || side == grid * patch->shape[2])
    return 0;
  return side;
}

char *
smb_cli_tensor_describe (const SmbTensorDict *weights, const SmbTensorDict *inputs, const char *config)
{
  g_autoptr (JsonNode) root = json_from_string (config != NULL ? config : "{}", NULL);
  gint64 side = other_size (weights, inputs);

  if (side == 0 || root == NULL || !JSON_NODE_HOLDS_OBJECT (root)
      || json_object_has_member (json_node_get_object (root), "img"))
    return g_strdup (config);
  g_printerr (_ ("The images are %d pixels wide: the position tables are resampled to that.\n"), (int) side);
  json_object_set_int_member (json_node_get_object (root), "img", side);
  return json_to_string (root, FALSE);
}

int
smb_cli_tensor (int argc, char **argv)
{
  static const SmbCliCommand commands[] = {
    { "forward", smb_cli_tensor_forward, N_ ("one pass through the network") },
    { "pretrain-step", smb_cli_tensor_pretrain, N_ ("pre-training on one given batch") },
    { "finetune-step", smb_cli_tensor_finetune, N_ ("fine-tuning on one given batch") },
    { "mask", smb_cli_tensor_mask, N_ ("the patches that a masking strategy hides") },
  };

  return smb_cli_run_command ("tensor", _ ("Runs a network on given tensors."), commands, G_N_ELEMENTS (commands), argc,
                              argv);
}
