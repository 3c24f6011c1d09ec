/* SPDX-License-Identifier: Apache-2.0 */
/* Which system calls a worker may still make. The decoder's list names what is allowed, everything else ends it; the
 * compute worker's names what is refused, for drivers of graphics cards need more than can be listed. */
#include "worker/worker-lock.h"

#include "base/smb-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

typedef void Filter;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Filter, seccomp_release)

/* Memory, threads, time, and descriptors that are already there. Nothing here takes a path. */
static const int decode_calls[] = {
  /* descriptors at hand */
  SCMP_SYS (read),
  SCMP_SYS (readv),
  SCMP_SYS (pread64),
  SCMP_SYS (preadv),
  SCMP_SYS (write),
  SCMP_SYS (writev),
  SCMP_SYS (lseek),
  SCMP_SYS (close),
  SCMP_SYS (dup),
  SCMP_SYS (fstat),
  SCMP_SYS (poll),
  SCMP_SYS (ppoll),
  /* the socket to the program, and planes */
  SCMP_SYS (sendmsg),
  SCMP_SYS (sendto),
  SCMP_SYS (recvmsg),
  SCMP_SYS (recvfrom),
  SCMP_SYS (getsockopt),
  SCMP_SYS (memfd_create),
  SCMP_SYS (ftruncate),
  SCMP_SYS (eventfd2),
  /* memory; mmap and mprotect have a rule of their own */
  SCMP_SYS (brk),
  SCMP_SYS (munmap),
  SCMP_SYS (mremap),
  SCMP_SYS (madvise),
  SCMP_SYS (membarrier),
  /* threads of the decoders */
  SCMP_SYS (futex),
  SCMP_SYS (futex_waitv),
  SCMP_SYS (set_robust_list),
  SCMP_SYS (rseq),
  SCMP_SYS (sched_yield),
  SCMP_SYS (sched_getaffinity),
  SCMP_SYS (gettid),
  SCMP_SYS (getpid),
  SCMP_SYS (set_tid_address),
  SCMP_SYS (get_robust_list),
  SCMP_SYS (rt_sigaction),
  SCMP_SYS (rt_sigprocmask),
  SCMP_SYS (rt_sigreturn),
  SCMP_SYS (sigaltstack),
  SCMP_SYS (restart_syscall),
  SCMP_SYS (exit),
  SCMP_SYS (exit_group),
  /* time and chance */
  SCMP_SYS (clock_gettime),
  SCMP_SYS (clock_getres),
  SCMP_SYS (clock_nanosleep),
  SCMP_SYS (nanosleep),
  SCMP_SYS (gettimeofday),
  SCMP_SYS (getrandom),
  SCMP_SYS (getrusage),
  SCMP_SYS (getrlimit),
  SCMP_SYS (setrlimit),
  SCMP_SYS (sysinfo),
};

