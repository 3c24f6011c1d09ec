/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case/smb-case.h"

G_BEGIN_DECLS

/* What an examiner says that an exhibit or one of its faces is, so that a detector can learn from it. Each is kept; the
 * newest of an exhibit, and of a face, counts. */
typedef struct {
  gint64 id, evidence_id;
  gint64 face_id; /* 0: said of the whole exhibit */
  gint64 analysis_id; /* that found the face; 0 of an exhibit. Of labels listed only, as is … */
  char *face;         /* … its number there, "F2"; NULL of an exhibit */
  gint64 made_us;
  char *author;
  char *class;    /* "genuine", "swapped" …; "": the label was taken back */
  char *identity; /* who is seen; "" not said */
} SmbCaseLabel;

void smb_case_label_free (SmbCaseLabel *label);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCaseLabel, smb_case_label_free)

/* A class that no data set could be told of ("=", "," or a line break in it): ARGUMENT; one that is too long: LIMIT. */
gboolean smb_case_check_class (const char *name, GError **error);
/* Stores a label, with "label.set" or "label.clear" in the log; id is filled in, author and made_us too where they are
 * NULL and 0. ARGUMENT, LIMIT: as smb_case_check_class. NOT_FOUND: no such exhibit, or the face is not of it. */
gboolean smb_case_add_label (SmbCase *store, SmbCaseLabel *label, GError **error);
/* Those that count (not the ones taken back), by exhibit and face; 0: of all exhibits. SmbCaseLabel*. */
GPtrArray *smb_case_list_labels (SmbCase *store, gint64 evidence_id, GError **error);

G_END_DECLS
