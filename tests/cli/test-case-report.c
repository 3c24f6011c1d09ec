/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli case and report, run as a user would: exit codes, words, JSON, and every kind of wrong named. */
#include <glib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

static const char *cli;
static char *folder;

/* Runs "semblance-cli ARGUMENTS" in `folder`, words parted by blanks; returns the exit status. */
static int
run (const char *arguments, char **out, char **errors)
{
  g_autofree char *line = g_strdup_printf ("%s %s", cli, arguments);
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  g_autofree char *words = NULL;
  g_autofree char *complaints = NULL;
  g_autoptr (GError) error = NULL;
  int status = -1;

  g_spawn_sync (folder, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &words, &complaints, &status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (status));
  if (complaints[0] != '\0')
    g_test_message ("%s", complaints);
  if (out != NULL)
    *out = g_steal_pointer (&words);
  if (errors != NULL)
    *errors = g_steal_pointer (&complaints);
  return WEXITSTATUS (status);
}

static void
copy_sample (const char *sample, const char *name)
{
  g_autofree char *from = g_build_filename (SMB_SAMPLES, sample, NULL);
  g_autofree char *to = g_build_filename (folder, name, NULL);
  g_autofree char *bytes = NULL;
  gsize n_bytes;

  g_assert_true (g_file_get_contents (from, &bytes, &n_bytes, NULL));
  g_assert_true (g_file_set_contents (to, bytes, (gssize) n_bytes, NULL));
}

static void
test_new (void)
{
  g_autofree char *out = NULL, *complaint = NULL;

  g_assert_cmpint (run ("case new first.smbcase --title First --number 1", &out, NULL), ==, 0);
  g_assert_nonnull (strstr (out, "first.smbcase"));
  g_assert_cmpint (run ("case new first.smbcase --title Again", NULL, &complaint), ==, 1);
  g_assert_nonnull (strstr (complaint, "exists already"));
  g_assert_cmpint (run ("case new second.smbcase", NULL, NULL), ==, 2);
  g_assert_cmpint (run ("case new second.db --title T", NULL, NULL), ==, 2);
  g_assert_cmpint (run ("case", NULL, NULL), ==, 2);
  g_assert_cmpint (run ("case burn first.smbcase", NULL, NULL), ==, 2);
  g_assert_cmpint (run ("case --help", NULL, NULL), ==, 0);
  g_assert_cmpint (run ("case verify --help", NULL, NULL), ==, 0);
  g_assert_cmpint (run ("case list no-such.smbcase", NULL, NULL), ==, 1);
}

static JsonObject *
parse (const char *text, JsonNode **node)
{
  g_autoptr (GError) error = NULL;

  *node = json_from_string (text, &error);
  g_assert_no_error (error);
  return json_node_get_object (*node);
}

