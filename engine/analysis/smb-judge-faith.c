/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of maps against the network they claim to explain. */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "analysis/smb-judge-private.h"
#include "base/smb-error.h"
#include "explain/smb-faithfulness.h"
#include "model/smb-net.h"

/* Streams of random numbers: of the orders, and the seed of the network that stands in. */
#define ORDER_SEED 1
#define WEIGHTS_SEED 0x73616e6974797931 /* not one that a model was begun with */

typedef struct {
  SmbJudgeFace *face;
  SmbNet *net;
  const SmbNetConfig *config;
  int grid, patches;
  float *image;                          /* (3,size,size) */
  double *whole, *empty;                 /* probabilities of all classes: of the face, of nothing but the mean colour */
  double random_areas[SMB_FAITH_ORDERS]; /* of random_class */
  int random_class;                      /* -1: not measured yet */
  guint64 done, total;
} Check;

static void
check_clear (Check *check)
{
  g_free (check->image);
  g_free (check->whole);
  g_free (check->empty);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Check, check_clear)

static gsize
input_length (const Check *check)
{
  return 3 * (gsize) check->config->image_px * (gsize) check->config->image_px;
}

/* out: the face with the patches of `hidden` in the mean colour. */
static void
hide (const Check *check, float *out, const guint8 *hidden)
{
  const int size = check->config->image_px, patch = check->config->patch_px;

  memcpy (out, check->image, input_length (check) * sizeof (float));
  for (int k = 0; k < check->patches; k++)
    for (int row = 0; hidden[k] && row < 3 * patch; row++) {
      const int c = row / patch, y = k / check->grid * patch + row % patch;

      memset (out + ((gsize) c * (gsize) size + (gsize) y) * (gsize) size + (gsize) (k % check->grid * patch), 0,
              (gsize) patch * sizeof (float));
    }
}

/* Probability of the class as patches vanish in this order: curve (SMB_FAITH_STEPS + 1). */
static gboolean
delete_in_order (Check *check, const int *order, int of_class, double *curve, GError **error)
{
  const int classes = check->config->classes, between = SMB_FAITH_STEPS - 1;
  g_autofree float *inputs = g_new (float, input_length (check) * (gsize) between);
  g_autofree double *probabilities = g_new (double, between * classes);
  g_autofree guint8 *hidden = g_new0 (guint8, check->patches);

  smb_judge_report (check->face, MIN (check->done, check->total), check->total,
                    _ ("Testing whether the map is faithful"));
  check->done++;
  for (int s = 1; s < SMB_FAITH_STEPS; s++) {
    for (int i = smb_faithfulness_count (s - 1, check->patches); i < smb_faithfulness_count (s, check->patches); i++)
      hidden[order[i]] = 1;
    hide (check, inputs + input_length (check) * (gsize) (s - 1), hidden);
  }
  if (g_cancellable_set_error_if_cancelled (check->face->cancellable, error)
      || !smb_judge_probabilities (check->face, check->net, inputs, (guint) between, probabilities, error))
    return FALSE;
  curve[0] = check->whole[of_class];
  for (int s = 1; s < SMB_FAITH_STEPS; s++)
    curve[s] = probabilities[(s - 1) * classes + of_class];
  curve[SMB_FAITH_STEPS] = check->empty[of_class];
  return TRUE;
}

static gboolean
measure_random (Check *check, int of_class, GError **error)
{
  g_autofree int *order = g_new (int, check->patches);
  double curve[SMB_FAITH_STEPS + 1];

  if (check->random_class == of_class)
    return TRUE;
  for (int i = 0; i < SMB_FAITH_ORDERS; i++) {
    SmbRng rng;

    smb_rng_init (&rng, ORDER_SEED, (guint64) i);
    for (int k = 0; k < check->patches; k++)
      order[k] = k;
    smb_rng_shuffle (&rng, order, (guint32) check->patches);
    if (!delete_in_order (check, order, of_class, curve, error))
      return FALSE;
    check->random_areas[i] = smb_faithfulness_area (curve);
  }
  check->random_class = of_class;
  return TRUE;
}

