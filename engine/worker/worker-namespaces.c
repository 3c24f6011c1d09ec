/* SPDX-License-Identifier: Apache-2.0 */
/* A room with nothing in it: what bubblewrap does, for a process that is already running and has loaded all it needs.
 * Where the system lets ordinary users have namespaces (not everywhere), there is then no file, no network and no
 * privilege to be had, whatever else fails. */
#include "worker/worker-lock.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static gboolean
write_map (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  gssize n = (gssize) strlen (text);
  gboolean ok = fd >= 0 && write (fd, text, (gsize) n) == n;

  if (fd >= 0)
    close (fd);
  return ok;
}

/* Files made in the new namespace need a known owner: we stay who we are, and know of nobody else. */
static gboolean
keep_identity (uid_t user, gid_t group)
{
  char text[64];

  g_snprintf (text, sizeof text, "%u %u 1", user, user);
  if (!write_map ("/proc/self/setgroups", "deny") || !write_map ("/proc/self/uid_map", text))
    return FALSE;
  g_snprintf (text, sizeof text, "%u %u 1", group, group);
  return write_map ("/proc/self/gid_map", text);
}

/* An empty folder, which cannot be written to, becomes the root; the old one is gone. */
static gboolean
empty_root (void)
{
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

  return mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
         && mount ("semblance", "/tmp", "tmpfs", flags, "size=4k,nr_inodes=1,mode=0555") == 0 && chdir ("/tmp") == 0
         && syscall (SYS_pivot_root, ".", ".") == 0 && umount2 (".", MNT_DETACH) == 0 && chdir ("/") == 0
         && mount (NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) == 0;
}

static gboolean
drop_capabilities (void)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

  return syscall (SYS_capset, &header, none) == 0;
}

gboolean
smb_worker_leave_world (void)
{
  uid_t user = geteuid ();
  gid_t group = getegid ();

  if (unshare (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
    return FALSE;
  return keep_identity (user, group) && empty_root () && drop_capabilities ();
}
