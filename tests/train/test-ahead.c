/* SPDX-License-Identifier: Apache-2.0 */
/* Trainings whose images are sent ahead: on a device that takes them while it computes, the next step's are asked for
 * in each; on any, all comes out as without, to the byte. */
#include "train-test.h"

#include <string.h>

#include "train/smb-finetuner.h"
#include "train/smb-pretrainer.h"

#define STEPS 5

typedef struct {
  SmbTensor *images; /* one place for all batches */
  const SmbTensor *of;
  int asked;
  guint64 loaded;    /* counted from 1 */
} Source;

static void
load (Source *s, guint64 iteration)
{
  for (gint64 i = 0; i < s->images->n; i++)
    ((float *) s->images->data)[i] = ((const float *) s->of->data)[i] * (1.0f + 0.1f * (float) iteration);
  s->loaded = iteration + 1;
}

/* The fourth is not known beforehand. */
static const SmbTensor *
next_images (gpointer user_data, guint64 iteration)
{
  Source *s = user_data;

  s->asked++;
  g_assert_cmpuint (iteration, ==, s->loaded);
  if (iteration == 3 || iteration == STEPS)
    return NULL;
  load (s, iteration);
  return s->images;
}

static Source
source_new (const SmbTensorDict *io)
{
  const SmbTensor *of = smb_tensor_dict_get (io, "in.images");

  return (Source){ .images = smb_tensor_new (SMB_DTYPE_F32, 4, of->shape), .of = of };
}

static void
need (Source *s, guint64 iteration)
{
  if (s->loaded != iteration + 1)
    load (s, iteration);
}

static void
assert_asked (const Source *s, gboolean ahead)
{
  gboolean takes = model_test_device ()->abi->upload_ahead != NULL;

  g_assert_cmpint (s->asked, ==, ahead && takes ? STEPS : 0);
  if (model_test_device ()->abi->upload_ahead != NULL)
    g_assert_cmpstr (model_test_device ()->abi->name, ==, "cuda");
}

static SmbTensorDict *
pretrain (gboolean ahead)
{
  g_autoptr (SmbTensorDict) io = model_test_read ("a_pretrain_io.safetensors");
  g_autoptr (SmbTensorDict) online = model_test_read ("a_online_init.safetensors");
  g_autoptr (SmbTensorDict) target = model_test_read ("a_target_init.safetensors");
  SmbPretrainSettings settings = smb_pretrain_settings_default ();
  Source source = source_new (io);
  g_autoptr (SmbPretrainer) t = NULL;
  GError *error = NULL;
  SmbTensorDict *weights;

  settings.accumulate = 2;
  t = smb_pretrainer_new (model_test_device (), online, target, NULL, &settings, &error);
  g_assert_no_error (error);
  if (ahead)
    smb_pretrainer_set_next (t, next_images, &source);
  for (guint64 i = 0; i < STEPS; i++) {
    SmbPretrainResult r;

    need (&source, i);
    smb_pretrainer_step (t, source.images, smb_tensor_dict_get (io, "in.mask")->data,
                         smb_tensor_dict_get (io, "in.region")->data, 1e-3, 0.99, &r, NULL, &error);
    g_assert_no_error (error);
  }
  assert_asked (&source, ahead);
  weights = smb_pretrainer_save (t, &error);
  g_assert_no_error (error);
  smb_tensor_unref (source.images);
  return weights;
}

/* Erased, mixed, and with branches left out, all by the iteration's own random numbers; step 1 is told how to mix. */
static SmbTensorDict *
finetune (gboolean ahead)
{
  const SmbMix told = { .lambda = 0.5 };
  g_autoptr (SmbTensorDict) io = model_test_read ("a_finetune_io.safetensors");
  g_autoptr (SmbTensorDict) start = model_test_read ("a_classifier_init.safetensors");
  SmbFinetuneSettings settings = smb_finetune_settings_default (SMB_NET_CLASSIFIER);
  Source source = source_new (io);
  g_autofree int *labels = g_new0 (int, source.of->shape[0]);
  g_autoptr (SmbFinetuner) t = NULL;
  GError *error = NULL;
  SmbTensorDict *weights;

  for (gint64 i = 0; i < source.of->shape[0]; i++)
    labels[i] = i > 0; /* the first is mixed with the last: another class */
  settings.augment = (SmbAugment){ .erasing = 0.5, .mixup = 0.8, .cutmix = 1.0 };
  t = smb_finetuner_new (model_test_device (), start, NULL, &settings, &error);
  g_assert_no_error (error);
  if (ahead)
    smb_finetuner_set_next (t, next_images, &source);
  for (guint64 i = 0; i < STEPS; i++) {
    SmbFinetuneResult r;

    need (&source, i);
    smb_finetuner_step (t, source.images, labels, NULL, i == 1 ? &told : NULL, 1e-3, &r, NULL, &error);
    g_assert_no_error (error);
  }
  assert_asked (&source, ahead);
  weights = smb_finetuner_save (t, &error);
  g_assert_no_error (error);
  smb_tensor_unref (source.images);
  return weights;
}

typedef SmbTensorDict *(*Training) (gboolean ahead);
static const Training trainings[] = { pretrain, finetune };

static void
test_same (gconstpointer training)
{
  const Training run = *(const Training *) training;
  g_autoptr (SmbTensorDict) plain = run (FALSE), ahead = run (TRUE);

  train_test_same_bytes (plain, ahead);
}

/* What was sent is for another iteration than the one that a saved state goes back to. */
static void
test_going_back (void)
{
  g_autoptr (SmbTensorDict) io = model_test_read ("a_pretrain_io.safetensors");
  g_autoptr (SmbTensorDict) online = model_test_read ("a_online_init.safetensors");
  SmbTensorDict *saved[2];
  SmbPretrainSettings settings = smb_pretrain_settings_default ();
  Source source = source_new (io);
  g_autoptr (SmbPretrainer) t = NULL;
  g_autoptr (SmbTensorDict) start = NULL;
  GError *error = NULL;

  t = smb_pretrainer_new (model_test_device (), online, NULL, NULL, &settings, &error);
  g_assert_no_error (error);
  smb_pretrainer_set_next (t, next_images, &source);
  start = smb_pretrainer_save (t, &error);
  for (int i = 0; i < 2; i++) {
    SmbPretrainResult r;

    load (&source, 0);
    smb_pretrainer_step (t, source.images, smb_tensor_dict_get (io, "in.mask")->data,
                         smb_tensor_dict_get (io, "in.region")->data, 1e-3, 0.99, &r, NULL, &error);
    g_assert_no_error (error);
    saved[i] = smb_pretrainer_save (t, &error);
    g_assert_true (smb_pretrainer_load (t, start, &error));
    g_assert_no_error (error);
  }
  train_test_same_bytes (saved[0], saved[1]);
  for (int i = 0; i < 2; i++)
    smb_tensor_dict_unref (saved[i]);
  smb_tensor_unref (source.images);
}

int
main (int argc, char **argv)
{
  model_test_init (&argc, &argv);
  g_test_add_data_func ("/train/ahead/pretrain", &trainings[0], test_same);
  g_test_add_data_func ("/train/ahead/finetune", &trainings[1], test_same);
  g_test_add_func ("/train/ahead/going-back", test_going_back);
  return g_test_run ();
}
