/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What a video's container says of it (smb_video_describe), in words: the same for the terminal, the window and the
 * report. The facts may come from a decoder that a file took over, or from a case that anyone wrote: members of other
 * kinds are passed over. */
typedef struct {
  char *name;  /* translated, "Key frames"; of the file's own entries their keys */
  char *value; /* on one line */
} SmbVideoFact;

void smb_video_fact_free (SmbVideoFact *fact);

/* SmbVideoFact*, in order. Only what is known is there. */
GPtrArray *smb_video_facts_in_words (JsonObject *facts);

/* "1.234 s" of seconds and smaller; "2:00:05.000" of an hour and more. Free with g_free. */
char *smb_video_time_in_words (gint64 time_us);

G_END_DECLS
