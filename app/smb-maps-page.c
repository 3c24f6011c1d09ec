/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-maps-page.h"

#include "explain/smb-faithfulness.h"
#include "smb-format.h"
#include "smb-map-texture.h"
#include "smb-plot.h"

#include <glib/gi18n.h>
#include <math.h>

#define PREVIEW_PX 224
#define LOOKS_COLUMNS 4
#define EXPECTS_COLUMNS 3

/* dear: takes seconds, so it is computed when asked for, not to be previewed. */
static const struct {
  SmbMapKind kind;
  gboolean dear;
} cards[] = {
  { SMB_MAP_ATTENTION, FALSE },    { SMB_MAP_ROLLOUT, FALSE },      { SMB_MAP_RELEVANCE, FALSE },
  { SMB_MAP_OCCLUSION, TRUE },     { SMB_MAP_MASKED_INPUT, FALSE }, { SMB_MAP_RECONSTRUCTION, FALSE },
  { SMB_MAP_ERROR, FALSE },        { SMB_MAP_SIGNED_ERROR, FALSE }, { SMB_MAP_ABSOLUTE_ERROR, FALSE },
  { SMB_MAP_SSIM, FALSE },         { SMB_MAP_COVERAGE, TRUE },
};
#define N_CARDS G_N_ELEMENTS (cards)

static const SmbMaskStrategy strategies[] = { SMB_MASK_RANDOM, SMB_MASK_CRFR_P,    SMB_MASK_CRFR_R,
                                              SMB_MASK_FRP,    SMB_MASK_FASKING_I, SMB_MASK_PATCHES };
/* Entries of the region's drop-down: any, then these. */
#define N_REGIONS (SMB_REGION_HAIR + 1)

struct _SmbMapsPage {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkStack *stack;
  GtkLabel *empty_text;
  GtkGrid *looks, *expects;
  GtkLabel *about_title, *about_text, *about_note, *about_tested, *about_range;
  GtkWidget *about_box, *curves_box;
  GtkLabel *curves_text;
  GtkWidget *test;
  GtkDropDown *strategy, *region;
  GtkSpinButton *ratio, *seed, *times;
  GtkToggleButton *by_hand;
  GtkWidget *no_patches;
  GtkCheckButton *predicted;
  GtkLabel *mask_text;

  /* owned */
  SmbSession *session;
  GSettings *settings;
  GtkWidget *buttons[N_CARDS];
  GtkWidget *pictures[N_CARDS];
  GtkWidget *curves; /* SmbPlot, in its box */
  gboolean updating;
};

G_DEFINE_FINAL_TYPE (SmbMapsPage, smb_maps_page, GTK_TYPE_WIDGET)

static const char *
class_name (SmbMapsPage *self, const SmbMapSpec *spec)
{
  const SmbModelInfo *model = smb_session_get_model (self->session);

  if (spec->of_class < 0 || model == NULL || model->classes == NULL ||
      spec->of_class >= (int) g_strv_length (model->classes))
    return NULL;
  return smb_format_class (model->classes[spec->of_class]);
}

/* How the answer goes when the patches that the map marks are hidden, or shown, one after the other. NULL: not tested. */
static void
show_curves (SmbMapsPage *self, const SmbFaithfulness *tested)
{
  g_autofree char *text = NULL;

  gtk_widget_set_visible (self->curves_box, tested != NULL);
  if (tested == NULL)
    return;
  smb_plot_clear (SMB_PLOT (self->curves));
  for (int i = 0; i <= SMB_FAITH_STEPS; i++) {
    smb_plot_append (SMB_PLOT (self->curves), 0, (double) i / SMB_FAITH_STEPS, tested->deletion[i]);
    smb_plot_append (SMB_PLOT (self->curves), 1, (double) i / SMB_FAITH_STEPS, tested->insertion[i]);
  }
  smb_plot_append (SMB_PLOT (self->curves), 2, 0.0, tested->random_mean);
  smb_plot_append (SMB_PLOT (self->curves), 2, 1.0, tested->random_mean);
  smb_plot_set_words (SMB_PLOT (self->curves), NULL); /* now it is heard */
  text = g_strdup_printf (_("Area under the curve: hidden %.3f (should be low), shown %.3f (should be high), in random "
                            "order %.3f ± %.3f (the level line). Rank correlation with the map of a network with random weights: %.2f "
                            "(should be below %.2f)."),
                          tested->deletion_area, tested->insertion_area, tested->random_mean, tested->random_deviation,
                          tested->correlation, SMB_FAITH_MAX_CORRELATION);
  gtk_label_set_text (self->curves_text, text);
}

