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

/* Copies a fixture into the test's folder, or what `keep` is of it, without or with other metadata. */
static void
rewrite (const char *from, const char *to, const char *config, gboolean only_images)
{
  g_autoptr (SmbTensorDict) dict = model_test_read (from), out = smb_tensor_dict_new ();
  g_autofree char *path = g_build_filename (folder, to, NULL);
  GError *error = NULL;

  for (guint i = 0; i < dict->names->len; i++) {
    const char *name = g_ptr_array_index (dict->names, i);

    if (!only_images || g_str_equal (name, "in.images"))
      smb_tensor_dict_set (out, name, smb_tensor_dict_get (dict, name));
  }
  if (config != NULL)
    smb_tensor_dict_set_meta (out, "config", config);
  smb_weights_write (path, out, &error);
  g_assert_no_error (error);
}

/* Weights whose file says nothing: the inputs' metadata speaks for them, else the words say what is missing. */
static void
test_described_by_inputs (void)
{
  g_autoptr (SmbTensorDict) want = model_test_read ("a_finetune_io.safetensors"), out = NULL;
  g_autofree char *words = NULL;

  rewrite ("a_classifier_init.safetensors", "bare.safetensors", NULL, FALSE);
  rewrite ("a_finetune_io.safetensors", "described.safetensors", "{\"heads\": 3}", FALSE);
  g_assert_cmpint (run (NULL, "forward", "--weights", "%bare.safetensors", "--inputs", "%described.safetensors",
                        "--out", "%o.safetensors", NULL),
                   ==, 0);
  out = result ("o.safetensors");
  model_test_near (out, want, "out.logits", 1e-5);
  rewrite ("a_finetune_io.safetensors", "silent.safetensors", NULL, FALSE);
  g_assert_cmpint (run (&words, "forward", "--weights", "%bare.safetensors", "--inputs", "%silent.safetensors", "--out",
                        "%o.safetensors", NULL),
                   ==, 1);
  g_assert_nonnull (strstr (words, "heads"));
}

/* Images of another size than the network's: as if the option asked for it, and it is said. */
static void
test_other_size (void)
{
  g_autoptr (SmbTensorDict) asked = NULL, followed = NULL;
  g_autofree char *words = NULL, *patches = NULL;

  rewrite ("a_finetune_io.safetensors", "small.safetensors", NULL, TRUE); /* 32 pixels; the network is made for 64 */
  g_assert_cmpint (run (NULL, "forward", "--weights", "@b_classifier_init.safetensors", "--inputs",
                        "%small.safetensors", "--config", "{\"img\": 32}", "--out", "%asked.safetensors", NULL),
                   ==, 0);
  g_assert_cmpint (run (&words, "forward", "--weights", "@b_classifier_init.safetensors", "--inputs",
                        "%small.safetensors", "--out", "%followed.safetensors", NULL),
                   ==, 0);
  g_assert_nonnull (strstr (words, "32 pixels"));
  asked = result ("asked.safetensors");
  followed = result ("followed.safetensors");
  train_test_same_bytes (followed, asked);
  g_assert_cmpint (run (&patches, "forward", "--weights", "@b_classifier_init.safetensors", "--inputs",
                        "%small.safetensors", "--config", "{\"img\": 64}", "--out", "%x.safetensors", NULL),
                   ==, 1);
}

static void
test_class_weights (void)
{
  g_autofree char *words = NULL, *none = NULL, *plain = NULL, *weighted = NULL;
  g_autofree char *of_plain = g_build_filename (folder, "plain", "losses.json", NULL);
  g_autofree char *of_weighted = g_build_filename (folder, "weighted", "losses.json", NULL);

  g_assert_cmpint (run (&words, "finetune-step", "--weights", "@a_classifier_init.safetensors", "--inputs",
                        "@a_finetune_io.safetensors", "--class-weights", "1,2", "--out", "%x", NULL),
                   ==, 2);
  g_assert_nonnull (strstr (words, "4 numbers"));
  g_assert_cmpint (run (&none, "finetune-step", "--weights", "@a_classifier_init.safetensors", "--inputs",
                        "@a_finetune_io.safetensors", "--train", "adapter", "--out", "%x", NULL),
                   ==, 2);
  g_assert_nonnull (strstr (none, "FS-Adapter"));
  for (int i = 0; i < 2; i++)
    g_assert_cmpint (run (NULL, "finetune-step", "--weights", "@a_classifier_init.safetensors", "--inputs",
                          "@a_finetune_io.safetensors", "--class-weights", i == 0 ? "2,2,2,2" : "1,5,1,0.5", "--out",
                          i == 0 ? "%plain" : "%weighted", NULL),
                     ==, 0);
  g_assert_true (g_file_get_contents (of_plain, &plain, NULL, NULL)
                 && g_file_get_contents (of_weighted, &weighted, NULL, NULL));
  g_assert_cmpstr (plain, !=, weighted);
}

/* A checkpoint of the official scripts, its optimiser included, goes on. */
static void
test_resume_checkpoint (void)
{
  g_autoptr (SmbTensorDict) want = model_test_read ("a_pretrain_after3.safetensors"), got = NULL;

  g_assert_cmpint (run (NULL, "pretrain-step", "--weights", "@a_pretrain_after1.pth", "--target",
                        "@a_target_after1.pth", "--resume", "@a_pretrain_after1.pth", "--inputs",
                        "@a_pretrain_io.safetensors", "--config", "{\"heads\": 3, \"rep_heads\": 2, \"dec_heads\": 2}",
                        "--steps", "2", "--out", "%official", NULL),
                   ==, 0);
  got = result ("official/after3.safetensors");
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
  g_autofree char *missing = NULL, *network = NULL, *maps = NULL;

  g_assert_cmpint (run (&maps, "mask", "--parsing", "@crfrp.safetensors", "--patch", "16", "--strategy", "CRFR-P",
                        "--region", "Random", "--out", "%m", NULL),
                   ==, 1);
  g_assert_nonnull (strstr (maps, "face224.parsing"));

  g_assert_cmpint (run (NULL, "forward", NULL), ==, 2);
  g_assert_cmpint (run (NULL, "sideways", NULL), ==, 2);
  g_assert_cmpint (run (NULL, "mask", "--parsing", "@crfrp.safetensors", "--region", "skin", "--out", "%m", NULL), ==,
                   2);
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
  g_test_add_func ("/cli/tensor/described-by-inputs", test_described_by_inputs);
  g_test_add_func ("/cli/tensor/other-size", test_other_size);
  g_test_add_func ("/cli/tensor/class-weights", test_class_weights);
  g_test_add_func ("/cli/tensor/resume-checkpoint", test_resume_checkpoint);
  g_test_add_func ("/cli/tensor/resume", test_resume);
  g_test_add_func ("/cli/tensor/mask", test_mask);
  g_test_add_func ("/cli/tensor/exit-codes", test_exit_codes);
  code = g_test_run ();
  remove_tree (folder);
  g_free (folder);
  return code;
}
