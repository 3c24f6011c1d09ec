/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli tensor pretrain-step: iterations of pre-training on one given batch. */
#include <glib/gi18n-lib.h>

#include "base/smb-json-part.h"
#include "cli/cli-tensor-train.h"
#include "cli/cli.h"
#include "model/smb-net-inputs.h"
#include "train/smb-pretrainer.h"
#include "weights/smb-weights-file.h"

typedef struct {
  SmbCliTensorTraining run;
  char *target, *contrast;
  SmbPretrainSettings settings;
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
  smb_json_add_number (builder, "rec", r->rec);
  smb_json_add_number (builder, "region", r->region);
  smb_json_add_number (builder, "cl", r->cl);
  smb_json_add_number (builder, "total", r->total);
  smb_json_add_number (builder, "grad_norm", r->grad_norm);
  smb_json_add_number (builder, "lr", lr);
  smb_json_add_number (builder, "momentum", momentum);
  json_builder_set_member_name (builder, "skipped");
  json_builder_add_boolean_value (builder, r->skipped);
  json_builder_end_object (builder);
}

static gboolean
write_losses (const char *folder, const SmbPretrainResult *results, gsize n, gsize first, const Batch *batch,
              GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  smb_json_add_number (builder, "loss.rec", results[0].rec);
  smb_json_add_number (builder, "loss.region", results[0].region);
  smb_json_add_number (builder, "loss.cl", results[0].cl);
  smb_json_add_number (builder, "loss.total", results[0].total);
  smb_cli_tensor_add_numbers (builder, "loss.total_of_step", &results->total, n, sizeof *results);
  smb_cli_tensor_add_numbers (builder, "grad_norm", &results->grad_norm, n, sizeof *results);
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
  g_autofree SmbPretrainResult *results = g_new0 (SmbPretrainResult, o->run.steps);
  gsize first = (gsize) smb_pretrainer_get_iteration (trainer);

  for (int i = 0; i < o->run.steps; i++) {
    gsize iteration = (gsize) smb_pretrainer_get_iteration (trainer); /* a resumed run goes on counting */

    if (!smb_pretrainer_step (
            trainer, batch->images, batch->mask, batch->region, smb_cli_tensor_nth (batch->lr, batch->n_lr, iteration),
            smb_cli_tensor_nth (batch->momentum, batch->n_momentum, iteration), &results[i], NULL, error))
      return FALSE;
    if (i == 0) {
      g_autoptr (SmbTensorDict) gradients = smb_pretrainer_get_gradients (trainer, error);

      if (!smb_cli_tensor_write (o->run.of.out, "grads.safetensors", gradients, error))
        return FALSE;
    }
    if (!write_after (trainer, o->run.of.out, iteration + 1, error))
      return FALSE;
  }
  return write_losses (o->run.of.out, results, (gsize) o->run.steps, first, batch, error);
}

static gboolean
resume (const Options *o, SmbPretrainer *trainer, GError **error)
{
  g_autoptr (SmbTensorDict) state = NULL, optimiser = NULL;

  if (o->run.resume == NULL)
    return TRUE;
  if (!smb_cli_tensor_read_state (o->run.resume, "iteration", &state, &optimiser, error))
    return FALSE;
  return optimiser == NULL ? smb_pretrainer_load (trainer, state, error)
                           : smb_pretrainer_load_checkpoint (trainer, state, optimiser, error);
}

static gboolean
check_memory (const Options *o, SmbDevice *device, const SmbTensorDict *online, const SmbTensorDict *inputs,
              const char *description, GError **error)
{
  const int batch = smb_cli_tensor_batch (inputs);
  guint64 need, one, two;
  SmbNetConfig config;
  SmbNetKind kind;

  if (!smb_net_config_detect (&config, &kind, online, description, o->run.of.weights, error))
    return FALSE;
  if (kind != SMB_NET_ONLINE) /* the trainer has the words for it */
    return TRUE;
  return (need = smb_pretrain_plan_bytes (device, &config, &o->settings, batch, error)) > 0
         && (one = smb_pretrain_plan_bytes (device, &config, &o->settings, 1, error)) > 0
         && (two = smb_pretrain_plan_bytes (device, &config, &o->settings, 2, error)) > 0
         && smb_cli_tensor_fits (device, batch, need, one, two, error);
}

static gboolean
pretrain (Options *o, GError **error)
{
  g_autoptr (SmbDevice) device = smb_cli_tensor_open (&o->run.of, error);
  g_autoptr (SmbTensorDict) online = NULL, target = NULL, inputs = NULL, state = NULL;
  g_autoptr (SmbPretrainer) trainer = NULL;
  g_autofree char *description = NULL;
  Batch batch = { 0 };
  gboolean done;

  if (device == NULL || (inputs = smb_weights_read (o->run.of.inputs, error)) == NULL
      || (online = smb_cli_tensor_weights (o->run.of.weights, inputs, error)) == NULL
      || (o->target != NULL && (target = smb_cli_tensor_weights (o->target, inputs, error)) == NULL)
      || !smb_net_input_scalar (inputs, "in.mask_ratio", smb_cli_tensor_stated (inputs, online, "mask_ratio", -1.0),
                                &o->settings.mask_ratio, error))
    return FALSE;
  description = smb_cli_tensor_describe (online, inputs, o->run.of.config);
  if (!check_memory (o, device, online, inputs, description, error))
    return FALSE;
  trainer = smb_pretrainer_new (device, online, target, description, &o->settings, error);
  if (trainer == NULL || !resume (o, trainer, error) || !smb_cli_tensor_folder (o->run.of.out, error))
    return FALSE;
  done = read_batch (&batch, inputs, smb_pretrainer_get_config (trainer), error)
         && run_steps (o, trainer, &batch, error) && (state = smb_pretrainer_save (trainer, error)) != NULL
         && smb_cli_tensor_write (o->run.of.out, "state.safetensors", state, error);
  batch_clear (&batch);
  return done;
}

int
smb_cli_tensor_pretrain (int argc, char **argv)
{
  static const SmbCliTensorHelp help = {
    N_ ("Pre-trains a network on one given batch and shows the arithmetic."),
    N_ ("The online network"),
    N_ ("in.images, in.mask, in.region, and in.lr, in.momentum of each step"),
    N_ ("Folder for grads.safetensors, afterN.safetensors, losses.json and state.safetensors"),
    N_ ("FOLDER"),
    N_ ("What shapes cannot tell, as JSON"),
  };
  Options o = { .settings = smb_pretrain_settings_default () };
  SmbPretrainSettings *s = &o.settings;
  const GOptionEntry entries[] = {
    { "target", 't', 0, G_OPTION_ARG_FILENAME, &o.target,
      N_ ("The target network; without it, a copy of the online one"), N_ ("FILE") },
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
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  int code = SMB_EXIT_USAGE;

  if (!smb_cli_tensor_parse_training (&o.run, &help, &s->accumulate, &s->recompute, entries, &argc, &argv)) {
    /* said already */
  } else if (o.contrast != NULL && !smb_contrast_from_name (o.contrast, &s->contrast)) {
    code = smb_cli_usage (_ ("“%s” is no contrastive loss; choose simsiam, byol or infonce."), o.contrast);
  } else {
    pretrain (&o, &error);
    code = smb_cli_tensor_exit (error);
  }
  smb_cli_tensor_training_clear (&o.run);
  g_free (o.target);
  g_free (o.contrast);
  return code;
}
