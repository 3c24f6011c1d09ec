/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"
#include "face/smb-face-quality.h"
#include "face/smb-landmarks.h"
#include "face/smb-regions.h"
#include "measure/smb-calibration.h"
#include "model/smb-net.h"

G_BEGIN_DECLS

/* One of the model's two networks; all NULL if the model lacks it. */
typedef struct {
  char *path;
  char *sha256;           /* of its file, as the model says; NULL if it does not, until the file was hashed */
  gboolean checked;       /* the file was hashed, and that is its hash */
  GThread *checker;       /* hashes it meanwhile; NULL: not begun, or asked already */
  GCancellable *stop;     /* of that thread */
  SmbTensorDict *weights; /* mapped: read when a network is made of them */
  SmbNetConfig config;
  SmbNetKind kind;
  SmbNet *nets[SMB_PRECISION_INT8 + 1]; /* by precision, each made when first asked for */
} SmbJudgeNet;

struct _SmbJudge {
  SmbDevice *device;
  SmbJudgeNet detector, mim;
  int threads;
  SmbFaceDetector *faces; /* made at the first search */
  SmbLandmarker *landmarker; /* made when regions are first asked for; NULL: none, or not looked for yet */
  gboolean landmarker_sought;
  double stage_seconds[SMB_N_STAGES]; /* of the analysis that is going on */
  char *landmarks_path; /* NULL: the environment's, or Debian's */
  GThread *landmarker_seeker; /* reads the predictor meanwhile; NULL: not begun, or taken over */
  char *name;
  char **classes;
  int real_class;
  double mean[3], std[3], mim_mean[3], mim_std[3];
  SmbFaceTransform transform;
  gboolean trained, calibrated;
  SmbCalibration *calibration; /* NULL: scores are worth no ratio */
  int min_face_px;
  SmbFaceLimits limits;
  char *folder, *reference; /* of the model: where a reference may lie, and the one the user named */
};

/* The network, which the model must have, computing with this precision; made if need be, and not before its file is
 * known to be the model's. Borrowed. */
SmbNet *smb_judge_get_net (SmbJudge *judge, SmbJudgeNet *net, SmbPrecision precision, GError **error);

/* The face as the network's RGB input (size * size * 3, g_free), size from its configuration. */
guint8 *smb_judge_crop (const SmbImage *image, SmbBox box, SmbFaceTransform transform, const SmbNetConfig *config,
                        GError **error);

/* Begins to read the landmark predictor, a hundred megabytes, while other work goes on. */
void smb_judge_seek_landmarks (SmbJudge *judge);
void smb_judge_forget_landmarks (SmbJudge *judge);

/* Why this face gets no score, a sentence (g_free); NULL if it gets one. */
char *smb_judge_why_outside (const SmbJudge *judge, const SmbFace *face);
/* One pass of the detector over n faces, each in the picture of the same index; fills in probabilities and score. */
gboolean smb_judge_score_faces (SmbJudge *judge, SmbNet *net, const SmbImage *const *pictures, SmbFaceResult **results,
                                guint n, GCancellable *cancellable, GError **error);

/* The points of a face: by dlib's predictor (SEMBLANCE_LANDMARKS=FILE, or Debian's), or, where none is installed or
 * SEMBLANCE_LANDMARKS=none, by the template, which `coarse` says. detected: the detector's own box. */
gboolean smb_judge_find_landmarks (SmbJudge *judge, const SmbImage *image, SmbBox detected, SmbLandmarks *out,
                                   GError **error);

/* One face while its maps are made. Nothing is computed before it is first asked for. Borrows what it was made from. */
typedef struct {
  SmbJudge *judge;
  const SmbImage *image;
  const SmbMapJob *job;
  GCancellable *cancellable;

  guint8 *mim_rgb;         /* the MIM network's input */
  SmbRegions *regions;     /* in that network's pixels, or in the detector's if there is no other */
  guint8 *member;          /* (SMB_N_REGIONS, L) */
} SmbJudgeFace;

