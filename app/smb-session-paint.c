/* SPDX-License-Identifier: Apache-2.0 */
/* The tool in hand, and the brush that corrects the regions of the chosen face. */
#include "smb-session-private.h"

#define MAX_STROKES 64

void
smb_session_init_paint (SmbSession *self)
{
  self->strokes = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_regions_free);
  self->brush_class = SMB_CLASS_SKIN;
  self->brush_radius = 6.0;
}

void
smb_session_forget_paint (SmbSession *self)
{
  g_clear_pointer (&self->edited_regions, smb_regions_free);
  g_ptr_array_set_size (self->strokes, 0);
}

void
smb_session_set_tool (SmbSession *self, SmbTool tool)
{
  self->tool = tool;
  smb_session_emit (self, SMB_SESSION_TOOL_CHANGED);
}

SmbTool
smb_session_get_tool (SmbSession *self)
{
  return self->tool;
}

gboolean
smb_session_get_regions_edited (SmbSession *self)
{
  return self->edited_regions != NULL;
}

void
smb_session_set_brush (SmbSession *self, SmbRegionClass class, double radius)
{
  self->brush_class = class;
  self->brush_radius = CLAMP (radius, 0.5, 64.0);
  smb_session_emit (self, SMB_SESSION_TOOL_CHANGED);
}

SmbRegionClass
smb_session_get_brush (SmbSession *self, double *radius_out)
{
  if (radius_out != NULL)
    *radius_out = self->brush_radius;
  return self->brush_class;
}

/* Distance of a point from a stretch, squared. */
static double
distance_squared (double x, double y, double x0, double y0, double x1, double y1)
{
  double dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
  double t = length > 0.0 ? CLAMP (((x - x0) * dx + (y - y0) * dy) / length, 0.0, 1.0) : 0.0;

  return (x - x0 - t * dx) * (x - x0 - t * dx) + (y - y0 - t * dy) * (y - y0 - t * dy);
}

void
smb_session_paint (SmbSession *self, double x0, double y0, double x1, double y1, gboolean begins)
{
  const SmbRegions *regions = smb_session_get_regions (self);
  const SmbFaceResult *face = smb_session_get_face (self);
  double scale;
  int size;

  if (regions == NULL || face == NULL || face->face.box.width < 1)
    return;
  size = regions->size_px;
  scale = (double) size / face->face.box.width;
  if (begins || self->edited_regions == NULL) {
    SmbRegions *before = smb_regions_resize (regions, size);

    if (self->strokes->len == MAX_STROKES)
      g_ptr_array_remove_index (self->strokes, 0);
    g_ptr_array_add (self->strokes, before);
  }
  if (self->edited_regions == NULL) {
    self->edited_regions = smb_regions_resize (regions, size);
    self->edited_regions->origin = SMB_REGIONS_BY_HAND;
  }
  x0 = (x0 - face->face.box.x) * scale;
  x1 = (x1 - face->face.box.x) * scale;
  y0 = (y0 - face->face.box.y) * scale;
  y1 = (y1 - face->face.box.y) * scale;
  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++) {
      if (distance_squared (x + 0.5, y + 0.5, x0, y0, x1, y1) <= self->brush_radius * self->brush_radius)
        self->edited_regions->classes[y * size + x] = (guint8) self->brush_class;
    }
  smb_session_emit (self, SMB_SESSION_TOOL_CHANGED);
}

void
smb_session_undo_paint (SmbSession *self)
{
  SmbRegions *before;

  if (self->strokes->len == 0)
    return;
  before = g_ptr_array_steal_index (self->strokes, self->strokes->len - 1);
  g_clear_pointer (&self->edited_regions, smb_regions_free);
  if (self->strokes->len > 0)
    self->edited_regions = before;
  else
    smb_regions_free (before);
  smb_session_emit (self, SMB_SESSION_TOOL_CHANGED);
}

void
smb_session_discard_paint (SmbSession *self)
{
  smb_session_forget_paint (self);
  smb_session_emit (self, SMB_SESSION_TOOL_CHANGED);
}
