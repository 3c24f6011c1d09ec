/* SPDX-License-Identifier: Apache-2.0 */
/* The acts of an examiner, with real workers, a real case, and the small networks of the reference. */
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "examine/smb-examine.h"
#include "examine/smb-report-draft.h"
#include "judge-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *folder;
  SmbCase *store;
  SmbEngine *engine;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  SmbCaseInfo info = { .number = (char *) "SC-1", .title = (char *) "Test", .laboratory = (char *) "Lab",
                       .examiner = (char *) "E. Xaminer" };
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("semblance-examine-XXXXXX", &error);
  g_assert_no_error (error);
  path = g_build_filename (fixture->folder, "test.smbcase", NULL);
  fixture->store = smb_case_create (path, &info, &error);
  g_assert_no_error (error);
  fixture->engine = smb_engine_new ("cpu", 1);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, NULL);
  const char *name;

  smb_case_close (fixture->store);
  smb_engine_unref (fixture->engine);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

    if (g_remove (path) != 0)
      g_test_message ("%s stays", path);
  }
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
}

/* The path of a file in the folder, with the first `keep` bytes of a fixture (0: all of them). */
static char *
put (const Fixture *fixture, const char *from, const char *name, gsize keep)
{
  g_autofree char *source = g_build_filename (SMB_FIXTURES, "media", from, NULL);
  char *path = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *data = NULL;
  gsize n_bytes;

  g_assert_true (g_file_get_contents (source, &data, &n_bytes, NULL));
  g_assert_true (g_file_set_contents (path, data, (gssize) (keep > 0 ? keep : n_bytes), NULL));
  return path;
}

