/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of a made-up case: what they say, that they repeat byte for byte, and that nothing in a case can break out of
 * them. Run with SMB_REPORT_DIR set to a folder, they are left there to be looked at. */
#include "report-test.h"

#include "analysis/smb-track-likelihood.h"
#include "base/smb-error.h"
#include "report/smb-report-page.h"
#include "report/smb-report-pages.h"
#include "report/smb-report-private.h"

#include <glib/gstdio.h>

typedef struct {
  char *folder;
  Sample *sample;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("smb-report-XXXXXX", NULL);
  fixture->sample = sample_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, NULL);
  const char *keep = g_getenv ("SMB_REPORT_DIR");
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

    if (keep != NULL) {
      g_autofree char *to = g_build_filename (keep, name, NULL);
      g_autofree char *bytes = NULL;
      gsize n_bytes;

      g_assert_true (g_file_get_contents (path, &bytes, &n_bytes, NULL));
      g_assert_true (g_file_set_contents (to, bytes, (gssize) n_bytes, NULL));
    }
    g_unlink (path);
  }
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
  sample_free (fixture->sample);
}

/* Writes and reads back. */
static char *
write_report (Fixture *fixture, const char *name, gsize *n_bytes)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  char *bytes = NULL;

  smb_report_write (path, &fixture->sample->data, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &bytes, n_bytes, NULL));
  return bytes;
}

static void
test_pdf_repeats (Fixture *fixture, gconstpointer data)
{
  gsize n_first, n_second;
  g_autofree char *first = write_report (fixture, "first.pdf", &n_first);
  g_autofree char *second = NULL;

  g_usleep (1100 * 1000); /* a clock in the file would show */
  second = write_report (fixture, "second.pdf", &n_second);
  g_test_message ("%" G_GSIZE_FORMAT " bytes", n_first);
  g_assert_true (g_str_has_prefix (first, "%PDF-1."));
  g_assert_cmpuint (n_first, ==, n_second);
  g_assert_true (memcmp (first, second, n_first) == 0);
}

/* Blanks and line ends removed, since a viewer may put them anywhere in wrapped text. */
static char *
squeeze (const char *text)
{
  GString *out = g_string_new (NULL);

  for (const char *at = text; *at != '\0'; at++)
    if (!g_ascii_isspace (*at))
      g_string_append_c (out, *at);
  return g_string_free (out, FALSE);
}

static void
assert_contains (const char *text, const char *part)
{
  g_autofree char *squeezed = squeeze (part);

  if (strstr (text, squeezed) == NULL)
    g_error ("“%s” is not in the report", part);
}

