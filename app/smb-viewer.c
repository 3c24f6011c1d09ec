/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-viewer-private.h"

#include "analysis/smb-score-warning.h"
#include "explain/smb-faithfulness.h"
#include "smb-format.h"
#include "smb-map-texture.h"
#include "smb-session-video.h"
#include "smb-wrap-layout.h"

#include <glib/gi18n.h>
#include <math.h>

G_DEFINE_FINAL_TYPE (SmbViewer, smb_viewer, GTK_TYPE_WIDGET)

/* A detector that looks at the middle of its crop does not see the whole box. */
SmbViewRect
smb_viewer_get_map_area (const SmbMap *map, SmbBox box)
{
  if (map->area.width > 0.0 && map->area.height > 0.0)
    return (SmbViewRect){ map->area.x, map->area.y, map->area.width, map->area.height };
  return (SmbViewRect){ box.x, box.y, box.width, box.height };
}

const char *
smb_viewer_get_class_name (SmbViewer *self, const SmbMapSpec *spec)
{
  const SmbModelInfo *model = smb_session_get_model (self->session);

  if (spec->of_class < 0 || model == NULL || model->classes == NULL ||
      spec->of_class >= (int) g_strv_length (model->classes))
    return NULL;
  return smb_format_class (model->classes[spec->of_class]);
}

/* The patches that a tool works on: those of the network the map rests on. */
static void
show_patches (SmbViewer *self, const SmbMap *map, const SmbFaceResult *face)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);
  gboolean of_detector = spec != NULL && smb_map_kind_is_of_detector (spec->kind);
  const SmbNetConfig *config = of_detector ? smb_session_get_detector_config (self->session)
                                           : smb_session_get_mim_config (self->session);
  gboolean wanted = face != NULL && config != NULL &&
                    (smb_session_get_tool (self->session) == SMB_TOOL_PATCHES ||
                     (of_detector && spec->kind != SMB_MAP_OCCLUSION));
  g_autofree guint8 *marked = NULL;
  int n = wanted ? smb_net_config_get_grid (config) : 0;
  SmbViewRect area = { 0 };

  if (wanted) {
    SmbBox box = face->face.box;

    area = map != NULL && of_detector ? smb_viewer_get_map_area (map, box)
                                      : (SmbViewRect){ box.x, box.y, box.width, box.height };
  }
  smb_canvas_set_patch_grid (self->canvas, n, area);
  if (n > 0 && smb_session_get_tool (self->session) == SMB_TOOL_PATCHES) {
    SmbMapSpec settings = smb_session_make_spec (self->session, SMB_MAP_ERROR);

    marked = g_new0 (guint8, (gsize) n * (gsize) n);
    for (int i = 0; i < n * n; i++)
      marked[i] = settings.strategy == SMB_MASK_PATCHES && smb_map_spec_has_patch (&settings, i);
  }
  smb_canvas_set_marks (self->canvas, marked, of_detector ? spec->query - 1 : -1);
}

/* FALSE if none is looked at. */
static gboolean
show_picture_map (SmbViewer *self)
{
  int kind;
  const SmbMap *map = smb_session_get_picture_map (self->session, &kind);

  if (kind < 0)
    return FALSE;
  if (map != NULL)
    smb_canvas_set_map (self->canvas, SMB_SIDE_A, map, smb_viewer_get_map_area (map, (SmbBox){ 0 }),
                        smb_viewer_picture_map_title (kind), _("whole picture, steps of 255"));
  else
    smb_canvas_set_map (self->canvas, SMB_SIDE_A, NULL, (SmbViewRect){ 0 }, NULL, NULL);
  return TRUE;
}

