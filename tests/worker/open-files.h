/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/* How many files a process has open: "self", or its number. */
static inline guint
count_fds (const char *of)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/fd", of);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}
