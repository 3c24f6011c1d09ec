/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-plot.h"

#include <glib/gi18n.h>
#include <math.h>

#define HEIGHT 148
#define LEFT 52.0
#define RIGHT 12.0
#define TOP 26.0
#define BOTTOM 24.0
#define TITLE_HEIGHT 14 /* of the axis's, below its numbers */
#define MARK_STEP 8.0

typedef struct {
  double x, y;
} Point;

typedef struct {
  char *name;
  gboolean marks;
  GArray *points; /* Point */
} Line;

struct _SmbPlot {
  GtkWidget parent_instance;

  Line lines[SMB_PLOT_MAX_LINES];
  char *title, *x_title, *words, *empty;
  double fixed[4]; /* x0, x1, y0, y1; NAN: from the data */
  gboolean diagonal;
  double pointer_x; /* NAN: elsewhere */
};

G_DEFINE_FINAL_TYPE (SmbPlot, smb_plot, GTK_TYPE_WIDGET)

typedef struct {
  SmbPlot *self;
  cairo_t *cr;
  GdkRGBA text, dim, border, colours[SMB_PLOT_MAX_LINES];
  double x0, x1, y0, y1;              /* of the data */
  double left, right, top, bottom;    /* of the field, in pixels */
} Drawing;

static void
set_colour (const Drawing *d, const GdkRGBA *colour, double alpha)
{
  cairo_set_source_rgba (d->cr, (double) colour->red, (double) colour->green, (double) colour->blue, alpha);
}

/* align: 0 left edge, 0.5 middle, 1 right edge at x. Returns the width. */
static int
draw_text (const Drawing *d, double x, double y, double align, gboolean bold, const GdkRGBA *colour, const char *text)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (d->self), text);
  PangoAttrList *attributes = pango_attr_list_new ();
  int width;

  pango_attr_list_insert (attributes, pango_attr_size_new_absolute ((bold ? 13 : 11) * PANGO_SCALE));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  if (bold)
    pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_SEMIBOLD));
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  pango_layout_get_pixel_size (layout, &width, NULL);
  set_colour (d, colour, 1.0);
  cairo_move_to (d->cr, floor (x - width * align), y);
  pango_cairo_show_layout (d->cr, layout);
  cairo_new_path (d->cr);
  return width;
}

static double
x_of (const Drawing *d, double x)
{
  return d->left + (x - d->x0) / (d->x1 - d->x0) * (d->right - d->left);
}

static double
y_of (const Drawing *d, double y)
{
  return d->bottom - (y - d->y0) / (d->y1 - d->y0) * (d->bottom - d->top);
}

static gboolean
has_points (SmbPlot *self)
{
  for (guint i = 0; i < SMB_PLOT_MAX_LINES; i++)
    if (self->lines[i].points->len > 0)
      return TRUE;
  return FALSE;
}

static void
find_range (Drawing *d)
{
  const SmbPlot *self = d->self;

  d->x0 = d->y0 = INFINITY;
  d->x1 = d->y1 = -INFINITY;
  for (guint i = 0; i < SMB_PLOT_MAX_LINES; i++)
    for (guint k = 0; k < self->lines[i].points->len; k++) {
      const Point *p = &g_array_index (self->lines[i].points, Point, k);

      d->x0 = MIN (d->x0, p->x);
      d->x1 = MAX (d->x1, p->x);
      d->y0 = MIN (d->y0, p->y);
      d->y1 = MAX (d->y1, p->y);
    }
  if (!(d->x0 <= d->x1))
    d->x0 = d->y0 = 0.0, d->x1 = d->y1 = 1.0;
  d->x0 = isnan (self->fixed[0]) ? d->x0 : self->fixed[0];
  d->x1 = isnan (self->fixed[1]) ? d->x1 : self->fixed[1];
  d->y0 = isnan (self->fixed[2]) ? d->y0 : self->fixed[2];
  d->y1 = isnan (self->fixed[3]) ? d->y1 : self->fixed[3];
  if (!(d->x1 - d->x0 > 0.0))
    d->x1 = d->x0 + 1.0;
  if (!(d->y1 - d->y0 > fabs (d->y0) * 1e-3)) { /* as good as one value: in the middle, for labels that differ */
    double half = d->y0 != 0.0 ? fabs (d->y0) * (d->y1 > d->y0 ? 0.01 : 0.5) : 1.0;

    d->y0 -= half;
    d->y1 += half;
  }
}

/* 1, 2 or 5 times a power of ten, so that about n steps make the span. */
static double
step_of (double span, double n)
{
  double power = pow (10.0, floor (log10 (span / n))), most = span / n / power;

  return power * (most <= 1.0 ? 1.0 : most <= 2.0 ? 2.0 : most <= 5.0 ? 5.0 : 10.0);
}

