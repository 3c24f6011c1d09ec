/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int
fuzz_memory_fd (const uint8_t *data, size_t n_bytes)
{
  int fd = memfd_create ("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, n_bytes), ==, (gssize) n_bytes);
  return fd;
}

void
fuzz_check_error (const GError *error)
{
  if (error != NULL && (error->message[0] == '\0' || strchr (error->message, '\n') != NULL))
    g_error ("no sentence: “%s”", error->message);
}

/* Readers of other people complain of broken files in their own way; our own mistakes end the run, also that of asking
 * JSON-GLib for what a node is not, for nobody but us asks it. */
static void
hear (const char *domain, GLogLevelFlags level, const char *text, gpointer nothing)
{
  if (g_strcmp0 (domain, G_LOG_DOMAIN) != 0 && g_strcmp0 (domain, "Json") != 0 && (level & G_LOG_LEVEL_ERROR) == 0)
    return;
  g_printerr ("%s: %s\n", domain, text);
  if ((level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR)) != 0)
    abort ();
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  g_log_set_default_handler (hear, NULL);
  return 0;
}
