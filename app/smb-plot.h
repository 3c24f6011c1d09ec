/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A small chart: up to four lines over one axis, with a title, the newest value in words, ticks, and a read-out under
 * the pointer. Screen readers hear title and words. */
#define SMB_TYPE_PLOT (smb_plot_get_type ())
G_DECLARE_FINAL_TYPE (SmbPlot, smb_plot, SMB, PLOT, GtkWidget)

#define SMB_PLOT_MAX_LINES 4

GtkWidget *smb_plot_new (const char *title);

/* Ends of the axes that do not follow the data; NAN: they do. */
void smb_plot_set_range (SmbPlot *self, double x0, double x1, double y0, double y1);
/* What x is (translated), for the read-out. */
void smb_plot_set_x_title (SmbPlot *self, const char *title);
/* A line's name in the legend and the read-out; marks: a dot at each point; diagonal: a faint line from corner to
 * corner. */
void smb_plot_set_line (SmbPlot *self, guint line, const char *name, gboolean marks);
void smb_plot_set_diagonal (SmbPlot *self, gboolean diagonal);

/* Points of a line in the order of x; what is no number is left out. */
void smb_plot_append (SmbPlot *self, guint line, double x, double y);
void smb_plot_clear (SmbPlot *self);
/* Words at the title's other end, NULL: none. To be called after points were appended: only then do screen readers hear
 * of them. */
void smb_plot_set_words (SmbPlot *self, const char *words);
/* Shown where there is no point yet. */
void smb_plot_set_empty (SmbPlot *self, const char *sentence);

G_END_DECLS
