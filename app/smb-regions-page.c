/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-regions-page.h"

#include "smb-chooser.h"
#include "smb-facts.h"
#include "smb-matrix.h"
#include "smb-z-bar.h"

#include <glib/gi18n.h>
#include <math.h>

/* From these z on a region is marked. */
#define UNUSUAL 2.0
#define VERY_UNUSUAL 3.0

struct _SmbRegionsPage {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkStack *stack;
  SmbFacts *quality;
  GtkLabel *quality_note;
  GtkWidget *quality_box;
  GtkButton *measure;
  GtkDropDown *kind;
  GtkWidget *busy_box;
  GtkProgressBar *progress;
  GtkLabel *state;
  GtkWidget *results;
  GtkGrid *table;
  GtkLabel *table_note, *verdict;
  SmbMatrix *matrix;
  GtkLabel *matrix_note;
  GtkToggleButton *edit;
  GtkWidget *edit_tools;
  GtkDropDown *brush_class;
  GtkSpinButton *brush_size;
  GtkWidget *undo, *discard, *keep, *restore, *import;
  GtkLabel *origin;

  /* owned */
  SmbSession *session;
  GtkFileChooserNative *chooser; /* NULL: none is open */
  gboolean updating;
};

G_DEFINE_FINAL_TYPE (SmbRegionsPage, smb_regions_page, GTK_TYPE_WIDGET)

static void
show_quality (SmbRegionsPage *self, const SmbFaceResult *face)
{
  const SmbFaceQuality *quality = face->quality;
  gboolean outside = face->outside != NULL || (face->quality_notes != NULL && face->quality_notes[0] != NULL);
  g_autofree char *notes = face->quality_notes != NULL ? g_strjoinv (" ", face->quality_notes) : NULL;

  smb_facts_clear (self->quality);
  gtk_widget_set_visible (self->quality_box, quality != NULL || outside);
  smb_facts_add_state (self->quality, _("Range"),
                       outside ? (SmbState){ "smb-range-symbolic", _("Outside validated range"), "warning" }
                               : (SmbState){ "smb-ok-symbolic", _("Inside validated range"), "ok" },
                       NULL);
  if (quality != NULL) {
    g_autofree char *size = g_strdup_printf (_("%d px"), quality->size_px);
    g_autofree char *blur = g_strdup_printf ("%.0f", quality->blur);
    g_autofree char *luma
        = g_strdup_printf (_("%.0f of 255, %.1f %% clipped"), quality->luma, quality->clipped * 100.0);
    g_autofree char *cut = g_strdup_printf (_("%.0f %% outside the picture"), quality->cut * 100.0);
    g_autofree char *pose = isnan (quality->yaw) ? g_strdup (_("not known without landmarks"))
                                                 : g_strdup_printf (_("yaw %+.0f°, pitch %+.0f°, roll %+.0f°"),
                                                                    quality->yaw, quality->pitch, quality->roll);

    smb_facts_add (self->quality, _("Size"), size, _("Shorter side of the detector's box"));
    smb_facts_add (self->quality, _("Sharpness"), blur, _("Variance of the Laplacian; low is blurred"));
    smb_facts_add (self->quality, _("Brightness"), luma, NULL);
    smb_facts_add (self->quality, _("Pose"), pose, NULL);
    smb_facts_add (self->quality, _("Cut off"), cut, NULL);
  }
  if (face->outside != NULL)
    gtk_label_set_text (self->quality_note, face->outside);
  else
    gtk_label_set_text (self->quality_note, notes != NULL ? notes : "");
  gtk_widget_set_visible (GTK_WIDGET (self->quality_note), outside);
}

/* The table. */

static GtkWidget *
add_text (SmbRegionsPage *self, int row, int column, const char *text, float align, const char *css)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), align);
  gtk_widget_add_css_class (label, "numeric");
  if (css != NULL)
    gtk_widget_add_css_class (label, css);
  gtk_grid_attach (self->table, label, column, row, 1, 1);
  return label;
}

static char *
format_percentile (double percentile)
{
  if (isnan (percentile))
    return g_strdup ("–");
  if (percentile > 99.0)
    return g_strdup (">99");
  return percentile < 1.0 ? g_strdup ("<1") : g_strdup_printf ("%.0f", percentile);
}

