/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-weights-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUOTED_CHARS 80

gboolean
smb_weights_fail (GError **error, SmbError code, const char *path, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  switch (code) {
  case SMB_ERROR_UNSUPPORTED:
    g_set_error (error, SMB_ERROR, code, _ ("%s: this kind of weights file cannot be read: %s. Save it again as "
                                            ".safetensors."), path, what);
    break;
  case SMB_ERROR_LIMIT:
    g_set_error (error, SMB_ERROR, code, _ ("%s: refused, for it is over a limit that protects against malicious "
                                            "files: %s."), path, what);
    break;
  default:
    g_set_error (error, SMB_ERROR, code, _ ("%s: this is no intact weights file: %s. Fetch or export it again."), path,
                 what);
    break;
  }
  return FALSE;
}

char *
smb_weights_quote (const char *name, gsize n_bytes)
{
  g_autofree char *valid = g_utf8_make_valid (name, (gssize) MIN (n_bytes, 6 * QUOTED_CHARS));
  GString *text = g_string_new (NULL);
  int n = 0;

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (n++ == QUOTED_CHARS) {
      g_string_append (text, "…");
      break;
    }
    g_string_append_unichar (text, g_unichar_isprint (c) ? c : 0xFFFD);
  }
  return g_string_free (text, FALSE);
}

gboolean
smb_weights_dtype_from_name (const char *name, SmbDtype *dtype)
{
  for (SmbDtype d = SMB_DTYPE_F32; d <= SMB_DTYPE_BOOL; d++) {
    if (strcmp (smb_dtype_name (d), name) == 0) {
      *dtype = d;
      return TRUE;
    }
  }
  return FALSE;
}

SmbTensor *
smb_weights_tensor_over (GBytes *bytes, gsize offset, SmbDtype dtype, int rank, const gint64 *shape)
{
  const guint8 *data = (const guint8 *) g_bytes_get_data (bytes, NULL) + offset;
  SmbTensor *copy;

  if ((guintptr) data % smb_dtype_size_bytes (dtype) == 0)
    return smb_tensor_new_borrowed (dtype, rank, shape, data, g_bytes_ref (bytes), (GDestroyNotify) g_bytes_unref);
  copy = smb_tensor_new (dtype, rank, shape);
  memcpy (copy->data, data, smb_tensor_get_bytes (copy));
  return copy;
}

typedef struct {
  void *data;
  gsize n_bytes;
} Mapping;

static void
unmap (gpointer user_data)
{
  Mapping *mapping = user_data;

  munmap (mapping->data, mapping->n_bytes);
  g_free (mapping);
}

/* The file's bytes, mapped. A private mapping shields from nothing if another program rewrites or cuts the file
 * meanwhile (that is SIGBUS, a dead worker and a failed job); hashing through the same descriptor tells of it. */
static GBytes *
map_file (int fd, const char *path, GError **error)
{
  struct stat info;
  Mapping *mapping;
  void *data;

  if (fstat (fd, &info) != 0) {
    smb_error_set_errno (error, errno, path, _ ("reading its size"));
    return NULL;
  }
  if (S_ISDIR (info.st_mode)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _ ("%s: this is a folder, not a weights file. Name the file "
                                                        "inside it."), path);
    return NULL;
  }
  if (!S_ISREG (info.st_mode)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED, _ ("%s: this is a device or a pipe, not a weights file. "
                                                             "Copy its content into a file first."), path);
    return NULL;
  }
  if (info.st_size == 0) {
    smb_weights_fail (error, SMB_ERROR_FORMAT, path, _ ("it is empty"));
    return NULL;
  }
  data = mmap (NULL, (gsize) info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) {
    smb_error_set_errno (error, errno, path, _ ("mapping it into memory"));
    return NULL;
  }
  mapping = g_new (Mapping, 1);
  mapping->data = data;
  mapping->n_bytes = (gsize) info.st_size;
  return g_bytes_new_with_free_func (data, mapping->n_bytes, unmap, mapping);
}

/* A legacy checkpoint begins with a pickle (protocol 2 or more) of PyTorch's magic number, which is ten bytes long;
 * protocol 4 puts a frame's mark and length (nine bytes) before it. */
