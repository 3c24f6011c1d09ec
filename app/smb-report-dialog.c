/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-report-dialog.h"

#include "base/smb-error.h"
#include "smb-chooser.h"
#include "smb-face-choice.h"
#include "smb-format.h"
#include "smb-job-row.h"
#include "smb-pages.h"
#include "smb-session-report.h"

#include <glib/gi18n.h>
#include <math.h>

struct _SmbReportDialog {
  GtkWindow parent_instance;

  /* template widgets */
  GtkDropDown *format;
  GtkLabel *note, *count, *status, *percent;
  GtkWidget *maps, *check, *exhibits, *all, *none;
  GtkWidget *save, *renew, *zoom, *smaller, *larger;
  GtkStack *stack;
  GtkWidget *working;
  SmbPages *pages;
  GtkTextView *text;

  /* owned */
  SmbSession *session;
  SmbReportPreview *preview; /* NULL: none yet */
  gboolean stale;            /* the choice changed since */
  SmbJob *job;               /* of the preview being made; NULL */
  GtkFileChooserNative *chooser;
  char *problem;   /* why there is no preview, or why it was not saved; NULL */
  gboolean saving;
  int zoom_step;
};

G_DEFINE_FINAL_TYPE (SmbReportDialog, smb_report_dialog, GTK_TYPE_WINDOW)

enum { FORMAT_PDF, FORMAT_HTML, FORMAT_BUNDLE };

static const char *const endings[] = { ".pdf", ".html", ".json" };
static const double zooms[] = { 0.5, 0.75, 1.0, 1.25, 1.5, 2.0 };

/* Maps a report can show, and whether it does unless told otherwise. */
static const struct {
  SmbMapKind kind;
  gboolean usual;
} offered[] = { { SMB_MAP_ROLLOUT, TRUE },        { SMB_MAP_RELEVANCE, FALSE }, { SMB_MAP_OCCLUSION, FALSE },
                { SMB_MAP_RECONSTRUCTION, TRUE }, { SMB_MAP_ERROR, TRUE },      { SMB_MAP_COVERAGE, FALSE } };

static guint
count_chosen (GtkWidget *box, guint *n_out)
{
  guint chosen = 0, n = 0;

  for (GtkWidget *at = gtk_widget_get_first_child (box); at != NULL; at = gtk_widget_get_next_sibling (at))
    if (GTK_IS_CHECK_BUTTON (at)) {
      chosen += gtk_check_button_get_active (GTK_CHECK_BUTTON (at)) ? 1 : 0;
      n++;
    }
  if (n_out != NULL)
    *n_out = n;
  return chosen;
}

static void
show_status (SmbReportDialog *self, guint n_exhibits)
{
  g_autofree char *text = NULL, *size = self->preview != NULL ? g_format_size (self->preview->n_bundle_bytes) : NULL;
  guint format = gtk_drop_down_get_selected (self->format), n;

  if (self->problem != NULL)
    text = g_strdup (self->problem);
  else if (self->job != NULL)
    text = g_strdup (_("The exhibits are verified, their maps are made, the pages are laid out."));
  else if (n_exhibits == 0)
    text = g_strdup (_("Choose at least one exhibit."));
  else if (self->stale)
    text = g_strdup (_("The choice has changed since this preview was made."));
  else if (self->preview != NULL && format == FORMAT_BUNDLE)
    text = self->preview->cut ? g_strdup_printf (_("The beginning of %s of text."), size)
                              : g_strdup_printf (_("%s of text; the bytes of maps are shortened here."), size);
  else if (self->preview != NULL) {
    n = smb_report_pages_get_n (self->preview->pages);
    text = g_strdup_printf (ngettext ("%u page", "%u pages", n), n);
  }
  gtk_label_set_text (self->status, text != NULL ? text : "");
  if (self->problem != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->status), "alert");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->status), "alert");
}

