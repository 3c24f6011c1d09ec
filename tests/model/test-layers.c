/* SPDX-License-Identifier: Apache-2.0 */
/* "in.layers": the attention of the layers named is what it is when all are kept, that of the others does not exist and
 * takes no memory. */
#include "model-test.h"

#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "model/smb-attribution.h"
#include "model/smb-net.h"

#define DEPTH     4
#define HEADS     3
#define TOKENS    17
#define BATCH     62 /* more than a block takes at a time */
#define MAP_BYTES ((guint64) BATCH * HEADS * TOKENS * TOKENS * sizeof (float))

static SmbNet *
open_net (SmbTensorDict *weights, const char *overrides)
{
  GError *error = NULL;
  SmbNet *net = smb_net_new (model_test_device (), weights, overrides, "test", SMB_PRECISION_F32, &error);

  g_assert_no_error (error);
  return net;
}

/* Patches of patch_px: 8 make TOKENS. */
static SmbNet *
net_of_patches (int patch_px)
{
  const SmbNetConfig config = { .image_px = 32,
                                .patch_px = patch_px,
                                .chans = 3,
                                .dim = 24,
                                .depth = DEPTH,
                                .heads = HEADS,
                                .mlp_ratio = 4,
                                .classes = 4,
                                .global_pool = TRUE,
                                .ln_eps = 1e-6,
                                .mlp_head_ln_eps = 1e-5 };
  g_autoptr (SmbTensorDict) weights = smb_net_init_weights (&config, SMB_NET_CLASSIFIER, 1);
  g_autofree char *text = smb_net_config_to_json (&config);

  return open_net (weights, text);
}

static SmbNet *
deep_net (void)
{
  return net_of_patches (8);
}

/* Waves; layers NULL (all) or numbers of n layers. */
static SmbTensorDict *
inputs_new (gint64 batch, const gint32 *layers, gint64 n)
{
  const gint64 shape[] = { batch, 3, 32, 32 };
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  SmbTensorDict *inputs = smb_tensor_dict_new ();

  for (gint64 i = 0; i < images->n; i++)
    ((float *) images->data)[i] = (float) sin (0.017 * (double) i);
  smb_tensor_dict_set (inputs, "in.images", images);
  if (layers != NULL) {
    g_autoptr (SmbTensor) chosen = smb_tensor_new (SMB_DTYPE_I32, 1, &n);

    memcpy (chosen->data, layers, (gsize) n * sizeof *layers);
    smb_tensor_dict_set (inputs, "in.layers", chosen);
  }
  return inputs;
}

static SmbTensorDict *
forward (SmbNet *net, const SmbTensorDict *inputs, guint want)
{
  GError *error = NULL;
  SmbTensorDict *out = smb_net_forward (net, NULL, inputs, want, NULL, &error);

  g_assert_no_error (error);
  return out;
}

static SmbNetNeed
plan (SmbNet *net, const SmbTensorDict *inputs, guint want)
{
  GError *error = NULL;
  SmbNetNeed need;

  g_assert_true (smb_net_plan (net, NULL, inputs, want, &need, &error));
  g_assert_no_error (error);
  return need;
}

static void
assert_same (const SmbTensorDict *got, const SmbTensorDict *want, const char *name)
{
  const SmbTensor *a = smb_tensor_dict_get (got, name), *b = smb_tensor_dict_get (want, name);

  if (a == NULL || b == NULL)
    g_error ("%s is missing", name);
  g_assert_cmpuint (smb_tensor_get_bytes (a), ==, smb_tensor_get_bytes (b));
  g_assert_true (memcmp (a->data, b->data, smb_tensor_get_bytes (a)) == 0);
}

/* Layer `layer` (-1: none) of this kind is as in `all`, and no other one is there. */
static void
assert_only (const SmbTensorDict *got, const SmbTensorDict *all, const char *kind, int layer)
{
  for (int i = 0; i < DEPTH; i++) {
    g_autofree char *name = g_strdup_printf ("%s.%d", kind, i);

    if (i == layer)
      assert_same (got, all, name);
    else
      g_assert_null (smb_tensor_dict_get (got, name));
  }
}

