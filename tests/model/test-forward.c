/* SPDX-License-Identifier: Apache-2.0 */
#include "model-test.h"

#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "model/smb-net.h"

#define LIMIT 1e-5
#define EVERYTHING                                                                                                     \
  (SMB_WANT_ATTENTION | SMB_WANT_IMAGES | SMB_WANT_LOSSES | SMB_WANT_EXPLAIN | SMB_WANT_ALL_VISIBLE)

static SmbNet *
open_net (SmbTensorDict *weights, const char *overrides)
{
  GError *error = NULL;
  SmbNet *net = smb_net_new (model_test_device (), weights, overrides, "fixture", SMB_PRECISION_F32, &error);

  g_assert_no_error (error);
  return net;
}

/* What the fixture expects of training steps, not of one forward. */
static gboolean
is_of_training (const char *name)
{
  return g_str_has_suffix (name, "of_step") || g_str_has_prefix (name, "opt1.") || strstr (name, "grad_norm") != NULL
         || g_str_has_prefix (name, "in.") || strstr (name, ".in.") != NULL || g_str_has_prefix (name, "grad.")
         || strstr (name, ".grad.") != NULL;
}

static void
compare_all (const SmbTensorDict *got, const SmbTensorDict *want)
{
  int compared = 0;

  for (guint i = 0; i < want->names->len; i++) {
    const char *name = g_ptr_array_index (want->names, i);

    if (is_of_training (name))
      continue;
    model_test_near (got, want, name, LIMIT);
    compared++;
  }
  g_assert_cmpint (compared, >, 5);
}

static void
test_pretrain (gconstpointer data)
{
  const char *tag = data;
  g_autofree char *online_name = g_strdup_printf ("%s_online_init.safetensors", tag);
  g_autofree char *target_name = g_strdup_printf ("%s_target_init.safetensors", tag);
  g_autofree char *io_name = g_strdup_printf ("%s_pretrain_io.safetensors", tag);
  g_autoptr (SmbTensorDict) io = model_test_read (io_name), w = model_test_read (online_name);
  g_autoptr (SmbTensorDict) v = model_test_read (target_name), out = NULL, again = NULL;
  g_autoptr (SmbNet) online = open_net (w, NULL), target = open_net (v, NULL);
  GError *error = NULL;

  g_assert_cmpint (smb_net_get_kind (online), ==, SMB_NET_ONLINE);
  g_assert_cmpint (smb_net_get_kind (target), ==, SMB_NET_TARGET);
  out = smb_net_forward (online, target, io, EVERYTHING, NULL, &error);
  g_assert_no_error (error);
  compare_all (out, io);
  again = smb_net_forward (online, target, io, EVERYTHING, NULL, &error);
  for (guint i = 0; i < out->names->len; i++) { /* the same bytes every time */
    const char *name = g_ptr_array_index (out->names, i);
    const SmbTensor *a = smb_tensor_dict_get (out, name), *b = smb_tensor_dict_get (again, name);

    g_assert_cmpuint (smb_tensor_get_bytes (a), ==, smb_tensor_get_bytes (b));
    g_assert_true (memcmp (a->data, b->data, smb_tensor_get_bytes (a)) == 0);
  }
}

static void
test_classifier (gconstpointer data)
{
  static const char *const flows[] = { "out.logits", "out.rollout", "out.rollout_patches_cls",
                                       "out.rollout_patches_pooled" };
  const char *tag = data;
  g_autofree char *weights_name = g_strdup_printf ("%s_classifier_init.safetensors", tag);
  g_autofree char *io_name = g_strdup_printf ("%s_finetune_io.safetensors", tag);
  g_autoptr (SmbTensorDict) io = model_test_read (io_name), w = model_test_read (weights_name), out = NULL,
                            plain = NULL, rollout = NULL;
  g_autoptr (SmbNet) net = open_net (w, NULL);
  GError *error = NULL;

  g_assert_cmpint (smb_net_get_config (net)->global_pool, ==, !g_str_equal (tag, "acls"));
  out = smb_net_forward (net, NULL, io, EVERYTHING, NULL, &error);
  g_assert_no_error (error);
  compare_all (out, io);
  plain = smb_net_forward (net, NULL, io, SMB_WANT_RESULT | SMB_WANT_ATTENTION, NULL, &error);
  g_assert_no_error (error);
  model_test_near (plain, io, "out.logits", LIMIT); /* the path that keeps nothing */
  model_test_near (plain, io, "attn.1", LIMIT);
  rollout = smb_net_forward (net, NULL, io, SMB_WANT_ROLLOUT, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (flows); i++)
    model_test_near (rollout, io, flows[i], LIMIT);
}

