/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that rest on a class, on regions, or on many runs of a network. */
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "explain/smb-faithfulness.h"
#include "judge-fixture.h"
#include "model/smb-net.h"
#include "weights/smb-weights-file.h"

enum { SIZE = 32, PATCHES = 16 };

static const SmbBox box = { 20, 30, 120, 120 };

static GPtrArray *
make (SmbJudge *judge, const SmbRegions *regions, const char *text)
{
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  const SmbMapJob job = { .box = box, .regions = regions };
  SmbMapSpec spec = judge_spec (text);
  g_autoptr (GError) error = NULL;
  GPtrArray *maps = smb_judge_make_maps (judge, image, &job, &spec, 1, NULL, &error);

  g_assert_no_error (error);
  return maps;
}

/* Patch k of four by four holds the class given; the rest is skin. */
static SmbRegions *
regions_with (int patch, SmbRegionClass class)
{
  guint8 *classes = g_malloc (SIZE * SIZE);

  memset (classes, SMB_CLASS_SKIN, SIZE * SIZE);
  for (int y = 0; y < 8; y++)
    memset (classes + (patch / 4 * 8 + y) * SIZE + patch % 4 * 8, (int) class, 8);
  return smb_regions_new_take (SIZE, classes, SMB_REGIONS_IMPORTED);
}

/* What the network itself says, asked without the judge; the patches of `hidden` (NULL: none) are the mean colour. */
static SmbTensorDict *
direct (const SmbModelInfo *model, int label, const guint8 *rgb, const guint8 *hidden)
{
  const gint64 shape[] = { 1, 3, SIZE, SIZE }, one = 1;
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbDevice) device = smb_device_open ("cpu", 1, &error);
  g_autoptr (SmbTensorDict) weights = smb_weights_read (JUDGE_DETECTOR, &error);
  g_autoptr (SmbNet) net = smb_net_new (device, weights, NULL, "direct", SMB_PRECISION_F32, &error);
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape),
                        labels = smb_tensor_new (SMB_DTYPE_I64, 1, &one);
  g_autoptr (SmbTensorDict) inputs = smb_tensor_dict_new ();
  SmbTensorDict *outputs;

  smb_face_normalise (images->data, rgb, SIZE, model->mean, model->std);
  for (int i = 0; hidden != NULL && i < 3 * SIZE * SIZE; i++)
    if (hidden[i / SIZE % SIZE / 8 * 4 + i % SIZE / 8])
      ((float *) images->data)[i] = 0;
  *(gint64 *) labels->data = MAX (label, 0);
  smb_tensor_dict_set (inputs, "in.images", images);
  if (label >= 0)
    smb_tensor_dict_set (inputs, "in.labels", labels);
  outputs = smb_net_forward (net, NULL, inputs, SMB_WANT_EXPLAIN, NULL, &error);
  g_assert_no_error (error);
  return outputs;
}

static void
test_relevance (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  const SmbMapSpec specs[] = { judge_spec ("relevance:class=2"), judge_spec ("rollout"), judge_spec ("relevance"),
                               judge_spec ("relevance:class=2,query=class") };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) maps = smb_judge_maps (judge, image, box, specs, G_N_ELEMENTS (specs), NULL, &error);
  g_autofree guint8 *rgb = smb_face_crop_resize_centre (image, box, SIZE);
  g_autoptr (SmbTensorDict) of_two = direct (model, 2, rgb, NULL), of_best = direct (model, -1, rgb, NULL);
  const char *const names[]
      = { "out.relevance_patches_pooled", NULL, "out.relevance_patches_pooled", "out.relevance_patches_cls" };
  const SmbMapSpec bad = judge_spec ("relevance:class=4");

  g_assert_no_error (error);
  for (guint i = 0; i < maps->len; i++) {
    const SmbMap *map = g_ptr_array_index (maps, i);
    const float *want = names[i] == NULL ? smb_tensor_dict_get (of_two, "out.rollout_patches_pooled")->data
                                         : smb_tensor_dict_get (i == 2 ? of_best : of_two, names[i])->data;

    for (int k = 0; k < PATCHES; k++)
      g_assert_cmpfloat_with_epsilon (map->values[k], want[k], 1e-6);
  }
  g_assert_null (smb_judge_maps (judge, image, box, &bad, 1, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "classes 0 to 3"));
}

static void
test_all_heads (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (GPtrArray) all = make (judge, NULL, "attention:layer=0,head=all");
  g_autoptr (GPtrArray) mean = make (judge, NULL, "attention:layer=0");

  g_assert_cmpuint (all->len, ==, 3);
  for (int k = 0; k < PATCHES; k++) {
    double sum = 0;

    for (guint h = 0; h < 3; h++) {
      const SmbMap *map = g_ptr_array_index (all, h);

      g_assert_cmpint (map->spec.head, ==, h);
      sum += map->values[k] / 3;
    }
    g_assert_cmpfloat_with_epsilon (sum, ((SmbMap *) g_ptr_array_index (mean, 0))->values[k], 1e-6);
  }
}

