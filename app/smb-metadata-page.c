/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-metadata-page.h"

#include "smb-facts.h"
#include "smb-video-facts-view.h"

#include <glib/gi18n.h>

/* More would make the page slow. */
#define MAX_ROWS 200

struct _SmbMetadataPage {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkStack *stack;
  SmbFacts *file, *integrity, *picture, *analysis;
  GtkWidget *analysis_box;
  GtkLabel *file_state, *file_notes, *more;
  SmbVideoFactsView *video;
  SmbFacts *packing, *entries;
  GtkWidget *maps_box, *tables_box, *thumbnail_box, *entries_box;
  GtkLabel *tables;
  GtkPicture *thumbnail;

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
  smb_facts_add_settings (self->analysis, stored->settings);
}

/* What the file says. */

static void
show_thumbnail (SmbMetadataPage *self, const SmbMetadata *metadata)
{
  g_autoptr (GdkTexture) texture = NULL;

  gtk_widget_set_visible (self->thumbnail_box, metadata->thumbnail != NULL);
  if (metadata->thumbnail == NULL)
    return;
  texture = smb_texture_from_image (metadata->thumbnail);
  gtk_picture_set_paintable (self->thumbnail, GDK_PAINTABLE (texture));
}

static void
show_packing (SmbMetadataPage *self, const SmbMetadata *metadata)
{
  static const char *const c2pa[] = {
    [SMB_C2PA_ABSENT] = N_("No manifest"),
    [SMB_C2PA_PRESENT] = N_("Manifest present, not verified here"),
    [SMB_C2PA_NOT_SOUGHT] = N_("Not looked for in this format"),
  };
  g_autoptr (GString) tables = g_string_new (NULL);

  smb_facts_clear (self->packing);
  for (guint i = 0; metadata->tables != NULL && i < metadata->tables->len; i++) {
    const SmbQuantTable *table = &g_array_index (metadata->tables, SmbQuantTable, i);
    g_autofree char *name = g_strdup_printf (_("Table %d"), table->id);
    g_autofree char *quality = g_strdup_printf (table->exact ? _("quality %d of the standard tables")
                                                             : _("nearest to quality %d, but not a standard table"),
                                                table->quality);

    smb_facts_add (self->packing, name, quality, NULL);
    g_string_append_printf (tables, "%s%s\n", i > 0 ? "\n\n" : "", name);
    for (int k = 0; k < 64; k++)
      g_string_append_printf (tables, "%4d%s", table->values[k], k % 8 == 7 && k < 63 ? "\n" : "");
  }
  if (metadata->sampling != NULL)
    smb_facts_add (self->packing, _("Colours"), metadata->sampling, _("How the colours were sampled"));
  if (metadata->tables != NULL && metadata->tables->len > 0)
    smb_facts_add (self->packing, _("Order"), metadata->progressive ? _("progressive") : _("sequential"), NULL);
  smb_facts_add (self->packing, _("C2PA"), _(c2pa[metadata->c2pa]), NULL);
  if (metadata->thumbnail != NULL) {
    g_autofree char *numbers = g_strdup_printf (_("Correlation %.3f, mean difference %.1f of 255"),
                                                metadata->thumbnail_correlation, metadata->thumbnail_difference);

    smb_facts_add_state (self->packing, _("Thumbnail"),
                         metadata->thumbnail_agrees
                             ? (SmbState){ "smb-ok-symbolic", _("Agrees with the picture"), "ok" }
                             : (SmbState){ "smb-alert-symbolic", _("Differs from the picture"), "alert" },
                         numbers);
  } else {
    smb_facts_add (self->packing, _("Thumbnail"), _("None in the file"), NULL);
  }
  gtk_label_set_text (self->tables, tables->str);
  gtk_widget_set_visible (self->tables_box, tables->len > 0);
}

