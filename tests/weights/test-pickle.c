/* SPDX-License-Identifier: Apache-2.0 */
#include "weights-fixtures.h"

#include "base/smb-error.h"

#include <glib/gstdio.h>
#include <string.h>

/* Checkpoints of the legacy form written opcode by opcode: what the fixtures, which PyTorch wrote, do not hold. */

#define PICKLE(text) text, sizeof (text) - 1

/* The pickles before the checkpoint: magic number, version, machine. */
static const guint8 opening[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
                                "\x80\x02M\xe9\x03."
                                "\x80\x02}X\x0d\0\0\0little_endian\x88s.";
/* One storage "7" of four floats: its list and its numbers. */
static const guint8 closing[] = "\x80\x02]X\1\0\0\0" "7a." "\4\0\0\0\0\0\0\0"
                                "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40";

/* Pieces of pickles. A tensor over that storage; its geometry follows: offset, shape, stride. */
#define STORAGE "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0" "7X\3\0\0\0cpuK\4tQ"
#define TENSOR(geometry)                                                                                               \
  "ctorch._utils\n_rebuild_tensor_v2\n(" STORAGE geometry "\x89"                                                       \
  "ccollections\nOrderedDict\n)RtR"
#define WHOLE TENSOR ("K\0K\4\x85K\1\x85")
#define MODEL(entries) "X\5\0\0\0model}(" entries "u"
#define KEY_W "X\1\0\0\0w"

static char *
write_stream (const char *pickle, gsize n_pickle, const guint8 *start, gsize n_start)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  char *path = g_build_filename (g_get_tmp_dir (), "semblance-pickle-XXXXXX", NULL);
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_close (fd, NULL));
  g_byte_array_append (all, start, (guint) n_start);
  g_byte_array_append (all, (const guint8 *) pickle, (guint) n_pickle);
  g_byte_array_append (all, closing, sizeof closing - 1);
  g_assert_true (g_file_set_contents (path, (const char *) all->data, (gssize) all->len, NULL));
  return path;
}

static SmbTensorDict *
read_pickle (const char *pickle, gsize n_pickle, GError **error)
{
  g_autofree char *path = write_stream (pickle, n_pickle, opening, sizeof opening - 1);
  SmbTensorDict *dict = smb_weights_read (path, error);

  if (dict == NULL && error != NULL)
    assert_sentence (*error, path);
  g_unlink (path);
  return dict;
}

static SmbTensorDict *
accept (const char *pickle, gsize n_pickle)
{
  g_autoptr (GError) error = NULL;
  SmbTensorDict *dict = read_pickle (pickle, n_pickle, &error);

  g_assert_no_error (error);
  g_assert_nonnull (smb_tensor_dict_get (dict, "w"));
  return dict;
}

static void
refuse (const char *pickle, gsize n_pickle, SmbError code, const char *word)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (read_pickle (pickle, n_pickle, &error));
  g_assert_error (error, SMB_ERROR, (gint) code);
  g_assert_nonnull (strstr (error->message, word));
}

static void
assert_values (const SmbTensorDict *dict, const float *values, gint64 n)
{
  const SmbTensor *w = smb_tensor_dict_get (dict, "w");

  g_assert_cmpint (w->n, ==, n);
  for (gint64 i = 0; i < n; i++)
    g_assert_cmpfloat (((const float *) w->data)[i], ==, values[i]);
}

static void
test_views (void)
{
  g_autoptr (SmbTensorDict) whole = accept (PICKLE ("\x80\x02}(" MODEL (KEY_W WHOLE) "u."));
  g_autoptr (SmbTensorDict) turned =
    accept (PICKLE ("\x80\x02}(" MODEL (KEY_W TENSOR ("K\0K\2K\2\x86K\1K\2\x86")) "u."));
  g_autoptr (SmbTensorDict) repeated =
    accept (PICKLE ("\x80\x02}(" MODEL (KEY_W TENSOR ("K\3K\3\x85K\0\x85")) "u."));

  assert_values (whole, (const float[]){ 1, 2, 3, 4 }, 4);
  assert_values (turned, (const float[]){ 1, 3, 2, 4 }, 4);
  assert_values (repeated, (const float[]){ 4, 4, 4 }, 3);
  /* 2^40 times the same number. */
  refuse (PICKLE ("\x80\x02}(" MODEL (KEY_W TENSOR ("K\0\x8a\6\0\0\0\0\0\1\x85K\0\x85")) "u."), SMB_ERROR_LIMIT,
          "too often");
  refuse (PICKLE ("\x80\x02}(" MODEL (KEY_W TENSOR ("K\1K\4\x85K\1\x85")) "u."), SMB_ERROR_FORMAT,
          "beyond its storage");
}

