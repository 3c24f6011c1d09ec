/* SPDX-License-Identifier: Apache-2.0 */
/* The scores of a video's tracks against time, drawn the same into a PDF page and into an HTML file's image. */
#include "report/smb-report-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Lengths of a drawing as wide as a page's text; others are scaled. */
#define WIDTH 511.0
#define PLOT 118.0
#define LEFT 22.0
#define RIGHT 4.0
#define LEGEND_ROW 12.0
#define LEGEND_PER_ROW 4u
#define RUN_ROOM 10.0 /* above the plot, for the longest runs */
#define RULER 14.0
#define FONT 7.0
#define MIN_LABEL 46.0
#define MAX_DOTS 200u

typedef struct {
  cairo_t *cr;
  const SmbReportTimeline *timeline;
  double left, right, top, bottom; /* of the plot */
} Plot;

static guint
legend_rows (const SmbReportTimeline *timeline)
{
  return (timeline->tracks->len + LEGEND_PER_ROW - 1) / LEGEND_PER_ROW;
}

double
smb_report_timeline_height (const SmbReportTimeline *timeline, double width)
{
  return (legend_rows (timeline) * LEGEND_ROW + RUN_ROOM + PLOT + RULER) * width / WIDTH;
}

char *
smb_report_timeline_caption (const SmbReportTimeline *timeline)
{
  GString *text = g_string_new (
      _ ("Score of each track against time (minutes:seconds). Dots: scored frames; band: one standard deviation "
         "about the mean of nine neighbours; bar at the top: the longest run above the track's own level, its "
         "onset at the left end; dashed lines: cuts. The published score is the mean over the whole track, "
         "which dilutes a short swap."));

  if (timeline->n_edits > 0) {
    g_string_append_c (text, ' ');
    g_string_append_printf (text,
                            g_dngettext (GETTEXT_PACKAGE, "The tracks are drawn after %u change by the analyst.",
                                         "The tracks are drawn after %u changes by the analyst.", timeline->n_edits),
                            timeline->n_edits);
  }
  return g_string_free (text, FALSE);
}

