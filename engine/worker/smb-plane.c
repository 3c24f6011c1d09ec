/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-plane.h"

#include "base/smb-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLANE_MAGIC 0x50424d53u /* "SMBP" */
#define PLANE_VERSION 1u
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

typedef struct {
  guint32 magic, version;
  guint32 type, channels;
  guint32 width, height;
  guint64 data_bytes;
  guint8 reserved[32];
} PlaneHeader;

G_STATIC_ASSERT (sizeof (PlaneHeader) == SMB_PLANE_HEADER_BYTES);

typedef struct {
  void *address;
  gsize n_bytes;
} Mapping;

static void
mapping_free (gpointer data)
{
  Mapping *mapping = data;

  munmap (mapping->address, mapping->n_bytes);
  g_free (mapping);
}

/* Bytes of the rows; 0 if the numbers make no sense. Sides of a million and 4 channels of 4 bytes stay within 2^44. */
static guint64
size_of_data (guint32 type, guint32 width, guint32 height, guint32 channels)
{
  guint64 value_bytes = type == SMB_PLANE_U8 ? 1 : type == SMB_PLANE_F32 ? 4 : 0;

  if (width == 0 || height == 0 || channels == 0 || width > SMB_PLANE_MAX_SIDE || height > SMB_PLANE_MAX_SIDE
      || channels > 4)
    return 0;
  return (guint64) width * height * channels * value_bytes;
}

static gboolean
write_all (int fd, const void *data, gsize n_bytes)
{
  const guint8 *at = data;

  while (n_bytes > 0) {
    gssize n = write (fd, at, MIN (n_bytes, (gsize) 1 << 30));

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    at += n;
    n_bytes -= (gsize) n;
  }
  return TRUE;
}

int
smb_plane_new_fd (SmbPlaneType type, int width, int height, int channels, const void *data, GError **error)
{
  guint64 data_bytes = size_of_data (type, (guint32) width, (guint32) height, (guint32) channels);
  PlaneHeader header = { .magic = PLANE_MAGIC,
                         .version = PLANE_VERSION,
                         .type = type,
                         .channels = (guint32) channels,
                         .width = (guint32) width,
                         .height = (guint32) height,
                         .data_bytes = data_bytes };
  int fd;

  g_return_val_if_fail (data_bytes > 0, -1);
  fd = memfd_create ("semblance-plane", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0 || ftruncate (fd, (off_t) (sizeof header + data_bytes)) != 0 || !write_all (fd, &header, sizeof header)
      || !write_all (fd, data, data_bytes) || fcntl (fd, F_ADD_SEALS, SEALS) != 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MEMORY,
                 _ ("no shared memory for %d × %d pixels (%s); close other programs or open a smaller picture"), width,
                 height, g_strerror (errno));
    if (fd >= 0)
      close (fd);
    return -1;
  }
  return fd;
}

static gboolean
fail (GError **error, const char *what)
{
  g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the worker broke the protocol: %s"), what);
  return FALSE;
}

gboolean
smb_plane_is_sealed (int fd)
{
  int seals = fd >= 0 ? fcntl (fd, F_GET_SEALS) : -1;

  /* Sealing against writing fails while anyone still has it mapped for writing. */
  return seals >= 0 && ((seals & SEALS) == SEALS || fcntl (fd, F_ADD_SEALS, SEALS) == 0);
}

/* Everything a lying peer could get wrong, before a byte of the data is touched. */
static gboolean
check_fd (int fd, guint64 max_bytes, PlaneHeader *header, GError **error)
{
  struct stat info;
  guint64 data_bytes;

  if (fcntl (fd, F_GET_SEALS) < 0)
    return fail (error, _ ("what it sent is not a memory descriptor"));
  if (!smb_plane_is_sealed (fd))
    return fail (error, _ ("its memory is not sealed and cannot be"));
  if (fstat (fd, &info) != 0 || info.st_size < (off_t) sizeof *header
      || pread (fd, header, sizeof *header, 0) != (gssize) sizeof *header)
    return fail (error, _ ("its memory is too short"));
  if (header->magic != PLANE_MAGIC || header->version != PLANE_VERSION)
    return fail (error, _ ("its memory does not begin as it should"));
  data_bytes = size_of_data (header->type, header->width, header->height, header->channels);
  if (data_bytes == 0 || header->data_bytes != data_bytes
      || (guint64) info.st_size != data_bytes + sizeof *header)
    return fail (error, _ ("its memory has another size than it says"));
  if (data_bytes > max_bytes)
    return fail (error, _ ("it sent more than was asked for"));
  return TRUE;
}

SmbPlane *
smb_plane_take_fd (int fd, guint64 max_bytes, GError **error)
{
  PlaneHeader header;
  Mapping *mapping;
  SmbPlane *plane;
  gsize n_bytes;
  void *address;

  if (fd < 0) {
    fail (error, _ ("a descriptor is missing"));
    return NULL;
  }
  if (!check_fd (fd, max_bytes, &header, error)) {
    close (fd);
    return NULL;
  }
  n_bytes = header.data_bytes + sizeof header;
  address = mmap (NULL, n_bytes, PROT_READ, MAP_SHARED, fd, 0);
  close (fd);
  if (address == MAP_FAILED) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MEMORY, _ ("no address space for %zu bytes of pixels"),
                 n_bytes);
    return NULL;
  }
  mapping = g_new (Mapping, 1);
  *mapping = (Mapping){ .address = address, .n_bytes = n_bytes };
  plane = g_new0 (SmbPlane, 1);
  plane->type = header.type;
  plane->width = (int) header.width;
  plane->height = (int) header.height;
  plane->channels = (int) header.channels;
  plane->bytes = g_bytes_new_with_free_func ((guint8 *) address + sizeof header, header.data_bytes, mapping_free,
                                             mapping);
  return plane;
}

void
smb_plane_free (SmbPlane *plane)
{
  if (plane == NULL)
    return;
  g_bytes_unref (plane->bytes);
  g_free (plane);
}

int
smb_plane_new_fd_for_image (const SmbImage *image, GError **error)
{
  return smb_plane_new_fd (SMB_PLANE_U8, image->width, image->height, 3, smb_image_get_pixels (image), error);
}

SmbImage *
smb_plane_take_fd_as_image (int fd, guint64 max_bytes, GError **error)
{
  g_autoptr (SmbPlane) plane = smb_plane_take_fd (fd, max_bytes, error);

  if (plane == NULL)
    return NULL;
  if (plane->type != SMB_PLANE_U8 || plane->channels != 3) {
    fail (error, _ ("it sent something that is not a picture"));
    return NULL;
  }
  return smb_image_new (plane->width, plane->height, plane->bytes);
}
