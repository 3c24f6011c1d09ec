/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "face/smb-region-map.h"

/* What drawing a region map and refining it by colour share. */

#define SMB_MAX_CORNERS 64

/* Axes of the face: r points right along the eyes, u up the forehead; w is the distance of the eyes. */
typedef struct {
  const SmbPoint *p;
  SmbPoint r, u;
  double w;
  double third;        /* a third of the face: from the brows to the nose, from the nose to the chin */
  double forehead;     /* from the middle between the ears up to the hairline */
  SmbPoint centre;     /* the middle between the ears */
} SmbFaceAxes;

typedef struct {
  SmbPoint at[SMB_MAX_CORNERS];
  int n;
} SmbPolygon;

typedef struct {
  guint8 *classes;
  int size_px;
  double scale, shift_x, shift_y; /* picture to map: x * scale + shift_x */
} SmbRegionSheet;

void smb_region_fill (const SmbRegionSheet *sheet, const SmbPolygon *polygon, SmbRegionClass class);

/* Moves the border of skin, hair and background to where the colours change; rgb (size, size, 3) is the crop the map
 * is of. */
void smb_region_refine (const SmbRegionSheet *sheet, const SmbFaceAxes *axes, const guint8 *rgb);

static inline SmbPoint
smb_point_plus (SmbPoint a, SmbPoint b, double s)
{
  return (SmbPoint){ a.x + s * b.x, a.y + s * b.y };
}

static inline double
smb_point_dot (SmbPoint a, SmbPoint b)
{
  return a.x * b.x + a.y * b.y;
}
