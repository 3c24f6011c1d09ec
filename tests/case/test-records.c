/* SPDX-License-Identifier: Apache-2.0 */
/* Every record comes back as it was stored, from this connection and from a later one. */
#include "case-test.h"

#include "base/smb-hash.h"

#include <math.h>

static void
test_info (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SmbCaseInfo *info = smb_case_get_info (fixture->store, &error);
  gint64 created_us;

  g_assert_no_error (error);
  g_assert_cmpstr (info->number, ==, "SC-2026-001");
  g_assert_cmpstr (info->title, ==, "Sample case 見本");
  g_assert_cmpstr (info->laboratory, ==, "Laboratory North");
  g_assert_cmpstr (info->examiner, ==, "E. Xaminer");
  created_us = info->created_us;
  g_assert_cmpint (created_us, >, 0);

  g_free (info->title);
  info->title = g_strdup ("Another title");
  info->created_us = 1;
  g_assert_true (smb_case_set_info (fixture->store, info, &error));
  smb_case_info_free (info);
  info = smb_case_get_info (fixture->store, &error);
  g_assert_cmpstr (info->title, ==, "Another title");
  g_assert_cmpint (info->created_us, ==, created_us);

  g_free (info->title);
  info->title = g_strdup ("");
  g_assert_false (smb_case_set_info (fixture->store, info, &error));
  assert_refused (error, SMB_ERROR_ARGUMENT, "title");
  smb_case_info_free (info);
}

static void
test_evidence (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = NULL;
  SmbEvidence full = { .exhibit = NULL,
                       .path = (char *) "/evidence/ひ \"quoted\" '; DROP TABLE evidence; --.jpg",
                       .size_bytes = G_MAXUINT32 * G_GUINT64_CONSTANT (4),
                       .acquired_us = 1700000000123456,
                       .modified_us = 1600000000654321,
                       .format = (char *) "JPEG",
                       .width = 4000,
                       .height = 3000,
                       .problem = (char *) "truncated",
                       .hash_state = SMB_HASH_VERIFIED,
                       .verified_us = 1700000000123457 };
  SmbEvidence *got;

  full.sha256 = smb_sha256_of_bytes ("full", 4);
  g_assert_true (smb_case_add_evidence (fixture->store, &full, &error));
  g_assert_cmpstr (full.exhibit, ==, "S-01");
  for (int i = 2; i <= 11; i++) {
    g_autofree char *name = g_strdup_printf ("%d.png", i);
    add_exhibit (fixture->store, name);
  }
  smb_case_close (fixture->store);
  fixture->store = smb_case_open (fixture->path, &error);
  g_assert_no_error (error);
  list = smb_case_list_evidence (fixture->store, &error);
  g_assert_cmpuint (list->len, ==, 11);
  got = g_ptr_array_index (list, 0);
  g_assert_cmpint (got->id, ==, full.id);
  g_assert_cmpstr (got->exhibit, ==, "S-01");
  g_assert_cmpstr (got->path, ==, full.path);
  g_assert_cmpstr (got->sha256, ==, full.sha256);
  g_assert_cmpuint (got->size_bytes, ==, full.size_bytes);
  g_assert_cmpint (got->acquired_us, ==, full.acquired_us);
  g_assert_cmpint (got->modified_us, ==, full.modified_us);
  g_assert_cmpstr (got->format, ==, "JPEG");
  g_assert_cmpint (got->width, ==, 4000);
  g_assert_cmpint (got->height, ==, 3000);
  g_assert_cmpstr (got->problem, ==, "truncated");
  g_assert_cmpint (got->hash_state, ==, SMB_HASH_VERIFIED);
  g_assert_cmpint (got->verified_us, ==, full.verified_us);
  g_assert_null (got->found_sha256);
  g_assert_cmpstr (((SmbEvidence *) g_ptr_array_index (list, 10))->exhibit, ==, "S-11");
  g_free (full.exhibit);
  g_free (full.sha256);
}

