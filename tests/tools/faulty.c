/* SPDX-License-Identifier: Apache-2.0 */
#include "faulty.h"

#include <glib.h>

static gpointer
count (gpointer data)
{
  for (guint i = 0; i < 1000; i++)
    ++*(volatile guint8 *) data;
  return NULL;
}

void
be_faulty (const char *fault)
{
  volatile guint8 *volatile bytes = g_malloc0 (8), *volatile gone = g_malloc0 (8);
  volatile int number = G_MAXINT;

  g_free ((gpointer) gone);
  if (g_str_equal (fault, "memory"))
    gone[0] = 1;
  else if (g_str_equal (fault, "undefined"))
    number += 1;
  else if (g_str_equal (fault, "leak"))
    bytes = NULL;
  else if (g_str_equal (fault, "race")) {
    GThread *thread = g_thread_new ("race", count, (gpointer) bytes);

    count ((gpointer) bytes);
    g_thread_join (thread);
  }
  g_free ((gpointer) bytes);
}
