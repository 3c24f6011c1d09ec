/* SPDX-License-Identifier: Apache-2.0 */
/* What everything drawn on the canvas is made of. */
#include "smb-canvas-private.h"

#include <math.h>

const GdkRGBA smb_canvas_ground = { 0.09f, 0.09f, 0.10f, 0.90f };
const GdkRGBA smb_canvas_white = { 1.0f, 1.0f, 1.0f, 1.0f };

GdkRGBA
smb_canvas_named_colour (SmbCanvas *self, const char *name)
{
  GdkRGBA colour = { 0.5f, 0.5f, 0.5f, 1.0f };

  gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (self)), name, &colour);
  return colour;
}

graphene_rect_t
smb_canvas_to_rect (SmbViewRect rect)
{
  return GRAPHENE_RECT_INIT ((float) rect.x, (float) rect.y, (float) rect.width, (float) rect.height);
}

PangoLayout *
smb_canvas_make_layout (SmbCanvas *self, const char *text, int size_px, gboolean bold)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  PangoFontDescription *font = pango_font_description_copy (
      pango_context_get_font_description (gtk_widget_get_pango_context (GTK_WIDGET (self))));
  PangoAttrList *attributes = pango_attr_list_new ();

  pango_font_description_set_absolute_size (font, size_px * PANGO_SCALE);
  pango_font_description_set_weight (font, bold ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL);
  pango_layout_set_font_description (layout, font);
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  pango_font_description_free (font);
  return layout;
}

void
smb_canvas_append_layout (GtkSnapshot *snapshot, PangoLayout *layout, float x, float y, const GdkRGBA *colour)
{
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (roundf (x), roundf (y)));
  gtk_snapshot_append_layout (snapshot, layout, colour);
  gtk_snapshot_restore (snapshot);
}

void
smb_canvas_append_rounded (GtkSnapshot *snapshot, graphene_rect_t rect, float radius, const GdkRGBA *colour)
{
  GskRoundedRect rounded;

  gsk_rounded_rect_init_from_rect (&rounded, &rect, radius);
  gtk_snapshot_push_rounded_clip (snapshot, &rounded);
  gtk_snapshot_append_color (snapshot, colour, &rect);
  gtk_snapshot_pop (snapshot);
}

void
smb_canvas_append_frame (GtkSnapshot *snapshot, graphene_rect_t rect, float width, float radius, const GdkRGBA *colour)
{
  GskRoundedRect rounded;
  float widths[4] = { width, width, width, width };
  GdkRGBA colours[4] = { *colour, *colour, *colour, *colour };

  gsk_rounded_rect_init_from_rect (&rounded, &rect, radius);
  gtk_snapshot_append_border (snapshot, &rounded, widths, colours);
}

void
smb_canvas_append_outline (GtkSnapshot *snapshot, graphene_rect_t rect, float width, const GdkRGBA *colour)
{
  graphene_rect_t outer = rect;

  graphene_rect_inset (&outer, -1, -1);
  smb_canvas_append_frame (snapshot, outer, 1, 0, &smb_canvas_ground);
  smb_canvas_append_frame (snapshot, rect, width, 0, colour);
}

void
smb_canvas_append_sentence (SmbCanvas *self, GtkSnapshot *snapshot, const char *text, gboolean on_top)
{
  g_autoptr (PangoLayout) layout = smb_canvas_make_layout (self, text, 13, FALSE);
  GdkRGBA colour = on_top ? smb_canvas_white : smb_canvas_named_colour (self, "smb_text");
  float width = MAX ((float) self->viewport.view_width - 48.0f, 60.0f);
  PangoRectangle extents;
  float x, y;

  pango_layout_set_width (layout, (int) width * PANGO_SCALE);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  pango_layout_get_pixel_extents (layout, NULL, &extents);
  x = ((float) self->viewport.view_width - width) / 2;
  y = on_top ? SMB_CANVAS_MARGIN + 6 : ((float) self->viewport.view_height - (float) extents.height) / 2;
  if (on_top)
    smb_canvas_append_rounded (snapshot,
                               GRAPHENE_RECT_INIT (x + (float) extents.x - 12, y - 6, (float) extents.width + 24,
                                                   (float) extents.height + 12),
                               6, &smb_canvas_ground);
  smb_canvas_append_layout (snapshot, layout, x, y, &colour);
}
