/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside engine/report only: A4 pages that fill from the top. Lengths in points (1/72 inch). Text never leaves its
 * column (it wraps) nor its page (rows break between lines). */

#include "report/smb-report-private.h"

G_BEGIN_DECLS

#define SMB_PAGE_WIDTH 595.276
#define SMB_PAGE_HEIGHT 841.89
#define SMB_PAGE_LEFT 42.0
#define SMB_PAGE_TEXT_WIDTH (SMB_PAGE_WIDTH - 2 * SMB_PAGE_LEFT)
#define SMB_PAGE_TOP 62.0
#define SMB_PAGE_BOTTOM (SMB_PAGE_HEIGHT - 56.0)

typedef enum {
  SMB_INK_TEXT,
  SMB_INK_DIM,
  SMB_INK_ACCENT,
  SMB_INK_WARNING,
  SMB_INK_ALERT,
  SMB_INK_BORDER,
  SMB_INK_PANE
} SmbInk;

/* One column of a row: a text, or a bar chart with a line for each value. */
typedef struct {
  double x, width; /* from the left edge of the text area */
  PangoLayout *layout;
  SmbInk ink;
  GPtrArray *bar_labels; /* PangoLayout*, with `values` as long; NULL for text */
  const double *values;  /* 0 to 1; borrowed */
  int marked;            /* index of the value drawn in accent; -1: none */
} SmbCell;

typedef struct {
  cairo_surface_t *surface; /* of a PDF; NULL: each page is a recording of its own, in `sheets` */
  GPtrArray *sheets;        /* cairo_surface_t*, or NULL */
  cairo_t *cr;
  double y;
  int page;    /* 1-based */
  int n_pages; /* 0 while they are being counted */
  const char *header;
  const char *footer;
  const char *const *columns; /* headings of the table being drawn, repeated after a break; NULL-terminated */
  const double *column_x;     /* their places; one more for the right end */
} SmbPage;

void smb_page_set_ink (SmbPage *page, SmbInk ink);
void smb_page_begin (SmbPage *page);  /* header and footer of a page that is just begun */
void smb_page_add_sheet (SmbPage *page); /* the next recording, drawn on from now on */
void smb_page_break (SmbPage *page);
double smb_page_left (const SmbPage *page); /* free height */
/* Breaks unless this much is free (or the page is fresh). */
void smb_page_need (SmbPage *page, double height);
void smb_page_space (SmbPage *page, double height); /* nothing at the top of a page */

SmbCell smb_cell_text (SmbPage *page, double x, double width, const char *families, double size, gboolean bold,
                       SmbInk ink, const char *text);
SmbCell smb_cell_bars (SmbPage *page, double x, double width, double size, GPtrArray *names, const double *values,
                       int marked);
void smb_cell_clear (SmbCell *cell);
double smb_cell_height (const SmbCell *cell);

/* Draws and clears the cells. A row of up to half a page is kept together. `rule`: a hairline below. */
void smb_page_row (SmbPage *page, SmbCell *cells, guint n_cells, double padding, gboolean rule);
/* Column headings now and after every break until smb_page_end_table. */
void smb_page_begin_table (SmbPage *page, const char *const *columns, const double *column_x);
void smb_page_end_table (SmbPage *page);

/* A heading stays with at least `keep` points of what follows. */
void smb_page_heading (SmbPage *page, double size, const char *text, double keep);
void smb_page_paragraph (SmbPage *page, double size, SmbInk ink, const char *text);
/* A framed warning. */
void smb_page_banner (SmbPage *page, const char *title, GPtrArray *sentences);

/* The whole report from the first page on (smb-report-pdf.c). The page's surface, numbers, header and footer are the
 * caller's. */
void smb_report_draw_all (SmbPage *page, const SmbReportData *data);
char *smb_report_footer (const SmbReportData *data);
void smb_report_set_status (GError **error, cairo_status_t status); /* why it could not be drawn, as a sentence */

G_END_DECLS
