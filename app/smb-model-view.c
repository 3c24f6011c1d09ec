/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-model-view.h"

#include "analysis/smb-track-likelihood.h"
#include "base/smb-json-part.h"
#include "learn/smb-dataset.h"
#include "learn/smb-model-card.h"
#include "smb-facts.h"
#include "smb-format.h"
#include "smb-label.h"
#include "smb-plot.h"

#include <glib/gi18n.h>
#include <math.h>

struct _SmbModelView {
  GtkWidget parent_instance;

  GtkWidget *box; /* sections, made anew for each model */
};

G_DEFINE_FINAL_TYPE (SmbModelView, smb_model_view, GTK_TYPE_WIDGET)

void
smb_model_facts_free (SmbModelFacts *facts)
{
  smb_model_info_free (facts->info);
  g_clear_pointer (&facts->card, json_node_unref);
  g_free (facts->card_text);
  g_free (facts->problem);
  g_ptr_array_unref (facts->against);
  smb_card_limits_free (facts->limits);
  g_free (facts);
}

/* NULL if it has none. */
static JsonObject *
card_of (const SmbModelFacts *facts)
{
  return facts->card != NULL && JSON_NODE_HOLDS_OBJECT (facts->card) ? json_node_get_object (facts->card) : NULL;
}

static GtkWidget *
add_section (SmbModelView *self, const char *title, const char *note)
{
  GtkWidget *section = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *label = gtk_label_new (title);

  gtk_widget_add_css_class (section, "section");
  gtk_widget_add_css_class (label, "strong");
  gtk_box_append (GTK_BOX (head), label);
  if (note != NULL) {
    GtkWidget *said = gtk_label_new (note);

    gtk_label_set_xalign (GTK_LABEL (said), 1.0f);
    gtk_label_set_ellipsize (GTK_LABEL (said), PANGO_ELLIPSIZE_END);
    gtk_widget_set_hexpand (said, TRUE);
    gtk_widget_add_css_class (said, "caption");
    gtk_widget_add_css_class (said, "dim");
    gtk_box_append (GTK_BOX (head), said);
  }
  gtk_box_append (GTK_BOX (section), head);
  gtk_box_append (GTK_BOX (self->box), section);
  return section;
}

static void
add_sentence (GtkWidget *to, const char *icon, const char *css, const char *sentence)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *label = gtk_label_new (sentence);
  GtkWidget *image = gtk_image_new_from_icon_name (icon);

  gtk_image_set_pixel_size (GTK_IMAGE (image), 14);
  gtk_widget_set_valign (image, GTK_ALIGN_START);
  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_add_css_class (row, css);
  gtk_box_append (GTK_BOX (row), image);
  gtk_box_append (GTK_BOX (row), label);
  gtk_box_append (GTK_BOX (to), row);
}

static void
add_use (SmbModelView *self, const SmbModelFacts *facts)
{
  GtkWidget *section = add_section (self, _("Fit for use"), NULL);
  const gboolean poor = facts->limits != NULL && facts->limits->poor;

  if (facts->problem != NULL)
    add_sentence (section, "smb-alert-symbolic", "alert", facts->problem);
  if (!facts->info->trained)
    add_sentence (section, "smb-warning-symbolic", "warning",
                  _("Its weights are not trained: its numbers mean nothing."));
  if (facts->info->detector_path == NULL)
    add_sentence (section, "smb-warning-symbolic", "warning", _("It has no detector: it makes maps, but no score."));
  if (facts->active)
    add_sentence (section, "smb-ok-symbolic", "ok", _("This is the model in use."));
  if (facts->by_default)
    add_sentence (section, "smb-warning-symbolic", "warning",
                  _("It came with the program and is used because no model was chosen yet."));
  for (guint i = 0; i < facts->against->len; i++)
    add_sentence (section, "smb-warning-symbolic", "warning", g_ptr_array_index (facts->against, i));
  if (poor)
    add_sentence (section, "smb-warning-symbolic", "warning", facts->limits->measured);
  if (!facts->active && facts->against->len == 0 && !poor)
    add_sentence (section, "smb-ok-symbolic", "ok",
                  facts->card != NULL ? _("Nothing speaks against using it.")
                                      : _("It has no card: it was not made here, and is not judged."));
}

