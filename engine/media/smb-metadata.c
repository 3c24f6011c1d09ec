/* SPDX-License-Identifier: Apache-2.0 */
/* EXIF, XMP and IPTC by gexiv2 from memory; the embedded thumbnail against the picture. */
#include "media/smb-metadata.h"

#include <gexiv2/gexiv2.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/smb-error.h"
#include "media/picture-private.h"

/* A file that is no JPEG is read whole, up to this. */
#define MAX_WHOLE_BYTES (256u << 20)
#define MAX_THUMBNAIL_BYTES (8u << 20)
#define MAX_BINARY_BYTES 256
#define GRID 32
#define COMPARE_SIDE_PX 512
#define MIN_CORRELATION 0.95

static void
entry_free (SmbMetadataEntry *entry)
{
  g_free (entry->group);
  g_free (entry->key);
  g_free (entry->value);
  g_free (entry->meaning);
  g_free (entry);
}

SmbMetadata *
smb_metadata_new (void)
{
  SmbMetadata *metadata = g_new0 (SmbMetadata, 1);

  metadata->format = g_strdup ("");
  metadata->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
  metadata->tables = g_array_new (FALSE, TRUE, sizeof (SmbQuantTable));
  metadata->c2pa = SMB_C2PA_NOT_SOUGHT;
  metadata->thumbnail_correlation = metadata->thumbnail_difference = NAN;
  metadata->notes = g_new0 (char *, 1);
  return metadata;
}

void
smb_metadata_free (SmbMetadata *metadata)
{
  if (metadata == NULL)
    return;
  g_ptr_array_unref (metadata->entries);
  g_array_unref (metadata->tables);
  g_clear_pointer (&metadata->thumbnail, smb_image_unref);
  g_free (metadata->format);
  g_free (metadata->sampling);
  g_strfreev (metadata->notes);
  g_free (metadata);
}

/* Valid UTF-8 of bounded length. */
static char *
bounded (const char *text)
{
  g_autofree char *valid = text != NULL ? g_utf8_make_valid (text, -1) : NULL;
  const char *end = valid;

  if (valid == NULL || strlen (valid) <= SMB_METADATA_MAX_TEXT_BYTES)
    return g_steal_pointer (&valid);
  while (g_utf8_next_char (end) - valid <= SMB_METADATA_MAX_TEXT_BYTES)
    end = g_utf8_next_char (end);
  return g_strdup_printf ("%.*s…", (int) (end - valid), valid);
}

SmbMetadataEntry *
smb_metadata_entry_new (const char *group, const char *key, const char *value, const char *meaning)
{
  SmbMetadataEntry *entry = g_new0 (SmbMetadataEntry, 1);

  entry->group = bounded (group);
  entry->key = bounded (key);
  entry->value = bounded (value);
  entry->meaning = bounded (meaning);
  return entry;
}

/* --- tags --- */

/* Exiv2 looks up the lenses of makers' notes in a file of the user's first, for which this process would be ended. */
static gboolean
is_lens_number (const char *key)
{
  const char *name = strrchr (key, '.');

  return g_str_has_prefix (key, "Exif.") && !g_str_has_prefix (key, "Exif.Photo.")
         && !g_str_has_prefix (key, "Exif.Image.") && g_str_has_prefix (name + 1, "Lens");
}

/* What a tag holds; long binary values only by their size. */
static SmbMetadataEntry *
entry_of (GExiv2Metadata *tags, const char *group, const char *key)
{
  const char *type = gexiv2_metadata_try_get_tag_type (key, NULL);
  const gboolean binary = g_strcmp0 (type, "Undefined") == 0 || g_strcmp0 (type, "Byte") == 0;
  g_autoptr (GBytes) raw = binary ? gexiv2_metadata_try_get_tag_raw (tags, key, NULL) : NULL;
  g_autofree char *value = NULL, *meaning = NULL;

  if (raw != NULL && g_bytes_get_size (raw) > MAX_BINARY_BYTES)
    value = g_strdup_printf (_ ("%zu bytes"), g_bytes_get_size (raw));
  else {
    value = gexiv2_metadata_try_get_tag_string (tags, key, NULL);
    meaning = is_lens_number (key) ? NULL : gexiv2_metadata_try_get_tag_interpreted_string (tags, key, NULL);
  }
  if (value == NULL)
    value = g_strdup ("");
  return smb_metadata_entry_new (group, key, value, g_strcmp0 (meaning, value) != 0 ? meaning : NULL);
}

