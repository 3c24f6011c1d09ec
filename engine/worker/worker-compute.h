/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"
#include "worker/smb-worker.h"

G_BEGIN_DECLS

/* What the compute worker's files share; for engine/worker alone. */

void smb_worker_compute_misuse (GError **error);
/* Member "settings" of a request. */
gboolean smb_worker_read_settings (const SmbMessage *request, SmbAnalysisSettings *settings, GError **error);
/* FOLLOW and SCORE. */
SmbMessage *smb_worker_frames (SmbWorker *worker, SmbJudge *judge, SmbMessage *request, GCancellable *cancellable,
                               GError **error);

#define SMB_WORKER_MAX_PICTURE_BYTES ((guint64) 1 << 40) /* the program that sent it has limits of its own */

G_END_DECLS
