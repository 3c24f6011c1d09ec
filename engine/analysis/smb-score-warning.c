/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-score-warning.h"

#include "analysis/smb-analysis.h"
#include "analysis/smb-track-likelihood.h"

#include <glib/gi18n-lib.h>

const char *
smb_score_warning (const SmbScored *scored)
{
  if (scored->trained && scored->video)
    return scored->calibrated ? NULL : smb_track_calibration_missing ();
  return smb_model_warning (scored->trained, scored->calibrated);
}

/* "S-01, S-04": those of whom the sentence is true. */
static char *
names_of (const SmbScored *scored, guint n, const char *sentence, guint *n_named)
{
  GString *names = g_string_new (NULL);

  *n_named = 0;
  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (smb_score_warning (&scored[i]), sentence) == 0)
      g_string_append_printf (names, "%s%s", (*n_named)++ > 0 ? ", " : "", scored[i].exhibit);
  return g_string_free (names, FALSE);
}

GPtrArray *
smb_score_warnings (const SmbScored *scored, guint n)
{
  GPtrArray *warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) told = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < n; i++) {
    const char *sentence = smb_score_warning (&scored[i]);
    g_autofree char *names = NULL;
    guint n_named;

    if (sentence == NULL || !g_hash_table_add (told, (gpointer) sentence))
      continue;
    names = names_of (scored, n, sentence, &n_named);
    g_ptr_array_add (warnings,
                     n_named == n ? g_strdup (sentence)
                                  : g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Exhibit %s: %s", "Exhibits %s: %s",
                                                                  n_named),
                                                     names, sentence));
  }
  return warnings;
}
