/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-train.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "examine/smb-examine.h"
#include "train/smb-pretrainer.h"

SmbCliTraining
smb_cli_training_default (void)
{
  return (SmbCliTraining){ .accumulate = 1, .checkpoint_every = 1 };
}

GOptionEntry *
smb_cli_training_entries (SmbCliTraining *t, const GOptionEntry *own, guint n)
{
  const GOptionEntry common[] = {
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &t->out, N_ ("Folder for log, checkpoints and weights"), N_ ("FOLDER") },
    { "config", 'c', 0, G_OPTION_ARG_STRING, &t->config, N_ ("What of the network is to be otherwise, as JSON"),
      N_ ("JSON") },
    { "accumulate", 0, 0, G_OPTION_ARG_INT, &t->accumulate, N_ ("Iterations to one step of the optimiser (1)"),
      N_ ("N") },
    { "std", 0, 0, G_OPTION_ARG_STRING, &t->std, N_ ("Standard deviation of the pixels, with --mean"), N_ ("R,G,B") },
    { "checkpoint-every", 0, 0, G_OPTION_ARG_INT, &t->checkpoint_every, N_ ("Epochs from checkpoint to checkpoint (1)"),
      N_ ("N") },
    { "resume", 0, 0, G_OPTION_ARG_NONE, &t->resume, N_ ("Go on from the newest checkpoint in the folder"), NULL },
    { "stop-after", 0, 0, G_OPTION_ARG_INT64, &t->stop_after, N_ ("Stop after so many iterations, with a checkpoint"),
      N_ ("N") },
    { "plan", 0, 0, G_OPTION_ARG_NONE, &t->plan_only, N_ ("Only say what memory it takes; with --json as an object"),
      NULL },
    { "recompute", 0, 0, G_OPTION_ARG_NONE, &t->recompute, N_ ("Less memory, a third more time"), NULL },
    { "background", 0, 0, G_OPTION_ARG_NONE, &t->background, N_ ("Train as a job, after those that wait; see “jobs”"),
      NULL },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &t->device, N_ ("Where to compute: cpu, cuda:0 …"), N_ ("NAME") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &t->threads, N_ ("Threads; 0: one a core"), N_ ("N") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &t->json, N_ ("One JSON object an iteration"), NULL },
    { NULL },
  };
  GOptionEntry *all = g_new (GOptionEntry, n + G_N_ELEMENTS (common));

  memcpy (all, own, n * sizeof *own);
  memcpy (all + n, common, sizeof common);
  return all;
}

void
smb_cli_training_clear (SmbCliTraining *t)
{
  g_free (t->out);
  g_free (t->config);
  g_free (t->std);
  g_free (t->device);
}

SmbImage *
smb_cli_open_for_learning (const char *path, gpointer user_data, GError **error)
{
  return smb_examine_open_whole_file (user_data, path, error);
}

void
smb_cli_warn (const char *sentence, gpointer user_data)
{
  g_printerr ("semblance-cli: %s\n", sentence);
}

void
smb_cli_tell_left_out (const SmbFaceStore *faces)
{
  guint unreadable = g_strv_length (faces->unreadable), faceless = g_strv_length (faces->faceless);

  if (unreadable + faceless > 0)
    g_printerr (_ ("Files left out: %u that could not be used, %u in which no face was found. Each is named above.\n"),
                unreadable, faceless);
}

gboolean
smb_cli_read_three (const char *text, double values[3])
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  gboolean good = g_strv_length (parts) == 3;

  for (int i = 0; good && i < 3; i++) {
    char *end;

    values[i] = g_ascii_strtod (parts[i], &end);
    good = end != parts[i] && *end == '\0' && isfinite (values[i]);
  }
  return good;
}

gboolean
smb_cli_parse_three (const char *option, const char *text, double values[3])
{
  gboolean good = smb_cli_read_three (text, values);

  if (!good)
    smb_cli_usage (_ ("%s should be three numbers, for red, green and blue, like 0.485,0.456,0.406, not “%s”."), option,
                   text);
  return good;
}

void
smb_cli_show_step (gboolean json, guint64 iteration, guint64 iterations, double loss, double lr,
                   double images_per_second)
{
  if (json) {
    g_autoptr (JsonBuilder) b = json_builder_new ();
    g_autoptr (JsonNode) root = NULL;

    json_builder_begin_object (b);
    json_builder_set_member_name (b, "iteration");
    json_builder_add_int_value (b, (gint64) iteration);
    json_builder_set_member_name (b, "iterations");
    json_builder_add_int_value (b, (gint64) iterations);
    json_builder_set_member_name (b, "loss");
    if (isfinite (loss))
      json_builder_add_double_value (b, loss);
    else
      json_builder_add_null_value (b);
    json_builder_set_member_name (b, "images_per_second");
    json_builder_add_double_value (b, images_per_second);
    json_builder_end_object (b);
    root = json_builder_get_root (b);
    smb_cli_print_json (root, FALSE);
  } else if (iteration == iterations || iteration % 10 == 0) {
    g_print (_ ("%" PRIu64 " of %" PRIu64 ": loss %.4f, rate %.3g, %.1f images a second\n"), iteration, iterations,
             loss, lr, images_per_second);
  }
}

