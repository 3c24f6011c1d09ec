/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-envelope.h"

#include "analysis/smb-json.h"
#include "augment/smb-jpeg-loss.h"
#include "augment/smb-planes.h"
#include "base/smb-error.h"
#include "base/smb-rng.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define NOISE_STREAM 0x656e7665
/* Of the box on each side: what blur and JPEG bring in from there is the picture's own. */
#define MARGIN 0.25
#define FACE_PX 256.0

static const struct {
  const char *name;
  double levels[5];
  guint n;
} kinds[SMB_N_ENVELOPE_KINDS] = {
  [SMB_ENVELOPE_JPEG] = { "jpeg", { 95, 90, 75, 50, 30 }, 5 },
  [SMB_ENVELOPE_RESIZE] = { "resize", { 0.75, 0.5, 0.33, 0.25 }, 4 },
  [SMB_ENVELOPE_BLUR] = { "blur", { 0.5, 1, 2, 3 }, 4 },
  [SMB_ENVELOPE_NOISE] = { "noise", { 2, 5, 10, 20 }, 4 },
};

const char *
smb_envelope_kind_name (SmbEnvelopeKind kind)
{
  return kinds[kind].name;
}

const char *
smb_envelope_kind_title (SmbEnvelopeKind kind)
{
  static const char *const titles[] = { [SMB_ENVELOPE_JPEG] = N_ ("JPEG of quality"),
                                        [SMB_ENVELOPE_RESIZE] = N_ ("resized by"),
                                        [SMB_ENVELOPE_BLUR] = N_ ("blurred, sigma"),
                                        [SMB_ENVELOPE_NOISE] = N_ ("noise, deviation") };

  return _ (titles[kind]);
}

guint
smb_envelope_count_points (void)
{
  guint total = 0;

  for (SmbEnvelopeKind kind = 0; kind < SMB_N_ENVELOPE_KINDS; kind++)
    total += kinds[kind].n;
  return total;
}

JsonObject *
smb_envelope_to_json (const SmbEnvelope *envelope)
{
  JsonObject *out = json_object_new ();
  JsonArray *points = json_array_new ();

  smb_json_set_number (out, "score", envelope->score);
  smb_json_set_number (out, "lowest", envelope->lowest);
  smb_json_set_number (out, "highest", envelope->highest);
  for (guint i = 0; i < envelope->points->len; i++) {
    const SmbEnvelopePoint *point = &g_array_index (envelope->points, SmbEnvelopePoint, i);
    JsonObject *of = json_object_new ();

    json_object_set_string_member (of, "degradation", smb_envelope_kind_name (point->kind));
    smb_json_set_number (of, "level", point->level);
    smb_json_set_number (of, "score", point->score);
    json_array_add_object_element (points, of);
  }
  json_object_set_array_member (out, "points", points);
  return out;
}

void
smb_envelope_free (SmbEnvelope *envelope)
{
  if (envelope == NULL)
    return;
  g_array_unref (envelope->points);
  g_free (envelope);
}

/* The face with what lies around it. */
typedef struct {
  SmbImage *image;
  SmbBox area; /* in the picture */
  SmbBox box;  /* in `image` */
} Cutting;

static Cutting
cut_out (const SmbImage *image, SmbBox box)
{
  int margin = (int) ceil (MARGIN * MAX (box.width, box.height));
  int x0 = MAX (box.x - margin, 0), y0 = MAX (box.y - margin, 0);
  Cutting cut = { .area = { x0, y0, MIN (box.x + box.width + margin, image->width) - x0,
                            MIN (box.y + box.height + margin, image->height) - y0 } };

  cut.image = smb_image_crop (image, cut.area);
  cut.box = (SmbBox){ box.x - x0, box.y - y0, box.width, box.height };
  return cut;
}

static void
add_noise (float *planes, gsize n, double deviation, guint64 seed)
{
  SmbRng rng;

  smb_rng_init (&rng, seed, NOISE_STREAM);
  for (gsize i = 0; i < n; i++)
    planes[i] += (float) (deviation * smb_rng_normal (&rng));
}

static void
resize_and_back (float *plane, int width, int height, double share)
{
  int small_width = MAX ((int) lround (width * share), 1), small_height = MAX ((int) lround (height * share), 1);
  g_autofree float *small = g_new (float, (gsize) small_width * (gsize) small_height);

  smb_plane_resize (small, small_width, small_height, plane, width, height, SMB_RESIZE_AREA);
  smb_planes_round (small, (gsize) small_width * (gsize) small_height);
  smb_plane_resize (plane, width, height, small, small_width, small_height, SMB_RESIZE_LINEAR);
}

