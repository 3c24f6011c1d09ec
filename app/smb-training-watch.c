/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-training-watch.h"

#include "smb-training-pictures.h"

#include "base/smb-json-part.h"

#include <glib/gstdio.h>
#include <math.h>

#define LOOK_EVERY_S 1
#define LOG_BYTES 6000

struct _SmbTrainingWatch {
  GObject parent_instance;

  char *id;
  guint source;
  gboolean active, busy, again;
  gboolean anew;           /* the next look tells all */
  goffset offset;          /* in the job's metrics */
  gint64 log_size, sheet_ns, examples_ns; /* as last seen */
  gint64 created_s;        /* of the job last seen: a later one may have got its number; 0: none yet */
};

G_DEFINE_FINAL_TYPE (SmbTrainingWatch, smb_training_watch, G_TYPE_OBJECT)

enum { LOOKED, FAILED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* What a look sets out with and comes back with. */
typedef struct {
  SmbTrainingLook look;
  goffset offset;
  gint64 log_size, sheet_ns, examples_ns, created_s;
} Errand;

static void
errand_free (Errand *e)
{
  g_clear_pointer (&e->look.jobs, g_ptr_array_unref);
  g_free (e->look.id);
  g_clear_pointer (&e->look.points, g_array_unref);
  g_clear_pointer (&e->look.epochs, g_array_unref);
  g_free (e->look.log);
  g_clear_object (&e->look.sheet);
  g_clear_pointer (&e->look.examples, g_ptr_array_unref);
  g_free (e);
}

static void
read_metrics (Errand *e, const SmbJob *job)
{
  gboolean restarted = FALSE;
  g_autoptr (GPtrArray) lines = NULL;

  do {
    g_clear_pointer (&lines, g_ptr_array_unref);
    lines = smb_job_read_metrics (job, &e->offset, &restarted);
    if (restarted) { /* a checkpoint was gone back to */
      e->look.anew = TRUE;
      g_array_set_size (e->look.points, 0);
      g_array_set_size (e->look.epochs, 0);
    }
    for (guint i = 0; i < lines->len; i++) {
      JsonObject *line = json_node_get_object (g_ptr_array_index (lines, i));
      JsonObject *v = smb_json_find_object (line, "validation");

      if (v != NULL) {
        const SmbTrainingEpoch epoch = { smb_json_find_number (line, "iteration"), smb_json_find_number (v, "loss"),
                                         smb_json_find_number (v, "auc"), smb_json_find_number (v, "eer") };

        g_array_append_val (e->look.epochs, epoch);
      } else {
        const char *loss = json_object_has_member (line, "loss") ? "loss" : "total";
        const SmbTrainingPoint point = { smb_json_find_number (line, "iteration"), smb_json_find_number (line, loss),
                                         smb_json_find_number (line, "lr") };

        g_array_append_val (e->look.points, point);
      }
    }
  } while (lines->len > 0);
}

/* Whole lines from the end of the log, if it grew. */
static void
read_log (Errand *e, const SmbJob *job)
{
  g_autofree char *path = g_build_filename (job->folder, "log.txt", NULL), *raw = NULL;
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = NULL;
  GStatBuf info;
  gsize n = 0;
  const char *from;

  if (g_stat (path, &info) != 0 || info.st_size == e->log_size)
    return;
  e->log_size = info.st_size;
  stream = g_file_read (file, NULL, NULL);
  if (stream == NULL)
    return;
  raw = g_malloc0 (LOG_BYTES + 1);
  if (info.st_size > LOG_BYTES)
    g_seekable_seek (G_SEEKABLE (stream), info.st_size - LOG_BYTES, G_SEEK_SET, NULL, NULL);
  g_input_stream_read_all (G_INPUT_STREAM (stream), raw, LOG_BYTES, &n, NULL, NULL);
  from = info.st_size > LOG_BYTES ? strchr (raw, '\n') : NULL;
  from = from != NULL ? from + 1 : raw;
  e->look.log = g_utf8_make_valid (from, (gssize) (raw + n - from));
}

static gint64
time_of (const char *path)
{
  GStatBuf info;

  return g_stat (path, &info) == 0 ? (gint64) info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec : 0;
}

static void
read_pictures (Errand *e, const SmbJob *job)
{
  g_autofree char *sheet = g_build_filename (job->out, SMB_TRAINING_SHEET, NULL);
  g_autofree char *examples = g_build_filename (job->out, SMB_TRAINING_EXAMPLES, NULL);
  gint64 sheet_ns = time_of (sheet), examples_ns = time_of (examples);

  if (sheet_ns != 0 && sheet_ns != e->sheet_ns)
    e->look.sheet = smb_training_sheet_read (sheet);
  if (examples_ns != 0 && examples_ns != e->examples_ns)
    e->look.examples = smb_training_examples_read (examples);
  e->sheet_ns = sheet_ns;
  e->examples_ns = examples_ns;
}

/* A job that was removed gives its number to the next. */
static void
tell_from_removed (Errand *e, const SmbJob *job)
{
  if (e->created_s != 0 && e->created_s != job->created_s) {
    e->look.anew = TRUE;
    e->offset = 0;
    e->log_size = -1;
    e->sheet_ns = e->examples_ns = 0;
  }
  e->created_s = job->created_s;
}

static void
look (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Errand *e = task_data;

  e->look.jobs = smb_job_list ();
  e->look.points = g_array_new (FALSE, FALSE, sizeof (SmbTrainingPoint));
  e->look.epochs = g_array_new (FALSE, FALSE, sizeof (SmbTrainingEpoch));
  for (guint i = 0; e->look.id != NULL && i < e->look.jobs->len; i++) {
    const SmbJob *job = g_ptr_array_index (e->look.jobs, i);

    if (g_strcmp0 (job->id, e->look.id) != 0)
      continue;
    tell_from_removed (e, job);
    read_metrics (e, job);
    read_log (e, job);
    read_pictures (e, job);
  }
  g_task_return_boolean (task, TRUE);
}

static void begin (SmbTrainingWatch *self);

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbTrainingWatch *self = SMB_TRAINING_WATCH (source);
  Errand *e = g_task_get_task_data (G_TASK (result));

