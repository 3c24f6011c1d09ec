/* SPDX-License-Identifier: Apache-2.0 */

#include "base/smb-json-part.h"
#include "media/smb-video-facts.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* Streams and entries of a crafted file. */
#define MAX_LISTED 64

void
smb_video_fact_free (SmbVideoFact *fact)
{
  if (fact == NULL)
    return;
  g_free (fact->name);
  g_free (fact->value);
  g_free (fact);
}

static JsonObject *
part_of (JsonObject *of, const char *member)
{
  JsonNode *node = of != NULL ? json_object_get_member (of, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* NULL: not there, or empty. */
static const char *
text_of (JsonObject *of, const char *member)
{
  JsonNode *node = of != NULL ? json_object_get_member (of, member) : NULL;
  const char *text = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

  return text != NULL && *text != '\0' ? text : NULL;
}

static gint64
number_of (JsonObject *of, const char *member)
{
  JsonNode *node = of != NULL ? json_object_get_member (of, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_int (node) : 0;
}

static double
ms_of (JsonObject *of, const char *member)
{
  return (double) number_of (of, member) / 1e3;
}

char *
smb_video_time_in_words (gint64 time_us)
{
  const gint64 s = time_us / 1000000, ms = (time_us % 1000000 + 500) / 1000;

  if (time_us < 3600 * G_GINT64_CONSTANT (1000000))
    return g_strdup_printf (_ ("%.3f s"), (double) time_us / 1e6);
  return g_strdup_printf ("%" PRId64 ":%02d:%02d.%03d", s / 3600, (int) (s / 60 % 60), (int) (s % 60),
                          (int) MIN (ms, 999));
}

/* Takes the value; an empty one is left out. */
static void
add (GPtrArray *words, const char *name, char *value)
{
  SmbVideoFact *fact;

  if (value == NULL || *value == '\0') {
    g_free (value);
    return;
  }
  fact = g_new0 (SmbVideoFact, 1);
  fact->name = g_strdup (name);
  fact->value = value;
  g_ptr_array_add (words, fact);
}

static void
join (GString *text, const char *part)
{
  if (part != NULL)
    g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", part);
}

static char *
codec_text (JsonObject *video)
{
  GString *text = g_string_new (text_of (video, "codec"));
  const gint64 bits = number_of (video, "bits");
  const char *fields = text_of (video, "fields");

  if (text_of (video, "profile") != NULL)
    g_string_append_printf (text, " %s", text_of (video, "profile"));
  join (text, text_of (video, "pixel_format"));
  if (bits > 0) {
    g_autofree char *depth = g_strdup_printf (_ ("%d bits"), (int) CLAMP (bits, 1, 64));

    join (text, depth);
  }
  join (text, g_strcmp0 (fields, "top first") == 0      ? _ ("interlaced, top field first")
              : g_strcmp0 (fields, "bottom first") == 0 ? _ ("interlaced, bottom field first")
              : g_strcmp0 (fields, "progressive") == 0  ? _ ("progressive")
                                                        : NULL);
  return g_string_free (text, FALSE);
}

/* As stored, before it is turned upright and its pixels are made square. */
static char *
stored_text (JsonObject *video)
{
  static const char *const turns[] = { [2] = N_ ("mirrored"),
                                       [3] = N_ ("turned by 180°"),
                                       [4] = N_ ("turned by 180° and mirrored"),
                                       [5] = N_ ("turned by 270° and mirrored"),
                                       [6] = N_ ("turned by 90°"),
                                       [7] = N_ ("turned by 90° and mirrored"),
                                       [8] = N_ ("turned by 270°") };
  const gint64 orientation = number_of (video, "orientation");
  const char *aspect = text_of (video, "pixel_aspect");
  GString *text;

  if (number_of (video, "stored_width") <= 0 || number_of (video, "stored_height") <= 0)
    return NULL;
  text = g_string_new (NULL);
  g_string_printf (text, _ ("%d × %d px"), (int) CLAMP (number_of (video, "stored_width"), 0, G_MAXINT),
                   (int) CLAMP (number_of (video, "stored_height"), 0, G_MAXINT));
  if (orientation >= 2 && orientation <= 8)
    join (text, _ (turns[orientation]));
  if (aspect != NULL && g_strcmp0 (aspect, "1/1") != 0) {
    g_autofree char *pixel = g_strdup_printf (_ ("pixels %s"), aspect);

    join (text, pixel);
  }
  return g_string_free (text, FALSE);
}

static char *
numbering_text (JsonObject *video)
{
  const char *by = text_of (video, "numbered_by");

  return g_strdup (g_strcmp0 (by, "times") == 0      ? _ ("by the times in the container")
                   : g_strcmp0 (by, "decoding") == 0 ? _ ("as they come out of the decoder")
                   : g_strcmp0 (by, "pattern") == 0  ? _ ("by the numbers in the files' names")
                                                     : NULL);
}

static void
add_gops (GPtrArray *words, JsonObject *gops)
{
  const gint64 keys = number_of (gops, "key_frames"), longest = number_of (gops, "longest");

  if (keys <= 0)
    return;
  add (words, _ ("Key frames"), g_strdup_printf ("%" PRId64, keys));
  if (longest > 0)
    add (words, _ ("Groups of pictures"),
         g_strdup_printf (_ ("of %" PRId64 " to %" PRId64 " pictures; %" PRId64 " open, %" PRId64 " closed"),
                          number_of (gops, "shortest"), longest, number_of (gops, "open"), number_of (gops, "closed")));
  if (number_of (gops, "hidden_pictures") > 0)
    add (words, _ ("Stored, never shown"), g_strdup_printf ("%" PRId64, number_of (gops, "hidden_pictures")));
}

static char *
rate_text (JsonObject *times)
{
  JsonNode *node = json_object_get_member (times, "mean_rate"), *variable = json_object_get_member (times, "variable");
  const double rate = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : 0.0;

  if (!(rate > 0.0))
    return NULL;
  if (variable != NULL && JSON_NODE_HOLDS_VALUE (variable) && json_node_get_boolean (variable))
    return g_strdup_printf (_ ("variable, %.3f a second on average"), rate);
  return g_strdup_printf (_ ("%.3f a second"), rate);
}

static void
add_times (GPtrArray *words, JsonObject *times)
{
  const gint64 gaps = number_of (times, "gaps"), repeated = number_of (times, "repeated"),
               backwards = number_of (times, "backwards");

  if (number_of (times, "usual_interval_us") <= 0)
    return;
  add (words, _ ("Frame rate"), rate_text (times));
  add (words, _ ("Frames apart"),
       g_strdup_printf (_ ("usually %.3f ms (%.3f to %.3f)"), ms_of (times, "usual_interval_us"),
                        ms_of (times, "shortest_us"), ms_of (times, "longest_us")));
  add (words, _ ("Dropped frames"),
       gaps > 0 ? g_strdup_printf (_ ("%" PRId64 " missing (gaps: %" PRId64 ")"),
                                   number_of (times, "frames_missing_in_gaps"), gaps)
                : g_strdup (_ ("no gap between their times")));
  if (repeated > 0 || backwards > 0)
    add (words, _ ("Times at fault"),
         g_strdup_printf (_ ("%" PRId64 " repeated, %" PRId64 " go back"), repeated, backwards));
}

/* Sound and whatever else there is beside the pictures. */
static void
add_streams (GPtrArray *words, JsonObject *facts, JsonObject *video)
{
  JsonArray *streams = smb_json_find_array (facts, "streams");

  for (guint i = 0; streams != NULL && i < MIN (json_array_get_length (streams), MAX_LISTED); i++) {
    JsonObject *stream = smb_json_find_at (streams, i);
    GString *text;

    if (stream == NULL || number_of (stream, "index") == number_of (video, "stream"))
      continue;
    text = g_string_new (text_of (stream, "type"));
    join (text, text_of (stream, "codec"));
    add (words, _ ("Another stream"), g_string_free (text, FALSE));
  }
}

/* The file's own entries under their own names; what stands above already is left out. */
static void
add_tags (GPtrArray *words, JsonObject *of, const char *told)
{
  JsonObject *tags = part_of (of, "tags");
  g_autoptr (GList) names = tags != NULL ? json_object_get_members (tags) : NULL;
  guint n = 0;

  for (GList *name = names; name != NULL && n < MAX_LISTED; name = name->next, n++)
    if (g_strcmp0 (name->data, "creation_time") != 0
        && (told == NULL || g_strcmp0 (told, text_of (tags, name->data)) != 0))
      add (words, name->data, g_strdup (text_of (tags, name->data)));
}

/* The entries of the stream that is shown. */
static JsonObject *
stream_shown (JsonObject *facts, JsonObject *video)
{
  JsonArray *streams = smb_json_find_array (facts, "streams");

  for (guint i = 0; streams != NULL && i < json_array_get_length (streams); i++) {
    JsonNode *element = json_array_get_element (streams, i);

    if (JSON_NODE_HOLDS_OBJECT (element)
        && number_of (json_node_get_object (element), "index") == number_of (video, "stream"))
      return json_node_get_object (element);
  }
  return NULL;
}

GPtrArray *
smb_video_facts_in_words (JsonObject *facts)
{
  GPtrArray *words = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_video_fact_free);
  JsonObject *container = part_of (facts, "container"), *video = part_of (facts, "video"),
             *shown = video != NULL ? stream_shown (facts, video) : NULL;
  const char *created = text_of (container, "created");

  add (words, _ ("Container"), g_strdup (text_of (container, "name")));
  add (words, _ ("Made, it says"), g_strdup (created));
  if (shown != NULL && g_strcmp0 (text_of (part_of (shown, "tags"), "creation_time"), created) != 0)
    add (words, _ ("Stream made, it says"), g_strdup (text_of (part_of (shown, "tags"), "creation_time")));
  add (words, _ ("Codec"), codec_text (video));
  add (words, _ ("Stored as"), stored_text (video));
  add (words, _ ("Encoder"), g_strdup (text_of (video, "encoder")));
  add (words, _ ("Encoder's signature"), g_strdup (text_of (video, "encoder_signature")));
  add (words, _ ("Frames numbered"), numbering_text (video));
  add_gops (words, part_of (facts, "gops"));
  add_times (words, part_of (facts, "times"));
  if (video != NULL)
    add_streams (words, facts, video);
  add_tags (words, container, text_of (video, "encoder"));
  add_tags (words, shown, text_of (video, "encoder"));
  return words;
}
