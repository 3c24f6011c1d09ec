/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-bundle-compare.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>


#define SHOWN_DIFFERENCES 20
#define SHOWN_CHARS 80

void
smb_bundle_check_fail (SmbBundleCheck *check, SmbReproduction outcome, const char *why)
{
  check->outcome = outcome;
  g_free (check->why);
  check->why = g_strdup (why);
}

/* Trees of JSON. */

typedef struct {
  SmbBundleCheck *check;
  double tolerance;
} Comparison;

static void
differ (const Comparison *comparison, const char *where, const char *was, const char *now)
{
  SmbBundleCheck *check = comparison->check;

  check->outcome = SMB_NOT_REPRODUCED;
  if (check->n_differences++ < SHOWN_DIFFERENCES)
    g_ptr_array_add (check->differences, g_strdup_printf (_ ("%s: %s in the bundle, %s now"), where, was, now));
}

/* As short as reads back the same. */
static const char *
number_text (char *buffer, double value)
{
  for (int digits = 15; digits <= 17; digits++) {
    char format[] = "%.15g";

    format[3] = (char) ('0' + digits % 10);
    g_ascii_formatd (buffer, G_ASCII_DTOSTR_BUF_SIZE, format, value);
    if (g_ascii_strtod (buffer, NULL) == value)
      break;
  }
  return buffer;
}

static void
compare_numbers (const Comparison *comparison, const char *where, double was, double now)
{
  SmbBundleCheck *check = comparison->check;
  char before[G_ASCII_DTOSTR_BUF_SIZE], after[G_ASCII_DTOSTR_BUF_SIZE];

  if (was == now || (isnan (was) && isnan (now))) {
    check->n_exact++;
  } else if (fabs (was - now) <= comparison->tolerance * MAX (1.0, fabs (was))) {
    check->n_close++;
    check->outcome = MAX (check->outcome, SMB_REPRODUCED_CLOSELY);
  } else {
    differ (comparison, where, number_text (before, was), number_text (after, now));
  }
}

/* What a repetition need not share: how long it took, on what, by which version; and words, which are translated. */
static gboolean
is_circumstance (const char *member)
{
  static const char *const names[]
      = { "seconds", "stages", "device", "program_version", "note", "outside", "run", "name", NULL };

  return g_strv_contains (names, member);
}

static gboolean
is_number (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node)
         && (json_node_get_value_type (node) == G_TYPE_INT64 || json_node_get_value_type (node) == G_TYPE_DOUBLE);
}

/* A value to show: not longer than a line. */
static char *
short_text (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);

  return g_utf8_strlen (text, -1) > SHOWN_CHARS ? g_utf8_substring (text, 0, SHOWN_CHARS) : g_steal_pointer (&text);
}

static void compare_nodes (const Comparison *comparison, const char *where, JsonNode *was, JsonNode *now);

static void
compare_objects (const Comparison *comparison, const char *where, JsonObject *was, JsonObject *now)
{
  JsonObjectIter iter;
  const char *member;
  JsonNode *node;

  json_object_iter_init (&iter, was);
  while (json_object_iter_next (&iter, &member, &node)) {
    g_autofree char *path = g_strdup_printf ("%s%s%s", where, where[0] != '\0' ? "." : "", member);
    JsonNode *other = json_object_get_member (now, member);

    /* A track's longest run of frames is named like the number of a stored run; only that number is a circumstance. */
    if (g_str_equal (member, "stages") || (is_circumstance (member) && !JSON_NODE_HOLDS_OBJECT (node)))
      continue;
    if (other == NULL)
      differ (comparison, path, _ ("something"), _ ("nothing"));
    else
      compare_nodes (comparison, path, node, other);
  }
}

static void
compare_arrays (const Comparison *comparison, const char *where, JsonArray *was, JsonArray *now)
{
  g_autofree char *before = g_strdup_printf ("%u", json_array_get_length (was)),
                  *after = g_strdup_printf ("%u", json_array_get_length (now));

  if (json_array_get_length (was) != json_array_get_length (now)) {
    differ (comparison, where, before, after);
    return;
  }
  for (guint i = 0; i < json_array_get_length (was); i++) {
    g_autofree char *path = g_strdup_printf ("%s[%u]", where, i);

    compare_nodes (comparison, path, json_array_get_element (was, i), json_array_get_element (now, i));
  }
}