static void
add_tags (GExiv2Metadata *tags, const char *group, char **keys, SmbMetadata *metadata, GPtrArray *notes)
{
  for (char **key = keys; key != NULL && *key != NULL; key++) {
    if (metadata->entries->len >= SMB_METADATA_MAX_ENTRIES) {
      g_ptr_array_add (notes,
                       g_strdup_printf (_ ("There are more than %d entries of metadata; the rest is not listed."),
                                        SMB_METADATA_MAX_ENTRIES));
      return;
    }
    g_ptr_array_add (metadata->entries, entry_of (tags, group, *key));
  }
}

static void
add_all_tags (GExiv2Metadata *tags, SmbMetadata *metadata, GPtrArray *notes)
{
  g_auto (GStrv) exif = gexiv2_metadata_get_exif_tags (tags), xmp = gexiv2_metadata_get_xmp_tags (tags);
  g_auto (GStrv) iptc = gexiv2_metadata_get_iptc_tags (tags);

  add_tags (tags, "EXIF", exif, metadata, notes);
  add_tags (tags, "XMP", xmp, metadata, notes);
  add_tags (tags, "IPTC", iptc, metadata, notes);
}

/* --- thumbnail --- */

/* Brightness on GRID * GRID places of the middle `part_x` by `part_y` of a picture. */
static void
sample (double *out, const SmbImage *image, double part_x, double part_y)
{
  const guint8 *pixels = smb_image_get_pixels (image);
  const double left = (1 - part_x) / 2 * image->width, top = (1 - part_y) / 2 * image->height;

  for (int k = 0; k < GRID * GRID; k++) {
    const int column = k % GRID, row = k / GRID;
    const int x0 = (int) (left + part_x * image->width * column / GRID);
    const int x1 = MAX ((int) (left + part_x * image->width * (column + 1) / GRID), x0 + 1);
    const int y0 = (int) (top + part_y * image->height * row / GRID);
    const int y1 = MAX ((int) (top + part_y * image->height * (row + 1) / GRID), y0 + 1);
    double sum = 0;
    int n = 0;

    for (int y = y0; y < MIN (y1, image->height); y++)
      for (int x = x0; x < MIN (x1, image->width); x++) {
        const guint8 *p = pixels + ((gsize) y * (gsize) image->width + (gsize) x) * 3;

        sum += 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
        n++;
      }
    out[k] = n > 0 ? sum / n : 0;
  }
}

static void
compare (SmbMetadata *metadata, const SmbImage *picture)
{
  const SmbImage *thumbnail = metadata->thumbnail;
  const double shape = (double) picture->width / picture->height;
  const double thumbnail_shape = (double) thumbnail->width / thumbnail->height;
  /* What of the thumbnail has the picture's shape, were the rest black bars. */
  const double part_x = MIN (shape / thumbnail_shape, 1.0), part_y = MIN (thumbnail_shape / shape, 1.0);
  double a[GRID * GRID], b[GRID * GRID], mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0, difference = 0;
  const int n = GRID * GRID;

  sample (a, picture, 1, 1);
  sample (b, thumbnail, part_x, part_y);
  for (int i = 0; i < n; i++) {
    mean_a += a[i] / n;
    mean_b += b[i] / n;
    difference += fabs (a[i] - b[i]) / n;
  }
  for (int i = 0; i < n; i++) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  metadata->thumbnail_difference = difference;
  /* Two even pictures of one brightness are alike. */
  metadata->thumbnail_correlation = aa > 0 && bb > 0 ? ab / sqrt (aa * bb) : difference < 8 ? 1 : 0;
  metadata->thumbnail_agrees = metadata->thumbnail_correlation >= MIN_CORRELATION;
}