/* In the network's order, the genuine one marked. NULL: it names none. */
static char *
dup_classes (const SmbModelInfo *info)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (int i = 0; info->classes != NULL && info->classes[i] != NULL; i++) {
    const char *name = smb_format_class (info->classes[i]);

    g_string_append (out, i > 0 ? ", " : "");
    g_string_append_printf (out, i == info->real_class ? _("%s (the genuine one)") : "%s", name);
  }
  return out->len > 0 ? g_string_free (g_steal_pointer (&out), FALSE) : NULL;
}

static void
add_facts (SmbModelView *self, const SmbModelFacts *facts)
{
  const SmbModelInfo *info = facts->info;
  GtkWidget *section = add_section (self, _("Model"), NULL), *list = g_object_new (SMB_TYPE_FACTS, NULL);
  g_autofree char *classes = dup_classes (info), *smallest = NULL;
  JsonObject *card = card_of (facts), *init = smb_json_find_object (card, "init");

  gtk_box_append (GTK_BOX (section), list);
  smb_facts_add (SMB_FACTS (list), _("Name"), info->name, info->folder);
  smb_facts_add (SMB_FACTS (list), _("Classes"), classes, NULL);
  smb_facts_add (SMB_FACTS (list), _("Licence"), info->licence, NULL);
  smb_facts_add (SMB_FACTS (list), _("Provenance"), info->provenance, NULL);
  if (smb_json_find_text (card, "limits", NULL) != NULL)
    smb_facts_add (SMB_FACTS (list), _("Limits"), smb_json_find_text (card, "limits", NULL), NULL);
  if (info->min_face_px > 0) {
    smallest = g_strdup_printf (_("%d px and more"), info->min_face_px);
    smb_facts_add (SMB_FACTS (list), _("Faces"), smallest, NULL);
  }
  if (info->detector_sha256 != NULL)
    smb_facts_add (SMB_FACTS (list), _("Detector"), info->detector_sha256, info->detector_path);
  if (info->mim_sha256 != NULL)
    smb_facts_add (SMB_FACTS (list), _("Reconstruction"), info->mim_sha256, info->mim_path);
  if (smb_json_find_text (init, "file", NULL) != NULL)
    smb_facts_add (SMB_FACTS (list), _("Started from"), smb_json_find_text (init, "file", NULL),
                   smb_json_find_text (init, "sha256", NULL));
}

static void
put (GtkWidget *grid, int column, int row, const char *text, gboolean head)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0.0f : 1.0f);
  gtk_widget_add_css_class (label, "numeric");
  if (head)
    gtk_widget_add_css_class (label, "dim");
  gtk_grid_attach (GTK_GRID (grid), label, column, row, 1, 1);
}

static GtkWidget *
add_grid (GtkWidget *section, const char *const *heads)
{
  GtkWidget *grid = gtk_grid_new ();

  gtk_grid_set_column_spacing (GTK_GRID (grid), 18);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 4);
  for (int i = 0; heads[i] != NULL; i++)
    put (grid, i, 0, heads[i], TRUE);
  gtk_box_append (GTK_BOX (section), grid);
  return grid;
}

static void
add_data (SmbModelView *self, JsonObject *data)
{
  static const char *const parts[] = { "train", "val", "test" };
  const char *const heads[] = { _("Class"), _("Training"), _("Validation"), _("Test"), NULL };
  JsonObject *faces = smb_json_find_object (data, "faces");
  g_autoptr (GList) classes = faces != NULL ? json_object_get_members (faces) : NULL;
  JsonArray *files = smb_json_find_array (data, "files"), *warnings = smb_json_find_array (data, "warnings");
  g_autofree char *note
      = g_strdup_printf (_("%u pictures, each with its hash in the card; %.0f leaks between the parts"),
                         files != NULL ? json_array_get_length (files) : 0, smb_json_find_number (data, "leaks"));
  GtkWidget *section = add_section (self, _("Data"), note), *grid = add_grid (section, heads);
  int row = 1;

  for (GList *at = classes; at != NULL; at = at->next, row++) {
    put (grid, 0, row, smb_format_class (at->data), FALSE);
    for (int p = 0; p < 3; p++) {
      JsonObject *of_class = smb_json_find_object (faces, at->data);
      g_autofree char *n = g_strdup_printf ("%.0f", smb_json_find_number (of_class, parts[p]));

      put (grid, p + 1, row, n, FALSE);
    }
  }
  for (guint i = 0; warnings != NULL && i < json_array_get_length (warnings); i++) {
    JsonNode *node = json_array_get_element (warnings, i);

    if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
      add_sentence (section, "smb-warning-symbolic", "warning", json_node_get_string (node));
  }
}

