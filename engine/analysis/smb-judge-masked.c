/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of the reconstruction network: those of one mask, the coverage of many, and the regions masks are drawn by. */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "analysis/smb-judge-private.h"
#include "base/smb-error.h"
#include "explain/smb-coverage.h"
#include "explain/smb-reconstruction-map.h"
#include "model/smb-reconstruction.h"

/* Masks between two reports of progress. */
#define DRAWS_A_STEP 8

static gboolean
same_mask (const SmbMapSpec *a, const SmbMapSpec *b)
{
  return a->strategy == b->strategy
         && (a->strategy == SMB_MASK_PATCHES ? memcmp (a->patches, b->patches, sizeof a->patches) == 0
                                             : a->ratio == b->ratio && a->seed == b->seed && a->region == b->region);
}

static gboolean
needs_regions (const SmbMapSpec *spec)
{
  return spec->strategy != SMB_MASK_RANDOM && spec->strategy != SMB_MASK_PATCHES;
}

static gboolean
get_member (SmbJudgeFace *face, const SmbMapSpec *spec, const guint8 **member, GError **error)
{
  *member = needs_regions (spec) ? smb_judge_face_get_member (face, error) : NULL;
  return !needs_regions (spec) || *member != NULL;
}

/* What must be said of regions a mask was drawn by. */
static void
note_regions (SmbMap *map, const SmbJudgeFace *face, const guint8 *member, int covered, int n_patches)
{
  const char *origin = member != NULL ? smb_regions_note (face->regions->origin) : NULL;
  char *missing = smb_reconstruction_missing_note (member, covered, n_patches);

  if (origin != NULL)
    smb_map_take_note (map, g_strdup (origin));
  if (missing != NULL)
    smb_map_take_note (map, missing);
}

/* The whole face as the decoder has it, visible patches too. */
static SmbTensor *
decoded_whole (SmbJudgeFace *face, const SmbTensorDict *outputs, const SmbNetConfig *config)
{
  SmbTensor *decoded = smb_tensor_dict_get (outputs, "out.image_decoded");
  g_autoptr (SmbTensorDict) inputs = NULL;

  if (decoded != NULL)
    return smb_tensor_ref (decoded);
  inputs = smb_judge_inputs (face->mim_rgb, config->image_px, face->judge->mim_mean, face->judge->mim_std);
  return smb_reconstruct (smb_tensor_dict_get (inputs, "in.images"), smb_tensor_dict_get (outputs, "out.pred"), NULL,
                          NULL, NULL, config->patch_px);
}

static SmbMap *
map_of (SmbJudgeFace *face, const SmbMapSpec *spec, const guint8 *mask, const SmbTensorDict *outputs, GError **error)
{
  const SmbNetConfig *config = &face->judge->mim.config;
  const double *mean = face->judge->mim_mean, *std = face->judge->mim_std;
  const guint8 *rgb = face->mim_rgb;
  const int size_px = config->image_px, patch_px = config->patch_px;
  SmbTensor *pasted;
  SmbMap *map;

  switch (spec->kind) {
  case SMB_MAP_MASKED_INPUT:
    return smb_masked_input_map (spec, rgb, size_px, patch_px, mask);
  case SMB_MAP_ERROR:
    return smb_error_map (spec, mask, smb_tensor_dict_get (outputs, "out.patch_error"), error);
  case SMB_MAP_RECONSTRUCTION: {
    g_autoptr (SmbTensor) decoded = spec->predicted
                                        ? decoded_whole (face, outputs, config)
                                        : smb_tensor_ref (smb_tensor_dict_get (outputs, "out.image_pasted"));

    map = smb_reconstruction_map (spec, rgb, size_px, patch_px, mask, decoded, mean, std, error);
    break;
  }
  default:
    pasted = smb_tensor_dict_get (outputs, "out.image_pasted");
    map = smb_difference_map (spec, rgb, size_px, patch_px, mask, pasted, mean, std, error);
    break;
  }
  if (map != NULL && config->norm_pix)
    smb_map_take_note (map,
                       g_strdup (_ ("The network predicts patches without their brightness and contrast; both were "
                                    "taken from the picture's own patches.")));
  return map;
}

