/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>
#include <json-glib/json-glib.h>

#include "analysis/smb-card-limits.h"
#include "weights/smb-model.h"

G_BEGIN_DECLS

/* What is known of a model of the library, gathered in a thread. */
typedef struct {
  SmbModelInfo *info;
  JsonNode *card;      /* NULL: it has none */
  char *card_text;     /* for people; NULL without a card */
  char *problem;       /* its card cannot be read; NULL */
  GPtrArray *against;  /* char*: why it should not be used (smb_model_card_gates); empty for the one in use */
  SmbCardLimits *limits; /* what its card says it cannot do; NULL: nothing */
  gboolean active;     /* chosen for use */
  gboolean by_default; /* used because none was chosen */
} SmbModelFacts;

void smb_model_facts_free (SmbModelFacts *facts);

/* A model: card, evaluation with curves, what speaks against its use. */
#define SMB_TYPE_MODEL_VIEW (smb_model_view_get_type ())
G_DECLARE_FINAL_TYPE (SmbModelView, smb_model_view, SMB, MODEL_VIEW, GtkWidget)

GtkWidget *smb_model_view_new (void);
/* facts: of the model; before: of the one in use, to compare with, or NULL. Both borrowed for the call. */
void smb_model_view_show (SmbModelView *self, const SmbModelFacts *facts, const SmbModelFacts *before);

G_END_DECLS
