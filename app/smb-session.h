/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "analysis/smb-card-limits.h"
#include "examine/smb-examine.h"
#include "model/smb-net-config.h"
#include "smb-exhibit.h"
#include "smb-job.h"
#include "smb-map-store.h"
#include "smb-tool.h"

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
 *   "map-changed"      the map looked at, or its state; also any other map of the face that was asked for
 *   "other-changed"    what is laid beside it
 *   "metadata-changed" what the exhibit's file says
 *   "regions-changed"  the chosen face's regions, or what is measured of them
 *   "tool-changed"     which tool is in hand, the brush, or what it painted
 *   "notes-changed"    notes and findings of the exhibit looked at
 *   "labels-changed"   what is said of exhibits and faces, to learn from
 *   "model-changed"    the active model was found, its weights checked, or its card read
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

/* The active model; NULL until found. config: of its networks, NULL until read or if it lacks them. */
const SmbModelInfo *smb_session_get_model (SmbSession *self);
const char *smb_session_get_model_problem (SmbSession *self);
/* What its card says it cannot do; NULL: nothing, or not read yet. */
const SmbCardLimits *smb_session_get_model_limits (SmbSession *self);
const SmbNetConfig *smb_session_get_detector_config (SmbSession *self);
const SmbNetConfig *smb_session_get_mim_config (SmbSession *self);
SmbCheck smb_session_get_model_check (SmbSession *self);

/* What is looked at. */
void smb_session_select_exhibit (SmbSession *self, SmbExhibit *exhibit);
SmbExhibit *smb_session_get_exhibit (SmbSession *self);
/* NULL while loading or when it cannot be shown; problem_out then says why (NULL while loading). */
SmbImage *smb_session_get_picture (SmbSession *self, const char **problem_out);
/* The same, prepared for drawing; borrowed. */
SmbTiles *smb_session_get_tiles (SmbSession *self);
void smb_session_select_face (SmbSession *self, int index);
int smb_session_get_face_index (SmbSession *self); /* -1: none */
const SmbFaceResult *smb_session_get_face (SmbSession *self);

/* The map of the chosen face. spec NULL: none; its settings stay. */
void smb_session_set_map_spec (SmbSession *self, const SmbMapSpec *spec);
const SmbMapSpec *smb_session_get_map_spec (SmbSession *self);
/* A map of this kind with the settings last chosen for any map: layer, mask, seed, class … */
SmbMapSpec smb_session_make_spec (SmbSession *self, SmbMapKind kind);
/* Settings for all kinds at once; what is shown stays of its kind. */
void smb_session_set_map_settings (SmbSession *self, const SmbMapSpec *settings);
/* Whether its settings make a map: patches by hand are no mask while none is hidden, and cover nothing by chance. */
gboolean smb_session_can_make (const SmbMapSpec *spec);
/* NULL while there is none; state_out may be NULL. */
const SmbMap *smb_session_get_map (SmbSession *self, SmbMapState *state_out);
/* The maps of the chosen face; borrowed, the same as long as the session lives. */
SmbMapStore *smb_session_get_maps (SmbSession *self);

/* What the exhibit's file says besides its pixels, asked for if it is not known; NULL until then, with a problem if it
 * cannot be read. */
const SmbMetadata *smb_session_get_metadata (SmbSession *self, const char **problem_out);
/* A map of the whole picture (SmbPictureMapKind) in place of one of the face; -1: none. */
void smb_session_show_picture_map (SmbSession *self, int kind);
/* NULL while computing or without one. */
const SmbMap *smb_session_get_picture_map (SmbSession *self, int *kind_out);

/* The tool in hand; choosing another face or exhibit puts it away. */
void smb_session_set_tool (SmbSession *self, SmbTool tool);
SmbTool smb_session_get_tool (SmbSession *self);

/* The regions of the chosen face, asked for if they are not known; NULL until then or without a face. While they are
 * edited: as they are so far. */
const SmbRegions *smb_session_get_regions (SmbSession *self);
gboolean smb_session_get_regions_edited (SmbSession *self); /* changed and not kept yet */
gboolean smb_session_get_regions_own (SmbSession *self);    /* the examiner's, as kept in the case */
/* Keeps a region map made elsewhere (see smb_examine_read_regions) with the chosen face. */
void smb_session_import_regions (SmbSession *self, const char *path);
/* Back to the regions that the program draws. */
void smb_session_restore_regions (SmbSession *self);