static gboolean
is_legacy (const guint8 *data, gsize n_bytes)
{
  static const guint8 magic[] = { 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19 };
  gsize at = n_bytes > 2 && data[2] == 0x95 ? 11 : 2;

  return n_bytes >= at + sizeof magic && data[0] == 0x80 && memcmp (data + at, magic, sizeof magic) == 0;
}

static gboolean
is_zip (const guint8 *data, gsize n_bytes)
{
  return n_bytes >= 4 && memcmp (data, "PK\x03\x04", 4) == 0;
}

static gboolean pickles_here;
static SmbWeightsConvert convert_pickles;

void
smb_weights_read_pickles_here (void)
{
  pickles_here = TRUE;
}

void
smb_weights_convert_pickles_with (SmbWeightsConvert convert)
{
  convert_pickles = convert;
}

static SmbTensorDict *
read_converted (int fd, SmbWeightsPart part, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  int converted;

  if (convert_pickles == NULL) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
        _ ("%s: this is PyTorch's kind of weights file, which is read only by a process that is locked in, and "
           "this one is not. Import it into the library first: semblance-cli model import."),
        path);
    return NULL;
  }
  converted = convert_pickles (fd, part, path, error);
  if (converted < 0)
    return NULL;
  bytes = map_file (converted, path, error);
  close (converted);
  return bytes != NULL ? smb_safetensors_read (bytes, path, error) : NULL;
}

static SmbTensorDict *
read_bytes (int fd, GBytes *bytes, SmbWeightsPart part, const char *path, GError **error)
{
  gsize n_bytes;
  const guint8 *data = g_bytes_get_data (bytes, &n_bytes);
  guint64 header_bytes;

  if (!pickles_here && (is_zip (data, n_bytes) || is_legacy (data, n_bytes)))
    return read_converted (fd, part, path, error);
  if (is_zip (data, n_bytes))
    return smb_pth_read_zip (bytes, part, path, error);
  if (is_legacy (data, n_bytes))
    return smb_pth_read_legacy (bytes, part, path, error);
  if (n_bytes > 8) {
    memcpy (&header_bytes, data, sizeof header_bytes);
    header_bytes = GUINT64_FROM_LE (header_bytes);
    if (part == SMB_WEIGHTS_MODEL && (data[8] == '{' || header_bytes <= n_bytes - 8))
      return smb_safetensors_read (bytes, path, error);
  }
  if (part == SMB_WEIGHTS_OPTIMISER)
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s holds no state of an optimiser from which a training could go on."), path);
  else if (n_bytes >= 2 && data[0] == 0x80 && data[1] <= 5)
    smb_weights_fail (error, SMB_ERROR_FORMAT, path, _ ("it is a bare Python pickle without PyTorch's magic number"));
  else
    smb_weights_fail (error, SMB_ERROR_FORMAT, path, _ ("its content is neither .safetensors nor a PyTorch "
                                                        "checkpoint"));
  return NULL;
}

SmbTensorDict *
smb_weights_read_fd (int fd, SmbWeightsPart part, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = map_file (fd, path, error);
  SmbTensorDict *dict = bytes != NULL ? read_bytes (fd, bytes, part, path, error) : NULL;
  const guint8 *data;
  gsize n_bytes;

  if (dict == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &n_bytes);
  for (guint i = 0; i < dict->names->len; i++) { /* all but what had to be copied out of the file */
    SmbTensor *tensor = smb_tensor_dict_get (dict, g_ptr_array_index (dict->names, i));

    tensor->mapped = (const guint8 *) tensor->data >= data && (const guint8 *) tensor->data < data + n_bytes;
  }
  return dict;
}

static SmbTensorDict *
read_path (const char *path, SmbWeightsPart part, GError **error)
{
  /* Not blocking: the name may be a pipe's. */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  SmbTensorDict *dict;

  if (fd < 0) {
    smb_error_set_errno (error, errno, path, _ ("opening the weights file"));
    return NULL;
  }
  dict = smb_weights_read_fd (fd, part, path, error);
  close (fd);
  return dict;
}

SmbTensorDict *
smb_weights_read (const char *path, GError **error)
{
  return read_path (path, SMB_WEIGHTS_MODEL, error);
}

SmbTensorDict *
smb_weights_read_optimiser (const char *path, GError **error)
{
  return read_path (path, SMB_WEIGHTS_OPTIMISER, error);
}
