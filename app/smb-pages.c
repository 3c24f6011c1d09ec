/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-pages.h"

#include <glib/gi18n.h>
#include <math.h>

#define WIDTH_PX 793.7 /* of A4 at 96 dots an inch */
#define GAP_PX 18
#define AHEAD 1        /* pages drawn before they come into view */
#define OVERSAMPLE 2   /* letters stand where they stand on paper only if they need not stand on whole pixels */

struct _SmbPages {
  GtkWidget parent_instance;

  GtkWidget *scrolled, *box;
  GPtrArray *sheets; /* GtkPicture*, page by page; the box owns them */

  SmbReportPages *pages;
  double zoom;
};

G_DEFINE_FINAL_TYPE (SmbPages, smb_pages, GTK_TYPE_WIDGET)

/* One page being drawn. */
typedef struct {
  SmbReportPages *pages;
  guint page;
  int width_px;
} Drawing;

static void
drawing_free (gpointer data)
{
  Drawing *drawing = data;

  smb_report_pages_unref (drawing->pages);
  g_free (drawing);
}

static void
draw (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Drawing *drawing = task_data;
  g_autoptr (GBytes) bytes = NULL;
  GError *error = NULL;
  int height_px;

  if (g_task_return_error_if_cancelled (task)) /* scrolled past */
    return;
  bytes = smb_report_pages_render (drawing->pages, drawing->page, drawing->width_px, &height_px, &error);
  if (bytes != NULL)
    g_task_return_pointer (
        task,
        gdk_memory_texture_new (drawing->width_px, height_px, GDK_MEMORY_DEFAULT, bytes, 4 * (gsize) drawing->width_px),
        g_object_unref);
  else
    g_task_return_error (task, error);
}

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture = g_task_propagate_pointer (G_TASK (result), &error);

  if (texture != NULL)
    gtk_picture_set_paintable (GTK_PICTURE (source), GDK_PAINTABLE (texture));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    gtk_widget_set_tooltip_text (GTK_WIDGET (source), error->message);
}

static int
width_of (const SmbPages *self)
{
  return (int) lround (WIDTH_PX * self->zoom);
}

static int
height_of (const SmbPages *self)
{
  return (int) lround (width_of (self) * smb_report_pages_get_aspect ());
}

static void
hide_sheet (GtkWidget *sheet)
{
  GCancellable *going = g_object_get_data (G_OBJECT (sheet), "drawing");

  if (going == NULL)
    return;
  g_cancellable_cancel (going);
  g_object_set_data (G_OBJECT (sheet), "drawing", NULL);
  gtk_picture_set_paintable (GTK_PICTURE (sheet), NULL);
}

static void
show_sheet (SmbPages *self, guint page)
{
  GtkWidget *sheet = g_ptr_array_index (self->sheets, page);
  g_autoptr (GCancellable) cancellable = NULL;
  g_autoptr (GTask) task = NULL;
  Drawing *drawing;

  if (g_object_get_data (G_OBJECT (sheet), "drawing") != NULL)
    return; /* drawn, or on its way */
  cancellable = g_cancellable_new ();
  task = g_task_new (sheet, cancellable, on_drawn, NULL);
  drawing = g_new0 (Drawing, 1);
  drawing->pages = smb_report_pages_ref (self->pages);
  drawing->page = page;
  drawing->width_px = width_of (self) * MAX (gtk_widget_get_scale_factor (sheet), OVERSAMPLE);
  g_object_set_data_full (G_OBJECT (sheet), "drawing", g_steal_pointer (&cancellable), g_object_unref);
  g_task_set_task_data (task, drawing, drawing_free);
  g_task_run_in_thread (task, draw);
}

/* What is in view is drawn, what is far from it given up: a long report would fill the memory. */
static void
follow (SmbPages *self)
{
  GtkAdjustment *at = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (self->scrolled));
  const double step = height_of (self) + GAP_PX, top = gtk_adjustment_get_value (at) - GAP_PX;
  const int first = (int) floor (top / step) - AHEAD,
            last = (int) floor ((top + gtk_adjustment_get_page_size (at)) / step) + AHEAD;

  for (guint i = 0; i < self->sheets->len; i++)
    if ((int) i < first || (int) i > last)
      hide_sheet (g_ptr_array_index (self->sheets, i));
  for (int i = MAX (first, 0); i <= last && i < (int) self->sheets->len; i++)
    show_sheet (self, (guint) i);
}

