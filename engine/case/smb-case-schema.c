/* SPDX-License-Identifier: Apache-2.0 */
/* The schema as numbered steps, bringing an older file up to date, and noticing objects that are not ours. */
#include "case/smb-case-private.h"

#include "base/smb-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* A step is never changed once released: files in the field were made by it, word for word. */
static const char version_1[] =
    "CREATE TABLE case_info ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  number TEXT NOT NULL CHECK (length (number) <= 1000),"
    "  title TEXT NOT NULL CHECK (length (title) BETWEEN 1 AND 1000),"
    "  laboratory TEXT NOT NULL CHECK (length (laboratory) <= 1000),"
    "  examiner TEXT NOT NULL CHECK (length (examiner) <= 1000),"
    "  created_us INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE evidence ("
    "  id INTEGER PRIMARY KEY,"
    "  exhibit TEXT NOT NULL UNIQUE CHECK (length (exhibit) BETWEEN 1 AND 1000),"
    "  path TEXT NOT NULL CHECK (path GLOB '/*' AND length (path) <= 8192),"
    "  sha256 TEXT NOT NULL CHECK (length (sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),"
    "  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),"
    "  acquired_us INTEGER NOT NULL,"
    "  modified_us INTEGER NOT NULL,"
    "  format TEXT CHECK (length (format) <= 1000),"
    "  width INTEGER NOT NULL CHECK (width >= 0),"
    "  height INTEGER NOT NULL CHECK (height >= 0),"
    "  problem TEXT CHECK (length (problem) <= 65536),"
    "  hash_state INTEGER NOT NULL CHECK (hash_state BETWEEN 0 AND 4),"
    "  verified_us INTEGER NOT NULL,"
    "  found_sha256 TEXT CHECK (length (found_sha256) = 64 AND found_sha256 NOT GLOB '*[^0-9a-f]*'),"
    "  UNIQUE (path, sha256)"
    ") STRICT;"
    "CREATE INDEX evidence_by_sha256 ON evidence (sha256);"
    "CREATE TABLE analysis ("
    "  id INTEGER PRIMARY KEY,"
    "  evidence_id INTEGER NOT NULL REFERENCES evidence (id),"
    "  made_us INTEGER NOT NULL,"
    "  model_name TEXT NOT NULL CHECK (length (model_name) <= 1000),"
    "  model_sha256 TEXT CHECK (length (model_sha256) = 64 AND model_sha256 NOT GLOB '*[^0-9a-f]*'),"
    "  mim_sha256 TEXT CHECK (length (mim_sha256) = 64 AND mim_sha256 NOT GLOB '*[^0-9a-f]*'),"
    "  settings TEXT NOT NULL CHECK (length (settings) <= 65536),"
    "  seed INTEGER NOT NULL,"
    "  program_version TEXT NOT NULL CHECK (length (program_version) <= 1000),"
    "  device TEXT NOT NULL CHECK (length (device) <= 1000),"
    "  result TEXT NOT NULL CHECK (length (result) <= 16777216),"
    "  highest_score REAL CHECK (highest_score BETWEEN 0 AND 1),"
    "  n_faces INTEGER NOT NULL CHECK (n_faces >= 0),"
    "  trained INTEGER NOT NULL CHECK (trained IN (0, 1)),"
    "  calibrated INTEGER NOT NULL CHECK (calibrated IN (0, 1))"
    ") STRICT;"
    "CREATE INDEX analysis_by_evidence ON analysis (evidence_id, made_us);"
    "CREATE TABLE face ("
    "  id INTEGER PRIMARY KEY,"
    "  analysis_id INTEGER NOT NULL REFERENCES analysis (id),"
    "  evidence_id INTEGER NOT NULL REFERENCES evidence (id),"
    "  x INTEGER NOT NULL, y INTEGER NOT NULL,"
    "  width INTEGER NOT NULL CHECK (width > 0), height INTEGER NOT NULL CHECK (height > 0),"
    "  dx INTEGER NOT NULL, dy INTEGER NOT NULL,"
    "  dwidth INTEGER NOT NULL CHECK (dwidth >= 0), dheight INTEGER NOT NULL CHECK (dheight >= 0),"
    "  confidence REAL,"
    "  origin TEXT NOT NULL CHECK (origin IN ('detected', 'drawn')),"
    "  label TEXT NOT NULL CHECK (length (label) BETWEEN 1 AND 1000),"
    "  UNIQUE (analysis_id, label)"
    ") STRICT;"
    "CREATE TABLE note ("
    "  id INTEGER PRIMARY KEY,"
    "  evidence_id INTEGER REFERENCES evidence (id),"
    "  made_us INTEGER NOT NULL,"
    "  author TEXT NOT NULL CHECK (length (author) <= 1000),"
    "  text TEXT NOT NULL CHECK (length (text) BETWEEN 1 AND 65536)"
    ") STRICT;"
    "CREATE INDEX note_by_evidence ON note (evidence_id);"
    "CREATE TABLE finding ("
    "  id INTEGER PRIMARY KEY,"
    "  evidence_id INTEGER REFERENCES evidence (id),"
    "  analysis_id INTEGER REFERENCES analysis (id),"
    "  made_us INTEGER NOT NULL,"
    "  kind TEXT NOT NULL CHECK (length (kind) BETWEEN 1 AND 1000),"
    "  text TEXT NOT NULL CHECK (length (text) BETWEEN 1 AND 65536),"
    "  details TEXT NOT NULL CHECK (length (details) <= 1048576)"
    ") STRICT;"
    "CREATE INDEX finding_by_evidence ON finding (evidence_id);"
    "CREATE TABLE audit_log ("
    "  seq INTEGER PRIMARY KEY CHECK (seq > 0),"
    "  at_us INTEGER NOT NULL,"
    "  actor TEXT NOT NULL CHECK (length (actor) <= 1000),"
    "  action TEXT NOT NULL CHECK (length (action) BETWEEN 1 AND 1000),"
    "  subject TEXT NOT NULL CHECK (length (subject) <= 8192),"
    "  details TEXT NOT NULL CHECK (length (details) <= 1048576),"
    "  record TEXT NOT NULL CHECK (length (record) <= 1000),"
    "  previous TEXT NOT NULL CHECK (length (previous) = 64),"
    "  hash TEXT NOT NULL UNIQUE CHECK (length (hash) = 64)"
    ") STRICT;"
    /* REPLACE deletes without asking a DELETE trigger, hence the third. */
    "CREATE TRIGGER audit_log_update BEFORE UPDATE ON audit_log"
    " BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;"
    "CREATE TRIGGER audit_log_delete BEFORE DELETE ON audit_log"
    " BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;"
    "CREATE TRIGGER audit_log_insert BEFORE INSERT ON audit_log"
    " WHEN NEW.seq <> (SELECT coalesce (max (seq), 0) + 1 FROM audit_log)"
    " BEGIN SELECT RAISE (ABORT, 'the audit log has no gaps'); END;"
    "CREATE TRIGGER case_info_delete BEFORE DELETE ON case_info"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;"
    "CREATE TRIGGER evidence_delete BEFORE DELETE ON evidence"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;"
    "CREATE TRIGGER analysis_delete BEFORE DELETE ON analysis"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;"
    "CREATE TRIGGER face_delete BEFORE DELETE ON face"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;"
    "CREATE TRIGGER note_delete BEFORE DELETE ON note"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;"
    "CREATE TRIGGER finding_delete BEFORE DELETE ON finding"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;";

