/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What the commands of semblance-cli share. A command is one function that gets its own arguments (argv[0] is the
 * command's name, "analyze") and returns an exit code; standard output carries results alone, words go to standard
 * error. */

/* Documented in semblance-cli(1); scripts rely on them. */
typedef enum {
  SMB_EXIT_OK = 0,
  SMB_EXIT_FAILED = 1, /* at least one item failed; the others were done */
  SMB_EXIT_USAGE = 2,  /* the arguments make no sense; nothing was done */
} SmbExit;

/* Each command lives in its own file, cli-NAME.c. */
int smb_cli_analyze (int argc, char **argv);
int smb_cli_maps (int argc, char **argv);
int smb_cli_mask (int argc, char **argv);
int smb_cli_video (int argc, char **argv);
int smb_cli_frames (int argc, char **argv);
int smb_cli_metadata (int argc, char **argv);
int smb_cli_regions (int argc, char **argv);
int smb_cli_robustness (int argc, char **argv);
int smb_cli_reference (int argc, char **argv);
int smb_cli_case (int argc, char **argv);
int smb_cli_report (int argc, char **argv);
int smb_cli_verify (int argc, char **argv);
int smb_cli_model (int argc, char **argv);
int smb_cli_dataset (int argc, char **argv);
int smb_cli_finetune (int argc, char **argv);
int smb_cli_jobs (int argc, char **argv);
int smb_cli_evaluate (int argc, char **argv);
int smb_cli_calibrate (int argc, char **argv);
int smb_cli_pretrain (int argc, char **argv);
int smb_cli_tensor (int argc, char **argv);
int smb_cli_devices (int argc, char **argv);
int smb_cli_limits (int argc, char **argv);

/* One of several; `summary`: what follows its name in a list, marked N_ (). */
typedef struct {
  const char *name;
  int (*run) (int argc, char **argv);
  const char *summary;
} SmbCliCommand;

/* A line each. */
void smb_cli_print_commands (const SmbCliCommand *commands, guint n);
/* A command that has commands of its own: runs the one that argv[1] names, or says which there are. `about`: one
 * translated sentence. */
int smb_cli_run_command (const char *group, const char *about, const SmbCliCommand *commands, guint n, int argc,
                         char **argv);

/* Parses options with GOption: `parameters` is what follows the options in the usage line ("FILE…"), `summary` one
 * translated sentence. --help is answered and ends the program with 0. TRUE: argv holds the command's name and the
 * remaining arguments; FALSE: a sentence was printed, return SMB_EXIT_USAGE. The entries' strings may be marked N_();
 * they are translated here. */
gboolean smb_cli_parse (int *argc, char ***argv, const GOptionEntry *entries, const char *parameters,
                        const char *summary);

/* --landmarks: what is found with landmarks afterwards is found with this predictor. */
GOptionEntry smb_cli_landmarks_option (void);

/* GOptionArgFunc of --allow-unsandboxed: what an engine made afterwards takes for permission. */
gboolean smb_cli_allow_unsandboxed (const char *option, const char *value, gpointer data, GError **error);

/* Boxes from the command line, "X,Y,W,H" each: GArray of SmbBox, NULL with an ARGUMENT error naming the bad one. texts
 * NULL or empty: NULL without an error, the detector is to look. */
GArray *smb_cli_parse_boxes (char **texts, GError **error);

/* "semblance-cli: MESSAGE" on standard error, then SMB_EXIT_USAGE to return. */
int smb_cli_usage (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The error's sentence on standard error, with the program's name before it. */
void smb_cli_print_error (const GError *error);

/* One JSON value and a newline on standard output; on a single line unless `pretty`. Flushed, so that a reader of a
 * long batch sees each as it is made. */
void smb_cli_print_json (JsonNode *node, gboolean pretty);

/* Adds "error": {"code", "message"} to the object being built. */
void smb_cli_json_add_error (JsonBuilder *builder, const GError *error);

G_END_DECLS
