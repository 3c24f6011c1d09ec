/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "examine/smb-examine.h"
#include "model/smb-net-config.h"
#include "smb-exhibit.h"
#include "smb-job.h"

G_BEGIN_DECLS

/* One open case and what is being looked at: the shared selection of every pane. Everything that reads, computes or
 * writes happens on other threads; results of cancelled or outdated work are dropped. UI thread only.
 *
 * Signals (all without arguments unless stated):
 *   "opened"           the case is there, with its exhibits
 *   "open-failed"      (message) it could not be created or opened
 *   "exhibits-changed" number, hash states or analyses changed
 *   "exhibit-changed"  another exhibit is looked at
 *   "picture-changed"  its pixels arrived, or there are none
 *   "faces-changed"    the faces of the exhibit looked at, or which one is chosen
 *   "map-changed"      the map looked at, or its state
 *   "notes-changed"    notes and findings of the exhibit looked at
 *   "model-changed"    the active model was found, or its weights checked
 *   "log-changed"      the audit log's head
 *   "message"          (SmbMessageKind, sentence, uri or NULL) for the message bar; uri: what "Open" opens */
#define SMB_TYPE_SESSION (smb_session_get_type ())
G_DECLARE_FINAL_TYPE (SmbSession, smb_session, SMB, SESSION, GObject)

typedef enum { SMB_MESSAGE_INFO, SMB_MESSAGE_OK, SMB_MESSAGE_WARNING, SMB_MESSAGE_ERROR } SmbMessageKind;

typedef enum { SMB_CHECK_PENDING, SMB_CHECK_OK, SMB_CHECK_BAD } SmbCheck;

SmbSession *smb_session_new (SmbEngine *engine);
/* Cancels everything, waits for the piece of work in hand, closes the case. The session is of no use afterwards. */
void smb_session_close (SmbSession *self);

/* Opening. create takes `info`. */
void smb_session_create_case (SmbSession *self, const char *path, SmbCaseInfo *info);
void smb_session_open_case (SmbSession *self, const char *path);

/* NULL until opened; borrowed. */
const SmbCaseInfo *smb_session_get_info (SmbSession *self);
const char *smb_session_get_path (SmbSession *self);
gboolean smb_session_get_read_only (SmbSession *self);
GListModel *smb_session_get_exhibits (SmbSession *self); /* SmbExhibit, in exhibit order */
GListModel *smb_session_get_jobs (SmbSession *self);     /* SmbJob */
guint smb_session_count_hash_state (SmbSession *self, SmbHashState state);

/* The audit log: hash of its last entry (NULL until known) and whether the chain holds. */
const char *smb_session_get_log_head (SmbSession *self, SmbCheck *check_out);
const char *smb_session_get_log_problem (SmbSession *self);

/* The active model; NULL until found. config: of the detector network, NULL until read. */
const SmbModelInfo *smb_session_get_model (SmbSession *self);
const char *smb_session_get_model_problem (SmbSession *self);
const SmbNetConfig *smb_session_get_detector_config (SmbSession *self);
SmbCheck smb_session_get_model_check (SmbSession *self);

/* What is looked at. */
void smb_session_select_exhibit (SmbSession *self, SmbExhibit *exhibit);
SmbExhibit *smb_session_get_exhibit (SmbSession *self);
/* NULL while loading or when it cannot be shown; problem_out then says why (NULL while loading). */
SmbImage *smb_session_get_picture (SmbSession *self, const char **problem_out);
void smb_session_select_face (SmbSession *self, int index);
int smb_session_get_face_index (SmbSession *self); /* -1: none */
const SmbFaceResult *smb_session_get_face (SmbSession *self);

/* The map of the chosen face. spec NULL: none. */
void smb_session_set_map_spec (SmbSession *self, const SmbMapSpec *spec);
const SmbMapSpec *smb_session_get_map_spec (SmbSession *self);
/* NULL while computing, without a face or a map; problem_out: why it cannot be had, NULL otherwise. */
const SmbMap *smb_session_get_map (SmbSession *self, gboolean *busy_out, const char **problem_out);
/* Any map of the chosen face that is already there; asks for it if not. */
const SmbMap *smb_session_peek_map (SmbSession *self, const SmbMapSpec *spec);

/* Notes (SmbNote*) and findings (SmbFinding*) of the exhibit looked at; borrowed, NULL until loaded. */
GPtrArray *smb_session_get_notes (SmbSession *self);
GPtrArray *smb_session_get_findings (SmbSession *self);
void smb_session_add_note (SmbSession *self, const char *text);
void smb_session_edit_note (SmbSession *self, gint64 note_id, const char *text);
void smb_session_add_finding (SmbSession *self, const char *text);

/* Batches; each becomes a job. files: GFile*, folders are searched for pictures. */
void smb_session_add_files (SmbSession *self, GPtrArray *files);
/* again FALSE: only exhibits the active model has not seen. exhibits NULL: all. */
void smb_session_analyse (SmbSession *self, GPtrArray *exhibits, gboolean again);
/* Judges the chosen exhibit's faces with one drawn by hand added. */
void smb_session_add_drawn_face (SmbSession *self, SmbBox box);
void smb_session_verify_all (SmbSession *self);
void smb_session_export_report (SmbSession *self, const char *path, gboolean with_maps);

void smb_session_message (SmbSession *self, SmbMessageKind kind, const char *text, const char *uri);

/* A texture that shares the picture's bytes. */
GdkTexture *smb_texture_from_image (SmbImage *image);

G_END_DECLS
