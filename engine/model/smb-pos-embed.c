/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-pos-embed.h"

#include <math.h>
#include <string.h>

SmbTensor *
smb_pos_embed_sincos (int dim, int grid)
{
  const gint64 shape[] = { 1, 1 + (gint64) grid * grid, dim };
  SmbTensor *table;
  int quarter = dim / 4;

  g_return_val_if_fail (dim % 4 == 0, NULL);
  table = smb_tensor_new (SMB_DTYPE_F32, 3, shape);
  for (int k = 0; k < grid * grid; k++) {
    float *row = (float *) table->data + (gsize) (1 + k) * (gsize) dim;

    for (int half = 0; half < 2; half++)
      for (int j = 0; j < quarter; j++) {
        double angle = (half == 0 ? k % grid : k / grid) * pow (10000.0, -(double) j / quarter);

        row[2 * half * quarter + j] = (float) sin (angle);
        row[(2 * half + 1) * quarter + j] = (float) cos (angle);
      }
  }
  return table;
}

/* Keys' cubic convolution with A = -0.75: weights of the pixels at -1, 0, 1, 2 for a point at t in [0, 1). */
static void
cubic_weights (double t, double w[4])
{
  const double a = -0.75;

  for (int i = 0; i < 4; i++) {
    double d = fabs (t + 1.0 - i);

    w[i] = d <= 1.0 ? ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0
                    : ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a;
  }
}

SmbTensor *
smb_pos_embed_resample (const SmbTensor *table, int grid)
{
  gint64 dim = table->shape[2];
  const gint64 shape[] = { 1, 1 + (gint64) grid * grid, dim };
  int old = (int) lround (sqrt ((double) table->shape[1] - 1.0));
  const float *from = table->data;
  SmbTensor *out = smb_tensor_new (SMB_DTYPE_F32, 3, shape);
  float *to = out->data;

  memcpy (to, from, (gsize) dim * sizeof (float));
  for (int y = 0; y < grid; y++)
    for (int x = 0; x < grid; x++) {
      double sy = (y + 0.5) * old / grid - 0.5, sx = (x + 0.5) * old / grid - 0.5, wy[4], wx[4];
      int y0 = (int) floor (sy), x0 = (int) floor (sx);

      cubic_weights (sy - y0, wy);
      cubic_weights (sx - x0, wx);
      for (gint64 c = 0; c < dim; c++) {
        double sum = 0.0;

        for (int i = 0; i < 4; i++)
          for (int j = 0; j < 4; j++) {
            int row = CLAMP (y0 - 1 + i, 0, old - 1), column = CLAMP (x0 - 1 + j, 0, old - 1);

            sum += wy[i] * wx[j] * (double) from[(1 + row * old + column) * dim + c];
          }
        to[(1 + y * grid + x) * dim + c] = (float) sum;
      }
    }
  return out;
}