static void
show_entries (SmbMetadataPage *self, const SmbMetadata *metadata)
{
  guint n = MIN (metadata->entries->len, MAX_ROWS);
  g_autofree char *more = NULL;

  smb_facts_clear (self->entries);
  for (guint i = 0; i < n; i++) {
    const SmbMetadataEntry *entry = metadata->entries->pdata[i];
    const char *name = strrchr (entry->key, '.');
    g_autofree char *full = g_strdup_printf ("%s\n%s", entry->key, entry->value);

    smb_facts_add (self->entries, name != NULL ? name + 1 : entry->key,
                   entry->meaning != NULL ? entry->meaning : entry->value, full);
  }
  if (metadata->entries->len > n)
    more = g_strdup_printf (_("%u more: semblance-cli metadata shows all."), metadata->entries->len - n);
  gtk_label_set_text (self->more, more != NULL ? more : "");
  gtk_widget_set_visible (GTK_WIDGET (self->more), more != NULL);
  gtk_widget_set_visible (self->entries_box, n > 0);
}

/* Read only while the page is looked at. */
static void
show_metadata (SmbMetadataPage *self)
{
  const char *problem, *state = NULL;
  const SmbMetadata *metadata;
  g_autofree char *notes = NULL;

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)) || smb_session_get_exhibit (self->session) == NULL)
    return;
  metadata = smb_session_get_metadata (self->session, &problem);
  /* Of a video its container tells, above; what reads pictures can read no more than animations. */
  if (metadata == NULL && smb_exhibit_get_evidence (smb_session_get_exhibit (self->session))->video)
    state = NULL;
  else if (metadata == NULL)
    state = problem != NULL ? problem : _("Reading…");
  else if (metadata->entries->len == 0)
    state = _("The file holds no EXIF, XMP or IPTC entries.");
  gtk_label_set_text (self->file_state, state != NULL ? state : "");
  gtk_widget_set_visible (GTK_WIDGET (self->file_state), state != NULL);
  if (metadata == NULL) {
    smb_facts_clear (self->packing);
    smb_facts_clear (self->entries);
    gtk_widget_set_visible (self->tables_box, FALSE);
    gtk_widget_set_visible (self->thumbnail_box, FALSE);
    gtk_widget_set_visible (self->entries_box, FALSE);
  } else {
    show_packing (self, metadata);
    show_thumbnail (self, metadata);
    show_entries (self, metadata);
    notes = metadata->notes != NULL ? g_strjoinv (" ", metadata->notes) : NULL;
  }
  gtk_label_set_text (self->file_notes, notes != NULL ? notes : "");
  gtk_widget_set_visible (GTK_WIDGET (self->file_notes), notes != NULL && *notes != '\0');
}

static void
on_picture_map_clicked (GtkButton *button, SmbMetadataPage *self)
{
  gboolean ela = g_str_equal (gtk_buildable_get_buildable_id (GTK_BUILDABLE (button)), "ela");

  smb_session_show_picture_map (self->session, ela ? SMB_PICTURE_MAP_ELA : SMB_PICTURE_MAP_NOISE);
}

static void
on_mapped (GtkWidget *widget, SmbMetadataPage *self)
{
  if (self->session != NULL)
    show_metadata (self);
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
  gtk_widget_set_visible (self->maps_box, !smb_exhibit_get_evidence (exhibit)->video);
  show_analysis (self, exhibit);
  show_metadata (self);
}

void
smb_metadata_page_set_session (SmbMetadataPage *self, SmbSession *session)
{
  self->session = g_object_ref (session);
  smb_video_facts_view_set_session (self->video, session);
  g_signal_connect_object (session, "faces-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "exhibit-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "metadata-changed", G_CALLBACK (show_metadata), self, G_CONNECT_SWAPPED);
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
  g_type_ensure (SMB_TYPE_VIDEO_FACTS_VIEW);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-metadata-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, box);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, file);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, integrity);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, picture);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, analysis);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, analysis_box);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, file_state);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, file_notes);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, more);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, video);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, packing);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, maps_box);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, entries);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, tables_box);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, thumbnail_box);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, entries_box);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, tables);
  gtk_widget_class_bind_template_child (widget_class, SmbMetadataPage, thumbnail);
  gtk_widget_class_bind_template_callback (widget_class, on_picture_map_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_mapped);
}

static void
smb_metadata_page_init (SmbMetadataPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
