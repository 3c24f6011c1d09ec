/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* An entry of the model library: a folder with `model.json` and the weights files it names. The file is a JSON object;
 * a key not listed here, or a value of another type, makes the entry invalid:
 *   "format": 1;  "name": the folder's name;  "title": text
 *   "detector", "mim": {"file": name of a file in the same folder, "sha256": 64 hex digits}; at least one of them
 *   "classes": texts by index;  "real_class": index;  "mean", "std": 3 numbers each   (with "detector")
 *   "mim_mean", "mim_std": 3 numbers each                                             (with "mim")
 *   "transform": "resize" or "resize256-crop224"
 *   "trained", "calibrated": true or false;  "calibration": an object or null
 *   "track_calibration": optional; an object or null, the mapping for whole tracks of videos (engine/measure)
 *   "min_face_px": whole number;  "licence", "provenance": texts
 *   "limits": optional; an object of numbers, the range of faces it was validated on (SmbFaceLimits of engine/face:
 * min_blur, min_luma, max_luma, max_clipped, max_yaw, max_pitch, max_roll, max_cut; what is left out takes the default)
 */

#define SMB_MODEL_FORMAT 1
#define SMB_MODEL_FILE "model.json"

typedef enum {
  SMB_FACE_RESIZE_CENTRE_CROP, /* bicubic to size * 256 / 224, centre crop: the published detectors */
  SMB_FACE_RESIZE,             /* bicubic straight to the input size */
} SmbFaceTransform;

typedef struct {
  char *name;       /* unique in the library: "untrained", "fsfm-vitb-ff" */
  char *title;      /* for people */
  char *folder;     /* absolute */
  char *detector_path; /* classifier weights; NULL: the model gives maps but no score */
  char *detector_sha256;
  char *mim_path;   /* online network (encoder and pixel decoder); NULL: no reconstruction */
  char *mim_sha256;
  char **classes;   /* NULL-terminated, by index: "genuine", "deepfake" … */
  int real_class;   /* index of the genuine class */
  double mean[3], std[3];         /* normalisation of RGB in [0, 1] */
  double mim_mean[3], mim_std[3]; /* the pretraining's own */
  SmbFaceTransform transform;
  gboolean trained;    /* FALSE: random weights, numbers carry no meaning */
  gboolean calibrated; /* TRUE: `calibration` holds the mapping to likelihood ratios */
  char *calibration;   /* JSON text or NULL */
  char *track_calibration; /* likewise, for whole tracks of videos */
  int min_face_px;     /* faces smaller than this are outside the validated range */
  char *limits;        /* JSON text of the further limits, or NULL */
  char *licence;       /* "Apache-2.0", "CC-BY-NC-4.0" … shown wherever the model is used */
  char *provenance;    /* one or two sentences */
  char *reference;     /* statistics of genuine faces that the user named in place of those found beside the model (see
                        * smb_model_dup_reference); NULL as loaded */
} SmbModelInfo;

void smb_model_info_free (SmbModelInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbModelInfo, smb_model_info_free)

/* Folders searched, in order: $SEMBLANCE_MODELS (colon separated), $XDG_DATA_HOME/semblance/models, the installed
 * models, and, run from the build, the build's own. Strings, freed with the array. */
GPtrArray *smb_model_search_path (void);

/* Whether a model's folder is one that came with the program ($SEMBLANCE_MODELS or the installed models): not the
 * user's to write to, and used without being asked for. */
gboolean smb_model_is_shipped (const char *folder);

/* Every model found (SmbModelInfo*); unreadable entries are left out and named in `problems` (char*, may be NULL). */
GPtrArray *smb_model_list (GPtrArray *problems);

/* By library name, by folder, or by the path of a weights file (then described from the file's own metadata, with
 * published defaults for what it does not state; classes "class 0" … and real_class 0 if it names none).
 * NULL name: the active model (setting; INTEGRITY error if it has other weights than when it was chosen), else of those
 * that came with the program ($SEMBLANCE_MODELS and the installed ones) the first trained one that has a detector, else
 * the first that has one. One that was imported is never taken unless it was chosen. */
