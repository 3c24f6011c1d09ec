/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a number that somebody sets may be. Bounds of ±INFINITY are none, and the number itself is always finite. */
typedef struct {
  const char *name; /* as the one who set it knows it: "--blr" */
  double value, low, high;
  gboolean above, below; /* low, high itself is not allowed */
} SmbRange;

/* Whether all are within; else an ARGUMENT error with the first that is not, what it may be and what it is. */
gboolean smb_ranges_check (const SmbRange *ranges, guint n, GError **error);

G_END_DECLS
