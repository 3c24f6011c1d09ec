/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-net-config.h"
#include "weights/smb-model.h"
#include "weights/smb-weights-private.h"

G_BEGIN_DECLS

/* What the files of the model library share. */


/* "fsfm-vitb-ff": lower-case letters, digits, "-", "_", ".", beginning with a letter or digit, at most 64. */
gboolean smb_model_name_is_valid (const char *name);

/* The entry in `folder`, its model.json checked. Errors: NOT_FOUND, FORMAT, NEWER … naming the file. */
SmbModelInfo *smb_model_info_load (const char *folder, GError **error);

/* At most max_bytes of a regular file, NUL added; NULL with an error. */
char *smb_model_read_text (const char *path, gsize max_bytes, GError **error);

/* The user's library, which need not exist. Free with g_free. */
char *smb_model_user_folder (void);

/* What a weights file says of itself, completed by what is published. */
typedef struct {
  SmbTensorDict *weights;
  SmbNetKind kind;
  SmbNetConfig config;
  char *sha256;        /* NULL: not asked for */
  char *normalisation; /* a sentence: where mean and std come from */
  gboolean assumed;    /* from nowhere: the published ones */
} SmbModelSource;

void smb_model_source_clear (SmbModelSource *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SmbModelSource, smb_model_source_clear)

/* Opens, hashes and reads a weights file through one descriptor, and describes it. The description's detector_path or
 * mim_path is the file itself. normalisation_given: the caller has one, so what lies beside the file is not read.
 * hashed FALSE: no hash is taken, for that takes long. config: as in SmbModelImport. */
SmbModelInfo *smb_model_describe_file (const char *path, gboolean normalisation_given, const char *config,
                                       gboolean hashed, SmbModelSource *source, GError **error);

/* Classes without names get "class 0" …; real_class < 0: the first whose name says genuine, else 0. */
void smb_model_settle_classes (SmbModelInfo *info, const char *const *classes, int n_classes, int real_class);

G_END_DECLS
