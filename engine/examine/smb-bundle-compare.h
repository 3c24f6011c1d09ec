/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside engine/examine only: what a bundle says against what was found again. Each adds to the check what came out the
 * same, close or different. */

#include "examine/smb-examine-bundle.h"

G_BEGIN_DECLS

/* Sets outcome and sentence. */
void smb_bundle_check_fail (SmbBundleCheck *check, SmbReproduction outcome, const char *why);

/* Trees of JSON; tolerance: see SMB_BUNDLE_TOLERANCE_F32. What is circumstance (times, devices, words) is passed over.
 */
void smb_bundle_compare_results (SmbBundleCheck *check, double tolerance, JsonNode *was, JsonNode *now);

/* Size, least, most, mean, then every value: the one furthest off is named, and check->largest says how far. Without
 * values in the bundle only the hash can speak: equal, or not tried. */
void smb_bundle_compare_maps (SmbBundleCheck *check, double tolerance, const SmbBundleMap *was,
                              const SmbBundleMap *now);

G_END_DECLS
