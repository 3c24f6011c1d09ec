/* SPDX-License-Identifier: Apache-2.0 */
/* The sending and the receiving end of a message. Sockets stay blocking; every call asks not to block, so that a peer
 * that stops reading or writing in the middle runs into a deadline and not into us. */
#include "worker/smb-message.h"

#include "base/smb-error.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Once a frame has begun, the rest of it comes from a buffer that is already written: this is ample. */
#define REST_OF_FRAME_US (10 * G_USEC_PER_SEC)

typedef struct {
  guint32 magic;
  guint16 version;
  guint16 type;
  guint32 id;
  guint32 json_bytes;
  guint32 n_fds;
  guint32 reserved;
} Header;

G_STATIC_ASSERT (sizeof (Header) == SMB_MESSAGE_HEADER_BYTES);

static gboolean
fail (GError **error, const char *sentence)
{
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, sentence);
  return FALSE;
}

/* Waits for `events` until the deadline (monotonic, -1: none). 1: ready, 0: deadline, -1: error set. */
static int
wait_for (int socket, short events, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
  struct pollfd fds[2] = { { .fd = socket, .events = events }, { .fd = -1 } };
  GPollFD cancel_poll;
  gboolean has_cancel = cancellable != NULL && g_cancellable_make_pollfd (cancellable, &cancel_poll);
  int outcome = -2;

  if (has_cancel)
    fds[1] = (struct pollfd){ .fd = cancel_poll.fd, .events = POLLIN };
  while (outcome == -2) {
    gint64 left_us = deadline_us < 0 ? -1 : MAX (deadline_us - g_get_monotonic_time (), 0);
    int wait_ms = left_us < 0 ? -1 : (int) MIN ((left_us + 999) / 1000, G_MAXINT);
    int ready;

    if (g_cancellable_set_error_if_cancelled (cancellable, error)) {
      outcome = -1;
      break;
    }
    ready = poll (fds, 2, wait_ms);
    if (ready < 0 && errno != EINTR) {
      smb_error_set_errno (error, errno, _ ("worker"), _ ("waiting for it"));
      outcome = -1;
    } else if (ready > 0 && fds[0].revents != 0)
      outcome = 1;
    else if (ready == 0 && left_us >= 0 && g_get_monotonic_time () >= deadline_us)
      outcome = 0;
  }
  if (has_cancel)
    g_cancellable_release_fd (cancellable);
  return outcome;
}

static gboolean
send_bytes (int socket, const guint8 *data, gsize n_bytes, const SmbMessage *message, gint64 deadline_us,
            GError **error)
{
  union {
    char bytes[CMSG_SPACE (sizeof (int) * SMB_MESSAGE_MAX_FDS)];
    struct cmsghdr align;
  } control;
  gboolean with_fds = message->n_fds > 0;
  gsize sent = 0;

  while (sent < n_bytes) {
    struct iovec part = { .iov_base = (void *) (data + sent), .iov_len = n_bytes - sent };
    struct msghdr out = { .msg_iov = &part, .msg_iovlen = 1 };
    gssize n;
    int ready;

    if (with_fds) {
      struct cmsghdr *head;

      memset (&control, 0, sizeof control);
      out.msg_control = control.bytes;
      out.msg_controllen = CMSG_SPACE (sizeof (int) * message->n_fds);
      head = CMSG_FIRSTHDR (&out);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN (sizeof (int) * message->n_fds);
      memcpy (CMSG_DATA (head), message->fds, sizeof (int) * message->n_fds);
    }
    n = sendmsg (socket, &out, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      sent += (gsize) n;
      with_fds = FALSE; /* they went with the first byte */
      continue;
    }
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
      return fail (error, errno == EPIPE || errno == ECONNRESET ? _ ("the worker is gone") : g_strerror (errno));
    ready = wait_for (socket, POLLOUT, deadline_us, NULL, error);
    if (ready < 0)
      return FALSE;
    if (ready == 0)
      return fail (error, _ ("the worker does not take messages any more"));
  }
  return TRUE;
}

