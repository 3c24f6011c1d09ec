/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules, groups, mixing, losses: the parts that need no network. */
#include "train-test.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "base/smb-rng.h"
#include "model/smb-loss.h"
#include "model/smb-mixing.h"
#include "train/smb-augment.h"
#include "train/smb-groups.h"
#include "train/smb-schedule.h"

static JsonNode *
read_json (const char *name)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "reference", name, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  GError *error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return json_parser_steal_root (parser);
}

static void
test_schedules (void)
{
  g_autoptr (JsonNode) root = read_json ("schedules.json");
  JsonObject *o = json_node_get_object (root);
  JsonArray *lr = json_object_get_array_member (o, "lr_at"), *m = json_object_get_array_member (o, "momentum_at");
  JsonArray *drop = json_object_get_array_member (json_object_get_object_member (o, "drop_path_rates"), "0.1,12");

  for (guint i = 0; i < json_array_get_length (lr); i++) {
    JsonObject *c = json_array_get_object_element (lr, i);

    g_assert_cmpfloat_with_epsilon (
      smb_schedule_lr (json_object_get_double_member (c, "epoch"), json_object_get_double_member (c, "lr"),
                       json_object_get_double_member (c, "min_lr"), json_object_get_double_member (c, "warmup"),
                       json_object_get_double_member (c, "epochs")),
      json_object_get_double_member (c, "expect"), 1e-15);
  }
  for (guint i = 0; i < json_array_get_length (m); i++) {
    JsonObject *c = json_array_get_object_element (m, i);

    g_assert_cmpfloat_with_epsilon (smb_schedule_momentum (json_object_get_double_member (c, "step"),
                                                           json_object_get_double_member (c, "total"), 0.996),
                                    json_object_get_double_member (c, "expect"), 1e-14);
  }
  for (guint i = 0; i < json_array_get_length (drop); i++)
    g_assert_cmpfloat_with_epsilon (smb_schedule_drop_path (0.1, (int) i, 12), json_array_get_double_element (drop, i),
                                    1e-15);
  g_assert_cmpfloat (smb_schedule_scale_lr (1.5e-4, 4096), ==, 1.5e-4 * 16);
}

static void
compare_groups (GPtrArray *got, JsonArray *want)
{
  g_assert_cmpuint (got->len, ==, json_array_get_length (want));
  for (guint g = 0; g < got->len; g++) {
    const SmbGroup *group = g_ptr_array_index (got, g);
    JsonObject *o = json_array_get_object_element (want, g);
    JsonArray *names = json_object_get_array_member (o, "names");

    g_assert_cmpfloat_with_epsilon (group->lr_scale, json_object_get_double_member (o, "lr_scale"), 1e-15);
    g_assert_cmpfloat (group->weight_decay, ==, json_object_get_double_member (o, "weight_decay"));
    g_assert_cmpuint (group->names->len, ==, json_array_get_length (names));
    for (guint i = 0; i < group->names->len; i++)
      g_assert_cmpstr (g_ptr_array_index (group->names, i), ==, json_array_get_string_element (names, i));
  }
  g_ptr_array_unref (got);
}

static void
test_groups (void)
{
  g_autoptr (JsonNode) finetune = read_json ("a_finetune_groups.json"), sets = read_json ("trainable_sets.json");
  g_autoptr (SmbTensorDict) a = model_test_read ("a_classifier_init.safetensors");
  g_autoptr (SmbTensorDict) acls = model_test_read ("acls_classifier_init.safetensors");
  JsonObject *o = json_node_get_object (sets);
  SmbNetConfig of_a, of_acls;
  SmbNetKind kind;

  g_assert_true (smb_net_config_detect (&of_a, &kind, a, NULL, "a", NULL));
  g_assert_true (smb_net_config_detect (&of_acls, &kind, acls, NULL, "acls", NULL));
  of_a.adapter_dim = of_acls.adapter_dim = 6;
  compare_groups (smb_groups_finetune (&of_a, SMB_NET_CLASSIFIER, SMB_TRAIN_ALL, 0, 0.05, 0.75),
                  json_node_get_array (finetune));
  compare_groups (smb_groups_finetune (&of_a, SMB_NET_CLASSIFIER, SMB_TRAIN_NORMS, 0, 0.05, 0.75),
                  json_object_get_array_member (o, "A.norms"));
  compare_groups (smb_groups_finetune (&of_acls, SMB_NET_CLASSIFIER, SMB_TRAIN_NORMS, 0, 0.05, 0.75),
                  json_object_get_array_member (o, "Acls.norms"));
  compare_groups (smb_groups_finetune (&of_a, SMB_NET_ADAPTER, SMB_TRAIN_ADAPTER, 0, 0.0, 0.0),
                  json_object_get_array_member (o, "A.adapter"));
  compare_groups (smb_groups_finetune (&of_acls, SMB_NET_ADAPTER, SMB_TRAIN_ADAPTER, 0, 0.0, 0.0),
                  json_object_get_array_member (o, "Acls.adapter"));
}