static guint64
bytes_of (const SmbTensorDict *outputs)
{
  guint64 bytes = 0;

  for (guint i = 0; i < outputs->names->len; i++) {
    const char *name = g_ptr_array_index (outputs->names, i);

    if (!g_str_equal (name, "out.probabilities")) /* reckoned on the host from the logits */
      bytes += smb_tensor_get_bytes (smb_tensor_dict_get (outputs, name));
  }
  return bytes;
}

static void
test_one (void)
{
  g_autoptr (SmbNet) net = deep_net ();
  g_autoptr (SmbTensorDict) for_all = inputs_new (BATCH, NULL, 0), all = forward (net, for_all, SMB_WANT_ATTENTION);
  const SmbNetNeed of_all = plan (net, for_all, SMB_WANT_ATTENTION), of_none = plan (net, for_all, SMB_WANT_RESULT);

  g_assert_cmpuint (of_all.output_bytes, ==, bytes_of (all));
  g_assert_cmpuint (of_all.output_bytes - of_none.output_bytes, ==, DEPTH * MAP_BYTES);
  for (gint32 layer = 0; layer < DEPTH; layer++) {
    g_autoptr (SmbTensorDict) inputs = inputs_new (BATCH, &layer, 1), one = forward (net, inputs, SMB_WANT_ATTENTION);
    const SmbNetNeed need = plan (net, inputs, SMB_WANT_ATTENTION);

    assert_only (one, all, "attn", layer);
    assert_same (one, all, "out.logits");
    g_assert_cmpuint (need.output_bytes, ==, bytes_of (one));
    g_assert_cmpuint (need.output_bytes - of_none.output_bytes, ==, MAP_BYTES);
    g_assert_cmpuint (need.scratch_bytes, <=, of_all.scratch_bytes);
    g_assert_cmpuint (need.scratch_bytes + need.output_bytes, <, of_all.scratch_bytes + of_all.output_bytes);
  }
}

static void
test_several (void)
{
  static const gint32 layers[] = { 3, 1, 3 };
  g_autoptr (SmbNet) net = deep_net ();
  g_autoptr (SmbTensorDict) for_all = inputs_new (2, NULL, 0), all = forward (net, for_all, SMB_WANT_ATTENTION);
  g_autoptr (SmbTensorDict) inputs = inputs_new (2, layers, 3), some = forward (net, inputs, SMB_WANT_ATTENTION);

  for (int i = 0; i < DEPTH; i++) {
    g_autofree char *name = g_strdup_printf ("attn.%d", i);

    if (i == 1 || i == 3)
      assert_same (some, all, name);
    else
      g_assert_null (smb_tensor_dict_get (some, name));
  }
}

/* r (T,T) of one sample, from the attention of every head, and its gradients where the relevance is meant, as the
 * papers have it: R = M . R with M the row-normalised mean over heads + I, or R += M . R with M the mean of max (0, A
 * dA). */
static void
flow_of_heads (double r[TOKENS][TOKENS], const SmbTensorDict *maps, gint64 sample, gboolean of_gradients)
{
  const gint64 square = TOKENS * TOKENS;

  for (int i = 0; i < TOKENS; i++)
    for (int j = 0; j < TOKENS; j++)
      r[i][j] = i == j;
  for (int layer = 0; layer < DEPTH; layer++) {
    g_autofree char *name = g_strdup_printf ("attn.%d", layer), *gradient = g_strdup_printf ("attn_grad.%d", layer);
    const float *a = (const float *) smb_tensor_dict_get (maps, name)->data + sample * HEADS * square;
    const float *da
        = of_gradients ? (const float *) smb_tensor_dict_get (maps, gradient)->data + sample * HEADS * square : NULL;
    double m[TOKENS][TOKENS] = { { 0 } }, after[TOKENS][TOKENS];

    for (gint64 at = 0; at < HEADS * square; at++)
      m[at % square / TOKENS][at % TOKENS]
          += (da != NULL ? fmax ((double) a[at] * (double) da[at], 0) : (double) a[at]) / HEADS;
    for (int i = 0; i < TOKENS; i++)
      for (int j = 0; j < TOKENS; j++) {
        after[i][j] = of_gradients ? r[i][j] : r[i][j] / 2; /* rows of the attention sum to 1 */
        for (int k = 0; k < TOKENS; k++)
          after[i][j] += (of_gradients ? m[i][k] : m[i][k] / 2) * r[k][j];
      }
    memcpy (r, after, sizeof after);
  }
}