static void
add_row (SmbRegionsPage *self, int index, const SmbRegionRow *row, SmbMeasureKind kind)
{
  const SmbMeasure *measure = &row->measures[kind];
  const char *title = smb_region_title ((SmbRegion) index);
  /* A region is suspect where it is harder to explain, or corresponds less, than in genuine faces. */
  double off = kind == SMB_MEASURE_CORRESPONDENCE ? -measure->z : measure->z;
  const char *css = off >= UNUSUAL ? "strong" : NULL;
  g_autofree char *patches = g_strdup_printf ("%d", row->n_patches);
  g_autofree char *value = isnan (measure->value) ? g_strdup ("–") : smb_matrix_format (measure->value);
  g_autofree char *z = isnan (measure->z) ? g_strdup ("–") : g_strdup_printf ("%+.1f", measure->z);
  g_autofree char *percentile = format_percentile (measure->percentile);
  g_autofree char *spoken
      = g_strdup_printf (_("%s: %s %s, z %s, percentile %s"), title, smb_measure_title (kind), value, z, percentile);
  int at = index + 1;

  add_text (self, at, 0, title, 0.0f, css);
  add_text (self, at, 1, patches, 1.0f, NULL);
  add_text (self, at, 2, value, 1.0f, css);
  gtk_grid_attach (self->table, smb_z_bar_new (measure->z, spoken), 3, at, 1, 1);
  add_text (self, at, 4, z, 1.0f, css);
  add_text (self, at, 5, percentile, 1.0f, NULL);
  if (off >= UNUSUAL) {
    GtkWidget *icon
        = gtk_image_new_from_icon_name (off >= VERY_UNUSUAL ? "smb-alert-symbolic" : "smb-warning-symbolic");
    const char *words = off >= VERY_UNUSUAL ? _("Very unusual for a genuine face") : _("Unusual for a genuine face");

    gtk_widget_add_css_class (icon, off >= VERY_UNUSUAL ? "alert" : "warning");
    gtk_widget_set_tooltip_text (icon, words);
    gtk_accessible_update_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
    gtk_grid_attach (self->table, icon, 6, at, 1, 1);
  }
}

static void
show_table (SmbRegionsPage *self, const SmbRegionReport *report)
{
  static const char *const explained[SMB_N_MEASURES] = {
    [SMB_MEASURE_COHERENCY] = N_("Error of the region when all of it is hidden: can the rest of the face explain it?"),
    [SMB_MEASURE_CONSISTENCY] = N_("Error of its hidden patches while others of it are seen: can it explain itself?"),
    [SMB_MEASURE_CORRESPONDENCE] = N_("Likeness of the face seen without the region and seen whole: 1 is the same."),
    [SMB_MEASURE_ALONE] = N_("Error of the region when nothing else is hidden."),
  };
  const char *const heads[] = { _("Region"), _("Patches"), _("Value"), _("0 to 2"), _("z"), _("Pct.") };
  SmbMeasureKind kind = (SmbMeasureKind) MIN (gtk_drop_down_get_selected (self->kind), SMB_N_MEASURES - 1);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->table))) != NULL)
    gtk_grid_remove (self->table, child);
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++) {
    GtkWidget *head = add_text (self, 0, (int) i, i == 3 ? "" : heads[i], i == 0 ? 0.0f : 1.0f, "dim");

    gtk_widget_add_css_class (head, "caption");
  }
  for (int i = 0; i < SMB_N_COVERED_REGIONS; i++)
    add_row (self, i, &report->rows[i], kind);
  gtk_label_set_text (self->table_note, _(explained[kind]));
}

static void
show_verdict (SmbRegionsPage *self, const SmbRegionReport *report)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (report->stands_out >= 0)
    g_string_append_printf (text, _("Stands out from the rest of the face: %s."),
                            smb_region_title ((SmbRegion) report->stands_out));
  else if (report->reference_sha256 != NULL)
    g_string_append (text, _("No region stands out from the rest of the face."));
  if (report->reference_sha256 != NULL && report->stratum != NULL)
    g_string_append_printf (text, _(" Compared with %d genuine faces of like sharpness (%s)."), report->reference_faces,
                            report->stratum);
  if (report->note != NULL)
    g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", report->note);
  gtk_label_set_text (self->verdict, text->str);
  gtk_widget_set_visible (GTK_WIDGET (self->verdict), text->len > 0);
}

