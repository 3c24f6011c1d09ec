/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-banner.h"
#include "smb-canvas.h"
#include "smb-heads-grid.h"
#include "smb-video-pane.h"
#include "smb-viewer.h"

G_BEGIN_DECLS

struct _SmbViewer {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkDropDown *map, *of_class, *layer, *head, *query;
  GtkWidget *class_group, *layer_group, *head_group, *query_group;
  GtkWidget *heads_button;
  GtkPopover *heads_popover;
  SmbHeadsGrid *heads;
  GtkWidget *busy_box;
  GtkSpinner *spinner;
  GtkLabel *busy_text;
  GtkWidget *stop, *retry;
  GtkToggleButton *mode_one, *mode_beside, *mode_swipe, *mode_blink;
  GtkWidget *other_tools;
  GtkDropDown *other, *other_map;
  GtkWidget *pin;
  GtkWidget *look_tools;
  GtkScale *opacity, *threshold;
  GtkLabel *opacity_text, *threshold_text;
  GtkWidget *threshold_group, *colours_group;
  GtkDropDown *colours;
  GtkCheckButton *contours, *legend;
  SmbBanner *banner;
  SmbCanvas *canvas;
  SmbVideoPane *video_pane;
  GtkLabel *zoom;
  GtkLabel *position, *pixel, *value, *facts;

  /* owned */
  SmbSession *session;
  GSettings *settings;
  GtkFileChooserNative *chooser;
  char *told_problem; /* that the map looked at could not be had, as last said in the message bar */
  gboolean updating; /* controls follow the session, not the other way round */
};

/* The part of the picture that a map covers, when `box` is its face's. */
SmbViewRect smb_viewer_get_map_area (const SmbMap *map, SmbBox box);
/* Words for a map of the whole picture. */
const char *smb_viewer_picture_map_title (int kind);
/* The class that a map speaks of, translated; NULL: the most probable one. */
const char *smb_viewer_get_class_name (SmbViewer *self, const SmbMapSpec *spec);

/* The kinds of map in the order of every drop-down. */
#define SMB_VIEWER_N_KINDS 12
extern const SmbMapKind smb_viewer_kinds[SMB_VIEWER_N_KINDS];

/* smb-viewer-tools.c: which map, from controls to session and back */
void smb_viewer_bind_tools (GtkWidgetClass *widget_class);
void smb_viewer_init_tools (SmbViewer *self);
void smb_viewer_show_tools (SmbViewer *self);
void smb_viewer_show_depth (SmbViewer *self);

/* smb-viewer-look.c: how it is laid over the face */
void smb_viewer_bind_look (GtkWidgetClass *widget_class);
void smb_viewer_init_look (SmbViewer *self);
void smb_viewer_show_look (SmbViewer *self);

/* smb-viewer-other.c: what is laid beside it */
void smb_viewer_bind_other (GtkWidgetClass *widget_class);
void smb_viewer_init_other (SmbViewer *self);
void smb_viewer_show_other (SmbViewer *self);
void smb_viewer_list_exhibits (SmbViewer *self);

/* smb-viewer-save.c */
void smb_viewer_install_save (GtkWidgetClass *widget_class);

G_END_DECLS