/* Every sample's flow is that of the heads' maps: off the diagonal, where nothing hides behind the identity. */
static void
assert_flow (const SmbTensor *got, const SmbTensorDict *maps, gboolean of_gradients)
{
  double r[TOKENS][TOKENS], most = 0;

  g_assert_true (smb_tensor_shape_is (got, 3, (gint64) BATCH, (gint64) TOKENS, (gint64) TOKENS));
  for (gint64 n = 0; n < BATCH; n++) {
    flow_of_heads (r, maps, n, of_gradients);
    for (int i = 0; i < TOKENS; i++)
      for (int j = 0; j < TOKENS; j++)
        most = fmax (most, i != j ? fabs (r[i][j]) : 0);
    g_assert_cmpfloat (most, >, 0);
    for (int i = 0; i < TOKENS; i++)
      for (int j = 0; j < TOKENS; j++)
        if (i != j)
          g_assert_cmpfloat_with_epsilon (((const float *) got->data)[(n * TOKENS + i) * TOKENS + j], r[i][j],
                                          1e-5 * most);
  }
}

/* Explanations rest on every layer, whichever is a result; without one, on their means over heads alone. */
static void
test_explain (void)
{
  static const char *const whole[] = { "out.rollout", "out.relevance", "out.relevance_patches_pooled", "out.logits" };
  const guint want = SMB_WANT_ATTENTION | SMB_WANT_EXPLAIN;
  const gint32 layer = 2;
  g_autoptr (SmbNet) net = deep_net ();
  g_autoptr (SmbTensorDict) for_all = inputs_new (BATCH, NULL, 0), all = forward (net, for_all, want);
  g_autoptr (SmbTensorDict) inputs = inputs_new (BATCH, &layer, 1), one = forward (net, inputs, want);
  g_autoptr (SmbTensorDict) none = forward (net, for_all, SMB_WANT_EXPLAIN);
  SmbNetNeed of_none;

  assert_only (one, all, "attn", layer);
  assert_only (one, all, "attn_grad", layer);
  assert_only (none, all, "attn", -1);
  assert_only (none, all, "attn_grad", -1);
  for (guint i = 0; i < G_N_ELEMENTS (whole); i++) {
    assert_same (one, all, whole[i]);
    assert_same (none, all, whole[i]);
  }
  assert_flow (smb_tensor_dict_get (none, "out.rollout"), all, FALSE);
  assert_flow (smb_tensor_dict_get (none, "out.relevance"), all, TRUE);
  g_assert_null (smb_tensor_dict_get (none, "attn_mean.0"));
  g_assert_null (smb_tensor_dict_get (none, "attn_relevance.0"));
  of_none = plan (net, for_all, SMB_WANT_EXPLAIN);
  g_assert_cmpuint (of_none.output_bytes - plan (net, for_all, SMB_WANT_RESULT).output_bytes, ==,
                    2 * DEPTH * MAP_BYTES / HEADS);
  g_assert_cmpuint (plan (net, for_all, want).output_bytes - of_none.output_bytes, ==, 2 * DEPTH * MAP_BYTES);
  g_assert_cmpuint (plan (net, inputs, want).output_bytes - of_none.output_bytes, ==, 2 * MAP_BYTES);
}

