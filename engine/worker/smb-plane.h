/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "base/smb-image.h"

G_BEGIN_DECLS

/* Pixels or values in a memory descriptor (memfd) that travels between processes: a header of 64 bytes, then the rows
 * without padding. Sealed against shrinking, growing and writing before anyone else reads it, so that the reader can
 * neither be surprised by a change nor by a SIGBUS. */
typedef enum {
  SMB_PLANE_U8 = 1,  /* guint8 */
  SMB_PLANE_F32 = 2, /* float */
} SmbPlaneType;

#define SMB_PLANE_HEADER_BYTES 64u
/* No side of anything we pass on is longer; pictures have a tighter limit of their own. */
#define SMB_PLANE_MAX_SIDE 1000000

typedef struct {
  SmbPlaneType type;
  int width, height, channels;
  GBytes *bytes; /* height * width * channels values; the mapping lives as long as this */
} SmbPlane;

/* A sealed descriptor holding a copy of data (height, width, channels); -1 with an error (MEMORY, LIMIT). */
int smb_plane_new_fd (SmbPlaneType type, int width, int height, int channels, const void *data, GError **error);

/* Whether it is a memory descriptor that nobody can change any more; seals it if it is not sealed yet. */
gboolean smb_plane_is_sealed (int fd);

/* Maps what a peer sent; takes the descriptor in every case. Checked: it is a memory descriptor, it carries the three
 * seals or can be sealed now, its header makes sense, its size is exactly what the header says and no more than
 * max_bytes. Errors: WORKER. */
SmbPlane *smb_plane_take_fd (int fd, guint64 max_bytes, GError **error);
void smb_plane_free (SmbPlane *plane);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbPlane, smb_plane_free)

/* A picture as a plane and back; the picture borrows the mapping and keeps it alive. WORKER error if the plane is
 * not (height, width, 3) bytes. */
int smb_plane_new_fd_for_image (const SmbImage *image, GError **error);
SmbImage *smb_plane_take_fd_as_image (int fd, guint64 max_bytes, GError **error);

G_END_DECLS
