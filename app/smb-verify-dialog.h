/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* Does a report hold? Its bundle and the originals are chosen, everything is computed again in a thread, and each part
 * is listed as the same, different or not tried, with the reason. Needs no case. case_path: of the case that is open,
 * whose audit log is then looked at as well unless that is switched off; NULL: none. */
void smb_verify_dialog_present (GtkWindow *parent, SmbEngine *engine, const char *case_path);

G_END_DECLS
