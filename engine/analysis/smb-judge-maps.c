/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "analysis/smb-judge-private.h"
#include "base/smb-error.h"
#include "explain/smb-attention-map.h"
#include "explain/smb-reconstruction-map.h"
#include "model/smb-attribution.h"

static gboolean
is_masked (const SmbMapSpec *spec)
{
  return spec->kind == SMB_MAP_MASKED_INPUT || spec->kind == SMB_MAP_RECONSTRUCTION || spec->kind == SMB_MAP_ERROR;
}

static gboolean
same_mask (const SmbMapSpec *a, const SmbMapSpec *b)
{
  return a->strategy == b->strategy && a->ratio == b->ratio && a->seed == b->seed;
}

/* A face as the input of a network: (1,3,size,size). */
static SmbTensorDict *
inputs_of (const guint8 *rgb, int size_px, const double mean[3], const double std[3])
{
  const gint64 shape[] = { 1, 3, size_px, size_px };
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  SmbTensorDict *inputs = smb_tensor_dict_new ();

  smb_face_normalise (images->data, rgb, size_px, mean, std);
  smb_tensor_dict_set (inputs, "in.images", images);
  return inputs;
}

static SmbMapArea
area_of (const SmbImage *image, SmbBox box, SmbFaceTransform transform, int size_px)
{
  int x0 = MAX (box.x, 0), y0 = MAX (box.y, 0);
  SmbBox clipped = { x0, y0, (int) MIN ((gint64) box.x + box.width, image->width) - x0,
                     (int) MIN ((gint64) box.y + box.height, image->height) - y0 };
  double area[4] = { clipped.x, clipped.y, clipped.width, clipped.height };

  if (transform == SMB_FACE_RESIZE_CENTRE_CROP)
    smb_face_centre_area (clipped, size_px, area);
  return (SmbMapArea){ area[0], area[1], area[2], area[3] };
}

static gboolean
check_layer (const SmbMapSpec *spec, int depth, GError **error)
{
  if (spec->layer < depth)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("Layer %d does not exist: the model has layers 0 to %d; choose one of them or “last”."), spec->layer,
               depth - 1);
  return FALSE;
}

/* Attention and rollout: one forward for all of them. Fills the places of `maps` whose specs are of this kind. */
static gboolean
add_attention_maps (SmbJudge *judge, const SmbImage *image, SmbBox box, const SmbMapSpec *specs, guint n_specs,
                    SmbMap **maps, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbTensorDict) inputs = NULL, outputs = NULL;
  g_autoptr (SmbTensor) rollout = NULL;
  g_autofree guint8 *rgb = NULL;
  const SmbNetConfig *config;
  SmbNet *net;
  gboolean wanted = FALSE, want_rollout = FALSE;
  SmbMapArea area;

  for (guint i = 0; i < n_specs; i++) {
    wanted = wanted || !is_masked (&specs[i]);
    want_rollout = want_rollout || specs[i].kind == SMB_MAP_ROLLOUT;
  }
  if (!wanted)
    return TRUE;
  if (judge->detector.weights == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
                 _ ("The model “%s” has no detector, so there is no attention to show; choose reconstruction maps or "
                    "another model."),
                 judge->name);
    return FALSE;
  }
  config = &judge->detector.config;
  for (guint i = 0; i < n_specs; i++)
    if (specs[i].kind == SMB_MAP_ATTENTION && !check_layer (&specs[i], config->depth, error))
      return FALSE;
  net = smb_judge_get_net (judge, &judge->detector, SMB_PRECISION_F32, error);
  if (net == NULL)
    return FALSE;
  rgb = smb_judge_crop (image, box, judge->transform, config, error);
  if (rgb == NULL)
    return FALSE;
  inputs = inputs_of (rgb, config->image_px, judge->mean, judge->std);
  outputs = smb_net_forward (net, NULL, inputs, SMB_WANT_ATTENTION, cancellable, error);
  if (outputs == NULL || (want_rollout && !smb_rollout (outputs, config->depth, &rollout, error)))
    return FALSE;
  area = area_of (image, box, judge->transform, config->image_px);
  for (guint i = 0; i < n_specs; i++) {
    if (is_masked (&specs[i]))
      continue;
    if (specs[i].kind == SMB_MAP_ROLLOUT) {
      maps[i] = smb_rollout_map (&specs[i], rollout, config->global_pool, error);
    } else {
      int layer = specs[i].layer < 0 ? config->depth - 1 : specs[i].layer;
      g_autofree char *name = g_strdup_printf ("attn.%d", layer);
      const SmbTensor *attention = smb_tensor_dict_get (outputs, name);

      g_return_val_if_fail (attention != NULL, FALSE);
      maps[i] = smb_attention_map (&specs[i], attention, config->global_pool, error);
    }
    if (maps[i] == NULL)
      return FALSE;
    maps[i]->area = area;
  }
  return TRUE;
}

