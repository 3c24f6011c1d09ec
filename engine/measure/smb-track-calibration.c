/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/smb-track-calibration.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>

#include "base/smb-error.h"
#include "base/smb-json-part.h"

void
smb_track_calibration_free (SmbTrackCalibration *calibration)
{
  if (calibration == NULL)
    return;
  for (guint i = 0; i < SMB_N_SERIES; i++)
    smb_calibration_free (calibration->of[i]);
  g_free (calibration);
}

static int
compare_counts (const void *a, const void *b)
{
  guint left = *(const guint *) a, right = *(const guint *) b;

  return (left > right) - (left < right);
}

static guint
median_of (const guint *counts, gsize n)
{
  g_autofree guint *sorted = g_memdup2 (counts, n * sizeof *counts);

  qsort (sorted, n, sizeof *sorted, compare_counts);
  return sorted[n / 2];
}

SmbTrackCalibration *
smb_track_calibration_fit (SmbCalibrationKind kind, const double *values, const guint *faces, const guint8 *forged,
                           const int *groups, gsize n, GError **error)
{
  g_autoptr (SmbTrackCalibration) calibration = g_new0 (SmbTrackCalibration, 1);
  g_autofree double *one = g_new (double, MAX (n, 1));
  gsize n_forged = 0;

  for (gsize i = 0; i < n; i++)
    n_forged += forged[i] != 0;
  if (n_forged < SMB_CALIBRATION_FEWEST || n - n_forged < SMB_CALIBRATION_FEWEST) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("A calibration for tracks needs at least %d genuine and %d forged videos of two faces or more; there "
                    "are %u and %u."),
                 SMB_CALIBRATION_FEWEST, SMB_CALIBRATION_FEWEST, (guint) (n - n_forged), (guint) n_forged);
    return NULL;
  }
  for (guint s = 0; s < SMB_N_SERIES; s++) {
    for (gsize i = 0; i < n; i++)
      one[i] = values[i * SMB_N_SERIES + s];
    calibration->of[s] = smb_calibration_fit (kind, one, forged, groups, n, error);
    if (calibration->of[s] == NULL)
      return NULL;
  }
  calibration->faces = median_of (faces, n);
  return g_steal_pointer (&calibration);
}

JsonNode *
smb_track_calibration_to_json (const SmbTrackCalibration *calibration)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = json_object_new ();

  for (guint i = 0; i < SMB_N_SERIES; i++)
    json_object_set_member (out, smb_series_name ((SmbSeriesStatistic) i),
                            smb_calibration_to_json (calibration->of[i]));
  json_object_set_int_member (out, "faces", calibration->faces);
  json_node_take_object (node, out);
  return node;
}

SmbTrackCalibration *
smb_track_calibration_from_json (JsonNode *node, GError **error)
{
  g_autoptr (SmbTrackCalibration) calibration = g_new0 (SmbTrackCalibration, 1);
  JsonObject *in = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  double faces = in != NULL ? smb_json_find_number (in, "faces") : 0.0;

  for (guint i = 0; i < SMB_N_SERIES; i++) {
    calibration->of[i] = smb_calibration_from_json (
        in != NULL ? json_object_get_member (in, smb_series_name ((SmbSeriesStatistic) i)) : NULL, error);
    if (calibration->of[i] == NULL)
      return NULL;
  }
  calibration->faces = faces >= 0.0 && faces < 1e9 ? (guint) faces : 0;
  return g_steal_pointer (&calibration);
}
