/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-evidence-pane.h"

#include "smb-evidence-row.h"
#include "smb-format.h"
#include "smb-job-row.h"

#include <glib/gi18n.h>
#include <math.h>

struct _SmbEvidencePane {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GMenuModel *row_menu;
  GtkLabel *count;
  GtkSearchEntry *search;
  GtkDropDown *order;
  GtkStack *stack;
  GtkListView *list;
  GtkBox *jobs;
  GtkWidget *hash_box;
  GtkImage *hash_icon;
  GtkLabel *hash_text;
  GtkLabel *log_text;

  /* owned */
  SmbSession *session;
  GtkCustomFilter *filter;
  GtkCustomSorter *sorter;
  GtkMultiSelection *selection;
  GtkWidget *menu; /* of the list */
  char *needle; /* case-folded */
};

G_DEFINE_FINAL_TYPE (SmbEvidencePane, smb_evidence_pane, GTK_TYPE_WIDGET)

static gboolean
matches (gpointer item, gpointer user_data)
{
  SmbEvidencePane *self = user_data;
  const SmbEvidence *evidence = smb_exhibit_get_evidence (item);
  g_autofree char *name = NULL;
  g_autofree char *label = NULL;
  g_autofree char *text = NULL;
  g_autofree char *folded = NULL;

  if (self->needle == NULL || *self->needle == '\0')
    return TRUE;
  name = smb_exhibit_dup_name (item);
  label = smb_format_labels (item);
  text = g_strconcat (evidence->exhibit, " ", name, " ", smb_state_of_hash (evidence->hash_state).word, " ",
                      label != NULL ? label : "", NULL);
  folded = g_utf8_casefold (text, -1);
  return strstr (folded, self->needle) != NULL;
}

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  SmbEvidencePane *self = user_data;
  double first = smb_exhibit_get_score ((SmbExhibit *) a);
  double second = smb_exhibit_get_score ((SmbExhibit *) b);
  gint64 first_id = smb_exhibit_get_evidence ((SmbExhibit *) a)->id;
  gint64 second_id = smb_exhibit_get_evidence ((SmbExhibit *) b)->id;

  if (gtk_drop_down_get_selected (self->order) == 1) {
    if (isnan (first) != isnan (second))
      return isnan (first) ? GTK_ORDERING_LARGER : GTK_ORDERING_SMALLER;
    if (first != second && !isnan (first))
      return first > second ? GTK_ORDERING_SMALLER : GTK_ORDERING_LARGER;
  }
  return first_id < second_id ? GTK_ORDERING_SMALLER
                              : (first_id > second_id ? GTK_ORDERING_LARGER : GTK_ORDERING_EQUAL);
}

static void
on_search_changed (GtkSearchEntry *entry, SmbEvidencePane *self)
{
  g_free (self->needle);
  self->needle = g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (entry)), -1);
  gtk_filter_changed (GTK_FILTER (self->filter), GTK_FILTER_CHANGE_DIFFERENT);
}

static void
on_order_changed (GtkDropDown *order, GParamSpec *pspec, SmbEvidencePane *self)
{
  gtk_sorter_changed (GTK_SORTER (self->sorter), GTK_SORTER_CHANGE_DIFFERENT);
}

GPtrArray *
smb_evidence_pane_dup_selected (SmbEvidencePane *self)
{
  GPtrArray *chosen = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = self->selection != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->selection)) : 0;

  for (guint i = 0; i < n; i++)
    if (gtk_selection_model_is_selected (GTK_SELECTION_MODEL (self->selection), i))
      g_ptr_array_add (chosen, g_list_model_get_item (G_LIST_MODEL (self->selection), i));
  return chosen;
}

/* The exhibit looked at is one of those selected: it stays while it is among them. */
static void
on_selected (SmbEvidencePane *self)
{
  g_autoptr (GPtrArray) chosen = smb_evidence_pane_dup_selected (self);

  if (chosen->len > 0 && !g_ptr_array_find (chosen, smb_session_get_exhibit (self->session), NULL))
    smb_session_select_exhibit (self->session, chosen->pdata[0]);
}

