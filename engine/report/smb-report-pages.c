/* SPDX-License-Identifier: Apache-2.0 */
#include "report/smb-report-pages.h"

#include "report/smb-report-page.h"

#include <math.h>

#define MAX_WIDTH_PX 10000

struct _SmbReportPages {
  gatomicrefcount ref_count;
  GMutex mutex;      /* a recording is played by one thread at a time */
  GPtrArray *sheets; /* cairo_surface_t* */
};

/* Draws all pages as recordings; n_pages_in_out as for a PDF. NULL with the status. */
static GPtrArray *
record (const SmbReportData *data, int *n_pages_in_out, cairo_status_t *status)
{
  g_autofree char *header = smb_report_case_title (data), *footer = smb_report_footer (data);
  g_autoptr (GPtrArray) sheets = g_ptr_array_new_with_free_func ((GDestroyNotify) cairo_surface_destroy);
  SmbPage page = { .sheets = sheets, .page = 1, .n_pages = *n_pages_in_out, .header = header, .footer = footer };

  smb_page_add_sheet (&page);
  smb_report_draw_all (&page, data);
  *status = cairo_status (page.cr);
  cairo_destroy (page.cr);
  for (guint i = 0; i < sheets->len && *status == CAIRO_STATUS_SUCCESS; i++)
    *status = cairo_surface_status (sheets->pdata[i]);
  *n_pages_in_out = page.page;
  return *status == CAIRO_STATUS_SUCCESS ? g_steal_pointer (&sheets) : NULL;
}

SmbReportPages *
smb_report_pages_new (const SmbReportData *data, GError **error)
{
  SmbReportPages *pages;
  cairo_status_t status;
  int n_pages = 0;
  GPtrArray *sheets = record (data, &n_pages, &status);

  if (sheets != NULL) { /* these counted the pages */
    g_ptr_array_unref (sheets);
    sheets = record (data, &n_pages, &status);
  }
  if (sheets == NULL) {
    smb_report_set_status (error, status);
    return NULL;
  }
  pages = g_new0 (SmbReportPages, 1);
  g_atomic_ref_count_init (&pages->ref_count);
  g_mutex_init (&pages->mutex);
  pages->sheets = sheets;
  return pages;
}

SmbReportPages *
smb_report_pages_ref (SmbReportPages *pages)
{
  g_atomic_ref_count_inc (&pages->ref_count);
  return pages;
}

void
smb_report_pages_unref (SmbReportPages *pages)
{
  if (!g_atomic_ref_count_dec (&pages->ref_count))
    return;
  g_ptr_array_unref (pages->sheets);
  g_mutex_clear (&pages->mutex);
  g_free (pages);
}

guint
smb_report_pages_get_n (const SmbReportPages *pages)
{
  return pages->sheets->len;
}

double
smb_report_pages_get_aspect (void)
{
  return SMB_PAGE_HEIGHT / SMB_PAGE_WIDTH;
}

GBytes *
smb_report_pages_render (SmbReportPages *pages, guint page, int width_px, int *height_px_out, GError **error)
{
  const int height_px = (int) lround (width_px * smb_report_pages_get_aspect ());
  cairo_surface_t *surface;
  cairo_status_t status;
  GBytes *bytes = NULL;
  cairo_t *cr;

  g_return_val_if_fail (page < pages->sheets->len && width_px > 0 && width_px <= MAX_WIDTH_PX, NULL);
  g_mutex_lock (&pages->mutex);
  surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width_px, height_px);
  cr = cairo_create (surface);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  cairo_scale (cr, width_px / SMB_PAGE_WIDTH, width_px / SMB_PAGE_WIDTH);
  cairo_set_source_surface (cr, pages->sheets->pdata[page], 0, 0);
  cairo_paint (cr);
  status = cairo_status (cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  if (status == CAIRO_STATUS_SUCCESS) {
    /* Rows of this format have no bytes between them. */
    bytes = g_bytes_new (cairo_image_surface_get_data (surface), 4 * (gsize) width_px * (gsize) height_px);
    *height_px_out = height_px;
  } else {
    smb_report_set_status (error, status);
  }
  cairo_surface_destroy (surface);
  g_mutex_unlock (&pages->mutex);
  return bytes;
}
