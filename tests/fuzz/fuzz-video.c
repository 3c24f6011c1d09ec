/* SPDX-License-Identifier: Apache-2.0 */
/* Moving pictures, as the decode worker meets them: opened, numbered, decoded here and there. */
#include "fuzz.h"

#include "media/smb-video.h"

#include <unistd.h>

#define MAX_SIDE_PX 512

static void
check_frame (SmbVideo *video, guint k, int max_side_px)
{
  g_autoptr (GError) error = NULL;
  SmbVideoPicture about = { 0 };
  g_autoptr (SmbImage) image = smb_video_get_frame (video, k, max_side_px, &about, NULL, &error);

  g_assert_true ((image != NULL) != (error != NULL));
  fuzz_check_error (error);
  if (image == NULL)
    return;
  g_assert_cmpint (MAX (image->width, image->height), <=, max_side_px > 0 ? max_side_px : MAX_SIDE_PX);
  g_assert_cmpuint (g_bytes_get_size (image->bytes), ==, (gsize) image->width * (gsize) image->height * 3);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  const SmbVideoLimits limits
      = { .picture = { .max_pixels = 100000, .max_side_px = MAX_SIDE_PX, .max_file_bytes = 1 << 20 },
          .max_frames = 60,
          .max_streams = 8,
          .cache_bytes = 1 << 20 };
  static gboolean prepared;
  int fd = fuzz_memory_fd (data, n_bytes);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbVideo) video = NULL;

  if (!prepared)
    smb_video_prepare ();
  prepared = TRUE;
  video = smb_video_open (fd, "fuzz", &limits, NULL, NULL, NULL, &error);
  close (fd);
  g_assert_true ((video != NULL) != (error != NULL));
  fuzz_check_error (error);
  if (video != NULL) {
    guint n = smb_video_get_n_frames (video);
    JsonObject *facts = smb_video_describe (video);
    g_auto (GStrv) warnings = smb_video_dup_warnings (video);

    g_assert_cmpuint (n, >, 0);
    g_assert_cmpuint (n, <=, limits.max_frames);
    check_frame (video, 0, 0);
    check_frame (video, n - 1, 16);
    check_frame (video, n / 2, 0);
    json_object_unref (facts);
  }
  return 0;
}
