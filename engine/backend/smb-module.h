/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "backend/smb-backend-abi.h"

G_BEGIN_DECLS

/* Private to backend: the table of a backend that lives in a module of its own, "smb-NAME.so" in the folder of the
 * environment variable SMB_MODULE_DIR, or, without it, where the program is installed. A module is loaded once and
 * never unloaded; its table is borrowed for ever. NULL with an error: not installed (NOT_FOUND), not loadable, no entry
 * point, or built for another version of the program (MISMATCH). Any thread. */
const SmbBackendAbi *smb_module_load (const char *name, GError **error);

G_END_DECLS
