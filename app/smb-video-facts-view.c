/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-video-facts-view.h"

#include "media/smb-video-facts.h"
#include "smb-facts.h"
#include "smb-session-video.h"

#include <glib/gi18n.h>

#define MOST_CHARACTERS 160

struct _SmbVideoFactsView {
  GtkWidget parent_instance;

  /* built in init */
  GtkWidget *box;
  SmbFacts *facts, *frames;
  GtkWidget *look, *save;

  /* owned */
  SmbSession *session;
  GtkFileChooserNative *chooser; /* NULL: none is open */
};

G_DEFINE_FINAL_TYPE (SmbVideoFactsView, smb_video_facts_view, GTK_TYPE_WIDGET)

/* An encoder's signature lists all its options: they are in the tooltip. */
static void
add_brief (SmbFacts *facts, const char *name, const char *value)
{
  g_autofree char *head = g_utf8_strlen (value, -1) > MOST_CHARACTERS ? g_utf8_substring (value, 0, MOST_CHARACTERS) : NULL;
  g_autofree char *brief = head != NULL ? g_strconcat (head, "…", NULL) : NULL;

  smb_facts_add (facts, name, brief != NULL ? brief : value, brief != NULL ? value : NULL);
}

static void
show_facts (SmbVideoFactsView *self, SmbEngineVideo *video)
{
  const guint n = smb_engine_video_get_n_frames (video);
  const SmbVideoSlot *last = &smb_engine_video_get_slots (video)[n - 1];
  g_autoptr (GPtrArray) facts = smb_video_facts_in_words (smb_engine_video_get_facts (video));
  g_autofree char *count = g_strdup_printf ("%u", n), *length = smb_video_time_in_words (last->time_us + last->duration_us);

  smb_facts_clear (self->facts);
  smb_facts_add (self->facts, _("Frames"), count, NULL);
  smb_facts_add (self->facts, _("Length"), length, NULL);
  for (guint i = 0; i < facts->len; i++) {
    const SmbVideoFact *fact = facts->pdata[i];

    add_brief (self->facts, fact->name, fact->value);
  }
}

static void
show_frames (SmbVideoFactsView *self)
{
  const SmbFrameTally *tally = smb_session_get_frame_tally (self->session);
  g_autofree char *decoded = NULL, *repeated = NULL;

  gtk_widget_set_visible (self->look, tally == NULL);
  gtk_widget_set_sensitive (self->look, !smb_session_is_listing_frames (self->session));
  gtk_widget_set_visible (GTK_WIDGET (self->frames), tally != NULL);
  gtk_widget_set_visible (self->save, tally != NULL);
  if (tally == NULL)
    return;
  decoded = smb_frame_tally_in_words (tally);
  repeated = smb_frame_tally_repeated_in_words (tally);
  smb_facts_clear (self->frames);
  smb_facts_add (self->frames, _("Decoded"), decoded, NULL);
  smb_facts_add (self->frames, _("Repeat the one before"), repeated, _("Frames with the same pixels as the one before"));
}

static void
refresh (SmbVideoFactsView *self)
{
  SmbEngineVideo *video = smb_session_get_video (self->session);

  gtk_widget_set_visible (GTK_WIDGET (self), video != NULL);
  if (video == NULL)
    return;
  show_facts (self, video);
  show_frames (self);
}

static void
on_look_clicked (GtkButton *button, SmbVideoFactsView *self)
{
  smb_session_list_frames (self->session);
}

static void
on_chosen (GtkNativeDialog *dialog, int response, SmbVideoFactsView *self)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;

  if (file != NULL)
    smb_session_save_frames (self->session, file);
  g_clear_object (&self->chooser);
}

static void
on_save_clicked (GtkButton *button, SmbVideoFactsView *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);
  g_autofree char *name = NULL;

  if (self->chooser != NULL || exhibit == NULL)
    return;
  name = g_strdup_printf ("%s-frames.tsv", smb_exhibit_get_evidence (exhibit)->exhibit);
  g_strdelimit (name, "/", '-');
  self->chooser = gtk_file_chooser_native_new (_("Save the list of frames"),
                                               GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                               GTK_FILE_CHOOSER_ACTION_SAVE, _("Save"), _("Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), name);
  g_signal_connect (self->chooser, "response", G_CALLBACK (on_chosen), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

void
smb_video_facts_view_set_session (SmbVideoFactsView *self, SmbSession *session)
{
  g_return_if_fail (self->session == NULL);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "video-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "metadata-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
}

static void
smb_video_facts_view_dispose (GObject *object)
{
  SmbVideoFactsView *self = SMB_VIDEO_FACTS_VIEW (object);

  g_clear_object (&self->chooser);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (smb_video_facts_view_parent_class)->dispose (object);
}

static void
smb_video_facts_view_class_init (SmbVideoFactsViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_video_facts_view_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static GtkWidget *
add_button (SmbVideoFactsView *self, const char *label, const char *tip, GCallback clicked)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_widget_set_halign (button, GTK_ALIGN_START);
  gtk_widget_set_tooltip_text (button, tip);
  g_signal_connect (button, "clicked", clicked, self);
  gtk_box_append (GTK_BOX (self->box), button);
  return button;
}

static void
smb_video_facts_view_init (SmbVideoFactsView *self)
{
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  self->facts = g_object_new (SMB_TYPE_FACTS, NULL);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->facts));
  self->look = add_button (self, _("Decode every frame"),
                           _("The type and the SHA-256 of each frame, and which repeat the one before"),
                           G_CALLBACK (on_look_clicked));
  self->frames = g_object_new (SMB_TYPE_FACTS, NULL);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->frames));
  self->save = add_button (self, _("Save the list…"), _("A line for each frame, for a spreadsheet"),
                           G_CALLBACK (on_save_clicked));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
