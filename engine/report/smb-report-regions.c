/* SPDX-License-Identifier: Apache-2.0 */
/* The region table's words and the matrix of regions, the same in both kinds of report. */
#include "report/smb-report-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define N SMB_N_COVERED_REGIONS
#define LABEL_PART 0.16 /* of the width, for the names of the rows */
#define Z_AT_ENDS 4.0   /* where the colours end if there are z-scores */

char *
smb_report_measure (const SmbMeasure *measure)
{
  g_autofree char *value = NULL, *z = NULL, *percentile = NULL;

  if (isnan (measure->value))
    return g_strdup ("–");
  value = smb_report_fixed (measure->value, 4);
  if (isnan (measure->z))
    return g_steal_pointer (&value);
  z = smb_report_fixed (measure->z, 1);
  if (isnan (measure->percentile))
    return g_strdup_printf ("%s (z %s%s)", value, measure->z > 0 ? "+" : "", z);
  percentile = smb_report_fixed (measure->percentile, 0);
  return g_strdup_printf ("%s (z %s%s; %s %%)", value, measure->z > 0 ? "+" : "", z, percentile);
}

char *
smb_report_regions_summary (const SmbRegionReport *report)
{
  g_autoptr (GString) out = g_string_new (NULL);

  g_string_append (
      out, _ ("Errors of the reconstruction network. Coherency: all of the region hidden; consistency: part of it; "
              "correspondence: cosine of the features with the region covered to those of the whole face; alone: "
              "nothing else hidden."));
  if (report->reference_sha256 != NULL)
    g_string_append_printf (out, _ (" z and percentile: among %d genuine faces (%s; reference %.12s…)."),
                            report->reference_faces, report->stratum != NULL ? report->stratum : "",
                            report->reference_sha256);
  if (report->stands_out >= 0)
    g_string_append_printf (out, _(" The region that disagrees with the rest: %s."),
                            smb_region_title ((SmbRegion) report->stands_out));
  if (report->note != NULL) {
    g_autofree char *note = smb_report_clean (report->note, FALSE);

    g_string_append_printf (out, " %s", note);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

const char *
smb_report_matrix_caption (void)
{
  return _("How much the error of the region of a row rises when the region of a column is hidden as well.");
}

double
smb_report_matrix_height (double width)
{
  const double cell = width * (1 - LABEL_PART) / N;

  return cell * 0.5 * (N + 1);
}

/* Text in the middle of a rectangle (or, `left`, at its left edge). */
static void
draw_text (cairo_t *cr, const char *text, double size, gboolean bold, gboolean left, double x, double y, double width,
           double height)
{
  g_autoptr (PangoLayout) layout = smb_report_layout (cr, SMB_REPORT_SANS, size, bold, text);
  int text_width, text_height;

  pango_layout_get_size (layout, &text_width, &text_height);
  cairo_move_to (cr, left ? x : x + (width - (double) text_width / PANGO_SCALE) / 2,
                 y + (height - (double) text_height / PANGO_SCALE) / 2);
  pango_cairo_show_layout (cr, layout);
}

/* The ends of the colours: z-scores have their own, values those of the largest. */
static double
largest (const SmbRegionReport *report, gboolean by_z)
{
  double most = 0;

  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      if (isfinite (report->rise[i][j].value))
        most = MAX (most, fabs (report->rise[i][j].value));
  return by_z ? Z_AT_ENDS : MAX (most, 1e-12);
}

static void
draw_cell (cairo_t *cr, const SmbMeasure *measure, gboolean by_z, double most, double size, double x, double y,
           double width, double height)
{
  const double shown = by_z ? measure->z : measure->value;
  g_autofree char *value = isnan (measure->value) ? g_strdup ("–") : smb_report_fixed (measure->value, 4);
  guint8 rgb[3] = { 0xee, 0xee, 0xee };

  if (isfinite (shown))
    smb_colours_lookup (SMB_COLOURS_DIVERGING, 0.5 + CLAMP (shown / most, -1.0, 1.0) / 2, rgb);
  cairo_rectangle (cr, x + 0.5, y + 0.5, width - 1, height - 1);
  cairo_set_source_rgb (cr, rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0);
  cairo_fill (cr);
  if (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] < 128)
    cairo_set_source_rgb (cr, 1, 1, 1);
  else
    cairo_set_source_rgb (cr, 0.11, 0.12, 0.13);
  if (by_z && isfinite (measure->z)) {
    g_autofree char *z = smb_report_fixed (measure->z, 1);
    g_autofree char *line = g_strdup_printf ("z %s%s", measure->z > 0 ? "+" : "", z);

    draw_text (cr, value, size, FALSE, FALSE, x, y, width, height * 0.56);
    draw_text (cr, line, size * 0.85, FALSE, FALSE, x, y + height * 0.46, width, height * 0.5);
  } else
    draw_text (cr, value, size, FALSE, FALSE, x, y, width, height);
}

void
smb_report_draw_matrix (cairo_t *cr, const SmbRegionReport *report, double x, double y, double width)
{
  const gboolean by_z = report->reference_sha256 != NULL;
  const double labels = width * LABEL_PART, cell = (width - labels) / N, height = cell * 0.5, size = height * 0.28;
  const double most = largest (report, by_z);

  for (int i = 0; i < N; i++) {
    const char *name = smb_region_title ((SmbRegion) i);
    const double top = y + height * (i + 1);

    cairo_set_source_rgb (cr, 0.11, 0.12, 0.13);
    draw_text (cr, name, size, i == report->stands_out, FALSE, x + labels + cell * i, y, cell, height);
    draw_text (cr, name, size, i == report->stands_out, TRUE, x, top, labels, height);
    for (int j = 0; j < N; j++)
      draw_cell (cr, &report->rise[i][j], by_z, most, size, x + labels + cell * j, top, cell, height);
  }
}
