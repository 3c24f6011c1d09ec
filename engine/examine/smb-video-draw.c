/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-video-draw.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "examine/smb-video-finder.h"

#include <glib/gi18n-lib.h>

/* Where it lies over a known track so far, that track has the face. */
#define SAME_IOU 0.3

typedef struct {
  SmbEngine *engine;
  const SmbModelInfo *model;
  SmbEngineVideo *video;
  const SmbVideoSettings *settings;
  const SmbVideoProgress *progress;
  const SmbDrawnFace *drawn;
  SmbProgress report;
  gpointer user_data;
  GCancellable *cancellable;
  guint first, last; /* frames it may be followed through */
  guint n_followed;
} Drawing;

static void
report (const Drawing *d, guint64 done, guint64 total, const char *what)
{
  if (d->report != NULL)
    d->report (done, total, what, d->user_data);
}

/* The frame that it is drawn on. */
static SmbFrameFaces *
drawn_frame (const Drawing *d, const SmbImage *image, GError **error)
{
  const guint k = d->drawn->k;
  SmbFace face = { .origin = SMB_FACE_DRAWN };
  SmbFrameFaces *frame;

  face.box = face.detected = smb_face_square_box (d->drawn->box, image->width, image->height);
  if (face.box.width < 1) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                         _ ("The box lies outside the frame; draw it over the face."));
    return NULL;
  }
  frame = smb_frame_faces_new (k, smb_engine_video_get_slots (d->video)[k].time_us);
  g_ptr_array_add (frame->points, smb_track_point_new (d->drawn->track, &face));
  return frame;
}

/* A tracker that knows nothing but this face, in this scene. */
static SmbTracker *
tracker_for (const Drawing *d, const SmbImage *image, SmbBox box)
{
  SmbTracker *tracker = smb_tracker_new ();
  const SmbTrack track = { .number = d->drawn->track, .box = smb_face_uncrop_box (box), .active = TRUE };
  gboolean cut;

  smb_tracker_see_scene (tracker, image, &cut);
  g_array_append_val (tracker->tracks, track);
  tracker->next_number = d->drawn->track + 1;
  return tracker;
}

static gboolean
meets_another (const Drawing *d, const SmbFrameFaces *frame)
{
  const SmbFrameFaces *known = smb_video_progress_find (d->progress, frame->k);
  const SmbTrackPoint *own = frame->points->pdata[0];

  for (guint p = 0; known != NULL && p < known->points->len; p++)
    if (smb_box_iou (((SmbTrackPoint *) known->points->pdata[p])->face.box, own->face.box) > SAME_IOU)
      return TRUE;
  return FALSE;
}

/* The next frames on the way (image of each, frame for each), nearest first; damaged ones are passed over. */
static gboolean
decode_next (const Drawing *d, guint at, gboolean back, guint n, GPtrArray *images, GPtrArray *blank, GError **error)
{
  const SmbVideoSlot *slots = smb_engine_video_get_slots (d->video);
  guint wanted[SMB_VIDEO_MAX_FRAMES_A_CALL];
  g_autoptr (GPtrArray) decoded = NULL;

  for (guint i = 0; i < n; i++)
    wanted[i] = back ? at - n + i : at + 1 + i;
  decoded = smb_engine_video_get_frames (d->video, wanted, n, 0, SMB_VIDEO_WANT_PIXELS, d->cancellable, error);
  for (guint i = 0; decoded != NULL && i < n; i++) {
    const SmbVideoFrame *frame = decoded->pdata[back ? n - 1 - i : i];

    if (frame->image == NULL)
      continue;
    g_ptr_array_add (images, smb_image_ref (frame->image));
    g_ptr_array_add (blank, smb_frame_faces_new (frame->k, slots[frame->k].time_us));
  }
  return decoded != NULL;
}

