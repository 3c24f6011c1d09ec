/* SPDX-License-Identifier: Apache-2.0 */
#include "weights-fixtures.h"

#include "base/smb-error.h"
#include "model/smb-net-config.h"
#include "weights/smb-model.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* Every test has a home of its own (G_TEST_OPTION_ISOLATE_DIRS); the built models are found through the environment. */

static const char *const four_classes[] = { "live face", "deepfake", "diffusion", "spoof", NULL };

static SmbModelImport
how_of (const char *name)
{
  return (SmbModelImport){ .name = name, .real_class = -1, .config = "{\"heads\": 3}" };
}

static SmbModelInfo *
import (const char *fixture, const SmbModelImport *how, GError **error)
{
  g_autofree char *path = fixture_path (fixture);

  return smb_model_import (path, how, error);
}

/* A copy of a fixture in a folder of its own, with pretrain_ds_mean_std.txt beside it if `beside` is given. */
static char *
copy_fixture (const char *fixture, const char *as, const char *beside)
{
  g_autofree char *from = fixture_path (fixture), *data = NULL,
                  *folder = g_dir_make_tmp ("semblance-model-XXXXXX", NULL);
  g_autofree char *txt = g_build_filename (folder, "pretrain_ds_mean_std.txt", NULL);
  char *path = g_build_filename (folder, as, NULL);
  gsize n;

  g_assert_true (g_file_get_contents (from, &data, &n, NULL));
  g_assert_true (g_file_set_contents (path, data, (gssize) n, NULL));
  if (beside != NULL)
    g_assert_true (g_file_set_contents (txt, beside, -1, NULL));
  return path;
}

static void
remove_copy (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path),
                  *txt = g_build_filename (folder, "pretrain_ds_mean_std.txt", NULL);

  g_unlink (path);
  g_unlink (txt);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_untrained (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) info = smb_model_find (NULL, &error);
  g_autoptr (SmbTensorDict) weights = NULL;
  SmbNetConfig config;
  SmbNetKind kind;

  g_assert_no_error (error);
  g_assert_cmpstr (info->name, ==, "untrained");
  g_assert_false (info->trained);
  g_assert_false (info->calibrated);
  g_assert_nonnull (strstr (info->provenance, "no meaning"));
  g_assert_cmpstr (info->classes[info->real_class], ==, "genuine");
  g_assert_true (smb_model_verify (info, NULL, &error));
  g_assert_no_error (error);
  weights = smb_weights_read (info->mim_path, &error);
  g_assert_no_error (error);
  g_assert_true (smb_net_config_detect (&config, &kind, weights, NULL, info->mim_path, &error));
  g_assert_cmpint (kind, ==, SMB_NET_ONLINE);
  g_assert_cmpint (config.dec_heads, ==, 4);
}

static void
test_import_classifier (void)
{
  SmbModelImport how = how_of ("tiny");
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) info = NULL, again = NULL, found = NULL;
  g_autoptr (SmbTensorDict) weights = NULL, expected = fixture_read ("a_finetune_after3.safetensors");
  g_autofree char *json = NULL, *json_again = NULL;

  how.classes = four_classes;
  how.licence = "CC-BY-NC-4.0";
  how.provenance = "Made for a test.";
  info = import ("a_finetune_after3.pth", &how, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (info->name, ==, "tiny");
  g_assert_null (info->mim_path);
  g_assert_cmpint (info->real_class, ==, 0);
  g_assert_cmpstr (info->classes[3], ==, "spoof");
  g_assert_cmpstr (info->licence, ==, "CC-BY-NC-4.0");
  g_assert_true (g_str_has_prefix (info->provenance, "Made for a test. Imported from a_finetune_after3.pth (SHA-256 "));
  g_assert_true (info->trained);
  g_assert_cmpint (info->transform, ==, SMB_FACE_RESIZE_CENTRE_CROP);
  weights = smb_weights_read (info->detector_path, &error);
  g_assert_no_error (error);
  assert_dicts_same (weights, expected, "");
  g_assert_true (smb_model_verify (info, NULL, &error));
  found = smb_model_find ("tiny", &error);
  g_assert_no_error (error);
  json = smb_model_info_to_json (info);
  json_again = smb_model_info_to_json (found);
  g_assert_cmpstr (json, ==, json_again);
  /* Nobody put it in use, so it is not, though no other is trained. */
  again = smb_model_find (NULL, &error);
  g_assert_cmpstr (again->name, ==, "untrained");
}

