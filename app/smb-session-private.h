/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-video-frames.h"
#include "smb-case-thread.h"
#include "smb-map-store.h"
#include "smb-session.h"

G_BEGIN_DECLS

/* smb-session-video.c: the video looked at. */
typedef struct _SmbSessionVideo SmbSessionVideo;

struct _SmbSession {
  GObject parent_instance;

  /* owned */
  SmbEngine *engine;
  SmbCaseThread *thread; /* NULL once closed */
  GListStore *exhibits;
  GListStore *jobs;
  SmbCaseInfo *info;
  char *path;
  gboolean read_only;

  SmbModelInfo *model;
  char *model_problem;
  SmbCardLimits *model_limits; /* NULL: its card was not read yet, or says nothing */
  SmbCheck model_check;
  SmbNetConfig *configs; /* detector, MIM network; NULL until read */

  char *log_head;
  char *log_problem;
  SmbCheck log_check;
  gboolean log_pending;

  /* what is looked at; `viewing` is cancelled and replaced with every other exhibit */
  SmbExhibit *exhibit;
  gulong exhibit_handler;
  GCancellable *viewing;
  SmbTiles *tiles;
  char *picture_problem;
  int face_index;
  SmbSessionVideo *video; /* NULL: a picture, or not open yet */
  GCancellable *strip;    /* of the thumbnails being made for the timeline; NULL: none asked for */
  GHashTable *live_runs;  /* SmbLiveRun*, by the exhibit's record number: videos being analysed now */
  GPtrArray *notes, *findings;

  /* Of the exhibit's file; -1: no map of the whole picture is looked at. */
  SmbMetadata *metadata;
  char *metadata_problem;
  gboolean metadata_asked;
  SmbJob *frames_job;         /* decodes every frame of the video looked at; NULL: nobody asked */
  SmbFrameTally *frame_tally; /* what that showed; NULL likewise */
  GBytes *frame_table;
  int picture_map_kind;
  SmbMap *picture_map;

  /* The map looked at. map_spec also holds the settings of all other kinds. */
  gboolean map_shown;
  SmbMapSpec map_spec;
  SmbMapStore *maps;

  /* Regions of the chosen face; NULL: not known yet. own: the examiner's, kept; edited: as painted so far. */
  SmbRegions *regions, *own_regions, *edited_regions;
  gboolean regions_asked;
  GCancellable *regions_viewing; /* cancelled and replaced with every other face */
  SmbRegionReport *region_report;
  SmbMapState report_state;
  char *report_problem;
  GCancellable *reporting;
  GPtrArray *strokes; /* SmbRegions, each as it was before a stroke */
  SmbTool tool;
  SmbRegionClass brush_class;
  double brush_radius;

  /* What is laid beside it: another map of the same face, or another exhibit. */
  SmbExhibit *other; /* NULL: the same exhibit */
  gulong other_handler;
  GCancellable *other_viewing;
  SmbTiles *other_tiles;
  char *other_problem;
  SmbMapStore *other_maps; /* of the other exhibit */
  SmbOtherMap other_map;
  SmbMapSpec other_spec;
};

typedef enum {
  SMB_SESSION_OPENED,
  SMB_SESSION_OPEN_FAILED,
  SMB_SESSION_EXHIBITS_CHANGED,
  SMB_SESSION_EXHIBIT_CHANGED,
  SMB_SESSION_PICTURE_CHANGED,
  SMB_SESSION_FACES_CHANGED,
  SMB_SESSION_MAP_CHANGED,
  SMB_SESSION_OTHER_CHANGED,
  SMB_SESSION_TOOL_CHANGED,
  SMB_SESSION_REGIONS_CHANGED,
  SMB_SESSION_METADATA_CHANGED,
  SMB_SESSION_NOTES_CHANGED,
  SMB_SESSION_LABELS_CHANGED,
  SMB_SESSION_MODEL_CHANGED,
  SMB_SESSION_LOG_CHANGED,
  SMB_SESSION_VIDEO_CHANGED,
  SMB_SESSION_FRAME_CHANGED,
  SMB_SESSION_VIDEO_PROGRESSED,
  SMB_SESSION_MESSAGE,
  SMB_SESSION_N_SIGNALS,
} SmbSessionSignal;

void smb_session_emit (SmbSession *self, SmbSessionSignal signal);
/* Shows the error's sentence unless it says "cancelled". */
void smb_session_message_error (SmbSession *self, const GError *error);
/* Queues work for the case thread; data (with free) becomes the task's data. Does nothing once closed. */
void smb_session_push (SmbSession *self, SmbWorkPriority priority, GCancellable *cancellable, SmbCaseWork work,
                       GAsyncReadyCallback done, gpointer data, GDestroyNotify free_data);
/* The log grew: ask for its head (once, however often this is called before the answer). */
void smb_session_refresh_log (SmbSession *self);
SmbExhibit *smb_session_find_exhibit (SmbSession *self, gint64 evidence_id);
SmbEvidence *smb_evidence_copy (const SmbEvidence *evidence);

/* smb-session-batch.c: a job in the list, borrowed; and out of it */
SmbJob *smb_session_start_job (SmbSession *self, const char *title, guint total);
void smb_session_end_job (SmbSession *self, SmbJob *job);

/* smb-session-verify.c: one exhibit, as a unit of the job */
void smb_session_push_verify (SmbSession *self, SmbJob *job, SmbExhibit *exhibit);

/* smb-session-view.c */
void smb_session_reload_notes (SmbSession *self);
void smb_session_faces_replaced (SmbSession *self);
/* Decodes an exhibit; done gets SmbTiles. */
void smb_session_push_picture (SmbSession *self, SmbExhibit *exhibit, GCancellable *cancellable,
                               GAsyncReadyCallback done);

/* smb-session-maps.c */
void smb_session_init_maps (SmbSession *self);
void smb_session_drop_maps (SmbSession *self);

/* smb-session-regions.c */
void smb_session_drop_regions (SmbSession *self);
void smb_session_forget_report (SmbSession *self);

/* smb-session-paint.c */
void smb_session_init_paint (SmbSession *self);
void smb_session_forget_paint (SmbSession *self);

/* smb-session-file.c */
void smb_session_drop_file (SmbSession *self);

/* smb-session-other.c: the first exhibit, its faces or the model changed */
void smb_session_other_replaced (SmbSession *self);
void smb_session_clear_other (SmbSession *self);

/* smb-session-labels.c */
void smb_session_load_labels (SmbSession *self);

/* smb-session-model.c */
void smb_session_find_model (SmbSession *self);

G_END_DECLS
