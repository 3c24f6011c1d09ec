/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli video info: what a video's container says, and on request what every frame is. */
#include "cli/cli.h"

#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "cli/cli-face.h"
#include "examine/smb-examine-video.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* Frames asked about at a time: answers without pixels are small. */
#define FRAMES_A_CALL 256
#define MAX_LISTED_WORDS 20

static const char *
text_of (JsonObject *object, const char *member)
{
  return smb_json_find_text (object, member, "");
}

static gint64
number_of (JsonObject *object, const char *member)
{
  return smb_json_find_int (object, member, 0);
}

/* What decoding every frame shows. */
typedef struct {
  guint n_types[128];
  guint n_interlaced, n_corrupt, n_damaged;
  GArray *repeated; /* guint: same pixels as the frame before */
  JsonArray *list;  /* of every frame; NULL: not wanted */
} Frames;

static void
add_frame (Frames *frames, const SmbEngineVideo *video, const SmbVideoFrame *frame, const char *last_sha256)
{
  const SmbVideoSlot *slot = &smb_engine_video_get_slots (video)[frame->k];
  const char type[2] = { frame->about.type, '\0' };
  gboolean repeated = frame->sha256 != NULL && g_strcmp0 (frame->sha256, last_sha256) == 0;
  JsonObject *out;

  frames->n_damaged += frame->problem != NULL;
  frames->n_interlaced += frame->about.interlaced;
  frames->n_corrupt += frame->about.corrupt;
  if (frame->problem == NULL)
    frames->n_types[(guchar) frame->about.type & 127]++;
  if (repeated)
    g_array_append_val (frames->repeated, frame->k);
  if (frames->list == NULL)
    return;
  out = json_object_new ();
  json_object_set_int_member (out, "frame", frame->k);
  json_object_set_int_member (out, "time_us", slot->time_us);
  json_object_set_string_member (out, "type", type);
  json_object_set_boolean_member (out, "key", (slot->flags & SMB_VIDEO_SLOT_KEY) != 0);
  if (frame->sha256 != NULL)
    json_object_set_string_member (out, "sha256", frame->sha256);
  if (repeated)
    json_object_set_boolean_member (out, "repeated", TRUE);
  if ((slot->flags & SMB_VIDEO_SLOT_AFTER_GAP) != 0)
    json_object_set_boolean_member (out, "after_gap", TRUE);
  if (frame->about.corrupt)
    json_object_set_boolean_member (out, "corrupt", TRUE);
  if (frame->problem != NULL)
    json_object_set_string_member (out, "problem", frame->problem);
  json_array_add_object_element (frames->list, out);
}

static gboolean
look_at_frames (SmbEngineVideo *video, Frames *frames, GError **error)
{
  const guint n = smb_engine_video_get_n_frames (video);
  SmbProgress progress = smb_cli_progress ();
  g_autofree char *last = NULL;

  for (guint done = 0; done < n;) {
    guint wanted[FRAMES_A_CALL], n_wanted = MIN (FRAMES_A_CALL, n - done);
    g_autoptr (GPtrArray) got = NULL;

    for (guint i = 0; i < n_wanted; i++)
      wanted[i] = done + i;
    got = smb_engine_video_get_frames (video, wanted, n_wanted, 0, SMB_VIDEO_WANT_HASH, NULL, error);
    if (got == NULL)
      return FALSE;
    for (guint i = 0; i < got->len; i++) {
      const SmbVideoFrame *frame = got->pdata[i];

      add_frame (frames, video, frame, last);
      g_free (last);
      last = g_strdup (frame->sha256);
    }
    done += n_wanted;
    if (progress != NULL)
      progress (done, n, _ ("Decoding"), NULL);
  }
  smb_cli_progress_end ();
  return TRUE;
}

static JsonObject *
frames_to_json (const Frames *frames)
{
  JsonObject *out = json_object_new (), *types = json_object_new ();
  JsonArray *repeated = json_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (frames->n_types); i++) {
    const char name[2] = { (char) i, '\0' };

    if (frames->n_types[i] > 0)
      json_object_set_int_member (types, name, frames->n_types[i]);
  }
  for (guint i = 0; i < frames->repeated->len; i++)
    json_array_add_int_element (repeated, g_array_index (frames->repeated, guint, i));
  json_object_set_object_member (out, "types", types);
  json_object_set_int_member (out, "interlaced", frames->n_interlaced);
  json_object_set_int_member (out, "corrupt", frames->n_corrupt);
  json_object_set_int_member (out, "damaged", frames->n_damaged);
  json_object_set_array_member (out, "repeated", repeated);
  return out;
}

static void
print_json (const char *path, const SmbEngineVideo *video, const Frames *frames, const GError *error)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = json_object_new ();

  json_object_set_string_member (out, "file", path);
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
    if (frames->list != NULL) {
      json_object_set_object_member (out, "decoded", frames_to_json (frames));
      json_object_set_array_member (out, "frame_list", json_array_ref (frames->list));
    }
  }
  json_node_take_object (root, out);
  smb_cli_print_json (root, FALSE);
}