  self->busy = FALSE;
  /* Another job was chosen meanwhile: what was read of the one before is no longer wanted. */
  if (g_strcmp0 (e->look.id, self->id) != 0) {
    begin (self);
    return;
  }
  self->offset = e->offset;
  self->log_size = e->log_size;
  self->sheet_ns = e->sheet_ns;
  self->examples_ns = e->examples_ns;
  self->created_s = e->created_s;
  self->anew = FALSE;
  g_signal_emit (self, signals[LOOKED], 0, &e->look);
  if (self->again)
    begin (self);
}

static void
begin (SmbTrainingWatch *self)
{
  g_autoptr (GTask) task = NULL;
  Errand *e;

  self->again = self->busy;
  if (self->busy)
    return;
  self->busy = TRUE;
  e = g_new0 (Errand, 1);
  e->look.id = g_strdup (self->id);
  e->look.anew = self->anew;
  e->offset = self->offset;
  e->log_size = self->log_size;
  e->sheet_ns = self->sheet_ns;
  e->examples_ns = self->examples_ns;
  e->created_s = self->created_s;
  task = g_task_new (self, NULL, on_looked, NULL);
  g_task_set_task_data (task, e, (GDestroyNotify) errand_free);
  g_task_run_in_thread (task, look);
}

static gboolean
on_time (gpointer data)
{
  SmbTrainingWatch *self = data;

  if (!self->busy)
    begin (self);
  return G_SOURCE_CONTINUE;
}

/* What a reboot or a kill interrupted goes on. */
static void
wake (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (smb_job_wake (&error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_acted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_signal_emit (source, signals[FAILED], 0, error->message);
  begin (SMB_TRAINING_WATCH (source));
}

void
smb_training_watch_set_active (SmbTrainingWatch *self, gboolean active)
{
  g_autoptr (GTask) task = NULL;

  if (self->active == active)
    return;
  self->active = active;
  g_clear_handle_id (&self->source, g_source_remove);
  if (!active)
    return;
  self->source = g_timeout_add_seconds (LOOK_EVERY_S, on_time, self);
  task = g_task_new (self, NULL, on_acted, NULL);
  g_task_run_in_thread (task, wake);
}

void
smb_training_watch_set_job (SmbTrainingWatch *self, const char *id)
{
  if (g_strcmp0 (self->id, id) == 0)
    return;
  g_free (self->id);
  self->id = g_strdup (id);
  self->anew = TRUE;
  self->offset = 0;
  self->log_size = -1;
  self->sheet_ns = self->examples_ns = 0;
  self->created_s = 0;
  begin (self);
}

typedef struct {
  char *id;
  SmbTrainingAct act;
} Act;

static void
act_free (Act *act)
{
  g_free (act->id);
  g_free (act);
}

static void
do_act (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Act *act = task_data;
  GError *error = NULL;

  if (act->act (act->id, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
smb_training_watch_act (SmbTrainingWatch *self, const char *id, SmbTrainingAct act)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_acted, NULL);
  Act *data = g_new0 (Act, 1);

  data->id = g_strdup (id);
  data->act = act;
  g_task_set_task_data (task, data, (GDestroyNotify) act_free);
  g_task_run_in_thread (task, do_act);
}

static void
smb_training_watch_dispose (GObject *object)
{
  SmbTrainingWatch *self = SMB_TRAINING_WATCH (object);

  g_clear_handle_id (&self->source, g_source_remove);
  g_clear_pointer (&self->id, g_free);
  G_OBJECT_CLASS (smb_training_watch_parent_class)->dispose (object);
}

static void
smb_training_watch_class_init (SmbTrainingWatchClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_training_watch_dispose;
  signals[LOOKED] = g_signal_new ("looked", SMB_TYPE_TRAINING_WATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[FAILED] = g_signal_new ("failed", SMB_TYPE_TRAINING_WATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
smb_training_watch_init (SmbTrainingWatch *self)
{
  self->log_size = -1;
}

SmbTrainingWatch *
smb_training_watch_new (void)
{
  return g_object_new (SMB_TYPE_TRAINING_WATCH, NULL);
}
