/* SPDX-License-Identifier: Apache-2.0 */
/* Creating, opening and closing the file. A case may come from anyone, so it is opened as hostile input: bounded,
 * defensive, nothing in its schema is trusted, and a schema that is not ours is refused. */
#include "case/smb-case-private.h"

#include "base/smb-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Long enough for another window's transaction with its fsync, short enough to be told. */
#define BUSY_TIMEOUT_MS 3000

static const char sqlite_magic[16] = "SQLite format 3";

static SmbCase *
store_new (const char *path)
{
  SmbCase *store = g_new0 (SmbCase, 1);

  store->path = g_canonicalize_filename (path, NULL);
  store->name = g_filename_display_name (store->path);
  store->actor = g_utf8_make_valid (g_get_user_name (), -1);
  return store;
}

void
smb_case_close (SmbCase *store)
{
  if (store == NULL)
    return;
  sqlite3_close (store->db);
  g_free (store->path);
  g_free (store->name);
  g_free (store->actor);
  g_free (store);
}

/* Before the first byte of the file is read. */
static gboolean
harden (SmbCase *store, GError **error)
{
  static const struct {
    int limit, value;
  } limits[] = {
    { SQLITE_LIMIT_LENGTH, 64 * 1024 * 1024 }, { SQLITE_LIMIT_SQL_LENGTH, 100 * 1000 },
    { SQLITE_LIMIT_COLUMN, 100 },              { SQLITE_LIMIT_EXPR_DEPTH, 50 },
    { SQLITE_LIMIT_COMPOUND_SELECT, 5 },       { SQLITE_LIMIT_VDBE_OP, 250 * 1000 },
    { SQLITE_LIMIT_FUNCTION_ARG, 16 },         { SQLITE_LIMIT_ATTACHED, 0 },
    { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100 }, { SQLITE_LIMIT_VARIABLE_NUMBER, 40 },
    { SQLITE_LIMIT_TRIGGER_DEPTH, 5 },         { SQLITE_LIMIT_WORKER_THREADS, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    sqlite3_limit (store->db, limits[i].limit, limits[i].value);
  sqlite3_extended_result_codes (store->db, 1);
  sqlite3_busy_timeout (store->db, BUSY_TIMEOUT_MS);
  if (sqlite3_db_config (store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK
      || sqlite3_db_config (store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK
      || sqlite3_db_config (store->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL) != SQLITE_OK
      || sqlite3_db_config (store->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL) != SQLITE_OK
      || sqlite3_db_config (store->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL) != SQLITE_OK)
    return smb_case_set_db_error (store, error);
  return smb_case_exec (store,
                        "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA foreign_keys = ON;"
                        "PRAGMA recursive_triggers = ON; PRAGMA temp_store = MEMORY;",
                        error);
}

static gboolean
connect_to (SmbCase *store, const char *name, int flags, GError **error)
{
  smb_case_keep_locks ();
  sqlite3_close (store->db);
  store->db = NULL;
  if (sqlite3_open_v2 (name, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
    return smb_case_set_db_error (store, error);
  return harden (store, error);
}

/* Can the header and the schema be read at all? With WAL this is where a read-only folder shows. */
static gboolean
probe (SmbCase *store, GError **error)
{
  gint64 n;

  return smb_case_query_int (store, &n, 0, error, "SELECT count (*) FROM sqlite_schema", "");
}

/* On a medium that cannot be written. SQLite itself reads a WAL case there only if the -shm file is present. Else
 * nobody has the case open, and as long as no changes wait in the -wal file the main file alone is the whole case. */
static gboolean
connect_read_only (SmbCase *store, GError **error)
{
  g_autofree char *wal = g_strconcat (store->path, "-wal", NULL);
  g_autofree char *uri = NULL;
  g_autofree char *immutable = NULL;
  struct stat info;
  gboolean has_wal = stat (wal, &info) == 0;

  store->read_only = TRUE;
  if (has_wal) {
    g_autoptr (GError) first = NULL;

    if (connect_to (store, store->path, SQLITE_OPEN_READONLY, &first) && probe (store, &first))
      return TRUE;
    if (info.st_size > 0) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_PERMISSION,
                   _("%s has changes waiting in its “-wal” file and lies where nothing can be written; copy both files "
                     "to a folder you may write to and open the copy."),
                   store->name);
      return FALSE;
    }
  }
  uri = g_filename_to_uri (store->path, NULL, error);
  if (uri == NULL)
    return FALSE;
  immutable = g_strconcat (uri, "?mode=ro&immutable=1", NULL);
  return connect_to (store, immutable, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, error) && probe (store, error);
}

static gboolean
is_writable (SmbCase *store)
{
  g_autofree char *folder = g_path_get_dirname (store->path);

  return faccessat (AT_FDCWD, store->path, W_OK, AT_EACCESS) == 0
         && faccessat (AT_FDCWD, folder, W_OK, AT_EACCESS) == 0;
}

/* A regular file that begins as SQLite files do. */
static gboolean
check_file (SmbCase *store, GError **error)
{
  char start[sizeof sqlite_magic] = { 0 };
  struct stat info;
  gssize got;
  /* O_NONBLOCK: a fifo under this name must not hang the program. */
  int fd = open (store->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

  if (fd < 0)
    return smb_error_set_errno (error, errno, store->name, _("opening the case"));
  if (fstat (fd, &info) != 0) {
    int saved = errno;

    close (fd);
    return smb_error_set_errno (error, saved, store->name, _("opening the case"));
  }
  got = S_ISREG (info.st_mode) ? pread (fd, start, sizeof start, 0) : 0;
  close (fd);
  if (S_ISDIR (info.st_mode)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _("%s is a folder, not a case file; choose a file in it."),
                 store->name);
    return FALSE;
  }
  if (got == 0 && S_ISREG (info.st_mode)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _("%s is empty, so it is not a case file; restore it from a backup copy or choose another."),
                 store->name);
    return FALSE;
  }
  if (got != sizeof start || memcmp (start, sqlite_magic, sizeof start) != 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _("%s is not a case file; choose a file made by this program (ending in .smbcase)."), store->name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
quick_check (SmbCase *store, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (store, error, "PRAGMA quick_check (1)", "");
  g_autofree char *answer = NULL;

  if (stmt == NULL || smb_case_step (store, stmt, error) < 0)
    return FALSE;
  answer = smb_case_column_line (stmt, 0);
  if (g_strcmp0 (answer, "ok") == 0)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _("%s is damaged (%s); restore it from a backup copy."), store->name,
               answer != NULL ? answer : "");
  return FALSE;
}

static gboolean
check_version (SmbCase *store, gint64 *version, GError **error)
{
  gint64 application = 0;

  if (!smb_case_query_int (store, &application, 0, error, "PRAGMA application_id", "")
      || !smb_case_query_int (store, version, 0, error, "PRAGMA user_version", ""))
    return FALSE;
  if (application != SMB_CASE_APPLICATION_ID || *version < 1) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _("%s is a database of another program, not a case file; choose a file made by this program (ending "
                   "in .smbcase)."),
                 store->name);
    return FALSE;
  }
  if (*version > SMB_CASE_SCHEMA_VERSION) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NEWER,
                 _("%s was written by a newer version of this program (case format %lld, this program reads "
                   "up to %d); update the program to open it."),
                 store->name, (long long) *version, SMB_CASE_SCHEMA_VERSION);
    return FALSE;
  }
  return TRUE;
}

