/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"

#include <math.h>
#include <stdlib.h>

void
oracle_gemm (double *c, const double *a, const double *b, int64_t m, int64_t n, int64_t k, int trans_a, int trans_b,
             double alpha, double beta)
{
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      double sum = 0;

      for (int64_t p = 0; p < k; p++)
        sum += (trans_a ? a[p * m + i] : a[i * k + p]) * (trans_b ? b[j * k + p] : b[p * n + j]);
      c[i * n + j] = alpha * sum + (beta != 0 ? beta * c[i * n + j] : 0);
    }
}

double
oracle_gelu (double x)
{
  return 0.5 * x * erfc (-x / sqrt (2.0));
}

void
oracle_linear (double *y, double *before, const double *x, const double *w, const double *bias,
               const double *residual, int64_t rows, int64_t n_in, int64_t n_out, SmbEpilogue epilogue)
{
  for (int64_t r = 0; r < rows; r++)
    for (int64_t o = 0; o < n_out; o++) {
      double z = bias != NULL ? bias[o] : 0;

      for (int64_t i = 0; i < n_in; i++)
        z += x[r * n_in + i] * w[o * n_in + i];
      if (before != NULL)
        before[r * n_out + o] = z;
      if (epilogue == SMB_EPILOGUE_GELU)
        z = oracle_gelu (z);
      else if (epilogue == SMB_EPILOGUE_RELU)
        z = z > 0 ? z : 0;
      y[r * n_out + o] = z + (residual != NULL ? residual[r * n_out + o] : 0);
    }
}

void
oracle_attention (double *y, double *probs, double *lse, const double *qkv, int64_t b, int64_t t, int64_t h, int64_t d)
{
  int64_t c = h * d;
  double *p = calloc ((size_t) t, sizeof *p);

  for (int64_t s = 0; s < b; s++)
    for (int64_t head = 0; head < h; head++)
      for (int64_t i = 0; i < t; i++) {
        const double *q = qkv + (s * t + i) * 3 * c + head * d;
        double most = -INFINITY, sum = 0;

        for (int64_t j = 0; j < t; j++) {
          const double *k = qkv + (s * t + j) * 3 * c + c + head * d;

          p[j] = 0;
          for (int64_t x = 0; x < d; x++)
            p[j] += q[x] * k[x] / sqrt ((double) d);
          most = fmax (most, p[j]);
        }
        for (int64_t j = 0; j < t; j++)
          sum += p[j] = exp (p[j] - most);
        for (int64_t x = 0; x < d; x++)
          y[(s * t + i) * c + head * d + x] = 0;
        for (int64_t j = 0; j < t; j++) {
          const double *v = qkv + (s * t + j) * 3 * c + 2 * c + head * d;

          p[j] /= sum;
          for (int64_t x = 0; x < d; x++)
            y[(s * t + i) * c + head * d + x] += p[j] * v[x];
          if (probs != NULL)
            probs[((s * h + head) * t + i) * t + j] = p[j];
        }
        if (lse != NULL)
          lse[(s * h + head) * t + i] = most + log (sum);
      }
  free (p);
}

void
oracle_layer_norm (double *y, double *mean, double *rstd, const double *x, const double *w, const double *bias,
                   int64_t rows, int64_t c, double eps)
{
  for (int64_t r = 0; r < rows; r++) {
    double m = 0, var = 0;

    for (int64_t i = 0; i < c; i++)
      m += x[r * c + i] / (double) c;
    for (int64_t i = 0; i < c; i++)
      var += (x[r * c + i] - m) * (x[r * c + i] - m) / (double) c;
    for (int64_t i = 0; i < c; i++)
      y[r * c + i] = (x[r * c + i] - m) / sqrt (var + eps) * w[i] + bias[i];
    if (mean != NULL)
      mean[r] = m;
    if (rstd != NULL)
      rstd[r] = 1 / sqrt (var + eps);
  }
}