static void
compare_nodes (const Comparison *comparison, const char *where, JsonNode *was, JsonNode *now)
{
  g_autofree char *before = NULL, *after = NULL;

  if (is_number (was) && is_number (now)) {
    compare_numbers (comparison, where, json_node_get_double (was), json_node_get_double (now));
  } else if (JSON_NODE_HOLDS_OBJECT (was) && JSON_NODE_HOLDS_OBJECT (now)) {
    compare_objects (comparison, where, json_node_get_object (was), json_node_get_object (now));
  } else if (JSON_NODE_HOLDS_ARRAY (was) && JSON_NODE_HOLDS_ARRAY (now)) {
    compare_arrays (comparison, where, json_node_get_array (was), json_node_get_array (now));
  } else if (!json_node_equal (was, now)) {
    before = short_text (was);
    after = short_text (now);
    differ (comparison, where, before, after);
  }
}

void
smb_bundle_compare_results (SmbBundleCheck *check, double tolerance, JsonNode *was, JsonNode *now)
{
  const Comparison comparison = { check, tolerance };

  compare_nodes (&comparison, "", was, now);
}

/* Maps, value by value. */

static double
value_at (const SmbBundleMap *map, gsize i)
{
  const guint8 *bytes = g_bytes_get_data (map->values, NULL);
  float value;

  if (map->is_picture)
    return bytes[i];
  memcpy (&value, bytes + i * sizeof value, sizeof value);
  return (double) value;
}

/* Of bytes one level is close: another processor may round it up. */
static gboolean
is_close (const Comparison *comparison, const SmbBundleMap *was, double before, double after)
{
  return fabs (before - after) <= (was->is_picture ? 1.0 : comparison->tolerance * MAX (1.0, fabs (before)));
}

static void
name_value (const Comparison *comparison, const SmbBundleMap *was, const SmbBundleMap *now, gsize at)
{
  const gsize place = was->is_picture ? at / 3 : at, columns = (gsize) was->columns;
  g_autofree char *where
      = g_strdup_printf (_ ("row %u, column %u"), (guint) (place / columns) + 1, (guint) (place % columns) + 1);
  char before[G_ASCII_DTOSTR_BUF_SIZE], after[G_ASCII_DTOSTR_BUF_SIZE];

  differ (comparison, where, number_text (before, value_at (was, at)), number_text (after, value_at (now, at)));
}

/* Every value; the one furthest off is named, a place that has a value in one of them only before all others. */
static void
compare_values (const Comparison *comparison, const SmbBundleMap *was, const SmbBundleMap *now)
{
  SmbBundleCheck *check = comparison->check;
  const gsize n = (gsize) was->rows * (gsize) was->columns * (was->is_picture ? 3 : 1);
  gsize worst = 0;
  double worst_by = -1.0;
  guint n_different = 0;

  check->largest = 0.0;
  for (gsize i = 0; i < n; i++) {
    const double before = value_at (was, i), after = value_at (now, i);
    const gboolean one_alone = isnan (before) != isnan (after);
    const double by = one_alone ? INFINITY : isnan (before) || before == after ? 0.0 : fabs (before - after);

    if (!one_alone)
      check->largest = MAX (check->largest, by);
    if (by == 0.0)
      check->n_exact++;
    else if (!one_alone && is_close (comparison, was, before, after))
      check->n_close++;
    else
      n_different++;
    if (by > worst_by) {
      worst = i;
      worst_by = by;
    }
  }
  if (n_different > 0) {
    name_value (comparison, was, now, worst);
    check->n_differences += n_different - 1;
  } else if (check->n_close > 0) {
    check->outcome = MAX (check->outcome, SMB_REPRODUCED_CLOSELY);
  }
}

void
smb_bundle_compare_maps (SmbBundleCheck *check, double tolerance, const SmbBundleMap *was, const SmbBundleMap *now)
{
  const Comparison comparison = { check, tolerance };
  g_autofree char *own = was->values != NULL ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, was->values) : NULL;

  if (was->rows != now->rows || was->columns != now->columns
      || (was->values != NULL && was->is_picture != now->is_picture)) {
    g_autofree char *before = g_strdup_printf ("%d × %d", was->rows, was->columns);
    g_autofree char *after = g_strdup_printf ("%d × %d", now->rows, now->columns);

    differ (&comparison, _ ("size"), before, after);
    return;
  }
  compare_numbers (&comparison, "min", was->min, now->min);
  compare_numbers (&comparison, "max", was->max, now->max);
  compare_numbers (&comparison, "mean", was->mean, now->mean);
  if (own != NULL && !g_str_equal (own, was->sha256)) /* the bundle contradicts itself */
    differ (&comparison, "sha256", was->sha256, own);
  if (was->values != NULL)
    compare_values (&comparison, was, now);
  else if (g_str_equal (was->sha256, now->sha256))
    check->n_exact += (guint) (now->rows * now->columns);
  else if (check->outcome != SMB_NOT_REPRODUCED)
    smb_bundle_check_fail (
        check, SMB_NOT_TRIED,
        _ ("The map's hash differs, and the bundle does not hold its values: whether it is by rounding alone cannot be told."));
}
