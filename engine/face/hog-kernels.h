/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The arithmetic of dlib's HOG detector on one thread, in its order of operations to the last bit, so that the faces
 * found do not depend on who computed: sums are never fused, rounded or turned round. hog-kernels.c is built once for
 * each instruction set; every copy gives the same bytes. */

#ifdef __cplusplus
extern "C" {
#endif

#define SMB_HOG_CELL      8  /* pixels on each side */
#define SMB_HOG_PLANES    31
#define SMB_HOG_DIRECTION 18 /* of the gradient */
#define SMB_HOG_TAPS      10 /* of a filter, on each side */
#define SMB_HOG_TABLE     (512 * 512)

/* A picture: rows of RGB bytes `stride` apart; up to 16 bytes behind the last may be read, and behind a row written. */
typedef struct {
  unsigned char *rgb;
  long width, height, stride;
} SmbHogPicture;

/* How dlib's bilinear resize runs along a row: made by smb_hog_scale_new for both widths. */
typedef struct {
  long bulk;      /* outputs [0, bulk) in float32, the rest in float64 */
  int *left;      /* (out_width): the left one of the two pixels */
  float *share;   /* (bulk): the right one's share */
  double *shares; /* (out_width): the same of the rest */
} SmbHogScale;

/* One term of a separable filter on a plane of features. */
typedef struct {
  int plane;
  const float *row, *column; /* (SMB_HOG_TAPS) */
} SmbHogTerm;

typedef struct {
  /* Row `r` of a picture out of its neighbours `above` and `below`, the latter with this share. */
  void (*resize_row) (unsigned char *out, const unsigned char *above, const unsigned char *below, double share,
                      long in_width, long out_width, const SmbHogScale *scale);
  /* (SMB_HOG_TABLE): the direction of every gradient that bytes can have. */
  void (*fill_directions) (unsigned char *table);
  /* The gradients of a picture, gathered in cells: hist (rows + 2, columns + 2, SMB_HOG_DIRECTION), zeroed before;
   * table: as fill_directions leaves it; scratch: 9 * (width + 16) floats. */
  void (*gather) (float *hist, const SmbHogPicture *picture, long rows, long columns, const unsigned char *table,
                  float *scratch);
  /* Features of cells from those: planes (SMB_HOG_PLANES, rows - 3 + SMB_HOG_TAPS, columns - 3 + SMB_HOG_TAPS), zeroed
   * before; energy: scratch, rows * columns floats. */
  void (*features) (float *planes, const float *hist, float *energy, long rows, long columns);
  /* out (height, width) = the sum of the terms over planes (.., height, width); only where a filter fits. scratch: as
   * out. */
  void (*filter) (float *out, const float *planes, long width, long height, const SmbHogTerm *terms, int n_terms,
                  float *scratch);
} SmbHogKernels;

extern const SmbHogKernels smb_hog_kernels_base;
#ifdef SMB_HOG_X86
extern const SmbHogKernels smb_hog_kernels_avx2, smb_hog_kernels_avx512;
#endif

#ifdef __cplusplus
}
#endif