static void
show_map (SmbViewer *self)
{
  const SmbFaceResult *face = smb_session_get_face (self->session);
  SmbMapState state;
  const SmbMap *map = smb_session_get_map (self->session, &state);

  smb_viewer_show_tools (self);
  smb_viewer_show_look (self);
  if (show_picture_map (self)) {
    /* It lies over the whole picture, with or without a face. */
  } else if (map != NULL && face != NULL) {
    g_autofree char *subtitle = smb_format_map_subtitle (&map->spec, smb_viewer_get_class_name (self, &map->spec));

    if (map->faithfulness != NULL && map->faithfulness->fails != 0) {
      g_autofree char *plain = g_steal_pointer (&subtitle);

      subtitle = g_strdup_printf (_("%s\n⚠ fails its test"), plain);
    }
    smb_canvas_set_map (self->canvas, SMB_SIDE_A, map, smb_viewer_get_map_area (map, face->face.box),
                        smb_format_map_title (map->spec.kind), subtitle);
  } else {
    smb_canvas_set_map (self->canvas, SMB_SIDE_A, NULL, (SmbViewRect){ 0 }, NULL, NULL);
  }
  show_patches (self, map, face);
  if (g_strcmp0 (state.problem, self->told_problem) != 0) {
    g_free (self->told_problem);
    self->told_problem = g_strdup (state.problem);
    if (state.problem != NULL)
      smb_session_message (self->session, SMB_MESSAGE_WARNING, state.problem, NULL);
  }
  smb_viewer_show_other (self);
}

/* The brush's canvas: the regions, while they are being edited. */
static void
show_tool (SmbViewer *self)
{
  SmbTool tool = smb_session_get_tool (self->session);
  const SmbFaceResult *face = smb_session_get_face (self->session);
  const SmbRegions *regions = tool == SMB_TOOL_BRUSH ? smb_session_get_regions (self->session) : NULL;
  double radius;

  if (smb_canvas_get_tool (self->canvas) != tool) {
    smb_canvas_set_tool (self->canvas, tool);
    if (tool != SMB_TOOL_NONE)
      gtk_widget_grab_focus (GTK_WIDGET (self->canvas));
  }
  if (regions != NULL && face != NULL) {
    SmbBox box = face->face.box;
    g_autoptr (GdkTexture) texture = smb_regions_texture_new (regions);

    smb_session_get_brush (self->session, &radius);
    smb_canvas_set_paint (self->canvas, texture, (SmbViewRect){ box.x, box.y, box.width, box.height },
                          radius * box.width / regions->size_px);
  } else {
    smb_canvas_set_paint (self->canvas, NULL, (SmbViewRect){ 0 }, 0.0);
  }
  show_patches (self, smb_session_get_map (self->session, NULL), face);
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
  if (analysis != NULL || model != NULL) {
    const gboolean video = exhibit != NULL && smb_exhibit_get_evidence (exhibit)->video;
    const gboolean ready = model != NULL && (video ? model->track_calibration != NULL : model->calibrated);
    const SmbScored scored = { NULL, video, analysis != NULL ? analysis->trained : model->trained,
                               analysis != NULL ? analysis->calibrated : ready };

    warning = smb_score_warning (&scored);
  }
  smb_banner_set_state (self->banner, SMB_MESSAGE_WARNING, warning);
}

static void
show_faces (SmbViewer *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);
  const SmbAnalysis *analysis = smb_session_get_analysis (self->session);

  smb_canvas_set_faces (self->canvas, SMB_SIDE_A, analysis, smb_session_get_face_index (self->session));
  smb_canvas_set_name (self->canvas, SMB_SIDE_A, exhibit != NULL ? smb_exhibit_get_evidence (exhibit)->exhibit : NULL);
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
  smb_canvas_set_picture (self->canvas, SMB_SIDE_A, smb_session_get_tiles (self->session), message);
  show_facts (self);
  show_faces (self);
}

/* Another frame of a video: the view stays where it is. */
static void
show_frame (SmbViewer *self)
{
  smb_canvas_set_picture (self->canvas, SMB_SIDE_A, smb_session_get_tiles (self->session), NULL);
}

static void
on_view_changed (SmbCanvas *canvas, SmbViewer *self)
{
  const SmbViewport *viewport = smb_canvas_get_viewport (canvas);
  g_autofree char *text = g_strdup_printf (_("%.0f %%"), viewport->scale * 100.0);

  gtk_label_set_text (self->zoom, text);
}

