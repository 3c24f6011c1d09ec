/* SPDX-License-Identifier: Apache-2.0 */
/* What a map is called, and its description as text: KIND or KIND:KEY=VALUE,… with the keys that the kind has. */
#include "explain/smb-map-spec-private.h"

#include <string.h>

#include "base/smb-json-part.h"

#define KEYS_ATTENTION (SMB_KEY_LAYER | SMB_KEY_HEAD | SMB_KEY_QUERY)
#define KEYS_DRAW      (SMB_KEY_STRATEGY | SMB_KEY_REGION | SMB_KEY_RATIO | SMB_KEY_SEED)
#define KEYS_MASK      (KEYS_DRAW | SMB_KEY_PATCHES)

static const struct {
  const char *name;
  guint keys;
} kinds[SMB_N_MAP_KINDS] = {
  [SMB_MAP_ATTENTION] = { "attention", KEYS_ATTENTION },
  [SMB_MAP_ROLLOUT] = { "rollout", SMB_KEY_QUERY },
  [SMB_MAP_MASKED_INPUT] = { "masked-input", KEYS_MASK },
  [SMB_MAP_RECONSTRUCTION] = { "reconstruction", KEYS_MASK | SMB_KEY_VISIBLE },
  [SMB_MAP_ERROR] = { "error", KEYS_MASK },
  [SMB_MAP_RELEVANCE] = { "relevance", SMB_KEY_CLASS | SMB_KEY_QUERY },
  [SMB_MAP_OCCLUSION] = { "occlusion", SMB_KEY_CLASS | SMB_KEY_PATCH | SMB_KEY_STRIDE },
  [SMB_MAP_SIGNED_ERROR] = { "signed-error", KEYS_MASK },
  [SMB_MAP_ABSOLUTE_ERROR] = { "absolute-error", KEYS_MASK },
  [SMB_MAP_SSIM] = { "ssim", KEYS_MASK },
  [SMB_MAP_COVERAGE] = { "coverage", KEYS_DRAW | SMB_KEY_TIMES },
  [SMB_MAP_REGIONS] = { "regions", 0 },
};

const char *
smb_map_kind_name (SmbMapKind kind)
{
  g_return_val_if_fail ((guint) kind < SMB_N_MAP_KINDS, NULL);
  return kinds[kind].name;
}

guint
smb_map_kind_get_keys (SmbMapKind kind)
{
  g_return_val_if_fail ((guint) kind < SMB_N_MAP_KINDS, 0);
  return kinds[kind].keys;
}

gboolean
smb_map_kind_is_of_detector (SmbMapKind kind)
{
  return kind == SMB_MAP_ATTENTION || kind == SMB_MAP_ROLLOUT || kind == SMB_MAP_RELEVANCE || kind == SMB_MAP_OCCLUSION;
}

gboolean
smb_map_spec_explains (const SmbMapSpec *spec)
{
  return smb_map_kind_is_of_detector (spec->kind) && (spec->kind == SMB_MAP_OCCLUSION || spec->query <= 0);
}

gboolean
smb_map_kind_is_masked (SmbMapKind kind)
{
  return (smb_map_kind_get_keys (kind) & SMB_KEY_PATCHES) != 0;
}

gboolean
smb_map_kind_is_picture (SmbMapKind kind)
{
  return kind == SMB_MAP_MASKED_INPUT || kind == SMB_MAP_RECONSTRUCTION || kind == SMB_MAP_REGIONS;
}

gboolean
smb_map_kind_is_signed (SmbMapKind kind)
{
  return kind == SMB_MAP_OCCLUSION || kind == SMB_MAP_SIGNED_ERROR;
}

SmbMapSpec
smb_map_spec_default (SmbMapKind kind)
{
  return (SmbMapSpec){ .kind = kind,
                       .layer = -1,
                       .head = -1,
                       .query = -1,
                       .strategy = SMB_MASK_RANDOM,
                       .ratio = 0.75,
                       .seed = 0,
                       .region = SMB_REGION_RANDOM,
                       .of_class = -1,
                       .window_px = 32,
                       .stride_px = 16,
                       .times = 8 };
}

