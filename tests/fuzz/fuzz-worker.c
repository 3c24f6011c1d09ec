/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker that has been taken over may send: frames over the socket, and memory with planes in it. */
#include "fuzz.h"

#include "worker/smb-map-message.h"
#include "worker/smb-message.h"
#include "worker/smb-model-message.h"
#include "worker/smb-plane.h"

#include <sys/socket.h>
#include <unistd.h>

static void
read_message (SmbMessage *message)
{
  g_autoptr (GError) error = NULL, failure = smb_message_to_error (message);
  g_autoptr (SmbModelInfo) model = smb_model_from_message (message->body, &error);

  fuzz_check_error (error);
  smb_message_get_int (message, "done", 0);
  smb_message_get_string (message, "what", "");
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autoptr (GError) plane_error = NULL;
  g_autoptr (SmbPlane) plane = smb_plane_take_fd (fuzz_memory_fd (data, n_bytes), 1 << 20, &plane_error);
  SmbReceive outcome = SMB_RECEIVE_OK;
  int ends[2];

  g_assert_true ((plane != NULL) != (plane_error != NULL));
  fuzz_check_error (plane_error);
  if (n_bytes > 100000 || socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return 0;
  g_assert_cmpint (write (ends[1], data, n_bytes), ==, (gssize) n_bytes);
  close (ends[1]);
  while (outcome == SMB_RECEIVE_OK) {
    g_autoptr (GError) error = NULL;
    SmbMessage *message = NULL;

    outcome = smb_message_receive (ends[0], 0, NULL, &message, &error);
    fuzz_check_error (error);
    if (message != NULL)
      read_message (message);
    smb_message_free (message);
  }
  close (ends[0]);
  return 0;
}
