/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "learn/smb-checkpoint.h"
#include "learn/smb-job-private.h"

#define MAX_JOB_BYTES (1 << 20)

static const char *const wishes[] = { "run", "pause", "cancel" };
static const char *const ends[] = { "none", "finished", "failed", "cancelled" };

void
smb_job_file_free (SmbJobFile *f)
{
  if (f == NULL)
    return;
  g_free (f->id);
  g_free (f->folder);
  g_free (f->kind);
  g_free (f->title);
  g_free (f->cwd);
  g_free (f->out);
  g_free (f->error);
  g_strfreev (f->arguments);
  g_free (f);
}

char *
smb_jobs_folder (void)
{
  const char *set = g_getenv ("SEMBLANCE_JOBS");

  return set != NULL && set[0] != '\0' ? g_canonicalize_filename (set, NULL)
                                       : g_build_filename (g_get_user_data_dir (), "semblance", "jobs", NULL);
}

int
smb_jobs_lock (GError **error)
{
  g_autofree char *folder = smb_jobs_folder (), *path = g_build_filename (folder, "lock", NULL);
  int fd = g_mkdir_with_parents (folder, 0755) == 0 ? open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;

  if (fd >= 0 && flock (fd, LOCK_EX) == 0)
    return fd;
  smb_error_set_errno (error, errno, path, _ ("locking the list of jobs"));
  if (fd >= 0)
    close (fd);
  return -1;
}

static int
index_of (const char *const *names, int n, const char *name)
{
  for (int i = 0; name != NULL && i < n; i++)
    if (strcmp (names[i], name) == 0)
      return i;
  return -1;
}

static gboolean
read_object (SmbJobFile *f, JsonObject *of)
{
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();
  JsonArray *list = smb_json_find_array (of, "arguments");
  int wish = index_of (wishes, G_N_ELEMENTS (wishes), smb_json_find_text (of, "wish", NULL));
  int end = index_of (ends, G_N_ELEMENTS (ends), smb_json_find_text (of, "end", NULL));

  double order = smb_json_find_number (of, "order");

  if (list == NULL || wish < 0 || end < 0
      || smb_json_find_text (of, "kind", NULL) == NULL || smb_json_find_text (of, "out", NULL) == NULL)
    return FALSE;
  for (guint i = 0; i < json_array_get_length (list); i++) {
    const char *argument = smb_json_text_at (list, i);

    if (argument == NULL)
      return FALSE;
    g_strv_builder_add (arguments, argument);
  }
  f->arguments = g_strv_builder_end (arguments);
  f->wish = (SmbJobWish) wish;
  f->end = (SmbJobEnd) end;
  f->kind = g_strdup (smb_json_find_text (of, "kind", NULL));
  f->title = g_strdup (smb_json_find_text (of, "title", NULL));
  f->cwd = g_strdup (smb_json_find_text (of, "cwd", NULL));
  f->out = g_strdup (smb_json_find_text (of, "out", NULL));
  f->error = g_strdup (smb_json_find_text (of, "error", NULL));
  f->order = isnan (order) ? 0.0 : order;
  f->created_s = smb_json_find_int (of, "created", 0);
  f->ended_s = smb_json_find_int (of, "ended", 0);
  f->attempts = (int) smb_json_find_int (of, "attempts", 0);
  f->progress = smb_json_find_int (of, "progress", -1);
  return TRUE;
}

/* An id comes from a person or another file: nothing but digits names a folder. */
static gboolean
is_id (const char *id)
{
  return id[0] != '\0' && strlen (id) < 12 && strspn (id, "0123456789") == strlen (id);
}

/* The id of the job that a person names: 1 is 0001. Free with g_free. */
static char *
dup_id (const char *jobs, const char *given)
{
  g_autofree char *folder = is_id (given) ? g_build_filename (jobs, given, NULL) : NULL;

  return folder == NULL || g_file_test (folder, G_FILE_TEST_IS_DIR)
             ? g_strdup (given)
             : g_strdup_printf (SMB_JOB_ID_FORMAT, g_ascii_strtoull (given, NULL, 10));
}

