/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-inspector.h"

#include "smb-faces-page.h"
#include "smb-maps-page.h"
#include "smb-metadata-page.h"
#include "smb-notes-page.h"
#include "smb-regions-page.h"
#include "smb-tracks-page.h"

#define WIDTH 376

struct _SmbInspector {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkStack *stack;
  SmbFacesPage *faces;
  SmbTracksPage *tracks;
  GtkStackPage *tracks_page;
  SmbMapsPage *maps;
  SmbRegionsPage *regions;
  SmbMetadataPage *metadata;
  SmbNotesPage *notes;
};

G_DEFINE_FINAL_TYPE (SmbInspector, smb_inspector, GTK_TYPE_WIDGET)

/* Only videos have tracks: of a picture their page would be an empty one more to go past. */
static void
show_pages (SmbSession *session, SmbInspector *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (session);
  gboolean video = exhibit != NULL && smb_exhibit_get_evidence (exhibit)->video;

  if (!video && gtk_stack_get_visible_child (self->stack) != NULL
      && g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "tracks") == 0)
    gtk_stack_set_visible_child_name (self->stack, "faces");
  gtk_stack_page_set_visible (self->tracks_page, video);
}

void
smb_inspector_set_session (SmbInspector *self, SmbSession *session)
{
  g_signal_connect_object (session, "exhibit-changed", G_CALLBACK (show_pages), self, 0);
  show_pages (session, self);
  smb_faces_page_set_session (self->faces, session);
  smb_tracks_page_set_session (self->tracks, session);
  smb_maps_page_set_session (self->maps, session);
  smb_regions_page_set_session (self->regions, session);
  smb_metadata_page_set_session (self->metadata, session);
  smb_notes_page_set_session (self->notes, session);
}

void
smb_inspector_show_page (SmbInspector *self, const char *name)
{
  gtk_stack_set_visible_child_name (self->stack, name);
  if (g_str_equal (name, "notes"))
    smb_notes_page_focus (self->notes);
}

static void
smb_inspector_dispose (GObject *object)
{
  SmbInspector *self = SMB_INSPECTOR (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (smb_inspector_parent_class)->dispose (object);
}

/* As wide as the design has it until the examiner drags its edge, whatever a page would like and however high it is. */
static void
smb_inspector_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                       int *minimum_baseline, int *natural_baseline)
{
  gtk_widget_measure (SMB_INSPECTOR (widget)->box, orientation,
                      orientation == GTK_ORIENTATION_HORIZONTAL ? -1 : for_size, minimum, natural, NULL, NULL);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *natural = MAX (*minimum, WIDTH);
}

static void
smb_inspector_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  gtk_widget_size_allocate (SMB_INSPECTOR (widget)->box, &(GtkAllocation){ 0, 0, width, height }, baseline);
}

static void
smb_inspector_class_init (SmbInspectorClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_inspector_dispose;
  g_type_ensure (SMB_TYPE_FACES_PAGE);
  g_type_ensure (SMB_TYPE_TRACKS_PAGE);
  g_type_ensure (SMB_TYPE_MAPS_PAGE);
  g_type_ensure (SMB_TYPE_REGIONS_PAGE);
  g_type_ensure (SMB_TYPE_METADATA_PAGE);
  g_type_ensure (SMB_TYPE_NOTES_PAGE);
  widget_class->measure = smb_inspector_measure;
  widget_class->size_allocate = smb_inspector_size_allocate;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-inspector.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbInspector, box);
  gtk_widget_class_bind_template_child (widget_class, SmbInspector, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbInspector, faces);
  gtk_widget_class_bind_template_child (widget_class, SmbInspector, tracks);
  gtk_widget_class_bind_template_child (widget_class, SmbInspector, tracks_page);
  gtk_widget_class_bind_template_child (widget_class, SmbInspector, maps);
  gtk_widget_class_bind_template_child (widget_class, SmbInspector, regions);
  gtk_widget_class_bind_template_child (widget_class, SmbInspector, metadata);
  gtk_widget_class_bind_template_child (widget_class, SmbInspector, notes);
}

static void
smb_inspector_init (SmbInspector *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
