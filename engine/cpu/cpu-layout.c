/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <string.h>

/* Images to patches and back. */

typedef struct {
  float *patches, *images; /* the one that is read is not written */
  int64_t chans, height, width, patch, grid_width, grid;
  SmbPatchOrder order;
  int back;
} PatchJob;

/* One patch; its place in the image starts at `image` (channel 0, top left). */
static void
move_patch (const PatchJob *j, float *patch, float *image)
{
  int64_t p = j->patch, plane = j->height * j->width;

  for (int64_t ch = 0; ch < j->chans; ch++)
    for (int64_t y = 0; y < p; y++) {
      float *row = image + ch * plane + y * j->width;

      if (j->order == SMB_PATCH_CHW) {
        float *part = patch + (ch * p + y) * p;

        memcpy (j->back ? row : part, j->back ? part : row, (size_t) p * sizeof (float));
        continue;
      }
      for (int64_t x = 0; x < p; x++) {
        float *value = patch + (y * p + x) * j->chans + ch;

        if (j->back)
          row[x] = *value;
        else
          *value = row[x];
      }
    }
}

static void
patch_work (void *arg, int thread, int64_t from, int64_t to)
{
  const PatchJob *j = arg;
  int64_t floats = j->chans * j->patch * j->patch;

  for (int64_t i = from; i < to; i++) {
    int64_t sample = i / j->grid, row = i % j->grid / j->grid_width, column = i % j->grid_width;

    move_patch (j, j->patches + i * floats,
                j->images + sample * j->chans * j->height * j->width + (row * j->width + column) * j->patch);
  }
}

static SmbStatus
move_patches (SmbCpu *cpu, float *patches, float *images, int64_t b, int64_t chans, int64_t height, int64_t width,
              int64_t patch, SmbPatchOrder order, int back)
{
  PatchJob job = { patches, images, chans, height, width, patch, width / patch, 0, order, back };

  job.grid = job.grid_width * (height / patch);
  smb_cpu_parallel (cpu, b * job.grid, 8, patch_work, &job);
  return SMB_STATUS_OK;
}

SmbStatus
smb_cpu_patchify (void *ctx, float *out, const float *images, int64_t b, int64_t chans, int64_t height, int64_t width,
                  int64_t patch, SmbPatchOrder order)
{
  return move_patches (ctx, out, (float *) images, b, chans, height, width, patch, order, 0);
}

SmbStatus
smb_cpu_unpatchify (void *ctx, float *images, const float *patches, int64_t b, int64_t chans, int64_t height,
                    int64_t width, int64_t patch, SmbPatchOrder order)
{
  return move_patches (ctx, (float *) patches, images, b, chans, height, width, patch, order, 1);
}
