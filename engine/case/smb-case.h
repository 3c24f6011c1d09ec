/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A case file: SQLite (WAL, foreign keys), `application_id` 0x534D4243 ("SMBC"), `user_version` = schema version.
 * One thread at a time; every change is one transaction together with its audit entry, so either both are stored or
 * neither. Ids are SQLite row ids. Times are UTC, microseconds since 1970, as gint64. Text is UTF-8. */
typedef struct _SmbCase SmbCase;

#define SMB_CASE_SCHEMA_VERSION 6

typedef struct {
  char *number;     /* "SC-2026-001" */
  char *title;
  char *laboratory;
  char *examiner;
  gint64 created_us;
} SmbCaseInfo;

typedef enum {
  SMB_HASH_UNVERIFIED, /* not checked since the case was opened */
  SMB_HASH_VERIFIED,
  SMB_HASH_ALTERED, /* the bytes differ from those acquired */
  SMB_HASH_MISSING, /* no file at that path (moved or deleted) */
  SMB_HASH_UNREADABLE,
} SmbHashState;

/* One of the numbered pictures that make up an exhibit. */
typedef struct {
  char *name; /* in the exhibit's folder */
  char *sha256;
  guint64 size_bytes;
} SmbCasePicture;

typedef struct {
  gint64 id;
  char *exhibit; /* "S-01", unique in the case */
  char *path;    /* absolute, as acquired; of numbered pictures their pattern, "/x/frame-%04d.png" */
  char *sha256;  /* at acquisition; of numbered pictures that of smb_case_pictures_manifest */
  guint64 size_bytes;
  gint64 acquired_us, modified_us; /* file's own modification time at acquisition */
  char *format;
  int width, height;
  gboolean video; /* its facts are in smb_case_get_video */
  guint n_pictures;    /* it is so many numbered pictures, shown as a video; 0: one file */
  GPtrArray *pictures; /* of a new one: SmbCasePicture*, in order; NULL otherwise, see smb_case_list_pictures */
  char *problem;  /* why it could not be decoded; NULL if it could */
  SmbHashState hash_state; /* of the last verification, with its time */
  gint64 verified_us;
  char *found_sha256; /* what the last verification found if it differs; else NULL */
} SmbEvidence;

/* The region map of a face as an examiner left it. Each is kept; the newest counts. */
typedef struct {
  gint64 id, face_id;
  gint64 made_us;
  char *author;
  int size_px;   /* side of the map; 0: back to what the program draws by itself */
  char *origin;  /* "imported", "hand", …; "" with size_px 0 */
  char *classes; /* packed as text (smb_regions_pack of engine/face); "" with size_px 0 */
} SmbCaseRegions;

typedef struct {
  gint64 id, evidence_id;
  int x, y, width, height;             /* crop box */
  int dx, dy, dwidth, dheight;         /* detector box */
  double confidence;
  char *origin; /* "detected", "drawn" */
  char *label;  /* "F1" */
  SmbCaseRegions
      *regions; /* with a new analysis: carried over from an earlier one's face, or NULL; listed: see there */
} SmbCaseFace;

/* A stored run: everything needed to repeat it. */
typedef struct {
  gint64 id, evidence_id;
  gint64 made_us;
  char *model_name, *model_sha256, *mim_sha256;
  char *settings; /* canonical JSON */
  guint64 seed;
  char *program_version, *device;
  char *result; /* JSON of smb_analysis_to_json */
  double highest_score; /* NAN: none */
  int n_faces;
  gboolean trained, calibrated;
} SmbCaseAnalysis;

typedef struct {
  gint64 id, evidence_id; /* evidence_id 0: of the case as a whole */
  gint64 made_us;
  char *author;
  char *text;
} SmbNote;

typedef struct {
  gint64 id, evidence_id, analysis_id; /* 0: none */
  gint64 made_us;
  char *kind;    /* "hash-mismatch", "examiner" … */
  char *text;
  char *details; /* JSON */
} SmbFinding;

