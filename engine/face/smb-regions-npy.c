/* SPDX-License-Identifier: Apache-2.0 */
/* Region maps as NumPy's files: ten bytes, a Python dictionary as text, then the numbers. */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/smb-error.h"
#include "face/smb-regions-private.h"
#include "face/smb-regions.h"

#define MAGIC            "\x93NUMPY"
#define MAGIC_BYTES      6
#define MAX_HEADER_BYTES 4096
#define MAX_FILE_BYTES   ((gint64) SMB_REGIONS_MAX_SIDE_PX * SMB_REGIONS_MAX_SIDE_PX * 8 + 65536)

typedef struct {
  gint64 height, width;
  gsize size_bytes; /* of one number */
  gsize offset;     /* of the first */
} Layout;

static gboolean
set_malformed (GError **error, const char *path, const char *what)
{
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_FORMAT,
      _ ("%s: not a region map in NumPy's format (%s); save whole numbers 0 to 10 of shape (1, H, W) or (H, W)."), path,
      what);
  return FALSE;
}

/* The text after 'key': in the dictionary, blanks skipped; NULL if it is not there. */
static const char *
value_of (const char *header, const char *key)
{
  g_autofree char *quoted = g_strdup_printf ("'%s':", key);
  const char *at = strstr (header, quoted);

  if (at == NULL)
    return NULL;
  at += strlen (quoted);
  return at + strspn (at, " ");
}

/* "(1, 224, 224)" or "(224, 224)". */
static gboolean
read_shape (const char *text, Layout *layout)
{
  gint64 sides[3];
  int n = 0;

  if (*text++ != '(')
    return FALSE;
  while (n < 3) {
    char *end;

    text += strspn (text, " ");
    if (!g_ascii_isdigit (*text))
      break;
    sides[n++] = g_ascii_strtoll (text, &end, 10);
    text = end + strspn (end, " ");
    if (*text != ',')
      break;
    text++;
  }
  text += strspn (text, " ");
  if (*text != ')' || n < 2 || (n == 3 && sides[0] != 1))
    return FALSE;
  layout->height = sides[n - 2];
  layout->width = sides[n - 1];
  return TRUE;
}

static gboolean
read_header (const char *path, const guint8 *data, gsize n_bytes, Layout *layout, GError **error)
{
  static const struct {
    const char *descr;
    gsize size_bytes;
  } types[] = { { "'|i1'", 1 }, { "'|u1'", 1 }, { "'<i2'", 2 }, { "'<u2'", 2 },
                { "'<i4'", 4 }, { "'<u4'", 4 }, { "'<i8'", 8 }, { "'<u8'", 8 } };
  g_autofree char *header = NULL;
  const char *descr, *order, *shape;
  gsize length, preamble = 10;

  if (n_bytes < 12 || memcmp (data, MAGIC, MAGIC_BYTES) != 0)
    return set_malformed (error, path, _ ("it does not begin as one"));
  length = (gsize) data[8] | (gsize) data[9] << 8;
  if (data[MAGIC_BYTES] > 1) {
    preamble = 12;
    length |= (gsize) data[10] << 16 | (gsize) data[11] << 24;
  }
  if (length > MAX_HEADER_BYTES || preamble + length > n_bytes)
    return set_malformed (error, path, _ ("its header is cut short"));
  header = g_strndup ((const char *) data + preamble, length);
  descr = value_of (header, "descr");
  order = value_of (header, "fortran_order");
  shape = value_of (header, "shape");
  for (guint i = 0; descr != NULL && i < G_N_ELEMENTS (types); i++)
    if (g_str_has_prefix (descr, types[i].descr))
      layout->size_bytes = types[i].size_bytes;
  if (layout->size_bytes == 0)
    return set_malformed (error, path, _ ("it does not hold whole numbers"));
  if (order == NULL || !g_str_has_prefix (order, "False") || shape == NULL || !read_shape (shape, layout))
    return set_malformed (error, path, _ ("its shape is another"));
  layout->offset = preamble + length;
  return TRUE;
}

