/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-finetune-job.h"

#include <stdio.h>

G_BEGIN_DECLS

/* The validation of a fine-tuning: the same faces, degraded and blended the same, after every epoch. */
typedef struct _SmbValidator SmbValidator;

/* Of the part "val" of the data set (borrowed), through the training's own settings without zoom and mirroring. classes
 * (borrowed): names. */
SmbValidator *smb_validator_new (const SmbDataset *dataset, const SmbFeedSettings *feed, const char *const *classes,
                                 int threads);
void smb_validator_free (SmbValidator *validator);

/* Fills in all of *epoch but its number and `best`; class_auc is borrowed until the next run. In `folder` it leaves the
 * faces it was most wrong about (smb-finetune-worst.h). */
gboolean smb_validator_run (SmbValidator *validator, SmbDevice *device, SmbTensorDict *weights, const char *folder,
                            SmbFinetuneEpoch *epoch, GCancellable *cancellable, GError **error);
/* ,"validation":{…,"worst":[{"file","class","score"} …]}: numbers, and the faces that were judged most wrongly. */
void smb_validator_log (const SmbValidator *validator, FILE *log, const SmbFinetuneEpoch *epoch);

G_END_DECLS
