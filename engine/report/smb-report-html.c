/* SPDX-License-Identifier: Apache-2.0 */
/* The report as one HTML file that loads nothing: colours inline, figures as data: URIs, and a policy that forbids
 * scripts and the network should anything slip through. Written so that an XML parser accepts it as well. */
#include "report/smb-report-private.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define MAP_PX 224
#define MATRIX_PX 760
#define TIMELINE_PX 950
#define TIMELINE_RIM_PX 6
#define TILE_BAR_PX 12

/* Colours of the window. */
static const char style[]
    = ":root{color-scheme:light dark;--window:#f4f4f5;--header:#e9e9ec;--pane:#fafafb;--border:#d2d3d8;--text:#1d1e21;"
      "--dim:#5b5e66;--accent:#1a5fb4;--ok:#1b6e3f;--warning:#8a5700;--alert:#b1251c}\n"
      "@media (prefers-color-scheme:dark){:root{--window:#202124;--header:#2b2c30;--pane:#26272a;--border:#3a3c41;"
      "--text:#ececee;--dim:#a4a7ae;--accent:#7db0f2;--ok:#67c58f;--warning:#e5b454;--alert:#ff8f85}}\n"
      "@media print{:root{--window:#fff;--pane:#fff}section{break-inside:auto}tr,figure{break-inside:avoid}"
      ".tiles figure{width:150px!important}.bar{min-width:200px!important}}\n"
      "*{box-sizing:border-box}\n"
      "body{margin:0;background:var(--window);color:var(--text);font:14px/1.5 'DejaVu Sans','Noto Sans CJK JP',"
      "sans-serif;font-variant-numeric:tabular-nums}\n"
      "header{background:var(--header);border-bottom:1px solid var(--border);padding:18px 24px}\n"
      "main,footer{max-width:1000px;margin:0 auto;padding:12px 24px}\n"
      "h1{font-size:24px;margin:0;overflow-wrap:anywhere}h2{font-size:19px;margin:24px 0 12px}"
      "h3{font-size:15px;margin:18px 0 6px}h2,h3{break-after:avoid}\n"
      "p{margin:6px 0}a{color:var(--accent)}.dim{color:var(--dim)}.mono{font-family:'DejaVu Sans Mono',monospace;"
      "font-size:12px}\n"
      "section{background:var(--pane);border:1px solid var(--border);border-radius:6px;padding:0 18px 12px;margin:18px 0}\n"
      ".banner{border-left:4px solid var(--alert);background:var(--pane);color:var(--alert);padding:6px 12px;"
      "margin:12px 0}\n"
      ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}"
      "th,td{text-align:left;vertical-align:top;padding:4px 12px 4px 0;border-bottom:1px solid var(--border);"
      "overflow-wrap:anywhere}th{color:var(--dim);font-weight:normal}.facts th{width:200px}"
      "thead th{font-weight:bold;overflow-wrap:normal}\n"
      "td.keep{white-space:nowrap;overflow-wrap:normal}\n"
      "img{display:block;max-width:100%;height:auto}"
      "figure{margin:6px 0}.tiles figure{display:inline-block;vertical-align:top;width:224px;margin:6px 12px 6px 0}figcaption{font-size:12px;color:var(--dim);overflow-wrap:anywhere}\n"
      ".bar{display:flex;align-items:center;min-width:240px}.bar span{flex:0 0 96px}"
      ".bar i{flex:1 1 80px;height:6px;background:var(--border)}.bar b{display:block;height:6px;background:var(--dim)}"
      ".bar .top{background:var(--accent)}.bar em{flex:0 0 48px;font-style:normal;text-align:right}\n"
      ".note{white-space:pre-wrap;overflow-wrap:anywhere}.ok{color:var(--ok)}.bad{color:var(--alert);font-weight:bold}\n";

/* Escaped text, cleaned of what XML and readers must not see. */
static void
add_text (GString *html, const char *text)
{
  g_autofree char *clean = smb_report_clean (text, TRUE);
  g_autofree char *escaped = g_markup_escape_text (clean, -1);

  g_string_append (html, escaped);
}

