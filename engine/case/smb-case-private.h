/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside engine/case only: the connection, statements, transactions and the writing side of the audit log. */

#include "case/smb-case.h"

#include <sqlite3.h>

G_BEGIN_DECLS

#define SMB_CASE_APPLICATION_ID 0x534D4243 /* "SMBC" */

/* Longest text accepted for a field, in bytes. The schema's CHECKs repeat them (in characters). */
#define SMB_CASE_MAX_LINE_BYTES 1000        /* names, numbers, titles, models, devices */
#define SMB_CASE_MAX_PATH_BYTES 8192
#define SMB_CASE_MAX_TEXT_BYTES (64 * 1024)  /* notes, findings, problems, settings */
#define SMB_CASE_MAX_DETAILS_BYTES (1024 * 1024)
#define SMB_CASE_MAX_RESULT_BYTES (16 * 1024 * 1024)

struct _SmbCase {
  sqlite3 *db;
  char *path; /* absolute */
  char *name; /* `path` as UTF-8, for messages */
  char *actor;
  gboolean read_only;
  gboolean clock_noted; /* the log knows of the clock this connection stamps its entries with */
  int depth;            /* of nested transactions */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3_stmt, sqlite3_finalize)

/* Always FALSE. Turns SQLite's last result into a sentence naming the file. */
gboolean smb_case_set_db_error (SmbCase *store, GError **error);

/* One or more statements without parameters. */
gboolean smb_case_exec (SmbCase *store, const char *sql, GError **error);

/* Prepares one statement and binds what follows, a letter each: 's' const char * (NULL: NULL), 'i' gint64, 'n' int,
 * 'd' double (NAN: NULL), 'r' gint64 row id (0: NULL). Finalize with sqlite3_finalize; NULL with an error. */
sqlite3_stmt *smb_case_query (SmbCase *store, GError **error, const char *sql, const char *types, ...);
/* 1: a row; 0: no more; -1: error set. */
int smb_case_step (SmbCase *store, sqlite3_stmt *stmt, GError **error);
/* smb_case_query, step to its end, finalize. */
gboolean smb_case_run (SmbCase *store, GError **error, const char *sql, const char *types, ...);
/* First column of the first row; `missing` where there is no row or it is NULL. */
gboolean smb_case_query_int (SmbCase *store, gint64 *out, gint64 missing, GError **error, const char *sql,
                             const char *types, ...);

/* Column readers: text becomes valid UTF-8 (a hostile file may hold anything); NULL stays NULL. Free with g_free. */
char *smb_case_column_text (sqlite3_stmt *stmt, int column);
char *smb_case_column_line (sqlite3_stmt *stmt, int column); /* the same without line breaks, for messages */
double smb_case_column_double (sqlite3_stmt *stmt, int column); /* NULL: NAN */

/* UTF-8, no longer than max_bytes, not empty if `required`. `what` names the field in the message. NULL counts as "".
 */
gboolean smb_case_check_text (const char *what, const char *text, gsize max_bytes, gboolean required, GError **error);

/* Canonical JSON object (members sorted, no blanks) from triples: key, type letter ('s' const char *, 'i' gint64,
 * 'd' double), value; ends with a NULL key. NULL strings become null. */
char *smb_case_details (const char *key, ...) G_GNUC_NULL_TERMINATED;

/* Where the times of the log come from: "system clock, synchronised" or "system clock, not synchronised", as the kernel
 * says of it now; static, for details. */
const char *smb_case_clock_source (void);

/* Schema. `migrations[v]` takes version v to v + 1. */
extern const char *const smb_case_migrations[SMB_CASE_SCHEMA_VERSION];
/* Brings the open database from `from` to `to` in one transaction; copies the file to a fresh name beside it first
 * unless `from` is 0. backup_out gets the copy's name or NULL. */
gboolean smb_case_migrate (SmbCase *store, const char *const *migrations, int from, int to, char **backup_out,
                           GError **error);
/* Compares tables, indexes, triggers and views with what the first `version` migrations make: INTEGRITY error naming
 * the first that is foreign, changed or missing. */
gboolean smb_case_check_schema (SmbCase *store, const char *const *migrations, int version, GError **error);

/* Audit. Appends inside the caller's transaction. table and id: the record this entry speaks for, whose digest then
 * goes into the chain as well; NULL and 0: none. */
gboolean smb_case_append_log (SmbCase *store, const char *action, const char *subject, const char *details,
                              const char *table, gint64 id, GError **error);
/* Everything the database holds into the file `name`, which exists and is empty. The error says only why; the file is
 * left to the caller. */
gboolean smb_case_copy_into (SmbCase *store, const char *name, GError **error);

/* "table:id:digest" of a stored record. Free with g_free; NULL with an error. */
char *smb_case_describe_record (SmbCase *store, const char *table, gint64 id, GError **error);
/* Every record is as the newest entry that speaks for it says, and every record has one. */
gboolean smb_case_verify_records (SmbCase *store, GError **error);

/* "S-01" of an exhibit, "" for id 0; NOT_FOUND error otherwise. */
char *smb_case_dup_exhibit (SmbCase *store, gint64 evidence_id, GError **error);

/* Inside the caller's transaction: the pictures of a new exhibit, if it is made of any. */
gboolean smb_case_insert_pictures (SmbCase *store, SmbEvidence *evidence, const char *exhibit, GError **error);

/* Inside the caller's transaction: the region map of a face of this exhibit, with `action` in the log. carried_from:
 * the record it was copied from; 0: none. */
gboolean smb_case_insert_regions (SmbCase *store, SmbCaseRegions *regions, const char *action, const char *exhibit,
                                  const char *label, gint64 carried_from, GError **error);

gint64 smb_case_now_us (void);

/* Before the first file is opened: SQLite's locks outlive it that this process opens and closes the file elsewhere. Any
 * number of times; any thread. */
void smb_case_keep_locks (void);

G_END_DECLS
