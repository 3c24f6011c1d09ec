/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-dataset-maker.h"

#include "smb-landmark-choice.h"

#include "collect/smb-collect.h"
#include "learn/smb-dataset-split.h"

#include <glib/gi18n.h>

#define FACE_PX 256
#define TELL_EVERY_MS 200

typedef struct {
  SmbDatasetOrder *order;
  SmbDatasetSummary *summary;
  SmbEngine *engine; /* its decode worker opens the pictures */
  GCancellable *cancellable;
  char *landmarks;   /* the preferred predictor, as it was when the data set was ordered */
  SmbDatasetProgress progress;
  gpointer user_data;
  guint source;
  GMutex mutex; /* what follows is told by the thread and read by the window's */
  guint64 done, total;
  char *what;
} Making;

void
smb_dataset_order_free (SmbDatasetOrder *order)
{
  g_strfreev (order->sources);
  g_strfreev (order->cases);
  g_strfreev (order->classes);
  g_free (order->folder);
  g_free (order);
}

void
smb_dataset_summary_free (SmbDatasetSummary *summary)
{
  if (summary == NULL)
    return;
  g_free (summary->folder);
  g_strfreev (summary->classes);
  g_free (summary->counts);
  g_free (summary->first_left_out);
  g_clear_pointer (&summary->warnings, g_ptr_array_unref);
  g_free (summary);
}

static void
making_free (Making *making)
{
  g_clear_handle_id (&making->source, g_source_remove);
  smb_dataset_order_free (making->order);
  smb_dataset_summary_free (making->summary);
  g_clear_pointer (&making->engine, smb_engine_unref);
  g_clear_object (&making->cancellable);
  g_mutex_clear (&making->mutex);
  g_free (making->landmarks);
  g_free (making->what);
  g_free (making);
}

static void
leave_out (const char *sentence, gpointer user_data)
{
  Making *making = user_data;

  if (making->summary->left_out++ == 0)
    making->summary->first_left_out = g_strdup (sentence);
}

static void
note (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  Making *making = user_data;

  g_mutex_lock (&making->mutex);
  making->done = done;
  making->total = total;
  g_free (making->what);
  making->what = g_strdup (what);
  g_mutex_unlock (&making->mutex);
}

static gboolean
tell (gpointer data)
{
  Making *making = data;
  g_autofree char *what = NULL;
  guint64 done, total;

  g_mutex_lock (&making->mutex);
  done = making->done;
  total = making->total;
  what = g_strdup (making->what);
  g_mutex_unlock (&making->mutex);
  making->progress (done, total, what != NULL ? what : "", making->user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
is_dataset (const char *folder)
{
  g_autofree char *file = g_build_filename (folder, "dataset.json", NULL);

  return g_file_test (file, G_FILE_TEST_EXISTS);
}

static SmbDataset *
make_dataset (Making *making, GError **error)
{
  const SmbDatasetOrder *order = making->order;
  const SmbCollectOrder how = { .sources = (const char *const *) order->sources,
                                .cases = (const char *const *) order->cases,
                                .within_cases = order->within_cases,
                                .classes = (const char *const *) order->classes,
                                .same_person = SMB_SAME_PERSON,
                                .folder = order->folder,
                                .size_px = FACE_PX,
                                .cropped = order->cropped,
                                .landmarks = making->landmarks,
                                .frames = SMB_COLLECT_FRAMES,
                                .warn = leave_out,
                                .progress = note,
                                .user_data = making };
  g_autoptr (SmbDataset) dataset = NULL;

  if (order->cases[0] == NULL && order->sources[0] != NULL && order->sources[1] == NULL
      && is_dataset (order->sources[0])) {
    making->summary->folder = g_strdup (order->sources[0]);
    dataset = smb_dataset_open (order->sources[0], error);
  } else {
    making->summary->folder = g_strdup (order->folder);
    dataset = smb_collect_dataset (making->engine, &how, making->cancellable, error);
  }
  if (dataset == NULL)
    return NULL;
  if ((order->divide || !smb_collect_is_divided (dataset))
      && (!smb_dataset_split (dataset, order->shares, order->seed, error) || !smb_dataset_save (dataset, error)))
    return NULL;
  return g_steal_pointer (&dataset);
}

static void
make (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Making *making = task_data;
  SmbDatasetSummary *s = making->summary;
  GError *error = NULL;
  g_autoptr (SmbDataset) dataset = NULL;
  g_autoptr (GArray) leaks = NULL;

  making->engine = smb_engine_new ("cpu", 1);
  dataset = make_dataset (making, &error);
  if (dataset == NULL) {
    g_task_return_error (task, error);
    return;
  }
  note (0, 0, _("Looking for what crosses the parts"), making);
  leaks = smb_dataset_find_leaks (dataset);
  s->leaks = leaks->len;
  s->warnings = smb_dataset_warnings (dataset);
  s->classes = g_strdupv (dataset->classes);
  s->real_class = dataset->real_class;
  s->faces = dataset->samples->len;
  s->counts = g_malloc0_n ((gsize) smb_dataset_get_n_classes (dataset), sizeof *s->counts);
  for (guint i = 0; i < dataset->samples->len; i++)
    s->counts[smb_dataset_get (dataset, i)->class][smb_dataset_get (dataset, i)->part]++;
  g_task_return_pointer (task, g_steal_pointer (&making->summary), (GDestroyNotify) smb_dataset_summary_free);
}

void
smb_dataset_make_async (SmbDatasetOrder *order, SmbDatasetProgress progress, GCancellable *cancellable,
                        GAsyncReadyCallback done, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, done, user_data);
  Making *making = g_new0 (Making, 1);

  making->order = order;
  making->summary = g_new0 (SmbDatasetSummary, 1);
  making->landmarks = smb_landmarks_dup_preferred ();
  making->progress = progress;
  making->user_data = user_data;
  making->cancellable = g_object_ref (cancellable);
  g_mutex_init (&making->mutex);
  making->source = g_timeout_add (TELL_EVERY_MS, tell, making);
  g_task_set_task_data (task, making, (GDestroyNotify) making_free);
  g_task_run_in_thread (task, make);
}

SmbDatasetSummary *
smb_dataset_make_finish (GAsyncResult *result, GError **error)
{
  Making *making = g_task_get_task_data (G_TASK (result));

  g_clear_handle_id (&making->source, g_source_remove);
  return g_task_propagate_pointer (G_TASK (result), error);
}