/* <tag attributes>text</tag>; `attributes` is our own markup, with a leading blank, or "". */
static void
add_element (GString *html, const char *tag, const char *attributes, const char *text)
{
  g_string_append_printf (html, "<%s%s>", tag, attributes);
  add_text (html, text);
  g_string_append_printf (html, "</%s>\n", tag);
}

static void
add_facts (GString *html, GPtrArray *facts)
{
  g_string_append (html, "<table class=\"facts\"><tbody>\n");
  for (guint i = 0; i < facts->len; i++) {
    const SmbReportFact *fact = g_ptr_array_index (facts, i);

    g_string_append (html, "<tr>");
    add_element (html, "th", " scope=\"row\"", fact->label);
    add_element (html, "td", fact->mono ? " class=\"mono\"" : "", fact->value);
    g_string_append (html, "</tr>\n");
  }
  g_string_append (html, "</tbody></table>\n");
}

static void
add_banner (GString *html, const char *title, GPtrArray *sentences)
{
  if (sentences->len == 0)
    return;
  g_string_append (html, "<div class=\"banner\" role=\"note\">");
  add_element (html, "strong", "", title);
  for (guint i = 0; i < sentences->len; i++)
    add_element (html, "p", "", g_ptr_array_index (sentences, i));
  g_string_append (html, "</div>\n");
}

static void
add_table_head (GString *html, const char *const *heads)
{
  g_string_append (html, "<div class=\"scroll\"><table><thead><tr>");
  for (; *heads != NULL; heads++)
    add_element (html, "th", " scope=\"col\"", *heads);
  g_string_append (html, "</tr></thead><tbody>\n");
}

static void
end_table (GString *html)
{
  g_string_append (html, "</tbody></table></div>\n");
}

static cairo_status_t
write_bytes (void *closure, const unsigned char *bytes, unsigned int n_bytes)
{
  g_byte_array_append (closure, bytes, n_bytes);
  return CAIRO_STATUS_SUCCESS;
}

static void
add_image (GString *html, cairo_surface_t *surface, const char *alt)
{
  g_autoptr (GByteArray) png = g_byte_array_new ();
  g_autofree char *data = NULL;

  cairo_surface_write_to_png_stream (surface, write_bytes, png);
  data = g_base64_encode (png->data, png->len);
  g_string_append_printf (html, "<img width=\"%d\" height=\"%d\" alt=\"", cairo_image_surface_get_width (surface),
                          cairo_image_surface_get_height (surface));
  add_text (html, alt);
  g_string_append_printf (html, "\" src=\"data:image/png;base64,%s\" />\n", data);
}

static void
add_picture (GString *html, const SmbReportExhibit *exhibit)
{
  g_autoptr (cairo_surface_t) surface = NULL;
  g_autoptr (cairo_t) cr = NULL;
  g_autofree char *alt = NULL;
  int width, height;

  if (exhibit->picture == NULL)
    return;
  width = exhibit->picture->width;
  height = exhibit->picture->height;
  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  cr = cairo_create (surface);
  smb_report_draw_picture (cr, exhibit, 0, 0, width, height, MAX (12.0, MAX (width, height) / 80.0));
  alt = exhibit->analysis != NULL && !exhibit->no_boxes
            ? g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Picture of exhibit %s with the box of %u face",
                                            "Picture of exhibit %s with the boxes of %u faces",
                                            smb_report_count_shown (exhibit)),
                               exhibit->evidence->exhibit, smb_report_count_shown (exhibit))
            : g_strdup_printf (_("Picture of exhibit %s"), exhibit->evidence->exhibit);
  g_string_append (html, "<figure>");
  add_image (html, surface, alt);
  if (smb_report_picture_caption (exhibit) != NULL)
    add_element (html, "figcaption", "", smb_report_picture_caption (exhibit));
  g_string_append (html, "</figure>\n");
}

