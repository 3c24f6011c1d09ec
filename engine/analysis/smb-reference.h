/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "analysis/smb-region-report.h"

G_BEGIN_DECLS

/* What the region measures are like on genuine faces: a small statistics file that goes with one reconstruction
 * network. A JSON object; numbers are what they are in SmbRegionReport: "format": "semblance-reference";  "version": 1;
 * "program_version": text "model": its name when the file was made;  "mim_sha256": hash of the network's weights
 *   "draws": masks for each measure;  "pictures", "faces": how many went in;  "origin": of the region maps, "landmarks"
 * … "strata": [{"name": "all", "blurred", "middle" or "sharp"; "blur_from", "blur_to": null or bounds of the faces'
 *     sharpness, from inclusive, to exclusive;  "faces";
 *     "regions": {"brows": {"coherency": S, "consistency": S, "correspondence": S, "alone": S}, …}
 *     "rise": {"brows": {"eyes": T, …}, …}}]
 *   S: {"n", "mean", "deviation", "quantiles": the values below which 0, 1, 2, 5, 10, 20 … 80, 90, 95, 98, 99, 100 per
 * cent lie}; T: S without quantiles. Deviation: of the sample (n - 1). No time is noted: the same faces make the same
 * bytes. */
#define SMB_REFERENCE_VERSION 1
#define SMB_REFERENCE_QUANTILES 17
#define SMB_REFERENCE_STRATA 4

typedef struct {
  int n;
  double mean, deviation;
  double quantiles[SMB_REFERENCE_QUANTILES]; /* NAN for the matrix */
} SmbReferenceEntry;

typedef struct {
  double blur_from, blur_to; /* -INFINITY, INFINITY: no bound */
  int faces;
  SmbReferenceEntry measures[SMB_N_COVERED_REGIONS][SMB_N_MEASURES];
  SmbReferenceEntry rise[SMB_N_COVERED_REGIONS][SMB_N_COVERED_REGIONS];
} SmbReferenceStratum;

typedef struct {
  char *sha256;  /* of the file; NULL while it is in no file */
  char *model, *mim_sha256, *program_version;
  int draws, pictures, faces;
  SmbRegionsOrigin origin;
  SmbReferenceStratum strata[SMB_REFERENCE_STRATA]; /* all faces, then thirds by sharpness */
} SmbReference;

void smb_reference_free (SmbReference *reference);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbReference, smb_reference_free)

/* The per cent of quantile i. */
double smb_reference_percent (int i);
const char *smb_reference_stratum_name (int stratum); /* static */

/* From reports (SmbRegionReport*) of genuine faces, all of one network and of the same settings; ARGUMENT if they are
 * not, or fewer than 20. */
SmbReference *smb_reference_new (const GPtrArray *reports, const char *model, int pictures, GError **error);

char *smb_reference_to_json (const SmbReference *reference); /* canonical text */
/* Errors: FORMAT, NEWER, NOT_FOUND …, naming the file. */
SmbReference *smb_reference_read (const char *path, GError **error);
/* Replaces the file in one step; the folder is made if need be. */
gboolean smb_reference_write (const SmbReference *reference, const char *path, GError **error);

/* Fills z, percentile, stands_out and the stratum: that of the face's sharpness if it has 20 faces, else all. MISMATCH,
 * and nothing filled, if the reference is of another network or of another number of draws. */
gboolean smb_reference_compare (const SmbReference *reference, SmbRegionReport *report, GError **error);

G_END_DECLS
