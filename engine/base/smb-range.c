/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-range.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/smb-error.h"

static gboolean
is_within (const SmbRange *r)
{
  return isfinite (r->value) && (r->above ? r->value > r->low : r->value >= r->low)
         && (r->below ? r->value < r->high : r->value <= r->high);
}

static char *
say (const SmbRange *r)
{
  if (isinf (r->low) && isinf (r->high))
    return g_strdup_printf (_ ("%s is a number, not %g."), r->name, r->value);
  if (isinf (r->high))
    return g_strdup_printf (r->above ? _ ("%s is above %g, not %g.") : _ ("%s is at least %g, not %g."), r->name, r->low,
                            r->value);
  if (r->above)
    return g_strdup_printf (r->below ? _ ("%s is above %g and below %g, not %g.")
                                     : _ ("%s is above %g and at most %g, not %g."),
                            r->name, r->low, r->high, r->value);
  return g_strdup_printf (r->below ? _ ("%s is at least %g and below %g, not %g.") : _ ("%s is from %g to %g, not %g."),
                          r->name, r->low, r->high, r->value);
}

gboolean
smb_ranges_check (const SmbRange *ranges, guint n, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (!is_within (&ranges[i])) {
      g_autofree char *sentence = say (&ranges[i]);

      g_set_error_literal (error, SMB_ERROR, SMB_ERROR_ARGUMENT, sentence);
      return FALSE;
    }
  return TRUE;
}