static void
set_colour (cairo_t *cr, guint32 rgb, double alpha)
{
  cairo_set_source_rgba (cr, (rgb >> 16) / 255.0, (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0, alpha);
}

/* alignment 0: begins at x, 1: ends there. Cut short with an ellipsis beyond `room` (0: as long as it is). */
static void
draw_text (cairo_t *cr, const char *text, double x, double y, double alignment, double room)
{
  g_autoptr (PangoLayout) layout = smb_report_layout (cr, SMB_REPORT_SANS, FONT, FALSE, text);
  int width;

  if (room > 0) {
    pango_layout_set_width (layout, (int) (room * PANGO_SCALE));
    pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_single_paragraph_mode (layout, TRUE);
  }
  pango_layout_get_size (layout, &width, NULL);
  cairo_move_to (cr, x - alignment * width / PANGO_SCALE, y);
  pango_cairo_show_layout (cr, layout);
  cairo_new_path (cr);
}

static void
line (cairo_t *cr, double x0, double y0, double x1, double y1)
{
  cairo_move_to (cr, x0, y0);
  cairo_line_to (cr, x1, y1);
  cairo_stroke (cr);
}

static double
x_of (const Plot *plot, gint64 time_us)
{
  double share = (double) time_us / (double) MAX (plot->timeline->length_us, 1);

  return plot->left + CLAMP (share, 0.0, 1.0) * (plot->right - plot->left);
}

static double
y_of (const Plot *plot, double score)
{
  return plot->bottom - CLAMP (score, 0.0, 1.0) * (plot->bottom - plot->top);
}

static void
draw_legend (const Plot *plot, double x, double y)
{
  const double room = (plot->right - x) / LEGEND_PER_ROW;

  for (guint i = 0; i < plot->timeline->tracks->len; i++) {
    const SmbTrackSummary *track = plot->timeline->tracks->pdata[i];
    const guint row = i / LEGEND_PER_ROW, column = i % LEGEND_PER_ROW;
    const double left = x + room * column, top = y + LEGEND_ROW * row;
    g_autofree char *name = track->name != NULL ? smb_report_clean (track->name, FALSE) : g_strdup ("");
    g_autofree char *mean = track->score.n_scored > 0 ? smb_report_fixed (track->score.mean, 3) : g_strdup (_ ("n/a"));
    g_autofree char *text = g_strdup_printf ("T%u  %s  %s", track->number, mean, name);

    set_colour (plot->cr, smb_track_colour (track->number, FALSE), 1.0);
    cairo_rectangle (plot->cr, left, top + 3.5, 10, 3);
    cairo_fill (plot->cr);
    set_colour (plot->cr, 0x1d1e21, 1.0);
    draw_text (plot->cr, text, left + 14, top, 0.0, room - 20);
  }
}

/* A round step that leaves room for its labels. */
static double
ruler_step_us (const Plot *plot)
{
  static const double steps[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600 };
  const double us_a_label = (double) plot->timeline->length_us / ((plot->right - plot->left) / MIN_LABEL);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (steps[i] * 1e6 >= us_a_label)
      return steps[i] * 1e6;
  return ceil (us_a_label / 3600e6) * 3600e6;
}

static void
draw_scales (const Plot *plot)
{
  const double step = ruler_step_us (plot);

  cairo_set_line_width (plot->cr, 0.5);
  for (int i = 0; i <= 4; i++) {
    g_autofree char *text = smb_report_fixed (i / 4.0, 2);

    set_colour (plot->cr, 0xd2d3d8, 1.0);
    line (plot->cr, plot->left, y_of (plot, i / 4.0), plot->right, y_of (plot, i / 4.0));
    set_colour (plot->cr, 0x5b5e66, 1.0);
    draw_text (plot->cr, text, plot->left - 4, y_of (plot, i / 4.0) - 4.5, 1.0, 0);
  }
  for (guint i = 0; i * step <= (double) plot->timeline->length_us; i++) {
    const double at = i * step, x = x_of (plot, (gint64) at);
    g_autofree char *seconds = smb_report_fixed (fmod (at / 1e6, 60), step < 1e6 ? 1 : 0);
    g_autofree char *text
        = g_strdup_printf ("%d:%s%s", (int) (at / 60e6), fmod (at / 1e6, 60) < 10 ? "0" : "", seconds);

    set_colour (plot->cr, 0xd2d3d8, 1.0);
    line (plot->cr, x, plot->bottom, x, plot->bottom + 3);
    set_colour (plot->cr, 0x5b5e66, 1.0);
    if (x + MIN_LABEL / 2 < plot->right || i == 0)
      draw_text (plot->cr, text, x, plot->bottom + 4, 0.0, 0);
  }
}

static void
draw_cuts (const Plot *plot)
{
  static const double dashes[] = { 2.0, 2.0 };

  set_colour (plot->cr, 0x5b5e66, 0.8);
  cairo_set_line_width (plot->cr, 0.5);
  cairo_set_dash (plot->cr, dashes, 2, 0);
  for (guint i = 0; plot->timeline->frames != NULL && i < plot->timeline->frames->len; i++) {
    const SmbFrameFaces *frame = plot->timeline->frames->pdata[i];

    if (frame->cut)
      line (plot->cr, x_of (plot, frame->time_us), plot->top - 3, x_of (plot, frame->time_us), plot->bottom);
  }
  cairo_set_dash (plot->cr, NULL, 0, 0);
}

static void
draw_stretch (const Plot *plot, const GArray *samples, guint from, guint to, guint32 colour)
{
  for (guint pass = 0; pass < 2; pass++)
    for (guint n = 0; n <= to - from; n++) {
      const guint i = pass == 0 ? from + n : to - n;
      double mean, deviation;

      smb_track_samples_spread (samples, i, &mean, &deviation);
      cairo_line_to (plot->cr, x_of (plot, g_array_index (samples, SmbTrackSample, i).time_us),
                     y_of (plot, mean + (pass == 0 ? deviation : -deviation)));
    }
  cairo_close_path (plot->cr);
  set_colour (plot->cr, colour, 0.18);
  cairo_fill (plot->cr);
  for (guint i = from; i <= to; i++)
    cairo_line_to (plot->cr, x_of (plot, g_array_index (samples, SmbTrackSample, i).time_us),
                   y_of (plot, g_array_index (samples, SmbTrackSample, i).score));
  set_colour (plot->cr, colour, 1.0);
  cairo_set_line_width (plot->cr, 1.0);
  cairo_stroke (plot->cr);
}

/* lane: of its bar, counted from the plot upwards, so that runs at the same time do not hide each other. */
static void
draw_track (const Plot *plot, const SmbTrackSummary *track, guint lane)
{
  const GArray *samples = track->samples;
  const guint32 colour = smb_track_colour (track->number, FALSE);

  if (track->score.run_n > 0) {
    const double from = x_of (plot, track->score.run_start_us), to = x_of (plot, track->score.run_end_us);

    set_colour (plot->cr, colour, 1.0);
    cairo_rectangle (plot->cr, from, plot->top - 3.5 - 2.5 * (lane % 3), MAX (to - from, 1.5), 2);
    cairo_fill (plot->cr);
    cairo_set_line_width (plot->cr, 0.5);
    line (plot->cr, from, plot->top - 3.5, from, plot->bottom);
  }
  for (guint from = 0; from < samples->len;) {
    const guint to = smb_track_samples_stretch (samples, from);

    draw_stretch (plot, samples, from, to, colour);
    from = to + 1;
  }
  for (guint i = 0; i < samples->len && samples->len <= MAX_DOTS; i++) {
    const SmbTrackSample *sample = &g_array_index (samples, SmbTrackSample, i);

    cairo_arc (plot->cr, x_of (plot, sample->time_us), y_of (plot, sample->score), 1.4, 0, 2 * G_PI);
    set_colour (plot->cr, colour, 1.0);
    cairo_fill (plot->cr);
  }
}

void
smb_report_draw_timeline (cairo_t *cr, const SmbReportTimeline *timeline, double x, double y, double width)
{
  Plot plot = { cr, timeline, LEFT, WIDTH - RIGHT, legend_rows (timeline) * LEGEND_ROW + RUN_ROOM, 0 };
  guint n_runs = 0;

  plot.bottom = plot.top + PLOT;
  cairo_save (cr);
  cairo_translate (cr, x, y);
  cairo_scale (cr, width / WIDTH, width / WIDTH);
  draw_legend (&plot, 0, 0);
  draw_scales (&plot);
  draw_cuts (&plot);
  for (guint i = 0; i < timeline->tracks->len; i++) {
    const SmbTrackSummary *track = timeline->tracks->pdata[i];

    draw_track (&plot, track, track->score.run_n > 0 ? n_runs++ : 0);
  }
  cairo_restore (cr);
}