/* What the map says under the pointer: value, spread and draws where it has them, patch, part of the face. */
static char *
describe_value (SmbViewer *self, SmbCanvasSide side, double x, double y)
{
  const SmbMap *map = side == SMB_SIDE_A ? smb_session_get_map (self->session, NULL)
                                         : smb_session_get_other_map (self->session, NULL);
  int row = 0, column = 0, kind = -1;
  double value = smb_canvas_get_map_value (self->canvas, side, x, y, &row, &column);
  g_autofree char *number = NULL;
  GString *text;

  if (side == SMB_SIDE_A && map == NULL)
    map = smb_session_get_picture_map (self->session, &kind);
  if (isnan (value) || map == NULL || row >= map->rows || column >= map->columns)
    return NULL;
  number = smb_format_value (value);
  text = g_string_new (NULL);
  g_string_append_printf (text, _("map %s"), number);
  if (map->deviation != NULL && map->count != NULL) {
    gsize cell = (gsize) row * (gsize) map->columns + (gsize) column;

    g_string_append_printf (text, _(" ± %.2g, n %.0f"), map->deviation[cell], map->count[cell]);
  }
  if (map->rows <= 32)
    g_string_append_printf (text, _(" · patch %d, %d"), row + 1, column + 1);
  return g_string_free (text, FALSE);
}

/* The part of the face under a point of side A's picture; NULL if there is none. */
static const char *
name_region (SmbViewer *self, double x, double y)
{
  const SmbFaceResult *face = smb_session_get_face (self->session);
  const SmbRegions *regions;
  double u, v;

  /* Nothing is computed only because the pointer moved. */
  if (face == NULL || smb_session_get_map_spec (self->session) == NULL)
    return NULL;
  regions = smb_session_get_regions (self->session);
  u = (x - face->face.box.x) / face->face.box.width;
  v = (y - face->face.box.y) / face->face.box.height;
  if (regions == NULL || u < 0.0 || v < 0.0 || u >= 1.0 || v >= 1.0)
    return NULL;
  return smb_region_class_title (
      (SmbRegionClass)
          regions->classes[(int) (v * regions->size_px) * regions->size_px + (int) (u * regions->size_px)]);
}

static void
on_hover (SmbCanvas *canvas, int side, double x, double y, SmbViewer *self)
{
  SmbTiles *tiles = NULL;
  SmbImage *picture;
  g_autofree char *position = NULL;
  g_autofree char *pixel = NULL;
  g_autofree char *value = NULL;

  if (self->session != NULL)
    tiles = side == SMB_SIDE_A ? smb_session_get_tiles (self->session)
                               : smb_session_get_other_tiles (self->session, NULL);
  picture = tiles != NULL ? smb_tiles_get_image (tiles) : NULL;
  if (picture != NULL && x >= 0.0 && y >= 0.0 && x < picture->width && y < picture->height) {
    const guint8 *rgb = smb_image_get_pixels (picture) + ((gsize) y * (gsize) picture->width + (gsize) x) * 3;
    const char *region = side == SMB_SIDE_A ? name_region (self, x, y) : NULL;
    g_autofree char *plain = describe_value (self, (SmbCanvasSide) side, x, y);

    position = g_strdup_printf ("x %d  y %d", (int) x, (int) y);
    pixel = g_strdup_printf ("RGB %u %u %u", rgb[0], rgb[1], rgb[2]);
    if (plain != NULL && region != NULL)
      value = g_strdup_printf ("%s · %s", plain, region);
    else if (plain != NULL || region != NULL)
      value = g_strdup (plain != NULL ? plain : region);
  }
  gtk_label_set_text (self->position, position != NULL ? position : "");
  gtk_label_set_text (self->pixel, pixel != NULL ? pixel : "");
  gtk_label_set_text (self->value, value != NULL ? value : "");
  /* What the pointer reads takes the room of what stands elsewhere as well. */
  gtk_widget_set_visible (GTK_WIDGET (self->facts), value == NULL);
}

static void
on_face_activated (SmbCanvas *canvas, int index, SmbViewer *self)
{
  smb_session_select_face (self->session, index);
}

static void
on_box_drawn (SmbCanvas *canvas, int x, int y, int side, SmbViewer *self)
{
  smb_session_set_tool (self->session, SMB_TOOL_NONE);
  smb_session_add_drawn_face (self->session, (SmbBox){ x, y, side, side });
}

