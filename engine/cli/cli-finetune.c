/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli finetune: a detector from a pre-trained network and labelled faces. */
#include "cli/cli.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "analysis/smb-analysis.h"
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "cli/cli-train.h"
#include "learn/smb-checkpoint.h"
#include "learn/smb-dataset-places.h"
#include "learn/smb-finetune-job.h"
#include "learn/smb-net-size.h"
#include "learn/smb-processes.h"
#include "weights/smb-weights-file.h"

#define PRESET G_MININT /* a whole number that was not given */

typedef struct {
  SmbCliTraining common;
  char *init, *size, *train, *preset, *blended, *degrade, *shares, *mean, *licence, *provenance, *title, *limits,
      *init_sha256, *precision;
  int epochs, batch, last_blocks;
  gint64 seed;
  double base_lr, min_lr, warmup, layer_decay, weight_decay, smoothing, drop_path, erasing, mixup, cutmix, clip,
      contrast, patches, keep, grey, zoom, ease, cross; /* NAN: the preset's */
  gboolean adapter;
  GStrv classes;
  double *class_shares;
  SmbFinetunePlan plan;
  SmbNetConfig fresh; /* without --init: of the network that is made */
  const SmbParallel *parallel;
} Options;

static void
show_point (const SmbFinetunePoint *p, gpointer user_data)
{
  const Options *o = user_data;

  if (smb_parallel_is_first (o->parallel))
    smb_cli_show_step (o->common.json, p->iteration, p->iterations, p->losses.total, p->lr, p->images_per_second);
}

static void
show_epoch (const SmbFinetuneEpoch *e, gpointer user_data)
{
  const Options *o = user_data;

  if (o->common.json)
    return; /* in the log */
  if (isnan (e->loss)) {
    g_print (_ ("Epoch %d: the data set has no faces in the part “val” to choose the best epoch by; the last one is "
                "kept.\n"),
             e->epoch);
    return;
  }
  if (isnan (e->auc)) {
    g_print (_ ("Epoch %d: validation loss %.4f; an AUC needs genuine and forged faces in the part “val”. The last epoch "
                "is kept.\n"),
             e->epoch, e->loss);
    return;
  }
  g_print (_ ("Epoch %d: validation loss %.4f, AUC %.4f, EER %.4f%s\n"), e->epoch, e->loss, e->auc, e->eer,
           e->best ? _ (", the best so far") : "");
  for (int c = 0; o->classes[c] != NULL; c++)
    if (!isnan (e->class_auc[c]))
      g_print (_ ("  %s: AUC %.4f\n"), o->classes[c], e->class_auc[c]);
}

typedef struct {
  const SmbNetConfig *config;
  SmbNetKind kind;
  const SmbFinetuneSettings *settings;
} Planned;

static guint64
plan_bytes (SmbDevice *device, int batch, gboolean recompute, gpointer user_data, GError **error)
{
  const Planned *p = user_data;
  SmbFinetuneSettings settings = *p->settings;

  settings.recompute = recompute;
  return smb_finetune_plan_bytes (device, p->config, p->kind, &settings, batch, error);
}

static double
or_preset (double value, double preset)
{
  return isnan (value) ? preset : value;
}

