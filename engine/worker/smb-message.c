/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-message.h"

#include "base/smb-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

SmbMessage *
smb_message_new (SmbMessageType type, guint32 id, JsonObject *body)
{
  SmbMessage *message = g_new0 (SmbMessage, 1);

  message->type = type;
  message->id = id;
  message->body = body != NULL ? body : json_object_new ();
  return message;
}

void
smb_message_take_fd (SmbMessage *message, int fd)
{
  message->fds = g_renew (int, message->fds, message->n_fds + 1);
  message->fds[message->n_fds++] = fd;
}

gboolean
smb_message_add_fd (SmbMessage *message, int fd, GError **error)
{
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);

  if (copy < 0)
    return smb_error_set_errno (error, errno, _ ("descriptor"), _ ("passing it to a worker"));
  smb_message_take_fd (message, copy);
  return TRUE;
}

int
smb_message_steal_fd (SmbMessage *message, guint index)
{
  int fd;

  if (index >= message->n_fds)
    return -1;
  fd = message->fds[index];
  message->fds[index] = -1;
  return fd;
}

void
smb_message_free (SmbMessage *message)
{
  if (message == NULL)
    return;
  for (guint i = 0; i < message->n_fds; i++) {
    if (message->fds[i] >= 0)
      close (message->fds[i]);
  }
  g_free (message->fds);
  json_object_unref (message->body);
  g_free (message);
}

static JsonNode *
value_member (const SmbMessage *message, const char *name, GType type)
{
  JsonNode *node = json_object_get_member (message->body, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type ? node : NULL;
}

gint64
smb_message_get_int (const SmbMessage *message, const char *name, gint64 fallback)
{
  JsonNode *node = value_member (message, name, G_TYPE_INT64);

  return node != NULL ? json_node_get_int (node) : fallback;
}

const char *
smb_message_get_string (const SmbMessage *message, const char *name, const char *fallback)
{
  JsonNode *node = value_member (message, name, G_TYPE_STRING);

  return node != NULL ? json_node_get_string (node) : fallback;
}

SmbMessage *
smb_message_new_error (guint32 id, const GError *failure)
{
  JsonObject *body = json_object_new ();
  g_autofree char *text = g_utf8_make_valid (failure->message, -1);

  json_object_set_string_member (body, "domain", g_quark_to_string (failure->domain));
  json_object_set_int_member (body, "code", failure->code);
  json_object_set_string_member (body, "message", text);
  return smb_message_new (SMB_MESSAGE_ERROR, id, body);
}

GError *
smb_message_to_error (const SmbMessage *message)
{
  const char *domain = smb_message_get_string (message, "domain", "");
  const char *text = smb_message_get_string (message, "message", _ ("the worker gave no reason"));
  gint64 code = smb_message_get_int (message, "code", 0);

  /* Only these two domains leave the engine; anything else would be a peer that makes them up. */
  if (g_str_equal (domain, g_quark_to_string (G_IO_ERROR)) && code == G_IO_ERROR_CANCELLED)
    return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, text);
  if (!g_str_equal (domain, g_quark_to_string (SMB_ERROR)) || code < 0 || code > SMB_ERROR_ARGUMENT)
    code = SMB_ERROR_FAILED;
  return g_error_new_literal (SMB_ERROR, (int) code, text);
}
