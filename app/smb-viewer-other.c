/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing: which exhibit and map lie in the second view, and how the two views share the canvas. */
#include "smb-viewer-private.h"

#include "smb-format.h"

#include <glib/gi18n.h>

/* Of the drop-down of the second view's map; the kinds follow. */
enum { MAP_NONE, MAP_SAME, MAP_KEPT, MAP_KINDS };

static SmbCanvasMode
get_mode (SmbViewer *self)
{
  if (gtk_toggle_button_get_active (self->mode_beside))
    return SMB_CANVAS_BESIDE;
  if (gtk_toggle_button_get_active (self->mode_swipe))
    return SMB_CANVAS_SWIPE;
  return gtk_toggle_button_get_active (self->mode_blink) ? SMB_CANVAS_BLINK : SMB_CANVAS_ONE;
}

static void
on_mode_toggled (GtkToggleButton *button, SmbViewer *self)
{
  SmbCanvasMode mode = get_mode (self);

  if (!gtk_toggle_button_get_active (button) || self->session == NULL)
    return;
  smb_canvas_set_mode (self->canvas, mode);
  gtk_widget_set_visible (self->other_tools, mode != SMB_CANVAS_ONE);
  smb_viewer_show_other (self);
  smb_viewer_show_look (self);
}

static void
on_other_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbViewer *self)
{
  guint chosen = gtk_drop_down_get_selected (self->other);
  g_autoptr (SmbExhibit) exhibit = NULL;

  if (self->updating || self->session == NULL || chosen == GTK_INVALID_LIST_POSITION)
    return;
  if (chosen > 0)
    exhibit = g_list_model_get_item (smb_session_get_exhibits (self->session), chosen - 1);
  smb_session_set_other (self->session, exhibit);
  /* Another exhibit is looked at with the same eyes until told otherwise. */
  if (exhibit != NULL && smb_session_get_other_map_choice (self->session, NULL) == SMB_OTHER_NONE)
    smb_session_set_other_map (self->session, SMB_OTHER_SAME, NULL);
}

static void
on_other_map_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbViewer *self)
{
  guint chosen = gtk_drop_down_get_selected (self->other_map);
  SmbMapSpec spec;

  if (self->updating || self->session == NULL || chosen == GTK_INVALID_LIST_POSITION)
    return;
  if (chosen == MAP_NONE || chosen == MAP_SAME) {
    smb_session_set_other_map (self->session, chosen == MAP_SAME ? SMB_OTHER_SAME : SMB_OTHER_NONE, NULL);
  } else if (chosen >= MAP_KINDS) {
    spec = smb_session_make_spec (self->session, smb_viewer_kinds[MIN (chosen - MAP_KINDS, SMB_VIEWER_N_KINDS - 1)]);
    smb_session_set_other_map (self->session, SMB_OTHER_OWN, &spec);
  }
  smb_viewer_show_look (self);
}

static void
on_pin_clicked (GtkButton *button, SmbViewer *self)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);

  if (spec != NULL)
    smb_session_set_other_map (self->session, SMB_OTHER_OWN, spec);
  else
    smb_session_set_other_map (self->session, SMB_OTHER_NONE, NULL);
  smb_viewer_show_look (self);
}

/* The exhibits there are to compare with. */
void
smb_viewer_list_exhibits (SmbViewer *self)
{
  GListModel *exhibits = smb_session_get_exhibits (self->session);
  guint n = g_list_model_get_n_items (exhibits);
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint chosen = 0;

  gtk_string_list_append (names, _("The same exhibit"));
  for (guint i = 0; i < n; i++) {
    g_autoptr (SmbExhibit) exhibit = g_list_model_get_item (exhibits, i);
    g_autofree char *name = smb_exhibit_dup_name (exhibit);

    gtk_string_list_take (names, g_strdup_printf ("%s  %s", smb_exhibit_get_evidence (exhibit)->exhibit, name));
    if (exhibit == smb_session_get_other (self->session) && exhibit != smb_session_get_exhibit (self->session))
      chosen = i + 1;
  }
  self->updating = TRUE;
  gtk_drop_down_set_model (self->other, G_LIST_MODEL (names));
  gtk_drop_down_set_selected (self->other, chosen);
  self->updating = FALSE;
}

static void
show_controls (SmbViewer *self)
{
  SmbMapSpec spec;
  SmbOtherMap which = smb_session_get_other_map_choice (self->session, &spec);
  guint position = which == SMB_OTHER_SAME ? MAP_SAME : MAP_NONE;

  if (which == SMB_OTHER_OWN) {
    SmbMapSpec plain = smb_session_make_spec (self->session, spec.kind);

    position = MAP_KEPT;
    for (guint i = 0; i < SMB_VIEWER_N_KINDS; i++) {
      if (smb_viewer_kinds[i] == spec.kind && smb_map_spec_equal (&plain, &spec))
        position = MAP_KINDS + i;
    }
  }
  self->updating = TRUE;
  gtk_drop_down_set_selected (self->other_map, position);
  if (smb_session_get_other (self->session) == smb_session_get_exhibit (self->session))
    gtk_drop_down_set_selected (self->other, 0);
  self->updating = FALSE;
}

void
smb_viewer_show_other (SmbViewer *self)
{
  SmbExhibit *exhibit = smb_session_get_other (self->session);
  const SmbAnalysis *analysis = exhibit != NULL ? smb_exhibit_get_analysis (exhibit) : NULL;
  int index = smb_session_get_other_face (self->session);
  const SmbFaceResult *face = analysis != NULL && index >= 0 && index < (int) analysis->faces->len
                                  ? analysis->faces->pdata[index]
                                  : NULL;
  const char *problem = NULL;
  SmbTiles *tiles = smb_session_get_other_tiles (self->session, &problem);
  const SmbMap *map;

  /* Nothing is computed for a view that is not there. */
  if (get_mode (self) == SMB_CANVAS_ONE)
    return;
  show_controls (self);
  map = smb_session_get_other_map (self->session, NULL);
  smb_canvas_set_picture (self->canvas, SMB_SIDE_B, tiles, problem != NULL ? problem : _("Opening…"));
  smb_canvas_set_name (self->canvas, SMB_SIDE_B, exhibit != NULL ? smb_exhibit_get_evidence (exhibit)->exhibit : NULL);
  smb_canvas_set_faces (self->canvas, SMB_SIDE_B, analysis, index);
  if (map != NULL && face != NULL) {
    g_autofree char *subtitle = smb_format_map_subtitle (&map->spec, smb_viewer_get_class_name (self, &map->spec));

    smb_canvas_set_map (self->canvas, SMB_SIDE_B, map, smb_viewer_get_map_area (map, face->face.box),
                        smb_format_map_title (map->spec.kind), subtitle);
  } else {
    smb_canvas_set_map (self->canvas, SMB_SIDE_B, NULL, (SmbViewRect){ 0 }, NULL, NULL);
  }
}

void
smb_viewer_init_other (SmbViewer *self)
{
  g_autoptr (GtkStringList) maps = gtk_string_list_new (NULL);

  gtk_string_list_append (maps, _("None"));
  gtk_string_list_append (maps, _("The same"));
  gtk_string_list_append (maps, _("The one kept"));
  for (guint i = 0; i < SMB_VIEWER_N_KINDS; i++)
    gtk_string_list_append (maps, smb_format_map_title (smb_viewer_kinds[i]));
  gtk_drop_down_set_model (self->other_map, G_LIST_MODEL (maps));
}

void
smb_viewer_bind_other (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, on_mode_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_other_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_other_map_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_pin_clicked);
}
