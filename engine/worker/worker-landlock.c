/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock: the kernel itself refuses files, ports and foreign processes, whatever system call asks for them. A second
 * wall behind the filter of calls; kernels before 5.13 and those built without it have none. */
#include "worker/worker-lock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By version of the interface; the headers of a build may be older than the kernel it runs on. */
#define FILES_READ (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FILES_1 ((1ull << 13) - 1)
#define FILES_REFER (1ull << 13)    /* 2 */
#define FILES_TRUNCATE (1ull << 14) /* 3 */
#define PORTS ((1ull << 2) - 1)     /* 4: binding, connecting */
#define FILES_IOCTL (1ull << 15)    /* 5 */
#define SCOPES ((1ull << 2) - 1)    /* 6: abstract sockets, signals */

typedef struct {
  guint64 files, ports, scopes;
} Ruleset;

/* Bytes of Ruleset that a kernel of this version knows. */
static gsize
size_of (long version)
{
  return version >= 6 ? 24 : version >= 4 ? 16 : 8;
}

static gboolean
allow_beneath (int ruleset, const char *path, guint64 access)
{
  struct landlock_path_beneath_attr rule = { .allowed_access = access };
  long failed;

  rule.parent_fd = open (path, O_PATH | O_CLOEXEC);
  if (rule.parent_fd < 0)
    return FALSE;
  failed = syscall (SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  close (rule.parent_fd);
  return failed == 0;
}

int
smb_worker_landlock (SmbWorkerMode mode, gboolean card)
{
  long version = syscall (SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  Ruleset wanted = { .files = FILES_1 };
  gboolean ok = TRUE;
  int ruleset;

  if (version < 1)
    return 0;
  if (version >= 2)
    wanted.files |= FILES_REFER;
  if (version >= 3)
    wanted.files |= FILES_TRUNCATE;
  if (version >= 4)
    wanted.ports = PORTS;
  /* A graphics card is spoken to by such calls on its device. */
  if (version >= 5 && mode != SMB_WORKER_COMPUTE)
    wanted.files |= FILES_IOCTL;
  if (version >= 6)
    wanted.scopes = SCOPES;
  ruleset = (int) syscall (SYS_landlock_create_ruleset, &wanted, size_of (version), 0);
  if (ruleset < 0)
    return 0;
  /* Models and libraries are read wherever they lie; only devices may be written to. */
  if (mode == SMB_WORKER_COMPUTE)
    ok = allow_beneath (ruleset, "/", FILES_READ)
         && allow_beneath (ruleset, "/dev", FILES_READ | LANDLOCK_ACCESS_FS_WRITE_FILE);
  /* NVIDIA's driver gives the threads it starts a name, which is written there, and gives up where it may not. */
  if (card)
    ok = ok && allow_beneath (ruleset, "/proc/self/task", FILES_READ | LANDLOCK_ACCESS_FS_WRITE_FILE);
  ok = ok && syscall (SYS_landlock_restrict_self, ruleset, 0) == 0;
  close (ruleset);
  return ok ? (int) version : 0;
}
