/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The settings of an analysis, which are kept as JSON, as lines to read. */

/* Is given each line, translated: both borrowed for the call. value NULL: nothing is known. */
typedef void (*SmbSettingTake) (const char *name, const char *value, gpointer user_data);

/* json: as a case keeps them, of a picture or a video; NULL or no object: one line with it as it is. What a newer
 * program wrote there is given as it is. */
void smb_settings_in_words (const char *json, SmbSettingTake take, gpointer user_data);

/* "float32, the published numbers"; the name itself if it is none of smb_precision_name. Borrowed. */
const char *smb_precision_words (const char *precision);

G_END_DECLS