/* What the batch of a training takes of one process's memory. */
typedef struct {
  SmbDevice *device;
  int batch, processes;
  gboolean recompute;
  SmbCliPlanBytes plan;
  gpointer user_data;
  guint64 bytes;
} Need;

static gboolean
take_bytes (const Need *need, int batch, guint64 *bytes, GError **error)
{
  return (*bytes = need->plan (need->device, batch, need->recompute, need->user_data, error)) > 0;
}

/* A device that does not say how much is free has enough. */
static gboolean
fits (const Need *need)
{
  return need->device->info.free_bytes == 0 || need->bytes <= need->device->info.free_bytes;
}

/* The largest batch of all processes together; 0 if not even one image fits. Where the batch does not fit it is tried
 * out, to one part in 64, for what it takes does not grow evenly: a large one is computed in parts. */
static gboolean
find_largest (const Need *need, int *largest, GError **error)
{
  const guint64 available = need->device->info.free_bytes;
  guint64 one, two, bytes;
  int low, high = need->batch, next;

  if (!take_bytes (need, 1, &one, error) || !take_bytes (need, 2, &two, error))
    return FALSE;
  next = smb_train_suggest_batch (one, two, available);
  low = fits (need) ? MAX (next, high) : MIN (next, 1);
  while (low > 0 && high - low > 1 + low / 64) {
    next = CLAMP (next, low + 1, high - 1);
    if (!take_bytes (need, next, &bytes, error))
      return FALSE;
    *(bytes <= available ? &low : &high) = next;
    next = low + (high - low) / 2;
  }
  *largest = low * need->processes;
  return TRUE;
}

static void
tell_plan (const Need *need, int largest)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  const struct {
    const char *key;
    gint64 value;
  } numbers[] = { { "batch", need->batch },
                  { "bytes", (gint64) need->bytes },
                  { "free_bytes", (gint64) need->device->info.free_bytes },
                  { "largest_batch", largest } };

  json_builder_begin_object (b);
  json_builder_set_member_name (b, "device");
  json_builder_add_string_value (b, need->device->id);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    json_builder_set_member_name (b, numbers[i].key);
    json_builder_add_int_value (b, numbers[i].value);
  }
  json_builder_set_member_name (b, "recompute");
  json_builder_add_boolean_value (b, need->recompute);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  smb_cli_print_json (root, FALSE);
}

static gboolean
refuse (const Need *need, int largest, GError **error)
{
  if (largest > 0)
    g_set_error (error, SMB_ERROR, SMB_ERROR_MEMORY,
                 _ ("A batch of %d does not fit into memory, even with --recompute; --batch=%d does. --accumulate makes "
                    "up for it."),
                 need->batch, largest);
  else
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MEMORY,
                         _ ("Not even one image at a time fits into memory; choose a smaller network."));
  return FALSE;
}

gboolean
smb_cli_check_memory (SmbCliTraining *t, SmbDevice *device, int batch, const SmbParallel *parallel,
                      SmbCliPlanBytes plan, gpointer user_data, GError **error)
{
  int processes = parallel != NULL ? parallel->size : 1;
  Need need = { device, (batch + processes - 1) / processes, processes, t->recompute, plan, user_data, 0 };
  gboolean asked = t->recompute;
  int largest;

  if (!take_bytes (&need, need.batch, &need.bytes, error))
    return FALSE;
  /* It changes no byte of the result, so it needs no consent and no record: only time is at stake. */
  if (!fits (&need) && !asked) {
    need.recompute = TRUE;
    if (!take_bytes (&need, need.batch, &need.bytes, error))
      return FALSE;
  }
  t->recompute = need.recompute;
  if (t->plan_only && t->json) {
    if (!find_largest (&need, &largest, error))
      return FALSE;
    tell_plan (&need, largest);
    return TRUE;
  }
  if (smb_parallel_is_first (parallel)) {
    g_printerr (_ ("Batches of %d take %.2f GB of memory; %.2f GB are free on %s.\n"), need.batch,
                (double) need.bytes / 1e9, (double) device->info.free_bytes / 1e9, device->id);
    if (need.recompute && !asked && fits (&need))
      g_printerr (_ ("They fit only if much is computed twice, which is now done: the training takes a third more time.\n"));
  }
  return fits (&need) || (find_largest (&need, &largest, error) && refuse (&need, largest, error));
}
