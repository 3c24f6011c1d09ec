/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* From a score to a likelihood ratio: how much likelier it is among forged faces than among genuine ones of the kind
 * the calibration was made with. In decimal logarithms throughout: 2 is a hundred times likelier. */

typedef enum { SMB_CALIBRATION_LOGISTIC, SMB_CALIBRATION_ISOTONIC } SmbCalibrationKind;

typedef struct {
  double score, log10_lr;
} SmbCalibrationKnot;

typedef struct {
  SmbCalibrationKind kind;
  double slope, offset; /* logistic: log10 LR = slope logit (score) + offset */
  GArray *knots;        /* isotonic: SmbCalibrationKnot, rising; straight between them, level outside */
  double low, high;     /* log10 LR beyond which none is claimed */
  double cllr, cllr_min; /* NAN: not measured; on data held out by cross-validation */
  guint genuine, forged; /* faces it was made with */
  char *data;           /* what they were, a sentence; may be NULL */
} SmbCalibration;

void smb_calibration_free (SmbCalibration *calibration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCalibration, smb_calibration_free)

/* The fewest of a kind that a calibration is made of. */
#define SMB_CALIBRATION_FEWEST 10

/* Fits on scores (n) of 0 to 1. Both kinds weigh the same whatever their number, so that the result is a ratio of
 * likelihoods and no posterior. Logistic: maximum likelihood with a penalty on the slope worth one face, so that
 * separable data has an answer. Isotonic: pool adjacent violators, with one misleading face of each kind added at the
 * far ends (Platt's correction), so that no ratio is infinite. Bounds: the empirical ones of Vergeer et al. (2016): the
 * largest ratio at which the method, with one more misleading face than was seen, still beats saying nothing. ARGUMENT
 * if there are fewer than SMB_CALIBRATION_FEWEST of a kind. groups (n) or NULL: what is held out together in the five folds by which Cllr
 * is measured. */
SmbCalibration *smb_calibration_fit (SmbCalibrationKind kind, const double *scores, const guint8 *forged,
                                     const int *groups, gsize n, GError **error);

/* *bound: -1 or 1 where the ratio lies beyond the lower or upper bound and is given as the bound, else 0; may be NULL.
 */
double smb_calibration_apply (const SmbCalibration *calibration, double score, int *bound);

/* Cost of log-likelihood ratios (Bruemmer and du Preez 2006) in bits: 0 perfect, 1 no better than saying nothing. */
double smb_cllr (const double *log10_lr, const guint8 *forged, gsize n);

/* "logistic", "isotonic"; static. */
const char *smb_calibration_kind_name (SmbCalibrationKind kind);
gboolean smb_calibration_kind_from_name (const char *name, SmbCalibrationKind *kind);

/* {"kind", "slope", "offset" or "knots": [[score, log10 LR] …], "low", "high", "cllr", "cllr_min", "genuine", "forged",
 * "data"}: the "calibration" of model.json. NULL with a FORMAT error where a member is missing or makes no sense. */
JsonNode *smb_calibration_to_json (const SmbCalibration *calibration);
SmbCalibration *smb_calibration_from_json (JsonNode *node, GError **error);

G_END_DECLS
