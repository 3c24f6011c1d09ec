/* SPDX-License-Identifier: Apache-2.0 */
/* The report on A4 pages. Drawn twice: once to count the pages, once with "n of m" known. */
#include "report/smb-report-page.h"

#include "base/smb-error.h"

#include <cairo-pdf.h>
#include <glib/gi18n-lib.h>
#include <math.h>

#define TEXT_SIZE 8.5
#define LABEL_WIDTH 138.0
#define PICTURE_MAX_HEIGHT 300.0
#define PICTURE_MIN_HEIGHT 170.0
#define CAPTION_ROOM 16.0
#define HEADING_ROOM 36.0 /* of a heading of the second order */
#define TIMELINE_KEEP 40.0 /* of what stands below the scores over time */
#define MAX_TILES_PER_ROW 6
#define TILE_GAP 10.0

static void
add_outline (SmbPage *page, const char *text)
{
  g_autofree char *y = smb_report_fixed (page->y, 1);
  g_autofree char *where = g_strdup_printf ("page=%d pos=[0 %s]", page->page, y);

  if (page->surface == NULL)
    return;
  cairo_pdf_surface_add_outline (page->surface, CAIRO_PDF_OUTLINE_ROOT, text, where, 0);
}

static void
draw_facts (SmbPage *page, GPtrArray *facts)
{
  for (guint i = 0; i < facts->len; i++) {
    const SmbReportFact *fact = g_ptr_array_index (facts, i);
    SmbCell cells[2];

    cells[0] = smb_cell_text (page, 0, LABEL_WIDTH - 8, SMB_REPORT_SANS, TEXT_SIZE, FALSE, SMB_INK_DIM, fact->label);
    cells[1] = smb_cell_text (page, LABEL_WIDTH, SMB_PAGE_TEXT_WIDTH - LABEL_WIDTH,
                              fact->mono ? SMB_REPORT_MONO : SMB_REPORT_SANS, fact->mono ? TEXT_SIZE - 0.5 : TEXT_SIZE,
                              FALSE, SMB_INK_TEXT, fact->value);
    smb_page_row (page, cells, 2, 2.5, TRUE);
  }
}

static void
draw_notes (SmbPage *page, GPtrArray *notes)
{
  if (notes == NULL || notes->len == 0)
    return;
  smb_page_heading (page, 10.5, _("Notes"), 40);
  for (guint i = 0; i < notes->len; i++) {
    const SmbNote *note = g_ptr_array_index (notes, i);
    g_autofree char *time = smb_report_time (note->made_us);
    g_autofree char *author = smb_report_clean (note->author, FALSE);
    g_autofree char *line = g_strdup_printf ("%s · %s", time, author);
    g_autofree char *text = smb_report_clean (note->text, TRUE);

    smb_page_need (page, 36);
    smb_page_paragraph (page, 7.5, SMB_INK_DIM, line);
    smb_page_paragraph (page, TEXT_SIZE + 0.5, SMB_INK_TEXT, text);
  }
}

static void
draw_findings (SmbPage *page, GPtrArray *findings)
{
  static const double columns[] = { 0, 128, SMB_PAGE_TEXT_WIDTH };
  const char *const heads[] = { _("Time and kind"), _("Finding"), NULL };

  if (findings == NULL || findings->len == 0)
    return;
  smb_page_heading (page, 10.5, _("Findings"), 50);
  smb_page_begin_table (page, heads, columns);
  for (guint i = 0; i < findings->len; i++) {
    const SmbFinding *finding = g_ptr_array_index (findings, i);
    g_autofree char *time = smb_report_time (finding->made_us);
    g_autofree char *kind = smb_report_clean (finding->kind, FALSE);
    g_autofree char *text = smb_report_clean (finding->text, TRUE);
    g_autofree char *when = g_strdup_printf ("%s\n%s", time, kind);
    SmbCell cells[2];

    cells[0] = smb_cell_text (page, columns[0], columns[1] - 6, SMB_REPORT_SANS, 8, FALSE, SMB_INK_DIM, when);
    cells[1] = smb_cell_text (page, columns[1], columns[2] - columns[1], SMB_REPORT_SANS, TEXT_SIZE, FALSE,
                              SMB_INK_TEXT, text);
    smb_page_row (page, cells, 2, 2.5, TRUE);
  }
  smb_page_end_table (page);
}