static char *
number_text (double value, double step)
{
  int decimals = step < 1.0 ? (int) ceil (-log10 (step) - 1e-9) : 0;

  if (fabs (value) < step * 1e-6)
    value = 0.0;
  return decimals > 4 && value != 0.0 ? g_strdup_printf ("%.1e", value)
                                      : g_strdup_printf ("%.*f", decimals > 4 ? 0 : decimals, value);
}

static void
draw_axes (const Drawing *d)
{
  const double y_step = step_of (d->y1 - d->y0, 3.0), x_step = step_of (d->x1 - d->x0, 4.0);
  const double y_first = ceil (d->y0 / y_step - 1e-9), x_first = ceil (d->x0 / x_step - 1e-9);

  cairo_set_line_width (d->cr, 1.0);
  for (int i = 0; (y_first + i) * y_step <= d->y1 + y_step * 1e-6; i++) {
    const double y = (y_first + i) * y_step;
    g_autofree char *text = number_text (y, y_step);
    double at = floor (y_of (d, y)) + 0.5;

    set_colour (d, &d->border, 1.0);
    cairo_move_to (d->cr, d->left, at);
    cairo_line_to (d->cr, d->right, at);
    cairo_stroke (d->cr);
    draw_text (d, d->left - 6.0, at - 8.0, 1.0, FALSE, &d->dim, text);
  }
  for (int i = 0; (x_first + i) * x_step <= d->x1 + x_step * 1e-6; i++) {
    const double x = (x_first + i) * x_step;
    g_autofree char *text = number_text (x, x_step);
    double at = x_of (d, x);

    draw_text (d, at, d->bottom + 5.0,
               at > d->right - 12.0 ? 1.0
               : at < d->left + 6.0 ? 0.0
                                    : 0.5,
               FALSE, &d->dim, text);
  }
  if (d->self->x_title != NULL)
    draw_text (d, (d->left + d->right) / 2.0, d->bottom + 3.0 + TITLE_HEIGHT, 0.5, FALSE, &d->dim, d->self->x_title);
}

/* Where there are more points than pixels, as in a long training, only the lowest and the highest of a column of pixels
 * are drawn. */
static void
draw_line (const Drawing *d, guint index)
{
  const Line *line = &d->self->lines[index];
  const gboolean dense = line->points->len > d->right - d->left;
  gboolean first = TRUE;

  set_colour (d, &d->colours[index], 1.0);
  cairo_set_line_width (d->cr, 1.5);
  cairo_set_line_join (d->cr, CAIRO_LINE_JOIN_ROUND);
  for (guint k = 0; k < line->points->len;) {
    const Point *p = &g_array_index (line->points, Point, k);
    double column = floor (x_of (d, p->x)), low = p->y, high = p->y, last = p->y, x = x_of (d, p->x);

    for (k++; dense && k < line->points->len && floor (x_of (d, p[1].x)) == column; k++) {
      p++;
      low = MIN (low, p->y);
      high = MAX (high, p->y);
      last = p->y;
    }
    if (first)
      cairo_move_to (d->cr, x, y_of (d, low));
    else
      cairo_line_to (d->cr, x, y_of (d, low));
    first = FALSE;
    if (high > low) {
      cairo_line_to (d->cr, x, y_of (d, high));
      cairo_line_to (d->cr, x, y_of (d, last));
    }
  }
  cairo_stroke (d->cr);
  /* Marks that would touch each other say nothing. */
  if (line->points->len > 1 && (!line->marks || line->points->len > (d->right - d->left) / MARK_STEP))
    return;
  for (guint k = 0; k < line->points->len; k++) {
    const Point *p = &g_array_index (line->points, Point, k);

    cairo_arc (d->cr, x_of (d, p->x), y_of (d, p->y), 2.5, 0.0, 2.0 * G_PI);
    cairo_fill (d->cr);
  }
}

static const Point *
nearest (const Line *line, double x)
{
  guint low = 0, high = line->points->len;

  while (low < high) { /* the first not left of x */
    guint middle = (low + high) / 2;

    if (g_array_index (line->points, Point, middle).x < x)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == line->points->len
      || (low > 0
          && x - g_array_index (line->points, Point, low - 1).x < g_array_index (line->points, Point, low).x - x))
    low--;
  return &g_array_index (line->points, Point, low);
}

