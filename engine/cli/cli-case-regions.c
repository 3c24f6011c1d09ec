/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli case regions: the region map of a stored face, out to a file and back in. */
#include "cli/cli-case.h"

#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "cli/cli.h"
#include "examine/smb-examine.h"
#include "media/smb-png.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A face of the exhibit's newest analysis. */
typedef struct {
  const SmbEvidence *evidence; /* borrowed */
  gint64 analysis_id;
  guint index;
  SmbBox box;
} Target;

static gboolean
find_face (SmbCase *store, const char *label, const char *text, Target *target, GError **error)
{
  g_autoptr (GPtrArray) analyses = smb_case_list_analyses (store, target->evidence->id, error), faces = NULL;

  if (analyses == NULL)
    return FALSE;
  if (analyses->len > 0) {
    target->analysis_id = ((SmbCaseAnalysis *) analyses->pdata[0])->id;
    faces = smb_case_list_faces (store, target->analysis_id, error);
    if (faces == NULL)
      return FALSE;
  }
  for (guint i = 0; faces != NULL && i < faces->len; i++) {
    const SmbCaseFace *face = faces->pdata[i];

    if (g_ascii_strcasecmp (face->label, label) != 0)
      continue;
    target->index = i;
    target->box = (SmbBox){ face->x, face->y, face->width, face->height };
    return TRUE;
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
               _ ("The newest analysis has no face “%s”; name one as in S-01/F1."), text);
  return FALSE;
}

/* "S-01/F2". */
static gboolean
find_target (SmbCase *store, GPtrArray *list, const char *text, Target *target, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "/", 2);

  target->evidence = smb_cli_find_exhibit (list, parts[0], error);
  return target->evidence != NULL && find_face (store, parts[1] != NULL ? parts[1] : "", text, target, error);
}

/* What the examiner left, else what the program draws. */
static SmbRegions *
get_map (SmbCase *store, SmbEngine *engine, const Target *target, const char *model_name, GError **error)
{
  const SmbMapJob job = { .box = target->box };
  g_autoptr (SmbModelInfo) model = NULL;
  g_autoptr (SmbImage) image = NULL;
  SmbRegions *regions;

  if (!smb_examine_get_regions (store, target->analysis_id, target->index, &regions, error) || regions != NULL)
    return regions;
  if (target->evidence->video) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
        _ ("%s is a video, and no map was stored for this track; take a frame out with “frames” and use “maps”."),
        target->evidence->exhibit);
    return NULL;
  }
  model = smb_model_find (model_name, error);
  image = model != NULL ? smb_examine_open_picture (store, engine, target->evidence, 0, NULL, error) : NULL;
  return image != NULL ? smb_engine_region_map (engine, model, image, &job, NULL, error) : NULL;
}

/* As .npy, or as a picture whose grey is the class. */
static gboolean
write_map (const SmbRegions *regions, const char *path, GError **error)
{
  if (g_str_has_suffix (path, ".npy"))
    return smb_regions_write_npy (regions, path, error);
  return smb_png_write (path, regions->size_px, regions->size_px, 1, regions->classes, error);
}

static JsonNode *
describe (const char *face, const SmbRegions *regions)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  const gsize n = (gsize) regions->size_px * (gsize) regions->size_px;
  gsize counts[SMB_N_CLASSES] = { 0 };

  for (gsize i = 0; i < n; i++)
    counts[MIN (regions->classes[i], SMB_N_CLASSES - 1)]++;
  json_builder_begin_object (b);
  json_builder_set_member_name (b, "face");
  json_builder_add_string_value (b, face);
  json_builder_set_member_name (b, "origin");
  json_builder_add_string_value (b, smb_regions_origin_name (regions->origin));
  json_builder_set_member_name (b, "size_px");
  json_builder_add_int_value (b, regions->size_px);
  json_builder_set_member_name (b, "pixels");
  json_builder_begin_object (b);
  for (int class = 0; class < SMB_N_CLASSES; class++) {
    json_builder_set_member_name (b, smb_region_class_name ((SmbRegionClass) class));
    json_builder_add_int_value (b, (gint64) counts[class]);
  }
  json_builder_end_object (b);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

