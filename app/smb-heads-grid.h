/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* Attention of every head of the chosen layer side by side, to pick one from. Computes only while it is seen.
 * Signal: "picked" (one was; the session shows it). */
#define SMB_TYPE_HEADS_GRID (smb_heads_grid_get_type ())
G_DECLARE_FINAL_TYPE (SmbHeadsGrid, smb_heads_grid, SMB, HEADS_GRID, GtkWidget)

void smb_heads_grid_set_session (SmbHeadsGrid *self, SmbSession *session);

G_END_DECLS