static void
draw_summary (SmbPage *page, const SmbReportData *data)
{
  static const double columns[] = { 0, 70, 290, 368, 424, SMB_PAGE_TEXT_WIDTH };
  const char *const heads[] = { _("Exhibit"), _("File"), _("Hash"), _("Faces"), _("Highest score"), NULL };

  smb_page_heading (page, 12, _("Exhibits"), 60);
  if (data->exhibits->len == 0) {
    smb_page_paragraph (page, TEXT_SIZE, SMB_INK_DIM, _("The case holds no evidence yet."));
    return;
  }
  smb_page_begin_table (page, heads, columns);
  for (guint i = 0; i < data->exhibits->len; i++) {
    const SmbReportExhibit *exhibit = g_ptr_array_index (data->exhibits, i);
    const SmbEvidence *evidence = exhibit->evidence;
    g_autofree char *base = g_path_get_basename (evidence->path);
    g_autofree char *texts[5] = { smb_report_clean (evidence->exhibit, FALSE), smb_report_clean (base, FALSE),
                                  g_strdup (smb_report_hash_word (evidence->hash_state)), NULL, NULL };
    gboolean bad = evidence->hash_state > SMB_HASH_VERIFIED;
    SmbCell cells[5];

    if (exhibit->analysis != NULL) {
      texts[3] = smb_report_n_faces (exhibit);
      texts[4] = smb_report_highest_score (exhibit);
    } else {
      texts[3] = g_strdup ("–");
      texts[4] = g_strdup (evidence->problem != NULL ? _("not decoded") : _("not analysed"));
    }
    for (int k = 0; k < 5; k++)
      cells[k] = smb_cell_text (page, columns[k], columns[k + 1] - columns[k] - 6, SMB_REPORT_SANS, TEXT_SIZE,
                                k == 2 && bad, k == 2 && bad ? SMB_INK_ALERT : SMB_INK_TEXT, texts[k]);
    smb_page_row (page, cells, 5, 2.5, TRUE);
    for (int k = 1; k < 5; k++)
      g_free (texts[k]);
  }
  smb_page_end_table (page);
}

static void
draw_title_page (SmbPage *page, const SmbReportData *data)
{
  g_autoptr (GPtrArray) facts = smb_report_case_facts (data);
  g_autoptr (GPtrArray) warnings = smb_report_warnings (data);
  g_autofree char *title = smb_report_clean (data->info->title, FALSE);

  add_outline (page, _("Case"));
  page->y += 18;
  smb_page_paragraph (page, 10, SMB_INK_DIM, _("Report of an examination of faces"));
  smb_page_heading (page, 20, title, 0);
  smb_page_space (page, 6);
  smb_page_banner (page, _("Read this first"), warnings);
  draw_facts (page, facts);
  draw_summary (page, data);
  draw_notes (page, data->notes);
}

/* What the picture leaves free on its page: its caption, and the scores over time, which are not divided. */
static double
room_below_picture (const SmbReportExhibit *exhibit)
{
  double room = smb_report_picture_caption (exhibit) != NULL ? CAPTION_ROOM : 0;

  if (exhibit->timeline != NULL)
    room += HEADING_ROOM + smb_report_timeline_height (exhibit->timeline, SMB_PAGE_TEXT_WIDTH) + TIMELINE_KEEP;
  return room;
}