SmbModelInfo *smb_model_find (const char *name, GError **error);
/* The same, but a mere weights file, of which no model.json says it, has no hash yet: hashing takes long, and who has
 * the model judge is told (SmbAnalysis). */
SmbModelInfo *smb_model_find_unhashed (const char *name, GError **error);
/* Hashes those of its files that have none yet. */
gboolean smb_model_hash (SmbModelInfo *info, GError **error);

/* What an importer must say because the file does not hold it; NULL / 0 fields mean "as found or by default". */
typedef struct {
  const char *name;
  const char *const *classes;
  int real_class; /* -1: not given */
  const char *title;
  const char *licence;
  const char *provenance;
  const double *mean, *std; /* 3 each; both or neither; of `mim` too unless it states its own */
  const char *transform;    /* "resize" or "resize256-crop224" */
  const char *config;       /* JSON for smb_net_config_detect: heads and the like of unpublished sizes */
  const char *mim; /* file of the reconstruction network that belongs to a detector; it becomes part of the entry */
  gboolean half;            /* float32 weights are stored as float16 */
} SmbModelImport;

/* Checks the weights (they must be a network this engine knows and hold no NaN), writes them as .safetensors with
 * model.json into a new folder of the user's library, which appears complete or not at all. An existing name is never
 * overwritten: ARGUMENT error. Left open: classes are "class 0" …; the genuine one is the first whose name says so
 * ("real", "genuine", "bonafide", "live"), else 0, as in the official code; normalisation comes from
 * pretrain_ds_mean_std.txt beside the file, else from what its run's arguments or its kind imply (README of the
 * reference, 32), and `provenance` says which; the licence is "unknown: ask the source". */
SmbModelInfo *smb_model_import (const char *path, const SmbModelImport *how, GError **error);

/* Where statistics of genuine faces for the reconstruction network with this hash are looked for: those made on this
 * machine
 * ($XDG_DATA_HOME/semblance/references/HASH.json), then those that came with the model (reference.json in its folder,
 * which may be NULL). NULL if there are none. Free with g_free. */
char *smb_model_dup_reference (const char *folder, const char *mim_sha256);
/* The first of these places, whether there is a file or not. */
char *smb_model_dup_own_reference (const char *mim_sha256);

/* Writes the entry's model.json anew, whole or not at all (after its calibration, limits or words were changed). A
 * model that is no folder of a library is an ARGUMENT error. */
gboolean smb_model_rewrite (const SmbModelInfo *info, GError **error);

/* The card of a model, "card.json" in its folder, as text; NULL if it has none. An import takes the one beside the
 * weights along. Free with g_free. */
#define SMB_MODEL_CARD "card.json"
char *smb_model_dup_card (const SmbModelInfo *info);

/* model.json as text; free with g_free. */
char *smb_model_info_to_json (const SmbModelInfo *info);

/* Whether a class is the genuine one by its name ("real", "genuine", "bonafide", "live"). */
gboolean smb_model_class_says_genuine (const char *name);

/* "resize256-crop224", "resize": as in model.json; static. */
const char *smb_face_transform_name (SmbFaceTransform transform);
gboolean smb_face_transform_from_name (const char *name, SmbFaceTransform *transform);

/* Name of the active model (config.ini of the user's configuration, [models] active=NAME, sha256=its weights), or NULL
 * if none was chosen. Free with g_free. */
char *smb_model_dup_active (void);
/* Chooses it, without asking whether it is fit: that is smb_model_use's. NULL goes back to what came with the program,
 * as smb_model_find says. NOT_FOUND if the library has no such model. */
gboolean smb_model_set_active (const char *name, GError **error);

/* Re-hashes the weights files against model.json: INTEGRITY error naming the file if they differ. */
gboolean smb_model_verify (const SmbModelInfo *info, GCancellable *cancellable, GError **error);
/* One of its files; NULL: there is none, which is in order. */
gboolean smb_model_verify_file (const char *path, const char *expected_sha256, GCancellable *cancellable,
                                GError **error);

G_END_DECLS