static void
test_occlusion (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (GPtrArray) maps = make (judge, NULL, "occlusion:class=1,patch=16,stride=16");
  g_autofree guint8 *rgb = smb_face_crop_resize_centre (image, box, SIZE);
  const guint8 lower_left[PATCHES] = { [8] = 1, [9] = 1, [12] = 1, [13] = 1 };
  g_autoptr (SmbTensorDict) whole = direct (model, -1, rgb, NULL), hidden = direct (model, -1, rgb, lower_left);
  const float p = ((float *) smb_tensor_dict_get (whole, "out.probabilities")->data)[1];
  const float q = ((float *) smb_tensor_dict_get (hidden, "out.probabilities")->data)[1];
  const SmbMap *map = g_ptr_array_index (maps, 0);

  g_test_message ("fall %g", (double) (p - q));
  g_assert_cmpint (map->rows, ==, SIZE);
  g_assert_cmpfloat (fabsf (p - q), >, 1e-5);
  g_assert_cmpfloat_with_epsilon (map->values[20 * SIZE + 3], p - q, 1e-6);
}

static void
count_reports (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  g_assert_cmpuint (done, <=, total);
  ++*(int *) user_data;
}

static double
probability (const SmbTensorDict *outputs, int of_class)
{
  return (double) ((const float *) smb_tensor_dict_get (outputs, "out.probabilities")->data)[of_class];
}

/* The curves against the network asked directly; maps that claim nothing are not tested. */
static void
test_faithfulness (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  int reports = 0;
  const SmbMapJob job = { .box = box, .check = TRUE, .progress = count_reports, .user_data = &reports };
  const SmbMapSpec specs[] = { judge_spec ("relevance:class=2"),
                               judge_spec ("rollout"),
                               judge_spec ("rollout:query=5"),
                               judge_spec ("error"),
                               judge_spec ("occlusion:class=2,patch=8,stride=8"),
                               judge_spec ("attention") };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) maps = smb_judge_make_maps (judge, image, &job, specs, G_N_ELEMENTS (specs), NULL, &error);
  g_autoptr (GPtrArray) again = smb_judge_make_maps (judge, image, &job, specs, G_N_ELEMENTS (specs), NULL, &error);
  g_autofree guint8 *rgb = smb_face_crop_resize_centre (image, box, SIZE);
  g_autoptr (SmbTensorDict) whole = direct (model, -1, rgb, NULL), half = NULL, other_half = NULL;
  guint8 first[PATCHES] = { 0 }, last[PATCHES] = { 0 };
  double values[PATCHES];
  int order[PATCHES];

  g_assert_no_error (error);
  g_assert_cmpint (reports, >, 0);
  for (guint i = 0; i < maps->len; i++) {
    const SmbMap *map = g_ptr_array_index (maps, i), *twin = g_ptr_array_index (again, i);

    g_assert_true ((map->faithfulness != NULL) == (i != 2 && i != 3));
    if (map->faithfulness == NULL)
      continue;
    g_assert_cmpmem (map->faithfulness, sizeof *map->faithfulness, twin->faithfulness, sizeof *map->faithfulness);
    g_assert_true (map->faithfulness->fails == 0 || strstr (map->note, "Not faithful") != NULL);
  }
  {
    const SmbMap *map = g_ptr_array_index (maps, 0);
    const SmbFaithfulness *got = map->faithfulness;

    smb_faithfulness_patches (values, map, 4);
    smb_faithfulness_order (order, values, PATCHES);
    for (int i = 0; i < PATCHES; i++)
      (i < PATCHES / 2 ? first : last)[order[i]] = 1;
    half = direct (model, -1, rgb, first);
    other_half = direct (model, -1, rgb, last);
    g_assert_cmpint (got->of_class, ==, 2);
    g_assert_cmpfloat_with_epsilon (got->deletion[0], probability (whole, 2), 1e-6);
    g_assert_cmpfloat_with_epsilon (got->insertion[SMB_FAITH_STEPS], probability (whole, 2), 1e-6);
    g_assert_cmpfloat_with_epsilon (got->deletion[SMB_FAITH_STEPS / 2], probability (half, 2), 1e-6);
    g_assert_cmpfloat_with_epsilon (got->insertion[SMB_FAITH_STEPS / 2], probability (other_half, 2), 1e-6);
    g_assert_cmpfloat (fabs (got->correlation), <=, 1);
  }
}