/* From the drawn frame one way, to the end of it; frames are added in the order in which they come. */
static gboolean
follow_way (Drawing *d, SmbImage *image, SmbBox box, gboolean back, GPtrArray *out, GError **error)
{
  const SmbFollowSettings settings = { .face = d->settings->face };
  const guint portion = smb_video_portion (d->video), k = d->drawn->k;
  g_autoptr (SmbTracker) tracker = tracker_for (d, image, box);
  g_autoptr (SmbImage) lead = smb_image_ref (image);
  guint left = back ? k - d->first : d->last - k;

  for (guint at = k; left > 0;) {
    const guint n = MIN (portion, left);
    g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_image_unref);
    g_autoptr (GPtrArray) blank = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
    g_autoptr (GPtrArray) found = NULL;
    double seconds;

    if (!decode_next (d, at, back, n, images, blank, error))
      return FALSE;
    if (images->len > 0) {
      found = smb_engine_follow (d->engine, (SmbImage *const *) images->pdata, images->len, lead, blank, &tracker,
                                 &settings, &seconds, d->cancellable, error);
      if (found == NULL)
        return FALSE;
      for (guint i = 0; i < found->len; i++) {
        const SmbFrameFaces *frame = found->pdata[i];

        if (frame->points->len == 0 || meets_another (d, frame))
          return TRUE;
        g_ptr_array_add (out, smb_frame_faces_copy (frame));
      }
      smb_image_unref (lead);
      lead = smb_image_ref (images->pdata[images->len - 1]);
    }
    at = back ? at - n : at + n;
    left -= n;
    d->n_followed += n;
    report (d, d->n_followed, d->last - d->first + 1, _ ("Following the drawn face"));
  }
  return TRUE;
}

/* Which of the frames are scored; not search: the detector has nothing more to say there. */
static GPtrArray *
choose (const Drawing *d, GPtrArray *frames)
{
  const gboolean every = d->settings->sample == SMB_VIDEO_SAMPLE_EVERY;
  const guint n = d->settings->n_uniform;
  g_autoptr (GHashTable) chosen = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint));
  GPtrArray *asked = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);

  for (guint i = 0; i < frames->len; i++)
    g_array_append_val (numbers, ((SmbFrameFaces *) frames->pdata[i])->k);
  for (guint i = 0; i < n; i++)
    g_hash_table_add (chosen, GUINT_TO_POINTER (smb_video_uniform_frame (numbers, i, n)));
  g_hash_table_add (chosen, GUINT_TO_POINTER (d->drawn->k));
  for (guint i = 0; i < frames->len; i++) {
    SmbFrameFaces *copy;

    if (!every && !g_hash_table_contains (chosen, GUINT_TO_POINTER (((SmbFrameFaces *) frames->pdata[i])->k)))
      continue;
    copy = smb_frame_faces_copy (frames->pdata[i]);
    copy->searched = every || copy->k == d->drawn->k;
    g_ptr_array_add (asked, copy);
  }
  return asked;
}

/* Puts scored frames in the places of those that were asked about. */
static void
replace (GPtrArray *frames, GPtrArray *scored)
{
  guint at = 0;

  for (guint i = 0; i < scored->len; i++) {
    const SmbFrameFaces *frame = scored->pdata[i];

    while (at < frames->len && ((SmbFrameFaces *) frames->pdata[at])->k < frame->k)
      at++;
    g_return_if_fail (at < frames->len && ((SmbFrameFaces *) frames->pdata[at])->k == frame->k);
    smb_frame_faces_free (frames->pdata[at]);
    frames->pdata[at] = smb_frame_faces_copy (frame);
  }
}

static gboolean
score (const Drawing *d, GPtrArray *frames, GError **error)
{
  GPtrArray *asked = choose (d, frames);
  const guint total = asked->len;
  g_autoptr (SmbVideoFinder) finder
      = smb_video_finder_search (d->engine, d->video, d->settings, asked, NULL, d->cancellable);

  for (guint done = 0; done < total;) {
    g_autoptr (SmbVideoFound) found = smb_video_finder_next (finder, error);
    g_autoptr (GPtrArray) scored = NULL;

    if (found == NULL)
      return FALSE;
    if (found->images->len > 0) {
      scored = smb_engine_score_frames (d->engine, d->model, (SmbImage *const *) found->images->pdata,
                                        found->images->len, found->frames, &d->settings->face, d->cancellable, error);
      if (scored == NULL)
        return FALSE;
      replace (frames, scored);
    }
    done += found->n;
    report (d, done, total, _ ("Scoring frames"));
  }
  return TRUE;
}