static void
test_pdf_text (Fixture *fixture, gconstpointer data)
{
  g_autofree char *program = g_find_program_in_path ("pdftotext");
  g_autofree char *path = g_build_filename (fixture->folder, "report.pdf", NULL);
  g_autofree char *bytes = NULL;
  g_autofree char *raw = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_bytes;

  if (program == NULL) {
    g_test_skip ("pdftotext is not installed");
    return;
  }
  bytes = write_report (fixture, "report.pdf", &n_bytes);
  {
    const char *argv[] = { program, "-raw", "-enc", "UTF-8", path, "-", NULL };
    g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &raw, NULL, NULL, &error));
  }
  text = squeeze (raw);
  for (guint i = 0; i < fixture->sample->data.exhibits->len; i++) {
    const SmbReportExhibit *exhibit = g_ptr_array_index (fixture->sample->data.exhibits, i);
    g_autofree char *heading = g_strdup_printf ("Exhibit %s", exhibit->evidence->exhibit);

    assert_contains (text, heading);
    assert_contains (text, exhibit->evidence->sha256);
  }
  assert_contains (text, SAMPLE_HEAD);
  assert_contains (text, smb_model_warning (FALSE, FALSE));
  assert_contains (text, smb_model_warning (TRUE, FALSE));
  assert_contains (text, smb_track_calibration_missing ());
  assert_contains (text, "Scores of the model lab-2026-03 tell little. " SAMPLE_DOUBT);
  /* Settings are for people to read. */
  assert_contains (text, "Searched: in the picture shrunk to 640 px, enlarged 1 time; Precision: float32, the published numbers");
  g_assert_null (strstr (text, "detect_max_side_px"));
  assert_contains (text, "The first frame. Each face is shown below from the frame");
  assert_contains (text, "Exhibit S-02: the file was altered after its acquisition");
  assert_contains (text, "見本事件：屋上の肖像写真の真偽について <b>&");
  assert_contains (text, "Paragraph 1 of a long note");
  assert_contains (text, "Paragraph 60 of a long note");
  assert_contains (text, "begins with text; look at it in a text editor.");
  assert_contains (text, "[U+202E]gpj.exe");
  assert_contains (text, SAMPLE_SCRIPT);
  assert_contains (text, "The face is 21 px wide");
  assert_contains (text, "Outside the validated range: the face is blurred.");
  assert_contains (text, "error:strategy=random,ratio=0.75");
  assert_contains (text, "No face was found in this picture.");
  assert_contains (text, "0.4625 (z +1.0; 40 %)");
  assert_contains (text, "How much the error of the region of a row rises");
  assert_contains (text, "z -1.8"); /* in the matrix */
  assert_contains (text, "F12");
  assert_contains (text, "Score over time");
  assert_contains (text, "T1 0.278");  /* (54 * 0.2 + 6 * 0.9) / 60 and its ripple */
  assert_contains (text, "山田 &"); /* the rest of its name does not fit */
  assert_contains (text, "3000 characters in all");
  {
    const char *last = g_strrstr (raw, "Page ");
    int page = 0, n = 0;

    g_assert_nonnull (last);
    g_assert_cmpint (sscanf (last, "Page %d of %d", &page, &n), ==, 2);
    g_test_message ("%d pages", n);
    g_assert_cmpint (page, ==, n);
    g_assert_cmpint (n, >, 5);
  }
}

typedef struct {
  cairo_surface_t *surface;
  double scale;
} Drawn;

/* A pixel of the timeline, in the units of a drawing 511 wide. */
static guint32
pixel_at (const Drawn *drawn, double x, double y)
{
  const guint8 *row = cairo_image_surface_get_data (drawn->surface)
                      + (gsize) (y * drawn->scale) * (gsize) cairo_image_surface_get_stride (drawn->surface);

  return ((const guint32 *) (gconstpointer) row)[(gsize) (x * drawn->scale)] & 0xffffff;
}

/* Dots, bar and cut stand where time and score say. Two tracks: one row of legend (12), room for runs (10), then the
 * plot (118), from 22 to 507. */
static void
test_timeline (Fixture *fixture, gconstpointer data)
{
  const SmbReportExhibit *exhibit
      = g_ptr_array_index (fixture->sample->data.exhibits, fixture->sample->data.exhibits->len - 1);
  const SmbReportTimeline *timeline = exhibit->timeline;
  const SmbTrackSummary *track = timeline->tracks->pdata[0];
  const int width = 2044, height = (int) smb_report_timeline_height (timeline, width);
  Drawn drawn = { cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height), 4 };
  g_autoptr (cairo_t) cr = cairo_create (drawn.surface);
  guint found = 0;

  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  smb_report_draw_timeline (cr, timeline, 0, 0, width);
  cairo_surface_flush (drawn.surface);
  for (guint i = 0; i < track->samples->len; i++) {
    const SmbTrackSample *sample = &g_array_index (track->samples, SmbTrackSample, i);
    const double x = 22 + 485.0 * (double) sample->time_us / 600e6, y = 22 + 118 * (1 - sample->score);

    found += pixel_at (&drawn, x, y) == smb_track_colour (1, FALSE);
  }
  g_assert_cmpuint (found, >=, track->samples->len - 4); /* but for those that the other track's curve crosses */
  g_assert_cmpint (track->score.run_start_us, ==, 400 * G_USEC_PER_SEC);
  g_assert_cmphex (pixel_at (&drawn, 22 + 485.0 * 425 / 600, 19.5), ==, smb_track_colour (1, FALSE));
  g_assert_cmphex (pixel_at (&drawn, 22 + 485.0 * 385 / 600, 19.5), ==, 0xffffff);
  g_assert_cmphex (pixel_at (&drawn, 22 + 485.0 * 465 / 600, 19.5), ==, 0xffffff);
  found = 0;
  for (double y = 23; y < 139; y += 0.25)
    found += pixel_at (&drawn, 22 + 485.0 * 300 / 600, y) != 0xffffff;
  g_assert_cmpuint (found, >, 464 / 3); /* the cut's dashes */
  found = 0;
  for (double y = 70; y < 78; y += 0.25) /* T2 is away: no line across the gap */
    found += pixel_at (&drawn, 22 + 485.0 * 205 / 600, y) == smb_track_colour (2, FALSE);
  g_assert_cmpuint (found, ==, 0);
  cairo_surface_destroy (drawn.surface);
}

