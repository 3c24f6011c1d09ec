/* SPDX-License-Identifier: Apache-2.0 */
/* replay FILE-OR-FOLDER…: every file once through the target. What once crashed is kept, and so becomes a test; what is
 * cut short or has a bit changed goes through as well, for a little fuzzing where there is no libFuzzer. */
#include "fuzz.h"

#include "base/smb-rng.h"

#include <stdio.h>

#define SEED 20261128
#define CHANGES 24
#define MAX_BYTES (512 * 1024)

static guint n_files, n_inputs;

static void
feed (const guint8 *data, gsize n_bytes)
{
  /* A block of its own length, so that a sanitizer sees a read beyond it. */
  g_autofree guint8 *piece = g_memdup2 (data, n_bytes);

  LLVMFuzzerTestOneInput (piece, n_bytes);
  n_inputs++;
}

static void
replay_file (const char *path)
{
  g_autofree char *data = NULL;
  gsize n_bytes;
  SmbRng rng;

  g_assert_true (g_file_get_contents (path, &data, &n_bytes, NULL));
  if (n_bytes > MAX_BYTES)
    return;
  n_files++;
  feed ((const guint8 *) data, n_bytes);
  smb_rng_init (&rng, SEED, n_bytes);
  for (guint i = 0; n_bytes > 0 && i < CHANGES; i++) {
    guint at = smb_rng_below (&rng, (guint32) (i % 2 == 0 ? n_bytes : MIN (n_bytes, 256)));
    char before = data[at];

    data[at] = (char) (data[at] ^ (1 << smb_rng_below (&rng, 8)));
    feed ((const guint8 *) data, n_bytes);
    data[at] = before;
    if (i % 6 == 0)
      feed ((const guint8 *) data, at);
  }
}

static void
replay (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  if (dir == NULL) {
    replay_file (path);
    return;
  }
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *inside = g_build_filename (path, name, NULL);

    replay (inside);
  }
}

int
main (int argc, char **argv)
{
  LLVMFuzzerInitialize (&argc, &argv);
  for (int i = 1; i < argc; i++)
    replay (argv[i]);
  g_assert_cmpuint (n_files, >, 0);
  printf ("# %u files, %u inputs\nok 1 - nothing crashed\n1..1\n", n_files, n_inputs);
  return 0;
}