/* Takes the options into the plan. "published": the recipe of the paper; "quick": for small data, on a processor. */
static gboolean
settle (Options *o, GError **error)
{
  SmbNetKind kind = o->adapter ? SMB_NET_ADAPTER : SMB_NET_CLASSIFIER;
  gboolean quick = g_strcmp0 (o->preset, "quick") == 0;
  SmbFinetunePlan *p = &o->plan;
  SmbFinetuneSettings *s;

  *p = smb_finetune_plan_default (kind);
  s = &p->settings;
  if (o->preset != NULL && !quick && strcmp (o->preset, "published") != 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("“%s” is no preset; choose published or quick."), o->preset);
    return FALSE;
  }
  if (quick) {
    p->epochs = 5;
    p->feed.batch = 32;
    p->base_lr = o->adapter ? 5e-3 : 1e-3;
    s->layer_decay = o->adapter ? 1.0 : 0.75;
    s->augment.erasing = 0.0;
  }
  if (o->train != NULL && !smb_trained_from_name (o->train, &s->trained)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("“%s” is nothing that can train; choose all, last-blocks, norms, adapter or head."), o->train);
    return FALSE;
  }
  if (o->degrade != NULL && !smb_degrade_settings_from_name (&p->feed.view.degrade, o->degrade)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("“%s” is no way to degrade faces; choose none, light, medium or strong."), o->degrade);
    return FALSE;
  }
  p->epochs = o->epochs == PRESET ? p->epochs : o->epochs;
  p->feed.batch = o->batch == PRESET ? p->feed.batch : o->batch;
  p->base_lr = or_preset (o->base_lr, p->base_lr);
  p->min_lr = or_preset (o->min_lr, p->min_lr);
  p->warmup_epochs = or_preset (o->warmup, p->warmup_epochs);
  p->feed.grey = or_preset (o->grey, p->feed.grey);
  p->feed.view.zoom = or_preset (o->zoom, p->feed.view.zoom);
  p->feed.view.ease = or_preset (o->ease, p->feed.view.ease);
  p->feed.view.cross = or_preset (o->cross, p->feed.view.cross);
  p->feed.ease_epochs = p->epochs / 2.0;
  p->feed.seed = (guint64) o->seed;
  p->checkpoint_epochs = o->common.checkpoint_every;
  p->stop_after = (guint64) o->common.stop_after;
  p->licence = o->licence;
  p->provenance = o->provenance;
  p->title = o->title;
  p->limits = o->limits;
  p->init = o->init;
  s->layer_decay = or_preset (o->layer_decay, s->layer_decay);
  s->weight_decay = or_preset (o->weight_decay, s->weight_decay);
  s->smoothing = or_preset (o->smoothing, s->smoothing);
  s->drop_path = or_preset (o->drop_path, s->drop_path);
  s->clip_norm = or_preset (o->clip, s->clip_norm);
  s->augment.erasing = or_preset (o->erasing, s->augment.erasing);
  s->augment.mixup = or_preset (o->mixup, s->augment.mixup);
  s->augment.cutmix = or_preset (o->cutmix, s->augment.cutmix);
  s->contrast_weight = or_preset (o->contrast, s->contrast_weight);
  s->patch_weight = or_preset (o->patches, s->patch_weight);
  s->keep_patches = or_preset (o->keep, s->keep_patches);
  s->last_blocks = o->last_blocks;
  s->accumulate = o->common.accumulate;
  s->seed = (guint64) o->seed;
  return TRUE;
}

/* The data set's classes and, if it is not among them, that of the self-blended ones. */
static gboolean
settle_classes (Options *o, const SmbDataset *dataset, GError **error)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_auto (GStrv) shares = o->shares != NULL ? g_strsplit (o->shares, ",", -1) : NULL;
  int n, blend = -1;

  if (o->blended != NULL && (blend = smb_dataset_blend_class (dataset, o->blended, error)) < 0)
    return FALSE;
  g_strv_builder_addv (names, (const char **) dataset->classes);
  if (blend == smb_dataset_get_n_classes (dataset))
    g_strv_builder_add (names, o->blended);
  o->classes = g_strv_builder_end (names);
  n = (int) g_strv_length (o->classes);
  o->plan.classes = (const char *const *) o->classes;
  o->plan.feed.n_classes = n;
  o->plan.settings.real_class = dataset->real_class;
  if (o->blended != NULL)
    o->plan.feed.blend_class = blend;
  if (n < 2) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                         _ ("A detector tells at least two classes: give a data set of two classes, or make one with "
                            "--self-blended=swapped."));
    return FALSE;
  }
  if (shares == NULL)
    return TRUE;
  o->class_shares = g_new0 (double, n);
  for (int i = 0; i < n && (int) g_strv_length (shares) == n; i++) {
    char *end;

    o->class_shares[i] = g_ascii_strtod (shares[i], &end);
    if (end == shares[i] || *end != '\0' || !(o->class_shares[i] >= 0.0 && o->class_shares[i] < 1e6))
      n = -1;
  }
  if (n != (int) g_strv_length (shares)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("--shares should be a number for each class of the network, like 2,1,1, not “%s”."), o->shares);
    return FALSE;
  }
  o->plan.feed.shares = o->class_shares;
  return TRUE;
}

