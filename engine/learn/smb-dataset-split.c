/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-dataset-split.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/smb-error.h"
#include "base/smb-rng.h"
#include "learn/smb-near-duplicate.h"

#define SPLIT_STREAM 0x73706c6974

/* "CARSON, Brad" and "Brad Carson" are one. Free with g_free. */
static char *
plain_name (const char *name)
{
  g_auto (GStrv) words = g_str_tokenize_and_fold (name, NULL, NULL);
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();

  for (char **word = words; *word != NULL; word++)
    g_ptr_array_add (sorted, *word);
  for (guint i = 1; i < sorted->len; i++) /* few words: by insertion */
    for (guint k = i; k > 0 && strcmp (sorted->pdata[k - 1], sorted->pdata[k]) > 0; k--) {
      gpointer word = sorted->pdata[k];

      sorted->pdata[k] = sorted->pdata[k - 1];
      sorted->pdata[k - 1] = word;
    }
  g_ptr_array_add (sorted, NULL);
  return g_strjoinv (" ", (char **) sorted->pdata);
}

/* What a sample is tied to others by: its name, source, case or embedding; NULL: nothing known. */
static char *
tie_of (const SmbSample *sample, SmbLeakKind kind)
{
  g_autofree char *name = NULL;

  if (kind != SMB_LEAK_IDENTITY) {
    const char *text = kind == SMB_LEAK_SOURCE ? sample->source
                       : kind == SMB_LEAK_CASE ? sample->case_id
                                               : sample->alike;

    return text[0] != '\0' ? g_strdup (text) : NULL;
  }
  name = plain_name (sample->identity);
  return name[0] != '\0' ? g_steal_pointer (&name) : NULL;
}

static guint
root_of (guint *parent, guint i)
{
  while (parent[i] != i)
    i = parent[i] = parent[parent[i]];
  return i;
}

static void
join (guint i, guint j, gpointer user_data)
{
  guint *parent = user_data, a = root_of (parent, i), b = root_of (parent, j);

  parent[MAX (a, b)] = MIN (a, b);
}

/* parent (n): each sample's group by its first member. */
static guint *
find_groups (const SmbDataset *dataset)
{
  guint n = dataset->samples->len, *parent = g_new (guint, n);

  for (guint i = 0; i < n; i++)
    parent[i] = i;
  for (SmbLeakKind kind = SMB_LEAK_IDENTITY; kind < SMB_LEAK_NEAR; kind++) {
    g_autoptr (GHashTable) first = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < n; i++) {
      char *tie = tie_of (smb_dataset_get (dataset, i), kind);
      gpointer other;

      if (tie == NULL)
        continue;
      if (!g_hash_table_lookup_extended (first, tie, NULL, &other)) {
        g_hash_table_insert (first, tie, GUINT_TO_POINTER (i));
        continue;
      }
      join (i, GPOINTER_TO_UINT (other), parent);
      g_free (tie);
    }
  }
  smb_near_duplicates (dataset, join, parent);
  for (guint i = 0; i < n; i++)
    parent[i] = root_of (parent, i);
  return parent;
}

typedef struct {
  guint first, size;
  int draw; /* where the shuffle put it */
} Group;

static int
larger_first (const void *a, const void *b)
{
  const Group *x = a, *y = b;

  if (x->size != y->size)
    return x->size > y->size ? -1 : 1;
  return x->draw < y->draw ? -1 : x->draw > y->draw;
}

static GArray *
order_groups (const guint *parent, guint n, guint64 seed)
{
  GArray *groups = g_array_new (FALSE, TRUE, sizeof (Group));
  g_autofree guint *at = g_new0 (guint, n);
  g_autofree int *draws = NULL;
  SmbRng rng;

  for (guint i = 0; i < n; i++) {
    if (parent[i] == i) {
      Group group = { .first = i };

      at[i] = groups->len;
      g_array_append_val (groups, group);
    }
    g_array_index (groups, Group, at[parent[i]]).size++;
  }
  draws = g_new (int, groups->len);
  for (guint i = 0; i < groups->len; i++)
    draws[i] = (int) i;
  smb_rng_init (&rng, seed, SPLIT_STREAM);
  smb_rng_shuffle (&rng, draws, groups->len);
  for (guint i = 0; i < groups->len; i++)
    g_array_index (groups, Group, i).draw = draws[i];
  qsort (groups->data, groups->len, sizeof (Group), larger_first);
  return groups;
}

