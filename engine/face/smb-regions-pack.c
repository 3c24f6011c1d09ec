/* SPDX-License-Identifier: Apache-2.0 */
/* A region map as a short text. */
#include "face/smb-regions.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"
#include "face/smb-regions-private.h"

char *
smb_regions_pack (const SmbRegions *regions)
{
  const gsize n = (gsize) regions->size_px * (gsize) regions->size_px;
  GString *out = g_string_new (NULL);

  for (gsize at = 0, run; at < n; at += run) {
    for (run = 1; at + run < n && regions->classes[at + run] == regions->classes[at]; run++)
      ;
    g_string_append_c (out, (char) ('a' + MIN (regions->classes[at], SMB_N_CLASSES - 1)));
    if (run > 1)
      g_string_append_printf (out, "%" G_GSIZE_FORMAT, run);
  }
  return g_string_free (out, FALSE);
}

SmbRegions *
smb_regions_unpack (const char *text, int size_px, SmbRegionsOrigin origin, GError **error)
{
  g_autofree guint8 *classes = NULL;
  gsize n, filled = 0;

  if (size_px >= SMB_REGIONS_MIN_SIDE_PX && size_px <= SMB_REGIONS_MAX_SIDE_PX) {
    n = (gsize) size_px * (gsize) size_px;
    classes = g_malloc (n);
    while (*text >= 'a' && *text < 'a' + SMB_N_CLASSES) {
      const guint8 class = (guint8) (*text++ - 'a');
      const gboolean counted = g_ascii_isdigit (*text);
      gsize run = counted ? 0 : 1;

      for (; g_ascii_isdigit (*text) && run <= n; text++)
        run = run * 10 + (gsize) (*text - '0');
      if (run > n - filled || (counted && run < 2))
        break;
      memset (classes + filled, class, run);
      filled += run;
    }
    if (*text == '\0' && filled == n)
      return smb_regions_new_take (size_px, g_steal_pointer (&classes), origin);
  }
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT,
                       _ ("A stored region map is damaged; edit the face's regions anew."));
  return NULL;
}