/* Rollout alone: as from all the attention but for the rounding of the means, and with memory for these alone. */
static void
test_rollout (void)
{
  static const char *const made[] = { "out.rollout", "out.rollout_patches_cls", "out.rollout_patches_pooled" };
  const gint32 layer = 2;
  g_autoptr (SmbNet) net = deep_net ();
  g_autoptr (SmbTensorDict) inputs = inputs_new (BATCH, NULL, 0), all = forward (net, inputs, SMB_WANT_ATTENTION);
  g_autoptr (SmbTensorDict) alone = forward (net, inputs, SMB_WANT_ROLLOUT);
  g_autoptr (SmbTensorDict) again = forward (net, inputs, SMB_WANT_ROLLOUT);
  g_autoptr (SmbTensorDict) of_one = inputs_new (BATCH, &layer, 1);
  g_autoptr (SmbTensorDict) both = forward (net, of_one, SMB_WANT_ROLLOUT | SMB_WANT_ATTENTION);
  g_autoptr (SmbTensorDict) explained = forward (net, inputs, SMB_WANT_ROLLOUT | SMB_WANT_EXPLAIN);
  const SmbNetNeed of_none = plan (net, inputs, SMB_WANT_RESULT), of_all = plan (net, inputs, SMB_WANT_ATTENTION);
  const SmbNetNeed of_means = plan (net, inputs, SMB_WANT_ROLLOUT);

  assert_flow (smb_tensor_dict_get (alone, "out.rollout"), all, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (made); i++) {
    assert_same (again, alone, made[i]);
    assert_same (both, alone, made[i]);
    g_assert_nonnull (smb_tensor_dict_get (explained, made[i]));
  }
  assert_same (alone, all, "out.logits");
  assert_only (alone, all, "attn", -1);
  assert_only (both, all, "attn", layer);
  g_assert_null (smb_tensor_dict_get (alone, "attn_mean.0"));
  g_assert_nonnull (smb_tensor_dict_get (explained, "out.relevance"));
  g_assert_cmpuint (of_means.output_bytes - of_none.output_bytes, ==, DEPTH * MAP_BYTES / HEADS);
  g_assert_cmpuint (of_all.output_bytes - of_none.output_bytes, ==, DEPTH * MAP_BYTES);
  g_assert_cmpuint (of_means.scratch_bytes, <=, of_all.scratch_bytes);
}

/* Bytes of scratch for n numbers. */
static guint64
scratch_for (guint64 n)
{
  return (n * sizeof (float) + 63) / 64 * 64;
}

/* Where a pass is at its fullest in the attention, the means take the place of the heads' probabilities. */
static void
test_rollout_scratch (void)
{
  const guint64 square = 65 * 65;
  g_autoptr (SmbNet) net = net_of_patches (4);
  g_autoptr (SmbTensorDict) inputs = inputs_new (1, NULL, 0);
  const SmbNetNeed of_all = plan (net, inputs, SMB_WANT_ATTENTION), of_means = plan (net, inputs, SMB_WANT_ROLLOUT);

  g_assert_cmpuint (of_all.scratch_bytes - of_means.scratch_bytes, ==,
                    scratch_for (HEADS * square) - scratch_for (square));
}

/* Of explanations likewise: where the heads' own maps are no result, neither they nor their gradients are formed. */
static void
test_relevance_scratch (void)
{
  const guint64 square = 65 * 65;
  const guint both = SMB_WANT_ATTENTION | SMB_WANT_EXPLAIN;
  g_autoptr (SmbNet) net = net_of_patches (4);
  g_autoptr (SmbTensorDict) inputs = inputs_new (1, NULL, 0);
  const SmbNetNeed of_heads = plan (net, inputs, both), of_means = plan (net, inputs, SMB_WANT_EXPLAIN);

  g_assert_cmpuint (of_heads.scratch_bytes - of_means.scratch_bytes, ==, 2 * scratch_for (HEADS * square));
}

