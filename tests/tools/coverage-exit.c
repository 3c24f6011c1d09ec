/* SPDX-License-Identifier: Apache-2.0 */
/* In a build that measures which lines tests reach, and in no other (see meson.build): a worker writes its counts when
 * it ends, which one that is locked in could not. semblance-worker therefore goes through raising its walls without
 * raising them; the hostile worker of the tests, which must have them, writes its counts just before (COUNT_AND_LOCK).
 */
#include <glib.h>

void __gcov_dump (void);
void __real__exit (int status) G_GNUC_NORETURN;
void __wrap__exit (int status) G_GNUC_NORETURN;
int __real_seccomp_load (void *filter);
int __wrap_seccomp_load (void *filter);
gboolean __wrap_smb_worker_leave_world (void);
int __wrap_smb_worker_landlock (int mode, gboolean card);

void
__wrap__exit (int status)
{
#ifndef COUNT_AND_LOCK
  __gcov_dump ();
#endif
  __real__exit (status);
}

int
__wrap_seccomp_load (void *filter)
{
#ifdef COUNT_AND_LOCK
  __gcov_dump ();
  return __real_seccomp_load (filter);
#else
  return 0;
#endif
}

gboolean
__wrap_smb_worker_leave_world (void)
{
  return FALSE;
}

int
__wrap_smb_worker_landlock (int mode, gboolean card)
{
  return 0;
}
