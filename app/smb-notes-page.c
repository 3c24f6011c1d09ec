/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-notes-page.h"

#include "smb-format.h"
#include "smb-label.h"

#include <glib/gi18n.h>

struct _SmbNotesPage {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkStack *stack;
  GtkBox *labels;
  GtkLabel *editor_title;
  GtkTextView *text;
  GtkWidget *add;
  GtkWidget *add_finding;
  GtkWidget *stop_editing;
  GtkLabel *notes_title;
  GtkBox *notes;
  GtkWidget *findings_box;
  GtkBox *findings;

  /* owned */
  SmbSession *session;
  gint64 editing; /* id of the note in the editor; 0: a new one */
};

G_DEFINE_FINAL_TYPE (SmbNotesPage, smb_notes_page, GTK_TYPE_WIDGET)

static char *
dup_text (SmbNotesPage *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->text);
  GtkTextIter start, end;
  char *text;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  return g_strstrip (text);
}

static void
show_editor (SmbNotesPage *self)
{
  g_autofree char *text = dup_text (self);
  gboolean writable = !smb_session_get_read_only (self->session);

  gtk_label_set_text (self->editor_title, self->editing != 0 ? _("Edit note") : _("New note"));
  gtk_button_set_label (GTK_BUTTON (self->add), self->editing != 0 ? _("Save note") : _("Add note"));
  gtk_widget_set_sensitive (self->add, *text != '\0' && writable);
  gtk_widget_set_sensitive (self->add_finding, *text != '\0' && writable);
  gtk_widget_set_visible (self->add_finding, self->editing == 0);
  gtk_widget_set_visible (self->stop_editing, self->editing != 0);
  gtk_text_view_set_editable (self->text, writable);
}

static void
finish_editing (SmbNotesPage *self)
{
  self->editing = 0;
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->text), "", -1);
  show_editor (self);
}

static void
on_add (GtkButton *button, SmbNotesPage *self)
{
  g_autofree char *text = dup_text (self);

  if (self->editing != 0)
    smb_session_edit_note (self->session, self->editing, text);
  else
    smb_session_add_note (self->session, text);
  finish_editing (self);
}

static void
on_add_finding (GtkButton *button, SmbNotesPage *self)
{
  g_autofree char *text = dup_text (self);

  smb_session_add_finding (self->session, text);
  finish_editing (self);
}

static void
on_stop_editing (GtkButton *button, SmbNotesPage *self)
{
  finish_editing (self);
}

static void
on_text_changed (GtkTextBuffer *buffer, SmbNotesPage *self)
{
  if (self->session != NULL)
    show_editor (self);
}

static void
on_edit (GtkButton *button, SmbNotesPage *self)
{
  const char *text = g_object_get_data (G_OBJECT (button), "text");

  self->editing = *(const gint64 *) g_object_get_data (G_OBJECT (button), "note");
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->text), text, -1);
  show_editor (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->text));
}

static GtkWidget *
text_label (const char *text, const char *css)
{
  GtkWidget *label = smb_label_new (text, css);

  gtk_widget_set_hexpand (label, TRUE);
  return label;
}

static GtkWidget *
make_card (const char *icon, const char *head, const char *text, const char *spoken)
{
  GtkWidget *card = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *top = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *body = text_label (text, NULL);
  GtkWidget *caption = text_label (head, "caption");

  gtk_widget_add_css_class (card, "card");
  gtk_widget_add_css_class (caption, "dim");
  gtk_widget_add_css_class (caption, "numeric");
  gtk_label_set_selectable (GTK_LABEL (body), TRUE);
  gtk_widget_set_can_focus (body, FALSE);
  if (icon != NULL) {
    GtkWidget *image = gtk_image_new_from_icon_name (icon);

    gtk_image_set_pixel_size (GTK_IMAGE (image), 14);
    gtk_box_append (GTK_BOX (top), image);
  }
  gtk_box_append (GTK_BOX (top), caption);
  gtk_box_append (GTK_BOX (card), top);
  gtk_box_append (GTK_BOX (card), body);
  gtk_accessible_update_property (GTK_ACCESSIBLE (card), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  return card;
}

static GtkWidget *
make_note (SmbNotesPage *self, const SmbNote *note)
{
  g_autofree char *time = smb_format_time (note->made_us);
  g_autofree char *head = g_strdup_printf ("%s · %s", note->author != NULL ? note->author : "–", time);
  GtkWidget *card = make_card (NULL, head, note->text, note->text);
  GtkWidget *edit = gtk_button_new_from_icon_name ("smb-edit-symbolic");

  gtk_widget_add_css_class (edit, "flat");
  gtk_widget_set_tooltip_text (edit, _("Edit note"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (edit), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Edit note"), -1);
  g_object_set_data_full (G_OBJECT (edit), "text", g_strdup (note->text), g_free);
  g_object_set_data_full (G_OBJECT (edit), "note", g_memdup2 (&note->id, sizeof note->id), g_free);
  g_signal_connect (edit, "clicked", G_CALLBACK (on_edit), self);
  gtk_widget_set_sensitive (edit, !smb_session_get_read_only (self->session));
  gtk_box_append (GTK_BOX (gtk_widget_get_first_child (card)), edit);
  return card;
}

static GtkWidget *
make_finding (const SmbFinding *finding)
{
  g_autofree char *time = smb_format_time (finding->made_us);
  gboolean by_hand = g_strcmp0 (finding->kind, "examiner") == 0;
  g_autofree char *head
      = g_strdup_printf ("%s · %s", by_hand ? _("Examiner's finding") : _("Found by the program"), time);

  return make_card (by_hand ? "smb-finding-symbolic" : "smb-warning-symbolic", head, finding->text, finding->text);
}

static void
clear_box (GtkBox *box)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (box))) != NULL)
    gtk_box_remove (box, child);
}