static void
add_bars (GString *html, const SmbAnalysis *analysis, const SmbFaceResult *result)
{
  int best = 0;

  for (int k = 1; k < result->n_classes; k++)
    if (result->probabilities[k] > result->probabilities[best])
      best = k;
  for (int k = 0; k < result->n_classes; k++) {
    g_autofree char *name = smb_report_class (analysis, k);
    g_autofree char *width = smb_report_fixed (100.0 * CLAMP (result->probabilities[k], 0.0, 1.0), 1);
    g_autofree char *number = smb_report_fixed (result->probabilities[k], 3);

    g_string_append (html, "<div class=\"bar\"><span>");
    add_text (html, name);
    g_string_append_printf (html, "</span><i><b%s style=\"width:%s%%\"></b></i><em>%s</em></div>\n",
                            k == best ? " class=\"top\"" : "", width, number);
  }
}

static void
add_faces (GString *html, const SmbReportExhibit *exhibit)
{
  const SmbAnalysis *analysis = exhibit->analysis;
  const char *const heads[]
      = { _ ("Face"), _ ("Box (upright picture)"), _ ("Detector"), _ ("Class probabilities"), _ ("Score"), NULL };

  add_element (html, "h3", "", _("Faces"));
  if (analysis->faces->len == 0) {
    add_element (html, "p", "", _("No face was found in this picture."));
    return;
  }
  add_table_head (html, heads);
  for (guint i = 0; i < analysis->faces->len; i++) {
    const SmbFaceResult *result = g_ptr_array_index (analysis->faces, i);
    gboolean drawn = result->face.origin == SMB_FACE_DRAWN;
    g_autofree char *name = smb_report_face_label (i);
    g_autofree char *box = smb_report_box (result->face.box);
    g_autofree char *detected = smb_report_box (result->face.detected);
    g_autofree char *where = drawn ? g_strdup_printf ("%s (%s)", box, smb_report_origin (SMB_FACE_DRAWN))
                                   : g_strdup_printf (_("%s; detector: %s"), box, detected);
    g_autofree char *confidence = drawn ? g_strdup ("–") : smb_report_fixed (result->face.confidence, 3);
    g_autofree char *score = smb_report_score (result);
    g_autofree char *reason = smb_report_score_note (result);

    if (!smb_report_shows (exhibit, i))
      continue;

    g_string_append (html, "<tr>");
    add_element (html, "th", " scope=\"row\"", name);
    add_element (html, "td", "", where);
    add_element (html, "td", " class=\"keep\"", confidence);
    g_string_append (html, "<td>");
    if (result->probabilities != NULL)
      add_bars (html, analysis, result);
    else
      add_text (html, _("none"));
    g_string_append (html, "</td><td>");
    add_element (html, "strong", "", score);
    if (reason != NULL)
      add_element (html, "p", " class=\"dim\"", reason);
    g_string_append (html, "</td></tr>\n");
  }
  end_table (html);
}

static void
add_tile (GString *html, const SmbReportExhibit *exhibit, const char *face, const SmbImage *crop, const SmbMap *map,
          SmbColours colours)
{
  gboolean scale = map != NULL && smb_report_map_has_scale (map);
  g_autoptr (cairo_surface_t) surface
      = cairo_image_surface_create (CAIRO_FORMAT_RGB24, MAP_PX, MAP_PX + (scale ? TILE_BAR_PX : 0));
  g_autoptr (cairo_t) cr = cairo_create (surface);
  g_autofree char *title = map != NULL ? smb_report_map_title (map) : g_strdup (_("Face as analysed"));
  g_autofree char *spec = map != NULL ? smb_map_spec_to_text (&map->spec) : NULL;
  g_autofree char *alt = g_strdup_printf (_("%s of face %s in exhibit %s"), title, face, exhibit->evidence->exhibit);

  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  if (map != NULL)
    smb_report_draw_map (cr, crop, map, exhibit->attention_part, colours, 0, 0, MAP_PX);
  else
    smb_report_draw_image (cr, crop, 0, 0, MAP_PX, MAP_PX);
  if (scale)
    smb_report_draw_bar (cr, colours, 0, MAP_PX + 4, MAP_PX, TILE_BAR_PX - 4);
  g_string_append (html, "<figure>");
  add_image (html, surface, alt);
  g_string_append (html, "<figcaption>");
  add_element (html, "strong", "", title);
  if (scale) {
    g_autofree char *low = smb_report_number (map->min);
    g_autofree char *high = smb_report_number (map->max);
    g_autofree char *range = g_strdup_printf (_("%s to %s, per-face scale"), low, high);

    g_string_append (html, "<br />");
    add_text (html, range);
  }
  if (spec != NULL) {
    g_string_append (html, "<br />");
    add_text (html, spec);
  }
  if (map != NULL && map->note != NULL) {
    g_autofree char *note = smb_report_clean (map->note, FALSE);

    g_string_append (html, "<br />");
    add_element (html, "em", "", note);
  }
  g_string_append (html, "</figcaption></figure>\n");
}

