/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-dataset.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* Data sets of everything a lab has: folders and tables of pictures and videos, and labelled evidence of its cases. */

typedef struct {
  const char *const *sources; /* as smb_dataset_list takes them; NULL-terminated, may be empty */
  const char *const *cases;   /* case files whose labelled evidence is taken too; NULL or NULL-terminated */
  gboolean within_cases;      /* exhibits of one case may come into different parts */
  const char *const *map;     /* renamed classes, "from=to"; NULL */
  const char *const *classes; /* their order; NULL: the genuine one first, then by first appearance */
  double same_person;         /* cosine of embeddings, SMB_SAME_PERSON */
  const char *folder;         /* where the data set goes */
  int size_px;                /* side of the stored faces */
  gboolean cropped;           /* every picture is a face already */
  const char *landmarks;      /* the predictor, as smb_landmarks_are_wanted takes it */
  guint frames;               /* of each face track of a video */
  SmbFaceWarn warn;           /* what is left out; may be NULL */
  SmbProgress progress;       /* may be NULL */
  gpointer user_data;         /* of both */
} SmbCollectOrder;

#define SMB_COLLECT_FRAMES 32

/* Gathers the faces and describes them; does not divide them. Originals of cases are opened read-only after their
 * hashes were checked, and each case's audit log gets an entry of it. The engine's decode worker opens everything.
 * Errors as smb_dataset_build and smb_case_open; NOT_FOUND: a case in which nothing is labelled. */
SmbDataset *smb_collect_dataset (SmbEngine *engine, const SmbCollectOrder *order, GCancellable *cancellable,
                                 GError **error);

/* Whether any sample is in a part: data that came divided. */
gboolean smb_collect_is_divided (const SmbDataset *dataset);

G_END_DECLS