/* What the exhibit and its faces are said to be, by whom. */
static void
show_labels (SmbNotesPage *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);
  GPtrArray *labels = exhibit != NULL ? smb_exhibit_get_labels (exhibit) : NULL;

  clear_box (self->labels);
  for (guint i = 0; labels != NULL && i < labels->len; i++) {
    const SmbCaseLabel *label = labels->pdata[i];
    g_autofree char *time = smb_format_time (label->made_us), *face = smb_format_label_face (exhibit, label);
    g_autofree char *head
        = g_strdup_printf ("%s · %s · %s", face != NULL ? face : _("Whole exhibit"), label->author, time);
    g_autofree char *text = label->identity[0] != '\0'
                                ? g_strdup_printf ("%s · %s", smb_format_class (label->class), label->identity)
                                : g_strdup (smb_format_class (label->class));

    gtk_box_append (self->labels, make_card (NULL, head, text, text));
  }
  if (labels == NULL)
    gtk_box_append (self->labels,
                    text_label (_("Not labelled. A label says what the exhibit is, for a detector to learn from."), "dim"));
}

static void
refresh (SmbNotesPage *self)
{
  GPtrArray *notes = smb_session_get_notes (self->session);
  GPtrArray *findings = smb_session_get_findings (self->session);
  guint n_notes = notes != NULL ? notes->len : 0;
  guint n_findings = findings != NULL ? findings->len : 0;
  g_autofree char *title = NULL;

  clear_box (self->notes);
  clear_box (self->findings);
  for (guint i = 0; i < n_notes; i++)
    gtk_box_append (self->notes, make_note (self, notes->pdata[i]));
  for (guint i = 0; i < n_findings; i++)
    gtk_box_append (self->findings, make_finding (findings->pdata[i]));
  if (n_notes == 0)
    gtk_box_append (self->notes, text_label (_("No notes on this exhibit yet. Write what you see; every note enters "
                                               "the audit log and the report."),
                                             "dim"));
  title = g_strdup_printf (_("Notes (%u)"), n_notes);
  gtk_label_set_text (self->notes_title, title);
  gtk_widget_set_visible (self->findings_box, n_findings > 0);
}

static void
on_exhibit_changed (SmbNotesPage *self)
{
  gboolean any = smb_session_get_exhibit (self->session) != NULL;

  gtk_stack_set_visible_child_name (self->stack, any ? "notes" : "empty");
  show_labels (self);
  /* An edit begun on another exhibit must not land on this one. */
  if (self->editing != 0)
    finish_editing (self);
}

void
smb_notes_page_focus (SmbNotesPage *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->text));
}

void
smb_notes_page_set_session (SmbNotesPage *self, SmbSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "notes-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "labels-changed", G_CALLBACK (show_labels), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "exhibit-changed", G_CALLBACK (on_exhibit_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_text_view_get_buffer (self->text), "changed", G_CALLBACK (on_text_changed), self, 0);
  on_exhibit_changed (self);
  show_editor (self);
  refresh (self);
}

static void
smb_notes_page_dispose (GObject *object)
{
  SmbNotesPage *self = SMB_NOTES_PAGE (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (smb_notes_page_parent_class)->dispose (object);
}

static void
smb_notes_page_class_init (SmbNotesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_notes_page_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-notes-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, box);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, labels);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, editor_title);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, text);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, add);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, add_finding);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, stop_editing);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, notes_title);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, notes);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, findings_box);
  gtk_widget_class_bind_template_child (widget_class, SmbNotesPage, findings);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
  gtk_widget_class_bind_template_callback (widget_class, on_add_finding);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_editing);
}

static void
smb_notes_page_init (SmbNotesPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