static void
count_start (GMarkupParseContext *context, const char *name, const char **names, const char **values,
             gpointer user_data, GError **error)
{
  int *counts = user_data;

  g_assert_cmpstr (name, !=, "script");
  g_assert_cmpstr (name, !=, "b>");
  for (int i = 0; names[i] != NULL; i++) {
    g_assert_false (g_str_has_prefix (names[i], "on"));
    if (g_str_equal (names[i], "src"))
      g_assert_true (g_str_has_prefix (values[i], "data:image/png;base64,"));
    if (g_str_equal (names[i], "href"))
      g_assert_true (g_str_has_prefix (values[i], "#"));
    if (g_str_equal (names[i], "alt"))
      g_assert_cmpstr (values[i], !=, "");
    counts[1] += g_str_equal (names[i], "alt");
    counts[2] += g_str_equal (name, "html") && g_str_equal (names[i], "lang");
  }
  counts[0] += g_str_equal (name, "img");
}

static void
test_html (Fixture *fixture, gconstpointer data)
{
  static const GMarkupParser parser = { .start_element = count_start };
  g_autoptr (GError) error = NULL;
  g_autoptr (GMarkupParseContext) context = NULL;
  g_autofree char *head = NULL;
  int counts[3] = { 0 };
  gsize n_bytes, n_again;
  g_autofree char *html = write_report (fixture, "report.html", &n_bytes);
  g_autofree char *again = write_report (fixture, "again.html", &n_again);

  g_assert_cmpuint (n_bytes, ==, n_again);
  g_assert_true (memcmp (html, again, n_bytes) == 0);
  g_assert_true (g_utf8_validate (html, (gssize) n_bytes, NULL));
  context = g_markup_parse_context_new (&parser, G_MARKUP_DEFAULT_FLAGS, counts, NULL);
  g_markup_parse_context_parse (context, html, (gssize) n_bytes, &error);
  g_assert_no_error (error);
  g_markup_parse_context_end_parse (context, &error);
  g_assert_no_error (error);
  /* 5 pictures, 14 faces with a crop and five maps each, the matrix of the first face of two exhibits, one timeline. */
  g_assert_cmpint (counts[0], ==, 5 + 14 * 6 + 2 + 1);
  g_assert_nonnull (strstr (html, "after 1 change by the analyst"));
  g_assert_nonnull (strstr (html, "Regions of F1"));
  g_assert_nonnull (strstr (html, "0.4625 (z +1.0; 40 %)"));
  g_assert_nonnull (strstr (html, "disagrees with the rest: nose"));
  g_assert_nonnull (strstr (html, "hair” is missing"));
  g_assert_cmpint (counts[1], ==, counts[0]);
  g_assert_cmpint (counts[2], ==, 1);
  g_assert_null (strstr (html, "<script"));
  g_assert_null (strstr (html, "\xE2\x80\xAE"));
  g_assert_nonnull (strstr (html, "&lt;script&gt;alert(&apos;x&apos;)&lt;/script&gt;&amp;&quot;quoted&quot;"));
  g_assert_nonnull (strstr (html, SAMPLE_HEAD));
  g_assert_nonnull (strstr (html, smb_model_warning (FALSE, FALSE)));
  g_assert_nonnull (strstr (html, "Scores of the model lab-2026-03 tell little. " SAMPLE_DOUBT));
  g_assert_null (strstr (html, "detect_max_side_px"));
  /* A video's picture has no boxes in it, and says so. */
  g_assert_nonnull (strstr (html, "alt=\"Picture of exhibit S-06\""));
  g_assert_nonnull (strstr (html, "<figcaption>The first frame."));
  g_assert_nonnull (strstr (html, "Paragraph 60 of a long note"));
  for (guint i = 0; i < fixture->sample->data.exhibits->len; i++) {
    const SmbReportExhibit *exhibit = g_ptr_array_index (fixture->sample->data.exhibits, i);
    g_assert_nonnull (strstr (html, exhibit->evidence->sha256));
  }
}