static void
print_map (const char *face, const SmbRegions *regions, gboolean json)
{
  g_autoptr (JsonNode) node = describe (face, regions);
  JsonObject *pixels = json_object_get_object_member (json_node_get_object (node), "pixels");
  const double n = (double) regions->size_px * regions->size_px;

  if (json) {
    smb_cli_print_json (node, FALSE);
    return;
  }
  g_print (_ ("%s  regions: %s, %d × %d\n"), face, smb_regions_origin_name (regions->origin), regions->size_px,
           regions->size_px);
  for (int class = 0; class < SMB_N_CLASSES; class++) {
    const gint64 count = json_object_get_int_member (pixels, smb_region_class_name ((SmbRegionClass) class));

    g_print ("  %5.1f %%  %s\n", 100.0 * (double) count / n, smb_region_class_title ((SmbRegionClass) class));
  }
}

typedef struct {
  const char *set, *out, *model;
  gboolean reset, json;
} Wish;

static gboolean
act (SmbCase *store, const char *face, const Wish *wish, GError **error)
{
  Target target = { 0 };
  g_autoptr (GPtrArray) list = smb_case_list_evidence (store, error);
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 0);
  g_autoptr (SmbRegions) regions = NULL;

  if (list == NULL || !find_target (store, list, face, &target, error))
    return FALSE;
  if (wish->reset)
    return smb_examine_set_regions (store, target.analysis_id, target.index, NULL, error);
  if (wish->set != NULL) {
    regions = smb_examine_read_regions (engine, wish->set, NULL, error);
    return regions != NULL && smb_examine_set_regions (store, target.analysis_id, target.index, regions, error);
  }
  regions = get_map (store, engine, &target, wish->model, error);
  if (regions == NULL)
    return FALSE;
  if (wish->out != NULL)
    return write_map (regions, wish->out, error);
  print_map (face, regions, wish->json);
  return TRUE;
}

int
smb_cli_case_regions (int argc, char **argv)
{
  g_autofree char *set = NULL, *out = NULL, *model = NULL, *examiner = NULL;
  gboolean reset = FALSE, json = FALSE;
  const GOptionEntry entries[] = {
    { "set", 0, 0, G_OPTION_ARG_FILENAME, &set,
      N_ ("Keep this map with the face: .npy, or a picture of the classes 0 to 10"), N_ ("FILE") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_ ("Write the face's map here, to edit it: .npy or .png"),
      N_ ("FILE") },
    { "reset", 0, 0, G_OPTION_ARG_NONE, &reset, N_ ("Go back to what the program draws"), NULL },
    { "model", 'm', 0, G_OPTION_ARG_STRING, &model, N_ ("Model to use: its name, folder or weights file"),
      N_ ("MODEL") },
    { "examiner", 'e', 0, G_OPTION_ARG_STRING, &examiner, N_ ("Who acts, for the audit log"), N_ ("NAME") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object"), NULL },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in; the log and reports say so"), NULL },
    { NULL },
  };
  g_autoptr (SmbCase) store = NULL;
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (
          &argc, &argv, entries, _ ("CASE EXHIBIT/FACE"),
          _ ("Shows the region map of a face of the newest analysis (S-01/F2), writes it to a file, or keeps one made "
             "elsewhere with the face. Every version stays in the case; a later analysis takes the newest over.")))
    return SMB_EXIT_USAGE;
  if (argc != 3)
    return smb_cli_usage (_ ("“case regions” needs a case file and a face, as in S-01/F1."));
  if ((set != NULL) + (out != NULL) + reset > 1)
    return smb_cli_usage (_ ("Give only one of --set, --out and --reset."));
  if (out != NULL && !g_str_has_suffix (out, ".npy") && !g_str_has_suffix (out, ".png"))
    return smb_cli_usage (_ ("The name of a region map ends in .npy or .png."));
  store = smb_cli_open_case (argv[1], examiner);
  if (store == NULL)
    return SMB_EXIT_FAILED;
  if (act (store, argv[2], &(Wish){ set, out, model, reset, json }, &error))
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return SMB_EXIT_FAILED;
}
