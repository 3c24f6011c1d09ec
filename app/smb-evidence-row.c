/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-evidence-row.h"

#include "smb-format.h"
#include "smb-thumbnail.h"

#include <glib/gi18n.h>
#include <math.h>

struct _SmbEvidenceRow {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  SmbThumbnail *thumbnail;
  GtkLabel *number;
  GtkImage *type_icon;
  GtkLabel *name;
  GtkWidget *state_box;
  GtkImage *state_icon;
  GtkLabel *state_word;
  GtkLabel *faces;
  GtkLabel *label;
  GtkLabel *score;

  /* owned */
  SmbExhibit *exhibit;
  gulong handler, label_handler;
};

G_DEFINE_FINAL_TYPE (SmbEvidenceRow, smb_evidence_row, GTK_TYPE_WIDGET)

static void
refresh (SmbEvidenceRow *self)
{
  const SmbEvidence *evidence = smb_exhibit_get_evidence (self->exhibit);
  const SmbAnalysis *analysis = smb_exhibit_get_analysis (self->exhibit);
  GdkTexture *thumbnail = smb_exhibit_get_thumbnail (self->exhibit);
  const char *failure = smb_exhibit_get_failure (self->exhibit);
  SmbState state = smb_state_of_hash (evidence->hash_state);
  g_autofree char *name = smb_exhibit_dup_name (self->exhibit);
  g_autofree char *faces = smb_format_faces (smb_exhibit_get_n_faces (self->exhibit));
  g_autofree char *label = smb_format_labels (self->exhibit);
  g_autofree char *score = NULL;
  g_autofree char *spoken = NULL;
  const char *type = evidence->video ? "smb-film-symbolic" : "smb-picture-symbolic";
  const char *kind = evidence->video ? _("Video") : _("Still image");
  const char *tooltip = evidence->path;
  gboolean intact = evidence->hash_state == SMB_HASH_VERIFIED || evidence->hash_state == SMB_HASH_UNVERIFIED;

  smb_thumbnail_set (self->thumbnail, thumbnail,
                     evidence->problem != NULL ? "smb-alert-symbolic" : type);
  smb_thumbnail_set_mark (self->thumbnail, evidence->video ? "smb-play-symbolic" : NULL);
  gtk_image_set_from_icon_name (self->type_icon, type);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->type_icon), kind);
  gtk_label_set_text (self->number, evidence->exhibit);
  gtk_label_set_text (self->name, name);
  /* A broken file outranks its intact hash: that is what the examiner must know. */
  if (evidence->problem != NULL && intact) {
    state = (SmbState){ "smb-alert-symbolic", _("Cannot be read"), "alert" };
    tooltip = evidence->problem;
  } else if (failure != NULL && intact) {
    state = (SmbState){ "smb-warning-symbolic", _("Analysis failed"), "warning" };
    tooltip = failure;
  }
  gtk_image_set_from_icon_name (self->state_icon, state.icon);
  gtk_label_set_text (self->state_word, state.word);
  smb_state_apply_class (self->state_box, &state);
  gtk_label_set_text (self->faces, evidence->problem != NULL ? _("No picture") : faces);
  /* A dash: there was nothing to judge. n/a: there was, and it lies outside what the model may judge. */
  if (analysis == NULL || analysis->faces->len == 0)
    score = g_strdup ("–");
  else
    score = smb_format_score (smb_exhibit_get_score (self->exhibit));
  gtk_label_set_text (self->score, score);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), tooltip);
  gtk_label_set_text (self->label, label != NULL ? label : "");
  gtk_widget_set_visible (GTK_WIDGET (self->label), label != NULL);
  /* Translators: exhibit number, file name, kind of file, state of its hash, faces, score. */
  spoken = g_strdup_printf (_("%s, %s, %s, %s, %s, highest score %s"), evidence->exhibit, name, kind, state.word,
                            gtk_label_get_text (self->faces), score);
  if (label != NULL) {
    g_autofree char *plain = g_steal_pointer (&spoken);

    /* Translators: what is said of an exhibit, and its label. */
    spoken = g_strdup_printf (_("%s, labelled %s"), plain, label);
  }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  /* The list's own row has the focus, so it is what a screen reader reads. */
  if (gtk_widget_get_parent (GTK_WIDGET (self)) != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_widget_get_parent (GTK_WIDGET (self))),
                                    GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

void
smb_evidence_row_set_exhibit (SmbEvidenceRow *self, SmbExhibit *exhibit)
{
  if (self->exhibit != NULL) {
    g_clear_signal_handler (&self->handler, self->exhibit);
    g_clear_signal_handler (&self->label_handler, self->exhibit);
  }
  g_set_object (&self->exhibit, exhibit);
  if (exhibit != NULL) {
    self->handler = g_signal_connect_swapped (exhibit, "changed", G_CALLBACK (refresh), self);
    self->label_handler = g_signal_connect_swapped (exhibit, "labelled", G_CALLBACK (refresh), self);
    refresh (self);
  }
}

static void
smb_evidence_row_dispose (GObject *object)
{
  SmbEvidenceRow *self = SMB_EVIDENCE_ROW (object);

  smb_evidence_row_set_exhibit (self, NULL);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (smb_evidence_row_parent_class)->dispose (object);
}

static void
smb_evidence_row_class_init (SmbEvidenceRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_evidence_row_dispose;
  g_type_ensure (SMB_TYPE_THUMBNAIL);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-evidence-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, box);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, thumbnail);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, number);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, type_icon);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, name);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, state_box);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, state_icon);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, state_word);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, faces);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, label);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidenceRow, score);
}

static void
smb_evidence_row_init (SmbEvidenceRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
smb_evidence_row_new (void)
{
  return g_object_new (SMB_TYPE_EVIDENCE_ROW, NULL);
}
