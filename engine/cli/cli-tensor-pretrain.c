/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli tensor pretrain-step: iterations of pre-training on one given batch. */
#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/smb-error.h"
#include "cli/cli-tensor-train.h"
#include "cli/cli.h"
#include "model/smb-net-inputs.h"
#include "train/smb-pretrainer.h"
#include "weights/smb-weights-file.h"

#define MAX_STEPS 1000000

typedef struct {
  char *weights, *target, *inputs, *out, *config, *contrast, *resume;
  int steps;
  SmbPretrainSettings settings;
  SmbCliTensorDevice device;
} Options;

/* The batch and the rates of each step. */
typedef struct {
  SmbTensor *images;
  guint8 *mask, *region;
  double *lr, *momentum;
  gsize n_lr, n_momentum;
} Batch;

static void
batch_clear (Batch *batch)
{
  g_clear_pointer (&batch->images, smb_tensor_unref);
  g_free (batch->mask);
  g_free (batch->region);
  g_free (batch->lr);
  g_free (batch->momentum);
}

static gboolean
read_batch (Batch *batch, const SmbTensorDict *inputs, const SmbNetConfig *config, GError **error)
{
  int l = smb_net_config_get_patches (config);
  gint64 b;

  batch->images = smb_net_input_images (inputs, config, error);
  if (batch->images == NULL)
    return FALSE;
  b = batch->images->shape[0];
  batch->mask = smb_net_input_flags (inputs, "in.mask", b, l, FALSE, error);
  if (batch->mask == NULL)
    return FALSE;
  if (smb_tensor_dict_get (inputs, "in.region") == NULL)
    batch->region = g_new0 (guint8, b * l);
  else
    batch->region = smb_net_input_flags (inputs, "in.region", b, l, FALSE, error);
  return batch->region != NULL && (batch->lr = smb_net_input_numbers (inputs, "in.lr", &batch->n_lr, error)) != NULL
         && (batch->momentum = smb_net_input_numbers (inputs, "in.momentum", &batch->n_momentum, error)) != NULL;
}

static gboolean
write_after (SmbPretrainer *trainer, const char *folder, gsize step, GError **error)
{
  g_autoptr (SmbTensorDict) online = smb_pretrainer_get_weights (trainer, FALSE, error);
  g_autoptr (SmbTensorDict) target = online != NULL ? smb_pretrainer_get_weights (trainer, TRUE, error) : NULL;
  g_autoptr (SmbTensorDict) both = smb_tensor_dict_new ();
  g_autofree char *name = g_strdup_printf ("after%" G_GSIZE_FORMAT ".safetensors", step);
  SmbTensorDict *const dicts[] = { online, target };

  for (int k = 0; target != NULL && k < 2; k++)
    for (guint i = 0; i < dicts[k]->names->len; i++) {
      const char *plain = g_ptr_array_index (dicts[k]->names, i);
      g_autofree char *full = g_strconcat (k == 0 ? "online." : "target.", plain, NULL);

      smb_tensor_dict_set (both, full, smb_tensor_dict_get (dicts[k], plain));
    }
  if (target != NULL)
    smb_tensor_dict_set_meta (both, "config", smb_tensor_dict_get_meta (online, "config"));
  return target != NULL && smb_cli_tensor_write (folder, name, both, error);
}

static void
add_result (JsonBuilder *builder, const SmbPretrainResult *r, double lr, double momentum)
{
  json_builder_begin_object (builder);
  smb_cli_tensor_add_number (builder, "rec", r->rec);
  smb_cli_tensor_add_number (builder, "region", r->region);
  smb_cli_tensor_add_number (builder, "cl", r->cl);
  smb_cli_tensor_add_number (builder, "total", r->total);
  smb_cli_tensor_add_number (builder, "grad_norm", r->grad_norm);
  smb_cli_tensor_add_number (builder, "lr", lr);
  smb_cli_tensor_add_number (builder, "momentum", momentum);
  json_builder_set_member_name (builder, "skipped");
  json_builder_add_boolean_value (builder, r->skipped);
  json_builder_end_object (builder);
}