static void
draw_exhibit_picture (SmbPage *page, const SmbReportExhibit *exhibit)
{
  const double below = room_below_picture (exhibit);
  double width, height, x, left;

  if (exhibit->picture == NULL)
    return;
  width = SMB_PAGE_TEXT_WIDTH;
  height = width * exhibit->picture->height / exhibit->picture->width;
  if (height > PICTURE_MAX_HEIGHT) {
    width *= PICTURE_MAX_HEIGHT / height;
    height = PICTURE_MAX_HEIGHT;
  }
  /* A strip one pixel high still shows as a line. */
  width = MAX (width, 1.0);
  height = MAX (height, 1.0);
  smb_page_space (page, 10);
  /* Rather somewhat smaller on this page than larger on the next, with half of this one empty. */
  left = smb_page_left (page) - 8;
  if (left - below >= PICTURE_MIN_HEIGHT)
    left -= below;
  if (height > left && left >= PICTURE_MIN_HEIGHT) {
    width *= left / height;
    height = left;
  }
  smb_page_need (page, height + 8);
  x = SMB_PAGE_LEFT + (SMB_PAGE_TEXT_WIDTH - width) / 2;
  if (page->n_pages > 0)
    smb_report_draw_picture (page->cr, exhibit, x, page->y, width, height, 8);
  page->y += height + 8;
  if (smb_report_picture_caption (exhibit) != NULL)
    smb_page_paragraph (page, 7.5, SMB_INK_DIM, smb_report_picture_caption (exhibit));
}

static void
draw_face_row (SmbPage *page, const SmbAnalysis *analysis, const SmbFaceResult *result, guint index,
               const double *columns)
{
  g_autofree char *name = smb_report_face_label (index);
  g_autofree char *box = smb_report_box (result->face.box);
  g_autofree char *detected = smb_report_box (result->face.detected);
  g_autofree char *where = NULL;
  g_autofree char *confidence = NULL;
  g_autofree char *score = smb_report_score (result);
  g_autofree char *reason = smb_report_score_note (result);
  g_autofree char *score_text = reason != NULL ? g_strdup_printf ("%s\n%s", score, reason) : g_strdup (score);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  PangoAttribute *bold = pango_attr_weight_new (PANGO_WEIGHT_BOLD);
  SmbCell cells[5];

  if (result->face.origin == SMB_FACE_DRAWN) {
    where = g_strdup_printf ("%s\n%s", box, smb_report_origin (SMB_FACE_DRAWN));
    confidence = g_strdup ("–");
  } else {
    where = g_strdup_printf (_("%s\ndetector: %s"), box, detected);
    confidence = smb_report_fixed (result->face.confidence, 3);
  }
  cells[0] = smb_cell_text (page, columns[0], 28, SMB_REPORT_SANS, TEXT_SIZE, TRUE, SMB_INK_TEXT, name);
  cells[1]
      = smb_cell_text (page, columns[1], columns[2] - columns[1] - 6, SMB_REPORT_SANS, 8, FALSE, SMB_INK_TEXT, where);
  cells[2] = smb_cell_text (page, columns[2], columns[3] - columns[2] - 6, SMB_REPORT_SANS, 8, FALSE, SMB_INK_TEXT,
                            confidence);
  cells[4]
      = smb_cell_text (page, columns[4], columns[5] - columns[4], SMB_REPORT_SANS, 8, FALSE, SMB_INK_TEXT, score_text);
  bold->end_index = (guint) strlen (score);
  pango_attr_list_insert (pango_layout_get_attributes (cells[4].layout), bold);
  pango_layout_context_changed (cells[4].layout);
  if (result->probabilities != NULL) {
    int best = 0;

    for (int k = 0; k < result->n_classes; k++) {
      g_ptr_array_add (names, smb_report_class (analysis, k));
      if (result->probabilities[k] > result->probabilities[best])
        best = k;
    }
    cells[3] = smb_cell_bars (page, columns[3], columns[4] - columns[3] - 12, 8, names, result->probabilities, best);
  } else {
    cells[3] = smb_cell_text (page, columns[3], columns[4] - columns[3] - 12, SMB_REPORT_SANS, 8, FALSE, SMB_INK_DIM,
                              _("none"));
  }
  smb_page_row (page, cells, 5, 3.5, TRUE);
}

