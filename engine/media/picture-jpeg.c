/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG by libjpeg itself: it says where the data broke off, decodes small for thumbnails, and leaves print colours to
 * us. Its errors jump back here; everything that must survive the jump lives in one struct. */
#include "base/smb-error.h"
#include "media/picture-private.h"

#include <glib/gi18n-lib.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* Progressive files of cameras and encoders have about ten passes; thousands of them are an attack on our time. */
#define MAX_PASSES 100
#define CANCEL_CHECK_ROWS 64

typedef struct {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf jump;

  PictureJob *job;
  PicturePixels pixels;
  GError *error;
  guint64 offset, limit; /* next byte of the file to read; where it is taken to end */
  guint8 buffer[PICTURE_WINDOW_BYTES];
  gboolean at_end;      /* the file ended before its end marker */
  gboolean starved;     /* coefficients were missing … */
  guint starved_row;    /* … from this row of blocks on … */
  int starved_pass;     /* … of this pass */
  int n_damages;
  gboolean harmed;      /* one of them is of the pixels */
  char first_damage[JMSG_LENGTH_MAX];
} Decoder;

static Decoder *
decoder_of (j_common_ptr jpeg)
{
  return jpeg->client_data;
}

/* Sets the sentence and leaves libjpeg. */
static void G_GNUC_NORETURN
give_up (j_common_ptr jpeg)
{
  Decoder *decoder = decoder_of (jpeg);
  char words[JMSG_LENGTH_MAX];

  if (decoder->error == NULL) {
    jpeg->err->format_message (jpeg, words);
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY)
      picture_fail_memory (decoder->job, &decoder->error);
    else if (jpeg->err->msg_code == JERR_BAD_PRECISION || jpeg->err->msg_code == JERR_SOF_UNSUPPORTED
             || jpeg->err->msg_code == JERR_CONVERSION_NOTIMPL)
      picture_fail (decoder->job, &decoder->error, SMB_ERROR_UNSUPPORTED,
                    _ ("a JPEG of a rare kind that is not read here (%s); convert a copy to PNG or TIFF"), words);
    else if (decoder->at_end)
      picture_fail (decoder->job, &decoder->error, SMB_ERROR_FORMAT,
                    _ ("the JPEG is cut short before the picture begins; acquire it again from its source"));
    else
      picture_fail (decoder->job, &decoder->error, SMB_ERROR_FORMAT, _ ("the JPEG is damaged: %s"), words);
  }
  longjmp (decoder->jump, 1);
}

/* Whether a notice is of the pixels: bytes between markers, which cameras leave there, and headers of another version
 * change none. */
static gboolean
is_harm (int code)
{
  return code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM && code != JWRN_BOGUS_ICC;
}

static void
note_warning (j_common_ptr jpeg, int level)
{
  Decoder *decoder = decoder_of (jpeg);
  int code = jpeg->err->msg_code;

  if (level >= 0)
    return;
  jpeg->err->num_warnings++;
  if (code == JWRN_HIT_MARKER && decoder->at_end) {
    if (!decoder->starved) {
      decoder->starved = TRUE;
      decoder->starved_row = decoder->jpeg.input_iMCU_row;
      decoder->starved_pass = decoder->jpeg.input_scan_number;
    }
  } else if (code != JWRN_JPEG_EOF) {
    if (decoder->n_damages++ == 0)
      jpeg->err->format_message (jpeg, decoder->first_damage);
    decoder->harmed |= is_harm (code);
  }
}

static void
be_silent (j_common_ptr jpeg)
{
}

static void
check_passes (j_common_ptr jpeg)
{
  Decoder *decoder = decoder_of (jpeg);

  if (g_cancellable_set_error_if_cancelled (decoder->job->cancellable, &decoder->error))
    give_up (jpeg);
  if (decoder->jpeg.input_scan_number > MAX_PASSES) {
    picture_fail (decoder->job, &decoder->error, SMB_ERROR_LIMIT,
                  _ ("the JPEG has over %d passes, as no camera or encoder makes it; it is taken for an attack"),
                  MAX_PASSES);
    give_up (jpeg);
  }
}

static void
source_nothing (j_decompress_ptr jpeg)
{
}

