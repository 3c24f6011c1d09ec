/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What goes over the socket pair between the program and a worker: a fixed header, a JSON object, descriptors.
 *
 *   offset  0  guint32  magic "SMBW"
 *           4  guint16  version of the protocol
 *           6  guint16  SmbMessageType
 *           8  guint32  id of the request this belongs to
 *          12  guint32  bytes of JSON that follow, at most SMB_MESSAGE_MAX_JSON_BYTES
 *          16  guint32  descriptors that came with the header's first byte, at most SMB_MESSAGE_MAX_FDS
 *          20  guint32  0
 *
 * Both ends are the same program on the same machine, so numbers are in its own byte order. The receiver trusts
 * nothing: whatever is out of bounds is an error of the code WORKER, after which the connection must be given up. */
#define SMB_MESSAGE_MAGIC 0x57424d53u
#define SMB_MESSAGE_VERSION 1u
#define SMB_MESSAGE_HEADER_BYTES 24u
#define SMB_MESSAGE_MAX_JSON_BYTES (16u << 20)
#define SMB_MESSAGE_MAX_JSON_DEPTH 32
#define SMB_MESSAGE_MAX_FDS 200u

typedef enum {
  SMB_MESSAGE_HELLO = 1,    /* worker: ready; {"mode", "version", "lock"} */
  SMB_MESSAGE_DECODE,       /* program: a picture to decode; descriptor: the evidence, read-only */
  SMB_MESSAGE_ANALYZE,      /* program: a picture to judge; descriptor: its plane */
  SMB_MESSAGE_MAPS,         /* program: maps to make; descriptor: the picture's plane */
  SMB_MESSAGE_VIDEO_OPEN,   /* program: a video to number; descriptor: the evidence, read-only */
  SMB_MESSAGE_VIDEO_FRAMES, /* program: frames of an open video */
  SMB_MESSAGE_VIDEO_CLOSE,  /* program: done with it */
  SMB_MESSAGE_FOLLOW,       /* program: frames whose faces to find and follow; descriptors: their planes; no model */
  SMB_MESSAGE_SCORE,        /* program: frames whose faces to judge; likewise */
  SMB_MESSAGE_REGIONS,      /* program: a face whose region table to make; descriptor: the picture's plane */
  SMB_MESSAGE_REGION_MAP,   /* program: a face whose regions to draw; descriptor: the picture's plane */
  SMB_MESSAGE_METADATA,     /* program: a file whose metadata to read; descriptor: the evidence, read-only */
  SMB_MESSAGE_PICTURE_MAP,  /* program: a map of the whole picture; descriptor: likewise */
  SMB_MESSAGE_CANCEL,       /* program: stop the request of this id; {} */
  SMB_MESSAGE_PROGRESS,     /* worker: {"done", "total", "what"} */
  SMB_MESSAGE_RESULT,       /* worker: done; planes as descriptors */
  SMB_MESSAGE_ERROR,        /* worker: the request failed, the worker goes on; {"domain", "code", "message"} */
  SMB_MESSAGE_WEIGHTS, /* program: a weights file to write anew, its "part" model or optimiser; descriptor: the file,
                          read-only */
  SMB_MESSAGE_SEARCH,  /* program: frames whose faces to find again; descriptors: their planes; no model */
  SMB_MESSAGE_LOAD,    /* program: the model to judge with, before there is a picture */
  SMB_MESSAGE_INSTRUMENTS, /* program: what is that model judged with? */
} SmbMessageType;

typedef struct {
  SmbMessageType type;
  guint32 id;
  JsonObject *body; /* owned; never NULL in a message received */
  int *fds;         /* owned, with the descriptors in it (close on exec) */
  guint n_fds;
} SmbMessage;

/* Takes `body` (NULL: an empty object). */
SmbMessage *smb_message_new (SmbMessageType type, guint32 id, JsonObject *body);
/* The message keeps a duplicate; FALSE with an error if the system has none left. */
gboolean smb_message_add_fd (SmbMessage *message, int fd, GError **error);
/* The message takes the descriptor itself. */
void smb_message_take_fd (SmbMessage *message, int fd);
/* Hands descriptor `index` over to the caller, who closes it; -1 if there is none. */
int smb_message_steal_fd (SmbMessage *message, guint index);
void smb_message_free (SmbMessage *message); /* closes what was not stolen */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbMessage, smb_message_free)

/* Members of the body, for peers that may lie: `fallback` if there is none or it is of another type. */
gint64 smb_message_get_int (const SmbMessage *message, const char *name, gint64 fallback);
const char *smb_message_get_string (const SmbMessage *message, const char *name, const char *fallback); /* borrowed */

/* Sends all of it, within `timeout_ms` (-1: as long as it takes). Never raises SIGPIPE. Errors: WORKER (the other end
 * is gone or does not read), LIMIT. */
gboolean smb_message_send (int socket, const SmbMessage *message, int timeout_ms, GError **error);

typedef enum {
  SMB_RECEIVE_OK,
  SMB_RECEIVE_CLOSED,  /* the other end closed between two messages; no error is set */
  SMB_RECEIVE_TIMEOUT, /* nothing had begun to arrive; no error is set */
  SMB_RECEIVE_FAILED,  /* malformed, broken off, stuck in the middle, or cancelled (G_IO_ERROR_CANCELLED); error set */
} SmbReceive;

/* Waits up to timeout_ms (-1: for ever) for a message to begin; once begun it must be whole within ten seconds.
 * `cancellable` is looked at only before a message has begun. */
SmbReceive smb_message_receive (int socket, int timeout_ms, GCancellable *cancellable, SmbMessage **message_out,
                                GError **error);

/* An error as a message and back: domain and code survive, whatever they are. */
SmbMessage *smb_message_new_error (guint32 id, const GError *failure);
GError *smb_message_to_error (const SmbMessage *message);

G_END_DECLS
