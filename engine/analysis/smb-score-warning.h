/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What must be said wherever the scores of an analysis are shown. */
typedef struct {
  const char *exhibit; /* "S-01", fit to be shown; only for smb_score_warnings */
  gboolean video;      /* its scores are those of whole tracks */
  gboolean trained;
  gboolean calibrated; /* for tracks, if it is a video */
} SmbScored;

/* The (translated) sentence, static; NULL: nothing need be said. */
const char *smb_score_warning (const SmbScored *scored);

/* The sentences (char*) for n analyses, each once; one that does not hold for all of them names its exhibits. */
GPtrArray *smb_score_warnings (const SmbScored *scored, guint n);

G_END_DECLS
