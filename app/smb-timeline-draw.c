/* SPDX-License-Identifier: Apache-2.0 */
/* What the timeline shows, top to bottom: thumbnails, the ruler with key frames, the scores. */
#include "smb-timeline-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define MIN_LABEL_PX 70
/* More points than this are not drawn one by one: nobody could tell them apart. */
#define SAMPLES_A_PIXEL 2.0
#define MAX_DOTS 200

typedef struct {
  SmbTimeline *self;
  cairo_t *cr;
  GdkRGBA text, dim, border, accent, ground, warning;
  gboolean dark;
  double width, top, bottom; /* of the plot of scores */
} Drawing;

static void
set_colour (const Drawing *drawing, const GdkRGBA *colour, double alpha)
{
  cairo_set_source_rgba (drawing->cr, (double) colour->red, (double) colour->green, (double) colour->blue, alpha);
}

static void
look_up (GtkStyleContext *style, const char *name, GdkRGBA *out)
{
  *out = (GdkRGBA){ 0.5f, 0.5f, 0.5f, 1.0f };
  gtk_style_context_lookup_color (style, name, out);
}

/* x: left edge; right TRUE: right edge. */
static void
draw_text (const Drawing *drawing, double x, double y, gboolean right, const GdkRGBA *colour, const char *text)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (drawing->self), text);
  PangoFontDescription *font = pango_font_description_copy (
      pango_context_get_font_description (pango_layout_get_context (layout)));
  int width;

  pango_font_description_set_absolute_size (font, 11 * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_get_pixel_size (layout, &width, NULL);
  set_colour (drawing, colour, 1.0);
  cairo_move_to (drawing->cr, right ? x - width : x, y);
  pango_cairo_show_layout (drawing->cr, layout);
  cairo_new_path (drawing->cr);
}

static void
line (const Drawing *drawing, double x0, double y0, double x1, double y1)
{
  cairo_move_to (drawing->cr, x0, y0);
  cairo_line_to (drawing->cr, x1, y1);
  cairo_stroke (drawing->cr);
}

static double
y_of (const Drawing *drawing, double score)
{
  return drawing->bottom - score * (drawing->bottom - drawing->top);
}

static void
draw_scale (const Drawing *drawing)
{
  cairo_set_line_width (drawing->cr, 1.0);
  for (int i = 0; i <= 2; i++) {
    double y = floor (y_of (drawing, i / 2.0)) + 0.5;
    g_autofree char *text = g_strdup_printf ("%.1f", i / 2.0);

    set_colour (drawing, &drawing->border, 1.0);
    line (drawing, SMB_TIMELINE_LEFT_PX, y, drawing->width - smb_timeline_right_px (drawing->self), y);
    draw_text (drawing, SMB_TIMELINE_LEFT_PX - 6, y - 8, TRUE, &drawing->dim, text);
  }
}

/* A round step of seconds that leaves room for its labels. */
static double
ruler_step_us (const SmbTimeline *self, double width)
{
  static const double steps[] = { 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600 };
  double us_a_label = (self->end_us - self->begin_us) / MAX (width / MIN_LABEL_PX, 1.0);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (steps[i] * 1e6 >= us_a_label)
      return steps[i] * 1e6;
  return 7200e6;
}

static char *
time_text (double us, double step_us)
{
  gint64 minutes = (gint64) (us / 60e6);
  double seconds = us / 1e6 - (double) minutes * 60;
  int decimals = step_us >= 1e6 ? 0 : step_us >= 0.1e6 ? 1 : 2;

  return g_strdup_printf ("%" G_GINT64_FORMAT ":%0*.*f", minutes, decimals > 0 ? 3 + decimals : 2, decimals, seconds);
}

