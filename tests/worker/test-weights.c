/* SPDX-License-Identifier: Apache-2.0 */
/* PyTorch's files are read behind the decoder's lock or not at all, and come out as they would unlocked. */
#include "weights-fixtures.h"

#include "base/smb-error.h"
#include "worker/smb-engine.h"

#include <string.h>

static const char *const good[] = { "a_finetune_after3.pth", "a_online_init_legacy.pth", "dtypes_and_views.pth",
                                    "malformed/ok_minimal.pth" };

/* Runs first: this process has not said anything yet. */
static void
test_refused_by_default (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree char *path = fixture_path (good[i]);
    g_autoptr (GError) error = NULL;

    g_assert_null (smb_weights_read (path, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
    g_assert_nonnull (strstr (error->message, "locked in"));
    assert_sentence (error, path);
  }
  smb_engine_guard_weights ();
}

/* Element for element what a reader in this process gives. */
static void
test_same (void)
{
  g_autoptr (SmbTensorDict) locked = fixture_read ("a_finetune_after3.pth");
  g_autoptr (SmbTensorDict) views = fixture_read ("dtypes_and_views.pth");
  g_autoptr (SmbTensorDict) plain = fixture_read ("a_finetune_after3.safetensors");
  g_autoptr (SmbTensorDict) plain_views = fixture_read ("dtypes_and_views.safetensors"), optimiser = NULL;
  g_autofree char *path = fixture_path ("a_finetune_after3.pth");
  GError *error = NULL;

  assert_dicts_same (locked, plain, "");
  optimiser = smb_weights_read_optimiser (path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (smb_tensor_dict_get (optimiser, "0.exp_avg_sq"));
  g_assert_cmpstr (smb_tensor_dict_get_meta (locked, "epoch"), !=, NULL);
  for (guint i = 0; i < views->names->len; i++) {
    const char *name = g_ptr_array_index (views->names, i);

    assert_tensors_same (name, smb_tensor_dict_get (views, name), smb_tensor_dict_get (plain_views, name));
  }
}

/* The reader's own sentence comes through, and the next file is read. */
static void
test_evil (void)
{
  static const struct {
    const char *file;
    SmbError code;
    const char *word;
  } rows[] = {
    { "evil_os_system.pth", SMB_ERROR_FORMAT, "posix system" },
    { "pickle_deep.pth", SMB_ERROR_LIMIT, "deep" },
    { "zip_crc_mismatch.pth", SMB_ERROR_FORMAT, "checksum" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *name = g_build_filename ("malformed", rows[i].file, NULL), *path = fixture_path (name);
    g_autoptr (GError) error = NULL;
    g_autoptr (SmbTensorDict) dict = smb_weights_read (path, &error);

    g_assert_null (dict);
    g_assert_error (error, SMB_ERROR, (int) rows[i].code);
    g_assert_nonnull (strstr (error->message, rows[i].word));
    assert_sentence (error, path);
  }
  smb_tensor_dict_unref (fixture_read ("malformed/ok_minimal.pth"));
}

/* A checkpoint that has taken over its reader can do no more than a picture that has taken over the decoder. */
static void
test_taken_over (void)
{
  static const char *const acts[] = { "open", "write", "socket", "fork", "exec", "code" };
  g_autofree char *honest = g_strdup (g_getenv ("SEMBLANCE_WORKER"));
  g_autofree char *path = fixture_path ("malformed/ok_minimal.pth");

  g_setenv ("SEMBLANCE_WORKER", HOSTILE_WORKER_PATH, TRUE);
  g_setenv ("HOSTILE_TARGET", "/tmp/semblance-must-not-be", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++) {
    g_autoptr (GError) error = NULL;

    g_setenv ("HOSTILE_WORKER", acts[i], TRUE);
    g_assert_null (smb_weights_read (path, &error));
    g_test_message ("%s: %s", acts[i], error->message);
    g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
    g_assert_nonnull (strstr (error->message, "what its lock forbids"));
    g_assert_nonnull (strstr (error->message, "ok_minimal.pth"));
  }
  g_assert_false (g_file_test ("/tmp/semblance-must-not-be", G_FILE_TEST_EXISTS));
  g_setenv ("SEMBLANCE_WORKER", honest, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker/weights/refused-by-default", test_refused_by_default);
  g_test_add_func ("/worker/weights/same", test_same);
  g_test_add_func ("/worker/weights/evil", test_evil);
  g_test_add_func ("/worker/weights/taken-over", test_taken_over);
  return g_test_run ();
}
