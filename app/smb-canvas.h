/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "analysis/smb-analysis.h"
#include "smb-viewport.h"

G_BEGIN_DECLS

/* The picture under examination: zoom, pan, face boxes, one map laid over a face in place, its legend, an overview when
 * zoomed in, and the drawing of a box by hand.
 *
 * Signals: "view-changed" (zoom or position), "hover" (double x, double y in picture pixels; negative: the pointer
 * left), "face-activated" (int index), "box-drawn" (int x, y, side in picture pixels). */
#define SMB_TYPE_CANVAS (smb_canvas_get_type ())
G_DECLARE_FINAL_TYPE (SmbCanvas, smb_canvas, SMB, CANVAS, GtkWidget)

/* How the map is laid over the face. */
typedef struct {
  double opacity;   /* 0 to 1 */
  double threshold; /* share of the scale below which nothing is drawn, 0 to 1 */
  SmbColours colours;
  gboolean legend;
} SmbOverlayLook;

/* NULL: nothing to show; `message` then says why or what to do next. */
void smb_canvas_set_picture (SmbCanvas *self, SmbImage *image, const char *message);
/* analysis is copied from; NULL: no faces. */
void smb_canvas_set_faces (SmbCanvas *self, const SmbAnalysis *analysis, int selected);
/* The map of the selected face (copied); area: the part of the picture it covers, in picture pixels. NULL: none. */
void smb_canvas_set_map (SmbCanvas *self, const SmbMap *map, SmbViewRect area, const char *title, const char *subtitle);
void smb_canvas_set_look (SmbCanvas *self, const SmbOverlayLook *look);

const SmbViewport *smb_canvas_get_viewport (SmbCanvas *self);
void smb_canvas_fit (SmbCanvas *self);
/* About the middle of the view. */
void smb_canvas_set_scale (SmbCanvas *self, double scale);
void smb_canvas_zoom_by (SmbCanvas *self, double factor);
/* Brings a face into the middle, large enough to look at. */
void smb_canvas_show_face (SmbCanvas *self, int index);

void smb_canvas_set_drawing (SmbCanvas *self, gboolean drawing);

/* Value of the map under a picture point, NAN if there is none; row and column of the patch (may be NULL). */
double smb_canvas_get_map_value (SmbCanvas *self, double x, double y, int *row_out, int *column_out);

G_END_DECLS