static gboolean
three_of (const SmbTensorDict *weights, const char *key, double values[3])
{
  const char *text = smb_tensor_dict_get_meta (weights, key);
  g_auto (GStrv) parts = NULL;

  if (text == NULL || text[0] != '[')
    return FALSE;
  parts = g_strsplit (text + 1, ",", -1);
  for (int i = 0; i < 3; i++) {
    if ((int) g_strv_length (parts) != 3)
      return FALSE;
    values[i] = g_ascii_strtod (parts[i], NULL);
  }
  return TRUE;
}

/* What images are normalised by: as said, as the weights state, as the file beside them does, else as measured. */
static gboolean
settle_normalisation (Options *o, const SmbTensorDict *init, const SmbDataset *dataset, GError **error)
{
  SmbViewSettings *v = &o->plan.feed.view;

  if (o->mean != NULL)
    return TRUE; /* read with the options */
  if (init != NULL && three_of (init, "mean", v->mean) && three_of (init, "std", v->std))
    return TRUE;
  if (o->init != NULL) {
    g_autofree char *folder = g_path_get_dirname (o->init);
    g_autofree char *path = g_build_filename (folder, "pretrain_ds_mean_std.txt", NULL);

    if (g_file_test (path, G_FILE_TEST_EXISTS))
      return smb_learn_read_mean_std (path, v->mean, v->std, error);
  }
  smb_face_store_measure (dataset->faces, v->mean, v->std);
  return TRUE;
}

static SmbNetKind
kind_of (const Options *o)
{
  return o->adapter ? SMB_NET_ADAPTER : SMB_NET_CLASSIFIER;
}

static const char *
name_of (const Options *o)
{
  return o->init != NULL ? o->init : _ ("the network");
}

/* The network to be trained, in `config`, and what it starts from (*init_out; NULL: fresh weights, which are made when it
 * is known that they fit into memory). */
static gboolean
settle_network (Options *o, SmbNetConfig *config, SmbTensorDict **init_out, GError **error)
{
  SmbNetKind found;

  if (o->init != NULL) {
    *init_out = smb_weights_read (o->init, error);
    if (*init_out == NULL || !smb_net_config_detect (config, &found, *init_out, o->common.config, o->init, error))
      return FALSE;
  } else {
    if (!smb_net_size_get (&o->fresh, o->size != NULL ? o->size : "tiny", o->common.config, error))
      return FALSE;
    *config = o->fresh;
    g_clear_pointer (&o->common.config, g_free);
    o->common.config = smb_net_config_to_json (config);
  }
  return smb_finetune_start_config (config, name_of (o), kind_of (o), o->plan.feed.n_classes, TRUE, error);
}

/* Weights to start from: a pre-trained or fine-tuned network's, or fresh ones. */
static SmbTensorDict *
start (Options *o, const SmbDataset *dataset, const SmbTensorDict *init, GError **error)
{
  g_autoptr (SmbTensorDict) fresh = NULL;

  if (init != NULL) {
    o->init_sha256 = smb_sha256_of_file (o->init, NULL, NULL, error);
    o->plan.init_sha256 = o->init_sha256;
    if (o->init_sha256 == NULL)
      return NULL;
  } else {
    init = fresh = smb_net_init_weights (&o->fresh, SMB_NET_ONLINE, (guint64) o->seed);
  }
  if (!settle_normalisation (o, init, dataset, error))
    return NULL;
  return smb_finetune_start (init, o->common.config, name_of (o), kind_of (o), o->plan.feed.n_classes, TRUE,
                             (guint64) o->seed, error);
}