typedef struct {
  gint64 seq; /* 1, 2, 3 … without a gap */
  gint64 at_us;
  char *actor;   /* examiner or account name */
  char *action;  /* "case.create", "evidence.add", "analysis.store", "report.export" … */
  char *subject; /* "S-01" … */
  char *details; /* canonical JSON */
  char *record;  /* "evidence:3:‹digest›": the stored record this entry speaks for, as it then was; "" if none */
  char *previous, *hash; /* hex SHA-256; hash = SHA-256 of previous and every field above (see smb-case-audit.c) */
} SmbAuditEntry;

void smb_case_info_free (SmbCaseInfo *info);
void smb_case_picture_free (SmbCasePicture *picture);
void smb_evidence_free (SmbEvidence *evidence);
void smb_case_face_free (SmbCaseFace *face);
void smb_case_regions_free (SmbCaseRegions *regions);
void smb_case_analysis_free (SmbCaseAnalysis *analysis);
void smb_note_free (SmbNote *note);
void smb_finding_free (SmbFinding *finding);
void smb_audit_entry_free (SmbAuditEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCaseInfo, smb_case_info_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCasePicture, smb_case_picture_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbEvidence, smb_evidence_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCaseFace, smb_case_face_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCaseRegions, smb_case_regions_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCaseAnalysis, smb_case_analysis_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbNote, smb_note_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbFinding, smb_finding_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbAuditEntry, smb_audit_entry_free)

/* Creates a new file; an existing path is refused (never overwritten). */
SmbCase *smb_case_create (const char *path, const SmbCaseInfo *info, GError **error);
/* Opens; migrates older schemas in one transaction (after a backup beside it). Errors in a sentence: not a case file
 * (FORMAT), newer than the program (NEWER), unreadable, damaged. Read-only media are opened read-only. */
SmbCase *smb_case_open (const char *path, GError **error);
void smb_case_close (SmbCase *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCase, smb_case_close)

/* Several changes that belong together are kept together or not at all, their log entries included: between `begin` and
 * `end` stands what stores and nothing that takes long, for no other connection can write meanwhile. Pairs nest: the
 * outermost is BEGIN IMMEDIATE, inner ones are savepoints. `end` commits if `ok`, else (or if the commit fails) undoes
 * everything since the matching begin; returns whether it is stored. After `begin` failed there is no `end`; after a
 * change failed nothing but `end` may follow. */
gboolean smb_case_begin (SmbCase *store, GError **error);
gboolean smb_case_end (SmbCase *store, gboolean ok, GError **error);

const char *smb_case_get_path (const SmbCase *store);
gboolean smb_case_get_read_only (const SmbCase *store);
/* A whole copy as of this moment at `path`, which must not exist yet, also while others write to the case (the file
 * alone, copied by other means, can lack what waits in its “-wal” file). Logged in the case, with the copy's hash,
 * unless it is read-only. What is unfinished is removed again. */
gboolean smb_case_save_copy (SmbCase *store, const char *path, GError **error);
/* Who acts from now on, for the audit log; the account's name by default. */
void smb_case_set_actor (SmbCase *store, const char *actor);
SmbCaseInfo *smb_case_get_info (SmbCase *store, GError **error);
/* Replaces number, title, laboratory and examiner; when it was created stays. */
gboolean smb_case_set_info (SmbCase *store, const SmbCaseInfo *info, GError **error);

/* Evidence. add: id and exhibit (if NULL, the next "S-NN") are filled in. The same bytes a second time are accepted and
 * noted in the log; the same path and bytes are refused (ARGUMENT, naming the exhibit). */
gboolean smb_case_add_evidence (SmbCase *store, SmbEvidence *evidence, GError **error);
GPtrArray *smb_case_list_evidence (SmbCase *store, GError **error); /* SmbEvidence* in exhibit order */
/* The pictures an exhibit is made of (SmbCasePicture*, in order); empty if it is one file. */
GPtrArray *smb_case_list_pictures (SmbCase *store, gint64 evidence_id, GError **error);
/* What `sha256sum` prints of them, in order: "HASH  NAME" a line. Its own SHA-256 stands for all of them. Free with
 * g_free. */
