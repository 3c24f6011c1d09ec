/* SPDX-License-Identifier: Apache-2.0 */
#include "report/smb-report-page.h"

#include <glib/gi18n-lib.h>

#define HEADER_SIZE 8.0
#define FOOTER_SIZE 6.5
#define BAR_NUMBER_WIDTH 30.0
#define MAX_CELLS 8

void
smb_page_set_ink (SmbPage *page, SmbInk ink)
{
  static const guint8 inks[][3]
      = { { 0x1d, 0x1e, 0x21 }, { 0x5b, 0x5e, 0x66 }, { 0x1a, 0x5f, 0xb4 }, { 0x8a, 0x57, 0x00 },
          { 0xb1, 0x25, 0x1c }, { 0xd2, 0xd3, 0xd8 }, { 0xf4, 0xf4, 0xf5 } };

  cairo_set_source_rgb (page->cr, inks[ink][0] / 255.0, inks[ink][1] / 255.0, inks[ink][2] / 255.0);
}

static void
hairline (SmbPage *page, double y)
{
  smb_page_set_ink (page, SMB_INK_BORDER);
  cairo_set_line_width (page->cr, 0.5);
  cairo_move_to (page->cr, SMB_PAGE_LEFT, y);
  cairo_line_to (page->cr, SMB_PAGE_LEFT + SMB_PAGE_TEXT_WIDTH, y);
  cairo_stroke (page->cr);
}

/* From the top of a text to the line its letters stand on, which a font for other scripts may put lower. */
static double
baseline_of (PangoLayout *layout)
{
  return (double) pango_layout_get_baseline (layout) / PANGO_SCALE;
}

/* One line whose letters stand on `baseline`, shortened with an ellipsis if need be (its whole text stands elsewhere). */
static void
one_line (SmbPage *page, const char *families, double size, const char *text, double x, double baseline, double width,
          gboolean right)
{
  g_autoptr (PangoLayout) layout = smb_report_layout (page->cr, families, size, FALSE, text);
  int got;

  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  pango_layout_set_width (layout, (int) (width * PANGO_SCALE));
  pango_layout_get_size (layout, &got, NULL);
  if (right)
    x += width - (double) got / PANGO_SCALE;
  cairo_move_to (page->cr, x, baseline - baseline_of (layout));
  pango_cairo_show_layout (page->cr, layout);
}

static void
draw_column_heads (SmbPage *page)
{
  SmbCell cells[MAX_CELLS];
  const char *const *columns = page->columns;
  guint n = 0;

  for (; n < MAX_CELLS && columns[n] != NULL; n++)
    cells[n] = smb_cell_text (page, page->column_x[n], page->column_x[n + 1] - page->column_x[n] - 6, SMB_REPORT_SANS,
                              7.5, TRUE, SMB_INK_DIM, columns[n]);
  page->columns = NULL; /* not again, should this very row break */
  smb_page_row (page, cells, n, 3, TRUE);
  page->columns = columns;
}

void
smb_page_begin (SmbPage *page)
{
  g_autofree char *number = NULL;
  const double foot = SMB_PAGE_BOTTOM + 23.4;

  smb_page_set_ink (page, SMB_INK_DIM);
  one_line (page, SMB_REPORT_SANS, HEADER_SIZE, page->header, SMB_PAGE_LEFT, 41.4, SMB_PAGE_TEXT_WIDTH, FALSE);
  hairline (page, 48);
  hairline (page, SMB_PAGE_BOTTOM + 10);
  number = g_strdup_printf (C_ ("page number", "Page %d of %d"), page->page, page->n_pages);
  smb_page_set_ink (page, SMB_INK_DIM);
  one_line (page, SMB_REPORT_MONO, FOOTER_SIZE, page->footer, SMB_PAGE_LEFT, foot, SMB_PAGE_TEXT_WIDTH - 80, FALSE);
  one_line (page, SMB_REPORT_SANS, HEADER_SIZE, number, SMB_PAGE_LEFT + SMB_PAGE_TEXT_WIDTH - 80, foot, 80, TRUE);
  page->y = SMB_PAGE_TOP;
}

void
smb_page_add_sheet (SmbPage *page)
{
  const cairo_rectangle_t paper = { 0, 0, SMB_PAGE_WIDTH, SMB_PAGE_HEIGHT };

  if (page->cr != NULL)
    cairo_destroy (page->cr);
  g_ptr_array_add (page->sheets, cairo_recording_surface_create (CAIRO_CONTENT_COLOR_ALPHA, &paper));
  page->cr = cairo_create (g_ptr_array_index (page->sheets, page->sheets->len - 1));
}

void
smb_page_break (SmbPage *page)
{
  if (page->sheets != NULL)
    smb_page_add_sheet (page);
  else
    cairo_show_page (page->cr);
  page->page++;
  smb_page_begin (page);
  if (page->columns != NULL)
    draw_column_heads (page);
}