static void
draw_faces (SmbPage *page, const SmbReportExhibit *exhibit)
{
  const SmbAnalysis *analysis = exhibit->analysis;
  static const double columns[] = { 0, 32, 190, 238, 414, SMB_PAGE_TEXT_WIDTH };
  const char *const heads[]
      = { _ ("Face"), _ ("Box (upright picture)"), _ ("Detector"), _ ("Class probabilities"), _ ("Score"), NULL };

  smb_page_heading (page, 10.5, _("Faces"), 70);
  if (analysis->faces->len == 0) {
    smb_page_paragraph (page, TEXT_SIZE, SMB_INK_TEXT, _("No face was found in this picture."));
    return;
  }
  smb_page_begin_table (page, heads, columns);
  for (guint i = 0; i < analysis->faces->len; i++)
    if (smb_report_shows (exhibit, i))
      draw_face_row (page, analysis, g_ptr_array_index (analysis->faces, i), i, columns);
  smb_page_end_table (page);
}

static double
tile_size (int per_row)
{
  return (SMB_PAGE_TEXT_WIDTH - (per_row - 1) * TILE_GAP) / per_row;
}

/* What stands under a map: the ends of its scale, and the description to make it again, broken where its parts end. */
static char *
tile_facts (const SmbMap *map)
{
  g_autofree char *whole = NULL;
  g_autofree char *spec = NULL;
  g_autoptr (GString) parts = g_string_new (NULL);

  if (map == NULL)
    return g_strdup ("");
  whole = smb_map_spec_to_text (&map->spec);
  for (const char *at = whole; *at != '\0'; at++) {
    g_string_append_c (parts, *at);
    if (*at == ':' || *at == ',')
      g_string_append_c (parts, '\n');
  }
  spec = g_strdup (parts->str);
  if (smb_report_map_has_scale (map)) {
    g_autofree char *low = smb_report_number (map->min);
    g_autofree char *high = smb_report_number (map->max);
    return g_strdup_printf (_("%s to %s, per-face scale\n%s"), low, high, spec);
  }
  return map->values != NULL ? g_strdup_printf (_("no values\n%s"), spec) : g_steal_pointer (&spec);
}

/* That, and what must be said with the map. */
static char *
tile_caption (const SmbMap *map)
{
  char *facts = tile_facts (map);
  g_autofree char *note = map != NULL && map->note != NULL ? smb_report_clean (map->note, FALSE) : NULL;
  g_autofree char *before = note != NULL ? facts : NULL;

  return note != NULL ? g_strdup_printf ("%s\n%s", before, note) : facts;
}

/* Title, square, colour bar, caption of each map side by side. A NULL map is the face itself. */
static void
draw_tile_row (SmbPage *page, const SmbReportExhibit *exhibit, const SmbImage *crop, SmbMap *const *maps, int n,
               double size, SmbColours colours)
{
  SmbCell titles[MAX_TILES_PER_ROW], captions[MAX_TILES_PER_ROW];
  double title_height = 0, caption_height = 0;

  for (int i = 0; i < n; i++) {
    g_autofree char *title = maps[i] != NULL ? smb_report_map_title (maps[i]) : g_strdup (_("Face as analysed"));
    g_autofree char *caption = tile_caption (maps[i]);
    double x = i * (size + TILE_GAP);

    titles[i] = smb_cell_text (page, x, size, SMB_REPORT_SANS, 7.5, TRUE, SMB_INK_TEXT, title);
    captions[i] = smb_cell_text (page, x, size, SMB_REPORT_SANS, 6.5, FALSE, SMB_INK_DIM, caption);
    title_height = MAX (title_height, smb_cell_height (&titles[i]));
    caption_height = MAX (caption_height, smb_cell_height (&captions[i]));
  }
  smb_page_need (page, title_height + size + caption_height + 24);
  smb_page_row (page, titles, (guint) n, 1, FALSE);
  page->y += 2;
  for (int i = 0; page->n_pages > 0 && i < n; i++) {
    double x = SMB_PAGE_LEFT + i * (size + TILE_GAP);

    if (maps[i] != NULL)
      smb_report_draw_map (page->cr, crop, maps[i], exhibit->attention_part, colours, x, page->y, size);
    else
      smb_report_draw_image (page->cr, crop, x, page->y, size, size);
    if (maps[i] != NULL && smb_report_map_has_scale (maps[i]))
      smb_report_draw_bar (page->cr, colours, x, page->y + size + 4, size, 6);
  }
  page->y += size + 12;
  smb_page_row (page, captions, (guint) n, 1, FALSE);
  page->y += 6;
}