static void
show_about (SmbMapsPage *self)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);
  const SmbMap *map = smb_session_get_map (self->session, NULL);
  g_autofree char *title = NULL;
  g_autofree char *subtitle = NULL;
  g_autofree char *range = NULL;

  gtk_widget_set_visible (self->about_box, spec != NULL);
  if (spec == NULL)
    return;
  subtitle = smb_format_map_subtitle (spec, class_name (self, spec));
  title = g_strdup_printf ("%s, %s", smb_format_map_title (spec->kind), subtitle);
  gtk_label_set_text (self->about_title, title);
  gtk_label_set_text (self->about_text, smb_format_map_explanation (spec->kind));
  gtk_label_set_text (self->about_note, map != NULL && map->note != NULL ? map->note : "");
  gtk_widget_set_visible (GTK_WIDGET (self->about_note), map != NULL && map->note != NULL);
  gtk_widget_set_visible (self->test,
                          map != NULL && map->faithfulness == NULL && smb_map_kind_is_of_detector (spec->kind));
  if (map != NULL && map->faithfulness != NULL && map->faithfulness->fails == 0 && map->note == NULL) {
    g_autofree char *passed = smb_faithfulness_sentence (map->faithfulness);

    gtk_label_set_text (self->about_tested, passed);
  } else {
    gtk_label_set_text (self->about_tested, "");
  }
  gtk_widget_set_visible (GTK_WIDGET (self->about_tested), *gtk_label_get_text (self->about_tested) != '\0');
  show_curves (self, map != NULL ? map->faithfulness : NULL);
  if (map != NULL && map->values != NULL) {
    g_autofree char *min = smb_format_value (map->min);
    g_autofree char *max = smb_format_value (map->max);

    range = g_strdup_printf (_("%d × %d values, %s to %s"), map->columns, map->rows, min, max);
  }
  gtk_label_set_text (self->about_range, range != NULL ? range : "");
  gtk_widget_set_visible (GTK_WIDGET (self->about_range), range != NULL);
}

/* What the strategy does, and what the numbers below mean for it. */
static const char *
explain (SmbMaskStrategy strategy)
{
  switch (strategy) {
    case SMB_MASK_CRFR_P:
      return _ (
          "One region is covered whole, the rest is hidden in proportion, region by region: how FSFM was trained.");
    case SMB_MASK_CRFR_R:
      return _("One region is covered whole, the rest is hidden at random.");
    case SMB_MASK_FRP:
      return _("Every region is hidden in proportion, none whole.");
    case SMB_MASK_FASKING_I:
      return _("Eyes, nose, mouth and hair are hidden first, then skin, as in MARLIN.");
    case SMB_MASK_PATCHES:
      return _("The patches chosen on the picture are hidden and no others.");
    case SMB_MASK_RANDOM:
    default:
      return _("Patches are hidden at random. The same seed hides the same patches on every machine.");
  }
}

static void
show_mask (SmbMapsPage *self)
{
  SmbMapSpec spec = smb_session_make_spec (self->session, SMB_MAP_ERROR);
  gboolean hand = spec.strategy == SMB_MASK_PATCHES;
  gboolean covers = spec.strategy == SMB_MASK_CRFR_P || spec.strategy == SMB_MASK_CRFR_R;

  for (guint i = 0; i < G_N_ELEMENTS (strategies); i++) {
    if (strategies[i] == spec.strategy)
      gtk_drop_down_set_selected (self->strategy, i);
  }
  gtk_drop_down_set_selected (self->region, (guint) (spec.region + 1));
  gtk_spin_button_set_value (self->ratio, spec.ratio * 100.0);
  gtk_spin_button_set_value (self->seed, (double) spec.seed);
  gtk_spin_button_set_value (self->times, spec.times);
  gtk_check_button_set_active (self->predicted, spec.predicted);
  gtk_toggle_button_set_active (self->by_hand, smb_session_get_tool (self->session) == SMB_TOOL_PATCHES);
  gtk_widget_set_sensitive (GTK_WIDGET (self->region), covers);
  gtk_widget_set_sensitive (GTK_WIDGET (self->ratio), !hand);
  gtk_widget_set_sensitive (GTK_WIDGET (self->seed), !hand);
  gtk_widget_set_visible (self->no_patches, hand);
  gtk_label_set_text (self->mask_text, explain (spec.strategy));
}