static SmbRegions *
read_numbers (const char *path, const guint8 *data, const Layout *layout, GError **error)
{
  gsize n = (gsize) layout->width * (gsize) layout->height;
  g_autofree guint8 *classes = g_malloc (n);

  for (gsize i = 0; i < n; i++) {
    const guint8 *number = data + layout->offset + i * layout->size_bytes;
    gboolean small = number[0] < SMB_N_CLASSES;

    for (gsize b = 1; b < layout->size_bytes; b++)
      small = small && number[b] == 0;
    if (!small) {
      set_malformed (error, path, _ ("it holds other numbers"));
      return NULL;
    }
    classes[i] = number[0];
  }
  return smb_regions_new_take ((int) layout->width, g_steal_pointer (&classes), SMB_REGIONS_IMPORTED);
}

SmbRegions *
smb_regions_read_npy (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) cause = NULL;
  Layout layout = { 0 };
  const guint8 *data;
  gsize n_bytes;
  GStatBuf stat_buf;

  g_return_val_if_fail (path != NULL, NULL);
  if (g_stat (path, &stat_buf) != 0) {
    smb_error_set_errno (error, errno, path, _ ("reading the region map"));
    return NULL;
  }
  if (!S_ISREG (stat_buf.st_mode)) {
    set_malformed (error, path, _ ("it is no file"));
    return NULL;
  }
  if (stat_buf.st_size > MAX_FILE_BYTES) {
    set_malformed (error, path, _ ("it is far too large"));
    return NULL;
  }
  if (!g_file_get_contents (path, &text, &n_bytes, &cause)) {
    g_set_error (error, SMB_ERROR,
                 g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? SMB_ERROR_PERMISSION : SMB_ERROR_IO,
                 _ ("%s: the region map cannot be read: %s."), path, cause->message);
    return NULL;
  }
  data = (const guint8 *) text;
  if (!read_header (path, data, n_bytes, &layout, error)
      || !smb_regions_check_size (path, layout.width, layout.height, error))
    return NULL;
  if ((n_bytes - layout.offset) / layout.size_bytes < (gsize) layout.width * (gsize) layout.height) {
    set_malformed (error, path, _ ("its numbers are cut short"));
    return NULL;
  }
  return read_numbers (path, data, &layout, error);
}

gboolean
smb_regions_write_npy (const SmbRegions *regions, const char *path, GError **error)
{
  g_autofree char *header = NULL;
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GError) cause = NULL;
  gsize padded;

  g_return_val_if_fail (regions != NULL && path != NULL, FALSE);
  header = g_strdup_printf ("{'descr': '|i1', 'fortran_order': False, 'shape': (1, %d, %d), }", regions->size_px,
                            regions->size_px);
  /* The header ends in a newline and pads the numbers to a multiple of 64 bytes. */
  padded = (10 + strlen (header) + 1 + 63) / 64 * 64;
  g_byte_array_append (out, (const guint8 *) MAGIC "\x01", MAGIC_BYTES + 1);
  g_byte_array_append (out, (const guint8[]){ 0, (guint8) (padded - 10), 0 }, 3);
  g_byte_array_append (out, (const guint8 *) header, (guint) strlen (header));
  while (out->len < padded - 1)
    g_byte_array_append (out, (const guint8 *) " ", 1);
  g_byte_array_append (out, (const guint8 *) "\n", 1);
  g_byte_array_append (out, regions->classes, (guint) (regions->size_px * regions->size_px));
  if (g_file_set_contents (path, (const char *) out->data, (gssize) out->len, &cause))
    return TRUE;
  g_set_error (error, SMB_ERROR,
               g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? SMB_ERROR_PERMISSION : SMB_ERROR_IO,
               _ ("%s: the region map cannot be written: %s. Choose a folder that can be written to."), path,
               cause->message);
  return FALSE;
}
