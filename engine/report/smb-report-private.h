/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside engine/report only: the words both kinds of report share, the figures both draw, and the two renderers. */

#include "report/smb-report.h"

#include <cairo.h>
#include <pango/pangocairo.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (cairo_surface_t, cairo_surface_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (cairo_t, cairo_destroy)

/* Family lists; Pango falls back character by character. */
#define SMB_REPORT_SANS "DejaVu Sans, Noto Sans CJK JP, sans-serif"
#define SMB_REPORT_MONO "DejaVu Sans Mono, Noto Sans Mono CJK JP, monospace"
/* Long enough for any act of the program itself; what an entry holds beyond that is named, not hidden. */
#define SMB_REPORT_MAX_DETAILS_CHARS 600

/* Words (smb-report-words.c). All give what the caller frees with g_free unless const. */

/* A line of a table of facts. */
typedef struct {
  char *label;
  char *value;
  gboolean mono; /* hashes, paths */
} SmbReportFact;

GPtrArray *smb_report_case_facts (const SmbReportData *data);            /* SmbReportFact* */
GPtrArray *smb_report_exhibit_facts (const SmbReportExhibit *exhibit);   /* SmbReportFact* */
/* Sentences that change the meaning of what follows: broken log, altered files, untrained models. Each once. */
GPtrArray *smb_report_warnings (const SmbReportData *data);              /* char* */
GPtrArray *smb_report_exhibit_warnings (const SmbReportExhibit *exhibit); /* char* */

/* Text of others made safe to show: control characters and those that turn the reading direction around become their
 * code points in brackets. Line ends stay if `lines`. NULL gives "". */
char *smb_report_clean (const char *text, gboolean lines);
char *smb_report_time (gint64 time_us); /* "2026-01-02 03:04:05 UTC" */
const char *smb_report_hash_word (SmbHashState state);
char *smb_report_score (const SmbFaceResult *result);   /* "0.873" or "n/a" */
/* Of an exhibit with an analysis: how many of its faces are shown; the same in words, "3", or "1 of 3" where faces are
 * left out; the highest score of those shown. */
guint smb_report_count_shown (const SmbReportExhibit *exhibit);
char *smb_report_n_faces (const SmbReportExhibit *exhibit);
char *smb_report_highest_score (const SmbReportExhibit *exhibit);
char *smb_report_score_note (
    const SmbFaceResult *result); /* why there is none, or the likelihood ratio it stands for, and why the face lies
                                   * outside the validated range; NULL: nothing to add */
char *smb_report_box (SmbBox box);                      /* "120 × 118 px at 31, 40" */
const char *smb_report_origin (SmbFaceOrigin origin);
char *smb_report_class (const SmbAnalysis *analysis, int index);
char *smb_report_map_title (const SmbMap *map);
/* Numbers have a point whatever the language, so that a report reads the same everywhere. */
char *smb_report_number (double value);                /* four significant digits */
char *smb_report_fixed (double value, int n_decimals);
char *smb_report_log_details (const SmbAuditEntry *entry);
char *smb_report_case_title (const SmbReportData *data); /* "SC-2026-001 · Title" */
/* What stands under the exhibit's picture; NULL: nothing, for it speaks for itself. */
const char *smb_report_picture_caption (const SmbReportExhibit *exhibit);
char *smb_report_face_label (guint index);               /* "F1" */

/* Figures (smb-report-figures.c). Lengths in the units of the context. */

/* The picture stretched to width x height at x, y. */
void smb_report_draw_image (cairo_t *cr, const SmbImage *image, double x, double y, double width, double height);
/* The exhibit's picture with the box and label of every face; font_px the labels' size. */
void smb_report_draw_picture (cairo_t *cr, const SmbReportExhibit *exhibit, double x, double y, double width,
                              double height, double font_px);
/* A map over the face it belongs to (or alone, if crop is NULL), square of `size`. attention_part as in
 * SmbReportExhibit: a map that covers only the middle of the crop is drawn over just that. */
void smb_report_draw_map (cairo_t *cr, const SmbImage *crop, const SmbMap *map, double attention_part,
                          SmbColours colours, double x, double y, double size);
/* Its colour bar, low values left. */
void smb_report_draw_bar (cairo_t *cr, SmbColours colours, double x, double y, double width, double height);
gboolean smb_report_map_has_scale (const SmbMap *map);
/* Hints off and 72 dots an inch, so that text is laid out the same whatever the screen. Unref with g_object_unref. */
PangoLayout *smb_report_layout (cairo_t *cr, const char *families, double size, gboolean bold, const char *text);

/* Region tables (smb-report-regions.c). */

char *smb_report_measure (const SmbMeasure *measure);             /* "0.4120 (z +2.1; 97 %)", "–" */
char *smb_report_regions_summary (const SmbRegionReport *report); /* what the columns mean, the reference, the note */
/* The matrix with its labels and values, `width` wide: cell (i, j) in row i, column j. */
void smb_report_draw_matrix (cairo_t *cr, const SmbRegionReport *report, double x, double y, double width);
double smb_report_matrix_height (double width);
const char *smb_report_matrix_caption (void);

/* Scores over time (smb-report-timeline.c): a legend, then score against time, `width` wide and as high as _height
 * says. */
void smb_report_draw_timeline (cairo_t *cr, const SmbReportTimeline *timeline, double x, double y, double width);
double smb_report_timeline_height (const SmbReportTimeline *timeline, double width);
char *smb_report_timeline_caption (const SmbReportTimeline *timeline); /* what is drawn how */

GBytes *smb_report_render_pdf (const SmbReportData *data, GError **error);
GBytes *smb_report_render_html (const SmbReportData *data, GError **error);

G_END_DECLS
