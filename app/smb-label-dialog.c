/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-label-dialog.h"

#include "smb-form.h"
#include "smb-format.h"
#include "smb-wrap-layout.h"

#include <glib/gi18n.h>

#define MAX_NAMED 12

struct _SmbLabelDialog {
  GtkWindow parent_instance;

  /* template widgets */
  GtkLabel *exhibits_text;
  GtkWidget *what_label;
  GtkDropDown *what;
  GtkEntry *class, *identity;
  GtkBox *offers;
  GtkLabel *note;
  GtkWidget *clear, *set;

  /* owned */
  SmbSession *session;
  GPtrArray *exhibits;
};

G_DEFINE_FINAL_TYPE (SmbLabelDialog, smb_label_dialog, GTK_TYPE_WINDOW)

/* The face chosen; -1: the whole exhibit, or several. */
static int
get_face (SmbLabelDialog *self)
{
  return self->exhibits->len == 1 ? (int) gtk_drop_down_get_selected (self->what) - 1 : -1;
}

static void
refresh (SmbLabelDialog *self)
{
  g_autofree char *class = smb_form_dup_text (GTK_WIDGET (self->class));
  g_autoptr (GError) error = NULL;
  gboolean good = smb_case_check_class (class, &error), any = FALSE;

  for (guint i = 0; i < self->exhibits->len; i++)
    any = any || smb_exhibit_get_label (self->exhibits->pdata[i], get_face (self)) != NULL;
  gtk_widget_set_sensitive (self->clear, any);
  gtk_widget_set_sensitive (self->set, good && *class != '\0');
  gtk_label_set_text (self->note, good ? _("Data sets are built from labelled exhibits and faces. What is said of an "
                                           "exhibit holds for its faces that have no label of their own.")
                                       : error->message);
}

/* What is said already, where it is the same of all. */
static void
fill_in (SmbLabelDialog *self)
{
  const SmbCaseLabel *first = smb_exhibit_get_label (self->exhibits->pdata[0], get_face (self));
  gboolean same_class = first != NULL, same_identity = first != NULL;

  for (guint i = 1; i < self->exhibits->len; i++) {
    const SmbCaseLabel *other = smb_exhibit_get_label (self->exhibits->pdata[i], -1);

    same_class = same_class && other != NULL && g_str_equal (other->class, first->class);
    same_identity = same_identity && other != NULL && g_str_equal (other->identity, first->identity);
  }
  gtk_editable_set_text (GTK_EDITABLE (self->class), same_class ? first->class : "");
  gtk_editable_set_text (GTK_EDITABLE (self->identity), same_identity ? first->identity : "");
  refresh (self);
}

static void
on_changed (SmbLabelDialog *self)
{
  if (self->exhibits != NULL)
    refresh (self);
}

static void
on_what (GtkDropDown *what, GParamSpec *property, SmbLabelDialog *self)
{
  if (self->exhibits != NULL)
    fill_in (self);
}

static void
on_offer (GtkButton *button, SmbLabelDialog *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->class), gtk_button_get_label (button));
  gtk_widget_grab_focus (self->set);
}

