/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"
#include "analysis/smb-json.h"

/* "likelihood_ratio" of a face's JSON, or `member`. Reading leaves log10_lr NAN where the member is missing or null. */
JsonObject *smb_likelihood_to_json (const SmbLikelihood *likelihood);
void smb_likelihood_from_json (SmbJsonReader *reader, JsonObject *of, const char *member, SmbLikelihood *likelihood);
