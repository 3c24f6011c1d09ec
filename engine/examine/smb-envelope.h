/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* How far a face's score moves when the picture is degraded a little more: a score that a further saving or resizing
 * turns around carries less than one that stays. */

typedef enum {
  SMB_ENVELOPE_JPEG,   /* saved as JPEG of this quality, 4:2:0, blocks where the picture's own lie */
  SMB_ENVELOPE_RESIZE, /* made smaller to this share of its side, and large again */
  SMB_ENVELOPE_BLUR,   /* Gaussian, sigma in pixels of the face at 256 */
  SMB_ENVELOPE_NOISE,  /* Gaussian, deviation in levels of 255, each channel for itself */
  SMB_N_ENVELOPE_KINDS,
} SmbEnvelopeKind;

typedef struct {
  SmbEnvelopeKind kind;
  double level;
  double score; /* NAN: no score was given */
} SmbEnvelopePoint;

typedef struct {
  double score;    /* of the face as it is */
  double lowest, highest; /* of all, with it */
  GArray *points;  /* SmbEnvelopePoint, by kind, the mildest first */
} SmbEnvelope;

const char *smb_envelope_kind_name (SmbEnvelopeKind kind); /* "jpeg", "resize" …; static */
const char *smb_envelope_kind_title (
    SmbEnvelopeKind kind); /* "JPEG of quality", "resized by" …: before the level; translated, static */
guint smb_envelope_count_points (void);                     /* of every envelope */

/* {"score", "lowest", "highest", "points": [{"degradation", "level", "score"}]} */
JsonObject *smb_envelope_to_json (const SmbEnvelope *envelope);

/* Scores the face in box once as it is and once for each of the levels; noise comes from settings->seed. UNSUPPORTED if
 * the face gets no score as it is; else errors as smb_engine_analyze. */
SmbEnvelope *smb_examine_envelope (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, SmbBox box,
                                   const SmbAnalysisSettings *settings, SmbProgress progress, gpointer user_data,
                                   GCancellable *cancellable, GError **error);
void smb_envelope_free (SmbEnvelope *envelope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbEnvelope, smb_envelope_free)

G_END_DECLS