static void
add_maps (GString *html, const SmbReportExhibit *exhibit, SmbColours colours)
{
  for (guint i = 0; exhibit->maps != NULL && i < exhibit->maps->len; i++) {
    GPtrArray *maps = g_ptr_array_index (exhibit->maps, i);
    SmbImage *crop = exhibit->crops != NULL && i < exhibit->crops->len ? g_ptr_array_index (exhibit->crops, i) : NULL;
    g_autofree char *name = smb_report_face_label (i);
    g_autofree char *title = g_strdup_printf (_("Maps of %s"), name);

    if (maps == NULL || maps->len == 0)
      continue;
    add_element (html, "h3", "", title);
    g_string_append (html, "<div class=\"tiles\">\n");
    if (crop != NULL)
      add_tile (html, exhibit, name, crop, NULL, colours);
    for (guint k = 0; k < maps->len; k++)
      add_tile (html, exhibit, name, crop, g_ptr_array_index (maps, k), colours);
    g_string_append (html, "</div>\n");
  }
}

static void
add_region_table (GString *html, const SmbReportExhibit *exhibit, const SmbRegionReport *report, const char *face)
{
  const char *const heads[]
      = { _ ("Region"), _ ("Patches"), _ ("Coherency"), _ ("Consistency"), _ ("Correspondence"), _ ("Alone"), NULL };
  const int height = (int) smb_report_matrix_height (MATRIX_PX);
  g_autoptr (cairo_surface_t) surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, MATRIX_PX, height);
  g_autoptr (cairo_t) cr = cairo_create (surface);
  g_autofree char *title = g_strdup_printf (_("Regions of %s"), face), *summary = smb_report_regions_summary (report);
  g_autofree char *alt = g_strdup_printf (_("Matrix of the regions of face %s in exhibit %s"), face,
                                          exhibit->evidence->exhibit);

  add_element (html, "h3", "", title);
  add_table_head (html, heads);
  for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
    g_autofree char *patches = g_strdup_printf ("%d", report->rows[i].n_patches);

    g_string_append (html, "<tr>");
    add_element (html, "th", " scope=\"row\"", smb_region_title ((SmbRegion) i));
    add_element (html, "td", "", patches);
    for (int m = 0; m < SMB_N_MEASURES; m++) {
      g_autofree char *text = smb_report_measure (&report->rows[i].measures[m]);

      add_element (html, "td", "", text);
    }
    g_string_append (html, "</tr>\n");
  }
  end_table (html);
  add_element (html, "p", " class=\"dim\"", summary);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  smb_report_draw_matrix (cr, report, 0, 0, MATRIX_PX);
  g_string_append (html, "<figure>");
  add_image (html, surface, alt);
  g_string_append (html, "<figcaption>");
  add_text (html, smb_report_matrix_caption ());
  g_string_append (html, "</figcaption></figure>\n");
}

static void
add_regions (GString *html, const SmbReportExhibit *exhibit)
{
  for (guint i = 0; exhibit->analysis != NULL && i < exhibit->analysis->faces->len; i++) {
    const SmbFaceResult *result = g_ptr_array_index (exhibit->analysis->faces, i);
    g_autofree char *name = smb_report_face_label (i);

    if (result->regions != NULL && smb_report_shows (exhibit, i))
      add_region_table (html, exhibit, result->regions, name);
  }
}