static void
on_set (GtkButton *button, SmbLabelDialog *self)
{
  g_autofree char *class = smb_form_dup_text (GTK_WIDGET (self->class));
  g_autofree char *identity = smb_form_dup_text (GTK_WIDGET (self->identity));

  smb_session_set_labels (self->session, self->exhibits, get_face (self), class, identity);
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
on_clear (GtkButton *button, SmbLabelDialog *self)
{
  const int face = get_face (self);
  g_autoptr (GPtrArray) labelled = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->exhibits->len; i++)
    if (smb_exhibit_get_label (self->exhibits->pdata[i], face) != NULL)
      g_ptr_array_add (labelled, g_object_ref (self->exhibits->pdata[i]));
  smb_session_set_labels (self->session, labelled, face, "", "");
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
on_cancel (GtkButton *button, SmbLabelDialog *self)
{
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
offer (SmbLabelDialog *self, const char *class)
{
  GtkWidget *button;

  for (GtkWidget *at = gtk_widget_get_first_child (GTK_WIDGET (self->offers)); at != NULL;
       at = gtk_widget_get_next_sibling (at))
    if (g_ascii_strcasecmp (gtk_button_get_label (GTK_BUTTON (at)), class) == 0)
      return;
  button = gtk_button_new_with_label (class);
  gtk_widget_set_tooltip_text (button, smb_format_class (class));
  g_signal_connect (button, "clicked", G_CALLBACK (on_offer), self);
  gtk_box_append (self->offers, button);
}

/* The classes of this case, those of the model, and the usual ones: a name written twice in two ways makes two classes.
 */
static void
offer_classes (SmbLabelDialog *self)
{
  static const char *const usual[] = { "genuine", "swapped", "synthetic", "spoof" };
  GListModel *all = smb_session_get_exhibits (self->session);
  const SmbModelInfo *model = smb_session_get_model (self->session);

  for (guint i = 0; i < g_list_model_get_n_items (all); i++) {
    g_autoptr (SmbExhibit) exhibit = g_list_model_get_item (all, i);
    GPtrArray *labels = smb_exhibit_get_labels (exhibit);

    for (guint k = 0; labels != NULL && k < labels->len; k++)
      offer (self, ((SmbCaseLabel *) labels->pdata[k])->class);
  }
  for (char **class = model != NULL ? model->classes : NULL; class != NULL && *class != NULL; class++)
    offer (self, *class);
  for (guint i = 0; i < G_N_ELEMENTS (usual); i++)
    offer (self, usual[i]);
}

static void
name_exhibits (SmbLabelDialog *self)
{
  const guint n = self->exhibits->len;
  g_autofree char *title = NULL;
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < MIN (n, MAX_NAMED); i++) {
    const SmbEvidence *evidence = smb_exhibit_get_evidence (self->exhibits->pdata[i]);

    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", evidence->exhibit);
  }
  if (n > MAX_NAMED)
    g_string_append_printf (names, _(" and %u more"), n - MAX_NAMED);
  title = n == 1 ? g_strdup_printf (_("Label %s"), names->str)
                 : g_strdup_printf (ngettext ("Label %u exhibit", "Label %u exhibits", n), n);
  gtk_window_set_title (GTK_WINDOW (self), title);
  gtk_label_set_text (self->exhibits_text, names->str);
}

/* Of one exhibit with faces: the whole or which of them. */
static void
offer_faces (SmbLabelDialog *self)
{
  const SmbAnalysis *analysis = self->exhibits->len == 1 ? smb_exhibit_get_analysis (self->exhibits->pdata[0]) : NULL;
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);

  gtk_string_list_append (list, _("Whole exhibit"));
  for (guint i = 0; analysis != NULL && i < analysis->faces->len; i++) {
    g_autofree char *name = smb_exhibit_dup_face_name (self->exhibits->pdata[0], i);
    g_autofree char *text = g_strdup_printf (_("Only %s"), name);

    gtk_string_list_append (list, text);
  }
  gtk_drop_down_set_model (self->what, G_LIST_MODEL (list));
  gtk_widget_set_visible (GTK_WIDGET (self->what), analysis != NULL && analysis->faces->len > 0);
  gtk_widget_set_visible (self->what_label, gtk_widget_get_visible (GTK_WIDGET (self->what)));
}

static void
smb_label_dialog_finalize (GObject *object)
{
  SmbLabelDialog *self = SMB_LABEL_DIALOG (object);

  g_clear_object (&self->session);
  g_clear_pointer (&self->exhibits, g_ptr_array_unref);
  G_OBJECT_CLASS (smb_label_dialog_parent_class)->finalize (object);
}

static void
smb_label_dialog_class_init (SmbLabelDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = smb_label_dialog_finalize;
  g_type_ensure (SMB_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-label-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbLabelDialog, exhibits_text);
  gtk_widget_class_bind_template_child (widget_class, SmbLabelDialog, what_label);
  gtk_widget_class_bind_template_child (widget_class, SmbLabelDialog, what);
  gtk_widget_class_bind_template_child (widget_class, SmbLabelDialog, class);
  gtk_widget_class_bind_template_child (widget_class, SmbLabelDialog, identity);
  gtk_widget_class_bind_template_child (widget_class, SmbLabelDialog, offers);
  gtk_widget_class_bind_template_child (widget_class, SmbLabelDialog, note);
  gtk_widget_class_bind_template_child (widget_class, SmbLabelDialog, clear);
  gtk_widget_class_bind_template_child (widget_class, SmbLabelDialog, set);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_what);
  gtk_widget_class_bind_template_callback (widget_class, on_set);
  gtk_widget_class_bind_template_callback (widget_class, on_clear);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
smb_label_dialog_init (SmbLabelDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

SmbLabelDialog *
smb_label_dialog_new (GtkWindow *parent, SmbSession *session, GPtrArray *exhibits)
{
  SmbLabelDialog *self = g_object_new (SMB_TYPE_LABEL_DIALOG, "transient-for", parent, NULL);

  g_return_val_if_fail (exhibits->len > 0, NULL);
  self->session = g_object_ref (session);
  self->exhibits = g_ptr_array_ref (exhibits);
  name_exhibits (self);
  offer_faces (self);
  offer_classes (self);
  fill_in (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->class));
  return self;
}
