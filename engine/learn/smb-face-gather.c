/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-face-store.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "face/smb-landmarks.h"
#include "face/smb-regions.h"
#include "learn/smb-checkpoint.h"

#define DETECT_SIDE_PX 640
#define FACE_MARGIN 1.3

#define INDEX "index.json"
#define RGB "faces.rgb"
#define REGIONS "regions.u8"
#define POINTS "points.f32"

/* One gathering. */
typedef struct {
  const SmbFaceGather *how;
  const char *folder;
  SmbFaceDetector *detector;  /* NULL: cropped already */
  SmbLandmarker *landmarker;  /* NULL: template */
  FILE *rgb, *regions, *points;
  JsonBuilder *index;
  JsonArray *left_out;
  char *unreadable; /* why the first of those left out was, unless it just shows no face … */
  guint n_unreadable;  /* … and how many are so */
  gint64 n;
  GCancellable *cancellable;
  const char *name;    /* of what is being visited, */
  gint64 n_before;     /* and how many faces there were before */
  gboolean failed;     /* in a way that no other picture would mend */
} Gather;

static void
gather_clear (Gather *g)
{
  g_clear_pointer (&g->detector, smb_face_detector_free);
  g_clear_pointer (&g->landmarker, smb_landmarker_free);
  if (g->rgb != NULL)
    fclose (g->rgb);
  if (g->regions != NULL)
    fclose (g->regions);
  if (g->points != NULL)
    fclose (g->points);
  g_clear_object (&g->index);
  g_clear_pointer (&g->left_out, json_array_unref);
  g_free (g->unreadable);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Gather, gather_clear)

/* What a store depends on: the pictures (path, length, time of change), the size and the way. predictor: the SHA-256 of
 * one that was named; NULL: Debian's or none. */
static char *
make_key (const GPtrArray *files, const SmbFaceGather *how, gboolean landmarks, const char *predictor)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (text, "1 %d %d %d %s\n", how->size_px, how->cropped, landmarks, smb_face_detector_name ());
  if (predictor != NULL)
    g_string_append_printf (text, "predictor %s\n", predictor);
  if (how->points || how->first)
    g_string_append_printf (text, "points %d first %d\n", how->points, how->first);
  if (how->more != NULL)
    g_string_append_printf (text, "more %s\n", how->more);
  for (guint i = 0; i < files->len; i++) {
    GStatBuf info;

    if (g_stat (g_ptr_array_index (files, i), &info) == 0)
      g_string_append_printf (text, "%s\n%" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld\n",
                              (const char *) g_ptr_array_index (files, i), (gint64) info.st_size,
                              (gint64) info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    else
      g_string_append_printf (text, "%s\n", (const char *) g_ptr_array_index (files, i));
  }
  return smb_sha256_of_bytes (text->str, text->len);
}

/* A crop as published models take it: the detector's box is what the margin was added to. */
static SmbFace
whole_picture (const SmbImage *image)
{
  SmbBox all = { 0, 0, image->width, image->height };
  int width = (int) (image->width / FACE_MARGIN), height = (int) (image->height / FACE_MARGIN);

  return (SmbFace){ .box = all,
                    .detected = { (image->width - width) / 2, (image->height - height) / 2, width, height },
                    .origin = SMB_FACE_DRAWN };
}

/* first: only the surest. */
static GArray *
find_faces (Gather *g, const SmbImage *image, gboolean first, GError **error)
{
  g_autoptr (GArray) faces = NULL, sure = g_array_new (FALSE, TRUE, sizeof (SmbFace));

  if (g->detector == NULL) {
    g_array_append_val (sure, ((SmbFace[]) { whole_picture (image) })[0]);
    return g_steal_pointer (&sure);
  }
  faces = smb_face_detect (g->detector, image, DETECT_SIDE_PX, 1, error);
  if (faces == NULL)
    return NULL;
  for (guint i = 0; i < faces->len && !(first && sure->len > 0); i++)
    if (g_array_index (faces, SmbFace, i).confidence >= SMB_FACE_SURE_CONFIDENCE)
      g_array_append_val (sure, g_array_index (faces, SmbFace, i));
  return g_steal_pointer (&sure);
}

