/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-metadata-page.h"

#include "smb-facts.h"

#include <glib/gi18n.h>

struct _SmbMetadataPage {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkStack *stack;
  SmbFacts *file, *integrity, *picture, *analysis;
  GtkWidget *analysis_box;

  /* owned */
  SmbSession *session;
};

G_DEFINE_FINAL_TYPE (SmbMetadataPage, smb_metadata_page, GTK_TYPE_WIDGET)

static void
show_file (SmbMetadataPage *self, const SmbEvidence *evidence)
{
  g_autofree char *name = g_filename_display_basename (evidence->path);
  g_autofree char *folder_raw = g_path_get_dirname (evidence->path);
  g_autofree char *folder = g_filename_display_name (folder_raw);
  g_autofree char *size = smb_format_size (evidence->size_bytes);
  g_autofree char *modified = smb_format_time (evidence->modified_us);
  g_autofree char *acquired = smb_format_time (evidence->acquired_us);

  smb_facts_clear (self->file);
  smb_facts_add (self->file, _("Exhibit"), evidence->exhibit, NULL);
  smb_facts_add (self->file, _("Name"), name, NULL);
  smb_facts_add (self->file, _("Folder"), folder, evidence->path);
  smb_facts_add (self->file, _("Size"), size, NULL);
  smb_facts_add (self->file, _("Modified"), modified, _("The file's own time when it was acquired"));
  smb_facts_add (self->file, _("Acquired"), acquired, NULL);
}

static void
show_integrity (SmbMetadataPage *self, const SmbEvidence *evidence)
{
  g_autofree char *verified = smb_format_time (evidence->verified_us);
  SmbCheck check;
  const char *head = smb_session_get_log_head (self->session, &check);
  SmbState log = { "smb-unverified-symbolic", _("Being checked"), "dim" };

  if (check == SMB_CHECK_OK)
    log = (SmbState){ "smb-ok-symbolic", _("Intact"), "ok" };
  else if (check == SMB_CHECK_BAD)
    log = (SmbState){ "smb-alert-symbolic", _("Broken"), "alert" };
  smb_facts_clear (self->integrity);
  smb_facts_add_state (self->integrity, _("State"), smb_state_of_hash (evidence->hash_state), NULL);
  smb_facts_add (self->integrity, _("Verified"), verified, NULL);
  smb_facts_add (self->integrity, _("SHA-256"), evidence->sha256, _("Taken when the file was acquired"));
  smb_facts_add_state (self->integrity, _("Audit log"), log, smb_session_get_log_problem (self->session));
  smb_facts_add (self->integrity, _("Log head"), head, _("Hash of the log's last entry"));
}

static void
show_picture (SmbMetadataPage *self, const SmbEvidence *evidence)
{
  g_autofree char *size = NULL;

  smb_facts_clear (self->picture);
  smb_facts_add (self->picture, _("Format"), evidence->format, NULL);
  if (evidence->width > 0)
    size = g_strdup_printf (_("%d × %d px (%.1f megapixels)"), evidence->width, evidence->height,
                            (double) evidence->width * evidence->height / 1e6);
  smb_facts_add (self->picture, _("Dimensions"), size, NULL);
  if (evidence->problem != NULL)
    smb_facts_add_state (self->picture, _("Problem"), (SmbState){ "smb-alert-symbolic", evidence->problem, "alert" },
                         NULL);
}

static void
show_analysis (SmbMetadataPage *self, SmbExhibit *exhibit)
{
  const SmbCaseAnalysis *stored = smb_exhibit_get_stored (exhibit);
  g_autofree char *made = NULL;
  g_autofree char *seed = NULL;
  g_autofree char *faces = NULL;

  smb_facts_clear (self->analysis);
  gtk_widget_set_visible (self->analysis_box, stored != NULL);
  if (stored == NULL)
    return;
  made = smb_format_time (stored->made_us);
  seed = g_strdup_printf ("%" G_GUINT64_FORMAT, stored->seed);
  faces = smb_format_faces (stored->n_faces);
  smb_facts_add (self->analysis, _("Made"), made, NULL);
  smb_facts_add (self->analysis, _("Result"), faces, NULL);
  smb_facts_add (self->analysis, _("Model"), stored->model_name, stored->model_sha256);
  smb_facts_add (self->analysis, _("Device"), stored->device, NULL);
  smb_facts_add (self->analysis, _("Seed"), seed, NULL);
  smb_facts_add (self->analysis, _("Program"), stored->program_version, NULL);
  smb_facts_add (self->analysis, _("Settings"), stored->settings, NULL);
}

static void
refresh (SmbMetadataPage *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);

  gtk_stack_set_visible_child_name (self->stack, exhibit != NULL ? "facts" : "empty");
  if (exhibit == NULL)
    return;
  show_file (self, smb_exhibit_get_evidence (exhibit));
  show_integrity (self, smb_exhibit_get_evidence (exhibit));
  show_picture (self, smb_exhibit_get_evidence (exhibit));
  show_analysis (self, exhibit);
}

void
smb_metadata_page_set_session (SmbMetadataPage *self, SmbSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "faces-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "log-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
}

static void
smb_metadata_page_dispose (GObject *object)
{
  SmbMetadataPage *self = SMB_METADATA_PAGE (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (smb_metadata_page_parent_class)->dispose (object);
}

static void
smb_metadata_page_class_init (SmbMetadataPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_metadata_page_dispose;
  g_type_ensure (SMB_TYPE_FACTS);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-metadata-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, box);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, file);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, integrity);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, picture);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, analysis);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, analysis_box);
}

static void
smb_metadata_page_init (SmbMetadataPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
