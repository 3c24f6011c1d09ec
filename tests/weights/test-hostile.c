/* SPDX-License-Identifier: Apache-2.0 */
#include "weights-fixtures.h"

#include "base/smb-error.h"
#include "base/smb-rng.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define SEED 20250109

/* Every file of the manifest: "accept" must load, "refuse" must not, and those refused only as networks must load as
 * files. */
static void
test_manifest (void)
{
  g_autofree char *path = fixture_path ("malformed/manifest.json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonArray *rows;

  g_assert_true (json_parser_load_from_file (parser, path, &error));
  g_assert_no_error (error);
  rows = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (rows), >, 70);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    const char *file = json_object_get_string_member (row, "file");
    g_autofree char *name = g_build_filename ("malformed", file, NULL), *full = fixture_path (name);
    g_autoptr (SmbTensorDict) dict = smb_weights_read (full, &error);

    g_test_message ("%s: %s (%s)", file, json_object_get_string_member (row, "expect"),
                    json_object_get_string_member (row, "why"));
    if (strcmp (json_object_get_string_member (row, "expect"), "refuse") == 0) {
      g_assert_null (dict);
      assert_sentence (error, full);
      g_clear_error (&error);
    } else {
      g_assert_no_error (error);
      g_assert_nonnull (dict);
    }
  }
}

/* The kind of refusal, for a few where it matters to the caller. */
static void
test_codes (void)
{
  static const struct {
    const char *file;
    SmbError code;
    const char *word; /* of the message */
  } rows[] = {
    { "evil_os_system.pth", SMB_ERROR_FORMAT, "posix system" },
    { "evil_os_system_p4.pth", SMB_ERROR_FORMAT, "posix system" },
    { "evil_builtins_eval.pth", SMB_ERROR_FORMAT, "eval" },
    { "evil_in_args.pth", SMB_ERROR_FORMAT, "posix system" },
    { "zip_deflated.pth", SMB_ERROR_UNSUPPORTED, "compressed" },
    { "zip_crc_mismatch.pth", SMB_ERROR_FORMAT, "checksum" },
    { "zip_duplicate_record.pth", SMB_ERROR_FORMAT, "twice" },
    { "pickle_deep.pth", SMB_ERROR_LIMIT, "deep" },
    { "pickle_self_reference.pth", SMB_ERROR_FORMAT, "itself" },
    { "pickle_no_stop.pth", SMB_ERROR_FORMAT, "cut short" },
    { "tensor_rank_huge.pth", SMB_ERROR_LIMIT, "dimensions" },
    { "tensor_offset_outside.pth", SMB_ERROR_FORMAT, "beyond its storage" },
    { "tensor_stride_overflow.pth", SMB_ERROR_FORMAT, "beyond its storage" },
    { "storage_missing.pth", SMB_ERROR_FORMAT, "missing" },
    { "storage_key_traversal.pth", SMB_ERROR_FORMAT, "plain name" },
    { "storage_unknown_type.pth", SMB_ERROR_UNSUPPORTED, "QUInt4x2Storage" },
    { "not_a_checkpoint.pth", SMB_ERROR_FORMAT, "neither" },
    { "empty.pth", SMB_ERROR_FORMAT, "empty" },
    { "st_rank_huge.safetensors", SMB_ERROR_LIMIT, "dimensions" },
    { "st_duplicate_key.safetensors", SMB_ERROR_FORMAT, "twice" },
    { "st_header_bad_utf8.safetensors", SMB_ERROR_FORMAT, "UTF-8" },
    { "st_unknown_dtype.safetensors", SMB_ERROR_FORMAT, "F31" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *name = g_build_filename ("malformed", rows[i].file, NULL), *path = fixture_path (name);
    g_autoptr (GError) error = NULL;

    g_assert_null (smb_weights_read (path, &error));
    assert_sentence (error, path);
    g_assert_error (error, SMB_ERROR, (gint) rows[i].code);
    g_assert_nonnull (strstr (error->message, rows[i].word));
  }
}

static const char *const good[] = {
  "a_online_init_legacy.pth", "a_finetune_after3.pth", "a_classifier_init_cuda_repacked.pth", "dtypes_and_views.pth",
  "dtypes_and_views.safetensors", "b_adapter_init.safetensors", "malformed/ok_minimal.pth",
  "malformed/ok_legacy_small.pth", "malformed/ok_metadata_and_padding.safetensors",
};

static void
test_truncated (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree char *path = fixture_path (good[i]), *data = NULL;
    gsize n_bytes;

    g_assert_true (g_file_get_contents (path, &data, &n_bytes, NULL));
    for (gsize part = 0; part < 16; part++) {
      /* A block of its own length, so that a read beyond it is noticed by a sanitizer or by the page's end. */
      g_autofree char *piece = g_memdup2 (data, MAX (n_bytes * part / 16, 1));

      g_assert_false (read_hostile (piece, n_bytes * part / 16));
    }
    g_assert_false (read_hostile (data, n_bytes - 1));
    g_assert_true (read_hostile (data, n_bytes));
  }
}

/* A flipped bit may be harmless (a weight of .safetensors) or noticed; it must never crash or take long. */
static void
test_bit_flips (void)
{
  SmbRng rng;
  guint refused = 0;

  g_test_message ("seed %d", SEED);
  smb_rng_init (&rng, SEED, 0);
  for (guint i = 0; i < 500; i++) {
    const char *name = good[i % G_N_ELEMENTS (good)];
    g_autofree char *path = fixture_path (name), *data = NULL;
    gsize n_bytes, at;

    g_assert_true (g_file_get_contents (path, &data, &n_bytes, NULL));
    /* Half of them where the structure lies: at the beginning or the end. */
    at = smb_rng_below (&rng, (guint32) n_bytes);
    if (i % 4 == 1)
      at = smb_rng_below (&rng, (guint32) MIN (n_bytes, 4096));
    else if (i % 4 == 3)
      at = n_bytes - 1 - smb_rng_below (&rng, (guint32) MIN (n_bytes, 4096));
    data[at] ^= (char) (1u << smb_rng_below (&rng, 8));
    g_test_message ("%s: byte %" G_GSIZE_FORMAT, name, at);
    refused += !read_hostile (data, n_bytes);
  }
  g_test_message ("%u of 500 refused", refused);
  g_assert_cmpuint (refused, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  smb_weights_read_pickles_here ();
  g_test_add_func ("/weights/hostile/manifest", test_manifest);
  g_test_add_func ("/weights/hostile/codes", test_codes);
  g_test_add_func ("/weights/hostile/truncated", test_truncated);
  g_test_add_func ("/weights/hostile/bit-flips", test_bit_flips);
  return g_test_run ();
}