static void
draw_ruler (const Drawing *drawing)
{
  SmbTimeline *self = drawing->self;
  const double top = SMB_TIMELINE_THUMB_PX, step = ruler_step_us (self, drawing->width);
  const SmbVideoSlot *slots = smb_engine_video_get_slots (self->video);
  const guint last = smb_engine_video_frame_at (self->video, (gint64) self->end_us);
  gint64 next_us = G_MININT64;

  cairo_set_line_width (drawing->cr, 1.0);
  for (gint64 i = (gint64) ceil (self->begin_us / step); (double) i * step <= self->end_us; i++) {
    double at = (double) i * step, x = floor (smb_timeline_x_of (self, (gint64) at)) + 0.5;
    g_autofree char *text = time_text (at, step);

    set_colour (drawing, &drawing->border, 1.0);
    line (drawing, x, top, x, top + SMB_TIMELINE_RULER_PX);
    if (x + MIN_LABEL_PX / 2.0 < drawing->width - smb_timeline_right_px (self))
      draw_text (drawing, x + 4, top + 1, FALSE, &drawing->dim, text);
  }
  /* Key frames: short ticks, no closer than can be told apart. Gaps: in the colour of a warning. Of the hundred thousand
   * frames of a long video most are neither. */
  for (guint k = smb_engine_video_frame_at (self->video, (gint64) self->begin_us); k <= last; k++) {
    const gboolean gap = (slots[k].flags & SMB_VIDEO_SLOT_AFTER_GAP) != 0;
    double x;

    if (!gap && ((slots[k].flags & SMB_VIDEO_SLOT_KEY) == 0 || slots[k].time_us < next_us))
      continue;
    x = floor (smb_timeline_x_of (self, slots[k].time_us)) + 0.5;
    if (x < SMB_TIMELINE_LEFT_PX)
      continue;
    set_colour (drawing, gap ? &drawing->warning : &drawing->dim, 1.0);
    line (drawing, x, top + SMB_TIMELINE_RULER_PX - (gap ? 6 : 4), x, top + SMB_TIMELINE_RULER_PX);
    if (!gap)
      next_us = smb_timeline_time_at (self, x + 3.0);
  }
}

static void
draw_cuts (const Drawing *drawing)
{
  static const double dashes[] = { 3.0, 3.0 };
  const GPtrArray *frames = drawing->self->frames;

  set_colour (drawing, &drawing->dim, 0.8);
  cairo_set_line_width (drawing->cr, 1.0);
  cairo_set_dash (drawing->cr, dashes, 2, 0);
  for (guint i = 0; frames != NULL && i < frames->len; i++) {
    const SmbFrameFaces *frame = frames->pdata[i];
    double x;

    if (!frame->cut)
      continue;
    x = floor (smb_timeline_x_of (drawing->self, frame->time_us)) + 0.5;
    if (x >= SMB_TIMELINE_LEFT_PX && x <= drawing->width)
      line (drawing, x, drawing->top - 4, x, drawing->bottom);
  }
  cairo_set_dash (drawing->cr, NULL, 0, 0);
}

static const SmbTrackSample *
sample_at (const GArray *samples, guint i)
{
  return &g_array_index (samples, SmbTrackSample, i);
}

/* Of an ordered row of samples those in view, and one beyond on either side, to which the lines go on. FALSE: none. */
static gboolean
clip_to_view (const SmbTimeline *self, const GArray *samples, guint *from, guint *to)
{
  const guint first = *from, last = *to;

  while (*from < last && (double) sample_at (samples, *from + 1)->time_us < self->begin_us)
    ++*from;
  while (*to > first && (double) sample_at (samples, *to - 1)->time_us > self->end_us)
    --*to;
  return *from <= *to;
}

static void
line_to (const Drawing *drawing, const SmbTrackSample *sample)
{
  cairo_line_to (drawing->cr, smb_timeline_x_of (drawing->self, sample->time_us), y_of (drawing, sample->score));
}

/* The lowest and the highest of some samples, in their order: no peak is lost where many share a pixel. */
static void
line_through (const Drawing *drawing, const GArray *samples, guint from, guint to)
{
  guint low = from, high = from;

  for (guint i = from + 1; i <= to; i++) {
    if (sample_at (samples, i)->score < sample_at (samples, low)->score)
      low = i;
    if (sample_at (samples, i)->score > sample_at (samples, high)->score)
      high = i;
  }
  line_to (drawing, sample_at (samples, MIN (low, high)));
  if (low != high)
    line_to (drawing, sample_at (samples, MAX (low, high)));
}

