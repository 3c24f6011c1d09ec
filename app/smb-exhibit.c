/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-exhibit.h"

#include <math.h>

struct _SmbExhibit {
  GObject parent_instance;

  /* owned */
  SmbEvidence *evidence;
  SmbCaseAnalysis *stored;
  SmbAnalysis *analysis;
  GdkTexture *thumbnail;
  char *failure;
};

G_DEFINE_FINAL_TYPE (SmbExhibit, smb_exhibit, G_TYPE_OBJECT)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
smb_exhibit_finalize (GObject *object)
{
  SmbExhibit *self = SMB_EXHIBIT (object);

  g_clear_pointer (&self->evidence, smb_evidence_free);
  g_clear_pointer (&self->stored, smb_case_analysis_free);
  g_clear_pointer (&self->analysis, smb_analysis_free);
  g_clear_object (&self->thumbnail);
  g_clear_pointer (&self->failure, g_free);
  G_OBJECT_CLASS (smb_exhibit_parent_class)->finalize (object);
}

static void
smb_exhibit_class_init (SmbExhibitClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = smb_exhibit_finalize;
  signals[CHANGED] = g_signal_new ("changed", SMB_TYPE_EXHIBIT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
smb_exhibit_init (SmbExhibit *self)
{
}

SmbExhibit *
smb_exhibit_new (SmbEvidence *evidence)
{
  SmbExhibit *self = g_object_new (SMB_TYPE_EXHIBIT, NULL);

  self->evidence = evidence;
  return self;
}

const SmbEvidence *
smb_exhibit_get_evidence (SmbExhibit *self)
{
  return self->evidence;
}

void
smb_exhibit_set_hash_state (SmbExhibit *self, SmbHashState state, gint64 verified_us)
{
  self->evidence->hash_state = state;
  self->evidence->verified_us = verified_us;
  g_signal_emit (self, signals[CHANGED], 0);
}

const SmbCaseAnalysis *
smb_exhibit_get_stored (SmbExhibit *self)
{
  return self->stored;
}

const SmbAnalysis *
smb_exhibit_get_analysis (SmbExhibit *self)
{
  return self->analysis;
}

void
smb_exhibit_take_analysis (SmbExhibit *self, SmbCaseAnalysis *stored, SmbAnalysis *analysis)
{
  g_clear_pointer (&self->stored, smb_case_analysis_free);
  g_clear_pointer (&self->analysis, smb_analysis_free);
  g_clear_pointer (&self->failure, g_free);
  self->stored = stored;
  self->analysis = analysis;
  g_signal_emit (self, signals[CHANGED], 0);
}

GdkTexture *
smb_exhibit_get_thumbnail (SmbExhibit *self)
{
  return self->thumbnail;
}

void
smb_exhibit_set_thumbnail (SmbExhibit *self, GdkTexture *thumbnail)
{
  if (g_set_object (&self->thumbnail, thumbnail))
    g_signal_emit (self, signals[CHANGED], 0);
}

const char *
smb_exhibit_get_failure (SmbExhibit *self)
{
  return self->failure;
}

void
smb_exhibit_set_failure (SmbExhibit *self, const char *failure)
{
  g_free (self->failure);
  self->failure = g_strdup (failure);
  g_signal_emit (self, signals[CHANGED], 0);
}

char *
smb_exhibit_dup_name (SmbExhibit *self)
{
  return g_filename_display_basename (self->evidence->path);
}

double
smb_exhibit_get_score (SmbExhibit *self)
{
  return self->stored != NULL ? self->stored->highest_score : (double) NAN;
}

int
smb_exhibit_get_n_faces (SmbExhibit *self)
{
  return self->analysis != NULL ? (int) self->analysis->faces->len : -1;
}