void smb_judge_face_clear (SmbJudgeFace *face);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SmbJudgeFace, smb_judge_face_clear)

/* All of these are borrowed; NULL with an error. */
const guint8 *smb_judge_face_get_mim_rgb (SmbJudgeFace *face, GError **error);
const SmbRegions *smb_judge_face_get_regions (SmbJudgeFace *face, GError **error);
const guint8 *smb_judge_face_get_member (SmbJudgeFace *face, GError **error);
/* What of the picture the MIM network sees, or with of_detector the detector. */
SmbMapArea smb_judge_face_get_area (const SmbJudgeFace *face, gboolean of_detector);

/* The detector's own box of this face: the crop's rule turned round or, at an edge of the picture, searched again. */
gboolean smb_judge_face_get_detected (SmbJudgeFace *face, SmbBox *out, GError **error);

/* The detector's finds, best first (GArray of SmbFace). */
GArray *smb_judge_find_faces (SmbJudge *judge, const SmbImage *image, const SmbAnalysisSettings *settings,
                              GError **error);

/* ARGUMENT if the spec names a class that the model does not have. */
gboolean smb_judge_check_class (const SmbMapSpec *spec, const SmbNetConfig *config, GError **error);
/* The class of the spec, or the most probable one. */
int smb_judge_class_of (const SmbMapSpec *spec, const double *probabilities, int n_classes);

/* The model's network, or UNSUPPORTED naming the model. */
const SmbNetConfig *smb_judge_need_mim (SmbJudge *judge, GError **error);
const SmbNetConfig *smb_judge_need_detector (SmbJudge *judge, GError **error);

/* A face as the input of a network: "in.images" (1,3,size,size). */
SmbTensorDict *smb_judge_inputs (const guint8 *rgb, int size_px, const double mean[3], const double std[3]);

/* Reconstruction under one mask (L), with "out.image_…". */
SmbTensorDict *smb_judge_forward_mask (SmbJudgeFace *face, const guint8 *mask, GError **error);

/* Runs the MIM network under n masks (n,L), several at a time. patch_error (n,L), overwritten; features (n,P), unit
 * rows of the predictor's output, or NULL. */
gboolean smb_judge_forward_masks (SmbJudgeFace *face, const guint8 *masks, guint n, float *patch_error, float *features,
                                  GError **error);

void smb_judge_report (const SmbJudgeFace *face, guint64 done, guint64 total, const char *what);

/* Each fills the places of `maps` (an array as long as specs) whose specs are its own. */
gboolean smb_judge_add_attention_maps (SmbJudgeFace *face, const SmbMapSpec *specs, guint n_specs, SmbMap **maps,
                                       GError **error);
gboolean smb_judge_add_masked_maps (SmbJudgeFace *face, const SmbMapSpec *specs, guint n_specs, SmbMap **maps,
                                    GError **error);
SmbMap *smb_judge_occlusion_map (SmbJudgeFace *face, const SmbMapSpec *spec, GError **error);
SmbMap *smb_judge_coverage_map (SmbJudgeFace *face, const SmbMapSpec *spec, GError **error);
SmbMap *smb_judge_regions_map (SmbJudgeFace *face, const SmbMapSpec *spec, GError **error);
SmbRegionReport *smb_judge_face_regions (SmbJudgeFace *face, const SmbRegionSettings *settings, GError **error);

/* Tests those of the maps that explain the answer; see smb-faithfulness.h. */
gboolean smb_judge_check_maps (SmbJudgeFace *face, SmbMap **maps, guint n_maps, GError **error);

/* (n,classes) of n inputs (n,3,size,size) of the detector, or of a network of its kind; several at a time. */
gboolean smb_judge_probabilities (SmbJudgeFace *face, SmbNet *net, const float *images, guint n, double *out,
                                  GError **error);

G_END_DECLS