static SmbTensorDict *
forward_masked (SmbJudge *judge, const guint8 *rgb, const guint8 *mask, GCancellable *cancellable, GError **error)
{
  const SmbNetConfig *config = &judge->mim.config;
  const int n_patches = smb_net_config_get_patches (config);
  const gint64 shape[] = { 1, n_patches };
  g_autoptr (SmbTensorDict) inputs = inputs_of (rgb, config->image_px, judge->mim_mean, judge->mim_std);
  g_autoptr (SmbTensor) hidden = smb_tensor_new (SMB_DTYPE_U8, 2, shape);
  g_autoptr (SmbTensor) ratio = smb_tensor_new (SMB_DTYPE_F64, 0, NULL);
  SmbNet *net = smb_judge_get_net (judge, &judge->mim, SMB_PRECISION_F32, error);
  int n_hidden = 0;

  if (net == NULL)
    return NULL;
  memcpy (hidden->data, mask, (gsize) n_patches);
  for (int i = 0; i < n_patches; i++)
    n_hidden += mask[i] != 0;
  smb_tensor_dict_set (inputs, "in.mask", hidden);
  /* The network keeps floor (L (1 - ratio)) patches; half a patch more than exact lands on just what the mask leaves. */
  *(double *) ratio->data = (n_hidden - 0.5) / n_patches;
  smb_tensor_dict_set (inputs, "in.mask_ratio", ratio);
  return smb_net_forward (net, NULL, inputs, SMB_WANT_IMAGES, cancellable, error);
}

/* The maps among specs that share the mask of specs[first]. */
static gboolean
add_maps_of_mask (SmbJudge *judge, const guint8 *rgb, SmbMapArea area, guint first, const SmbMapSpec *specs,
                  guint n_specs, SmbMap **maps, GCancellable *cancellable, GError **error)
{
  const SmbNetConfig *config = &judge->mim.config;
  const int size_px = config->image_px, patch_px = config->patch_px;
  g_autofree guint8 *mask = g_new0 (guint8, smb_net_config_get_patches (config));
  g_autoptr (SmbTensorDict) outputs = NULL;

  if (!smb_reconstruction_draw_mask (mask, &specs[first], smb_net_config_get_patches (config), error))
    return FALSE;
  for (guint i = first; i < n_specs; i++) {
    if (!is_masked (&specs[i]) || maps[i] != NULL || !same_mask (&specs[first], &specs[i]))
      continue;
    if (specs[i].kind != SMB_MAP_MASKED_INPUT && outputs == NULL) {
      outputs = forward_masked (judge, rgb, mask, cancellable, error);
      if (outputs == NULL)
        return FALSE;
    }
    if (specs[i].kind == SMB_MAP_MASKED_INPUT)
      maps[i] = smb_masked_input_map (&specs[i], rgb, size_px, patch_px, mask);
    else if (specs[i].kind == SMB_MAP_RECONSTRUCTION)
      maps[i] = smb_reconstruction_map (&specs[i], rgb, size_px, patch_px, mask,
                                        smb_tensor_dict_get (outputs, "out.image_pasted"), judge->mim_mean,
                                        judge->mim_std, error);
    else
      maps[i] = smb_error_map (&specs[i], mask, smb_tensor_dict_get (outputs, "out.patch_error"), error);
    if (maps[i] == NULL)
      return FALSE;
    maps[i]->area = area;
  }
  return TRUE;
}

static gboolean
add_masked_maps (SmbJudge *judge, const SmbImage *image, SmbBox box, const SmbMapSpec *specs, guint n_specs,
                 SmbMap **maps, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *rgb = NULL;
  SmbMapArea area = { 0 };

  for (guint i = 0; i < n_specs; i++) {
    if (!is_masked (&specs[i]) || maps[i] != NULL)
      continue;
    if (judge->mim.weights == NULL) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
                   _ ("The model “%s” has no reconstruction network; choose attention maps or another model."),
                   judge->name);
      return FALSE;
    }
    if (rgb == NULL) {
      const SmbNetConfig *config = &judge->mim.config;

      /* Pretraining resizes the whole box, whatever the detector does. */
      rgb = smb_judge_crop (image, box, SMB_FACE_RESIZE, config, error);
      if (rgb == NULL)
        return FALSE;
      area = area_of (image, box, SMB_FACE_RESIZE, config->image_px);
    }
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !add_maps_of_mask (judge, rgb, area, i, specs, n_specs, maps, cancellable, error))
      return FALSE;
  }
  return TRUE;
}

GPtrArray *
smb_judge_maps (SmbJudge *judge, const SmbImage *image, SmbBox box, const SmbMapSpec *specs, guint n_specs,
                GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) maps = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_map_free);

  g_return_val_if_fail (judge != NULL && image != NULL && (specs != NULL || n_specs == 0), NULL);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  /* Places stay empty until their map is made, so that maps come in the order asked for. */
  g_ptr_array_set_size (maps, (int) n_specs);
  if (!add_attention_maps (judge, image, box, specs, n_specs, (SmbMap **) maps->pdata, cancellable, error)
      || !add_masked_maps (judge, image, box, specs, n_specs, (SmbMap **) maps->pdata, cancellable, error))
    return NULL;
  return g_steal_pointer (&maps);
}