void
oracle_unit_rows (double *y, double *norm, const double *x, int64_t rows, int64_t c)
{
  for (int64_t r = 0; r < rows; r++) {
    double sum = 0, length;

    for (int64_t i = 0; i < c; i++)
      sum += x[r * c + i] * x[r * c + i];
    length = fmax (sqrt (sum), 1e-12);
    for (int64_t i = 0; i < c; i++)
      y[r * c + i] = x[r * c + i] / length;
    if (norm != NULL)
      norm[r] = length;
  }
}

void
oracle_patchify (double *out, const double *images, int64_t b, int64_t chans, int64_t height, int64_t width,
                 int64_t patch, SmbPatchOrder order)
{
  for (int64_t s = 0; s < b; s++)
    for (int64_t ch = 0; ch < chans; ch++)
      for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++) {
          int64_t l = y / patch * (width / patch) + x / patch, py = y % patch, px = x % patch;
          int64_t in = order == SMB_PATCH_CHW ? (ch * patch + py) * patch + px : (py * patch + px) * chans + ch;
          int64_t patches = (height / patch) * (width / patch);

          out[(s * patches + l) * chans * patch * patch + in] = images[((s * chans + ch) * height + y) * width + x];
        }
}

void
oracle_tokens (double *out, const double *x, const double *cls, const double *pos, const int32_t *index, int64_t b,
               int64_t k, int64_t c)
{
  for (int64_t s = 0; s < b; s++)
    for (int64_t i = 0; i < c; i++) {
      out[s * (1 + k) * c + i] = cls[i] + pos[i];
      for (int64_t n = 0; n < k; n++) {
        int64_t place = index != NULL ? index[s * k + n] : n;

        out[(s * (1 + k) + 1 + n) * c + i] = x[(s * k + n) * c + i] + pos[(1 + place) * c + i];
      }
    }
}

void
oracle_unshuffle (double *out, const double *x, const double *mask, const double *pos, const int32_t *index,
                  int64_t b, int64_t l, int64_t k, int64_t c)
{
  for (int64_t s = 0; s < b; s++)
    for (int64_t i = 0; i < c; i++) {
      double *o = out + s * (1 + l) * c + i;

      o[0] = x[s * (1 + k) * c + i];
      for (int64_t n = 0; n < l; n++)
        o[(1 + n) * c] = mask[i];
      for (int64_t n = 0; n < k; n++)
        o[(1 + index[s * k + n]) * c] = x[(s * (1 + k) + 1 + n) * c + i];
      for (int64_t n = 0; pos != NULL && n <= l; n++)
        o[n * c] += pos[n * c + i];
    }
}

void
oracle_mean_tokens (double *out, const double *x, int64_t b, int64_t t, int64_t c, int64_t first)
{
  for (int64_t s = 0; s < b; s++)
    for (int64_t i = 0; i < c; i++) {
      out[s * c + i] = 0;
      for (int64_t n = first; n < t; n++)
        out[s * c + i] += x[(s * t + n) * c + i] / (double) (t - first);
    }
}

void
oracle_recon_target (double *target, double *mean, double *sd, int64_t rows, int64_t pix, int normalise)
{
  for (int64_t r = 0; r < rows; r++) {
    double *t = target + r * pix, m = 0, var = 0;

    for (int64_t i = 0; i < pix; i++)
      m += t[i] / (double) pix;
    for (int64_t i = 0; i < pix; i++)
      var += (t[i] - m) * (t[i] - m) / (double) (pix - 1);
    mean[r] = m;
    sd[r] = sqrt (var + 1e-6);
    for (int64_t i = 0; normalise && i < pix; i++)
      t[i] = (t[i] - m) / sd[r];
  }
}

void
oracle_recon_error (double *error, const double *pred, const double *target, int64_t rows, int64_t pix)
{
  for (int64_t r = 0; r < rows; r++) {
    error[r] = 0;
    for (int64_t i = 0; i < pix; i++)
      error[r] += pow (pred[r * pix + i] - target[r * pix + i], 2) / (double) pix;
  }
}
