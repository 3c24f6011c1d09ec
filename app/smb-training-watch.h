/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "learn/smb-job.h"

G_BEGIN_DECLS

/* What the window knows of the trainings, which are processes of their own: their files are looked at once a second, in
 * a thread, and only what was added since the last look is read. */

typedef struct {
  double iteration, loss, lr;
} SmbTrainingPoint;

typedef struct {
  double iteration, loss, auc, eer;
} SmbTrainingEpoch;

/* A face of the validation that was judged most wrongly, and where the network looked. */
typedef struct {
  GdkTexture *face, *map; /* map NULL: the network makes none */
  char *words;            /* "genuine, taken for swapped (0.93)" …; translated */
  char *file;
} SmbTrainingExample;

/* Of one look. What has not changed since the last one is NULL or empty. */
typedef struct {
  GPtrArray *jobs;      /* SmbJob*, in the order of the queue */
  char *id;             /* the job looked into; NULL: none */
  gboolean anew;        /* forget what earlier looks told of it */
  GArray *points;       /* SmbTrainingPoint */
  GArray *epochs;       /* SmbTrainingEpoch */
  char *log;            /* the end of its log */
  GdkTexture *sheet;    /* reconstructions */
  GPtrArray *examples;  /* SmbTrainingExample* */
} SmbTrainingLook;

#define SMB_TYPE_TRAINING_WATCH (smb_training_watch_get_type ())
G_DECLARE_FINAL_TYPE (SmbTrainingWatch, smb_training_watch, SMB, TRAINING_WATCH, GObject)

/* Emits "looked" (SmbTrainingLook*, of the emission) and "failed" (a sentence). */
SmbTrainingWatch *smb_training_watch_new (void);

/* Looks from now on once a second, or no longer. */
void smb_training_watch_set_active (SmbTrainingWatch *self, gboolean active);
/* Which job is looked into; NULL: none. Its whole story comes with the next look. */
void smb_training_watch_set_job (SmbTrainingWatch *self, const char *id);

/* What is to be done with a job, as functions of learn/smb-job.h have it. */
typedef gboolean (*SmbTrainingAct) (const char *id, GError **error);
/* Does it in a thread and looks again; "failed" if it cannot be. */
void smb_training_watch_act (SmbTrainingWatch *self, const char *id, SmbTrainingAct act);

G_END_DECLS