static void
test_duplicates (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) log = NULL;
  g_autofree char *sha256 = smb_sha256_of_bytes ("a.png", 5);
  SmbEvidence again = { .path = (char *) "/evidence/a.png", .sha256 = sha256 };
  SmbEvidence copy = { .path = (char *) "/evidence/copy of a.png", .sha256 = sha256 };
  SmbEvidence taken = { .exhibit = (char *) "S-01", .path = (char *) "/evidence/b.png", .sha256 = sha256 };
  SmbAuditEntry *entry;

  add_exhibit (fixture->store, "a.png");
  g_assert_false (smb_case_add_evidence (fixture->store, &again, &error));
  assert_refused (error, SMB_ERROR_ARGUMENT, "S-01");
  g_clear_error (&error);
  g_assert_null (again.exhibit);
  g_assert_true (smb_case_add_evidence (fixture->store, &copy, &error));
  g_assert_cmpstr (copy.exhibit, ==, "S-02");
  g_assert_false (smb_case_add_evidence (fixture->store, &taken, &error));
  assert_refused (error, SMB_ERROR_ARGUMENT, "S-01");
  log = smb_case_list_log (fixture->store, NULL);
  g_assert_cmpuint (log->len, ==, 3);
  entry = g_ptr_array_index (log, 2);
  g_assert_cmpstr (entry->action, ==, "evidence.add");
  g_assert_nonnull (strstr (entry->details, "\"same_bytes_as\":\"S-01\""));
  g_free (copy.exhibit);
}