static void
test_adapter (gconstpointer data)
{
  const char *tag = data;
  g_autofree char *base_name = g_strdup_printf ("%s_classifier_init.safetensors", tag);
  g_autofree char *weights_name = g_strdup_printf ("%s_adapter_init.safetensors", tag);
  g_autofree char *io_name = g_strdup_printf ("%s_adapter_io.safetensors", tag);
  g_autoptr (SmbTensorDict) io = model_test_read (io_name), w = model_test_read (base_name);
  g_autoptr (SmbTensorDict) extra = model_test_read (weights_name), out = NULL;
  g_autoptr (SmbNet) net = NULL;
  GError *error = NULL;

  model_test_merge (w, extra);
  net = open_net (w, NULL);
  g_assert_cmpint (smb_net_get_kind (net), ==, SMB_NET_ADAPTER);
  out = smb_net_forward (net, NULL, io, EVERYTHING, NULL, &error);
  g_assert_no_error (error);
  compare_all (out, io);
}

/* Another input size: the position table grows, everything else stays. */
static void
test_other_size (void)
{
  const gint64 shape[] = { 1, 3, 48, 48 };
  g_autoptr (SmbTensorDict) w = model_test_read ("a_classifier_init.safetensors"), in = smb_tensor_dict_new (),
                            out = NULL;
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  g_autoptr (SmbNet) net = open_net (w, "{\"img\": 48}");
  GError *error = NULL;

  for (gint64 i = 0; i < images->n; i++)
    ((float *) images->data)[i] = (float) sin (0.01 * (double) i);
  smb_tensor_dict_set (in, "in.images", images);
  out = smb_net_forward (net, NULL, in, SMB_WANT_ATTENTION, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (smb_tensor_shape_is (smb_tensor_dict_get (out, "attn.0"), 4, (gint64) 1, (gint64) 3, (gint64) 37,
                                      (gint64) 37));
}

static SmbTensorDict *
explain (SmbNet *net, const SmbTensor *images)
{
  g_autoptr (SmbTensorDict) in = smb_tensor_dict_new ();
  SmbTensorDict *out;
  GError *error = NULL;

  smb_tensor_dict_set (in, "in.images", (SmbTensor *) images);
  out = smb_net_forward (net, NULL, in, SMB_WANT_ATTENTION | SMB_WANT_EXPLAIN, NULL, &error);
  g_assert_no_error (error);
  return out;
}

/* More samples than a block takes at a time: what a sample gets does not depend on the part it is in. */
static void
test_parts (void)
{
  static const char *const names[] = { "attn.0", "attn.1", "attn_grad.0", "attn_grad.1", "out.logits", "out.relevance" };
  static const gint64 picked[] = { 0, 59, 60, 61, 129 };
  const gint64 shape[] = { 130, 3, 32, 32 };
  g_autoptr (SmbTensorDict) w = model_test_read ("a_classifier_init.safetensors"), all = NULL;
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  g_autoptr (SmbNet) net = open_net (w, NULL);

  for (gint64 i = 0; i < images->n; i++)
    ((float *) images->data)[i] = (float) sin (0.013 * (double) i);
  all = explain (net, images);
  for (guint k = 0; k < G_N_ELEMENTS (picked); k++) {
    g_autoptr (SmbTensor) image = smb_tensor_part (images, picked[k], 1);
    g_autoptr (SmbTensorDict) one = explain (net, image);

    for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
      const SmbTensor *a = smb_tensor_dict_get (all, names[i]), *b = smb_tensor_dict_get (one, names[i]);
      const float *of_all = (const float *) a->data + picked[k] * b->n;

      g_assert_cmpint (a->n, ==, 130 * b->n);
      for (gint64 j = 0; j < b->n; j++)
        g_assert_cmpfloat_with_epsilon (of_all[j], ((const float *) b->data)[j], 1e-6);
    }
  }
}

