/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli maps: the maps of a picture's faces as files: in colours with a legend, over the face, as numbers. */
#include "cli/cli.h"

#include "analysis/smb-faithfulness-json.h"
#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "cli/cli-map-picture.h"
#include "cli/cli-picture-map.h"
#include "media/smb-png.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define PICTURE_PX 448

typedef struct {
  SmbCliFaces of;
  const char *folder;
  char *stem;      /* of every file: "portrait" */
  GPtrArray *names; /* of the maps, as given */
  GArray *specs;    /* SmbMapSpec, likewise */
  GPtrArray *of_picture; /* names of the maps of the whole picture */
  SmbColours colours;
  double opacity;
  gboolean json, check, raw;
} Job;

/* The face as the network that made the map saw it, so that map and face lie on each other. */
static guint8 *
face_under (const Job *job, SmbBox box, SmbMapKind kind)
{
  gboolean of_detector = smb_map_kind_is_of_detector (kind);

  if (of_detector && job->of.model->transform == SMB_FACE_RESIZE_CENTRE_CROP)
    return smb_face_crop_resize_centre (job->of.image, box, PICTURE_PX);
  return smb_face_crop_resize (job->of.image, box, PICTURE_PX);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
print_faithfulness (const char *text, const SmbFaithfulness *faithfulness)
{
  g_autofree char *sentence = smb_faithfulness_sentence (faithfulness);

  g_printerr (
      _ ("%s: deletion %.4f, insertion %.4f (random orders %.4f ± %.4f), correlation with random weights %.2f\n"), text,
      faithfulness->deletion_area, faithfulness->insertion_area, faithfulness->random_mean,
      faithfulness->random_deviation, faithfulness->correlation);
  /* A failure is in the map's note already. */
  if (faithfulness->fails == 0)
    g_printerr ("%s: %s\n", text, sentence);
}

static void
print_written (const Job *job, guint face, const SmbMap *map, GPtrArray *files)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = smb_map_spec_to_text (&map->spec);
  const char *note = smb_model_warning (job->of.model->trained, job->of.model->calibrated);

  if (!job->json) {
    for (guint i = 0; i < files->len; i++)
      g_print ("%s\n", (const char *) g_ptr_array_index (files, i));
    if (map->note != NULL)
      g_printerr ("%s: %s\n", text, map->note);
    if (map->faithfulness != NULL)
      print_faithfulness (text, map->faithfulness);
    return;
  }
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "face");
  json_builder_add_int_value (builder, face);
  add_string (builder, "map", text);
  json_builder_set_member_name (builder, "files");
  json_builder_begin_array (builder);
  for (guint i = 0; i < files->len; i++)
    json_builder_add_string_value (builder, g_ptr_array_index (files, i));
  json_builder_end_array (builder);
  if (map->values != NULL) {
    json_builder_set_member_name (builder, "min");
    json_builder_add_double_value (builder, map->min);
    json_builder_set_member_name (builder, "max");
    json_builder_add_double_value (builder, map->max);
    add_string (builder, "colours", smb_colours_name (job->colours));
  }
  if (map->note != NULL)
    add_string (builder, "note", map->note);
  json_builder_set_member_name (builder, "model");
  json_builder_begin_object (builder);
  add_string (builder, "name", job->of.model->name);
  json_builder_set_member_name (builder, "trained");
  json_builder_add_boolean_value (builder, job->of.model->trained);
  if (note != NULL)
    add_string (builder, "note", note);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  if (map->faithfulness != NULL)
    json_object_set_object_member (json_node_get_object (root), "faithfulness",
                                   smb_faithfulness_to_json (map->faithfulness));
  smb_cli_print_json (root, FALSE);
}

/* One plane of the map as numbers. */
static gboolean
write_numbers (char *path, const SmbMap *map, float *values, GPtrArray *files, GError **error)
{
  SmbMap plane = *map;

  g_ptr_array_add (files, path);
  plane.values = values;
  return smb_cli_map_write_npy (path, &plane, error);
}

