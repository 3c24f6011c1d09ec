/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case/smb-case.h"
#include "report/smb-bundle.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* Does a report hold? Everything in its bundle is found again from the originals, with the same model and settings. */

typedef enum {
  SMB_REPRODUCED_EXACTLY, /* to the last bit */
  SMB_REPRODUCED_CLOSELY, /* within the tolerance: another processor or thread count rounds elsewhere */
  SMB_NOT_REPRODUCED,
  SMB_NOT_TRIED, /* why: the original, the model … is not there */
} SmbReproduction;

const char *smb_reproduction_name (SmbReproduction outcome);  /* "exact", "close", "different", "not-tried"; static */
const char *smb_reproduction_title (SmbReproduction outcome); /* for people; translated, static */

/* The largest difference of a number a that still counts as close, as a part of max (1, |a|), by the precision of the
 * analysis. */
#define SMB_BUNDLE_TOLERANCE_F32 1e-4
#define SMB_BUNDLE_TOLERANCE_LOW 2e-2

/* One part of an exhibit that was tried. */
typedef struct {
  char *what;    /* "hash", "result", "map F1 rollout" */
  SmbReproduction outcome;
  guint n_exact, n_close; /* numbers that came out so */
  GPtrArray *differences; /* char*: "faces[0].score: 0.25 in the bundle, 0.75 now"; the first 20 */
  guint n_differences;
  double largest; /* absolute difference of two values of a map; NAN: no map's values were compared */
  char *why;     /* a sentence where it was not tried or failed; NULL */
} SmbBundleCheck;

typedef struct {
  const SmbBundleExhibit *exhibit; /* borrowed */
  char *path;        /* the original that was found; NULL */
  GPtrArray *checks; /* SmbBundleCheck* */
} SmbBundleOutcome;

void smb_bundle_outcome_free (SmbBundleOutcome *outcome);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbBundleOutcome, smb_bundle_outcome_free)
gboolean smb_bundle_outcome_is_good (const SmbBundleOutcome *outcome); /* all of it exact or close */
/* {"exhibit", "ok", "checks": [{"what", "outcome", "exact", "close", "different", "differences", "largest_difference",
 * "why"}]} */
JsonNode *smb_bundle_outcome_to_json (const SmbBundleOutcome *outcome);

/* Reads a bundle's file: ordinary files only, at most SMB_BUNDLE_MAX_BYTES. */
SmbBundle *smb_examine_read_bundle (const char *path, GError **error);

/* Looks for the original in `folder` by its name, then by its size and hash, or, with NULL, where the bundle says;
 * opens it read-only, and only if the hash is right analyses it anew. model: NULL: the one of the library with the
 * hashes that the bundle names. NULL only if cancelled. */
SmbBundleOutcome *smb_examine_check_exhibit (SmbEngine *engine, const SmbBundleExhibit *exhibit, const char *folder,
                                             const SmbModelInfo *model, SmbProgress progress, gpointer user_data,
                                             GCancellable *cancellable, GError **error);

/* All exhibits of a bundle, one after the other; each is shown as it is done. `told` takes the outcome. */
typedef void (*SmbBundleTold) (SmbBundleOutcome *outcome, gpointer user_data);

typedef struct {
  const char *folder;        /* as above; NULL */
  const SmbModelInfo *model; /* as above; NULL */
  SmbBundleTold told;
  SmbProgress progress; /* of the exhibit in hand; may be NULL */
  gpointer user_data;   /* of both */
} SmbBundleTrial;

/* FALSE only if cancelled; good_out: all of it exact or close. */
gboolean smb_examine_check_bundle (SmbEngine *engine, const SmbBundle *bundle, const SmbBundleTrial *trial,
                                   gboolean *good_out, GCancellable *cancellable, GError **error);

/* Is the bundle's last hash of the audit log in this case's, and the case intact? NOT_FOUND, INTEGRITY. */
gboolean smb_examine_check_log (SmbCase *store, const SmbBundle *bundle, GError **error);

G_END_DECLS
