/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-exhibit.h"

#include "examine/smb-examine-labels.h"

#include <math.h>

struct _SmbExhibit {
  GObject parent_instance;

  /* owned */
  SmbEvidence *evidence;
  SmbCaseAnalysis *stored;
  SmbAnalysis *analysis;
  GdkTexture *thumbnail;
  GPtrArray *labels; /* NULL: none */
  GArray *tracks;    /* guint, by face of a video's analysis; NULL: not read yet, or none */
  char *failure;
};

G_DEFINE_FINAL_TYPE (SmbExhibit, smb_exhibit, G_TYPE_OBJECT)

enum { CHANGED, LABELLED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
smb_exhibit_finalize (GObject *object)
{
  SmbExhibit *self = SMB_EXHIBIT (object);

  g_clear_pointer (&self->evidence, smb_evidence_free);
  g_clear_pointer (&self->stored, smb_case_analysis_free);
  g_clear_pointer (&self->analysis, smb_analysis_free);
  g_clear_object (&self->thumbnail);
  g_clear_pointer (&self->labels, g_ptr_array_unref);
  g_clear_pointer (&self->tracks, g_array_unref);
  g_clear_pointer (&self->failure, g_free);
  G_OBJECT_CLASS (smb_exhibit_parent_class)->finalize (object);
}

static void
smb_exhibit_class_init (SmbExhibitClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = smb_exhibit_finalize;
  signals[CHANGED] = g_signal_new ("changed", SMB_TYPE_EXHIBIT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[LABELLED]
      = g_signal_new ("labelled", SMB_TYPE_EXHIBIT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
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
  g_clear_pointer (&self->tracks, g_array_unref);
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

GPtrArray *
smb_exhibit_get_labels (SmbExhibit *self)
{
  return self->labels;
}

void
smb_exhibit_set_labels (SmbExhibit *self, GPtrArray *labels)
{
  if (labels == NULL && self->labels == NULL)
    return;
  g_clear_pointer (&self->labels, g_ptr_array_unref);
  self->labels = labels != NULL ? g_ptr_array_ref (labels) : NULL;
  g_signal_emit (self, signals[LABELLED], 0);
}

const SmbCaseLabel *
smb_exhibit_get_label (SmbExhibit *self, int face)
{
  g_autofree char *number = g_strdup_printf ("F%d", face + 1); /* as the case numbers them */

  for (guint i = 0; self->labels != NULL && i < self->labels->len; i++) {
    const SmbCaseLabel *label = self->labels->pdata[i];

    if (face < 0 ? label->face_id == 0
                 : self->stored != NULL && label->analysis_id == self->stored->id
                       && g_strcmp0 (label->face, number) == 0)
      return label;
  }
  return NULL;
}

/* NULL: a picture, or not analysed. */
static GArray *
get_tracks (SmbExhibit *self)
{
  gint64 run;

  if (self->tracks == NULL && self->evidence->video && self->stored != NULL)
    self->tracks = smb_examine_track_numbers (self->stored, &run, NULL);
  return self->tracks;
}

char *
smb_exhibit_dup_face_name (SmbExhibit *self, guint face)
{
  GArray *tracks = get_tracks (self);

  return tracks != NULL && face < tracks->len ? g_strdup_printf ("T%u", g_array_index (tracks, guint, face))
                                              : g_strdup_printf ("F%u", face + 1);
}

int
smb_exhibit_find_track (SmbExhibit *self, guint track)
{
  GArray *tracks = get_tracks (self);

  for (guint i = 0; tracks != NULL && i < tracks->len; i++)
    if (g_array_index (tracks, guint, i) == track)
      return (int) i;
  return -1;
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