/* With what is listed now (a search leaves out, a case fills), the exhibit looked at is selected, else the first. */
static void
select_something (SmbEvidencePane *self)
{
  GtkSelectionModel *selection = GTK_SELECTION_MODEL (self->selection);
  g_autoptr (GtkBitset) chosen = gtk_selection_model_get_selection (selection);
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (selection));

  if (!gtk_bitset_is_empty (chosen) || n == 0)
    return;
  for (guint i = 0; i < n; i++) {
    g_autoptr (SmbExhibit) item = g_list_model_get_item (G_LIST_MODEL (selection), i);

    if (item == exhibit) {
      gtk_selection_model_select_item (selection, i, TRUE);
      return;
    }
  }
  gtk_selection_model_select_item (selection, 0, TRUE);
}

/* The menu of what is selected; a row that is not selected is, first. */
static void
on_secondary_click (GtkGestureClick *gesture, int n_press, double x, double y, GtkListItem *item)
{
  GtkWidget *row = gtk_list_item_get_child (item);
  SmbEvidencePane *self = SMB_EVIDENCE_PANE (gtk_widget_get_ancestor (row, SMB_TYPE_EVIDENCE_PANE));
  double left, top;

  if (!gtk_list_item_get_selected (item))
    gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), gtk_list_item_get_position (item), TRUE);
  gtk_widget_translate_coordinates (row, GTK_WIDGET (self), x, y, &left, &top);
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu), &(GdkRectangle){ (int) left, (int) top, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

/* By key: beside the row that has the focus. */
static gboolean
show_menu (GtkWidget *widget, GVariant *arguments, gpointer user_data)
{
  SmbEvidencePane *self = SMB_EVIDENCE_PANE (widget);
  GtkWidget *row = gtk_root_get_focus (gtk_widget_get_root (widget));
  GdkRectangle middle = { .width = 1, .height = 1 };
  graphene_rect_t area;

  if (row == NULL || !gtk_widget_is_ancestor (row, GTK_WIDGET (self->list))
      || !gtk_widget_compute_bounds (row, widget, &area))
    return FALSE;
  middle.x = (int) (area.origin.x + area.size.width / 2);
  middle.y = (int) (area.origin.y + area.size.height / 2);
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu), &middle);
  gtk_popover_popup (GTK_POPOVER (self->menu));
  return TRUE;
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, SmbEvidencePane *self)
{
  GtkWidget *row = smb_evidence_row_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect (click, "pressed", G_CALLBACK (on_secondary_click), item);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (click));
  gtk_list_item_set_child (item, row);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, SmbEvidencePane *self)
{
  smb_evidence_row_set_exhibit (SMB_EVIDENCE_ROW (gtk_list_item_get_child (item)), gtk_list_item_get_item (item));
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, SmbEvidencePane *self)
{
  smb_evidence_row_set_exhibit (SMB_EVIDENCE_ROW (gtk_list_item_get_child (item)), NULL);
}

static void
show_counts (SmbEvidencePane *self)
{
  guint total = g_list_model_get_n_items (smb_session_get_exhibits (self->session));
  guint shown = g_list_model_get_n_items (G_LIST_MODEL (self->selection));
  g_autofree char *text = NULL;

  if (shown == total)
    text = g_strdup_printf (ngettext ("%u item", "%u items", total), total);
  else
    text = g_strdup_printf (_("%u of %u"), shown, total);
  gtk_label_set_text (self->count, text);
  gtk_stack_set_visible_child_name (self->stack, total == 0 ? "empty" : (shown == 0 ? "nothing" : "list"));
}