static void
add_timeline (GString *html, const SmbReportExhibit *exhibit)
{
  const int height = (int) ceil (smb_report_timeline_height (exhibit->timeline, TIMELINE_PX)) + 2 * TIMELINE_RIM_PX;
  g_autoptr (cairo_surface_t) surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, TIMELINE_PX, height);
  g_autoptr (cairo_t) cr = cairo_create (surface);
  g_autofree char *caption = smb_report_timeline_caption (exhibit->timeline);
  g_autofree char *alt
      = g_strdup_printf (_ ("Score of each track of exhibit %s against time"), exhibit->evidence->exhibit);

  add_element (html, "h3", "", _("Score over time"));
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  smb_report_draw_timeline (cr, exhibit->timeline, TIMELINE_RIM_PX, TIMELINE_RIM_PX, TIMELINE_PX - 2 * TIMELINE_RIM_PX);
  g_string_append (html, "<figure>");
  add_image (html, surface, alt);
  g_string_append (html, "<figcaption>");
  add_text (html, caption);
  g_string_append (html, "</figcaption></figure>\n");
}

static void
add_findings (GString *html, GPtrArray *findings)
{
  const char *const heads[] = { _("Time"), _("Kind"), _("Finding"), NULL };

  if (findings == NULL || findings->len == 0)
    return;
  add_element (html, "h3", "", _("Findings"));
  add_table_head (html, heads);
  for (guint i = 0; i < findings->len; i++) {
    const SmbFinding *finding = g_ptr_array_index (findings, i);
    g_autofree char *time = smb_report_time (finding->made_us);

    g_string_append (html, "<tr>");
    add_element (html, "td", " class=\"keep\"", time);
    add_element (html, "td", "", finding->kind);
    add_element (html, "td", " class=\"note\"", finding->text);
    g_string_append (html, "</tr>\n");
  }
  end_table (html);
}

static void
add_notes (GString *html, GPtrArray *notes)
{
  if (notes == NULL || notes->len == 0)
    return;
  add_element (html, "h3", "", _("Notes"));
  for (guint i = 0; i < notes->len; i++) {
    const SmbNote *note = g_ptr_array_index (notes, i);
    g_autofree char *time = smb_report_time (note->made_us);
    g_autofree char *line = g_strdup_printf ("%s · %s", time, note->author != NULL ? note->author : "");

    add_element (html, "p", " class=\"dim\"", line);
    add_element (html, "p", " class=\"note\"", note->text);
  }
}

static void
add_summary (GString *html, const SmbReportData *data)
{
  const char *const heads[] = { _("Exhibit"), _("File"), _("Hash"), _("Faces"), _("Highest score"), NULL };

  add_element (html, "h2", "", _("Exhibits"));
  if (data->exhibits->len == 0) {
    add_element (html, "p", " class=\"dim\"", _("The case holds no evidence yet."));
    return;
  }
  add_table_head (html, heads);
  for (guint i = 0; i < data->exhibits->len; i++) {
    const SmbReportExhibit *exhibit = g_ptr_array_index (data->exhibits, i);
    const SmbEvidence *evidence = exhibit->evidence;
    g_autofree char *base = g_path_get_basename (evidence->path);
    g_autofree char *faces = exhibit->analysis != NULL ? smb_report_n_faces (exhibit) : NULL;
    g_autofree char *score = exhibit->analysis != NULL ? smb_report_highest_score (exhibit) : NULL;

    g_string_append_printf (html, "<tr><td class=\"keep\"><a href=\"#exhibit-%u\">", i + 1);
    add_text (html, evidence->exhibit);
    g_string_append (html, "</a></td>");
    add_element (html, "td", "", base);
    add_element (html, "td",
                 evidence->hash_state > SMB_HASH_VERIFIED    ? " class=\"bad\""
                 : evidence->hash_state == SMB_HASH_VERIFIED ? " class=\"ok\""
                                                             : "",
                 smb_report_hash_word (evidence->hash_state));
    add_element (html, "td", "", faces != NULL ? faces : "–");
    add_element (html, "td", "",
                 score != NULL ? score : evidence->problem != NULL ? _("not decoded") : _("not analysed"));
    g_string_append (html, "</tr>\n");
  }
  end_table (html);
}