static SmbImage *
decode_bytes (const guint8 *data, gsize n_bytes, int orientation, const SmbPictureLimits *limits)
{
  g_autoptr (SmbImage) image = NULL;
  int fd = memfd_create ("thumbnail", MFD_CLOEXEC);
  gsize done = 0;

  while (fd >= 0 && done < n_bytes) {
    gssize n = write (fd, data + done, n_bytes - done);

    if (n <= 0)
      break;
    done += (gsize) n;
  }
  if (fd >= 0 && done == n_bytes)
    image = smb_picture_decode (fd, "thumbnail", SMB_THUMBNAIL_MAX_SIDE_PX, limits, NULL, NULL, NULL);
  if (fd >= 0)
    close (fd);
  if (image != NULL && orientation > 1) {
    /* Stored as the picture is; turned as the picture is turned. */
    const gsize n = (gsize) image->width * (gsize) image->height * 3;
    PicturePixels pixels = { image->width, image->height, 3, g_memdup2 (smb_image_get_pixels (image), n) };
    g_autoptr (SmbPictureInfo) info = smb_picture_info_new ();
    PictureJob job = { .path = "thumbnail", .limits = limits, .info = info };
    g_autoptr (GBytes) bytes = NULL;

    if (picture_turn_upright (&job, &pixels, orientation, NULL)) {
      bytes = g_bytes_new_take (pixels.data, n);
      smb_image_unref (image);
      image = smb_image_new (pixels.width, pixels.height, bytes);
    } else
      g_free (pixels.data);
  }
  return g_steal_pointer (&image);
}

/* Whether it is stored as a JPEG, as nearly all are. From any other kind Exiv2 makes a TIFF first, and where tags are
 * broken that throws an exception of C++ through gexiv2, which would end the process. */
static gboolean
thumbnail_is_jpeg (GExiv2Metadata *tags)
{
  g_autofree char *compression = gexiv2_metadata_try_get_tag_string (tags, "Exif.Thumbnail.Compression", NULL);

  return compression == NULL || g_str_equal (compression, "6");
}

static void
look_at_thumbnail (PictureJob *job, GExiv2Metadata *tags, SmbMetadata *metadata, GPtrArray *notes)
{
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (SmbImage) picture = NULL;
  g_autofree guint8 *data = NULL;
  int n_bytes = 0;

  if (!thumbnail_is_jpeg (tags)) {
    g_ptr_array_add (notes, g_strdup (_ ("The file holds a thumbnail that cannot be read.")));
    return;
  }
  if (!gexiv2_metadata_get_exif_thumbnail (tags, &data, &n_bytes) || data == NULL || n_bytes <= 0
      || (guint) n_bytes > MAX_THUMBNAIL_BYTES)
    return;
  picture = smb_picture_decode (job->fd, job->path, COMPARE_SIDE_PX, job->limits, &info, job->cancellable, NULL);
  metadata->thumbnail = decode_bytes (data, (gsize) n_bytes, info != NULL ? info->orientation : 1, job->limits);
  if (metadata->thumbnail == NULL) {
    g_ptr_array_add (notes, g_strdup (_ ("The file holds a thumbnail that cannot be read.")));
    return;
  }
  if (picture == NULL)
    return;
  compare (metadata, picture);
  if (!metadata->thumbnail_agrees)
    g_ptr_array_add (
        notes,
        g_strdup_printf (_ ("The embedded thumbnail shows something else than the picture (correlation %.2f): one of "
                            "them was changed without the other."),
                         metadata->thumbnail_correlation));
}

/* --- all of it --- */

/* The bytes that hold the metadata. */
static GBytes *
head_of (PictureJob *job, PictureKind kind, SmbMetadata *metadata, GPtrArray *notes)
{
  GBytes *head = NULL;

  if (kind == PICTURE_JPEG) {
    head = picture_read_jpeg_head (job, metadata);
    if (head == NULL)
      g_ptr_array_add (
          notes, g_strdup (_ ("The JPEG's header is damaged or cut short; metadata after the damage is not seen.")));
    return head;
  }
  picture_find_manifest (job, kind, metadata);
  if (job->size_bytes <= MAX_WHOLE_BYTES) {
    guint8 *data = g_try_malloc (job->size_bytes);
    gssize n = data != NULL ? picture_read (job, 0, data, job->size_bytes, NULL) : -1;

    if (n >= 0)
      return g_bytes_new_take (data, (gsize) n);
    g_free (data);
  }
  g_ptr_array_add (notes, g_strdup (_ ("The file is too large for its metadata to be read.")));
  return NULL;
}