static gboolean
write_losses (const char *folder, const SmbPretrainResult *results, gsize n, gsize first, const Batch *batch,
              GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree double *totals = g_new (double, n), *norms = g_new (double, n);

  for (gsize i = 0; i < n; i++) {
    totals[i] = results[i].total;
    norms[i] = results[i].grad_norm;
  }
  json_builder_begin_object (builder);
  smb_cli_tensor_add_number (builder, "loss.rec", results[0].rec);
  smb_cli_tensor_add_number (builder, "loss.region", results[0].region);
  smb_cli_tensor_add_number (builder, "loss.cl", results[0].cl);
  smb_cli_tensor_add_number (builder, "loss.total", results[0].total);
  smb_cli_tensor_add_numbers (builder, "loss.total_of_step", totals, n);
  smb_cli_tensor_add_numbers (builder, "grad_norm", norms, n);
  json_builder_set_member_name (builder, "steps");
  json_builder_begin_array (builder);
  for (gsize i = 0; i < n; i++)
    add_result (builder, &results[i], smb_cli_tensor_nth (batch->lr, batch->n_lr, first + i),
                smb_cli_tensor_nth (batch->momentum, batch->n_momentum, first + i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return smb_cli_tensor_write_losses (folder, builder, error);
}

static gboolean
run_steps (const Options *o, SmbPretrainer *trainer, const Batch *batch, GError **error)
{
  g_autofree SmbPretrainResult *results = g_new0 (SmbPretrainResult, o->steps);
  gsize first = (gsize) smb_pretrainer_get_iteration (trainer);

  for (int i = 0; i < o->steps; i++) {
    gsize iteration = (gsize) smb_pretrainer_get_iteration (trainer); /* a resumed run goes on counting */

    if (!smb_pretrainer_step (
            trainer, batch->images, batch->mask, batch->region, smb_cli_tensor_nth (batch->lr, batch->n_lr, iteration),
            smb_cli_tensor_nth (batch->momentum, batch->n_momentum, iteration), &results[i], NULL, error))
      return FALSE;
    if (i == 0) {
      g_autoptr (SmbTensorDict) gradients = smb_pretrainer_get_gradients (trainer, error);

      if (!smb_cli_tensor_write (o->out, "grads.safetensors", gradients, error))
        return FALSE;
    }
    if (!write_after (trainer, o->out, iteration + 1, error))
      return FALSE;
  }
  return write_losses (o->out, results, (gsize) o->steps, first, batch, error);
}

static gboolean
resume (const Options *o, SmbPretrainer *trainer, GError **error)
{
  g_autoptr (SmbTensorDict) state = NULL, optimiser = NULL;

  if (o->resume == NULL)
    return TRUE;
  state = smb_weights_read (o->resume, error);
  if (state == NULL)
    return FALSE;
  if (smb_tensor_dict_get_meta (state, "iteration") != NULL)
    return smb_pretrainer_load (trainer, state, error);
  optimiser = smb_weights_read_optimiser (o->resume, error); /* a checkpoint of the official scripts */
  return optimiser != NULL && smb_pretrainer_load_checkpoint (trainer, state, optimiser, error);
}

static gboolean
check_memory (const Options *o, SmbDevice *device, const SmbTensorDict *online, const SmbTensorDict *inputs,
              const char *description, GError **error)
{
  const SmbTensor *images = smb_tensor_dict_get (inputs, "in.images");
  gint64 batch = images != NULL && images->rank == 4 ? CLAMP (images->shape[0], 1, G_MAXINT) : 1;
  guint64 need, one, two;
  SmbNetConfig config;
  SmbNetKind kind;

  if (!smb_net_config_detect (&config, &kind, online, description, o->weights, error))
    return FALSE;
  if (kind != SMB_NET_ONLINE) /* the trainer has the words for it */
    return TRUE;
  return (need = smb_pretrain_plan_bytes (device, &config, (int) batch, o->settings.recompute, error)) > 0
         && (one = smb_pretrain_plan_bytes (device, &config, 1, o->settings.recompute, error)) > 0
         && (two = smb_pretrain_plan_bytes (device, &config, 2, o->settings.recompute, error)) > 0
         && smb_cli_tensor_fits (device, batch, need, one, two, error);
}

static gboolean
pretrain (Options *o, GError **error)
{
  g_autoptr (SmbDevice) device = smb_cli_tensor_open (&o->device, error);
  g_autoptr (SmbTensorDict) online = NULL, target = NULL, inputs = NULL, state = NULL;
  g_autoptr (SmbPretrainer) trainer = NULL;
  g_autofree char *description = NULL;
  Batch batch = { 0 };
  gboolean done;

  if (device == NULL || (inputs = smb_weights_read (o->inputs, error)) == NULL
      || (online = smb_cli_tensor_weights (o->weights, inputs, error)) == NULL
      || (o->target != NULL && (target = smb_cli_tensor_weights (o->target, inputs, error)) == NULL)
      || !smb_net_input_scalar (inputs, "in.mask_ratio", smb_cli_tensor_stated (inputs, online, "mask_ratio", -1.0),
                                &o->settings.mask_ratio, error))
    return FALSE;
  description = smb_cli_tensor_describe (online, inputs, o->config);
  if (!check_memory (o, device, online, inputs, description, error))
    return FALSE;
  trainer = smb_pretrainer_new (device, online, target, description, &o->settings, error);
  if (trainer == NULL || !resume (o, trainer, error) || !smb_cli_tensor_folder (o->out, error))
    return FALSE;
  done = read_batch (&batch, inputs, smb_pretrainer_get_config (trainer), error)
         && run_steps (o, trainer, &batch, error) && (state = smb_pretrainer_save (trainer, error)) != NULL
         && smb_cli_tensor_write (o->out, "state.safetensors", state, error);
  batch_clear (&batch);
  return done;
}

static int
run (Options *o)
{
  g_autoptr (GError) error = NULL;

  if (o->weights == NULL || o->inputs == NULL || o->out == NULL)
    return smb_cli_usage (_ ("“tensor pretrain-step” needs --weights, --inputs and --out."));
  if (o->steps < 1 || o->steps > MAX_STEPS)
    return smb_cli_usage (_ ("The number of steps counts from 1 to %d."), MAX_STEPS);
  if (o->contrast != NULL && !smb_contrast_from_name (o->contrast, &o->settings.contrast))
    return smb_cli_usage (_ ("“%s” is no contrastive loss; choose simsiam, byol or infonce."), o->contrast);
  if (pretrain (o, &error))
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
}

int
smb_cli_tensor_pretrain (int argc, char **argv)
{
  Options o = { .steps = 1, .settings = smb_pretrain_settings_default () };
  SmbPretrainSettings *s = &o.settings;
  const GOptionEntry entries[] = {
    { "weights", 'w', 0, G_OPTION_ARG_FILENAME, &o.weights, N_ ("The online network"), N_ ("FILE") },
    { "target", 't', 0, G_OPTION_ARG_FILENAME, &o.target,
      N_ ("The target network; without it, a copy of the online one"), N_ ("FILE") },
    { "inputs", 'i', 0, G_OPTION_ARG_FILENAME, &o.inputs,
      N_ ("in.images, in.mask, in.region, and in.lr, in.momentum of each step"), N_ ("FILE") },
    { "steps", 'n', 0, G_OPTION_ARG_INT, &o.steps, N_ ("How many iterations on this batch (1)"), N_ ("N") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out,
      N_ ("Folder for grads.safetensors, afterN.safetensors, losses.json and state.safetensors"), N_ ("FOLDER") },
    { "resume", 0, 0, G_OPTION_ARG_FILENAME, &o.resume, N_ ("Go on from a state.safetensors or an official .pth"),
      N_ ("FILE") },
    { "config", 'c', 0, G_OPTION_ARG_STRING, &o.config, N_ ("What shapes cannot tell, as JSON"), N_ ("JSON") },
    { "contrast", 0, 0, G_OPTION_ARG_STRING, &o.contrast, N_ ("simsiam, byol or infonce"), N_ ("NAME") },
    { "temperature", 0, 0, G_OPTION_ARG_DOUBLE, &s->contrast_temperature, N_ ("InfoNCE's temperature (0.2)"),
      N_ ("T") },
    { "weight-region", 0, 0, G_OPTION_ARG_DOUBLE, &s->weight_region, N_ ("Weight of the region's loss (0.007)"),
      N_ ("W") },
    { "weight-contrast", 0, 0, G_OPTION_ARG_DOUBLE, &s->weight_contrast, N_ ("Weight of the contrastive loss (0.1)"),
      N_ ("W") },
    { "weight-decay", 0, 0, G_OPTION_ARG_DOUBLE, &s->weight_decay, N_ ("Weight decay (0.05)"), N_ ("D") },
    { "clip", 0, 0, G_OPTION_ARG_DOUBLE, &s->clip_norm, N_ ("Largest norm of all gradients (1; 0: no limit)"),
      N_ ("C") },
    { "accumulate", 0, 0, G_OPTION_ARG_INT, &s->accumulate, N_ ("Iterations to one step of the optimiser (1)"),
      N_ ("N") },
    { "recompute", 0, 0, G_OPTION_ARG_NONE, &s->recompute, N_ ("Less memory, a third more time"), NULL },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o.device.device, N_ ("Where to compute: cpu, cuda:0 …"), N_ ("NAME") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &o.device.threads, N_ ("Threads; 0: one a core"), N_ ("N") },
    { NULL },
  };
  int code = SMB_EXIT_USAGE;

  if (smb_cli_parse (&argc, &argv, entries, NULL,
                     _ ("Pre-trains a network on one given batch and shows the arithmetic.")))
    code = argc > 1 ? smb_cli_usage (_ ("“tensor pretrain-step” takes options only, but “%s” was given."), argv[1])
                    : run (&o);
  g_free (o.weights);
  g_free (o.target);
  g_free (o.inputs);
  g_free (o.out);
  g_free (o.config);
  g_free (o.contrast);
  g_free (o.resume);
  g_free (o.device.device);
  return code;
}
