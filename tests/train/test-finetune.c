/* SPDX-License-Identifier: Apache-2.0 */
#include "train-test.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "train/smb-finetuner.h"
#include "weights/smb-weights-file.h"

static double
number (const SmbTensorDict *io, const char *name, int i)
{
  const SmbTensor *t = smb_tensor_dict_get (io, name);

  g_assert_nonnull (t);
  return ((const double *) t->data)[i];
}

static void
near (double got, double want)
{
  if (!(fabs (got - want) <= 1e-5 * fabs (want) + 1e-12))
    g_error ("got %.9g, the reference has %.9g", got, want);
}

static int *
labels_of (const SmbTensorDict *io, const char *name)
{
  const SmbTensor *t = smb_tensor_dict_get (io, name);
  int *labels = g_new (int, t->n);

  for (gint64 i = 0; i < t->n; i++)
    labels[i] = (int) ((const gint64 *) t->data)[i];
  return labels;
}

static SmbFinetuneSettings
bare (SmbNetKind kind)
{
  SmbFinetuneSettings s = smb_finetune_settings_default (kind);

  s.drop_path = 0.0;
  s.augment = (SmbAugment){ 0 };
  return s;
}

static SmbFinetuner *
tuner_new (const SmbTensorDict *w, const SmbFinetuneSettings *s)
{
  GError *error = NULL;
  SmbFinetuner *t = smb_finetuner_new (model_test_device (), w, NULL, s, &error);

  g_assert_no_error (error);
  return t;
}

static SmbFinetuneResult
step (SmbFinetuner *t, const SmbTensor *images, const int *labels, const SmbMix *mix, double lr)
{
  SmbFinetuneResult r;
  GError *error = NULL;

  smb_finetuner_step (t, images, labels, NULL, mix, lr, &r, NULL, &error);
  g_assert_no_error (error);
  return r;
}

static void
run_classifier (const char *tag, gboolean recompute)
{
  g_autofree char *weights_name = g_strdup_printf ("%s_classifier_init.safetensors", tag);
  g_autofree char *io_name = g_strdup_printf ("%s_finetune_io.safetensors", tag);
  g_autoptr (SmbTensorDict) w = model_test_read (weights_name), io = model_test_read (io_name);
  g_autofree int *labels = labels_of (io, "in.labels");
  SmbFinetuneSettings s = bare (SMB_NET_CLASSIFIER);
  g_autoptr (SmbFinetuner) t = NULL;

  s.layer_decay = 0.75;
  s.recompute = recompute;
  t = tuner_new (w, &s);
  for (int i = 0; i < 3; i++) {
    SmbFinetuneResult r = step (t, smb_tensor_dict_get (io, "in.images"), labels, NULL, number (io, "in.lr", i));

    near (r.total, number (io, "loss.of_step", i));
    near (r.grad_norm, number (io, "grad_norm", i));
    if (g_str_equal (tag, "a") && i == 0) {
      g_autoptr (SmbTensorDict) want = model_test_read ("a_finetune_grads.safetensors");
      g_autoptr (SmbTensorDict) got = smb_finetuner_get_gradients (t, NULL);

      train_test_gradients_near (got, want, "", 1e-4);
    }
    if (g_str_equal (tag, "a") && i != 1) {
      g_autofree char *after = g_strdup_printf ("a_finetune_after%d.safetensors", i + 1);
      g_autoptr (SmbTensorDict) want = model_test_read (after), got = smb_finetuner_get_weights (t, NULL);

      train_test_params_near (got, want, "", 1e-5);
    }
  }
}

static void
test_classifier (gconstpointer tag)
{
  run_classifier (tag, FALSE);
  run_classifier (tag, TRUE);
}

