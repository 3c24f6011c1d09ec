/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-sample.h"

#include "base/smb-error.h"
#include "smb-config.h"

#include <glib/gi18n.h>

char *
smb_cases_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "semblance", "cases", NULL);
}

char *
smb_sample_case_path (void)
{
  g_autofree char *folder = smb_cases_folder ();

  return g_build_filename (folder, "sample.smbcase", NULL);
}

char *
smb_sample_folder (GError **error)
{
  const char *named = g_getenv ("SEMBLANCE_SAMPLES");
  const char *const places[] = { named, SMB_PKGDATADIR "/samples", SMB_SOURCE_SAMPLES };

  for (guint i = named != NULL ? 0 : 1; i < G_N_ELEMENTS (places); i++) {
    if (g_file_test (places[i], G_FILE_TEST_IS_DIR))
      return g_strdup (places[i]);
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
               _("The sample pictures are not installed: there is no folder %s. Install the program whole, or name the "
                 "folder in SEMBLANCE_SAMPLES."),
               named != NULL ? named : SMB_PKGDATADIR "/samples");
  return NULL;
}

static int
compare_files (gconstpointer a, gconstpointer b)
{
  g_autofree char *first = g_file_get_basename (*(GFile *const *) a);
  g_autofree char *second = g_file_get_basename (*(GFile *const *) b);

  return g_strcmp0 (first, second);
}

GPtrArray *
smb_sample_list (GError **error)
{
  g_autofree char *folder = smb_sample_folder (error);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (folder == NULL)
    return NULL;
  dir = g_dir_open (folder, 0, error);
  if (dir == NULL)
    return NULL;
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *type = g_content_type_guess (name, NULL, 0, NULL);
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (g_content_type_is_mime_type (type, "image/*"))
      g_ptr_array_add (files, g_file_new_for_path (path));
  }
  g_ptr_array_sort (files, compare_files);
  return g_steal_pointer (&files);
}
