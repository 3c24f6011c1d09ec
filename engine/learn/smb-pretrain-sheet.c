/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-pretrain-sheet.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "base/smb-error.h"

#define ROWS 4
#define COLUMNS 3
#define MASK_SEED 20
#define HIDDEN_LEVEL 127

/* Which face a row shows: spread over the store. */
static gsize
face_of (const SmbFaceStore *faces, int row)
{
  return (gsize) ((faces->n - 1) * row / (ROWS - 1));
}

static SmbTensorDict *
make_inputs (const SmbFaceStore *faces, const SmbNetConfig *config, const double mean[3], const double std[3],
             SmbMaskStrategy strategy, double ratio)
{
  SmbTensorDict *inputs = smb_tensor_dict_new ();
  int side = config->image_px, l = smb_net_config_get_patches (config);
  gsize pixels = (gsize) side * (gsize) side;
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, (const gint64[]) { ROWS, 3, side, side });
  g_autoptr (SmbTensor) mask = smb_tensor_new (SMB_DTYPE_U8, 2, (const gint64[]) { ROWS, l });
  g_autofree guint8 *member = g_new0 (guint8, SMB_N_REGIONS * l), *fr = g_new0 (guint8, l);
  SmbRng rng;

  smb_rng_init (&rng, MASK_SEED, 0);
  for (int row = 0; row < ROWS; row++) {
    smb_face_normalise ((float *) images->data + (gsize) row * 3 * pixels,
                        faces->rgb + face_of (faces, row) * 3 * pixels, side, mean, std);
    smb_region_membership (member, faces->regions + face_of (faces, row) * pixels, side, config->patch_px);
    smb_mask_draw ((guint8 *) mask->data + row * l, fr, &rng, strategy, SMB_REGION_RANDOM, member, l, ratio);
  }
  smb_tensor_dict_set (inputs, "in.images", images);
  smb_tensor_dict_set (inputs, "in.mask", mask);
  return inputs;
}

static guint8
level_of (float value, double mean, double std)
{
  double v = ((double) value * std + mean) * 255.0;

  return (guint8) (CLAMP (v, 0.0, 255.0) + 0.5);
}

/* The three pictures of a row, side by side. */
static void
draw_row (guint8 *out, int row, const SmbTensor *images, const SmbTensor *pasted, const guint8 *mask,
          const SmbNetConfig *config, const double mean[3], const double std[3])
{
  int side = config->image_px, patch = config->patch_px, grid = side / patch;
  gsize pixels = (gsize) side * (gsize) side;

  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++)
      for (int c = 0; c < 3; c++) {
        gsize at = ((gsize) row * 3 + (gsize) c) * pixels + (gsize) y * (gsize) side + (gsize) x;
        gboolean hidden = mask[y / patch * grid + x / patch] != 0;
        const guint8 levels[COLUMNS] = { level_of (((const float *) images->data)[at], mean[c], std[c]), HIDDEN_LEVEL,
                                         level_of (((const float *) pasted->data)[at], mean[c], std[c]) };

        for (int k = 0; k < COLUMNS; k++)
          out[(((gsize) row * (gsize) side + (gsize) y) * COLUMNS * (gsize) side + (gsize) k * (gsize) side + (gsize) x)
                  * 3
              + (gsize) c]
              = k == 1 && !hidden ? levels[0] : levels[k];
      }
}

gboolean
smb_pretrain_sheet_write (const char *folder, SmbDevice *device, SmbTensorDict *online, const SmbFaceStore *faces,
                          const double mean[3], const double std[3], SmbMaskStrategy strategy, double mask_ratio,
                          GError **error)
{
  g_autoptr (SmbNet) net = smb_net_new (device, online, NULL, _ ("the network"), SMB_PRECISION_F32, error);
  g_autoptr (SmbTensorDict) inputs = NULL, outputs = NULL;
  g_autofree char *path = g_build_filename (folder, "reconstruction.ppm", NULL), *header = NULL;
  g_autoptr (GString) file = NULL;
  g_autoptr (GError) local = NULL;
  const SmbNetConfig *config;
  gsize side, n;

  if (net == NULL)
    return FALSE;
  config = smb_net_get_config (net);
  side = (gsize) config->image_px;
  n = ROWS * COLUMNS * side * side * 3;
  inputs = make_inputs (faces, config, mean, std, strategy, mask_ratio);
  outputs = smb_net_forward (net, NULL, inputs, SMB_WANT_IMAGES, NULL, error);
  if (outputs == NULL)
    return FALSE;
  header = g_strdup_printf ("P6\n%d %d\n255\n", (int) side * COLUMNS, (int) side * ROWS);
  file = g_string_sized_new (n + 64);
  g_string_append (file, header);
  g_string_set_size (file, strlen (header) + n);
  for (int row = 0; row < ROWS; row++)
    draw_row ((guint8 *) file->str + strlen (header), row, smb_tensor_dict_get (inputs, "in.images"),
              smb_tensor_dict_get (outputs, "out.image_pasted"),
              (const guint8 *) smb_tensor_dict_get (inputs, "in.mask")->data
                  + row * smb_net_config_get_patches (config),
              config, mean, std);
  return g_file_set_contents (path, file->str, (gssize) file->len, &local)
         || smb_error_set_file (error, local, path, _ ("writing"));
}