static void
print_tags (JsonObject *part)
{
  JsonObject *tags = smb_json_find_object (part, "tags");
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (tags == NULL)
    return;
  json_object_iter_init_ordered (&iter, tags);
  while (json_object_iter_next_ordered (&iter, &name, &value))
    g_print ("      %s: %s\n", name, json_node_get_string (value));
}

static void
print_frames (const Frames *frames)
{
  g_print (_ ("  Decoded: "));
  for (guint i = 0, n = 0; i < G_N_ELEMENTS (frames->n_types); i++)
    if (frames->n_types[i] > 0)
      g_print ("%s%u %c", n++ > 0 ? ", " : "", frames->n_types[i], (int) i);
  g_print (_ ("; %u interlaced, %u with concealed damage, %u lost\n"), frames->n_interlaced, frames->n_corrupt,
           frames->n_damaged);
  g_print (_ ("  Frames with the pixels of the one before: %u"), frames->repeated->len);
  for (guint i = 0; i < MIN (frames->repeated->len, MAX_LISTED_WORDS); i++)
    g_print ("%s%u", i == 0 ? ": " : ", ", g_array_index (frames->repeated, guint, i));
  g_print ("%s\n", frames->repeated->len > MAX_LISTED_WORDS ? " …" : "");
}

static void
print_text (const char *path, const SmbEngineVideo *video, const Frames *frames)
{
  JsonObject *facts = smb_engine_video_get_facts (video);
  JsonObject *container = smb_json_find_object (facts, "container"), *about = smb_json_find_object (facts, "video"),
             *times = smb_json_find_object (facts, "times");
  JsonObject *gops = smb_json_find_object (facts, "gops");
  const guint n = smb_engine_video_get_n_frames (video);
  const SmbVideoSlot *last = &smb_engine_video_get_slots (video)[n - 1];

  g_print ("%s\n", path);
  for (char *const *warning = smb_engine_video_get_warnings (video); *warning != NULL; warning++)
    g_print (_ ("  Note: %s\n"), *warning);
  g_print (_ ("  %s: %d × %d pixels, %u frames, %.3f s\n"), smb_engine_video_get_format (video),
           smb_engine_video_get_width (video), smb_engine_video_get_height (video), n,
           (double) (last->time_us + last->duration_us) / 1e6);
  if (container != NULL)
    g_print (_ ("  Container: %s%s%s\n"), text_of (container, "name"),
             *text_of (container, "created") != '\0' ? _ (", made ") : "", text_of (container, "created"));
  print_tags (container);
  if (about != NULL && *text_of (about, "pixel_format") != '\0')
    g_print (_ ("  Codec: %s %s, %s, %" PRId64 " bits, fields %s, numbered by %s\n"), text_of (about, "codec"),
             text_of (about, "profile"), text_of (about, "pixel_format"), number_of (about, "bits"),
             text_of (about, "fields"), text_of (about, "numbered_by"));
  if (*text_of (about, "encoder") != '\0' || *text_of (about, "encoder_signature") != '\0')
    g_print (_ ("  Encoder: %s %s\n"), text_of (about, "encoder"), text_of (about, "encoder_signature"));
  if (gops != NULL)
    g_print (_ ("  Key frames: %" PRId64 ", groups of %" PRId64 " to %" PRId64 " pictures, %" PRId64 " open, %" PRId64
                " hidden pictures\n"),
             number_of (gops, "key_frames"), number_of (gops, "shortest"), number_of (gops, "longest"),
             number_of (gops, "open"), number_of (gops, "hidden_pictures"));
  if (times != NULL)
    g_print (_ ("  Times: usually %.3f ms apart (%.3f to %.3f); %" PRId64 " gaps (%" PRId64 " frames missing), %" PRId64
                " repeated, %" PRId64 " backwards\n"),
             (double) number_of (times, "usual_interval_us") / 1e3, (double) number_of (times, "shortest_us") / 1e3,
             (double) number_of (times, "longest_us") / 1e3, number_of (times, "gaps"),
             number_of (times, "frames_missing_in_gaps"), number_of (times, "repeated"),
             number_of (times, "backwards"));
  if (frames->list != NULL)
    print_frames (frames);
}

static gboolean
do_file (SmbEngine *engine, const char *path, double rate, gboolean every_frame, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbEngineVideo) video
      = smb_examine_open_video_file (engine, path, rate, smb_cli_progress (), NULL, NULL, &error);
  Frames frames = { .repeated = g_array_new (FALSE, FALSE, sizeof (guint)) };

  smb_cli_progress_end ();
  if (video != NULL && every_frame) {
    frames.list = json_array_new ();
    look_at_frames (video, &frames, &error);
  }
  if (json)
    print_json (path, video, &frames, error);
  else if (error == NULL)
    print_text (path, video, &frames);
  else
    smb_cli_print_error (error);
  g_array_unref (frames.repeated);
  g_clear_pointer (&frames.list, json_array_unref);
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
