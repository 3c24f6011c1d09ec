/* SPDX-License-Identifier: Apache-2.0 */
/* Frame k has the same bytes however one gets there, on clips made to be awkward. */
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "base/smb-rng.h"
#include "media/smb-video.h"
#include "video-clip.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static char *folder;

static SmbVideo *
open_clip (const char *path, GError **error)
{
  SmbVideoLimits limits;
  SmbVideo *video;
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (smb_video_limits_get (&limits, NULL));
  /* A cache too small to hide anything. */
  limits.cache_bytes = 1 << 20;
  video = smb_video_open (fd, path, &limits, NULL, NULL, NULL, error);
  close (fd);
  return video;
}

static char *
hash_of (SmbVideo *video, guint k)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbImage) image = smb_video_get_frame (video, k, 0, NULL, NULL, &error);

  g_assert_no_error (error);
  return smb_sha256_of_bytes (smb_image_get_pixels (image), g_bytes_get_size (image->bytes));
}

/* Every frame from the start; then out of order and backwards with another reader. */
static GPtrArray *
check_seeking (const char *path, guint n_expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbVideo) straight = open_clip (path, &error);
  g_autoptr (SmbVideo) jumping = NULL;
  g_auto (GStrv) warnings = NULL;
  GPtrArray *hashes = g_ptr_array_new_with_free_func (g_free);
  SmbRng rng;
  guint n;

  g_assert_no_error (error);
  jumping = open_clip (path, &error);
  g_assert_no_error (error);
  n = smb_video_get_n_frames (straight);
  warnings = smb_video_dup_warnings (straight);
  for (char **at = warnings; *at != NULL; at++)
    g_test_message ("%s: %s", path, *at);
  if (n_expected > 0)
    g_assert_cmpuint (n, ==, n_expected);
  for (guint k = 0; k < n; k++)
    g_ptr_array_add (hashes, hash_of (straight, k));
  smb_rng_init (&rng, 7, 0);
  for (guint i = 0; i < 40; i++) {
    guint k = i < 12 ? n - 1 - MIN (i, n - 1) : smb_rng_below (&rng, n);
    g_autofree char *hash = hash_of (jumping, k);

    if (g_strcmp0 (hash, hashes->pdata[k]) != 0)
      g_test_message ("%s: frame %u", path, k);
    g_assert_cmpstr (hash, ==, hashes->pdata[k]);
  }
  return hashes;
}

/* No two neighbours alike: frames are told apart by their hashes. */
static void
check_distinct (GPtrArray *hashes)
{
  for (guint k = 1; k < hashes->len; k++)
    g_assert_cmpstr (hashes->pdata[k], !=, hashes->pdata[k - 1]);
}

#define SOURCE "-f lavfi -i testsrc2=size=160x120:rate=25:duration=4"
#define X264 "-c:v libx264 -preset veryfast -pix_fmt yuv420p"

static const struct {
  const char *name;
  const char *arguments;
} clips[] = {
  { "closed.mp4", SOURCE " " X264 " -g 12 -bf 3" },
  { "open.mp4", SOURCE " " X264 " -x264-params open-gop=1:keyint=12:min-keyint=12:bframes=3:scenecut=0" },
  { "open.ts", SOURCE " " X264 " -x264-params open-gop=1:keyint=15:min-keyint=15:bframes=2:scenecut=0" },
  { "refresh.mkv", SOURCE " " X264 " -x264-params intra-refresh=1:keyint=20:bframes=0" },
  { "pyramid.mkv", SOURCE " " X264 " -g 30 -bf 8 -x264-params b-pyramid=normal:ref=4" },
  { "long-gop.mp4", SOURCE " " X264 " -g 250" },
  { "variable.mp4", SOURCE " -vf select='not(mod(n\\,3))+not(mod(n\\,7))' -vsync vfr " X264 " -g 10 -bf 2" },
  { "variable.mkv", SOURCE " -vf select='not(mod(n\\,5))+lt(mod(n\\,17)\\,4)' -vsync vfr " X264 " -g 10 -bf 2" },
  { "interlaced.mp4",
    SOURCE " -vf tinterlace=interleave_top,setfield=tff -flags +ildct+ilme " X264 " -g 12 -x264-params tff=1" },
  { "interlaced.mpg", SOURCE " -c:v mpeg2video -flags +ildct+ilme -g 12 -bf 2" },
  { "open.mpg", SOURCE " -c:v mpeg2video -g 12 -bf 2 -b:v 400k" },
  { "ten-bit.mkv",
    SOURCE " -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params log-level=none:keyint=15:open-gop=1" },
  { "vp9.webm", SOURCE " -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 20 -b:v 200k" },
  { "vp8.webm", SOURCE " -c:v libvpx -deadline good -cpu-used 5 -auto-alt-ref 1 -lag-in-frames 10 -g 20 -b:v 200k" },
  { "xvid.avi", SOURCE " -c:v mpeg4 -bf 2 -g 12" },
  { "avc.avi", SOURCE " " X264 " -g 12 -bf 2" },
  { "raw.h264", SOURCE " " X264 " -g 12 -bf 2" },
  { "motion.avi", SOURCE " -c:v mjpeg -q:v 5" },
  { "lossless.mov", SOURCE " -c:v qtrle" },
  { "animation.gif", SOURCE " -r 10" },
};

