/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-evaluation.h"

G_BEGIN_DECLS

/* What the commands that score a data set share: evaluate and calibrate. */

typedef struct {
  char *model, *part, *blended, *device;
  int threads;
  gint64 seed;
  gboolean json;
} SmbCliMeasure;

/* A command's own entries (n of them) and then those of both, with the closing one; free with g_free. */
GOptionEntry *smb_cli_measure_entries (SmbCliMeasure *options, const GOptionEntry *own, guint n);
void smb_cli_measure_clear (SmbCliMeasure *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SmbCliMeasure, smb_cli_measure_clear)

/* Everything open, and the scores of the model. */
typedef struct {
  const SmbCliMeasure *options;
  const SmbEvaluationSettings *settings;
  const char *folder; /* of the data set */
  SmbDevice *device;
  SmbDataset *dataset;
  SmbModelInfo *model;
  SmbEvaluation *scored;
  guint learnt; /* of the faces that were scored, as many are of pictures that the model learnt from */
  GCancellable *stop;
} SmbCliMeasured;

typedef gboolean (*SmbCliMeasureWork) (const SmbCliMeasured *measured, gpointer user_data, GError **error);

/* Opens the data set of the folder, scores the model on it as `settings` say and does the work with it. */
gboolean smb_cli_measure_one (const SmbCliMeasure *options, const SmbEvaluationSettings *settings, const char *folder,
                              GCancellable *stop, SmbCliMeasureWork work, gpointer user_data, GError **error);

/* Opens the data set that is the one argument, scores the model on the part asked for and does the work with it; SIGINT
 * stops it. settings: what the command alone sets; the rest is filled in. all_parts: “all” is a part too. The exit
 * code. */
int smb_cli_measure_run (const SmbCliMeasure *options, SmbEvaluationSettings *settings, gboolean all_parts, int argc,
                         char **argv, SmbCliMeasureWork work, gpointer user_data);

G_END_DECLS
