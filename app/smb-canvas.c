/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-canvas-private.h"

#include "explain/smb-overlay.h"
#include "smb-format.h"

#include <glib/gi18n.h>
#include <math.h>

G_DEFINE_FINAL_TYPE (SmbCanvas, smb_canvas, GTK_TYPE_WIDGET)

static void
clear_face (gpointer data)
{
  SmbCanvasFace *face = data;

  g_free (face->label);
}

static void
smb_canvas_finalize (GObject *object)
{
  SmbCanvas *self = SMB_CANVAS (object);

  g_clear_pointer (&self->image, smb_image_unref);
  g_clear_object (&self->texture);
  g_clear_pointer (&self->message, g_free);
  g_clear_pointer (&self->faces, g_array_unref);
  g_clear_pointer (&self->map, smb_map_free);
  g_clear_pointer (&self->map_title, g_free);
  g_clear_pointer (&self->map_subtitle, g_free);
  g_clear_object (&self->map_texture);
  G_OBJECT_CLASS (smb_canvas_parent_class)->finalize (object);
}

static void
smb_canvas_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                    int *minimum_baseline, int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 240 : 160;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 640 : 480;
}

static void
smb_canvas_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SmbCanvas *self = SMB_CANVAS (widget);

  smb_viewport_set_view (&self->viewport, width, height);
  g_signal_emit_by_name (self, "view-changed");
}

