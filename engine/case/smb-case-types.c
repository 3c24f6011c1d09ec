/* SPDX-License-Identifier: Apache-2.0 */
/* Freeing of the plain records. */
#include "case/smb-case.h"

void
smb_case_info_free (SmbCaseInfo *info)
{
  if (info == NULL)
    return;
  g_free (info->number);
  g_free (info->title);
  g_free (info->laboratory);
  g_free (info->examiner);
  g_free (info);
}

void
smb_case_picture_free (SmbCasePicture *picture)
{
  if (picture == NULL)
    return;
  g_free (picture->name);
  g_free (picture->sha256);
  g_free (picture);
}

void
smb_evidence_free (SmbEvidence *evidence)
{
  if (evidence == NULL)
    return;
  g_free (evidence->exhibit);
  g_free (evidence->path);
  g_free (evidence->sha256);
  g_free (evidence->format);
  g_free (evidence->problem);
  g_free (evidence->found_sha256);
  g_clear_pointer (&evidence->pictures, g_ptr_array_unref);
  g_free (evidence);
}

void
smb_case_face_free (SmbCaseFace *face)
{
  if (face == NULL)
    return;
  g_free (face->origin);
  g_free (face->label);
  smb_case_regions_free (face->regions);
  g_free (face);
}

void
smb_case_regions_free (SmbCaseRegions *regions)
{
  if (regions == NULL)
    return;
  g_free (regions->author);
  g_free (regions->origin);
  g_free (regions->classes);
  g_free (regions);
}

void
smb_case_analysis_free (SmbCaseAnalysis *analysis)
{
  if (analysis == NULL)
    return;
  g_free (analysis->model_name);
  g_free (analysis->model_sha256);
  g_free (analysis->mim_sha256);
  g_free (analysis->settings);
  g_free (analysis->program_version);
  g_free (analysis->device);
  g_free (analysis->result);
  g_free (analysis);
}

void
smb_note_free (SmbNote *note)
{
  if (note == NULL)
    return;
  g_free (note->author);
  g_free (note->text);
  g_free (note);
}

void
smb_finding_free (SmbFinding *finding)
{
  if (finding == NULL)
    return;
  g_free (finding->kind);
  g_free (finding->text);
  g_free (finding->details);
  g_free (finding);
}

void
smb_audit_entry_free (SmbAuditEntry *entry)
{
  if (entry == NULL)
    return;
  g_free (entry->actor);
  g_free (entry->action);
  g_free (entry->subject);
  g_free (entry->details);
  g_free (entry->record);
  g_free (entry->previous);
  g_free (entry->hash);
  g_free (entry);
}
