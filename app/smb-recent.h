/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Cases opened lately, newest first, in $XDG_STATE_HOME/semblance/recent: a line each of path, tab, title. The
 * desktop's own list of recent files would show case names to every other program. */
typedef struct {
  char *path;
  char *title;
} SmbRecent;

void smb_recent_free (SmbRecent *recent);
/* SmbRecent*; entries whose file is gone are left out. Does a few stat calls: on a thread of one's own. */
GPtrArray *smb_recent_list (void);
gboolean smb_recent_add (const char *path, const char *title, GError **error);

G_END_DECLS
