/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>

#include "learn/smb-dataset-split.h"

#define FEW 30
#define LOPSIDED 4.0
#define GREY_APART 0.2
#define SHARP_APART 1.7

static int
by_value (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

typedef struct {
  guint n, of_part[SMB_N_PARTS + 1];
  double grey, sharpness; /* share; median */
} Look;

static Look
look_at (const SmbDataset *dataset, int class)
{
  g_autoptr (GArray) sharpness = g_array_new (FALSE, FALSE, sizeof (double));
  Look look = { 0 };

  for (guint i = 0; i < dataset->samples->len; i++) {
    const SmbSample *s = smb_dataset_get (dataset, i);

    if (s->class != class)
      continue;
    look.n++;
    look.of_part[s->part]++;
    look.grey += s->grey;
    g_array_append_val (sharpness, s->sharpness);
  }
  look.grey /= MAX (look.n, 1);
  qsort (sharpness->data, sharpness->len, sizeof (double), by_value);
  look.sharpness = look.n > 0 ? g_array_index (sharpness, double, look.n / 2) : NAN;
  return look;
}

static void
add (GPtrArray *out, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add (GPtrArray *out, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (out, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

/* What tells a class from the genuine one without any forgery. */
static void
compare (GPtrArray *out, const SmbDataset *dataset, const Look *genuine, const Look *other, int class)
{
  const char *a = dataset->classes[dataset->real_class], *b = dataset->classes[class];
  double larger = MAX (genuine->n, other->n), smaller = MIN (genuine->n, other->n);

  if (larger > LOPSIDED * smaller)
    add (out, _ ("“%s” has %u faces and “%s” %u; batches are balanced, but the smaller class is seen over and over."),
         a, genuine->n, b, other->n);
  if (fabs (genuine->grey - other->grey) > GREY_APART)
    add (
        out,
        _ ("%.0f %% of “%s” are without colour, but %.0f %% of “%s”: a network could learn colour in place of forgery. "
           "Fine-tuning makes the share of grey the same for all classes."),
        100.0 * genuine->grey, a, 100.0 * other->grey, b);
  if (MAX (genuine->sharpness, other->sharpness) > SHARP_APART * MIN (genuine->sharpness, other->sharpness))
    add (
        out,
        _ ("The faces of “%s” have a median sharpness of %.0f, those of “%s” %.0f: a network could learn sharpness in place "
           "of forgery. Let training degrade them strongly, and look at the results after both were encoded alike."),
        a, genuine->sharpness, b, other->sharpness);
}

/* No origin shared by two classes: which collection a face is from tells its class. */
static gboolean
origins_apart (const SmbDataset *dataset)
{
  g_autoptr (GHashTable) classes = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < dataset->samples->len; i++) {
    const SmbSample *s = smb_dataset_get (dataset, i);
    gpointer class;

    if (s->origin[0] == '\0')
      return FALSE; /* not known */
    if (!g_hash_table_lookup_extended (classes, s->origin, NULL, &class))
      g_hash_table_insert (classes, s->origin, GINT_TO_POINTER (s->class));
    else if (GPOINTER_TO_INT (class) != s->class)
      return FALSE;
  }
  return TRUE;
}

/* Everything belongs to one case: then it cannot be divided by cases. */
static gboolean
all_of_one_case (const SmbDataset *dataset)
{
  const char *first = dataset->samples->len > 0 ? smb_dataset_get (dataset, 0)->case_id : "";

  for (guint i = 1; i < dataset->samples->len; i++)
    if (strcmp (smb_dataset_get (dataset, i)->case_id, first) != 0)
      return FALSE;
  return first[0] != '\0';
}

/* The very same face of the very same file under two classes: which may have come by way of two folders, or of a case and a
 * folder. Of one picture several faces may be labelled, each otherwise. */
static void
find_contradictions (GPtrArray *out, const SmbDataset *dataset)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const char *first[2] = { NULL, NULL };
  guint n = 0;

  for (guint i = 0; i < dataset->samples->len; i++) {
    const SmbSample *s = smb_dataset_get (dataset, i);
    g_autoptr (GString) face = g_string_new (dataset->faces->sha256[s->face]);
    gpointer other;

    for (int k = 0; k < SMB_FACE_HASH_BYTES; k++)
      g_string_append_printf (face, " %02x", s->hash[k]);
    if (!g_hash_table_lookup_extended (seen, face->str, NULL, &other)) {
      g_hash_table_insert (seen, g_strdup (face->str), (gpointer) s);
    } else if (((const SmbSample *) other)->class != s->class && n++ == 0) {
      first[0] = dataset->faces->files[((const SmbSample *) other)->face];
      first[1] = dataset->faces->files[s->face];
    }
  }
  if (n > 0)
    add (out,
         g_dngettext (GETTEXT_PACKAGE,
                      "%u face is in two classes at once, as %s and as %s: one of the two labels is wrong.",
                      "%u faces are in two classes at once, the first as %s and as %s: one of the two labels is wrong.", n),
         n, first[0], first[1]);
}

GPtrArray *
smb_dataset_warnings (const SmbDataset *dataset)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);
  int n = smb_dataset_get_n_classes (dataset);
  Look genuine = look_at (dataset, dataset->real_class);

  for (int c = 0; c < n; c++) {
    Look look = look_at (dataset, c);

    for (SmbPart p = 0; p < SMB_N_PARTS; p++)
      if (look.of_part[p] < FEW)
        add (out,
             g_dngettext (GETTEXT_PACKAGE, "“%s” has only %u face for %s; its numbers will say little.",
                          "“%s” has only %u faces for %s; its numbers will say little.", look.of_part[p]),
             dataset->classes[c], look.of_part[p], smb_part_title (p));
    if (look.of_part[SMB_PART_NONE] > 0)
      add (out,
           g_dngettext (GETTEXT_PACKAGE,
                        "%u face of “%s” belongs to no part and is not used; dividing the data anew deals it out.",
                        "%u faces of “%s” belong to no part and are not used; dividing the data anew deals them out.",
                        look.of_part[SMB_PART_NONE]),
           look.of_part[SMB_PART_NONE], dataset->classes[c]);
    if (c != dataset->real_class && look.n > 0)
      compare (out, dataset, &genuine, &look, c);
  }
  find_contradictions (out, dataset);
  if (all_of_one_case (dataset))
    add (
        out,
        _ ("Every face is evidence of one case, which stays in one part; add other cases, or allow exhibits of one case "
           "into different parts."));
  if (n > 1 && origins_apart (dataset))
    add (
        out,
        _ ("No origin has faces of two classes: where a face comes from tells its class. Test with faces from elsewhere."));
  return out;
}