static void
compare_adapter_batch (const SmbTensorDict *w, const SmbTensorDict *io, const SmbFinetuneSettings *s,
                       const SmbMix *mix, const SmbTensor *images, const char *prefix)
{
  g_autofree char *labels_name = g_strconcat (prefix, "in.labels", NULL), *grad = g_strconcat (prefix, "grad.", NULL);
  g_autofree char *ce = g_strconcat (prefix, "loss.cross_entropy", NULL);
  g_autofree char *cl = g_strconcat (prefix, "loss.contrastive", NULL);
  g_autofree char *total = g_strconcat (prefix, "loss.total", NULL);
  g_autofree int *labels = labels_of (io, labels_name);
  g_autoptr (SmbFinetuner) t = tuner_new (w, s);
  g_autoptr (SmbTensorDict) grads = NULL;
  SmbFinetuneResult r = step (t, images, labels, mix, number (io, "in.lr", 0));

  near (r.cross_entropy, number (io, ce, 0));
  near (r.contrastive, number (io, cl, 0));
  near (r.total, number (io, total, 0));
  grads = smb_finetuner_get_gradients (t, NULL);
  g_assert_cmpuint (smb_tensor_dict_get_size (grads), ==, 6);
  train_test_gradients_near (grads, io, grad, 1e-4);
}

static void
test_adapter (gconstpointer data)
{
  const char *tag = data;
  g_autofree char *base_name = g_strdup_printf ("%s_classifier_init.safetensors", tag);
  g_autofree char *weights_name = g_strdup_printf ("%s_adapter_init.safetensors", tag);
  g_autofree char *io_name = g_strdup_printf ("%s_adapter_io.safetensors", tag);
  g_autoptr (SmbTensorDict) w = model_test_read (base_name), extra = model_test_read (weights_name);
  g_autoptr (SmbTensorDict) io = model_test_read (io_name), done = NULL;
  g_autoptr (SmbTensor) images = smb_tensor_to_f32 (smb_tensor_dict_get (io, "in.images"));
  g_autofree int *labels = labels_of (io, "in.labels");
  const gint32 *box = smb_tensor_dict_get (io, "in.mix_box")->data;
  const SmbMix mix = { number (io, "in.mix_lambda", 0), box[0], box[1], box[2], box[3] };
  SmbFinetuneSettings s = bare (SMB_NET_ADAPTER);
  g_autoptr (SmbFinetuner) t = NULL;

  model_test_merge (w, extra);
  s.real_class = (int) ((const gint64 *) smb_tensor_dict_get (io, "in.real_class")->data)[0];
  s.contrast_weight = number (io, "in.contrastive_weight", 0);
  compare_adapter_batch (w, io, &s, &mix, images, "");
  if (g_str_equal (tag, "a")) {
    compare_adapter_batch (w, io, &s, &mix, images, "none.");
    compare_adapter_batch (w, io, &s, &mix, images, "single.");
  }
  t = tuner_new (w, &s);
  for (int i = 0; i < 3; i++) {
    SmbFinetuneResult r = step (t, images, labels, &mix, number (io, "in.lr", i));

    near (r.total, number (io, "loss.total_of_step", i));
    if (i != 1) {
      g_autofree char *after = g_strdup_printf ("%s_adapter_after%d.safetensors", tag, i + 1);
      g_autoptr (SmbTensorDict) want = model_test_read (after), got = smb_finetuner_get_weights (t, NULL);

      train_test_params_near (got, want, "", 1e-5);
    }
  }
  done = smb_finetuner_get_weights (t, NULL);
  for (guint i = 0; i < done->names->len; i++) { /* all else stays, bit for bit */
    const char *name = g_ptr_array_index (done->names, i);
    const SmbTensor *a = smb_tensor_dict_get (done, name), *b = smb_tensor_dict_get (w, name);
    gboolean trains = g_str_has_prefix (name, "head.") || g_str_has_prefix (name, "adapter.")
                      || g_str_has_prefix (name, "projector.");

    g_assert_cmpint (memcmp (a->data, b->data, smb_tensor_get_bytes (a)) != 0, ==, trains);
  }
}

/* With no genuine face the projector and its state rest. */
static void
test_projector_rests (void)
{
  g_autoptr (SmbTensorDict) w = model_test_read ("a_adapter_init.safetensors");
  g_autoptr (SmbTensorDict) io = model_test_read ("a_adapter_io.safetensors"), state = NULL;
  g_autofree int *labels = labels_of (io, "none.in.labels");
  SmbFinetuneSettings s = bare (SMB_NET_ADAPTER);
  g_autoptr (SmbFinetuner) t = NULL;
  const gint64 *steps;

  s.real_class = 2;
  t = tuner_new (w, &s);
  step (t, smb_tensor_dict_get (io, "in.images"), labels, NULL, 1e-3);
  state = smb_finetuner_save (t, NULL);
  steps = smb_tensor_dict_get (state, "t")->data; /* head, linear1, linear2, projector; head bias, projector bias */
  g_assert_cmpint (steps[0], ==, 1);
  g_assert_cmpint (steps[3], ==, 0);
  g_assert_cmpint (steps[4], ==, 1);
  g_assert_cmpint (steps[5], ==, 0);
}

