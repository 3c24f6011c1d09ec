/* SPDX-License-Identifier: Apache-2.0 */
/* Region maps made elsewhere: NumPy's files, pictures whose pixels are classes, and the packed text of a case. */
#include "fuzz.h"

#include "face/smb-regions.h"
#include "media/smb-picture.h"

#include <unistd.h>

static void
check (SmbRegions *regions, const GError *error)
{
  g_assert_true ((regions != NULL) != (error != NULL));
  fuzz_check_error (error);
  for (gint64 i = 0; regions != NULL && i < (gint64) regions->size_px * regions->size_px; i++)
    g_assert_cmpuint (regions->classes[i], <=, 10);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  const SmbPictureLimits limits = { .max_pixels = 300000, .max_side_px = 1000, .max_file_bytes = 1 << 20 };
  int fd = fuzz_memory_fd (data, n_bytes);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd), *text = g_strndup ((const char *) data, n_bytes);
  g_autoptr (GError) npy_error = NULL, picture_error = NULL, text_error = NULL;
  g_autoptr (SmbRegions) npy = smb_regions_read_npy (path, &npy_error), drawn = NULL, packed = NULL;
  g_autoptr (SmbImage) image = smb_picture_decode (fd, "fuzz", 0, &limits, NULL, NULL, NULL);

  close (fd);
  check (npy, npy_error);
  if (image != NULL) {
    drawn = smb_regions_from_picture (image, "fuzz", &picture_error);
    check (drawn, picture_error);
  }
  packed = smb_regions_unpack (text, 16, SMB_REGIONS_BY_HAND, &text_error);
  check (packed, text_error);
  return 0;
}
