/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-zip.h"

#include "weights/smb-weights-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Facts of the format: PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5. */
#define LOCAL_BYTES 30u
#define CENTRAL_BYTES 46u
#define END_BYTES 22u
#define END64_BYTES 56u
#define LOCATOR_BYTES 20u
#define FLAG_DESCRIPTOR (1u << 3) /* sizes and CRC follow the data; the local header holds zeros */
/* Encryption (old and strong), patches, masked headers. */
#define FLAGS_REFUSED (1u << 0 | 1u << 5 | 1u << 6 | 1u << 13)
#define MAX_RECORDS (1u << 18)

typedef struct {
  char *name;
  guint64 header; /* of the local header, from the start of the file */
  guint64 offset; /* of the data */
  guint64 n_bytes;
  guint32 crc;
} Record;

struct _SmbZip {
  const guint8 *data; /* borrowed */
  gsize n_bytes;
  char *path;
  GPtrArray *records;
  GPtrArray *names;     /* borrowed from records */
  GHashTable *by_name;  /* the same */
};

static guint32
get16 (const guint8 *at)
{
  return (guint32) at[0] | (guint32) at[1] << 8;
}

static guint32
get32 (const guint8 *at)
{
  return get16 (at) | get16 (at + 2) << 16;
}

static guint64
get64 (const guint8 *at)
{
  return (guint64) get32 (at) | (guint64) get32 (at + 4) << 32;
}

/* Eight bytes a step. */
guint32
smb_zip_crc32 (const guint8 *data, gsize n_bytes)
{
  static guint32 table[8][256];
  static gsize ready = 0;
  guint32 crc = 0xFFFFFFFFu;

  if (g_once_init_enter (&ready)) {
    for (guint32 i = 0; i < 256; i++) {
      guint32 c = i;

      for (int bit = 0; bit < 8; bit++)
        c = (c >> 1) ^ (c & 1 ? 0xEDB88320u : 0);
      table[0][i] = c;
    }
    for (guint32 i = 0; i < 256; i++) {
      for (int t = 1; t < 8; t++)
        table[t][i] = (table[t - 1][i] >> 8) ^ table[0][table[t - 1][i] & 0xFF];
    }
    g_once_init_leave (&ready, 1);
  }
  for (; n_bytes >= 8; n_bytes -= 8, data += 8) {
    guint32 low = get32 (data) ^ crc, high = get32 (data + 4);

    crc = table[7][low & 0xFF] ^ table[6][low >> 8 & 0xFF] ^ table[5][low >> 16 & 0xFF] ^ table[4][low >> 24] ^
          table[3][high & 0xFF] ^ table[2][high >> 8 & 0xFF] ^ table[1][high >> 16 & 0xFF] ^ table[0][high >> 24];
  }
  while (n_bytes-- > 0)
    crc = (crc >> 8) ^ table[0][(crc ^ *data++) & 0xFF];
  return crc ^ 0xFFFFFFFFu;
}

static void
record_free (gpointer data)
{
  Record *record = data;

  g_free (record->name);
  g_free (record);
}

void
smb_zip_free (SmbZip *zip)
{
  if (zip == NULL)
    return;
  g_hash_table_unref (zip->by_name);
  g_ptr_array_unref (zip->names);
  g_ptr_array_unref (zip->records);
  g_free (zip->path);
  g_free (zip);
}

/* The end record, where it and its comment close the file exactly. */
static const guint8 *
find_end (const SmbZip *zip)
{
  gsize farthest = MIN (zip->n_bytes, (gsize) END_BYTES + 0xFFFF);

  for (gsize back = END_BYTES; back <= farthest; back++) {
    const guint8 *at = zip->data + zip->n_bytes - back;

    if (memcmp (at, "PK\5\6", 4) == 0 && get16 (at + 20) == back - END_BYTES)
      return at;
  }
  return NULL;
}