/* Refused to the compute worker: other machines, other programs, other processes, the system's own settings. */
static const int compute_refused[] = {
  SCMP_SYS (connect),
  SCMP_SYS (accept),
  SCMP_SYS (accept4),
  SCMP_SYS (execve),
  SCMP_SYS (execveat),
  SCMP_SYS (fork),
  SCMP_SYS (vfork),
  SCMP_SYS (ptrace),
  SCMP_SYS (process_vm_readv),
  SCMP_SYS (process_vm_writev),
  SCMP_SYS (pidfd_getfd),
  SCMP_SYS (pidfd_open),
  SCMP_SYS (bpf),
  SCMP_SYS (mount),
  SCMP_SYS (umount2),
  SCMP_SYS (pivot_root),
  SCMP_SYS (chroot),
  SCMP_SYS (unshare),
  SCMP_SYS (setns),
  SCMP_SYS (init_module),
  SCMP_SYS (finit_module),
  SCMP_SYS (delete_module),
  SCMP_SYS (kexec_load),
  SCMP_SYS (keyctl),
  SCMP_SYS (add_key),
  SCMP_SYS (request_key),
  SCMP_SYS (io_uring_setup),
  SCMP_SYS (userfaultfd),
  SCMP_SYS (perf_event_open),
  SCMP_SYS (open_by_handle_at),
  SCMP_SYS (reboot),
  SCMP_SYS (swapon),
  SCMP_SYS (swapoff),
  SCMP_SYS (kill),
  SCMP_SYS (tkill),
  SCMP_SYS (pidfd_send_signal),
  SCMP_SYS (process_madvise),
  SCMP_SYS (settimeofday),
  SCMP_SYS (clock_settime),
  SCMP_SYS (sethostname),
  SCMP_SYS (acct),
  SCMP_SYS (quotactl),
  /* files and folders: nothing appears, goes, moves or changes hands */
  SCMP_SYS (creat),
  SCMP_SYS (truncate),
  SCMP_SYS (unlink),
  SCMP_SYS (unlinkat),
  SCMP_SYS (rename),
  SCMP_SYS (renameat),
  SCMP_SYS (renameat2),
  SCMP_SYS (mkdir),
  SCMP_SYS (mkdirat),
  SCMP_SYS (rmdir),
  SCMP_SYS (link),
  SCMP_SYS (linkat),
  SCMP_SYS (symlink),
  SCMP_SYS (symlinkat),
  SCMP_SYS (mknod),
  SCMP_SYS (mknodat),
  SCMP_SYS (chmod),
  SCMP_SYS (fchmod),
  SCMP_SYS (fchmodat),
  SCMP_SYS (chown),
  SCMP_SYS (fchown),
  SCMP_SYS (lchown),
  SCMP_SYS (fchownat),
  SCMP_SYS (utimensat),
  SCMP_SYS (setxattr),
  SCMP_SYS (lsetxattr),
  SCMP_SYS (fsetxattr),
  SCMP_SYS (removexattr),
  SCMP_SYS (lremovexattr),
  SCMP_SYS (fremovexattr),
};

/* What the C library and the decoders look up of the machine: how many processors, how memory is overcommitted. They
 * take "there is no such file" for an answer. */
static const char *const looked_up[] = {
  "/sys/devices/system/cpu",
  "/proc/stat",
  "/proc/cpuinfo",
  "/proc/sys/vm/overcommit_memory",
#ifdef SMB_WORKER_WATCHED
  "/proc/", /* what of the program lies where */
#endif
};

#ifdef SMB_WORKER_WATCHED
/* What a sanitizer tries before it writes down what it found: names, the terminal. It is refused as well, but lives to
 * write. */
static const int watcher_calls[] = {
  SCMP_SYS (readlink),
  SCMP_SYS (readlinkat),
  SCMP_SYS (ioctl),
};

static int
add_watcher (Filter *filter)
{
  int failed = 0;

  for (guint i = 0; failed == 0 && i < G_N_ELEMENTS (watcher_calls); i++)
    failed = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EACCES), watcher_calls[i], 0);
  return failed;
}
#endif

/* Instead of an open the kernel made this signal. The call is not made, ever; what remains to decide is whether to say
 * so or to end the process. Whoever has taken it over may change this decision, but not open anything. */
static void
answer_open (int signal_number, siginfo_t *info, void *context)
{
  ucontext_t *at = context;
#if defined (__x86_64__)
  const char *path = (const char *) (info->si_syscall == SYS_openat ? at->uc_mcontext.gregs[REG_RSI]
                                                                    : at->uc_mcontext.gregs[REG_RDI]);
  greg_t *answer = &at->uc_mcontext.gregs[REG_RAX];
#elif defined (__aarch64__)
  const char *path = (const char *) at->uc_mcontext.regs[1];
  unsigned long long *answer = &at->uc_mcontext.regs[0];
#else
#error "worker-seccomp.c: say where this processor keeps the arguments of a system call"
#endif

  for (guint i = 0; path != NULL && i < G_N_ELEMENTS (looked_up); i++) {
    if (strncmp (path, looked_up[i], strlen (looked_up[i])) == 0) {
      *answer = -ENOENT;
      return;
    }
  }
  syscall (SYS_ptrace, 0, 0, 0, 0); /* on no list: the kernel ends the process */
  _exit (3);
}