static void
show_hashes (SmbEvidencePane *self)
{
  guint total = g_list_model_get_n_items (smb_session_get_exhibits (self->session));
  guint verified = smb_session_count_hash_state (self->session, SMB_HASH_VERIFIED);
  guint pending = smb_session_count_hash_state (self->session, SMB_HASH_UNVERIFIED);
  guint bad = total - verified - pending;
  g_autofree char *text = NULL;
  SmbState state = { "smb-shield-symbolic", "", "dim" };

  if (total == 0) {
    text = g_strdup (_("No exhibits yet"));
  } else if (bad > 0) {
    state = (SmbState){ "smb-alert-symbolic", "", "alert" };
    text = g_strdup_printf (ngettext ("%u hash does not match", "%u hashes do not match", bad), bad);
  } else if (pending > 0) {
    text = g_strdup_printf (_("%u of %u hashes verified"), verified, total);
  } else {
    gint64 newest = 0;
    g_autofree char *clock = NULL;

    for (guint i = 0; i < total; i++) {
      g_autoptr (SmbExhibit) exhibit = g_list_model_get_item (smb_session_get_exhibits (self->session), i);

      newest = MAX (newest, smb_exhibit_get_evidence (exhibit)->verified_us);
    }
    clock = smb_format_clock (newest);
    state.css = "ok";
    text = g_strdup_printf (ngettext ("%u hash verified %s", "%u hashes verified %s", verified), verified, clock);
  }
  gtk_image_set_from_icon_name (self->hash_icon, state.icon);
  gtk_label_set_text (self->hash_text, text);
  smb_state_apply_class (self->hash_box, &state);
}

static void
on_exhibits_changed (SmbSession *session, SmbEvidencePane *self)
{
  if (gtk_drop_down_get_selected (self->order) == 1)
    gtk_sorter_changed (GTK_SORTER (self->sorter), GTK_SORTER_CHANGE_DIFFERENT);
  show_counts (self);
  show_hashes (self);
}

static void
on_log_changed (SmbSession *session, SmbEvidencePane *self)
{
  SmbCheck check;
  const char *head = smb_session_get_log_head (session, &check);
  g_autofree char *brief = smb_format_short_hash (head);
  g_autofree char *text = NULL;
  g_autofree char *tooltip = NULL;

  if (check == SMB_CHECK_BAD) {
    text = g_strdup (_("Log broken"));
    gtk_widget_set_tooltip_text (GTK_WIDGET (self->log_text), smb_session_get_log_problem (session));
  } else {
    text = g_strdup_printf (_("log %s"), brief);
    tooltip = g_strdup_printf (_("The audit log is intact. Hash of its last entry:\n%s"), head != NULL ? head : "–");
    gtk_widget_set_tooltip_text (GTK_WIDGET (self->log_text), tooltip);
  }
  gtk_label_set_text (self->log_text, text);
}

static void
on_jobs_changed (GListModel *jobs, guint position, guint removed, guint added, SmbEvidencePane *self)
{
  GtkWidget *child;
  guint n = g_list_model_get_n_items (jobs);

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->jobs))) != NULL)
    gtk_box_remove (self->jobs, child);
  for (guint i = 0; i < n; i++) {
    g_autoptr (SmbJob) job = g_list_model_get_item (jobs, i);

    gtk_box_append (self->jobs, smb_job_row_new (job));
  }
  gtk_widget_set_visible (GTK_WIDGET (self->jobs), n > 0);
}

/* When the session chooses, the list follows. */
static void
on_exhibit_changed (SmbSession *session, SmbEvidencePane *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (session);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));

  for (guint i = 0; i < n; i++) {
    g_autoptr (SmbExhibit) item = g_list_model_get_item (G_LIST_MODEL (self->selection), i);

    if (item == exhibit && !gtk_selection_model_is_selected (GTK_SELECTION_MODEL (self->selection), i))
      gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), i, TRUE);
  }
}

static void
on_labels_changed (SmbEvidencePane *self)
{
  if (self->needle != NULL && *self->needle != '\0')
    gtk_filter_changed (GTK_FILTER (self->filter), GTK_FILTER_CHANGE_DIFFERENT);
}

static void
on_items_changed (SmbEvidencePane *self)
{
  show_counts (self);
  select_something (self);
}