static void
draw_stretch (const Drawing *drawing, const GArray *samples, guint from, guint to, const GdkRGBA *colour,
              gboolean strong)
{
  cairo_t *cr = drawing->cr;
  guint step;

  if (!clip_to_view (drawing->self, samples, &from, &to))
    return;
  step = (guint) MAX ((to - from) / MAX (drawing->width * SAMPLES_A_PIXEL, 1.0), 1.0);
  for (guint pass = 0; pass < 2; pass++)
    for (guint n = 0; n <= to - from; n += step) {
      guint i = pass == 0 ? from + n : to - n;
      double mean, deviation;

      smb_track_samples_spread (samples, i, &mean, &deviation);
      cairo_line_to (cr, smb_timeline_x_of (drawing->self, sample_at (samples, i)->time_us),
                     y_of (drawing, CLAMP (mean + (pass == 0 ? deviation : -deviation), 0.0, 1.0)));
    }
  cairo_close_path (cr);
  set_colour (drawing, colour, strong ? 0.22 : 0.12);
  cairo_fill (cr);
  for (guint i = from; i <= to; i += step)
    line_through (drawing, samples, i, MIN (i + step - 1, to));
  set_colour (drawing, colour, strong ? 1.0 : 0.75);
  cairo_set_line_width (cr, strong ? 2.0 : 1.25);
  cairo_stroke (cr);
  for (guint i = from; i <= to && to - from < MAX_DOTS; i++) {
    cairo_arc (cr, smb_timeline_x_of (drawing->self, sample_at (samples, i)->time_us),
               y_of (drawing, sample_at (samples, i)->score), strong ? 2.5 : 1.5, 0, 2 * G_PI);
    set_colour (drawing, colour, 1.0);
    cairo_fill (cr);
  }
}

static void
draw_track (const Drawing *drawing, const SmbTrackSummary *track)
{
  const GArray *samples = track->samples;
  const gboolean strong = track->number == drawing->self->selected || drawing->self->tracks->len == 1;
  GdkRGBA colour;

  smb_timeline_track_colour (track->number, drawing->dark, &colour);
  if (track->score.run_n > 0) {
    double x0 = smb_timeline_x_of (drawing->self, track->score.run_start_us);
    double x1 = smb_timeline_x_of (drawing->self, track->score.run_end_us);

    set_colour (drawing, &colour, 1.0);
    cairo_rectangle (drawing->cr, x0, drawing->top - 4, MAX (x1 - x0, 2.0), 3);
    cairo_fill (drawing->cr);
  }
  for (guint from = 0; from < samples->len;) {
    guint to = smb_track_samples_stretch (samples, from);

    draw_stretch (drawing, samples, from, to, &colour, strong);
    from = to + 1;
  }
}

/* What the series' own scale goes from and to: a little more than its values. */
static void
series_range (const GArray *series, double *low, double *high)
{
  double room;

  *low = G_MAXDOUBLE;
  *high = -G_MAXDOUBLE;
  for (guint i = 0; i < series->len; i++) {
    *low = MIN (*low, g_array_index (series, SmbTrackSample, i).score);
    *high = MAX (*high, g_array_index (series, SmbTrackSample, i).score);
  }
  room = MAX (0.08 * (*high - *low), 1e-3 * MAX (fabs (*high), 1e-6));
  *low -= room;
  *high += room;
}

static void
draw_series (const Drawing *drawing)
{
  static const double dashes[] = { 5.0, 3.0 };
  const GArray *series = drawing->self->series;
  double low, high;

  if (series == NULL || series->len == 0)
    return;
  series_range (series, &low, &high);
  set_colour (drawing, &drawing->text, 0.9);
  cairo_set_line_width (drawing->cr, 1.5);
  cairo_set_dash (drawing->cr, dashes, 2, 0);
  for (guint from = 0; from < series->len;) {
    const guint to = smb_track_samples_stretch (series, from);

    for (; from <= to; from++) {
      const SmbTrackSample *sample = &g_array_index (series, SmbTrackSample, from);

      cairo_line_to (drawing->cr, smb_timeline_x_of (drawing->self, sample->time_us),
                     y_of (drawing, (sample->score - low) / (high - low)));
    }
    cairo_stroke (drawing->cr);
  }
  cairo_set_dash (drawing->cr, NULL, 0, 0);
}

/* Its ends at the right, and what it is. Outside the clip of the plot. */
static void
draw_series_scale (const Drawing *drawing)
{
  const GArray *series = drawing->self->series;
  const double x = drawing->width - SMB_TIMELINE_SCALE_PX + 6;
  double low, high;
  int places;

  if (series == NULL || series->len == 0)
    return;
  series_range (series, &low, &high);
  /* As many places as tell the ends apart. */
  places = (int) CLAMP (ceil (1.0 - log10 (high - low)), 0.0, 4.0);
  for (int i = 0; i <= 2; i++) {
    g_autofree char *text = g_strdup_printf ("%.*f", places, low + (high - low) * i / 2.0);

    draw_text (drawing, x, y_of (drawing, i / 2.0) - 8, FALSE, &drawing->text, text);
  }
  /* At the lower end, which scores that say little leave free more often than the upper. */
  draw_text (drawing, drawing->width - SMB_TIMELINE_SCALE_PX - 6, drawing->bottom - 17, TRUE, &drawing->text,
             drawing->self->series_title);
}

