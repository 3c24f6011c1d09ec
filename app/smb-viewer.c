/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-viewer-private.h"

#include "smb-format.h"
#include "smb-session-video.h"
#include "smb-wrap-layout.h"

#include <glib/gi18n.h>
#include <math.h>

G_DEFINE_FINAL_TYPE (SmbViewer, smb_viewer, GTK_TYPE_WIDGET)

/* The part of the picture a map covers: a detector that looks at the middle of its crop does not see the whole box. */
static SmbViewRect
map_area (const SmbMap *map, SmbBox box)
{
  if (map->area.width > 0.0 && map->area.height > 0.0)
    return (SmbViewRect){ map->area.x, map->area.y, map->area.width, map->area.height };
  return (SmbViewRect){ box.x, box.y, box.width, box.height };
}

static void
show_map (SmbViewer *self)
{
  const SmbFaceResult *face = smb_session_get_face (self->session);
  gboolean busy;
  const char *problem;
  const SmbMap *map = smb_session_get_map (self->session, &busy, &problem);

  smb_viewer_show_tools (self);
  gtk_widget_set_visible (self->spinner, busy);
  gtk_spinner_set_spinning (GTK_SPINNER (self->spinner), busy);
  if (map != NULL && face != NULL) {
    g_autofree char *subtitle = smb_format_map_subtitle (&map->spec);

    smb_canvas_set_map (self->canvas, map, map_area (map, face->face.box), smb_format_map_title (map->spec.kind), subtitle);
  } else {
    smb_canvas_set_map (self->canvas, NULL, (SmbViewRect){ 0 }, NULL, NULL);
  }
  if (problem != NULL)
    smb_session_message (self->session, SMB_MESSAGE_WARNING, problem, NULL);
}

/* States that change the meaning of everything below, the gravest first. */
static void
show_banner (SmbViewer *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);
  const SmbAnalysis *analysis = exhibit != NULL ? smb_exhibit_get_analysis (exhibit) : NULL;
  const SmbModelInfo *model = smb_session_get_model (self->session);
  const char *warning = NULL;

  if (exhibit != NULL) {
    const SmbEvidence *evidence = smb_exhibit_get_evidence (exhibit);
    g_autofree char *text = NULL;

    if (evidence->hash_state == SMB_HASH_ALTERED)
      text = g_strdup_printf (_("%s is not the file that was acquired: its hash differs. Nothing below describes the "
                                "evidence. Restore the original file and verify again."), evidence->exhibit);
    else if (evidence->hash_state == SMB_HASH_MISSING)
      text = g_strdup_printf (_("%s is no longer at %s. Put the file back and verify again."), evidence->exhibit,
                              evidence->path);
    else if (evidence->hash_state == SMB_HASH_UNREADABLE)
      text = g_strdup_printf (_("%s cannot be read. Check the permissions of %s and verify again."), evidence->exhibit,
                              evidence->path);
    if (text != NULL) {
      smb_banner_set_state (self->banner, SMB_MESSAGE_ERROR, text);
      return;
    }
  }
  if (smb_session_get_model_check (self->session) == SMB_CHECK_BAD) {
    smb_banner_set_state (self->banner, SMB_MESSAGE_ERROR, smb_session_get_model_problem (self->session));
    return;
  }
  if (analysis != NULL)
    warning = smb_model_warning (analysis->trained, analysis->calibrated);
  else if (model != NULL)
    warning = smb_model_warning (model->trained, model->calibrated);
  smb_banner_set_state (self->banner, SMB_MESSAGE_WARNING, warning);
}

static void
show_faces (SmbViewer *self)
{
  const SmbAnalysis *analysis = smb_session_get_analysis (self->session);

  smb_canvas_set_faces (self->canvas, analysis, smb_session_get_face_index (self->session));
  show_banner (self);
}

static void
show_facts (SmbViewer *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);
  SmbImage *picture = smb_session_get_picture (self->session, NULL);
  g_autofree char *text = NULL;

  if (exhibit != NULL && picture != NULL) {
    const SmbEvidence *evidence = smb_exhibit_get_evidence (exhibit);

    text = g_strdup_printf (_("%d × %d px · %s"), picture->width, picture->height,
                            evidence->format != NULL ? evidence->format : _("unknown format"));
  }
  gtk_label_set_text (self->facts, text != NULL ? text : "");
}

static void
show_picture (SmbViewer *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);
  const char *problem;
  SmbImage *picture = smb_session_get_picture (self->session, &problem);
  const char *message = NULL;

  if (picture == NULL) {
    if (exhibit == NULL)
      message = _("Choose an exhibit in the list to look at it.");
    else if (problem != NULL)
      message = problem;
    else
      message = _("Opening…");
  }
  smb_canvas_set_picture (self->canvas, picture, message);
  show_facts (self);
  show_faces (self);
}

/* Another frame of a video: the view stays where it is. */
static void
show_frame (SmbViewer *self)
{
  smb_canvas_set_picture (self->canvas, smb_session_get_picture (self->session, NULL), NULL);
}