static void
show (SmbReportDialog *self)
{
  static const char *const notes[] = {
    [FORMAT_PDF] = N_ ("Pages to print, to sign and to file."),
    [FORMAT_HTML] = N_ ("The same in one file for a browser, without pages. The preview shows it as pages."),
    [FORMAT_BUNDLE]
    = N_ ("Every number and map for a machine: with it and the originals anyone can compute the report again and see "
          "what differs. It holds no picture of a face other than the reconstructions."),
  };
  guint format = gtk_drop_down_get_selected (self->format), n, chosen = count_chosen (self->exhibits, &n);
  g_autofree char *count = g_strdup_printf (_("%u of %u"), chosen, n),
                  *percent = g_strdup_printf ("%.0f %%", zooms[self->zoom_step] * 100);
  const gboolean ready = self->preview != NULL && !self->stale && self->job == NULL && !self->saving;

  gtk_label_set_text (self->count, count);
  gtk_label_set_text (self->note, _(notes[format]));
  gtk_label_set_text (self->percent, percent);
  gtk_widget_set_sensitive (self->smaller, self->zoom_step > 0);
  gtk_widget_set_sensitive (self->larger, self->zoom_step + 1 < (int) G_N_ELEMENTS (zooms));
  gtk_widget_set_visible (self->zoom, self->job == NULL && self->preview != NULL && format != FORMAT_BUNDLE);
  gtk_widget_set_visible (self->renew, self->job == NULL && (self->stale || self->preview == NULL) && chosen > 0);
  gtk_widget_set_sensitive (self->save, ready);
  gtk_widget_set_sensitive (GTK_WIDGET (self->stack), self->job != NULL || ready);
  gtk_stack_set_visible_child_name (self->stack, self->job != NULL           ? "working"
                                                 : self->preview == NULL     ? "nothing"
                                                 : format == FORMAT_BUNDLE ? "text"
                                                                             : "pages");
  show_status (self, chosen);
}

static void
set_problem (SmbReportDialog *self, const char *sentence)
{
  g_free (self->problem);
  self->problem = g_strdup (sentence);
}

static void
on_choice_changed (SmbReportDialog *self)
{
  set_problem (self, NULL);
  self->stale = TRUE;
  if (self->job != NULL) /* what it makes is not wanted any more */
    g_cancellable_cancel (smb_job_get_cancellable (self->job));
  show (self);
}

static void
on_format (GtkDropDown *format, GParamSpec *property, SmbReportDialog *self)
{
  if (self->session != NULL)
    show (self);
}

static void
on_all (GtkWidget *button, SmbReportDialog *self)
{
  for (GtkWidget *at = gtk_widget_get_first_child (self->exhibits); at != NULL; at = gtk_widget_get_next_sibling (at))
    if (GTK_IS_CHECK_BUTTON (at))
      gtk_check_button_set_active (GTK_CHECK_BUTTON (at), button == self->all);
}

static void
on_zoom (GtkWidget *button, SmbReportDialog *self)
{
  self->zoom_step = CLAMP (self->zoom_step + (button == self->larger ? 1 : -1), 0, (int) G_N_ELEMENTS (zooms) - 1);
  smb_pages_set_zoom (self->pages, zooms[self->zoom_step]);
  show (self);
}

static SmbReportChoice *
read_choice (SmbReportDialog *self)
{
  SmbReportChoice *choice = smb_report_choice_new ();

  for (GtkWidget *at = gtk_widget_get_first_child (self->exhibits); at != NULL; at = gtk_widget_get_next_sibling (at))
    if (GTK_IS_CHECK_BUTTON (at) && gtk_check_button_get_active (GTK_CHECK_BUTTON (at))) {
      SmbExhibit *exhibit = g_object_get_data (G_OBJECT (at), "exhibit");
      GtkWidget *faces = g_object_get_data (G_OBJECT (at), "faces");

      g_array_append_val (choice->evidence_ids, smb_exhibit_get_evidence (exhibit)->id);
      smb_face_choice_read (SMB_FACE_CHOICE (faces), choice->left_out);
    }
  for (GtkWidget *at = gtk_widget_get_first_child (self->maps); at != NULL; at = gtk_widget_get_next_sibling (at))
    if (gtk_check_button_get_active (GTK_CHECK_BUTTON (at)) && gtk_widget_get_sensitive (at)) {
      SmbMapSpec spec = smb_map_spec_default ((SmbMapKind) GPOINTER_TO_INT (g_object_get_data (G_OBJECT (at), "kind")));

      g_array_append_val (choice->specs, spec);
    }
  choice->check = gtk_check_button_get_active (GTK_CHECK_BUTTON (self->check));
  return choice;
}

