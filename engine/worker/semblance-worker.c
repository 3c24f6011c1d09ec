/* SPDX-License-Identifier: Apache-2.0 */
/* The program that does what must not happen in the window's process: `semblance-worker decode SOCKET` reads evidence,
 * `semblance-worker weights SOCKET` foreign weights files, `semblance-worker compute SOCKET` runs the network. Started
 * by SmbEngine, never by hand. */
#include "base/smb-locale.h"
#include "media/smb-limits.h"
#include "media/smb-metadata.h"
#include "media/smb-picture.h"
#include "media/smb-video.h"
#include "weights/smb-weights-file.h"
#include "worker/smb-worker.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Address space: the file is mapped, and what of it lies scattered is copied. */
#define WEIGHTS_MEMORY_BYTES (64ull << 30)

/* Libraries have words of their own for broken evidence; what matters comes back as the request's error. */
static GLogWriterOutput
write_own_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  gboolean own = FALSE;

  for (gsize i = 0; i < n_fields; i++) {
    /* GLib's last words before it ends a process that got no memory. */
    if ((level & G_LOG_LEVEL_ERROR) != 0 && g_str_equal (fields[i].key, "MESSAGE") && fields[i].length < 0
        && strstr (fields[i].value, "failed to allocate") != NULL)
      _exit (SMB_WORKER_EXIT_MEMORY);
    own |= g_str_equal (fields[i].key, "GLIB_DOMAIN") && g_strcmp0 (fields[i].value, G_LOG_DOMAIN) == 0;
  }
  return own || (level & G_LOG_LEVEL_ERROR) != 0 ? g_log_writer_default (level, fields, n_fields, user_data)
                                                 : G_LOG_WRITER_HANDLED;
}

/* Everything that libraries load when they first need it: behind the walls nothing can be opened any more. */
static void
prepare (SmbWorkerMode mode)
{
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();

  /* Memory given out per thread makes the C library look into /proc when it shrinks; one pool does not. */
  mallopt (M_ARENA_MAX, 1);
  if (mode == SMB_WORKER_DECODE) {
    smb_picture_prepare ();
    smb_video_prepare ();
    smb_metadata_prepare ();
  }
  /* The catalogues of words: ours, GLib's, the C library's. */
  (void) g_dgettext (GETTEXT_PACKAGE, "evidence");
  g_cancellable_cancel (cancelled);
  g_cancellable_set_error_if_cancelled (cancelled, NULL);
  (void) strerror (EIO);
}

static guint64
memory_of (SmbWorkerMode mode, const SmbDecodeLimits *limits)
{
  return mode == SMB_WORKER_WEIGHTS ? WEIGHTS_MEMORY_BYTES : limits->memory_bytes;
}

static int
usage (void)
{
  fputs (_ ("semblance-worker is started by Semblance itself; use semblance or semblance-cli.\n"), stderr);
  return 2;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  SmbPictureLimits limits;
  SmbDecodeLimits costs;
  SmbWorkerMode mode;
  SmbLockState lock;
  guint64 socket;
  int type;
  socklen_t type_bytes = sizeof type;

  smb_locale_init ();
  if (argc != 3 || !g_ascii_string_to_unsigned (argv[2], 10, 3, 1000, &socket, NULL)
      || getsockopt ((int) socket, SOL_SOCKET, SO_TYPE, &type, &type_bytes) != 0)
    return usage ();
  if (g_str_equal (argv[1], "decode"))
    mode = SMB_WORKER_DECODE;
  else if (g_str_equal (argv[1], "compute"))
    mode = SMB_WORKER_COMPUTE;
  else if (g_str_equal (argv[1], "weights"))
    mode = SMB_WORKER_WEIGHTS;
  else
    return usage ();
  g_log_set_writer_func (write_own_log, NULL, NULL);
  signal (SIGPIPE, SIG_IGN);
  if (mode != SMB_WORKER_COMPUTE)
    prepare (mode);
  if (!smb_picture_limits_get (&limits, &error) || !smb_decode_limits_get (&costs, &error)
      || !smb_worker_lock_in (mode, memory_of (mode, &costs), &lock, &error)) {
    fprintf (stderr, "semblance-worker: %s\n", error->message);
    return 2;
  }
  if (mode == SMB_WORKER_DECODE)
    smb_worker_run ((int) socket, argv[1], lock, smb_worker_decode, &limits);
  /* From here on, and not before, whatever a checkpoint holds may be looked at. */
  smb_weights_read_pickles_here ();
  if (mode == SMB_WORKER_WEIGHTS)
    smb_worker_run ((int) socket, argv[1], lock, smb_worker_weights, NULL);
  smb_worker_run ((int) socket, argv[1], lock, smb_worker_compute, smb_worker_compute_new ());
}
