/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"
#include "worker/smb-engine.h"
#include "worker/smb-message.h"

G_BEGIN_DECLS

/* One request and its answer; for engine/worker alone. */
typedef struct {
  SmbEngineWorker worker;
  SmbMessageType type;
  JsonObject *body;   /* taken */
  int fd;             /* sent along as a duplicate; stays the caller's; -1: none */
  GArray *more_fds;   /* int; likewise, after those two; NULL: none */
  int second_fd;      /* likewise, after it; 0: none */
  char *doing;        /* "while reading FILE; the file is skipped": ends the sentence of a worker that died; borrowed */
  int timeout_ms;
  const char *time_setting; /* what raises it, named to whoever waited in vain; NULL: nothing does; borrowed */
  SmbProgress progress;
  gpointer user_data;
} SmbEngineCall;

/* The RESULT message, or NULL with an error: what the worker answered, WORKER if it died, or cancelled. */
SmbMessage *smb_engine_call (SmbEngine *engine, const SmbEngineCall *call, GCancellable *cancellable, GError **error);
/* The same on a thread of its own, cancelled with the engine, for an answer that nobody waits for; `doing` must be
 * static. Only the first of an engine is made. */
void smb_engine_call_ahead (SmbEngine *engine, const SmbEngineCall *call);
/* Ends a worker whose RESULT was not what it should be: it may have been taken over. The next call starts another. */
void smb_engine_distrust (SmbEngine *engine, SmbEngineWorker worker);
int smb_engine_get_threads (const SmbEngine *engine);
const char *smb_engine_get_landmarks (const SmbEngine *engine); /* NULL: none was set */
/* What every request to the compute worker holds (model NULL: one that takes none); and its member "settings". */
JsonObject *smb_engine_new_body (SmbEngine *engine, const SmbModelInfo *model);
JsonObject *smb_engine_settings_to_json (const SmbAnalysisSettings *settings);

/* A sentence from a worker that may have been taken over: without control characters, which a terminal would obey. */
char *smb_engine_clean_text (const char *text);

G_END_DECLS
