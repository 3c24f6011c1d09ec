/* SPDX-License-Identifier: Apache-2.0 */
#include "weights-fixtures.h"

#include "base/smb-error.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
scratch_path (const char *name)
{
  g_autofree char *folder = g_dir_make_tmp ("semblance-safetensors-XXXXXX", NULL);

  g_assert_nonnull (folder);
  return g_build_filename (folder, name, NULL);
}

static void
remove_scratch (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_unlink (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0); /* fails if a temporary file was left */
}

static void
test_reads_values (void)
{
  g_autoptr (SmbTensorDict) dict = fixture_read ("dtypes.safetensors");
  const SmbTensor *f32 = smb_tensor_dict_get (dict, "f32");

  g_assert_cmpuint (smb_tensor_dict_get_size (dict), ==, 10);
  g_assert_cmpstr (g_ptr_array_index (dict->names, 0), ==, "f32");
  g_assert_true (smb_tensor_shape_is (f32, 2, (gint64) 4, (gint64) 6));
  g_assert_true (smb_tensor_is_finite (f32));
}

/* Types narrower than their neighbours may lie at odd addresses in other programs' files. */
static void
test_unaligned (void)
{
  static const char header[] =
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
    "\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[1,9]}}";
  g_autofree char *path = scratch_path ("odd.safetensors");
  g_autoptr (GByteArray) file = g_byte_array_new ();
  guint64 length = GUINT64_TO_LE ((guint64) strlen (header));
  const double value = 1.25;
  g_autoptr (SmbTensorDict) dict = NULL;
  g_autoptr (GError) error = NULL;
  const SmbTensor *b;

  g_byte_array_append (file, (const guint8 *) &length, 8);
  g_byte_array_append (file, (const guint8 *) header, sizeof header - 1);
  g_byte_array_append (file, (const guint8 *) "\7", 1);
  g_byte_array_append (file, (const guint8 *) &value, 8);
  g_assert_true (g_file_set_contents (path, (const char *) file->data, file->len, NULL));
  dict = smb_weights_read (path, &error);
  g_assert_no_error (error);
  b = smb_tensor_dict_get (dict, "b");
  g_assert_cmpuint ((guintptr) b->data % 8, ==, 0);
  g_assert_cmpfloat (*(const double *) b->data, ==, 1.25);
  remove_scratch (path);
}

static void
test_round_trip (void)
{
  static const char *const names[] = { "dtypes.safetensors", "b_adapter_io.safetensors", "a_online_init.safetensors" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (SmbTensorDict) dict = fixture_read (names[i]), again = NULL;
    g_autofree char *path = scratch_path ("out.safetensors"), *first = NULL, *second = NULL;
    g_autoptr (GError) error = NULL;
    gsize n_first, n_second;

    g_assert_true (smb_weights_write (path, dict, &error));
    g_assert_no_error (error);
    again = smb_weights_read (path, &error);
    g_assert_no_error (error);
    assert_dicts_same (dict, again, "");
    g_assert_cmpuint (g_hash_table_size (dict->metadata), ==, g_hash_table_size (again->metadata));
    g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "config"), ==, smb_tensor_dict_get_meta (again, "config"));
    for (guint t = 0; t < again->names->len; t++) {
      const SmbTensor *tensor = smb_tensor_dict_get (again, g_ptr_array_index (again->names, t));

      g_assert_cmpuint ((guintptr) tensor->data % smb_dtype_size_bytes (tensor->dtype), ==, 0);
      smb_tensor_release_pages (tensor); /* whatever memory that gives back, the values stay */
    }
    assert_dicts_same (dict, again, "");
    /* Overwriting gives the same bytes, and what is mapped of the old file stays readable. */
    g_assert_true (g_file_get_contents (path, &first, &n_first, NULL));
    g_assert_true (smb_weights_write (path, again, &error));
    g_assert_no_error (error);
    g_assert_true (g_file_get_contents (path, &second, &n_second, NULL));
    g_assert_cmpuint (n_first, ==, n_second);
    g_assert_true (memcmp (first, second, n_first) == 0);
    assert_dicts_same (dict, again, "");
    remove_scratch (path);
  }
}