/* Region maps that an examiner corrected or imported. */
static const char version_2[] =
    "CREATE TABLE region_map ("
    "  id INTEGER PRIMARY KEY,"
    "  face_id INTEGER NOT NULL REFERENCES face (id),"
    "  made_us INTEGER NOT NULL,"
    "  author TEXT NOT NULL CHECK (length (author) <= 1000),"
    "  size_px INTEGER NOT NULL CHECK (size_px BETWEEN 0 AND 8192),"
    "  origin TEXT NOT NULL CHECK (length (origin) <= 1000),"
    "  classes TEXT NOT NULL CHECK (length (classes) <= 16777216)"
    ") STRICT;"
    "CREATE INDEX region_map_by_face ON region_map (face_id);"
    "CREATE TRIGGER region_map_delete BEFORE DELETE ON region_map"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;";

/* Which entry was written last, so that a log cut off at its end is noticed. */
static const char version_3[] =
    "CREATE TABLE audit_head ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  seq INTEGER NOT NULL CHECK (seq > 0),"
    "  hash TEXT NOT NULL CHECK (length (hash) = 64)"
    ") STRICT;"
    "INSERT INTO audit_head SELECT 1, seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1;"
    "CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head"
    " BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;"
    "CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head WHEN NEW.seq <> OLD.seq + 1"
    " BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;";

