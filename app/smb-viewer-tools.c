/* SPDX-License-Identifier: Apache-2.0 */
/* The tool row above the canvas: which map, of which class, layer and head, seen from where; how far it is. */
#include "smb-viewer-private.h"

#include "smb-format.h"

#include <glib/gi18n.h>

const SmbMapKind smb_viewer_kinds[SMB_VIEWER_N_KINDS] = {
  SMB_MAP_ATTENTION,      SMB_MAP_ROLLOUT, SMB_MAP_RELEVANCE,    SMB_MAP_OCCLUSION,      SMB_MAP_MASKED_INPUT,
  SMB_MAP_RECONSTRUCTION, SMB_MAP_ERROR,   SMB_MAP_SIGNED_ERROR, SMB_MAP_ABSOLUTE_ERROR, SMB_MAP_SSIM,
  SMB_MAP_COVERAGE,       SMB_MAP_REGIONS,
};

const char *
smb_viewer_picture_map_title (int kind)
{
  return kind == SMB_PICTURE_MAP_ELA ? _("Error level (ELA)") : _("Noise residual");
}

enum { QUERY_MODEL, QUERY_CLASS, QUERY_PATCH };

static gboolean
has_class (SmbMapKind kind)
{
  return kind == SMB_MAP_RELEVANCE || kind == SMB_MAP_OCCLUSION;
}

static gboolean
has_query (SmbMapKind kind)
{
  return kind == SMB_MAP_ATTENTION || kind == SMB_MAP_ROLLOUT || kind == SMB_MAP_RELEVANCE;
}

/* The first entry of the drop-down is "No map". */
static void
on_map_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbViewer *self)
{
  guint chosen = gtk_drop_down_get_selected (self->map);
  SmbMapSpec spec;

  if (self->updating || self->session == NULL || chosen == GTK_INVALID_LIST_POSITION)
    return;
  if (chosen == 0) {
    smb_session_set_map_spec (self->session, NULL);
    return;
  }
  if (chosen > SMB_VIEWER_N_KINDS) {
    smb_session_show_picture_map (self->session, (int) chosen - SMB_VIEWER_N_KINDS - 1);
    return;
  }
  spec = smb_session_make_spec (self->session, smb_viewer_kinds[chosen - 1]);
  smb_session_set_map_spec (self->session, &spec);
}

static void
on_settings_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbViewer *self)
{
  guint of_class = gtk_drop_down_get_selected (self->of_class);
  guint layer = gtk_drop_down_get_selected (self->layer);
  guint head = gtk_drop_down_get_selected (self->head);
  const SmbMapSpec *current = self->session != NULL ? smb_session_get_map_spec (self->session) : NULL;
  SmbMapSpec spec;

  if (self->updating || current == NULL)
    return;
  spec = *current;
  if (has_class (spec.kind) && of_class != GTK_INVALID_LIST_POSITION)
    spec.of_class = (int) of_class - 1;
  if (spec.kind == SMB_MAP_ATTENTION && layer != GTK_INVALID_LIST_POSITION && head != GTK_INVALID_LIST_POSITION) {
    spec.layer = (int) layer - 1;
    spec.head = (int) head - 1;
  }
  smb_session_set_map_spec (self->session, &spec);
}

static void
on_query_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbViewer *self)
{
  const SmbMapSpec *current = self->session != NULL ? smb_session_get_map_spec (self->session) : NULL;
  guint chosen = gtk_drop_down_get_selected (self->query);
  SmbMapSpec spec;

  if (self->updating || current == NULL || chosen == GTK_INVALID_LIST_POSITION)
    return;
  if (chosen == QUERY_PATCH) {
    smb_canvas_set_tool (self->canvas, SMB_TOOL_PICK);
    gtk_widget_grab_focus (GTK_WIDGET (self->canvas));
    return;
  }
  smb_canvas_set_tool (self->canvas, SMB_TOOL_NONE);
  spec = *current;
  spec.query = chosen == QUERY_MODEL ? -1 : 0;
  smb_session_set_map_spec (self->session, &spec);
}

static void
on_patch_picked (SmbCanvas *canvas, int patch, SmbViewer *self)
{
  const SmbMapSpec *current = smb_session_get_map_spec (self->session);
  SmbMapSpec spec;

  if (current == NULL)
    return;
  spec = *current;
  spec.query = 1 + patch;
  smb_session_set_map_spec (self->session, &spec);
}

static void
on_head_picked (SmbHeadsGrid *heads, SmbViewer *self)
{
  gtk_popover_popdown (self->heads_popover);
}

static void
on_stop_clicked (GtkButton *button, SmbViewer *self)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);

  if (spec != NULL)
    smb_map_store_stop (smb_session_get_maps (self->session), spec);
}

static void
on_retry_clicked (GtkButton *button, SmbViewer *self)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);

  if (spec != NULL)
    smb_map_store_retry (smb_session_get_maps (self->session), spec);
}

