/* SPDX-License-Identifier: Apache-2.0 */
#include "train-test.h"

#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "train/smb-pretrainer.h"
#include "weights/smb-weights-file.h"

typedef struct {
  SmbTensorDict *io, *online, *target;
  const SmbTensor *images;
  const guint8 *mask, *region;
} Material;

static Material
material (const char *tag)
{
  g_autofree char *io = g_strdup_printf ("%s_pretrain_io.safetensors", tag);
  g_autofree char *online = g_strdup_printf ("%s_online_init.safetensors", tag);
  g_autofree char *target = g_strdup_printf ("%s_target_init.safetensors", tag);
  Material m = { model_test_read (io), model_test_read (online), model_test_read (target), NULL, NULL, NULL };

  m.images = smb_tensor_dict_get (m.io, "in.images");
  m.mask = smb_tensor_dict_get (m.io, "in.mask")->data;
  m.region = smb_tensor_dict_get (m.io, "in.region")->data;
  return m;
}

static void
material_clear (Material *m)
{
  smb_tensor_dict_unref (m->io);
  smb_tensor_dict_unref (m->online);
  smb_tensor_dict_unref (m->target);
}

static double
number (const SmbTensorDict *io, const char *name, int i)
{
  return ((const double *) smb_tensor_dict_get (io, name)->data)[i];
}

static void
near (double got, double want)
{
  if (!(fabs (got - want) <= 1e-5 * fabs (want)))
    g_error ("got %.9g, the reference has %.9g", got, want);
}

static SmbPretrainer *
trainer_new (const Material *m, const SmbPretrainSettings *settings)
{
  GError *error = NULL;
  SmbPretrainer *t = smb_pretrainer_new (model_test_device (), m->online, m->target, NULL, settings, &error);

  g_assert_no_error (error);
  return t;
}

static SmbPretrainResult
step (SmbPretrainer *t, const Material *m, double lr, double momentum)
{
  SmbPretrainResult r;
  GError *error = NULL;

  smb_pretrainer_step (t, m->images, m->mask, m->region, lr, momentum, &r, NULL, &error);
  g_assert_no_error (error);
  return r;
}

static void
compare_last_weights (SmbPretrainer *t, const char *tag)
{
  g_autofree char *name = g_strdup_printf ("%s_pretrain_after3.safetensors", tag);
  g_autoptr (SmbTensorDict) want = model_test_read (name);
  g_autoptr (SmbTensorDict) online = smb_pretrainer_get_weights (t, FALSE, NULL);
  g_autoptr (SmbTensorDict) target = smb_pretrainer_get_weights (t, TRUE, NULL);

  train_test_params_near (online, want, "online.", 1e-5);
  train_test_params_near (target, want, "target.", 1e-5);
}

static void
compare_first_step (SmbPretrainer *t, const Material *m, const char *tag, const SmbTensorDict *gradients,
                    const SmbPretrainSettings *settings)
{
  g_autofree char *name = g_strdup_printf ("%s_pretrain_after1.safetensors", tag);
  g_autoptr (SmbTensorDict) want = model_test_read (name);
  g_autoptr (SmbTensorDict) online = smb_pretrainer_get_weights (t, FALSE, NULL);
  g_autoptr (SmbTensorDict) target = smb_pretrainer_get_weights (t, TRUE, NULL);
  double clip = MIN (1.0, settings->clip_norm / number (m->io, "grad_norm", 0));

  train_test_step_near (online, want, gradients, "online.", 1e-5, number (m->io, "in.lr", 0), clip);
  train_test_params_near (target, want, "target.", 1e-5);
}

static void
compare_first_moments (SmbPretrainer *t, const Material *m)
{
  g_autoptr (SmbTensorDict) state = smb_pretrainer_save (t, NULL);
  static const char *const names[] = { "cls_token", "mask_token", "norm.weight", "decoder_pred.bias" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *first = g_strconcat ("opt1.exp_avg.", names[i], NULL), *m1 = g_strconcat ("m.", names[i], NULL);
    g_autofree char *second = g_strconcat ("opt1.exp_avg_sq.", names[i], NULL),
                    *v1 = g_strconcat ("v.", names[i], NULL);

    g_assert_cmpfloat (train_test_norm_distance (smb_tensor_dict_get (state, m1), smb_tensor_dict_get (m->io, first)),
                       <, 1e-5);
    g_assert_cmpfloat (train_test_norm_distance (smb_tensor_dict_get (state, v1), smb_tensor_dict_get (m->io, second)),
                       <, 1e-5);
  }
}