static void
test_seeking (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (clips); i++) {
    g_autofree char *path = video_clip_make (folder, clips[i].name, TRUE, "%s", clips[i].arguments);
    g_autoptr (GPtrArray) hashes = NULL;

    if (path == NULL) {
      g_test_message ("%s: this ffmpeg cannot make it", clips[i].name);
      continue;
    }
    hashes = check_seeking (path, video_clip_count_frames (path));
    check_distinct (hashes);
  }
}

/* The picture is upright, and another than the one without the turn. */
static void
test_rotation (void)
{
  static const int degrees[] = { 90, 180, 270 };
  g_autofree char *plain = video_clip_make (folder, "plain.mp4", FALSE, "%s", SOURCE " " X264 " -g 12");
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbVideo) straight = open_clip (plain, &error);
  g_autoptr (SmbImage) upright = NULL;

  g_assert_no_error (error);
  upright = smb_video_get_frame (straight, 5, 0, NULL, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (degrees); i++) {
    g_autofree char *name = g_strdup_printf ("turned-%d.mp4", degrees[i]);
    g_autofree char *path
        = video_clip_make (folder, name, FALSE, "-i %s -c copy -metadata:s:v:0 rotate=%d", plain, degrees[i]);
    g_autoptr (SmbVideo) turned = open_clip (path, &error);
    g_autoptr (SmbImage) image = NULL;
    const guint8 *a = smb_image_get_pixels (upright), *b;

    g_assert_no_error (error);
    image = smb_video_get_frame (turned, 5, 0, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpint (image->width, ==, degrees[i] == 180 ? 160 : 120);
    b = smb_image_get_pixels (image);
    /* This program's "rotate" turns counter-clockwise: what is stored as the top row ends up left, below, right. */
    for (int x = 0; x < 160; x++) {
      int column = degrees[i] == 90 ? 0 : degrees[i] == 180 ? 159 - x : 119;
      int row = degrees[i] == 90 ? 159 - x : degrees[i] == 180 ? 119 : x;

      g_assert_cmpmem (a + x * 3, 3, b + (row * image->width + column) * 3, 3);
    }
  }
}

/* An edit list hides the beginning: decoded, not shown, not counted. */
static void
test_edit_list (void)
{
  g_autofree char *plain = video_clip_make (folder, "whole.mp4", FALSE, "%s", SOURCE " " X264 " -g 50 -bf 2");
  g_autofree char *path = video_clip_make (folder, "edited.mp4", FALSE, "-ss 1 -i %s -c copy", plain);
  g_autoptr (GPtrArray) all = check_seeking (plain, 100);
  g_autoptr (GPtrArray) rest = check_seeking (path, video_clip_count_frames (path));

  g_assert_cmpuint (rest->len, <, all->len);
  g_assert_cmpuint (rest->len, >=, 70);
  /* The last frames are those of the whole clip. */
  for (guint i = 1; i < 50; i++)
    g_assert_cmpstr (rest->pdata[rest->len - i], ==, all->pdata[all->len - i]);
}