/* The same map of a network of the same shape that has learnt nothing. */
static SmbMap *
map_of_random_weights (const Check *check, const SmbMap *map, int of_class, GError **error)
{
  SmbJudge other = *check->face->judge;
  SmbJudgeFace face = { .judge = &other, .image = check->face->image, .job = check->face->job,
                        .cancellable = check->face->cancellable };
  SmbMapSpec spec = map->spec;
  SmbMap *out = NULL;

  spec.of_class = of_class;
  memset (other.detector.nets, 0, sizeof other.detector.nets);
  other.detector.weights = smb_net_init_weights (&other.detector.config, other.detector.kind, WEIGHTS_SEED);
  if (spec.kind == SMB_MAP_OCCLUSION)
    out = smb_judge_occlusion_map (&face, &spec, error);
  else if (!smb_judge_add_attention_maps (&face, &spec, 1, &out, error))
    g_clear_pointer (&out, smb_map_free);
  for (guint i = 0; i < G_N_ELEMENTS (other.detector.nets); i++)
    g_clear_pointer (&other.detector.nets[i], smb_net_free);
  smb_tensor_dict_unref (other.detector.weights);
  return out;
}

static gboolean
check_map (Check *check, SmbMap *map, GError **error)
{
  const int n = check->patches;
  g_autofree double *values = g_new (double, n), *others = g_new (double, n);
  g_autofree int *order = g_new (int, n), *backwards = g_new (int, n);
  g_autofree SmbFaithfulness *out = g_new0 (SmbFaithfulness, 1);
  g_autoptr (SmbMap) random = NULL;

  out->of_class = smb_judge_class_of (&map->spec, check->whole, check->config->classes);
  smb_faithfulness_patches (values, map, check->grid);
  smb_faithfulness_order (order, values, n);
  for (int i = 0; i < n; i++)
    backwards[i] = order[n - 1 - i];
  /* An insertion, read from its end, is the deletion of the least relevant first. */
  if (!delete_in_order (check, order, out->of_class, out->deletion, error)
      || !delete_in_order (check, backwards, out->of_class, out->insertion, error)
      || !measure_random (check, out->of_class, error))
    return FALSE;
  for (int i = 0; i < (SMB_FAITH_STEPS + 1) / 2; i++) {
    const double first = out->insertion[i];

    out->insertion[i] = out->insertion[SMB_FAITH_STEPS - i];
    out->insertion[SMB_FAITH_STEPS - i] = first;
  }
  random = map_of_random_weights (check, map, out->of_class, error);
  if (random == NULL)
    return FALSE;
  smb_faithfulness_patches (others, random, check->grid);
  out->correlation = smb_faithfulness_rank_correlation (values, others, n);
  smb_faithfulness_judge (out, check->random_areas);
  if (out->fails != 0)
    smb_map_take_note (map, smb_faithfulness_sentence (out));
  map->faithfulness = g_steal_pointer (&out);
  return TRUE;
}

/* What the tests of all maps of this face share. */
static gboolean
prepare (Check *check, GError **error)
{
  SmbJudge *judge = check->face->judge;
  g_autofree guint8 *rgb = NULL;
  g_autofree float *nothing = NULL;

  check->config = smb_judge_need_detector (judge, error);
  check->net = check->config != NULL ? smb_judge_get_net (judge, &judge->detector, SMB_PRECISION_F32, error) : NULL;
  rgb = check->net != NULL
            ? smb_judge_crop (check->face->image, check->face->job->box, judge->transform, check->config, error)
            : NULL;
  if (rgb == NULL)
    return FALSE;
  check->patches = smb_net_config_get_patches (check->config);
  check->grid = check->config->image_px / check->config->patch_px;
  check->image = g_new (float, input_length (check));
  check->whole = g_new0 (double, check->config->classes);
  check->empty = g_new0 (double, check->config->classes);
  nothing = g_new0 (float, input_length (check));
  smb_face_normalise (check->image, rgb, check->config->image_px, judge->mean, judge->std);
  return smb_judge_probabilities (check->face, check->net, check->image, 1, check->whole, error)
         && smb_judge_probabilities (check->face, check->net, nothing, 1, check->empty, error);
}

gboolean
smb_judge_check_maps (SmbJudgeFace *face, SmbMap **maps, guint n_maps, GError **error)
{
  g_auto (Check) check = { .face = face, .random_class = -1, .total = SMB_FAITH_ORDERS };

  for (guint i = 0; i < n_maps; i++)
    check.total += smb_map_spec_explains (&maps[i]->spec) ? 2 : 0;
  for (guint i = 0; i < n_maps; i++) {
    if (!smb_map_spec_explains (&maps[i]->spec))
      continue;
    if (check.net == NULL && !prepare (&check, error))
      return FALSE;
    if (!check_map (&check, maps[i], error))
      return FALSE;
  }
  return TRUE;
}
