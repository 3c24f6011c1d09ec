/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-json.h"
#include "face/smb-regions.h"
#include "model/smb-mask.h"

G_BEGIN_DECLS

/* Which facial regions the reconstruction network fails to explain, and how unusual that is among genuine faces: FSFM's
 * three C's (arXiv 2412.12032) measured region by region. Plain values; JSON both ways. */

typedef struct {
  int draws;    /* masks for each region and measure, 8 */
  guint64 seed; /* 0 */
  gboolean table_only; /* leaves out the matrix and what each region is alone, which take a mask for each pair */
} SmbRegionSettings;

SmbRegionSettings smb_region_settings_default (void);

#define SMB_REGION_MAX_DRAWS 1000
/* Share of the face that is hidden in each of these masks, as in training. */
#define SMB_REGION_RATIO 0.75

/* A value and its place among genuine faces. */
typedef struct {
  double value;      /* NAN: not measured */
  double z;          /* (value - mean) / deviation of the reference; NAN: no reference */
  double percentile; /* of the reference's faces lie so many per cent below; NAN likewise */
} SmbMeasure;

/* What is measured of a region, besides the matrix. Errors are mean squared errors a patch, in the units of the
 * training's targets. */
typedef enum {
  SMB_MEASURE_COHERENCY,   /* error of all its patches, hidden together (CRFR-P): can the rest explain the region? */
  SMB_MEASURE_CONSISTENCY, /* error of its hidden patches where others of it are seen (FRP): can it explain itself? */
  SMB_MEASURE_CORRESPONDENCE, /* cosine between the features of the face with the region covered and of the whole face
                               */
  SMB_MEASURE_ALONE,          /* error of its patches when nothing else is hidden: the matrix rises from here */
  SMB_N_MEASURES,
} SmbMeasureKind;

const char *smb_measure_name (SmbMeasureKind kind); /* "coherency": as in JSON; static */
/* What people read, translated: "Coherency". */
const char *smb_measure_title (SmbMeasureKind kind);
/* "left brow …" of smb_region_name's regions, translated: "brows"; static. */
const char *smb_region_title (SmbRegion region);

typedef struct {
  int n_patches; /* that hold a pixel of it; 0: missing from this face */
  int partial;   /* draws in which some of its patches were hidden and others seen */
  SmbMeasure measures[SMB_N_MEASURES];
} SmbRegionRow;

typedef struct {
  SmbRegionSettings settings;
  SmbRegionRow rows[SMB_N_COVERED_REGIONS];
  /* [i][j]: how much region i's error rises when region j is hidden as well (patches of both are counted for i; one
   * pass each, nothing drawn). No percentile; NAN where i = j, a region is missing, or nothing would be left to see. */
  SmbMeasure rise[SMB_N_COVERED_REGIONS][SMB_N_COVERED_REGIONS];
  /* The region that disagrees with the rest: whose row and column of the matrix lie furthest from the reference, by
   * a mean |z| of at least 2. -1: none, or no reference to say so. */
  int stands_out;
  double blur;              /* of the face, see SmbFaceQuality: chooses the reference's stratum */
  SmbRegionsOrigin origin;  /* of the region map */
  char *mim_sha256;         /* the network */
  char *reference_sha256;   /* of the statistics file; NULL: none */
  char *stratum;            /* of it: "all", "blurred", "middle", "sharp"; NULL: none */
  int reference_faces;      /* in that stratum */
  char *note; /* translated sentences that go with the numbers: why there is no z, where regions came from;
               * NULL if there is nothing to say */
} SmbRegionReport;

SmbRegionReport *smb_region_report_new (void); /* everything NAN, 0 or -1 */
SmbRegionReport *smb_region_report_copy (const SmbRegionReport *report);
void smb_region_report_free (SmbRegionReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbRegionReport, smb_region_report_free)

void smb_region_report_take_note (SmbRegionReport *report, char *note); /* after what there is already */

/* {"settings": {"draws", "ratio", "seed"}, "regions": [{"region", "patches", "partial_draws", "coherency": {"value",
 * "z", "percentile"}, "consistency", "correspondence", "alone"}], "rise": {"regions": [name], "values": [[…]], "z":
 * [[…]]}, "stands_out", "blur", "origin", "mim_sha256", "reference": {"sha256", "stratum", "faces"} or null, "note"}.
 * What was not measured is null. Free with json_object_unref. */
JsonObject *smb_region_report_to_json (const SmbRegionReport *report);
/* Through the reader, which says what is wrong; never NULL. */
SmbRegionReport *smb_region_report_from_json (SmbJsonReader *reader, JsonObject *in);

G_END_DECLS
