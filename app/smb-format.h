/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-exhibit.h"

G_BEGIN_DECLS

/* How the window writes values: one wording for one state everywhere. Strings are translated; free what is not const.
 */

/* A state is an icon, a word and a CSS class ("ok", "warning", "alert", "dim"), never colour alone. */
typedef struct {
  const char *icon;
  const char *word;
  const char *css;
} SmbState;

SmbState smb_state_of_hash (SmbHashState state);
/* Replaces the state's class on a widget. */
void smb_state_apply_class (GtkWidget *widget, const SmbState *state);

/* What of these texts (any may be NULL or empty) says something: "SC-9 · Laboratory North". NULL: nothing does. */
char *smb_format_join (const char *first, const char *second);
char *smb_format_score (double score);          /* "0.87", "n/a" */
char *smb_format_short_hash (const char *hash); /* "7c1e…a904"; "–" for NULL */
char *smb_format_size (guint64 bytes);
char *smb_format_time (gint64 us);       /* "2026-11-24 09:12:03 CET", local time; "–" for 0 */
char *smb_format_clock (gint64 us);      /* "09:12" */
char *smb_format_faces (int n_faces);    /* "2 faces", "not analysed" for -1 */

/* smb-format-map.c */
const char *smb_format_map_title (SmbMapKind kind);
/* What a map shows and how to read it, two sentences. */
const char *smb_format_map_explanation (SmbMapKind kind);
/* "layer 12, mean of heads". class_name: translated, of spec's class; NULL: the most probable one. */
char *smb_format_map_subtitle (const SmbMapSpec *spec, const char *class_name);
const char *smb_format_strategy (SmbMaskStrategy strategy);
const char *smb_format_colours (SmbColours colours);
/* Three significant figures: attention over 196 patches lives around 0.005, errors around 1. */
char *smb_format_value (double value);

/* "genuine" -> translated if it is one of the known class names, else as it is. */
const char *smb_format_class (const char *name);

/* What an exhibit or its faces are labelled: "Swapped", "F2: Swapped", "2 faces labelled"; NULL: nothing is. */
char *smb_format_labels (SmbExhibit *exhibit);
/* Of which face a label speaks: "F2", "T7"; NULL: the whole exhibit. */
char *smb_format_label_face (SmbExhibit *exhibit, const SmbCaseLabel *label);

/* Index of the highest probability, -1 without any. */
int smb_face_result_get_best (const SmbFaceResult *face);

/* "F2" of the second face of a picture, "T7" of a video's track. */
char *smb_format_face (const SmbFaceResult *face, guint index);

G_END_DECLS
