/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/smb-image.h"
#include "base/smb-progress.h"
#include "face/smb-face.h"
#include "face/smb-landmarks.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Faces cropped once and kept in a folder, mapped into memory when they are learnt from: "faces.rgb" (n, size, size, 3)
 * bytes, "regions.u8" (n, size, size) classes of the region map, "index.json" with the landmark predictor used and, for
 * each, file, SHA-256, box and the origin of its region map, besides the files left out with the reason; where asked
 * for, "points.f32" (n, 68, 2), landmarks in pixels of the crop. The index is written last: a folder without it holds
 * nothing. */
typedef struct {
  int size_px;
  gint64 n;
  const guint8 *rgb, *regions; /* borrowed from the maps */
  const float *points;         /* borrowed; NULL: not kept */
  GStrv files;                 /* n: the picture each face comes from */
  GStrv sha256;                /* n: of that file */
  guint8 *coarse;              /* n: 1: points and regions are a template's */
  GStrv unreadable;            /* files left out because they could not be used, damaged ones among them, … */
  GStrv faceless;              /* … and those in which no face was found */
  char *landmark_file, *landmark_sha256; /* the predictor's; NULL: none was used, or an index of an earlier version */
  char *key;                   /* SHA-256 of what the store was made from and how */
  /* private */
  GMappedFile *rgb_map, *regions_map, *points_map;
} SmbFaceStore;

/* Why a file was left out, in the index. */
#define SMB_FACE_STORE_UNREADABLE "unreadable"
#define SMB_FACE_STORE_FACELESS "no-face"

/* Opens a picture for reading; NULL with an error. The caller says how, for pictures are decoded elsewhere. */
typedef SmbImage *(*SmbFaceOpen) (const char *path, gpointer user_data, GError **error);

/* A face in something opened elsewhere. */
typedef struct {
  const SmbImage *image;
  const SmbFace *face; /* NULL: any that are found in it */
  gint64 frame;        /* of a video; -1: a picture */
  const char *sha256;  /* of the file */
} SmbFaceSeen;

typedef gboolean (*SmbFaceTake) (const SmbFaceSeen *seen, gpointer take_data, GError **error);
/* What holds more than a picture (a video), or whose faces are known already: hands each over with `take`, whose FALSE
 * must end the visit. *mine FALSE: it is a picture like any other and is opened with SmbFaceOpen. */
typedef gboolean (*SmbFaceVisitor) (const char *name, SmbFaceTake take, gpointer take_data, gboolean *mine,
                                    GCancellable *cancellable, gpointer user_data, GError **error);
/* A picture was left out: why, in a sentence. */
typedef void (*SmbFaceWarn) (const char *sentence, gpointer user_data);

typedef struct {
  int size_px;
  gboolean cropped; /* every picture is a face already, with FSFM's margin: nothing is looked for */
  gboolean points;  /* keep the landmarks too */
  const char *landmarks; /* the predictor, as smb_landmarks_are_wanted takes it */
  gboolean first;   /* of several faces only the surest: what is said of a picture is said of one face */
  SmbFaceOpen open;
  SmbFaceVisitor visit; /* may be NULL */
  const char *more;     /* with it: what the faces depend on besides files and settings; may be NULL */
  SmbFaceWarn warn;     /* may be NULL */
  SmbProgress progress; /* may be NULL */
  gpointer user_data;
} SmbFaceGather;

/* The store in `folder` if it was made from the same pictures in the same way, with the same predictor; else made anew:
 * pictures of the folders (with those inside) and files in `sources`, by path; the detector's sure finds, FSFM's crop, a
 * region map from landmarks, or from a template where there is no predictor. Errors: NOT_FOUND (no picture, no face),
 * IO, those of detector and landmarks, cancelled. */
SmbFaceStore *smb_face_store_gather (const char *folder, const char *const *sources, const SmbFaceGather *how,
                                     GCancellable *cancellable, GError **error);
/* Whether a file is there that is no JSON object with this member, a list: another program's, not to be overwritten. */
gboolean smb_learn_is_foreign (const char *folder, const char *name, const char *member, GError **error);

/* The same of these very names (char*), in this order; what is no file must be the visitor's. */
SmbFaceStore *smb_face_store_gather_named (const char *folder, const GPtrArray *names, const SmbFaceGather *how,
                                           GCancellable *cancellable, GError **error);
/* What smb_face_store_gather left there. */
SmbFaceStore *smb_face_store_open (const char *folder, GError **error);
void smb_face_store_free (SmbFaceStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbFaceStore, smb_face_store_free)

/* The points of a face as the engine's other rooms take them. FALSE if the store has none. */
gboolean smb_face_store_get_points (const SmbFaceStore *store, gint64 face, SmbPoint points[SMB_N_LANDMARKS]);

/* Mean and standard deviation of all pixels in [0, 1], a channel each. */
void smb_face_store_measure (const SmbFaceStore *store, double mean[3], double std[3]);

/* By its name a video, or a picture that may move. */
gboolean smb_learn_may_be_video (const char *name);

/* Pictures, and with `videos` also videos, under the sources (char*), each once, by path in the order of bytes; names
 * starting with a dot are passed over, and in folders every file whose ending is no picture's. IO, NOT_FOUND. */
GPtrArray *smb_learn_list_pictures (const char *const *sources, gboolean videos, GError **error);

G_END_DECLS