static void
show_report (SmbRegionsPage *self)
{
  SmbMapState state;
  const SmbRegionReport *report = smb_session_get_region_report (self->session, &state);
  const char *text = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->measure), !state.busy);
  gtk_button_set_label (self->measure, report != NULL ? _("Measure again") : _("Measure regions"));
  gtk_widget_set_visible (self->busy_box, state.busy);
  if (state.total > 0)
    gtk_progress_bar_set_fraction (self->progress, (double) state.done / (double) state.total);
  else
    gtk_progress_bar_pulse (self->progress);
  if (state.problem != NULL)
    text = state.problem;
  else if (report == NULL && !state.busy)
    text = state.stopped ? _("Stopped before the table was complete.")
                         : _("Hides each region in turn, many times, and compares what the network expects there with "
                             "what is there, and that with genuine faces.");
  gtk_label_set_text (self->state, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->state), text != NULL);
  gtk_widget_set_visible (self->results, report != NULL);
  smb_matrix_set_report (self->matrix, report);
  gtk_label_set_text (self->matrix_note,
                      report != NULL && report->reference_sha256 != NULL
                          ? _("How much the error of the row rises when the column is hidden as well; the deeper the "
                              "shade, the more unusual that is for a genuine face.")
                          : _("How much the error of the row rises when the column is hidden as well; the deeper the "
                              "shade, the higher."));
  if (report != NULL) {
    show_table (self, report);
    show_verdict (self, report);
  }
}

/* The brush. */

static void
show_edit (SmbRegionsPage *self)
{
  gboolean editing = smb_session_get_tool (self->session) == SMB_TOOL_BRUSH;
  gboolean edited = smb_session_get_regions_edited (self->session);
  const SmbRegions *regions
      = editing || smb_session_get_regions_own (self->session) ? smb_session_get_regions (self->session) : NULL;
  double radius;
  SmbRegionClass class = smb_session_get_brush (self->session, &radius);
  const char *origin = NULL;

  gtk_toggle_button_set_active (self->edit, editing);
  gtk_widget_set_visible (self->edit_tools, editing || edited);
  gtk_drop_down_set_selected (self->brush_class, (guint) class);
  gtk_spin_button_set_value (self->brush_size, radius * 2.0);
  gtk_widget_set_sensitive (self->undo, edited);
  gtk_widget_set_sensitive (self->discard, edited);
  gtk_widget_set_sensitive (self->keep, edited && !smb_session_get_read_only (self->session));
  gtk_widget_set_sensitive (self->import, !smb_session_get_read_only (self->session));
  gtk_widget_set_visible (self->restore, smb_session_get_regions_own (self->session));
  if (edited)
    origin = _("Changed by hand, not kept yet.");
  else if (regions != NULL)
    origin = smb_regions_note (regions->origin);
  gtk_label_set_text (self->origin, origin != NULL ? origin : "");
  gtk_widget_set_visible (GTK_WIDGET (self->origin), origin != NULL);
}

static void
refresh (SmbRegionsPage *self)
{
  const SmbFaceResult *face = smb_session_get_face (self->session);

  gtk_stack_set_visible_child_name (self->stack, face != NULL ? "face" : "empty");
  if (face == NULL)
    return;
  self->updating = TRUE;
  show_quality (self, face);
  show_report (self);
  show_edit (self);
  self->updating = FALSE;
}

static void
on_measure_clicked (GtkButton *button, SmbRegionsPage *self)
{
  smb_session_measure_regions (self->session);
}

static void
on_stop_clicked (GtkButton *button, SmbRegionsPage *self)
{
  smb_session_stop_regions (self->session);
}

static void
on_kind_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbRegionsPage *self)
{
  if (!self->updating && self->session != NULL)
    refresh (self);
}

static void
on_edit_toggled (GtkToggleButton *button, SmbRegionsPage *self)
{
  if (!self->updating && self->session != NULL)
    smb_session_set_tool (self->session, gtk_toggle_button_get_active (button) ? SMB_TOOL_BRUSH : SMB_TOOL_NONE);
}

static void
apply_brush (SmbRegionsPage *self)
{
  if (!self->updating && self->session != NULL)
    smb_session_set_brush (self->session, (SmbRegionClass) gtk_drop_down_get_selected (self->brush_class),
                           gtk_spin_button_get_value (self->brush_size) / 2.0);
}

static void
on_class_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbRegionsPage *self)
{
  apply_brush (self);
}

static void
on_size_changed (GtkSpinButton *button, SmbRegionsPage *self)
{
  apply_brush (self);
}

static void
on_undo_clicked (GtkButton *button, SmbRegionsPage *self)
{
  smb_session_undo_paint (self->session);
}

static void
on_discard_clicked (GtkButton *button, SmbRegionsPage *self)
{
  smb_session_discard_paint (self->session);
}