/* Under the pointer: where it is and what the lines say there, in place of the newest values. */
static char *
draw_read_out (const Drawing *d)
{
  SmbPlot *self = d->self;
  g_autoptr (GString) words = g_string_new (NULL);
  double x;

  if (isnan (self->pointer_x) || self->pointer_x < d->left || self->pointer_x > d->right || !has_points (self))
    return NULL;
  x = d->x0 + (self->pointer_x - d->left) / (d->right - d->left) * (d->x1 - d->x0);
  for (guint i = 0; i < SMB_PLOT_MAX_LINES; i++) {
    const Line *line = &self->lines[i];
    const Point *p;

    if (line->points->len == 0)
      continue;
    p = nearest (line, x);
    if (words->len == 0)
      g_string_append_printf (words, "%s %.6g:", self->x_title != NULL ? self->x_title : "x", p->x);
    g_string_append_printf (words, "  %s%s%.4g", line->name != NULL ? line->name : "", line->name != NULL ? " " : "",
                            p->y);
    set_colour (d, &d->dim, 0.7);
    cairo_set_line_width (d->cr, 1.0);
    cairo_move_to (d->cr, floor (x_of (d, p->x)) + 0.5, d->top);
    cairo_line_to (d->cr, floor (x_of (d, p->x)) + 0.5, d->bottom);
    cairo_stroke (d->cr);
    set_colour (d, &d->colours[i], 1.0);
    cairo_arc (d->cr, x_of (d, p->x), y_of (d, p->y), 3.5, 0.0, 2.0 * G_PI);
    cairo_fill (d->cr);
  }
  return g_string_free (g_steal_pointer (&words), FALSE);
}

/* "validation 0.412": a line's name and its newest value. */
static char *
describe_line (const Line *line)
{
  return g_strdup_printf ("%s %.4g", line->name, g_array_index (line->points, Point, line->points->len - 1).y);
}

static int
text_width (const Drawing *d, const char *text)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (d->self), text);
  int width;

  pango_layout_get_pixel_size (layout, &width, NULL);
  return width;
}

/* Words at the right end give way to the names of the lines where there is no room for both. */
static void
draw_head (const Drawing *d, const char *read_out)
{
  SmbPlot *self = d->self;
  double x = 2.0;
  int width = draw_text (d, x, 2.0, 0.0, TRUE, &d->text, self->title);

  x += width + 12.0;
  for (guint i = 0; i < SMB_PLOT_MAX_LINES && read_out == NULL; i++) {
    g_autofree char *words = NULL;

    if (self->lines[i].name == NULL || self->lines[i].points->len == 0)
      continue;
    words = describe_line (&self->lines[i]);
    set_colour (d, &d->colours[i], 1.0);
    cairo_rectangle (d->cr, x, 10.0, 12.0, 2.0);
    cairo_fill (d->cr);
    x += 16.0 + draw_text (d, x + 16.0, 4.0, 0.0, FALSE, &d->dim, words) + 10.0;
  }
  if (read_out != NULL || (self->words != NULL && x + text_width (d, self->words) <= d->right))
    draw_text (d, d->right, 4.0, 1.0, FALSE, read_out != NULL ? &d->text : &d->dim,
               read_out != NULL ? read_out : self->words);
}

static void
smb_plot_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SmbPlot *self = SMB_PLOT (widget);
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  double width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  Drawing d = { .self = self, .left = LEFT, .right = width - RIGHT, .top = TOP,
                .bottom = height - BOTTOM - (self->x_title != NULL ? TITLE_HEIGHT : 0) };
  g_autofree char *read_out = NULL;
  const struct {
    const char *name;
    GdkRGBA *to;
  } colours[] = { { "smb_text", &d.text },          { "smb_dim", &d.dim },
                  { "smb_border", &d.border },      { "smb_accent", &d.colours[0] },
                  { "smb_warning", &d.colours[1] }, { "smb_ok", &d.colours[2] },
                  { "smb_alert", &d.colours[3] } };

  for (guint i = 0; i < G_N_ELEMENTS (colours); i++)
    if (!gtk_style_context_lookup_color (style, colours[i].name, colours[i].to))
      *colours[i].to = (GdkRGBA){ 0.5f, 0.5f, 0.5f, 1.0f };
  d.cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  find_range (&d);
  if (has_points (self)) {
    draw_axes (&d);
    if (self->diagonal) {
      set_colour (&d, &d.dim, 0.6);
      cairo_set_line_width (d.cr, 1.0);
      cairo_move_to (d.cr, d.left, d.bottom);
      cairo_line_to (d.cr, d.right, d.top);
      cairo_stroke (d.cr);
    }
    cairo_save (d.cr);
    cairo_rectangle (d.cr, d.left - 4.0, d.top - 4.0, d.right - d.left + 8.0, d.bottom - d.top + 8.0);
    cairo_clip (d.cr);
    for (guint i = SMB_PLOT_MAX_LINES; i-- > 0;)
      if (self->lines[i].points->len > 0)
        draw_line (&d, i);
    read_out = draw_read_out (&d);
    cairo_restore (d.cr);
  } else if (self->empty != NULL) {
    draw_text (&d, (d.left + d.right) / 2.0, (d.top + d.bottom) / 2.0 - 8.0, 0.5, FALSE, &d.dim, self->empty);
  }
  draw_head (&d, read_out);
  cairo_destroy (d.cr);
}

