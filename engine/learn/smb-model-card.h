/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "learn/smb-finetune-job.h"
#include "weights/smb-model.h"

G_BEGIN_DECLS

/* The card of a model, "card.json" beside its weights: what it was made of and how, and how well it does. A JSON object
 * with "training" (all settings in words), "seed", "classes", "epoch" and "validation" (of the weights kept), "init",
 * "licence", "provenance", "limits", "data" {"key", "faces": {class: {part: n}}, "split_seed", "leaks", "warnings",
 * "files": [{"file", "sha256", "class", "part"} …]}, and, as they are made, "evaluations" and "calibrations". */

/* Of a fine-tuning that has ended. */
JsonNode *smb_model_card_new (const SmbFinetunePlan *plan, const SmbDataset *dataset, const char *training,
                              int best_epoch, double best_value);
/* In a folder: a training's, or a model's of a library. Whole or not at all. */
gboolean smb_model_card_write (const char *folder, JsonNode *card, GError **error);
/* With what the user found out of a model that came with the program. NULL without an error: there is none. */
JsonNode *smb_model_card_read (const char *folder, GError **error);
/* Adds an entry to one of the card's lists, in place of one with the same "data", "part", "blended" (and then "seed"),
 * "reencode_px" and "reencode_quality", "by" and "key"; a card is begun where there is none. Of a model that came with the program it
 * goes into the user's own folder ($XDG_DATA_HOME/semblance/cards). Takes entry. */
gboolean smb_model_card_add (const char *folder, const char *list, JsonNode *entry, GError **error);
/* Whether two entries of such lists speak of the same faces, shown the same way. */
gboolean smb_model_card_same_faces (JsonObject *a, JsonObject *b);
/* How many of the part's faces (SMB_PART_NONE: of all) are of pictures that the model learnt from, by their hashes. */
guint smb_model_card_count_learnt (JsonNode *card, const SmbDataset *dataset, SmbPart part);
/* For people: Markdown, in English as a card is data. Free with g_free. */
char *smb_model_card_to_text (const SmbModelInfo *model, JsonNode *card);

/* Why a model should not be made the lab's model: translated sentences (char*), none if nothing speaks against it. Its
 * card must say that no person or picture crossed the parts; it must be calibrated, by face and, where it is, by video,
 * with what it did not learn from; and it must not do clearly worse than `before` (NULL, or without a card: there is
 * nothing to compare with) on data both were evaluated on. A model that has no card was not made here, and is not judged;
 * one that came with the program may always be gone back to. */
GPtrArray *smb_model_card_gates (const SmbModelInfo *model, const SmbModelInfo *before);

/* Makes it the active model if its gates are open, or `override` (a reason, may be NULL) says to; either way the act is
 * written to "uses.jsonl" in the user's library: when, which, what spoke against it and the reason given. ARGUMENT with
 * the gates' sentences otherwise. */
gboolean smb_model_use (const SmbModelInfo *model, const char *override, GError **error);

G_END_DECLS
