/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-face-choice.h"

#include "examine/smb-report-draft.h"
#include "smb-format.h"

#include <glib/gi18n.h>

#define SAME_FACE_IOU 0.5 /* as the regions of a face are taken over by a new analysis */

struct _SmbFaceChoice {
  GtkBox parent_instance;

  /* owned */
  SmbExhibit *exhibit;
  GArray *boxes;      /* SmbBox of the faces listed */
  gint64 analysis_id; /* theirs; 0: none */
};

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SmbFaceChoice, smb_face_choice, GTK_TYPE_BOX)

GtkWidget *
smb_face_choice_check_new (const char *words, const char *tip, gboolean active)
{
  GtkWidget *button = gtk_check_button_new (), *label = gtk_label_new (words);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_check_button_set_child (GTK_CHECK_BUTTON (button), label);
  gtk_check_button_set_active (GTK_CHECK_BUTTON (button), active);
  gtk_widget_set_tooltip_text (button, tip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
  return button;
}

static void
on_toggled (SmbFaceChoice *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

/* Where the faces lie that are not chosen: SmbBox. Takes the list away. */
static GArray *
take_refused (SmbFaceChoice *self)
{
  GArray *refused = g_array_new (FALSE, FALSE, sizeof (SmbBox));
  GtkWidget *at;

  for (guint i = 0; (at = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL; i++) {
    if (!gtk_check_button_get_active (GTK_CHECK_BUTTON (at)))
      g_array_append_val (refused, g_array_index (self->boxes, SmbBox, i));
    gtk_box_remove (GTK_BOX (self), at);
  }
  g_array_set_size (self->boxes, 0);
  return refused;
}

static gboolean
is_refused (const GArray *refused, SmbBox box)
{
  for (guint i = 0; i < refused->len; i++)
    if (smb_box_iou (g_array_index (refused, SmbBox, i), box) >= SAME_FACE_IOU)
      return TRUE;
  return FALSE;
}

static void
list_faces (SmbFaceChoice *self)
{
  const SmbAnalysis *analysis = smb_exhibit_get_analysis (self->exhibit);
  g_autoptr (GArray) refused = take_refused (self);

  self->analysis_id = analysis != NULL ? smb_exhibit_get_stored (self->exhibit)->id : 0;
  for (guint i = 0; analysis != NULL && analysis->faces->len > 1 && i < analysis->faces->len; i++) {
    const SmbFaceResult *face = analysis->faces->pdata[i];
    g_autofree char *name = smb_exhibit_dup_face_name (self->exhibit, i), *score = smb_format_score (face->score);
    g_autofree char *words = smb_exhibit_get_evidence (self->exhibit)->video
                                 ? g_strdup_printf (_("F%u (%s), score %s"), i + 1, name, score)
                                 : g_strdup_printf (_("%s, score %s"), name, score);
    GtkWidget *button = smb_face_choice_check_new (words, face->outside, !is_refused (refused, face->face.box));

    g_array_append_val (self->boxes, face->face.box);
    g_signal_connect_object (button, "toggled", G_CALLBACK (on_toggled), self, G_CONNECT_SWAPPED);
    gtk_box_append (GTK_BOX (self), button);
  }
  gtk_widget_set_visible (GTK_WIDGET (self), self->boxes->len > 0);
}

static void
on_exhibit_changed (SmbFaceChoice *self)
{
  const SmbCaseAnalysis *stored = smb_exhibit_get_stored (self->exhibit);

  if ((stored != NULL ? stored->id : 0) == self->analysis_id)
    return;
  list_faces (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

void
smb_face_choice_read (SmbFaceChoice *self, GArray *left_out)
{
  SmbReportFace face = { self->analysis_id, 0 };

  for (GtkWidget *at = gtk_widget_get_first_child (GTK_WIDGET (self)); at != NULL;
       at = gtk_widget_get_next_sibling (at), face.face++)
    if (!gtk_check_button_get_active (GTK_CHECK_BUTTON (at)))
      g_array_append_val (left_out, face);
}

static void
smb_face_choice_finalize (GObject *object)
{
  SmbFaceChoice *self = SMB_FACE_CHOICE (object);

  g_clear_object (&self->exhibit);
  g_clear_pointer (&self->boxes, g_array_unref);
  G_OBJECT_CLASS (smb_face_choice_parent_class)->finalize (object);
}

static void
smb_face_choice_class_init (SmbFaceChoiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = smb_face_choice_finalize;
  signals[CHANGED]
      = g_signal_new ("changed", SMB_TYPE_FACE_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
smb_face_choice_init (SmbFaceChoice *self)
{
  self->boxes = g_array_new (FALSE, FALSE, sizeof (SmbBox));
}

GtkWidget *
smb_face_choice_new (SmbExhibit *exhibit)
{
  SmbFaceChoice *self
      = g_object_new (SMB_TYPE_FACE_CHOICE, "orientation", GTK_ORIENTATION_VERTICAL, "spacing", 3, NULL);

  self->exhibit = g_object_ref (exhibit);
  g_signal_connect_object (exhibit, "changed", G_CALLBACK (on_exhibit_changed), self, G_CONNECT_SWAPPED);
  list_faces (self);
  return GTK_WIDGET (self);
}
