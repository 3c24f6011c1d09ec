/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli pretrain: FSFM's self-supervised pre-training on pictures of faces. */
#include "cli/cli.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analysis/smb-analysis.h"
#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "cli/cli-train.h"
#include "learn/smb-net-size.h"
#include "learn/smb-pretrain-job.h"
#include "learn/smb-processes.h"
#include "weights/smb-weights-file.h"

typedef struct {
  SmbCliTraining common;
  char *cache, *size, *init, *target, *strategy, *contrast, *mean, *precision;
  int epochs, batch;
  gint64 seed;
  double warmup;
  gboolean cropped, go_on, norm_pix, raw_pix;
  SmbPretrainPlan plan;
  const SmbParallel *parallel;
  SmbEngine *engine;
  GCancellable *stop;
} Options;

static void
show_point (const SmbPretrainPoint *p, gpointer user_data)
{
  const Options *o = user_data;

  if (smb_parallel_is_first (o->parallel))
    smb_cli_show_step (o->common.json, p->iteration, p->iterations, p->losses.total, p->lr, p->images_per_second);
}

typedef struct {
  const SmbNetConfig *config;
  const SmbPretrainSettings *settings;
} Planned;

static guint64
plan_bytes (SmbDevice *device, int batch, gboolean recompute, gpointer user_data, GError **error)
{
  const Planned *p = user_data;
  SmbPretrainSettings settings = *p->settings;

  settings.recompute = recompute;
  return smb_pretrain_plan_bytes (device, p->config, &settings, batch, error);
}

/* The network to be trained, in `config`, and the weights it starts from (*online_out; NULL: fresh ones, which are made
 * when it is known that they fit into memory). */
static gboolean
settle_network (Options *o, SmbNetConfig *config, SmbTensorDict **online_out, GError **error)
{
  SmbNetKind kind;

  if (o->init == NULL) {
    if (!smb_net_size_get (config, o->size != NULL ? o->size : "tiny", o->common.config, error))
      return FALSE;
    if (o->raw_pix)
      config->norm_pix = FALSE;
    g_clear_pointer (&o->common.config, g_free);
    o->common.config = smb_net_config_to_json (config);
    return TRUE;
  }
  *online_out = smb_weights_read (o->init, error);
  if (*online_out == NULL)
    return FALSE;
  if (o->raw_pix && o->common.config == NULL)
    o->common.config = g_strdup ("{\"norm_pix\": false}");
  return smb_net_config_detect (config, &kind, *online_out, o->common.config, o->init, error);
}

/* The state of the optimiser that belongs to --init, taken into the plan. */
static SmbTensorDict *
read_optimiser (Options *o, GError **error)
{
  SmbTensorDict *optimiser = smb_weights_read_optimiser (o->init, error);
  const char *epoch = optimiser != NULL ? smb_tensor_dict_get_meta (optimiser, "epoch") : NULL;
  gint64 last;

  if (optimiser == NULL)
    return NULL;
  if (epoch != NULL && g_ascii_string_to_signed (epoch, 10, 0, 1000000, &last, NULL)) {
    o->plan.optimiser = optimiser;
    o->plan.epochs_done = (int) last + 1;
    return optimiser;
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
               _ ("%s does not say after which epoch it was written; leave out --continue."), o->init);
  smb_tensor_dict_unref (optimiser);
  return NULL;
}

/* The first process gathers, the others wait for it and open what it left. */
static SmbFaceStore *
gather (Options *o, const char *const *sources, int size_px, GError **error)
{
  g_autofree char *folder = o->cache != NULL ? g_strdup (o->cache) : g_build_filename (o->common.out, "faces", NULL);
  const SmbFaceGather how = { .size_px = size_px,
                              .cropped = o->cropped,
                              .open = smb_cli_open_for_learning,
                              .warn = smb_cli_warn,
                              .progress = smb_cli_progress (),
                              .user_data = o->engine };
  SmbFaceStore *store = NULL;
  float ready = 0.0f;

  if (smb_parallel_is_first (o->parallel)) {
    store = smb_face_store_gather (folder, sources, &how, o->stop, error);
    smb_cli_progress_end ();
    if (store == NULL)
      return NULL;
    smb_cli_tell_left_out (store);
  }
  if (o->parallel != NULL && !o->parallel->allreduce_sum (o->parallel->user_data, &ready, 1, error)) {
    smb_face_store_free (store);
    return NULL;
  }
  return store != NULL ? store : smb_face_store_open (folder, error);
}

