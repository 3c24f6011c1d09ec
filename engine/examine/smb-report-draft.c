/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-report-draft.h"

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "examine/smb-examine-private.h"
#include "smb-config.h"

#include <glib/gi18n-lib.h>

struct _SmbReportDraft {
  SmbReportData data; /* borrows what follows */
  GPtrArray *gathered, *entries, *notes, *log;
  SmbCaseInfo *info;
  char *head, *log_problem, *case_path;
  char *known_head;   /* the log's last hash when this was drafted or last exported */
  GPtrArray *maps;    /* char*: text forms of the maps asked for */
};

void
smb_report_draft_free (SmbReportDraft *draft)
{
  if (draft == NULL)
    return;
  g_clear_pointer (&draft->entries, g_ptr_array_unref);
  g_clear_pointer (&draft->gathered, g_ptr_array_unref);
  g_clear_pointer (&draft->notes, g_ptr_array_unref);
  g_clear_pointer (&draft->log, g_ptr_array_unref);
  g_clear_pointer (&draft->maps, g_ptr_array_unref);
  g_clear_pointer (&draft->info, smb_case_info_free);
  g_free (draft->head);
  g_free (draft->known_head);
  g_free (draft->log_problem);
  g_free (draft->case_path);
  g_free (draft);
}

/* The chain first, for its head; then the records it speaks for. A broken log is what a report must say, not what stops
 * it. */
static void
check_log (SmbReportDraft *draft, SmbCase *store)
{
  g_autoptr (GError) problem = NULL;

  draft->data.log_intact
      = smb_case_verify_log (store, &draft->head, NULL, &problem) && smb_case_check (store, &problem);
  draft->log_problem = problem != NULL ? g_strdup (problem->message) : NULL;
  draft->known_head = g_strdup (draft->head);
}

static void
note_maps (SmbReportDraft *draft, const SmbReportWish *wish)
{
  draft->maps = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; wish->model != NULL && i < wish->n_specs; i++)
    g_ptr_array_add (draft->maps, smb_map_spec_to_text (&wish->specs[i]));
}

SmbReportDraft *
smb_report_draft_new (SmbCase *store, SmbEngine *engine, const SmbReportWish *wish, SmbProgress progress,
                      gpointer user_data, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbReportDraft) draft = g_new0 (SmbReportDraft, 1);
  SmbLockState lock;

  draft->gathered = smb_examine_gather (store, engine, wish, progress, user_data, cancellable, error);
  if (draft->gathered == NULL || (draft->info = smb_case_get_info (store, error)) == NULL
      || (draft->notes = smb_case_list_notes (store, 0, error)) == NULL
      || (draft->log = smb_case_list_log (store, error)) == NULL
      || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  draft->entries = g_ptr_array_new ();
  g_ptr_array_extend (draft->entries, draft->gathered, NULL, NULL);
  draft->case_path = g_strdup (smb_case_get_path (store));
  note_maps (draft, wish);
  check_log (draft, store);
  draft->data.info = draft->info;
  draft->data.case_path = draft->case_path;
  draft->data.exhibits = draft->entries;
  draft->data.notes = draft->notes;
  draft->data.log = draft->log;
  draft->data.log_head = draft->head;
  draft->data.log_problem = draft->log_problem;
  draft->data.unsandboxed = smb_engine_get_lock_state (engine, SMB_ENGINE_DECODE, &lock, NULL) && lock == SMB_LOCK_NONE;
  draft->data.made_us = g_get_real_time ();
  draft->data.program_version = SMB_VERSION;
  draft->data.colours = SMB_COLOURS_VIRIDIS;
  return g_steal_pointer (&draft);
}

SmbReportPages *
smb_report_draft_make_pages (const SmbReportDraft *draft, GError **error)
{
  return smb_report_pages_new (&draft->data, error);
}

GBytes *
smb_report_draft_make_bundle (const SmbReportDraft *draft)
{
  return smb_report_make_bundle (&draft->data);
}

/* "report.export" with what was written, so that a copy of the report can be told from a forged one. */
static gboolean
log_export (const SmbReportDraft *draft, SmbCase *store, const char *path, GError **error)
{
  g_autofree char *sha256 = smb_sha256_of_file (path, NULL, NULL, error);
  g_autofree char *name = g_path_get_basename (path), *absolute = g_canonicalize_filename (path, NULL), *details = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  if (sha256 == NULL)
    return FALSE;
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "exhibits");
  json_builder_add_int_value (builder, draft->entries->len);
  json_builder_set_member_name (builder, "maps");
  json_builder_begin_array (builder);
  for (guint i = 0; i < draft->maps->len; i++)
    json_builder_add_string_value (builder, draft->maps->pdata[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "path");
  json_builder_add_string_value (builder, absolute);
  json_builder_set_member_name (builder, "sha256");
  json_builder_add_string_value (builder, sha256);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  details = json_to_string (root, FALSE);
  return smb_case_log (store, "report.export", name, details, error);
}

/* The log's last hash; where the log is broken, as far as it holds. */
static char *
head_of (SmbCase *store)
{
  char *head = NULL;

  smb_case_verify_log (store, &head, NULL, NULL);
  return head;
}

gboolean
smb_report_draft_write (SmbReportDraft *draft, SmbCase *store, const char *path, GError **error)
{
  g_autofree char *head = head_of (store);

  if (g_strcmp0 (head, draft->known_head) != 0) {
    g_set_error_literal (
        error, SMB_ERROR, SMB_ERROR_MISMATCH,
        _ ("The case has changed since this preview was made. Make it anew, look at it, then save it."));
    return FALSE;
  }
  if (!smb_report_write (path, &draft->data, error))
    return FALSE;
  if (smb_case_get_read_only (store))
    return TRUE;
  if (!log_export (draft, store, path, error))
    return FALSE;
  g_free (draft->known_head);
  draft->known_head = head_of (store);
  return TRUE;
}

gboolean
smb_examine_report (SmbCase *store, SmbEngine *engine, const SmbReportWish *wish, const char *path,
                    SmbProgress progress, gpointer user_data, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbReportDraft) draft
      = smb_report_draft_new (store, engine, wish, progress, user_data, cancellable, error);

  return draft != NULL && smb_report_draft_write (draft, store, path, error);
}
