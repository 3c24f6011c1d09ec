/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-frame-faces.h"

#include <math.h>
#include <string.h>

#include "analysis/smb-json.h"
#include "base/smb-json-part.h"

#define MAX_POINTS 1000
#define MAX_CLASSES 1000
#define MAX_TRACKS 5000

SmbTrackPoint *
smb_track_point_new (guint track, const SmbFace *face)
{
  SmbTrackPoint *point = g_new0 (SmbTrackPoint, 1);

  point->track = track;
  point->face = *face;
  point->score = NAN;
  return point;
}

void
smb_track_point_free (SmbTrackPoint *point)
{
  if (point == NULL)
    return;
  g_free (point->probabilities);
  g_free (point->outside);
  g_free (point->regions);
  g_free (point);
}

SmbFrameFaces *
smb_frame_faces_new (guint k, gint64 time_us)
{
  SmbFrameFaces *frame = g_new0 (SmbFrameFaces, 1);

  frame->k = k;
  frame->time_us = time_us;
  frame->change = NAN;
  frame->points = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_track_point_free);
  return frame;
}

void
smb_frame_faces_free (SmbFrameFaces *frame)
{
  if (frame == NULL)
    return;
  g_ptr_array_unref (frame->points);
  g_free (frame);
}

static SmbTrackPoint *
point_copy (const SmbTrackPoint *point)
{
  SmbTrackPoint *copy = g_memdup2 (point, sizeof *point);

  if (point->probabilities != NULL)
    copy->probabilities = g_memdup2 (point->probabilities, (gsize) point->n_classes * sizeof (double));
  copy->outside = g_strdup (point->outside);
  copy->regions = g_memdup2 (point->regions, point->regions != NULL ? sizeof *point->regions : 0);
  return copy;
}

SmbFrameFaces *
smb_frame_faces_copy (const SmbFrameFaces *frame)
{
  SmbFrameFaces *copy = smb_frame_faces_new (frame->k, frame->time_us);

  copy->searched = frame->searched;
  copy->cut = frame->cut;
  copy->change = frame->change;
  for (guint i = 0; i < frame->points->len; i++)
    g_ptr_array_add (copy->points, point_copy (frame->points->pdata[i]));
  return copy;
}

static void
set_box (JsonObject *object, const char *member, SmbBox box)
{
  JsonArray *array = json_array_new ();

  json_array_add_int_element (array, box.x);
  json_array_add_int_element (array, box.y);
  json_array_add_int_element (array, box.width);
  json_array_add_int_element (array, box.height);
  json_object_set_array_member (object, member, array);
}

static SmbBox
get_box (SmbJsonReader *reader, JsonObject *object, const char *member)
{
  int n[4] = { 0 };

  smb_json_ints (reader, object, member, n, 4);
  return (SmbBox){ n[0], n[1], n[2], n[3] };
}

/* "detected", "followed", "drawn", "carried". */
static const char *
how_to_text (const SmbTrackPoint *point)
{
  if (point->face.origin == SMB_FACE_DRAWN)
    return point->followed ? "carried" : "drawn";
  return point->followed ? "followed" : "detected";
}

static JsonObject *
point_to_json (const SmbTrackPoint *point)
{
  JsonObject *out = json_object_new ();

  json_object_set_int_member (out, "track", point->track);
  set_box (out, "box", point->face.box);
  set_box (out, "detected", point->face.detected);
  json_object_set_double_member (out, "confidence", point->face.confidence);
  json_object_set_string_member (out, "how", how_to_text (point));
  smb_json_set_number (out, "score", point->score);
  if (point->probabilities != NULL) {
    JsonArray *list = json_array_new ();

    for (int c = 0; c < point->n_classes; c++)
      json_array_add_double_element (list, point->probabilities[c]);
    json_object_set_array_member (out, "probabilities", list);
  }
  if (point->outside != NULL)
    json_object_set_string_member (out, "outside", point->outside);
  if (point->regions != NULL)
    json_object_set_object_member (out, "regions", smb_region_sample_to_json (point->regions));
  return out;
}

