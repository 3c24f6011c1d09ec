/* SPDX-License-Identifier: Apache-2.0 */
/* Expected hashes: Image.resize of Pillow 9.5 on the same pictures (later releases go down first where that is cheaper,
 * which moves single values by one for pictures that are not square). */
#include "base/smb-hash.h"
#include "face/smb-resample.h"

typedef guint8 *(*Painter) (int width, int height);

/* Every value next to every other: the filter overshoots and is clipped. */
static guint8 *
noise (int width, int height)
{
  gsize n = (gsize) width * (gsize) height * 3;
  guint8 *rgb = g_malloc (n);
  guint32 state = 12345;

  for (gsize i = 0; i < n; i++) {
    state = state * 1664525u + 1013904223u;
    rgb[i] = (guint8) (state >> 24);
  }
  return rgb;
}

static guint8 *
wave (int width, int height)
{
  guint8 *rgb = g_malloc ((gsize) width * (gsize) height * 3);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        rgb[((gsize) y * (gsize) width + (gsize) x) * 3 + (gsize) c]
            = (guint8) ((x * x * (c + 1) + y * 7 * (3 - c) + x * y) / (c + 5) % 256);
  return rgb;
}

static const struct {
  Painter painter;
  int width, height, out_width, out_height;
  SmbFilter filter;
  const char *sha256;
} cases[] = {
  { noise, 61, 47, 17, 13, SMB_FILTER_BICUBIC, "c7f5b12a7a1628ac8351babf778b23c0912832254ed2cb4a4397e79ad5f28e04" },
  { noise, 17, 13, 61, 47, SMB_FILTER_BICUBIC, "97f71f4c14ec47f09158cbfd8b676bd0b9a7b4aba05f2820db8cc476ba201c78" },
  { noise, 40, 40, 32, 32, SMB_FILTER_BICUBIC, "4460c5d4f3a0878c7da33a98b4ebdcea526e71a9129914523e761c2a5307a252" },
  { noise, 1, 1, 5, 3, SMB_FILTER_BICUBIC, "f06754a25bb3cb24dc5c636a13b91d2b4dd8ae417a74825a06ea405b1463482a" },
  { noise, 300, 2, 7, 7, SMB_FILTER_BICUBIC, "02bc1843054515dbd4691b7f2525925e8d3a637c05d2bca1a0d4b4f24f3f85ea" },
  { noise, 64, 64, 64, 64, SMB_FILTER_BICUBIC, "c4eb432d9f8f0c17f57444f3bcd6a8b5c57e8d47126196e6a5c599a692a03d0d" },
  { noise, 3, 200, 31, 9, SMB_FILTER_BICUBIC, "af0d909f1f1fc5757a13f1b48937eb70d2c60bcd87fc62be1ab9f7dcd4027888" },
  { noise, 61, 47, 17, 13, SMB_FILTER_BOX, "5bf19819263db2c947afb58e5c1c9bab9ae4ba82ed00dc2a20d59d27a07c0a4a" },
  { noise, 101, 53, 40, 21, SMB_FILTER_BOX, "6376ee6d72c5ecd4347b839034f312a0f66b554426532c1c277d72659b255f3d" },
  { noise, 256, 256, 224, 224, SMB_FILTER_BICUBIC, "00c4cebc123281afc05421eddb43d50caa65f529077571a3c00ff5fde34b4b5a" },
  { wave, 61, 47, 17, 13, SMB_FILTER_BICUBIC, "00b228a153761c902a8c3ce1b6b367eee0e74a5b2609db34a3cce386d4e858af" },
  { wave, 17, 13, 61, 47, SMB_FILTER_BICUBIC, "194b2f15f709f4c285a6dff3ff6729b8c9054291942d212b857bfff4d41ecd5c" },
  { wave, 40, 40, 32, 32, SMB_FILTER_BICUBIC, "29b75575363365d7bfdb5fd225dd5910fbc7562cb62ae33e6f60533495c5e7be" },
  { wave, 1, 1, 5, 3, SMB_FILTER_BICUBIC, "8a1020634191c27b63d3c2aa45b723f696ddf2743ca8996a33ed0e47ddd7fc07" },
  { wave, 300, 2, 7, 7, SMB_FILTER_BICUBIC, "ec8d1b219a4b4191de583e0c5cdc3969e44cb71898bfad718e6f67f5186dd98c" },
  { wave, 64, 64, 64, 64, SMB_FILTER_BICUBIC, "2d7e4babc799ea67cf0978406d01a62b42cf6223fcd5577dbe0ebd26dfc31ea1" },
  { wave, 3, 200, 31, 9, SMB_FILTER_BICUBIC, "6ae6e71a1f10cc7dfe977451166b8fbcdc0f256fc7d7a0b3a7a4eb7182c25680" },
  { wave, 61, 47, 17, 13, SMB_FILTER_BOX, "b9353074b524ee676ce1d98b7fd1b57a309994b4bd97aa2602c966844e6ca1d3" },
  { wave, 101, 53, 40, 21, SMB_FILTER_BOX, "466d051c646f0f072069d3a7b2e35be42f745eb47d97ec10879928334dceccf0" },
  { wave, 256, 256, 224, 224, SMB_FILTER_BICUBIC, "dc8f9c0ebfb9529b54da6b04369995f514b1c02e8036c0fddf63b9c2285816ad" },
};