gboolean
smb_message_send (int socket, const SmbMessage *message, int timeout_ms, GError **error)
{
  g_autoptr (JsonNode) root = json_node_alloc ();
  g_autofree char *json = NULL;
  g_autofree guint8 *frame = NULL;
  gint64 deadline_us = timeout_ms < 0 ? -1 : g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  gsize json_bytes;
  Header header;

  json_node_init_object (root, message->body);
  json = json_to_string (root, FALSE);
  json_bytes = strlen (json);
  if (json_bytes > SMB_MESSAGE_MAX_JSON_BYTES || message->n_fds > SMB_MESSAGE_MAX_FDS) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT,
                 _ ("a message of %zu bytes and %u descriptors is too large for a worker; ask for "
                    "less at a time"),
                 json_bytes, message->n_fds);
    return FALSE;
  }
  header = (Header){ .magic = SMB_MESSAGE_MAGIC,
                     .version = SMB_MESSAGE_VERSION,
                     .type = (guint16) message->type,
                     .id = message->id,
                     .json_bytes = (guint32) json_bytes,
                     .n_fds = message->n_fds };
  frame = g_malloc (sizeof header + json_bytes);
  memcpy (frame, &header, sizeof header);
  memcpy (frame + sizeof header, json, json_bytes);
  return send_bytes (socket, frame, sizeof header + json_bytes, message, deadline_us, error);
}

/* Takes the descriptors out of one recvmsg's control data. Too many, or a control message cut short, is an error;
 * those already taken belong to `message`, which closes them. */
static gboolean
take_fds (struct msghdr *in, SmbMessage *message, GError **error)
{
  for (struct cmsghdr *head = CMSG_FIRSTHDR (in); head != NULL; head = CMSG_NXTHDR (in, head)) {
    gsize n;

    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
      continue;
    n = (head->cmsg_len - CMSG_LEN (0)) / sizeof (int);
    for (gsize i = 0; i < n; i++) {
      int fd;

      memcpy (&fd, CMSG_DATA (head) + i * sizeof (int), sizeof fd);
      smb_message_take_fd (message, fd);
    }
  }
  if ((in->msg_flags & MSG_CTRUNC) != 0 || message->n_fds > SMB_MESSAGE_MAX_FDS)
    return fail (error, _ ("the worker broke the protocol: too many descriptors"));
  return TRUE;
}

/* Reads exactly n_bytes into `out`. `begun`: a frame is already under way, so the end of the stream is an error. */
static SmbReceive
receive_bytes (int socket, guint8 *out, gsize n_bytes, gboolean begun, gint64 deadline_us, GCancellable *cancellable,
               SmbMessage *message, GError **error)
{
  union {
    char bytes[CMSG_SPACE (sizeof (int) * (SMB_MESSAGE_MAX_FDS + 1))];
    struct cmsghdr align;
  } control;
  gsize got = 0;

  while (got < n_bytes) {
    struct iovec part = { .iov_base = out + got, .iov_len = n_bytes - got };
    struct msghdr in = { .msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes };
    int ready = wait_for (socket, POLLIN, deadline_us, begun ? NULL : cancellable, error);
    gssize n;

    if (ready < 0)
      return SMB_RECEIVE_FAILED;
    if (ready == 0 && !begun)
      return SMB_RECEIVE_TIMEOUT;
    if (ready == 0) {
      fail (error, _ ("the worker broke off in the middle of a message"));
      return SMB_RECEIVE_FAILED;
    }
    n = recvmsg (socket, &in, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
      continue;
    if (n < 0 && errno != ECONNRESET) {
      smb_error_set_errno (error, errno, _ ("worker"), _ ("listening to it"));
      return SMB_RECEIVE_FAILED;
    }
    if (n <= 0) {
      if (!begun)
        return SMB_RECEIVE_CLOSED;
      fail (error, _ ("the worker broke off in the middle of a message"));
      return SMB_RECEIVE_FAILED;
    }
    if (!take_fds (&in, message, error))
      return SMB_RECEIVE_FAILED;
    if (!begun)
      deadline_us = g_get_monotonic_time () + REST_OF_FRAME_US;
    begun = TRUE;
    got += (gsize) n;
  }
  return SMB_RECEIVE_OK;
}

/* The JSON reader calls itself for every bracket: deep nesting is refused before it can use up the stack. */
static gboolean
nesting_is_sane (const char *json, gsize n_bytes)
{
  int depth = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < n_bytes; i++) {
    char c = json[i];

    if (in_string) {
      if (c == '\\')
        i++;
      else if (c == '"')
        in_string = FALSE;
    } else if (c == '"')
      in_string = TRUE;
    else if (c == '{' || c == '[') {
      if (++depth > SMB_MESSAGE_MAX_JSON_DEPTH)
        return FALSE;
    } else if (c == '}' || c == ']')
      depth--;
    else if (!g_ascii_isalnum (c) && strchr (" \t\r\n+-.,:", c) == NULL)
      return FALSE; /* comments, other quotes: json-glib reads them, and brackets would be counted wrongly */
  }
  return TRUE;
}

