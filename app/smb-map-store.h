/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "smb-tiles.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* The maps of one face, computed when first looked at and kept by their settings. UI thread only; the work happens on
 * other threads, and what arrives for a face that is no longer looked at is dropped. Emits "changed" when a map
 * arrived, failed, was given up or got further. A coverage map arrives several times, each with twice the draws of the
 * one before: it sharpens while it runs. */
#define SMB_TYPE_MAP_STORE (smb_map_store_get_type ())
G_DECLARE_FINAL_TYPE (SmbMapStore, smb_map_store, SMB, MAP_STORE, GObject)

typedef struct {
  gboolean busy;
  gboolean stopped;    /* by the examiner; asking again starts anew */
  guint64 done, total; /* total 0: not known */
  const char *what;    /* of the work in hand, or NULL; borrowed until the next "changed" */
  const char *problem; /* a sentence, or NULL; borrowed likewise */
} SmbMapState;

/* owner: keeps the models that faces are taken up with, and outlives the store; work on its way holds a reference. */
SmbMapStore *smb_map_store_new (SmbEngine *engine, GObject *owner);

/* Forgets all maps and takes up this face. model is the owner's; NULL model or tiles: there is no face.
 * regions (copied): those to cover and to tell apart; NULL: drawn from the face's landmarks. */
void smb_map_store_set_face (SmbMapStore *self, const SmbModelInfo *model, SmbTiles *tiles, SmbBox box,
                             const SmbRegions *regions);

/* Borrowed until the next "changed"; NULL while there is none. get never asks for it; peek does, once, if there is a
 * face and it was not stopped. */
const SmbMap *smb_map_store_get (SmbMapStore *self, const SmbMapSpec *spec);
const SmbMap *smb_map_store_peek (SmbMapStore *self, const SmbMapSpec *spec);
/* Asks for the map of every head of the layer; they are then got one by one. */
void smb_map_store_ask_heads (SmbMapStore *self, const SmbMapSpec *spec);

void smb_map_store_get_state (SmbMapStore *self, const SmbMapSpec *spec, SmbMapState *state_out);
/* Gives up a map on its way; what has arrived of it stays. */
void smb_map_store_stop (SmbMapStore *self, const SmbMapSpec *spec);
/* Computes a map that is there once more with its tests of faithfulness, which take many passes; the old one stays
 * until the tested one arrives. */
void smb_map_store_test (SmbMapStore *self, const SmbMapSpec *spec);
/* Asks again for one that was stopped or failed. */
void smb_map_store_retry (SmbMapStore *self, const SmbMapSpec *spec);

G_END_DECLS