/* Classes that are not known become records; what needs none of them is read all the same. */
static void
test_opaque (void)
{
  g_autoptr (SmbTensorDict) dict = accept (PICKLE (
    "\x80\x02}(" MODEL (KEY_W WHOLE) "X\4\0\0\0argscargparse\nNamespace\n)\x81}("
    "X\6\0\0\0devicectorch\ndevice\nX\4\0\0\0cuda\x85R"
    "X\5\0\0\0countccollections\nCounter\n}X\1\0\0\0aK\1s\x85R"
    "X\3\0\0\0netcmy.net\nNet\n)\x81}X\1\0\0\0xK\1sb"
    "X\5\0\0\0bytesc_codecs\nencode\nX\3\0\0\0\0\xc3\xbfX\6\0\0\0latin1\x86R"
    "X\3\0\0\0setc__builtin__\nset\n]K\1a\x85R"
    "X\2\0\0\0lrG\x3f\x50\x62\x4d\xd2\xf1\xa9\xfc"
    "ubu."));

  assert_values (dict, (const float[]){ 1, 2, 3, 4 }, 4);
  g_assert_cmpuint (g_hash_table_size (dict->metadata), ==, 1);
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "args.lr"), ==, "0.001");
}

static void
test_opaque_in_model (void)
{
#define BESIDE "\x80\x02}(X\1\0\0\0x" WHOLE /* so that the stream's one storage belongs to something */
  refuse (PICKLE (BESIDE MODEL (KEY_W "cmy.net\nNet\n)\x81") "u."), SMB_ERROR_UNSUPPORTED, "no tensor");
  refuse (PICKLE (BESIDE "X\5\0\0\0modelcmy.net\nNet\n)\x81u."), SMB_ERROR_UNSUPPORTED, "whole Python object");
  refuse (PICKLE ("\x80\x02" "cmy.net\nNet\n" WHOLE "\x85\x81."), SMB_ERROR_UNSUPPORTED, "other Python object");
  refuse (PICKLE (BESIDE "X\5\0\0\0model}u."), SMB_ERROR_FORMAT, "no tensors");
#undef BESIDE
}

/* Names that only an attack needs are refused wherever they stand, even where nothing would call them. */
static void
test_attacks (void)
{
  refuse (PICKLE ("\x80\x02}(" MODEL (KEY_W WHOLE) "X\1\0\0\0acsubprocess\nPopen\nu."), SMB_ERROR_FORMAT,
          "subprocess Popen");
  refuse (PICKLE ("\x80\x02}(" MODEL (KEY_W WHOLE) "X\1\0\0\0ac__builtin__\ngetattr\nu."), SMB_ERROR_FORMAT, "getattr");
  refuse (PICKLE ("\x80\x02}(" MODEL (KEY_W WHOLE) "X\1\0\0\0acos.path\njoin\nu."), SMB_ERROR_FORMAT, "os.path join");
  /* A control character in a name does not reach the terminal. */
  refuse (PICKLE ("\x80\x02}(" MODEL (KEY_W WHOLE) "X\1\0\0\0acos\n\x1b[2J\nu."), SMB_ERROR_FORMAT, "\xef\xbf\xbd[2J");
}

static void
test_openings (void)
{
  static const char pickle[] = "\x80\x04\x95\x05\0\0\0\0\0\0\0}(" MODEL (KEY_W WHOLE) "u.";
  static const guint8 framed[] = "\x80\x04\x95\x0d\0\0\0\0\0\0\0\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
                                 "\x80\x02M\xe9\x03."
                                 "\x80\x02}X\x0d\0\0\0little_endian\x88s.";
  static const guint8 big_endian[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
                                     "\x80\x02M\xe9\x03."
                                     "\x80\x02}X\x0d\0\0\0little_endian\x89s.";
  g_autofree char *good = write_stream (PICKLE (pickle), framed, sizeof framed - 1);
  g_autofree char *bad = write_stream (PICKLE (pickle), big_endian, sizeof big_endian - 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbTensorDict) dict = smb_weights_read (good, &error);

  g_assert_no_error (error);
  assert_values (dict, (const float[]){ 1, 2, 3, 4 }, 4);
  g_assert_null (smb_weights_read (bad, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "big-endian"));
  g_unlink (good);
  g_unlink (bad);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  smb_weights_read_pickles_here ();
  g_test_add_func ("/weights/pickle/views", test_views);
  g_test_add_func ("/weights/pickle/opaque", test_opaque);
  g_test_add_func ("/weights/pickle/opaque-in-model", test_opaque_in_model);
  g_test_add_func ("/weights/pickle/attacks", test_attacks);
  g_test_add_func ("/weights/pickle/openings", test_openings);
  return g_test_run ();
}
