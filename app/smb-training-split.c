/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-training-split.h"

#include "smb-format.h"

#include <glib/gi18n.h>

static void
put (GtkWidget *grid, int column, int row, const char *text, const char *css)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0.0f : 1.0f);
  gtk_widget_add_css_class (label, "numeric");
  if (css != NULL)
    gtk_widget_add_css_class (label, css);
  gtk_grid_attach (GTK_GRID (grid), label, column, row, 1, 1);
}

static void
add_warning (GtkWidget *box, const char *icon, const char *css, const char *sentence)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *label = gtk_label_new (sentence);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_add_css_class (row, css);
  gtk_box_append (GTK_BOX (row), gtk_image_new_from_icon_name (icon));
  gtk_box_append (GTK_BOX (row), label);
  gtk_box_append (GTK_BOX (box), row);
}

/* The genuine class is known by its name or its place alone, so it is said; and one class needs a second. */
static void
add_classes (GtkWidget *box, const SmbDatasetSummary *s)
{
  g_autofree char *genuine = g_strdup_printf (
      _("“%s” is the genuine class. If it is another, name the classes in their order and gather again."),
      smb_format_class (s->classes[s->real_class]));

  add_warning (box, "smb-unverified-symbolic", "dim", genuine);
  if (s->classes[1] == NULL)
    add_warning (box, "smb-unverified-symbolic", "dim",
                 _("It is the only one: the other will be forgeries made of its faces, the self-blended class below."));
}

void
smb_training_split_show (GtkWidget *box, const SmbDatasetSummary *s)
{
  const char *const heads[] = { _("Class"), _("Training"), _("Validation"), _("Test"), _("Unused") };
  GtkWidget *grid, *child;
  g_autofree char *leaks = NULL;

  while ((child = gtk_widget_get_first_child (box)) != NULL)
    gtk_box_remove (GTK_BOX (box), child);
  gtk_widget_set_visible (box, s != NULL);
  if (s == NULL)
    return;
  grid = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (grid), 18);
  for (int i = 0; i < (int) G_N_ELEMENTS (heads); i++)
    put (grid, i, 0, heads[i], "dim");
  for (int c = 0; s->classes[c] != NULL; c++) {
    put (grid, 0, c + 1, smb_format_class (s->classes[c]), NULL);
    for (int p = 0; p <= SMB_PART_NONE; p++) {
      g_autofree char *n = g_strdup_printf ("%u", s->counts[c][p]);

      put (grid, p + 1, c + 1, n, NULL);
    }
  }
  gtk_box_append (GTK_BOX (box), grid);
  add_classes (box, s);
  leaks = g_strdup_printf (ngettext ("%u person, source or picture crosses the parts; divide it anew.",
                                     "%u persons, sources or pictures cross the parts; divide it anew.", s->leaks),
                           s->leaks);
  if (s->leaks > 0)
    add_warning (box, "smb-alert-symbolic", "alert", leaks);
  else
    add_warning (box, "smb-ok-symbolic", "ok", _("No person, source or picture crosses the parts."));
  for (guint i = 0; i < s->warnings->len; i++)
    add_warning (box, "smb-warning-symbolic", "warning", g_ptr_array_index (s->warnings, i));
  if (s->left_out > 0) {
    g_autofree char *sentence = g_strdup_printf (
        ngettext ("%u picture was left out. %s", "%u pictures were left out, the first because: %s", s->left_out),
        s->left_out, s->first_left_out);

    add_warning (box, "smb-warning-symbolic", "warning", sentence);
  }
}
