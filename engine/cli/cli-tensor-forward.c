/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli tensor forward: a network on given tensors, everything it computes written under the names of the
 * reference's fixtures. */
#include <glib/gi18n-lib.h>

#include "base/smb-error.h"
#include "cli/cli-tensor.h"
#include "cli/cli.h"
#include "model/smb-net.h"
#include "weights/smb-weights-file.h"

typedef struct {
  char *weights, *target, *inputs, *out, *config;
  gboolean results_only;
  SmbCliTensorDevice device;
} Options;

static SmbNet *
open_net (SmbDevice *device, const char *path, const SmbTensorDict *inputs, const char *config, GError **error)
{
  g_autoptr (SmbTensorDict) weights = smb_cli_tensor_weights (path, inputs, error);
  g_autofree char *description = weights != NULL ? smb_cli_tensor_describe (weights, inputs, config) : NULL;

  return weights != NULL ? smb_net_new (device, weights, description, path, SMB_PRECISION_F32, error) : NULL;
}

static gboolean
forward (const Options *o, GError **error)
{
  g_autoptr (SmbDevice) device = smb_cli_tensor_open (&o->device, error);
  g_autoptr (SmbTensorDict) inputs = NULL, outputs = NULL;
  g_autoptr (SmbNet) net = NULL, target = NULL;
  g_autofree char *config = NULL;
  guint want = o->results_only ? SMB_WANT_LOSSES
                               : SMB_WANT_ATTENTION | SMB_WANT_IMAGES | SMB_WANT_LOSSES | SMB_WANT_EXPLAIN
                                   | SMB_WANT_ALL_VISIBLE;

  if (device == NULL || (inputs = smb_weights_read (o->inputs, error)) == NULL
      || (net = open_net (device, o->weights, inputs, o->config, error)) == NULL
      || (o->target != NULL && (target = open_net (device, o->target, inputs, o->config, error)) == NULL))
    return FALSE;
  outputs = smb_net_forward (net, target, inputs, want, NULL, error);
  if (outputs == NULL) {
    g_prefix_error (error, "%s: ", o->inputs);
    return FALSE;
  }
  config = smb_net_config_to_json (smb_net_get_config (net));
  smb_tensor_dict_set_meta (outputs, "config", config);
  return smb_weights_write (o->out, outputs, error);
}

int
smb_cli_tensor_forward (int argc, char **argv)
{
  Options o = { 0 };
  const GOptionEntry entries[] = {
    { "weights", 'w', 0, G_OPTION_ARG_FILENAME, &o.weights, N_ ("The network (.safetensors or .pth)"), N_ ("FILE") },
    { "target", 't', 0, G_OPTION_ARG_FILENAME, &o.target,
      N_ ("The target network, for the contrastive loss of an online network"), N_ ("FILE") },
    { "inputs", 'i', 0, G_OPTION_ARG_FILENAME, &o.inputs,
      N_ ("in.images, already normalised; in.mask, in.region, in.labels where the network takes them"), N_ ("FILE") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, N_ ("Where the results go (.safetensors)"), N_ ("FILE") },
    { "config", 'c', 0, G_OPTION_ARG_STRING, &o.config,
      N_ ("What shapes cannot tell, as JSON: {\"heads\": 12, \"global_pool\": true, \"norm_pix\": true, \"img\": 384}"),
      N_ ("JSON") },
    { "results-only", 0, 0, G_OPTION_ARG_NONE, &o.results_only, N_ ("Leave out attention, images and explanations"),
      NULL },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o.device.device, N_ ("Where to compute: cpu, cuda:0 …"), N_ ("NAME") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &o.device.threads, N_ ("Threads; 0: one a core"), N_ ("N") },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  int code = SMB_EXIT_OK;

  if (!smb_cli_parse (&argc, &argv, entries, NULL, _ ("Runs a network on given tensors and writes all it computes.")))
    return SMB_EXIT_USAGE;
  if (argc > 1)
    code = smb_cli_usage (_ ("“tensor forward” takes options only, but “%s” was given."), argv[1]);
  else if (o.weights == NULL || o.inputs == NULL || o.out == NULL)
    code = smb_cli_usage (_ ("“tensor forward” needs --weights, --inputs and --out."));
  else if (!forward (&o, &error)) {
    smb_cli_print_error (error);
    code = g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
  }
  g_free (o.weights);
  g_free (o.target);
  g_free (o.inputs);
  g_free (o.out);
  g_free (o.config);
  g_free (o.device.device);
  return code;
}
