/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-form.h"

#include "smb-chooser.h"

#include <glib/gi18n.h>

#define MAX_HINT_COLUMNS 64

struct _SmbForm {
  GtkWindow parent_instance;

  GtkWidget *grid, *problem, *accept;
  int n_rows;
  GtkFileChooserNative *chooser; /* owned */
};

G_DEFINE_FINAL_TYPE (SmbForm, smb_form, GTK_TYPE_WINDOW)

enum { ACCEPTED, CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
on_changed (SmbForm *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
add_line (SmbForm *self, const char *label, GtkWidget *control)
{
  GtkWidget *name = gtk_label_new (label);

  gtk_label_set_xalign (GTK_LABEL (name), 0.0f);
  gtk_widget_add_css_class (name, "dim");
  gtk_widget_set_valign (name, GTK_ALIGN_CENTER);
  gtk_widget_set_hexpand (control, TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_object_set_data (G_OBJECT (control), "smb-form-label", name);
  gtk_grid_attach (GTK_GRID (self->grid), name, 0, self->n_rows, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), control, 1, self->n_rows++, 1, 1);
}

/* How wide a hint is, in columns; longer ones than a form has room for are cut. */
static int
columns_of (const char *hint)
{
  int n = 0;

  for (const char *at = hint; *at != '\0'; at = g_utf8_next_char (at))
    n += g_unichar_iswide (g_utf8_get_char (at)) ? 2 : 1;
  return MIN (n, MAX_HINT_COLUMNS);
}

GtkWidget *
smb_form_add_entry (SmbForm *self, const char *label, const char *text, const char *hint)
{
  GtkWidget *entry = gtk_entry_new ();

  gtk_editable_set_text (GTK_EDITABLE (entry), text != NULL ? text : "");
  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), hint);
  gtk_widget_set_tooltip_text (entry, hint);
  if (hint != NULL)
    gtk_editable_set_width_chars (GTK_EDITABLE (entry), columns_of (hint));
  g_signal_connect_object (entry, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  add_line (self, label, entry);
  return entry;
}

GtkWidget *
smb_form_add_drop_down (SmbForm *self, const char *label, const char *const *words)
{
  GtkWidget *drop_down = gtk_drop_down_new_from_strings (words);

  g_signal_connect_object (drop_down, "notify::selected", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  add_line (self, label, drop_down);
  return drop_down;
}

/* A number stays what it is while the form is scrolled under the pointer. */
static void
leave_wheel (GtkWidget *spin)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (spin);

  for (guint i = g_list_model_get_n_items (controllers); i-- > 0;) {
    g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

    if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
      gtk_widget_remove_controller (spin, controller);
  }
}

GtkWidget *
smb_form_add_number (SmbForm *self, const char *label, double least, double most, double value)
{
  GtkWidget *spin = gtk_spin_button_new_with_range (least, most, 1.0);

  gtk_spin_button_set_value (GTK_SPIN_BUTTON (spin), value);
  leave_wheel (spin);
  g_signal_connect_object (spin, "value-changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  add_line (self, label, spin);
  return spin;
}

GtkWidget *
smb_form_add_check (SmbForm *self, const char *label, gboolean active)
{
  GtkWidget *check = gtk_check_button_new_with_label (label);

  gtk_check_button_set_active (GTK_CHECK_BUTTON (check), active);
  g_signal_connect_object (check, "toggled", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  gtk_grid_attach (GTK_GRID (self->grid), check, 1, self->n_rows++, 1, 1);
  return check;
}

static void
on_path_chosen (GtkNativeDialog *dialog, int response, GtkWidget *entry)
{
  SmbForm *self = SMB_FORM (gtk_widget_get_root (entry));

  if (response == GTK_RESPONSE_ACCEPT) {
    g_autoptr (GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
    gboolean several = gtk_file_chooser_get_select_multiple (GTK_FILE_CHOOSER (dialog));
    g_autoptr (GString) text = g_string_new (several ? gtk_editable_get_text (GTK_EDITABLE (entry)) : NULL);

    for (guint i = 0; i < g_list_model_get_n_items (files); i++) {
      g_autoptr (GFile) file = g_list_model_get_item (files, i);
      g_autofree char *path = g_file_get_path (file);

      if (path != NULL)
        g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", path);
    }
    gtk_editable_set_text (GTK_EDITABLE (entry), text->str);
  }
  g_clear_object (&self->chooser);
}

static void
on_choose (GtkButton *button, GtkWidget *entry)
{
  SmbForm *self = SMB_FORM (gtk_widget_get_root (entry));
  GtkFileChooserAction action = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (entry), "smb-form-action"));

  g_clear_object (&self->chooser);
  self->chooser = smb_chooser_new (GTK_WINDOW (self), _("Choose"), action, _("Choose"));
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (self->chooser),
                                        g_object_get_data (G_OBJECT (entry), "smb-form-several") != NULL);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_path_chosen), entry, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

GtkWidget *
smb_form_add_path (SmbForm *self, const char *label, GtkFileChooserAction action, gboolean several, const char *hint)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *entry = gtk_entry_new (),
            *button = gtk_button_new_with_label (_("Choose…"));
  g_autofree char *spoken = g_strdup_printf (_("Choose: %s"), label);

  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), hint);
  gtk_widget_set_tooltip_text (entry, hint);
  if (hint != NULL)
    gtk_editable_set_width_chars (GTK_EDITABLE (entry), columns_of (hint));
  gtk_widget_set_hexpand (entry, TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  g_object_set_data (G_OBJECT (entry), "smb-form-action", GINT_TO_POINTER (action));
  g_object_set_data (G_OBJECT (entry), "smb-form-several", GINT_TO_POINTER (several));
  g_object_set_data (G_OBJECT (entry), "smb-form-box", box);
  g_signal_connect_object (entry, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (button, "clicked", G_CALLBACK (on_choose), entry, 0);
  gtk_box_append (GTK_BOX (box), entry);
  gtk_box_append (GTK_BOX (box), button);
  add_line (self, label, box);
  return entry;
}

void
smb_form_add_head (SmbForm *self, const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_widget_add_css_class (label, "strong");
  if (self->n_rows > 0)
    gtk_widget_set_margin_top (label, 6);
  smb_form_add_wide (self, label);
}

void
smb_form_add_wide (SmbForm *self, GtkWidget *widget)
{
  gtk_grid_attach (GTK_GRID (self->grid), widget, 0, self->n_rows++, 2, 1);
}

void
smb_form_show_line (SmbForm *self, GtkWidget *control, gboolean shown)
{
  GtkWidget *box = g_object_get_data (G_OBJECT (control), "smb-form-box");
  GtkWidget *line = box != NULL ? box : control, *label = g_object_get_data (G_OBJECT (line), "smb-form-label");

  gtk_widget_set_visible (line, shown);
  if (label != NULL)
    gtk_widget_set_visible (label, shown);
}

void
smb_form_set_problem (SmbForm *self, const char *sentence)
{
  gtk_label_set_text (GTK_LABEL (self->problem), sentence != NULL ? sentence : "");
  gtk_widget_set_sensitive (self->accept, sentence == NULL);
}

void
smb_form_set_note (SmbForm *self, const char *sentence)
{
  gtk_label_set_text (GTK_LABEL (self->problem), sentence != NULL ? sentence : "");
  gtk_widget_set_sensitive (self->accept, TRUE);
}

char *
smb_form_dup_text (GtkWidget *entry)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry))));
}

