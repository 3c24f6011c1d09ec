/* SPDX-License-Identifier: Apache-2.0 */
#include "weights-fixtures.h"

#include "base/smb-error.h"

#include <glib/gstdio.h>
#include <string.h>

char *
fixture_path (const char *name)
{
  return g_build_filename (SMB_FIXTURES, "reference", name, NULL);
}

SmbTensorDict *
fixture_read (const char *name)
{
  g_autofree char *path = fixture_path (name);
  g_autoptr (GError) error = NULL;
  SmbTensorDict *dict = smb_weights_read (path, &error);

  g_assert_no_error (error);
  g_assert_nonnull (dict);
  return dict;
}

void
assert_tensors_same (const char *name, const SmbTensor *a, const SmbTensor *b)
{
  g_autofree char *shape_a = NULL, *shape_b = NULL;

  g_assert_nonnull (a);
  g_assert_nonnull (b);
  shape_a = smb_tensor_dup_shape_text (a);
  shape_b = smb_tensor_dup_shape_text (b);
  g_test_message ("%s: %s %s", name, smb_dtype_name (a->dtype), shape_a);
  g_assert_cmpstr (smb_dtype_name (a->dtype), ==, smb_dtype_name (b->dtype));
  g_assert_cmpstr (shape_a, ==, shape_b);
  g_assert_true (memcmp (a->data, b->data, smb_tensor_get_bytes (a)) == 0);
}

void
assert_dicts_same (const SmbTensorDict *a, const SmbTensorDict *b, const char *prefix)
{
  guint i = 0;

  for (guint j = 0; j < b->names->len; j++) {
    const char *theirs = g_ptr_array_index (b->names, j), *ours;

    if (!g_str_has_prefix (theirs, prefix))
      continue;
    g_assert_cmpuint (i, <, a->names->len);
    ours = g_ptr_array_index (a->names, i++);
    g_assert_cmpstr (ours, ==, theirs + strlen (prefix));
    assert_tensors_same (ours, smb_tensor_dict_get (a, ours), smb_tensor_dict_get (b, theirs));
  }
  g_assert_cmpuint (i, ==, a->names->len);
  g_assert_cmpuint (i, >, 0);
}

void
assert_sentence (const GError *error, const char *path)
{
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_true (error->domain == SMB_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_nonnull (strstr (error->message, path));
  g_assert_true (g_str_has_suffix (error->message, "."));
  g_assert_cmpuint (strlen (error->message), <, strlen (path) + 400);
  for (const char *c = error->message; *c != '\0'; c++)
    g_assert_false (g_ascii_iscntrl (*c));
}

static guint
touch (const SmbTensorDict *dict)
{
  guint sum = 0;

  for (guint i = 0; i < dict->names->len; i++) {
    const SmbTensor *tensor = smb_tensor_dict_get (dict, g_ptr_array_index (dict->names, i));
    const guint8 *bytes = tensor->data;

    for (gsize at = 0; at < smb_tensor_get_bytes (tensor); at++)
      sum += bytes[at];
  }
  return sum;
}

gboolean
read_hostile (const void *data, gsize n_bytes)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "semblance-hostile-XXXXXX", NULL);
  g_autoptr (GError) error = NULL, of_optimiser = NULL;
  g_autoptr (SmbTensorDict) dict = NULL, optimiser = NULL;
  volatile guint sum = 0;
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_close (fd, NULL));
  g_assert_true (g_file_set_contents_full (path, data, (gssize) n_bytes, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  dict = smb_weights_read (path, &error);
  if (dict != NULL) {
    g_assert_no_error (error);
    sum = touch (dict);
    (void) sum;
  } else {
    assert_sentence (error, path);
  }
  optimiser = smb_weights_read_optimiser (path, &of_optimiser);
  if (optimiser != NULL)
    sum = touch (optimiser);
  else
    assert_sentence (of_optimiser, path);
  g_assert_cmpint (g_unlink (path), ==, 0);
  return dict != NULL;
}
