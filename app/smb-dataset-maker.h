/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "learn/smb-dataset.h"

G_BEGIN_DECLS

/* Makes or opens a data set in a thread, and says how it is divided. */

typedef struct {
  GStrv sources; /* as smb_dataset_list takes them; one folder of a data set that is there already: it is opened */
  GStrv cases;           /* files of cases whose labelled evidence is taken too; may be empty */
  gboolean within_cases; /* exhibits of one case may come into different parts */
  GStrv classes;         /* their order, or NULL */
  char *folder;          /* where a new one goes */
  gboolean cropped;
  double shares[SMB_N_PARTS];
  guint64 seed;
  gboolean divide;       /* anew, even if the data came divided */
} SmbDatasetOrder;

void smb_dataset_order_free (SmbDatasetOrder *order);

typedef struct {
  char *folder;
  GStrv classes;
  int real_class;
  guint (*counts)[SMB_N_PARTS + 1]; /* a row a class */
  guint faces, leaks, left_out; /* left_out: pictures without a face or that cannot be read */
  char *first_left_out;         /* why the first was; NULL */
  GPtrArray *warnings;          /* char* */
} SmbDatasetSummary;

void smb_dataset_summary_free (SmbDatasetSummary *summary);

/* How far it is; on the UI thread. total 0: unknown. */
typedef void (*SmbDatasetProgress) (guint64 done, guint64 total, const char *what, gpointer user_data);

/* Takes the order. progress comes until `done` is called, with the same user_data. */
void smb_dataset_make_async (SmbDatasetOrder *order, SmbDatasetProgress progress, GCancellable *cancellable,
                             GAsyncReadyCallback done, gpointer user_data);
SmbDatasetSummary *smb_dataset_make_finish (GAsyncResult *result, GError **error);

G_END_DECLS