/* The entry of an evaluation of the same faces in the other's card. */
static JsonObject *
same_evaluation (const SmbModelFacts *before, JsonObject *of)
{
  JsonArray *list = before != NULL ? smb_json_find_array (card_of (before), "evaluations") : NULL;

  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
    JsonObject *other = smb_json_find_at (list, i);

    if (other != NULL && smb_model_card_same_faces (other, of))
      return other;
  }
  return NULL;
}

static char *
estimate_text (JsonObject *metrics, const char *key)
{
  JsonObject *e = smb_json_find_object (metrics, key);
  double value = smb_json_find_number (e, "value"), low = smb_json_find_number (e, "low"),
         high = smb_json_find_number (e, "high");

  if (!isfinite (value))
    return g_strdup ("–");
  return isfinite (low) ? g_strdup_printf ("%.3f  [%.3f, %.3f]", value, low, high) : g_strdup_printf ("%.3f", value);
}

/* One number of this model and of the other; a source of genuine faces alone has none, and no row. */
static void
add_row (GtkWidget *grid, int *row, const char *title, JsonObject *now, JsonObject *before, const char *key,
         gboolean compared)
{
  g_autofree char *mine = estimate_text (now, key), *theirs = estimate_text (before, key);

  if (smb_json_find_object (now, key) == NULL)
    return;
  put (grid, 0, *row, title, TRUE);
  put (grid, 1, *row, mine, FALSE);
  if (compared)
    put (grid, 2, *row, theirs, FALSE);
  ++*row;
}

static void
add_metrics (GtkWidget *section, JsonObject *now, JsonObject *before, const char *other)
{
  static const struct {
    const char *key, *title;
  } shown[] = {
    { "auc", "AUC" }, { "eer", "EER" }, { "accuracy", "ACC" }, { "hter", "HTER" }, { "tpr_at_fpr_10", "TPR@FPR 0.1" }
  };
  static const char *const groups[] = { "classes", "origins" };
  const char *const heads[] = { _("All faces"), _("This model"), before != NULL ? other : NULL, NULL };
  GtkWidget *grid = add_grid (section, heads);
  int row = 1;

  for (guint i = 0; i < G_N_ELEMENTS (shown); i++)
    add_row (grid, &row, shown[i].title, smb_json_find_object (now, "frame"), smb_json_find_object (before, "frame"),
             shown[i].key, before != NULL);
  add_row (grid, &row, _("AUC by video"), smb_json_find_object (now, "video"), smb_json_find_object (before, "video"),
           "auc", before != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++) {
    JsonObject *of = smb_json_find_object (now, groups[i]), *were = smb_json_find_object (before, groups[i]);
    g_autoptr (GList) names = of != NULL ? json_object_get_members (of) : NULL;

    for (GList *at = names; at != NULL; at = at->next) {
      JsonObject *mine = smb_json_find_object (of, at->data);
      double n = smb_json_find_number (mine, "faces");
      g_autofree char *title = i == 0 ? g_strdup_printf (_("AUC of %s, %.0f faces"), smb_format_class (at->data), n)
                                      : g_strdup_printf (_("AUC of source %s, %.0f faces"), (char *) at->data, n);

      add_row (grid, &row, title, mine, smb_json_find_object (were, at->data), "auc", before != NULL);
    }
  }
}

/* A curve of an evaluation: which members of its points are x and y. */
static void
add_curve (GtkWidget *plot, guint line, JsonObject *of, const char *key, guint x, guint y)
{
  JsonArray *points = smb_json_find_array (of, key);

  for (guint i = 0; points != NULL && i < json_array_get_length (points); i++) {
    JsonNode *node = json_array_get_element (points, i);

    if (JSON_NODE_HOLDS_ARRAY (node))
      smb_plot_append (SMB_PLOT (plot), line, smb_json_number_at (json_node_get_array (node), x),
                       smb_json_number_at (json_node_get_array (node), y));
  }
}