static gboolean
finetune (Options *o, const char *folder, GCancellable *stop, GError **error)
{
  const SmbFinetuneReport report = { show_point, show_epoch, o };
  g_autoptr (SmbDevice) device
      = smb_device_open (o->common.device != NULL ? o->common.device : "cpu", o->common.threads, error);
  g_autoptr (SmbDataset) dataset = device != NULL ? smb_dataset_open (folder, error) : NULL;
  g_autoptr (SmbTensorDict) init = NULL, weights = NULL;
  g_autofree char *key = NULL;
  SmbNetConfig config;
  gboolean stopped;

  if (dataset == NULL || !settle_classes (o, dataset, error) || !smb_finetune_plan_check (&o->plan, error)
      || !settle_network (o, &config, &init, error)
      || !smb_cli_check_memory (&o->common, device, o->plan.feed.batch, o->parallel, plan_bytes,
                                &(Planned){ &config, kind_of (o), &o->plan.settings }, error))
    return FALSE;
  o->plan.settings.recompute = o->common.recompute;
  o->plan.feed.view.image_px = config.image_px;
  o->plan.feed.grid = o->plan.settings.patch_weight > 0.0 ? config.image_px / config.patch_px : 0;
  if (o->common.plan_only)
    return TRUE;
  if (o->common.background)
    return smb_cli_start_job (o->title, o->common.argc, o->common.argv, error);
  if ((weights = start (o, dataset, init, error)) == NULL)
    return FALSE;
  smb_cli_stop_on_signals (stop); /* until now there is nothing to keep */
  key = smb_dataset_dup_key (dataset);
  if (smb_parallel_is_first (o->parallel))
    smb_dataset_place_note (key, folder, NULL); /* to be found for its test part; it can be named again */
  if (!smb_finetune_job_run (&o->plan, device, weights, NULL, dataset, o->common.out, o->common.resume, &report,
                             &stopped, stop, error))
    return FALSE;
  if (stopped && smb_parallel_is_first (o->parallel))
    g_printerr (_ ("Stopped with a checkpoint; go on with --resume.\n"));
  return TRUE;
}

static int
run (Options *o, const char *folder)
{
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  gboolean good;

  if (o->common.out == NULL && !o->common.background && !o->common.plan_only)
    return smb_cli_usage (_ ("“finetune” needs --out, a folder for what becomes of the training, or --background."));
  if (o->init != NULL && o->size != NULL)
    return smb_cli_usage (_ ("Weights to start from have a size of their own: give --init or --size, not both."));
  if (o->batch > SMB_CLI_MAX_BATCH)
    return smb_cli_usage (_ ("--batch is at most %d, not %d; --accumulate takes several to one step."),
                          SMB_CLI_MAX_BATCH, o->batch);
  if (o->common.stop_after < 0 || o->seed < 0)
    return smb_cli_usage (_ ("--seed and --stop-after count from 0."));
  if ((o->mean != NULL) != (o->common.std != NULL))
    return smb_cli_usage (_ ("Give --mean and --std together, or neither."));
  good = settle (o, &error)
         && (o->precision == NULL
             || smb_precision_from_text (o->precision, o->common.device, &o->plan.settings.precision, &error))
         && (o->mean == NULL
             || (smb_cli_parse_three ("--mean", o->mean, o->plan.feed.view.mean)
                 && smb_cli_parse_three ("--std", o->common.std, o->plan.feed.view.std)))
         && smb_processes_join (&o->parallel, &error);
  o->plan.settings.parallel = o->parallel;
  good = good && finetune (o, folder, stop, &error);
  if (!good && error != NULL)
    smb_cli_print_error (error);
  smb_processes_leave (o->parallel, !good);
  if (good)
    return SMB_EXIT_OK;
  return error == NULL || g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
}

static void
clear (Options *o)
{
  char **const texts[]
      = { &o->init, &o->size,    &o->train,      &o->preset, &o->blended, &o->degrade,     &o->shares,
          &o->mean, &o->licence, &o->provenance, &o->title,  &o->limits,  &o->init_sha256, &o->precision };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (*texts[i]);
  g_strfreev (o->classes);
  g_free (o->class_shares);
  smb_cli_training_clear (&o->common);
}

