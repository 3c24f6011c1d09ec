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
  GtkSingleSelection *selection;
  char *needle; /* case-folded */
};

G_DEFINE_FINAL_TYPE (SmbEvidencePane, smb_evidence_pane, GTK_TYPE_WIDGET)

static gboolean
matches (gpointer item, gpointer user_data)
{
  SmbEvidencePane *self = user_data;
  const SmbEvidence *evidence = smb_exhibit_get_evidence (item);
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;
  g_autofree char *folded = NULL;

  if (self->needle == NULL || *self->needle == '\0')
    return TRUE;
  name = smb_exhibit_dup_name (item);
  text = g_strconcat (evidence->exhibit, " ", name, " ", smb_state_of_hash (evidence->hash_state).word, NULL);
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

static void
on_selected (GtkSingleSelection *selection, GParamSpec *pspec, SmbEvidencePane *self)
{
  SmbExhibit *exhibit = gtk_single_selection_get_selected_item (selection);

  if (exhibit != NULL && self->session != NULL)
    smb_session_select_exhibit (self->session, exhibit);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, SmbEvidencePane *self)
{
  gtk_list_item_set_child (item, smb_evidence_row_new ());
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

/* The list keeps what is selected in view order; when the session chooses (the first exhibit that arrives), follow. */
static void
on_exhibit_changed (SmbSession *session, SmbEvidencePane *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (session);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));

  for (guint i = 0; i < n; i++) {
    g_autoptr (SmbExhibit) item = g_list_model_get_item (G_LIST_MODEL (self->selection), i);

    if (item == exhibit && gtk_single_selection_get_selected (self->selection) != i)
      gtk_single_selection_set_selected (self->selection, i);
  }
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
  self->selection = gtk_single_selection_new (G_LIST_MODEL (sorted));
  gtk_single_selection_set_autoselect (self->selection, TRUE);
  g_signal_connect (self->selection, "notify::selected-item", G_CALLBACK (on_selected), self);
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect_object (session, "opened", G_CALLBACK (on_exhibits_changed), self, 0);
  g_signal_connect_object (session, "exhibits-changed", G_CALLBACK (on_exhibits_changed), self, 0);
  g_signal_connect_object (session, "exhibit-changed", G_CALLBACK (on_exhibit_changed), self, 0);
  g_signal_connect_object (session, "log-changed", G_CALLBACK (on_log_changed), self, 0);
  g_signal_connect_object (smb_session_get_jobs (session), "items-changed", G_CALLBACK (on_jobs_changed), self, 0);
  g_signal_connect_object (self->selection, "items-changed", G_CALLBACK (show_counts), self, G_CONNECT_SWAPPED);
  show_counts (self);
  show_hashes (self);
  /* A case that opens with exhibits has one selected before anyone could be told. */
  on_selected (self->selection, NULL, self);
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

  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
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
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-evidence-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbEvidencePane, box);
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
}
