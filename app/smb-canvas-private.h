/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-canvas.h"

G_BEGIN_DECLS

typedef struct {
  SmbViewRect box; /* picture pixels */
  char *label;     /* "F1  deepfake 0.87" */
} SmbCanvasFace;

/* One side's picture and what lies on it. */
typedef struct {
  SmbTiles *tiles;
  char *message;
  char *name;
  GArray *faces; /* SmbCanvasFace */
  int selected;

  SmbMap *map;
  SmbViewRect map_area;
  char *map_title, *map_subtitle;
  GdkTexture *map_texture; /* at full opacity; NULL: to be rendered */
  GArray *contours;        /* SmbContourLine; NULL: to be found */
} SmbCanvasLayer;

/* What a drag moves. */
typedef enum { SMB_DRAG_NONE, SMB_DRAG_PICTURE, SMB_DRAG_OVERVIEW, SMB_DRAG_DIVIDER, SMB_DRAG_TOOL } SmbCanvasDrag;

struct _SmbCanvas {
  GtkWidget parent_instance;

  /* owned */
  SmbCanvasLayer layers[SMB_N_SIDES];
  SmbOverlayLook look;

  /* Of side A; beside each other it is half as wide as the widget. */
  SmbViewport viewport;
  SmbCanvasMode mode;
  double divider; /* share of the width, 0 to 1 */
  guint blink_source;
  gboolean blink_second;

  double pointer_x, pointer_y; /* where a wheel turns: scroll events need not say; negative: not over the canvas */
  double pinch_start_scale;
  double drag_x, drag_y; /* what the current drag has moved so far */
  SmbCanvasDrag drag;

  SmbTool tool;
  /* drawing or correcting a box; picture pixels */
  gboolean has_rubber;
  int correcting; /* index of the face whose box is being changed; -1: a new one */
  double rubber_x0, rubber_y0, rubber_x1, rubber_y1;
  /* patches */
  int grid;
  SmbViewRect grid_area;
  guint8 *marked; /* (grid * grid), or NULL */
  int picked;
  int cursor;         /* patch under the keyboard or pointer; -1: none */
  gboolean marking;   /* what the current drag makes of patches */
  /* brush */
  GdkTexture *paint;
  SmbViewRect paint_area;
  double brush_px;
  double stroke_x, stroke_y;
};

/* smb-canvas.c */
void smb_canvas_view_changed (SmbCanvas *self);
/* Pixels of side B's picture for one of side A's, and where A's origin falls in them. */
void smb_canvas_get_alignment (SmbCanvas *self, double *scale_out, double *x_out, double *y_out);
SmbViewRect smb_canvas_rect_to_view (SmbCanvas *self, SmbCanvasSide side, SmbViewRect rect);
void smb_canvas_to_side (SmbCanvas *self, SmbCanvasSide side, double x, double y, double *side_x, double *side_y);
/* Which side lies under a place of the widget. */
SmbCanvasSide smb_canvas_side_at (SmbCanvas *self, double x);
/* Where the second half begins; 0 unless they lie beside each other. */
double smb_canvas_get_half (SmbCanvas *self);
SmbImage *smb_canvas_get_image (SmbCanvas *self, SmbCanvasSide side);

/* smb-canvas-draw.c */
void smb_canvas_snapshot (GtkWidget *widget, GtkSnapshot *snapshot);
/* Where the overview inset lies in the view; FALSE if it is not shown. */
gboolean smb_canvas_get_overview (SmbCanvas *self, SmbViewRect *rect_out);

/* smb-canvas-paint.c: what all drawing shares */
#define SMB_CANVAS_MARGIN 12.0f
extern const GdkRGBA smb_canvas_ground, smb_canvas_white;
GdkRGBA smb_canvas_named_colour (SmbCanvas *self, const char *name);
graphene_rect_t smb_canvas_to_rect (SmbViewRect rect);
PangoLayout *smb_canvas_make_layout (SmbCanvas *self, const char *text, int size_px, gboolean bold);
void smb_canvas_append_layout (GtkSnapshot *snapshot, PangoLayout *layout, float x, float y, const GdkRGBA *colour);
void smb_canvas_append_rounded (GtkSnapshot *snapshot, graphene_rect_t rect, float radius, const GdkRGBA *colour);
void smb_canvas_append_frame (GtkSnapshot *snapshot, graphene_rect_t rect, float width, float radius,
                              const GdkRGBA *colour);
/* A bright line inside a dark one: seen on any picture. */
void smb_canvas_append_outline (GtkSnapshot *snapshot, graphene_rect_t rect, float width, const GdkRGBA *colour);
/* A sentence in the middle of an empty canvas, or at the top while a tool is in hand. */
void smb_canvas_append_sentence (SmbCanvas *self, GtkSnapshot *snapshot, const char *text, gboolean on_top);

/* smb-canvas-map.c */
void smb_canvas_draw_map (SmbCanvas *self, GtkSnapshot *snapshot, SmbCanvasSide side);
void smb_canvas_draw_legend (SmbCanvas *self, GtkSnapshot *snapshot, SmbCanvasSide side, float right);
void smb_canvas_layer_forget_map (SmbCanvasLayer *layer);

/* smb-canvas-tools.c */
void smb_canvas_draw_tool (SmbCanvas *self, GtkSnapshot *snapshot);
const char *smb_canvas_get_hint (SmbCanvas *self); /* of the tool in hand; NULL without */
/* Of the pointer's drags, in widget pixels; TRUE where the tool takes them. */
gboolean smb_canvas_tool_press (SmbCanvas *self, double x, double y);
void smb_canvas_tool_drag (SmbCanvas *self, double x, double y);
void smb_canvas_tool_release (SmbCanvas *self, double x, double y);
gboolean smb_canvas_tool_key (SmbCanvas *self, guint key, GdkModifierType state);
void smb_canvas_tool_hover (SmbCanvas *self, double x, double y);

/* smb-canvas-input.c */
void smb_canvas_add_controllers (SmbCanvas *self);

G_END_DECLS
