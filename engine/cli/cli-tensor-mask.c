/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli tensor mask: masks of masked image modelling, drawn from a parsing map. */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"
#include "cli/cli-tensor.h"
#include "cli/cli.h"
#include "model/smb-mask.h"
#include "weights/smb-weights-file.h"

#define MAX_SIDE_PX 8192
#define MAX_DRAWS 10000000
#define MOST_NAMED 8

typedef struct {
  char *parsing, *name, *out, *strategy, *region;
  int patch, draws;
  gint64 seed;
  double ratio;
  SmbMaskStrategy drawn_by;
  SmbRegion covers;
} Options;

/* The map called for, or the one the file can only mean: "parsing", its only tensor, or the only one called
 * "WHATEVER.parsing". */
static const SmbTensor *
choose_map (const SmbTensorDict *file, const Options *o, GError **error)
{
  const char *wanted = o->name != NULL ? o->name : "parsing";
  const char *only = file->names->len == 1 ? g_ptr_array_index (file->names, 0) : NULL;
  g_autoptr (GString) found = g_string_new (NULL);
  int n = 0;

  if (smb_tensor_dict_get (file, wanted) != NULL)
    return smb_tensor_dict_get (file, wanted);
  for (guint i = 0; i < file->names->len; i++) {
    const char *name = g_ptr_array_index (file->names, i);

    if (!g_str_has_suffix (name, ".parsing"))
      continue;
    only = n == 0 ? name : NULL;
    if (n++ < MOST_NAMED)
      g_string_append_printf (found, "%s%s", n > 1 ? ", " : "", name);
  }
  if (o->name == NULL && only != NULL)
    return smb_tensor_dict_get (file, only);
  if (n > 0)
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s holds these parsing maps: %s%s. Choose one with --name."), o->parsing, found->str,
                 n > MOST_NAMED ? " …" : "");
  else
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s holds no parsing map called “%s”; name one of the file's tensors with --name."), o->parsing,
                 wanted);
  return NULL;
}

/* Classes 0 to 10 (side, side); owned. */
static guint8 *
read_map (const Options *o, int *side_px, GError **error)
{
  g_autoptr (SmbTensorDict) file = smb_weights_read (o->parsing, error);
  const SmbTensor *map = file != NULL ? choose_map (file, o, error) : NULL;
  g_autoptr (SmbTensor) plain = NULL;
  g_autofree guint8 *classes = NULL;
  gint64 side;

  if (map == NULL)
    return NULL;
  side = map->rank >= 2 ? map->shape[map->rank - 1] : 0;
  if (side < 1 || side > MAX_SIDE_PX || map->shape[map->rank - 2] != side || map->n != side * side
      || side % o->patch != 0) {
    g_autofree char *shape = smb_tensor_dup_shape_text (map);

    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s: a parsing map of shape %s does not divide into square patches of %d pixels."), o->parsing,
                 shape, o->patch);
    return NULL;
  }
  plain = smb_tensor_to_f32 (map);
  classes = g_malloc ((gsize) map->n);
  for (gint64 i = 0; i < map->n; i++) {
    float v = ((const float *) plain->data)[i];

    if (!(v >= 0.0f && v <= 10.0f) || v != (float) (int) v) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _ ("%s: a parsing map holds the classes 0 to 10, nothing else."),
                   o->parsing);
      return NULL;
    }
    classes[i] = (guint8) v;
  }
  *side_px = (int) side;
  return g_steal_pointer (&classes);
}

static SmbTensor *
add (SmbTensorDict *dict, const char *name, SmbDtype dtype, int rank, const gint64 *shape)
{
  g_autoptr (SmbTensor) t = smb_tensor_new (dtype, rank, shape);

  smb_tensor_dict_set (dict, name, t);
  return smb_tensor_dict_get (dict, name);
}

