/* SPDX-License-Identifier: Apache-2.0 */
#include "model-test.h"

#include <string.h>

#include "base/smb-error.h"
#include "model/smb-net.h"
#include "model/smb-params.h"
#include "model/smb-pos-embed.h"
#include "weights/smb-weights-file.h"

static void
test_sincos (void)
{
  g_autoptr (SmbTensorDict) t = model_test_read ("tables.safetensors");
  g_autoptr (SmbTensor) a = smb_pos_embed_sincos (24, 4), b = smb_pos_embed_sincos (16, 3);

  g_assert_cmpfloat (model_test_distance (a, smb_tensor_dict_get (t, "sincos.24x4")), <, 1e-7);
  g_assert_cmpfloat (model_test_distance (b, smb_tensor_dict_get (t, "sincos.16x3")), <, 1e-7);
}

static void
test_resample (void)
{
  g_autoptr (SmbTensorDict) t = model_test_read ("tables.safetensors");
  const SmbTensor *in = smb_tensor_dict_get (t, "resample.in_4");
  g_autoptr (SmbTensor) up = smb_pos_embed_resample (in, 6), down = smb_pos_embed_resample (in, 3);
  g_autoptr (SmbTensor) same = smb_pos_embed_resample (in, 4);

  g_assert_cmpfloat (model_test_distance (up, smb_tensor_dict_get (t, "resample.out_6")), <, 1e-6);
  g_assert_cmpfloat (model_test_distance (down, smb_tensor_dict_get (t, "resample.out_3")), <, 1e-6);
  g_assert_cmpfloat (model_test_distance (same, in), <, 1e-7);
}

/* The table names exactly what each fixture holds, in its order. */
static void
test_parameter_table (void)
{
  static const char *const files[] = { "a_online_init", "b_online_init", "a_target_init", "b_target_init",
                                       "a_classifier_init", "acls_classifier_init", "a_adapter_init" };

  for (guint f = 0; f < G_N_ELEMENTS (files); f++) {
    g_autofree char *file = g_strconcat (files[f], ".safetensors", NULL);
    g_autoptr (SmbTensorDict) w = model_test_read (file);
    g_autoptr (GPtrArray) rows = NULL;
    g_autoptr (GError) error = NULL;
    SmbNetConfig config;
    SmbNetKind kind;

    smb_net_config_detect (&config, &kind, w, NULL, file, &error);
    g_assert_no_error (error);
    rows = smb_params_table (&config, kind);
    g_assert_cmpuint (rows->len, ==, smb_tensor_dict_get_size (w));
    for (guint i = 0; i < rows->len; i++)
      g_assert_cmpstr (((SmbParamRow *) g_ptr_array_index (rows, i))->name, ==, g_ptr_array_index (w->names, i));
  }
}

static void
test_published_sizes (void)
{
  const struct {
    int dim, depth, heads, patch;
    gint64 params; /* of the two-class detector, patch 16: timm's numbers with C -> 2 */
  } rows[] = { { 384, 12, 12, 16, 21666434 }, { 768, 12, 12, 16, 85800194 }, { 1024, 24, 16, 16, 303303682 } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    SmbNetConfig c = { .image_px = 224, .patch_px = rows[i].patch, .chans = 3, .dim = rows[i].dim, .classes = 2,
                       .depth = rows[i].depth, .heads = rows[i].heads, .mlp_ratio = 4, .global_pool = TRUE };

    g_assert_cmpint (smb_params_count (&c, SMB_NET_CLASSIFIER), ==, rows[i].params);
  }
}

/* Heads of the published widths come from the table when nothing states them. */
static void
test_published_heads (void)
{
  const int dims[] = { 384, 768 };

  for (guint i = 0; i < G_N_ELEMENTS (dims); i++) {
    SmbNetConfig made = { .image_px = 32, .patch_px = 16, .chans = 3, .dim = dims[i], .classes = 2, .depth = 1,
                          .heads = 3, .mlp_ratio = 4, .global_pool = TRUE };
    g_autoptr (SmbTensorDict) w = smb_net_init_weights (&made, SMB_NET_CLASSIFIER, 1);
    SmbNetConfig found;
    SmbNetKind kind;

    g_hash_table_remove_all (w->metadata);
    g_assert_true (smb_net_config_detect (&found, &kind, w, NULL, "w", NULL));
    g_assert_cmpint (found.heads, ==, 12);
    g_assert_true (smb_net_config_detect (&found, &kind, w, "{\"heads\": 6}", "w", NULL));
    g_assert_cmpint (found.heads, ==, 6);
  }
}

