/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-region-sample.h"

#include <math.h>

void
smb_region_sample_take (SmbRegionSample *out, const SmbRegionReport *report)
{
  for (int m = 0; m < SMB_N_SAMPLED; m++)
    for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
      out->value[m][i] = report->rows[i].measures[m].value;
      out->z[m][i] = report->rows[i].measures[m].z;
    }
}

static char *
z_member (int measure)
{
  return g_strconcat (smb_measure_name ((SmbMeasureKind) measure), "_z", NULL);
}

JsonObject *
smb_region_sample_to_json (const SmbRegionSample *sample)
{
  JsonObject *out = json_object_new ();

  for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
    JsonObject *of = json_object_new ();

    for (int m = 0; m < SMB_N_SAMPLED; m++) {
      g_autofree char *z = z_member (m);

      if (!isnan (sample->value[m][i]))
        json_object_set_double_member (of, smb_measure_name ((SmbMeasureKind) m), sample->value[m][i]);
      if (!isnan (sample->z[m][i]))
        json_object_set_double_member (of, z, sample->z[m][i]);
    }
    json_object_set_object_member (out, smb_region_name ((SmbRegion) i), of);
  }
  return out;
}

void
smb_region_sample_from_json (SmbRegionSample *out, SmbJsonReader *reader, JsonObject *in)
{
  for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
    JsonObject *of = smb_json_object (reader, in, smb_region_name ((SmbRegion) i), SMB_JSON_OPTIONAL);

    for (int m = 0; m < SMB_N_SAMPLED; m++) {
      g_autofree char *z = z_member (m);

      out->value[m][i]
          = of != NULL ? smb_json_number (reader, of, smb_measure_name ((SmbMeasureKind) m), SMB_JSON_OPTIONAL) : NAN;
      out->z[m][i] = of != NULL ? smb_json_number (reader, of, z, SMB_JSON_OPTIONAL) : NAN;
    }
  }
}

void
smb_region_tally_add (SmbRegionTally *tally, const SmbRegionSample *sample)
{
  for (int m = 0; m < SMB_N_SAMPLED; m++)
    for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
      SmbRegionSpread *spread = &tally->spread[m][i];
      const double value = sample->value[m][i];
      double off;

      if (isnan (value))
        continue;
      off = value - spread->mean;
      spread->n++;
      spread->mean += off / spread->n;
      spread->squares += off * (value - spread->mean);
      if (!isnan (sample->z[m][i])) {
        spread->z_sum += sample->z[m][i];
        spread->n_z++;
      }
    }
}

double
smb_region_spread_deviation (const SmbRegionSpread *spread)
{
  return spread->n > 1 ? sqrt (MAX (spread->squares, 0.0) / (spread->n - 1)) : 0.0;
}

JsonObject *
smb_region_tally_to_json (const SmbRegionTally *tally)
{
  JsonObject *out = json_object_new ();

  for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
    JsonObject *of = json_object_new ();

    for (int m = 0; m < SMB_N_SAMPLED; m++) {
      const SmbRegionSpread *spread = &tally->spread[m][i];
      JsonObject *about = json_object_new ();

      json_object_set_int_member (about, "frames", spread->n);
      smb_json_set_number (about, "mean", spread->n > 0 ? spread->mean : NAN);
      smb_json_set_number (about, "deviation", spread->n > 0 ? smb_region_spread_deviation (spread) : NAN);
      smb_json_set_number (about, "z", spread->n_z > 0 ? spread->z_sum / spread->n_z : NAN);
      json_object_set_object_member (of, smb_measure_name ((SmbMeasureKind) m), about);
    }
    json_object_set_object_member (out, smb_region_name ((SmbRegion) i), of);
  }
  return out;
}
