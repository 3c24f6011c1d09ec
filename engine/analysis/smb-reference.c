/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-reference.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "smb-config.h"

#define N SMB_N_COVERED_REGIONS
/* Fewer faces say nothing of how unusual another is. */
#define MIN_FACES 20
/* From here on, in standard deviations, a region is said to disagree with the others. */
#define STANDS_OUT 2.0

static const double percents[SMB_REFERENCE_QUANTILES] = { 0,  1,  2,  5,  10, 20, 30, 40, 50,
                                                          60, 70, 80, 90, 95, 98, 99, 100 };
static const char *const stratum_names[SMB_REFERENCE_STRATA] = { "all", "blurred", "middle", "sharp" };

void
smb_reference_free (SmbReference *reference)
{
  if (reference == NULL)
    return;
  g_free (reference->sha256);
  g_free (reference->model);
  g_free (reference->mim_sha256);
  g_free (reference->program_version);
  g_free (reference);
}

double
smb_reference_percent (int i)
{
  g_return_val_if_fail (i >= 0 && i < SMB_REFERENCE_QUANTILES, NAN);
  return percents[i];
}

const char *
smb_reference_stratum_name (int stratum)
{
  g_return_val_if_fail (stratum >= 0 && stratum < SMB_REFERENCE_STRATA, "");
  return stratum_names[stratum];
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* The value below which `percent` of the sorted ones lie, between neighbours in proportion. */
static double
quantile (const double *sorted, guint n, double percent)
{
  const double at = percent / 100 * (n - 1);
  const guint below = (guint) at;

  return below + 1 < n ? sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]) : sorted[n - 1];
}

/* Of the values that are numbers; sorts them. */
static SmbReferenceEntry
entry_of (GArray *values)
{
  SmbReferenceEntry entry = { (int) values->len, NAN, NAN, { 0 } };
  double sum = 0, squares = 0;

  g_array_sort (values, compare_doubles);
  for (guint i = 0; i < values->len; i++)
    sum += g_array_index (values, double, i);
  if (values->len > 0)
    entry.mean = sum / values->len;
  for (guint i = 0; i < values->len; i++) {
    double off = g_array_index (values, double, i) - entry.mean;

    squares += off * off;
  }
  if (values->len > 1)
    entry.deviation = sqrt (squares / (values->len - 1));
  for (int q = 0; q < SMB_REFERENCE_QUANTILES; q++)
    entry.quantiles[q]
        = values->len > 0 ? quantile ((const double *) (gconstpointer) values->data, values->len, percents[q]) : NAN;
  return entry;
}

/* Statistics of what lies `offset` bytes into each report. */
static SmbReferenceEntry
entry_at (const GPtrArray *reports, gsize offset)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < reports->len; i++) {
    double value = G_STRUCT_MEMBER (double, g_ptr_array_index (reports, i), offset);

    if (isfinite (value))
      g_array_append_val (values, value);
  }
  return entry_of (values);
}

static void
fill_stratum (SmbReferenceStratum *stratum, const GPtrArray *reports, double from, double to)
{
  g_autoptr (GPtrArray) inside = g_ptr_array_new ();

  for (guint i = 0; i < reports->len; i++) {
    SmbRegionReport *report = g_ptr_array_index (reports, i);

    if ((isinf (from) && isinf (to)) || (report->blur >= from && report->blur < to))
      g_ptr_array_add (inside, report);
  }
  stratum->blur_from = from;
  stratum->blur_to = to;
  stratum->faces = (int) inside->len;
  for (int i = 0; i < N; i++) {
    for (int m = 0; m < SMB_N_MEASURES; m++)
      stratum->measures[i][m] = entry_at (inside, G_STRUCT_OFFSET (SmbRegionReport, rows[i].measures[m].value));
    for (int j = 0; j < N; j++)
      stratum->rise[i][j] = entry_at (inside, G_STRUCT_OFFSET (SmbRegionReport, rise[i][j].value));
  }
}

/* Where the faces' sharpness divides them into three. */
static void
find_thirds (const GPtrArray *reports, double *first, double *second)
{
  g_autoptr (GArray) blurs = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < reports->len; i++) {
    const SmbRegionReport *report = g_ptr_array_index (reports, i);

    if (isfinite (report->blur))
      g_array_append_val (blurs, report->blur);
  }
  g_array_sort (blurs, compare_doubles);
  *first = blurs->len > 0 ? quantile ((const double *) (gconstpointer) blurs->data, blurs->len, 100.0 / 3) : 0;
  *second = blurs->len > 0 ? quantile ((const double *) (gconstpointer) blurs->data, blurs->len, 200.0 / 3) : 0;
}

