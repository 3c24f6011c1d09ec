/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A dialog of labelled lines with one thing to do at the end. Emits "accepted" when that is pressed, and "changed" when
 * a line is; what is missing is said in a sentence, during which it cannot be pressed. Escape closes it. */
#define SMB_TYPE_FORM (smb_form_get_type ())
G_DECLARE_FINAL_TYPE (SmbForm, smb_form, SMB, FORM, GtkWindow)

SmbForm *smb_form_new (GtkWindow *parent, const char *title, const char *accept);

/* Lines, from the top; each returns the control, which the form owns. hint: a placeholder; may be NULL. */
GtkWidget *smb_form_add_entry (SmbForm *self, const char *label, const char *text, const char *hint);
GtkWidget *smb_form_add_drop_down (SmbForm *self, const char *label, const char *const *words);
GtkWidget *smb_form_add_number (SmbForm *self, const char *label, double least, double most, double value);
GtkWidget *smb_form_add_check (SmbForm *self, const char *label, gboolean active);
/* An entry of a path, and a button that chooses one. several: paths are added with semicolons between them. */
GtkWidget *smb_form_add_path (SmbForm *self, const char *label, GtkFileChooserAction action, gboolean several,
                              const char *hint);
/* A heading between the lines, or any widget over the whole width. */
void smb_form_add_head (SmbForm *self, const char *text);
void smb_form_add_wide (SmbForm *self, GtkWidget *widget);
/* A line, label and control, shown or not. */
void smb_form_show_line (SmbForm *self, GtkWidget *control, gboolean shown);

/* Why it cannot be accepted now; NULL: it can. */
void smb_form_set_problem (SmbForm *self, const char *sentence);
/* Words at the foot of a form that can be accepted; NULL: none. */
void smb_form_set_note (SmbForm *self, const char *sentence);
/* A line's text without spaces around it; free with g_free. */
char *smb_form_dup_text (GtkWidget *entry);

G_END_DECLS