/* What is shown of a map: errors with a sign lie about their middle. */
static SmbMap
as_shown (const Job *job, const SmbMap *map, SmbColours *colours)
{
  SmbMap shown = *map;

  *colours = job->colours;
  if (map->spec.kind == SMB_MAP_SIGNED_ERROR) {
    shown.max = MAX (fabs (map->min), fabs (map->max));
    shown.min = -shown.max;
    *colours = SMB_COLOURS_DIVERGING;
  }
  return shown;
}

static gboolean
write_map (const Job *job, guint face, SmbBox box, const char *name, const SmbMap *map, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  char *picture = smb_cli_map_file (job->folder, job->stem, face, name, ".png");

  g_ptr_array_add (files, picture);
  if (map->rgb != NULL) {
    if (!smb_png_write (picture, map->rgb_size, map->rgb_size, 3, map->rgb, error))
      return FALSE;
  } else {
    SmbColours colours;
    const SmbMap shown = as_shown (job, map, &colours);
    g_autofree guint8 *under = face_under (job, box, map->spec.kind);
    g_autofree guint8 *coloured = smb_cli_map_picture (&shown, colours, PICTURE_PX, PICTURE_PX);
    g_autofree guint8 *overlay = smb_cli_map_overlay (&shown, colours, job->opacity, under, PICTURE_PX);
    const int height = PICTURE_PX + SMB_CLI_LEGEND_HEIGHT_PX;
    char *over = smb_cli_map_file (job->folder, job->stem, face, name, "-overlay.png");

    g_ptr_array_add (files, over);
    if (!smb_png_write (picture, PICTURE_PX, height, 3, coloured, error)
        || !smb_png_write (over, PICTURE_PX, height, 3, overlay, error)
        || !write_numbers (smb_cli_map_file (job->folder, job->stem, face, name, ".npy"), map, map->values, files,
                           error))
      return FALSE;
    if (job->raw) {
      char *raw = smb_cli_map_file (job->folder, job->stem, face, name, "-16.png");

      g_ptr_array_add (files, raw);
      if (!smb_cli_map_write_png16 (raw, map, map->min, map->max, error))
        return FALSE;
    }
    if (map->deviation != NULL
        && (!write_numbers (smb_cli_map_file (job->folder, job->stem, face, name, "-deviation.npy"), map,
                            map->deviation, files, error)
            || !write_numbers (smb_cli_map_file (job->folder, job->stem, face, name, "-count.npy"), map, map->count,
                               files, error)))
      return FALSE;
  }
  print_written (job, face, map, files);
  return TRUE;
}

/* The map as it was asked for; one of all heads says which. */
static char *
name_of (const Job *job, const SmbMap *map)
{
  for (guint i = 0; i < job->specs->len; i++)
    if (smb_map_spec_equal (&g_array_index (job->specs, SmbMapSpec, i), &map->spec))
      return g_strdup (g_ptr_array_index (job->names, i));
  return smb_map_spec_to_text (&map->spec);
}

