/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli video info: what a video's container says, and on request what every frame is. */
#include "cli/cli.h"

#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "examine/smb-examine-video.h"
#include "examine/smb-video-frames.h"
#include "media/smb-video-facts.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct {
  const char *path;
  gboolean json;
  SmbProgress progress;
} Shown;

static void
print_line (const char *path, const char *type, JsonObject *out)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);

  json_object_set_string_member (out, "file", path);
  json_object_set_string_member (out, "type", type);
  json_node_take_object (root, out);
  smb_cli_print_json (root, FALSE);
}

/* Each frame is printed as it comes: two hours of them need not lie in memory. */
static gboolean
show_frame (const SmbVideoFrame *frame, const SmbVideoSlot *slot, gboolean repeated, gpointer user_data, GError **error)
{
  const Shown *shown = user_data;
  const char type[2] = { frame->about.type, '\0' };
  JsonObject *out;

  if (!shown->json) {
    g_autofree char *line = smb_frame_line (frame, slot, repeated);

    g_print ("%s\n", line);
    return TRUE;
  }
  out = json_object_new ();
  json_object_set_int_member (out, "frame", frame->k);
  json_object_set_int_member (out, "time_us", slot->time_us);
  if (frame->problem == NULL)
    json_object_set_string_member (out, "picture", type);
  json_object_set_boolean_member (out, "key", (slot->flags & SMB_VIDEO_SLOT_KEY) != 0);
  if (frame->sha256 != NULL)
    json_object_set_string_member (out, "sha256", frame->sha256);
  json_object_set_boolean_member (out, "repeated", repeated);
  json_object_set_boolean_member (out, "after_gap", (slot->flags & SMB_VIDEO_SLOT_AFTER_GAP) != 0);
  json_object_set_boolean_member (out, "interlaced", frame->about.interlaced);
  json_object_set_boolean_member (out, "corrupt", frame->about.corrupt);
  if (frame->problem != NULL)
    json_object_set_string_member (out, "problem", frame->problem);
  print_line (shown->path, "frame", out);
  return TRUE;
}

static void
show_progress (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  const Shown *shown = user_data;

  if (shown->progress != NULL)
    shown->progress (done, total, what, NULL);
}

static JsonObject *
tally_to_json (const SmbFrameTally *tally)
{
  JsonObject *out = json_object_new (), *types = json_object_new ();
  JsonArray *repeated = json_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (tally->n_types); i++) {
    const char name[2] = { (char) i, '\0' };

    if (tally->n_types[i] > 0)
      json_object_set_int_member (types, name, tally->n_types[i]);
  }
  for (guint i = 0; i < tally->repeated->len; i++)
    json_array_add_int_element (repeated, g_array_index (tally->repeated, guint, i));
  json_object_set_object_member (out, "types", types);
  json_object_set_int_member (out, "interlaced", tally->n_interlaced);
  json_object_set_int_member (out, "corrupt", tally->n_corrupt);
  json_object_set_int_member (out, "damaged", tally->n_damaged);
  json_object_set_array_member (out, "repeated", repeated);
  return out;
}

static void
print_json (const char *path, const SmbEngineVideo *video, const SmbFrameTally *tally, const GError *error)
{
  JsonObject *out = json_object_new ();

  if (error != NULL) {
    JsonObject *failure = json_object_new ();

    json_object_set_string_member (failure, "code", smb_error_code (error));
    json_object_set_string_member (failure, "message", error->message);
    json_object_set_object_member (out, "error", failure);
  } else {
    JsonArray *warnings = json_array_new ();

    for (char *const *warning = smb_engine_video_get_warnings (video); *warning != NULL; warning++)
      json_array_add_string_element (warnings, *warning);
    json_object_set_array_member (out, "warnings", warnings);
    json_object_set_int_member (out, "frames", smb_engine_video_get_n_frames (video));
    json_object_set_int_member (out, "width", smb_engine_video_get_width (video));
    json_object_set_int_member (out, "height", smb_engine_video_get_height (video));
    json_object_set_object_member (out, "facts", json_object_ref (smb_engine_video_get_facts (video)));
    if (tally != NULL)
      json_object_set_object_member (out, "decoded", tally_to_json (tally));
  }
  print_line (path, "info", out);
}

