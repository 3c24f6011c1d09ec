/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli tensor finetune-step: iterations of fine-tuning on one given batch. */
#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "cli/cli-tensor-train.h"
#include "cli/cli.h"
#include "model/smb-net-inputs.h"
#include "train/smb-finetuner.h"
#include "weights/smb-weights-file.h"

typedef struct {
  SmbCliTensorTraining run;
  char *trained, *class_weights;
  gint64 seed;
  double layer_decay, weight_decay, smoothing; /* NAN: as the files state, else as published */
  SmbFinetuneSettings settings;                /* what the options say; the rest is filled in */
} Options;

typedef struct {
  SmbTensor *images;
  int *labels;
  double *lr;
  gsize n_lr;
  gboolean mixed;
  SmbMix mix;
} Batch;

static void
batch_clear (Batch *batch)
{
  g_clear_pointer (&batch->images, smb_tensor_unref);
  g_free (batch->labels);
  g_free (batch->lr);
}

static int
edge (double pixel, const SmbNetConfig *config)
{
  return (int) CLAMP (pixel, 0.0, (double) config->image_px);
}

static gboolean
read_batch (Batch *batch, const SmbTensorDict *inputs, const SmbNetConfig *config, GError **error)
{
  g_autofree double *box = NULL;
  gsize n = 0;

  batch->images = smb_net_input_images (inputs, config, error);
  if (batch->images == NULL)
    return FALSE;
  batch->labels = smb_net_input_labels (inputs, "in.labels", batch->images->shape[0], config->classes, FALSE, error);
  if (batch->labels == NULL || (batch->lr = smb_net_input_numbers (inputs, "in.lr", &batch->n_lr, error)) == NULL
      || !smb_net_input_scalar (inputs, "in.mix_lambda", 1.0, &batch->mix.lambda, error))
    return FALSE;
  batch->mixed = smb_tensor_dict_get (inputs, "in.mix_lambda") != NULL;
  if (smb_tensor_dict_get (inputs, "in.mix_box") != NULL
      && (box = smb_net_input_numbers (inputs, "in.mix_box", &n, error)) == NULL)
    return FALSE;
  if (n == 4)
    batch->mix = (SmbMix){ batch->mix.lambda, edge (box[0], config), edge (box[1], config), edge (box[2], config),
                           edge (box[3], config) };
  return TRUE;
}

/* Options first, then what the inputs hold, then what the files state beside their tensors, then what was published. */
static gboolean
settle (Options *o, const SmbTensorDict *inputs, const SmbTensorDict *weights, SmbNetKind kind, GError **error)
{
  SmbFinetuneSettings published = smb_finetune_settings_default (kind), *s = &o->settings;
  double real_class;

  s->trained = published.trained;
  s->beta1 = published.beta1;
  s->beta2 = published.beta2;
  s->eps = published.eps;
  s->keep_patches = published.keep_patches;
  s->layer_decay = isnan (o->layer_decay)
                     ? smb_cli_tensor_stated (inputs, weights, "layer_decay", published.layer_decay)
                     : o->layer_decay;
  s->weight_decay = isnan (o->weight_decay)
                      ? smb_cli_tensor_stated (inputs, weights, "weight_decay", published.weight_decay)
                      : o->weight_decay;
  s->smoothing = smb_cli_tensor_stated (inputs, weights, "smoothing", published.smoothing);
  s->contrast_weight = smb_cli_tensor_stated (inputs, weights, "contrastive_weight", published.contrast_weight);
  s->contrast_temperature = smb_cli_tensor_stated (inputs, weights, "temperature", published.contrast_temperature);
  s->seed = (guint64) o->seed;
  if (!smb_net_input_scalar (inputs, "in.smoothing", s->smoothing, &s->smoothing, error)
      || !smb_net_input_scalar (inputs, "in.contrastive_weight", s->contrast_weight, &s->contrast_weight, error)
      || !smb_net_input_scalar (inputs, "in.temperature", s->contrast_temperature, &s->contrast_temperature, error)
      || !smb_net_input_scalar (inputs, "in.real_class", 0.0, &real_class, error))
    return FALSE;
  s->real_class = (int) CLAMP (real_class, -1.0, 1e6);
  if (!isnan (o->smoothing))
    s->smoothing = o->smoothing;
  if (o->trained != NULL && !smb_trained_from_name (o->trained, &s->trained)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("“%s” is nothing that can train; choose all, last-blocks, norms, adapter or head."), o->trained);
    return FALSE;
  }
  if (s->trained == SMB_TRAIN_HEAD || (s->trained == SMB_TRAIN_ADAPTER) == (kind == SMB_NET_ADAPTER))
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               kind == SMB_NET_ADAPTER
                 ? _ ("%s holds an FS-Adapter, whose backbone is frozen: only adapter and head can be trained.")
                 : _ ("%s holds no FS-Adapter that could be trained; choose all, last-blocks, norms or head."),
               o->run.of.weights);
  return FALSE;
}