static void
add_plots (GtkWidget *section, JsonObject *now, JsonObject *before)
{
  const struct {
    const char *title, *key, *x_title;
    guint x, y;
    gboolean shares, marks;
  } plots[] = { { _("ROC"), "roc", _("false alarms"), 1, 2, TRUE, FALSE },
                { _("DET"), "det", _("false alarms (normal deviate)"), 0, 1, FALSE, FALSE },
                { _("Reliability"), "reliability", _("mean score"), 0, 1, TRUE, TRUE } };
  GtkWidget *box = gtk_flow_box_new ();

  gtk_flow_box_set_selection_mode (GTK_FLOW_BOX (box), GTK_SELECTION_NONE);
  gtk_flow_box_set_homogeneous (GTK_FLOW_BOX (box), TRUE);
  gtk_flow_box_set_max_children_per_line (GTK_FLOW_BOX (box), 3);
  gtk_flow_box_set_column_spacing (GTK_FLOW_BOX (box), 12);
  gtk_flow_box_set_row_spacing (GTK_FLOW_BOX (box), 12);
  for (guint i = 0; i < G_N_ELEMENTS (plots); i++) {
    GtkWidget *plot = smb_plot_new (plots[i].title);

    gtk_widget_set_size_request (plot, -1, 220);
    smb_plot_set_x_title (SMB_PLOT (plot), plots[i].x_title);
    if (plots[i].shares)
      smb_plot_set_range (SMB_PLOT (plot), 0.0, 1.0, 0.0, 1.0);
    smb_plot_set_diagonal (SMB_PLOT (plot), plots[i].shares);
    add_curve (plot, 0, now, plots[i].key, plots[i].x, plots[i].y);
    smb_plot_set_line (SMB_PLOT (plot), 0, NULL, plots[i].marks);
    smb_plot_set_line (SMB_PLOT (plot), 1, NULL, plots[i].marks);
    if (before != NULL)
      add_curve (plot, 1, before, plots[i].key, plots[i].x, plots[i].y);
    smb_plot_set_empty (SMB_PLOT (plot), _("Not measured"));
    gtk_flow_box_append (GTK_FLOW_BOX (box), plot);
    gtk_widget_set_focusable (gtk_widget_get_parent (plot), FALSE);
  }
  gtk_box_append (GTK_BOX (section), box);
  if (before != NULL)
    gtk_box_append (GTK_BOX (section), smb_label_new (_("blue: this model, brown: the one in use"), "dim"));
}

static void
add_evaluations (SmbModelView *self, const SmbModelFacts *facts, const SmbModelFacts *before)
{
  JsonArray *list = smb_json_find_array (card_of (facts), "evaluations");
  guint n = list != NULL ? json_array_get_length (list) : 0;

  if (n == 0)
    add_sentence (add_section (self, _("Evaluation"), NULL), "smb-unverified-symbolic", "dim",
                  _("It was not evaluated yet. “Evaluate…” measures it on a data set that it did not learn from."));
  for (guint i = n; i-- > 0;) { /* the newest first */
    JsonObject *now = smb_json_find_at (list, i);
    JsonObject *old = now != NULL && before != NULL ? same_evaluation (before, now) : NULL;
    g_autoptr (GString) note = g_string_new (NULL);
    const char *part = now != NULL ? smb_json_find_text (now, "part", "–") : NULL;
    GtkWidget *section;
    SmbPart of;

    if (now == NULL)
      continue;
    if (smb_part_from_name (part, &of)) /* which the card has by its name on the command line */
      part = of == SMB_PART_NONE ? _("all") : smb_part_title (of);
    g_string_append_printf (note, _("%s, part %s: %.0f genuine, %.0f forged faces; 95 %% intervals"),
                            smb_json_find_text (now, "name", "–"), part,
                            smb_json_find_number (now, "genuine"), smb_json_find_number (now, "forged"));
    if (smb_json_find_number (now, "reencode_px") > 0.0)
      g_string_append_printf (note, _("; both sides re-encoded at %.0f px"),
                              smb_json_find_number (now, "reencode_px"));
    section = add_section (self, _("Evaluation"), note->str);
    add_metrics (section, now, old,
                 before != NULL && !before->info->trained ? _("Model in use, untrained") : _("Model in use"));
    add_plots (section, now, old);
  }
}