static int
add_lookups (Filter *filter)
{
  struct sigaction action = { .sa_sigaction = answer_open, .sa_flags = SA_SIGINFO };
  int failed;

  if (sigaction (SIGSYS, &action, NULL) != 0)
    return -errno;
  failed = seccomp_rule_add (filter, SCMP_ACT_TRAP, SCMP_SYS (openat), 0);
  return failed == 0 ? seccomp_rule_add (filter, SCMP_ACT_TRAP, SCMP_SYS (open), 0) : failed;
}

static gboolean
check (int failed, GError **error)
{
  if (failed == 0)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("this system refuses the filter of system calls (%s)"),
               g_strerror (-failed));
  return FALSE;
}

static int
add_threads_only (Filter *filter, uint32_t refused)
{
  /* The flags of clone3 lie in memory, where a filter cannot look; without it the C library uses clone. */
  int failed = seccomp_rule_add (filter, SCMP_ACT_ERRNO (ENOSYS), SCMP_SYS (clone3), 0);

  if (failed != 0)
    return failed;
  if (refused != 0)
    return seccomp_rule_add (filter, refused, SCMP_SYS (clone), 1, SCMP_A0 (SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  return seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (clone), 1,
                           SCMP_A0 (SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
}

static int
fill_decode (Filter *filter)
{
  static const int fcntls[] = { F_GETFD, F_GETFL, F_DUPFD_CLOEXEC, F_ADD_SEALS, F_GET_SEALS };
  const uint32_t allow = SCMP_ACT_ALLOW;
  int failed = 0;

  for (guint i = 0; failed == 0 && i < G_N_ELEMENTS (decode_calls); i++)
    failed = seccomp_rule_add (filter, allow, decode_calls[i], 0);
  for (guint i = 0; failed == 0 && i < G_N_ELEMENTS (fcntls); i++)
    failed = seccomp_rule_add (filter, allow, SCMP_SYS (fcntl), 1, SCMP_A1 (SCMP_CMP_EQ, (scmp_datum_t) fcntls[i]));
  if (failed == 0)
    failed = seccomp_rule_add (filter, allow, SCMP_SYS (mmap), 1, SCMP_A2 (SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  if (failed == 0)
    failed = seccomp_rule_add (filter, allow, SCMP_SYS (mprotect), 1, SCMP_A2 (SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  /* The C library asks for a descriptor's size this way. */
  if (failed == 0)
    failed = seccomp_rule_add (filter, allow, SCMP_SYS (newfstatat), 1,
                               SCMP_A3 (SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
  /* Its own limits, for the processor time of the next request. */
  if (failed == 0)
    failed = seccomp_rule_add (filter, allow, SCMP_SYS (prlimit64), 1, SCMP_A0 (SCMP_CMP_EQ, 0));
  if (failed == 0)
    failed = seccomp_rule_add (filter, allow, SCMP_SYS (prctl), 1, SCMP_A0 (SCMP_CMP_EQ, PR_SET_NAME));
  /* abort () of a decoder that has found itself in a mess. */
  if (failed == 0)
    failed = seccomp_rule_add (filter, allow, SCMP_SYS (tgkill), 1, SCMP_A0 (SCMP_CMP_EQ, (scmp_datum_t) getpid ()));
  if (failed == 0)
    failed = add_lookups (filter);
#ifdef SMB_WORKER_WATCHED
  if (failed == 0)
    failed = add_watcher (filter);
#endif
  return failed == 0 ? add_threads_only (filter, 0) : failed;
}

/* A graphics card is spoken to through devices that are opened for writing; without one nothing need be. */
static int
add_reading_only (Filter *filter)
{
  static const int writing[] = { O_WRONLY, O_RDWR };
  const uint32_t refuse = SCMP_ACT_ERRNO (EACCES);
  int failed = 0;

  for (guint i = 0; failed == 0 && i < G_N_ELEMENTS (writing); i++) {
    failed = seccomp_rule_add (filter, refuse, SCMP_SYS (openat), 1,
                               SCMP_A2 (SCMP_CMP_MASKED_EQ, O_ACCMODE, (scmp_datum_t) writing[i]));
    if (failed == 0)
      failed = seccomp_rule_add (filter, refuse, SCMP_SYS (open), 1,
                                 SCMP_A1 (SCMP_CMP_MASKED_EQ, O_ACCMODE, (scmp_datum_t) writing[i]));
  }
  return failed;
}

static int
refuse_all (Filter *filter, const int *calls, guint n_calls)
{
  int failed = 0;

  for (guint i = 0; failed == 0 && i < n_calls; i++)
    failed = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EACCES), calls[i], 0);
  return failed;
}

/* Refuses `call`, which makes sockets, those of these types. */
static int
refuse_types (Filter *filter, int call, const int *types, guint n_types)
{
  int failed = 0;

  for (guint i = 0; failed == 0 && i < n_types; i++)
    failed = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EACCES), call, 1,
                               SCMP_A1 (SCMP_CMP_MASKED_EQ, 0xf, (scmp_datum_t) types[i]));
  return failed;
}

/* NVIDIA's driver begins by listening at a socket of this machine, for whoever shares memory with it, and gives up
 * where it may not. Nobody is answered there: nothing is accepted, and of what is connected there is but the socket to
 * the program. */
static int
add_listening (Filter *filter)
{
  static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW };
  int failed = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EACCES), SCMP_SYS (socket), 1, SCMP_A0 (SCMP_CMP_NE, AF_UNIX));

  return failed == 0 ? refuse_types (filter, SCMP_SYS (socket), types, G_N_ELEMENTS (types)) : failed;
}

static int
fill_compute (Filter *filter, gboolean card)
{
  static const int listening[] = { SCMP_SYS (socket), SCMP_SYS (bind), SCMP_SYS (listen) };
  static const int pairs[] = { SOCK_DGRAM, SOCK_RAW }; /* a pair of these sends elsewhere as well */
  /* Its flags lie in memory, where a filter cannot look; the C library does not need it. */
  int failed = seccomp_rule_add (filter, SCMP_ACT_ERRNO (ENOSYS), SCMP_SYS (openat2), 0);

  if (failed == 0)
    failed = refuse_all (filter, compute_refused, G_N_ELEMENTS (compute_refused));
  if (failed == 0)
    failed = refuse_types (filter, SCMP_SYS (socketpair), pairs, G_N_ELEMENTS (pairs));
  if (failed == 0)
    failed = card ? add_listening (filter) : refuse_all (filter, listening, G_N_ELEMENTS (listening));
  if (failed == 0 && !card)
    failed = add_reading_only (filter);
  return failed == 0 ? add_threads_only (filter, SCMP_ACT_ERRNO (EACCES)) : failed;
}

gboolean
smb_worker_filter_calls (SmbWorkerMode mode, gboolean card, GError **error)
{
  g_autoptr (Filter) filter = seccomp_init (mode != SMB_WORKER_COMPUTE ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ALLOW);

  if (filter == NULL)
    return check (-ENOMEM, error);
  return check (seccomp_attr_set (filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), error)
         && check (seccomp_attr_set (filter, SCMP_FLTATR_CTL_TSYNC, 1), error)
         && check (mode != SMB_WORKER_COMPUTE ? fill_decode (filter) : fill_compute (filter, card), error)
         && check (seccomp_load (filter), error);
}
