/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "weights/smb-model.h"

G_BEGIN_DECLS

/* The gist of a model's card for a report: what it learnt from, how well it does where it was measured, how it was
 * calibrated, what it cannot do, its licence. In English, for a card is data. NULL if the model has no card. Free with
 * g_free. */
char *smb_model_card_summary (const SmbModelInfo *model);

G_END_DECLS
