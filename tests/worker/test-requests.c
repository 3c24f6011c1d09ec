/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that no honest program makes: the worker says so in a sentence, and goes on with the next. */
#include "base/smb-error.h"
#include "worker/smb-message.h"
#include "worker/smb-plane.h"
#include "worker/smb-worker-process.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 60000

typedef struct {
  SmbWorkerProcess *process;
  guint32 last_id;
} Peer;

static void
start (Peer *peer, const char *mode)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *program = smb_worker_process_find (&error);
  SmbMessage *hello = NULL;

  g_assert_no_error (error);
  *peer = (Peer){ .process = smb_worker_process_start (program, mode, &error) };
  g_assert_no_error (error);
  g_assert_cmpint (smb_message_receive (smb_worker_process_get_socket (peer->process), ANSWER_MS, NULL, &hello, &error),
                   ==, SMB_RECEIVE_OK);
  g_assert_cmpint (hello->type, ==, SMB_MESSAGE_HELLO);
  smb_message_free (hello);
}

/* The answer to a request with this body (JSON) and so many descriptors of a file; progress is passed over. */
static SmbMessage *
ask (Peer *peer, SmbMessageType type, const char *json, const char *file, guint n_fds)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  g_autoptr (SmbMessage) request = smb_message_new (type, ++peer->last_id, json_node_dup_object (node));
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", file, NULL);
  int socket = smb_worker_process_get_socket (peer->process);
  g_autoptr (GError) error = NULL;
  SmbMessage *answer = NULL;

  for (guint i = 0; i < n_fds; i++)
    smb_message_take_fd (request, open (path, O_RDONLY | O_CLOEXEC));
  g_assert_true (smb_message_send (socket, request, ANSWER_MS, &error));
  do {
    g_clear_pointer (&answer, smb_message_free);
    g_assert_cmpint (smb_message_receive (socket, ANSWER_MS, NULL, &answer, &error), ==, SMB_RECEIVE_OK);
    g_assert_cmpuint (answer->id, ==, peer->last_id);
  } while (answer->type == SMB_MESSAGE_PROGRESS);
  return answer;
}

static void
assert_refused (Peer *peer, SmbMessageType type, const char *json, guint n_fds)
{
  g_autoptr (SmbMessage) answer = ask (peer, type, json, "baseline.jpg", n_fds);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (answer->type, ==, SMB_MESSAGE_ERROR);
  error = smb_message_to_error (answer);
  g_test_message ("%d %s: %s", type, json, error->message);
  g_assert_cmpint (strlen (error->message), >, 10);
  g_assert_cmpuint (answer->n_fds, ==, 0);
}

static void
stop (Peer *peer)
{
  g_autofree char *how = NULL;

  g_assert_true (smb_worker_process_is_alive (peer->process));
  how = smb_worker_process_stop (peer->process, ANSWER_MS);
  g_assert_cmpstr (how, ==, "exit status 0");
}

static void
test_decode (void)
{
  g_autoptr (SmbMessage) answer = NULL;
  Peer peer;

  start (&peer, "decode");
  assert_refused (&peer, SMB_MESSAGE_DECODE, "{}", 0);
  assert_refused (&peer, SMB_MESSAGE_DECODE, "{}", 2);
  assert_refused (&peer, SMB_MESSAGE_DECODE, "{\"max_side_px\": -1}", 1);
  assert_refused (&peer, SMB_MESSAGE_DECODE, "{\"max_side_px\": 9007199254740992}", 1);
  assert_refused (&peer, SMB_MESSAGE_ANALYZE, "{}", 1);
  assert_refused (&peer, SMB_MESSAGE_WEIGHTS, "{}", 1);
  assert_refused (&peer, SMB_MESSAGE_HELLO, "{}", 1);
  assert_refused (&peer, SMB_MESSAGE_PICTURE_MAP, "{}", 1);
  assert_refused (&peer, SMB_MESSAGE_PICTURE_MAP, "{\"map\": \"ela\", \"quality\": 101}", 1);
  assert_refused (&peer, SMB_MESSAGE_PICTURE_MAP, "{\"map\": \"no map\", \"quality\": 75}", 1);
  assert_refused (&peer, SMB_MESSAGE_METADATA, "{}", 3);
  answer = ask (&peer, SMB_MESSAGE_DECODE, "{\"path\": 17}", "baseline.jpg", 1);
  g_assert_cmpint (answer->type, ==, SMB_MESSAGE_RESULT);
  g_assert_cmpuint (answer->n_fds, ==, 1);
  stop (&peer);
}

