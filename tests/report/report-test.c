/* SPDX-License-Identifier: Apache-2.0 */
#include "report-test.h"

#include "base/smb-hash.h"
#include "base/smb-rng.h"

#include <math.h>

#define GRID 14

static SmbImage *
make_picture (int width, int height, guint seed)
{
  guint8 *rgb = g_malloc ((gsize) width * (gsize) height * 3);
  g_autoptr (GBytes) bytes = NULL;

  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) {
      guint8 *pixel = rgb + ((gsize) y * (gsize) width + (gsize) x) * 3;
      double wave = 0.5 + 0.5 * sin (x * 0.02 * (1 + seed % 3)) * cos (y * 0.015);

      pixel[0] = (guint8) (90 + 120 * wave);
      pixel[1] = (guint8) (80 + 110.0 * y / height);
      pixel[2] = (guint8) (70 + 100.0 * x / width);
    }
  }
  bytes = g_bytes_new_take (rgb, (gsize) width * (gsize) height * 3);
  return smb_image_new (width, height, bytes);
}

static SmbMap *
make_grid (SmbMapKind kind, guint64 seed)
{
  SmbMapSpec spec = smb_map_spec_default (kind);
  float values[GRID * GRID];

  for (int i = 0; i < GRID * GRID; i++) {
    double r = hypot (i % GRID - 6.5, i / GRID - 5.0 - (double) (seed % 3));
    values[i] = kind == SMB_MAP_ERROR && (i * 7 + i / GRID) % 4 == 0 ? NAN : (float) (0.002 + 0.02 * exp (-r * r / 12));
  }
  return smb_map_new_grid (&spec, GRID, GRID, values);
}

static SmbMap *
make_rgb (SmbMapKind kind)
{
  SmbMapSpec spec = smb_map_spec_default (kind);
  guint8 *rgb = g_malloc (64 * 64 * 3);
  SmbMap *map;

  for (int i = 0; i < 64 * 64; i++) {
    gboolean grey = (i / 8 + i / 512) % 2 == 0;
    rgb[3 * i] = (guint8) (grey ? 128 : i % 251);
    rgb[3 * i + 1] = grey ? 128 : 100;
    rgb[3 * i + 2] = grey ? 128 : 90;
  }
  map = smb_map_new_rgb (&spec, 64, rgb);
  g_free (rgb);
  return map;
}

/* As measured on a face without hair, compared with 120 others. */
static SmbRegionReport *
make_regions (void)
{
  SmbRegionReport *report = smb_region_report_new ();

  for (int i = 0; i < SMB_N_COVERED_REGIONS - 1; i++) {
    report->rows[i].n_patches = 5 + 3 * i;
    for (int m = 0; m < SMB_N_MEASURES; m++)
      report->rows[i].measures[m] = (SmbMeasure){ 0.4 + 0.03125 * i, -1.5 + 1.25 * i, 20.0 * i };
    for (int j = 0; j < SMB_N_COVERED_REGIONS - 1; j++)
      if (i != j)
        report->rise[i][j] = (SmbMeasure){ 0.0125 * (i - j), 0.9 * (j - i), NAN };
  }
  report->settings.draws = 8;
  report->stands_out = SMB_REGION_NOSE;
  report->reference_sha256 = g_strdup ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  report->stratum = g_strdup ("middle");
  report->reference_faces = 120;
  smb_region_report_take_note (report, g_strdup ("The region “hair” is missing from this face."));
  return report;
}

static SmbFaceResult *
make_face (int i, int x, int y, int side)
{
  SmbFaceResult *result = g_new0 (SmbFaceResult, 1);

  result->face.box = (SmbBox){ x, y, side, side };
  result->face.detected = (SmbBox){ x + side / 8, y + side / 8, side * 3 / 4, side * 3 / 4 };
  result->face.confidence = 2.125 - 0.2 * i;
  if (i == 0)
    result->regions = make_regions ();
  if (i % 5 == 3) {
    result->face.origin = SMB_FACE_DRAWN;
    result->face.detected = result->face.box;
  }
  result->score = NAN;
  if (i % 4 == 2) {
    result->outside = g_strdup ("The face is 21 px wide; the model was validated on faces of at least 48 px.");
    return result;
  }
  if (i % 4 == 1)
    result->quality_notes = g_strsplit ("Outside the validated range: the face is blurred.", "|", -1);
  result->n_classes = 3;
  result->probabilities = g_new0 (double, 3);
  result->probabilities[0] = 0.11 + 0.06 * i;
  result->probabilities[1] = 0.85 - 0.06 * i;
  result->probabilities[2] = 0.04;
  result->score = 1.0 - result->probabilities[0];
  return result;
}

