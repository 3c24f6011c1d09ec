/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-face-store.h"

G_BEGIN_DECLS

/* A labelled data set in a folder: the faces (smb-face-store.h) and "dataset.json", which says of each its class, who
 * and what it comes from, and which part of the data it belongs to. */

#define SMB_DATASET_FILE "dataset.json"

typedef enum { SMB_PART_TRAIN, SMB_PART_VAL, SMB_PART_TEST, SMB_N_PARTS, SMB_PART_NONE = SMB_N_PARTS } SmbPart;

const char *smb_part_name (SmbPart part); /* "train", "val", "test", "none"; static */
const char *smb_part_title (SmbPart part); /* in words, within a sentence: "training"; static */
gboolean smb_part_from_name (const char *name, SmbPart *part); /* also "valid", "validation" */

#define SMB_FACE_HASH_BYTES 18

typedef struct {
  gint64 face;    /* in the store */
  int class;
  SmbPart part;
  char *identity; /* who is seen, "" unknown */
  char *source;   /* video, contact sheet or recording the picture is of, "" itself */
  char *origin;   /* collection or generator, for results by where data comes from; "" unknown */
  char *case_id;  /* the case it is evidence of; "" none */
  char *alike;    /* the same in all that embeddings say are one person; "" like nobody, or not known */
  guint8 hash[SMB_FACE_HASH_BYTES]; /* smb-near-duplicate.h */
  gboolean grey;     /* no colour in it */
  double sharpness;  /* variance of the Laplacian of the luma at 128 px */
} SmbSample;

typedef struct {
  char *folder;
  SmbFaceStore *faces;
  GStrv classes;
  int real_class;      /* the first that says so ("genuine", "real" …), else 0 */
  GPtrArray *samples;  /* SmbSample* (owned), in the order of the faces */
  guint64 split_seed;  /* 0 where the parts came with the data */
} SmbDataset;

/* What is known of a picture before it is opened. */
typedef struct {
  char *path;  /* or, what only the caller's SmbFaceVisitor can open, its name */
  char *class, *identity, *source, *origin, *case_id, *alike;
  GArray *embedding; /* float, of length 1: smb-embedding.h; NULL: not known */
  SmbPart part;
} SmbDatasetEntry;

/* Everything but path and class "", and no part. */
SmbDatasetEntry *smb_dataset_entry_new (const char *path, const char *class);
void smb_dataset_entry_free (SmbDatasetEntry *entry);
GPtrArray *smb_dataset_entries_new (void); /* of such, which it frees */

/* Pictures of sources (NULL-terminated), "CLASS=PATH" or PATH:
 *   a folder of classes (class/…) or of parts (train|val|test/class/…); with CLASS=, everything in it is of that class,
 * in parts or not. A folder inside a class is a source (frames of a video); a .csv with the columns file (or path,
 * relative to the table), and, as there are, label (class), identity (person), embedding (smb-embedding.h), source
 * (video, path), case, origin (generator, source_repo), part (split); a picture or video of its own, with CLASS=. A
 * video is its own source. map: NULL, or texts "from=to" renaming classes. Array of SmbDatasetEntry*; a picture named
 * twice counts once, and is an ARGUMENT error if its classes differ. */
GPtrArray *smb_dataset_list (const char *const *sources, const char *const *map, GError **error);
/* The same added to entries that are there already (taken). */
GPtrArray *smb_dataset_list_with (GPtrArray *entries, const char *const *sources, const char *const *map,
                                  GError **error);

/* Gathers the faces of the entries into `folder` (the surest face of each picture, whatever a visitor hands over) and
 * describes them. classes: the order wanted, or NULL: the genuine one first, then by first appearance. same_person: the
 * cosine of embeddings from which they are one person's. how: size, cropped, open … ARGUMENT: embeddings of different
 * lengths. */
#define SMB_SAME_PERSON 0.5 /* between the cosines usual for networks trained with an angular margin (0.4 to 0.6) */
SmbDataset *smb_dataset_build (const char *folder, GPtrArray *entries, const char *const *classes, double same_person,
                               const SmbFaceGather *how, GCancellable *cancellable, GError **error);
SmbDataset *smb_dataset_open (const char *folder, GError **error);
gboolean smb_dataset_save (const SmbDataset *dataset, GError **error);
void smb_dataset_free (SmbDataset *dataset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbDataset, smb_dataset_free)

const SmbSample *smb_dataset_get (const SmbDataset *dataset, guint i);
int smb_dataset_get_n_classes (const SmbDataset *dataset);
/* Index of a class by name, -1 if there is none. */
int smb_class_find (const char *const *classes, const char *name);
/* The class that blends made of genuine faces are given by this name: one of the data set's, or, as its next, a new one.
 * -1 with an ARGUMENT error: they are forgeries, and it names genuine faces, or nothing. */
int smb_dataset_blend_class (const SmbDataset *dataset, const char *name, GError **error);
/* Everything a training depends on: SHA-256 of faces, classes and parts. Free with g_free. */
char *smb_dataset_dup_key (const SmbDataset *dataset);

G_END_DECLS