static gboolean
pretrain (Options *o, const char *const *sources, GError **error)
{
  g_autoptr (SmbDevice) device
      = smb_device_open (o->common.device != NULL ? o->common.device : "cpu", o->common.threads, error);
  g_autoptr (SmbTensorDict) online = NULL, target = NULL, optimiser = NULL;
  g_autoptr (SmbFaceStore) faces = NULL;
  SmbNetConfig config;
  gboolean stopped;

  if (device == NULL || !settle_network (o, &config, &online, error)
      || (o->target != NULL && (target = smb_weights_read (o->target, error)) == NULL)
      || (o->go_on && (optimiser = read_optimiser (o, error)) == NULL)
      || !smb_cli_check_memory (&o->common, device, o->batch, o->parallel, plan_bytes,
                                &(Planned){ &config, &o->plan.settings }, error))
    return FALSE;
  o->plan.settings.recompute = o->common.recompute;
  if (o->common.plan_only)
    return TRUE;
  if (o->common.background)
    return smb_cli_start_job (sources[0], o->common.argc, o->common.argv, error);
  if (online == NULL)
    online = smb_net_init_weights (&config, SMB_NET_ONLINE, o->plan.settings.seed);
  smb_cli_stop_on_signals (o->stop); /* until now there is nothing to keep */
  faces = gather (o, sources, config.image_px, error);
  if (faces == NULL)
    return FALSE;
  if (smb_parallel_is_first (o->parallel))
    g_printerr (_ ("%" PRId64 " faces, %" PRIu64 " iterations an epoch, %d epochs.\n"), faces->n,
                smb_pretrain_plan_epoch_iterations (&o->plan, faces->n), o->plan.epochs);
  if (!smb_pretrain_job_run (&o->plan, device, online, target, o->common.config, faces, o->common.out, o->common.resume,
                             show_point, o, &stopped, o->stop, error))
    return FALSE;
  if (stopped && smb_parallel_is_first (o->parallel))
    g_printerr (_ ("Stopped with a checkpoint; go on with --resume.\n"));
  return TRUE;
}

/* Takes the options into the plan; an exit code, SMB_EXIT_OK to go on. */
static int
settle (Options *o)
{
  SmbPretrainSettings *s = &o->plan.settings;
  g_autoptr (GError) error = NULL;

  if (o->common.out == NULL && !o->common.background && !o->common.plan_only)
    return smb_cli_usage (_ ("“pretrain” needs --out, a folder for what becomes of the training, or --background."));
  if (o->strategy != NULL && !smb_mask_strategy_from_name (o->strategy, &s->strategy))
    return smb_cli_usage (_ ("“%s” is no way to mask; choose crfr-p, crfr-r, frp, fasking-i or random."), o->strategy);
  if (o->contrast != NULL && !smb_contrast_from_name (o->contrast, &s->contrast))
    return smb_cli_usage (_ ("“%s” is no contrastive loss; choose simsiam, byol or infonce."), o->contrast);
  if (o->go_on && (o->init == NULL || o->target == NULL))
    return smb_cli_usage (_ ("--continue needs both networks of the training that goes on: --init and --target."));
  if (o->init != NULL && o->size != NULL)
    return smb_cli_usage (_ ("Weights to start from have a size of their own: give --init or --size, not both."));
  if (o->batch > SMB_CLI_MAX_BATCH)
    return smb_cli_usage (_ ("--batch is at most %d, not %d; --accumulate takes several to one step."),
                          SMB_CLI_MAX_BATCH, o->batch);
  if (o->common.stop_after < 0 || o->seed < 0)
    return smb_cli_usage (_ ("--seed and --stop-after count from 0."));
  if ((o->mean != NULL) != (o->common.std != NULL))
    return smb_cli_usage (_ ("Give --mean and --std together, or neither."));
  o->plan.measured = o->mean != NULL;
  if (o->plan.measured
      && (!smb_cli_parse_three ("--mean", o->mean, o->plan.mean)
          || !smb_cli_parse_three ("--std", o->common.std, o->plan.std)))
    return SMB_EXIT_USAGE;
  if (o->norm_pix && o->raw_pix)
    return smb_cli_usage (_ ("Give --norm-pix or --no-norm-pix, not both."));
  if (o->precision != NULL && !smb_precision_from_text (o->precision, o->common.device, &s->precision, &error))
    return smb_cli_usage ("%s", error->message);
  s->accumulate = o->common.accumulate;
  s->seed = (guint64) o->seed;
  o->plan.epochs = o->epochs;
  o->plan.batch = o->batch;
  o->plan.warmup_epochs = o->warmup;
  o->plan.checkpoint_epochs = o->common.checkpoint_every;
  o->plan.stop_after = (guint64) o->common.stop_after;
  return SMB_EXIT_OK;
}

static int
run (Options *o, const char *const *sources)
{
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (GError) error = NULL;
  gboolean good;
  int code = settle (o);

  if (code != SMB_EXIT_OK)
    return code;
  o->stop = stop;
  o->engine = engine;
  good = smb_processes_join (&o->parallel, &error);
  o->plan.settings.parallel = o->parallel;
  good = good && smb_pretrain_plan_check (&o->plan, &error) && pretrain (o, sources, &error);
  if (!good)
    smb_cli_print_error (error);
  smb_processes_leave (o->parallel, !good);
  if (good)
    return SMB_EXIT_OK;
  return g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
}

static void
clear (Options *o)
{
  char **const texts[] = { &o->cache,    &o->size, &o->init,      &o->target, &o->strategy,
                           &o->contrast, &o->mean, &o->precision };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (*texts[i]);
  smb_cli_training_clear (&o->common);
}

