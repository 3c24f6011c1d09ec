/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-job.h"

#include <glib/gi18n.h>

struct _SmbJob {
  GObject parent_instance;

  /* owned */
  char *title;
  GCancellable *cancellable;
  guint total, done;
  gint64 started_us;

  /* shared with the working thread */
  GMutex lock;
  double unit_fraction;
  char *what;
  guint notify_source;
};

G_DEFINE_FINAL_TYPE (SmbJob, smb_job, G_TYPE_OBJECT)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
smb_job_finalize (GObject *object)
{
  SmbJob *self = SMB_JOB (object);

  g_free (self->title);
  g_free (self->what);
  g_clear_object (&self->cancellable);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (smb_job_parent_class)->finalize (object);
}

static void
smb_job_class_init (SmbJobClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = smb_job_finalize;
  signals[CHANGED] = g_signal_new ("changed", SMB_TYPE_JOB, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
smb_job_init (SmbJob *self)
{
  g_mutex_init (&self->lock);
  self->cancellable = g_cancellable_new ();
  self->started_us = g_get_monotonic_time ();
}

SmbJob *
smb_job_new (const char *title, guint total)
{
  SmbJob *self = g_object_new (SMB_TYPE_JOB, NULL);

  self->title = g_strdup (title);
  self->total = total;
  return self;
}

const char *
smb_job_get_title (SmbJob *self)
{
  return self->title;
}

GCancellable *
smb_job_get_cancellable (SmbJob *self)
{
  return self->cancellable;
}

void
smb_job_set_total (SmbJob *self, guint total)
{
  self->total = total;
  g_signal_emit (self, signals[CHANGED], 0);
}

gboolean
smb_job_step (SmbJob *self)
{
  self->done++;
  g_mutex_lock (&self->lock);
  self->unit_fraction = 0.0;
  g_mutex_unlock (&self->lock);
  g_signal_emit (self, signals[CHANGED], 0);
  return self->done >= self->total;
}

guint
smb_job_get_total (SmbJob *self)
{
  return self->total;
}

static gboolean
notify_changed (gpointer data)
{
  SmbJob *self = data;

  g_mutex_lock (&self->lock);
  self->notify_source = 0;
  g_mutex_unlock (&self->lock);
  g_signal_emit (self, signals[CHANGED], 0);
  return G_SOURCE_REMOVE;
}

void
smb_job_report (SmbJob *self, guint64 done, guint64 total, const char *what)
{
  g_mutex_lock (&self->lock);
  self->unit_fraction = total > 0 ? CLAMP ((double) done / (double) total, 0.0, 1.0) : 0.0;
  if (g_strcmp0 (self->what, what) != 0) {
    g_free (self->what);
    self->what = g_strdup (what);
  }
  /* Ten times a second is enough for an eye; the thread may report far more often. */
  if (self->notify_source == 0)
    self->notify_source
        = g_timeout_add_full (G_PRIORITY_DEFAULT, 100, notify_changed, g_object_ref (self), g_object_unref);
  g_mutex_unlock (&self->lock);
}

static double
units_done (SmbJob *self)
{
  double fraction;

  g_mutex_lock (&self->lock);
  fraction = self->unit_fraction;
  g_mutex_unlock (&self->lock);
  return (double) self->done + fraction;
}

double
smb_job_get_fraction (SmbJob *self)
{
  return self->total > 0 ? MIN (units_done (self) / (double) self->total, 1.0) : -1.0;
}

char *
smb_job_dup_what (SmbJob *self)
{
  char *what;

  g_mutex_lock (&self->lock);
  what = g_strdup (self->what);
  g_mutex_unlock (&self->lock);
  return what;
}

static char *
time_left (double seconds)
{
  int whole = (int) (seconds + 0.5);

  if (whole >= 3600)
    return g_strdup_printf (_("%d h %02d min left"), whole / 3600, whole / 60 % 60);
  if (whole >= 60)
    return g_strdup_printf (_("%d min %02d s left"), whole / 60, whole % 60);
  return g_strdup_printf (_("%d s left"), MAX (whole, 1));
}

char *
smb_job_dup_status (SmbJob *self)
{
  double seconds = (double) (g_get_monotonic_time () - self->started_us) / 1e6;
  double units = units_done (self);
  g_autoptr (GString) text = g_string_new (NULL);

  if (self->total == 0)
    return g_strdup (_("Starting…"));
  g_string_append_printf (text, _("%u of %u"), MIN (self->done + 1, self->total), self->total);
  /* A rate from the first moments would jump about. */
  if (self->done > 0 && seconds > 0.5) {
    double rate = units / seconds;
    g_autofree char *left = time_left (((double) self->total - units) / rate);

    g_string_append (text, " · ");
    if (rate >= 1.0)
      g_string_append_printf (text, _("%.1f a second"), rate);
    else
      g_string_append_printf (text, _("%.1f s each"), 1.0 / rate);
    g_string_append_printf (text, " · %s", left);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
