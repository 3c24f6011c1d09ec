/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli tensor …, run as a user runs it, against the reference's fixtures. */
#include "train-test.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "weights/smb-weights-file.h"

static char *folder;

static char *
fixture (const char *name)
{
  return g_build_filename (SMB_FIXTURES, "reference", name, NULL);
}

/* Runs with arguments (NULL-terminated, "@name" stands for a fixture, "%name" for a file of the test's folder); returns
 * the exit code. Standard error goes to *words. */
static int
run (char **words, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autofree char *complaint = NULL;
  const char *part;
  va_list args;
  int status;

  g_ptr_array_add (argv, g_strdup (SMB_CLI));
  g_ptr_array_add (argv, g_strdup ("tensor"));
  va_start (args, words);
  while ((part = va_arg (args, const char *)) != NULL)
    g_ptr_array_add (argv, *part == '@'   ? fixture (part + 1)
                           : *part == '%' ? g_build_filename (folder, part + 1, NULL)
                                          : g_strdup (part));
  va_end (args);
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (NULL, (char **) argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &complaint, &status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (status));
  if (*complaint != '\0')
    g_test_message ("%s", complaint);
  if (words != NULL)
    *words = g_steal_pointer (&complaint);
  return WEXITSTATUS (status);
}

static SmbTensorDict *
result (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  GError *error = NULL;
  SmbTensorDict *dict = smb_weights_read (path, &error);

  g_assert_no_error (error);
  return dict;
}

static void
test_forward (void)
{
  static const char *const names[] = { "out.latent", "out.pred", "out.target_cl", "attn.dec.0", "out.image_pasted",
                                       "loss.total", "loss.cl" };
  g_autoptr (SmbTensorDict) io = model_test_read ("a_pretrain_io.safetensors"), out = NULL;

  g_assert_cmpint (run (NULL, "forward", "--weights", "@a_online_init.safetensors", "--target",
                        "@a_target_init.safetensors", "--inputs", "@a_pretrain_io.safetensors", "--out",
                        "%o.safetensors", NULL),
                   ==, 0);
  out = result ("o.safetensors");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    model_test_near (out, io, names[i], 1e-5);
}

static void
test_pretrain (void)
{
  g_autoptr (SmbTensorDict) want = model_test_read ("a_pretrain_after3.safetensors");
  g_autoptr (SmbTensorDict) grads = model_test_read ("a_pretrain_grads.safetensors"), got = NULL, got_grads = NULL;

  g_assert_cmpint (run (NULL, "pretrain-step", "--weights", "@a_online_init.safetensors", "--target",
                        "@a_target_init.safetensors", "--inputs", "@a_pretrain_io.safetensors", "--steps", "3", "--out",
                        "%pretrain", NULL),
                   ==, 0);
  got = result ("pretrain/after3.safetensors");
  got_grads = result ("pretrain/grads.safetensors");
  train_test_params_near (got, want, "", 1e-5);
  train_test_gradients_near (got_grads, grads, "", 1e-4);
}

static void
test_finetune (void)
{
  g_autoptr (SmbTensorDict) want = model_test_read ("a_finetune_after3.safetensors"), got = NULL;

  g_assert_cmpint (run (NULL, "finetune-step", "--weights", "@a_classifier_init.safetensors", "--inputs",
                        "@a_finetune_io.safetensors", "--steps", "3", "--out", "%finetune", NULL),
                   ==, 0);
  got = result ("finetune/after3.safetensors");
  train_test_params_near (got, want, "", 1e-5);
}

/* Two steps and one more from the saved state are three steps, byte for byte. */
static void
test_resume (void)
{
  g_autoptr (SmbTensorDict) three = NULL, resumed = NULL;

  g_assert_cmpint (run (NULL, "pretrain-step", "--weights", "@b_online_init.safetensors", "--inputs",
                        "@b_pretrain_io.safetensors", "--steps", "3", "--threads", "1", "--out", "%three", NULL),
                   ==, 0);
  g_assert_cmpint (run (NULL, "pretrain-step", "--weights", "@b_online_init.safetensors", "--inputs",
                        "@b_pretrain_io.safetensors", "--steps", "2", "--threads", "1", "--out", "%two", NULL),
                   ==, 0);
  g_assert_cmpint (run (NULL, "pretrain-step", "--weights", "@b_online_init.safetensors", "--inputs",
                        "@b_pretrain_io.safetensors", "--threads", "1", "--resume", "%two/state.safetensors", "--out",
                        "%one", NULL),
                   ==, 0);
  three = result ("three/after3.safetensors");
  resumed = result ("one/after3.safetensors");
  train_test_same_bytes (three, resumed);
}

static void
test_mask (void)
{
  g_autoptr (SmbTensorDict) out = NULL;
  const SmbTensor *mask;

  g_assert_cmpint (run (NULL, "mask", "--parsing", "@crfrp.safetensors", "--name", "face224.parsing", "--patch", "16",
                        "--strategy", "crfr-p", "--region", "eyes", "--seed", "4", "--draws", "7", "--out",
                        "%m.safetensors", NULL),
                   ==, 0);
  out = result ("m.safetensors");
  mask = smb_tensor_dict_get (out, "mask");
  g_assert_true (smb_tensor_shape_is (mask, 2, (gint64) 7, (gint64) 196));
  for (int draw = 0; draw < 7; draw++) {
    int hidden = 0;

    for (int k = 0; k < 196; k++)
      hidden += ((const guint8 *) mask->data)[draw * 196 + k];
    g_assert_cmpint (hidden, ==, 147);
    g_assert_cmpint (((const gint32 *) smb_tensor_dict_get (out, "covered")->data)[draw], ==, 1);
  }
}

static void
test_exit_codes (void)
{
  g_autofree char *missing = NULL, *network = NULL;

  g_assert_cmpint (run (NULL, "forward", NULL), ==, 2);
  g_assert_cmpint (run (NULL, "sideways", NULL), ==, 2);
  g_assert_cmpint (run (NULL, "mask", "--parsing", "@crfrp.safetensors", "--region", "skin", "--out", "%m", NULL), ==, 2);
  g_assert_cmpint (run (&missing, "forward", "--weights", "@a_online_init.safetensors", "--inputs",
                        "@mixing.safetensors", "--out", "%x.safetensors", NULL),
                   ==, 1);
  g_assert_nonnull (strstr (missing, "in.images"));
  g_assert_cmpint (run (&network, "forward", "--weights", "@malformed/net_nan.safetensors", "--inputs",
                        "@a_pretrain_io.safetensors", "--out", "%x.safetensors", NULL),
                   ==, 1);
  g_assert_nonnull (strstr (network, "net_nan.safetensors"));
}

static void
remove_tree (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    remove_tree (child);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_remove (path);
}

int
main (int argc, char **argv)
{
  int code;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("semblance-tensor-XXXXXX", NULL);
  g_assert_nonnull (folder);
  g_test_add_func ("/cli/tensor/forward", test_forward);
  g_test_add_func ("/cli/tensor/pretrain-step", test_pretrain);
  g_test_add_func ("/cli/tensor/finetune-step", test_finetune);
  g_test_add_func ("/cli/tensor/resume", test_resume);
  g_test_add_func ("/cli/tensor/mask", test_mask);
  g_test_add_func ("/cli/tensor/exit-codes", test_exit_codes);
  code = g_test_run ();
  remove_tree (folder);
  g_free (folder);
  return code;
}