static void
describe_face (Gather *g, const SmbFaceSeen *seen, const SmbFace *face, SmbRegionsOrigin origin)
{
  const int box[] = { face->box.x, face->box.y, face->box.width, face->box.height };

  json_builder_begin_object (g->index);
  json_builder_set_member_name (g->index, "file");
  json_builder_add_string_value (g->index, g->name);
  json_builder_set_member_name (g->index, "sha256");
  json_builder_add_string_value (g->index, seen->sha256);
  if (seen->frame >= 0) {
    json_builder_set_member_name (g->index, "frame");
    json_builder_add_int_value (g->index, seen->frame);
  }
  json_builder_set_member_name (g->index, "box");
  json_builder_begin_array (g->index);
  for (guint i = 0; i < G_N_ELEMENTS (box); i++)
    json_builder_add_int_value (g->index, box[i]);
  json_builder_end_array (g->index);
  json_builder_set_member_name (g->index, "regions");
  json_builder_add_string_value (g->index, smb_regions_origin_name (origin));
  json_builder_end_object (g->index);
}

static gboolean
put (Gather *g, FILE *file, const char *name, const void *data, gsize n_bytes, GError **error)
{
  g_autofree char *path = g_build_filename (g->folder, name, NULL);

  return fwrite (data, 1, n_bytes, file) == n_bytes || smb_error_set_errno (error, errno, path, _ ("writing"));
}

static gboolean
write_points (Gather *g, const SmbLandmarks *marks, SmbBox box, GError **error)
{
  double scale[2] = { (double) g->how->size_px / box.width, (double) g->how->size_px / box.height };
  float points[SMB_N_LANDMARKS][2];

  if (!g->how->points)
    return TRUE;
  for (int i = 0; i < SMB_N_LANDMARKS; i++) {
    points[i][0] = (float) ((marks->points[i].x - box.x + 0.5) * scale[0] - 0.5);
    points[i][1] = (float) ((marks->points[i].y - box.y + 0.5) * scale[1] - 0.5);
  }
  return put (g, g->points, POINTS, points, sizeof points, error);
}

static gboolean
store_face (Gather *g, const SmbFaceSeen *seen, const SmbFace *face, GError **error)
{
  gsize pixels = (gsize) g->how->size_px * (gsize) g->how->size_px;
  SmbCropView view = { .box = face->box, .size_px = g->how->size_px };
  g_autofree guint8 *rgb = smb_face_crop_resize (seen->image, face->box, g->how->size_px), *map = NULL;
  SmbLandmarks marks;

  if (rgb == NULL)
    return TRUE;
  if (g->landmarker == NULL)
    smb_landmarks_from_template (face->detected, &marks);
  else if (!smb_landmarker_find (g->landmarker, seen->image, face->detected, &marks, error))
    return FALSE;
  map = smb_region_map_draw (&marks, &view, marks.coarse ? NULL : rgb);
  if (!put (g, g->rgb, RGB, rgb, 3 * pixels, error) || !put (g, g->regions, REGIONS, map, pixels, error)
      || !write_points (g, &marks, face->box, error))
    return FALSE;
  describe_face (g, seen, face, marks.coarse ? SMB_REGIONS_FROM_TEMPLATE : SMB_REGIONS_FROM_LANDMARKS);
  g->n++;
  return TRUE;
}

static gboolean
add_face (Gather *g, const SmbFaceSeen *seen, const SmbFace *face, GError **error)
{
  g->failed = !store_face (g, seen, face, error);
  return !g->failed;
}

static gboolean
add_faces (Gather *g, const SmbFaceSeen *seen, const GArray *faces, GError **error)
{
  for (guint i = 0; i < faces->len; i++)
    if (!add_face (g, seen, &g_array_index (faces, SmbFace, i), error))
      return FALSE;
  return TRUE;
}

/* What a visitor hands over. */
static gboolean
take_seen (const SmbFaceSeen *seen, gpointer data, GError **error)
{
  Gather *g = data;
  g_autoptr (GArray) faces = NULL;

  if (g_cancellable_set_error_if_cancelled (g->cancellable, error))
    return FALSE;
  if (seen->face != NULL)
    return add_face (g, seen, seen->face, error);
  faces = find_faces (g, seen->image, FALSE, error);
  return faces != NULL && add_faces (g, seen, faces, error);
}

/* One picture, opened here. */
static gboolean
open_picture (Gather *g, const char *path, GError **error)
{
  g_autofree char *sha256 = smb_sha256_of_file (path, NULL, NULL, error);
  g_autoptr (SmbImage) image = sha256 != NULL ? g->how->open (path, g->how->user_data, error) : NULL;
  g_autoptr (GArray) faces = image != NULL ? find_faces (g, image, g->how->first, error) : NULL;
  const SmbFaceSeen seen = { .image = image, .frame = -1, .sha256 = sha256 };

  return faces != NULL && add_faces (g, &seen, faces, error);
}

