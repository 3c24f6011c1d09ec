/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a map's description. */
#include "explain/smb-map-spec-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"

/* No network of the published table is deeper than 32; this only keeps numbers in the range of int. */
#define MAX_INDEX 65535
#define MAX_TIMES 1000

/* In the order of SmbMapKey's bits. */
static const char *const key_names[] = { "layer",   "head",    "query", "strategy", "region", "ratio", "seed",
                                         "patches", "visible", "class", "patch",    "stride", "times" };

static gboolean
parse_number (int *out, const char *value, int from, int to)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, (guint64) from, (guint64) to, &number, NULL))
    return FALSE;
  *out = (int) number;
  return TRUE;
}

static gboolean
parse_index (int *out, const char *value, const char *word, int of_word)
{
  if (strcmp (value, word) == 0) {
    *out = of_word;
    return TRUE;
  }
  return parse_number (out, value, 0, MAX_INDEX);
}

static gboolean
parse_head (int *out, const char *value)
{
  return strcmp (value, "all") == 0 ? (*out = SMB_MAP_ALL_HEADS, TRUE) : parse_index (out, value, "mean", -1);
}

static gboolean
parse_query (int *out, const char *value)
{
  int patch;

  if (strcmp (value, "model") == 0)
    *out = -1;
  else if (parse_index (&patch, value, "class", -1))
    *out = patch + 1;
  else
    return FALSE;
  return TRUE;
}

static gboolean
parse_ratio (double *out, const char *value)
{
  char *end;
  double ratio;

  /* Digits first: strtod would also take blanks, "inf", "nan" and hexadecimal. */
  if (value[0] == '\0' || value[strspn (value, "0123456789.e-")] != '\0')
    return FALSE;
  ratio = g_ascii_strtod (value, &end);
  if (*end != '\0' || !(ratio > 0 && ratio < 1))
    return FALSE;
  *out = ratio;
  return TRUE;
}

static gboolean
parse_patches (SmbMapSpec *spec, const char *value)
{
  g_auto (GStrv) runs = g_strsplit (value, "+", -1);

  for (char **run = runs; *run != NULL; run++) {
    char *dash = strchr (*run, '-');
    int first, last;

    if (dash != NULL)
      *dash = '\0';
    if (!parse_number (&first, *run, 0, SMB_MAP_MAX_PATCHES - 1)
        || !parse_number (&last, dash != NULL ? dash + 1 : *run, first, SMB_MAP_MAX_PATCHES - 1))
      return FALSE;
    for (int k = first; k <= last; k++)
      smb_map_spec_add_patch (spec, k);
  }
  return runs[0] != NULL;
}

static gboolean
parse_strategy (SmbMaskStrategy *out, const char *value, guint keys)
{
  if ((keys & SMB_KEY_PATCHES) != 0 && strcmp (value, smb_mask_strategy_name (SMB_MASK_PATCHES)) == 0) {
    *out = SMB_MASK_PATCHES;
    return TRUE;
  }
  return smb_mask_strategy_from_name (value, out);
}

static gboolean
parse_pair (SmbMapSpec *spec, guint key, const char *value)
{
  switch (key) {
  case SMB_KEY_LAYER:
    return parse_index (&spec->layer, value, "last", -1);
  case SMB_KEY_HEAD:
    return parse_head (&spec->head, value);
  case SMB_KEY_QUERY:
    return parse_query (&spec->query, value);
  case SMB_KEY_STRATEGY:
    return parse_strategy (&spec->strategy, value, smb_map_kind_get_keys (spec->kind));
  case SMB_KEY_REGION:
    return smb_region_from_name (value, &spec->region) && spec->region < SMB_REGION_SKIN;
  case SMB_KEY_RATIO:
    return parse_ratio (&spec->ratio, value);
  case SMB_KEY_SEED:
    return g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &spec->seed, NULL);
  case SMB_KEY_PATCHES:
    return parse_patches (spec, value);
  case SMB_KEY_VISIBLE:
    spec->predicted = strcmp (value, "predicted") == 0;
    return spec->predicted || strcmp (value, "kept") == 0;
  case SMB_KEY_CLASS:
    return parse_index (&spec->of_class, value, "predicted", -1);
  case SMB_KEY_PATCH:
    return parse_number (&spec->window_px, value, 1, MAX_INDEX);
  case SMB_KEY_STRIDE:
    return parse_number (&spec->stride_px, value, 1, MAX_INDEX);
  default:
    return parse_number (&spec->times, value, 1, MAX_TIMES);
  }
}

static const char *
expected (guint key, guint keys)
{
  switch (key) {
  case SMB_KEY_LAYER:
    return _ ("a number from 0, or “last”");
  case SMB_KEY_HEAD:
    return _ ("a number from 0, “mean” or “all”");
  case SMB_KEY_QUERY:
    return _ ("“model”, “class”, or the number of a patch");
  case SMB_KEY_STRATEGY:
    return keys & SMB_KEY_PATCHES ? "random, fasking-i, frp, crfr-r, crfr-p, patches"
                                  : "random, fasking-i, frp, crfr-r, crfr-p";
  case SMB_KEY_REGION:
    return "brows, eyes, nose, mouth, boundary, hair, random";
  case SMB_KEY_RATIO:
    return _ ("a number between 0 and 1");
  case SMB_KEY_PATCHES:
    return _ ("numbers of patches below 2048, as in 3+5-7");
  case SMB_KEY_VISIBLE:
    return "kept, predicted";
  case SMB_KEY_CLASS:
    return _ ("the number of a class from 0, or “predicted”");
  case SMB_KEY_PATCH:
  case SMB_KEY_STRIDE:
    return _ ("a whole number of pixels from 1");
  case SMB_KEY_TIMES:
    return _ ("a whole number from 1 to 1000");
  default:
    return _ ("a whole number from 0");
  }
}