static void
add_exhibit (GString *html, const SmbReportExhibit *exhibit, guint index, SmbColours colours)
{
  g_autoptr (GPtrArray) facts = smb_report_exhibit_facts (exhibit);
  g_autoptr (GPtrArray) warnings = smb_report_exhibit_warnings (exhibit);
  g_autofree char *title = g_strdup_printf (_("Exhibit %s"), exhibit->evidence->exhibit);

  g_string_append_printf (html, "<section id=\"exhibit-%u\">\n", index + 1);
  add_element (html, "h2", "", title);
  add_banner (html, _("Warning"), warnings);
  add_facts (html, facts);
  add_picture (html, exhibit);
  if (exhibit->timeline != NULL)
    add_timeline (html, exhibit);
  if (exhibit->analysis != NULL)
    add_faces (html, exhibit);
  add_regions (html, exhibit);
  add_maps (html, exhibit, colours);
  add_findings (html, exhibit->findings);
  add_notes (html, exhibit->notes);
  g_string_append (html, "</section>\n");
}

static void
add_log (GString *html, const SmbReportData *data)
{
  const char *const heads[] = { _("No."), _("Time"), _("Who"), _("Act"), _("Subject, details and hash"), NULL };

  g_string_append (html, "<section id=\"log\">\n");
  add_element (html, "h2", "", _("Audit log"));
  add_element (html, "p", data->log_intact ? " class=\"dim\"" : " class=\"bad\"",
               data->log_intact ? _("Each entry's hash covers the entry and the hash before it; the chain was "
                                    "recomputed for this report and is intact.")
                                : _("The chain was recomputed for this report and is BROKEN; see the first page."));
  add_table_head (html, heads);
  for (guint i = 0; i < data->log->len; i++) {
    const SmbAuditEntry *entry = g_ptr_array_index (data->log, i);
    g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, entry->seq);
    g_autofree char *time = smb_report_time (entry->at_us);
    g_autofree char *details = smb_report_log_details (entry);

    g_string_append (html, "<tr>");
    add_element (html, "td", " class=\"keep\"", number);
    add_element (html, "td", " class=\"keep\"", time);
    add_element (html, "td", "", entry->actor);
    add_element (html, "td", "", entry->action);
    g_string_append (html, "<td class=\"mono\">");
    add_element (html, "div", "", entry->subject);
    add_element (html, "div", "", details);
    add_element (html, "div", " class=\"dim\"", entry->hash);
    g_string_append (html, "</td></tr>\n");
  }
  end_table (html);
  g_string_append (html, "</section>\n");
}

GBytes *
smb_report_render_html (const SmbReportData *data, GError **error)
{
  GString *html = g_string_new ("<!DOCTYPE html>\n");
  g_autoptr (GPtrArray) facts = smb_report_case_facts (data);
  g_autoptr (GPtrArray) warnings = smb_report_warnings (data);
  g_autofree char *title = smb_report_case_title (data);
  g_autofree char *footer = g_strdup_printf (_("Semblance %s · audit log %s"), data->program_version,
                                             data->log_head != NULL ? data->log_head : "–");

  /* Translators: the code of the language you translate to, as in HTML's lang attribute ("ja", "de"). */
  g_string_append_printf (html, "<html lang=\"%s\">\n<head><meta charset=\"utf-8\" />\n", C_ ("language code", "en"));
  g_string_append (html, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
                         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
                         "style-src 'unsafe-inline'\" />\n");
  add_element (html, "title", "", title);
  g_string_append_printf (html, "<style>\n%s</style></head>\n<body>\n<header>\n", style);
  add_element (html, "p", " class=\"dim\"", _("Report of an examination of faces"));
  add_element (html, "h1", "", title);
  g_string_append (html, "</header>\n<main>\n");
  add_banner (html, _("Read this first"), warnings);
  add_facts (html, facts);
  add_summary (html, data);
  add_notes (html, data->notes);
  for (guint i = 0; i < data->exhibits->len; i++)
    add_exhibit (html, g_ptr_array_index (data->exhibits, i), i, data->colours);
  add_log (html, data);
  g_string_append (html, "</main>\n");
  add_element (html, "footer", " class=\"mono dim\"", footer);
  g_string_append (html, "</body>\n</html>\n");
  return g_string_free_to_bytes (html);
}
