/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-region-report.h"

G_BEGIN_DECLS

/* The region table of one frame of a video, without the matrix: what is drawn against time. Plain values; JSON both
 * ways. */

/* SMB_MEASURE_COHERENCY, _CONSISTENCY, _CORRESPONDENCE; _ALONE belongs to the matrix. */
#define SMB_N_SAMPLED SMB_MEASURE_ALONE

typedef struct {
  double value[SMB_N_SAMPLED][SMB_N_COVERED_REGIONS]; /* NAN: not measured, the region is missing */
  double z[SMB_N_SAMPLED][SMB_N_COVERED_REGIONS];     /* NAN: no reference of genuine faces either */
} SmbRegionSample;

void smb_region_sample_take (SmbRegionSample *out, const SmbRegionReport *report);

/* {"brows": {"coherency", "coherency_z", "consistency", …}, …}; what is NAN is left out. Free with json_object_unref.
 */
JsonObject *smb_region_sample_to_json (const SmbRegionSample *sample);
/* Through the reader, which says what is wrong. */
void smb_region_sample_from_json (SmbRegionSample *out, SmbJsonReader *reader, JsonObject *in);

/* What the samples of a track come to. */
typedef struct {
  guint n;
  double mean, squares; /* squares: summed, about the mean (Welford 1962) */
  double z_sum;
  guint n_z;
} SmbRegionSpread;

typedef struct {
  SmbRegionSpread spread[SMB_N_SAMPLED][SMB_N_COVERED_REGIONS];
} SmbRegionTally;

void smb_region_tally_add (SmbRegionTally *tally, const SmbRegionSample *sample);
double smb_region_spread_deviation (const SmbRegionSpread *spread); /* 0 of one sample */
/* {"brows": {"coherency": {"frames", "mean", "deviation", "z"}, …}, …}; z is the mean, null without a reference. Free
 * with json_object_unref. */
JsonObject *smb_region_tally_to_json (const SmbRegionTally *tally);

G_END_DECLS