static void
test_broken_log (Fixture *fixture, gconstpointer data)
{
  gsize n_bytes;
  GPtrArray *kept = fixture->sample->data.exhibits;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autofree char *html = NULL;

  fixture->sample->data.exhibits = none;
  fixture->sample->data.log_intact = FALSE;
  fixture->sample->data.log_problem = "entry 3 does not match its hash";
  html = write_report (fixture, "broken.html", &n_bytes);
  g_assert_nonnull (strstr (html, "<p>entry 3 does not match its hash</p>"));
  g_assert_nonnull (strstr (html, "CHAIN BROKEN"));
  g_free (write_report (fixture, "broken.pdf", &n_bytes));
  fixture->sample->data.exhibits = kept;
}

static void
test_empty_case (Fixture *fixture, gconstpointer data)
{
  gsize n_bytes;
  GPtrArray *kept = fixture->sample->data.exhibits;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  fixture->sample->data.exhibits = none;
  g_free (write_report (fixture, "empty.pdf", &n_bytes));
  g_free (write_report (fixture, "EMPTY.HTML", &n_bytes));
  fixture->sample->data.exhibits = kept;
}

/* An old report stays when a new one cannot be written. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *odd = g_build_filename (fixture->folder, "report.docx", NULL);
  g_autofree char *nowhere = g_build_filename (fixture->folder, "no such folder", "report.pdf", NULL);
  g_autofree char *folder = g_build_filename (fixture->folder, "folder.html", NULL);

  g_assert_false (smb_report_write (odd, &fixture->sample->data, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "report.docx"));
  g_assert_false (g_file_test (odd, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  g_assert_false (smb_report_write (nowhere, &fixture->sample->data, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "report.pdf"));
  g_clear_error (&error);
  g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);
  g_assert_false (smb_report_write (folder, &fixture->sample->data, &error));
  g_assert_nonnull (error);
  g_assert_true (g_file_test (folder, G_FILE_TEST_IS_DIR));
  g_rmdir (folder);
}

/* A detector that saw the middle of the crop alone: its map lies over just that middle. */
static void
test_attention_part (void)
{
  guint8 *rgb = g_malloc0 (64 * 64 * 3);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SmbImage) crop = NULL;
  const float values[4] = { 1.0f, 1.0f, 1.0f, 0.0f };
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_ROLLOUT);
  g_autoptr (SmbMap) rollout = NULL;
  g_autoptr (SmbMap) error_map = NULL;
  int reds[3];

  for (int i = 0; i < 64 * 64; i++) /* red, but for the middle 7/8 */
    rgb[3 * i] = i % 64 < 4 || i % 64 >= 60 || i / 64 < 4 || i / 64 >= 60 ? 255 : 0;
  bytes = g_bytes_new_take (rgb, 64 * 64 * 3);
  crop = smb_image_new (64, 64, bytes);
  rollout = smb_map_new_grid (&spec, 2, 2, values);
  spec.kind = SMB_MAP_ERROR;
  error_map = smb_map_new_grid (&spec, 2, 2, values);
  for (int i = 0; i < 3; i++) {
    g_autoptr (cairo_surface_t) surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 64, 64);
    cairo_t *cr = cairo_create (surface);

    smb_report_draw_map (cr, crop, i == 2 ? error_map : rollout, i == 0 ? 1.0 : 0.875, SMB_COLOURS_GREY, 0, 0, 64);
    cairo_destroy (cr);
    cairo_surface_flush (surface);
    /* Red over green: the grey of the map takes part in both alike. */
    reds[i] = cairo_image_surface_get_data (surface)[32 * 4 * 64 + 4 + 2]
              - cairo_image_surface_get_data (surface)[32 * 4 * 64 + 4 + 1];
  }
  g_assert_cmpint (reds[0], >, 60);
  g_assert_cmpint (reds[1], <, 5);
  g_assert_cmpint (reds[2], >, 60);
}