static void
run_fixture (const char *tag, gboolean recompute)
{
  g_autofree char *grads_name = g_strdup_printf ("%s_pretrain_grads.safetensors", tag);
  g_autoptr (SmbTensorDict) grads = model_test_read (grads_name);
  Material m = material (tag);
  SmbPretrainSettings settings = smb_pretrain_settings_default ();
  g_autoptr (SmbPretrainer) t = NULL;

  settings.recompute = recompute;
  t = trainer_new (&m, &settings);
  for (int s = 0; s < 3; s++) {
    SmbPretrainResult r = step (t, &m, number (m.io, "in.lr", s), number (m.io, "in.momentum", s));

    near (r.total, number (m.io, "loss.total_of_step", s));
    near (r.grad_norm, number (m.io, "grad_norm", s));
    if (s == 0) {
      g_autoptr (SmbTensorDict) got = smb_pretrainer_get_gradients (t, NULL);

      near (r.rec, number (m.io, "loss.rec", 0));
      near (r.region, number (m.io, "loss.region", 0));
      near (r.cl, number (m.io, "loss.cl", 0));
      train_test_gradients_near (got, grads, "", 1e-4);
      g_assert_cmpuint (smb_tensor_dict_get_size (got), ==, smb_tensor_dict_get_size (grads));
      compare_first_moments (t, &m);
      compare_first_step (t, &m, tag, grads, &settings);
    }
  }
  if (g_str_equal (tag, "a"))
    compare_last_weights (t, tag);
  material_clear (&m);
}

static void
test_fixture (gconstpointer tag)
{
  run_fixture (tag, FALSE);
}

static void
test_recompute (gconstpointer tag)
{
  run_fixture (tag, TRUE);
}

static void
run_steps (SmbPretrainer *t, Material *m, int steps)
{
  guint8 mask[48], region[48], parsing[3 * 32 * 32];

  for (guint i = 0; i < sizeof parsing; i++) /* bands of all classes */
    parsing[i] = (guint8) (i / 32 % 32 / 3);
  for (int s = 0; s < steps; s++) {
    SmbPretrainResult r;
    GError *error = NULL;

    smb_pretrainer_draw_masks (t, smb_pretrainer_get_iteration (t), mask, region, parsing, 3);
    smb_pretrainer_step (t, m->images, mask, region, 1e-3, 0.99, &r, NULL, &error);
    g_assert_no_error (error);
    g_assert_true (isfinite (r.total));
  }
}

/* The same seed gives the same bytes after 100 iterations; so does stopping at 51, in the middle of an accumulation. */
static void
test_repeats (void)
{
  Material m = material ("a");
  SmbPretrainSettings settings = smb_pretrain_settings_default ();
  g_autoptr (SmbPretrainer) a = NULL, b = NULL, c = NULL;
  g_autoptr (SmbTensorDict) of_a = NULL, of_b = NULL, of_c = NULL, half = NULL;
  GError *error = NULL;

  settings.accumulate = 2;
  settings.seed = 42;
  a = trainer_new (&m, &settings);
  b = trainer_new (&m, &settings);
  c = trainer_new (&m, &settings);
  run_steps (a, &m, 100);
  run_steps (b, &m, 51);
  half = smb_pretrainer_save (b, &error);
  g_assert_no_error (error);
  smb_pretrainer_load (c, half, &error);
  g_assert_no_error (error);
  run_steps (b, &m, 49);
  run_steps (c, &m, 49);
  of_a = smb_pretrainer_save (a, NULL);
  of_b = smb_pretrainer_save (b, NULL);
  of_c = smb_pretrainer_save (c, NULL);
  train_test_same_bytes (of_a, of_b);
  train_test_same_bytes (of_a, of_c);
  g_assert_cmpuint (smb_pretrainer_get_iteration (c), ==, 100);
  material_clear (&m);
}

/* Two iterations of one batch accumulated are one step with the mean gradient: that of the batch itself.
 * Momentum 1 keeps the target, which would else move between the two. */