/* The key that `pair` ("KEY=VALUE") begins with, if the kind has it; 0 otherwise. */
static guint
find_key (const char *pair, gsize length, guint keys)
{
  for (guint k = 0; k < G_N_ELEMENTS (key_names); k++)
    if ((keys & (1u << k)) != 0 && strlen (key_names[k]) == length && strncmp (key_names[k], pair, length) == 0)
      return 1u << k;
  return 0;
}

static void
set_unknown (GError **error, const char *what, const char *pair, SmbMapKind kind)
{
  const guint keys = smb_map_kind_get_keys (kind);
  g_autoptr (GString) known = g_string_new (NULL);

  if (keys == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%s: the map “%s” has no settings; leave them out."),
                 what, smb_map_kind_name (kind));
    return;
  }
  for (guint k = 0; k < G_N_ELEMENTS (key_names); k++)
    if (keys & (1u << k))
      g_string_append_printf (known, "%s%s=…", known->len > 0 ? ", " : "", key_names[k]);
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("%s: “%s” is not a setting of the map “%s”; it takes %s."), what, pair,
               smb_map_kind_name (kind), known->str);
}

/* Settings that only make sense with each other. */
static gboolean
settle (SmbMapSpec *spec, const char *what, guint seen, GError **error)
{
  const gboolean by_hand = (seen & SMB_KEY_PATCHES) != 0;

  if (by_hand && (seen & SMB_KEY_STRATEGY) == 0)
    spec->strategy = SMB_MASK_PATCHES;
  else if ((seen & SMB_KEY_REGION) != 0 && (seen & SMB_KEY_STRATEGY) == 0)
    spec->strategy = SMB_MASK_CRFR_P;
  if (by_hand != (spec->strategy == SMB_MASK_PATCHES)
      || (by_hand && (seen & (SMB_KEY_REGION | SMB_KEY_RATIO | SMB_KEY_SEED)) != 0)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("%s: the strategy “patches” goes with the list patches=… and with nothing that is drawn "
                    "(region, ratio, seed)."),
                 what);
    return FALSE;
  }
  if ((seen & SMB_KEY_REGION) != 0 && spec->strategy != SMB_MASK_CRFR_P && spec->strategy != SMB_MASK_CRFR_R) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("%s: the strategy “%s” covers no region; choose crfr-p or crfr-r, or leave region out."),
                 what, smb_mask_strategy_name (spec->strategy));
    return FALSE;
  }
  if ((seen & SMB_KEY_PATCH) != 0 && (seen & SMB_KEY_STRIDE) == 0)
    spec->stride_px = MAX (spec->window_px / 2, 1);
  if (spec->stride_px > spec->window_px) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_ARGUMENT,
        _ ("%s: steps of %d pixels leave gaps between squares of %d pixels; choose a stride no larger than "
           "the patch."),
        what, spec->stride_px, spec->window_px);
    return FALSE;
  }
  return TRUE;
}

gboolean
smb_map_spec_parse_settings (SmbMapSpec *spec, const char *list, const char *what, GError **error)
{
  const guint keys = smb_map_kind_get_keys (spec->kind);
  g_auto (GStrv) pairs = g_strsplit (list, ",", -1);
  SmbMapSpec parsed = *spec;
  guint seen = 0;

  for (guint i = 0; i == 0 || pairs[i] != NULL; i++) {
    const char *pair = pairs[0] == NULL ? "" : pairs[i];
    const char *equals = strchr (pair, '=');
    gsize length = equals == NULL ? strlen (pair) : (gsize) (equals - pair);
    guint key = equals == NULL ? 0 : find_key (pair, length, keys);

    if (key == 0) {
      set_unknown (error, what, pair, spec->kind);
      return FALSE;
    }
    if (seen & key) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%s: “%.*s” is given twice; give it once."), what,
                   (int) length, pair);
      return FALSE;
    }
    seen |= key;
    if (!parse_pair (&parsed, key, equals + 1)) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%s: “%s” is not a value of “%.*s”; it takes %s."),
                   what, equals + 1, (int) length, pair, expected (key, keys));
      return FALSE;
    }
  }
  if (!settle (&parsed, what, seen, error))
    return FALSE;
  *spec = parsed;
  return TRUE;
}

gboolean
smb_map_spec_parse (SmbMapSpec *spec, const char *text, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  const char *colon;
  gsize length;

  g_return_val_if_fail (spec != NULL && text != NULL, FALSE);
  colon = strchr (text, ':');
  length = colon == NULL ? strlen (text) : (gsize) (colon - text);
  for (int i = 0; i < SMB_N_MAP_KINDS; i++) {
    const char *name = smb_map_kind_name ((SmbMapKind) i);

    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", name);
    if (strlen (name) == length && strncmp (name, text, length) == 0) {
      SmbMapSpec parsed = smb_map_spec_default ((SmbMapKind) i);
      g_autofree char *what = g_strdup_printf (_ ("Map “%s”"), text);

      if (colon != NULL && !smb_map_spec_parse_settings (&parsed, colon + 1, what, error))
        return FALSE;
      *spec = parsed;
      return TRUE;
    }
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("“%s” names no map; choose one of %s."), text, names->str);
  return FALSE;
}