static gboolean
write_face (const Job *job, guint face, SmbBox box, GError **error)
{
  g_autofree char *path = smb_cli_map_file (job->folder, job->stem, face, "face", ".png");
  g_autoptr (SmbImage) crop = smb_image_crop (job->of.image, box);
  g_autoptr (GPtrArray) maps = NULL;
  const SmbMapJob about = { .box = box, .regions = job->of.regions, .progress = smb_cli_progress (),
                            .check = job->check };

  if (crop == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("The box %d,%d,%d,%d lies outside the picture, which has %d × %d pixels."), box.x, box.y, box.width,
                 box.height, job->of.image->width, job->of.image->height);
    return FALSE;
  }
  if (!smb_png_write (path, crop->width, crop->height, 3, smb_image_get_pixels (crop), error))
    return FALSE;
  maps = smb_engine_make_maps (job->of.engine, job->of.model, job->of.image, &about,
                               (const SmbMapSpec *) (gconstpointer) job->specs->data, job->specs->len, NULL, error);
  smb_cli_progress_end ();
  if (maps == NULL)
    return FALSE;
  for (guint i = 0; i < maps->len; i++) {
    const SmbMap *map = g_ptr_array_index (maps, i);
    g_autofree char *name = name_of (job, map);

    if (!write_map (job, face, box, name, map, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_map (Job *job, const char *text, GError **error)
{
  SmbMapSpec spec;

  if (!smb_map_spec_parse (&spec, text, error))
    return FALSE;
  g_array_append_val (job->specs, spec);
  g_ptr_array_add (job->names, g_strdup (text));
  return TRUE;
}

static gboolean
parse_maps (Job *job, char **texts, GError **error)
{
  job->names = g_ptr_array_new_with_free_func (g_free);
  job->specs = g_array_new (FALSE, FALSE, sizeof (SmbMapSpec));
  job->of_picture = g_ptr_array_new_with_free_func (g_free);
  for (; texts != NULL && *texts != NULL; texts++) {
    g_autoptr (GError) local = NULL;
    SmbCliPictureMap map;

    if (smb_cli_picture_map_parse (&map, *texts, &local)) {
      g_ptr_array_add (job->of_picture, g_strdup (*texts));
    } else if (local != NULL) {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    } else if (!add_map (job, *texts, error)) {
      return FALSE;
    }
  }
  return TRUE;
}

/* Where nothing was asked for: the usual ones that the model has the networks for. */
static void
choose_maps (Job *job)
{
  static const char *const of_detector[] = { "attention", "rollout" };
  static const char *const of_mim[] = { "masked-input", "reconstruction", "error" };

  if (job->specs->len > 0 || job->of_picture->len > 0)
    return;
  for (guint i = 0; job->of.model->detector_path != NULL && i < G_N_ELEMENTS (of_detector); i++)
    add_map (job, of_detector[i], NULL);
  for (guint i = 0; job->of.model->mim_path != NULL && i < G_N_ELEMENTS (of_mim); i++)
    add_map (job, of_mim[i], NULL);
}

static void
job_clear (Job *job)
{
  smb_cli_faces_clear (&job->of);
  g_clear_pointer (&job->stem, g_free);
  g_clear_pointer (&job->names, g_ptr_array_unref);
  g_clear_pointer (&job->specs, g_array_unref);
  g_clear_pointer (&job->of_picture, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

/* Error level and noise need neither model nor face. */
static gboolean
write_picture_map (const Job *job, const SmbCliFaceOptions *options, const char *path, const char *name, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (SmbEngine) engine = smb_engine_new (options->device, options->threads);
  g_autoptr (JsonNode) node = NULL;
  SmbCliPictureMap map;
  JsonObject *object;
  JsonArray *list;
  double range[2];

  if (!smb_cli_picture_map_parse (&map, name, error)
      || !smb_cli_picture_map_write (engine, path, &map, job->folder, job->stem, name, job->colours, job->raw, files,
                                     range, error))
    return FALSE;
  for (guint i = 0; !job->json && i < files->len; i++)
    g_print ("%s\n", (const char *) g_ptr_array_index (files, i));
  if (!job->json)
    return TRUE;
  object = json_object_new ();
  list = json_array_new ();
  for (guint i = 0; i < files->len; i++)
    json_array_add_string_element (list, g_ptr_array_index (files, i));
  json_object_set_string_member (object, "map", name);
  json_object_set_array_member (object, "files", list);
  json_object_set_double_member (object, "min", range[0]);
  json_object_set_double_member (object, "max", range[1]);
  json_object_set_string_member (object, "colours", smb_colours_name (job->colours));
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, object);
  smb_cli_print_json (node, FALSE);
  return TRUE;
}

static gboolean
do_file (Job *job, const SmbCliFaceOptions *options, const char *path, GError **error)
{
  const char *note;

  job->stem = smb_cli_stem (path);
  if (g_mkdir_with_parents (job->folder, 0777) != 0)
    return smb_error_set_errno (error, errno, job->folder, _ ("making the folder"));
  for (guint i = 0; i < job->of_picture->len; i++)
    if (!write_picture_map (job, options, path, g_ptr_array_index (job->of_picture, i), error))
      return FALSE;
  if (job->of_picture->len > 0 && job->specs->len == 0)
    return TRUE;
  if (!smb_cli_faces_open (&job->of, options, path, error))
    return FALSE;
  if (job->of.boxes->len == 0)
    return TRUE;
  choose_maps (job);
  for (guint i = 0; i < job->of.boxes->len; i++)
    if (smb_cli_faces_wants (&job->of, i) && !write_face (job, i + 1, g_array_index (job->of.boxes, SmbBox, i), error))
      return FALSE;
  note = smb_model_warning (job->of.model->trained, job->of.model->calibrated);
  if (note != NULL && !job->json)
    g_print ("%s\n", note);
  return TRUE;
}

int
smb_cli_maps (int argc, char **argv)
{
  g_auto (SmbCliFaceOptions) options = { 0 };
  g_autofree char *folder = NULL, *colours_name = NULL;
  g_auto (GStrv) map_texts = NULL;
  double opacity = 0.6;
  gboolean check = FALSE, raw = FALSE;
  const GOptionEntry entries[] = {
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &folder, N_ ("Folder to write into; made if it is not there"),
      N_ ("FOLDER") },
    { "map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &map_texts,
      N_ ("attention, rollout, relevance, occlusion, masked-input, reconstruction, error, signed-error, absolute-error, "
          "ssim, coverage or regions, with settings as in attention:layer=11,head=mean; of the whole picture ela or noise "
          "(repeatable)"),
      N_ ("MAP") },
    { "colours", 0, 0, G_OPTION_ARG_STRING, &colours_name, N_ ("viridis, cividis, magma, grey or diverging"),
      N_ ("NAME") },
    { "check", 0, 0, G_OPTION_ARG_NONE, &check,
      N_ ("Test whether attention, rollout, relevance and occlusion show what the answer rests on"), NULL },
    { "png16", 0, 0, G_OPTION_ARG_NONE, &raw, N_ ("Write the numbers as grey of 16 bits too"), NULL },
    { "opacity", 0, 0, G_OPTION_ARG_DOUBLE, &opacity, N_ ("How strongly an overlay covers the face, 0 to 1"), "X" },
    { NULL },
  };
  g_auto (Job) job = { 0 };
  g_autoptr (GError) error = NULL;

  if (!smb_cli_face_parse (&options, &argc, &argv, entries, FALSE, _ ("FILE"),
                           _ ("Writes maps of each face: where the model looks, and what it cannot reconstruct.")))
    return SMB_EXIT_USAGE;
  if (argc != 2)
    return smb_cli_usage (_ ("“maps” takes one picture."));
  if (folder == NULL)
    return smb_cli_usage (_ ("“maps” needs --out=FOLDER to write into."));
  if (!(opacity >= 0.0 && opacity <= 1.0))
    return smb_cli_usage (_ ("--opacity takes a number between 0 and 1."));
  job.colours = SMB_COLOURS_VIRIDIS;
  if (colours_name != NULL && !smb_colours_from_name (colours_name, &job.colours))
    return smb_cli_usage (_ ("“%s” names no colours; choose viridis, cividis, magma, grey or diverging."),
                          colours_name);
  job.folder = folder;
  job.opacity = opacity;
  job.json = options.json;
  job.check = check;
  job.raw = raw;
  if (!parse_maps (&job, map_texts, &error))
    return smb_cli_usage ("%s", error->message);
  if (do_file (&job, &options, argv[1], &error))
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return SMB_EXIT_FAILED;
}