static void
refuse (SmbTensorDict *w, const char *overrides, int code, const char *words)
{
  g_autoptr (GError) error = NULL;
  SmbNetConfig config;
  SmbNetKind kind;

  g_assert_false (smb_net_config_detect (&config, &kind, w, overrides, "the file", &error));
  g_assert_error (error, SMB_ERROR, code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_refusals (void)
{
  static const char *const files[] = { "net_wrong_width", "net_not_square", "net_nan" };
  g_autoptr (SmbTensorDict) w = model_test_read ("a_classifier_init.safetensors");
  const gint64 shape[] = { 5, 24 };
  g_autoptr (SmbTensor) wrong = smb_tensor_new (SMB_DTYPE_F32, 2, shape);

  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *name = g_strdup_printf ("malformed/%s.safetensors", files[i]);
    g_autoptr (SmbTensorDict) bad = model_test_read (name);

    refuse (bad, "{\"heads\": 3}", SMB_ERROR_MISMATCH, "the file");
  }
  refuse (w, "[1]", SMB_ERROR_ARGUMENT, "JSON");
  refuse (w, "{\"heads\": 5}", SMB_ERROR_MISMATCH, "heads");
  refuse (w, "{\"heads\": \"many\"}", SMB_ERROR_ARGUMENT, "heads");
  refuse (w, "{\"img\": 33}", SMB_ERROR_ARGUMENT, "33");
  refuse (w, "{\"global_pool\": false}", SMB_ERROR_MISMATCH, "norm.weight");
  smb_tensor_dict_set (w, "blocks.1.mlp.fc1.weight", wrong);
  refuse (w, NULL, SMB_ERROR_MISMATCH, "blocks.1.mlp.fc1.weight should hold (96, 24)");
}

static void
test_not_finite (void)
{
  g_autoptr (SmbTensorDict) w = model_test_read ("a_classifier_init.safetensors");
  g_autoptr (SmbTensor) bad = smb_tensor_to_f32 (smb_tensor_dict_get (w, "norm.bias") != NULL
                                                   ? smb_tensor_dict_get (w, "norm.bias")
                                                   : smb_tensor_dict_get (w, "blocks.0.norm1.bias"));
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbNet) net = NULL;

  ((float *) bad->data)[3] = (float) G_MAXFLOAT * 10.0f;
  smb_tensor_dict_set (w, "blocks.0.norm1.bias", bad);
  net = smb_net_new (model_test_device (), w, NULL, "w", SMB_PRECISION_F32, &error);
  g_assert_null (net);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "blocks.0.norm1.bias"));
}

/* Fresh weights: the same for a seed, another for another, tables and constants as they should be. */
static void
test_init (void)
{
  g_autoptr (SmbTensorDict) like = model_test_read ("a_online_init.safetensors");
  g_autoptr (SmbTensorDict) a = NULL, b = NULL, c = NULL;
  SmbNetConfig config, again;
  SmbNetKind kind;

  g_assert_true (smb_net_config_detect (&config, &kind, like, NULL, "w", NULL));
  a = smb_net_init_weights (&config, kind, 7);
  b = smb_net_init_weights (&config, kind, 7);
  c = smb_net_init_weights (&config, kind, 8);
  for (guint i = 0; i < a->names->len; i++) {
    const char *name = g_ptr_array_index (a->names, i);
    const SmbTensor *x = smb_tensor_dict_get (a, name), *y = smb_tensor_dict_get (b, name);
    const SmbTensor *z = smb_tensor_dict_get (c, name);
    gboolean drawn = g_str_has_suffix (name, "_token") || (x->rank > 1 && !smb_params_is_table (name));

    g_assert_true (memcmp (x->data, y->data, smb_tensor_get_bytes (x)) == 0);
    g_assert_cmpint (memcmp (x->data, z->data, smb_tensor_get_bytes (x)) != 0, ==, drawn);
  }
  g_assert_true (smb_net_config_detect (&again, &kind, a, NULL, "w", NULL));
  g_assert_true (memcmp (&again, &config, sizeof config) == 0);
}

int
main (int argc, char **argv)
{
  model_test_init (&argc, &argv);
  g_test_add_func ("/model/tables/sincos", test_sincos);
  g_test_add_func ("/model/tables/resample", test_resample);
  g_test_add_func ("/model/tables/parameters", test_parameter_table);
  g_test_add_func ("/model/tables/published-sizes", test_published_sizes);
  g_test_add_func ("/model/tables/published-heads", test_published_heads);
  g_test_add_func ("/model/tables/refusals", test_refusals);
  g_test_add_func ("/model/tables/not-finite", test_not_finite);
  g_test_add_func ("/model/tables/init", test_init);
  return g_test_run ();
}