static gpointer
keep (Sample *sample, gpointer value)
{
  g_ptr_array_add (sample->owned, value);
  return value;
}

static SmbEvidence *
make_evidence (Sample *sample, int number, const char *path)
{
  SmbEvidence *evidence = keep (sample, g_new0 (SmbEvidence, 1));

  evidence->id = number;
  evidence->exhibit = keep (sample, g_strdup_printf ("S-%02d", number));
  evidence->path = keep (sample, g_strdup (path));
  evidence->sha256 = keep (sample, smb_sha256_of_bytes (path, strlen (path)));
  evidence->size_bytes = 1234567;
  evidence->acquired_us = 1767225600000000 + number * G_GINT64_CONSTANT (61000000);
  evidence->modified_us = 1700000000000000;
  evidence->format = keep (sample, g_strdup ("PNG"));
  evidence->hash_state = SMB_HASH_VERIFIED;
  evidence->verified_us = evidence->acquired_us + 5000000;
  return evidence;
}

static SmbReportExhibit *
add_exhibit (Sample *sample, const char *path)
{
  SmbReportExhibit *exhibit = keep (sample, g_new0 (SmbReportExhibit, 1));

  exhibit->evidence = make_evidence (sample, (int) sample->data.exhibits->len + 1, path);
  exhibit->picture_scale = 1.0;
  exhibit->notes = g_ptr_array_new ();
  exhibit->findings = g_ptr_array_new ();
  g_ptr_array_add (sample->data.exhibits, exhibit);
  return exhibit;
}

static SmbAnalysis *
add_analysis (Sample *sample, SmbReportExhibit *exhibit, gboolean trained, gboolean calibrated)
{
  static const char *const classes[] = { "genuine", "deepfake", "synthetic", NULL };
  SmbCaseAnalysis *stored = keep (sample, g_new0 (SmbCaseAnalysis, 1));
  SmbAnalysis *analysis = g_new0 (SmbAnalysis, 1);

  analysis->faces = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_face_result_free);
  analysis->classes = g_strdupv ((char **) classes);
  analysis->trained = trained;
  analysis->calibrated = calibrated;
  stored->made_us = exhibit->evidence->acquired_us + 60000000;
  stored->model_name = keep (sample, g_strdup (trained ? "lab-2026-03" : "untrained"));
  stored->model_sha256 = keep (sample, smb_sha256_of_bytes ("model", 5));
  stored->mim_sha256 = keep (sample, smb_sha256_of_bytes ("mim", 3));
  stored->settings
      = keep (sample, g_strdup ("{\"detect_max_side_px\":640,\"detect_upsample\":1,\"precision\":\"f32\"}"));
  stored->seed = 20260101;
  stored->program_version = keep (sample, g_strdup ("0.1.0"));
  stored->device = keep (sample, g_strdup ("cpu (16 threads)"));
  stored->trained = trained;
  stored->calibrated = calibrated;
  exhibit->stored = stored;
  exhibit->analysis = analysis;
  return analysis;
}

static void
add_maps (SmbReportExhibit *exhibit)
{
  exhibit->maps = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  exhibit->crops = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_image_unref);
  for (guint i = 0; i < exhibit->analysis->faces->len; i++) {
    const SmbFaceResult *result = g_ptr_array_index (exhibit->analysis->faces, i);
    GPtrArray *maps = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_map_free);

    g_ptr_array_add (maps, make_grid (SMB_MAP_ATTENTION, i));
    g_ptr_array_add (maps, make_grid (SMB_MAP_ROLLOUT, i + 1));
    g_ptr_array_add (maps, make_rgb (SMB_MAP_MASKED_INPUT));
    g_ptr_array_add (maps, make_rgb (SMB_MAP_RECONSTRUCTION));
    g_ptr_array_add (maps, make_grid (SMB_MAP_ERROR, i));
    g_ptr_array_add (exhibit->maps, maps);
    g_ptr_array_add (exhibit->crops, smb_image_crop (exhibit->picture, result->face.box));
  }
}

static void
add_note (Sample *sample, GPtrArray *notes, const char *text)
{
  SmbNote *note = keep (sample, g_new0 (SmbNote, 1));

  note->made_us = 1767225700000000;
  note->author = keep (sample, g_strdup ("E. Xaminer"));
  note->text = keep (sample, g_strdup (text));
  g_ptr_array_add (notes, note);
}

