/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-engine.h"

#include "base/smb-error.h"
#include "weights/smb-weights-file.h"
#include "worker/smb-engine-private.h"
#include "worker/smb-plane.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

#define WEIGHTS_TIMEOUT_MS (600 * 1000)

/* SmbWeightsConvert. What comes back is read as any .safetensors file is: as if someone had made it to do harm. */
static int
convert (int fd, SmbWeightsPart part, const char *path, GError **error)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *doing = g_strdup_printf (_ ("while reading %s; nothing was taken from it"), shown);
  g_autoptr (SmbMessage) answer = NULL;
  SmbEngineCall call = { .worker = SMB_ENGINE_WEIGHTS, .type = SMB_MESSAGE_WEIGHTS, .timeout_ms = WEIGHTS_TIMEOUT_MS,
                         .fd = fd, .doing = doing, .body = json_object_new () };
  int memory;

  json_object_set_string_member (call.body, "path", shown);
  json_object_set_string_member (call.body, "part", part == SMB_WEIGHTS_OPTIMISER ? "optimiser" : "model");
  answer = smb_engine_call (engine, &call, NULL, error);
  if (answer == NULL)
    return -1;
  memory = smb_message_steal_fd (answer, 0);
  if (smb_plane_is_sealed (memory))
    return memory;
  g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("%s: the reader of weights sent no sealed memory"), shown);
  if (memory >= 0)
    close (memory);
  return -1;
}

void
smb_engine_guard_weights (void)
{
  smb_weights_convert_pickles_with (convert);
}
