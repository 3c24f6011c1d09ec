/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* An entry of the model library: a folder with `model.json` and the weights files it names. */

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
  int min_face_px;     /* faces smaller than this are outside the validated range */
  char *licence;       /* "Apache-2.0", "CC-BY-NC-4.0" … shown wherever the model is used */
  char *provenance;    /* one or two sentences */
} SmbModelInfo;

void smb_model_info_free (SmbModelInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbModelInfo, smb_model_info_free)

/* Folders searched, in order: $SEMBLANCE_MODELS (colon separated), $XDG_DATA_HOME/semblance/models, the installed
 * models, and, run from the build, the build's own. Strings, freed with the array. */
GPtrArray *smb_model_search_path (void);

/* Every model found (SmbModelInfo*); unreadable entries are left out and named in `problems` (char*, may be NULL). */
GPtrArray *smb_model_list (GPtrArray *problems);

/* By library name, by folder, or by the path of a weights file (then described from the file's own metadata, with
 * published defaults for what it does not state; classes "class 0" … and real_class 0 if it names none).
 * NULL name: the active model (setting), else the first of the list that has a detector. */
SmbModelInfo *smb_model_find (const char *name, GError **error);

/* What an importer must say because the file does not hold it; NULL / 0 fields mean "as found or by default". */
typedef struct {
  const char *name;
  const char *const *classes;
  int real_class; /* -1: not given */
  const char *licence;
  const char *provenance;
  const double *mean, *std; /* 3 each */
  const char *transform;    /* "resize" or "resize256-crop224" */
} SmbModelImport;

/* Checks the weights (they must be a network this engine knows), writes them as .safetensors with model.json into a
 * new folder of the user's library. An existing name is never overwritten: ARGUMENT error. */
SmbModelInfo *smb_model_import (const char *path, const SmbModelImport *how, GError **error);

/* model.json as text; free with g_free. */
char *smb_model_info_to_json (const SmbModelInfo *info);

/* Re-hashes the weights files against model.json: INTEGRITY error naming the file if they differ. */
gboolean smb_model_verify (const SmbModelInfo *info, GCancellable *cancellable, GError **error);

G_END_DECLS