/* What is measured of them: by the analysis, or since. NULL while there is nothing. */
const SmbRegionReport *smb_session_get_region_report (SmbSession *self, SmbMapState *state_out);
void smb_session_measure_regions (SmbSession *self);
void smb_session_stop_regions (SmbSession *self);

/* The brush: its class, and its radius in pixels of the region map. */
void smb_session_set_brush (SmbSession *self, SmbRegionClass class, double radius);
SmbRegionClass smb_session_get_brush (SmbSession *self, double *radius_out);
/* Paints from one point of the picture to another; `begins` starts a stroke that undo takes back as a whole. */
void smb_session_paint (SmbSession *self, double x0, double y0, double x1, double y1, gboolean begins);
void smb_session_undo_paint (SmbSession *self);
void smb_session_discard_paint (SmbSession *self);
/* The edited regions become the face's: stored with it in the case, and every map that rests on regions is made anew.
 */
void smb_session_keep_paint (SmbSession *self);

/* What is laid beside the exhibit looked at. exhibit NULL: the same one. */
typedef enum { SMB_OTHER_NONE, SMB_OTHER_SAME, SMB_OTHER_OWN } SmbOtherMap;
void smb_session_set_other (SmbSession *self, SmbExhibit *exhibit);
SmbExhibit *smb_session_get_other (SmbSession *self);
/* NULL while loading or when it cannot be shown (problem_out then says why). */
SmbTiles *smb_session_get_other_tiles (SmbSession *self, const char **problem_out);
/* Which of its faces is the counterpart: the chosen one, elsewhere the first with a score. -1: none. */
int smb_session_get_other_face (SmbSession *self);
/* No map, the same as on the first side, or spec (OWN only). */
void smb_session_set_other_map (SmbSession *self, SmbOtherMap which, const SmbMapSpec *spec);
SmbOtherMap smb_session_get_other_map_choice (SmbSession *self, SmbMapSpec *spec_out);
const SmbMap *smb_session_get_other_map (SmbSession *self, SmbMapState *state_out);

/* Notes (SmbNote*) and findings (SmbFinding*) of the exhibit looked at; borrowed, NULL until loaded. */
GPtrArray *smb_session_get_notes (SmbSession *self);
GPtrArray *smb_session_get_findings (SmbSession *self);
void smb_session_add_note (SmbSession *self, const char *text);
void smb_session_edit_note (SmbSession *self, gint64 note_id, const char *text);
void smb_session_add_finding (SmbSession *self, const char *text);

/* Says what exhibits are (and who is seen in them), or one face of one exhibit: its index in the newest analysis; -1:
 * the exhibits as a whole. class "": the label is taken back. Each goes into the audit log. */
void smb_session_set_labels (SmbSession *self, GPtrArray *exhibits, int face, const char *class, const char *identity);
/* Takes back every label of these exhibits and of their faces. */
void smb_session_clear_labels (SmbSession *self, GPtrArray *exhibits);

/* Batches; each becomes a job. files: GFile*, folders are searched for pictures. */
void smb_session_add_files (SmbSession *self, GPtrArray *files);
/* The row of numbered pictures that the picture at `path` is one of, as one exhibit that is shown `rate` pictures a
 * second. */
void smb_session_add_pictures (SmbSession *self, const char *path, double rate);
/* again FALSE: only exhibits the active model has not seen. exhibits NULL: all. */
void smb_session_analyse (SmbSession *self, GPtrArray *exhibits, gboolean again);
/* Judges the chosen exhibit's faces with one drawn by hand added. */
void smb_session_add_drawn_face (SmbSession *self, SmbBox box);
/* The same with the box of one face, found or drawn, replaced by one drawn by hand. */
void smb_session_correct_face (SmbSession *self, int index, SmbBox box);
void smb_session_verify_all (SmbSession *self);

void smb_session_message (SmbSession *self, SmbMessageKind kind, const char *text, const char *uri);

/* A texture that shares the picture's bytes. */
GdkTexture *smb_texture_from_image (SmbImage *image);

G_END_DECLS
