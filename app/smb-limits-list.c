/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-limits-list.h"

#include "smb-label.h"

#include "media/smb-limits.h"

#include <glib/gi18n.h>

#define SAVE_DELAY_MS 400 /* several steps of a number are saved once */

typedef struct {
  const SmbLimitSetting *setting;
  GtkSpinButton *number; /* borrowed */
  GtkLabel *name;        /* borrowed */
  gboolean own;          /* the user's file sets it, or will */
} Row;

struct _SmbLimitsList {
  GtkBox parent_instance;

  /* borrowed */
  GtkWidget *defaults;
  GtkLabel *problem;

  /* owned */
  GArray *rows;
  guint64 *next; /* to be saved when what is being saved now is */
  guint timer;

  gboolean filling; /* numbers change because they are shown, not because somebody changed them */
  gboolean saving;
};

G_DEFINE_FINAL_TYPE (SmbLimitsList, smb_limits_list, GTK_TYPE_BOX)

static void start_saving (SmbLimitsList *self, guint64 *values);

/* The values in force; where they cannot be known, why. */
static void
fill (SmbLimitsList *self)
{
  g_autoptr (GError) error = NULL;
  gboolean any = FALSE;

  self->filling = TRUE;
  for (guint i = 0; i < self->rows->len; i++) {
    Row *row = &g_array_index (self->rows, Row, i);
    SmbLimitSource source = smb_limits_get_source (row->setting);
    guint64 value;

    row->own = source == SMB_LIMIT_FILE;
    any |= row->own;
    if (error == NULL && smb_limits_get (row->setting, &value, &error))
      gtk_spin_button_set_value (row->number, (double) value);
    gtk_widget_set_sensitive (GTK_WIDGET (row->number), error == NULL && source != SMB_LIMIT_ENVIRONMENT);
    if (source == SMB_LIMIT_ENVIRONMENT) {
      g_autofree char *text = g_strdup_printf (_("%s, set by the environment for this run"), row->setting->name);

      gtk_label_set_text (row->name, text);
    }
  }
  self->filling = FALSE;
  gtk_widget_set_sensitive (self->defaults, error == NULL && any);
  gtk_label_set_text (self->problem, error != NULL ? error->message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), error != NULL);
}

static void
save_in_thread (GTask *task, gpointer source, gpointer values, GCancellable *cancellable)
{
  GError *error = NULL;

  if (smb_limits_save (values, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbLimitsList *self = SMB_LIMITS_LIST (source);
  g_autoptr (GError) error = NULL;
  gboolean saved = g_task_propagate_boolean (G_TASK (result), &error);

  g_application_release (g_application_get_default ());
  self->saving = FALSE;
  if (self->next != NULL) {
    start_saving (self, g_steal_pointer (&self->next));
    return;
  }
  if (self->problem == NULL || self->timer != 0)
    return; /* closed, or already changed again */
  fill (self);
  if (!saved) {
    gtk_label_set_text (self->problem, error->message);
    gtk_widget_set_visible (GTK_WIDGET (self->problem), TRUE);
  }
}

/* Off the window's thread; the program does not end before. Takes the values. */
static void
start_saving (SmbLimitsList *self, guint64 *values)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_saved, NULL);

  self->saving = TRUE;
  g_application_hold (g_application_get_default ());
  g_task_set_task_data (task, values, g_free);
  g_task_run_in_thread (task, save_in_thread);
}

/* One after the other, so that the last is what stays. */
static void
save (SmbLimitsList *self)
{
  guint64 *values = g_new0 (guint64, self->rows->len);

  for (guint i = 0; i < self->rows->len; i++) {
    const Row *row = &g_array_index (self->rows, Row, i);
    guint64 value = (guint64) gtk_spin_button_get_value (row->number);

    if (row->own && value != row->setting->fallback)
      values[i] = value;
  }
  g_clear_pointer (&self->next, g_free);
  if (self->saving)
    self->next = values;
  else
    start_saving (self, values);
}

static gboolean
on_time (gpointer user_data)
{
  SmbLimitsList *self = user_data;

  self->timer = 0;
  save (self);
  return G_SOURCE_REMOVE;
}

static void
save_soon (SmbLimitsList *self)
{
  if (self->timer == 0)
    self->timer = g_timeout_add (SAVE_DELAY_MS, on_time, self);
}

