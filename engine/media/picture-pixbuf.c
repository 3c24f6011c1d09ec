/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind but JPEG through GdkPixbuf's loaders, fed in pieces. The loader is named, never guessed: what sniffing
 * found is what reads the file. */
#include "base/smb-error.h"
#include "media/picture-private.h"

#include <dlfcn.h>
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <time.h>

#define GREY 0x808080ffu

static const struct {
  const char *loader;
  const char *package; /* of Debian, where the loader does not come with GdkPixbuf */
  gboolean by_rows;    /* a broken-off file leaves rows worth showing */
} loaders[] = {
  [PICTURE_PNG] = { "png", NULL, TRUE },
  [PICTURE_GIF] = { "gif", NULL, FALSE },
  [PICTURE_BMP] = { "bmp", NULL, TRUE },
  [PICTURE_TIFF] = { "tiff", NULL, FALSE },
  [PICTURE_WEBP] = { "webp", "webp-pixbuf-loader", FALSE },
  [PICTURE_HEIC] = { "heif/avif", "heif-gdk-pixbuf", FALSE },
  [PICTURE_AVIF] = { "avif", "libavif-gdk-pixbuf", FALSE },
  [PICTURE_PNM] = { "pnm", NULL, TRUE },
};

typedef struct {
  PictureJob *job;
  PictureKind kind;
  GError *error;      /* of the size check */
  guint8 *rows_seen;  /* by row: 1 once the loader reported it */
  int height;
} Feed;

/* Before the loader takes memory. Setting no size makes loaders stop. */
static void
size_prepared (GdkPixbufLoader *loader, int width, int height, Feed *feed)
{
  if (feed->error == NULL
      && !picture_check_size (feed->job, (guint64) MAX (width, 0), (guint64) MAX (height, 0), &feed->error))
    gdk_pixbuf_loader_set_size (loader, 0, 0);
}

static void
area_prepared (GdkPixbufLoader *loader, Feed *feed)
{
  GdkPixbuf *pixbuf = gdk_pixbuf_loader_get_pixbuf (loader);

  if (pixbuf == NULL || !loaders[feed->kind].by_rows || feed->rows_seen != NULL)
    return;
  /* Loaders do not clear their memory; rows that never come must not show what lay there. */
  gdk_pixbuf_fill (pixbuf, GREY);
  feed->height = gdk_pixbuf_get_height (pixbuf);
  feed->rows_seen = g_malloc0 ((gsize) feed->height);
}

static void
area_updated (GdkPixbufLoader *loader, int x, int y, int width, int height, Feed *feed)
{
  for (int row = MAX (y, 0); feed->rows_seen != NULL && row < MIN (y + height, feed->height); row++)
    feed->rows_seen[row] = 1;
}

/* Feeds the file; FALSE with *failure set when the loader refuses. */
static gboolean
feed_file (PictureJob *job, GdkPixbufLoader *loader, Feed *feed, guint64 end, const guint8 *tail, gsize n_tail,
           GError **failure)
{
  g_autofree guint8 *chunk = g_malloc (PICTURE_WINDOW_BYTES);

  for (guint64 at = 0; at < end;) {
    gssize n = picture_read (job, at, chunk, (gsize) MIN (end - at, PICTURE_WINDOW_BYTES), failure);

    if (n < 0 || g_cancellable_set_error_if_cancelled (job->cancellable, failure))
      return FALSE;
    if (n == 0)
      break;
    if (!gdk_pixbuf_loader_write (loader, chunk, (gsize) n, failure) || feed->error != NULL)
      return FALSE;
    at += (guint64) n;
  }
  return n_tail == 0 || gdk_pixbuf_loader_write (loader, tail, n_tail, failure);
}

static void
take_options (PictureJob *job, PictureKind kind, GdkPixbuf *pixbuf)
{
  const char *orientation = gdk_pixbuf_get_option (pixbuf, "orientation");
  const char *profile = gdk_pixbuf_get_option (pixbuf, "icc-profile");

  /* Of TIFF libtiff undoes some turns by itself; the loader says what is left. The others were inspected by us. */
  if (kind == PICTURE_TIFF)
    job->turn = orientation != NULL && orientation[0] >= '1' && orientation[0] <= '8' ? orientation[0] - '0' : 1;
  if (job->icc == NULL && profile != NULL && strlen (profile) / 4 * 3 <= PICTURE_MAX_ICC_BYTES) {
    gsize n_bytes;
    guint8 *data = g_base64_decode (profile, &n_bytes);

    job->icc = g_bytes_new_take (data, n_bytes);
  }
}

