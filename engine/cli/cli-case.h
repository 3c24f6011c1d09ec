/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case/smb-case.h"

/* What the acts of semblance-cli case share. */

/* Opens a case for this examiner (NULL: the account's name); NULL after the error was printed. */
SmbCase *smb_cli_open_case (const char *path, const char *examiner);

/* The exhibit called "S-01" of a list, borrowed; NULL with a NOT_FOUND error. */
SmbEvidence *smb_cli_find_exhibit (GPtrArray *list, const char *name, GError **error);

/* "case label": cli-case-label.c. */
int smb_cli_case_label (int argc, char **argv);
/* "case regions": cli-case-regions.c. */
int smb_cli_case_regions (int argc, char **argv);
/* "case tracks": cli-case-tracks.c. */
int smb_cli_case_tracks (int argc, char **argv);
