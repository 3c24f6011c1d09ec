/* SPDX-License-Identifier: Apache-2.0 */
/* Thumbnails and verification: one pass over each file when a case opens, an exhibit arrives, or somebody asks. */
#include "smb-session-private.h"

#include <glib/gi18n.h>

#define THUMBNAIL_PX 128

typedef struct {
  SmbJob *job;
  SmbEvidence *evidence;
} Unit;

static void
unit_free (gpointer data)
{
  Unit *unit = data;

  g_object_unref (unit->job);
  smb_evidence_free (unit->evidence);
  g_free (unit);
}

typedef struct {
  SmbHashState state;
  gint64 verified_us;
  SmbImage *thumbnail;
} Verified;

static void
verified_free (gpointer data)
{
  Verified *verified = data;

  g_clear_pointer (&verified->thumbnail, smb_image_unref);
  g_free (verified);
}

static void
work_verify (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  SmbSession *self = g_task_get_source_object (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  Unit *unit = g_task_get_task_data (task);
  Verified *verified = g_new0 (Verified, 1);
  GError *error = NULL;

  smb_job_report (unit->job, 0, 1, unit->evidence->exhibit);
  if (!smb_examine_verify (store, unit->evidence, &verified->state, cancellable, &error)) {
    verified_free (verified);
    g_task_return_error (task, error);
    return;
  }
  verified->verified_us = g_get_real_time ();
  if (verified->state == SMB_HASH_VERIFIED && unit->evidence->problem == NULL) {
    g_autoptr (GError) ignored = NULL;

    /* Without a thumbnail the row shows its type; why it cannot be decoded is said where it is opened. */
    verified->thumbnail = smb_examine_open_picture (store, self->engine, unit->evidence, THUMBNAIL_PX, cancellable,
                                                    &ignored);
  }
  g_task_return_pointer (task, verified, verified_free);
}

/* One sentence for the whole case, whichever exhibit is looked at. */
static void
tell_of_altered (SmbSession *self)
{
  guint n = smb_session_count_hash_state (self, SMB_HASH_ALTERED);
  g_autofree char *text = NULL;

  if (n == 0)
    return;
  text = g_strdup_printf (
      ngettext ("%u exhibit is not the file that was acquired: its hash differs. A finding that stays says "
                "so; restore the original file and verify again.",
                "%u exhibits are not the files that were acquired: their hashes differ. Findings that stay "
                "say so; restore the original files and verify again.",
                n),
      n);
  smb_session_message (self, SMB_MESSAGE_ERROR, text, NULL);
}

static void
on_verified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  Unit *unit = g_task_get_task_data (G_TASK (result));
  SmbExhibit *exhibit = smb_session_find_exhibit (self, unit->evidence->id);
  g_autoptr (GError) error = NULL;
  Verified *verified = g_task_propagate_pointer (G_TASK (result), &error);

  if (verified == NULL)
    smb_session_message_error (self, error);
  if (verified != NULL && exhibit != NULL) {
    if (verified->thumbnail != NULL) {
      g_autoptr (GdkTexture) texture = smb_texture_from_image (verified->thumbnail);

      smb_exhibit_set_thumbnail (exhibit, texture);
    }
    smb_exhibit_set_hash_state (exhibit, verified->state, verified->verified_us);
  }
  g_clear_pointer (&verified, verified_free);
  if (smb_job_step (unit->job)) {
    smb_session_end_job (self, unit->job);
    smb_session_refresh_log (self);
    smb_session_reload_notes (self);
    tell_of_altered (self);
  }
  smb_session_emit (self, SMB_SESSION_EXHIBITS_CHANGED);
}

void
smb_session_push_verify (SmbSession *self, SmbJob *job, SmbExhibit *exhibit)
{
  Unit *unit = g_new0 (Unit, 1);

  unit->job = g_object_ref (job);
  unit->evidence = smb_evidence_copy (smb_exhibit_get_evidence (exhibit));
  smb_session_push (self, SMB_WORK_BACKGROUND, smb_job_get_cancellable (job), work_verify, on_verified, unit,
                    unit_free);
}

void
smb_session_verify_all (SmbSession *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->exhibits));
  SmbJob *job;

  if (n == 0)
    return;
  job = smb_session_start_job (self, _("Verifying hashes"), n);
  for (guint i = 0; i < n; i++) {
    g_autoptr (SmbExhibit) exhibit = g_list_model_get_item (G_LIST_MODEL (self->exhibits), i);

    smb_session_push_verify (self, job, exhibit);
  }
}