/* Videos: facts, runs, their frames, and what analysts do with the tracks. */
static const char version_4[] =
    "CREATE TABLE video ("
    "  id INTEGER PRIMARY KEY,"
    "  evidence_id INTEGER NOT NULL UNIQUE REFERENCES evidence (id),"
    "  facts TEXT NOT NULL CHECK (length (facts) BETWEEN 1 AND 1048576)"
    ") STRICT;"
    "CREATE TABLE video_run ("
    "  id INTEGER PRIMARY KEY,"
    "  evidence_id INTEGER NOT NULL REFERENCES evidence (id),"
    "  made_us INTEGER NOT NULL,"
    "  model_name TEXT NOT NULL CHECK (length (model_name) <= 1000),"
    "  model_sha256 TEXT CHECK (length (model_sha256) = 64 AND model_sha256 NOT GLOB '*[^0-9a-f]*'),"
    "  settings TEXT NOT NULL CHECK (length (settings) <= 65536),"
    "  program_version TEXT NOT NULL CHECK (length (program_version) <= 1000),"
    "  device TEXT NOT NULL CHECK (length (device) <= 1000)"
    ") STRICT;"
    "CREATE INDEX video_run_by_evidence ON video_run (evidence_id);"
    "CREATE TABLE video_chunk ("
    "  id INTEGER PRIMARY KEY,"
    "  run_id INTEGER NOT NULL REFERENCES video_run (id),"
    "  pass INTEGER NOT NULL CHECK (pass BETWEEN 0 AND 2),"
    "  next INTEGER NOT NULL CHECK (next >= 0),"
    "  data TEXT NOT NULL CHECK (length (data) <= 16777216)"
    ") STRICT;"
    "CREATE INDEX video_chunk_by_run ON video_chunk (run_id);"
    "CREATE TABLE track_edit ("
    "  id INTEGER PRIMARY KEY,"
    "  run_id INTEGER NOT NULL REFERENCES video_run (id),"
    "  made_us INTEGER NOT NULL,"
    "  author TEXT NOT NULL CHECK (length (author) <= 1000),"
    "  kind TEXT NOT NULL CHECK (kind IN ('merge', 'split', 'name')),"
    "  track INTEGER NOT NULL CHECK (track > 0),"
    "  other INTEGER NOT NULL CHECK (other >= 0),"
    "  frame INTEGER NOT NULL CHECK (frame >= 0),"
    "  text TEXT NOT NULL CHECK (length (text) <= 1000)"
    ") STRICT;"
    "CREATE INDEX track_edit_by_run ON track_edit (run_id);"
    "CREATE TRIGGER video_delete BEFORE DELETE ON video"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;"
    "CREATE TRIGGER video_run_delete BEFORE DELETE ON video_run"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;"
    "CREATE TRIGGER video_chunk_delete BEFORE DELETE ON video_chunk"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;"
    "CREATE TRIGGER track_edit_delete BEFORE DELETE ON track_edit"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;";

/* What an examiner says of exhibits and faces, to learn from. */
static const char version_5[] =
    "CREATE TABLE label ("
    "  id INTEGER PRIMARY KEY,"
    "  evidence_id INTEGER NOT NULL REFERENCES evidence (id),"
    "  face_id INTEGER REFERENCES face (id),"
    "  made_us INTEGER NOT NULL,"
    "  author TEXT NOT NULL CHECK (length (author) <= 1000),"
    "  class TEXT NOT NULL CHECK (length (class) <= 1000),"
    "  identity TEXT NOT NULL CHECK (length (identity) <= 1000)"
    ") STRICT;"
    "CREATE INDEX label_by_evidence ON label (evidence_id);"
    "CREATE TRIGGER label_delete BEFORE DELETE ON label"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;";

/* Exhibits made of numbered pictures. */
static const char version_6[] =
    "CREATE TABLE picture ("
    "  id INTEGER PRIMARY KEY,"
    "  evidence_id INTEGER NOT NULL REFERENCES evidence (id),"
    "  position INTEGER NOT NULL CHECK (position >= 0),"
    "  name TEXT NOT NULL CHECK (length (name) BETWEEN 1 AND 1000 AND name NOT GLOB '*/*'),"
    "  sha256 TEXT NOT NULL CHECK (length (sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),"
    "  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),"
    "  UNIQUE (evidence_id, position)"
    ") STRICT;"
    "CREATE TRIGGER picture_delete BEFORE DELETE ON picture"
    " BEGIN SELECT RAISE (ABORT, 'a case keeps what it holds'); END;";

const char *const smb_case_migrations[SMB_CASE_SCHEMA_VERSION]
    = { version_1, version_2, version_3, version_4, version_5, version_6 };

