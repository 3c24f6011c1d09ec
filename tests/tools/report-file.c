/* SPDX-License-Identifier: Apache-2.0 */
/* In a program that a sanitizer watches, and in no other (see engine/base/meson.build): its reports go to a file of its
 * own in the folder that watched.py names. It is opened before main () begins, for a worker behind its walls can open
 * none. */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void smb_report_file_open (void);

typedef struct {
  char path[4096]; /* a process forked off this one opens PATH.PID instead */
  int fd;
} ReportFile;

static void *
find (void *library, const char *name)
{
  return library != NULL ? dlsym (library, name) : NULL;
}

/* Two sanitizers in one program (libasan.so, libubsan.so) have a file each and name their functions alike, so an option
 * (log_path) reaches the first alone; here both are told. Each gets a descriptor of its own, for the second, with its
 * first report, closes the first one's. */
static int
tell (struct dl_phdr_info *info, size_t bytes, void *data)
{
  const ReportFile *file = data;
  void *library = strstr (info->dlpi_name, "san.so") != NULL ? dlopen (info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD) : NULL;
  void (*set_path) (const char *) = find (library, "__sanitizer_set_report_path");
  void (*set_fd) (void *) = find (library, "__sanitizer_set_report_fd");

  if (set_path != NULL && set_fd != NULL) {
    set_path (file->path);
    set_fd ((void *) (intptr_t) fcntl (file->fd, F_DUPFD_CLOEXEC, 0));
  }
  return 0;
}

void __attribute__ ((constructor))
smb_report_file_open (void)
{
  const char *folder = getenv ("SMB_REPORTS");
  ReportFile file;

  if (folder == NULL)
    return;
  snprintf (file.path, sizeof file.path, "%s/%d", folder, (int) getpid ());
  file.fd = open (file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file.fd < 0)
    return;
  dl_iterate_phdr (tell, &file);
  close (file.fd);
}
