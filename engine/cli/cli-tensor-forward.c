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
  SmbCliTensorOptions of;
  char *target;
  gboolean results_only;
} Options;

static SmbNet *
open_net (SmbDevice *device, const char *path, const SmbTensorDict *inputs, const char *config, GError **error)
{
  g_autoptr (SmbTensorDict) weights = smb_cli_tensor_weights (path, inputs, error);
  g_autofree char *description = weights != NULL ? smb_cli_tensor_describe (weights, inputs, config) : NULL;

  return weights != NULL ? smb_net_new (device, weights, description, path, SMB_PRECISION_F32, error) : NULL;
}

/* What cannot be had would end the process half-way. */
static gboolean
fits (const SmbDevice *device, SmbNet *net, SmbNet *target, const SmbTensorDict *inputs, guint want, GError **error)
{
  const guint64 available = device->info.free_bytes / 10 * 9; /* the inputs, and what else the machine does */
  SmbNetNeed need;

  if (!smb_net_plan (net, target, inputs, want, &need, error))
    return FALSE;
  if (g_strcmp0 (device->abi->name, "cpu") != 0) /* the results are not on the device */
    need.output_bytes = 0;
  if (available == 0 || need.scratch_bytes + need.output_bytes <= available)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_MEMORY,
               _ ("The pass takes %.2f GB of memory, %.2f GB of it for its results, but no more than %.2f GB can be had "
                  "on %s: give fewer images, name the layers whose attention is wanted in in.layers, or use "
                  "--results-only."),
               (double) (need.scratch_bytes + need.output_bytes) / 1e9, (double) need.output_bytes / 1e9,
               (double) available / 1e9, device->id);
  return FALSE;
}

static gboolean
forward (const Options *o, GError **error)
{
  g_autoptr (SmbDevice) device = smb_cli_tensor_open (&o->of, error);
  g_autoptr (SmbTensorDict) inputs = NULL, outputs = NULL;
  g_autoptr (SmbNet) net = NULL, target = NULL;
  g_autofree char *config = NULL;
  guint want = o->results_only ? SMB_WANT_LOSSES
                               : SMB_WANT_ATTENTION | SMB_WANT_IMAGES | SMB_WANT_LOSSES | SMB_WANT_EXPLAIN
                                   | SMB_WANT_ALL_VISIBLE;

  if (device == NULL || (inputs = smb_weights_read (o->of.inputs, error)) == NULL
      || (net = open_net (device, o->of.weights, inputs, o->of.config, error)) == NULL
      || (o->target != NULL && (target = open_net (device, o->target, inputs, o->of.config, error)) == NULL))
    return FALSE;
  if (fits (device, net, target, inputs, want, error))
    outputs = smb_net_forward (net, target, inputs, want, NULL, error);
  if (outputs == NULL) {
    g_prefix_error (error, "%s: ", o->of.inputs);
    return FALSE;
  }
  config = smb_net_config_to_json (smb_net_get_config (net));
  smb_tensor_dict_set_meta (outputs, "config", config);
  return smb_weights_write (o->of.out, outputs, error);
}

int
smb_cli_tensor_forward (int argc, char **argv)
{
  static const SmbCliTensorHelp help = {
    N_ ("Runs a network on given tensors and writes all it computes."),
    N_ ("The network (.safetensors or .pth)"),
    N_ ("in.images, already normalised; in.mask, in.region, in.labels where the network takes them; in.layers: the layers whose attention is wanted"),
    N_ ("Where the results go (.safetensors)"),
    N_ ("FILE"),
    N_ ("What shapes cannot tell, as JSON: {\"heads\": 12, \"global_pool\": true, \"norm_pix\": true, \"img\": 384}"),
  };
  Options o = { 0 };
  const GOptionEntry entries[] = {
    { "target", 't', 0, G_OPTION_ARG_FILENAME, &o.target,
      N_ ("The target network, for the contrastive loss of an online network"), N_ ("FILE") },
    { "results-only", 0, 0, G_OPTION_ARG_NONE, &o.results_only, N_ ("Leave out attention, images and explanations"),
      NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  int code = SMB_EXIT_USAGE;

  if (smb_cli_tensor_parse (&o.of, &help, entries, &argc, &argv)) {
    forward (&o, &error);
    code = smb_cli_tensor_exit (error);
  }
  smb_cli_tensor_options_clear (&o.of);
  g_free (o.target);
  return code;
}