static void
test_evidence (void)
{
  g_autofree char *out = NULL, *list = NULL, *verified = NULL, *altered = NULL, *words = NULL, *rest = NULL;
  g_autofree char *path = g_build_filename (folder, "b.jpg", NULL);
  g_autofree char *gone = g_build_filename (folder, "c.jpg", NULL);
  g_autofree char *with_head = NULL;
  g_autoptr (JsonNode) list_node = NULL, verified_node = NULL, altered_node = NULL;
  JsonArray *exhibits;
  JsonObject *object;

  copy_sample ("18f-dave.jpg", "a.jpg");
  copy_sample ("18f-melody.jpg", "b.jpg");
  copy_sample ("18f-melody.jpg", "c.jpg");
  g_assert_cmpint (run ("case new work.smbcase --title Work --examiner E", NULL, NULL), ==, 0);
  /* The batch goes on after what is missing, and says 1 in the end. */
  g_assert_cmpint (run ("case add work.smbcase a.jpg missing.jpg b.jpg c.jpg", &out, &rest), ==, 1);
  g_assert_nonnull (strstr (out, "S-03"));
  g_assert_nonnull (strstr (rest, "missing.jpg"));
  g_assert_cmpint (run ("case add work.smbcase a.jpg", NULL, &words), ==, 1);
  g_assert_nonnull (strstr (words, "S-01"));
  g_assert_cmpint (run ("case list work.smbcase", NULL, NULL), ==, 0);
  g_assert_cmpint (run ("case list work.smbcase --json", &list, NULL), ==, 0);
  exhibits = json_object_get_array_member (parse (list, &list_node), "exhibits");
  g_assert_cmpuint (json_array_get_length (exhibits), ==, 3);
  g_assert_cmpint (json_object_get_int_member (json_array_get_object_element (exhibits, 0), "width"), >, 0);

  g_assert_cmpint (run ("case verify work.smbcase --json", &verified, NULL), ==, 0);
  object = parse (verified, &verified_node);
  g_assert_true (json_object_get_boolean_member (object, "ok"));
  with_head
      = g_strconcat ("case verify work.smbcase --head ", json_object_get_string_member (object, "log_head"), NULL);
  g_assert_cmpint (run (with_head, NULL, NULL), ==, 0);
  g_assert_cmpint (run ("case verify work.smbcase --head 1234", NULL, NULL), ==, 1);

  g_assert_true (g_file_set_contents (path, "other bytes", -1, NULL));
  g_unlink (gone);
  g_assert_cmpint (run ("case verify work.smbcase --json", &altered, NULL), ==, 1);
  object = parse (altered, &altered_node);
  exhibits = json_object_get_array_member (object, "exhibits");
  g_assert_false (json_object_get_boolean_member (object, "ok"));
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (exhibits, 0), "hash_state"), ==,
                   "verified");
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (exhibits, 1), "hash_state"), ==,
                   "altered");
  g_assert_nonnull (json_object_get_string_member (json_array_get_object_element (exhibits, 1), "found_sha256"));
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (exhibits, 2), "hash_state"), ==,
                   "missing");
}

static void
test_report (void)
{
  g_autofree char *html = g_build_filename (folder, "report.html", NULL);
  g_autofree char *bytes = NULL;
  g_autofree char *out = NULL;

  g_assert_cmpint (run ("case new paper.smbcase --title Paper", NULL, NULL), ==, 0);
  copy_sample ("18f-dave.jpg", "d.jpg");
  g_assert_cmpint (run ("case add paper.smbcase d.jpg", NULL, NULL), ==, 0);
  g_assert_cmpint (run ("report paper.smbcase", NULL, NULL), ==, 2);
  g_assert_cmpint (run ("report paper.smbcase --out report.html --exhibit S-09", NULL, NULL), ==, 2);
  g_assert_cmpint (run ("report paper.smbcase --out report.txt", NULL, NULL), ==, 1);
  g_assert_cmpint (run ("report paper.smbcase --out report.html --maps nonsense", NULL, NULL), ==, 1);
  g_assert_cmpint (run ("report paper.smbcase --out report.html --maps none --exhibit S-01", &out, NULL), ==, 0);
  g_assert_true (g_file_get_contents (html, &bytes, NULL, NULL));
  g_assert_nonnull (strstr (bytes, "Exhibit S-01"));
  g_assert_cmpint (run ("report paper.smbcase --out report.pdf", NULL, NULL), ==, 0);
  g_assert_cmpint (run ("case verify paper.smbcase", NULL, NULL), ==, 0);
}

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_unlink (path);
  }
  g_rmdir (folder);
  g_free (folder);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  cli = g_canonicalize_filename (argv[1], NULL); /* the program is run from another folder */
  folder = g_dir_make_tmp ("smb-cli-XXXXXX", NULL);
  g_test_add_func ("/cli/case/new", test_new);
  g_test_add_func ("/cli/case/evidence", test_evidence);
  g_test_add_func ("/cli/report", test_report);
  result = g_test_run ();
  remove_folder ();
  return result;
}