static void
on_number (GtkSpinButton *number, SmbLimitsList *self)
{
  if (self->filling)
    return;
  for (guint i = 0; i < self->rows->len; i++) {
    Row *row = &g_array_index (self->rows, Row, i);

    row->own |= row->number == number;
  }
  save_soon (self);
}

static void
on_defaults (GtkButton *button, SmbLimitsList *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    g_array_index (self->rows, Row, i).own = FALSE;
  save_soon (self);
}

/* What was typed and not yet entered counts; what was not yet saved is saved now. */
static void
smb_limits_list_unmap (GtkWidget *widget)
{
  SmbLimitsList *self = SMB_LIMITS_LIST (widget);

  for (guint i = 0; i < self->rows->len; i++)
    gtk_spin_button_update (g_array_index (self->rows, Row, i).number);
  if (self->timer != 0) {
    g_clear_handle_id (&self->timer, g_source_remove);
    save (self);
  }
  GTK_WIDGET_CLASS (smb_limits_list_parent_class)->unmap (widget);
}

static void
add_row (SmbLimitsList *self, GtkWidget *grid, const SmbLimitSetting *setting, int line)
{
  GtkWidget *words = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0), *name = smb_label_new (setting->name, "dim"),
            *number = gtk_spin_button_new_with_range ((double) setting->min, (double) setting->max, 1.0);
  Row row = { .setting = setting, .number = GTK_SPIN_BUTTON (number), .name = GTK_LABEL (name) };
  g_autofree char *range = g_strdup_printf (_("%.0f to %.0f"), (double) setting->min, (double) setting->max);

  gtk_box_append (GTK_BOX (words), smb_label_new (_(setting->what), "limit"));
  gtk_box_append (GTK_BOX (words), name);
  gtk_widget_set_hexpand (words, TRUE);
  gtk_widget_set_valign (number, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (number, range);
  gtk_accessible_update_property (GTK_ACCESSIBLE (number), GTK_ACCESSIBLE_PROPERTY_LABEL, _(setting->what), -1);
  gtk_grid_attach (GTK_GRID (grid), words, 0, line, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), number, 1, line, 1, 1);
  g_signal_connect_object (number, "value-changed", G_CALLBACK (on_number), self, 0);
  g_array_append_val (self->rows, row);
}

static void
smb_limits_list_dispose (GObject *object)
{
  SmbLimitsList *self = SMB_LIMITS_LIST (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  self->problem = NULL;
  G_OBJECT_CLASS (smb_limits_list_parent_class)->dispose (object);
}

static void
smb_limits_list_finalize (GObject *object)
{
  g_array_unref (SMB_LIMITS_LIST (object)->rows);
  g_free (SMB_LIMITS_LIST (object)->next);
  G_OBJECT_CLASS (smb_limits_list_parent_class)->finalize (object);
}

static void
smb_limits_list_class_init (SmbLimitsListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_limits_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = smb_limits_list_finalize;
  GTK_WIDGET_CLASS (klass)->unmap = smb_limits_list_unmap;
}

static void
smb_limits_list_init (SmbLimitsList *self)
{
  GtkWidget *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *grid = gtk_grid_new (),
            *title = smb_label_new (_("What a file may cost before it is refused"), "strong");
  g_autofree char *path = smb_limits_dup_path ();
  g_autofree char *shown = path != NULL ? g_filename_display_name (path) : NULL;
  g_autofree char *where = g_strdup_printf (
      _("Kept in %s, for the command line as well; in force from the next file on."), shown != NULL ? shown : "?");
  const SmbLimitSetting *settings;
  guint n;

  settings = smb_limits_list (&n);
  self->rows = g_array_new (FALSE, FALSE, sizeof (Row));
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 6);
  self->defaults = gtk_button_new_with_label (_("Defaults"));
  self->problem = GTK_LABEL (smb_label_new ("", "warning"));
  gtk_widget_set_hexpand (title, TRUE);
  gtk_box_append (GTK_BOX (head), title);
  gtk_box_append (GTK_BOX (head), self->defaults);
  gtk_grid_set_column_spacing (GTK_GRID (grid), 12);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 6);
  for (guint i = 0; i < n; i++)
    add_row (self, grid, &settings[i], (int) i);
  gtk_box_append (GTK_BOX (self), head);
  gtk_box_append (GTK_BOX (self), smb_label_new (where, "dim"));
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->problem));
  gtk_box_append (GTK_BOX (self), grid);
  g_signal_connect_object (self->defaults, "clicked", G_CALLBACK (on_defaults), self, 0);
  fill (self);
}