static gboolean
parse_body (SmbMessage *message, const char *json, gsize n_bytes, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonNode *root;

  if (!g_utf8_validate (json, (gssize) n_bytes, NULL) || !nesting_is_sane (json, n_bytes)
      || !json_parser_load_from_data (parser, json, (gssize) n_bytes, NULL))
    return fail (error, _ ("the worker broke the protocol: its message is not plain JSON"));
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return fail (error, _ ("the worker broke the protocol: its message is not a JSON object"));
  json_object_unref (message->body);
  message->body = json_object_ref (json_node_get_object (root));
  return TRUE;
}

SmbReceive
smb_message_receive (int socket, int timeout_ms, GCancellable *cancellable, SmbMessage **message_out, GError **error)
{
  g_autoptr (SmbMessage) message = smb_message_new (SMB_MESSAGE_HELLO, 0, NULL);
  g_autofree char *json = NULL;
  gint64 deadline_us = timeout_ms < 0 ? -1 : g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  SmbReceive outcome;
  Header header;

  *message_out = NULL;
  outcome = receive_bytes (socket, (guint8 *) &header, sizeof header, FALSE, deadline_us, cancellable, message, error);
  if (outcome != SMB_RECEIVE_OK)
    return outcome;
  if (header.magic != SMB_MESSAGE_MAGIC || header.version != SMB_MESSAGE_VERSION || header.reserved != 0
      || header.type < SMB_MESSAGE_HELLO || header.type > SMB_MESSAGE_INSTRUMENTS
      || header.json_bytes > SMB_MESSAGE_MAX_JSON_BYTES || header.n_fds > SMB_MESSAGE_MAX_FDS) {
    fail (error, _ ("the worker broke the protocol: malformed message header"));
    return SMB_RECEIVE_FAILED;
  }
  json = g_malloc (header.json_bytes + 1u);
  json[header.json_bytes] = '\0';
  outcome = receive_bytes (socket, (guint8 *) json, header.json_bytes, TRUE,
                           g_get_monotonic_time () + REST_OF_FRAME_US, NULL, message, error);
  if (outcome != SMB_RECEIVE_OK)
    return outcome;
  if (message->n_fds != header.n_fds) {
    fail (error, _ ("the worker broke the protocol: another number of descriptors than announced"));
    return SMB_RECEIVE_FAILED;
  }
  message->type = header.type;
  message->id = header.id;
  if (!parse_body (message, json, header.json_bytes, error))
    return SMB_RECEIVE_FAILED;
  *message_out = g_steal_pointer (&message);
  return SMB_RECEIVE_OK;
}