static void
draw_maps (SmbPage *page, const SmbReportExhibit *exhibit, SmbColours colours)
{
  for (guint i = 0; exhibit->maps != NULL && i < exhibit->maps->len; i++) {
    GPtrArray *maps = g_ptr_array_index (exhibit->maps, i);
    SmbImage *crop = exhibit->crops != NULL && i < exhibit->crops->len ? g_ptr_array_index (exhibit->crops, i) : NULL;
    g_autoptr (GPtrArray) tiles = g_ptr_array_new ();
    g_autofree char *name = smb_report_face_label (i);
    g_autofree char *title = g_strdup_printf (_("Maps of %s"), name);
    int per_row;

    if (maps == NULL || maps->len == 0)
      continue;
    if (crop != NULL)
      g_ptr_array_add (tiles, NULL);
    for (guint k = 0; k < maps->len; k++)
      g_ptr_array_add (tiles, g_ptr_array_index (maps, k));
    per_row = CLAMP ((int) tiles->len, 4, MAX_TILES_PER_ROW);
    smb_page_heading (page, 10.5, title, tile_size (per_row) + 70);
    for (guint k = 0; k < tiles->len; k += (guint) per_row)
      draw_tile_row (page, exhibit, crop, (SmbMap *const *) tiles->pdata + k, MIN ((int) (tiles->len - k), per_row),
                     tile_size (per_row), colours);
  }
}

static void
draw_region_table (SmbPage *page, const SmbRegionReport *report, const char *face)
{
  static const double columns[] = { 0, 66, 104, 206, 308, 416, SMB_PAGE_TEXT_WIDTH + 6 };
  const char *const heads[]
      = { _ ("Region"), _ ("Patches"), _ ("Coherency"), _ ("Consistency"), _ ("Correspondence"), _ ("Alone"), NULL };
  g_autofree char *title = g_strdup_printf (_("Regions of %s"), face), *summary = smb_report_regions_summary (report);
  const double height = smb_report_matrix_height (SMB_PAGE_TEXT_WIDTH);

  smb_page_heading (page, 10.5, title, 120);
  smb_page_begin_table (page, heads, columns);
  for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
    g_autofree char *patches = g_strdup_printf ("%d", report->rows[i].n_patches);
    SmbCell cells[2 + SMB_N_MEASURES];

    cells[0] = smb_cell_text (page, columns[0], columns[1] - columns[0] - 6, SMB_REPORT_SANS, 8, TRUE, SMB_INK_TEXT,
                              smb_region_title ((SmbRegion) i));
    cells[1] = smb_cell_text (page, columns[1], columns[2] - columns[1] - 6, SMB_REPORT_SANS, 8, FALSE, SMB_INK_TEXT,
                              patches);
    for (int m = 0; m < SMB_N_MEASURES; m++) {
      g_autofree char *text = smb_report_measure (&report->rows[i].measures[m]);

      cells[2 + m] = smb_cell_text (page, columns[2 + m], columns[3 + m] - columns[2 + m] - 6, SMB_REPORT_SANS, 8,
                                    FALSE, SMB_INK_TEXT, text);
    }
    smb_page_row (page, cells, G_N_ELEMENTS (cells), 2.5, TRUE);
  }
  smb_page_end_table (page);
  smb_page_space (page, 4);
  smb_page_paragraph (page, 7.5, SMB_INK_DIM, summary);
  smb_page_need (page, height + 24);
  if (page->n_pages > 0)
    smb_report_draw_matrix (page->cr, report, SMB_PAGE_LEFT, page->y, SMB_PAGE_TEXT_WIDTH);
  page->y += height + 4;
  smb_page_paragraph (page, 7.5, SMB_INK_DIM, smb_report_matrix_caption ());
}

