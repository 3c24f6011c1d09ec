/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where cases are kept unless the examiner says otherwise: $XDG_DATA_HOME/semblance/cases. */
char *smb_cases_folder (void);

/* The sample pictures: $SEMBLANCE_SAMPLES, else the installed ones, else those of the source tree the program was built
 * from. NULL with a sentence if there are none. */
char *smb_sample_folder (GError **error);

/* The sample case's file. It is made from the sample pictures when it is not there yet. */
char *smb_sample_case_path (void);
/* The sample pictures as GFile*, by name. */
GPtrArray *smb_sample_list (GError **error);

G_END_DECLS