static void
run_steps (SmbFinetuner *t, const SmbTensor *images, const int *labels, int steps)
{
  for (int i = 0; i < steps; i++)
    g_assert_true (isfinite (step (t, images, labels, NULL, 1e-3).total));
}

/* Everything random on: the same bytes after 100 iterations, stopped and resumed at 51 or not. */
static void
test_repeats (void)
{
  g_autoptr (SmbTensorDict) w = model_test_read ("a_adapter_init.safetensors");
  g_autoptr (SmbTensorDict) io = model_test_read ("a_adapter_io.safetensors"), of_a = NULL, of_b = NULL, half = NULL;
  const SmbTensor *images = smb_tensor_dict_get (io, "in.images");
  g_autofree int *labels = labels_of (io, "in.labels");
  SmbFinetuneSettings s = smb_finetune_settings_default (SMB_NET_ADAPTER);
  g_autoptr (SmbFinetuner) a = NULL, b = NULL, c = NULL;

  s.seed = 9;
  s.real_class = 2;
  s.drop_path = 0.3;
  s.keep_patches = 0.6;
  s.accumulate = 2;
  a = tuner_new (w, &s);
  b = tuner_new (w, &s);
  c = tuner_new (w, &s);
  run_steps (a, images, labels, 100);
  run_steps (b, images, labels, 51);
  half = smb_finetuner_save (b, NULL);
  g_assert_true (smb_finetuner_load (c, half, NULL));
  run_steps (c, images, labels, 49);
  of_a = smb_finetuner_save (a, NULL);
  of_b = smb_finetuner_save (c, NULL);
  train_test_same_bytes (of_a, of_b);
}

/* What stays frozen keeps its bytes, what trains does not. */
static void
test_partial (gconstpointer data)
{
  SmbTrained trained = (SmbTrained) GPOINTER_TO_INT (data);
  g_autoptr (SmbTensorDict) w = model_test_read ("a_classifier_init.safetensors");
  g_autoptr (SmbTensorDict) io = model_test_read ("a_finetune_io.safetensors"), all = NULL, part = NULL, after = NULL;
  const SmbTensor *images = smb_tensor_dict_get (io, "in.images");
  g_autofree int *labels = labels_of (io, "in.labels");
  SmbFinetuneSettings s = bare (SMB_NET_CLASSIFIER);
  g_autoptr (SmbFinetuner) whole = tuner_new (w, &s), t = NULL;

  s.trained = trained;
  t = tuner_new (w, &s);
  step (whole, images, labels, NULL, 1e-3);
  step (t, images, labels, NULL, 1e-3);
  all = smb_finetuner_get_gradients (whole, NULL);
  part = smb_finetuner_get_gradients (t, NULL);
  after = smb_finetuner_get_weights (t, NULL);
  g_assert_cmpuint (smb_tensor_dict_get_size (part), >, 0);
  g_assert_cmpuint (smb_tensor_dict_get_size (part), <, smb_tensor_dict_get_size (all));
  for (guint i = 0; i < after->names->len; i++) {
    const char *name = g_ptr_array_index (after->names, i);
    const SmbTensor *g = smb_tensor_dict_get (part, name), *x = smb_tensor_dict_get (after, name);

    g_assert_cmpint (memcmp (x->data, smb_tensor_dict_get (w, name)->data, smb_tensor_get_bytes (x)) != 0, ==,
                     g != NULL);
    if (g != NULL) /* the same gradient as when everything trains */
      g_assert_cmpfloat (train_test_norm_distance (g, smb_tensor_dict_get (all, name)), <, 1e-6);
  }
}