static gboolean
bring_up_to_date (SmbCase *store, int version, GError **error)
{
  if (version == SMB_CASE_SCHEMA_VERSION)
    return TRUE;
  if (store->read_only) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_PERMISSION,
                 _("%s is of an older format and must be updated, but lies where nothing can be written; copy it to a "
                   "folder you may write to and open the copy."),
                 store->name);
    return FALSE;
  }
  return smb_case_migrate (store, smb_case_migrations, version, SMB_CASE_SCHEMA_VERSION, NULL, error);
}

/* WAL, and a commit is on the disk before it is reported. */
static gboolean
set_durable (SmbCase *store, GError **error)
{
  return smb_case_exec (store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", error);
}

SmbCase *
smb_case_open (const char *path, GError **error)
{
  g_autoptr (SmbCase) store = NULL;
  gint64 version = 0;

  g_return_val_if_fail (path != NULL, NULL);
  store = store_new (path);
  if (!check_file (store, error))
    return NULL;
  if (is_writable (store)) {
    if (!connect_to (store, store->path, SQLITE_OPEN_READWRITE, error) || !probe (store, error))
      return NULL;
  } else if (!connect_read_only (store, error)) {
    return NULL;
  }
  if (!check_version (store, &version, error)
      || !smb_case_check_schema (store, smb_case_migrations, (int) version, error) || !quick_check (store, error))
    return NULL;
  if (!store->read_only && !set_durable (store, error))
    return NULL;
  if (!bring_up_to_date (store, (int) version, error))
    return NULL;
  return g_steal_pointer (&store);
}

static gboolean
fill_new (SmbCase *store, const SmbCaseInfo *info, GError **error)
{
  g_autofree char *application = g_strdup_printf ("PRAGMA application_id = %d", SMB_CASE_APPLICATION_ID);
  gint64 created_us = info->created_us != 0 ? info->created_us : smb_case_now_us ();
  gboolean ok;

  /* Everything in one transaction: a case that exists is whole, whenever the power fails. */
  if (!smb_case_begin (store, error))
    return FALSE;
  ok = smb_case_exec (store, application, error)
       && smb_case_migrate (store, smb_case_migrations, 0, SMB_CASE_SCHEMA_VERSION, NULL, error)
       && smb_case_run (store, error, "INSERT INTO case_info VALUES (1, ?1, ?2, ?3, ?4, ?5)", "ssssi",
                        info->number != NULL ? info->number : "", info->title,
                        info->laboratory != NULL ? info->laboratory : "", info->examiner != NULL ? info->examiner : "",
                        created_us);
  if (ok) {
    g_autofree char *details
        = smb_case_details ("clock", 's', smb_case_clock_source (), "examiner", 's', info->examiner, "laboratory", 's',
                            info->laboratory, "number", 's', info->number, "title", 's', info->title, NULL);
    ok = smb_case_append_log (store, "case.create", info->number != NULL ? info->number : "", details, "case_info", 1,
                              error);
  }
  return smb_case_end (store, ok, error) && set_durable (store, error);
}

SmbCase *
smb_case_create (const char *path, const SmbCaseInfo *info, GError **error)
{
  g_autoptr (SmbCase) store = NULL;
  int fd;

  g_return_val_if_fail (path != NULL && info != NULL, NULL);
  store = store_new (path);
  if (!smb_case_check_text (_("The case title"), info->title, SMB_CASE_MAX_LINE_BYTES, TRUE, error)
      || !smb_case_check_text (_("The case number"), info->number, SMB_CASE_MAX_LINE_BYTES, FALSE, error)
      || !smb_case_check_text (_("The laboratory"), info->laboratory, SMB_CASE_MAX_LINE_BYTES, FALSE, error)
      || !smb_case_check_text (_("The examiner"), info->examiner, SMB_CASE_MAX_LINE_BYTES, FALSE, error))
    return NULL;
  if (info->examiner != NULL && info->examiner[0] != '\0')
    smb_case_set_actor (store, info->examiner);
  fd = open (store->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _("%s exists already and is not overwritten; open it, or choose another name."), store->name);
    return NULL;
  }
  if (fd < 0) {
    smb_error_set_errno (error, errno, store->name, _("creating the case"));
    return NULL;
  }
  close (fd);
  if (!connect_to (store, store->path, SQLITE_OPEN_READWRITE, error) || !fill_new (store, info, error)) {
    g_unlink (store->path);
    return NULL;
  }
  return g_steal_pointer (&store);
}

