/* SPDX-License-Identifier: Apache-2.0 */
/* bench-net WHAT SIZE BATCH [PRECISION [DEVICE [ISA]]]: SIZE t, s, b or l (ViT with 16-pixel patches of 224 pixels); ISA
 * 0 base, 1 AVX2, 2 AVX-512 at most; WHAT:
 *   forward   scores                       maps       scores and the attention of every layer
 *   map       … of the last layer
 *   finetune  one step, all layers         pretrain   one step of FSFM's pre-training
 *   write     FILE in place of BATCH: a classifier's random weights, and no run */
#include "bench-loop.h"

#include "base/smb-rng.h"
#include "cpu/smb-cpu.h"
#include "train/smb-finetuner.h"
#include "train/smb-pretrainer.h"
#include "weights/smb-weights-file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 1

typedef struct {
  SmbNet *net;
  SmbFinetuner *tuner;
  SmbPretrainer *trainer;
  SmbTensorDict *inputs;
  SmbTensor *images;
  int *labels;
  guint8 *mask, *region;
  guint want;
} Job;

static SmbNetConfig
config_of (char size)
{
  static const struct {
    char size;
    int dim, depth, heads;
  } sizes[] = { { 't', 192, 12, 3 }, { 's', 384, 12, 6 }, { 'b', 768, 12, 12 }, { 'l', 1024, 24, 16 } };
  SmbNetConfig config = {
    .image_px = 224, .patch_px = 16, .chans = 3, .mlp_ratio = 4, .rep_depth = 2, .rep_heads = 8, .dec_dim = 512,
    .dec_depth = 8, .dec_heads = 16, .proj_hidden = 2048, .proj_out = 256, .classes = 2, .global_pool = TRUE,
    .norm_pix = TRUE, .ln_eps = 1e-6, .mlp_head_ln_eps = 1e-5,
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (sizes[i].size == size) {
      config.dim = sizes[i].dim;
      config.depth = sizes[i].depth;
      config.heads = sizes[i].heads;
      return config;
    }
  g_error ("bench-net: no size %c", size);
}

static void
once (gpointer data)
{
  Job *job = data;
  g_autoptr (GError) error = NULL;

  if (job->tuner != NULL) {
    SmbFinetuneResult result;

    smb_finetuner_step (job->tuner, job->images, job->labels, NULL, NULL, 1e-4, &result, NULL, &error);
  } else if (job->trainer != NULL) {
    SmbPretrainResult result;

    smb_pretrainer_step (job->trainer, job->images, job->mask, job->region, 1e-4, 0.996, &result, NULL, &error);
  } else {
    g_autoptr (SmbTensorDict) outputs = smb_net_forward (job->net, NULL, job->inputs, job->want, NULL, &error);
  }
  if (error != NULL)
    g_error ("bench-net: %s", error->message);
}

static int
write_weights (const SmbNetConfig *config, const char *path)
{
  g_autoptr (SmbTensorDict) weights = smb_net_init_weights (config, SMB_NET_CLASSIFIER, SEED);
  g_autofree char *text = smb_net_config_to_json (config);
  SmbTensor *head = smb_tensor_dict_get (weights, "head.weight");
  g_autoptr (GError) error = NULL;
  SmbRng rng;

  smb_rng_init (&rng, SEED, 1); /* so that scores differ from face to face */
  for (gint64 i = 0; i < head->n; i++)
    ((float *) head->data)[i] = (float) (0.3 * smb_rng_normal (&rng));
  smb_tensor_dict_set_meta (weights, "config", text);
  if (!smb_weights_write (path, weights, &error))
    g_error ("bench-net: %s", error->message);
  return 0;
}

static void
prepare_training (Job *job, SmbDevice *device, const SmbNetConfig *config, const char *what, int batch,
                  SmbPrecision precision, GError **error)
{
  const gboolean pretrain = g_str_equal (what, "pretrain");
  SmbFinetuneSettings tune = smb_finetune_settings_default (SMB_NET_CLASSIFIER);
  SmbPretrainSettings train = smb_pretrain_settings_default ();
  g_autoptr (SmbTensorDict) weights
      = smb_net_init_weights (config, pretrain ? SMB_NET_ONLINE : SMB_NET_CLASSIFIER, SEED);
  const int l = smb_net_config_get_patches (config);

  train.strategy = SMB_MASK_RANDOM; /* without a parsing map */
  train.precision = tune.precision = precision;
  if (!pretrain) {
    job->tuner = smb_finetuner_new (device, weights, NULL, &tune, error);
    job->labels = g_new0 (int, batch);
    return;
  }
  job->trainer = smb_pretrainer_new (device, weights, NULL, NULL, &train, error);
  job->mask = g_new0 (guint8, (gsize) batch * l);
  job->region = g_new0 (guint8, (gsize) batch * l);
  if (job->trainer == NULL)
    return;
  smb_pretrainer_draw_masks (job->trainer, 0, job->mask, job->region, NULL, batch);
  for (int i = 0; i < batch; i++) /* as if a region of 16 patches had been covered whole */
    for (int k = 0, n = 0; k < l && n < 16; k++)
      if (job->mask[i * l + k] != 0) {
        job->region[i * l + k] = 1;
        n++;
      }
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "f32", "tf32", "bf16", "int8" };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbDevice) device = NULL;
  SmbNetConfig config;
  SmbPrecision precision = SMB_PRECISION_F32;
  gint64 shape[] = { 1, 3, 224, 224 };
  Job job = { 0 };

  if (argc < 4) {
    fprintf (stderr, "bench-net WHAT SIZE BATCH [PRECISION [DEVICE [ISA]]]\n");
    return 2;
  }
  config = config_of (argv[2][0]);
  if (g_str_equal (argv[1], "write"))
    return write_weights (&config, argv[3]);
  for (guint i = 0; argc > 4 && i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (argv[4], names[i]))
      precision = (SmbPrecision) i;
  if (argc > 6)
    smb_cpu_limit_isa ((SmbCpuIsa) atoi (argv[6]));
  device = smb_device_open (argc > 5 ? argv[5] : "cpu", 0, &error);
  if (device == NULL) {
    fprintf (stderr, "bench-net: %s\n", error->message);
    return 1;
  }
  shape[0] = atoi (argv[3]);
  job.images = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  bench_noise (job.images->data, (gsize) job.images->n, 7);
  if (g_str_equal (argv[1], "finetune") || g_str_equal (argv[1], "pretrain")) {
    prepare_training (&job, device, &config, argv[1], atoi (argv[3]), precision, &error);
  } else {
    g_autofree char *path = g_strdup_printf ("%s/semblance-bench-%d.safetensors", g_get_tmp_dir (), (int) getpid ());
    g_autoptr (SmbTensorDict) weights = NULL;

    write_weights (&config, path); /* from a file, as the program itself does */
    weights = smb_weights_read (path, &error);
    remove (path);
    job.inputs = smb_tensor_dict_new ();
    smb_tensor_dict_set (job.inputs, "in.images", job.images);
    job.want = g_str_has_prefix (argv[1], "map") ? SMB_WANT_ATTENTION : SMB_WANT_RESULT;
    if (g_str_equal (argv[1], "map")) {
      const gint64 one = 1;
      g_autoptr (SmbTensor) layers = smb_tensor_new (SMB_DTYPE_I32, 1, &one);

      *(gint32 *) layers->data = config.depth - 1;
      smb_tensor_dict_set (job.inputs, "in.layers", layers);
    }
    if (weights != NULL)
      job.net = smb_net_new (device, weights, NULL, "bench", precision, &error);
  }
  if (error != NULL) {
    fprintf (stderr, "bench-net: %s\n", error->message);
    return 1;
  }
  bench_loop (once, &job);
  return 0;
}