static void
add_first (Sample *sample)
{
  SmbReportExhibit *exhibit = add_exhibit (sample, "/evidence/portrait-roof.png");
  SmbAnalysis *analysis = add_analysis (sample, exhibit, FALSE, FALSE);

  exhibit->picture = make_picture (800, 600, 1);
  ((SmbEvidence *) exhibit->evidence)->width = 1600;
  ((SmbEvidence *) exhibit->evidence)->height = 1200;
  g_ptr_array_add (analysis->faces, make_face (0, 100, 80, 300));
  g_ptr_array_add (analysis->faces, make_face (2, 560, 420, 60));
  add_maps (exhibit);
  add_note (sample, exhibit->notes,
            "The light on the two faces comes from different sides.\n\n左の顔の影が不自然。" SAMPLE_SCRIPT);
}

static void
add_altered (Sample *sample)
{
  g_autofree char *filler = g_strnfill (180, 'w');
  g_autofree char *path
      = g_strconcat ("/evidence/a rather long folder name/", filler, "/とても長いファイル名とても長いファイル名-",
                     filler, " ", SAMPLE_SCRIPT, "\xE2\x80\xAEgpj.exe", NULL);
  SmbReportExhibit *exhibit = add_exhibit (sample, path);
  SmbEvidence *evidence = (SmbEvidence *) exhibit->evidence;
  SmbFinding *finding = keep (sample, g_new0 (SmbFinding, 1));

  evidence->hash_state = SMB_HASH_ALTERED;
  evidence->found_sha256 = keep (sample, smb_sha256_of_bytes ("other", 5));
  finding->made_us = evidence->verified_us;
  finding->kind = keep (sample, g_strdup ("hash-mismatch"));
  finding->text
      = keep (sample, g_strdup_printf ("The file of exhibit S-02 was altered after its acquisition: its SHA-256 is "
                                       "now %s.",
                                       evidence->found_sha256));
  g_ptr_array_add (exhibit->findings, finding);
  exhibit->picture = make_picture (120, 900, 2); /* tall */
  g_ptr_array_add (add_analysis (sample, exhibit, TRUE, TRUE)->faces, make_face (3, 10, 400, 100));
}

static void
add_crowd (Sample *sample)
{
  SmbReportExhibit *exhibit = add_exhibit (sample, "/evidence/hall.jpg");
  SmbAnalysis *analysis = add_analysis (sample, exhibit, TRUE, FALSE);

  exhibit->model_doubt = SAMPLE_DOUBT;
  exhibit->picture = make_picture (1000, 400, 3);
  for (int i = 0; i < 12; i++)
    g_ptr_array_add (analysis->faces, make_face (i, 20 + 78 * i, 90 + 110 * (i % 3) - (i == 0 ? 90 : 0), 84));
  add_maps (exhibit);
}

static void
add_rest (Sample *sample)
{
  SmbReportExhibit *exhibit = add_exhibit (sample, "/evidence/clip-truncated.jpg");
  SmbReportExhibit *empty;

  ((SmbEvidence *) exhibit->evidence)->problem = keep (
      sample, g_strdup ("/evidence/clip-truncated.jpg is not a JPEG picture: it begins with text; look at it in a "
                        "text editor."));
  empty = add_exhibit (sample, "/evidence/launch-pad.jpg");
  empty->picture = make_picture (900, 30, 4); /* flat */
  add_analysis (sample, empty, TRUE, TRUE);
  add_crowd (sample);
}

/* Ten minutes, a cut half-way; T1 jumps for a minute, T2 is away for a while and has a name. */
static void
add_video (Sample *sample)
{
  SmbReportExhibit *exhibit = add_exhibit (sample, "/evidence/talk.mp4");
  SmbReportTimeline *timeline = keep (sample, g_new0 (SmbReportTimeline, 1));
  g_autoptr (GPtrArray) edits = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_track_edit_free);

  add_analysis (sample, exhibit, TRUE, FALSE);
  ((SmbEvidence *) exhibit->evidence)->video = TRUE;
  exhibit->no_boxes = TRUE;
  exhibit->picture = make_picture (640, 90, 5);
  exhibit->timeline = timeline;
  timeline->length_us = 600 * G_USEC_PER_SEC;
  timeline->frames = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  for (guint i = 0; i < 60; i++) {
    SmbFrameFaces *frame = smb_frame_faces_new (i * 250, i * 10 * G_USEC_PER_SEC);

    frame->cut = i == 30;
    for (guint track = 1; track <= 2; track++) {
      const SmbFace face = { .box = { 10 * (int) track, 10, 100, 100 } };
      SmbTrackPoint *point = smb_track_point_new (track, &face);

      point->score = track == 1 ? (i >= 40 && i < 46 ? 0.9 : 0.2) + 0.004 * (i % 5) : 0.5 + 0.02 * (i % 3);
      if (track == 1 || i < 10 || i > 30)
        g_ptr_array_add (frame->points, point);
      else
        smb_track_point_free (point);
    }
    g_ptr_array_add (timeline->frames, frame);
  }
  g_ptr_array_add (edits, smb_track_edit_new (SMB_TRACK_NAME, 2, 0, 0, "山田 & " SAMPLE_SCRIPT));
  timeline->n_edits = edits->len;
  timeline->tracks = smb_tracks_summarise (timeline->frames, edits, NULL);
  g_assert_cmpuint (timeline->tracks->len, ==, 2);
}