/* Previews are computed only while the page is looked at. */
static void
refresh (SmbMapsPage *self)
{
  const SmbFaceResult *face = smb_session_get_face (self->session);
  const SmbMapSpec *chosen = smb_session_get_map_spec (self->session);
  SmbMapStore *maps = smb_session_get_maps (self->session);
  SmbColours colours = smb_map_colours_from_settings (self->settings);

  gtk_stack_set_visible_child_name (self->stack, face != NULL ? "maps" : "empty");
  if (face == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  self->updating = TRUE;
  for (guint i = 0; i < N_CARDS; i++) {
    SmbMapSpec spec = smb_session_make_spec (self->session, cards[i].kind);
    const SmbMap *map = cards[i].dear || !smb_session_can_make (&spec) ? smb_map_store_get (maps, &spec)
                                                              : smb_map_store_peek (maps, &spec);
    g_autoptr (GdkTexture) texture = map != NULL ? smb_map_preview_new (map, colours, PREVIEW_PX) : NULL;

    gtk_picture_set_paintable (GTK_PICTURE (self->pictures[i]), GDK_PAINTABLE (texture));
    gtk_widget_set_tooltip_text (self->buttons[i], texture == NULL && cards[i].dear
                                                       ? _("Takes a while: it is computed when chosen.")
                                                       : smb_format_map_explanation (cards[i].kind));
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->buttons[i]),
                                  chosen != NULL && chosen->kind == cards[i].kind);
  }
  show_mask (self);
  self->updating = FALSE;
  show_about (self);
}

static void
on_toggled (GtkToggleButton *button, SmbMapsPage *self)
{
  if (self->updating)
    return;
  for (guint i = 0; i < N_CARDS; i++) {
    if (GTK_WIDGET (button) == self->buttons[i]) {
      SmbMapSpec spec = smb_session_make_spec (self->session, cards[i].kind);

      smb_session_set_map_spec (self->session, gtk_toggle_button_get_active (button) ? &spec : NULL);
    }
  }
}

static void
apply_mask (SmbMapsPage *self)
{
  SmbMapSpec spec;
  guint strategy = gtk_drop_down_get_selected (self->strategy);
  guint region = gtk_drop_down_get_selected (self->region);

  if (self->updating || self->session == NULL || strategy >= G_N_ELEMENTS (strategies))
    return;
  spec = smb_session_make_spec (self->session, SMB_MAP_ERROR);
  spec.strategy = strategies[strategy];
  spec.region = (SmbRegion) ((int) region - 1);
  spec.ratio = gtk_spin_button_get_value (self->ratio) / 100.0;
  spec.seed = (guint64) gtk_spin_button_get_value (self->seed);
  spec.times = gtk_spin_button_get_value_as_int (self->times);
  spec.predicted = gtk_check_button_get_active (self->predicted);
  smb_session_set_map_settings (self->session, &spec);
}

static void
on_mask_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbMapsPage *self)
{
  apply_mask (self);
}

static void
on_mask_changed (GtkSpinButton *button, SmbMapsPage *self)
{
  apply_mask (self);
}

static void
on_predicted_toggled (GtkCheckButton *button, SmbMapsPage *self)
{
  apply_mask (self);
}

static void
on_by_hand_toggled (GtkToggleButton *button, SmbMapsPage *self)
{
  gboolean on = gtk_toggle_button_get_active (button);
  SmbMapSpec spec;

  if (self->updating || self->session == NULL)
    return;
  spec = smb_session_make_spec (self->session, SMB_MAP_ERROR);
  if (on && spec.strategy != SMB_MASK_PATCHES) {
    spec.strategy = SMB_MASK_PATCHES;
    smb_session_set_map_settings (self->session, &spec);
  }
  smb_session_set_tool (self->session, on ? SMB_TOOL_PATCHES : SMB_TOOL_NONE);
}

static void
on_no_patches_clicked (GtkButton *button, SmbMapsPage *self)
{
  SmbMapSpec spec = smb_session_make_spec (self->session, SMB_MAP_ERROR);

  memset (spec.patches, 0, sizeof spec.patches);
  smb_session_set_map_settings (self->session, &spec);
}

static void
on_test_clicked (GtkButton *button, SmbMapsPage *self)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);

  if (spec != NULL)
    smb_map_store_test (smb_session_get_maps (self->session), spec);
}

static void
on_mapped (GtkWidget *widget, SmbMapsPage *self)
{
  if (self->session != NULL)
    refresh (self);
}

