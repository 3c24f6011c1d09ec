/* SPDX-License-Identifier: Apache-2.0 */
#include "report/smb-report-private.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>

static gboolean
ends_with (const char *path, const char *ending)
{
  gsize n = strlen (path), k = strlen (ending);

  return n > k && g_ascii_strcasecmp (path + n - k, ending) == 0;
}

gboolean
smb_report_write (const char *path, const SmbReportData *data, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) failure = NULL;
  g_autofree char *shown = NULL;
  const char *contents;
  gsize n_bytes;

  g_return_val_if_fail (path != NULL && data != NULL, FALSE);
  g_return_val_if_fail (data->info != NULL && data->exhibits != NULL && data->log != NULL, FALSE);
  shown = g_filename_display_name (path);
  if (ends_with (path, ".pdf")) {
    bytes = smb_report_render_pdf (data, error);
  } else if (ends_with (path, ".html")) {
    bytes = smb_report_render_html (data, error);
  } else if (ends_with (path, ".json")) {
    bytes = smb_report_make_bundle (data);
  } else {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("%s: reports are written as .pdf, .html or .json; give the file a name with one of these endings."),
                 shown);
    return FALSE;
  }
  if (bytes == NULL)
    return FALSE;
  contents = g_bytes_get_data (bytes, &n_bytes);
  /* A temporary file beside it, synced, then renamed. */
  if (!g_file_set_contents_full (path, contents, (gssize) n_bytes,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644, &failure)) {
    SmbError code = g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? SMB_ERROR_NOT_FOUND
                    : g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_ACCES)
                            || g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_PERM)
                            || g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_ROFS)
                        ? SMB_ERROR_PERMISSION
                        : SMB_ERROR_IO;

    g_set_error (error, SMB_ERROR, code, _("%s: the report could not be written (%s); choose another folder."), shown,
                 failure->message);
    return FALSE;
  }
  return TRUE;
}