static void
print_text (const char *path, const SmbEngineVideo *video)
{
  const guint n = smb_engine_video_get_n_frames (video);
  const SmbVideoSlot *last = &smb_engine_video_get_slots (video)[n - 1];
  g_autoptr (GPtrArray) facts = smb_video_facts_in_words (smb_engine_video_get_facts (video));
  g_autofree char *length = smb_video_time_in_words (last->time_us + last->duration_us);

  g_print ("%s\n", path);
  for (char *const *warning = smb_engine_video_get_warnings (video); *warning != NULL; warning++)
    g_print (_ ("  Note: %s\n"), *warning);
  g_print (_ ("  %s: %d × %d pixels, frames: %u, %s\n"), smb_engine_video_get_format (video),
           smb_engine_video_get_width (video), smb_engine_video_get_height (video), n, length);
  for (guint i = 0; i < facts->len; i++) {
    const SmbVideoFact *fact = facts->pdata[i];

    g_print ("  %s: %s\n", fact->name, fact->value);
  }
}

static void
print_tally (const SmbFrameTally *tally)
{
  g_autofree char *decoded = smb_frame_tally_in_words (tally), *repeated = smb_frame_tally_repeated_in_words (tally);

  g_print ("  %s: %s\n", _ ("Decoded"), decoded);
  g_print ("  %s: %s\n", _ ("Frames with the pixels of the one before"), repeated);
}

static gboolean
do_file (SmbEngine *engine, const char *path, double rate, gboolean every_frame, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbEngineVideo) video
      = smb_examine_open_video_file (engine, path, rate, smb_cli_progress (), NULL, NULL, &error);
  Shown shown = { path, json, smb_cli_progress () };
  g_autoptr (SmbFrameTally) tally = NULL;

  smb_cli_progress_end ();
  if (video != NULL && !json)
    print_text (path, video);
  if (video != NULL && every_frame) {
    g_autofree char *heading = smb_frame_line_heading ();

    if (!json)
      g_print ("%s\n", heading);
    tally = smb_video_look_at_frames (video, show_frame, show_progress, &shown, NULL, &error);
    smb_cli_progress_end ();
  }
  if (json)
    print_json (path, video, tally, error);
  else if (tally != NULL)
    print_tally (tally);
  if (!json && error != NULL)
    smb_cli_print_error (error);
  return error == NULL;
}

int
smb_cli_video (int argc, char **argv)
{
  gboolean json = FALSE, every_frame = FALSE;
  double rate = SMB_EXAMINE_PICTURE_RATE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object a line"), NULL },
    { "frames", 0, 0, G_OPTION_ARG_NONE, &every_frame,
      N_ ("Decode every frame: its type, its SHA-256, whether it repeats the one before"), NULL },
    { "rate", 0, 0, G_OPTION_ARG_DOUBLE, &rate, N_ ("Numbered pictures: how many a second (default 25)"), "N" },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in; the log and reports say so"), NULL },
    { NULL },
  };
  g_autoptr (SmbEngine) engine = NULL;
  int failed = 0;

  if (!smb_cli_parse (
          &argc, &argv, entries, _ ("info FILE…"),
          _ ("Tells what a video is: container, streams, codec, encoder, times, groups of pictures. A file may "
             "be an animated GIF or WebP, or a pattern of numbered pictures (frame-%04d.png).")))
    return SMB_EXIT_USAGE;
  if (argc < 3 || strcmp (argv[1], "info") != 0)
    return smb_cli_usage (_ ("“video” needs an act and a file, as in “semblance-cli video info clip.mp4”."));
  if (!(rate > 0 && rate <= 1000))
    return smb_cli_usage (_ ("--rate takes a number of pictures a second up to 1000."));
  engine = smb_engine_new (NULL, 0);
  for (int i = 2; i < argc; i++)
    failed += do_file (engine, argv[i], rate, every_frame, json) ? 0 : 1;
  return failed > 0 ? SMB_EXIT_FAILED : SMB_EXIT_OK;
}