char *smb_case_pictures_manifest (GPtrArray *pictures);
/* Records a verification; a mismatch (ALTERED, MISSING) also becomes a finding, once per change of state. */
gboolean smb_case_set_hash_state (SmbCase *store, gint64 evidence_id, SmbHashState state, const char *found_sha256,
                                  GError **error);
/* The file was moved: from now on the exhibit is looked for at new_path (absolute). Only if new_sha256, which the
 * caller took from the bytes at new_path, equals the acquisition hash; else INTEGRITY. The state becomes VERIFIED. */
gboolean smb_case_relocate_evidence (SmbCase *store, gint64 evidence_id, const char *new_path, const char *new_sha256,
                                     GError **error);

/* Stores an analysis and its faces (SmbCaseFace*, evidence_id and id filled in) in one transaction; earlier analyses
 * are kept. A face's `regions` are stored with it (author and time stay those of who made them) with "regions.carry" in
 * the log, which names the record they come from (their id; replaced by the new one's). */
gboolean smb_case_add_analysis (SmbCase *store, SmbCaseAnalysis *analysis, GPtrArray *faces, GError **error);
GPtrArray *smb_case_list_analyses (SmbCase *store, gint64 evidence_id, GError **error); /* newest first; 0: all */
GPtrArray *smb_case_list_faces (SmbCase *store, gint64 analysis_id, GError **error);

/* Stores an edited region map of a face, with "regions.edit" in the log; id is filled in, author and made_us too where
 * they are NULL and 0. NOT_FOUND if there is no such face. */
gboolean smb_case_add_regions (SmbCase *store, SmbCaseRegions *regions, GError **error);
/* The newest one of a face; NULL in *regions_out where none was ever stored, or the last act was to go back to what the
 * program draws. FALSE on error. */
gboolean smb_case_get_regions (SmbCase *store, gint64 face_id, SmbCaseRegions **regions_out, GError **error);

/* Every region map stored for a face of the exhibit, in whichever analysis: the face (its box and label) with its
 * `regions`; newest first. size_px 0: the examiner went back to what the program draws. */
GPtrArray *smb_case_list_regions (SmbCase *store, gint64 evidence_id, GError **error);

gboolean smb_case_add_note (SmbCase *store, SmbNote *note, GError **error);
gboolean smb_case_edit_note (SmbCase *store, gint64 note_id, const char *text,
                             GError **error);                                        /* the old text stays in the log */
GPtrArray *smb_case_list_notes (SmbCase *store, gint64 evidence_id, GError **error); /* -1: all */
gboolean smb_case_add_finding (SmbCase *store, SmbFinding *finding, GError **error);
GPtrArray *smb_case_list_findings (SmbCase *store, gint64 evidence_id, GError **error); /* -1: all */

/* Adds an entry of its own for an act that stores nothing else ("report.export", "map.view" …). details: JSON or NULL.
 */
gboolean smb_case_log (SmbCase *store, const char *action, const char *subject, const char *details, GError **error);
GPtrArray *smb_case_list_log (SmbCase *store, GError **error);
/* Recomputes the chain up to the entry that was written last. INTEGRITY error naming the first bad entry; head_out gets
 * the last hash (g_free). Who can also forge what the file says of its last entry is found out by a hash noted
 * elsewhere (below). */
gboolean smb_case_verify_log (SmbCase *store, char **head_out, gint64 *n_entries_out, GError **error);
/* Is `head`, the last hash some earlier report printed, still an entry of the log? Together with verify_log this also
 * shows that no entries were cut off its end since. seq_out may be NULL. NOT_FOUND if it is no entry. */
gboolean smb_case_find_log_hash (SmbCase *store, const char *head, gint64 *seq_out, GError **error);
/* SQLite's own integrity and foreign keys (FORMAT), the chain, and every record against the newest log entry that
 * speaks for it (INTEGRITY, naming the record). */
gboolean smb_case_check (SmbCase *store, GError **error);

G_END_DECLS