static gboolean
warns (SmbVideo *video, const char *part)
{
  g_auto (GStrv) warnings = smb_video_dup_warnings (video);

  for (char **warning = warnings; *warning != NULL; warning++)
    if (strstr (*warning, part) != NULL)
      return TRUE;
  return FALSE;
}

/* What is there is shown, and the rest said to be missing. */
static void
test_cut_short (void)
{
  static const struct {
    const char *name, *arguments;
  } cuts[] = {
    { "cut.mp4", SOURCE " " X264 " -g 12 -bf 2 -movflags +faststart" },
    { "cut.mkv", SOURCE " " X264 " -g 12 -bf 2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++) {
    g_autofree char *whole = video_clip_make (folder, cuts[i].name, FALSE, "%s", cuts[i].arguments);
    g_autofree char *path = video_clip_cut (whole, 0.6);
    g_autoptr (GPtrArray) all = check_seeking (whole, 100);
    g_autoptr (GPtrArray) rest = check_seeking (path, 0);
    g_autoptr (SmbVideo) video = open_clip (path, NULL);
    guint same = 0;

    g_test_message ("%s: %u frames", path, rest->len);
    g_assert_cmpuint (rest->len, >, 30);
    g_assert_cmpuint (rest->len, <, 90);
    g_assert_true (warns (video, "cut short"));
    /* The last one or two may be damaged; all before them are whole. */
    for (guint k = 0; k < rest->len; k++)
      same += g_str_equal (rest->pdata[k], all->pdata[k]);
    g_assert_cmpuint (same, >=, rest->len - 3);
  }
}

/* A stream cut out of the middle begins with pictures that refer to what is gone. */
static void
test_broken_start (void)
{
  g_autofree char *whole
      = video_clip_make (folder, "stream.ts", FALSE, "%s",
                         SOURCE " " X264 " -x264-params open-gop=1:keyint=15:min-keyint=15:bframes=2:scenecut=0");
  g_autofree char *bytes = NULL;
  g_autofree char *path = g_build_filename (folder, "middle.ts", NULL);
  g_autoptr (GPtrArray) hashes = NULL;
  gsize n_bytes;

  g_assert_true (g_file_get_contents (whole, &bytes, &n_bytes, NULL));
  n_bytes -= n_bytes / 3 / 188 * 188;
  g_assert_true (g_file_set_contents (path, bytes + (n_bytes / 2 / 188 * 188),
                                      (gssize) (n_bytes - n_bytes / 2 / 188 * 188), NULL));
  hashes = check_seeking (path, 0);
  g_assert_cmpuint (hashes->len, >, 10);
}

static void
test_refused (void)
{
  static const struct {
    const char *name, *arguments;
    int code;
  } others[] = {
    { "sound.wav", "-f lavfi -i sine=duration=1", SMB_ERROR_UNSUPPORTED },
    { "still.png", "-f lavfi -i testsrc2=size=64x64:duration=1 -frames:v 1", SMB_ERROR_UNSUPPORTED },
  };
  g_autofree char *text = g_build_filename (folder, "list.txt", NULL);
  g_autofree char *playlist = g_build_filename (folder, "list.m3u8", NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autofree char *path = video_clip_make (folder, others[i].name, FALSE, "%s", others[i].arguments);
    g_autoptr (GError) why = NULL;

    g_assert_null (open_clip (path, &why));
    g_test_message ("%s", why->message);
    g_assert_error (why, SMB_ERROR, others[i].code);
  }
  g_assert_true (g_file_set_contents (text, "ffconcat version 1.0\nfile 'plain.mp4'\n", -1, NULL));
  g_assert_null (open_clip (text, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (
      playlist, "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nplain.ts\n#EXT-X-ENDLIST\n", -1, NULL));
  g_assert_null (open_clip (playlist, &error));
  g_assert_nonnull (error);
}

/* Smaller, not larger, and the proportions stay. */
static void
test_small (void)
{
  g_autofree char *path = video_clip_make (folder, "small.mp4", FALSE, "%s", SOURCE " " X264);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbVideo) video = open_clip (path, &error);
  g_autoptr (SmbImage) image = smb_video_get_frame (video, 3, 80, NULL, NULL, &error);
  SmbVideoPicture about;
  g_autoptr (SmbImage) whole = smb_video_get_frame (video, 0, 0, &about, NULL, &error);
  g_autoptr (SmbImage) none = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (image->width, ==, 80);
  g_assert_cmpint (image->height, ==, 60);
  g_assert_cmpint (about.type, ==, 'I');
  g_assert_true (about.key);
  none = smb_video_get_frame (video, 1000, 0, NULL, NULL, &error);
  g_assert_null (none);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
}

static void
test_facts (void)
{
  g_autofree char *path
      = video_clip_make (folder, "facts.mkv", FALSE,
                         SOURCE " -vf select='not(between(n\\,30\\,34))' -vsync vfr " X264
                                " -g 12 -bf 2 -metadata title=Lobby -metadata creation_time=2024-05-06T07:08:09Z");
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbVideo) video = open_clip (path, &error);
  g_autoptr (JsonObject) facts = NULL;
  JsonObject *times, *about, *gops;

  g_assert_no_error (error);
  facts = smb_video_describe (video);
  about = json_object_get_object_member (facts, "video");
  times = json_object_get_object_member (facts, "times");
  gops = json_object_get_object_member (facts, "gops");
  g_assert_cmpint (json_object_get_int_member (about, "frames"), ==, 95);
  g_assert_cmpstr (json_object_get_string_member (about, "codec"), ==, "h264");
  g_assert_nonnull (strstr (json_object_get_string_member (about, "encoder_signature"), "x264"));
  g_assert_cmpint (json_object_get_int_member (times, "usual_interval_us"), ==, 40000);
  g_assert_cmpint (json_object_get_int_member (times, "gaps"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (times, "frames_missing_in_gaps"), ==, 5);
  g_assert_cmpint (json_object_get_int_member (gops, "longest"), ==, 12);
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (facts, "container"), "created"), ==,
                   "2024-05-06T07:08:09.000000Z");
  g_assert_true (smb_video_get_slots (video)[30].flags & SMB_VIDEO_SLOT_AFTER_GAP);
}