static void
draw_regions (SmbPage *page, const SmbReportExhibit *exhibit)
{
  for (guint i = 0; exhibit->analysis != NULL && i < exhibit->analysis->faces->len; i++) {
    const SmbFaceResult *result = g_ptr_array_index (exhibit->analysis->faces, i);
    g_autofree char *name = smb_report_face_label (i);

    if (result->regions != NULL && smb_report_shows (exhibit, i))
      draw_region_table (page, result->regions, name);
  }
}

static void
draw_timeline (SmbPage *page, const SmbReportTimeline *timeline)
{
  const double height = smb_report_timeline_height (timeline, SMB_PAGE_TEXT_WIDTH);
  g_autofree char *caption = smb_report_timeline_caption (timeline);

  smb_page_heading (page, 10.5, _("Score over time"), height + TIMELINE_KEEP);
  if (page->n_pages > 0)
    smb_report_draw_timeline (page->cr, timeline, SMB_PAGE_LEFT, page->y, SMB_PAGE_TEXT_WIDTH);
  page->y += height + 2;
  smb_page_paragraph (page, 7.5, SMB_INK_DIM, caption);
}

static void
draw_exhibit (SmbPage *page, const SmbReportExhibit *exhibit, SmbColours colours)
{
  g_autoptr (GPtrArray) facts = smb_report_exhibit_facts (exhibit);
  g_autoptr (GPtrArray) warnings = smb_report_exhibit_warnings (exhibit);
  g_autofree char *name = smb_report_clean (exhibit->evidence->exhibit, FALSE);
  g_autofree char *title = g_strdup_printf (_("Exhibit %s"), name);

  /* An exhibit begins on the page before only if much of it finds room there. */
  smb_page_need (page, (SMB_PAGE_BOTTOM - SMB_PAGE_TOP) * 0.55);
  add_outline (page, title);
  smb_page_heading (page, 14, title, 60);
  smb_page_banner (page, _("Warning"), warnings);
  draw_facts (page, facts);
  draw_exhibit_picture (page, exhibit);
  if (exhibit->timeline != NULL)
    draw_timeline (page, exhibit->timeline);
  if (exhibit->analysis != NULL)
    draw_faces (page, exhibit);
  draw_regions (page, exhibit);
  draw_maps (page, exhibit, colours);
  draw_findings (page, exhibit->findings);
  draw_notes (page, exhibit->notes);
}

static void
draw_log (SmbPage *page, const SmbReportData *data)
{
  static const double columns[] = { 0, 24, 138, 256, SMB_PAGE_TEXT_WIDTH + 6 };
  const char *const heads[] = { _("No."), _("Time"), _("Act and who"), _("Subject, details and hash"), NULL };

  smb_page_need (page, 200);
  add_outline (page, _("Audit log"));
  smb_page_heading (page, 14, _("Audit log"), 60);
  smb_page_paragraph (page, TEXT_SIZE, data->log_intact ? SMB_INK_DIM : SMB_INK_ALERT,
                      data->log_intact
                          ? _ ("Each entry's hash covers the entry and the hash before it; the chain was "
                               "recomputed for this report and is intact.")
                          : _ ("The chain was recomputed for this report and is BROKEN; see the first page."));
  smb_page_begin_table (page, heads, columns);
  for (guint i = 0; i < data->log->len; i++) {
    const SmbAuditEntry *entry = g_ptr_array_index (data->log, i);
    g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, entry->seq);
    g_autofree char *time = smb_report_time (entry->at_us);
    g_autofree char *actor = smb_report_clean (entry->actor, FALSE);
    g_autofree char *action = smb_report_clean (entry->action, FALSE);
    g_autofree char *subject = smb_report_clean (entry->subject, FALSE);
    g_autofree char *details = smb_report_log_details (entry);
    g_autofree char *hash = smb_report_clean (entry->hash, FALSE);
    g_autofree char *last = g_strdup_printf ("%s%s%s%s%s", subject, subject[0] != '\0' ? "\n" : "", details,
                                             details[0] != '\0' ? "\n" : "", hash);
    g_autofree char *act = g_strdup_printf ("%s\n%s", action, actor);
    const char *const texts[] = { number, time, act, last };
    SmbCell cells[4];

    for (int k = 0; k < 4; k++)
      cells[k] = smb_cell_text (page, columns[k], columns[k + 1] - columns[k] - 6,
                                k == 3 ? SMB_REPORT_MONO : SMB_REPORT_SANS, k == 3 ? 6.5 : 7.5, FALSE,
                                k == 3 ? SMB_INK_DIM : SMB_INK_TEXT, texts[k]);
    smb_page_row (page, cells, 4, 2.5, TRUE);
  }
  smb_page_end_table (page);
}