static void
add_log (Sample *sample)
{
  g_autofree char *details = g_strnfill (3000, 'd');

  for (int i = 0; i < 45; i++) {
    SmbAuditEntry *entry = keep (sample, g_new0 (SmbAuditEntry, 1));

    entry->seq = i + 1;
    entry->at_us = 1767225600000000 + i * G_GINT64_CONSTANT (1000000);
    entry->actor = keep (sample, g_strdup (i % 7 == 0 ? "検査官 with a long name" : "E. Xaminer"));
    entry->action = keep (sample, g_strdup (i == 0 ? "case.create" : "evidence.verify"));
    entry->subject = keep (sample, g_strdup (i == 0 ? "" : "S-01"));
    entry->details
        = keep (sample, i == 5 ? g_strdup (details) : g_strdup_printf ("{\"n\":%d,\"state\":\"verified\"}", i));
    entry->record = keep (sample, g_strdup (""));
    entry->previous = keep (sample, smb_sha256_of_bytes (&i, sizeof i));
    entry->hash = keep (sample, smb_sha256_of_bytes (details, (gsize) i));
    g_ptr_array_add (sample->data.log, entry);
  }
}

Sample *
sample_new (void)
{
  Sample *sample = g_new0 (Sample, 1);
  SmbReportData *data = &sample->data;
  SmbCaseInfo *info;
  GString *essay = g_string_new (NULL);

  sample->owned = g_ptr_array_new_with_free_func (g_free);
  info = keep (sample, g_new0 (SmbCaseInfo, 1));
  info->number = keep (sample, g_strdup ("SC-2026-001"));
  info->title = keep (sample, g_strdup ("見本事件：屋上の肖像写真の真偽について <b>&"));
  info->laboratory = keep (sample, g_strdup ("Laboratory North"));
  info->examiner = keep (sample, g_strdup ("E. Xaminer"));
  info->created_us = 1767225600000000;
  data->info = info;
  data->case_path = "/cases/sample.smbcase";
  data->exhibits = g_ptr_array_new ();
  data->notes = g_ptr_array_new ();
  data->log = g_ptr_array_new ();
  data->log_head = SAMPLE_HEAD;
  data->log_intact = TRUE;
  data->made_us = 1767230000000000;
  data->program_version = "0.1.0";
  data->colours = SMB_COLOURS_VIRIDIS;
  for (int i = 1; i <= 60; i++)
    g_string_append_printf (essay,
                            "Paragraph %d of a long note: what was compared with what, by whom, and why it matters "
                            "that nothing of it is cut off at the end of a page.\n",
                            i);
  add_note (sample, data->notes, essay->str);
  g_string_free (essay, TRUE);
  add_first (sample);
  add_altered (sample);
  add_rest (sample);
  add_video (sample);
  add_log (sample);
  return sample;
}

void
sample_free (Sample *sample)
{
  for (guint i = 0; i < sample->data.exhibits->len; i++) {
    SmbReportExhibit *exhibit = g_ptr_array_index (sample->data.exhibits, i);

    g_clear_pointer (&exhibit->picture, smb_image_unref);
    g_clear_pointer (&exhibit->maps, g_ptr_array_unref);
    g_clear_pointer (&exhibit->crops, g_ptr_array_unref);
    g_ptr_array_unref (exhibit->notes);
    g_ptr_array_unref (exhibit->findings);
    smb_analysis_free ((SmbAnalysis *) exhibit->analysis);
    if (exhibit->timeline != NULL) {
      g_ptr_array_unref (exhibit->timeline->tracks);
      g_ptr_array_unref (exhibit->timeline->frames);
    }
  }
  g_ptr_array_unref (sample->data.exhibits);
  g_ptr_array_unref (sample->data.notes);
  g_ptr_array_unref (sample->data.log);
  g_ptr_array_unref (sample->owned);
  g_free (sample);
}
