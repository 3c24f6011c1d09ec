/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/worker-lock.h"

#include "base/smb-error.h"
#include "media/smb-limits.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Standard streams, the socket, evidence, planes, what a decoder's module opens while it is loaded. */
#define DECODE_MAX_FDS 64
#define WEIGHTS_SECONDS 300

/* A sanitizer reserves terabytes of addresses (never used) before main () begins, so a limit of address space would end
 * the worker. */
#ifdef SMB_WORKER_WATCHED
static const gboolean limit_addresses = FALSE;
#else
static const gboolean limit_addresses = TRUE;
#endif

static gboolean
limit (int resource, const char *what, rlim_t value, GError **error)
{
  struct rlimit now;

  if (getrlimit (resource, &now) != 0)
    return smb_error_set_errno (error, errno, what, _ ("asking for its limit"));
  /* Never above what was given from outside. */
  if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
    value = now.rlim_max;
  now.rlim_cur = now.rlim_max = value;
  return setrlimit (resource, &now) == 0 || smb_error_set_errno (error, errno, what, _ ("setting its limit"));
}

static SmbLockState
wall_off (SmbWorkerMode mode, gboolean alone)
{
  g_autoptr (GError) why = NULL;
  const gboolean card = mode == SMB_WORKER_COMPUTE && access (SMB_WORKER_CARD, F_OK) == 0;
  /* First, for the filter would refuse the calls that raise it. */
  int landlock = smb_worker_landlock (mode, card);

  if (!smb_worker_filter_calls (mode, card, &why)) {
    g_warning ("%s", why->message);
    return SMB_LOCK_NONE;
  }
  return SMB_LOCK_CALLS | (landlock > 0 ? SMB_LOCK_FILES : 0) | (alone ? SMB_LOCK_ALONE : 0);
}

gboolean
smb_worker_lock_in (SmbWorkerMode mode, guint64 max_memory_bytes, SmbLockState *state_out, GError **error)
{
  gboolean alone;

  *state_out = SMB_LOCK_NONE;
  /* Models and devices are opened later, so the compute worker stays where they are. Before the rest: a new user
   * forgets what was asked of the kernel as the old one. */
  alone = mode != SMB_WORKER_COMPUTE && smb_worker_leave_world ();
  if (prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return smb_error_set_errno (error, errno, "semblance-worker", _ ("giving up privileges"));
  if (!limit (RLIMIT_CORE, "RLIMIT_CORE", 0, error))
    return FALSE;
  if (mode != SMB_WORKER_COMPUTE
      && (!limit (RLIMIT_NOFILE, "RLIMIT_NOFILE", DECODE_MAX_FDS, error)
          || (limit_addresses && !limit (RLIMIT_AS, "RLIMIT_AS", (rlim_t) max_memory_bytes, error))))
    return FALSE;
  *state_out = wall_off (mode, alone);
  return TRUE;
}

gboolean
smb_worker_allow_cpu (SmbWorkerReading reading, GError **error)
{
  struct rusage used;
  struct rlimit now;
  SmbDecodeLimits limits;
  guint seconds;

  if (!smb_decode_limits_get (&limits, error))
    return FALSE;
  seconds = reading == SMB_WORKER_READ_VIDEO     ? limits.video_seconds
            : reading == SMB_WORKER_READ_FRAMES  ? limits.frames_seconds
            : reading == SMB_WORKER_READ_PICTURE ? limits.picture_seconds
                                                 : WEIGHTS_SECONDS;
  if (getrusage (RUSAGE_SELF, &used) != 0 || getrlimit (RLIMIT_CPU, &now) != 0)
    return TRUE;
  now.rlim_cur = (rlim_t) (used.ru_utime.tv_sec + used.ru_stime.tv_sec) + seconds;
  if (now.rlim_max != RLIM_INFINITY && now.rlim_cur > now.rlim_max)
    now.rlim_cur = now.rlim_max;
  /* If this fails the caller's own deadline still ends the request. */
  setrlimit (RLIMIT_CPU, &now);
  return TRUE;
}
