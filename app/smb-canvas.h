/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "analysis/smb-analysis.h"
#include "smb-tiles.h"
#include "smb-tool.h"
#include "smb-viewport.h"

G_BEGIN_DECLS

/* The picture under examination: zoom, pan, face boxes, one map laid over a face in place, its legend, an overview when
 * zoomed in; a second picture or map beside it, under a divider or by turns; and the tools that work on the picture.
 * Both sides move together: where both have a chosen face, these lie on each other, else the whole pictures do.
 * Places in signals and arguments are pixels of side A's picture unless stated.
 *
 * Signals: "view-changed" (zoom or position), "hover" (int side, double x, double y in pixels of that side's picture;
 * negative: the pointer left), "face-activated" (int index), "box-drawn" (int x, y, side), "box-corrected" (int index,
 * x, y, side), "patch-picked" (int patch), "patch-marked" (int patch, boolean marked), "stroke" (double x0, y0, x1, y1:
 * the brush went there), "tool-dropped" (Escape put the tool away). */
#define SMB_TYPE_CANVAS (smb_canvas_get_type ())
G_DECLARE_FINAL_TYPE (SmbCanvas, smb_canvas, SMB, CANVAS, GtkWidget)

typedef enum { SMB_SIDE_A, SMB_SIDE_B, SMB_N_SIDES } SmbCanvasSide;

typedef enum {
  SMB_CANVAS_ONE,    /* side A alone */
  SMB_CANVAS_BESIDE, /* A left, B right */
  SMB_CANVAS_SWIPE,  /* A left of a divider, B right of it, in one place */
  SMB_CANVAS_BLINK,  /* A and B by turns in one place */
} SmbCanvasMode;

/* How the map is laid over the face. */
typedef struct {
  double opacity;   /* 0 to 1 */
  double threshold; /* share of the scale below which nothing is drawn, 0 to 1 */
  SmbColours colours;
  gboolean legend;
  gboolean contours;
} SmbOverlayLook;

/* NULL: nothing to show; `message` then says why or what to do next. */
void smb_canvas_set_picture (SmbCanvas *self, SmbCanvasSide side, SmbTiles *tiles, const char *message);
/* What a side is called where both are seen ("S-02"); NULL: nothing. */
void smb_canvas_set_name (SmbCanvas *self, SmbCanvasSide side, const char *name);
/* analysis is copied from; NULL: no faces. */
void smb_canvas_set_faces (SmbCanvas *self, SmbCanvasSide side, const SmbAnalysis *analysis, int selected);
/* The map of the selected face (copied); area: the part of the picture it covers, in picture pixels. NULL: none. */
void smb_canvas_set_map (SmbCanvas *self, SmbCanvasSide side, const SmbMap *map, SmbViewRect area, const char *title,
                         const char *subtitle);
void smb_canvas_set_look (SmbCanvas *self, const SmbOverlayLook *look);
void smb_canvas_set_mode (SmbCanvas *self, SmbCanvasMode mode);

const SmbViewport *smb_canvas_get_viewport (SmbCanvas *self);
void smb_canvas_fit (SmbCanvas *self);
/* About the middle of the view. */
void smb_canvas_set_scale (SmbCanvas *self, double scale);
void smb_canvas_zoom_by (SmbCanvas *self, double factor);
/* Brings a face into the middle, large enough to look at. */
void smb_canvas_show_face (SmbCanvas *self, int index);

void smb_canvas_set_tool (SmbCanvas *self, SmbTool tool);
SmbTool smb_canvas_get_tool (SmbCanvas *self);
/* The tool for a box with that of a face in hand, to be moved and resized. */
void smb_canvas_correct_face (SmbCanvas *self, int index);
/* The patches that PICK and PATCHES work on: n x n over `area`. n 0: none. */
void smb_canvas_set_patch_grid (SmbCanvas *self, int n, SmbViewRect area);
/* Marked patches (n * n bytes, copied; NULL: none) and the one whose view is shown (-1: none). */
void smb_canvas_set_marks (SmbCanvas *self, const guint8 *marked, int picked);
/* The regions the brush works on, laid over `area`; NULL: none. radius_px: the brush's, in picture pixels. */
void smb_canvas_set_paint (SmbCanvas *self, GdkTexture *paint, SmbViewRect area, double radius_px);

/* Value of a side's map under a point of its picture, NAN if there is none; row and column of the cell (may be NULL).
 */
double smb_canvas_get_map_value (SmbCanvas *self, SmbCanvasSide side, double x, double y, int *row_out,
                                 int *column_out);

/* The ends of the scale a side's map is drawn with. FALSE without values. */
gboolean smb_canvas_get_scale_ends (SmbCanvas *self, SmbCanvasSide side, double *lo_out, double *hi_out);

/* What is in view, legend included, as a texture of `factor` pixels a unit; NULL if there is nothing. */
GdkTexture *smb_canvas_render (SmbCanvas *self, double factor);

G_END_DECLS