SmbJobFile *
smb_job_file_read (const char *id, GError **error)
{
  g_autoptr (SmbJobFile) f = g_new0 (SmbJobFile, 1);
  g_autofree char *jobs = smb_jobs_folder (), *path = NULL, *text = NULL;
  g_autoptr (JsonNode) root = NULL;
  gsize length;

  f->id = dup_id (jobs, id);
  f->folder = g_build_filename (jobs, f->id, NULL);
  path = g_build_filename (f->folder, "job.json", NULL);
  if (!is_id (id) || !g_file_get_contents (path, &text, &length, NULL)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("There is no job “%s”; “jobs list” names them."), id);
    return NULL;
  }
  if (length <= MAX_JOB_BYTES)
    root = json_from_string (text, NULL);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root) && read_object (f, json_node_get_object (root)))
    return g_steal_pointer (&f);
  g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _ ("%s: is not as this program writes it; remove the job's folder."),
               path);
  return NULL;
}

gboolean
smb_job_file_write (const SmbJobFile *f, GError **error)
{
  g_autofree char *path = g_build_filename (f->folder, "job.json", NULL), *text = NULL;
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (b);
  smb_json_add_text (b, "kind", f->kind);
  smb_json_add_text (b, "title", f->title);
  json_builder_set_member_name (b, "arguments");
  json_builder_begin_array (b);
  for (int i = 0; f->arguments[i] != NULL; i++)
    json_builder_add_string_value (b, f->arguments[i]);
  json_builder_end_array (b);
  smb_json_add_text (b, "cwd", f->cwd);
  smb_json_add_text (b, "out", f->out);
  smb_json_add_text (b, "wish", wishes[f->wish]);
  smb_json_add_text (b, "end", ends[f->end]);
  smb_json_add_text (b, "error", f->error);
  json_builder_set_member_name (b, "order");
  json_builder_add_double_value (b, f->order);
  smb_json_add_int (b, "created", f->created_s);
  smb_json_add_int (b, "ended", f->ended_s);
  smb_json_add_int (b, "attempts", f->attempts);
  smb_json_add_int (b, "progress", f->progress);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  text = json_to_string (root, TRUE);
  return smb_learn_write_text (path, text, error);
}

static int
by_number (gconstpointer a, gconstpointer b)
{
  guint64 left = g_ascii_strtoull (*(const char *const *) a, NULL, 10);
  guint64 right = g_ascii_strtoull (*(const char *const *) b, NULL, 10);

  return (left > right) - (left < right);
}

GPtrArray *
smb_jobs_ids (void)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *folder = smb_jobs_folder ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (is_id (name))
      g_ptr_array_add (ids, g_strdup (name));
  g_ptr_array_sort (ids, by_number);
  return ids;
}

/* The training holds the lock as long as it lives, however it ends. */
gboolean
smb_job_is_running (const char *folder, GPid *pid)
{
  g_autofree char *path = g_build_filename (folder, "lock", NULL), *file = g_build_filename (folder, "pid", NULL),
                  *text = NULL;
  int fd = open (path, O_RDWR | O_CLOEXEC);
  gboolean held = fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;

  if (fd >= 0)
    close (fd);
  if (pid != NULL)
    *pid = held && g_file_get_contents (file, &text, NULL, NULL) ? (GPid) g_ascii_strtoll (text, NULL, 10) : 0;
  return held;
}

gboolean
smb_job_has_result (const SmbJobFile *f)
{
  g_autofree char *path = g_build_filename (
      f->out, strcmp (f->kind, "pretrain") == 0 ? "online.safetensors" : "detector.safetensors", NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

gint64
smb_job_get_progress (const SmbJobFile *f)
{
  g_autofree char *newest = smb_checkpoint_newest (f->out);
  const char *dash = newest != NULL ? strrchr (newest, '-') : NULL;

  return dash != NULL ? g_ascii_strtoll (dash + 1, NULL, 10) : -1;
}

char *
smb_job_program (GError **error)
{
  const char *set = g_getenv ("SEMBLANCE_CLI");
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL),
                  *beside = self != NULL ? g_path_get_dirname (self) : g_strdup (".");
  const char *const places[] = { "semblance-cli", "../engine/cli/semblance-cli", "../cli/semblance-cli" };

  if (set != NULL && set[0] != '\0')
    return g_strdup (set);
  if (self != NULL && g_str_has_suffix (self, "/semblance-cli"))
    return g_steal_pointer (&self);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
    g_autofree char *path = g_build_filename (beside, places[i], NULL);

    if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
      return g_steal_pointer (&path);
  }
  self = g_find_program_in_path ("semblance-cli");
  if (self != NULL)
    return g_steal_pointer (&self);
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
      _ ("semblance-cli, which trains, is neither beside this program nor installed; name it in SEMBLANCE_CLI."));
  return NULL;
}
