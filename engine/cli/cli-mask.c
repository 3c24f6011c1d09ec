/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli mask: the patches that a reconstruction hides, as a picture and as numbers. */
#include "cli/cli.h"

#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "explain/smb-reconstruction-map.h"
#include "media/smb-png.h"
#include "model/smb-net-config.h"
#include "weights/smb-weights-file.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  SmbCliFaces of;
  SmbNetConfig config; /* of the network that the mask is for */
  SmbMapSpec spec;
  const char *folder; /* NULL: no pictures */
  gboolean json;
} Job;

static void
job_clear (Job *job)
{
  smb_cli_faces_clear (&job->of);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

/* The settings as those of a map, so that they are checked and mean what they mean there. */
static gboolean
read_spec (SmbMapSpec *spec, const char *strategy, const char *region, const char *ratio, const char *seed,
           const char *patches, GError **error)
{
  const char *const settings[][2] = {
    { "strategy", strategy }, { "region", region }, { "ratio", ratio }, { "seed", seed }, { "patches", patches }
  };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (settings[i][1] != NULL)
      g_string_append_printf (text, "%s%s=%s", text->len > 0 ? "," : "", settings[i][0], settings[i][1]);
  *spec = smb_map_spec_default (SMB_MAP_MASKED_INPUT);
  return text->len == 0 || smb_map_spec_parse_settings (spec, text->str, _ ("Mask"), error);
}

static gboolean
read_config (Job *job, GError **error)
{
  const SmbModelInfo *model = job->of.model;
  const char *path = model->mim_path != NULL ? model->mim_path : model->detector_path;
  g_autoptr (SmbTensorDict) weights = smb_weights_read (path, error);
  SmbNetKind kind;

  return weights != NULL && smb_net_config_detect (&job->config, &kind, weights, NULL, path, error);
}

/* mask (L); *covered: the region that is, or -1; *note_out: what must be said of the regions, or NULL. Owned. */
static gboolean
draw (const Job *job, SmbBox box, guint8 *mask, int *covered, char **note_out, GError **error)
{
  const int n = smb_net_config_get_patches (&job->config);
  const SmbMapJob about = { .box = box, .regions = job->of.regions };
  const gboolean by_regions = job->spec.strategy != SMB_MASK_RANDOM && job->spec.strategy != SMB_MASK_PATCHES;
  g_autofree guint8 *member = NULL;
  g_autofree char *missing = NULL;
  const char *origin = NULL;

  *note_out = NULL;
  if (by_regions) {
    g_autoptr (SmbRegions) drawn
        = smb_engine_region_map (job->of.engine, job->of.model, job->of.image, &about, NULL, error);
    g_autoptr (SmbRegions) regions = drawn != NULL ? smb_regions_resize (drawn, job->config.image_px) : NULL;

    if (regions == NULL)
      return FALSE;
    origin = smb_regions_note (regions->origin);
    member = g_new0 (guint8, SMB_N_REGIONS * n);
    smb_region_membership (member, regions->classes, job->config.image_px, job->config.patch_px);
  }
  *covered = smb_reconstruction_draw_mask (mask, &job->spec, member, n, error);
  missing = smb_reconstruction_missing_note (member, *covered, n);
  *note_out = origin != NULL && missing != NULL ? g_strconcat (origin, " ", missing, NULL)
                                                : g_strdup (origin != NULL ? origin : missing);
  if (*covered < -1)
    return FALSE;
  if (missing != NULL)
    *covered = -1;
  return TRUE;
}

/* White where hidden. */
static gboolean
write_picture (const Job *job, const char *path, const guint8 *mask, GError **error)
{
  const int size = job->config.image_px, patch = job->config.patch_px, grid = size / patch;
  g_autofree guint8 *pixels = g_malloc ((gsize) size * (gsize) size);

  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      pixels[y * size + x] = mask[y / patch * grid + x / patch] ? 255 : 0;
  return smb_png_write (path, size, size, 1, pixels, error);
}

static void
print_mask (const Job *job, guint face, SmbBox box, const guint8 *mask, int covered, const char *note, const char *file)
{
  const int n = smb_net_config_get_patches (&job->config), grid = job->config.image_px / job->config.patch_px;
  g_autofree char *text = smb_map_spec_to_text (&job->spec);
  const int numbers[] = { box.x, box.y, box.width, box.height };
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = json_object_new ();
  JsonArray *hidden = json_array_new (), *at = json_array_new ();
  int count = 0;

  for (int k = 0; k < n; k++)
    if (mask[k]) {
      json_array_add_int_element (hidden, k);
      count++;
    }
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    json_array_add_int_element (at, numbers[i]);
  json_object_set_int_member (out, "face", face);
  json_object_set_array_member (out, "box", at);
  json_object_set_string_member (out, "mask", strchr (text, ':') + 1);
  json_object_set_int_member (out, "grid", grid);
  json_object_set_int_member (out, "patch_px", job->config.patch_px);
  json_object_set_array_member (out, "hidden", hidden);
  if (covered >= 0)
    json_object_set_string_member (out, "covered", smb_region_name ((SmbRegion) covered));
  if (file != NULL)
    json_object_set_string_member (out, "picture", file);
  if (note != NULL)
    json_object_set_string_member (out, "note", note);
  json_node_take_object (node, out);
  if (job->json) {
    smb_cli_print_json (node, FALSE);
    return;
  }
  g_print (_ ("F%u  %s: %d of %d patches hidden"), face, strchr (text, ':') + 1, count, n);
  if (covered >= 0)
    g_print (_ (", covered: %s"), smb_region_title ((SmbRegion) covered));
  g_print ("\n");
  for (int k = 0; k < n; k++)
    g_print ("%s%s", mask[k] ? "##" : "..", (k + 1) % grid == 0 ? "\n" : "");
  if (file != NULL)
    g_print ("%s\n", file);
  if (note != NULL)
    g_print ("%s\n", note);
}

static gboolean
do_file (Job *job, const SmbCliFaceOptions *options, const char *path, GError **error)
{
  g_autofree char *stem = smb_cli_stem (path);
  g_autofree guint8 *mask = NULL;

  if (!smb_cli_faces_open (&job->of, options, path, error) || !read_config (job, error))
    return FALSE;
  if (job->folder != NULL && g_mkdir_with_parents (job->folder, 0777) != 0)
    return smb_error_set_errno (error, errno, job->folder, _ ("making the folder"));
  mask = g_new0 (guint8, smb_net_config_get_patches (&job->config));
  for (guint i = 0; i < job->of.boxes->len; i++) {
    const SmbBox box = g_array_index (job->of.boxes, SmbBox, i);
    g_autofree char *file = job->folder != NULL ? smb_cli_map_file (job->folder, stem, i + 1, "mask", ".png") : NULL;
    g_autofree char *note = NULL;
    int covered;

    if (!smb_cli_faces_wants (&job->of, i))
      continue;
    if (!draw (job, box, mask, &covered, &note, error) || (file != NULL && !write_picture (job, file, mask, error)))
      return FALSE;
    print_mask (job, i + 1, box, mask, covered, note, file);
  }
  return TRUE;
}

int
smb_cli_mask (int argc, char **argv)
{
  g_auto (SmbCliFaceOptions) options = { 0 };
  g_autofree char *folder = NULL, *strategy = NULL, *region = NULL, *ratio = NULL, *seed = NULL, *patches = NULL;
  const GOptionEntry entries[] = {
    { "strategy", 's', 0, G_OPTION_ARG_STRING, &strategy, N_ ("random, fasking-i, frp, crfr-r, crfr-p or patches"),
      N_ ("NAME") },
    { "region", 'r', 0, G_OPTION_ARG_STRING, &region,
      N_ ("Region that crfr-p and crfr-r cover: brows, eyes, nose, mouth, boundary, hair or random"), N_ ("NAME") },
    { "ratio", 0, 0, G_OPTION_ARG_STRING, &ratio, N_ ("Share of the patches to hide; 0.75 by default"), "X" },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &seed, N_ ("Seed of the mask; 0 by default"), "N" },
    { "patches", 'p', 0, G_OPTION_ARG_STRING, &patches, N_ ("Hide just these patches, as in 3+5-7"), N_ ("LIST") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &folder, N_ ("Write the mask as PNG into this folder, white where hidden"),
      N_ ("FOLDER") },
    { NULL },
  };
  g_auto (Job) job = { 0 };
  g_autoptr (GError) error = NULL;

  if (!smb_cli_face_parse (&options, &argc, &argv, entries, FALSE, _ ("FILE"),
                           _ ("Draws the mask that a reconstruction of each face is made with.")))
    return SMB_EXIT_USAGE;
  if (argc != 2)
    return smb_cli_usage (_ ("“mask” takes one picture."));
  if (!read_spec (&job.spec, strategy, region, ratio, seed, patches, &error))
    return smb_cli_usage ("%s", error->message);
  job.folder = folder;
  job.json = options.json;
  if (do_file (&job, &options, argv[1], &error))
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return SMB_EXIT_FAILED;
}
