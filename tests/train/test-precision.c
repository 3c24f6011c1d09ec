/* SPDX-License-Identifier: Apache-2.0 */
#include "train-test.h"

#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "train/smb-finetuner.h"
#include "train/smb-pretrainer.h"

/* Training in other arithmetic than the reference's: bfloat16 products, and a batch taken through each block in parts.
 */

typedef struct {
  SmbTensorDict *gradients, *weights; /* after one step */
  double loss;
} Outcome;

static void
outcome_clear (Outcome *o)
{
  smb_tensor_dict_unref (o->gradients);
  smb_tensor_dict_unref (o->weights);
}

static Outcome
pretrain_once (SmbPrecision precision, gboolean recompute)
{
  g_autoptr (SmbTensorDict) io = model_test_read ("a_pretrain_io.safetensors");
  g_autoptr (SmbTensorDict) online = model_test_read ("a_online_init.safetensors");
  g_autoptr (SmbTensorDict) target = model_test_read ("a_target_init.safetensors");
  SmbPretrainSettings settings = smb_pretrain_settings_default ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbPretrainer) t = NULL;
  SmbPretrainResult r;
  Outcome out;

  settings.precision = precision;
  settings.recompute = recompute;
  t = smb_pretrainer_new (model_test_device (), online, target, NULL, &settings, &error);
  g_assert_no_error (error);
  smb_pretrainer_step (t, smb_tensor_dict_get (io, "in.images"), smb_tensor_dict_get (io, "in.mask")->data,
                       smb_tensor_dict_get (io, "in.region")->data, 1e-3, 0.99, &r, NULL, &error);
  g_assert_no_error (error);
  out = (Outcome){ smb_pretrainer_get_gradients (t, NULL), smb_pretrainer_get_weights (t, FALSE, NULL), r.total };
  return out;
}

static Outcome
finetune_once (SmbPrecision precision, gboolean recompute)
{
  g_autoptr (SmbTensorDict) io = model_test_read ("a_finetune_io.safetensors");
  g_autoptr (SmbTensorDict) weights = model_test_read ("a_classifier_init.safetensors");
  SmbFinetuneSettings settings = smb_finetune_settings_default (SMB_NET_CLASSIFIER);
  const SmbTensor *images = smb_tensor_dict_get (io, "in.images");
  g_autofree int *labels = g_new0 (int, images->shape[0]);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbFinetuner) t = NULL;
  SmbFinetuneResult r;
  Outcome out;

  for (gint64 i = 0; i < images->shape[0]; i++)
    labels[i] = (int) (i % 2);
  settings.precision = precision;
  settings.recompute = recompute;
  settings.drop_path = 0.3; /* gates: they are taken in parts as well */
  settings.augment = (SmbAugment){ 0 };
  t = smb_finetuner_new (model_test_device (), weights, NULL, &settings, &error);
  g_assert_no_error (error);
  smb_finetuner_step (t, images, labels, NULL, NULL, 1e-3, &r, NULL, &error);
  g_assert_no_error (error);
  out = (Outcome){ smb_finetuner_get_gradients (t, NULL), smb_finetuner_get_weights (t, NULL), r.total };
  return out;
}

/* |got - want| / |want| over all tensors as one vector. */
static double
distance (const SmbTensorDict *got, const SmbTensorDict *want)
{
  double squares = 0, all = 0;

  for (guint i = 0; i < want->names->len; i++) {
    const char *name = g_ptr_array_index (want->names, i);
    const SmbTensor *g = smb_tensor_dict_get (got, name), *w = smb_tensor_dict_get (want, name);

    g_assert_cmpint (g->n, ==, w->n);
    for (gint64 k = 0; k < w->n; k++) {
      double value = ((const float *) w->data)[k], d = ((const float *) g->data)[k] - value;

      squares += d * d;
      all += value * value;
    }
  }
  return sqrt (squares / all);
}

typedef Outcome (*Once) (SmbPrecision precision, gboolean recompute);
static const Once both[] = { pretrain_once, finetune_once };

static void
test_bf16 (void)
{
  if ((model_test_device ()->info.precisions & (1u << SMB_PRECISION_BF16)) == 0) {
    g_test_skip ("this processor has no bfloat16");
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (both); i++) {
    Outcome exact = both[i] (SMB_PRECISION_F32, FALSE), low = both[i] (SMB_PRECISION_BF16, FALSE);
    Outcome again = both[i] (SMB_PRECISION_BF16, FALSE);
    double off = distance (low.gradients, exact.gradients);

    g_test_message ("training %u: gradients in bfloat16 are off by %.2g, the loss by %.2g", i, off,
                    fabs (low.loss / exact.loss - 1));
    g_assert_cmpfloat (off, <, 1e-2);
    g_assert_cmpfloat (off, >, 1e-6); /* another arithmetic was really used */
    g_assert_cmpfloat (fabs (low.loss / exact.loss - 1), <, 1e-2);
    train_test_same_bytes (low.gradients, again.gradients);
    train_test_same_bytes (low.weights, again.weights);
    outcome_clear (&exact);
    outcome_clear (&low);
    outcome_clear (&again);
  }
}

/* A sample at a time through every block, as a large batch is taken in parts. */
static void
test_parts (gconstpointer recompute)
{
  SmbDevice *device = model_test_device ();
  const guint32 kept = device->info.chunk_rows;

  if (g_str_equal (device->id, "cpu"))
    g_assert_cmpuint (kept, >, 0);
  for (guint i = 0; i < G_N_ELEMENTS (both); i++) {
    Outcome whole = both[i] (SMB_PRECISION_F32, FALSE), parts;

    device->info.chunk_rows = 1;
    parts = both[i] (SMB_PRECISION_F32, GPOINTER_TO_INT (recompute));
    device->info.chunk_rows = kept;
    g_assert_cmpfloat (fabs (parts.loss / whole.loss - 1), <, 1e-6);
    train_test_gradients_near (parts.gradients, whole.gradients, "", 1e-5);
    outcome_clear (&whole);
    outcome_clear (&parts);
  }
}

/* So a training may take it up wherever memory is short, and drop it when resumed elsewhere. */
static void
test_recompute (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (both); i++)
    for (SmbPrecision p = SMB_PRECISION_F32; p <= SMB_PRECISION_BF16; p++) {
      Outcome kept, again;

      if ((model_test_device ()->info.precisions & (1u << p)) == 0)
        continue;
      kept = both[i] (p, FALSE);
      again = both[i] (p, TRUE);
      train_test_same_bytes (again.gradients, kept.gradients);
      train_test_same_bytes (again.weights, kept.weights);
      outcome_clear (&kept);
      outcome_clear (&again);
    }
}

static void
test_refusal (void)
{
  g_autoptr (SmbTensorDict) weights = model_test_read ("a_classifier_init.safetensors");
  SmbFinetuneSettings settings = smb_finetune_settings_default (SMB_NET_CLASSIFIER);
  g_autoptr (GError) error = NULL;

  settings.precision = SMB_PRECISION_INT8;
  g_assert_null (smb_finetuner_new (model_test_device (), weights, NULL, &settings, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  model_test_init (&argc, &argv);
  g_test_add_func ("/train/precision/bf16", test_bf16);
  g_test_add_data_func ("/train/precision/parts", GINT_TO_POINTER (FALSE), test_parts);
  g_test_add_data_func ("/train/precision/parts-recomputed", GINT_TO_POINTER (TRUE), test_parts);
  g_test_add_func ("/train/precision/recompute", test_recompute);
  g_test_add_func ("/train/precision/refusal", test_refusal);
  return g_test_run ();
}