/* Where patches are judged, a forgery's are forged by a quarter or wholly, in turn. */
static double
loss_with (SmbTensorDict *w, const SmbTensorDict *io, const int *labels, const SmbFinetuneSettings *s,
           SmbTensorDict **gradients)
{
  g_autoptr (SmbFinetuner) t = tuner_new (w, s);
  const SmbTensor *images = smb_tensor_dict_get (io, "in.images");
  int n = smb_net_config_get_patches (smb_finetuner_get_config (t));
  g_autofree float *forged = g_new (float, images->shape[0] * n);
  GError *error = NULL;
  SmbFinetuneResult r;

  for (int i = 0; i < (int) images->shape[0] * n; i++)
    forged[i] = labels[i / n] == s->real_class ? 0.0f : 0.25f + 0.75f * (float) (i % 2);
  smb_finetuner_step (t, images, labels, s->patch_weight > 0.0 ? forged : NULL, NULL, 0.0, &r, NULL, &error);
  g_assert_no_error (error);
  if (gradients != NULL)
    *gradients = smb_finetuner_get_gradients (t, NULL);
  return r.total;
}

/* The named gradients, each where it is largest, against central differences of the loss. */
static void
against_differences (SmbTensorDict *w, const SmbTensorDict *io, const int *labels, const SmbFinetuneSettings *s,
                     const SmbTensorDict *gradients, const char *const *names)
{
  for (guint k = 0; names[k] != NULL; k++) {
    SmbTensor *stored = smb_tensor_dict_get (w, names[k]);
    const float *g = smb_tensor_dict_get (gradients, names[k])->data;
    gint64 at = 0;
    double sides[2], h = 1e-2;

    for (gint64 i = 1; i < stored->n; i++) /* where it is largest, rounding matters least */
      if (fabsf (g[i]) > fabsf (g[at]))
        at = i;
    for (int side = 0; side < 2; side++) {
      g_autoptr (SmbTensor) moved = smb_tensor_to_f32 (stored), kept = smb_tensor_ref (stored);

      ((float *) moved->data)[at] += (float) (side == 0 ? h : -h);
      smb_tensor_dict_set (w, names[k], moved);
      sides[side] = loss_with (w, io, labels, s, NULL);
      smb_tensor_dict_set (w, names[k], kept);
    }
    stored = smb_tensor_dict_get (w, names[k]);
    g_assert_cmpfloat_with_epsilon ((double) g[at], (sides[0] - sides[1]) / (2.0 * h),
                                    1e-3 + 5e-3 * fabs ((double) g[at]));
  }
}

/* Stochastic depth: gradients of everything below and inside gated branches against central differences. The gates come
 * from the seed, so every evaluation drops the same branches. */
static void
test_drop_path_gradients (void)
{
  static const char *const names[] = { "blocks.1.attn.proj.weight",
                                       "blocks.1.mlp.fc1.weight",
                                       "blocks.2.mlp.fc2.bias",
                                       "blocks.0.norm1.weight",
                                       "cls_token",
                                       "patch_embed.proj.weight",
                                       "pos_embed",
                                       NULL };
  g_autoptr (SmbTensorDict) w = model_test_read ("b_classifier_init.safetensors");
  g_autoptr (SmbTensorDict) io = model_test_read ("b_finetune_io.safetensors"), gradients = NULL;
  g_autofree int *labels = labels_of (io, "in.labels");
  SmbFinetuneSettings s = bare (SMB_NET_CLASSIFIER);
  double plain = 0.0, gated;

  s.seed = 3;
  plain = loss_with (w, io, labels, &s, NULL);
  s.drop_path = 0.6;
  gated = loss_with (w, io, labels, &s, &gradients);
  g_assert_cmpfloat (fabs (gated - plain), >, 1e-3);
  against_differences (w, io, labels, &s, gradients, names);
}

/* Plain cross entropy of one image of the batch alone. */
static double
loss_of_one (const SmbTensorDict *w, const SmbTensorDict *io, int image)
{
  const SmbTensor *images = smb_tensor_dict_get (io, "in.images");
  const gint64 shape[] = { 1, images->shape[1], images->shape[2], images->shape[3] };
  gsize bytes = smb_tensor_get_bytes (images) / (gsize) images->shape[0];
  g_autoptr (SmbTensor) one = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  g_autofree int *labels = labels_of (io, "in.labels");
  SmbFinetuneSettings s = bare (SMB_NET_CLASSIFIER);
  g_autoptr (SmbFinetuner) t = NULL;

  s.smoothing = 0.0;
  t = tuner_new (w, &s);
  memcpy (one->data, (const char *) images->data + (gsize) image * bytes, bytes);
  return step (t, one, labels + image, NULL, 0.0).total;
}