/* Animated WebP: two frames of the fixture, the same bytes in any order. */
static void
test_webp (void)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", "two-frames.webp", NULL);
  g_autoptr (GPtrArray) hashes = check_seeking (path, 2);

  check_distinct (hashes);
}

/* A frame that is shown for as long as the format can say, 4.7 hours: longer than microseconds in 32 bits. */
static void
test_webp_long (void)
{
  enum { DURATION_AT = 44 + 8 + 12 }; /* of the fixture's first ANMF chunk */
  g_autofree char *kept = g_build_filename (SMB_FIXTURES, "media", "two-frames.webp", NULL), *bytes = NULL;
  g_autofree char *path = g_build_filename (folder, "long.webp", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbVideo) video = NULL;
  gsize n_bytes;

  g_assert_true (g_file_get_contents (kept, &bytes, &n_bytes, NULL));
  g_assert_cmpmem (bytes + 44, 4, "ANMF", 4);
  memset (bytes + DURATION_AT, 0xff, 3);
  g_assert_true (g_file_set_contents (path, bytes, (gssize) n_bytes, NULL));
  video = open_clip (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (smb_video_get_slots (video)[1].time_us, ==, G_GINT64_CONSTANT (16777215000));
}

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  smb_video_prepare ();
  folder = g_dir_make_tmp ("smb-video-XXXXXX", NULL);
  g_test_add_func ("/media/video/seeking", test_seeking);
  g_test_add_func ("/media/video/rotation", test_rotation);
  g_test_add_func ("/media/video/edit-list", test_edit_list);
  g_test_add_func ("/media/video/cut-short", test_cut_short);
  g_test_add_func ("/media/video/broken-start", test_broken_start);
  g_test_add_func ("/media/video/refused", test_refused);
  g_test_add_func ("/media/video/small", test_small);
  g_test_add_func ("/media/video/facts", test_facts);
  g_test_add_func ("/media/video/webp", test_webp);
  g_test_add_func ("/media/video/webp-long", test_webp_long);
  failed = g_test_run ();
  video_clip_remove_folder (folder);
  g_free (folder);
  return failed;
}