/* Reserves a name that nothing has yet, "CASE.v1.bak", "CASE.v1.bak.2" … */
static char *
reserve_backup_name (SmbCase *store, int version, GError **error)
{
  for (int i = 1; i < 1000; i++) {
    g_autofree char *name = i == 1 ? g_strdup_printf ("%s.v%d.bak", store->path, version)
                                   : g_strdup_printf ("%s.v%d.bak.%d", store->path, version, i);
    int fd = open (name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

    if (fd >= 0) {
      close (fd);
      return g_steal_pointer (&name);
    }
    if (errno != EEXIST) {
      smb_error_set_errno (error, errno, name, _("making a backup before updating the case"));
      return NULL;
    }
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT,
               _("%s: there are too many backups beside the case; move some of them away."), store->name);
  return NULL;
}

static char *
back_up (SmbCase *store, int version, GError **error)
{
  g_autofree char *name = reserve_backup_name (store, version, error);
  g_autoptr (GError) why = NULL;

  if (name == NULL)
    return NULL;
  if (!smb_case_copy_into (store, name, &why)) {
    g_autofree char *shown = g_filename_display_name (name);

    g_set_error (error, SMB_ERROR, SMB_ERROR_IO,
                 _("%s: the backup before updating the case could not be written (%s); the case is unchanged."), shown,
                 why->message);
    g_unlink (name);
    return NULL;
  }
  return g_steal_pointer (&name);
}

gboolean
smb_case_migrate (SmbCase *store, const char *const *migrations, int from, int to, char **backup_out, GError **error)
{
  g_autofree char *backup = NULL;
  gboolean ok = TRUE;

  if (from > 0 && (backup = back_up (store, from, error)) == NULL)
    return FALSE;
  if (!smb_case_begin (store, error))
    return FALSE;
  for (int version = from; ok && version < to; version++)
    ok = smb_case_exec (store, migrations[version], error);
  if (ok) {
    g_autofree char *sql = g_strdup_printf ("PRAGMA user_version = %d", to);
    ok = smb_case_exec (store, sql, error);
  }
  if (ok && from > 0) {
    g_autofree char *details = smb_case_details ("from", 'i', (gint64) from, "to", 'i', (gint64) to, NULL);
    ok = smb_case_append_log (store, "case.migrate", "", details, NULL, 0, error);
  }
  if (!smb_case_end (store, ok, error))
    return FALSE;
  if (backup_out != NULL)
    *backup_out = g_steal_pointer (&backup);
  return TRUE;
}

/* name -> "type table sql" of everything in sqlite_schema. */
static GHashTable *
read_schema (SmbCase *store, GError **error)
{
  g_autoptr (GHashTable) objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (store, error, "SELECT name, type, tbl_name, sql FROM sqlite_schema", "");
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    g_autofree char *name = smb_case_column_text (stmt, 0);
    g_autofree char *type = smb_case_column_text (stmt, 1);
    g_autofree char *table = smb_case_column_text (stmt, 2);
    g_autofree char *sql = smb_case_column_text (stmt, 3);

    g_hash_table_insert (objects, g_strdup (name != NULL ? name : ""),
                         g_strdup_printf ("%s\n%s\n%s", type, table, sql != NULL ? sql : ""));
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&objects);
}

gboolean
smb_case_check_schema (SmbCase *store, const char *const *migrations, int version, GError **error)
{
  SmbCase model = { .name = store->name };
  g_autoptr (GHashTable) found = NULL, expected = NULL;
  GHashTableIter iter;
  gpointer name, text;
  gboolean ok;

  ok = sqlite3_open_v2 (":memory:", &model.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL)
           == SQLITE_OK
       || smb_case_set_db_error (&model, error);
  for (int i = 0; ok && i < version; i++)
    ok = smb_case_exec (&model, migrations[i], error);
  ok = ok && (expected = read_schema (&model, error)) != NULL;
  sqlite3_close (model.db);
  if (!ok || (found = read_schema (store, error)) == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, found);
  while (g_hash_table_iter_next (&iter, &name, &text)) {
    const char *want = g_hash_table_lookup (expected, name);

    if (g_strcmp0 (want, text) == 0)
      continue;
    g_set_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY,
                 want == NULL ? _("%s holds “%s”, which no case of this program has; it was changed by another "
                                  "program and is not opened. Use a backup copy.")
                              : _("%s: the definition of “%s” was changed by another program; the case is not opened. "
                                  "Use a backup copy."),
                 store->name, (const char *) name);
    return FALSE;
  }
  g_hash_table_iter_init (&iter, expected);
  while (g_hash_table_iter_next (&iter, &name, &text)) {
    if (g_hash_table_contains (found, name))
      continue;
    g_set_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY,
                 _("%s lacks “%s”, which every case has; it was changed by another program and is not opened. Use a "
                   "backup copy."),
                 store->name, (const char *) name);
    return FALSE;
  }
  return TRUE;
}
