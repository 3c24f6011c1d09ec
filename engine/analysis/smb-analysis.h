/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "analysis/smb-region-report.h"
#include "backend/smb-backend-abi.h"
#include "base/smb-progress.h"
#include "explain/smb-map.h"
#include "face/smb-face-quality.h"
#include "face/smb-face.h"
#include "face/smb-regions.h"
#include "weights/smb-model.h"

G_BEGIN_DECLS

/* Plain results that travel between processes, into the case and into reports. Value types; JSON both ways. */

/* What a calibrated model's score is worth as evidence (engine/measure): decimal logarithm of the ratio of its
 * likelihood among forged faces to that among genuine ones. */
typedef struct {
  double log10_lr;   /* NAN: the model is not calibrated, or there is no score */
  int bound;         /* 1, -1: it lies beyond the upper, lower bound, and the bound is what is given; else 0 */
  double low, high;  /* the bounds; none is claimed outside */
} SmbLikelihood;

typedef struct {
  SmbFace face;
  double *probabilities; /* by class, n_classes; NULL if there is no score */
  int n_classes;
  double score;          /* 1 - probability of the genuine class; NAN if there is none */
  guint track;           /* of a video's frame: the number of its track; 0: a picture's face. Not in JSON */
  SmbLikelihood likelihood;
  char *outside; /* why there is no score (too small for the model …), a translated sentence; NULL if there is */
  SmbFaceQuality *quality; /* NULL: not measured */
  char **quality_notes;    /* sentences: where it lies outside the range the model was validated on; NULL-terminated or
                              NULL */
  SmbRegionReport *regions; /* NULL: not asked for */
} SmbFaceResult;

/* What the time of an analysis goes to; the rest is regions, where they are asked for, and next to nothing. */
typedef enum {
  SMB_STAGE_DETECT,  /* looking for faces */
  SMB_STAGE_QUALITY, /* landmarks and what is measured by them; the first time, loading the predictor */
  SMB_STAGE_CROP,    /* cutting out and resizing */
  SMB_STAGE_NETWORK, /* the scores; the first time, packing the weights */
  SMB_N_STAGES,
} SmbStage;

const char *smb_stage_name (SmbStage stage); /* "detect": as in JSON */

typedef struct {
  int width, height; /* upright */
  GPtrArray *faces;  /* SmbFaceResult* */
  char *model_name, *model_sha256, *mim_sha256;
  char **classes;
  int real_class;
  gboolean trained, calibrated;
  char *device;      /* "cpu" and its name */
  char *landmark_file, *landmark_sha256; /* the predictor that found the landmarks; NULL: there is none, or it was not
                                          * asked for: see smb_engine_name_instruments */
  char *program_version;
  char *settings;    /* canonical JSON of what was asked for (detector settings, precision …) */
  guint64 seed;
  double seconds, stage_seconds[SMB_N_STAGES]; /* a result from before there were stages has NANs */
} SmbAnalysis;

SmbFaceResult *smb_face_result_new (const SmbFace *face); /* without score */
SmbFaceResult *smb_face_result_copy (const SmbFaceResult *result);
void smb_face_result_free (SmbFaceResult *result);
SmbAnalysis *smb_analysis_new (void); /* no faces, all else 0 or NULL */
SmbAnalysis *smb_analysis_copy (const SmbAnalysis *analysis);
void smb_analysis_free (SmbAnalysis *analysis);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbFaceResult, smb_face_result_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbAnalysis, smb_analysis_free)

/* {"width", "height", "faces": [{"box": [x,y,w,h], "detected_box", "origin", "detector_confidence",
 *   "probabilities": {class: p}, "score", "likelihood_ratio": {"log10", "bound": "none", "lower" or "upper", "low",
 * "high"} if calibrated, "outside", "quality": {"size_px", "blur", "luma", "clipped", "yaw", "pitch", "roll", "cut",
 * "landmarks": "found" or "template", "outside": [sentence]}, "regions": see smb_region_report_to_json; absent if not
 * asked for}], "model": {"name", "sha256", "mim_sha256", "classes": [name], "real_class", "trained", "calibrated",
 * "note"}, "landmark_file": {"name", "sha256"} where it is known, "device", "program_version", "settings": {…}, "seed", "seconds", "stages": {"detect", "quality", "crop",
 * "network": seconds}}. What there is not (score of a face outside, hash of a network the model lacks, a pose without
 * landmarks) is null; `quality` is absent where it was not measured. `note` is the sentence that goes with untrained or
 * uncalibrated weights; absent otherwise. Free with json_node_unref. Reading checks every member (FORMAT error naming
 * it) and passes over members it does not know, so that a caller may keep "file", "sha256" … in the same object. */
JsonNode *smb_analysis_to_json (const SmbAnalysis *analysis);
SmbAnalysis *smb_analysis_from_json (JsonNode *node, GError **error);

/* "likelihood ratio of forged to genuine 35 (log10 1.54)", "at least 120 …" where it lies beyond a bound; NULL if there
 * is none. Free with g_free. */
char *smb_likelihood_text (const SmbLikelihood *likelihood);
/* The same where it stands by itself: "Likelihood ratio … (log10 1.54)." */
char *smb_likelihood_sentence (const SmbLikelihood *likelihood);

/* The (translated) sentence every place prints beside numbers of such a model; NULL for a trained, calibrated one. */
const char *smb_model_warning (gboolean trained, gboolean calibrated);