static void
test_bad_evidence (Fixture *fixture, gconstpointer data)
{
  g_autofree char *sha256 = smb_sha256_of_bytes ("x", 1);
  g_autofree char *long_path = g_strdup_printf ("/%0*d", SMB_CASE_MAX_PATH_BYTES, 0);
  const struct {
    SmbEvidence evidence;
    SmbError code;
    const char *part;
  } rows[] = {
    { { .path = (char *) "relative.png", .sha256 = sha256 }, SMB_ERROR_ARGUMENT, "relative.png" },
    { { .path = (char *) "/a\xff.png", .sha256 = sha256 }, SMB_ERROR_ARGUMENT, "UTF-8" },
    { { .path = long_path, .sha256 = sha256 }, SMB_ERROR_LIMIT, "longer" },
    { { .path = (char *) "/a.png", .sha256 = (char *) "ABC" }, SMB_ERROR_ARGUMENT, "ABC" },
    { { .path = (char *) "/a.png", .sha256 = NULL }, SMB_ERROR_ARGUMENT, "SHA-256" },
    { { .path = NULL, .sha256 = sha256 }, SMB_ERROR_ARGUMENT, "empty" },
    { { .exhibit = (char *) "", .path = (char *) "/a.png", .sha256 = sha256 }, SMB_ERROR_ARGUMENT, "exhibit" },
    { { .path = (char *) "/a.png", .sha256 = sha256, .width = -1 }, SMB_ERROR_ARGUMENT, "smbcase" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    SmbEvidence evidence = rows[i].evidence;

    g_assert_false (smb_case_add_evidence (fixture->store, &evidence, &error));
    assert_refused (error, rows[i].code, rows[i].part);
  }
  g_assert_true (smb_case_check (fixture->store, NULL));
}

static guint
count_findings (SmbCase *store, gint64 id)
{
  g_autoptr (GPtrArray) findings = smb_case_list_findings (store, id, NULL);
  return findings->len;
}

static void
test_hash_state (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) findings = NULL, list = NULL;
  g_autofree char *other = smb_sha256_of_bytes ("other", 5);
  g_autofree char *third = smb_sha256_of_bytes ("third", 5);
  SmbCase *store = fixture->store;
  gint64 id = add_exhibit (store, "a.png");
  const struct {
    SmbHashState state;
    const char *found;
    guint findings;
  } steps[] = {
    { SMB_HASH_VERIFIED, NULL, 0 }, { SMB_HASH_ALTERED, other, 1 }, { SMB_HASH_ALTERED, other, 1 },
    { SMB_HASH_ALTERED, third, 2 }, { SMB_HASH_VERIFIED, NULL, 2 }, { SMB_HASH_MISSING, NULL, 3 },
    { SMB_HASH_MISSING, NULL, 3 },  { SMB_HASH_ALTERED, other, 4 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
    smb_case_set_hash_state (store, id, steps[i].state, steps[i].found, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (count_findings (store, id), ==, steps[i].findings);
  }
  findings = smb_case_list_findings (store, -1, NULL);
  g_assert_cmpstr (((SmbFinding *) g_ptr_array_index (findings, 0))->kind, ==, "hash-mismatch");
  g_assert_nonnull (strstr (((SmbFinding *) g_ptr_array_index (findings, 0))->text, other));
  g_assert_cmpstr (((SmbFinding *) g_ptr_array_index (findings, 2))->kind, ==, "file-missing");
  list = smb_case_list_evidence (store, NULL);
  g_assert_cmpint (((SmbEvidence *) g_ptr_array_index (list, 0))->hash_state, ==, SMB_HASH_ALTERED);
  g_assert_cmpstr (((SmbEvidence *) g_ptr_array_index (list, 0))->found_sha256, ==, other);
  g_assert_cmpint (((SmbEvidence *) g_ptr_array_index (list, 0))->verified_us, >, 0);
  g_assert_false (smb_case_set_hash_state (store, 99, SMB_HASH_VERIFIED, NULL, &error));
  assert_refused (error, SMB_ERROR_NOT_FOUND, "99");
  g_assert_true (smb_case_check (store, NULL));
}

static void
test_relocate (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = NULL, log = NULL;
  g_autofree char *same = smb_sha256_of_bytes ("a.png", 5);
  g_autofree char *other = smb_sha256_of_bytes ("b.png", 5);
  gint64 id = add_exhibit (fixture->store, "a.png");
  SmbEvidence *evidence;

  g_assert_false (smb_case_relocate_evidence (fixture->store, id, "/new/a.png", other, &error));
  assert_refused (error, SMB_ERROR_INTEGRITY, "/new/a.png");
  g_clear_error (&error);
  g_assert_false (smb_case_relocate_evidence (fixture->store, 77, "/new/a.png", same, &error));
  assert_refused (error, SMB_ERROR_NOT_FOUND, "77");
  g_clear_error (&error);
  g_assert_true (smb_case_relocate_evidence (fixture->store, id, "/new/a.png", same, &error));
  list = smb_case_list_evidence (fixture->store, NULL);
  evidence = g_ptr_array_index (list, 0);
  g_assert_cmpstr (evidence->path, ==, "/new/a.png");
  g_assert_cmpint (evidence->hash_state, ==, SMB_HASH_VERIFIED);
  log = smb_case_list_log (fixture->store, NULL);
  g_assert_cmpstr (((SmbAuditEntry *) g_ptr_array_index (log, 2))->action, ==, "evidence.relocate");
  g_assert_nonnull (strstr (((SmbAuditEntry *) g_ptr_array_index (log, 2))->details, "/evidence/a.png"));
}

static SmbCaseFace *
make_face (int i)
{
  SmbCaseFace *face = g_new0 (SmbCaseFace, 1);

  face->x = 10 * i;
  face->y = 20;
  face->width = 100;
  face->height = 90;
  face->dx = -3;
  face->dy = 24;
  face->dwidth = 70;
  face->dheight = 71;
  face->confidence = 1.25 + i;
  face->origin = g_strdup (i == 1 ? "detected" : "drawn");
  face->label = g_strdup_printf ("F%d", i);
  return face;
}

static void
test_analysis (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) faces = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_face_free);
  g_autoptr (GPtrArray) analyses = NULL, stored = NULL;
  gint64 id = add_exhibit (fixture->store, "a.png");
  g_autofree char *sha256 = smb_sha256_of_bytes ("model", 5);
  SmbCaseAnalysis analysis = { .evidence_id = id,
                               .made_us = 5,
                               .model_name = (char *) "untrained",
                               .model_sha256 = sha256,
                               .settings = (char *) "{}",
                               .seed = G_MAXUINT64,
                               .program_version = (char *) "0.1.0",
                               .device = (char *) "cpu",
                               .result = (char *) "{\"faces\":[]}",
                               .highest_score = 0.1 + 0.2,
                               .n_faces = 2,
                               .trained = TRUE };
  SmbCaseAnalysis second = analysis;
  SmbCaseAnalysis *got;
  SmbCaseFace *face;

  g_ptr_array_add (faces, make_face (1));
  g_ptr_array_add (faces, make_face (2));
  g_assert_true (smb_case_add_analysis (fixture->store, &analysis, faces, &error));
  second.made_us = 6;
  second.highest_score = NAN;
  g_assert_true (smb_case_add_analysis (fixture->store, &second, NULL, &error));
  smb_case_close (fixture->store);
  fixture->store = smb_case_open (fixture->path, &error);
  analyses = smb_case_list_analyses (fixture->store, id, &error);
  g_assert_cmpuint (analyses->len, ==, 2);
  g_assert_true (isnan (((SmbCaseAnalysis *) g_ptr_array_index (analyses, 0))->highest_score));
  got = g_ptr_array_index (analyses, 1);
  g_assert_cmpint (got->id, ==, analysis.id);
  g_assert_cmpint (got->evidence_id, ==, id);
  g_assert_cmpint (got->made_us, ==, 5);
  g_assert_cmpstr (got->model_name, ==, "untrained");
  g_assert_cmpstr (got->model_sha256, ==, sha256);
  g_assert_null (got->mim_sha256);
  g_assert_cmpstr (got->settings, ==, "{}");
  g_assert_cmpuint (got->seed, ==, G_MAXUINT64);
  g_assert_cmpstr (got->program_version, ==, "0.1.0");
  g_assert_cmpstr (got->device, ==, "cpu");
  g_assert_cmpstr (got->result, ==, "{\"faces\":[]}");
  g_assert_cmpfloat (got->highest_score, ==, 0.1 + 0.2);
  g_assert_cmpint (got->n_faces, ==, 2);
  g_assert_true (got->trained);
  g_assert_false (got->calibrated);
  stored = smb_case_list_faces (fixture->store, got->id, &error);
  g_assert_cmpuint (stored->len, ==, 2);
  face = g_ptr_array_index (stored, 1);
  g_assert_cmpint (face->evidence_id, ==, id);
  g_assert_cmpint (face->x, ==, 20);
  g_assert_cmpint (face->dx, ==, -3);
  g_assert_cmpint (face->dheight, ==, 71);
  g_assert_cmpfloat (face->confidence, ==, 3.25);
  g_assert_cmpstr (face->origin, ==, "drawn");
  g_assert_cmpstr (face->label, ==, "F2");

  /* A face that is refused takes its analysis with it. */
  ((SmbCaseFace *) g_ptr_array_index (faces, 1))->width = 0;
  g_assert_false (smb_case_add_analysis (fixture->store, &analysis, faces, &error));
  g_assert_nonnull (error);
  g_ptr_array_unref (analyses);
  analyses = smb_case_list_analyses (fixture->store, 0, NULL);
  g_assert_cmpuint (analyses->len, ==, 2);
  g_assert_true (smb_case_check (fixture->store, NULL));
}

