/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-canvas.h"
#include "smb-banner.h"
#include "smb-video-pane.h"
#include "smb-viewer.h"

G_BEGIN_DECLS

struct _SmbViewer {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkDropDown *map;
  GtkWidget *layer_group, *head_group;
  GtkDropDown *layer, *head;
  GtkWidget *spinner;
  GtkScale *opacity, *threshold;
  GtkLabel *opacity_text, *threshold_text;
  GtkWidget *look_tools;
  GtkWidget *threshold_group, *colours_group;
  GtkDropDown *colours;
  GtkCheckButton *legend;
  SmbBanner *banner;
  SmbCanvas *canvas;
  SmbVideoPane *video_pane;
  GtkLabel *zoom;
  GtkLabel *position, *pixel, *value, *facts;

  /* owned */
  SmbSession *session;
  GSettings *settings;
  gboolean updating;  /* controls follow the session, not the other way round */
};

/* smb-viewer-tools.c: the two tool rows, from controls to session and back. */
void smb_viewer_bind_tools (GtkWidgetClass *widget_class);
void smb_viewer_init_tools (SmbViewer *self);
void smb_viewer_show_tools (SmbViewer *self);
void smb_viewer_apply_look (SmbViewer *self);
void smb_viewer_show_depth (SmbViewer *self);

G_END_DECLS