static void
test_coverage (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (NULL, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  int reports = 0;
  const SmbMapJob job = { .box = box, .progress = count_reports, .user_data = &reports };
  const SmbMapSpec spec = judge_spec ("coverage:times=3,seed=11");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) first = smb_judge_make_maps (judge, image, &job, &spec, 1, NULL, &error);
  g_autoptr (GPtrArray) second = make (judge, NULL, "coverage:times=3,seed=11");
  g_autoptr (GPtrArray) other = make (judge, NULL, "coverage:times=3,seed=12");
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  const SmbMap *map, *again;

  g_assert_no_error (error);
  g_assert_cmpint (reports, >, 0);
  map = g_ptr_array_index (first, 0);
  again = g_ptr_array_index (second, 0);
  for (int k = 0; k < PATCHES; k++) {
    g_assert_cmpfloat (map->count[k], >=, 3);
    g_assert_true (isfinite (map->values[k]) && isfinite (map->deviation[k]));
  }
  g_assert_cmpmem (map->values, PATCHES * sizeof (float), again->values, PATCHES * sizeof (float));
  g_assert_cmpmem (map->deviation, PATCHES * sizeof (float), again->deviation, PATCHES * sizeof (float));
  g_assert_true (memcmp (map->values, ((SmbMap *) g_ptr_array_index (other, 0))->values, PATCHES * sizeof (float))
                 != 0);
  g_cancellable_cancel (cancelled);
  g_assert_null (smb_judge_make_maps (judge, image, &job, &spec, 1, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Masks by regions: an imported map is obeyed, at whatever size; without one the template serves, and says so. */
static void
test_regions (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbRegions) small = regions_with (6, SMB_CLASS_NOSE), regions = smb_regions_resize (small, 200);
  g_autoptr (GPtrArray) drawn = make (judge, regions, "regions");
  const SmbMap *map = g_ptr_array_index (drawn, 0);
  guint8 nose[3], skin[3];

  smb_region_class_colour (SMB_CLASS_NOSE, nose);
  smb_region_class_colour (SMB_CLASS_SKIN, skin);
  g_assert_cmpint (map->rgb_size, ==, SIZE);
  g_assert_cmpmem (map->rgb + (12 * SIZE + 20) * 3, 3, nose, 3);
  g_assert_cmpmem (map->rgb, 3, skin, 3);
  g_assert_nonnull (strstr (map->note, "imported"));
  for (int seed = 0; seed < 10; seed++) {
    g_autofree char *text = g_strdup_printf ("error:region=nose,ratio=0.5,seed=%d", seed);
    g_autoptr (GPtrArray) maps = make (judge, regions, text);
    int hidden = 0;

    map = g_ptr_array_index (maps, 0);
    g_assert_false (isnan (map->values[6]));
    for (int k = 0; k < PATCHES; k++)
      hidden += !isnan (map->values[k]);
    g_assert_cmpint (hidden, ==, 8);
  }
  {
    g_autoptr (GPtrArray) missing = make (judge, regions, "masked-input:region=hair");
    g_autoptr (GPtrArray) coarse = make (judge, NULL, "masked-input:strategy=frp");

    map = g_ptr_array_index (missing, 0);
    g_test_message ("%s", map->note);
    g_assert_nonnull (strstr (map->note, "hair"));
    map = g_ptr_array_index (coarse, 0);
    g_assert_nonnull (strstr (map->note, "coarse"));
  }
}

/* All strategies and kinds on one face, among them the whole decoded picture. */
static void
test_kinds (void)
{
  static const char *const texts[] = { "error:strategy=crfr-p",
                                       "error:strategy=crfr-r",
                                       "error:strategy=frp",
                                       "error:strategy=fasking-i",
                                       "ssim:patches=5+6",
                                       "signed-error",
                                       "absolute-error",
                                       "coverage:strategy=crfr-p,times=1",
                                       "reconstruction:visible=predicted" };
  g_autoptr (SmbModelInfo) model = judge_model (NULL, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (GPtrArray) kept = make (judge, NULL, "reconstruction");
  const SmbMap *map, *pasted = g_ptr_array_index (kept, 0);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GPtrArray) maps = make (judge, NULL, texts[i]);

    map = g_ptr_array_index (maps, 0);
    g_assert_true (map->rgb != NULL || isfinite (map->max));
    g_assert_cmpfloat (map->area.width, ==, 120);
    if (i == G_N_ELEMENTS (texts) - 1)
      g_assert_true (memcmp (map->rgb, pasted->rgb, SIZE * SIZE * 3) != 0);
  }
  g_assert_nonnull (strstr (pasted->note, "brightness"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* The same on every machine, whatever predictors are installed. */
  g_setenv ("SEMBLANCE_LANDMARKS", "none", TRUE);
  g_test_add_func ("/judge-kinds/relevance", test_relevance);
  g_test_add_func ("/judge-kinds/all-heads", test_all_heads);
  g_test_add_func ("/judge-kinds/occlusion", test_occlusion);
  g_test_add_func ("/judge-kinds/faithfulness", test_faithfulness);
  g_test_add_func ("/judge-kinds/coverage", test_coverage);
  g_test_add_func ("/judge-kinds/regions", test_regions);
  g_test_add_func ("/judge-kinds/kinds", test_kinds);
  return g_test_run ();
}
