/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli frames: single frames of a video as PNG files. */
#include "cli/cli.h"

#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "examine/smb-examine-video.h"
#include "media/smb-png.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* "123", "1.5s": a frame's number or a time. */
static gboolean
parse_place (const SmbEngineVideo *video, const char *text, guint *k_out, GError **error)
{
  guint64 number;
  char *end;
  double seconds;

  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT, &number, NULL)) {
    *k_out = (guint) number;
    return TRUE;
  }
  seconds = g_ascii_strtod (text, &end);
  if (end == text || strcmp (end, "s") != 0 || !(seconds >= 0 && seconds < 1e9)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("“%s” is no place in a video: give a frame's number (123) or a time (4.92s)."), text);
    return FALSE;
  }
  *k_out = smb_engine_video_frame_at (video, (gint64) (seconds * 1e6));
  return TRUE;
}

/* With one frame the file named; with more "NAME-123.png" for "NAME.png". */
static char *
name_for (const char *out, guint k, gboolean several)
{
  gsize stem = g_str_has_suffix (out, ".png") ? strlen (out) - 4 : strlen (out);

  return several ? g_strdup_printf ("%.*s-%06u.png", (int) stem, out, k) : g_strdup (out);
}

static gboolean
write_frame (SmbEngineVideo *video, guint k, const char *out, gboolean several, GError **error)
{
  g_autofree char *name = name_for (out, k, several);
  g_autoptr (GPtrArray) frames
      = smb_engine_video_get_frames (video, &k, 1, 0, SMB_VIDEO_WANT_PIXELS | SMB_VIDEO_WANT_HASH, NULL, error);
  const SmbVideoFrame *frame;

  if (frames == NULL)
    return FALSE;
  frame = frames->pdata[0];
  if (frame->image == NULL) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT, frame->problem);
    return FALSE;
  }
  if (!smb_png_write (name, frame->image->width, frame->image->height, 3, smb_image_get_pixels (frame->image), error))
    return FALSE;
  g_print (_ ("%s  frame %u, %.6f s, type %c, SHA-256 of its pixels %s\n"), name, k,
           (double) smb_engine_video_get_slots (video)[k].time_us / 1e6, frame->about.type, frame->sha256);
  return TRUE;
}

int
smb_cli_frames (int argc, char **argv)
{
  g_auto (GStrv) places = NULL;
  g_autofree char *out = NULL;
  double rate = SMB_EXAMINE_PICTURE_RATE;
  const GOptionEntry entries[] = {
    { "at", 0, 0, G_OPTION_ARG_STRING_ARRAY, &places,
      N_ ("A frame's number, from 0, or a time such as 4.92s (repeatable)"), N_ ("PLACE") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out,
      N_ ("The PNG to write; of several frames, the number comes before its ending"), N_ ("FILE") },
    { "rate", 0, 0, G_OPTION_ARG_DOUBLE, &rate, N_ ("Numbered pictures: how many a second (default 25)"), "N" },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in; the log and reports say so"), NULL },
    { NULL },
  };
  g_autoptr (SmbEngine) engine = NULL;
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (
          &argc, &argv, entries, _ ("VIDEO"),
          _ ("Writes single frames of a video as PNG files: frame k is the k-th that is shown, counted from 0.")))
    return SMB_EXIT_USAGE;
  if (argc != 2 || places == NULL || places[0] == NULL || out == NULL)
    return smb_cli_usage (_ ("“frames” needs a video, --at and --out."));
  if (!(rate > 0 && rate <= 1000))
    return smb_cli_usage (_ ("--rate takes a number of pictures a second up to 1000."));
  engine = smb_engine_new (NULL, 0);
  video = smb_examine_open_video_file (engine, argv[1], rate, smb_cli_progress (), NULL, NULL, &error);
  smb_cli_progress_end ();
  for (char **place = places; video != NULL && error == NULL && *place != NULL; place++) {
    guint k;

    if (!parse_place (video, *place, &k, &error))
      return smb_cli_usage ("%s", error->message);
    write_frame (video, k, out, places[1] != NULL, &error);
  }
  if (error == NULL)
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return SMB_EXIT_FAILED;
}
