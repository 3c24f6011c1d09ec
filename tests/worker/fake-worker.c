/* SPDX-License-Identifier: Apache-2.0 */
/* A decoder that has been taken over: greets like an honest one, then does what FAKE_WORKER says. */
#include "smb-config.h"
#include "worker/smb-message.h"
#include "worker/smb-plane.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static void
answer (int socket, SmbMessageType type, guint32 id, JsonObject *body, int fd)
{
  g_autoptr (SmbMessage) message = smb_message_new (type, id, body);

  if (fd >= 0)
    smb_message_take_fd (message, fd);
  smb_message_send (socket, message, -1, NULL);
}

/* Announces a picture of a thousand by a thousand in a memory of a hundred bytes. */
static int
lying_plane (void)
{
  guint32 words[16] = { 0x50424d53u, 1, 1, 3, 1000, 1000, 3000000, 0 };
  int fd = memfd_create ("lie", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  if (write (fd, words, sizeof words) != sizeof words || ftruncate (fd, 100) != 0)
    _exit (4);
  return fd;
}

static void
misbehave (const char *how, int socket, const SmbMessage *request)
{
  guint8 pixels[300 * 3] = { 0 };

  if (g_str_equal (how, "lie"))
    answer (socket, SMB_MESSAGE_RESULT, request->id, NULL, lying_plane ());
  else if (g_str_equal (how, "nothing"))
    answer (socket, SMB_MESSAGE_RESULT, request->id, NULL, -1);
  else if (g_str_equal (how, "larger"))
    answer (socket, SMB_MESSAGE_RESULT, request->id, NULL, smb_plane_new_fd (SMB_PLANE_U8, 300, 1, 3, pixels, NULL));
  else if (g_str_equal (how, "escape")) {
    JsonObject *body = json_object_new ();

    json_object_set_string_member (body, "domain", "smb-error-quark");
    json_object_set_int_member (body, "code", 4);
    json_object_set_string_member (body, "message", "bad \033[2J file");
    answer (socket, SMB_MESSAGE_ERROR, request->id, body, -1);
  } else if (g_str_equal (how, "unasked"))
    answer (socket, SMB_MESSAGE_RESULT, request->id + 5, NULL, -1);
  else if (g_str_equal (how, "garbage")) {
    if (send (socket, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 37, MSG_NOSIGNAL) < 0)
      _exit (4);
  } else if (g_str_equal (how, "crash")) {
    volatile int *nowhere = NULL;

    *nowhere = 1;
  } else if (g_str_equal (how, "exit"))
    _exit (7);
  /* "deaf": no answer at all, to cancelling neither */
}

int
main (int argc, char **argv)
{
  const char *how = g_getenv ("FAKE_WORKER");
  JsonObject *body = json_object_new ();
  int socket = argc == 3 ? (int) g_ascii_strtoll (argv[2], NULL, 10) : -1;
  SmbMessage *request = NULL;

  json_object_set_string_member (body, "mode", argv[1]);
  json_object_set_string_member (body, "version", g_str_equal (how, "other-version") ? "0.0.0" : SMB_VERSION);
  if (!g_str_equal (how, "unlocked"))
    json_object_set_string_member (body, "lock", "seccomp");
  if (g_str_equal (how, "mute"))
    return 5;
  answer (socket, SMB_MESSAGE_HELLO, 0, body, -1);
  while (smb_message_receive (socket, -1, NULL, &request, NULL) == SMB_RECEIVE_OK) {
    if (request->type != SMB_MESSAGE_CANCEL)
      misbehave (how, socket, request);
    smb_message_free (request);
  }
  return 0;
}
