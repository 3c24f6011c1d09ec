/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-view.h"

#include <string.h>

#include "augment/smb-face-align.h"
#include "augment/smb-planes.h"
#include "augment/smb-self-blend.h"
#include "face/smb-resample.h"

/* Of the published transform: 224 of 256 pixels. */
#define SHOWN 0.875
/* Faces drawn to find one that fits. */
#define CANDIDATES 48

typedef struct {
  int x, y, side;
} Cut;

static Cut
draw_cut (const SmbViewSettings *s, int stored, SmbRng *rng)
{
  /* Half of them as the published transform cuts, not resampled once more. */
  double by = smb_rng_below (rng, 2) == 0 ? 2.0 * smb_rng_uniform (rng) - 1.0 : 0.0, share = SHOWN + s->zoom * by;
  double x = smb_rng_uniform (rng), y = smb_rng_uniform (rng);
  int side = CLAMP ((int) (share * stored + 0.5), 1, stored);

  if (s->whole)
    return (Cut){ 0, 0, stored };
  if (s->zoom <= 0.0)
    return (Cut){ (stored - side) / 2, (stored - side) / 2, side };
  return (Cut){ (int) (x * (stored - side + 1)), (int) (y * (stored - side + 1)), side };
}

/* What resampling to the same size would give. */
static guint8 *
copy_part (const guint8 *rgb, gsize row_bytes, int side)
{
  guint8 *out = g_malloc (3 * (gsize) side * (gsize) side);

  for (int y = 0; y < side; y++)
    memcpy (out + 3 * (gsize) y * (gsize) side, rgb + (gsize) y * row_bytes, 3 * (gsize) side);
  return out;
}

/* planes (3,stored,stored) are spoilt. */
static void
finish (float *planes, int stored, const SmbViewSettings *s, const SmbDegrade *degrade, Cut cut, float *out)
{
  g_autofree guint8 *rgb = g_malloc (3 * (gsize) stored * (gsize) stored), *shown = NULL;
  const guint8 *at = rgb + 3 * ((gsize) cut.y * (gsize) stored + (gsize) cut.x);

  smb_degrade_apply (degrade, planes, stored);
  smb_planes_to_rgb (rgb, planes, stored, stored);
  shown = cut.side == s->image_px ? copy_part (at, 3 * (gsize) stored, cut.side)
                                  : smb_resample (at, 3 * (gsize) stored, cut.side, cut.side, s->image_px, s->image_px,
                                                  SMB_FILTER_BICUBIC);
  smb_face_normalise (out, shown, s->image_px, s->mean, s->std);
}

/* Means of the part of mask (stored,stored) that is shown, over grid x grid cells. */
static void
cover (float *forged, int grid, const float *mask, int stored, Cut cut)
{
  for (int cell = 0; cell < grid * grid; cell++) {
    int x0 = cut.x + cell % grid * cut.side / grid, x1 = cut.x + (cell % grid + 1) * cut.side / grid;
    int y0 = cut.y + cell / grid * cut.side / grid, y1 = cut.y + (cell / grid + 1) * cut.side / grid;
    double sum = 0.0;

    for (int y = y0; y < y1; y++)
      for (int x = x0; x < x1; x++)
        sum += (double) mask[(gsize) y * (gsize) stored + (gsize) x];
    forged[cell] = (float) (sum / MAX (1, (x1 - x0) * (y1 - y0)));
  }
}

static SmbDegrade
draw_degrade (const SmbViewSettings *s, SmbRng *rng)
{
  SmbDegradeSettings less = s->degrade;

  less.colour *= 1.0 - s->ease;
  less.blur *= 1.0 - s->ease;
  less.shrink *= 1.0 - s->ease;
  less.noise *= 1.0 - s->ease;
  less.jpeg *= 1.0 - s->ease;
  return smb_degrade_draw (&less, rng);
}

/* Of a few other persons' genuine training faces, colour or not like this one, the one whose landmarks lie nearest; NULL if
 * none of those drawn will do. where: from points to the other's. */
