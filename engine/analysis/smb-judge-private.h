/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"
#include "model/smb-net.h"

G_BEGIN_DECLS

/* One of the model's two networks; all NULL if the model lacks it. */
typedef struct {
  char *path;
  SmbTensorDict *weights; /* mapped: read when a network is made of them */
  SmbNetConfig config;
  SmbNetKind kind;
  SmbNet *nets[SMB_PRECISION_INT8 + 1]; /* by precision, each made when first asked for */
} SmbJudgeNet;

struct _SmbJudge {
  SmbDevice *device;
  SmbJudgeNet detector, mim;
  SmbFaceDetector *faces; /* made at the first search */
  char *name, *detector_sha256, *mim_sha256;
  char **classes;
  int real_class;
  double mean[3], std[3], mim_mean[3], mim_std[3];
  SmbFaceTransform transform;
  gboolean trained, calibrated;
  int min_face_px;
};

/* The network, which the model must have, computing with this precision; made if need be. Borrowed. */
SmbNet *smb_judge_get_net (SmbJudge *judge, SmbJudgeNet *net, SmbPrecision precision, GError **error);

/* The face as the network's RGB input (size * size * 3, g_free), size from its configuration. */
guint8 *smb_judge_crop (const SmbImage *image, SmbBox box, SmbFaceTransform transform, const SmbNetConfig *config,
                        GError **error);

G_END_DECLS
