/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "learn/smb-score.h"
#include "weights/smb-model.h"

G_BEGIN_DECLS

/* How well a model does on the faces of a data set. */

typedef struct {
  SmbPart part;        /* SMB_PART_NONE: every face */
  const char *blended; /* name of the class of self-blended images made of the genuine faces; NULL: none */
  int reencode_px,
      reencode_quality; /* > 0: every face is first brought to that side and back, and through JPEG of that quality */
  double threshold;    /* scores from there on are called forged */
  int repeats;         /* of the bootstrap: 1000 */
  guint64 seed;
  int threads;
  SmbPrecision precision; /* of the network's products */
} SmbEvaluationSettings;

typedef struct {
  const SmbDataset *dataset; /* borrowed */
  GArray *items;             /* SmbScoreItem; labels are the data set's classes, or, for blends of a new class, one more */
  GStrv classes;             /* the data set's, and `blended` */
  int n_probabilities;
  float *probabilities;      /* (items, n_probabilities): the model's classes */
  double *scores;            /* (items): 1 - probability of the model's genuine class */
  guint8 *forged;            /* (items) */
  int *groups;               /* (items): the same for faces of one person, or else of one source */
  SmbEvaluationSettings settings;
} SmbEvaluation;

/* Runs the detector of the model on the part. Errors: those of the model's files; ARGUMENT if the part is empty or the
 * model has no detector. */
SmbEvaluation *smb_evaluation_run (const SmbModelInfo *model, SmbDevice *device, const SmbDataset *dataset,
                                   const SmbEvaluationSettings *settings, GCancellable *cancellable, GError **error);
void smb_evaluation_free (SmbEvaluation *evaluation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbEvaluation, smb_evaluation_free)

/* {"faces", "genuine", "forged", "threshold", "data" (key), "part", "seed", "frame": METRICS, "video": METRICS by mean score of
 * each source or null, "classes": {name: METRICS of that forged class against all genuine faces}, "origins": {name: the
 * same, or of genuine faces {"faces", "bpcer", "mean_score"}}, "roc": [[threshold, fpr, tpr] …], "det": [[fpr, fnr] …]
 * as normal deviates, "reliability": [[mean score, share forged, faces] …]}. METRICS: {"faces", "forged", and auc, eer,
 * accuracy, hter, apcer, bpcer, tpr_at_fpr_1, tpr_at_fpr_10, each {"value", "low", "high"} with 95 % intervals of a
 * bootstrap over groups}. */
JsonNode *smb_evaluation_to_json (const SmbEvaluation *evaluation);
/* file, class, origin, identity, source, blended, score, p_0 …: a line a face. Free with g_free. */
char *smb_evaluation_scores_csv (const SmbEvaluation *evaluation);
/* group, metric, value, low, high, faces: what the JSON says, flat. Free with g_free. */
char *smb_evaluation_metrics_csv (JsonNode *json);

/* Difference of two models' AUC on the same items, its interval by a paired bootstrap. */
void smb_evaluation_compare (const SmbEvaluation *now, const SmbEvaluation *before, double difference[3]);
/* How far any one score moved between the two, on the same items. */
double smb_evaluation_largest_change (const SmbEvaluation *now, const SmbEvaluation *before);

G_END_DECLS
