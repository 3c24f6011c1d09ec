/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "explain/smb-map.h"

G_BEGIN_DECLS

/* The settings a map's description can hold; for writing and reading it alone. */
typedef enum {
  SMB_KEY_LAYER = 1 << 0,
  SMB_KEY_HEAD = 1 << 1,
  SMB_KEY_QUERY = 1 << 2,
  SMB_KEY_STRATEGY = 1 << 3,
  SMB_KEY_REGION = 1 << 4,
  SMB_KEY_RATIO = 1 << 5,
  SMB_KEY_SEED = 1 << 6,
  SMB_KEY_PATCHES = 1 << 7,
  SMB_KEY_VISIBLE = 1 << 8,
  SMB_KEY_CLASS = 1 << 9,
  SMB_KEY_PATCH = 1 << 10,
  SMB_KEY_STRIDE = 1 << 11,
  SMB_KEY_TIMES = 1 << 12,
} SmbMapKey;

guint smb_map_kind_get_keys (SmbMapKind kind);

G_END_DECLS
