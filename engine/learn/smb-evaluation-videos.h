/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-evaluation.h"
#include "measure/smb-series.h"

G_BEGIN_DECLS

/* The scores of a data set by video: each video of each class, and in it each person who is named, once. Pictures that
 * are of no source, and videos of which there is a single face, are none. */
typedef struct {
  guint n;
  double *values; /* (n, SMB_N_SERIES) */
  guint *faces;   /* (n) */
  guint8 *forged; /* (n) */
  int *groups;    /* (n): as SmbEvaluation.groups */
} SmbEvaluationVideos;

SmbEvaluationVideos *smb_evaluation_videos_new (const SmbEvaluation *evaluation);
void smb_evaluation_videos_free (SmbEvaluationVideos *videos);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbEvaluationVideos, smb_evaluation_videos_free)

G_END_DECLS