double
smb_page_left (const SmbPage *page)
{
  return SMB_PAGE_BOTTOM - page->y;
}

void
smb_page_need (SmbPage *page, double height)
{
  if (height > smb_page_left (page) && page->y > SMB_PAGE_TOP)
    smb_page_break (page);
}

void
smb_page_space (SmbPage *page, double height)
{
  if (page->y > SMB_PAGE_TOP)
    page->y += height;
}

SmbCell
smb_cell_text (SmbPage *page, double x, double width, const char *families, double size, gboolean bold, SmbInk ink,
               const char *text)
{
  SmbCell cell = { .x = x, .width = width, .ink = ink, .marked = -1 };

  cell.layout = smb_report_layout (page->cr, families, size, bold, text);
  pango_layout_set_width (cell.layout, (int) (width * PANGO_SCALE));
  return cell;
}

SmbCell
smb_cell_bars (SmbPage *page, double x, double width, double size, GPtrArray *names, const double *values, int marked)
{
  SmbCell cell = { .x = x, .width = width, .ink = SMB_INK_TEXT, .values = values, .marked = marked };

  cell.bar_labels = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < names->len; i++) {
    PangoLayout *layout
        = smb_report_layout (page->cr, SMB_REPORT_SANS, size, (int) i == marked, g_ptr_array_index (names, i));

    pango_layout_set_width (layout, (int) (width * 0.42 * PANGO_SCALE));
    g_ptr_array_add (cell.bar_labels, layout);
  }
  return cell;
}

void
smb_cell_clear (SmbCell *cell)
{
  g_clear_object (&cell->layout);
  g_clear_pointer (&cell->bar_labels, g_ptr_array_unref);
}

/* Of its first line, from the cell's top. */
static double
cell_baseline (const SmbCell *cell)
{
  if (cell->layout != NULL)
    return baseline_of (cell->layout);
  return cell->bar_labels->len > 0 ? baseline_of (g_ptr_array_index (cell->bar_labels, 0)) : 0.0;
}

static int
cell_n_lines (const SmbCell *cell)
{
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a cell without text has bars */
  return cell->layout != NULL ? pango_layout_get_line_count (cell->layout) : (int) cell->bar_labels->len;
}

static double
layout_height (PangoLayout *layout)
{
  int height;

  pango_layout_get_size (layout, NULL, &height);
  return (double) height / PANGO_SCALE;
}

/* Every line of a text is as high as the text is on average: fonts of one cell differ little, and so nothing of a line
 * is lost whatever page it falls on. */
static double
cell_line_height (const SmbCell *cell, int line)
{
  if (cell->layout != NULL)
    return layout_height (cell->layout) / cell_n_lines (cell);
  return layout_height (g_ptr_array_index (cell->bar_labels, (guint) line)) + 1.5;
}

double
smb_cell_height (const SmbCell *cell)
{
  double height = 0;

  if (cell->layout != NULL)
    return layout_height (cell->layout);
  for (int i = 0; i < cell_n_lines (cell); i++)
    height += cell_line_height (cell, i);
  return height;
}

static void
draw_bar_line (SmbPage *page, const SmbCell *cell, int line, double x, double y, double height)
{
  PangoLayout *label = g_ptr_array_index (cell->bar_labels, (guint) line);
  double value = CLAMP (cell->values[line], 0.0, 1.0);
  double bar_x = x + cell->width * 0.42 + 6;
  double bar_width = cell->width * 0.58 - 6 - BAR_NUMBER_WIDTH;
  double bar_y = y + (height - 1.5) / 2 - 2.5;
  g_autofree char *number = smb_report_fixed (cell->values[line], 3);

  smb_page_set_ink (page, SMB_INK_TEXT);
  cairo_move_to (page->cr, x, y);
  pango_cairo_show_layout (page->cr, label);
  smb_page_set_ink (page, SMB_INK_BORDER);
  cairo_rectangle (page->cr, bar_x, bar_y, bar_width, 5);
  cairo_fill (page->cr);
  smb_page_set_ink (page, line == cell->marked ? SMB_INK_ACCENT : SMB_INK_DIM);
  cairo_rectangle (page->cr, bar_x, bar_y, bar_width * value, 5);
  cairo_fill (page->cr);
  smb_page_set_ink (page, SMB_INK_TEXT);
  one_line (page, SMB_REPORT_SANS, 8, number, bar_x + bar_width, y + baseline_of (label), BAR_NUMBER_WIDTH,
            TRUE);
}