/* Rows to RGB, what is see-through over white. */
static gboolean
copy_pixels (PictureJob *job, GdkPixbuf *pixbuf, PicturePixels *out, GError **error)
{
  int width = gdk_pixbuf_get_width (pixbuf), height = gdk_pixbuf_get_height (pixbuf);
  int channels = gdk_pixbuf_get_n_channels (pixbuf);
  gsize stride = (gsize) gdk_pixbuf_get_rowstride (pixbuf);
  const guint8 *pixels = gdk_pixbuf_read_pixels (pixbuf);
  guint64 n_clear = 0;

  if (!picture_alloc (job, out, width, height, 3, error))
    return FALSE;
  for (int y = 0; y < height; y++) {
    const guint8 *in = pixels + stride * (gsize) y;
    guint8 *rgb = out->data + (gsize) y * (gsize) width * 3;

    if (channels == 3) {
      memcpy (rgb, in, (gsize) width * 3);
      continue;
    }
    for (int x = 0; x < width; x++) {
      guint alpha = in[x * 4 + 3];

      n_clear += alpha < 255;
      for (int c = 0; c < 3; c++)
        rgb[x * 3 + c] = (guint8) ((in[x * 4 + c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  if (n_clear > 0)
    picture_warn (job, _ ("%.1f %% of the picture is see-through and shown over white."),
                  (double) n_clear * 100.0 / ((double) width * height));
  return TRUE;
}

/* What to make of what the loader gave: some end quietly in the middle of a picture, others complain with every row in
 * place. What counts is the rows. */
static gboolean
accept_rows (PictureJob *job, Feed *feed, const GError *failure, GError **error)
{
  int seen = 0;

  for (int y = 0; feed->rows_seen != NULL && y < feed->height; y++)
    seen += feed->rows_seen[y];
  if (failure != NULL && seen == 0)
    return picture_fail (job, error, SMB_ERROR_FORMAT, _ ("the %s is damaged or cut short: %s"),
                         picture_kind_name (feed->kind), failure->message);
  if (feed->rows_seen != NULL && seen == 0)
    return picture_fail (job, error, SMB_ERROR_FORMAT,
                         _ ("the %s is cut short: nothing of the picture is there; acquire it again from its source"),
                         picture_kind_name (feed->kind));
  if (feed->rows_seen != NULL && seen < feed->height) {
    job->rows_missing = TRUE;
    picture_warn_torn (job, _ ("The file is damaged or cut short: %d %% of the picture is missing and shown grey."),
                       MAX ((int) ((gint64) (feed->height - seen) * 100 / feed->height), 1));
  } else if (failure != NULL)
    picture_warn_torn (job, _ ("The file is damaged or cut short (%s); detail may be missing."), failure->message);
  return TRUE;
}

static gboolean
decode_with (PictureJob *job, GdkPixbufLoader *loader, Feed *feed, guint64 end, const guint8 *tail, gsize n_tail,
             PicturePixels *out, GError **error)
{
  g_autoptr (GError) failure = NULL;
  GdkPixbuf *pixbuf;
  gboolean fed;

  g_signal_connect (loader, "size-prepared", G_CALLBACK (size_prepared), feed);
  g_signal_connect (loader, "area-prepared", G_CALLBACK (area_prepared), feed);
  g_signal_connect (loader, "area-updated", G_CALLBACK (area_updated), feed);
  fed = feed_file (job, loader, feed, end > 0 ? end : job->size_bytes, tail, n_tail, &failure);
  /* A loader must be closed whatever happened; only the first reason counts. */
  if (!gdk_pixbuf_loader_close (loader, failure == NULL ? &failure : NULL))
    fed = FALSE;
  if (feed->error != NULL) {
    g_propagate_error (error, g_steal_pointer (&feed->error));
    return FALSE;
  }
  pixbuf = gdk_pixbuf_loader_get_pixbuf (loader);
  if (failure == NULL && (!fed || pixbuf == NULL))
    g_set_error_literal (&failure, SMB_ERROR, SMB_ERROR_FORMAT, _ ("its reader found no picture in it"));
  if (g_cancellable_set_error_if_cancelled (job->cancellable, error))
    return FALSE;
  if (g_error_matches (failure, SMB_ERROR, SMB_ERROR_IO)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  if (g_error_matches (failure, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY))
    return picture_fail_memory (job, error);
  if (!accept_rows (job, feed, failure, error))
    return FALSE;
  job->info->width = gdk_pixbuf_get_width (pixbuf);
  job->info->height = gdk_pixbuf_get_height (pixbuf);
  take_options (job, feed->kind, pixbuf);
  return copy_pixels (job, pixbuf, out, error);
}

gboolean
picture_decode_pixbuf (PictureJob *job, PictureKind kind, guint64 end, const guint8 *tail, gsize n_tail,
                       PicturePixels *out, GError **error)
{
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new_with_type (loaders[kind].loader, NULL);
  Feed feed = { .job = job, .kind = kind };
  gboolean ok;

  if (loader == NULL && loaders[kind].package != NULL)
    return picture_fail (job, error, SMB_ERROR_UNSUPPORTED,
                         _ ("this is a %s picture, and its reader is not installed; install the package %s"),
                         picture_kind_name (kind), loaders[kind].package);
  if (loader == NULL)
    return picture_fail (job, error, SMB_ERROR_UNSUPPORTED,
                         _ ("this is a %s picture, and this system's GdkPixbuf has no reader for it"),
                         picture_kind_name (kind));
  ok = decode_with (job, loader, &feed, end, tail, n_tail, out, error);
  g_clear_error (&feed.error);
  g_free (feed.rows_seen);
  return ok;
}

/* The beginning of each kind, enough for its module to start and give up. */
static const struct {
  PictureKind kind;
  const char *bytes;
  gsize n_bytes;
} beginnings[] = {
#define BEGINNING(kind, text) { kind, text, sizeof (text) - 1 }
  BEGINNING (PICTURE_PNG, "\x89PNG\r\n\x1a\n"),
  BEGINNING (PICTURE_GIF, "GIF89a\1\0\1\0\0\0\0;"),
  BEGINNING (PICTURE_BMP, "BM"),
  BEGINNING (PICTURE_TIFF, "II*\0\x08\0\0\0\0\0\0\0\0\0"),
  BEGINNING (PICTURE_WEBP, "RIFF\x04\0\0\0WEBP"),
  BEGINNING (PICTURE_HEIC, "\0\0\0\x18" "ftypheic\0\0\0\0mif1heic"),
  BEGINNING (PICTURE_AVIF, "\0\0\0\x18" "ftypavif\0\0\0\0mif1avif"),
  BEGINNING (PICTURE_PNM, "P6\n"),
#undef BEGINNING
};

/* As libheif's own header has it, which is not needed for anything else. */
typedef struct {
  int code, subcode;
  const char *message;
} HeifError;

/* libheif looks for its decoders when it first decodes, which a beginning alone does not make it do. */
static void
prepare_heif (void)
{
  void *library = dlopen ("libheif.so.1", RTLD_NOW | RTLD_NOLOAD);
  HeifError (*init) (gpointer) = NULL;

  if (library == NULL)
    return;
  *(void **) &init = dlsym (library, "heif_init");
  if (init != NULL)
    init (NULL);
}

void
smb_picture_prepare (void)
{
  static GIConv latin;

  for (guint i = 0; i < G_N_ELEMENTS (beginnings); i++) {
    g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new_with_type (loaders[beginnings[i].kind].loader, NULL);

    if (loader == NULL)
      continue;
    /* Meant to fail; what counts is that the module has been at work. */
    gdk_pixbuf_loader_write (loader, (const guint8 *) beginnings[i].bytes, beginnings[i].n_bytes, NULL);
    gdk_pixbuf_loader_close (loader, NULL);
  }
  prepare_heif ();
  /* Times in colour profiles; texts in PNG files, whose converter stays loaded only while it is in use. */
  tzset ();
  if (latin == NULL)
    latin = g_iconv_open ("UTF-8", "ISO-8859-1");
}
