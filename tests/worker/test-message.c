/* SPDX-License-Identifier: Apache-2.0 */
/* Frames and planes, honest and not. */
#include "base/smb-error.h"
#include "open-files.h"
#include "worker/smb-message.h"
#include "worker/smb-plane.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static void
make_pair (int pair[2])
{
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
}

static gpointer
send_thread (gpointer data)
{
  int socket = GPOINTER_TO_INT (data);
  g_autofree char *big = g_strnfill (1 << 20, 'x');
  JsonObject *body = json_object_new ();
  g_autoptr (SmbMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  json_object_set_string_member (body, "text", big);
  json_object_set_int_member (body, "number", 42);
  message = smb_message_new (SMB_MESSAGE_RESULT, 7, body);
  for (int i = 0; i < 3; i++)
    smb_message_take_fd (message, open ("/dev/null", O_RDONLY | O_CLOEXEC));
  smb_message_send (socket, message, 60000, &error);
  g_assert_no_error (error);
  return NULL;
}

/* Far more than the socket's buffer holds: both ends work in parts. */
static void
test_round_trip (void)
{
  guint before = count_fds ("self");
  g_autoptr (GError) error = NULL;
  SmbMessage *message = NULL;
  GThread *sender;
  int pair[2];

  make_pair (pair);
  sender = g_thread_new ("send", send_thread, GINT_TO_POINTER (pair[0]));
  g_assert_cmpint (smb_message_receive (pair[1], 60000, NULL, &message, &error), ==, SMB_RECEIVE_OK);
  g_assert_no_error (error);
  g_thread_join (sender);
  g_assert_cmpint (message->type, ==, SMB_MESSAGE_RESULT);
  g_assert_cmpuint (message->id, ==, 7);
  g_assert_cmpuint (message->n_fds, ==, 3);
  g_assert_cmpint (fcntl (message->fds[0], F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
  g_assert_cmpint (smb_message_get_int (message, "number", 0), ==, 42);
  g_assert_cmpint (smb_message_get_int (message, "text", -1), ==, -1);
  g_assert_cmpuint (strlen (smb_message_get_string (message, "text", "")), ==, 1 << 20);
  close (smb_message_steal_fd (message, 1));
  g_assert_cmpint (smb_message_steal_fd (message, 3), ==, -1);
  smb_message_free (message);
  g_assert_cmpint (smb_message_receive (pair[1], 10, NULL, &message, &error), ==, SMB_RECEIVE_TIMEOUT);
  close (pair[0]);
  g_assert_cmpint (smb_message_receive (pair[1], 10, NULL, &message, &error), ==, SMB_RECEIVE_CLOSED);
  close (pair[1]);
  g_assert_cmpuint (count_fds ("self"), ==, before);
}

typedef struct {
  guint32 magic;
  guint16 version, type;
  guint32 id, json_bytes, n_fds, reserved;
} RawHeader;

/* Sends raw bytes (and descriptors), closes, and expects a protocol error without leaks. */
static void
expect_refused (RawHeader header, const char *json, gsize json_bytes, int n_fds)
{
  guint before = count_fds ("self");
  g_autoptr (GError) error = NULL;
  SmbMessage *message = NULL;
  char control[CMSG_SPACE (sizeof (int) * 8)] = { 0 };
  struct iovec part = { &header, sizeof header };
  struct msghdr out = { .msg_iov = &part, .msg_iovlen = 1 };
  int pair[2];

  make_pair (pair);
  if (n_fds > 0) {
    struct cmsghdr *head;

    out.msg_control = control;
    out.msg_controllen = CMSG_SPACE (sizeof (int) * (gsize) n_fds);
    head = CMSG_FIRSTHDR (&out);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN (sizeof (int) * (gsize) n_fds);
    for (int i = 0; i < n_fds; i++)
      memcpy (CMSG_DATA (head) + sizeof (int) * (gsize) i, &pair[0], sizeof (int));
  }
  g_assert_cmpint (sendmsg (pair[0], &out, 0), ==, sizeof header);
  g_assert_cmpint (write (pair[0], json, json_bytes), ==, json_bytes);
  shutdown (pair[0], SHUT_WR);
  close (pair[0]);
  g_assert_cmpint (smb_message_receive (pair[1], 60000, NULL, &message, &error), ==, SMB_RECEIVE_FAILED);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
  g_assert_null (message);
  close (pair[1]);
  g_assert_cmpuint (count_fds ("self"), ==, before);
}

static void
test_malformed (void)
{
  const RawHeader good = { SMB_MESSAGE_MAGIC, SMB_MESSAGE_VERSION, SMB_MESSAGE_RESULT, 1, 2, 0, 0 };
  g_autofree char *deep = g_strnfill (1000, '[');
  RawHeader header;

#define REFUSED(field, value, json)                                                                                    \
  header = good;                                                                                                       \
  header.json_bytes = (guint32) strlen (json);                                                                         \
  header.field = value;                                                                                                \
  expect_refused (header, json, strlen (json), 0)
  REFUSED (magic, 0x12345678, "{}");
  REFUSED (version, 9, "{}");
  REFUSED (type, 0, "{}");
  REFUSED (type, 99, "{}");
  REFUSED (reserved, 1, "{}");
  REFUSED (json_bytes, SMB_MESSAGE_MAX_JSON_BYTES + 1, "{}");
  REFUSED (json_bytes, 100, "{}");
  REFUSED (n_fds, 1, "{}");
  REFUSED (n_fds, 100000, "{}");
  REFUSED (id, 1, "[]");
  REFUSED (id, 1, "");
  REFUSED (id, 1, "{\"a\":");
  REFUSED (id, 1, "{\"a\":\"\xff\"}");
  REFUSED (id, 1, "{\"a\":1} // {");
  REFUSED (id, 1, "{'\"':1}");
  REFUSED (id, 1, deep);
#undef REFUSED
  header = good;
  expect_refused (header, "{}", 2, 3); /* came with descriptors it did not announce */
  header.n_fds = 5;
  expect_refused (header, "{}", 2, 3);
}

static void
test_cut_header (void)
{
  g_autoptr (GError) error = NULL;
  SmbMessage *message = NULL;
  int pair[2];

  make_pair (pair);
  g_assert_cmpint (write (pair[0], "SMBW", 4), ==, 4);
  close (pair[0]);
  g_assert_cmpint (smb_message_receive (pair[1], 1000, NULL, &message, &error), ==, SMB_RECEIVE_FAILED);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
  close (pair[1]);
}

/* Nobody reads: the deadline ends it. Nobody is there: an error, not a signal. */
static void
test_send_fails (void)
{
  g_autofree char *big = g_strnfill (8 << 20, 'x');
  JsonObject *body = json_object_new ();
  g_autoptr (SmbMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  int pair[2];

  json_object_set_string_member (body, "text", big);
  message = smb_message_new (SMB_MESSAGE_RESULT, 1, body);
  make_pair (pair);
  g_assert_false (smb_message_send (pair[0], message, 50, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
  g_clear_error (&error);
  close (pair[1]);
  g_assert_false (smb_message_send (pair[0], message, 50, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
  close (pair[0]);
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  SmbMessage *message = NULL;
  int pair[2];

  make_pair (pair);
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (smb_message_receive (pair[1], -1, cancellable, &message, &error), ==, SMB_RECEIVE_FAILED);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  close (pair[0]);
  close (pair[1]);
}

static void
test_errors_travel (void)
{
  GError *failure = g_error_new (SMB_ERROR, SMB_ERROR_LIMIT, "too large");
  g_autoptr (SmbMessage) message = smb_message_new_error (3, failure);
  GError *back = smb_message_to_error (message);

  g_assert_error (back, SMB_ERROR, SMB_ERROR_LIMIT);
  g_assert_cmpstr (back->message, ==, "too large");
  g_clear_error (&back);
  json_object_set_int_member (message->body, "code", 4711);
  back = smb_message_to_error (message);
  g_assert_error (back, SMB_ERROR, SMB_ERROR_FAILED);
  g_clear_error (&back);
  g_clear_error (&failure);
}

static void
test_plane (void)
{
  guint before = count_fds ("self");
  float values[6] = { 1, 2, 3, 4, 5, 6 };
  g_autoptr (GError) error = NULL;
  int fd = smb_plane_new_fd (SMB_PLANE_F32, 3, 2, 1, values, &error);
  g_autoptr (SmbPlane) plane = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (write (fd, "x", 1), ==, -1); /* sealed */
  g_assert_cmpint (ftruncate (fd, 10), ==, -1);
  plane = smb_plane_take_fd (fd, 1000, &error);
  g_assert_no_error (error);
  g_assert_cmpint (plane->width, ==, 3);
  g_assert_cmpint (plane->height, ==, 2);
  g_assert_cmpmem (g_bytes_get_data (plane->bytes, NULL), (int) g_bytes_get_size (plane->bytes), values,
                   (int) sizeof values);
  fd = smb_plane_new_fd (SMB_PLANE_F32, 3, 2, 1, values, &error);
  g_assert_null (smb_plane_take_fd (fd, 23, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
  g_clear_error (&error);
  fd = smb_plane_new_fd (SMB_PLANE_F32, 3, 2, 1, values, NULL);
  g_assert_null (smb_plane_take_fd_as_image (fd, 1000, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
  g_assert_cmpuint (count_fds ("self"), ==, before);
}

/* A memory descriptor with this header and size. */
static int
lying_plane (guint32 type, guint32 width, guint32 height, guint32 channels, guint64 data_bytes, gsize real_bytes)
{
  guint32 words[16] = { 0x50424d53u, 1, type, channels, width, height };
  int fd = memfd_create ("lie", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  memcpy (words + 6, &data_bytes, sizeof data_bytes);
  g_assert_cmpint (write (fd, words, sizeof words), ==, sizeof words);
  g_assert_cmpint (ftruncate (fd, (off_t) real_bytes), ==, 0);
  return fd;
}

static void
expect_no_plane (int fd)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_plane_take_fd (fd, 1 << 20, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
}

static void
test_lying_planes (void)
{
  guint before = count_fds ("self");
  g_autoptr (SmbPlane) plane = smb_plane_take_fd (lying_plane (1, 4, 4, 3, 48, 64 + 48), 1 << 20, NULL);
  void *writable;
  int fd;

  g_assert_nonnull (plane); /* the truth, sealed on receipt */
  expect_no_plane (-1);
  expect_no_plane (lying_plane (1, 4, 4, 3, 48, 64 + 47));
  expect_no_plane (lying_plane (1, 4, 4, 3, 48, 64 + 49));
  expect_no_plane (lying_plane (1, 4, 4, 3, 49, 64 + 49));
  expect_no_plane (lying_plane (1, 40000, 40000, 3, 48, 64 + 48));
  expect_no_plane (lying_plane (1, 0xffffffff, 0xffffffff, 3, 48, 64 + 48));
  expect_no_plane (lying_plane (1, 0, 4, 3, 0, 64));
  expect_no_plane (lying_plane (7, 4, 4, 3, 48, 64 + 48));
  expect_no_plane (lying_plane (1, 4, 4, 99, 48, 64 + 48));
  expect_no_plane (lying_plane (1, 4, 4, 3, 48, 10));
  expect_no_plane (lying_plane (1, 1000, 1000, 3, 3000000, 64 + 3000000)); /* more than was asked for */
  expect_no_plane (open ("/dev/null", O_RDONLY | O_CLOEXEC));
  fd = lying_plane (1, 4, 4, 3, 48, 64 + 48);
  writable = mmap (NULL, 112, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  expect_no_plane (fd); /* someone could still change it */
  munmap (writable, 112);
  g_assert_cmpuint (count_fds ("self"), ==, before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker/message/round-trip", test_round_trip);
  g_test_add_func ("/worker/message/malformed", test_malformed);
  g_test_add_func ("/worker/message/cut-header", test_cut_header);
  g_test_add_func ("/worker/message/send-fails", test_send_fails);
  g_test_add_func ("/worker/message/cancelled", test_cancelled);
  g_test_add_func ("/worker/message/errors-travel", test_errors_travel);
  g_test_add_func ("/worker/plane/round-trip", test_plane);
  g_test_add_func ("/worker/plane/lies", test_lying_planes);
  return g_test_run ();
}