static void
smb_plot_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                  int *minimum_baseline, int *natural_baseline)
{
  const int height = HEIGHT + (SMB_PLOT (widget)->x_title != NULL ? TITLE_HEIGHT : 0);

  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 240 : height;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 280 : height;
}

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, SmbPlot *self)
{
  self->pointer_x = x;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_leave (GtkEventControllerMotion *motion, SmbPlot *self)
{
  self->pointer_x = NAN;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
say (SmbPlot *self)
{
  g_autoptr (GString) text = g_string_new (self->title);
  const char *before = ": ";

  for (guint i = 0; i < SMB_PLOT_MAX_LINES; i++)
    if (self->lines[i].name != NULL && self->lines[i].points->len > 0) {
      g_autofree char *words = describe_line (&self->lines[i]);

      g_string_append_printf (text, "%s%s", before, words);
      before = ", ";
    }
  if (has_points (self) ? self->words != NULL : self->empty != NULL)
    g_string_append_printf (text, "%s%s", before, has_points (self) ? self->words : self->empty);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text->str, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
smb_plot_finalize (GObject *object)
{
  SmbPlot *self = SMB_PLOT (object);

  for (guint i = 0; i < SMB_PLOT_MAX_LINES; i++) {
    g_free (self->lines[i].name);
    g_array_unref (self->lines[i].points);
  }
  g_free (self->title);
  g_free (self->x_title);
  g_free (self->words);
  g_free (self->empty);
  G_OBJECT_CLASS (smb_plot_parent_class)->finalize (object);
}

static void
smb_plot_class_init (SmbPlotClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = smb_plot_finalize;
  widget_class->measure = smb_plot_measure;
  widget_class->snapshot = smb_plot_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
smb_plot_init (SmbPlot *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();

  for (guint i = 0; i < SMB_PLOT_MAX_LINES; i++)
    self->lines[i].points = g_array_new (FALSE, FALSE, sizeof (Point));
  for (guint i = 0; i < G_N_ELEMENTS (self->fixed); i++)
    self->fixed[i] = NAN;
  self->pointer_x = NAN;
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
}

GtkWidget *
smb_plot_new (const char *title)
{
  SmbPlot *self = g_object_new (SMB_TYPE_PLOT, NULL);

  self->title = g_strdup (title);
  say (self);
  return GTK_WIDGET (self);
}

void
smb_plot_set_range (SmbPlot *self, double x0, double x1, double y0, double y1)
{
  const double ends[] = { x0, x1, y0, y1 };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    self->fixed[i] = ends[i];
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_plot_set_x_title (SmbPlot *self, const char *title)
{
  g_free (self->x_title);
  self->x_title = g_strdup (title);
}

void
smb_plot_set_line (SmbPlot *self, guint line, const char *name, gboolean marks)
{
  g_return_if_fail (line < SMB_PLOT_MAX_LINES);
  g_free (self->lines[line].name);
  self->lines[line].name = g_strdup (name);
  self->lines[line].marks = marks;
}

void
smb_plot_set_diagonal (SmbPlot *self, gboolean diagonal)
{
  self->diagonal = diagonal;
}

void
smb_plot_append (SmbPlot *self, guint line, double x, double y)
{
  const Point point = { x, y };

  g_return_if_fail (line < SMB_PLOT_MAX_LINES);
  if (isfinite (x) && isfinite (y))
    g_array_append_val (self->lines[line].points, point);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_plot_clear (SmbPlot *self)
{
  for (guint i = 0; i < SMB_PLOT_MAX_LINES; i++)
    g_array_set_size (self->lines[i].points, 0);
  smb_plot_set_words (self, NULL);
}

void
smb_plot_set_words (SmbPlot *self, const char *words)
{
  g_free (self->words);
  self->words = g_strdup (words);
  say (self);
}

void
smb_plot_set_empty (SmbPlot *self, const char *sentence)
{
  g_free (self->empty);
  self->empty = g_strdup (sentence);
  say (self);
}