static cairo_status_t
write_bytes (void *closure, const unsigned char *bytes, unsigned int n_bytes)
{
  g_byte_array_append (closure, bytes, n_bytes);
  return CAIRO_STATUS_SUCCESS;
}

static void
set_metadata (cairo_surface_t *surface, const SmbReportData *data, const char *title)
{
  g_autoptr (GDateTime) made = g_date_time_new_from_unix_utc (data->made_us / G_USEC_PER_SEC);
  g_autofree char *date
      = made != NULL ? g_date_time_format (made, "%Y-%m-%dT%H:%M:%SZ") : g_strdup ("1970-01-01T00:00:00Z");
  g_autofree char *author = smb_report_clean (data->info->examiner, FALSE);
  g_autofree char *creator = g_strdup_printf ("Semblance %s", data->program_version);

  /* The time the data name, not the clock's: the same data give the same bytes. */
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_MOD_DATE, date);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, title);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_AUTHOR, author);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATOR, creator);
}

char *
smb_report_footer (const SmbReportData *data)
{
  return g_strdup_printf (_ ("Semblance %s · audit log %s"), data->program_version,
                          data->log_head != NULL ? data->log_head : "–");
}

void
smb_report_draw_all (SmbPage *page, const SmbReportData *data)
{
  smb_page_begin (page);
  draw_title_page (page, data);
  for (guint i = 0; i < data->exhibits->len; i++)
    draw_exhibit (page, g_ptr_array_index (data->exhibits, i), data->colours);
  draw_log (page, data);
}

/* Draws all pages into `out`; n_pages_in_out holds what the footers say before, and what there were after. */
static cairo_status_t
draw_pdf (const SmbReportData *data, GByteArray *out, int *n_pages_in_out)
{
  g_autoptr (cairo_surface_t) surface
      = cairo_pdf_surface_create_for_stream (write_bytes, out, SMB_PAGE_WIDTH, SMB_PAGE_HEIGHT);
  g_autofree char *header = smb_report_case_title (data), *footer = smb_report_footer (data);
  SmbPage page = { .surface = surface, .page = 1, .n_pages = *n_pages_in_out, .header = header, .footer = footer };
  cairo_status_t status;

  set_metadata (surface, data, header);
  page.cr = cairo_create (surface);
  smb_report_draw_all (&page, data);
  cairo_show_page (page.cr);
  status = cairo_status (page.cr);
  cairo_destroy (page.cr);
  cairo_surface_finish (surface);
  *n_pages_in_out = page.page;
  return status != CAIRO_STATUS_SUCCESS ? status : cairo_surface_status (surface);
}

void
smb_report_set_status (GError **error, cairo_status_t status)
{
  g_set_error (error, SMB_ERROR, status == CAIRO_STATUS_NO_MEMORY ? SMB_ERROR_MEMORY : SMB_ERROR_FAILED,
               _ ("The report could not be drawn (%s); try with fewer exhibits or maps."),
               cairo_status_to_string (status));
}

GBytes *
smb_report_render_pdf (const SmbReportData *data, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  int n_pages = 0;
  cairo_status_t status = draw_pdf (data, out, &n_pages);

  if (status == CAIRO_STATUS_SUCCESS) {
    g_byte_array_set_size (out, 0);
    status = draw_pdf (data, out, &n_pages);
  }
  if (status != CAIRO_STATUS_SUCCESS) {
    smb_report_set_status (error, status);
    return NULL;
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
