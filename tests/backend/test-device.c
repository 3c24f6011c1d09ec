/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/smb-device.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/smb-error.h"

/* SMB_TEST_MODULES is where the build puts stub-KIND.so. */

static GHashTable *folders; /* kind -> a folder with that module under the name the loader looks for */

static void
use_modules (const char *kind)
{
  char *folder = g_hash_table_lookup (folders, kind);

  if (folder == NULL) {
    g_autofree char *file = g_strdup_printf ("stub-%s.so", kind);
    g_autofree char *module = g_build_filename (SMB_TEST_MODULES, file, NULL), *name = NULL;

    folder = g_dir_make_tmp ("smb-modules-XXXXXX", NULL);
    g_assert_nonnull (folder);
    name = g_build_filename (folder, "smb-cuda.so", NULL);
    if (strcmp (kind, "text") == 0)
      g_assert_true (g_file_set_contents (name, "no module\n", -1, NULL));
    else if (strcmp (kind, "none") != 0)
      g_assert_cmpint (symlink (module, name), ==, 0);
    g_hash_table_insert (folders, g_strdup (kind), folder);
  }
  g_setenv ("SMB_MODULE_DIR", folder, TRUE);
}

static void
remove_folders (void)
{
  GHashTableIter iter;
  gpointer folder;

  g_hash_table_iter_init (&iter, folders);
  while (g_hash_table_iter_next (&iter, NULL, &folder)) {
    g_autofree char *name = g_build_filename (folder, "smb-cuda.so", NULL);

    g_unlink (name);
    g_rmdir (folder);
  }
  g_hash_table_unref (folders);
}

static const SmbDeviceListing *
nth (const GPtrArray *list, guint i)
{
  g_assert_cmpuint (i, <, list->len);
  return list->pdata[i];
}

static void
lists_the_processor (void)
{
  g_autoptr (GPtrArray) list = NULL;
  const SmbDeviceListing *cpu, *cuda;

  use_modules ("none");
  list = smb_device_list ();
  cpu = nth (list, 0);
  cuda = nth (list, 1);
  g_assert_cmpuint (list->len, ==, 2);
  g_assert_cmpstr (cpu->id, ==, "cpu");
  g_assert_true (cpu->usable);
  g_assert_null (cpu->reason);
  g_assert_cmpuint (strlen (cpu->info.name), >, 0);
  g_assert_cmpstr (cuda->id, ==, "cuda");
  g_assert_false (cuda->usable);
  g_assert_nonnull (strstr (cuda->reason, "the CUDA module is not installed"));
}

static void
opens_the_processor (void)
{
  g_autoptr (GError) error = NULL;
  SmbDevice *device = smb_device_open ("cpu", 1, &error), *second;
  float x[2] = { 1, 2 };

  g_assert_no_error (error);
  g_assert_cmpstr (device->id, ==, "cpu");
  g_assert_cmpuint (strlen (device->info.name), >, 0);
  second = smb_device_ref (device);
  smb_device_unref (device);
  g_assert_cmpint (second->abi->fill (second->ctx, x, 3, 2), ==, SMB_STATUS_OK);
  g_assert_cmpfloat (x[1], ==, 3);
  smb_device_unref (second);
  g_assert_null (smb_device_open ("cpu", 100000, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "100000"));
}

static void
refuses_unknown_ids (void)
{
  static const char *const ids[] = { "", "gpu", "cpu:1", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:0x1", "cuda:0 ",
                                     "cuda:99999999999999999999" };

  use_modules ("none");
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (smb_device_open (ids[i], 1, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
    g_assert_nonnull (strstr (error->message, "“cpu”"));
  }
}

typedef struct {
  const char *kind;
  SmbError code;
  const char *says;
} Refusal;

static void
refuses_modules (void)
{
  static const Refusal refusals[] = {
    { "none", SMB_ERROR_NOT_FOUND, "not installed" },
    { "version", SMB_ERROR_MISMATCH, "another version" },
    { "size", SMB_ERROR_MISMATCH, "another version" },
    { "foreign", SMB_ERROR_MISMATCH, "smb_backend_entry" },
    { "text", SMB_ERROR_FAILED, "cannot be loaded" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) list = NULL;

    use_modules (refusals[i].kind);
    g_assert_null (smb_device_open ("cuda:0", 1, &error));
    g_assert_error (error, SMB_ERROR, (int) refusals[i].code);
    g_assert_nonnull (strstr (error->message, refusals[i].says));
    list = smb_device_list ();
    g_assert_cmpuint (list->len, ==, 2);
    g_assert_false (nth (list, 1)->usable);
    g_assert_cmpstr (nth (list, 1)->reason, ==, error->message);
  }
}

static void
uses_a_module (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (SmbDevice) device = NULL;

  use_modules ("good");
  list = smb_device_list ();
  g_assert_cmpuint (list->len, ==, 3);
  g_assert_cmpstr (nth (list, 1)->id, ==, "cuda:0");
  g_assert_cmpstr (nth (list, 2)->id, ==, "cuda:1");
  g_assert_true (nth (list, 2)->usable);
  g_assert_cmpstr (nth (list, 2)->info.name, ==, "stub 1");
  device = smb_device_open ("cuda:1", 0, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (device->id, ==, "cuda:1");
  g_assert_cmpuint (device->info.total_bytes, ==, 12345);
  g_assert_null (smb_device_open ("cuda:2", 0, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "cuda:2"));
}

static void
module_without_devices (void)
{
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;

  use_modules ("empty");
  list = smb_device_list ();
  g_assert_cmpuint (list->len, ==, 2);
  g_assert_cmpstr (nth (list, 1)->reason, ==, "The stub has no devices.");
  g_assert_null (smb_device_open ("cuda:0", 0, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backend/lists-the-processor", lists_the_processor);
  g_test_add_func ("/backend/opens-the-processor", opens_the_processor);
  g_test_add_func ("/backend/refuses-unknown-ids", refuses_unknown_ids);
  g_test_add_func ("/backend/refuses-modules", refuses_modules);
  g_test_add_func ("/backend/uses-a-module", uses_a_module);
  g_test_add_func ("/backend/module-without-devices", module_without_devices);
  folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  result = g_test_run ();
  remove_folders ();
  return result;
}