gboolean
smb_map_spec_equal (const SmbMapSpec *a, const SmbMapSpec *b)
{
  g_autofree char *text_a = smb_map_spec_to_text (a), *text_b = smb_map_spec_to_text (b);

  return strcmp (text_a, text_b) == 0;
}

gboolean
smb_map_spec_has_patch (const SmbMapSpec *spec, int patch)
{
  return patch >= 0 && patch < SMB_MAP_MAX_PATCHES && (spec->patches[patch / 32] >> (patch % 32) & 1u) != 0;
}

void
smb_map_spec_add_patch (SmbMapSpec *spec, int patch)
{
  g_return_if_fail (patch >= 0 && patch < SMB_MAP_MAX_PATCHES);
  spec->patches[patch / 32] |= 1u << (patch % 32);
}

/* "KEY=", after the sign that goes before it. */
static void
append_key (GString *out, const char *key)
{
  g_string_append_printf (out, "%c%s=", strchr (out->str, ':') == NULL ? ':' : ',', key);
}

static void
append_index (GString *out, const char *key, int value, const char *word)
{
  append_key (out, key);
  if (value < 0)
    g_string_append (out, word);
  else
    g_string_append_printf (out, "%d", value);
}

/* "3+5-7": runs of more than two as first and last. */
static void
append_patches (GString *out, const SmbMapSpec *spec)
{
  const char *sign = "";

  append_key (out, "patches");
  for (int k = 0; k < SMB_MAP_MAX_PATCHES; k++) {
    int last = k;

    if (!smb_map_spec_has_patch (spec, k))
      continue;
    while (smb_map_spec_has_patch (spec, last + 1))
      last++;
    g_string_append_printf (out, "%s%d", sign, k);
    sign = "+";
    if (last > k + 1) {
      g_string_append_printf (out, "-%d", last);
      k = last;
    }
  }
}

static void
append_mask (GString *out, const SmbMapSpec *spec)
{
  append_key (out, "strategy");
  g_string_append (out, smb_mask_strategy_name (spec->strategy));
  if (spec->strategy == SMB_MASK_PATCHES) {
    append_patches (out, spec);
    return;
  }
  if ((spec->strategy == SMB_MASK_CRFR_P || spec->strategy == SMB_MASK_CRFR_R) && spec->region != SMB_REGION_RANDOM) {
    append_key (out, "region");
    g_string_append (out, smb_region_name (spec->region));
  }
  append_key (out, "ratio");
  smb_json_append_number (out, spec->ratio);
  append_key (out, "seed");
  g_string_append_printf (out, "%" G_GUINT64_FORMAT, spec->seed);
}

char *
smb_map_spec_to_text (const SmbMapSpec *spec)
{
  GString *out;
  guint keys;

  g_return_val_if_fail (spec != NULL && (guint) spec->kind < SMB_N_MAP_KINDS, NULL);
  keys = kinds[spec->kind].keys;
  out = g_string_new (kinds[spec->kind].name);
  if (keys & SMB_KEY_LAYER)
    append_index (out, "layer", spec->layer, "last");
  if (keys & SMB_KEY_HEAD)
    append_index (out, "head", spec->head, spec->head == SMB_MAP_ALL_HEADS ? "all" : "mean");
  if (keys & SMB_KEY_CLASS)
    append_index (out, "class", spec->of_class, "predicted");
  if ((keys & SMB_KEY_QUERY) && spec->query >= 0)
    append_index (out, "query", spec->query - 1, "class");
  if (keys & SMB_KEY_PATCH)
    append_index (out, "patch", spec->window_px, "");
  if (keys & SMB_KEY_STRIDE)
    append_index (out, "stride", spec->stride_px, "");
  if (keys & SMB_KEY_STRATEGY)
    append_mask (out, spec);
  if ((keys & SMB_KEY_VISIBLE) && spec->predicted) {
    append_key (out, "visible");
    g_string_append (out, "predicted");
  }
  if (keys & SMB_KEY_TIMES)
    append_index (out, "times", spec->times, "");
  return g_string_free (out, FALSE);
}
