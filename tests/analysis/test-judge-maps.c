/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "analysis/smb-judge-private.h"
#include "base/smb-error.h"
#include "explain/smb-reconstruction-map.h"
#include "judge-fixture.h"
#include "model/smb-net-private.h"
#include "weights/smb-weights-file.h"

static const SmbBox box = { 20, 30, 120, 120 };

/* One forward of the network on given input bytes. */
static SmbTensorDict *
direct (const char *path, const guint8 *rgb, const double *mean, const double *std, const guint8 *mask, guint want)
{
  const gint64 shape[] = { 1, 3, 32, 32 }, mask_shape[] = { 1, 16 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbDevice) device = smb_device_open ("cpu", 1, &error);
  g_autoptr (SmbTensorDict) weights = smb_weights_read (path, &error);
  g_autoptr (SmbNet) net = smb_net_new (device, weights, NULL, "direct", SMB_PRECISION_F32, &error);
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  g_autoptr (SmbTensorDict) inputs = smb_tensor_dict_new ();
  SmbTensorDict *outputs;

  smb_face_normalise (images->data, rgb, 32, mean, std);
  smb_tensor_dict_set (inputs, "in.images", images);
  if (mask != NULL) {
    g_autoptr (SmbTensor) hidden = smb_tensor_new (SMB_DTYPE_U8, 2, mask_shape);

    memcpy (hidden->data, mask, 16);
    smb_tensor_dict_set (inputs, "in.mask", hidden);
  }
  outputs = smb_net_forward (net, NULL, inputs, want, NULL, &error);
  g_assert_no_error (error);
  return outputs;
}

static void
test_all_at_once (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  const SmbMapSpec specs[] = {
    judge_spec ("error:seed=5"), judge_spec ("attention:layer=0,head=2,query=class"),
    judge_spec ("rollout"),      judge_spec ("reconstruction:seed=5"),
    judge_spec ("attention"),    judge_spec ("masked-input:seed=6"),
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) maps = smb_judge_maps (judge, image, box, specs, G_N_ELEMENTS (specs), NULL, &error);
  g_autofree guint8 *seen = smb_face_crop_resize_centre (image, box, 32);
  g_autofree guint8 *whole = smb_face_crop_resize (image, box, 32);
  g_autoptr (SmbTensorDict) detector = NULL, mim = NULL;
  const float *a0, *a1, *error_of_patch, *pasted;
  guint8 mask[16];
  const SmbTensor *row;
  const SmbMap *map;

  g_assert_no_error (error);
  g_assert_cmpuint (maps->len, ==, G_N_ELEMENTS (specs));
  for (guint i = 0; i < maps->len; i++) {
    map = g_ptr_array_index (maps, i);
    g_assert_true (smb_map_spec_equal (&map->spec, &specs[i]));
  }
  detector = direct (JUDGE_DETECTOR, seen, model->mean, model->std, NULL, SMB_WANT_ATTENTION | SMB_WANT_ROLLOUT);
  a0 = smb_tensor_dict_get (detector, "attn.0")->data;
  a1 = smb_tensor_dict_get (detector, "attn.1")->data;
  map = g_ptr_array_index (maps, 1);
  for (int i = 0; i < 16; i++)
    g_assert_cmpfloat_with_epsilon (map->values[i], a0[2 * 17 * 17 + 1 + i], 1e-6);
  /* A detector with a centre crop sees 32 of 36 pixels of the resized box. */
  g_assert_cmpfloat_with_epsilon (map->area.x, 20 + 2 * 120 / 36.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (map->area.width, 32 * 120 / 36.0, 1e-9);
  map = g_ptr_array_index (maps, 4);
  for (int i = 0; i < 16; i++) {
    double want = 0;

    for (int h = 0; h < 3; h++)
      for (int q = 1; q < 17; q++)
        want += a1[(h * 17 + q) * 17 + 1 + i] / 48;
    g_assert_cmpfloat_with_epsilon (map->values[i], want, 1e-6);
  }
  row = smb_tensor_dict_get (detector, "out.rollout_patches_pooled");
  map = g_ptr_array_index (maps, 2);
  for (int i = 0; i < 16; i++)
    g_assert_cmpfloat_with_epsilon (map->values[i], ((float *) row->data)[i], 1e-6);

  g_assert_true (smb_reconstruction_draw_mask (mask, &specs[0], NULL, 16, &error) >= -1);
  mim = direct (JUDGE_MIM, whole, model->mim_mean, model->mim_std, mask, SMB_WANT_IMAGES);
  error_of_patch = smb_tensor_dict_get (mim, "out.patch_error")->data;
  pasted = smb_tensor_dict_get (mim, "out.image_pasted")->data;
  map = g_ptr_array_index (maps, 0);
  for (int i = 0; i < 16; i++) {
    if (mask[i])
      g_assert_cmpfloat_with_epsilon (map->values[i], error_of_patch[i], 1e-5);
    else
      g_assert_true (isnan (map->values[i]));
  }
  g_assert_cmpfloat (map->area.x, ==, 20);
  g_assert_cmpfloat (map->area.width, ==, 120);
  map = g_ptr_array_index (maps, 3);
  for (int y = 0; y < 32; y++)
    for (int x = 0; x < 32; x++)
      for (int c = 0; c < 3; c++) {
        int at = (y * 32 + x) * 3 + c;

        if (mask[y / 8 * 4 + x / 8]) {
          double v = 255 * (pasted[c * 1024 + y * 32 + x] * model->mim_std[c] + model->mim_mean[c]);

          g_assert_cmpfloat_with_epsilon (map->rgb[at], CLAMP (v, 0, 255), 0.51);
        } else {
          g_assert_cmpint (map->rgb[at], ==, whole[at]);
        }
      }
  map = g_ptr_array_index (maps, 5);
  g_assert_cmpint (map->rgb_size, ==, 32);
}

/* Host memory that the detector's last pass took for its results. */
static gsize
kept_bytes (const SmbJudge *judge)
{
  return smb_exec_get_output_bytes (judge->detector.nets[SMB_PRECISION_F32]->exec);
}

/* What is asked for decides which layers' attention a pass keeps, and not what a map shows. */
static void
test_kept_layers (void)
{
  const gsize head_bytes = 17 * 17 * sizeof (float); /* of two layers of three heads */
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  static const struct {
    const char *specs[2];
    gsize heads;
  } cases[] = {
    { { "attention:layer=0,head=2", "attention:layer=1" }, 6 },
    { { "attention:layer=0,head=1", "attention:layer=0,head=2" }, 3 },
    { { "attention:layer=1", "attention" }, 3 },
    /* two passes; the last keeps of each layer two means over its heads, the attention's and the relevance's */
    { { "attention:layer=0,head=all", "relevance" }, 2 * 2 },
    { { "relevance", "attention:layer=0" }, 3 },
    { { "rollout", "attention:layer=0" }, 3 + 2 }, /* of each layer the mean over its heads beside it */
    { { "attention:layer=0", "rollout" }, 3 + 2 },
    { { "rollout", "rollout:query=3" }, 2 },
  };
  gsize base;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const SmbMapSpec specs[] = { judge_spec (cases[i].specs[0]), judge_spec (cases[i].specs[1]) };
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) both = smb_judge_maps (judge, image, box, specs, 2, NULL, &error);

    g_assert_no_error (error);
    if (i == 0)
      base = kept_bytes (judge) - 6 * head_bytes;
    g_test_message ("%s and %s", cases[i].specs[0], cases[i].specs[1]);
    g_assert_cmpuint (kept_bytes (judge), ==, base + cases[i].heads * head_bytes);
    for (guint k = 0, at = 0; k < 2; k++) {
      g_autoptr (GPtrArray) alone = smb_judge_maps (judge, image, box, &specs[k], 1, NULL, &error);

      g_assert_no_error (error);
      for (guint j = 0; j < alone->len; j++, at++) {
        const SmbMap *a = g_ptr_array_index (alone, j), *b = g_ptr_array_index (both, at);

        g_assert_cmpmem (a->values, 16 * sizeof (float), b->values, 16 * sizeof (float));
      }
    }
  }
}