static boolean
source_fill (j_decompress_ptr jpeg)
{
  Decoder *decoder = decoder_of ((j_common_ptr) jpeg);
  gsize wanted = (gsize) MIN (decoder->limit - MIN (decoder->offset, decoder->limit), sizeof decoder->buffer);
  gssize n = picture_read (decoder->job, decoder->offset, decoder->buffer, wanted, &decoder->error);

  if (n < 0)
    give_up ((j_common_ptr) jpeg);
  if (n == 0) {
    /* An end marker of our own makes libjpeg finish with what it has. */
    decoder->at_end = TRUE;
    decoder->buffer[0] = 0xff;
    decoder->buffer[1] = JPEG_EOI;
    n = 2;
  }
  decoder->offset += (guint64) n;
  decoder->source.next_input_byte = decoder->buffer;
  decoder->source.bytes_in_buffer = (size_t) n;
  return TRUE;
}

static void
source_skip (j_decompress_ptr jpeg, long n_bytes)
{
  Decoder *decoder = decoder_of ((j_common_ptr) jpeg);
  gsize skip = n_bytes > 0 ? (gsize) n_bytes : 0;

  if (skip > decoder->source.bytes_in_buffer) {
    decoder->offset += skip - decoder->source.bytes_in_buffer;
    decoder->source.bytes_in_buffer = 0;
    return; /* the next fill reads from there */
  }
  decoder->source.next_input_byte += skip;
  decoder->source.bytes_in_buffer -= skip;
}

static void
take_markers (Decoder *decoder)
{
  static const char exif[] = "Exif\0"; /* and one more zero */
  JOCTET *profile = NULL;
  unsigned int profile_bytes = 0;

  for (jpeg_saved_marker_ptr marker = decoder->jpeg.marker_list; marker != NULL; marker = marker->next) {
    if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6
        && memcmp (marker->data, exif, sizeof exif) == 0) {
      decoder->job->info->orientation = picture_exif_orientation (marker->data + 6, marker->data_length - 6);
      break;
    }
  }
  if (jpeg_read_icc_profile (&decoder->jpeg, &profile, &profile_bytes)) {
    decoder->job->icc = g_bytes_new (profile, profile_bytes);
    free (profile);
  }
}

/* The smallest of libjpeg's eighths that is still at least as large as wanted. */
static void
choose_scale (Decoder *decoder)
{
  guint longer = MAX (decoder->jpeg.image_width, decoder->jpeg.image_height);

  decoder->jpeg.scale_denom = 8;
  decoder->jpeg.scale_num = 8;
  if (decoder->job->max_side_px > 0) {
    for (guint eighths = 1; eighths < 8; eighths++) {
      if ((guint64) longer * eighths / 8 >= (guint64) decoder->job->max_side_px) {
        decoder->jpeg.scale_num = eighths;
        break;
      }
    }
  }
}

static void
read_picture (Decoder *decoder)
{
  j_decompress_ptr jpeg = &decoder->jpeg;
  PictureJob *job = decoder->job;
  gsize row_bytes;

  jpeg_save_markers (jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_save_markers (jpeg, JPEG_APP0 + 2, 0xffff);
  jpeg_read_header (jpeg, TRUE);
  if (!picture_check_size (job, jpeg->image_width, jpeg->image_height, &decoder->error))
    give_up ((j_common_ptr) jpeg);
  job->info->bits = jpeg->data_precision;
  job->info->width = (int) jpeg->image_width;
  job->info->height = (int) jpeg->image_height;
  take_markers (decoder);
  jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
  choose_scale (decoder);
  jpeg_start_decompress (jpeg);
  if (!picture_alloc (job, &decoder->pixels, (int) jpeg->output_width, (int) jpeg->output_height,
                      jpeg->output_components, &decoder->error))
    give_up ((j_common_ptr) jpeg);
  row_bytes = (gsize) jpeg->output_width * (gsize) jpeg->output_components;
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW row = decoder->pixels.data + row_bytes * jpeg->output_scanline;

    if (jpeg->output_scanline % CANCEL_CHECK_ROWS == 0
        && g_cancellable_set_error_if_cancelled (job->cancellable, &decoder->error))
      give_up ((j_common_ptr) jpeg);
    jpeg_read_scanlines (jpeg, &row, 1);
  }
  jpeg_finish_decompress (jpeg);
  /* Without Adobe's marker print colours are stored the other way round. */
  if (jpeg->output_components == 4 && !jpeg->saw_Adobe_marker) {
    for (gsize i = 0; i < row_bytes * jpeg->output_height; i++)
      decoder->pixels.data[i] = (guint8) (255 - decoder->pixels.data[i]);
  }
}