static SmbImage *
degrade (const Cutting *cut, SmbEnvelopeKind kind, double level, guint64 seed)
{
  const int width = cut->image->width, height = cut->image->height;
  const gsize n = (gsize) width * (gsize) height;
  const double sigma = level * MAX (cut->box.width, cut->box.height) / FACE_PX;
  g_autofree float *planes = g_new (float, 3 * n);
  g_autoptr (GBytes) bytes = NULL;
  guint8 *rgb = g_malloc (3 * n);

  smb_planes_from_rgb (planes, smb_image_get_pixels (cut->image), width, height);
  for (int c = 0; c < 3; c++) {
    if (kind == SMB_ENVELOPE_BLUR)
      smb_plane_blur (planes + (gsize) c * n, width, height, sigma, (int) ceil (3.0 * sigma));
    else if (kind == SMB_ENVELOPE_RESIZE)
      resize_and_back (planes + (gsize) c * n, width, height, level);
  }
  if (kind == SMB_ENVELOPE_NOISE)
    add_noise (planes, 3 * n, level, seed);
  else if (kind == SMB_ENVELOPE_JPEG) /* an even shift: the chroma has half the resolution */
    smb_jpeg_loss (planes, width, height, (int) level, TRUE, cut->area.x & 6, cut->area.y & 6);
  smb_planes_to_rgb (rgb, planes, width, height);
  bytes = g_bytes_new_take (rgb, 3 * n);
  return smb_image_new (width, height, bytes);
}

/* The score of the face in the box; NAN without an error: none was given. */
static gboolean
score_face (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, SmbBox box,
            const SmbAnalysisSettings *settings, GCancellable *cancellable, double *score_out, char **outside_out,
            GError **error)
{
  g_autoptr (GArray) drawn = g_array_new (FALSE, FALSE, sizeof (SmbBox));
  g_autoptr (SmbAnalysis) analysis = NULL;
  const SmbFaceResult *result;

  g_array_append_val (drawn, box);
  analysis = smb_engine_analyze (engine, model, image, drawn, settings, NULL, NULL, cancellable, error);
  if (analysis == NULL)
    return FALSE;
  result = analysis->faces->len > 0 ? analysis->faces->pdata[0] : NULL;
  *score_out = result != NULL ? result->score : NAN;
  if (outside_out != NULL)
    *outside_out = g_strdup (result != NULL ? result->outside : NULL);
  return TRUE;
}

static void
add_point (SmbEnvelope *envelope, SmbEnvelopeKind kind, double level, double score)
{
  g_array_append_val (envelope->points, ((SmbEnvelopePoint) { kind, level, score }));
  if (!isnan (score)) {
    envelope->lowest = MIN (envelope->lowest, score);
    envelope->highest = MAX (envelope->highest, score);
  }
}

SmbEnvelope *
smb_examine_envelope (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, SmbBox box,
                      const SmbAnalysisSettings *settings, SmbProgress progress, gpointer user_data,
                      GCancellable *cancellable, GError **error)
{
  SmbAnalysisSettings plain = *settings;
  Cutting cut = cut_out (image, box);
  g_autoptr (SmbImage) owned = cut.image;
  g_autoptr (SmbEnvelope) envelope = g_new0 (SmbEnvelope, 1);
  g_autofree char *outside = NULL;
  const guint total = smb_envelope_count_points ();

  plain.region_draws = 0;
  plain.detect_too = FALSE;
  envelope->points = g_array_new (FALSE, FALSE, sizeof (SmbEnvelopePoint));
  if (owned == NULL) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                         _ ("The face lies outside the picture; draw its box again."));
    return NULL;
  }
  if (!score_face (engine, model, cut.image, cut.box, &plain, cancellable, &envelope->score, &outside, error))
    return NULL;
  if (isnan (envelope->score)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
                 _ ("The face has no score whose robustness could be measured. %s"), outside != NULL ? outside : "");
    return NULL;
  }
  envelope->lowest = envelope->highest = envelope->score;
  for (SmbEnvelopeKind kind = 0; kind < SMB_N_ENVELOPE_KINDS; kind++)
    for (guint i = 0; i < kinds[kind].n; i++) {
      g_autoptr (SmbImage) degraded = degrade (&cut, kind, kinds[kind].levels[i], settings->seed);
      double score;

      if (progress != NULL)
        progress (envelope->points->len, total, _ ("Degrading the face"), user_data);
      if (!score_face (engine, model, degraded, cut.box, &plain, cancellable, &score, NULL, error))
        return NULL;
      add_point (envelope, kind, kinds[kind].levels[i], score);
    }
  return g_steal_pointer (&envelope);
}
