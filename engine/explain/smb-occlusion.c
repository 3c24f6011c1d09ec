/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-occlusion.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"

#define MAX_PLACES 64 /* a side */

int
smb_occlusion_places (const SmbMapSpec *spec, int size_px, GError **error)
{
  int places;

  g_return_val_if_fail (spec != NULL && spec->window_px > 0 && spec->stride_px > 0 && size_px > 0, 0);
  if (spec->window_px > size_px) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_ARGUMENT,
        _ ("A hidden square of %d pixels is larger than the network's input of %d pixels; choose a smaller patch."),
        spec->window_px, size_px);
    return 0;
  }
  places = (size_px - spec->window_px + spec->stride_px - 1) / spec->stride_px + 1;
  if (places > MAX_PLACES) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("Steps of %d pixels need %d × %d runs of the network, more than %d × %d; choose a larger stride."),
                 spec->stride_px, places, places, MAX_PLACES, MAX_PLACES);
    return 0;
  }
  return places;
}

static int
start_of (const SmbMapSpec *spec, int size_px, int index)
{
  return MIN (index * spec->stride_px, size_px - spec->window_px);
}

void
smb_occlusion_hide (float *out, const float *image, int size_px, const SmbMapSpec *spec, int places, int place)
{
  const int x0 = start_of (spec, size_px, place % places), y0 = start_of (spec, size_px, place / places);

  g_return_if_fail (out != NULL && image != NULL && places > 0 && place >= 0 && place < places * places);
  memcpy (out, image, 3 * (gsize) size_px * (gsize) size_px * sizeof (float));
  for (int c = 0; c < 3; c++)
    for (int y = y0; y < y0 + spec->window_px; y++)
      memset (out + ((gsize) c * (gsize) size_px + (gsize) y) * (gsize) size_px + (gsize) x0, 0,
              (gsize) spec->window_px * sizeof (float));
}

SmbMap *
smb_occlusion_map (const SmbMapSpec *spec, int size_px, int places, const double *falls)
{
  const gsize n = (gsize) size_px * (gsize) size_px;
  g_autofree double *sums = g_new0 (double, n);
  g_autofree int *counts = g_new0 (int, n);
  g_autofree float *values = g_new (float, n);

  g_return_val_if_fail (spec != NULL && falls != NULL && places > 0, NULL);
  for (int place = 0; place < places * places; place++) {
    const int x0 = start_of (spec, size_px, place % places), y0 = start_of (spec, size_px, place / places);

    for (int y = y0; y < y0 + spec->window_px; y++)
      for (int x = x0; x < x0 + spec->window_px; x++) {
        sums[(gsize) y * (gsize) size_px + (gsize) x] += falls[place];
        counts[(gsize) y * (gsize) size_px + (gsize) x]++;
      }
  }
  /* A stride is never larger than the square: every pixel was covered. */
  for (gsize i = 0; i < n; i++)
    values[i] = (float) (sums[i] / counts[i]);
  return smb_map_new_grid (spec, size_px, size_px, values);
}
