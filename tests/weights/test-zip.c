/* SPDX-License-Identifier: Apache-2.0 */
#include "weights-fixtures.h"

#include <string.h>

/* Archives of ZIP64, which PyTorch writes when a checkpoint is large: one tensor "w" of four floats, its sizes and
 * places stated in the wide fields although they are small. */

static const char pickle[] =
  "\x80\x02}X\5\0\0\0model}X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\n"
  "X\1\0\0\0" "0X\3\0\0\0cpuK\4tQK\0K\4\x85K\1\x85\x89" "ccollections\nOrderedDict\n)RtRss.";
static const guint8 numbers[] = "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40";

/* What is wrong with the archive on purpose. */
typedef enum {
  GOOD,
  SIZES_DISAGREE,
  ENDS_DISAGREE,
  LOCATOR_OUTSIDE,
  LOCAL_DISAGREES,
  NO_EXTRA,
  OVERLAP,
  ENCRYPTED
} Fault;

static void
put (GByteArray *to, guint64 value, guint n_bytes)
{
  for (guint i = 0; i < n_bytes; i++) {
    guint8 byte = (guint8) (i < 8 ? value >> (8 * i) : 0);

    g_byte_array_append (to, &byte, 1);
  }
}

static guint32
crc32_slow (const guint8 *data, gsize n)
{
  guint32 crc = 0xFFFFFFFFu;

  for (gsize i = 0; i < n; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++)
      crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

/* One record with its directory entry. */
static void
put_record (GByteArray *file, GByteArray *directory, const char *name, const void *data, gsize n, Fault fault)
{
  guint64 header = fault == OVERLAP ? 0 : file->len;
  guint32 crc = crc32_slow (data, n);

  put (file, 0x04034b50, 4);
  put (file, 45, 2);
  put (file, 0, 8); /* flags, method, time, date */
  put (file, crc, 4);
  put (file, G_MAXUINT64, 8);
  put (file, strlen (name), 2);
  put (file, 20, 2);
  g_byte_array_append (file, (const guint8 *) name, (guint) strlen (name));
  put (file, 1, 2);
  put (file, 16, 2);
  put (file, n + (fault == LOCAL_DISAGREES), 8);
  put (file, n, 8);
  g_byte_array_append (file, data, (guint) n);

  put (directory, 0x02014b50, 4);
  put (directory, 45 | 45 << 16, 4);
  put (directory, fault == ENCRYPTED, 2);
  put (directory, 0, 6);
  put (directory, crc, 4);
  put (directory, G_MAXUINT64, 8);
  put (directory, strlen (name), 2);
  put (directory, fault == NO_EXTRA ? 0 : 28, 2);
  put (directory, 0, 10); /* comment, disk, attributes */
  put (directory, 0xFFFFFFFF, 4);
  g_byte_array_append (directory, (const guint8 *) name, (guint) strlen (name));
  if (fault == NO_EXTRA)
    return;
  put (directory, 1, 2);
  put (directory, 24, 2);
  put (directory, n, 8);
  put (directory, n + (fault == SIZES_DISAGREE), 8);
  put (directory, header, 8);
}

static gboolean
read_archive (Fault fault)
{
  g_autoptr (GByteArray) file = g_byte_array_new (), directory = g_byte_array_new ();
  guint64 at, end;

  put_record (file, directory, "x/data.pkl", pickle, sizeof pickle - 1, GOOD);
  put_record (file, directory, "x/data/0", numbers, sizeof numbers - 1, fault);
  at = file->len;
  g_byte_array_append (file, directory->data, directory->len);
  end = file->len;
  put (file, 0x06064b50, 4);
  put (file, 44, 8);
  put (file, 45 | 45 << 16, 4);
  put (file, 0, 8);
  put (file, 2, 8);
  put (file, 2, 8);
  put (file, directory->len, 8);
  put (file, at, 8);
  put (file, 0x07064b50, 4);
  put (file, 0, 4);
  put (file, fault == LOCATOR_OUTSIDE ? G_MAXUINT64 - 8 : end, 8);
  put (file, 1, 4);
  put (file, 0x06054b50, 4);
  put (file, 0, 4);
  put (file, fault == ENDS_DISAGREE ? 3 | 3 << 16 : 0xFFFFFFFF, 4);
  put (file, 0xFFFFFFFF, 4);
  put (file, 0xFFFFFFFF, 4);
  put (file, 0, 2);
  return read_hostile (file->data, file->len);
}

static void
test_zip64 (void)
{
  g_assert_true (read_archive (GOOD));
  for (Fault fault = SIZES_DISAGREE; fault <= ENCRYPTED; fault++) {
    g_test_message ("fault %d", fault);
    g_assert_false (read_archive (fault));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  smb_weights_read_pickles_here ();
  g_test_add_func ("/weights/zip/zip64", test_zip64);
  return g_test_run ();
}
