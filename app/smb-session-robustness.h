/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-envelope.h"
#include "smb-session.h"

G_BEGIN_DECLS

/* Degrades the chosen face and scores it each time, in a thread, with the settings of its analysis and the active
 * model. The job's cancellable stops it; progress goes to the job. FALSE: no face is chosen, or its picture is not
 * shown; nothing is begun. The source of the result is the session. */
gboolean smb_session_measure_robustness (SmbSession *self, SmbJob *job, GAsyncReadyCallback done, gpointer user_data);
SmbEnvelope *smb_session_measure_robustness_finish (GAsyncResult *result, GError **error);

G_END_DECLS
