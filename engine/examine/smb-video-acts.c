/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-video-acts.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "base/smb-json-part.h"

#include <glib/gi18n-lib.h>

#define MAX_ACTS 10000

void
smb_video_acts_to_json (JsonObject *object, const SmbVideoProgress *progress, GPtrArray *edits)
{
  g_autoptr (GArray) drawn = smb_video_list_drawn (progress);
  JsonArray *faces = json_array_new (), *changes = json_array_new ();

  for (guint i = 0; i < drawn->len; i++)
    json_array_add_element (faces, smb_drawn_face_to_json (&g_array_index (drawn, SmbDrawnFace, i)));
  for (guint i = 0; edits != NULL && i < edits->len; i++) {
    const SmbTrackEdit *edit = edits->pdata[i];
    JsonObject *change;

    if (edit->kind == SMB_TRACK_NAME)
      continue;
    change = json_object_new ();
    json_object_set_string_member (change, "kind", edit->kind == SMB_TRACK_MERGE ? "merge" : "split");
    json_object_set_int_member (change, "track", edit->track);
    json_object_set_int_member (change, "other", edit->other);
    json_object_set_int_member (change, "frame", edit->k);
    json_array_add_object_element (changes, change);
  }
  json_object_set_array_member (object, "drawn", faces);
  json_object_set_array_member (object, "edits", changes);
}

static gboolean
read_edits (SmbJsonReader *reader, JsonObject *object, GPtrArray *edits)
{
  JsonArray *list = smb_json_array (reader, object, "edits", SMB_JSON_OPTIONAL, MAX_ACTS);

  for (guint i = 0; list != NULL && i < json_array_get_length (list) && !reader->failed; i++) {
    JsonObject *in = smb_json_find_at (list, i);
    g_autofree char *kind = in != NULL ? smb_json_string (reader, in, "kind", SMB_JSON_REQUIRED) : NULL;
    guint track, other, k;

    if (kind == NULL || (!g_str_equal (kind, "merge") && !g_str_equal (kind, "split"))) {
      smb_json_fail (reader, "edits", "“merge”, “split”");
      break;
    }
    track = (guint) smb_json_int (reader, in, "track", 1, G_MAXINT);
    other = (guint) smb_json_int (reader, in, "other", 1, G_MAXINT);
    k = (guint) smb_json_int (reader, in, "frame", 0, G_MAXINT);
    g_ptr_array_add (edits, smb_track_edit_new (kind[0] == 'm' ? SMB_TRACK_MERGE : SMB_TRACK_SPLIT, track, other, k,
                                                NULL));
  }
  return !reader->failed;
}

GPtrArray *
smb_video_acts_repeat (JsonObject *object, SmbEngine *engine, const SmbModelInfo *model, SmbEngineVideo *video,
                       const SmbVideoSettings *settings, SmbVideoProgress *progress, SmbProgress report,
                       gpointer user_data, GCancellable *cancellable, GError **error)
{
  SmbJsonReader reader = { .what = "video", .where = "", .error = error };
  g_autoptr (GPtrArray) edits = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_track_edit_free);
  JsonArray *list = object != NULL ? smb_json_array (&reader, object, "drawn", SMB_JSON_OPTIONAL, MAX_ACTS) : NULL;

  if (object != NULL && !read_edits (&reader, object, edits))
    return NULL;
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
    JsonNode *node = json_array_get_element (list, i);
    g_autoptr (GPtrArray) frames = NULL;
    SmbDrawnFace drawn;

    if (!JSON_NODE_HOLDS_OBJECT (node)) {
      smb_json_fail (&reader, "drawn", _ ("an object"));
      return NULL;
    }
    if (!smb_drawn_face_from_json (&drawn, json_node_get_object (node), error))
      return NULL;
    frames = smb_video_follow_drawn (engine, model, video, settings, progress, &drawn, report, user_data, cancellable,
                                     error);
    if (frames == NULL)
      return NULL;
    smb_video_progress_restore (progress, SMB_VIDEO_SCORING, smb_video_join_drawn (progress, frames), NULL, 0);
  }
  return reader.failed ? NULL : g_steal_pointer (&edits);
}