static void
expect (SmbNet *net, SmbTensorDict *in, int code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbTensorDict) out = smb_net_forward (net, NULL, in, EVERYTHING, NULL, &error);

  g_assert_null (out);
  g_assert_error (error, SMB_ERROR, code);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_bad_inputs (void)
{
  g_autoptr (SmbTensorDict) io = model_test_read ("a_pretrain_io.safetensors"), w = model_test_read (
                                                                                  "a_online_init.safetensors");
  g_autoptr (SmbTensorDict) in = smb_tensor_dict_new ();
  g_autoptr (SmbTensor) mask = NULL;
  g_autoptr (SmbNet) net = open_net (w, NULL);
  const gint64 shape[] = { 3, 16 };

  expect (net, in, SMB_ERROR_MISMATCH, "in.images");
  smb_tensor_dict_set (in, "in.images", smb_tensor_dict_get (io, "in.mask"));
  expect (net, in, SMB_ERROR_MISMATCH, "(B, 3, 32, 32)");
  smb_tensor_dict_set (in, "in.images", smb_tensor_dict_get (io, "in.images"));
  expect (net, in, SMB_ERROR_MISMATCH, "in.mask");
  mask = smb_tensor_new (SMB_DTYPE_U8, 2, shape);
  memset (mask->data, 1, 48);
  smb_tensor_dict_set (in, "in.mask", mask);
  expect (net, in, SMB_ERROR_MISMATCH, "visible");
}

static void
test_cancelled (void)
{
  g_autoptr (SmbTensorDict) io = model_test_read ("a_finetune_io.safetensors");
  g_autoptr (SmbTensorDict) w = model_test_read ("a_classifier_init.safetensors"), out = NULL;
  g_autoptr (SmbNet) net = open_net (w, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  out = smb_net_forward (net, NULL, io, 0, cancellable, &error);
  g_assert_null (out);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The same network in lower precision: its logits move by less than a hundredth (bfloat16) or a twentieth (bytes) of
 * the largest. */
static void
test_precisions (void)
{
  static const double allowed[]
      = { [SMB_PRECISION_F32] = LIMIT, [SMB_PRECISION_BF16] = 1e-2, [SMB_PRECISION_INT8] = 5e-2 };
  static const char *const tags[] = { "a", "b" };

  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    for (int p = SMB_PRECISION_F32; p <= SMB_PRECISION_INT8; p++) {
      g_autofree char *init = g_strdup_printf ("%s_classifier_init.safetensors", tags[i]);
      g_autofree char *io_name = g_strdup_printf ("%s_finetune_io.safetensors", tags[i]);
      g_autoptr (SmbTensorDict) w = model_test_read (init), io = model_test_read (io_name), plain = NULL, out = NULL;
      g_autoptr (SmbNet) exact = open_net (w, NULL), net = NULL;
      GError *error = NULL;
      double distance;

      if (allowed[p] == 0 || (model_test_device ()->info.precisions & (1u << p)) == 0)
        continue;
      net = smb_net_new (model_test_device (), w, NULL, "w", (SmbPrecision) p, &error);
      g_assert_no_error (error);
      plain = smb_net_forward (exact, NULL, io, SMB_WANT_RESULT, NULL, &error);
      g_assert_no_error (error);
      out = smb_net_forward (net, NULL, io, SMB_WANT_RESULT, NULL, &error);
      g_assert_no_error (error);
      distance
          = model_test_distance (smb_tensor_dict_get (out, "out.logits"), smb_tensor_dict_get (plain, "out.logits"));
      g_test_message ("%s, precision %d: logits move by %.2g of the largest", tags[i], p, distance);
      g_assert_cmpfloat (distance, <, allowed[p]);
      g_assert_true (p == SMB_PRECISION_F32 || distance > 0);
    }
}

int
main (int argc, char **argv)
{
  model_test_init (&argc, &argv);
  g_test_add_data_func ("/model/forward/pretrain-a", "a", test_pretrain);
  g_test_add_data_func ("/model/forward/pretrain-b", "b", test_pretrain);
  g_test_add_data_func ("/model/forward/classifier-a", "a", test_classifier);
  g_test_add_data_func ("/model/forward/classifier-acls", "acls", test_classifier);
  g_test_add_data_func ("/model/forward/classifier-b", "b", test_classifier);
  g_test_add_data_func ("/model/forward/adapter-a", "a", test_adapter);
  g_test_add_data_func ("/model/forward/adapter-b", "b", test_adapter);
  g_test_add_func ("/model/forward/other-size", test_other_size);
  g_test_add_func ("/model/forward/parts", test_parts);
  g_test_add_func ("/model/forward/bad-inputs", test_bad_inputs);
  g_test_add_func ("/model/forward/cancelled", test_cancelled);
  g_test_add_func ("/model/forward/precisions", test_precisions);
  return g_test_run ();
}