/* A fine-tuning's checkpoint of the official scripts goes on where three steps had ended. */
static void
test_checkpoint (void)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "reference", "a_finetune_after3.pth", NULL);
  g_autoptr (SmbTensorDict) w = model_test_read ("a_classifier_init.safetensors");
  g_autoptr (SmbTensorDict) io = model_test_read ("a_finetune_io.safetensors");
  g_autoptr (SmbTensorDict) after = model_test_read ("a_finetune_after3.pth"), optimiser = NULL, here = NULL,
                            there = NULL;
  const SmbTensor *images = smb_tensor_dict_get (io, "in.images");
  g_autofree int *labels = labels_of (io, "in.labels");
  SmbFinetuneSettings s = bare (SMB_NET_CLASSIFIER);
  g_autoptr (SmbFinetuner) whole = NULL, resumed = NULL;
  GError *error = NULL;

  s.layer_decay = 0.75;
  whole = tuner_new (w, &s);
  resumed = tuner_new (w, &s);
  optimiser = smb_weights_read_optimiser (path, &error);
  g_assert_no_error (error);
  g_assert_true (smb_finetuner_load_checkpoint (resumed, after, optimiser, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (smb_finetuner_get_iteration (resumed), ==, 3);
  for (int i = 0; i < 4; i++)
    step (whole, images, labels, NULL, number (io, "in.lr", MIN (i, 2)));
  step (resumed, images, labels, NULL, number (io, "in.lr", 2));
  here = smb_finetuner_get_weights (resumed, NULL);
  there = smb_finetuner_get_weights (whole, NULL);
  train_test_params_near (here, there, "", 1e-5);
}

/* Class weights: doubling all changes nothing; a weight of zero takes a class out. */
static void
test_class_weights (void)
{
  const double no_last[] = { 3, 1, 1, 0 };
  g_autoptr (SmbTensorDict) w = model_test_read ("a_classifier_init.safetensors");
  g_autoptr (SmbTensorDict) io = model_test_read ("a_finetune_io.safetensors");
  const double twice[] = { 2, 2, 2, 2 };
  g_autofree int *labels = labels_of (io, "in.labels");
  SmbFinetuneSettings s = bare (SMB_NET_CLASSIFIER);
  g_autoptr (SmbFinetuner) plain = tuner_new (w, &s), weighted = NULL;

  s.class_weights = twice;
  weighted = tuner_new (w, &s);
  near (step (weighted, smb_tensor_dict_get (io, "in.images"), labels, NULL, 0.0).total,
        step (plain, smb_tensor_dict_get (io, "in.images"), labels, NULL, 0.0).total);

  s.smoothing = 0.0;
  s.class_weights = no_last; /* of the labels 0, 3, 1: what images 0 and 2 lose alone */
  g_clear_pointer (&weighted, smb_finetuner_free);
  weighted = tuner_new (w, &s);
  near (step (weighted, smb_tensor_dict_get (io, "in.images"), labels, NULL, 0.0).total,
        (3.0 * loss_of_one (w, io, 0) + loss_of_one (w, io, 2)) / 4.0);
}

/* From a pre-trained file: encoder taken, head fresh, fc_norm neutral. */
static void
test_start (void)
{
  g_autoptr (SmbTensorDict) pre = model_test_read ("a_online_init.safetensors"), w = NULL, large = NULL;
  const SmbTensor *a, *b;
  GError *error = NULL;
  SmbNetConfig config;
  SmbNetKind kind;

  w = smb_finetune_start (pre, NULL, "pre", SMB_NET_ADAPTER, 2, TRUE, 5, &error);
  g_assert_no_error (error);
  g_assert_true (smb_net_config_detect (&config, &kind, w, NULL, "w", NULL));
  g_assert_cmpint (kind, ==, SMB_NET_ADAPTER);
  g_assert_cmpint (config.adapter_dim, ==, 6);
  a = smb_tensor_dict_get (w, "blocks.1.attn.qkv.weight");
  b = smb_tensor_dict_get (pre, "blocks.1.attn.qkv.weight");
  g_assert_true (memcmp (a->data, b->data, smb_tensor_get_bytes (a)) == 0);
  g_assert_cmpfloat (((float *) smb_tensor_dict_get (w, "fc_norm.weight")->data)[7], ==, 1.0f);
  large = smb_finetune_start (pre, "{\"img\": 48}", "pre", SMB_NET_CLASSIFIER, 4, FALSE, 5, &error);
  g_assert_no_error (error);
  g_assert_true (
      smb_tensor_shape_is (smb_tensor_dict_get (large, "pos_embed"), 3, (gint64) 1, (gint64) 37, (gint64) 24));
  a = smb_tensor_dict_get (large, "norm.weight"); /* the class token's norm comes with the encoder */
  g_assert_true (memcmp (a->data, smb_tensor_dict_get (pre, "norm.weight")->data, smb_tensor_get_bytes (a)) == 0);
}

static void
test_plan (void)
{
  SmbNetConfig base = { .image_px = 224, .patch_px = 16, .chans = 3, .dim = 768, .depth = 12, .heads = 12,
                        .mlp_ratio = 4, .classes = 2, .global_pool = TRUE, .ln_eps = 1e-6 };
  SmbFinetuneSettings s = smb_finetune_settings_default (SMB_NET_CLASSIFIER);
  guint64 all = smb_finetune_plan_bytes (model_test_device (), &base, SMB_NET_CLASSIFIER, &s, 16, NULL), head;

  s.trained = SMB_TRAIN_HEAD;
  head = smb_finetune_plan_bytes (model_test_device (), &base, SMB_NET_CLASSIFIER, &s, 16, NULL);
  g_assert_cmpuint (all, >, 4 * G_GUINT64_CONSTANT (85800194) * 4);
  g_assert_cmpuint (head * 3, <, all);
}

/* The loss over single patches: it adds its weight to the whole, and its gradient goes through head, norm and blocks.
 */
static void
test_patches (void)
{
  static const char *const names[] = { "head.weight", "head.bias", "fc_norm.weight", "blocks.0.mlp.fc1.weight",
                                       "blocks.2.attn.qkv.weight", "patch_embed.proj.weight", NULL };
  g_autoptr (SmbTensorDict) w = model_test_read ("b_classifier_init.safetensors");
  g_autoptr (SmbTensorDict) io = model_test_read ("b_finetune_io.safetensors"), gradients = NULL;
  g_autofree int *labels = labels_of (io, "in.labels");
  SmbFinetuneSettings s = bare (SMB_NET_CLASSIFIER);
  double without = loss_with (w, io, labels, &s, NULL), once, twice;
  g_autoptr (GError) error = NULL;

  s.patch_weight = 0.5;
  once = loss_with (w, io, labels, &s, NULL);
  s.patch_weight = 1.0;
  twice = loss_with (w, io, labels, &s, &gradients);
  g_assert_cmpfloat (once - without, >, 0.1);
  g_assert_cmpfloat_with_epsilon (twice - without, 2.0 * (once - without), 1e-6);
  against_differences (w, io, labels, &s, gradients, names);
  s.augment.mixup = 0.8;
  g_assert_null (smb_finetuner_new (model_test_device (), w, NULL, &s, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
}

static guint64
bytes_an_image (const SmbNetConfig *config, const SmbFinetuneSettings *s)
{
  GError *error = NULL;
  guint64 some = smb_finetune_plan_bytes (model_test_device (), config, SMB_NET_CLASSIFIER, s, 16, &error);
  guint64 more = smb_finetune_plan_bytes (model_test_device (), config, SMB_NET_CLASSIFIER, s, 17, &error);

  g_assert_no_error (error);
  return more - some;
}

/* With half of the patches: other ones in every iteration, gradients of the loss over just these, and less memory. */
static void
test_kept_patches (void)
{
  static const char *const names[] = { "head.weight",
                                       "fc_norm.weight",
                                       "blocks.0.mlp.fc1.weight",
                                       "blocks.2.attn.qkv.weight",
                                       "pos_embed",
                                       "patch_embed.proj.weight",
                                       NULL };
  g_autoptr (SmbTensorDict) w = model_test_read ("b_classifier_init.safetensors");
  g_autoptr (SmbTensorDict) io = model_test_read ("b_finetune_io.safetensors"), gradients = NULL;
  const SmbTensor *images = smb_tensor_dict_get (io, "in.images");
  g_autofree int *labels = labels_of (io, "in.labels");
  SmbFinetuneSettings s = bare (SMB_NET_CLASSIFIER);
  g_autoptr (SmbFinetuner) t = NULL;
  g_autoptr (GError) error = NULL;
  SmbNetConfig base = { .image_px = 224,
                        .patch_px = 16,
                        .chans = 3,
                        .dim = 768,
                        .depth = 12,
                        .heads = 12,
                        .mlp_ratio = 4,
                        .classes = 2,
                        .global_pool = TRUE,
                        .ln_eps = 1e-6 };
  guint64 all, half;
  double first;

  s.keep_patches = 0.5;
  t = tuner_new (w, &s);
  first = step (t, images, labels, NULL, 0.0).total;
  g_assert_cmpfloat (fabs (step (t, images, labels, NULL, 0.0).total - first), >, 1e-5);
  s.patch_weight = 1.0;
  loss_with (w, io, labels, &s, &gradients);
  against_differences (w, io, labels, &s, gradients, names);
  half = bytes_an_image (&base, &s);
  s.keep_patches = 1.0;
  all = bytes_an_image (&base, &s);
  g_assert_cmpuint (10 * half, <, 6 * all);
  s.keep_patches = 0.0;
  g_assert_null (smb_finetuner_new (model_test_device (), w, NULL, &s, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
}

static void
test_refusals (void)
{
  g_autoptr (SmbTensorDict) w = model_test_read ("a_classifier_init.safetensors");
  g_autoptr (SmbTensorDict) pre = model_test_read ("a_online_init.safetensors");
  g_autoptr (SmbTensorDict) io = model_test_read ("a_finetune_io.safetensors");
  SmbFinetuneSettings s = bare (SMB_NET_CLASSIFIER);
  g_autoptr (SmbFinetuner) t = tuner_new (w, &s);
  const int labels[] = { 0, 4, 1 };
  g_autoptr (GError) error = NULL;
  SmbFinetuneResult r;

  g_assert_null (smb_finetuner_new (model_test_device (), pre, NULL, &s, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_clear_error (&error);
  g_assert_false (
      smb_finetuner_step (t, smb_tensor_dict_get (io, "in.images"), labels, NULL, NULL, 1e-3, &r, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
}

int
main (int argc, char **argv)
{
  model_test_init (&argc, &argv);
  smb_weights_read_pickles_here ();
  g_test_add_data_func ("/train/finetune/classifier-a", "a", test_classifier);
  g_test_add_data_func ("/train/finetune/classifier-acls", "acls", test_classifier);
  g_test_add_data_func ("/train/finetune/classifier-b", "b", test_classifier);
  g_test_add_data_func ("/train/finetune/adapter-a", "a", test_adapter);
  g_test_add_data_func ("/train/finetune/adapter-b", "b", test_adapter);
  g_test_add_func ("/train/finetune/projector-rests", test_projector_rests);
  g_test_add_func ("/train/finetune/repeats", test_repeats);
  g_test_add_data_func ("/train/finetune/last-blocks", GINT_TO_POINTER (SMB_TRAIN_LAST_BLOCKS), test_partial);
  g_test_add_data_func ("/train/finetune/norms", GINT_TO_POINTER (SMB_TRAIN_NORMS), test_partial);
  g_test_add_data_func ("/train/finetune/head", GINT_TO_POINTER (SMB_TRAIN_HEAD), test_partial);
  g_test_add_func ("/train/finetune/drop-path-gradients", test_drop_path_gradients);
  g_test_add_func ("/train/finetune/patches", test_patches);
  g_test_add_func ("/train/finetune/kept-patches", test_kept_patches);
  g_test_add_func ("/train/finetune/class-weights", test_class_weights);
  g_test_add_func ("/train/finetune/checkpoint", test_checkpoint);
  g_test_add_func ("/train/finetune/start", test_start);
  g_test_add_func ("/train/finetune/plan", test_plan);
  g_test_add_func ("/train/finetune/refusals", test_refusals);
  return g_test_run ();
}