static void
test_like_pillow (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree guint8 *rgb = cases[i].painter (cases[i].width, cases[i].height);
    g_autofree guint8 *out = smb_resample (rgb, (gsize) cases[i].width * 3, cases[i].width, cases[i].height,
                                           cases[i].out_width, cases[i].out_height, cases[i].filter);
    g_autofree char *sha256
        = smb_sha256_of_bytes (out, (gsize) cases[i].out_width * (gsize) cases[i].out_height * 3);

    g_test_message ("case %u: %d x %d to %d x %d", i, cases[i].width, cases[i].height, cases[i].out_width,
                    cases[i].out_height);
    g_assert_cmpstr (sha256, ==, cases[i].sha256);
  }
}

static void
test_pixels (void)
{
  g_autofree guint8 *rgb = noise (61, 47);
  g_autofree guint8 *out = smb_resample (rgb, 61 * 3, 61, 47, 17, 13, SMB_FILTER_BICUBIC);

  g_assert_cmpmem (out, 3, ((guint8[]){ 145, 76, 131 }), 3);
  g_assert_cmpmem (out + (6 * 17 + 8) * 3, 3, ((guint8[]){ 161, 108, 96 }), 3);
  g_assert_cmpmem (out + (12 * 17 + 16) * 3, 3, ((guint8[]){ 127, 115, 118 }), 3);
}

/* A window into a larger picture gives what the cut-out picture gives. */
static void
test_rows_apart (void)
{
  g_autofree guint8 *rgb = noise (50, 40);
  g_autofree guint8 *cut = g_malloc (20 * 10 * 3);
  g_autofree guint8 *of_window = NULL, *of_cut = NULL;

  for (int y = 0; y < 10; y++)
    for (int i = 0; i < 20 * 3; i++)
      cut[y * 20 * 3 + i] = rgb[(y + 7) * 50 * 3 + 11 * 3 + i];
  of_window = smb_resample (rgb + 7 * 50 * 3 + 11 * 3, 50 * 3, 20, 10, 33, 5, SMB_FILTER_BICUBIC);
  of_cut = smb_resample (cut, 20 * 3, 20, 10, 33, 5, SMB_FILTER_BICUBIC);
  g_assert_cmpmem (of_window, 33 * 5 * 3, of_cut, 33 * 5 * 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resample/like-pillow", test_like_pillow);
  g_test_add_func ("/resample/pixels", test_pixels);
  g_test_add_func ("/resample/rows-apart", test_rows_apart);
  return g_test_run ();
}
