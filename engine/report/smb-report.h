/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "analysis/smb-analysis.h"
#include "analysis/smb-track-score.h"
#include "case/smb-case.h"

G_BEGIN_DECLS

/* Entries of the log with this action become a warning of their own. */
#define SMB_REPORT_UNSANDBOXED "evidence.unsandboxed"

/* A video's scores over time, as its analyst left its tracks. */
typedef struct {
  gint64 length_us;
  GPtrArray *frames; /* SmbFrameFaces*, for the cuts */
  GPtrArray *tracks; /* SmbTrackSummary* */
  guint n_edits;     /* tracks merged, split or named by the analyst */
} SmbReportTimeline;

/* Everything a report shows of one exhibit, gathered beforehand: drawing opens no evidence. */
typedef struct {
  const SmbEvidence *evidence;       /* borrowed, as all below */
  const SmbCaseAnalysis *stored;     /* NULL: never analysed */
  const char *model_card;            /* the gist of the card of the model that gave the scores; NULL: none */
  const char *model_doubt;           /* how badly that model did where it was measured (smb_card_limits_read); NULL:
                                      * well enough, or nothing is known */
  const SmbAnalysis *analysis;       /* parsed from `stored`; NULL likewise */
  SmbImage *picture;                 /* scaled for the page; NULL if it could not be decoded */
  gboolean no_boxes;                 /* a video's first frame: its faces were found in others */
  double picture_scale;              /* picture pixels per upright pixel */
  const GPtrArray *video_facts;      /* SmbVideoFact*, what the container says; NULL: no video */
  const SmbReportTimeline *timeline; /* NULL: no video, or no run of it is stored */
  GPtrArray *maps;                   /* for each face (by index) a GPtrArray of SmbMap*, may be empty; or NULL */
  GPtrArray *crops;                  /* for each face its crop as SmbImage*; or NULL */
  double attention_part;             /* side of the middle of the crop that the detector saw, and attention and rollout
                                      * therefore cover, as a share: 224 / 256 for SMB_FACE_RESIZE_CENTRE_CROP; 0 or 1:
                                      * the whole crop */
  GPtrArray *regions; /* for each face the region map an examiner corrected, SmbRegions*, NULL: none; or NULL */
  const GPtrArray *pictures;         /* SmbCasePicture*, of an exhibit made of numbered ones; NULL: one file */
  double rate;                       /* of these, a second */
  const GArray *left_out;            /* guint: faces that the examiner chose not to show, by index; NULL: none */
  GPtrArray *notes;                  /* SmbNote* */
  GPtrArray *findings;               /* SmbFinding* */
} SmbReportExhibit;

/* Whether the report shows this face of the exhibit. */
gboolean smb_report_shows (const SmbReportExhibit *exhibit, guint face);

typedef struct {
  const SmbCaseInfo *info;
  const char *case_path;
  GPtrArray *exhibits; /* SmbReportExhibit* */
  GPtrArray *notes;    /* of the case as a whole */
  GPtrArray *log;      /* SmbAuditEntry* */
  const char *log_head; /* hash of the last entry */
  gboolean log_intact;
  const char *log_problem; /* sentence if not intact */
  gboolean unsandboxed; /* pictures of this very report came from a decoder that was not locked in */
  gint64 made_us;
  const char *program_version;
  SmbColours colours;
} SmbReportData;

/* PDF (A4, Cairo and Pango, page numbers, fonts embedded, deterministic for the same data), one self-contained HTML
 * file (figures as data: URIs) or a bundle for machines (smb-bundle.h), by the name's ending (.pdf, .html, .json; else
 * ARGUMENT). Written to a temporary file beside it, then renamed: an old report is replaced whole or stays. */
gboolean smb_report_write (const char *path, const SmbReportData *data, GError **error);

/* The bundle alone, as it would be written. */
GBytes *smb_report_make_bundle (const SmbReportData *data);

G_END_DECLS
