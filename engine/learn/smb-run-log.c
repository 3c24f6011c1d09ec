/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-run-log.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <math.h>

#include "base/smb-error.h"
#include "learn/smb-checkpoint.h"

FILE *
smb_run_log_open (const char *folder, guint64 iteration, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "metrics.jsonl", NULL);
  FILE *log;

  if (!smb_learn_cut_log (path, iteration, error))
    return NULL;
  log = fopen (path, "abe");
  if (log == NULL)
    smb_error_set_errno (error, errno, path, _ ("opening the log"));
  return log;
}

void
smb_run_log_begin (FILE *log, guint64 iteration)
{
  fprintf (log, "{\"iteration\":%" PRIu64, iteration);
}

void
smb_run_log_number (FILE *log, const char *key, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  fprintf (log, ",\"%s\":%s", key, isfinite (value) ? g_ascii_formatd (text, sizeof text, "%.9g", value) : "null");
}

void
smb_run_log_text (FILE *log, const char *key, const char *value)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), value);
  g_autofree char *quoted = json_to_string (node, FALSE);

  fprintf (log, ",\"%s\":%s", key, quoted);
}

gboolean
smb_run_log_end (FILE *log, const char *folder, GError **error)
{
  fputs ("}\n", log);
  if (fflush (log) == 0)
    return TRUE;
  return smb_error_set_errno (error, errno, folder, _ ("writing the log"));
}
