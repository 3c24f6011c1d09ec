/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"
#include "case/smb-case.h"

G_BEGIN_DECLS

/* A report as a machine reads it: what was found in a case, and all it takes to find it again. Canonical JSON, so that
 * the same case gives the same bytes:
 * {"format": "semblance-bundle", "version": 1, "program_version", "case": {"number", "title", "laboratory",
 * "examiner"}, "log": {"entries", "head", "intact"}, "warnings": [sentence], "notes": [{"author", "text"}], "exhibits":
 * [{"exhibit", "file", "sha256", "size_bytes", "format", "width", "height", "problem", "notes", "findings": [{"kind",
 *    "text"}], "result": as smb_analysis_to_json, of a video with "video"; null if never analysed,
 *    "pictures": {"rate": a second, "files": [{"name", "sha256", "size_bytes"}]} of an exhibit made of numbered ones,
 *    "left_out": [face] that the pages do not show by choice, if any ("result" has all, so that it can be found again),
 *    "regions": [{"face", "size_px", "origin", "classes"}] of faces whose region map an examiner corrected,
 *    "maps": [{"face", "map": its text form, "index": which of several, "rows", "columns", "min", "max", "mean",
 * "sha256" of the float32 values or RGB bytes, "values": these themselves, little-endian, in base64; left out once the
 * maps before took SMB_BUNDLE_MAX_VALUES}]}]} A bundle may come from anyone: at most SMB_BUNDLE_MAX_BYTES, 64 levels,
 * and bounds on everything. */

#define SMB_BUNDLE_FORMAT "semblance-bundle"
#define SMB_BUNDLE_VERSION 1
#define SMB_BUNDLE_MAX_BYTES ((gsize) 128 << 20)
#define SMB_BUNDLE_MAX_VALUES                                                                                          \
  ((gsize) 64 << 20) /* bytes of values of all maps together: the bundle stays one that can be read */

typedef struct {
  guint face, index; /* from 0; index: of the maps one text form stands for (all heads) */
  SmbMapSpec spec;
  int rows, columns; /* of a picture both are its side */
  double min, max, mean; /* NAN: a picture, or no place has a value */
  char *sha256;
  gboolean is_picture; /* of the values: three bytes a place, else a float32 */
  GBytes *values;      /* by rows; NULL: not in the bundle */
} SmbBundleMap;

void smb_bundle_map_clear (SmbBundleMap *map);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SmbBundleMap, smb_bundle_map_clear)

typedef struct {
  char *exhibit, *file, *sha256;
  guint64 size_bytes;
  JsonNode *result;      /* NULL: never analysed */
  SmbAnalysis *analysis; /* the same, read */
  gboolean video;
  GPtrArray *pictures;   /* SmbCasePicture*, in the file's folder; NULL: one file */
  double rate;           /* of these, a second */
  GPtrArray *regions;    /* SmbRegions* by face, NULL where it was left as drawn */
  GPtrArray *maps;       /* SmbBundleMap* */
} SmbBundleExhibit;

typedef struct {
  char *program_version;
  char *log_head; /* NULL: the log could not be read */
  gint64 n_entries;
  GPtrArray *exhibits; /* SmbBundleExhibit* */
} SmbBundle;

/* Reads n_bytes of text. FORMAT (naming what is wrong), LIMIT, NEWER. */
SmbBundle *smb_bundle_parse (const char *text, gsize n_bytes, GError **error);
void smb_bundle_free (SmbBundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbBundle, smb_bundle_free)

/* What a bundle says of a map, its values with it; smb_bundle_map_clear. */
void smb_bundle_measure_map (const SmbMap *map, SmbBundleMap *out);

G_END_DECLS
