/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "model/smb-mask.h"

G_BEGIN_DECLS

typedef enum {
  SMB_MAP_ATTENTION,      /* one layer, one head or their mean; query: class token or mean over patches */
  SMB_MAP_ROLLOUT,        /* Abnar and Zuidema 2020 */
  SMB_MAP_MASKED_INPUT,   /* RGB: what the MIM encoder saw, the rest grey */
  SMB_MAP_RECONSTRUCTION, /* RGB: decoder output in masked patches, the picture elsewhere */
  SMB_MAP_ERROR,          /* mean squared reconstruction error per masked patch; NAN where nothing was masked */
} SmbMapKind;

/* Which map, with everything needed to make it again. */
typedef struct {
  SmbMapKind kind;
  int layer;    /* attention: 0-based; -1: the last */
  int head;     /* attention: 0-based; -1: mean of all heads */
  int query;    /* attention and rollout: -1 as the model pools (patch mean or class token); 0 class token; 1 + k patch k */
  SmbMaskStrategy strategy;
  double ratio;   /* of patches hidden, 0.75 by default */
  guint64 seed;
} SmbMapSpec;

/* The part of the picture that a map covers, in pixels of the upright image; edges need not fall on whole pixels. */
typedef struct {
  double x, y, width, height;
} SmbMapArea;

/* A map of one face. Either `values` (grid: rows * columns float32, NAN = no value) or `rgb` (size * size * 3). */
typedef struct {
  SmbMapSpec spec;
  /* What the network saw, which is not always the face's whole box: a detector with a centre crop sees 7/8 of it. Draw
   * the map here. All zeros (as the constructors leave it): not known, take the face's box. */
  SmbMapArea area;
  int rows, columns;
  float *values;
  double min, max; /* of the values that are numbers */
  int rgb_size;
  guint8 *rgb;
} SmbMap;

SmbMap *smb_map_new_grid (const SmbMapSpec *spec, int rows, int columns, const float *values); /* copies */
SmbMap *smb_map_new_rgb (const SmbMapSpec *spec, int size, const guint8 *rgb);                 /* copies */
void smb_map_free (SmbMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbMap, smb_map_free)

const char *smb_map_kind_name (SmbMapKind kind); /* "masked-input": the word of the text form; static */

/* Last layer, mean of the heads, query as the model pools; random mask of 0.75 with seed 0. */
SmbMapSpec smb_map_spec_default (SmbMapKind kind);
/* TRUE if both describe the same map (settings that the kind does not have do not count). */
gboolean smb_map_spec_equal (const SmbMapSpec *a, const SmbMapSpec *b);
/* The text form used on the command line, in JSON and in the case: "rollout", "attention:layer=11,head=mean",
 * "error:strategy=random,ratio=0.75,seed=7". Keys: attention layer (N, "last"), head (N, "mean"), query ("model",
 * "class", N: patch N row by row from 0); rollout query; the masked ones strategy, ratio (0 < r < 1), seed. What is left
 * out takes its default. Free with g_free. Parsing is strict: unknown, repeated or senseless settings are an ARGUMENT
 * error naming what is wrong, and leave *spec alone. */
char *smb_map_spec_to_text (const SmbMapSpec *spec);
gboolean smb_map_spec_parse (SmbMapSpec *spec, const char *text, GError **error);

/* Perceptually uniform colour maps, 256 entries each. */
typedef enum { SMB_COLOURS_VIRIDIS, SMB_COLOURS_CIVIDIS, SMB_COLOURS_MAGMA, SMB_COLOURS_GREY, SMB_COLOURS_DIVERGING } SmbColours;
const char *smb_colours_name (SmbColours colours); /* "viridis"; static */
gboolean smb_colours_from_name (const char *name, SmbColours *out);
/* t in [0, 1] (clamped) to RGB. */
void smb_colours_lookup (SmbColours colours, double t, guint8 rgb[3]);

G_END_DECLS