static void
on_keep_clicked (GtkButton *button, SmbRegionsPage *self)
{
  smb_session_keep_paint (self->session);
}

static void
on_restore_clicked (GtkButton *button, SmbRegionsPage *self)
{
  smb_session_restore_regions (self->session);
}

static void
on_import_chosen (GtkNativeDialog *dialog, int response, SmbRegionsPage *self)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (path != NULL)
    smb_session_import_regions (self->session, path);
  g_clear_object (&self->chooser);
}

static void
on_import_clicked (GtkButton *button, SmbRegionsPage *self)
{
  g_autoptr (GtkFileFilter) maps = gtk_file_filter_new ();

  if (self->chooser != NULL)
    return;
  self->chooser = smb_chooser_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _("Import a region map"),
                                   GTK_FILE_CHOOSER_ACTION_OPEN, _("Import"));
  gtk_file_filter_set_name (maps, _("Region maps (NumPy, pictures)"));
  gtk_file_filter_add_pattern (maps, "*.npy");
  gtk_file_filter_add_mime_type (maps, "image/*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), maps);
  g_signal_connect (self->chooser, "response", G_CALLBACK (on_import_chosen), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

void
smb_regions_page_set_session (SmbRegionsPage *self, SmbSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "faces-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "regions-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "tool-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
}

/* The colour of a class beside its name. */
static void
on_class_setup (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *patch = gtk_picture_new ();

  gtk_widget_set_size_request (patch, 14, 14);
  gtk_widget_set_valign (patch, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (row), patch);
  gtk_box_append (GTK_BOX (row), gtk_label_new (NULL));
  gtk_list_item_set_child (item, row);
}

static void
on_class_bind (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *patch = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  guint8 *rgb = g_malloc (14 * 14 * 3);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GdkTexture) texture = NULL;

  for (int i = 0; i < 14 * 14; i++)
    smb_region_class_colour ((SmbRegionClass) gtk_list_item_get_position (item), rgb + i * 3);
  bytes = g_bytes_new_take (rgb, 14 * 14 * 3);
  texture = gdk_memory_texture_new (14, 14, GDK_MEMORY_R8G8B8, bytes, 14 * 3);
  gtk_picture_set_paintable (GTK_PICTURE (patch), GDK_PAINTABLE (texture));
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_next_sibling (patch)),
                      gtk_string_object_get_string (gtk_list_item_get_item (item)));
}

static void
smb_regions_page_dispose (GObject *object)
{
  SmbRegionsPage *self = SMB_REGIONS_PAGE (object);

  g_clear_object (&self->chooser);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (smb_regions_page_parent_class)->dispose (object);
}

static void
smb_regions_page_class_init (SmbRegionsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_regions_page_dispose;
  g_type_ensure (SMB_TYPE_FACTS);
  g_type_ensure (SMB_TYPE_MATRIX);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-regions-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, box);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, quality);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, quality_note);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, quality_box);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, measure);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, kind);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, busy_box);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, progress);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, state);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, results);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, table);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, table_note);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, verdict);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, matrix);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, matrix_note);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, edit);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, edit_tools);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, brush_class);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, brush_size);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, undo);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, discard);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, keep);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, restore);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, import);
  gtk_widget_class_bind_template_child (widget_class, SmbRegionsPage, origin);
  gtk_widget_class_bind_template_callback (widget_class, on_measure_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_kind_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_edit_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_class_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_size_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_undo_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_discard_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_keep_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_restore_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_import_clicked);
}

static void
smb_regions_page_init (SmbRegionsPage *self)
{
  g_autoptr (GtkStringList) kinds = gtk_string_list_new (NULL);
  g_autoptr (GtkStringList) classes = gtk_string_list_new (NULL);
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  for (int kind = 0; kind < SMB_N_MEASURES; kind++)
    gtk_string_list_append (kinds, smb_measure_title ((SmbMeasureKind) kind));
  for (int class = 0; class < SMB_N_CLASSES; class++)
    gtk_string_list_append (classes, smb_region_class_title ((SmbRegionClass) class));
  g_signal_connect (factory, "setup", G_CALLBACK (on_class_setup), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_class_bind), NULL);
  self->updating = TRUE;
  gtk_drop_down_set_model (self->kind, G_LIST_MODEL (kinds));
  gtk_drop_down_set_factory (self->brush_class, factory);
  gtk_drop_down_set_model (self->brush_class, G_LIST_MODEL (classes));
  self->updating = FALSE;
}
