/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-worker.h"

#include "base/smb-error.h"
#include "weights/smb-weights-file.h"

#include <glib/gi18n-lib.h>

SmbMessage *
smb_worker_weights (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, gpointer nothing, GError **error)
{
  const char *path = smb_message_get_string (request, "path", _ ("weights"));
  const char *part = smb_message_get_string (request, "part", "model");
  g_autoptr (SmbTensorDict) dict = NULL;
  SmbMessage *answer;
  int memory;

  if (request->type != SMB_MESSAGE_WEIGHTS || request->n_fds != 1) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER,
                         _ ("the reader of weights was asked for what it does not do"));
    return NULL;
  }
  if (!smb_worker_allow_cpu (SMB_WORKER_READ_WEIGHTS, error))
    return NULL;
  dict = smb_weights_read_fd (request->fds[0],
                              g_str_equal (part, "optimiser") ? SMB_WEIGHTS_OPTIMISER : SMB_WEIGHTS_MODEL, path, error);
  memory = dict != NULL ? smb_weights_write_memory (dict, path, error) : -1;
  if (memory < 0)
    return NULL;
  answer = smb_message_new (SMB_MESSAGE_RESULT, request->id, NULL);
  smb_message_take_fd (answer, memory);
  return answer;
}