static void
compare_mix (const SmbTensorDict *f, const char *name)
{
  g_autofree char *drawn = g_strconcat (name, ".drawn", NULL), *box = g_strconcat (name, ".box", NULL);
  g_autofree char *lambda = g_strconcat (name, ".lambda", NULL), *images = g_strconcat (name, ".images", NULL);
  g_autofree char *targets = g_strconcat (name, ".targets", NULL);
  const SmbTensor *d = smb_tensor_dict_get (f, drawn), *want = smb_tensor_dict_get (f, targets);
  double l = ((const double *) smb_tensor_dict_get (f, lambda)->data)[0], soft[16];
  g_autoptr (SmbTensor) x = smb_tensor_to_f32 (smb_tensor_dict_get (f, "in.images"));
  const gint64 *stored = smb_tensor_dict_get (f, "in.labels")->data;
  int labels[4];
  SmbMix mix = { .lambda = l };

  if (d != NULL) {
    const double *v = d->data;
    const gint32 *b = smb_tensor_dict_get (f, box)->data;

    mix = smb_mix_cutmix (5, 6, v[0], (int) v[1], (int) v[2]);
    g_assert_cmpint (mix.y0, ==, b[0]);
    g_assert_cmpint (mix.y1, ==, b[1]);
    g_assert_cmpint (mix.x0, ==, b[2]);
    g_assert_cmpint (mix.x1, ==, b[3]);
    g_assert_cmpfloat_with_epsilon (mix.lambda, l, 1e-15);
  }
  smb_mix_images (x->data, 4, 3, 5, 6, &mix);
  g_assert_cmpfloat (model_test_distance (x, smb_tensor_dict_get (f, images)), <, 1e-7);
  for (int i = 0; i < 4; i++)
    labels[i] = (int) stored[i];
  smb_mix_targets (soft, labels, 4, 4, ((const double *) smb_tensor_dict_get (f, "in.smoothing")->data)[0], mix.lambda);
  for (int i = 0; i < 16; i++)
    g_assert_cmpfloat_with_epsilon (soft[i], (double) ((const float *) want->data)[i], 1e-7);
}

static void
test_mixing (void)
{
  g_autoptr (SmbTensorDict) f = model_test_read ("mixing.safetensors");
  static const char *const names[] = { "mixup",          "cutmix_inside", "cutmix_odd_side",
                                       "cutmix_clipped", "cutmix_empty",  "cutmix_all" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    compare_mix (f, names[i]);
}

/* Gradients of the host losses against central differences. */
static void
test_loss_gradients (void)
{
  enum { B = 6, N = 5 };
  float x[B * N], y[B * N], g[B * N];
  double targets[B * N];
  const double weights[N] = { 1, 2, 0.5, 1, 3 };
  const gboolean genuine[B] = { TRUE, FALSE, TRUE, TRUE, FALSE, FALSE };
  SmbRng rng;

  smb_rng_init (&rng, 77, 0);
  for (int i = 0; i < B * N; i++) {
    x[i] = (float) smb_rng_normal (&rng);
    y[i] = (float) smb_rng_normal (&rng);
    targets[i] = smb_rng_uniform (&rng);
  }
  /* Unit rows, as the real-anchor loss gets them: its shift by the row's own maximum counts as a constant, which
   * central differences see only through the 1e-6 beside a sum that is then not small. */
  for (int i = 0; i < B; i++) {
    double size = 0.0;

    for (int k = 0; k < N; k++)
      size += (double) x[i * N + k] * (double) x[i * N + k];
    for (int k = 0; k < N; k++)
      x[i * N + k] = (float) ((double) x[i * N + k] / sqrt (size));
  }
  for (int loss = 0; loss < 6; loss++)
    for (int i = 0; i < B * N; i++) {
      double sides[2];
      float kept = x[i], h = 1e-3f, at[2] = { kept + h, kept - h };

      for (int s = 0; s < 3; s++) { /* both sides, then the gradient at the point itself */
        float *out = s == 2 ? g : NULL;
        double value;

        x[i] = s == 2 ? kept : at[s];
        value = loss < 3    ? smb_loss_contrast ((SmbContrast) loss, x, y, B, N, 0.2, out)
                : loss == 3 ? smb_loss_cross_entropy (x, targets, B, N, NULL, out)
                : loss == 4 ? smb_loss_cross_entropy (x, targets, B, N, weights, out)
                            : smb_loss_real_anchor (x, genuine, B, N, 0.7, out);
        if (s < 2)
          sides[s] = value;
      }
      g_assert_cmpfloat_with_epsilon ((double) g[i], (sides[0] - sides[1]) / ((double) at[0] - (double) at[1]), 2e-4);
    }
}

static void
test_erasing (void)
{
  enum { SIDE = 32, B = 200 };
  g_autofree float *images = g_new0 (float, B * 3 * SIDE * SIDE);
  int erased = 0;
  SmbRng rng;

  smb_rng_init (&rng, 5, 0);
  smb_augment_erase (images, B, 3, SIDE, SIDE, 0.25, &rng);
  for (int i = 0; i < B; i++) {
    int changed = 0;

    for (int k = 0; k < SIDE * SIDE; k++)
      changed += images[i * 3 * SIDE * SIDE + k] != 0.0f;
    g_assert_cmpint (changed, <=, SIDE * SIDE * 2 / 5);
    erased += changed > 0;
  }
  g_assert_cmpint (erased, >, 25); /* 50 expected, deviation 6 */
  g_assert_cmpint (erased, <, 75);
}

int
main (int argc, char **argv)
{
  model_test_init (&argc, &argv);
  g_test_add_func ("/train/parts/schedules", test_schedules);
  g_test_add_func ("/train/parts/groups", test_groups);
  g_test_add_func ("/train/parts/mixing", test_mixing);
  g_test_add_func ("/train/parts/loss-gradients", test_loss_gradients);
  g_test_add_func ("/train/parts/erasing", test_erasing);
  return g_test_run ();
}
