/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-case-thread.h"
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
  SmbCheck model_check;
  SmbNetConfig *detector_config;

  char *log_head;
  char *log_problem;
  SmbCheck log_check;
  gboolean log_pending;

  /* what is looked at; `viewing` is cancelled and replaced with every other exhibit */
  SmbExhibit *exhibit;
  gulong exhibit_handler;
  GCancellable *viewing;
  SmbImage *picture;
  char *picture_problem;
  int face_index;
  SmbSessionVideo *video; /* NULL: a picture, or not open yet */
  GPtrArray *notes, *findings;

  /* maps of the chosen face by the text of their spec; `mapping` is cancelled with every other face */
  gboolean map_shown;
  SmbMapSpec map_spec;
  GCancellable *mapping;
  GHashTable *maps;
  GHashTable *maps_asked;
  char *map_problem;
};

typedef enum {
  SMB_SESSION_OPENED,
  SMB_SESSION_OPEN_FAILED,
  SMB_SESSION_EXHIBITS_CHANGED,
  SMB_SESSION_EXHIBIT_CHANGED,
  SMB_SESSION_PICTURE_CHANGED,
  SMB_SESSION_FACES_CHANGED,
  SMB_SESSION_MAP_CHANGED,
  SMB_SESSION_NOTES_CHANGED,
  SMB_SESSION_MODEL_CHANGED,
  SMB_SESSION_LOG_CHANGED,
  SMB_SESSION_VIDEO_CHANGED,
  SMB_SESSION_FRAME_CHANGED,
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

/* smb-session-view.c */
void smb_session_reload_notes (SmbSession *self);
void smb_session_drop_maps (SmbSession *self);
void smb_session_faces_replaced (SmbSession *self);

/* smb-session-model.c */
void smb_session_find_model (SmbSession *self);

G_END_DECLS