/* What went wrong without stopping the decoder; FALSE if nothing worth showing came of it. */
static gboolean
report_damage (Decoder *decoder, GError **error)
{
  PictureJob *job = decoder->job;
  guint rows = MAX (decoder->jpeg.total_iMCU_rows, 1);
  int missing = (int) ((rows - MIN (decoder->starved_row, rows)) * 100 / rows);

  if (decoder->starved && decoder->starved_pass <= 1 && decoder->starved_row == 0)
    return picture_fail (
        job, error, SMB_ERROR_FORMAT,
        _ ("the JPEG is cut short: nothing of the picture is there; acquire it again from its source"));
  if (decoder->starved && decoder->starved_pass <= 1)
    picture_warn_torn (job, _ ("The file is cut short: the lower %d %% of the picture is missing and shown grey."),
                       MAX (missing, 1));
  else if (decoder->starved)
    picture_warn_torn (job, _ ("The file is cut short in pass %d of a picture stored coarse to fine: detail or colour is "
                               "missing in the lower %d %% and of all later passes."),
                       decoder->starved_pass, MAX (missing, 1));
  else if (decoder->limit < job->size_bytes)
    picture_warn_torn (job,
                       _ ("The file is cut short after pass %d of a picture stored coarse to fine: the detail or colour "
                          "of all later passes is missing."),
                       decoder->jpeg.input_scan_number);
  else if (decoder->at_end)
    picture_warn (job, _ ("The file ends without its end marker; all rows of the picture are there."));
  if (decoder->n_damages > 0)
    picture_warn (job, _ ("The JPEG data is damaged (%d notices, the first: %s); parts of the picture may be wrong."),
                  decoder->n_damages, decoder->first_damage);
  job->info->torn |= decoder->harmed;
  return TRUE;
}

/* Where the last table or pass of the file begins, 0 if it is not near the end. Inside compressed data FF is always
 * followed by 00 or a restart number, so that these two bytes can be nothing else. */
static guint64
last_segment (PictureJob *job)
{
  guint64 from = job->size_bytes - MIN (job->size_bytes, PICTURE_WINDOW_BYTES);
  gsize n_bytes = (gsize) (job->size_bytes - from);
  const guint8 *data = picture_peek (job, from, n_bytes);

  for (gsize i = n_bytes; data != NULL && i >= 2; i--) {
    if (data[i - 2] == 0xff && (data[i - 1] == 0xc4 || data[i - 1] == 0xda))
      return from + i - 2;
  }
  return 0;
}

/* One attempt, taking the file to end at `limit`. */
static Decoder *
attempt (PictureJob *job, guint64 limit)
{
  Decoder *decoder = g_new0 (Decoder, 1);

  decoder->job = job;
  decoder->limit = limit;
  decoder->jpeg.err = jpeg_std_error (&decoder->errors);
  decoder->errors.error_exit = give_up;
  decoder->errors.emit_message = note_warning;
  decoder->errors.output_message = be_silent;
  decoder->jpeg.client_data = decoder;
  decoder->progress.progress_monitor = check_passes;
  decoder->source = (struct jpeg_source_mgr){ .init_source = source_nothing,
                                              .fill_input_buffer = source_fill,
                                              .skip_input_data = source_skip,
                                              .resync_to_restart = jpeg_resync_to_restart,
                                              .term_source = source_nothing };
  if (setjmp (decoder->jump) == 0) {
    jpeg_create_decompress (&decoder->jpeg);
    decoder->jpeg.src = &decoder->source;
    decoder->jpeg.progress = &decoder->progress;
    read_picture (decoder);
  }
  return decoder;
}

static void
decoder_free (Decoder *decoder)
{
  jpeg_destroy_decompress (&decoder->jpeg);
  g_clear_error (&decoder->error);
  g_free (decoder->pixels.data);
  g_free (decoder);
}

gboolean
picture_decode_jpeg (PictureJob *job, PicturePixels *out, GError **error)
{
  Decoder *decoder = attempt (job, job->size_bytes);
  gboolean ok;

  /* Cut in the middle of the tables of a later pass: without that pass the earlier ones can still be shown. */
  if (decoder->error != NULL && decoder->at_end && decoder->jpeg.input_scan_number > 0) {
    guint64 limit = last_segment (job);

    if (limit > 0) {
      decoder_free (decoder);
      g_clear_pointer (&job->icc, g_bytes_unref);
      decoder = attempt (job, limit);
    }
  }
  ok = decoder->error == NULL && report_damage (decoder, error);
  if (ok) {
    *out = decoder->pixels;
    decoder->pixels.data = NULL;
  } else if (decoder->error != NULL)
    g_propagate_error (error, g_steal_pointer (&decoder->error));
  decoder_free (decoder);
  return ok;
}