void
smb_evidence_pane_set_session (SmbEvidencePane *self, SmbSession *session)
{
  GtkFilterListModel *filtered;
  GtkSortListModel *sorted;

  g_return_if_fail (self->session == NULL);
  self->session = g_object_ref (session);
  self->filter = gtk_custom_filter_new (matches, self, NULL);
  self->sorter = gtk_custom_sorter_new (compare, self, NULL);
  filtered = gtk_filter_list_model_new (g_object_ref (smb_session_get_exhibits (session)),
                                        g_object_ref (GTK_FILTER (self->filter)));
  sorted = gtk_sort_list_model_new (G_LIST_MODEL (filtered), g_object_ref (GTK_SORTER (self->sorter)));
  self->selection = gtk_multi_selection_new (G_LIST_MODEL (sorted));
  g_signal_connect_object (self->selection, "selection-changed", G_CALLBACK (on_selected), self, G_CONNECT_SWAPPED);
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect_object (session, "opened", G_CALLBACK (on_exhibits_changed), self, 0);
  g_signal_connect_object (session, "exhibits-changed", G_CALLBACK (on_exhibits_changed), self, 0);
  g_signal_connect_object (session, "exhibit-changed", G_CALLBACK (on_exhibit_changed), self, 0);
  g_signal_connect_object (session, "labels-changed", G_CALLBACK (on_labels_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "log-changed", G_CALLBACK (on_log_changed), self, 0);
  g_signal_connect_object (smb_session_get_jobs (session), "items-changed", G_CALLBACK (on_jobs_changed), self, 0);
  g_signal_connect_object (self->selection, "items-changed", G_CALLBACK (on_items_changed), self, G_CONNECT_SWAPPED);
  show_counts (self);
  show_hashes (self);
  select_something (self);
}

/* Tab goes past the list, whose rows arrows go through: GTK would stop at each of thousands. */
static gboolean
smb_evidence_pane_focus (GtkWidget *widget, GtkDirectionType direction)
{
  SmbEvidencePane *self = SMB_EVIDENCE_PANE (widget);
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (widget));

  if (focus == NULL || !gtk_widget_is_ancestor (focus, GTK_WIDGET (self->list))
      || (direction != GTK_DIR_TAB_FORWARD && direction != GTK_DIR_TAB_BACKWARD))
    return GTK_WIDGET_CLASS (smb_evidence_pane_parent_class)->focus (widget, direction);
  return gtk_widget_child_focus (direction == GTK_DIR_TAB_FORWARD ? GTK_WIDGET (self->jobs) : GTK_WIDGET (self->order),
                                 direction);
}

void
smb_evidence_pane_focus_search (SmbEvidencePane *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

static void
smb_evidence_pane_dispose (GObject *object)
{
  SmbEvidencePane *self = SMB_EVIDENCE_PANE (object);

  g_clear_pointer (&self->menu, gtk_widget_unparent);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->selection);
  g_clear_object (&self->filter);
  g_clear_object (&self->sorter);
  g_clear_object (&self->session);
  g_clear_pointer (&self->needle, g_free);
  G_OBJECT_CLASS (smb_evidence_pane_parent_class)->dispose (object);
}

static void
smb_evidence_pane_class_init (SmbEvidencePaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_evidence_pane_dispose;
  widget_class->focus = smb_evidence_pane_focus;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-evidence-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, box);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, row_menu);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, count);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, search);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, order);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, list);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, jobs);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, hash_box);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, hash_icon);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, hash_text);
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, log_text);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Menu, 0, show_menu, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_F10, GDK_SHIFT_MASK, show_menu, NULL);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_order_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_bind);
  gtk_widget_class_bind_template_callback (widget_class, on_unbind);
}

static void
smb_evidence_pane_init (SmbEvidencePane *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->menu = gtk_popover_menu_new_from_model (self->row_menu);
  gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
  gtk_widget_set_halign (self->menu, GTK_ALIGN_START);
  gtk_widget_set_parent (self->menu, GTK_WIDGET (self));
}
