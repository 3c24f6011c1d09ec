/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"
#include "analysis/smb-json.h"

G_BEGIN_DECLS

/* A face's quality in an analysis; for smb-analysis-json.c. Reading sets result->quality and quality_notes, or neither
 * where there is none. */
JsonObject *smb_quality_to_json (const SmbFaceResult *result);
void smb_quality_from_json (SmbJsonReader *reader, JsonObject *in, SmbFaceResult *result);

/* The limits of a model: "limits" of its model.json as text (NULL: the defaults) and its smallest face, if it
 * names one. FORMAT error
 * naming the model for a member that is none of SmbFaceLimits or no number. */
gboolean smb_face_limits_for_model (SmbFaceLimits *limits, const SmbModelInfo *model, GError **error);

G_END_DECLS
