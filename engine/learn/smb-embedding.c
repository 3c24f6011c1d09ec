/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-embedding.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/smb-error.h"

#define BETWEEN      " \t,;[]()"
#define MOST_NUMBERS 8192
/* Sums kept apart, so that the compiler adds them side by side; vectors are filled up with 0 to a multiple. */
#define LANES 16

GArray *
smb_embedding_parse (const char *text)
{
  g_auto (GStrv) parts = g_strsplit_set (text, BETWEEN, -1);
  g_autoptr (GArray) vector = g_array_new (FALSE, FALSE, sizeof (float));
  double squares = 0.0, length;

  for (int i = 0; parts[i] != NULL; i++) {
    char *end;
    double value = g_ascii_strtod (parts[i], &end);
    float number = (float) value;

    if (parts[i][0] == '\0')
      continue;
    if (*end != '\0' || !isfinite (number) || vector->len == MOST_NUMBERS)
      return NULL;
    squares += (double) number * (double) number;
    g_array_append_val (vector, number);
  }
  length = sqrt (squares);
  if (vector->len < 2 || !(length > 0.0))
    return NULL;
  for (guint i = 0; i < vector->len; i++)
    g_array_index (vector, float, i) = (float) ((double) g_array_index (vector, float, i) / length);
  return g_steal_pointer (&vector);
}

gboolean
smb_embedding_is_cosine (double same_person)
{
  return same_person > 0.0 && same_person <= 1.0;
}

static float
dot (const float *a, const float *b, guint n)
{
  float lanes[LANES] = { 0.0f }, sum = 0.0f;

  for (guint i = 0; i < n; i += LANES)
    for (int k = 0; k < LANES; k++)
      lanes[k] += a[i + (guint) k] * b[i + (guint) k];
  for (int k = 0; k < LANES; k++)
    sum += lanes[k];
  return sum;
}

/* The entries that have a vector; *width: of the longest, filled up. */
static GPtrArray *
find_known (GPtrArray *entries, guint *width, GError **error)
{
  g_autoptr (GPtrArray) known = g_ptr_array_new ();
  const SmbDatasetEntry *first = NULL;

  for (guint i = 0; i < entries->len; i++) {
    SmbDatasetEntry *entry = g_ptr_array_index (entries, i);

    if (entry->embedding == NULL)
      continue;
    if (first != NULL && first->embedding->len != entry->embedding->len) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("The embedding of %s has %u numbers, that of %s has %u: take those of one network."), first->path,
                   first->embedding->len, entry->path, entry->embedding->len);
      return NULL;
    }
    if (first == NULL)
      first = entry;
    g_ptr_array_add (known, entry);
  }
  *width = first != NULL ? (first->embedding->len + LANES - 1) / LANES * LANES : 0;
  return g_steal_pointer (&known);
}

gboolean
smb_embedding_group (GPtrArray *entries, double same_person, GError **error)
{
  guint width, groups = 0;
  g_autoptr (GPtrArray) known = find_known (entries, &width, error);
  g_autofree float *rows = NULL;
  g_autofree guint *waiting = NULL;

  if (known == NULL)
    return FALSE;
  rows = g_new0 (float, (gsize) known->len *width);
  waiting = g_new (guint, known->len);
  for (guint i = 0; i < known->len; i++) {
    const GArray *vector = ((SmbDatasetEntry *) known->pdata[i])->embedding;

    for (guint k = 0; k < vector->len; k++)
      rows[(gsize) i * width + k] = g_array_index (vector, float, k);
  }
  for (guint i = 0; i < known->len; i++) {
    SmbDatasetEntry *first = known->pdata[i];
    guint n = 0;

    if (first->alike[0] != '\0')
      continue;
    for (waiting[n++] = i; n > 0;) { /* all that hang together with the first */
      guint at = waiting[--n];

      for (guint j = i + 1; j < known->len; j++) {
        SmbDatasetEntry *other = known->pdata[j];

        if (other->alike[0] != '\0' || j == at
            || (double) dot (rows + (gsize) at * width, rows + (gsize) j * width, width) < same_person)
          continue;
        if (first->alike[0] == '\0') {
          g_free (first->alike);
          first->alike = g_strdup_printf ("%u", ++groups);
        }
        g_free (other->alike);
        other->alike = g_strdup (first->alike);
        waiting[n++] = j;
      }
    }
  }
  return TRUE;
}