/* One weight a class, from the option, else from in.class_weights; *out NULL: none are given. Owned. */
static gboolean
read_class_weights (const Options *o, const SmbTensorDict *inputs, int classes, double **out, GError **error)
{
  g_auto (GStrv) parts = o->class_weights != NULL ? g_strsplit (o->class_weights, ",", classes + 1) : NULL;
  g_autofree double *values = NULL;
  gsize n = 0;
  gboolean good = TRUE, any = FALSE;

  *out = NULL;
  if (parts != NULL) {
    n = g_strv_length (parts);
    values = g_new0 (double, n + 1);
    for (gsize i = 0; i < n; i++) {
      char *end;

      values[i] = g_ascii_strtod (parts[i], &end);
      good = good && end != parts[i] && *end == '\0';
    }
  } else if (smb_tensor_dict_get (inputs, "in.class_weights") == NULL) {
    return TRUE;
  } else if ((values = smb_net_input_numbers (inputs, "in.class_weights", &n, error)) == NULL) {
    return FALSE;
  }
  good = good && n == (gsize) classes;
  for (gsize i = 0; good && i < n; i++) {
    good = isfinite (values[i]) && values[i] >= 0.0;
    any |= values[i] > 0.0;
  }
  if (good && any) {
    *out = g_steal_pointer (&values);
    return TRUE;
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("Class weights are %d numbers from 0, not all of them 0, like 1,2.5 for two classes."), classes);
  return FALSE;
}

