/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite keeps others off with fcntl's locks, and the system drops those of a file as soon as this process closes any
 * descriptor of it: a file chooser that looks into the case's folder does, to find out what kind of files lie there.
 * Another process then takes the file for its own, and deletes or cuts the journal under the first one's hands. Locks of
 * open file descriptions stay with the descriptor that took them. */
#include "case/smb-case-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

static gboolean
is_lock (int command)
{
  return command == F_SETLK || command == F_SETLKW || command == F_GETLK;
}

/* In place of fcntl where SQLite calls it. */
static int
call_fcntl (int fd, int command, ...)
{
  struct flock *lock, own;
  va_list rest;
  int result;

  va_start (rest, command);
  if (!is_lock (command)) {
    const int value = va_arg (rest, int);

    va_end (rest);
    return fcntl (fd, command, value);
  }
  lock = va_arg (rest, struct flock *);
  va_end (rest);
  own = *lock;
  own.l_pid = 0;
  result = fcntl (fd,
                  command == F_GETLK    ? F_OFD_GETLK
                  : command == F_SETLKW ? F_OFD_SETLKW
                                        : F_OFD_SETLK,
                  &own);
  /* A file system that has none of these, over a network perhaps, keeps the others. */
  if (result != 0 && errno == EINVAL)
    return fcntl (fd, command, lock);
  *lock = own;
  return result;
}

static gpointer
install (gpointer data)
{
  sqlite3_vfs *files = sqlite3_vfs_find ("unix");

  if (files != NULL && files->iVersion >= 3 && files->xSetSystemCall != NULL)
    files->xSetSystemCall (files, "fcntl", (sqlite3_syscall_ptr) call_fcntl);
  return NULL;
}

void
smb_case_keep_locks (void)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, install, NULL);
}
