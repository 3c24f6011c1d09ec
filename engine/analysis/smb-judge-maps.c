/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-judge-private.h"

/* The specs asked for, those of all heads written out. */
static GArray *
expand (SmbJudge *judge, const SmbMapSpec *specs, guint n_specs, GError **error)
{
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (SmbMapSpec));

  for (guint i = 0; i < n_specs; i++) {
    SmbMapSpec spec = specs[i];
    const SmbNetConfig *config;

    if (spec.kind != SMB_MAP_ATTENTION || spec.head != SMB_MAP_ALL_HEADS) {
      g_array_append_val (out, spec);
      continue;
    }
    config = smb_judge_need_detector (judge, error);
    if (config == NULL)
      return NULL;
    for (spec.head = 0; spec.head < config->heads; spec.head++)
      g_array_append_val (out, spec);
  }
  return g_steal_pointer (&out);
}

static gboolean
add_single_maps (SmbJudgeFace *face, const SmbMapSpec *specs, guint n_specs, SmbMap **maps, GError **error)
{
  for (guint i = 0; i < n_specs; i++) {
    if (maps[i] != NULL)
      continue;
    if (g_cancellable_set_error_if_cancelled (face->cancellable, error))
      return FALSE;
    if (specs[i].kind == SMB_MAP_OCCLUSION)
      maps[i] = smb_judge_occlusion_map (face, &specs[i], error);
    else if (specs[i].kind == SMB_MAP_COVERAGE)
      maps[i] = smb_judge_coverage_map (face, &specs[i], error);
    else
      maps[i] = smb_judge_regions_map (face, &specs[i], error);
    if (maps[i] == NULL)
      return FALSE;
  }
  return TRUE;
}

GPtrArray *
smb_judge_make_maps (SmbJudge *judge, const SmbImage *image, const SmbMapJob *job, const SmbMapSpec *specs,
                     guint n_specs, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) maps = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_map_free);
  g_auto (SmbJudgeFace) face = { .judge = judge, .image = image, .job = job, .cancellable = cancellable };
  g_autoptr (GArray) all = NULL;
  const SmbMapSpec *each;
  SmbMap **places;

  g_return_val_if_fail (judge != NULL && image != NULL && job != NULL && (specs != NULL || n_specs == 0), NULL);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  all = expand (judge, specs, n_specs, error);
  if (all == NULL)
    return NULL;
  each = (const SmbMapSpec *) (gconstpointer) all->data;
  /* Places stay empty until their map is made, so that maps come in the order asked for. */
  g_ptr_array_set_size (maps, (int) all->len);
  places = (SmbMap **) maps->pdata;
  if (!smb_judge_add_attention_maps (&face, each, all->len, places, error)
      || !smb_judge_add_masked_maps (&face, each, all->len, places, error)
      || !add_single_maps (&face, each, all->len, places, error)
      || (job->check && !smb_judge_check_maps (&face, places, all->len, error)))
    return NULL;
  return g_steal_pointer (&maps);
}

GPtrArray *
smb_judge_maps (SmbJudge *judge, const SmbImage *image, SmbBox box, const SmbMapSpec *specs, guint n_specs,
                GCancellable *cancellable, GError **error)
{
  const SmbMapJob job = { .box = box };

  return smb_judge_make_maps (judge, image, &job, specs, n_specs, cancellable, error);
}