GPtrArray *
smb_video_follow_drawn (SmbEngine *engine, const SmbModelInfo *model, SmbEngineVideo *video,
                        const SmbVideoSettings *settings, const SmbVideoProgress *progress, const SmbDrawnFace *drawn,
                        SmbProgress report_progress, gpointer user_data, GCancellable *cancellable, GError **error)
{
  const guint n_frames = smb_engine_video_get_n_frames (video), k = drawn->k;
  const gboolean inside = k >= settings->first && k <= settings->last;
  Drawing d = { engine, model, video, settings, progress, drawn, report_progress, user_data, cancellable,
                inside ? settings->first : k, inside ? MIN (settings->last, n_frames - 1) : k, 0 };
  g_autoptr (GPtrArray) frames = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  g_autoptr (GPtrArray) before = g_ptr_array_new ();
  g_autoptr (SmbImage) image = NULL;
  g_autoptr (SmbFrameFaces) own = NULL;
  SmbBox box;
  gboolean ok;

  if (k >= n_frames) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("There is no frame %u: the video's frames are 0 to %u."), k,
                 n_frames - 1);
    return NULL;
  }
  image = smb_engine_video_get_frame (video, k, 0, cancellable, error);
  own = image != NULL ? drawn_frame (&d, image, error) : NULL;
  if (own == NULL)
    return NULL;
  box = ((SmbTrackPoint *) own->points->pdata[0])->face.box;
  ok = follow_way (&d, image, box, TRUE, before, error);
  for (guint i = before->len; i-- > 0;)
    g_ptr_array_add (frames, before->pdata[i]);
  g_ptr_array_add (frames, g_steal_pointer (&own));
  ok = ok && follow_way (&d, image, box, FALSE, frames, error) && score (&d, frames, error);
  return ok ? g_steal_pointer (&frames) : NULL;
}

JsonNode *
smb_drawn_face_to_json (const SmbDrawnFace *drawn)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *box = json_array_new ();

  json_array_add_int_element (box, drawn->box.x);
  json_array_add_int_element (box, drawn->box.y);
  json_array_add_int_element (box, drawn->box.width);
  json_array_add_int_element (box, drawn->box.height);
  json_object_set_int_member (object, "track", drawn->track);
  json_object_set_int_member (object, "frame", drawn->k);
  json_object_set_array_member (object, "box", box);
  json_node_take_object (node, object);
  return node;
}

gboolean
smb_drawn_face_from_json (SmbDrawnFace *drawn, JsonObject *object, GError **error)
{
  SmbJsonReader reader = { .what = "drawn", .where = "", .error = error };
  int box[4] = { 0 };

  drawn->track = (guint) smb_json_int (&reader, object, "track", 1, G_MAXINT);
  drawn->k = (guint) smb_json_int (&reader, object, "frame", 0, G_MAXINT);
  smb_json_ints (&reader, object, "box", box, 4);
  drawn->box = (SmbBox){ box[0], box[1], box[2], box[3] };
  return !reader.failed;
}

GPtrArray *
smb_video_join_drawn (const SmbVideoProgress *progress, GPtrArray *frames)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);

  for (guint i = 0; i < frames->len; i++) {
    SmbFrameFaces *frame = frames->pdata[i];
    const SmbFrameFaces *known = smb_video_progress_find (progress, frame->k);
    SmbFrameFaces *whole
        = known != NULL ? smb_frame_faces_copy (known) : smb_frame_faces_new (frame->k, frame->time_us);

    g_ptr_array_add (whole->points, g_ptr_array_steal_index (frame->points, 0));
    g_ptr_array_add (out, whole);
  }
  return out;
}

static int
compare_drawn (gconstpointer a, gconstpointer b)
{
  const SmbDrawnFace *left = a, *right = b;

  return (left->track > right->track) - (left->track < right->track);
}

GArray *
smb_video_list_drawn (const SmbVideoProgress *progress)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (SmbDrawnFace));

  for (guint i = 0; i < progress->frames->len; i++) {
    const SmbFrameFaces *frame = progress->frames->pdata[i];

    for (guint p = 0; p < frame->points->len; p++) {
      const SmbTrackPoint *point = frame->points->pdata[p];
      const SmbDrawnFace drawn = { point->track, frame->k, point->face.box };

      if (point->face.origin == SMB_FACE_DRAWN && !point->followed)
        g_array_append_val (list, drawn);
    }
  }
  g_array_sort (list, compare_drawn);
  return list;
}
