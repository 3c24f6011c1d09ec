/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-reconstruction-map.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "explain/smb-ssim.h"

#define GREY 128

static gboolean
mask_by_hand (guint8 *mask, const SmbMapSpec *spec, int n_patches, GError **error)
{
  for (int i = 0; i < SMB_MAP_MAX_PATCHES; i++) {
    gboolean chosen = smb_map_spec_has_patch (spec, i);

    if (i < n_patches) {
      mask[i] = chosen ? 1 : 0;
    } else if (chosen) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("Patch %d does not exist: the reconstruction network has patches 0 to %d; choose among them."), i,
                   n_patches - 1);
      return FALSE;
    }
  }
  return TRUE;
}

int
smb_reconstruction_draw_mask (guint8 *mask, const SmbMapSpec *spec, const guint8 *member, int n_patches, GError **error)
{
  g_autofree guint8 *fr = NULL;
  SmbRng rng;
  int hidden = 0, covered = -1;

  g_return_val_if_fail (mask != NULL && spec != NULL && n_patches > 0, -2);
  if (spec->strategy == SMB_MASK_PATCHES) {
    if (!mask_by_hand (mask, spec, n_patches, error))
      return -2;
  } else if (spec->strategy != SMB_MASK_RANDOM && member == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
                 _ ("The mask strategy “%s” needs a region map of the face, and none is at hand; choose “random”."),
                 smb_mask_strategy_name (spec->strategy));
    return -2;
  } else {
    fr = g_new0 (guint8, n_patches);
    smb_rng_init (&rng, spec->seed, SMB_MASK_STREAM);
    covered = smb_mask_draw (mask, fr, &rng, spec->strategy, spec->region, member, n_patches, spec->ratio);
  }
  for (int i = 0; i < n_patches; i++)
    hidden += mask[i] != 0;
  if (hidden > 0 && hidden < n_patches)
    return covered;
  if (spec->strategy == SMB_MASK_PATCHES)
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("%d of %d patches were chosen to be hidden; choose some and leave some."), hidden, n_patches);
  else
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("A mask ratio of %g hides %d of %d patches; choose one that hides some and leaves some."),
                 spec->ratio, hidden, n_patches);
  return -2;
}

char *
smb_reconstruction_missing_note (const guint8 *member, int covered, int n_patches)
{
  if (member == NULL || covered < 0 || memchr (member + covered * n_patches, 1, (gsize) n_patches) != NULL)
    return NULL;
  return g_strdup_printf (
      _ ("The region “%s” is missing from this face, so nothing was covered as a whole; the mask is proportional."),
      smb_region_name ((SmbRegion) covered));
}

static gboolean
hidden_at (const guint8 *mask, int size_px, int patch_px, int x, int y)
{
  return mask[(y / patch_px) * (size_px / patch_px) + x / patch_px] != 0;
}

SmbMap *
smb_masked_input_map (const SmbMapSpec *spec, const guint8 *rgb, int size_px, int patch_px, const guint8 *mask)
{
  g_autofree guint8 *out = NULL;

  g_return_val_if_fail (spec != NULL && rgb != NULL && mask != NULL && patch_px > 0 && size_px >= patch_px, NULL);
  out = g_memdup2 (rgb, (gsize) size_px * (gsize) size_px * 3);
  for (int y = 0; y < size_px; y++)
    for (int x = 0; x < size_px; x++)
      if (hidden_at (mask, size_px, patch_px, x, y))
        memset (out + ((gsize) y * (gsize) size_px + (gsize) x) * 3, GREY, 3);
  return smb_map_new_rgb (spec, size_px, out);
}

static gboolean
set_mismatch (GError **error, const char *what, const SmbTensor *tensor)
{
  g_autofree char *shape = smb_tensor_dup_shape_text (tensor);

  g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
               _ ("%s has the shape %s, which does not fit the face; the model's files do not belong together."), what,
               shape);
  return FALSE;
}

static gboolean
set_not_numbers (GError **error)
{
  g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED,
               _ ("The reconstruction holds values that are not numbers; the weights are damaged: verify the model or "
                  "import it again."));
  return FALSE;
}

static gboolean
check_decoded (const SmbTensor *decoded, int size_px, GError **error)
{
  if (decoded->dtype == SMB_DTYPE_F32 && decoded->device == NULL
      && smb_tensor_shape_is (decoded, 4, (gint64) 1, (gint64) 3, (gint64) size_px, (gint64) size_px))
    return TRUE;
  return set_mismatch (error, _ ("The decoded image"), decoded);
}