/* Every count of hidden patches is honoured, and maps repeat. */
static void
test_ratios (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (NULL, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);

  for (int n = 1; n < 16; n++) {
    SmbMapSpec spec = judge_spec ("error:seed=3");
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) first = NULL, second = NULL;
    const SmbMap *map, *again;
    int hidden = 0;

    spec.ratio = n / 16.0;
    first = smb_judge_maps (judge, image, box, &spec, 1, NULL, &error);
    g_assert_no_error (error);
    second = smb_judge_maps (judge, image, box, &spec, 1, NULL, &error);
    map = g_ptr_array_index (first, 0);
    again = g_ptr_array_index (second, 0);
    for (int i = 0; i < 16; i++)
      hidden += !isnan (map->values[i]);
    g_assert_cmpint (hidden, ==, n);
    g_assert_cmpmem (map->values, 16 * sizeof (float), again->values, 16 * sizeof (float));
  }
}

static void
assert_refused (SmbJudge *judge, SmbBox where, const char *text, int code, const char *says)
{
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  SmbMapSpec spec = judge_spec (text);
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_judge_maps (judge, image, where, &spec, 1, NULL, &error));
  g_assert_error (error, SMB_ERROR, code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, says));
}

static void
test_refused (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbModelInfo) no_mim = judge_model (JUDGE_DETECTOR, NULL), no_detector = judge_model (NULL, JUDGE_MIM);
  g_autoptr (SmbModelInfo) changed = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model), without_mim = judge_open (no_mim),
                       without_detector = judge_open (no_detector), altered = NULL;
  const SmbBox beside = { 300, 0, 40, 40 };

  changed->mim_sha256[0] = changed->mim_sha256[0] == '0' ? '1' : '0';
  altered = judge_open (changed);

  assert_refused (judge, box, "attention:layer=2", SMB_ERROR_ARGUMENT, "layers 0 to 1");
  assert_refused (judge, box, "attention:head=3", SMB_ERROR_ARGUMENT, "heads 0 to 2");
  assert_refused (judge, box, "rollout:query=16", SMB_ERROR_ARGUMENT, "0 to 15");
  assert_refused (judge, box, "error:patches=16", SMB_ERROR_ARGUMENT, "Patch 16 does not exist");
  assert_refused (judge, box, "error:ratio=0.001", SMB_ERROR_ARGUMENT, "0 of 16");
  assert_refused (judge, beside, "rollout", SMB_ERROR_ARGUMENT, "outside the picture");
  assert_refused (judge, beside, "error", SMB_ERROR_ARGUMENT, "outside the picture");
  assert_refused (without_mim, box, "reconstruction", SMB_ERROR_UNSUPPORTED, "no reconstruction network");
  /* Weights that were changed since: found before anything is computed with them. */
  assert_refused (altered, box, "reconstruction", SMB_ERROR_INTEGRITY, "a_online_init");
  assert_refused (without_detector, box, "rollout", SMB_ERROR_UNSUPPORTED, "no detector");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/judge-maps/all-at-once", test_all_at_once);
  g_test_add_func ("/judge-maps/kept-layers", test_kept_layers);
  g_test_add_func ("/judge-maps/ratios", test_ratios);
  g_test_add_func ("/judge-maps/refused", test_refused);
  return g_test_run ();
}