SmbReference *
smb_reference_new (const GPtrArray *reports, const char *model, int pictures, GError **error)
{
  const SmbRegionReport *first = reports->len > 0 ? g_ptr_array_index (reports, 0) : NULL;
  g_autoptr (SmbReference) out = g_new0 (SmbReference, 1);
  double low, high;

  if (reports->len < MIN_FACES) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_ARGUMENT,
        _ ("%u usable faces are too few for a reference; give pictures of at least %d genuine faces, better of "
           "several hundred."),
        reports->len, MIN_FACES);
    return NULL;
  }
  for (guint i = 1; i < reports->len; i++) {
    const SmbRegionReport *report = g_ptr_array_index (reports, i);

    if (g_strcmp0 (report->mim_sha256, first->mim_sha256) != 0 || report->settings.draws != first->settings.draws
        || report->origin != first->origin) {
      g_set_error_literal (
          error, SMB_ERROR, SMB_ERROR_ARGUMENT,
          _ ("The faces of a reference must be measured with one network, one number of draws and regions "
             "of one origin."));
      return NULL;
    }
  }
  out->model = g_strdup (model);
  out->mim_sha256 = g_strdup (first->mim_sha256);
  out->program_version = g_strdup (SMB_VERSION);
  out->draws = first->settings.draws;
  out->origin = first->origin;
  out->pictures = pictures;
  out->faces = (int) reports->len;
  find_thirds (reports, &low, &high);
  fill_stratum (&out->strata[0], reports, -INFINITY, INFINITY);
  fill_stratum (&out->strata[1], reports, -INFINITY, low);
  fill_stratum (&out->strata[2], reports, low, high);
  fill_stratum (&out->strata[3], reports, high, INFINITY);
  return g_steal_pointer (&out);
}

/* --- comparing --- */

static void
place (SmbMeasure *measure, const SmbReferenceEntry *entry)
{
  const double *q = entry->quantiles;
  int i = 0;

  if (!isfinite (measure->value) || entry->n < MIN_FACES)
    return;
  if (entry->deviation > 0)
    measure->z = (measure->value - entry->mean) / entry->deviation;
  if (!isfinite (q[0]))
    return;
  if (measure->value <= q[0])
    measure->percentile = 0;
  else if (measure->value > q[SMB_REFERENCE_QUANTILES - 1])
    measure->percentile = 100;
  else {
    while (q[i + 1] < measure->value)
      i++;
    measure->percentile = percents[i] + (percents[i + 1] - percents[i]) * (measure->value - q[i]) / (q[i + 1] - q[i]);
  }
}

/* Mean |z| of a region's row and column; 0 where there are none. */
static double
disagreement (const SmbRegionReport *report, int region)
{
  double sum = 0;
  int n = 0;

  for (int j = 0; j < N; j++) {
    const double of_row = report->rise[region][j].z, of_column = report->rise[j][region].z;

    sum += isfinite (of_row) ? fabs (of_row) : 0;
    sum += isfinite (of_column) ? fabs (of_column) : 0;
    n += isfinite (of_row) + isfinite (of_column);
  }
  return n > 0 ? sum / n : 0;
}

static int
choose_stratum (const SmbReference *reference, double blur)
{
  for (int s = 1; s < SMB_REFERENCE_STRATA; s++)
    if (blur >= reference->strata[s].blur_from && blur < reference->strata[s].blur_to)
      return reference->strata[s].faces >= MIN_FACES ? s : 0;
  return 0;
}

gboolean
smb_reference_compare (const SmbReference *reference, SmbRegionReport *report, GError **error)
{
  const int s = choose_stratum (reference, report->blur);
  const SmbReferenceStratum *stratum = &reference->strata[s];
  double most = STANDS_OUT;

  if (g_strcmp0 (reference->mim_sha256, report->mim_sha256) != 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("The reference was made with another network (“%s”, SHA-256 %.12s…) than this one (%.12s…): z not "
                    "available. Make one: semblance-cli reference build."),
                 reference->model, reference->mim_sha256, report->mim_sha256 != NULL ? report->mim_sha256 : "");
    return FALSE;
  }
  if (reference->draws != report->settings.draws) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("The reference was made with %d draws, this table with %d: z not available. Use the same number."),
                 reference->draws, report->settings.draws);
    return FALSE;
  }
  for (int i = 0; i < N; i++) {
    for (int m = 0; m < SMB_N_MEASURES; m++)
      place (&report->rows[i].measures[m], &stratum->measures[i][m]);
    for (int j = 0; j < N; j++)
      place (&report->rise[i][j], &stratum->rise[i][j]);
  }
  report->stands_out = -1;
  for (int i = 0; i < N; i++) {
    double d = disagreement (report, i);

    if (d > most) {
      most = d;
      report->stands_out = i;
    }
  }
  g_free (report->reference_sha256);
  report->reference_sha256 = g_strdup (reference->sha256);
  g_free (report->stratum);
  report->stratum = g_strdup (stratum_names[s]);
  report->reference_faces = stratum->faces;
  if (reference->origin != report->origin)
    smb_region_report_take_note (report, g_strdup_printf (_ ("The reference's regions come from another source (%s)."),
                                                          smb_regions_origin_name (reference->origin)));
  return TRUE;
}