static void
on_previewed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbReportDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbReportPreview) preview = smb_session_preview_report_finish (result, &error);

  if (self->session == NULL)
    return; /* closed meanwhile */
  g_clear_object (&self->job);
  gtk_box_remove (GTK_BOX (self->working), gtk_widget_get_first_child (self->working));
  if (preview != NULL) {
    g_clear_pointer (&self->preview, smb_report_preview_unref);
    self->preview = g_steal_pointer (&preview);
    self->stale = FALSE;
    smb_pages_set (self->pages, self->preview->pages);
    gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->text), self->preview->text, -1);
  } else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    set_problem (self, error->message);
  }
  show (self);
}

static void
make_preview (SmbReportDialog *self)
{
  GtkWidget *row;

  if (self->job != NULL || count_chosen (self->exhibits, NULL) == 0) {
    show (self);
    return;
  }
  set_problem (self, NULL);
  self->job = smb_job_new (_("Making the preview"), 1);
  row = smb_job_row_new (self->job);
  gtk_widget_set_hexpand (row, TRUE);
  gtk_box_append (GTK_BOX (self->working), row);
  self->stale = FALSE; /* from here on changes count */
  smb_session_preview_report (self->session, read_choice (self), self->job, on_previewed, g_object_ref (self));
  show (self);
}

static void
on_renew (GtkButton *button, SmbReportDialog *self)
{
  make_preview (self);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbReportDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean written = smb_session_write_report_finish (result, &error);

  if (self->session == NULL)
    return;
  self->saving = FALSE;
  if (written) {
    gtk_window_destroy (GTK_WINDOW (self));
    return;
  }
  self->stale = g_error_matches (error, SMB_ERROR, SMB_ERROR_MISMATCH); /* the case went on */
  set_problem (self, error->message);
  show (self);
}

static void
on_chosen (GtkNativeDialog *dialog, int response, SmbReportDialog *self)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
  const char *ending = endings[gtk_drop_down_get_selected (self->format)];

  if (path != NULL && !g_str_has_suffix (path, ending)) {
    g_autofree char *bare = g_steal_pointer (&path);

    path = g_strconcat (bare, ending, NULL);
  }
  if (file != NULL && path == NULL) {
    set_problem (self, _("The report can only be saved on this machine. Choose a local folder."));
  } else if (path != NULL) {
    self->saving = TRUE;
    smb_session_write_report (self->session, self->preview, path, on_written, g_object_ref (self));
  }
  g_clear_object (&self->chooser);
  show (self);
}

static void
on_save (GtkButton *button, SmbReportDialog *self)
{
  guint format = gtk_drop_down_get_selected (self->format);
  GtkStringObject *word = gtk_drop_down_get_selected_item (self->format);
  g_autofree char *name = g_strdup_printf (_("Report %s"), smb_session_get_info (self->session)->number);
  g_autofree char *file = g_strconcat (g_strstrip (g_strdelimit (name, "/", '-')), endings[format], NULL);
  g_autofree char *pattern = g_strconcat ("*", endings[format], NULL);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, gtk_string_object_get_string (word));
  gtk_file_filter_add_pattern (filter, pattern);
  g_clear_object (&self->chooser);
  self->chooser = smb_chooser_new (GTK_WINDOW (self), _("Save the report"), GTK_FILE_CHOOSER_ACTION_SAVE, _("Save"));
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), filter);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), file);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
on_cancel (GtkButton *button, SmbReportDialog *self)
{
  gtk_window_destroy (GTK_WINDOW (self));
}

static GtkWidget *
add_check (SmbReportDialog *self, GtkWidget *box, const char *words, const char *tip, gboolean active, const char *key,
           gpointer what)
{
  GtkWidget *button = smb_face_choice_check_new (words, tip, active);

  g_object_set_data (G_OBJECT (button), key, what);
  g_signal_connect_object (button, "toggled", G_CALLBACK (on_choice_changed), self, G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (box), button);
  return button;
}