static const SmbSample *
choose_other (const SmbDataset *dataset, const SmbSample *sample, const SmbPoint points[SMB_N_LANDMARKS], SmbRng *rng,
              SmbSimilarity *where)
{
  const SmbSample *best = NULL;
  double nearest = G_MAXDOUBLE;

  for (int i = 0; i < CANDIDATES; i++) {
    const SmbSample *other = smb_dataset_get (dataset, smb_rng_below (rng, dataset->samples->len));
    SmbPoint theirs[SMB_N_LANDMARKS];
    SmbSimilarity fit;
    double distance;

    if (other->class != dataset->real_class || other->part != SMB_PART_TRAIN || other->grey != sample->grey
        || other->face == sample->face || (*other->identity != '\0' && g_str_equal (other->identity, sample->identity))
        || !smb_face_store_get_points (dataset->faces, other->face, theirs))
      continue;
    distance = smb_similarity_fit (&fit, points, theirs, SMB_N_LANDMARKS);
    if (distance < nearest) {
      nearest = distance;
      best = other;
      *where = fit;
    }
  }
  return best;
}

/* That face (3,stored,stored) laid over one with these points; NULL: none was found. */
static float *
lay_other_over (const SmbDataset *dataset, const SmbSample *sample, const SmbPoint points[SMB_N_LANDMARKS], SmbRng *rng)
{
  const int stored = dataset->faces->size_px;
  gsize n = 3 * (gsize) stored * (gsize) stored;
  SmbSimilarity where;
  const SmbSample *other = choose_other (dataset, sample, points, rng, &where);
  g_autofree float *planes = NULL;
  float *laid;

  if (other == NULL)
    return NULL;
  planes = g_new (float, n);
  laid = g_new (float, n);
  smb_planes_from_rgb (planes, dataset->faces->rgb + (gsize) other->face * n, stored, stored);
  smb_planes_warp (laid, planes, stored, &where);
  return laid;
}

gboolean
smb_view_make (const SmbDataset *dataset, const SmbSample *sample, const SmbViewSettings *s, gboolean grey, SmbRng *rng,
               float *out, float *blended, int grid, float *forged)
{
  const int stored = dataset->faces->size_px;
  gsize n = (gsize) stored * (gsize) stored;
  g_autofree float *planes = g_new (float, 6 * n), *mask = forged != NULL ? g_new0 (float, n) : NULL;
  g_autofree float *other = NULL;
  gboolean flip = smb_rng_uniform (rng) < s->flip, made = FALSE;
  SmbDegrade drawn = draw_degrade (s, rng), degrade = s->same != NULL ? *s->same : drawn;
  Cut cut = draw_cut (s, stored, rng);
  SmbPoint points[SMB_N_LANDMARKS];

  smb_planes_from_rgb (planes, dataset->faces->rgb + 3 * (gsize) sample->face * n, stored, stored);
  for (int c = 0; c < 3 && flip; c++)
    smb_plane_flip (planes + (gsize) c * n, stored, stored);
  if (blended != NULL) {
    if (smb_face_store_get_points (dataset->faces, sample->face, points)) {
      if (flip)
        smb_landmarks_mirror (points, stored);
      if (s->cross > 0.0 && smb_rng_uniform (rng) < s->cross)
        other = lay_other_over (dataset, sample, points, rng);
      made = smb_self_blend (planes, planes + 3 * n, mask, stored, points, other, s->ease, rng);
    }
    if (!made)
      memcpy (planes + 3 * n, planes, 3 * n * sizeof *planes);
    if (forged != NULL)
      cover (forged, grid, mask, stored, cut);
  }
  /* A picture without colour stays so: a tint in the blended part alone would tell it, and never does outside. */
  if (grey || sample->grey)
    smb_colour_shift_grey (&degrade.colour);
  finish (planes, stored, s, &degrade, cut, out);
  if (blended != NULL)
    finish (planes + 3 * n, stored, s, &degrade, cut, blended);
  return made;
}
