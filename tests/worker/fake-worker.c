/* SPDX-License-Identifier: Apache-2.0 */
/* A decoder that has been taken over: greets like an honest one, then does what FAKE_WORKER says. */
#include "base/smb-error.h"
#include "smb-config.h"
#include "worker/smb-message.h"
#include "worker/smb-plane.h"

#include <signal.h>
#include <stdlib.h>
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

/* "u8 WIDTH HEIGHT CHANNELS" or "f32 …", of zeros; "text": memory that is no plane and can be changed for ever. */
static int
told_plane (const char *what)
{
  g_auto (GStrv) words = g_strsplit (what, " ", -1);
  g_autofree guint8 *zeros = NULL;
  int size[3];

  if (g_strv_length (words) != 4) {
    int fd = memfd_create ("text", MFD_CLOEXEC);

    return write (fd, what, strlen (what)) > 0 ? fd : -1;
  }
  for (int i = 0; i < 3; i++)
    size[i] = atoi (words[1 + i]);
  zeros = g_malloc0 ((gsize) size[0] * (gsize) size[1] * (gsize) size[2] * sizeof (float));
  return smb_plane_new_fd (g_str_equal (words[0], "u8") ? SMB_PLANE_U8 : SMB_PLANE_F32, size[0], size[1], size[2],
                           zeros, NULL);
}

/* Answers with what FAKE_SAYS holds, a line for each request: the body, then planes, all with " | " between them; "not
 * open": a video of which it knows nothing. */
static void
say (int socket, guint32 id)
{
  static guint n_said;
  g_auto (GStrv) lines = g_strsplit (g_getenv ("FAKE_SAYS"), "\n", -1);
  g_auto (GStrv) parts = NULL;
  g_autoptr (SmbMessage) message = NULL;
  g_autoptr (JsonNode) body = NULL;

  if (n_said >= g_strv_length (lines))
    _exit (6);
  parts = g_strsplit (lines[n_said++], " | ", -1);
  if (g_str_equal (parts[0], "not open")) {
    g_autoptr (GError) problem = g_error_new_literal (SMB_ERROR, SMB_ERROR_NOT_FOUND, "not open");
    g_autoptr (SmbMessage) failure = smb_message_new_error (id, problem);

    smb_message_send (socket, failure, -1, NULL);
    return;
  }
  body = json_from_string (parts[0], NULL);
  message = smb_message_new (SMB_MESSAGE_RESULT, id, json_object_ref (json_node_get_object (body)));
  for (char **plane = parts + 1; *plane != NULL; plane++)
    smb_message_take_fd (message, told_plane (*plane));
  smb_message_send (socket, message, -1, NULL);
}

static void
misbehave (const char *how, int socket, const SmbMessage *request)
{
  guint8 pixels[300 * 3] = { 0 };

  if (g_str_equal (how, "lie"))
    answer (socket, SMB_MESSAGE_RESULT, request->id, NULL, lying_plane ());
  else if (g_str_equal (how, "say"))
    say (socket, request->id);
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
    signal (SIGSEGV, SIG_DFL); /* a sanitizer would hear of it, and end it in another way */
    raise (SIGSEGV);
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