static void
test_video (void)
{
  g_autoptr (SmbMessage) first = NULL, frames = NULL, closed = NULL;
  Peer peer;

  start (&peer, "decode");
  assert_refused (&peer, SMB_MESSAGE_VIDEO_OPEN, "{\"handle\": 1}", 0);
  assert_refused (&peer, SMB_MESSAGE_VIDEO_OPEN, "{\"handle\": 0}", 1);
  assert_refused (&peer, SMB_MESSAGE_VIDEO_OPEN, "{\"handle\": -5}", 1);
  assert_refused (&peer, SMB_MESSAGE_VIDEO_OPEN, "{\"handle\": 2}", 1); /* a still picture */
  assert_refused (&peer, SMB_MESSAGE_VIDEO_FRAMES, "{\"handle\": 2, \"frames\": [0]}", 0);
  first = ask (&peer, SMB_MESSAGE_VIDEO_OPEN, "{\"handle\": 3}", "two-frames.gif", 1);
  g_assert_cmpint (first->type, ==, SMB_MESSAGE_RESULT);
  assert_refused (&peer, SMB_MESSAGE_VIDEO_OPEN, "{\"handle\": 3}", 1);
  assert_refused (&peer, SMB_MESSAGE_VIDEO_FRAMES, "{\"handle\": 3}", 0);
  assert_refused (&peer, SMB_MESSAGE_VIDEO_FRAMES, "{\"handle\": 3, \"frames\": []}", 0);
  assert_refused (&peer, SMB_MESSAGE_VIDEO_FRAMES, "{\"handle\": 3, \"frames\": 0}", 0);
  assert_refused (&peer, SMB_MESSAGE_VIDEO_FRAMES, "{\"handle\": 3, \"frames\": [-1]}", 0);
  assert_refused (&peer, SMB_MESSAGE_VIDEO_FRAMES, "{\"handle\": 3, \"frames\": [1099511627776]}", 0);
  frames
      = ask (&peer, SMB_MESSAGE_VIDEO_FRAMES, "{\"handle\": 3, \"frames\": [1, 0], \"hash\": 1}", "two-frames.gif", 0);
  g_assert_cmpint (frames->type, ==, SMB_MESSAGE_RESULT);
  g_assert_cmpuint (frames->n_fds, ==, 2);
  /* More than stay open: the first gives way. */
  for (int handle = 10; handle < 15; handle++) {
    g_autofree char *json = g_strdup_printf ("{\"handle\": %d}", handle);
    g_autoptr (SmbMessage) more = ask (&peer, SMB_MESSAGE_VIDEO_OPEN, json, "two-frames.gif", 1);

    g_assert_cmpint (more->type, ==, SMB_MESSAGE_RESULT);
  }
  assert_refused (&peer, SMB_MESSAGE_VIDEO_FRAMES, "{\"handle\": 3, \"frames\": [0]}", 0);
  closed = ask (&peer, SMB_MESSAGE_VIDEO_CLOSE, "{\"handle\": 14}", "two-frames.gif", 0);
  g_assert_cmpint (closed->type, ==, SMB_MESSAGE_RESULT);
  assert_refused (&peer, SMB_MESSAGE_VIDEO_FRAMES, "{\"handle\": 14, \"frames\": [0]}", 0);
  stop (&peer);
}

static void
test_weights (void)
{
  Peer peer;

  start (&peer, "weights");
  assert_refused (&peer, SMB_MESSAGE_WEIGHTS, "{}", 0);
  assert_refused (&peer, SMB_MESSAGE_WEIGHTS, "{}", 2);
  assert_refused (&peer, SMB_MESSAGE_DECODE, "{}", 1);
  assert_refused (&peer, SMB_MESSAGE_WEIGHTS, "{\"part\": \"optimiser\"}", 1); /* a picture is no checkpoint */
  stop (&peer);
}

static void
test_compute (void)
{
  static const SmbMessageType types[]
      = { SMB_MESSAGE_ANALYZE, SMB_MESSAGE_MAPS,   SMB_MESSAGE_REGIONS, SMB_MESSAGE_REGION_MAP, SMB_MESSAGE_FOLLOW,
          SMB_MESSAGE_SCORE,   SMB_MESSAGE_SEARCH, SMB_MESSAGE_LOAD,    SMB_MESSAGE_DECODE };
  Peer peer;

  start (&peer, "compute");
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    assert_refused (&peer, types[i], "{}", 0);
    assert_refused (&peer, types[i], "{}", 1); /* a picture's file is no plane */
    assert_refused (&peer, types[i], "{\"model\": {}, \"settings\": 3, \"job\": [], \"frames\": {}}", 3);
  }
  stop (&peer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker/requests/decode", test_decode);
  g_test_add_func ("/worker/requests/video", test_video);
  g_test_add_func ("/worker/requests/weights", test_weights);
  g_test_add_func ("/worker/requests/compute", test_compute);
  return g_test_run ();
}