static void
smb_canvas_class_init (SmbCanvasClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = smb_canvas_finalize;
  widget_class->measure = smb_canvas_measure;
  widget_class->size_allocate = smb_canvas_size_allocate;
  widget_class->snapshot = smb_canvas_snapshot;
  gtk_widget_class_set_css_name (widget_class, "canvas");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  g_signal_new ("view-changed", SMB_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("hover", SMB_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_DOUBLE,
                G_TYPE_DOUBLE);
  g_signal_new ("face-activated", SMB_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  g_signal_new ("box-drawn", SMB_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3, G_TYPE_INT,
                G_TYPE_INT, G_TYPE_INT);
}

static void
smb_canvas_init (SmbCanvas *self)
{
  self->faces = g_array_new (FALSE, TRUE, sizeof (SmbCanvasFace));
  g_array_set_clear_func (self->faces, clear_face);
  self->selected = -1;
  self->look = (SmbOverlayLook){ .opacity = 0.6, .colours = SMB_COLOURS_VIRIDIS, .legend = TRUE };
  self->viewport.scale = 1.0;
  self->viewport.fit = TRUE;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  smb_canvas_add_controllers (self);
}

/* What a screen reader says of the picture as a whole. */
static void
describe (SmbCanvas *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (self->image == NULL) {
    g_string_append (text, self->message != NULL ? self->message : _("No picture"));
  } else {
    g_string_append_printf (text, _("Picture, %d by %d pixels"), self->image->width, self->image->height);
    for (guint i = 0; i < self->faces->len; i++)
      g_string_append_printf (text, "; %s", g_array_index (self->faces, SmbCanvasFace, i).label);
    if (self->map != NULL)
      g_string_append_printf (text, _("; overlay %s"), self->map_title);
  }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text->str, -1);
}

void
smb_canvas_set_picture (SmbCanvas *self, SmbImage *image, const char *message)
{
  if (image != NULL && image == self->image)
    return;
  g_clear_pointer (&self->image, smb_image_unref);
  g_clear_object (&self->texture);
  g_free (self->message);
  self->message = g_strdup (message);
  if (image != NULL) {
    self->image = smb_image_ref (image);
    self->texture = gdk_memory_texture_new (image->width, image->height, GDK_MEMORY_R8G8B8, image->bytes,
                                            (gsize) image->width * 3);
    /* The next frame of a video does not move the view. */
    if (self->viewport.image_width != image->width || self->viewport.image_height != image->height)
      smb_viewport_set_image (&self->viewport, image->width, image->height);
  }
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit_by_name (self, "view-changed");
}

static char *
face_label (const SmbAnalysis *analysis, guint index)
{
  const SmbFaceResult *face = analysis->faces->pdata[index];
  g_autofree char *name = smb_format_face (face, index);
  int best = smb_face_result_get_best (face);

  if (best < 0 || isnan (face->score))
    return g_strdup_printf (_("%s  n/a"), name);
  return g_strdup_printf ("%s  %s  %.2f", name, smb_format_class (analysis->classes[best]),
                          face->score);
}

void
smb_canvas_set_faces (SmbCanvas *self, const SmbAnalysis *analysis, int selected)
{
  g_array_set_size (self->faces, 0);
  for (guint i = 0; analysis != NULL && i < analysis->faces->len; i++) {
    const SmbFaceResult *result = analysis->faces->pdata[i];
    SmbBox box = result->face.box;
    SmbCanvasFace face = { .box = { box.x, box.y, box.width, box.height },
                           .label = face_label (analysis, i),
                           .outside = isnan (result->score) };

    g_array_append_val (self->faces, face);
  }
  self->selected = selected;
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_canvas_set_map (SmbCanvas *self, const SmbMap *map, SmbViewRect area, const char *title, const char *subtitle)
{
  g_clear_pointer (&self->map, smb_map_free);
  g_clear_object (&self->map_texture);
  g_free (self->map_title);
  g_free (self->map_subtitle);
  self->map_title = g_strdup (title);
  self->map_subtitle = g_strdup (subtitle);
  if (map != NULL)
    self->map = map->rgb != NULL ? smb_map_new_rgb (&map->spec, map->rgb_size, map->rgb)
                                 : smb_map_new_grid (&map->spec, map->rows, map->columns, map->values);
  self->map_area = area;
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_canvas_set_look (SmbCanvas *self, const SmbOverlayLook *look)
{
  if (self->look.threshold != look->threshold || self->look.colours != look->colours)
    g_clear_object (&self->map_texture);
  self->look = *look;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

const SmbViewport *
smb_canvas_get_viewport (SmbCanvas *self)
{
  return &self->viewport;
}

static void
view_changed (SmbCanvas *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit_by_name (self, "view-changed");
}

void
smb_canvas_fit (SmbCanvas *self)
{
  smb_viewport_fit (&self->viewport);
  view_changed (self);
}

void
smb_canvas_set_scale (SmbCanvas *self, double scale)
{
  smb_viewport_zoom_at (&self->viewport, scale, self->viewport.view_width / 2.0, self->viewport.view_height / 2.0);
  view_changed (self);
}

void
smb_canvas_zoom_by (SmbCanvas *self, double factor)
{
  smb_canvas_set_scale (self, self->viewport.scale * factor);
}

void
smb_canvas_show_face (SmbCanvas *self, int index)
{
  const SmbCanvasFace *face;
  double scale;

  if (self->image == NULL || index < 0 || index >= (int) self->faces->len)
    return;
  face = &g_array_index (self->faces, SmbCanvasFace, index);
  /* The face takes about a third of the view: its surroundings matter to an examiner. */
  scale = 0.38 * MIN (self->viewport.view_width, self->viewport.view_height) / MAX (face->box.width, 1.0);
  smb_viewport_zoom_at (&self->viewport, MAX (scale, smb_viewport_get_fit_scale (&self->viewport)), 0.0, 0.0);
  smb_viewport_centre_on (&self->viewport, face->box.x + face->box.width / 2.0, face->box.y + face->box.height / 2.0);
  view_changed (self);
}

void
smb_canvas_set_drawing (SmbCanvas *self, gboolean drawing)
{
  if (self->drawing == drawing)
    return;
  self->drawing = drawing;
  self->has_rubber = FALSE;
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), drawing ? "crosshair" : NULL);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

double
smb_canvas_get_map_value (SmbCanvas *self, double x, double y, int *row_out, int *column_out)
{
  double u, v;

  if (self->map == NULL || self->map->values == NULL || self->map_area.width <= 0.0 || self->map_area.height <= 0.0)
    return NAN;
  u = (x - self->map_area.x) / self->map_area.width;
  v = (y - self->map_area.y) / self->map_area.height;
  if (u < 0.0 || v < 0.0 || u >= 1.0 || v >= 1.0)
    return NAN;
  if (row_out != NULL)
    *row_out = (int) (v * self->map->rows);
  if (column_out != NULL)
    *column_out = (int) (u * self->map->columns);
  return smb_overlay_value_at (self->map, u, v);
}
