/* SPDX-License-Identifier: Apache-2.0 */
/* What the exhibit's file says besides its pixels, and maps of the whole picture that need no model. */
#include "smb-session-private.h"

void
smb_session_drop_file (SmbSession *self)
{
  g_clear_pointer (&self->metadata, smb_metadata_free);
  g_clear_pointer (&self->metadata_problem, g_free);
  self->metadata_asked = FALSE;
  g_clear_pointer (&self->picture_map, smb_map_free);
  self->picture_map_kind = -1;
}

static void
work_metadata (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  SmbSession *self = g_task_get_source_object (task);
  GError *error = NULL;
  SmbMetadata *metadata = smb_examine_metadata (store, self->engine, g_task_get_task_data (task),
                                                g_task_get_cancellable (task), &error);

  if (metadata == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, metadata, (GDestroyNotify) smb_metadata_free);
}

static void
on_metadata (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;
  SmbMetadata *metadata = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->viewing) {
    g_clear_pointer (&metadata, smb_metadata_free);
    return;
  }
  self->metadata = metadata;
  if (metadata == NULL)
    self->metadata_problem = g_strdup (error->message);
  smb_session_emit (self, SMB_SESSION_METADATA_CHANGED);
}

const SmbMetadata *
smb_session_get_metadata (SmbSession *self, const char **problem)
{
  if (!self->metadata_asked && self->exhibit != NULL) {
    self->metadata_asked = TRUE;
    smb_session_push (self, SMB_WORK_NORMAL, self->viewing, work_metadata, on_metadata,
                      smb_evidence_copy (smb_exhibit_get_evidence (self->exhibit)), (GDestroyNotify) smb_evidence_free);
  }
  *problem = self->metadata_problem;
  return self->metadata;
}

typedef struct {
  SmbEvidence *evidence;
  SmbPictureMapKind kind;
} MapRequest;

static void
map_request_free (gpointer data)
{
  MapRequest *request = data;

  smb_evidence_free (request->evidence);
  g_free (request);
}

static void
work_picture_map (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  SmbSession *self = g_task_get_source_object (task);
  const MapRequest *request = g_task_get_task_data (task);
  GError *error = NULL;
  SmbPictureMap *map = smb_examine_picture_map (store, self->engine, request->evidence, request->kind,
                                                SMB_PICTURE_MAP_QUALITY, g_task_get_cancellable (task), &error);

  if (map == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, map, (GDestroyNotify) smb_picture_map_free);
}

static void
on_picture_map (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  const MapRequest *request = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbPictureMap) map = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->viewing || (int) request->kind != self->picture_map_kind)
    return;
  if (map == NULL) {
    self->picture_map_kind = -1;
    smb_session_message_error (self, error);
  } else {
    /* Shown like any other map: an amount from 0, in steps of 255. */
    SmbMapSpec spec = smb_map_spec_default (SMB_MAP_ABSOLUTE_ERROR);

    self->picture_map = smb_map_new_grid (&spec, map->rows, map->columns, map->values);
    self->picture_map->area
        = (SmbMapArea){ 0, 0, (double) map->columns * map->step_px, (double) map->rows * map->step_px };
  }
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
}

void
smb_session_show_picture_map (SmbSession *self, int kind)
{
  MapRequest *request;

  if (kind == self->picture_map_kind)
    return;
  g_clear_pointer (&self->picture_map, smb_map_free);
  self->picture_map_kind = kind;
  if (kind >= 0 && self->exhibit != NULL) {
    request = g_new0 (MapRequest, 1);
    request->evidence = smb_evidence_copy (smb_exhibit_get_evidence (self->exhibit));
    request->kind = (SmbPictureMapKind) kind;
    self->map_shown = FALSE;
    smb_session_push (self, SMB_WORK_NORMAL, self->viewing, work_picture_map, on_picture_map, request,
                      map_request_free);
  }
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
}

const SmbMap *
smb_session_get_picture_map (SmbSession *self, int *kind)
{
  *kind = self->picture_map_kind;
  return self->picture_map;
}