/* How a calibration was fitted, in words. */
static const char *
kind_of (JsonObject *calibration)
{
  const char *name = smb_json_find_text (calibration, "kind", "–");

  return g_str_equal (name, "logistic") ? _("logistic") : g_str_equal (name, "isotonic") ? _("isotonic") : name;
}

/* As it is shown with two decimals: never “-0.00”. */
static double
power_of (JsonObject *calibration, const char *key)
{
  double power = smb_json_find_number (calibration, key);

  return fabs (power) < 0.005 ? 0.0 : power;
}

static void
add_calibrations (SmbModelView *self, const SmbModelFacts *facts)
{
  JsonArray *list = smb_json_find_array (card_of (facts), "calibrations");
  GtkWidget *section = add_section (self, _("Calibration"), NULL);
  guint n = list != NULL ? json_array_get_length (list) : 0;

  if (!facts->info->calibrated)
    add_sentence (section, "smb-warning-symbolic", "warning",
                  _("Not calibrated: its scores are shown raw, without likelihood ratios."));
  if (facts->info->track_calibration == NULL)
    add_sentence (section, "smb-unverified-symbolic", "dim", smb_track_calibration_missing ());
  for (guint i = 0; i < n; i++) {
    JsonObject *of = smb_json_find_at (list, i);
    g_autofree char *text = NULL;

    if (of == NULL)
      continue;
    text = g_strdup_printf (
        g_strcmp0 (smb_json_find_text (of, "by", NULL), "video") == 0
            ? _("Tracks, by their mean: %s, on %.0f genuine and %.0f forged videos (%s): Cllr %.3f (least possible "
                 "%.3f); likelihood ratios from 10^%.2f to 10^%.2f are claimed.")
            : _("%s, on %.0f genuine and %.0f forged faces (%s): Cllr %.3f (least possible %.3f); likelihood ratios "
                 "from 10^%.2f to 10^%.2f are claimed."),
        kind_of (of), smb_json_find_number (of, "genuine"), smb_json_find_number (of, "forged"),
        smb_json_find_text (of, "data", "–"), smb_json_find_number (of, "cllr"), smb_json_find_number (of, "cllr_min"),
        power_of (of, "low"), power_of (of, "high"));
    add_sentence (section, "smb-ok-symbolic", "ok", text);
  }
}

static void
add_card (SmbModelView *self, const SmbModelFacts *facts)
{
  GtkWidget *section, *expander, *text;

  if (facts->card_text == NULL)
    return;
  section = add_section (self, _("Model card"), NULL);
  expander = gtk_expander_new (_("The whole card"));
  text = smb_label_new (facts->card_text, "log");
  gtk_label_set_selectable (GTK_LABEL (text), TRUE);
  gtk_expander_set_child (GTK_EXPANDER (expander), text);
  gtk_box_append (GTK_BOX (section), expander);
}

void
smb_model_view_show (SmbModelView *self, const SmbModelFacts *facts, const SmbModelFacts *before)
{
  JsonObject *data = smb_json_find_object (card_of (facts), "data");
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (self->box)) != NULL)
    gtk_box_remove (GTK_BOX (self->box), child);
  add_use (self, facts);
  add_facts (self, facts);
  if (facts->info->detector_path != NULL) {
    add_evaluations (self, facts, before);
    add_calibrations (self, facts);
  }
  if (data != NULL)
    add_data (self, data);
  add_card (self, facts);
}

static void
smb_model_view_dispose (GObject *object)
{
  g_clear_pointer (&SMB_MODEL_VIEW (object)->box, gtk_widget_unparent);
  G_OBJECT_CLASS (smb_model_view_parent_class)->dispose (object);
}

static void
smb_model_view_class_init (SmbModelViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_model_view_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
smb_model_view_init (SmbModelView *self)
{
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
}

GtkWidget *
smb_model_view_new (void)
{
  return g_object_new (SMB_TYPE_MODEL_VIEW, NULL);
}
