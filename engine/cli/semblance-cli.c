/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/smb-locale.h"
#include "media/smb-limits.h"
#include "smb-config.h"
#include "worker/smb-engine.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

static const SmbCliCommand commands[] = {
  { "analyze", smb_cli_analyze, N_ ("find faces in pictures and score them") },
  { "maps", smb_cli_maps, N_ ("write heatmaps of where the model looks and what it cannot reconstruct") },
  { "mask", smb_cli_mask, N_ ("draw the mask that a reconstruction is made with") },
  { "video", smb_cli_video, N_ ("tell what a video is: streams, codec, times, frames") },
  { "frames", smb_cli_frames, N_ ("write single frames of a video as PNG files") },
  { "metadata", smb_cli_metadata, N_ ("print what pictures' files say besides their pixels") },
  { "regions", smb_cli_regions, N_ ("measure which regions of a face the model cannot explain") },
  { "robustness", smb_cli_robustness, N_ ("tell how far scores move under JPEG, resizing, blur and noise") },
  { "reference", smb_cli_reference,
    N_ ("make and show the statistics of genuine faces that regions are compared with") },
  { "case", smb_cli_case, N_ ("make a case, add evidence, list it, verify it") },
  { "report", smb_cli_report, N_ ("write a case's report as PDF or HTML, or as a bundle for machines") },
  { "verify", smb_cli_verify, N_ ("find again what a report's bundle says, and tell what differs") },
  { "model", smb_cli_model, N_ ("list, describe, import and export models") },
  { "pretrain", smb_cli_pretrain, N_ ("let a network learn faces from pictures nobody has labelled") },
  { "dataset", smb_cli_dataset, N_ ("gather labelled faces, divide them, look them over") },
  { "finetune", smb_cli_finetune, N_ ("make a detector from a pre-trained network and labelled faces") },
  { "jobs", smb_cli_jobs, N_ ("trainings in the background: list, pause, resume, cancel") },
  { "evaluate", smb_cli_evaluate, N_ ("measure a detector on a data set") },
  { "calibrate", smb_cli_calibrate, N_ ("make likelihood ratios of a detector's scores") },
  { "tensor", smb_cli_tensor, N_ ("run the network on given tensors, to check its arithmetic") },
  { "devices", smb_cli_devices, N_ ("list what this machine can compute on") },
  { "limits", smb_cli_limits, N_ ("list what a file may cost in pixels, time and memory") },
};

static void
print_help (void)
{
  g_print (_ ("Usage: semblance-cli COMMAND [OPTIONS…]\n\n"
              "Tells whether faces in pictures look genuine, and shows why. Nothing leaves this machine.\n\n"
              "Commands:\n"));
  smb_cli_print_commands (commands, G_N_ELEMENTS (commands));
  g_print (_ ("\n“semblance-cli COMMAND --help” explains a command; semblance-cli(1) explains them all.\n"
              "Exit status: 0 all done, 1 something failed, 2 the arguments make no sense.\n"));
}

static int
run (int argc, char **argv)
{
  if (argc < 2) {
    print_help ();
    return SMB_EXIT_USAGE;
  }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0 || strcmp (argv[1], "help") == 0) {
    print_help ();
    return SMB_EXIT_OK;
  }
  if (strcmp (argv[1], "--version") == 0) {
    g_print ("semblance-cli %s\n", SMB_VERSION);
    return SMB_EXIT_OK;
  }
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (argv[1], commands[i].name) == 0)
      return commands[i].run (argc - 1, argv + 1);
  return smb_cli_usage (_ ("there is no command “%s”. “semblance-cli --help” lists the commands."), argv[1]);
}

/* What nobody could write down was not told: a full disk behind “>” is a failure. */
static int
finish (int code)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return code;
  g_printerr (_ ("semblance-cli: standard output: not everything could be written. Make room where it goes to, and run it "
                 "again.\n"));
  return code == SMB_EXIT_OK ? SMB_EXIT_FAILED : code;
}

int
main (int argc, char **argv)
{
  smb_locale_init ();
  g_set_prgname ("semblance-cli");
  smb_limits_init ();
  smb_engine_guard_weights ();
  return finish (run (argc, argv));
}