static void
on_accept (GtkButton *button, SmbForm *self)
{
  g_signal_emit (self, signals[ACCEPTED], 0);
}

static void
smb_form_dispose (GObject *object)
{
  g_clear_object (&SMB_FORM (object)->chooser);
  G_OBJECT_CLASS (smb_form_parent_class)->dispose (object);
}

static void
smb_form_class_init (SmbFormClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_form_dispose;
  signals[ACCEPTED] = g_signal_new ("accepted", SMB_TYPE_FORM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[CHANGED] = g_signal_new ("changed", SMB_TYPE_FORM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (klass), GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
smb_form_init (SmbForm *self)
{
  GtkWidget *body = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12), *end = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *scrolled = gtk_scrolled_window_new (), *cancel = gtk_button_new_with_label (_("Cancel"));

  self->grid = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (self->grid), 12);
  gtk_grid_set_row_spacing (GTK_GRID (self->grid), 6);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scrolled), TRUE);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), self->grid);
  gtk_widget_set_vexpand (scrolled, TRUE);
  self->problem = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->problem), 0.0f);
  gtk_label_set_wrap (GTK_LABEL (self->problem), TRUE);
  gtk_widget_set_hexpand (self->problem, TRUE);
  gtk_widget_add_css_class (self->problem, "dim");
  self->accept = gtk_button_new ();
  gtk_widget_add_css_class (self->accept, "suggested-action");
  gtk_widget_set_valign (self->accept, GTK_ALIGN_END);
  gtk_widget_set_valign (cancel, GTK_ALIGN_END);
  g_signal_connect_object (self->accept, "clicked", G_CALLBACK (on_accept), self, 0);
  g_signal_connect_object (cancel, "clicked", G_CALLBACK (gtk_window_close), self, G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (end), self->problem);
  gtk_box_append (GTK_BOX (end), cancel);
  gtk_box_append (GTK_BOX (end), self->accept);
  gtk_box_append (GTK_BOX (body), scrolled);
  gtk_box_append (GTK_BOX (body), end);
  gtk_widget_add_css_class (body, "dialog-body");
  gtk_window_set_child (GTK_WINDOW (self), body);
  gtk_window_set_modal (GTK_WINDOW (self), TRUE);
  gtk_window_set_default_size (GTK_WINDOW (self), 560, -1);
}

SmbForm *
smb_form_new (GtkWindow *parent, const char *title, const char *accept)
{
  SmbForm *self = g_object_new (SMB_TYPE_FORM, "title", title, "transient-for", parent, NULL);

  gtk_button_set_label (GTK_BUTTON (self->accept), accept);
  return self;
}
