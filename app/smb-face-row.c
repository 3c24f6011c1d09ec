/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-face-row.h"

#include "smb-format.h"
#include "smb-session.h"
#include "smb-thumbnail.h"

#include <glib/gi18n.h>
#include <math.h>

struct _SmbFaceRow {
  GtkListBoxRow parent_instance;

  /* template widgets */
  SmbThumbnail *crop;
  GtkLabel *number;
  GtkLabel *size;
  GtkLabel *label;
  GtkWidget *range_box;
  GtkImage *range_icon;
  GtkLabel *range_word;
  GtkLabel *score;
  GtkLabel *best;
};

G_DEFINE_FINAL_TYPE (SmbFaceRow, smb_face_row, GTK_TYPE_LIST_BOX_ROW)

static void
smb_face_row_class_init (SmbFaceRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (SMB_TYPE_THUMBNAIL);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-face-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbFaceRow, crop);
  gtk_widget_class_bind_template_child (widget_class, SmbFaceRow, number);
  gtk_widget_class_bind_template_child (widget_class, SmbFaceRow, size);
  gtk_widget_class_bind_template_child (widget_class, SmbFaceRow, label);
  gtk_widget_class_bind_template_child (widget_class, SmbFaceRow, range_box);
  gtk_widget_class_bind_template_child (widget_class, SmbFaceRow, range_icon);
  gtk_widget_class_bind_template_child (widget_class, SmbFaceRow, range_word);
  gtk_widget_class_bind_template_child (widget_class, SmbFaceRow, score);
  gtk_widget_class_bind_template_child (widget_class, SmbFaceRow, best);
}

static void
smb_face_row_init (SmbFaceRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
smb_face_row_new (const SmbAnalysis *analysis, guint index, SmbImage *picture, const SmbCaseLabel *label)
{
  SmbFaceRow *self = g_object_new (SMB_TYPE_FACE_ROW, NULL);
  const SmbFaceResult *face = analysis->faces->pdata[index];
  g_autoptr (SmbImage) crop = picture != NULL ? smb_image_crop (picture, face->face.box) : NULL;
  g_autofree char *number = smb_format_face (face, index);
  g_autofree char *size
      = g_strdup_printf (face->face.origin == SMB_FACE_DRAWN ? _("%d × %d px, drawn") : _("%d × %d px"),
                         face->face.box.width, face->face.box.height);
  g_autofree char *score = smb_format_score (face->score);
  g_autofree char *spoken = NULL;
  g_autofree char *quality = face->quality_notes != NULL ? g_strjoinv (" ", face->quality_notes) : NULL;
  const gboolean poor = quality != NULL && *quality != '\0';
  int best = smb_face_result_get_best (face);
  SmbState range = { "smb-ok-symbolic", _("Inside validated range"), "ok" };
  const char *verdict = _("no score");

  if (crop != NULL) {
    g_autoptr (GdkTexture) texture = smb_texture_from_image (crop);

    smb_thumbnail_set (self->crop, texture, NULL);
  } else {
    smb_thumbnail_set (self->crop, NULL, "smb-face-symbolic");
  }
  if (face->outside != NULL)
    range = (SmbState){ "smb-range-symbolic", face->outside, "dim" };
  else if (poor)
    range = (SmbState){ "smb-range-symbolic", _("Outside validated range"), "warning" };
  else if (!analysis->trained)
    range = (SmbState){ "smb-warning-symbolic", _("Untrained weights"), "warning" };
  if (best >= 0 && !isnan (face->score))
    verdict = smb_format_class (analysis->classes[best]);
  gtk_label_set_text (self->number, number);
  gtk_label_set_text (self->size, size);
  gtk_image_set_from_icon_name (self->range_icon, range.icon);
  gtk_label_set_text (self->range_word, range.word);
  gtk_widget_set_tooltip_text (self->range_box, poor && face->outside == NULL ? quality : range.word);
  smb_state_apply_class (self->range_box, &range);
  gtk_label_set_text (self->score, score);
  gtk_label_set_text (self->best, verdict);
  if (label != NULL) {
    gtk_label_set_text (self->label, smb_format_class (label->class));
    gtk_widget_set_tooltip_text (GTK_WIDGET (self->label), label->identity);
  }
  gtk_widget_set_visible (GTK_WIDGET (self->label), label != NULL);
  spoken = g_strdup_printf (_("Face %u, %s, score %s, %s, %s"), index + 1, size, score, verdict, range.word);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  return GTK_WIDGET (self);
}