/* A mere file is described without its hash if that is not asked for, and then gets the one it would have had. */
static void
test_unhashed (void)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "reference", "a_finetune_after3.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) hashed = smb_model_find (path, &error), unhashed = smb_model_find_unhashed (path, &error);

  g_assert_no_error (error);
  g_assert_null (unhashed->detector_sha256);
  g_assert_true (smb_model_hash (unhashed, &error));
  g_assert_no_error (error);
  g_assert_nonnull (hashed->detector_sha256);
  g_assert_cmpstr (unhashed->detector_sha256, ==, hashed->detector_sha256);
  g_assert_null (unhashed->mim_sha256);
  g_free (unhashed->detector_path);
  unhashed->detector_path = g_strdup ("/nowhere/weights.safetensors");
  g_clear_pointer (&unhashed->detector_sha256, g_free);
  g_assert_false (smb_model_hash (unhashed, &error));
  g_assert_nonnull (strstr (error->message, "/nowhere/weights.safetensors"));
}

/* What the weights say of themselves goes on with them, up to a length, unless something else is said. */
static void
test_stated_words (void)
{
  const char *const endless = "0123456789012345678901234567890123456789";
  g_autoptr (SmbTensorDict) dict = fixture_read ("a_finetune_after3.safetensors");
  g_autofree char *folder = g_dir_make_tmp ("semblance-model-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "own.safetensors", NULL);
  g_autoptr (GString) much = g_string_new (NULL);

  for (int i = 0; i < 3; i++) {
    SmbModelImport how = how_of (i == 0 ? "stated" : i == 1 ? "said" : "much");
    g_autoptr (GError) error = NULL;
    g_autoptr (SmbModelInfo) info = NULL;

    for (int k = 0; i == 2 && k < 100; k++)
      g_string_append (much, endless);
    smb_tensor_dict_set_meta (dict, "title", "Of the lab");
    smb_tensor_dict_set_meta (dict, "provenance", i == 2 ? much->str : "Trained on seven faces.");
    g_assert_true (smb_weights_write (path, dict, NULL));
    how.classes = four_classes;
    if (i == 1) {
      how.title = "Mine";
      how.provenance = "From a friend.";
    }
    info = smb_model_import (path, &how, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (info->title, ==, i == 1 ? "Mine" : "Of the lab");
    if (i < 2)
      g_assert_true (g_str_has_prefix (info->provenance, i == 0 ? "Trained on seven faces. Imported from own.safetensors"
                                                                : "From a friend. Imported from own.safetensors"));
    else
      g_assert_cmpuint (strlen (info->provenance), <, 2400);
  }
}

/* Detector and reconstruction network as one model, stored in half the bytes. */
static void
test_mim_and_half (void)
{
  g_autofree char *online = fixture_path ("a_online_init.safetensors");
  SmbModelImport how = how_of ("both");
  const double mean[3] = { 0.1, 0.2, 0.3 }, std[3] = { 0.4, 0.5, 0.6 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) info = NULL, found = NULL, given = NULL;
  g_autoptr (SmbTensorDict) stored = NULL, before = NULL;

  how.config = "{\"heads\": 3, \"rep_heads\": 2, \"dec_heads\": 2}";
  how.mim = online;
  how.half = TRUE;
  info = import ("a_finetune_after1.safetensors", &how, &error);
  g_assert_no_error (error);
  found = smb_model_find ("both", &error);
  g_assert_no_error (error);
  g_assert_true (smb_model_verify (found, NULL, &error));
  g_assert_true (g_str_has_suffix (found->mim_path, "/both/mim.safetensors"));
  /* By which numbers the second network is given its pictures is said as well as for the first. */
  g_assert_cmpfloat (found->mim_mean[0], ==, 0.5482207536697388);
  g_assert_nonnull (strstr (found->provenance, "Reconstruction network imported from a_online_init.safetensors (SHA-256 "));
  g_assert_true (g_str_has_suffix (found->provenance, "Normalisation: VGGFace2's, assumed, for the file states none."));
  stored = smb_weights_read (found->mim_path, &error);
  g_assert_no_error (error);
  before = smb_weights_read (online, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < before->names->len; i++) {
    const char *name = g_ptr_array_index (before->names, i);
    SmbTensor *now = smb_tensor_dict_get (stored, name), *then = smb_tensor_dict_get (before, name);
    g_autoptr (SmbTensor) wide = smb_tensor_to_f32 (now);
    const float *a = wide->data, *b = then->data;

    g_assert_cmpint (now->dtype, ==, SMB_DTYPE_F16);
    for (gint64 k = 0; k < then->n; k++)
      g_assert_cmpfloat (fabsf (a[k] - b[k]), <=, fabsf (b[k]) * 0x1p-11f + 0x1p-25f);
  }
  /* Numbers given hold for both networks unless the second states its own. */
  how.name = "given-both";
  how.mean = mean;
  how.std = std;
  given = import ("a_finetune_after1.safetensors", &how, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (given->mim_mean[1], ==, 0.2);
  g_assert_cmpfloat (given->mim_std[2], ==, 0.6);
  g_assert_true (g_str_has_suffix (given->provenance, "Normalisation: given at import."));
  how.mean = how.std = NULL;
  /* A detector is no reconstruction network, and the other way round. */
  how.name = "wrong";
  how.mim = found->detector_path;
  g_assert_null (import ("a_finetune_after1.safetensors", &how, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  how.mim = online;
  g_assert_null (import ("a_online_init.safetensors", &how, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
}

static void
test_never_overwrites (void)
{
  SmbModelImport how = how_of ("tiny");
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) info = import ("a_finetune_after3.pth", &how, &error);
  g_autoptr (GPtrArray) folders = smb_model_search_path ();
  g_autofree char *library = g_build_filename (g_get_user_data_dir (), "semblance", "models", NULL);
  g_autoptr (GDir) dir = NULL;

  g_assert_no_error (error);
  g_assert_null (import ("a_finetune_after1.safetensors", &how, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  how.name = "untrained";
  g_assert_null (import ("a_finetune_after1.safetensors", &how, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_assert_true (smb_model_verify (info, NULL, &error));
  g_assert_nonnull (g_ptr_array_find_with_equal_func (folders, library, g_str_equal, NULL) ? library : NULL);
  dir = g_dir_open (library, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (dir), ==, "tiny");
  g_assert_null (g_dir_read_name (dir)); /* no half of an import stays behind */
}

static void
test_normalisation (void)
{
  static const char good[] = "{\"mean\": [0.5, 0.25, 0.125], \"std\": [0.2, 0.3, 0.4]}\nignored";
  SmbModelImport how = how_of ("from-txt");
  const double mean[3] = { 0.1, 0.2, 0.3 }, std[3] = { 0.4, 0.5, 0.6 };
  g_autofree char *with = copy_fixture ("a_pretrain_after1.pth", "checkpoint-0.pth", good);
  g_autofree char *broken = copy_fixture ("a_pretrain_after1.pth", "checkpoint-1.pth", "{\"mean\": [1, 2]}");
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) txt = NULL, none = NULL, given = NULL, imagenet = NULL;

  how.config = "{\"heads\": 3, \"rep_heads\": 2, \"dec_heads\": 2}";
  txt = smb_model_import (with, &how, &error);
  g_assert_no_error (error);
  g_assert_null (txt->detector_path);
  g_assert_cmpfloat (txt->mim_mean[2], ==, 0.125);
  g_assert_cmpfloat (txt->mim_std[1], ==, 0.3);
  g_assert_nonnull (strstr (txt->provenance, "pretrain_ds_mean_std.txt"));
  how.name = "broken";
  g_assert_null (smb_model_import (broken, &how, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_clear_error (&error);
  how.name = "given";
  how.mean = mean;
  how.std = std;
  given = smb_model_import (broken, &how, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (given->mim_std[2], ==, 0.6);
  g_assert_nonnull (strstr (given->provenance, "given at import"));
  how.mean = how.std = NULL;
  how.name = "none";
  none = import ("a_online_init.safetensors", &how, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (none->mim_mean[0], ==, 0.5482207536697388);
  g_assert_nonnull (strstr (none->provenance, "VGGFace2's, assumed"));
  how.name = "imagenet";
  imagenet = import ("a_classifier_init.safetensors", &how, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (imagenet->mean[0], ==, 0.485);
  g_assert_nonnull (strstr (imagenet->provenance, "ImageNet's, assumed"));
  remove_copy (with);
  remove_copy (broken);
}

static void
assert_refused (const char *path, const SmbModelImport *how, SmbError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_model_import (path, how, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, SMB_ERROR, (gint) code);
}

static void
test_refused (void)
{
  static const char *const twice[] = { "a", "b", "a", "c", NULL }, *const three[] = { "a", "b", "c", NULL };
  static const char *const networks[] = { "net_wrong_width", "net_not_square", "net_nan" };
  SmbModelImport how = how_of ("x");
  const double mean[3] = { 0.1, 0.2, NAN }, std[3] = { 0.4, 0.5, 0.6 };
  g_autofree char *good = fixture_path ("a_classifier_init.safetensors"),
                  *target = fixture_path ("a_target_init.safetensors");
  g_autofree char *evil = fixture_path ("malformed/evil_os_system.pth"),
                  *online = fixture_path ("a_online_init.safetensors");
  g_autofree char *nan = copy_fixture ("a_classifier_init.safetensors", "nan.safetensors", NULL);
  g_autoptr (SmbTensorDict) dict = fixture_read ("a_classifier_init.safetensors");
  g_autoptr (SmbTensor) holed = smb_tensor_to_f32 (smb_tensor_dict_get (dict, "blocks.1.attn.proj.weight"));
  g_autofree char *library = g_build_filename (g_get_user_data_dir (), "semblance", "models", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (networks); i++) {
    g_autofree char *name = g_strdup_printf ("malformed/%s.safetensors", networks[i]), *path = fixture_path (name);

    assert_refused (path, &how, SMB_ERROR_MISMATCH);
  }
  assert_refused (evil, &how, SMB_ERROR_FORMAT);
  assert_refused (target, &how, SMB_ERROR_MISMATCH);
  assert_refused ("/nonexistent.pth", &how, SMB_ERROR_NOT_FOUND);
  smb_tensor_dict_set (dict, "blocks.1.attn.proj.weight", holed);
  ((float *) holed->data)[7] = NAN;
  g_assert_true (smb_weights_write (nan, dict, NULL));
  assert_refused (nan, &how, SMB_ERROR_FORMAT);
  how.classes = three;
  assert_refused (good, &how, SMB_ERROR_ARGUMENT);
  assert_refused (online, &how, SMB_ERROR_ARGUMENT);
  how.classes = twice;
  assert_refused (good, &how, SMB_ERROR_ARGUMENT);
  how.classes = NULL;
  how.real_class = 4;
  assert_refused (good, &how, SMB_ERROR_ARGUMENT);
  how.real_class = -1;
  how.transform = "stretch";
  assert_refused (good, &how, SMB_ERROR_ARGUMENT);
  how.transform = NULL;
  how.mean = std;
  assert_refused (good, &how, SMB_ERROR_ARGUMENT);
  how.mean = mean;
  how.std = std;
  assert_refused (good, &how, SMB_ERROR_ARGUMENT);
  how.mean = how.std = NULL;
  for (const char *const *name = (const char *const[]){ "", "..", "a/b", "Upper", ".x", "ä", NULL }; *name != NULL;
       name++) {
    how.name = *name;
    assert_refused (good, &how, SMB_ERROR_ARGUMENT);
  }
  g_assert_false (g_file_test (library, G_FILE_TEST_EXISTS)); /* nothing was begun */
  remove_copy (nan);
}

/* One change to a good model.json each, and whether the entry may still be read. */
static void
test_model_json (void)
{
  static const struct {
    const char *from, *to;
    gboolean good;
  } changes[] = {
    { "\"min_face_px\" : 0", "\"min_face_px\" : 80", TRUE },
    { "\"min_face_px\" : 0", "\"min_face_px\" : 0, \"limits\" : {\"min_blur\" : 30}", TRUE },
    { "\"min_face_px\" : 0", "\"min_face_px\" : 0, \"limits\" : 7", FALSE },
    { "\"calibrated\" : false,\n  \"calibration\" : null", "\"calibrated\" : true,\n  \"calibration\" : {\"a\":[1]}",
      TRUE },
    { "\"calibrated\" : false", "\"calibrated\" : true", FALSE },
    { "\"calibration\" : null", "\"calibration\" : 3", FALSE },
    { "\"min_face_px\" : 0", "\"min_face_px\" : -1", FALSE },
    { "\"min_face_px\" : 0", "\"min_face_px\" : 1.5", FALSE },
    { "\"min_face_px\" : 0,", "", FALSE },
    { "\"min_face_px\" : 0", "\"min_face_px\" : 0, \"more\" : 1", FALSE },
    { "\"format\" : 1", "\"format\" : 2", FALSE },
    { "\"format\" : 1,", "", FALSE },
    { "\"name\" : \"tiny\"", "\"name\" : \"other\"", FALSE },
    { "\"file\" : \"detector.safetensors\"", "\"file\" : \"../tiny/detector.safetensors\"", FALSE },
    { "\"file\" : \"detector.safetensors\"", "\"file\" : \"/etc/passwd\"", FALSE },
    { "\"file\" : \"detector.safetensors\"", "\"file\" : \"..\"", FALSE },
    { "\"file\" : \"detector.safetensors\"", "\"file\" : \"link\"", FALSE },
    { "\"file\" : \"detector.safetensors\"", "\"file\" : \"absent\"", FALSE },
    { "\"file\" : \"detector.safetensors\"", "\"file\" : \"\"", FALSE },
    { "\"sha256\" : \"", "\"sha256\" : \"00", FALSE },
    { "\"transform\" : \"resize", "\"transform\" : \"stretch", FALSE },
    { "\"real_class\" : 0", "\"real_class\" : 4", FALSE },
    { "\"deepfake\"", "\"spoof\"", FALSE },
    { "\"deepfake\"", "7", FALSE },
    { "\"std\" : [", "\"std\" : [ 1.0,", FALSE },
    { "\"std\" : [\n    0.27", "\"std\" : [\n    -0.27", FALSE },
    { "\"trained\" : true", "\"trained\" : 1", FALSE },
    { "\"licence\" : \"unknown: ask the source\"", "\"licence\" : \"\"", FALSE },
    { "{\n  \"format\"", "[\n  \"format\"", FALSE },
    { "\"calibration\" : null",
      "\"calibration\" : [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", FALSE },
  };
  SmbModelImport how = how_of ("tiny");
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) info = NULL;
  g_autofree char *path = NULL, *link = NULL, *text = NULL;

  how.classes = four_classes;
  info = import ("a_finetune_after3.pth", &how, &error);
  g_assert_no_error (error);
  path = g_build_filename (info->folder, "model.json", NULL);
  link = g_build_filename (info->folder, "link", NULL);
  g_assert_cmpint (symlink ("/etc/passwd", link), ==, 0);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++) {
    g_autoptr (GString) changed = g_string_new (text);
    g_autoptr (SmbModelInfo) loaded = NULL;
    g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free), models = NULL;

    g_test_message ("%s -> %s", changes[i].from, changes[i].to);
    g_assert_cmpuint (g_string_replace (changed, changes[i].from, changes[i].to, 1), ==, 1);
    g_assert_true (g_file_set_contents (path, changed->str, -1, NULL));
    loaded = smb_model_find ("tiny", &error);
    models = smb_model_list (problems);
    g_assert_cmpuint (problems->len, ==, changes[i].good ? 0 : 1);
    if (changes[i].good) {
      g_autofree char *again = NULL;

      g_assert_no_error (error);
      again = smb_model_info_to_json (loaded);
      g_assert_nonnull (strstr (again, "\"min_face_px\""));
    } else {
      g_assert_null (loaded);
      assert_sentence (error, info->folder);
      g_clear_error (&error);
    }
  }
}

static void
test_verify (void)
{
  SmbModelImport how = how_of ("tiny");
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) info = import ("a_finetune_after3.pth", &how, &error);
  g_autofree char *data = NULL;
  gsize n;

  g_assert_true (smb_model_verify (info, NULL, &error));
  g_assert_true (g_file_get_contents (info->detector_path, &data, &n, NULL));
  data[n - 1] ^= 1;
  g_assert_true (g_file_set_contents (info->detector_path, data, (gssize) n, NULL));
  g_assert_false (smb_model_verify (info, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY);
  assert_sentence (error, info->detector_path);
}

static void
test_active (void)
{
  SmbModelImport how = how_of ("first");
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) first = import ("a_finetune_after3.pth", &how, &error), found = NULL;
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "semblance", "config.ini", NULL);
  g_autofree char *folder = g_path_get_dirname (path), *text = NULL, *active = NULL, *file = NULL;

  g_assert_null (smb_model_dup_active ());
  g_assert_false (smb_model_set_active ("absent", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "[other]\nkey=1\n", -1, NULL));
  g_assert_true (smb_model_set_active ("untrained", &error));
  g_assert_no_error (error);
  active = smb_model_dup_active ();
  g_assert_cmpstr (active, ==, "untrained");
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "[other]\nkey=1"));
  found = smb_model_find (NULL, &error);
  g_assert_cmpstr (found->name, ==, "untrained");
  g_clear_pointer (&found, smb_model_info_free);
  g_assert_true (smb_model_set_active ("first", &error));
  found = smb_model_find (NULL, &error);
  g_assert_cmpstr (found->name, ==, "first");
  /* Other weights under the name that was chosen were not chosen. */
  first->detector_sha256[0] = first->detector_sha256[0] == '0' ? '1' : '0';
  g_assert_true (smb_model_rewrite (first, &error));
  g_assert_null (smb_model_find (NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY);
  assert_sentence (error, "“first”");
  g_clear_error (&error);
  file = g_build_filename (first->folder, "model.json", NULL);
  g_assert_cmpint (g_unlink (file), ==, 0);
  g_assert_null (smb_model_find (NULL, &error)); /* no silent other one */
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (smb_model_set_active (NULL, &error));
  g_assert_null (smb_model_dup_active ());
}

static void
test_by_path (void)
{
  g_autofree char *path = fixture_path ("b_classifier_init.safetensors"), *missing = fixture_path ("none.pth");
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) info = smb_model_find (path, &error), untrained = NULL, by_folder = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (info->detector_path, ==, path);
  g_assert_cmpstr (info->classes[1], ==, "class 1");
  g_assert_true (smb_model_verify (info, NULL, &error));
  g_assert_null (smb_model_find (missing, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  untrained = smb_model_find ("untrained", &error);
  by_folder = smb_model_find (untrained->folder, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (by_folder->name, ==, "untrained");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  smb_weights_read_pickles_here ();
  g_test_add_func ("/weights/model/untrained", test_untrained);
  g_test_add_func ("/weights/model/import-classifier", test_import_classifier);
  g_test_add_func ("/weights/model/unhashed", test_unhashed);
  g_test_add_func ("/weights/model/stated-words", test_stated_words);
  g_test_add_func ("/weights/model/mim-and-half", test_mim_and_half);
  g_test_add_func ("/weights/model/never-overwrites", test_never_overwrites);
  g_test_add_func ("/weights/model/normalisation", test_normalisation);
  g_test_add_func ("/weights/model/refused", test_refused);
  g_test_add_func ("/weights/model/model-json", test_model_json);
  g_test_add_func ("/weights/model/verify", test_verify);
  g_test_add_func ("/weights/model/active", test_active);
  g_test_add_func ("/weights/model/by-path", test_by_path);
  return g_test_run ();
}