/* Takes the sentence. */
static void
tell (const SmbFaceGather *how, char *sentence)
{
  g_autofree char *owned = sentence;

  if (how->warn != NULL)
    how->warn (owned, how->user_data);
}

static char *
say_faceless (const char *name)
{
  return g_strdup_printf (_ ("%s: no face was found; the picture is left out."), name);
}

/* Faces that are there already: what is not among them is told again. */
static SmbFaceStore *
tell_kept (const SmbFaceGather *how, SmbFaceStore *store)
{
  for (char **name = store->unreadable; *name != NULL; name++)
    tell (how,
          g_strdup_printf (_ ("%s: could not be used when the faces were gathered, and has not changed since; it is left "
                              "out."),
                           *name));
  for (char **name = store->faceless; *name != NULL; name++)
    tell (how, say_faceless (*name));
  return store;
}

/* sentence NULL: no face was found. */
static void
leave_out (Gather *g, const char *sentence)
{
  JsonObject *file = json_object_new ();
  g_autofree char *shown = g_filename_display_name (g->name);

  json_object_set_string_member (file, "file", shown);
  json_object_set_string_member (file, "why", sentence != NULL ? SMB_FACE_STORE_UNREADABLE : SMB_FACE_STORE_FACELESS);
  json_array_add_object_element (g->left_out, file);
  if (sentence != NULL && g->n_unreadable++ == 0)
    g->unreadable = g_strdup (sentence);
  tell (g->how, sentence != NULL ? g_strdup (sentence) : say_faceless (g->name));
}

/* What this picture cannot do is told and the rest goes on; what would fail for all of them ends the gathering. */
static gboolean
add_picture (Gather *g, const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean mine = FALSE, good = TRUE;

  g->name = path;
  g->n_before = g->n;
  if (!g_utf8_validate (path, -1, NULL)) { /* the index is JSON */
    g_autofree char *shown = g_filename_display_name (path);
    g_autofree char *sentence
        = g_strdup_printf (_ ("%s: its name is not UTF-8 and cannot be written down; rename the file or its folder."), shown);

    leave_out (g, sentence);
    return TRUE;
  }
  if (g->how->visit != NULL)
    good = g->how->visit (path, take_seen, g, &mine, g->cancellable, g->how->user_data, &local);
  if (good && !mine)
    good = open_picture (g, path, &local);
  if (!good && (g->failed || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  if (!good || g->n == g->n_before)
    leave_out (g, good ? NULL : local->message);
  return TRUE;
}

static FILE *
create (const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  FILE *file = fopen (path, "wbe");

  if (file == NULL)
    smb_error_set_errno (error, errno, path, _ ("creating the file"));
  return file;
}

static gboolean
finish (Gather *g, const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, INDEX, NULL), *text = NULL;
  g_autoptr (JsonNode) root = NULL;
  gboolean good = fflush (g->rgb) == 0 && fflush (g->regions) == 0 && (g->points == NULL || fflush (g->points) == 0);

  if (!good)
    return smb_error_set_errno (error, errno, folder, _ ("writing the faces"));
  json_builder_end_array (g->index);
  json_builder_set_member_name (g->index, "left_out");
  json_builder_add_value (g->index, json_node_init_array (json_node_alloc (), g->left_out));
  json_builder_end_object (g->index);
  root = json_builder_get_root (g->index);
  text = json_to_string (root, FALSE);
  return smb_learn_write_text (path, text, error);
}

static gboolean
describe_predictor (Gather *g, GError **error)
{
  const char *sha256 = smb_landmarker_get_sha256 (g->landmarker, error);
  g_autofree char *name = g_filename_display_name (smb_landmarker_get_path (g->landmarker));

  if (sha256 == NULL)
    return FALSE;
  json_builder_set_member_name (g->index, "landmarks");
  json_builder_begin_object (g->index);
  json_builder_set_member_name (g->index, "file");
  json_builder_add_string_value (g->index, name);
  json_builder_set_member_name (g->index, "sha256");
  json_builder_add_string_value (g->index, sha256);
  json_builder_end_object (g->index);
  return TRUE;
}

static gboolean
gather_all (Gather *g, const char *folder, const GPtrArray *files, const char *key, GCancellable *cancellable,
            GError **error)
{
  g_autofree char *index = g_build_filename (folder, INDEX, NULL);

  if (smb_learn_is_foreign (folder, INDEX, "faces", error))
    return FALSE;
  if (g_mkdir_with_parents (folder, 0777) != 0)
    return smb_error_set_errno (error, errno, folder, _ ("making the folder"));
  if (g_unlink (index) != 0 && errno != ENOENT) /* what it speaks of is about to go */
    return smb_error_set_errno (error, errno, index, _ ("removing the old index"));
  if ((g->rgb = create (folder, RGB, error)) == NULL
      || (g->regions = create (folder, REGIONS, error)) == NULL
      || (g->how->points && (g->points = create (folder, POINTS, error)) == NULL))
    return FALSE;
  g->left_out = json_array_new ();
  g->index = json_builder_new ();
  json_builder_begin_object (g->index);
  json_builder_set_member_name (g->index, "format");
  json_builder_add_int_value (g->index, 1);
  json_builder_set_member_name (g->index, "size");
  json_builder_add_int_value (g->index, g->how->size_px);
  json_builder_set_member_name (g->index, "key");
  json_builder_add_string_value (g->index, key);
  if (g->how->points) {
    json_builder_set_member_name (g->index, "points");
    json_builder_add_boolean_value (g->index, TRUE);
  }
  if (g->landmarker != NULL && !describe_predictor (g, error))
    return FALSE;
  json_builder_set_member_name (g->index, "faces");
  json_builder_begin_array (g->index);
  for (guint i = 0; i < files->len; i++) {
    if (g->how->progress != NULL)
      g->how->progress (i, files->len, _ ("Cropping faces"), g->how->user_data);
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !add_picture (g, g_ptr_array_index (files, i), error))
      return FALSE;
  }
  if (g->n > 0)
    return finish (g, folder, error);
  if (g->n_unreadable == files->len)
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("Nothing can be learnt from: files that could not be used: %u. The first: %s"), files->len,
                 g->unreadable);
  else
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 g_dngettext (GETTEXT_PACKAGE,
                              "No face was found in %u picture; if it is a face cropped already, say so.",
                              "No face was found in %u pictures; if every one is a face cropped already, say so.",
                              files->len),
                 files->len);
  return FALSE;
}

