/* SPDX-License-Identifier: Apache-2.0 */
#include "weights-fixtures.h"

#include <glib/gstdio.h>

#include "base/smb-error.h"

static void
test_legacy (void)
{
  g_autoptr (SmbTensorDict) dict = fixture_read ("a_online_init_legacy.pth");
  g_autoptr (SmbTensorDict) expected = fixture_read ("a_online_init.safetensors");

  assert_dicts_same (dict, expected, "");
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "epoch"), ==, "0");
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "args.norm_pix_loss"), ==, "true");
}

static void
test_zip_pretrained (void)
{
  g_autoptr (SmbTensorDict) dict = fixture_read ("a_pretrain_after1.pth"),
                            target = fixture_read ("a_target_after1.pth");
  g_autoptr (SmbTensorDict) expected = fixture_read ("a_pretrain_after1.safetensors");

  assert_dicts_same (dict, expected, "online.");
  assert_dicts_same (target, expected, "target.");
}

/* The scalars of the run: numbers as Python writes them, paths joined, lists and objects left out. */
static void
test_metadata (void)
{
  g_autoptr (SmbTensorDict) dict = fixture_read ("a_pretrain_after1.pth");

  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "epoch"), ==, "0");
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "args.model"), ==, "tiny_A_pretrain");
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "args.input_size"), ==, "32");
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "args.mask_ratio"), ==, "0.75");
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "args.t_momentum"), ==, "0.996");
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "args.normalize_from_IMN"), ==, "false");
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "args.output_dir"), ==, "checkpoint/user/123");
  g_assert_null (smb_tensor_dict_get_meta (dict, "args.blr"));
  g_assert_null (smb_tensor_dict_get_meta (dict, "args.data_path"));
}

static void
test_zip_finetuned (void)
{
  g_autoptr (SmbTensorDict) dict = fixture_read ("a_finetune_after3.pth");
  g_autoptr (SmbTensorDict) expected = fixture_read ("a_finetune_after3.safetensors");

  assert_dicts_same (dict, expected, "");
}

/* CUDA locations, unaligned records, a folder of another name than the file's, data.pkl last. */
static void
test_zip_repacked (void)
{
  g_autoptr (SmbTensorDict) dict = fixture_read ("a_classifier_init_cuda_repacked.pth");
  g_autoptr (SmbTensorDict) expected = fixture_read ("a_classifier_init.safetensors");

  assert_dicts_same (dict, expected, "");
  g_assert_cmpstr (smb_tensor_dict_get_meta (dict, "epoch"), ==, "399");
  for (guint i = 0; i < dict->names->len; i++) {
    const SmbTensor *tensor = smb_tensor_dict_get (dict, g_ptr_array_index (dict->names, i));

    g_assert_cmpuint ((guintptr) tensor->data % smb_dtype_size_bytes (tensor->dtype), ==, 0);
  }
}

static void
test_views (void)
{
  g_autoptr (SmbTensorDict) dict = fixture_read ("dtypes_and_views.pth");
  g_autoptr (SmbTensorDict) expected = fixture_read ("dtypes_and_views.safetensors");

  assert_dicts_same (dict, expected, "");
}

/* The optimiser's state in the numbering of its groups, undecayed parameters first. */
static void
test_optimiser (void)
{
  g_autofree char *path = fixture_path ("a_pretrain_after1.pth"), *none = fixture_path ("a_target_after1.pth");
  g_autofree char *other = fixture_path ("a_online_init.safetensors");
  g_autoptr (SmbTensorDict) io = fixture_read ("a_pretrain_io.safetensors"), state = NULL;
  const SmbTensor *first, *step;
  GError *error = NULL;

  state = smb_weights_read_optimiser (path, &error);
  g_assert_no_error (error);
  first = smb_tensor_dict_get (state, "0.exp_avg");
  g_assert_nonnull (first);
  g_assert_cmpint (first->rank, ==, 1);
  step = smb_tensor_dict_get (state, "0.step");
  g_assert_cmpint (step->n, ==, 1);
  g_assert_cmpfloat (*(const float *) step->data, ==, 1.0f);
  g_assert_cmpuint (smb_tensor_dict_get_size (state) % 3, ==, 0);
  g_assert_cmpstr (smb_tensor_dict_get_meta (state, "epoch"), ==, "0");
  g_assert_null (smb_weights_read_optimiser (none, &error));
  assert_sentence (error, none);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (smb_weights_read_optimiser (other, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_clear_error (&error);
}

static void
test_written_again (void)
{
  g_autoptr (SmbTensorDict) dict = fixture_read ("dtypes_and_views.pth"), again = NULL;
  g_autofree char *folder = g_dir_make_tmp ("semblance-pth-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "w.safetensors", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (smb_weights_write (path, dict, &error));
  g_assert_no_error (error);
  again = smb_weights_read (path, &error);
  g_assert_no_error (error);
  assert_dicts_same (again, dict, "");
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_remove (folder), ==, 0);
}

/* What is exported is read again, number for number, with its metadata. */
static void
test_written (void)
{
  g_autofree char *from = fixture_path ("b_adapter_init.safetensors");
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "semblance-written.pth", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbTensorDict) dict = smb_weights_read (from, &error), back = NULL;

  g_assert_no_error (error);
  g_assert_true (smb_weights_write_pth (path, dict, &error));
  g_assert_no_error (error);
  back = smb_weights_read (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_assert_cmpuint (back->names->len, ==, dict->names->len);
  for (guint i = 0; i < dict->names->len; i++) {
    const char *name = g_ptr_array_index (dict->names, i);
    g_autoptr (SmbTensor) want = smb_tensor_to_f32 (smb_tensor_dict_get (dict, name));
    const SmbTensor *got = smb_tensor_dict_get (back, name);

    g_assert_nonnull (got);
    g_assert_cmpmem (got->data, (int) smb_tensor_get_bytes (got), want->data, (int) smb_tensor_get_bytes (want));
  }
  g_assert_false (smb_weights_write_pth ("/nowhere/x.pth", dict, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  smb_weights_read_pickles_here ();
  g_test_add_func ("/weights/pth/legacy", test_legacy);
  g_test_add_func ("/weights/pth/written", test_written);
  g_test_add_func ("/weights/pth/pretrained", test_zip_pretrained);
  g_test_add_func ("/weights/pth/metadata", test_metadata);
  g_test_add_func ("/weights/pth/finetuned", test_zip_finetuned);
  g_test_add_func ("/weights/pth/repacked", test_zip_repacked);
  g_test_add_func ("/weights/pth/views", test_views);
  g_test_add_func ("/weights/pth/optimiser", test_optimiser);
  g_test_add_func ("/weights/pth/written-again", test_written_again);
  return g_test_run ();
}