static void
clear (SmbPages *self)
{
  for (guint i = 0; i < self->sheets->len; i++) {
    hide_sheet (g_ptr_array_index (self->sheets, i));
    gtk_box_remove (GTK_BOX (self->box), g_ptr_array_index (self->sheets, i));
  }
  g_ptr_array_set_size (self->sheets, 0);
}

static void
fill (SmbPages *self)
{
  const guint n = self->pages != NULL ? smb_report_pages_get_n (self->pages) : 0;

  clear (self);
  for (guint i = 0; i < n; i++) {
    GtkWidget *sheet = gtk_picture_new ();
    g_autofree char *name = g_strdup_printf (_("Page %u of %u"), i + 1, n);

    gtk_widget_set_halign (sheet, GTK_ALIGN_CENTER);
    gtk_widget_set_size_request (sheet, width_of (self), height_of (self));
    gtk_widget_add_css_class (sheet, "sheet");
    gtk_accessible_update_property (GTK_ACCESSIBLE (sheet), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    gtk_box_append (GTK_BOX (self->box), sheet);
    g_ptr_array_add (self->sheets, sheet);
  }
  follow (self);
}

void
smb_pages_set (SmbPages *self, SmbReportPages *pages)
{
  g_autoptr (SmbReportPages) before = self->pages;

  self->pages = pages != NULL ? smb_report_pages_ref (pages) : NULL;
  fill (self);
}

void
smb_pages_set_zoom (SmbPages *self, double zoom)
{
  GtkAdjustment *at = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (self->scrolled));
  const double value = gtk_adjustment_get_value (at) * zoom / self->zoom;

  self->zoom = zoom;
  for (guint i = 0; i < self->sheets->len; i++) {
    GtkWidget *sheet = g_ptr_array_index (self->sheets, i);

    hide_sheet (sheet);
    gtk_widget_set_size_request (sheet, width_of (self), height_of (self));
  }
  gtk_adjustment_set_upper (
      at, MAX (gtk_adjustment_get_upper (at), self->sheets->len * (double) (height_of (self) + GAP_PX)));
  gtk_adjustment_set_value (at, value);
  follow (self);
}

static void
smb_pages_dispose (GObject *object)
{
  SmbPages *self = SMB_PAGES (object);

  if (self->scrolled != NULL)
    clear (self);
  g_clear_pointer (&self->scrolled, gtk_widget_unparent);
  g_clear_pointer (&self->pages, smb_report_pages_unref);
  g_clear_pointer (&self->sheets, g_ptr_array_unref);
  G_OBJECT_CLASS (smb_pages_parent_class)->dispose (object);
}

static void
smb_pages_class_init (SmbPagesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_pages_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
smb_pages_init (SmbPages *self)
{
  GtkAdjustment *at;

  self->zoom = 1.0;
  self->sheets = g_ptr_array_new ();
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, GAP_PX);
  gtk_widget_set_margin_top (self->box, GAP_PX);
  gtk_widget_set_margin_bottom (self->box, GAP_PX);
  gtk_widget_set_margin_start (self->box, GAP_PX);
  gtk_widget_set_margin_end (self->box, GAP_PX);
  self->scrolled = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scrolled), self->box);
  gtk_widget_set_vexpand (self->scrolled, TRUE);
  gtk_widget_set_focusable (self->scrolled, TRUE); /* keys scroll it */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scrolled), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Pages of the report"), -1);
  gtk_widget_set_parent (self->scrolled, GTK_WIDGET (self));
  at = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (self->scrolled));
  g_signal_connect_object (at, "value-changed", G_CALLBACK (follow), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (at, "changed", G_CALLBACK (follow), self, G_CONNECT_SWAPPED);
}

GtkWidget *
smb_pages_new (void)
{
  return g_object_new (SMB_TYPE_PAGES, NULL);
}
