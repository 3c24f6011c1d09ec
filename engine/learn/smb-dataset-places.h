/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "learn/smb-dataset.h"

G_BEGIN_DECLS

/* Where the data sets lie that models of this user were measured on. A model's card names data by its key alone, since
 * it goes to other machines; this list ("datasets.json" in the user's own folder) stays. */

/* Remembers that the data set of this key lies in the folder. */
gboolean smb_dataset_place_note (const char *key, const char *folder, GError **error);
/* The folder that was noted last; NULL: none was, or there is no data set any more. Whether the key is still that data
 * set's is seen when it is opened. Free with g_free. */
char *smb_dataset_place_find (const char *key);

/* One way in which a model was measured. */
typedef struct {
  char *name, *key; /* of the data set: what its folder was called, and smb_dataset_dup_key */
  char *folder;     /* NULL: its place is not known here */
  char *blended;    /* class of the self-blended images; NULL: there were none */
  SmbPart part;     /* SMB_PART_NONE: all */
  int reencode_px, reencode_quality;
  guint64 seed; /* of the self-blended images */
} SmbMeasuredOn;

/* What the "evaluations" of a model's card were made on (SmbMeasuredOn), in their order. card: may be NULL. What is no
 * evaluation is passed over. */
GPtrArray *smb_measured_on (JsonNode *card);

G_END_DECLS