/* Channel c of pixel `at` in steps of 255. */
static double
level (const SmbTensor *decoded, gsize plane, gsize at, gsize c, const double mean[3], const double std[3])
{
  return 255 * (((const float *) decoded->data)[c * plane + at] * std[c] + mean[c]);
}

SmbMap *
smb_reconstruction_map (const SmbMapSpec *spec, const guint8 *rgb, int size_px, int patch_px, const guint8 *mask,
                        const SmbTensor *decoded, const double mean[3], const double std[3], GError **error)
{
  g_autofree guint8 *out = NULL;
  const gsize plane = (gsize) size_px * (gsize) size_px;

  g_return_val_if_fail (spec != NULL && rgb != NULL && mask != NULL && decoded != NULL, NULL);
  g_return_val_if_fail (patch_px > 0 && size_px >= patch_px, NULL);
  if (!check_decoded (decoded, size_px, error))
    return NULL;
  out = g_memdup2 (rgb, plane * 3);
  for (int y = 0; y < size_px; y++)
    for (int x = 0; x < size_px; x++) {
      gsize at = (gsize) y * (gsize) size_px + (gsize) x;

      if (!spec->predicted && !hidden_at (mask, size_px, patch_px, x, y))
        continue;
      for (gsize c = 0; c < 3; c++) {
        double v = level (decoded, plane, at, c, mean, std);

        if (!isfinite (v)) {
          set_not_numbers (error);
          return NULL;
        }
        out[at * 3 + c] = (guint8) lround (CLAMP (v, 0, 255));
      }
    }
  return smb_map_new_rgb (spec, size_px, out);
}

/* Luma of BT.601. */
static double
luma (const double rgb[3])
{
  return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

SmbMap *
smb_difference_map (const SmbMapSpec *spec, const guint8 *rgb, int size_px, int patch_px, const guint8 *mask,
                    const SmbTensor *decoded, const double mean[3], const double std[3], GError **error)
{
  const gsize plane = (gsize) size_px * (gsize) size_px;
  g_autofree float *values = NULL, *truth = NULL, *made = NULL;

  g_return_val_if_fail (spec != NULL && rgb != NULL && mask != NULL && decoded != NULL, NULL);
  g_return_val_if_fail (patch_px > 0 && size_px >= patch_px, NULL);
  if (!check_decoded (decoded, size_px, error))
    return NULL;
  values = g_new (float, plane);
  truth = g_new (float, plane);
  made = g_new (float, plane);
  for (gsize at = 0; at < plane; at++) {
    const gboolean hidden
        = hidden_at (mask, size_px, patch_px, (int) (at % (gsize) size_px), (int) (at / (gsize) size_px));
    double own[3], v[3], sum = 0;

    for (gsize c = 0; c < 3; c++) {
      own[c] = rgb[at * 3 + c];
      v[c] = hidden ? level (decoded, plane, at, c, mean, std) : own[c];
      sum += spec->kind == SMB_MAP_ABSOLUTE_ERROR ? fabs (v[c] - own[c]) : v[c] - own[c];
    }
    if (!isfinite (sum)) {
      set_not_numbers (error);
      return NULL;
    }
    values[at] = hidden ? (float) (sum / 3) : NAN;
    truth[at] = (float) luma (own);
    made[at] = (float) CLAMP (luma (v), 0, 255);
  }
  if (spec->kind == SMB_MAP_SSIM) {
    g_autofree float *ssim = smb_ssim (truth, made, size_px, size_px);

    for (gsize at = 0; at < plane; at++)
      values[at] = isnan (values[at]) ? NAN : (1 - ssim[at]) / 2;
  }
  return smb_map_new_grid (spec, size_px, size_px, values);
}

SmbMap *
smb_error_map (const SmbMapSpec *spec, const guint8 *mask, const SmbTensor *patch_error, GError **error)
{
  g_autofree float *values = NULL;
  int side;

  g_return_val_if_fail (spec != NULL && mask != NULL && patch_error != NULL, NULL);
  side = (int) lround (sqrt ((double) patch_error->n));
  if (patch_error->dtype != SMB_DTYPE_F32 || patch_error->device != NULL
      || !smb_tensor_shape_is (patch_error, 2, (gint64) 1, (gint64) side * side)) {
    set_mismatch (error, _ ("The reconstruction error"), patch_error);
    return NULL;
  }
  values = g_memdup2 (patch_error->data, smb_tensor_get_bytes (patch_error));
  for (int i = 0; i < side * side; i++) {
    if (mask[i] == 0) {
      values[i] = NAN;
    } else if (!isfinite (values[i])) {
      set_not_numbers (error);
      return NULL;
    }
  }
  return smb_map_new_grid (spec, side, side, values);
}