static void
test_accumulation (void)
{
  Material m = material ("a");
  SmbPretrainSettings settings = smb_pretrain_settings_default ();
  g_autoptr (SmbPretrainer) one = trainer_new (&m, &settings), two = NULL;
  g_autoptr (SmbTensorDict) of_one = NULL, of_two = NULL;
  SmbPretrainResult r;

  settings.accumulate = 2;
  two = trainer_new (&m, &settings);
  step (one, &m, 1e-3, 1.0);
  r = step (two, &m, 1e-3, 1.0);
  g_assert_false (r.stepped);
  r = step (two, &m, 1e-3, 1.0);
  g_assert_true (r.stepped);
  of_one = smb_pretrainer_get_weights (one, FALSE, NULL);
  of_two = smb_pretrainer_get_weights (two, FALSE, NULL);
  train_test_params_near (of_two, of_one, "", 1e-5);
  material_clear (&m);
}

/* A contrastive loss that is not finite: the iteration leaves everything as it was. */
static void
test_skip (void)
{
  Material m = material ("a");
  SmbPretrainSettings settings = smb_pretrain_settings_default ();
  g_autoptr (SmbTensorDict) before = NULL, after = NULL;
  g_autoptr (SmbTensor) huge = smb_tensor_to_f32 (smb_tensor_dict_get (m.target,
                                                                       "projector.projection_head.0.weight"));
  g_autoptr (SmbPretrainer) t = NULL;
  SmbPretrainResult r;

  for (gint64 i = 0; i < huge->n; i++)
    ((float *) huge->data)[i] = 3e38f; /* finite, but sums of it are not */
  smb_tensor_dict_set (m.target, "projector.projection_head.0.weight", huge);
  t = trainer_new (&m, &settings);
  before = smb_pretrainer_save (t, NULL);
  r = step (t, &m, 1e-3, 0.5);
  after = smb_pretrainer_save (t, NULL);
  g_assert_true (r.skipped);
  g_assert_false (r.stepped);
  train_test_same_bytes (before, after);
  g_assert_cmpuint (smb_pretrainer_get_iteration (t), ==, 1);
  material_clear (&m);
}

static SmbTensorDict *
read_optimiser (const char *name)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "reference", name, NULL);
  GError *error = NULL;
  SmbTensorDict *state = smb_weights_read_optimiser (path, &error);

  g_assert_no_error (error);
  return state;
}