static void
cell_draw_line (SmbPage *page, const SmbCell *cell, int line, double x, double y)
{
  double height = cell_line_height (cell, line);
  PangoLayoutLine *text;
  PangoRectangle extents;

  if (cell->layout == NULL) {
    draw_bar_line (page, cell, line, x, y, height);
    return;
  }
  text = pango_layout_get_line_readonly (cell->layout, line);
  pango_layout_line_get_extents (text, NULL, &extents);
  smb_page_set_ink (page, cell->ink);
  /* A line of a right-to-left paragraph ends at the right edge. */
  if (text->resolved_dir == PANGO_DIRECTION_RTL)
    x += cell->width - (double) extents.width / PANGO_SCALE;
  cairo_move_to (page->cr, x, y - (double) extents.y / PANGO_SCALE);
  pango_cairo_show_layout_line (page->cr, text);
}

void
smb_page_row (SmbPage *page, SmbCell *cells, guint n_cells, double padding, gboolean rule)
{
  int next[MAX_CELLS] = { 0 };
  double height = 0, baseline = 0, lower[MAX_CELLS];
  gboolean more = TRUE;

  g_return_if_fail (n_cells <= MAX_CELLS);
  /* Cells in fonts of different height stand on one line: the others begin lower. */
  for (guint i = 0; i < n_cells; i++)
    baseline = MAX (baseline, cell_baseline (&cells[i]));
  for (guint i = 0; i < n_cells; i++) {
    lower[i] = baseline - cell_baseline (&cells[i]);
    height = MAX (height, lower[i] + smb_cell_height (&cells[i]) + 2 * padding);
  }
  if (height <= (SMB_PAGE_BOTTOM - SMB_PAGE_TOP) / 2)
    smb_page_need (page, height);
  while (more) {
    double lowest = page->y;
    gboolean any = FALSE;

    more = FALSE;
    for (guint i = 0; i < n_cells; i++) {
      double y = page->y + padding + (next[i] == 0 ? lower[i] : 0);

      for (; next[i] < cell_n_lines (&cells[i]); next[i]++) {
        double step = cell_line_height (&cells[i], next[i]);

        /* A fresh page takes a line whatever its height, or this would never end. */
        if (y + step > SMB_PAGE_BOTTOM + 0.01 && (any || page->y > SMB_PAGE_TOP + 40)) {
          more = TRUE;
          break;
        }
        cell_draw_line (page, &cells[i], next[i], SMB_PAGE_LEFT + cells[i].x, y);
        y += step;
        any = TRUE;
      }
      lowest = MAX (lowest, y);
    }
    page->y = lowest + padding;
    if (more)
      smb_page_break (page);
  }
  if (rule)
    hairline (page, page->y);
  for (guint i = 0; i < n_cells; i++)
    smb_cell_clear (&cells[i]);
}

void
smb_page_begin_table (SmbPage *page, const char *const *columns, const double *column_x)
{
  page->columns = columns;
  page->column_x = column_x;
  if (smb_page_left (page) < 60)
    smb_page_break (page);
  else
    draw_column_heads (page);
}

void
smb_page_end_table (SmbPage *page)
{
  page->columns = NULL;
}

void
smb_page_heading (SmbPage *page, double size, const char *text, double keep)
{
  SmbCell cell = smb_cell_text (page, 0, SMB_PAGE_TEXT_WIDTH, SMB_REPORT_SANS, size, TRUE, SMB_INK_TEXT, text);

  smb_page_space (page, size);
  smb_page_need (page, MIN (smb_cell_height (&cell) + 8 + keep, SMB_PAGE_BOTTOM - SMB_PAGE_TOP));
  smb_page_row (page, &cell, 1, 2, FALSE);
  page->y += 2;
}

void
smb_page_paragraph (SmbPage *page, double size, SmbInk ink, const char *text)
{
  SmbCell cell = smb_cell_text (page, 0, SMB_PAGE_TEXT_WIDTH, SMB_REPORT_SANS, size, FALSE, ink, text);

  smb_page_row (page, &cell, 1, 2, FALSE);
}

void
smb_page_banner (SmbPage *page, const char *title, GPtrArray *sentences)
{
  if (sentences->len == 0)
    return;
  smb_page_space (page, 8);
  for (guint i = 0; i <= sentences->len; i++) {
    const char *text = i == 0 ? title : g_ptr_array_index (sentences, i - 1);
    SmbCell cell
        = smb_cell_text (page, 14, SMB_PAGE_TEXT_WIDTH - 24, SMB_REPORT_SANS, 9.5, i == 0, SMB_INK_ALERT, text);
    double height = smb_cell_height (&cell) + 8;

    smb_page_need (page, height + (i == 0 ? 24 : 0));
    if (height <= smb_page_left (page)) {
      cairo_set_source_rgb (page->cr, 1.0, 0.95, 0.94);
      cairo_rectangle (page->cr, SMB_PAGE_LEFT, page->y, SMB_PAGE_TEXT_WIDTH, height);
      cairo_fill (page->cr);
      smb_page_set_ink (page, SMB_INK_ALERT);
      cairo_rectangle (page->cr, SMB_PAGE_LEFT, page->y, 4, height);
      cairo_fill (page->cr);
    }
    smb_page_row (page, &cell, 1, 4, FALSE);
  }
  page->y += 8;
}
