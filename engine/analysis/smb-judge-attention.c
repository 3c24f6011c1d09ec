/* SPDX-License-Identifier: Apache-2.0 */
/* Attention, rollout and relevance: one pass of the detector for the first two, one for each class of the last. */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "analysis/smb-judge-private.h"
#include "base/smb-error.h"
#include "explain/smb-attention-map.h"

static gboolean
is_flow (SmbMapKind kind)
{
  return kind == SMB_MAP_ATTENTION || kind == SMB_MAP_ROLLOUT || kind == SMB_MAP_RELEVANCE;
}

static gboolean
check_spec (const SmbMapSpec *spec, const SmbNetConfig *config, GError **error)
{
  if (spec->kind == SMB_MAP_ATTENTION && spec->layer >= config->depth) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("Layer %d does not exist: the model has layers 0 to %d; choose one of them or “last”."),
                 spec->layer, config->depth - 1);
    return FALSE;
  }
  return spec->kind != SMB_MAP_RELEVANCE || smb_judge_check_class (spec, config, error);
}

static int
layer_of (const SmbMapSpec *spec, const SmbNetConfig *config)
{
  return spec->layer < 0 ? config->depth - 1 : spec->layer;
}

/* Attention and rollout read the same outputs, whatever class they were explained for. */
static SmbMap *
map_of (const SmbMapSpec *spec, const SmbTensorDict *outputs, const SmbNetConfig *config, GError **error)
{
  if (spec->kind == SMB_MAP_RELEVANCE) {
    return smb_relevance_map (spec, smb_tensor_dict_get (outputs, "out.relevance"), config->global_pool, error);
  } else if (spec->kind == SMB_MAP_ROLLOUT) {
    return smb_rollout_map (spec, smb_tensor_dict_get (outputs, "out.rollout"), config->global_pool, error);
  } else {
    g_autofree char *name = g_strdup_printf ("attn.%d", layer_of (spec, config));

    return smb_attention_map (spec, smb_tensor_dict_get (outputs, name), config->global_pool, error);
  }
}

/* Whether one pass serves both. */
static gboolean
same_pass (const SmbMapSpec *a, const SmbMapSpec *b)
{
  return is_flow (a->kind) && is_flow (b->kind) && (a->kind == SMB_MAP_RELEVANCE) == (b->kind == SMB_MAP_RELEVANCE)
         && (a->kind != SMB_MAP_RELEVANCE || a->of_class == b->of_class);
}

/* What the network is to give to the maps that share the pass of the first spec; *layers_out, as "in.layers": those
 * whose attention they read, NULL if they read none. */
static guint
want_of_pass (const SmbMapSpec *specs, guint n_specs, const SmbNetConfig *config, SmbTensor **layers_out)
{
  g_autofree gint32 *numbers = g_new (gint32, n_specs);
  gint64 n = 0;
  guint want = 0;

  if (specs[0].kind == SMB_MAP_RELEVANCE)
    return SMB_WANT_EXPLAIN;
  for (guint i = 0; i < n_specs; i++) {
    if (!same_pass (&specs[0], &specs[i]))
      continue;
    if (specs[i].kind == SMB_MAP_ATTENTION)
      numbers[n++] = layer_of (&specs[i], config);
    want |= specs[i].kind == SMB_MAP_ATTENTION ? SMB_WANT_ATTENTION : SMB_WANT_ROLLOUT;
  }
  if (n > 0) {
    *layers_out = smb_tensor_new (SMB_DTYPE_I32, 1, &n);
    memcpy ((*layers_out)->data, numbers, (gsize) n * sizeof *numbers);
  }
  return want;
}

/* images: as "in.images"; for a relevance map, of the class it is for. spec: the first of those of the pass. */
static SmbTensorDict *
forward (SmbJudgeFace *face, SmbTensor *images, SmbTensor *layers, const SmbMapSpec *spec, guint want, GError **error)
{
  const gint64 one = 1;
  SmbNet *net = smb_judge_get_net (face->judge, &face->judge->detector, SMB_PRECISION_F32, error);
  g_autoptr (SmbTensorDict) inputs = smb_tensor_dict_new ();

  if (net == NULL)
    return NULL;
  smb_tensor_dict_set (inputs, "in.images", images);
  if (layers != NULL)
    smb_tensor_dict_set (inputs, "in.layers", layers);
  if (spec->kind == SMB_MAP_RELEVANCE && spec->of_class >= 0) {
    g_autoptr (SmbTensor) labels = smb_tensor_new (SMB_DTYPE_I32, 1, &one);

    *(gint32 *) labels->data = spec->of_class;
    smb_tensor_dict_set (inputs, "in.labels", labels);
  }
  return smb_net_forward (net, NULL, inputs, want, face->cancellable, error);
}

gboolean
smb_judge_add_attention_maps (SmbJudgeFace *face, const SmbMapSpec *specs, guint n_specs, SmbMap **maps, GError **error)
{
  SmbJudge *judge = face->judge;
  g_autoptr (SmbTensorDict) inputs = NULL;

  for (guint i = 0; i < n_specs; i++) {
    g_autoptr (SmbTensorDict) outputs = NULL;
    g_autoptr (SmbTensor) layers = NULL;
    const SmbNetConfig *config;
    guint want;

    if (!is_flow (specs[i].kind) || maps[i] != NULL)
      continue;
    config = smb_judge_need_detector (judge, error);
    if (config == NULL)
      return FALSE;
    for (guint k = i; k < n_specs; k++)
      if (is_flow (specs[k].kind) && !check_spec (&specs[k], config, error))
        return FALSE;
    if (inputs == NULL) {
      g_autofree guint8 *rgb = smb_judge_crop (face->image, face->job->box, judge->transform, config, error);

      if (rgb == NULL)
        return FALSE;
      inputs = smb_judge_inputs (rgb, config->image_px, judge->mean, judge->std);
    }
    want = want_of_pass (specs + i, n_specs - i, config, &layers);
    outputs = forward (face, smb_tensor_dict_get (inputs, "in.images"), layers, &specs[i], want, error);
    for (guint k = i; outputs != NULL && k < n_specs; k++) {
      if (maps[k] != NULL || !same_pass (&specs[i], &specs[k]))
        continue;
      maps[k] = map_of (&specs[k], outputs, config, error);
      if (maps[k] == NULL)
        return FALSE;
      maps[k]->area = smb_judge_face_get_area (face, TRUE);
    }
    if (outputs == NULL)
      return FALSE;
  }
  return TRUE;
}