static void
test_clean (void)
{
  static const struct {
    const char *text, *clean, *lines;
  } rows[] = {
    { "plain 文字 é", "plain 文字 é", "plain 文字 é" },
    { "a\tb\r\nc", "a[U+0009]b[U+000D][U+000A]c", "a b\nc" },
    { "x\xE2\x80\xAEgpj.exe", "x[U+202E]gpj.exe", "x[U+202E]gpj.exe" },
    { "\x1b[31mred\x7f", "[U+001B][31mred[U+007F]", "[U+001B][31mred[U+007F]" },
    { "bad \xff", "bad \xEF\xBF\xBD", "bad \xEF\xBF\xBD" },
    { "\xEF\xBF\xBE", "[U+FFFE]", "[U+FFFE]" },
    { NULL, "", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *clean = smb_report_clean (rows[i].text, FALSE);
    g_autofree char *lines = smb_report_clean (rows[i].text, TRUE);

    g_assert_cmpstr (clean, ==, rows[i].clean);
    g_assert_cmpstr (lines, ==, rows[i].lines);
  }
}

/* The lowest row with ink in columns from x0 to x1. */
static int
lowest_ink (cairo_surface_t *surface, int x0, int x1)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  const int stride = cairo_image_surface_get_stride (surface);
  int lowest = -1;

  for (int y = 0; y < cairo_image_surface_get_height (surface); y++)
    for (int x = x0; x < x1; x++)
      if (data[y * stride + x * 4] < 128)
        lowest = y;
  return lowest;
}

/* Cells of a row in fonts of different height, as a Japanese name beside a Latin value: their letters stand on one line. */
static void
test_baseline (void)
{
  static const char *const texts[] = { "国H", "H" };
  g_autoptr (cairo_surface_t) surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 600, 120);
  cairo_t *cr = cairo_create (surface);
  SmbPage page = { .cr = cr, .y = 10, .page = 1 };
  SmbCell cells[G_N_ELEMENTS (texts)];
  int lowest[G_N_ELEMENTS (texts)];
  PangoRectangle at;

  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    cells[i] = smb_cell_text (&page, 200 * i, 180, SMB_REPORT_SANS, 24, FALSE, SMB_INK_TEXT, texts[i]);
  pango_layout_index_to_pos (cells[0].layout, 3, &at); /* of the H behind the ideograph */
  smb_page_row (&page, cells, G_N_ELEMENTS (cells), 2, FALSE);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  lowest[0] = lowest_ink (surface, (int) SMB_PAGE_LEFT + PANGO_PIXELS (at.x) + 1,
                          (int) SMB_PAGE_LEFT + PANGO_PIXELS (at.x + at.width));
  lowest[1] = lowest_ink (surface, (int) SMB_PAGE_LEFT + 200, (int) SMB_PAGE_LEFT + 240);
  g_assert_cmpint (lowest[1], >, 0);
  g_assert_cmpint (ABS (lowest[0] - lowest[1]), <=, 1);
}

#define PAGE_PX 893
#define CELL_PX 15