static void
draw_marks (const Drawing *drawing)
{
  SmbTimeline *self = drawing->self;
  const SmbVideoSlot *slots = smb_engine_video_get_slots (self->video);
  double left = self->mark_in >= 0 ? smb_timeline_x_of (self, slots[self->mark_in].time_us) : SMB_TIMELINE_LEFT_PX;
  double right = self->mark_out >= 0 ? smb_timeline_x_of (self, slots[self->mark_out].time_us) : drawing->width;

  set_colour (drawing, &drawing->dim, 0.25);
  if (self->mark_in >= 0) {
    cairo_rectangle (drawing->cr, SMB_TIMELINE_LEFT_PX, 0, left - SMB_TIMELINE_LEFT_PX, drawing->bottom);
    cairo_fill (drawing->cr);
  }
  if (self->mark_out >= 0) {
    cairo_rectangle (drawing->cr, right, 0, drawing->width - right, drawing->bottom);
    cairo_fill (drawing->cr);
  }
  set_colour (drawing, &drawing->accent, 1.0);
  cairo_set_line_width (drawing->cr, 2.0);
  if (self->mark_in >= 0)
    line (drawing, left, SMB_TIMELINE_THUMB_PX, left, drawing->bottom);
  if (self->mark_out >= 0)
    line (drawing, right, SMB_TIMELINE_THUMB_PX, right, drawing->bottom);
}

static void
draw_heads (const Drawing *drawing)
{
  SmbTimeline *self = drawing->self;
  const SmbVideoSlot *slots = smb_engine_video_get_slots (self->video);
  double x = floor (smb_timeline_x_of (self, slots[self->frame].time_us)) + 0.5;

  if (self->hovered >= 0) {
    double at = floor (smb_timeline_x_of (self, slots[self->hovered].time_us)) + 0.5;

    set_colour (drawing, &drawing->dim, 0.8);
    cairo_set_line_width (drawing->cr, 1.0);
    line (drawing, at, 0, at, drawing->bottom);
  }
  set_colour (drawing, &drawing->text, 1.0);
  cairo_set_line_width (drawing->cr, 1.0);
  line (drawing, x, 0, x, drawing->bottom);
  cairo_move_to (drawing->cr, x - 5, SMB_TIMELINE_THUMB_PX);
  cairo_line_to (drawing->cr, x + 5, SMB_TIMELINE_THUMB_PX);
  cairo_line_to (drawing->cr, x, SMB_TIMELINE_THUMB_PX + 6);
  cairo_close_path (drawing->cr);
  cairo_fill (drawing->cr);
}

static PangoLayout *
reading_layout (const Drawing *drawing, const char *text, gboolean strong, double most_px)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (drawing->self), text);
  PangoFontDescription *font = pango_font_description_copy (
      pango_context_get_font_description (pango_layout_get_context (layout)));

  pango_font_description_set_absolute_size (font, 12 * PANGO_SCALE);
  if (strong)
    pango_font_description_set_weight (font, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  pango_layout_set_width (layout, (int) (most_px * PANGO_SCALE));
  return layout;
}

/* What lies under the pointer, beside it, as over the picture: dark in both schemes. */
static void
draw_reading (const Drawing *drawing)
{
  const SmbTimeline *self = drawing->self;
  const double right = drawing->width - smb_timeline_right_px (self), most = right - SMB_TIMELINE_LEFT_PX - 16;
  g_autoptr (PangoLayout) title = NULL, text = NULL;
  int widths[2] = { 0 }, heights[2] = { 0 };
  double at, x, width, height;

  if (self->hovered < 0 || self->reading_title == NULL || most < 40)
    return;
  title = reading_layout (drawing, self->reading_title, TRUE, most);
  pango_layout_get_pixel_size (title, &widths[0], &heights[0]);
  if (self->reading_text != NULL && *self->reading_text != '\0') {
    text = reading_layout (drawing, self->reading_text, FALSE, most);
    pango_layout_get_pixel_size (text, &widths[1], &heights[1]);
  }
  width = MAX (widths[0], widths[1]) + 16;
  height = heights[0] + heights[1] + 8;
  at = smb_timeline_x_of (self, smb_engine_video_get_slots (self->video)[self->hovered].time_us);
  x = at + 8 + width <= right ? at + 8 : MAX (at - 8 - width, SMB_TIMELINE_LEFT_PX);
  cairo_set_source_rgba (drawing->cr, 0.09, 0.09, 0.1, 0.92);
  cairo_rectangle (drawing->cr, floor (x), drawing->top, width, height);
  cairo_fill (drawing->cr);
  cairo_set_source_rgb (drawing->cr, 1.0, 1.0, 1.0);
  cairo_move_to (drawing->cr, floor (x) + 8, drawing->top + 4);
  pango_cairo_show_layout (drawing->cr, title);
  cairo_move_to (drawing->cr, floor (x) + 8, drawing->top + 4 + heights[0]);
  if (text != NULL)
    pango_cairo_show_layout (drawing->cr, text);
  cairo_new_path (drawing->cr);
}

