/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* First thing in every program's main: takes the user's language and finds the program's own words in it, in
 * $SEMBLANCE_LOCALEDIR (a run from the build folder) or where they are installed. Numbers keep their point in every
 * language, so that the window, the terminal, cases and reports write them alike. */
void smb_locale_init (void);

G_END_DECLS