/* Without an index they are of no use, and where the disk is full they are what fills it. */
static void
remove_begun (const char *folder)
{
  static const char *const names[] = { RGB, REGIONS, POINTS };
  g_autofree char *index = g_build_filename (folder, INDEX, NULL);

  for (guint i = 0; !g_file_test (index, G_FILE_TEST_EXISTS) && i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);

    g_unlink (path);
  }
}

/* That Debian's is not installed is no error; that one is missing that was named is. *sha256_out: of one that was named,
 * borrowed. */
static gboolean
find_predictor (Gather *g, const char **sha256_out, GError **error)
{
  g_autoptr (GError) local = NULL;
  const char *file;

  if (!smb_landmarks_are_wanted (g->how->landmarks, &file))
    return TRUE;
  g->landmarker = smb_landmarker_new (file, &local);
  if (g->landmarker != NULL)
    return file == NULL || (*sha256_out = smb_landmarker_get_sha256 (g->landmarker, error)) != NULL;
  if (file == NULL && g_error_matches (local, SMB_ERROR, SMB_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

SmbFaceStore *
smb_face_store_gather_named (const char *folder, const GPtrArray *names, const SmbFaceGather *how,
                             GCancellable *cancellable, GError **error)
{
  g_auto (Gather) g = { .how = how, .folder = folder, .cancellable = cancellable };
  g_autoptr (SmbFaceStore) kept = NULL;
  g_autofree char *key = NULL;
  const char *predictor = NULL;

  if (!find_predictor (&g, &predictor, error))
    return NULL;
  key = make_key (names, how, g.landmarker != NULL, predictor);
  kept = smb_face_store_open (folder, NULL);
  if (kept != NULL && strcmp (kept->key, key) == 0)
    return tell_kept (how, g_steal_pointer (&kept));
  if (g.landmarker == NULL && how->warn != NULL)
    how->warn (smb_regions_note (SMB_REGIONS_FROM_TEMPLATE), how->user_data);
  if (!how->cropped && (g.detector = smb_face_detector_new ((int) g_get_num_processors (), error)) == NULL)
    return NULL;
  if (gather_all (&g, folder, names, key, cancellable, error))
    return smb_face_store_open (folder, error);
  remove_begun (folder);
  return NULL;
}

SmbFaceStore *
smb_face_store_gather (const char *folder, const char *const *sources, const SmbFaceGather *how,
                       GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) files = smb_learn_list_pictures (sources, FALSE, error);

  return files != NULL ? smb_face_store_gather_named (folder, files, how, cancellable, error) : NULL;
}