int
smb_cli_pretrain (int argc, char **argv)
{
  Options o = { .common = smb_cli_training_default (), .epochs = 100, .batch = 64, .warmup = NAN,
                .plan = smb_pretrain_plan_default () };
  SmbPretrainSettings *s = &o.plan.settings;
  const GOptionEntry entries[] = {
    { "cache", 0, 0, G_OPTION_ARG_FILENAME, &o.cache, N_ ("Folder of the cropped faces (OUT/faces)"), N_ ("FOLDER") },
    { "cropped", 0, 0, G_OPTION_ARG_NONE, &o.cropped, N_ ("Every picture is a cropped face: look for none"), NULL },
    smb_cli_landmarks_option (),
    { "size", 0, 0, G_OPTION_ARG_STRING, &o.size, N_ ("tiny (default), small, base, large or huge"), N_ ("NAME") },
    { "init", 0, 0, G_OPTION_ARG_FILENAME, &o.init, N_ ("Online network to start from"), N_ ("FILE") },
    { "target", 't', 0, G_OPTION_ARG_FILENAME, &o.target, N_ ("Target network to start from"), N_ ("FILE") },
    { "continue", 0, 0, G_OPTION_ARG_NONE, &o.go_on,
      N_ ("Go on with the training that --init is a .pth checkpoint of: its optimiser and epoch"), NULL },
    { "epochs", 0, 0, G_OPTION_ARG_INT, &o.epochs, N_ ("Passes over the data (100)"), N_ ("N") },
    { "batch", 'b', 0, G_OPTION_ARG_INT, &o.batch, N_ ("Images an iteration, of all processes together (64)"),
      N_ ("N") },
    { "blr", 0, 0, G_OPTION_ARG_DOUBLE, &o.plan.base_lr, N_ ("Learning rate for a step of 256 images (0.00015)"),
      N_ ("R") },
    { "min-lr", 0, 0, G_OPTION_ARG_DOUBLE, &o.plan.min_lr, N_ ("Learning rate at the end (0)"), N_ ("R") },
    { "warmup", 0, 0, G_OPTION_ARG_DOUBLE, &o.warmup, N_ ("Epochs to warm up (a tenth of all)"), N_ ("N") },
    { "momentum", 0, 0, G_OPTION_ARG_DOUBLE, &o.plan.momentum, N_ ("The target's momentum at the start (0.996)"),
      N_ ("M") },
    { "weight-decay", 0, 0, G_OPTION_ARG_DOUBLE, &s->weight_decay, N_ ("Weight decay (0.05)"), N_ ("D") },
    { "clip", 0, 0, G_OPTION_ARG_DOUBLE, &s->clip_norm, N_ ("Largest norm of all gradients (1; 0: no limit)"),
      N_ ("C") },
    { "mask-strategy", 0, 0, G_OPTION_ARG_STRING, &o.strategy,
      N_ ("crfr-p (default), crfr-r, frp, fasking-i or random"), N_ ("NAME") },
    { "mask-ratio", 0, 0, G_OPTION_ARG_DOUBLE, &s->mask_ratio, N_ ("Share of the patches hidden (0.75)"), N_ ("R") },
    { "contrast", 0, 0, G_OPTION_ARG_STRING, &o.contrast, N_ ("simsiam, byol or infonce"), N_ ("NAME") },
    { "weight-region", 0, 0, G_OPTION_ARG_DOUBLE, &s->weight_region, N_ ("Weight of the region's loss (0.007)"),
      N_ ("W") },
    { "weight-contrast", 0, 0, G_OPTION_ARG_DOUBLE, &s->weight_contrast, N_ ("Weight of the contrastive loss (0.1)"),
      N_ ("W") },
    { "norm-pix", 0, 0, G_OPTION_ARG_NONE, &o.norm_pix, N_ ("Reconstruct patches normalised each (default)"), NULL },
    { "no-norm-pix", 0, 0, G_OPTION_ARG_NONE, &o.raw_pix, N_ ("Reconstruct the pixels themselves"), NULL },
    { "mean", 0, 0, G_OPTION_ARG_STRING, &o.mean, N_ ("Mean of the pixels (default: measured)"), N_ ("R,G,B") },
    { "seed", 's', 0, G_OPTION_ARG_INT64, &o.seed, N_ ("Of weights, order and masks (0)"), N_ ("S") },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &o.precision,
      N_ ("Of the blocks' products: f32 (default), bf16, or auto: bf16 where it is quicker"), N_ ("PRECISION") },
  };
  g_autofree GOptionEntry *all = smb_cli_training_entries (&o.common, entries, G_N_ELEMENTS (entries));
  g_auto (GStrv) given = g_strdupv (argv);
  int code = SMB_EXIT_USAGE;

  o.common.argc = argc;
  o.common.argv = given;
  if (smb_cli_parse (
          &argc, &argv, all, _ ("DIR…"),
          _ ("Pre-trains a network on the faces in folders of pictures, as FSFM was: it hides most of a face and "
             "learns to fill it in. Needs no labels.")))
    code = argc < 2 ? smb_cli_usage (_ ("“pretrain” needs folders of pictures."))
                    : run (&o, (const char *const *) argv + 1);
  clear (&o);
  return code;
}