static gboolean
write_losses (const char *folder, const SmbFinetuneResult *results, gsize n, gsize first, const Batch *batch,
              GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  smb_json_add_number (builder, "loss.cross_entropy", results[0].cross_entropy);
  smb_json_add_number (builder, "loss.contrastive", results[0].contrastive);
  smb_json_add_number (builder, "loss.total", results[0].total);
  smb_cli_tensor_add_numbers (builder, "loss.of_step", &results->total, n, sizeof *results);
  smb_cli_tensor_add_numbers (builder, "loss.total_of_step", &results->total, n, sizeof *results);
  smb_cli_tensor_add_numbers (builder, "grad_norm", &results->grad_norm, n, sizeof *results);
  json_builder_set_member_name (builder, "steps");
  json_builder_begin_array (builder);
  for (gsize i = 0; i < n; i++) {
    json_builder_begin_object (builder);
    smb_json_add_number (builder, "cross_entropy", results[i].cross_entropy);
    smb_json_add_number (builder, "contrastive", results[i].contrastive);
    smb_json_add_number (builder, "total", results[i].total);
    smb_json_add_number (builder, "grad_norm", results[i].grad_norm);
    smb_json_add_number (builder, "lr", smb_cli_tensor_nth (batch->lr, batch->n_lr, first + i));
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return smb_cli_tensor_write_losses (folder, builder, error);
}

static gboolean
run_steps (const Options *o, SmbFinetuner *tuner, const Batch *batch, GError **error)
{
  static const SmbMix untouched = { .lambda = 1.0 };
  const SmbAugment *a = &o->settings.augment;
  gboolean drawn = a->erasing > 0.0 || a->mixup > 0.0 || a->cutmix > 0.0;
  const SmbMix *mix = batch->mixed ? &batch->mix : drawn ? NULL : &untouched;
  g_autofree SmbFinetuneResult *results = g_new0 (SmbFinetuneResult, o->run.steps);
  gsize first = (gsize) smb_finetuner_get_iteration (tuner);

  for (int i = 0; i < o->run.steps; i++) {
    gsize iteration = (gsize) smb_finetuner_get_iteration (tuner); /* a resumed run goes on counting */
    g_autofree char *name = g_strdup_printf ("after%" G_GSIZE_FORMAT ".safetensors", iteration + 1);
    g_autoptr (SmbTensorDict) gradients = NULL, after = NULL;

    if (!smb_finetuner_step (tuner, batch->images, batch->labels, NULL, mix,
                             smb_cli_tensor_nth (batch->lr, batch->n_lr, iteration), &results[i], NULL, error))
      return FALSE;
    if (i == 0) {
      gradients = smb_finetuner_get_gradients (tuner, error);
      if (!smb_cli_tensor_write (o->run.of.out, "grads.safetensors", gradients, error))
        return FALSE;
    }
    after = smb_finetuner_get_weights (tuner, error);
    if (!smb_cli_tensor_write (o->run.of.out, name, after, error))
      return FALSE;
  }
  return write_losses (o->run.of.out, results, (gsize) o->run.steps, first, batch, error);
}

static gboolean
resume (const Options *o, SmbFinetuner *tuner, GError **error)
{
  g_autoptr (SmbTensorDict) state = NULL, optimiser = NULL;

  if (o->run.resume == NULL)
    return TRUE;
  if (!smb_cli_tensor_read_state (o->run.resume, "position", &state, &optimiser, error))
    return FALSE;
  return optimiser == NULL ? smb_finetuner_load (tuner, state, error)
                           : smb_finetuner_load_checkpoint (tuner, state, optimiser, error);
}

static gboolean
check_memory (const Options *o, SmbDevice *device, const SmbTensorDict *inputs, const SmbNetConfig *config,
              SmbNetKind kind, GError **error)
{
  const int batch = smb_cli_tensor_batch (inputs);
  const SmbFinetuneSettings *s = &o->settings;
  guint64 need, one, two;

  if (kind != SMB_NET_CLASSIFIER && kind != SMB_NET_ADAPTER) /* the trainer has the words for it */
    return TRUE;
  return (need = smb_finetune_plan_bytes (device, config, kind, s, batch, error)) > 0
         && (one = smb_finetune_plan_bytes (device, config, kind, s, 1, error)) > 0
         && (two = smb_finetune_plan_bytes (device, config, kind, s, 2, error)) > 0
         && smb_cli_tensor_fits (device, batch, need, one, two, error);
}

static gboolean
finetune (Options *o, GError **error)
{
  g_autoptr (SmbDevice) device = smb_cli_tensor_open (&o->run.of, error);
  g_autoptr (SmbTensorDict) weights = NULL, inputs = NULL, state = NULL;
  g_autoptr (SmbFinetuner) tuner = NULL;
  g_autofree char *description = NULL;
  g_autofree double *class_weights = NULL;
  Batch batch = { 0 };
  SmbNetConfig config;
  SmbNetKind kind;
  gboolean done;

  if (device == NULL || (inputs = smb_weights_read (o->run.of.inputs, error)) == NULL
      || (weights = smb_cli_tensor_weights (o->run.of.weights, inputs, error)) == NULL)
    return FALSE;
  description = smb_cli_tensor_describe (weights, inputs, o->run.of.config);
  if (!smb_net_config_detect (&config, &kind, weights, description, o->run.of.weights, error)
      || !settle (o, inputs, weights, kind, error)
      || !read_class_weights (o, inputs, config.classes, &class_weights, error)
      || !check_memory (o, device, inputs, &config, kind, error))
    return FALSE;
  o->settings.class_weights = class_weights;
  tuner = smb_finetuner_new (device, weights, description, &o->settings, error);
  if (tuner == NULL || !resume (o, tuner, error) || !smb_cli_tensor_folder (o->run.of.out, error))
    return FALSE;
  done = read_batch (&batch, inputs, &config, error) && run_steps (o, tuner, &batch, error)
         && (state = smb_finetuner_save (tuner, error)) != NULL
         && smb_cli_tensor_write (o->run.of.out, "state.safetensors", state, error);
  batch_clear (&batch);
  return done;
}

int
smb_cli_tensor_finetune (int argc, char **argv)
{
  static const SmbCliTensorHelp help = {
    N_ ("Fine-tunes a network on one given batch and shows the arithmetic."),
    N_ ("A classifier, with or without FS-Adapter"),
    N_ ("in.images, in.labels, in.lr of each step; in.mix_lambda, in.mix_box, in.real_class …"),
    N_ ("Folder for grads.safetensors, afterN.safetensors, losses.json and state.safetensors"),
    N_ ("FOLDER"),
    N_ ("What shapes cannot tell, as JSON"),
  };
  Options o = { .layer_decay = NAN, .weight_decay = NAN, .smoothing = NAN,
                .settings = { .accumulate = 1, .last_blocks = 1 } };
  SmbFinetuneSettings *s = &o.settings;
  const GOptionEntry entries[] = {
    { "train", 0, 0, G_OPTION_ARG_STRING, &o.trained, N_ ("all, last-blocks, norms, adapter or head"), N_ ("WHAT") },
    { "last-blocks", 0, 0, G_OPTION_ARG_INT, &s->last_blocks, N_ ("How many blocks last-blocks trains (1)"), N_ ("K") },
    { "layer-decay", 0, 0, G_OPTION_ARG_DOUBLE, &o.layer_decay, N_ ("Factor of the rate from layer to layer"),
      N_ ("F") },
    { "weight-decay", 0, 0, G_OPTION_ARG_DOUBLE, &o.weight_decay, N_ ("Weight decay"), N_ ("D") },
    { "smoothing", 0, 0, G_OPTION_ARG_DOUBLE, &o.smoothing, N_ ("Label smoothing"), N_ ("S") },
    { "class-weights", 0, 0, G_OPTION_ARG_STRING, &o.class_weights, N_ ("Weight of each class in the loss"),
      N_ ("W,W…") },
    { "clip", 0, 0, G_OPTION_ARG_DOUBLE, &s->clip_norm, N_ ("Largest norm of all gradients (0: no limit)"), N_ ("C") },
    { "drop-path", 0, 0, G_OPTION_ARG_DOUBLE, &s->drop_path, N_ ("Stochastic depth of the last block (0)"), N_ ("R") },
    { "erasing", 0, 0, G_OPTION_ARG_DOUBLE, &s->augment.erasing, N_ ("Chance of random erasing (0)"), N_ ("P") },
    { "mixup", 0, 0, G_OPTION_ARG_DOUBLE, &s->augment.mixup, N_ ("Alpha of mixup (0: off)"), N_ ("A") },
    { "cutmix", 0, 0, G_OPTION_ARG_DOUBLE, &s->augment.cutmix, N_ ("Alpha of cutmix (0: off)"), N_ ("A") },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &o.seed, N_ ("Where the random numbers start (0)"), N_ ("S") },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  int code = SMB_EXIT_USAGE;

  if (smb_cli_tensor_parse_training (&o.run, &help, &s->accumulate, &s->recompute, entries, &argc, &argv)) {
    finetune (&o, &error);
    code = smb_cli_tensor_exit (error);
  }
  smb_cli_tensor_training_clear (&o.run);
  g_free (o.trained);
  g_free (o.class_weights);
  return code;
}