/* An exhibit, and below it, where it has several faces, which of them. */
static void
add_exhibit (SmbReportDialog *self, SmbExhibit *exhibit)
{
  g_autofree char *name = smb_exhibit_dup_name (exhibit);
  g_autofree char *words = g_strdup_printf ("%s  %s", smb_exhibit_get_evidence (exhibit)->exhibit, name);
  GtkWidget *button = add_check (self, self->exhibits, words, smb_exhibit_get_evidence (exhibit)->path, TRUE, "exhibit",
                                 exhibit);
  GtkWidget *faces = smb_face_choice_new (exhibit);

  gtk_widget_set_margin_start (faces, 24);
  g_signal_connect_object (faces, "changed", G_CALLBACK (on_choice_changed), self, G_CONNECT_SWAPPED);
  g_object_bind_property (button, "active", faces, "sensitive", G_BINDING_SYNC_CREATE);
  g_object_set_data (G_OBJECT (button), "faces", faces);
  gtk_box_append (GTK_BOX (self->exhibits), faces);
}

/* The session keeps its exhibits as long as it lives. */
static void
list_choices (SmbReportDialog *self)
{
  const SmbModelInfo *model = smb_session_get_model (self->session);
  GListModel *exhibits = smb_session_get_exhibits (self->session);

  for (guint i = 0; i < g_list_model_get_n_items (exhibits); i++) {
    g_autoptr (SmbExhibit) exhibit = g_list_model_get_item (exhibits, i);

    add_exhibit (self, exhibit);
  }
  for (guint i = 0; i < G_N_ELEMENTS (offered); i++) {
    const gboolean of_detector = smb_map_kind_is_of_detector (offered[i].kind);
    const char *network = model == NULL ? NULL : of_detector ? model->detector_path : model->mim_path;

    GtkWidget *check = add_check (self, self->maps, smb_format_map_title (offered[i].kind),
                                  smb_format_map_explanation (offered[i].kind), offered[i].usual && network != NULL,
                                  "kind", GINT_TO_POINTER ((int) offered[i].kind));

    gtk_widget_set_sensitive (check, network != NULL);
  }
}

static void
smb_report_dialog_dispose (GObject *object)
{
  SmbReportDialog *self = SMB_REPORT_DIALOG (object);

  if (self->job != NULL)
    g_cancellable_cancel (smb_job_get_cancellable (self->job));
  g_clear_object (&self->job);
  g_clear_object (&self->chooser);
  g_clear_object (&self->session);
  g_clear_pointer (&self->preview, smb_report_preview_unref);
  g_clear_pointer (&self->problem, g_free);
  G_OBJECT_CLASS (smb_report_dialog_parent_class)->dispose (object);
}

static void
smb_report_dialog_class_init (SmbReportDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_report_dialog_dispose;
  g_type_ensure (SMB_TYPE_PAGES);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-report-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, format);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, note);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, count);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, status);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, percent);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, maps);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, check);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, exhibits);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, all);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, none);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, save);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, renew);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, zoom);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, smaller);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, larger);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, working);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, pages);
  gtk_widget_class_bind_template_child (widget_class, SmbReportDialog, text);
  gtk_widget_class_bind_template_callback (widget_class, on_choice_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_format);
  gtk_widget_class_bind_template_callback (widget_class, on_all);
  gtk_widget_class_bind_template_callback (widget_class, on_zoom);
  gtk_widget_class_bind_template_callback (widget_class, on_renew);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
smb_report_dialog_init (SmbReportDialog *self)
{
  self->zoom_step = 2;
  gtk_widget_init_template (GTK_WIDGET (self));
}

SmbReportDialog *
smb_report_dialog_new (GtkWindow *parent, SmbSession *session)
{
  SmbReportDialog *self = g_object_new (SMB_TYPE_REPORT_DIALOG, "transient-for", parent, NULL);

  self->session = g_object_ref (session);
  list_choices (self);
  make_preview (self);
  return self;
}
