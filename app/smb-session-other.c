/* SPDX-License-Identifier: Apache-2.0 */
/* What is laid beside the exhibit looked at: its picture without a map, another map of the same face, or another
 * exhibit with the map of its own face. */
#include "smb-session-private.h"

#include <math.h>

static void
on_other_maps_changed (SmbSession *self)
{
  smb_session_emit (self, SMB_SESSION_OTHER_CHANGED);
}

static const SmbFaceResult *
other_face (SmbSession *self)
{
  const SmbAnalysis *analysis = self->other != NULL ? smb_exhibit_get_analysis (self->other) : NULL;
  int index = smb_session_get_other_face (self);

  return analysis != NULL && index >= 0 ? analysis->faces->pdata[index] : NULL;
}

static void
take_up_face (SmbSession *self)
{
  const SmbFaceResult *face = other_face (self);

  if (self->other_maps == NULL) {
    self->other_maps = smb_map_store_new (self->engine, G_OBJECT (self));
    g_signal_connect_object (self->other_maps, "changed", G_CALLBACK (on_other_maps_changed), self, G_CONNECT_SWAPPED);
  }
  smb_map_store_set_face (self->other_maps, face != NULL ? self->model : NULL, face != NULL ? self->other_tiles : NULL,
                          face != NULL ? face->face.box : (SmbBox){ 0 }, NULL);
}

void
smb_session_other_replaced (SmbSession *self)
{
  if (self->other != NULL && self->other == self->exhibit)
    smb_session_clear_other (self);
  else if (self->other != NULL)
    take_up_face (self);
  smb_session_emit (self, SMB_SESSION_OTHER_CHANGED);
}

static void
on_other_picture (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;
  SmbTiles *tiles = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->other_viewing) {
    g_clear_pointer (&tiles, smb_tiles_unref);
    return;
  }
  if (tiles == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->other_tiles = tiles;
  if (tiles == NULL)
    self->other_problem = g_strdup (error->message);
  take_up_face (self);
  smb_session_emit (self, SMB_SESSION_OTHER_CHANGED);
}

static void
on_other_changed (SmbExhibit *exhibit, SmbSession *self)
{
  take_up_face (self);
  smb_session_emit (self, SMB_SESSION_OTHER_CHANGED);
}

void
smb_session_clear_other (SmbSession *self)
{
  if (self->other_viewing != NULL)
    g_cancellable_cancel (self->other_viewing);
  g_clear_object (&self->other_viewing);
  if (self->other != NULL)
    g_clear_signal_handler (&self->other_handler, self->other);
  g_clear_object (&self->other);
  g_clear_pointer (&self->other_tiles, smb_tiles_unref);
  g_clear_pointer (&self->other_problem, g_free);
  if (self->other_maps != NULL)
    smb_map_store_set_face (self->other_maps, NULL, NULL, (SmbBox){ 0 }, NULL);
}

void
smb_session_set_other (SmbSession *self, SmbExhibit *exhibit)
{
  if (exhibit == self->exhibit)
    exhibit = NULL;
  if (exhibit == self->other)
    return;
  smb_session_clear_other (self);
  if (exhibit != NULL) {
    self->other = g_object_ref (exhibit);
    self->other_viewing = g_cancellable_new ();
    self->other_handler = g_signal_connect (exhibit, "changed", G_CALLBACK (on_other_changed), self);
    smb_session_push_picture (self, exhibit, self->other_viewing, on_other_picture);
  }
  smb_session_emit (self, SMB_SESSION_OTHER_CHANGED);
}

SmbExhibit *
smb_session_get_other (SmbSession *self)
{
  return self->other != NULL ? self->other : self->exhibit;
}

SmbTiles *
smb_session_get_other_tiles (SmbSession *self, const char **problem_out)
{
  if (problem_out != NULL)
    *problem_out = self->other != NULL ? self->other_problem : self->picture_problem;
  return self->other != NULL ? self->other_tiles : self->tiles;
}

int
smb_session_get_other_face (SmbSession *self)
{
  const SmbAnalysis *analysis;

  if (self->other == NULL)
    return self->face_index;
  analysis = smb_exhibit_get_analysis (self->other);
  for (guint i = 0; analysis != NULL && i < analysis->faces->len; i++) {
    if (!isnan (((const SmbFaceResult *) analysis->faces->pdata[i])->score))
      return (int) i;
  }
  return analysis != NULL && analysis->faces->len > 0 ? 0 : -1;
}

void
smb_session_set_other_map (SmbSession *self, SmbOtherMap which, const SmbMapSpec *spec)
{
  self->other_map = which;
  if (which == SMB_OTHER_OWN)
    self->other_spec = *spec;
  smb_session_emit (self, SMB_SESSION_OTHER_CHANGED);
}

SmbOtherMap
smb_session_get_other_map_choice (SmbSession *self, SmbMapSpec *spec_out)
{
  if (spec_out != NULL && self->other_map == SMB_OTHER_OWN)
    *spec_out = self->other_spec;
  return self->other_map;
}

const SmbMap *
smb_session_get_other_map (SmbSession *self, SmbMapState *state_out)
{
  SmbMapStore *maps = self->other != NULL ? self->other_maps : self->maps;
  const SmbMapSpec *spec = self->other_map == SMB_OTHER_OWN ? &self->other_spec : &self->map_spec;
  gboolean shown = self->other_map == SMB_OTHER_OWN || (self->other_map == SMB_OTHER_SAME && self->map_shown);
  const SmbMap *map = shown && maps != NULL && smb_session_can_make (spec) ? smb_map_store_peek (maps, spec) : NULL;

  if (state_out != NULL) {
    *state_out = (SmbMapState){ 0 };
    if (shown && maps != NULL)
      smb_map_store_get_state (maps, spec, state_out);
  }
  return map;
}