JsonNode *
smb_frame_faces_to_json (const SmbFrameFaces *frame)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = json_object_new ();
  JsonArray *faces = json_array_new ();

  json_object_set_int_member (out, "frame", frame->k);
  json_object_set_int_member (out, "time_us", frame->time_us);
  json_object_set_boolean_member (out, "cut", frame->cut);
  json_object_set_boolean_member (out, "searched", frame->searched);
  smb_json_set_number (out, "change", frame->change);
  for (guint i = 0; i < frame->points->len; i++)
    json_array_add_object_element (faces, point_to_json (frame->points->pdata[i]));
  json_object_set_array_member (out, "faces", faces);
  json_node_take_object (node, out);
  return node;
}

static SmbTrackPoint *
point_from_json (SmbJsonReader *reader, JsonObject *object)
{
  SmbFace face = { .origin = SMB_FACE_DETECTED };
  SmbTrackPoint *point = smb_track_point_new ((guint) smb_json_int (reader, object, "track", 1, G_MAXINT), &face);
  g_autofree char *how = smb_json_string (reader, object, "how", SMB_JSON_REQUIRED);
  JsonArray *list = smb_json_array (reader, object, "probabilities", SMB_JSON_OPTIONAL, MAX_CLASSES);
  JsonObject *regions = smb_json_object (reader, object, "regions", SMB_JSON_OPTIONAL);

  if (regions != NULL) {
    point->regions = g_new0 (SmbRegionSample, 1);
    smb_region_sample_from_json (point->regions, reader, regions);
  }
  point->face.box = get_box (reader, object, "box");
  point->face.detected = get_box (reader, object, "detected");
  point->face.confidence = smb_json_number (reader, object, "confidence", SMB_JSON_REQUIRED);
  point->followed = g_strcmp0 (how, "followed") == 0 || g_strcmp0 (how, "carried") == 0;
  if (g_strcmp0 (how, "drawn") == 0 || g_strcmp0 (how, "carried") == 0)
    point->face.origin = SMB_FACE_DRAWN;
  point->score = smb_json_number (reader, object, "score", SMB_JSON_OPTIONAL);
  point->outside = smb_json_string (reader, object, "outside", SMB_JSON_OPTIONAL);
  if (!reader->failed && point->score < 0)
    smb_json_fail (reader, "score", "0 to 1");
  if (list != NULL) {
    point->n_classes = (int) json_array_get_length (list);
    point->probabilities = g_new0 (double, point->n_classes + 1);
    for (int c = 0; c < point->n_classes; c++) {
      JsonNode *value = json_array_get_element (list, (guint) c);

      if (JSON_NODE_HOLDS_VALUE (value))
        point->probabilities[c] = CLAMP (json_node_get_double (value), 0.0, 1.0);
    }
  }
  return point;
}

SmbFrameFaces *
smb_frame_faces_from_json (JsonNode *node, GError **error)
{
  SmbJsonReader reader = { .what = "frame", .where = "", .error = error };
  g_autoptr (SmbFrameFaces) frame = NULL;
  JsonObject *object;
  JsonArray *faces;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node)) {
    smb_json_fail (&reader, "", "{…}");
    return NULL;
  }
  object = json_node_get_object (node);
  frame = smb_frame_faces_new ((guint) smb_json_int (&reader, object, "frame", 0, G_MAXINT),
                               smb_json_int (&reader, object, "time_us", G_MININT64, G_MAXINT64));
  frame->cut = smb_json_boolean (&reader, object, "cut");
  frame->searched = smb_json_boolean (&reader, object, "searched");
  frame->change = smb_json_number (&reader, object, "change", SMB_JSON_OPTIONAL);
  faces = smb_json_array (&reader, object, "faces", SMB_JSON_REQUIRED, MAX_POINTS);
  for (guint i = 0; faces != NULL && !reader.failed && i < json_array_get_length (faces); i++) {
    JsonNode *element = json_array_get_element (faces, i);

    if (JSON_NODE_HOLDS_OBJECT (element))
      g_ptr_array_add (frame->points, point_from_json (&reader, json_node_get_object (element)));
    else
      smb_json_fail (&reader, "faces", "{…}");
  }
  return reader.failed ? NULL : g_steal_pointer (&frame);
}