/* The part that lacks most of the stratum; shares of 0 get nothing. */
static SmbPart
neediest (const double have[SMB_N_PARTS], const double shares[SMB_N_PARTS], double total)
{
  SmbPart best = SMB_PART_TRAIN;
  double most = -INFINITY;

  for (SmbPart p = 0; p < SMB_N_PARTS; p++) {
    double lack = (shares[p] * total - have[p]) / MAX (shares[p] * total, 1e-9);

    if (shares[p] > 0.0 && lack > most) {
      most = lack;
      best = p;
    }
  }
  return best;
}

/* One class of one origin: index of every sample's, how many there are. */
static guint *
find_strata (const SmbDataset *dataset, guint *n_strata)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint *strata = g_new (guint, dataset->samples->len);

  for (guint i = 0; i < dataset->samples->len; i++) {
    const SmbSample *s = smb_dataset_get (dataset, i);
    char *name = g_strdup_printf ("%d %s", s->class, s->origin);
    gpointer index;

    if (g_hash_table_lookup_extended (seen, name, NULL, &index)) {
      strata[i] = GPOINTER_TO_UINT (index);
      g_free (name);
    } else {
      strata[i] = g_hash_table_size (seen);
      g_hash_table_insert (seen, name, GUINT_TO_POINTER (strata[i]));
    }
  }
  *n_strata = g_hash_table_size (seen);
  return strata;
}

gboolean
smb_dataset_split (SmbDataset *dataset, const double shares[SMB_N_PARTS], guint64 seed, GError **error)
{
  guint n = dataset->samples->len, n_strata;
  double sum = shares[0] + shares[1] + shares[2];
  g_autofree guint *parent = NULL, *strata = NULL;
  g_autofree double *have = NULL, *total = NULL;
  g_autoptr (GArray) groups = NULL;

  if (!(shares[0] > 0.0 && shares[1] >= 0.0 && shares[2] >= 0.0 && fabs (sum - 1.0) < 1e-6)) {
    g_set_error_literal (
        error, SMB_ERROR, SMB_ERROR_ARGUMENT,
        _ ("The shares of training, validation and test are no parts of a whole; give three that sum up to 1, "
           "like 0.8,0.1,0.1."));
    return FALSE;
  }
  parent = find_groups (dataset);
  strata = find_strata (dataset, &n_strata);
  groups = order_groups (parent, n, seed);
  have = g_new0 (double, n_strata * SMB_N_PARTS);
  total = g_new0 (double, n_strata);
  for (guint i = 0; i < n; i++)
    total[strata[i]]++;
  for (guint g = 0; g < groups->len; g++) {
    guint first = g_array_index (groups, Group, g).first;
    SmbPart part = neediest (have + strata[first] * SMB_N_PARTS, shares, total[strata[first]]);

    for (guint i = first; i < n; i++)
      if (parent[i] == first) {
        ((SmbSample *) g_ptr_array_index (dataset->samples, i))->part = part;
        have[strata[i] * SMB_N_PARTS + part]++;
      }
  }
  dataset->split_seed = seed;
  return TRUE;
}

const char *
smb_leak_name (SmbLeakKind kind)
{
  static const char *const names[] = { "identity", "source", "case", "embedding", "near-duplicate" };

  return names[kind];
}

typedef struct {
  const SmbDataset *dataset;
  GArray *leaks;
} Search;

static void
note (const Search *search, SmbLeakKind kind, guint a, guint b)
{
  const SmbSample *x = smb_dataset_get (search->dataset, a), *y = smb_dataset_get (search->dataset, b);
  SmbLeak leak = { kind, a, b };

  if (x->part != y->part && x->part != SMB_PART_NONE && y->part != SMB_PART_NONE)
    g_array_append_val (search->leaks, leak);
}

static void
note_near (guint a, guint b, gpointer user_data)
{
  note (user_data, SMB_LEAK_NEAR, a, b);
}

GArray *
smb_dataset_find_leaks (const SmbDataset *dataset)
{
  Search search = { dataset, g_array_new (FALSE, TRUE, sizeof (SmbLeak)) };

  for (SmbLeakKind kind = SMB_LEAK_IDENTITY; kind < SMB_LEAK_NEAR; kind++) {
    g_autoptr (GHashTable) first = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < dataset->samples->len; i++) {
      char *tie = tie_of (smb_dataset_get (dataset, i), kind);
      gpointer other;

      if (tie == NULL || smb_dataset_get (dataset, i)->part == SMB_PART_NONE) {
        g_free (tie);
      } else if (g_hash_table_lookup_extended (first, tie, NULL, &other)) {
        note (&search, kind, GPOINTER_TO_UINT (other), i);
        g_free (tie);
      } else {
        g_hash_table_insert (first, tie, GUINT_TO_POINTER (i));
      }
    }
  }
  smb_near_duplicates (dataset, note_near, &search);
  return search.leaks;
}
