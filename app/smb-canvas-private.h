/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-canvas.h"

G_BEGIN_DECLS

typedef struct {
  SmbViewRect box; /* picture pixels */
  char *label;     /* "F1  deepfake 0.87" */
  gboolean outside; /* no score */
} SmbCanvasFace;

struct _SmbCanvas {
  GtkWidget parent_instance;

  /* owned */
  SmbImage *image;
  GdkTexture *texture;
  char *message;
  GArray *faces; /* SmbCanvasFace */
  int selected;

  SmbMap *map;
  SmbViewRect map_area;
  char *map_title, *map_subtitle;
  GdkTexture *map_texture; /* at full opacity; NULL: to be rendered */
  SmbOverlayLook look;

  SmbViewport viewport;
  double pointer_x, pointer_y; /* where a wheel turns: scroll events need not say */
  double pinch_start_scale;
  double drag_x, drag_y; /* what the current drag has moved so far */
  gboolean dragging_overview;

  /* drawing a box; picture pixels */
  gboolean drawing;
  gboolean has_rubber;
  double rubber_x0, rubber_y0, rubber_x1, rubber_y1;
};

/* smb-canvas-draw.c */
void smb_canvas_snapshot (GtkWidget *widget, GtkSnapshot *snapshot);
/* Where the overview inset lies in the view; FALSE if it is not shown. */
gboolean smb_canvas_get_overview (SmbCanvas *self, SmbViewRect *rect_out);

/* smb-canvas-input.c */
void smb_canvas_add_controllers (SmbCanvas *self);

G_END_DECLS