static void
test_notes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = NULL, of_case = NULL, of_exhibit = NULL, log = NULL, findings = NULL;
  gint64 id = add_exhibit (fixture->store, "a.png");
  SmbNote first = { .text = (char *) "of the case" };
  SmbNote second = { .evidence_id = id, .author = (char *) "Someone", .text = (char *) "<b>of\nthe exhibit</b>" };
  SmbNote bad = { .evidence_id = 55, .text = (char *) "x" };
  SmbFinding finding = { .evidence_id = id,
                         .kind = (char *) "examiner",
                         .text = (char *) "found",
                         .details = (char *) "{\"a\":1}" };
  SmbAuditEntry *entry;

  g_assert_true (smb_case_add_note (fixture->store, &first, &error));
  g_assert_cmpstr (first.author, ==, "E. Xaminer");
  g_assert_true (smb_case_add_note (fixture->store, &second, &error));
  g_assert_true (smb_case_edit_note (fixture->store, second.id, "corrected", &error));
  g_assert_false (smb_case_add_note (fixture->store, &bad, &error));
  assert_refused (error, SMB_ERROR_NOT_FOUND, "55");
  g_clear_error (&error);
  g_assert_false (smb_case_edit_note (fixture->store, 99, "x", &error));
  assert_refused (error, SMB_ERROR_NOT_FOUND, "99");
  g_clear_error (&error);
  g_assert_true (smb_case_add_finding (fixture->store, &finding, &error));
  all = smb_case_list_notes (fixture->store, -1, NULL);
  of_case = smb_case_list_notes (fixture->store, 0, NULL);
  of_exhibit = smb_case_list_notes (fixture->store, id, NULL);
  g_assert_cmpuint (all->len, ==, 2);
  g_assert_cmpuint (of_case->len, ==, 1);
  g_assert_cmpuint (of_exhibit->len, ==, 1);
  g_assert_cmpstr (((SmbNote *) g_ptr_array_index (of_case, 0))->text, ==, "of the case");
  g_assert_cmpint (((SmbNote *) g_ptr_array_index (of_case, 0))->evidence_id, ==, 0);
  g_assert_cmpstr (((SmbNote *) g_ptr_array_index (of_exhibit, 0))->text, ==, "corrected");
  g_assert_cmpstr (((SmbNote *) g_ptr_array_index (of_exhibit, 0))->author, ==, "Someone");
  findings = smb_case_list_findings (fixture->store, id, NULL);
  g_assert_cmpstr (((SmbFinding *) g_ptr_array_index (findings, 0))->details, ==, "{\"a\":1}");
  log = smb_case_list_log (fixture->store, NULL);
  entry = g_ptr_array_index (log, 4);
  g_assert_cmpstr (entry->action, ==, "note.edit");
  g_assert_cmpstr (entry->subject, ==, "S-01");
  g_assert_nonnull (strstr (entry->details, "<b>of\\nthe exhibit</b>"));
  g_assert_true (smb_case_check (fixture->store, &error));
  g_free (first.author);
  g_free (bad.author);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