/* A checkpoint of the official scripts goes on: one step was taken there, two more give what three give. */
static void
test_checkpoint (void)
{
  static const char *const heads = "{\"heads\": 3, \"rep_heads\": 2, \"dec_heads\": 2}";
  Material m = material ("a");
  SmbPretrainSettings settings = smb_pretrain_settings_default ();
  g_autoptr (SmbTensorDict) online = model_test_read ("a_pretrain_after1.pth");
  g_autoptr (SmbTensorDict) target = model_test_read ("a_target_after1.pth"),
                            state = read_optimiser ("a_pretrain_after1.pth");
  g_autoptr (SmbTensorDict) foreign = read_optimiser ("a_finetune_after3.pth");
  g_autoptr (SmbPretrainer) t = NULL;
  GError *error = NULL;

  t = smb_pretrainer_new (model_test_device (), m.online, target, heads, &settings, &error);
  g_assert_no_error (error);
  g_assert_false (smb_pretrainer_load_checkpoint (t, online, foreign, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_clear_error (&error);
  smb_pretrainer_load_checkpoint (t, online, state, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (smb_pretrainer_get_iteration (t), ==, 1);
  for (int s = 1; s < 3; s++)
    near (step (t, &m, number (m.io, "in.lr", s), number (m.io, "in.momentum", s)).total,
          number (m.io, "loss.total_of_step", s));
  compare_last_weights (t, "a");
  material_clear (&m);
}

/* Without a stated ratio the masks themselves say how much the encoder sees. */
static void
test_ratio_of_masks (void)
{
  Material m = material ("a");
  SmbPretrainSettings settings = smb_pretrain_settings_default ();
  g_autoptr (SmbPretrainer) stated = NULL, seen = NULL;
  guint8 half[3 * 16];

  for (guint i = 0; i < sizeof half; i++)
    half[i] = i % 2 == 0;
  m.mask = half;
  settings.mask_ratio = 0.5;
  stated = trainer_new (&m, &settings);
  settings.mask_ratio = -1.0;
  seen = trainer_new (&m, &settings);
  g_assert_cmpfloat (step (seen, &m, 1e-3, 0.99).total, ==, step (stated, &m, 1e-3, 0.99).total);
  material_clear (&m);
}

static void
test_plan (void)
{
  Material m = material ("a");
  SmbNetConfig base = { .image_px = 224, .patch_px = 16, .chans = 3, .dim = 768, .depth = 12, .heads = 12,
                        .mlp_ratio = 4, .rep_depth = 2, .rep_heads = 16, .dec_dim = 512, .dec_depth = 8,
                        .dec_heads = 16, .proj_hidden = 4096, .proj_out = 256, .norm_pix = TRUE, .ln_eps = 1e-6,
                        .mlp_head_ln_eps = 1e-5 };
  SmbPretrainSettings s = smb_pretrain_settings_default (), sparing = s, low = s;
  guint64 one = smb_pretrain_plan_bytes (model_test_device (), &base, &s, 1, NULL);
  guint64 two = smb_pretrain_plan_bytes (model_test_device (), &base, &s, 2, NULL);
  guint64 lavish = smb_pretrain_plan_bytes (model_test_device (), &base, &s, 64, NULL), thrifty, halved;

  sparing.recompute = TRUE;
  thrifty = smb_pretrain_plan_bytes (model_test_device (), &base, &sparing, 64, NULL);
  low.precision = SMB_PRECISION_BF16;
  halved = smb_pretrain_plan_bytes (model_test_device (), &base, &low, 64, NULL);
  /* 113 M parameters online: values, gradients, two moments; the target; copies of all but gradients in a checkpoint */
  if (g_str_equal (model_test_device ()->id, "cpu")) /* a card's own memory holds no checkpoint's copies */
    g_assert_cmpuint (one, >, G_GUINT64_CONSTANT (3500000000));
  g_assert_cmpuint (two, >, one);
  g_assert_cmpuint (thrifty * 3 / 2, <, lavish);
  if (model_test_device ()->info.halves) /* most of what a block keeps takes half the room */
    g_assert_cmpuint (halved * 5 / 4, <, lavish);
  else
    g_assert_cmpuint (halved, ==, lavish);
  g_assert_cmpint (smb_train_suggest_batch (one, two, one - 1), ==, 0);
  g_assert_cmpint (smb_train_suggest_batch (one, two, one), ==, 1);
  g_assert_cmpint (smb_train_suggest_batch (one, two, one + 9 * (two - one)), ==, 10);
  material_clear (&m);
}

static void
test_refusals (void)
{
  Material m = material ("a"), other = material ("b");
  SmbPretrainSettings settings = smb_pretrain_settings_default ();
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_pretrainer_new (model_test_device (), m.target, NULL, NULL, &settings, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_clear_error (&error);
  g_assert_null (smb_pretrainer_new (model_test_device (), m.online, other.target, NULL, &settings, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_clear_error (&error);
  settings.accumulate = 0;
  g_assert_null (smb_pretrainer_new (model_test_device (), m.online, NULL, NULL, &settings, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  material_clear (&m);
  material_clear (&other);
}

int
main (int argc, char **argv)
{
  model_test_init (&argc, &argv);
  smb_weights_read_pickles_here ();
  g_test_add_data_func ("/train/pretrain/fixture-a", "a", test_fixture);
  g_test_add_data_func ("/train/pretrain/fixture-b", "b", test_fixture);
  g_test_add_data_func ("/train/pretrain/recompute-a", "a", test_recompute);
  g_test_add_func ("/train/pretrain/accumulation", test_accumulation);
  g_test_add_func ("/train/pretrain/repeats", test_repeats);
  g_test_add_func ("/train/pretrain/skip", test_skip);
  g_test_add_func ("/train/pretrain/checkpoint", test_checkpoint);
  g_test_add_func ("/train/pretrain/ratio-of-masks", test_ratio_of_masks);
  g_test_add_func ("/train/pretrain/plan", test_plan);
  g_test_add_func ("/train/pretrain/refusals", test_refusals);
  return g_test_run ();
}
