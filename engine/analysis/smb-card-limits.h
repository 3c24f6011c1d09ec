/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "weights/smb-model.h"

G_BEGIN_DECLS

/* What an examiner must know of a model beside each of its scores: how well it told faces apart where that was
 * measured, and what its maker says it cannot do. From its card; plain values. */
typedef struct {
  char *measured;  /* a translated sentence or two: AUC by kind of forgery, genuine faces called forged; NULL: nothing
                    * was measured */
  gboolean poor;   /* somewhere it does no better than chance, or calls more than a quarter of genuine faces forged */
  char *limits;    /* the card's own words, in the language they were written in; NULL: none */
} SmbCardLimits;

/* What a class is called where people read it; borrowed. */
typedef const char *(*SmbClassWord) (const char *name);

/* NULL if the model has no card, or one that says nothing of the kind. word NULL: classes as the card names them. Reads
 * a file. */
SmbCardLimits *smb_card_limits_read (const SmbModelInfo *model, SmbClassWord word);
void smb_card_limits_free (SmbCardLimits *limits);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCardLimits, smb_card_limits_free)

G_END_DECLS