/* As many layers, heads and classes as the network has. */
void
smb_viewer_show_depth (SmbViewer *self)
{
  const SmbNetConfig *config = smb_session_get_detector_config (self->session);
  const SmbModelInfo *model = smb_session_get_model (self->session);
  g_autoptr (GtkStringList) layers = gtk_string_list_new (NULL);
  g_autoptr (GtkStringList) heads = gtk_string_list_new (NULL);
  g_autoptr (GtkStringList) classes = gtk_string_list_new (NULL);

  self->updating = TRUE;
  gtk_string_list_append (layers, _("Last"));
  gtk_string_list_append (heads, _("Mean"));
  gtk_string_list_append (classes, _("Most probable"));
  for (int i = 0; config != NULL && i < config->depth; i++)
    gtk_string_list_take (layers, g_strdup_printf ("%d", i + 1));
  for (int i = 0; config != NULL && i < config->heads; i++)
    gtk_string_list_take (heads, g_strdup_printf ("%d", i + 1));
  for (int i = 0; model != NULL && model->classes != NULL && model->classes[i] != NULL; i++)
    gtk_string_list_append (classes, smb_format_class (model->classes[i]));
  gtk_drop_down_set_model (self->layer, G_LIST_MODEL (layers));
  gtk_drop_down_set_model (self->head, G_LIST_MODEL (heads));
  gtk_drop_down_set_model (self->of_class, G_LIST_MODEL (classes));
  self->updating = FALSE;
}

static void
show_busy (SmbViewer *self)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);
  g_autofree char *text = NULL;
  SmbMapState state;

  int whole;

  smb_session_get_map (self->session, &state);
  state.busy = state.busy || (smb_session_get_picture_map (self->session, &whole) == NULL && whole >= 0);
  if (state.busy && state.what != NULL && state.total > 0)
    text = g_strdup_printf (_("%s, %.0f %%"), state.what, 100.0 * (double) state.done / (double) state.total);
  else if (state.busy)
    text = g_strdup (state.what != NULL ? state.what : _("Computing"));
  else if (state.stopped)
    text = g_strdup (_("Stopped"));
  else if (spec != NULL && !smb_session_can_make (spec))
    text = g_strdup (_("No patch is hidden yet."));
  gtk_widget_set_visible (self->busy_box, text != NULL || state.problem != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), state.busy);
  gtk_spinner_set_spinning (self->spinner, state.busy);
  gtk_widget_set_visible (self->stop, state.busy && !state.stopped && spec != NULL);
  gtk_widget_set_visible (self->retry, state.stopped || state.problem != NULL);
  gtk_label_set_text (self->busy_text, text != NULL ? text : "");
}

/* Controls follow the session: a map may also be chosen on the Maps page. */
void
smb_viewer_show_tools (SmbViewer *self)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);
  gboolean attention = spec != NULL && spec->kind == SMB_MAP_ATTENTION;
  guint position = 0;
  int whole;

  if (smb_session_get_picture_map (self->session, &whole) != NULL || whole >= 0)
    position = SMB_VIEWER_N_KINDS + 1 + (guint) whole;
  for (guint i = 0; spec != NULL && i < SMB_VIEWER_N_KINDS; i++) {
    if (smb_viewer_kinds[i] == spec->kind)
      position = i + 1;
  }
  self->updating = TRUE;
  gtk_drop_down_set_selected (self->map, position);
  if (spec != NULL) {
    gtk_drop_down_set_selected (self->of_class, (guint) (spec->of_class + 1));
    gtk_drop_down_set_selected (self->layer, (guint) (spec->layer + 1));
    gtk_drop_down_set_selected (self->head, (guint) (MAX (spec->head, -1) + 1));
    gtk_drop_down_set_selected (self->query, (guint) CLAMP (spec->query + 1, QUERY_MODEL, QUERY_PATCH));
  }
  self->updating = FALSE;
  gtk_widget_set_visible (self->class_group, spec != NULL && has_class (spec->kind));
  gtk_widget_set_visible (self->layer_group, attention);
  gtk_widget_set_visible (self->head_group, attention);
  gtk_widget_set_visible (self->heads_button, attention);
  gtk_widget_set_visible (self->query_group, spec != NULL && has_query (spec->kind));
  if ((spec == NULL || !has_query (spec->kind)) && smb_canvas_get_tool (self->canvas) == SMB_TOOL_PICK)
    smb_canvas_set_tool (self->canvas, SMB_TOOL_NONE);
  show_busy (self);
}

void
smb_viewer_init_tools (SmbViewer *self)
{
  g_autoptr (GtkStringList) maps = gtk_string_list_new (NULL);
  const char *const queries[] = { _("The answer"), _("Class token"), _("A patch…"), NULL };
  g_autoptr (GtkStringList) query = gtk_string_list_new (queries);

  gtk_string_list_append (maps, _("No map"));
  for (guint i = 0; i < SMB_VIEWER_N_KINDS; i++)
    gtk_string_list_append (maps, smb_format_map_title (smb_viewer_kinds[i]));
  for (int kind = 0; kind < SMB_N_PICTURE_MAPS; kind++)
    gtk_string_list_append (maps, smb_viewer_picture_map_title (kind));
  gtk_drop_down_set_model (self->map, G_LIST_MODEL (maps));
  gtk_drop_down_set_model (self->query, G_LIST_MODEL (query));
}

void
smb_viewer_bind_tools (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, on_map_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_settings_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_query_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_patch_picked);
  gtk_widget_class_bind_template_callback (widget_class, on_head_picked);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_retry_clicked);
}