/* A page of the PDF in grey, as pdftoppm paints it: width_px wide. Free with g_free; NULL: there is no such page. */
static guint8 *
paint_pdf (const char *path, guint page, int width_px, int height_px)
{
  g_autofree char *number = g_strdup_printf ("%u", page + 1), *width = g_strdup_printf ("%d", width_px);
  g_autofree char *height = g_strdup_printf ("%d", height_px);
  const char *argv[]
      = { "pdftoppm", "-gray", "-f", number, "-l", number, "-scale-to-x", width, "-scale-to-y", height, path, NULL };
  g_autoptr (GSubprocess) process
      = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);
  g_autoptr (GBytes) out = NULL;
  gsize n_bytes, n = (gsize) width_px * (gsize) height_px;
  const guint8 *bytes;

  g_assert_nonnull (process);
  g_assert_true (g_subprocess_communicate (process, NULL, NULL, &out, NULL, NULL));
  bytes = g_bytes_get_data (out, &n_bytes);
  return n_bytes > n ? g_memdup2 (bytes + n_bytes - n, n) : NULL; /* the header comes first */
}

/* How much of the ink stands elsewhere, in places of CELL_PX a side. */
static double
compare_pages (GBytes *page, const guint8 *painted, int height_px)
{
  const guint32 *pixels = g_bytes_get_data (page, NULL);
  double moved = 0.0, ink = 0.0;

  g_assert_nonnull (painted);
  for (int y = 0; y + CELL_PX <= height_px; y += CELL_PX)
    for (int x = 0; x + CELL_PX <= PAGE_PX; x += CELL_PX) {
      double difference = 0.0;

      for (int k = 0; k < CELL_PX * CELL_PX; k++) {
        const int at = (y + k / CELL_PX) * PAGE_PX + x + k % CELL_PX;
        const guint32 rgb = pixels[at];
        const double grey = 0.299 * (rgb >> 16 & 0xff) + 0.587 * (rgb >> 8 & 0xff) + 0.114 * (rgb & 0xff);

        difference += grey - painted[at];
        ink += 255 - painted[at];
      }
      moved += ABS (difference);
    }
  return moved / ink;
}

/* The pages that are looked at are those of the PDF: as many, and the same to the eye. */
static void
test_pages (Fixture *fixture, gconstpointer data)
{
  g_autofree char *program = g_find_program_in_path ("pdftoppm"), *bytes = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "pages.pdf", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbReportPages) pages = smb_report_pages_new (&fixture->sample->data, &error);
  guint n;
  gsize n_bytes;

  g_assert_no_error (error);
  n = smb_report_pages_get_n (pages);
  g_assert_cmpuint (n, >, 3);
  if (program == NULL) {
    g_test_skip ("pdftoppm is not installed");
    return;
  }
  bytes = write_report (fixture, "pages.pdf", &n_bytes);
  for (guint k = 0; k < 3; k++) { /* the first, one with faces and maps, the last */
    const guint i = k * (n - 1) / 2;
    int height_px;
    g_autoptr (GBytes) page = smb_report_pages_render (pages, i, PAGE_PX, &height_px, &error);
    g_autofree guint8 *painted = paint_pdf (path, i, PAGE_PX, height_px);
    const double moved = compare_pages (page, painted, height_px);

    g_assert_no_error (error);
    g_test_message ("page %u: %.3f of its ink stands elsewhere", i + 1, moved);
    /* Two painters differ at the edges of letters; a page that lacks something, or shows another's, by far more. */
    g_assert_cmpfloat (moved, <, 0.2);
    g_clear_pointer (&painted, g_free);
    painted = paint_pdf (path, i == 0 ? 1 : 0, PAGE_PX, height_px);
    g_assert_cmpfloat (compare_pages (page, painted, height_px), >, 0.5);
  }
  {
    g_autofree guint8 *beyond = paint_pdf (path, n, PAGE_PX, 1263);

    g_assert_null (beyond);
  }
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/report/pdf-repeats", test_pdf_repeats);
  ADD ("/report/pdf-text", test_pdf_text);
  ADD ("/report/pages", test_pages);
  ADD ("/report/html", test_html);
  ADD ("/report/timeline", test_timeline);
  ADD ("/report/broken-log", test_broken_log);
  ADD ("/report/empty-case", test_empty_case);
  ADD ("/report/refused", test_refused);
  g_test_add_func ("/report/attention-part", test_attention_part);
  g_test_add_func ("/report/clean", test_clean);
  g_test_add_func ("/report/baseline", test_baseline);
  return g_test_run ();
}