/* Where the directory lies. Numbers too large for the old end record stand in the ZIP64 one before it. */
static gboolean
find_directory (const SmbZip *zip, guint64 *n_records, guint64 *begin, guint64 *n_bytes, GError **error)
{
  const guint8 *end = find_end (zip);
  guint64 limit, at64;

  if (end == NULL)
    return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("the archive is cut short, its directory is gone"));
  limit = (guint64) (end - zip->data);
  *n_records = get16 (end + 10);
  *n_bytes = get32 (end + 12);
  *begin = get32 (end + 16);
  if (get16 (end + 4) != 0 || get16 (end + 6) != 0 || get16 (end + 8) != *n_records)
    return smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, zip->path, _ ("the archive has several parts"));
  if (limit >= LOCATOR_BYTES && memcmp (end - LOCATOR_BYTES, "PK\6\7", 4) == 0) {
    limit -= LOCATOR_BYTES;
    at64 = get64 (end - LOCATOR_BYTES + 8);
    if (at64 > limit || limit - at64 < END64_BYTES || memcmp (zip->data + at64, "PK\6\6", 4) != 0)
      return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("the end of the archive's directory is broken"));
    limit = at64;
    if ((*n_records != 0xFFFF && *n_records != get64 (zip->data + at64 + 32)) ||
        (*n_bytes != 0xFFFFFFFFu && *n_bytes != get64 (zip->data + at64 + 40)) ||
        (*begin != 0xFFFFFFFFu && *begin != get64 (zip->data + at64 + 48)))
      return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("the archive's two end records disagree"));
    *n_records = get64 (zip->data + at64 + 32);
    *n_bytes = get64 (zip->data + at64 + 40);
    *begin = get64 (zip->data + at64 + 48);
  }
  if (*begin > limit || *n_bytes > limit - *begin)
    return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("the archive's directory lies outside the file"));
  if (*n_records > MAX_RECORDS)
    return smb_weights_fail (error, SMB_ERROR_LIMIT, zip->path, _ ("more than %u records"), MAX_RECORDS);
  return TRUE;
}

/* Numbers of 32 ones in a directory entry stand, in this order, in its ZIP64 extra field. */
static gboolean
read_extra64 (const guint8 *extra, gsize n_extra, guint64 *const numbers[], int n_numbers)
{
  while (n_extra >= 4) {
    gsize n = get16 (extra + 2);

    if (n > n_extra - 4)
      return FALSE;
    if (get16 (extra) == 1) {
      const guint8 *at = extra + 4;

      for (int i = 0; i < n_numbers; i++) {
        if (*numbers[i] != 0xFFFFFFFFu)
          continue;
        if (n < 8)
          return FALSE;
        *numbers[i] = get64 (at);
        at += 8;
        n -= 8;
      }
      return TRUE;
    }
    extra += 4 + n;
    n_extra -= 4 + n;
  }
  /* No such field: right only if it was not needed. */
  for (int i = 0; i < n_numbers; i++) {
    if (*numbers[i] == 0xFFFFFFFFu)
      return FALSE;
  }
  return TRUE;
}

/* The local header must tell the same as the directory; finds where the data begins. `limit`: where the directory
 * begins, which no record may reach into. */
static gboolean
check_local (const SmbZip *zip, Record *record, guint64 limit)
{
  const guint8 *local;
  gsize n_name = strlen (record->name);
  guint64 sizes[2], *const numbers[] = { &sizes[1], &sizes[0] };
  gsize n_extra;

  if (record->header > limit || limit - record->header < LOCAL_BYTES)
    return FALSE;
  local = zip->data + record->header;
  if (memcmp (local, "PK\3\4", 4) != 0 || get16 (local + 8) != 0 || get16 (local + 26) != n_name)
    return FALSE;
  n_extra = get16 (local + 28);
  if (limit - record->header - LOCAL_BYTES < n_name + n_extra ||
      memcmp (local + LOCAL_BYTES, record->name, n_name) != 0)
    return FALSE;
  record->offset = record->header + LOCAL_BYTES + n_name + n_extra;
  if (record->n_bytes > limit - record->offset)
    return FALSE;
  if (get16 (local + 6) & FLAG_DESCRIPTOR)
    return TRUE;
  sizes[0] = get32 (local + 18);
  sizes[1] = get32 (local + 22);
  return get32 (local + 14) == record->crc && read_extra64 (local + LOCAL_BYTES + n_name, n_extra, numbers, 2) &&
         sizes[0] == record->n_bytes && sizes[1] == record->n_bytes;
}