/* The means of a block that are missing, or of another number of tokens, are named. */
static void
test_missing_means (void)
{
  g_autoptr (SmbTensorDict) means = smb_tensor_dict_new ();

  for (int layer = 0; layer < 2; layer++) {
    const gint64 shape[] = { 2, TOKENS + layer, TOKENS + layer };
    g_autoptr (SmbTensor) mean = smb_tensor_new (SMB_DTYPE_F32, 3, shape), out = NULL;
    g_autofree char *name = g_strdup_printf ("attn_relevance.%d", layer);
    g_autoptr (GError) error = NULL;

    for (gint64 i = 0; i < mean->n; i++)
      ((float *) mean->data)[i] = 0.1f;
    smb_tensor_dict_set (means, name, mean);
    g_assert_false (smb_relevance (means, 2, &out, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
    g_assert_nonnull (strstr (error->message, "attn_relevance.1 "));
    g_clear_error (&error);
    g_assert_false (smb_rollout (means, 2, &out, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
    g_assert_nonnull (strstr (error->message, "attn_mean.0 "));
    g_assert_null (out);
  }
}

/* Of an online network, in each of its stacks. */
static void
test_stacks (void)
{
  const gint64 one = 1;
  g_autoptr (SmbTensorDict) weights = model_test_read ("a_online_init.safetensors");
  g_autoptr (SmbTensorDict) io = model_test_read ("a_pretrain_io.safetensors"), all = NULL, some = NULL;
  g_autoptr (SmbNet) net = open_net (weights, NULL);
  g_autoptr (SmbTensor) layers = smb_tensor_new (SMB_DTYPE_I32, 1, &one); /* layer 0 */
  SmbNetNeed of_all, of_some;
  guint64 dropped = 0;
  int kept = 0;

  all = forward (net, io, SMB_WANT_ATTENTION);
  of_all = plan (net, io, SMB_WANT_ATTENTION);
  smb_tensor_dict_set (io, "in.layers", layers);
  some = forward (net, io, SMB_WANT_ATTENTION);
  of_some = plan (net, io, SMB_WANT_ATTENTION);
  for (guint i = 0; i < all->names->len; i++) {
    const char *name = g_ptr_array_index (all->names, i);

    if (!g_str_has_prefix (name, "attn.") || g_str_has_suffix (name, ".0")) {
      assert_same (some, all, name);
      kept += g_str_has_prefix (name, "attn.");
    } else {
      g_assert_null (smb_tensor_dict_get (some, name));
      dropped += smb_tensor_get_bytes (smb_tensor_dict_get (all, name));
    }
  }
  g_assert_cmpint (kept, ==, 3);
  g_assert_cmpuint (dropped, >, 0);
  g_assert_cmpuint (of_all.output_bytes - of_some.output_bytes, ==, dropped);
}

static void
test_refused (void)
{
  static const gint32 bad[] = { -1, DEPTH };
  g_autoptr (SmbNet) net = deep_net ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (SmbTensorDict) inputs = inputs_new (1, &bad[i], 1);
    g_autoptr (GError) error = NULL, planned = NULL;
    SmbNetNeed need;

    g_assert_null (smb_net_forward (net, NULL, inputs, SMB_WANT_ATTENTION, NULL, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
    g_assert_nonnull (strstr (error->message, "in.layers"));
    g_assert_false (smb_net_plan (net, NULL, inputs, SMB_WANT_ATTENTION, &need, &planned));
    g_assert_error (planned, SMB_ERROR, SMB_ERROR_MISMATCH);
    g_assert_cmpuint (need.scratch_bytes + need.output_bytes, ==, 0);
  }
}

/* A plan changes nothing: what comes after it is what would have come without. */
static void
test_plan_first (void)
{
  g_autoptr (SmbNet) net = deep_net (), planned = deep_net ();
  g_autoptr (SmbTensorDict) inputs = inputs_new (3, NULL, 0), out = NULL, after = NULL;

  plan (planned, inputs, SMB_WANT_EXPLAIN);
  out = forward (net, inputs, SMB_WANT_ATTENTION);
  after = forward (planned, inputs, SMB_WANT_ATTENTION);
  g_assert_cmpuint (after->names->len, ==, out->names->len);
  for (guint i = 0; i < out->names->len; i++)
    assert_same (after, out, g_ptr_array_index (out->names, i));
}

int
main (int argc, char **argv)
{
  model_test_init (&argc, &argv);
  g_test_add_func ("/model/layers/one", test_one);
  g_test_add_func ("/model/layers/several", test_several);
  g_test_add_func ("/model/layers/explain", test_explain);
  g_test_add_func ("/model/layers/rollout", test_rollout);
  g_test_add_func ("/model/layers/rollout-scratch", test_rollout_scratch);
  g_test_add_func ("/model/layers/relevance-scratch", test_relevance_scratch);
  g_test_add_func ("/model/layers/missing-means", test_missing_means);
  g_test_add_func ("/model/layers/stacks", test_stacks);
  g_test_add_func ("/model/layers/refused", test_refused);
  g_test_add_func ("/model/layers/plan-first", test_plan_first);
  return g_test_run ();
}