int
smb_cli_finetune (int argc, char **argv)
{
  Options o = { .common = smb_cli_training_default (),
                .epochs = PRESET,
                .batch = PRESET,
                .last_blocks = 1,
                .base_lr = NAN,
                .min_lr = NAN,
                .warmup = NAN,
                .layer_decay = NAN,
                .weight_decay = NAN,
                .smoothing = NAN,
                .drop_path = NAN,
                .erasing = NAN,
                .mixup = NAN,
                .cutmix = NAN,
                .clip = NAN,
                .contrast = NAN,
                .patches = NAN,
                .keep = NAN,
                .grey = NAN,
                .zoom = NAN,
                .ease = NAN,
                .cross = NAN };
  const GOptionEntry entries[] = {
    { "init", 0, 0, G_OPTION_ARG_FILENAME, &o.init, N_ ("Pre-trained or fine-tuned network to start from"),
      N_ ("FILE") },
    { "size", 0, 0, G_OPTION_ARG_STRING, &o.size, N_ ("Without --init: tiny (default), small, base, large or huge"),
      N_ ("NAME") },
    { "preset", 0, 0, G_OPTION_ARG_STRING, &o.preset, N_ ("published (default), or quick for small data"),
      N_ ("NAME") },
    { "train", 0, 0, G_OPTION_ARG_STRING, &o.train, N_ ("all, last-blocks, norms, adapter or head"), N_ ("WHAT") },
    { "last-blocks", 0, 0, G_OPTION_ARG_INT, &o.last_blocks, N_ ("How many blocks last-blocks trains (1)"), N_ ("K") },
    { "adapter", 0, 0, G_OPTION_ARG_NONE, &o.adapter, N_ ("Train an FS-Adapter on the frozen network"), NULL },
    { "self-blended", 0, 0, G_OPTION_ARG_STRING, &o.blended, N_ ("Make forgeries of the genuine faces, of this class"),
      N_ ("CLASS") },
    { "shares", 0, 0, G_OPTION_ARG_STRING, &o.shares, N_ ("Of each class in a batch, like 2,1,1 (all the same)"),
      N_ ("A,B,…") },
    { "degrade", 0, 0, G_OPTION_ARG_STRING, &o.degrade,
      N_ ("What faces go through: none, light, medium or strong (default)"), N_ ("NAME") },
    { "grey", 0, 0, G_OPTION_ARG_DOUBLE, &o.grey, N_ ("Share of every class shown without colour (0.3)"), N_ ("P") },
    { "zoom", 0, 0, G_OPTION_ARG_DOUBLE, &o.zoom, N_ ("How far the size of the shown part varies (0.1)"), N_ ("Z") },
    { "cross", 0, 0, G_OPTION_ARG_DOUBLE, &o.cross,
      N_ ("Share of the self-blended faces that take another person’s face in place of their own (0)"), N_ ("P") },
    { "ease", 0, 0, G_OPTION_ARG_DOUBLE, &o.ease,
      N_ ("How much plainer the first self-blended faces are; 0 from half of the training (0)"), N_ ("E") },
    { "epochs", 0, 0, G_OPTION_ARG_INT, &o.epochs, N_ ("Passes over the genuine faces (10; quick 5)"), N_ ("N") },
    { "batch", 'b', 0, G_OPTION_ARG_INT, &o.batch, N_ ("Images an iteration, of all processes together (64; quick 32)"),
      N_ ("N") },
    { "blr", 0, 0, G_OPTION_ARG_DOUBLE, &o.base_lr, N_ ("Learning rate for a step of 256 images"), N_ ("R") },
    { "min-lr", 0, 0, G_OPTION_ARG_DOUBLE, &o.min_lr, N_ ("Learning rate at the end (0)"), N_ ("R") },
    { "warmup", 0, 0, G_OPTION_ARG_DOUBLE, &o.warmup, N_ ("Epochs to warm up (half of all, at most 5)"), N_ ("N") },
    { "layer-decay", 0, 0, G_OPTION_ARG_DOUBLE, &o.layer_decay, N_ ("Factor of the rate from layer to layer"),
      N_ ("F") },
    { "weight-decay", 0, 0, G_OPTION_ARG_DOUBLE, &o.weight_decay, N_ ("Weight decay (0.05; adapter 0)"), N_ ("D") },
    { "smoothing", 0, 0, G_OPTION_ARG_DOUBLE, &o.smoothing, N_ ("Label smoothing (0.1)"), N_ ("S") },
    { "drop-path", 0, 0, G_OPTION_ARG_DOUBLE, &o.drop_path, N_ ("Stochastic depth of the last block (0.1)"), N_ ("R") },
    { "erasing", 0, 0, G_OPTION_ARG_DOUBLE, &o.erasing, N_ ("Chance of random erasing (0.25; quick 0)"), N_ ("P") },
    { "mixup", 0, 0, G_OPTION_ARG_DOUBLE, &o.mixup, N_ ("Alpha of mixup (0: off; adapter 0.8)"), N_ ("A") },
    { "cutmix", 0, 0, G_OPTION_ARG_DOUBLE, &o.cutmix, N_ ("Alpha of cutmix (0: off; adapter 1)"), N_ ("A") },
    { "clip", 0, 0, G_OPTION_ARG_DOUBLE, &o.clip, N_ ("Largest norm of all gradients (0: no limit)"), N_ ("C") },
    { "weight-contrast", 0, 0, G_OPTION_ARG_DOUBLE, &o.contrast, N_ ("Weight of the contrastive loss (adapter 0.01)"),
      N_ ("W") },
    { "weight-patches", 0, 0, G_OPTION_ARG_DOUBLE, &o.patches,
      N_ ("Weight of a loss over single patches, told which of them are forged (0)"), N_ ("W") },
    { "keep-patches", 0, 0, G_OPTION_ARG_DOUBLE, &o.keep,
      N_ ("Share of its patches that a face keeps in an iteration; at 0.5 an iteration takes about half the time (1)"),
      N_ ("P") },
    { "mean", 0, 0, G_OPTION_ARG_STRING, &o.mean, N_ ("Mean of the pixels (default: the network's, else measured)"),
      N_ ("R,G,B") },
    { "seed", 's', 0, G_OPTION_ARG_INT64, &o.seed, N_ ("Of weights, order and all that is drawn (0)"), N_ ("S") },
    { "licence", 0, 0, G_OPTION_ARG_STRING, &o.licence, N_ ("Of the weights, kept with them"), N_ ("TEXT") },
    { "provenance", 0, 0, G_OPTION_ARG_STRING, &o.provenance, N_ ("A sentence on where they come from"), N_ ("TEXT") },
    { "title", 0, 0, G_OPTION_ARG_STRING, &o.title, N_ ("What people call the model"), N_ ("TEXT") },
    { "limits", 0, 0, G_OPTION_ARG_STRING, &o.limits, N_ ("What it cannot do, for its card"), N_ ("TEXT") },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &o.precision, N_ ("Of the blocks' products: f32 (default), bf16 or auto"),
      N_ ("NAME") },
  };
  g_autofree GOptionEntry *all = smb_cli_training_entries (&o.common, entries, G_N_ELEMENTS (entries));
  g_auto (GStrv) given = g_strdupv (argv);
  int code = SMB_EXIT_USAGE;

  o.common.argc = argc;
  o.common.argv = given;
  if (smb_cli_parse (
          &argc, &argv, all, _ ("DATASET"),
          _ ("Fine-tunes a network to tell the classes of a data set that “dataset build” made, and forgeries made of its "
             "genuine faces.")))
    code = argc != 2 ? smb_cli_usage (_ ("“finetune” needs the folder of one data set.")) : run (&o, argv[1]);
  clear (&o);
  return code;
}
