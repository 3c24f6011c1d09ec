/* SPDX-License-Identifier: Apache-2.0 */
/* The maps of the chosen face. */
#include "smb-session-private.h"

static void
on_maps_changed (SmbSession *self)
{
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
}

void
smb_session_init_maps (SmbSession *self)
{
  self->maps = smb_map_store_new (self->engine, G_OBJECT (self));
  self->map_spec = smb_map_spec_default (SMB_MAP_ROLLOUT);
  g_signal_connect_object (self->maps, "changed", G_CALLBACK (on_maps_changed), self, G_CONNECT_SWAPPED);
}

/* The face, its box, its picture or the model is another. */
void
smb_session_drop_maps (SmbSession *self)
{
  const SmbFaceResult *face = smb_session_get_face (self);

  smb_session_drop_regions (self);
  smb_map_store_set_face (self->maps, face != NULL ? self->model : NULL, face != NULL ? self->tiles : NULL,
                          face != NULL ? face->face.box : (SmbBox){ 0 }, self->own_regions);
}

void
smb_session_set_map_spec (SmbSession *self, const SmbMapSpec *spec)
{
  self->map_shown = spec != NULL;
  if (spec != NULL)
    self->map_spec = *spec;
  g_clear_pointer (&self->picture_map, smb_map_free);
  self->picture_map_kind = -1;
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
  smb_session_emit (self, SMB_SESSION_OTHER_CHANGED);
}

const SmbMapSpec *
smb_session_get_map_spec (SmbSession *self)
{
  return self->map_shown ? &self->map_spec : NULL;
}

SmbMapSpec
smb_session_make_spec (SmbSession *self, SmbMapKind kind)
{
  SmbMapSpec spec = self->map_spec;

  spec.kind = kind;
  return spec;
}

void
smb_session_set_map_settings (SmbSession *self, const SmbMapSpec *settings)
{
  SmbMapKind kind = self->map_spec.kind;

  self->map_spec = *settings;
  self->map_spec.kind = kind;
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
  smb_session_emit (self, SMB_SESSION_OTHER_CHANGED);
}

SmbMapStore *
smb_session_get_maps (SmbSession *self)
{
  return self->maps;
}

gboolean
smb_session_can_make (const SmbMapSpec *spec)
{
  if (spec->strategy != SMB_MASK_PATCHES ||
      (!smb_map_kind_is_masked (spec->kind) && spec->kind != SMB_MAP_COVERAGE))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (spec->patches); i++) {
    if (spec->patches[i] != 0)
      return spec->kind != SMB_MAP_COVERAGE;
  }
  return FALSE;
}

const SmbMap *
smb_session_get_map (SmbSession *self, SmbMapState *state_out)
{
  gboolean can = self->map_shown && smb_session_can_make (&self->map_spec);
  const SmbMap *map = can ? smb_map_store_peek (self->maps, &self->map_spec) : NULL;

  if (state_out != NULL) {
    *state_out = (SmbMapState){ 0 };
    if (self->map_shown)
      smb_map_store_get_state (self->maps, &self->map_spec, state_out);
  }
  return map;
}
