/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "backend/smb-device.h"
#include "base/smb-image.h"
#include "cli/cli.h"
#include "cli/cli-signals.h"
#include "learn/smb-face-store.h"
#include "train/smb-parallel.h"

G_BEGIN_DECLS

/* What the commands that learn share. */

/* Options that every training has. */
typedef struct {
  char *out, *config, *std, *device;
  int accumulate, checkpoint_every, threads;
  gint64 stop_after;
  gboolean resume, plan_only, recompute, background, json;
  int argc; /* as given, for a job */
  char **argv;
} SmbCliTraining;

SmbCliTraining smb_cli_training_default (void);
/* A command's own entries (n of them) and then those of `training`, with the closing one; free with g_free. */
GOptionEntry *smb_cli_training_entries (SmbCliTraining *training, const GOptionEntry *own, guint n);
void smb_cli_training_clear (SmbCliTraining *training);

/* SmbFaceOpen and SmbFaceWarn; user_data is the SmbEngine whose decode worker opens the pictures. */
SmbImage *smb_cli_open_for_learning (const char *path, gpointer user_data, GError **error);
void smb_cli_warn (const char *sentence, gpointer user_data);

/* How many files were left out of the faces that were gathered, and why; nothing where none was. */
void smb_cli_tell_left_out (const SmbFaceStore *faces);

#define SMB_CLI_MAX_BATCH 65536

/* "0.485,0.456,0.406"; FALSE, in silence, where it is something else. */
gboolean smb_cli_read_three (const char *text, double values[3]);

/* Likewise, of the colours; FALSE after saying what is wrong with the option. */
gboolean smb_cli_parse_three (const char *option, const char *text, double values[3]);

/* Puts the command as it was given (argv[0] its name) into the queue of jobs; tells its id. */
gboolean smb_cli_start_job (const char *title, int argc, char **argv, GError **error);

/* A step of a training on standard output: one JSON object, or every tenth in words. */
void smb_cli_show_step (gboolean json, guint64 iteration, guint64 iterations, double loss, double lr,
                        double images_per_second);

/* Bytes that a training takes with so many images at once, with or without recomputation; 0 with an error. */
typedef guint64 (*SmbCliPlanBytes) (SmbDevice *device, int batch, gboolean recompute, gpointer user_data,
                                    GError **error);
/* Whether `batch` images, shared by all processes, fit into the device's free memory. What fits only with recomputation
 * has it switched on in `training`. Tells it on standard error; with --plan --json instead on standard output as
 * {"device", "batch", "bytes", "free_bytes", "largest_batch", "recompute"}: bytes and the largest batch (0 where not
 * even one image fits) are those with or without recomputation, as the last member says. Else MEMORY, naming the
 * largest batch. */
gboolean smb_cli_check_memory (SmbCliTraining *training, SmbDevice *device, int batch, const SmbParallel *parallel,
                               SmbCliPlanBytes plan, gpointer user_data, GError **error);

G_END_DECLS
