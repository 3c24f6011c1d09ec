/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <stdio.h>

G_BEGIN_DECLS

/* The log of a training, "metrics.jsonl": one JSON object a line, each beginning with "iteration". */

/* Opens the log in `folder` to go on behind the iteration: what a run that was broken off wrote later is cut away. */
FILE *smb_run_log_open (const char *folder, guint64 iteration, GError **error);
void smb_run_log_begin (FILE *log, guint64 iteration);
void smb_run_log_number (FILE *log, const char *key, double value); /* null if it is not finite */
void smb_run_log_text (FILE *log, const char *key, const char *value);
/* Ends the line and hands it to the system. */
gboolean smb_run_log_end (FILE *log, const char *folder, GError **error);

G_END_DECLS