JsonNode *
smb_tracker_to_json (const SmbTracker *tracker)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = json_object_new ();
  JsonArray *tracks = json_array_new ();
  g_autofree char *scene = g_base64_encode (tracker->scene, sizeof tracker->scene);

  json_object_set_int_member (out, "next", tracker->next_number);
  json_object_set_boolean_member (out, "has_scene", tracker->has_scene);
  json_object_set_string_member (out, "scene", scene);
  json_object_set_double_member (out, "usual_change", tracker->usual_change);
  for (guint i = 0; i < tracker->tracks->len; i++) {
    const SmbTrack *track = &g_array_index (tracker->tracks, SmbTrack, i);
    JsonObject *one = json_object_new ();
    g_autofree char *look = g_base64_encode ((const guchar *) &track->look, sizeof track->look);

    json_object_set_int_member (one, "number", track->number);
    set_box (one, "box", track->box);
    json_object_set_double_member (one, "confidence", track->confidence);
    json_object_set_boolean_member (one, "active", track->active);
    json_object_set_boolean_member (one, "since_cut", track->since_cut);
    json_object_set_int_member (one, "seen_us", track->seen_us);
    json_object_set_int_member (one, "detected", track->n_detected);
    json_object_set_string_member (one, "look", look);
    json_array_add_object_element (tracks, one);
  }
  json_object_set_array_member (out, "tracks", tracks);
  json_node_take_object (node, out);
  return node;
}

/* Base64 of exactly so many bytes. */
static void
get_bytes (SmbJsonReader *reader, JsonObject *object, const char *member, void *out, gsize n_bytes)
{
  g_autofree char *text = smb_json_string (reader, object, member, SMB_JSON_REQUIRED);
  g_autofree guchar *bytes = NULL;
  gsize n = 0;

  if (text != NULL)
    bytes = g_base64_decode (text, &n);
  if (n == n_bytes)
    memcpy (out, bytes, n);
  else
    smb_json_fail (reader, member, "base64");
}

SmbTracker *
smb_tracker_from_json (JsonNode *node, GError **error)
{
  SmbJsonReader reader = { .what = "tracker", .where = "", .error = error };
  g_autoptr (SmbTracker) tracker = smb_tracker_new ();
  JsonObject *object;
  JsonArray *tracks;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node)) {
    smb_json_fail (&reader, "", "{…}");
    return NULL;
  }
  object = json_node_get_object (node);
  tracker->next_number = (guint) smb_json_int (&reader, object, "next", 1, G_MAXINT);
  tracker->has_scene = smb_json_boolean (&reader, object, "has_scene");
  get_bytes (&reader, object, "scene", tracker->scene, sizeof tracker->scene);
  tracker->usual_change = smb_json_number (&reader, object, "usual_change", SMB_JSON_REQUIRED);
  tracks = smb_json_array (&reader, object, "tracks", SMB_JSON_REQUIRED, MAX_TRACKS);
  for (guint i = 0; tracks != NULL && !reader.failed && i < json_array_get_length (tracks); i++) {
    JsonObject *one = smb_json_find_at (tracks, i);
    SmbTrack track = { 0 };

    if (one == NULL) {
      smb_json_fail (&reader, "tracks", "{…}");
      break;
    }
    track.number = (guint) smb_json_int (&reader, one, "number", 1, G_MAXINT);
    track.box = get_box (&reader, one, "box");
    track.confidence = smb_json_number (&reader, one, "confidence", SMB_JSON_REQUIRED);
    track.active = smb_json_boolean (&reader, one, "active");
    track.since_cut = smb_json_boolean (&reader, one, "since_cut");
    track.seen_us = smb_json_int (&reader, one, "seen_us", G_MININT64, G_MAXINT64);
    track.n_detected = (guint) smb_json_int (&reader, one, "detected", 0, G_MAXINT);
    get_bytes (&reader, one, "look", &track.look, sizeof track.look);
    g_array_append_val (tracker->tracks, track);
  }
  return reader.failed ? NULL : g_steal_pointer (&tracker);
}