static SmbEvidence *
acquire (const Fixture *fixture, const char *path)
{
  g_autoptr (GError) error = NULL;
  SmbEvidence *evidence = smb_examine_acquire (fixture->store, fixture->engine, path, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (evidence);
  return evidence;
}

static void
expect_closed (const char *path, int code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (smb_examine_open_evidence (path, NULL, NULL, &error), ==, -1);
  g_assert_error (error, SMB_ERROR, code);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_open (Fixture *fixture, gconstpointer data)
{
  g_autofree char *missing = g_build_filename (fixture->folder, "missing.jpg", NULL);
  g_autofree char *empty = g_build_filename (fixture->folder, "empty.jpg", NULL);
  g_autofree char *fifo = g_build_filename (fixture->folder, "fifo.jpg", NULL);
  g_autofree char *good = put (fixture, "baseline.jpg", "good.jpg", 0);
  guint64 size = 0;
  int fd;

  expect_closed (missing, SMB_ERROR_NOT_FOUND, "No such file");
  expect_closed (fixture->folder, SMB_ERROR_ARGUMENT, "folder");
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  expect_closed (empty, SMB_ERROR_FORMAT, "0 bytes");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  expect_closed (fifo, SMB_ERROR_ARGUMENT, "not an ordinary file"); /* and does not hang */
  fd = smb_examine_open_evidence (good, &size, NULL, NULL);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (fcntl (fd, F_GETFL) & O_ACCMODE, ==, O_RDONLY);
  g_assert_cmpuint (size, ==, 1656);
  close (fd);
  if (geteuid () != 0) { /* the superuser may read everything */
    g_assert_cmpint (chmod (good, 0), ==, 0);
    expect_closed (good, SMB_ERROR_PERMISSION, "Permission denied");
  }
}

static void
test_acquire (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = put (fixture, "baseline.jpg", "a.jpg", 0);
  g_autofree char *cut = put (fixture, "baseline.jpg", "cut.jpg", 1000);
  g_autofree char *corrupt = put (fixture, "xcsn0g01.png", "bad.png", 0);
  g_autofree char *text = put (fixture, "README.md", "text.jpg", 0);
  g_autofree char *missing = g_build_filename (fixture->folder, "missing.jpg", NULL);
  g_autofree char *sha256 = smb_sha256_of_file (path, NULL, NULL, NULL);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbEvidence) first = acquire (fixture, path), second = acquire (fixture, cut);
  g_autoptr (SmbEvidence) third = NULL, fourth = NULL;
  g_autoptr (GPtrArray) findings = NULL;

  g_assert_cmpstr (first->exhibit, ==, "S-01");
  g_assert_cmpstr (first->sha256, ==, sha256);
  g_assert_cmpuint (first->size_bytes, ==, 1656);
  g_assert_cmpstr (first->format, ==, "JPEG");
  g_assert_cmpint (first->width, ==, 96);
  g_assert_cmpint (first->height, ==, 72);
  g_assert_null (first->problem);
  g_assert_cmpint (first->hash_state, ==, SMB_HASH_VERIFIED);
  g_assert_null (second->problem); /* cut short, but there is something to see */
  findings = smb_case_list_findings (fixture->store, second->id, NULL);
  g_assert_cmpuint (findings->len, ==, 1);
  g_assert_nonnull (strstr (((SmbFinding *) findings->pdata[0])->text, "cut short"));
  /* Neither stops the batch, and both are evidence. */
  g_assert_null (smb_examine_acquire (fixture->store, fixture->engine, missing, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  third = acquire (fixture, corrupt);
  g_assert_nonnull (strstr (third->problem, "check sum"));
  fourth = acquire (fixture, text);
  g_assert_nonnull (strstr (fourth->problem, "this is text"));
  g_assert_cmpstr (fourth->exhibit, ==, "S-04");
  g_assert_null (smb_examine_acquire (fixture->store, fixture->engine, path, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "S-01"));
  after = smb_sha256_of_file (path, NULL, NULL, NULL);
  g_assert_cmpstr (after, ==, sha256);
}

typedef struct {
  const Fixture *fixture;
  const char *path;
  GError *error;
} Acquisition;

static gpointer
acquire_thread (gpointer data)
{
  Acquisition *acquisition = data;
  SmbEvidence *evidence = smb_examine_acquire (acquisition->fixture->store, acquisition->fixture->engine,
                                               acquisition->path, NULL, &acquisition->error);

  g_clear_pointer (&evidence, smb_evidence_free);
  return NULL;
}

/* Hashed, then written to, then decoded: the hash is no longer of what was looked at. */
static void
test_changed_meanwhile (Fixture *fixture, gconstpointer data)
{
  g_autofree char *first = put (fixture, "baseline.jpg", "a.jpg", 0);
  g_autofree char *path = put (fixture, "progressive.jpg", "b.jpg", 0);
  g_autoptr (SmbEvidence) evidence = acquire (fixture, first); /* starts the worker */
  Acquisition acquisition = { .fixture = fixture, .path = path };
  g_autoptr (GPtrArray) all = NULL;
  GPid pid = smb_engine_get_worker_pid (fixture->engine, SMB_ENGINE_DECODE);
  GThread *thread;
  int fd;

  kill (pid, SIGSTOP);
  thread = g_thread_new ("acquire", acquire_thread, &acquisition);
  g_usleep (200 * 1000);
  fd = open (path, O_WRONLY | O_APPEND | O_CLOEXEC);
  g_assert_cmpint (write (fd, "!", 1), ==, 1);
  close (fd);
  kill (pid, SIGCONT);
  g_thread_join (thread);
  g_assert_error (acquisition.error, SMB_ERROR, SMB_ERROR_INTEGRITY);
  g_assert_nonnull (strstr (acquisition.error->message, "changed while"));
  g_clear_error (&acquisition.error);
  all = smb_case_list_evidence (fixture->store, NULL);
  g_assert_cmpuint (all->len, ==, 1);
}

static SmbHashState
verify (const Fixture *fixture, const SmbEvidence *evidence)
{
  SmbHashState state;
  g_autoptr (GError) error = NULL;

  g_assert_true (smb_examine_verify (fixture->store, evidence, &state, NULL, &error));
  g_assert_no_error (error);
  return state;
}

static void
test_verify (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = put (fixture, "baseline.jpg", "a.jpg", 0);
  g_autoptr (SmbEvidence) evidence = acquire (fixture, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) findings = NULL;
  g_autofree char *again = NULL;

  g_assert_cmpint (verify (fixture, evidence), ==, SMB_HASH_VERIFIED);
  again = put (fixture, "progressive.jpg", "a.jpg", 0);
  g_assert_cmpint (verify (fixture, evidence), ==, SMB_HASH_ALTERED);
  g_assert_cmpint (verify (fixture, evidence), ==, SMB_HASH_ALTERED);
  g_assert_null (smb_examine_open_picture (fixture->store, fixture->engine, evidence, 0, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY);
  g_assert_nonnull (strstr (error->message, "S-01"));
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_cmpint (verify (fixture, evidence), ==, SMB_HASH_ALTERED);
  g_remove (path);
  g_assert_cmpint (verify (fixture, evidence), ==, SMB_HASH_MISSING);
  findings = smb_case_list_findings (fixture->store, evidence->id, NULL);
  g_assert_cmpuint (findings->len, >=, 2); /* altered, missing: once a change */
  g_assert_cmpuint (findings->len, <=, 3);
  g_assert_true (smb_case_verify_log (fixture->store, NULL, NULL, NULL));
}

static void
test_open_picture (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = put (fixture, "baseline.jpg", "a.jpg", 0);
  g_autoptr (SmbEvidence) evidence = acquire (fixture, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbImage) small = smb_examine_open_picture (fixture->store, fixture->engine, evidence, 24, NULL, &error);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_assert_no_error (error);
  g_assert_cmpint (small->width, ==, 24);
  g_assert_cmpint (small->height, ==, 18);
  g_cancellable_cancel (cancellable);
  g_assert_null (smb_examine_open_picture (fixture->store, fixture->engine, evidence, 0, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gboolean
log_has (const Fixture *fixture, const char *action, const char *subject, const char *details)
{
  g_autoptr (GPtrArray) log = smb_case_list_log (fixture->store, NULL);

  for (guint i = 0; i < log->len; i++) {
    const SmbAuditEntry *entry = log->pdata[i];

    if (g_str_equal (entry->action, action) && g_str_equal (entry->subject, subject)
        && (details == NULL || strstr (entry->details, details) != NULL))
      return TRUE;
  }
  return FALSE;
}

/* A region map of the examiner's comes back as it was, and can be given up again. */
static void
edit_regions (Fixture *fixture, gint64 analysis_id)
{
  guint8 *classes = g_malloc0 (32 * 32);
  g_autoptr (SmbRegions) regions = smb_regions_new_take (32, classes, SMB_REGIONS_BY_HAND), got = NULL;
  g_autoptr (GError) error = NULL;

  memset (classes + 300, SMB_CLASS_NOSE, 40);
  g_assert_true (smb_examine_set_regions (fixture->store, analysis_id, 0, NULL, &error));
  g_assert_true (smb_examine_get_regions (fixture->store, analysis_id, 0, &got, &error));
  g_assert_null (got);
  g_assert_true (smb_examine_set_regions (fixture->store, analysis_id, 0, regions, &error));
  g_assert_true (smb_examine_get_regions (fixture->store, analysis_id, 0, &got, &error));
  g_assert_no_error (error);
  g_assert_cmpint (got->origin, ==, SMB_REGIONS_BY_HAND);
  g_assert_cmpmem (got->classes, 32 * 32, classes, 32 * 32);
  g_assert_true (log_has (fixture, "regions.edit", "S-01", "hand"));
  g_assert_false (smb_examine_set_regions (fixture->store, analysis_id, 1, regions, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
}

static void
assert_names_landmarks (const char *report, const SmbCaseAnalysis *stored)
{
  g_autoptr (JsonNode) node = json_from_string (stored->result, NULL);
  g_autoptr (SmbAnalysis) analysis = smb_analysis_from_json (node, NULL);
  g_autofree char *html = NULL;

  g_assert_true (g_file_get_contents (report, &html, NULL, NULL));
  if (analysis->landmark_file == NULL)
    g_assert_null (strstr (html, "Landmarks found with"));
  else
    g_assert_true (strstr (html, analysis->landmark_file) != NULL && strstr (html, analysis->landmark_sha256) != NULL);
}

static void
test_analyze_and_report (Fixture *fixture, gconstpointer data)
{
  static const char *const endings[] = { "report.html", "report.pdf" };
  g_autofree char *path = put (fixture, "baseline.jpg", "a.jpg", 0);
  g_autofree char *bad = put (fixture, "xcsn0g01.png", "bad.png", 0);
  g_autoptr (SmbEvidence) evidence = acquire (fixture, path), other = acquire (fixture, bad);
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (GArray) drawn = g_array_new (FALSE, FALSE, sizeof (SmbBox));
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  SmbMapSpec specs[2] = { smb_map_spec_default (SMB_MAP_ROLLOUT), smb_map_spec_default (SMB_MAP_ERROR) };
  const SmbReportWish wish = { .model = model, .specs = specs, .n_specs = G_N_ELEMENTS (specs), .check = TRUE },
                      bare = { 0 };
  SmbBox box = { 10, 5, 60, 60 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCaseAnalysis) stored = NULL;
  g_autoptr (GPtrArray) analyses = NULL, faces = NULL, findings = NULL;
  g_autofree char *again = NULL, *late = NULL;

  g_array_append_val (drawn, box);
  stored = smb_examine_analyze (fixture->store, fixture->engine, model, evidence, drawn, &settings, NULL, NULL, NULL,
                                &error);
  g_assert_no_error (error);
  g_assert_cmpint (stored->n_faces, ==, 1);
  g_assert_false (isnan (stored->highest_score));
  g_assert_cmpstr (stored->model_sha256, ==, model->detector_sha256);
  judge_assert_instruments (stored->device, stored->result);
  faces = smb_case_list_faces (fixture->store, stored->id, NULL);
  g_assert_cmpuint (faces->len, ==, 1);
  g_assert_cmpstr (((SmbCaseFace *) faces->pdata[0])->origin, ==, "drawn");
  g_assert_null (smb_examine_analyze (fixture->store, fixture->engine, model, other, NULL, &settings, NULL, NULL, NULL,
                                      &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_clear_error (&error);
  analyses = smb_case_list_analyses (fixture->store, 0, NULL);
  g_assert_cmpuint (analyses->len, ==, 1);
  edit_regions (fixture, stored->id);
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++) {
    g_autofree char *report = g_build_filename (fixture->folder, endings[i], NULL);
    g_autofree char *sha256 = NULL;

    g_assert_true (smb_examine_report (fixture->store, fixture->engine, &wish, report, NULL, NULL, NULL, &error));
    g_assert_no_error (error);
    sha256 = smb_sha256_of_file (report, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_true (log_has (fixture, "report.export", endings[i], sha256));
    if (i == 0)
      assert_names_landmarks (report, stored);
  }
  g_assert_true (log_has (fixture, "evidence.add", "S-01", evidence->sha256));
  /* Each report hashes what it shows anew, and says so in the log; what differs is found without anybody asking. */
  g_assert_true (log_has (fixture, "evidence.verify", "S-01", "\"verified\""));
  again = put (fixture, "progressive.jpg", "a.jpg", 0);
  late = g_build_filename (fixture->folder, "altered.html", NULL);
  g_assert_true (smb_examine_report (fixture->store, fixture->engine, &bare, late, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (log_has (fixture, "evidence.verify", "S-01", "\"altered\""));
  findings = smb_case_list_findings (fixture->store, evidence->id, NULL);
  g_assert_cmpstr (((SmbFinding *) findings->pdata[0])->kind, ==, "hash-mismatch");
  g_assert_true (smb_case_check (fixture->store, &error));
  g_assert_no_error (error);
}

/* What was looked at is what is written, whatever the format, and only while the case is the one it shows. */
static void
test_draft (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = put (fixture, "baseline.jpg", "a.jpg", 0);
  g_autoptr (SmbEvidence) evidence = acquire (fixture, path);
  const SmbReportWish all = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbReportDraft) draft
      = smb_report_draft_new (fixture->store, fixture->engine, &all, NULL, NULL, NULL, &error);
  g_autoptr (SmbReportPages) pages = NULL;
  g_autoptr (GBytes) bundle = NULL;
  g_autofree char *pdf = g_build_filename (fixture->folder, "a.pdf", NULL),
                  *json = g_build_filename (fixture->folder, "a.json", NULL);
  g_autofree char *late = g_build_filename (fixture->folder, "late.json", NULL), *text = NULL;
  g_autoptr (SmbNote) note = g_new0 (SmbNote, 1);
  gsize n_bytes;

  g_assert_no_error (error);
  pages = smb_report_draft_make_pages (draft, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (smb_report_pages_get_n (pages), >=, 2);
  g_assert_false (g_file_test (pdf, G_FILE_TEST_EXISTS));
  g_assert_true (smb_report_draft_write (draft, fixture->store, pdf, &error));
  g_assert_no_error (error);
  g_assert_true (log_has (fixture, "report.export", "a.pdf", "sha256"));
  /* Its own export is no change of the case. */
  bundle = smb_report_draft_make_bundle (draft);
  g_assert_true (smb_report_draft_write (draft, fixture->store, json, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (json, &text, &n_bytes, NULL));
  g_assert_cmpmem (text, (int) n_bytes, g_bytes_get_data (bundle, NULL), (int) g_bytes_get_size (bundle));
  note->evidence_id = evidence->id;
  note->text = g_strdup ("Seen later.");
  g_assert_true (smb_case_add_note (fixture->store, note, &error));
  g_assert_false (smb_report_draft_write (draft, fixture->store, late, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_assert_false (g_file_test (late, G_FILE_TEST_EXISTS));
}

/* An analysis of just these boxes. */
static gint64
analyze_boxes (Fixture *fixture, const SmbModelInfo *model, const SmbEvidence *evidence, const SmbBox *boxes, guint n)
{
  const SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (GArray) drawn = g_array_new (FALSE, FALSE, sizeof (SmbBox));
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCaseAnalysis) stored = NULL;

  g_array_append_vals (drawn, boxes, n);
  stored = smb_examine_analyze (fixture->store, fixture->engine, model, evidence, drawn, &settings, NULL, NULL, NULL,
                                &error);
  g_assert_no_error (error);
  return stored->id;
}

/* Faces are left out of a report by the analysis that was looked at: after another they are not shown for all that. */
static void
test_left_out (Fixture *fixture, gconstpointer data)
{
  const SmbBox boxes[] = { { 2, 2, 32, 32 }, { 44, 20, 32, 32 } };
  g_autofree char *path = put (fixture, "baseline.jpg", "a.jpg", 0);
  g_autoptr (SmbEvidence) evidence = acquire (fixture, path);
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  SmbReportFace face = { analyze_boxes (fixture, model, evidence, boxes, 2), 1 };
  const SmbReportWish wish = { .left_out = &face, .n_left_out = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbReportDraft) draft
      = smb_report_draft_new (fixture->store, fixture->engine, &wish, NULL, NULL, NULL, &error);
  g_autoptr (GBytes) bundle = NULL;

  g_assert_no_error (error);
  bundle = smb_report_draft_make_bundle (draft);
  g_assert_nonnull (g_strstr_len (g_bytes_get_data (bundle, NULL), (gssize) g_bytes_get_size (bundle),
                                  "\"left_out\":[2]"));
  g_clear_pointer (&draft, smb_report_draft_free);
  analyze_boxes (fixture, model, evidence, boxes, 2);
  draft = smb_report_draft_new (fixture->store, fixture->engine, &wish, NULL, NULL, NULL, &error);
  g_assert_null (draft);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_assert_nonnull (strstr (error->message, "S-01 was analysed again"));
}

/* A face that is analysed again keeps the regions an examiner gave it, moved with its box; another face gets none of
 * them. */
static void
test_carry (Fixture *fixture, gconstpointer data)
{
  const SmbBox first[] = { { 2, 2, 32, 32 }, { 44, 20, 32, 32 } }, moved[] = { { 44, 20, 32, 32 }, { 6, 2, 32, 32 } };
  const SmbBox elsewhere[] = { { 30, 36, 24, 24 } };
  g_autofree char *path = put (fixture, "baseline.jpg", "a.jpg", 0);
  g_autoptr (SmbEvidence) evidence = acquire (fixture, path);
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbRegions) regions = smb_regions_new_take (32, g_malloc0 (32 * 32), SMB_REGIONS_BY_HAND), got = NULL,
                         expected = NULL;
  g_autoptr (GError) error = NULL;
  gint64 id = analyze_boxes (fixture, model, evidence, first, 2);

  for (int i = 0; i < 32 * 32; i++)
    regions->classes[i] = (guint8) (i % 32 / 3);
  g_assert_true (smb_examine_set_regions (fixture->store, id, 0, regions, &error));
  g_assert_no_error (error);
  id = analyze_boxes (fixture, model, evidence, first, 2);
  g_assert_true (smb_examine_get_regions (fixture->store, id, 0, &got, &error));
  g_assert_cmpmem (got->classes, 32 * 32, regions->classes, 32 * 32);
  g_assert_cmpint (got->origin, ==, SMB_REGIONS_BY_HAND);
  g_assert_true (log_has (fixture, "regions.carry", "S-01", "\"from\":1"));
  g_clear_pointer (&got, smb_regions_free);
  g_assert_true (smb_examine_get_regions (fixture->store, id, 1, &got, &error));
  g_assert_null (got);

  /* Another face in between does not end it. */
  id = analyze_boxes (fixture, model, evidence, elsewhere, 1);
  g_assert_true (smb_examine_get_regions (fixture->store, id, 0, &got, &error));
  g_assert_null (got);
  id = analyze_boxes (fixture, model, evidence, moved, 2);
  g_assert_true (smb_examine_get_regions (fixture->store, id, 1, &got, &error));
  expected = smb_regions_move (regions, first[0], moved[1]);
  g_assert_cmpmem (got->classes, 32 * 32, expected->classes, 32 * 32);
  g_assert_cmpuint (got->classes[0], ==, regions->classes[4]);
  g_assert_cmpuint (got->classes[31], ==, regions->classes[31]);

  /* Given up, it does not come back. */
  g_assert_true (smb_examine_set_regions (fixture->store, id, 1, NULL, &error));
  id = analyze_boxes (fixture, model, evidence, first, 2);
  g_clear_pointer (&got, smb_regions_free);
  g_assert_true (smb_examine_get_regions (fixture->store, id, 0, &got, &error));
  g_assert_null (got);
  g_assert_true (smb_case_check (fixture->store, &error));
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add ("/examine/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("open", test_open);
  ADD ("acquire", test_acquire);
  ADD ("changed-meanwhile", test_changed_meanwhile);
  ADD ("verify", test_verify);
  ADD ("open-picture", test_open_picture);
  ADD ("analyze-and-report", test_analyze_and_report);
  ADD ("draft", test_draft);
  ADD ("left-out", test_left_out);
  ADD ("carry", test_carry);
#undef ADD
  return g_test_run ();
}