static gboolean
draw (const Options *o, GError **error)
{
  int side = 0, l;
  g_autofree guint8 *map = read_map (o, &side, error);
  g_autoptr (SmbTensorDict) out = smb_tensor_dict_new ();
  SmbTensor *member, *mask, *region, *covered;
  gint64 each[2], regions[2], n = o->draws;

  if (map == NULL)
    return FALSE;
  l = (side / o->patch) * (side / o->patch);
  each[0] = n;
  each[1] = regions[1] = l;
  regions[0] = SMB_N_REGIONS;
  mask = add (out, "mask", SMB_DTYPE_U8, 2, each);
  region = add (out, "region", SMB_DTYPE_U8, 2, each);
  covered = add (out, "covered", SMB_DTYPE_I32, 1, &n);
  member = add (out, "member", SMB_DTYPE_U8, 2, regions);
  smb_region_membership (member->data, map, side, o->patch);
  for (gint64 i = 0; i < n; i++) {
    SmbRng rng;

    smb_rng_init (&rng, (guint64) o->seed, (guint64) i);
    ((gint32 *) covered->data)[i] = smb_mask_draw ((guint8 *) mask->data + i * l, (guint8 *) region->data + i * l, &rng,
                                                   o->drawn_by, o->covers, member->data, l, o->ratio);
  }
  return smb_weights_write (o->out, out, error);
}

static int
run (Options *o)
{
  g_autoptr (GError) error = NULL;

  if (o->parsing == NULL || o->out == NULL)
    return smb_cli_usage (_ ("“tensor mask” needs --parsing and --out."));
  if (!smb_mask_strategy_from_name (o->strategy != NULL ? o->strategy : "crfr-p", &o->drawn_by))
    return smb_cli_usage (_ ("“%s” is no strategy; choose random, fasking-i, frp, crfr-r or crfr-p."), o->strategy);
  if (!smb_region_from_name (o->region != NULL ? o->region : "random", &o->covers) || o->covers >= SMB_REGION_SKIN)
    return smb_cli_usage (
        _ ("“%s” is no region that can be covered; choose brows, eyes, nose, mouth, boundary, hair or "
           "random."),
        o->region);
  if (o->patch < 1 || o->draws < 1 || o->draws > MAX_DRAWS || !(o->ratio > 0.0 && o->ratio < 1.0))
    return smb_cli_usage (_ ("The patch and the number of draws count from 1, and the ratio lies between 0 and 1."));
  if (draw (o, &error))
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return SMB_EXIT_FAILED;
}

int
smb_cli_tensor_mask (int argc, char **argv)
{
  Options o = { .patch = 16, .draws = 1, .ratio = 0.75 };
  const GOptionEntry entries[] = {
    { "parsing", 'p', 0, G_OPTION_ARG_FILENAME, &o.parsing, N_ ("A parsing map (H,W) of classes 0 to 10"),
      N_ ("FILE") },
    { "name", 0, 0, G_OPTION_ARG_STRING, &o.name, N_ ("Which tensor of that file"), N_ ("NAME") },
    { "patch", 0, 0, G_OPTION_ARG_INT, &o.patch, N_ ("Side of a patch in pixels (16)"), N_ ("N") },
    { "ratio", 0, 0, G_OPTION_ARG_DOUBLE, &o.ratio, N_ ("Share of patches hidden (0.75)"), N_ ("R") },
    { "strategy", 0, 0, G_OPTION_ARG_STRING, &o.strategy, N_ ("random, fasking-i, frp, crfr-r or crfr-p"),
      N_ ("NAME") },
    { "region", 0, 0, G_OPTION_ARG_STRING, &o.region, N_ ("The region to cover, or random"), N_ ("NAME") },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &o.seed, N_ ("Where the random numbers start (0)"), N_ ("S") },
    { "draws", 0, 0, G_OPTION_ARG_INT, &o.draws, N_ ("How many masks (1)"), N_ ("N") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out,
      N_ ("Where mask (N,L), region (N,L), covered (N) and member (8,L) go"), N_ ("FILE") },
    { NULL },
  };
  int code = SMB_EXIT_USAGE;

  if (smb_cli_parse (&argc, &argv, entries, NULL, _ ("Draws masks of masked image modelling from a parsing map.")))
    code = smb_cli_tensor_options_only (argc, argv) ? run (&o) : SMB_EXIT_USAGE;
  g_free (o.parsing);
  g_free (o.name);
  g_free (o.out);
  g_free (o.strategy);
  g_free (o.region);
  return code;
}