/* Every version stays; the newest counts, and going back to none is one too. */
static void
test_regions (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) faces = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_face_free), log = NULL;
  g_autoptr (SmbCaseRegions) got = NULL;
  SmbCaseAnalysis analysis = { .evidence_id = add_exhibit (fixture->store, "a.png"),
                               .model_name = (char *) "m",
                               .settings = (char *) "{}",
                               .program_version = (char *) "0",
                               .device = (char *) "cpu",
                               .result = (char *) "{}" };
  SmbCaseRegions first = { .size_px = 8, .origin = (char *) "imported", .classes = (char *) "a64" };
  SmbCaseRegions second = { .size_px = 8, .origin = (char *) "hand", .classes = (char *) "a63k" }, none = { 0 };
  SmbAuditEntry *entry;

  g_ptr_array_add (faces, make_face (1));
  g_assert_true (smb_case_add_analysis (fixture->store, &analysis, faces, &error));
  first.face_id = second.face_id = none.face_id = ((SmbCaseFace *) g_ptr_array_index (faces, 0))->id;
  g_assert_true (smb_case_get_regions (fixture->store, first.face_id, &got, &error));
  g_assert_null (got);
  g_assert_true (smb_case_add_regions (fixture->store, &first, &error));
  g_assert_true (smb_case_add_regions (fixture->store, &second, &error));
  smb_case_close (fixture->store);
  fixture->store = smb_case_open (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_true (smb_case_get_regions (fixture->store, first.face_id, &got, &error));
  g_assert_cmpint (got->id, ==, second.id);
  g_assert_cmpint (got->size_px, ==, 8);
  g_assert_cmpstr (got->origin, ==, "hand");
  g_assert_cmpstr (got->classes, ==, "a63k");
  g_assert_cmpstr (got->author, ==, second.author);
  log = smb_case_list_log (fixture->store, &error);
  entry = g_ptr_array_index (log, log->len - 1);
  g_assert_cmpstr (entry->action, ==, "regions.edit");
  g_assert_cmpstr (entry->subject, ==, "S-01");
  g_assert_nonnull (strstr (entry->details, "hand"));
  g_assert_true (smb_case_add_regions (fixture->store, &none, &error));
  g_clear_pointer (&got, smb_case_regions_free);
  g_assert_true (smb_case_get_regions (fixture->store, first.face_id, &got, &error));
  g_assert_null (got);
  g_assert_true (smb_case_check (fixture->store, &error));
  g_assert_no_error (error);

  first.face_id = 77;
  g_assert_false (smb_case_add_regions (fixture->store, &first, &error));
  assert_refused (error, SMB_ERROR_NOT_FOUND, "77");
  g_clear_error (&error);
  tamper (fixture->path, "UPDATE region_map SET classes = 'k64' WHERE id = 1");
  g_assert_false (smb_case_check (fixture->store, &error));
  assert_refused (error, SMB_ERROR_INTEGRITY, "region_map");
  g_clear_error (&error);
  g_free (first.author);
  g_free (second.author);
  g_free (none.author);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/case/records/info", test_info);
  ADD ("/case/records/evidence", test_evidence);
  ADD ("/case/records/duplicates", test_duplicates);
  ADD ("/case/records/bad-evidence", test_bad_evidence);
  ADD ("/case/records/hash-state", test_hash_state);
  ADD ("/case/records/relocate", test_relocate);
  ADD ("/case/records/analysis", test_analysis);
  ADD ("/case/records/regions", test_regions);
  ADD ("/case/records/notes", test_notes);
  return g_test_run ();
}