static void
on_view_changed (SmbCanvas *canvas, SmbViewer *self)
{
  const SmbViewport *viewport = smb_canvas_get_viewport (canvas);
  g_autofree char *text = g_strdup_printf (_("%.0f %%"), viewport->scale * 100.0);

  gtk_label_set_text (self->zoom, text);
}

static void
on_hover (SmbCanvas *canvas, double x, double y, SmbViewer *self)
{
  SmbImage *picture = self->session != NULL ? smb_session_get_picture (self->session, NULL) : NULL;
  g_autofree char *position = NULL;
  g_autofree char *pixel = NULL;
  g_autofree char *value = NULL;
  int row, column;
  double map_value;

  if (picture != NULL && x >= 0.0 && y >= 0.0 && x < picture->width && y < picture->height) {
    const guint8 *rgb = smb_image_get_pixels (picture) + ((gsize) y * (gsize) picture->width + (gsize) x) * 3;

    position = g_strdup_printf ("x %d  y %d", (int) x, (int) y);
    pixel = g_strdup_printf ("RGB %u %u %u", rgb[0], rgb[1], rgb[2]);
    map_value = smb_canvas_get_map_value (canvas, x, y, &row, &column);
    if (!isnan (map_value))
      value = g_strdup_printf (_("map %.4g · patch %d, %d"), map_value, row + 1, column + 1);
  }
  gtk_label_set_text (self->position, position != NULL ? position : "");
  gtk_label_set_text (self->pixel, pixel != NULL ? pixel : "");
  gtk_label_set_text (self->value, value != NULL ? value : "");
}

static void
on_face_activated (SmbCanvas *canvas, int index, SmbViewer *self)
{
  smb_session_select_face (self->session, index);
}

static void
on_box_drawn (SmbCanvas *canvas, int x, int y, int side, SmbViewer *self)
{
  smb_session_add_drawn_face (self->session, (SmbBox){ x, y, side, side });
}

void
smb_viewer_set_drawing (SmbViewer *self, gboolean drawing)
{
  smb_canvas_set_drawing (self->canvas, drawing);
  if (drawing)
    gtk_widget_grab_focus (GTK_WIDGET (self->canvas));
}

void
smb_viewer_zoom (SmbViewer *self, const char *how)
{
  if (g_str_equal (how, "in"))
    smb_canvas_zoom_by (self->canvas, 1.25);
  else if (g_str_equal (how, "out"))
    smb_canvas_zoom_by (self->canvas, 0.8);
  else if (g_str_equal (how, "full"))
    smb_canvas_set_scale (self->canvas, 1.0);
  else if (g_str_equal (how, "face"))
    smb_canvas_show_face (self->canvas, smb_session_get_face_index (self->session));
  else
    smb_canvas_fit (self->canvas);
}

static void
on_model_changed (SmbViewer *self)
{
  smb_viewer_show_depth (self);
  show_banner (self);
  show_map (self);
}

void
smb_viewer_set_session (SmbViewer *self, SmbSession *session)
{
  g_return_if_fail (self->session == NULL);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "picture-changed", G_CALLBACK (show_picture), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "frame-changed", G_CALLBACK (show_frame), self, G_CONNECT_SWAPPED);
  smb_video_pane_set_session (self->video_pane, session);
  g_signal_connect_object (session, "faces-changed", G_CALLBACK (show_faces), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "map-changed", G_CALLBACK (show_map), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "model-changed", G_CALLBACK (on_model_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "exhibits-changed", G_CALLBACK (show_banner), self, G_CONNECT_SWAPPED);
  smb_viewer_show_depth (self);
  show_picture (self);
  show_map (self);
}

static void
smb_viewer_dispose (GObject *object)
{
  SmbViewer *self = SMB_VIEWER (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->session);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (smb_viewer_parent_class)->dispose (object);
}

static void
smb_viewer_class_init (SmbViewerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_viewer_dispose;
  g_type_ensure (SMB_TYPE_CANVAS);
  g_type_ensure (SMB_TYPE_BANNER);
  g_type_ensure (SMB_TYPE_VIDEO_PANE);
  g_type_ensure (SMB_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-viewer.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, box);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, map);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, layer_group);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, head_group);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, layer);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, head);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, spinner);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, opacity);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, threshold);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, opacity_text);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, threshold_text);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, look_tools);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, threshold_group);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, colours_group);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, colours);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, legend);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, banner);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, canvas);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, video_pane);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, zoom);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, position);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, pixel);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, value);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, facts);
  gtk_widget_class_bind_template_callback (widget_class, on_view_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_hover);
  gtk_widget_class_bind_template_callback (widget_class, on_face_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_box_drawn);
  smb_viewer_bind_tools (widget_class);
}

static void
smb_viewer_init (SmbViewer *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  smb_viewer_init_tools (self);
  smb_viewer_apply_look (self);
}