static void
draw_thumbnails (SmbTimeline *self, GtkSnapshot *snapshot, double width)
{
  const double right = width - smb_timeline_right_px (self), w = smb_timeline_thumbnail_px (self);

  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (SMB_TIMELINE_LEFT_PX, 0, (float) (right - SMB_TIMELINE_LEFT_PX),
                                                         SMB_TIMELINE_THUMB_PX));
  for (int i = 0; SMB_TIMELINE_LEFT_PX + i * (w + 1.0) < right; i++) {
    const double x = SMB_TIMELINE_LEFT_PX + i * (w + 1.0);
    const SmbTimelineThumbnail *thumbnail = smb_timeline_thumbnail_at (self, x);

    if (thumbnail != NULL)
      gtk_snapshot_append_texture (snapshot, thumbnail->texture,
                                   &GRAPHENE_RECT_INIT ((float) x, 2, (float) w, SMB_TIMELINE_THUMB_PX - 4));
  }
  gtk_snapshot_pop (snapshot);
}

static void
draw_nothing_yet (const Drawing *drawing)
{
  const char *text = drawing->self->tracks == NULL ? _("Analyse this video to see the score of each face over time.")
                                                   : _("No face was found in the frames looked at.");

  /* Between two lines of the scale. */
  draw_text (drawing, SMB_TIMELINE_LEFT_PX + 8, drawing->top + (drawing->bottom - drawing->top) / 4 - 8, FALSE,
             &drawing->dim, text);
}

void
smb_timeline_draw (SmbTimeline *self, GtkSnapshot *snapshot)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  Drawing drawing = { .self = self, .width = gtk_widget_get_width (GTK_WIDGET (self)),
                      .top = SMB_TIMELINE_THUMB_PX + SMB_TIMELINE_RULER_PX + 8,
                      .bottom = gtk_widget_get_height (GTK_WIDGET (self)) - 8.0 };

  if (self->video == NULL)
    return;
  look_up (style, "smb_text", &drawing.text);
  look_up (style, "smb_dim", &drawing.dim);
  look_up (style, "smb_border", &drawing.border);
  look_up (style, "smb_accent", &drawing.accent);
  look_up (style, "smb_pane", &drawing.ground);
  look_up (style, "smb_warning", &drawing.warning);
  drawing.dark = drawing.ground.red + drawing.ground.green + drawing.ground.blue < 1.5f;
  draw_thumbnails (self, snapshot, drawing.width);
  drawing.cr = gtk_snapshot_append_cairo (
      snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) drawing.width, (float) gtk_widget_get_height (GTK_WIDGET (self))));
  draw_scale (&drawing);
  draw_ruler (&drawing);
  cairo_save (drawing.cr);
  cairo_rectangle (drawing.cr, SMB_TIMELINE_LEFT_PX, 0,
                   drawing.width - SMB_TIMELINE_LEFT_PX - smb_timeline_right_px (self) + 2, drawing.bottom + 4);
  cairo_clip (drawing.cr);
  draw_cuts (&drawing);
  for (guint i = 0; self->tracks != NULL && i < self->tracks->len; i++)
    draw_track (&drawing, self->tracks->pdata[i]);
  if (self->tracks == NULL || self->tracks->len == 0)
    draw_nothing_yet (&drawing);
  draw_series (&drawing);
  draw_marks (&drawing);
  draw_heads (&drawing);
  cairo_restore (drawing.cr);
  draw_series_scale (&drawing);
  draw_reading (&drawing);
  cairo_destroy (drawing.cr);
}
