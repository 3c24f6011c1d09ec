/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of every kind, as the decode worker meets them. */
#include "fuzz.h"

#include "media/smb-picture.h"

#include <unistd.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  const SmbPictureLimits limits = { .max_pixels = 1000000, .max_side_px = 4000, .max_file_bytes = 1 << 20 };
  int fd = fuzz_memory_fd (data, n_bytes);
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbImage) image = smb_picture_decode (fd, "fuzz", 0, &limits, &info, NULL, &error);

  close (fd);
  g_assert_true ((image != NULL) != (error != NULL));
  fuzz_check_error (error);
  if (image != NULL)
    g_assert_true ((guint64) image->width * (guint64) image->height <= limits.max_pixels
                   && image->width <= limits.max_side_px && image->height <= limits.max_side_px);
  return 0;
}
