/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case/smb-case.h"

/* What the acts of semblance-cli case share. */

/* Opens a case for this examiner (NULL: the account's name); NULL after the error was printed. */
SmbCase *smb_cli_open_case (const char *path, const char *examiner);

/* "case label": cli-case-label.c. */
int smb_cli_case_label (int argc, char **argv);