static void
on_colours_changed (GSettings *settings, const char *key, SmbMapsPage *self)
{
  if (self->session != NULL)
    refresh (self);
}

void
smb_maps_page_set_session (SmbMapsPage *self, SmbSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "map-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "tool-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
}

static void
smb_maps_page_dispose (GObject *object)
{
  SmbMapsPage *self = SMB_MAPS_PAGE (object);

  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data (self->settings, self);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->session);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (smb_maps_page_parent_class)->dispose (object);
}

static void
smb_maps_page_class_init (SmbMapsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_maps_page_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-maps-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, box);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, empty_text);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, looks);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, expects);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, about_box);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, about_title);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, about_text);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, about_note);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, about_range);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, about_tested);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, curves_box);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, curves_text);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, test);
  gtk_widget_class_bind_template_callback (widget_class, on_test_clicked);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, strategy);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, region);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, ratio);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, seed);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, times);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, by_hand);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, no_patches);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, predicted);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, mask_text);
  gtk_widget_class_bind_template_callback (widget_class, on_mask_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_mask_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_predicted_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_by_hand_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_no_patches_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_mapped);
}

static void
add_card (SmbMapsPage *self, guint i)
{
  const char *title = smb_format_map_title (cards[i].kind);
  gboolean looks = smb_map_kind_is_of_detector (cards[i].kind);
  GtkGrid *gallery = looks ? self->looks : self->expects;
  int columns = looks ? LOOKS_COLUMNS : EXPECTS_COLUMNS;
  GtkWidget *content = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);
  GtkWidget *label = gtk_label_new (title);
  guint first = 0;

  while (smb_map_kind_is_of_detector (cards[first].kind) != smb_map_kind_is_of_detector (cards[i].kind))
    first++;
  self->buttons[i] = gtk_toggle_button_new ();
  self->pictures[i] = gtk_picture_new ();
  gtk_picture_set_content_fit (GTK_PICTURE (self->pictures[i]), GTK_CONTENT_FIT_CONTAIN);
  gtk_picture_set_can_shrink (GTK_PICTURE (self->pictures[i]), TRUE);
  gtk_widget_set_size_request (self->pictures[i], 60, 64);
  /* One without a preview yet is as tall as those beside it. */
  gtk_widget_set_vexpand (self->pictures[i], TRUE);
  gtk_widget_add_css_class (self->pictures[i], "map-preview");
  gtk_widget_add_css_class (self->buttons[i], "map-card");
  gtk_widget_add_css_class (label, "caption");
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_box_append (GTK_BOX (content), self->pictures[i]);
  gtk_box_append (GTK_BOX (content), label);
  gtk_button_set_child (GTK_BUTTON (self->buttons[i]), content);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->buttons[i]), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  g_signal_connect (self->buttons[i], "toggled", G_CALLBACK (on_toggled), self);
  gtk_grid_attach (gallery, self->buttons[i], (int) (i - first) % columns, (int) (i - first) / columns, 1, 1);
}

static void
smb_maps_page_init (SmbMapsPage *self)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  g_autoptr (GtkStringList) regions = gtk_string_list_new (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  self->settings = g_settings_new ("org.semblance.Semblance");
  for (guint i = 0; i < N_CARDS; i++)
    add_card (self, i);
  for (guint i = 0; i < G_N_ELEMENTS (strategies); i++)
    gtk_string_list_append (names, smb_format_strategy (strategies[i]));
  gtk_string_list_append (regions, _("any region"));
  for (int region = 0; region < N_REGIONS; region++)
    gtk_string_list_append (regions, smb_region_title ((SmbRegion) region));
  self->updating = TRUE;
  gtk_drop_down_set_model (self->strategy, G_LIST_MODEL (names));
  gtk_drop_down_set_model (self->region, G_LIST_MODEL (regions));
  self->updating = FALSE;
  self->curves = smb_plot_new (_("Answer"));
  smb_plot_set_line (SMB_PLOT (self->curves), 0, _("hidden"), FALSE);
  smb_plot_set_line (SMB_PLOT (self->curves), 1, _("shown"), FALSE);
  smb_plot_set_x_title (SMB_PLOT (self->curves), _("patches"));
  smb_plot_set_range (SMB_PLOT (self->curves), 0.0, 1.0, NAN, NAN);
  gtk_box_prepend (GTK_BOX (self->curves_box), self->curves);
  g_signal_connect (self->settings, "changed::overlay-colours", G_CALLBACK (on_colours_changed), self);
}