/* The maps among specs that share the mask of specs[first]. */
static gboolean
add_maps_of_mask (SmbJudgeFace *face, guint first, const SmbMapSpec *specs, guint n_specs, SmbMap **maps,
                  GError **error)
{
  const int n_patches = smb_net_config_get_patches (&face->judge->mim.config);
  g_autofree guint8 *mask = g_new0 (guint8, n_patches);
  g_autoptr (SmbTensorDict) outputs = NULL;
  const guint8 *member;
  int covered;

  if (!get_member (face, &specs[first], &member, error))
    return FALSE;
  covered = smb_reconstruction_draw_mask (mask, &specs[first], member, n_patches, error);
  if (covered < -1)
    return FALSE;
  for (guint i = first; i < n_specs; i++) {
    if (!smb_map_kind_is_masked (specs[i].kind) || maps[i] != NULL || !same_mask (&specs[first], &specs[i]))
      continue;
    if (specs[i].kind != SMB_MAP_MASKED_INPUT && outputs == NULL) {
      outputs = smb_judge_forward_mask (face, mask, error);
      if (outputs == NULL)
        return FALSE;
    }
    maps[i] = map_of (face, &specs[i], mask, outputs, error);
    if (maps[i] == NULL)
      return FALSE;
    maps[i]->area = smb_judge_face_get_area (face, FALSE);
    note_regions (maps[i], face, member, covered, n_patches);
  }
  return TRUE;
}

gboolean
smb_judge_add_masked_maps (SmbJudgeFace *face, const SmbMapSpec *specs, guint n_specs, SmbMap **maps, GError **error)
{
  for (guint i = 0; i < n_specs; i++)
    if (smb_map_kind_is_masked (specs[i].kind) && maps[i] == NULL
        && (smb_judge_face_get_mim_rgb (face, error) == NULL
            || g_cancellable_set_error_if_cancelled (face->cancellable, error)
            || !add_maps_of_mask (face, i, specs, n_specs, maps, error)))
      return FALSE;
  return TRUE;
}

SmbMap *
smb_judge_coverage_map (SmbJudgeFace *face, const SmbMapSpec *spec, GError **error)
{
  const SmbNetConfig *config = smb_judge_need_mim (face->judge, error);
  g_auto (SmbCoverage) coverage = { 0 };
  g_autofree guint8 *masks = NULL;
  g_autofree float *errors = NULL;
  const guint8 *member;
  gsize n_patches;
  SmbMap *map;
  guint n;

  if (config == NULL || smb_judge_face_get_mim_rgb (face, error) == NULL || !get_member (face, spec, &member, error)
      || !smb_coverage_init (&coverage, spec, member, smb_net_config_get_patches (config), error))
    return NULL;
  n_patches = (gsize) coverage.n_patches;
  masks = g_new0 (guint8, n_patches * DRAWS_A_STEP);
  errors = g_new0 (float, n_patches * DRAWS_A_STEP);
  do {
    smb_judge_report (face, (guint64) smb_coverage_get_least (&coverage), (guint64) spec->times,
                      _ ("Hiding every patch several times"));
    /* Not more at once than surely needed, so that where the draws end does not depend on how many go together. */
    for (n = 0; n < MIN (DRAWS_A_STEP, (guint) (spec->times - smb_coverage_get_least (&coverage))); n++)
      if (!smb_coverage_next (&coverage, masks + n * n_patches))
        break;
    if (!smb_judge_forward_masks (face, masks, n, errors, NULL, error))
      return NULL;
    for (guint i = 0; i < n; i++)
      if (!smb_coverage_add (&coverage, masks + i * n_patches, errors + i * n_patches, error))
        return NULL;
  } while (n > 0);
  map = smb_coverage_to_map (&coverage);
  map->area = smb_judge_face_get_area (face, FALSE);
  note_regions (map, face, member, -1, coverage.n_patches);
  return map;
}

SmbMap *
smb_judge_regions_map (SmbJudgeFace *face, const SmbMapSpec *spec, GError **error)
{
  const SmbRegions *regions = smb_judge_face_get_regions (face, error);
  g_autofree guint8 *rgb = NULL;
  const char *note;
  SmbMap *map;
  gsize n;

  if (regions == NULL)
    return NULL;
  n = (gsize) regions->size_px * (gsize) regions->size_px;
  rgb = g_malloc (n * 3);
  for (gsize i = 0; i < n; i++)
    smb_region_class_colour ((SmbRegionClass) MIN (regions->classes[i], SMB_N_CLASSES - 1), rgb + i * 3);
  map = smb_map_new_rgb (spec, regions->size_px, rgb);
  map->area = smb_judge_face_get_area (face, FALSE);
  note = smb_regions_note (regions->origin);
  if (note != NULL)
    smb_map_take_note (map, g_strdup (note));
  return map;
}