const char *
smb_case_get_path (const SmbCase *store)
{
  return store->path;
}

gboolean
smb_case_get_read_only (const SmbCase *store)
{
  return store->read_only;
}

void
smb_case_set_actor (SmbCase *store, const char *actor)
{
  g_return_if_fail (actor != NULL);
  g_free (store->actor);
  store->actor = g_utf8_make_valid (actor, (gssize) strnlen (actor, SMB_CASE_MAX_LINE_BYTES / 3));
}

SmbCaseInfo *
smb_case_get_info (SmbCase *store, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt
      = smb_case_query (store, error, "SELECT number, title, laboratory, examiner, created_us FROM case_info", "");
  SmbCaseInfo *info;
  int got;

  if (stmt == NULL || (got = smb_case_step (store, stmt, error)) < 0)
    return NULL;
  if (got == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _("%s is damaged (the record of the case itself is missing); restore it from a backup copy."),
                 store->name);
    return NULL;
  }
  info = g_new0 (SmbCaseInfo, 1);
  info->number = smb_case_column_text (stmt, 0);
  info->title = smb_case_column_text (stmt, 1);
  info->laboratory = smb_case_column_text (stmt, 2);
  info->examiner = smb_case_column_text (stmt, 3);
  info->created_us = sqlite3_column_int64 (stmt, 4);
  return info;
}

gboolean
smb_case_set_info (SmbCase *store, const SmbCaseInfo *info, GError **error)
{
  gboolean ok;

  if (!smb_case_check_text (_("The case title"), info->title, SMB_CASE_MAX_LINE_BYTES, TRUE, error)
      || !smb_case_check_text (_("The case number"), info->number, SMB_CASE_MAX_LINE_BYTES, FALSE, error)
      || !smb_case_check_text (_("The laboratory"), info->laboratory, SMB_CASE_MAX_LINE_BYTES, FALSE, error)
      || !smb_case_check_text (_("The examiner"), info->examiner, SMB_CASE_MAX_LINE_BYTES, FALSE, error)
      || !smb_case_begin (store, error))
    return FALSE;
  ok = smb_case_run (store, error, "UPDATE case_info SET number = ?1, title = ?2, laboratory = ?3, examiner = ?4",
                     "ssss", info->number != NULL ? info->number : "", info->title,
                     info->laboratory != NULL ? info->laboratory : "", info->examiner != NULL ? info->examiner : "");
  if (ok) {
    g_autofree char *details = smb_case_details ("examiner", 's', info->examiner, "laboratory", 's', info->laboratory,
                                                 "number", 's', info->number, "title", 's', info->title, NULL);
    ok = smb_case_append_log (store, "case.edit", info->number != NULL ? info->number : "", details, "case_info", 1,
                              error);
  }
  return smb_case_end (store, ok, error);
}
