/* SPDX-License-Identifier: Apache-2.0 */
/* What a picture's file says besides its pixels: EXIF, XMP, IPTC, tables, the thumbnail. */
#include "fuzz.h"

#include "media/smb-metadata.h"

#include <unistd.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  const SmbPictureLimits limits = { .max_pixels = 1000000, .max_side_px = 4000, .max_file_bytes = 1 << 20 };
  int fd = fuzz_memory_fd (data, n_bytes);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbMetadata) metadata = smb_metadata_read (fd, "fuzz", &limits, NULL, &error);

  close (fd);
  g_assert_true ((metadata != NULL) != (error != NULL));
  fuzz_check_error (error);
  if (metadata != NULL)
    g_assert_cmpuint (metadata->entries->len, <=, SMB_METADATA_MAX_ENTRIES);
  return 0;
}