static void
read_tags (PictureJob *job, GBytes *head, SmbMetadata *metadata, GPtrArray *notes)
{
  g_autoptr (GExiv2Metadata) tags = gexiv2_metadata_new ();
  g_autoptr (GError) problem = NULL;
  gsize n_bytes;
  const guint8 *data = g_bytes_get_data (head, &n_bytes);

  if (!gexiv2_metadata_open_buf (tags, data, (glong) n_bytes, &problem)) {
    g_autofree char *words = bounded (problem != NULL ? problem->message : "");

    g_ptr_array_add (notes, g_strdup_printf (_ ("The metadata cannot be read (%s)."), words));
    return;
  }
  add_all_tags (tags, metadata, notes);
  look_at_thumbnail (job, tags, metadata, notes);
}

SmbMetadata *
smb_metadata_read (int fd, const char *path, const SmbPictureLimits *limits, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbMetadata) metadata = smb_metadata_new ();
  g_autoptr (SmbPictureInfo) info = smb_picture_info_new ();
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  PictureJob job
      = { .fd = fd, .path = path, .limits = limits, .cancellable = cancellable, .info = info, .warnings = notes };
  g_autoptr (GBytes) head = NULL;
  PictureKind kind;
  gboolean ok;

  g_return_val_if_fail (fd >= 0 && path != NULL && limits != NULL, NULL);
  smb_metadata_prepare ();
  ok = !g_cancellable_set_error_if_cancelled (cancellable, error) && picture_check_file (&job, error)
       && picture_sniff (&job, &kind, error);
  if (ok) {
    g_free (metadata->format);
    metadata->format = g_strdup (picture_kind_name (kind));
    head = head_of (&job, kind, metadata, notes);
    if (head != NULL)
      read_tags (&job, head, metadata, notes);
  }
  g_free (job.window);
  if (!ok)
    return NULL;
  g_ptr_array_add (notes, NULL);
  g_strfreev (metadata->notes);
  metadata->notes = (char **) g_ptr_array_steal (notes, NULL);
  return g_steal_pointer (&metadata);
}

void
smb_metadata_prepare (void)
{
  /* A grey JPEG of 1 x 1 that ends before its data: enough to hang tags on. */
  static const guint8 sample_bytes[] = { 0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 1, 0,  1, 1,    1,   0x11,
                                         0,    0xff, 0xda, 0,    8, 1,  1, 0, 0, 63, 0, 0xff, 0xd9 };
  static const char *const texts[][2] = { { "Exif.Image.Orientation", "6" },
                                          { "Exif.Image.Make", "x" },
                                          { "Exif.Image.XPTitle", "120 0 0 0" },
                                          { "Exif.Photo.UserComment", "charset=Unicode x" },
                                          { "Exif.Photo.Flash", "1" },
                                          { "Exif.GPSInfo.GPSLatitude", "1/1 2/1 3/1" },
                                          { "Xmp.dc.title", "x" },
                                          { "Xmp.xmp.CreatorTool", "x" },
                                          { "Iptc.Application2.Caption", "x" } };
  static const char *const converters[] = { "UCS-2LE", "UCS-2BE", "ISO-8859-1", "SHIFT_JIS" };
  static GIConv kept[G_N_ELEMENTS (converters)];
  static gsize ready;
  g_autoptr (GExiv2Metadata) tags = NULL;

  if (!g_once_init_enter (&ready))
    return;
  gexiv2_initialize ();
  gexiv2_log_set_level (GEXIV2_LOG_LEVEL_MUTE);
  tags = gexiv2_metadata_new ();
  if (gexiv2_metadata_open_buf (tags, sample_bytes, sizeof sample_bytes, NULL)) {
    /* Tables, name spaces and catalogues are loaded as they are first needed. */
    for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
      gexiv2_metadata_try_set_tag_string (tags, texts[i][0], texts[i][1], NULL);
    for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
      g_free (gexiv2_metadata_try_get_tag_interpreted_string (tags, texts[i][0], NULL));
  }
  /* Converters of texts stay loaded only while they are in use. */
  for (guint i = 0; i < G_N_ELEMENTS (converters); i++)
    if (kept[i] == NULL)
      kept[i] = g_iconv_open ("UTF-8", converters[i]);
  g_once_init_leave (&ready, 1);
}
