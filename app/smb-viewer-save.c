/* SPDX-License-Identifier: Apache-2.0 */
/* Saving what is in view, and the map as numbers. */
#include "smb-viewer-private.h"

#include "smb-chooser.h"

#include "base/smb-error.h"
#include "explain/smb-map-file.h"
#include "media/smb-png.h"

#include <glib/gi18n.h>

/* Device pixels for each unit of the view: sharp in print. */
#define RENDER_FACTOR 2.0

typedef enum { SAVE_VIEW, SAVE_MAP_16, SAVE_MAP_NPY } SaveKind;

typedef struct {
  SaveKind kind;
  char *path;
  GBytes *bytes;   /* of the whole file, or */
  guint16 *levels; /* the map's, (rows, columns) */
  int columns, rows;
} SaveRequest;

static void
save_request_free (gpointer data)
{
  SaveRequest *request = data;

  g_free (request->path);
  g_clear_pointer (&request->bytes, g_bytes_unref);
  g_free (request->levels);
  g_free (request);
}

static void
work_save (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const SaveRequest *request = task_data;
  g_autoptr (GError) cause = NULL;
  GError *error = NULL;
  gboolean done;

  if (request->levels != NULL) {
    done = smb_png_write_grey16 (request->path, request->columns, request->rows, request->levels, &error);
  } else {
    gsize size;
    const char *data = g_bytes_get_data (request->bytes, &size);

    done = g_file_set_contents (request->path, data, (gssize) size, &cause);
    if (!done)
      g_set_error (&error, SMB_ERROR, SMB_ERROR_IO, _("%s could not be written (%s). Choose another folder."),
                   request->path, cause->message);
  }
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbViewer *self = SMB_VIEWER (source);
  const SaveRequest *request = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;

  if (self->session == NULL)
    return;
  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    g_autofree char *name = g_filename_display_basename (request->path);
    g_autofree char *text = g_strdup_printf (_("Saved as %s."), name);
    g_autofree char *uri = g_filename_to_uri (request->path, NULL, NULL);

    smb_session_message (self->session, SMB_MESSAGE_OK, text, request->kind == SAVE_MAP_NPY ? NULL : uri);
  } else {
    smb_session_message (self->session, SMB_MESSAGE_ERROR, error->message, NULL);
  }
}

static GBytes *
make_view (SmbViewer *self)
{
  g_autoptr (GdkTexture) texture = smb_canvas_render (self->canvas, RENDER_FACTOR);

  return texture != NULL ? gdk_texture_save_to_png_bytes (texture) : NULL;
}

static const SmbMap *
map_in_view (SmbViewer *self)
{
  int kind;
  const SmbMap *whole = smb_session_get_picture_map (self->session, &kind);

  return kind >= 0 ? whole : smb_session_get_map (self->session, NULL);
}

static void
save_to (SmbViewer *self, SaveKind kind, const char *path)
{
  const SmbMap *map = map_in_view (self);
  g_autoptr (GTask) task = g_task_new (self, NULL, on_saved, NULL);
  SaveRequest *request = g_new0 (SaveRequest, 1);

  request->kind = kind;
  request->path = g_strdup (path);
  if (kind == SAVE_VIEW)
    request->bytes = make_view (self);
  if (kind == SAVE_MAP_NPY && map != NULL && map->values != NULL)
    request->bytes = smb_map_to_npy (map);
  if (kind == SAVE_MAP_16 && map != NULL && map->values != NULL) {
    request->levels = smb_map_to_levels (map, map->min, map->max);
    request->columns = map->columns;
    request->rows = map->rows;
  }
  if (request->bytes == NULL && request->levels == NULL) {
    save_request_free (request);
    smb_session_message (self->session, SMB_MESSAGE_INFO, _("There is nothing in view to save."), NULL);
    return;
  }
  g_task_set_task_data (task, request, save_request_free);
  g_task_run_in_thread (task, work_save);
}

static void
on_chosen (GtkNativeDialog *dialog, int response, SmbViewer *self)
{
  SaveKind kind = (SaveKind) GPOINTER_TO_INT (g_object_get_data (G_OBJECT (dialog), "kind"));
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  if (file != NULL && self->session != NULL) {
    g_autofree char *path = g_file_get_path (file);

    if (path != NULL)
      save_to (self, kind, path);
  }
  g_clear_object (&self->chooser);
}

/* "S-02-F1-rollout.png" */
static char *
suggest_name (SmbViewer *self, SaveKind kind)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);
  GString *name = g_string_new (smb_exhibit_get_evidence (exhibit)->exhibit);
  int whole;

  if (smb_session_get_face_index (self->session) >= 0)
    g_string_append_printf (name, "-F%d", smb_session_get_face_index (self->session) + 1);
  smb_session_get_picture_map (self->session, &whole);
  if (whole >= 0)
    g_string_append_printf (name, "-%s", smb_picture_map_name ((SmbPictureMapKind) whole));
  else if (spec != NULL)
    g_string_append_printf (name, "-%s", smb_map_kind_name (spec->kind));
  g_string_append (name, kind == SAVE_MAP_NPY ? ".npy" : ".png");
  g_strdelimit (name->str, "/", '-');
  return g_string_free (name, FALSE);
}

static void
save (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbViewer *self = SMB_VIEWER (widget);
  SaveKind kind = g_str_equal (action, "viewer.save-view") ? SAVE_VIEW
                  : g_str_equal (action, "viewer.save-map-16") ? SAVE_MAP_16 : SAVE_MAP_NPY;
  const SmbMap *map = self->session != NULL ? map_in_view (self) : NULL;
  g_autofree char *name = NULL;

  if (self->session == NULL || smb_session_get_exhibit (self->session) == NULL || self->chooser != NULL)
    return;
  if (kind != SAVE_VIEW && (map == NULL || map->values == NULL)) {
    smb_session_message (self->session, SMB_MESSAGE_INFO,
                         _("Choose a map that has numbers (not a picture such as the reconstruction), then save it."),
                         NULL);
    return;
  }
  self->chooser = smb_chooser_new (GTK_WINDOW (gtk_widget_get_root (widget)),
                                   kind == SAVE_VIEW ? _("Save the view") : _("Save the map"),
                                   GTK_FILE_CHOOSER_ACTION_SAVE, _("Save"));
  name = suggest_name (self, kind);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), name);
  g_object_set_data (G_OBJECT (self->chooser), "kind", GINT_TO_POINTER (kind));
  g_signal_connect (self->chooser, "response", G_CALLBACK (on_chosen), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

void
smb_viewer_install_save (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "viewer.save-view", NULL, save);
  gtk_widget_class_install_action (widget_class, "viewer.save-map-16", NULL, save);
  gtk_widget_class_install_action (widget_class, "viewer.save-map-npy", NULL, save);
}