static void
test_odd_names (void)
{
  static const char *const names[] = { "quote\"back\\slash", "tab\tnew\nline", "größe 顔 \xF0\x9F\x99\x82", "" };
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new (), again = NULL;
  g_autofree char *path = scratch_path ("names.safetensors");
  g_autoptr (GError) error = NULL;
  const gint64 none[] = { 3, 0, 2 };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (SmbTensor) tensor = smb_tensor_new (SMB_DTYPE_I16, i == 2 ? 0 : 3, none);

    smb_tensor_dict_set (dict, names[i], tensor);
  }
  smb_tensor_dict_set_meta (dict, "key\"", "value \\ \x01");
  g_assert_true (smb_weights_write (path, dict, &error));
  g_assert_no_error (error);
  again = smb_weights_read (path, &error);
  g_assert_no_error (error);
  assert_dicts_same (dict, again, "");
  g_assert_cmpstr (smb_tensor_dict_get_meta (again, "key\""), ==, "value \\ \x01");
  remove_scratch (path);
}

static void
assert_header (const char *header, gsize n_data, gboolean good)
{
  g_autofree guint8 *file = g_malloc0 (8 + strlen (header) + n_data);
  guint64 length = GUINT64_TO_LE ((guint64) strlen (header));

  g_test_message ("%s", header);
  memcpy (file, &length, 8);
  memcpy (file + 8, header, strlen (header));
  g_assert_true (read_hostile (file, 8 + strlen (header) + n_data) == good);
}

static void
test_headers (void)
{
#define TENSOR "\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]"
  assert_header ("{ \"a\" : {" TENSOR "} } \n", 2, TRUE);
  assert_header ("{\"\\u00e4\\ud83d\\ude42\":{" TENSOR "}}", 2, TRUE);
  assert_header ("{\"__metadata__\":{},\"a\":{" TENSOR "}}", 2, TRUE);
  assert_header (" {\"a\":{" TENSOR "}}", 2, FALSE);
  assert_header ("{\"a\":{" TENSOR "},}", 2, FALSE);
  assert_header ("{\"a\":{" TENSOR "}", 2, FALSE);
  assert_header ("{\"a\":{" TENSOR ",\"more\":1}}", 2, FALSE);
  assert_header ("{\"a\":{" TENSOR ",\"shape\":[2]}}", 2, FALSE);
  assert_header ("{\"a\":{}}", 2, FALSE);
  assert_header ("{\"\\ud83d\":{" TENSOR "}}", 2, FALSE);
  assert_header ("{\"\\u0000\":{" TENSOR "}}", 2, FALSE);
  assert_header ("{\"\\x\":{" TENSOR "}}", 2, FALSE);
  assert_header ("{\"__metadata__\":{\"k\":1},\"a\":{" TENSOR "}}", 2, FALSE);
  assert_header ("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"},\"a\":{" TENSOR "}}", 2, FALSE);
  assert_header ("{\"__metadata__\":{},\"__metadata__\":{},\"a\":{" TENSOR "}}", 2, FALSE);
  assert_header ("{\"a\":{" TENSOR "},\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[2,2]}}", 2, FALSE);
  assert_header ("{\"a\":{\"dtype\":\"U8\",\"shape\":[02],\"data_offsets\":[0,2]}}", 2, FALSE);
  assert_header ("{\"a\":{\"dtype\":\"U8\",\"shape\":[2e0],\"data_offsets\":[0,2]}}", 2, FALSE);
  assert_header ("{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,2],\"data_offsets\":[0,2]}}", 2, TRUE);
  assert_header ("{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,2]}}", 2, FALSE);
  assert_header ("{\"a\":{\"dtype\":\"U16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2, FALSE);
#undef TENSOR
}

static void
test_system_errors (void)
{
  g_autofree char *path = scratch_path ("pipe");
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new ();
  g_autofree char *nowhere = g_build_filename (folder, "no", "where.safetensors", NULL);

  g_assert_null (smb_weights_read ("/nonexistent/w.pth", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (smb_weights_read (folder, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  assert_sentence (error, folder);
  g_clear_error (&error);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  g_assert_null (smb_weights_read (path, &error)); /* must not wait for a writer */
  g_assert_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_false (smb_weights_write (nowhere, dict, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  remove_scratch (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/weights/safetensors/values", test_reads_values);
  g_test_add_func ("/weights/safetensors/unaligned", test_unaligned);
  g_test_add_func ("/weights/safetensors/round-trip", test_round_trip);
  g_test_add_func ("/weights/safetensors/odd-names", test_odd_names);
  g_test_add_func ("/weights/safetensors/headers", test_headers);
  g_test_add_func ("/weights/safetensors/system-errors", test_system_errors);
  return g_test_run ();
}
