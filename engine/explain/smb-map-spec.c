/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of a map's description: KIND or KIND:KEY=VALUE,… with the keys that the kind has. */
#include "explain/smb-map.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"

/* No network of the published table is deeper than 32; this only keeps numbers in the range of int. */
#define MAX_INDEX 65535

typedef enum {
  KEY_LAYER = 1 << 0,
  KEY_HEAD = 1 << 1,
  KEY_QUERY = 1 << 2,
  KEY_STRATEGY = 1 << 3,
  KEY_RATIO = 1 << 4,
  KEY_SEED = 1 << 5,
} Key;

#define KEYS_ATTENTION (KEY_LAYER | KEY_HEAD | KEY_QUERY)
#define KEYS_MASK      (KEY_STRATEGY | KEY_RATIO | KEY_SEED)

static const char *const key_names[] = { "layer", "head", "query", "strategy", "ratio", "seed" };

static const struct {
  const char *name;
  guint keys;
} kinds[] = {
  [SMB_MAP_ATTENTION] = { "attention", KEYS_ATTENTION },
  [SMB_MAP_ROLLOUT] = { "rollout", KEY_QUERY },
  [SMB_MAP_MASKED_INPUT] = { "masked-input", KEYS_MASK },
  [SMB_MAP_RECONSTRUCTION] = { "reconstruction", KEYS_MASK },
  [SMB_MAP_ERROR] = { "error", KEYS_MASK },
};

const char *
smb_map_kind_name (SmbMapKind kind)
{
  g_return_val_if_fail ((guint) kind < G_N_ELEMENTS (kinds), NULL);
  return kinds[kind].name;
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
                       .seed = 0 };
}

gboolean
smb_map_spec_equal (const SmbMapSpec *a, const SmbMapSpec *b)
{
  g_autofree char *text_a = smb_map_spec_to_text (a), *text_b = smb_map_spec_to_text (b);

  return strcmp (text_a, text_b) == 0;
}

/* The shortest decimal that reads back as the same number. */
static void
append_number (GString *out, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  for (int digits = 1; digits <= 17; digits++) {
    char format[8];

    g_snprintf (format, sizeof format, "%%.%dg", digits);
    g_ascii_formatd (buffer, sizeof buffer, format, value);
    if (g_ascii_strtod (buffer, NULL) == value)
      break;
  }
  g_string_append (out, buffer);
}

static void
append_index (GString *out, const char *key, int value, const char *word)
{
  g_string_append_printf (out, "%s=", key);
  if (value < 0)
    g_string_append (out, word);
  else
    g_string_append_printf (out, "%d", value);
}

char *
smb_map_spec_to_text (const SmbMapSpec *spec)
{
  GString *out;
  guint keys;

  g_return_val_if_fail (spec != NULL && (guint) spec->kind < G_N_ELEMENTS (kinds), NULL);
  keys = kinds[spec->kind].keys;
  out = g_string_new (kinds[spec->kind].name);
  if (keys & KEY_LAYER) {
    append_index (out, ":layer", spec->layer, "last");
    append_index (out, ",head", spec->head, "mean");
  }
  if ((keys & KEY_QUERY) && spec->query >= 0) {
    g_string_append (out, keys & KEY_LAYER ? ",query=" : ":query=");
    if (spec->query == 0)
      g_string_append (out, "class");
    else
      g_string_append_printf (out, "%d", spec->query - 1);
  }
  if (keys & KEY_STRATEGY) {
    g_string_append_printf (out, ":strategy=%s,ratio=", smb_mask_strategy_name (spec->strategy));
    append_number (out, spec->ratio);
    g_string_append_printf (out, ",seed=%" G_GUINT64_FORMAT, spec->seed);
  }
  return g_string_free (out, FALSE);
}

static gboolean
parse_index (int *out, const char *value, const char *word, int of_word)
{
  guint64 number;

  if (strcmp (value, word) == 0) {
    *out = of_word;
    return TRUE;
  }
  if (!g_ascii_string_to_unsigned (value, 10, 0, MAX_INDEX, &number, NULL))
    return FALSE;
  *out = (int) number;
  return TRUE;
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
parse_pair (SmbMapSpec *spec, guint key, const char *value)
{
  switch (key) {
  case KEY_LAYER:
    return parse_index (&spec->layer, value, "last", -1);
  case KEY_HEAD:
    return parse_index (&spec->head, value, "mean", -1);
  case KEY_QUERY:
    return parse_query (&spec->query, value);
  case KEY_STRATEGY:
    return smb_mask_strategy_from_name (value, &spec->strategy);
  case KEY_RATIO:
    return parse_ratio (&spec->ratio, value);
  default:
    return g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &spec->seed, NULL);
  }
}

static const char *
expected (guint key)
{
  switch (key) {
  case KEY_LAYER:
    return _ ("a number from 0, or “last”");
  case KEY_HEAD:
    return _ ("a number from 0, or “mean”");
  case KEY_QUERY:
    return _ ("“model”, “class”, or the number of a patch");
  case KEY_STRATEGY:
    return "random, fasking-i, frp, crfr-r, crfr-p";
  case KEY_RATIO:
    return _ ("a number between 0 and 1");
  default:
    return _ ("a whole number from 0");
  }
}

static gboolean
parse_pairs (SmbMapSpec *spec, const char *text, const char *list, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (list, ",", -1);
  guint seen = 0;

  for (guint i = 0; i == 0 || pairs[i] != NULL; i++) {
    const char *pair = pairs[0] == NULL ? "" : pairs[i];
    const char *equals = strchr (pair, '=');
    gsize length = equals == NULL ? strlen (pair) : (gsize) (equals - pair);
    guint key = 0;

    for (guint k = 0; k < G_N_ELEMENTS (key_names); k++)
      if (strlen (key_names[k]) == length && strncmp (key_names[k], pair, length) == 0)
        key = 1u << k;
    if (equals == NULL || (key & kinds[spec->kind].keys) == 0) {
      g_autofree char *names = NULL;
      GString *known = g_string_new (NULL);

      for (guint k = 0; k < G_N_ELEMENTS (key_names); k++)
        if (kinds[spec->kind].keys & (1u << k))
          g_string_append_printf (known, "%s%s=…", known->len > 0 ? ", " : "", key_names[k]);
      names = g_string_free (known, FALSE);
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("Map “%s”: “%s” is not a setting of the map “%s”; it takes %s."), text, pair,
                   kinds[spec->kind].name, names);
      return FALSE;
    }
    if (seen & key) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("Map “%s”: “%.*s” is given twice; give it once."), text,
                   (int) length, pair);
      return FALSE;
    }
    seen |= key;
    if (!parse_pair (spec, key, equals + 1)) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("Map “%s”: “%s” is not a value of “%.*s”; it takes %s."),
                   text, equals + 1, (int) length, pair, expected (key));
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
smb_map_spec_parse (SmbMapSpec *spec, const char *text, GError **error)
{
  const char *colon;
  gsize length;

  g_return_val_if_fail (spec != NULL && text != NULL, FALSE);
  colon = strchr (text, ':');
  length = colon == NULL ? strlen (text) : (gsize) (colon - text);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strlen (kinds[i].name) == length && strncmp (kinds[i].name, text, length) == 0) {
      SmbMapSpec parsed = smb_map_spec_default ((SmbMapKind) i);

      if (colon != NULL && !parse_pairs (&parsed, text, colon + 1, error))
        return FALSE;
      *spec = parsed;
      return TRUE;
    }
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("“%s” names no map; choose attention, rollout, masked-input, reconstruction or error."), text);
  return FALSE;
}
