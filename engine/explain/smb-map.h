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
  SMB_MAP_RELEVANCE,      /* gradient relevance for a class (Chefer et al. 2021) */
  SMB_MAP_OCCLUSION,      /* fall of a class's probability when a place is hidden (Zeiler and Fergus 2014), per pixel */
  SMB_MAP_SIGNED_ERROR,   /* reconstruction minus picture, mean of R, G, B in steps of 255, per pixel; NAN if not hidden
                           */
  SMB_MAP_ABSOLUTE_ERROR, /* mean over R, G, B of the absolute difference, likewise */
  SMB_MAP_SSIM,           /* (1 - SSIM) / 2 of luma, 0 alike to 1 (Wang et al. 2004), per pixel; NAN if not hidden */
  SMB_MAP_COVERAGE, /* mean error per patch over draws until each was hidden `times` times; with deviation and count */
  SMB_MAP_REGIONS,  /* RGB: the region map, a colour for each class (smb_region_colour) */
  SMB_N_MAP_KINDS,
} SmbMapKind;

#define SMB_MAP_ALL_HEADS (-2)
#define SMB_MAP_MAX_PATCHES 2048

/* Which map, with everything needed to make it again. */
typedef struct {
  SmbMapKind kind;
  int layer;    /* attention: 0-based; -1: the last */
  int head;     /* attention: 0-based; -1: mean of all heads; SMB_MAP_ALL_HEADS: one map for each */
  int query; /* attention and rollout: -1 as the model pools (patch mean or class token); 0 class token; 1 + k patch k
              */
  SmbMaskStrategy strategy;
  double ratio;   /* of patches hidden, 0.75 by default */
  guint64 seed;
  SmbRegion region; /* covered by crfr-p and crfr-r; SMB_REGION_RANDOM: drawn */
  guint32 patches[SMB_MAP_MAX_PATCHES / 32]; /* of SMB_MASK_PATCHES: bit k % 32 of word k / 32 is patch k */
  gboolean predicted; /* reconstruction: the decoder's output in visible patches too */
  int of_class;       /* relevance, occlusion: index of the class; -1: the most probable one */
  int window_px, stride_px; /* occlusion: side and step of the hidden square, in pixels of the network's input */
  int times;          /* coverage: draws go on until every patch was hidden so often */
} SmbMapSpec;

/* The part of the picture that a map covers, in pixels of the upright image; edges need not fall on whole pixels. */
typedef struct {
  double x, y, width, height;
} SmbMapArea;

typedef struct _SmbFaithfulness SmbFaithfulness; /* see smb-faithfulness.h; a plain value, g_free */

/* A map of one face. Either `values` (grid: rows * columns float32, NAN = no value) or `rgb` (size * size * 3). */
typedef struct {
  SmbMapSpec spec;
  /* What the network saw, which is not always the face's whole box: a detector with a centre crop sees 7/8 of it. Draw
   * the map here. All zeros (as the constructors leave it): not known, take the face's box. */
  SmbMapArea area;
  int rows, columns;
  float *values;
  double min, max; /* of the values that are numbers */
  /* Of the same draws as `values`, or NULL: sample deviation (NAN below two draws) and number of draws. */
  float *deviation, *count;
  int rgb_size;
  guint8 *rgb;
  SmbFaithfulness *faithfulness; /* of maps that explain the detector's answer, where it was asked for; else NULL */
  char *note; /* what must be said with the map (a translated sentence), or NULL */
} SmbMap;

SmbMap *smb_map_new_grid (const SmbMapSpec *spec, int rows, int columns, const float *values); /* copies */
SmbMap *smb_map_new_rgb (const SmbMapSpec *spec, int size, const guint8 *rgb);                 /* copies */
void smb_map_take_note (SmbMap *map, char *note); /* added after a space if there is one already */
void smb_map_free (SmbMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbMap, smb_map_free)

const char *smb_map_kind_name (SmbMapKind kind); /* "masked-input": the word of the text form; static */
gboolean smb_map_kind_is_of_detector (
    SmbMapKind kind); /* made by the detector, over its view; else by the MIM network */
/* Attention as the model reads it, rollout, relevance and occlusion: they claim to show what the answer rests on, which
 * can be tested. A view from one patch claims no such thing. */
gboolean smb_map_spec_explains (const SmbMapSpec *spec);
gboolean smb_map_kind_is_masked (SmbMapKind kind);      /* rests on one mask */
gboolean smb_map_kind_is_picture (SmbMapKind kind);     /* has `rgb`, not `values` */
gboolean smb_map_kind_is_signed (SmbMapKind kind); /* values on both sides of 0, which is the middle of the scale */

/* Last layer, mean of the heads, query as the model pools; random mask of 0.75 with seed 0, a random region; the most
 * probable class; a window of 32 pixels moved by 16; 8 times. */
SmbMapSpec smb_map_spec_default (SmbMapKind kind);
/* TRUE if both describe the same map (settings that the kind does not have do not count). */
gboolean smb_map_spec_equal (const SmbMapSpec *a, const SmbMapSpec *b);
/* The text form used on the command line, in JSON and in the case: "rollout", "attention:layer=11,head=mean",
 * "error:strategy=crfr-p,region=mouth,ratio=0.75,seed=7". Keys: attention layer (N, "last"), head (N, "mean", "all"),
 * query ("model", "class", N: patch N row by row from 0); rollout query; relevance class (N, "predicted"), query;
 * occlusion class, patch, stride (pixels); the masked ones strategy, region (of crfr-p, which it implies, and crfr-r),
 * ratio (0 < r < 1), seed, or patches ("3+5-7": the patches hidden, no drawing); reconstruction also visible ("kept",
 * "predicted"); coverage those of drawing and times. What is left out takes its default. Free with g_free. Parsing is
 * strict: unknown, repeated or senseless settings are an ARGUMENT error naming what is wrong, and leave *spec alone. */
char *smb_map_spec_to_text (const SmbMapSpec *spec);
gboolean smb_map_spec_parse (SmbMapSpec *spec, const char *text, GError **error);
/* The settings alone ("region=mouth,ratio=0.5"), of the kind that *spec has and on top of what it holds. what: what
 * errors name ("Map “rollout”"; translated). */
gboolean smb_map_spec_parse_settings (SmbMapSpec *spec, const char *list, const char *what, GError **error);

gboolean smb_map_spec_has_patch (const SmbMapSpec *spec, int patch);
void smb_map_spec_add_patch (SmbMapSpec *spec, int patch); /* below SMB_MAP_MAX_PATCHES */

/* Perceptually uniform colour maps, 256 entries each. */
typedef enum {
  SMB_COLOURS_VIRIDIS,
  SMB_COLOURS_CIVIDIS,
  SMB_COLOURS_MAGMA,
  SMB_COLOURS_GREY,
  SMB_COLOURS_DIVERGING
} SmbColours;
const char *smb_colours_name (SmbColours colours); /* "viridis"; static */
gboolean smb_colours_from_name (const char *name, SmbColours *out);
/* t in [0, 1] (clamped) to RGB. */
void smb_colours_lookup (SmbColours colours, double t, guint8 rgb[3]);

G_END_DECLS