/* One directory entry at `at`, of which `left` bytes remain; *used: how many it takes. */
static gboolean
read_record (SmbZip *zip, const guint8 *at, guint64 left, guint64 limit, guint64 *used, GError **error)
{
  Record *record;
  g_autofree char *quoted = NULL;
  guint64 stored, *numbers[3];
  gsize n_name, n_extra;

  if (left < CENTRAL_BYTES || memcmp (at, "PK\1\2", 4) != 0)
    return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("the archive's directory is broken"));
  n_name = get16 (at + 28);
  n_extra = get16 (at + 30);
  *used = CENTRAL_BYTES + n_name + n_extra + get16 (at + 32);
  if (left < *used)
    return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("the archive's directory is cut short"));
  quoted = smb_weights_quote ((const char *) at + CENTRAL_BYTES, n_name);
  if (!g_utf8_validate_len ((const char *) at + CENTRAL_BYTES, n_name, NULL) || n_name == 0)
    return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("a record's name “%s” is not UTF-8"), quoted);
  if (get16 (at + 8) & FLAGS_REFUSED)
    return smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, zip->path, _ ("record “%s” is encrypted"), quoted);
  if (get16 (at + 10) != 0)
    return smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, zip->path,
                             _ ("record “%s” is compressed, which PyTorch never does"), quoted);
  record = g_new0 (Record, 1);
  g_ptr_array_add (zip->records, record);
  record->name = g_strndup ((const char *) at + CENTRAL_BYTES, n_name);
  record->crc = get32 (at + 16);
  stored = get32 (at + 20);
  record->n_bytes = get32 (at + 24);
  record->header = get32 (at + 42);
  numbers[0] = &record->n_bytes;
  numbers[1] = &stored;
  numbers[2] = &record->header;
  if (!read_extra64 (at + CENTRAL_BYTES + n_name, n_extra, numbers, 3) || stored != record->n_bytes)
    return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("the sizes of record “%s” disagree"), quoted);
  if (!check_local (zip, record, limit))
    return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path,
                             _ ("record “%s” is not where and what the archive's directory says"), quoted);
  if (!g_hash_table_insert (zip->by_name, record->name, record))
    return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("record “%s” is there twice"), quoted);
  g_ptr_array_add (zip->names, record->name);
  return TRUE;
}

static int
compare_places (gconstpointer a, gconstpointer b)
{
  const Record *x = *(const Record *const *) a, *y = *(const Record *const *) b;

  return x->header < y->header ? -1 : x->header > y->header;
}

static gboolean
check_overlap (const SmbZip *zip, GError **error)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  guint64 at = 0;

  for (guint i = 0; i < zip->records->len; i++)
    g_ptr_array_add (sorted, g_ptr_array_index (zip->records, i));
  g_ptr_array_sort (sorted, compare_places);
  for (guint i = 0; i < sorted->len; i++) {
    const Record *record = g_ptr_array_index (sorted, i);

    if (record->header < at)
      return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("records of the archive overlap"));
    at = record->offset + record->n_bytes;
  }
  return TRUE;
}

SmbZip *
smb_zip_new (GBytes *bytes, const char *path, GError **error)
{
  g_autoptr (SmbZip) zip = g_new0 (SmbZip, 1);
  guint64 n_records = 0, begin = 0, n_bytes = 0, at = 0;

  zip->data = g_bytes_get_data (bytes, &zip->n_bytes);
  zip->path = g_strdup (path);
  zip->records = g_ptr_array_new_with_free_func (record_free);
  zip->names = g_ptr_array_new ();
  zip->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  if (!find_directory (zip, &n_records, &begin, &n_bytes, error))
    return NULL;
  for (guint64 i = 0; i < n_records; i++) {
    guint64 used = 0;

    if (!read_record (zip, zip->data + begin + at, n_bytes - at, begin, &used, error))
      return NULL;
    at += used;
  }
  if (at != n_bytes) {
    smb_weights_fail (error, SMB_ERROR_FORMAT, path, _ ("the archive's directory holds more than it says"));
    return NULL;
  }
  return check_overlap (zip, error) ? g_steal_pointer (&zip) : NULL;
}

GPtrArray *
smb_zip_get_names (SmbZip *zip)
{
  return zip->names;
}

gboolean
smb_zip_find (SmbZip *zip, const char *name, gsize *offset, gsize *n_bytes, GError **error)
{
  const Record *record = g_hash_table_lookup (zip->by_name, name);

  if (record == NULL)
    return FALSE;
  if (smb_zip_crc32 (zip->data + record->offset, record->n_bytes) != record->crc) {
    g_autofree char *quoted = smb_weights_quote (name, strlen (name));

    return smb_weights_fail (error, SMB_ERROR_FORMAT, zip->path, _ ("the checksum of record “%s” is wrong"), quoted);
  }
  *offset = record->offset;
  *n_bytes = record->n_bytes;
  return TRUE;
}
