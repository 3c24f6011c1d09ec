/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-banner.h"
#include "smb-evidence-pane.h"
#include "smb-inspector.h"
#include "smb-start-page.h"
#include "smb-viewer.h"
#include "smb-window.h"

G_BEGIN_DECLS

struct _SmbWindow {
  GtkApplicationWindow parent_instance;

  /* template widgets */
  GtkWidget *evidence_toggle, *inspector_toggle;
  GtkWidget *add_button, *analyse_button, *compare_button, *report_button;
  GtkLabel *title, *subtitle;
  SmbBanner *messages;
  GtkStack *stack;
  SmbEvidencePane *evidence;
  SmbViewer *viewer;
  SmbInspector *inspector;

  /* owned */
  SmbEngine *engine;
  SmbSession *session; /* NULL on the start page */
  GSettings *settings;
  GtkFileChooserNative *chooser;
  GPtrArray *pending_files; /* to add once the case is open */
  gboolean analyse_when_added;
  gboolean narrow, very_narrow;
  guint fold_source;
};

/* smb-window-actions.c */
void smb_window_install_actions (GtkWidgetClass *widget_class);
void smb_window_update_actions (SmbWindow *self);
void smb_window_show_pane (SmbWindow *self, const char *action, gboolean shown);

G_END_DECLS