static void
on_box_corrected (SmbCanvas *canvas, int index, int x, int y, int side, SmbViewer *self)
{
  smb_session_set_tool (self->session, SMB_TOOL_NONE);
  smb_session_correct_face (self->session, index, (SmbBox){ x, y, side, side });
}

static void
on_patch_marked (SmbCanvas *canvas, int patch, gboolean marked, SmbViewer *self)
{
  SmbMapSpec settings = smb_session_make_spec (self->session, SMB_MAP_ERROR);

  if (patch >= SMB_MAP_MAX_PATCHES)
    return;
  settings.strategy = SMB_MASK_PATCHES;
  if (marked)
    smb_map_spec_add_patch (&settings, patch);
  else
    settings.patches[patch / 32] &= ~(1u << (patch % 32));
  smb_session_set_map_settings (self->session, &settings);
}

static void
on_stroke (SmbCanvas *canvas, double x0, double y0, double x1, double y1, SmbViewer *self)
{
  smb_session_paint (self->session, x0, y0, x1, y1, x0 == x1 && y0 == y1);
}

static void
on_tool_dropped (SmbCanvas *canvas, SmbViewer *self)
{
  smb_session_set_tool (self->session, SMB_TOOL_NONE);
  smb_viewer_show_tools (self);
}

void
smb_viewer_correct_face (SmbViewer *self)
{
  smb_canvas_correct_face (self->canvas, smb_session_get_face_index (self->session));
  gtk_widget_grab_focus (GTK_WIDGET (self->canvas));
}

void
smb_viewer_compare (SmbViewer *self)
{
  gboolean off = gtk_toggle_button_get_active (self->mode_one);

  gtk_toggle_button_set_active (off ? self->mode_beside : self->mode_one, TRUE);
  if (off)
    gtk_widget_grab_focus (GTK_WIDGET (self->other));
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
  g_signal_connect_object (session, "other-changed", G_CALLBACK (smb_viewer_show_other), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "tool-changed", G_CALLBACK (show_tool), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (smb_session_get_exhibits (session), "items-changed", G_CALLBACK (smb_viewer_list_exhibits),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "model-changed", G_CALLBACK (on_model_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "exhibits-changed", G_CALLBACK (show_banner), self, G_CONNECT_SWAPPED);
  smb_heads_grid_set_session (self->heads, session);
  smb_viewer_show_depth (self);
  smb_viewer_list_exhibits (self);
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
  g_clear_object (&self->chooser);
  g_clear_pointer (&self->told_problem, g_free);
  G_OBJECT_CLASS (smb_viewer_parent_class)->dispose (object);
}

static void
smb_viewer_class_init (SmbViewerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_viewer_dispose;
  g_type_ensure (SMB_TYPE_CANVAS);
  g_type_ensure (SMB_TYPE_HEADS_GRID);
  g_type_ensure (SMB_TYPE_BANNER);
  g_type_ensure (SMB_TYPE_VIDEO_PANE);
  g_type_ensure (SMB_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-viewer.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, box);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, map);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, of_class);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, layer);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, head);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, query);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, class_group);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, layer_group);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, head_group);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, query_group);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, heads_button);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, heads_popover);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, heads);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, busy_box);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, spinner);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, busy_text);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, stop);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, retry);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, mode_one);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, mode_beside);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, mode_swipe);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, mode_blink);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, other_tools);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, other);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, other_map);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, pin);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, look_tools);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, opacity);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, threshold);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, opacity_text);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, threshold_text);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, threshold_group);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, colours_group);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, colours);
  gtk_widget_class_bind_template_child (widget_class, SmbViewer, contours);
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
  gtk_widget_class_bind_template_callback (widget_class, on_box_corrected);
  gtk_widget_class_bind_template_callback (widget_class, on_patch_marked);
  gtk_widget_class_bind_template_callback (widget_class, on_stroke);
  gtk_widget_class_bind_template_callback (widget_class, on_tool_dropped);
  smb_viewer_bind_tools (widget_class);
  smb_viewer_bind_look (widget_class);
  smb_viewer_bind_other (widget_class);
  smb_viewer_install_save (widget_class);
}

static void
smb_viewer_init (SmbViewer *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  smb_viewer_init_tools (self);
  smb_viewer_init_look (self);
  smb_viewer_init_other (self);
}