typedef struct {
  int detect_max_side_px; /* 640 */
  int detect_upsample;    /* 1 */
  guint64 seed;
  SmbPrecision precision; /* F32, the published numbers; lower ones are faster and change a score a little */
  int region_draws; /* > 0: the region table of each face that is scored, with so many draws (8 are usual); 0: none */
  gboolean detect_too; /* boxes drawn by hand are judged besides what the detector finds (one that overlaps a find by an
                        * intersection over union of 0.25 or more takes its place); FALSE: in place of all of it */
} SmbAnalysisSettings;

SmbAnalysisSettings smb_analysis_settings_default (void);
/* Canonical JSON: sorted names, no spaces; equal settings are equal bytes. Free with g_free. */
char *smb_analysis_settings_to_json (const SmbAnalysisSettings *settings);
/* Reads the above, also as found in SmbAnalysis.settings (which names the detector as well). */
gboolean smb_analysis_settings_from_json (SmbAnalysisSettings *settings, const char *text, GError **error);

/* "f32", "tf32", "bf16" or "int8". Borrowed. */
const char *smb_precision_name (SmbPrecision precision);
/* FALSE, and nothing set, for another name. */
gboolean smb_precision_from_name (const char *name, SmbPrecision *precision);
/* The precision that a text names: one of these, or "auto": bf16 where the device is quicker with it, else f32.
 * device NULL: "cpu". UNSUPPORTED if the device lacks it, ARGUMENT for another text, NOT_FOUND for no such device. */
gboolean smb_precision_from_text (const char *text, const char *device, SmbPrecision *precision, GError **error);

/* A model loaded on a device and ready to judge; lives in the compute process. Not for two threads at a time. */
typedef struct _SmbJudge SmbJudge;

/* threads 0: one a core. Checks the model's files and maps them; a network is made of them when it is first needed. */
SmbJudge *smb_judge_new (const SmbModelInfo *model, const char *device, int threads, GError **error);
/* One that finds and follows faces (smb_judge_follow) and does nothing else: that takes no network. */
SmbJudge *smb_judge_new_without_model (int threads);
void smb_judge_free (SmbJudge *judge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbJudge, smb_judge_free)

/* Has what smb_judge_analyze needs besides a picture made ready, so that the first one waits for less: the network, and
 * the landmarks, which are read on. Nothing needs to call it. */
gboolean smb_judge_prepare (SmbJudge *judge, SmbPrecision precision, GError **error);

/* The .dat file that landmarks are found with; NULL: the environment's SEMBLANCE_LANDMARKS, or Debian's. Before any are
 * asked for. */
void smb_judge_set_landmarks (SmbJudge *judge, const char *path);

/* The file that landmarks are found with and its SHA-256, borrowed; both NULL where there is none and a template stands
 * in. Waits for the file to be read. */
gboolean smb_judge_get_landmark_file (SmbJudge *judge, const char **path_out, const char **sha256_out, GError **error);
/* The device it computes on, as an analysis names it. Free with g_free. */
char *smb_judge_dup_device (const SmbJudge *judge);

/* Faces and scores of one picture. drawn: boxes by hand (GArray of SmbBox) to judge in place of detection
 * (settings->detect_too: besides it, after those found), or NULL. */
SmbAnalysis *smb_judge_analyze (SmbJudge *judge, const SmbImage *image, const GArray *drawn,
                                const SmbAnalysisSettings *settings, GCancellable *cancellable, GError **error);

/* A face whose maps are made, beside the picture. */
typedef struct {
  SmbBox box;                /* its crop box */
  const SmbRegions *regions; /* borrowed; any size; NULL: drawn from the face's landmarks */
  SmbProgress progress;      /* may be NULL */
  gpointer user_data;
  gboolean check;            /* test maps that explain the answer for faithfulness; many passes of the detector each */
} SmbMapJob;

/* The maps asked for, of one face: array of SmbMap*, in order; an attention spec with all heads gives one map for each
 * head, in its place. One forward serves all that can share it.
 * Errors: ARGUMENT (a layer, head, patch or class that does not exist …), UNSUPPORTED (the model lacks the network),
 * FAILED, MEMORY, cancelled. */
GPtrArray *smb_judge_make_maps (SmbJudge *judge, const SmbImage *image, const SmbMapJob *job, const SmbMapSpec *specs,
                                guint n_specs, GCancellable *cancellable, GError **error);

/* The regions that masks of this face are drawn by: job->regions, else those of its landmarks; at the side of the
 * reconstruction network's input, or of the detector's if there is no other. */
SmbRegions *smb_judge_region_map (SmbJudge *judge, const SmbImage *image, const SmbMapJob *job,
                                  GCancellable *cancellable, GError **error);

/* The region table and matrix of one face. Compared with the statistics of genuine faces that the model names or that
 * are found beside it (smb_model_dup_reference), read each time; where there are none, or they are of another network,
 * the note says that there is no z. A file that the user named and that does not fit is an error: MISMATCH, FORMAT,
 * NOT_FOUND. Else: UNSUPPORTED without a reconstruction network, ARGUMENT for a senseless number of draws, MEMORY,
 * cancelled. The features of the whole face are the online network's projector's, standing in for the target network's,
 * which follows it and is kept in no model; those under a mask are the predictor's, as in training. */
SmbRegionReport *smb_judge_regions (SmbJudge *judge, const SmbImage *image, const SmbMapJob *job,
                                    const SmbRegionSettings *settings, GCancellable *cancellable, GError **error);

/* Maps of the face in `box`, with regions from its landmarks and without progress. */
GPtrArray *smb_judge_maps (SmbJudge *judge, const SmbImage *image, SmbBox box, const SmbMapSpec *specs, guint n_specs,
                           GCancellable *cancellable, GError **error);

G_END_DECLS
