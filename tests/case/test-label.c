/* SPDX-License-Identifier: Apache-2.0 */
/* What an examiner says that exhibits and faces are: kept, in the log, and the newest of each counts. */
#include "case-test.h"

#include "case/smb-case-label.h"

static gint64
add_face (SmbCase *store, gint64 evidence_id)
{
  SmbCaseFace face = { .x = 1, .y = 2, .width = 30, .height = 30, .dwidth = 20, .dheight = 20, .confidence = 1,
                       .origin = (char *) "detected", .label = (char *) "F1" };
  SmbCaseAnalysis analysis = { .evidence_id = evidence_id, .made_us = 1, .model_name = (char *) "untrained",
                               .settings = (char *) "{}", .program_version = (char *) "0", .device = (char *) "cpu",
                               .result = (char *) "{}", .highest_score = 0.5, .n_faces = 1 };
  g_autoptr (GPtrArray) faces = g_ptr_array_new (), stored = NULL;

  g_ptr_array_add (faces, &face);
  g_assert_true (smb_case_add_analysis (store, &analysis, faces, NULL));
  stored = smb_case_list_faces (store, analysis.id, NULL);
  g_assert_cmpuint (stored->len, ==, 1);
  return ((SmbCaseFace *) stored->pdata[0])->id;
}

static gboolean
set_label (SmbCase *store, gint64 evidence_id, gint64 face_id, const char *class, const char *identity, GError **error)
{
  g_autoptr (SmbCaseLabel) label = g_new0 (SmbCaseLabel, 1);

  label->evidence_id = evidence_id;
  label->face_id = face_id;
  label->class = g_strdup (class);
  label->identity = g_strdup (identity);
  if (!smb_case_add_label (store, label, error)) {
    g_assert_cmpint (label->id, ==, 0);
    return FALSE;
  }
  g_assert_cmpint (label->id, >, 0);
  g_assert_cmpint (label->made_us, >, 0);
  return TRUE;
}

static void
test_newest_counts (Fixture *fixture, gconstpointer data)
{
  gint64 a = add_exhibit (fixture->store, "a.png"), b = add_exhibit (fixture->store, "b.png");
  gint64 face = add_face (fixture->store, b);
  g_autoptr (GPtrArray) all = NULL, of_b = NULL, left = NULL, log = NULL;
  g_autoptr (GError) error = NULL;
  const SmbCaseLabel *label;
  guint n_set = 0, n_clear = 0;

  g_assert_true (set_label (fixture->store, a, 0, "genuine", NULL, NULL));
  g_assert_true (set_label (fixture->store, a, 0, "swapped", "Kim", NULL));
  g_assert_true (set_label (fixture->store, b, face, "genuine", "", NULL));
  all = smb_case_list_labels (fixture->store, 0, NULL);
  g_assert_cmpuint (all->len, ==, 2);
  label = all->pdata[0];
  g_assert_cmpstr (label->class, ==, "swapped");
  g_assert_cmpstr (label->identity, ==, "Kim");
  g_assert_null (label->face);
  of_b = smb_case_list_labels (fixture->store, b, NULL);
  g_assert_cmpuint (of_b->len, ==, 1);
  label = of_b->pdata[0];
  g_assert_cmpint (label->face_id, ==, face);
  g_assert_cmpstr (label->face, ==, "F1");
  g_assert_cmpint (label->analysis_id, >, 0);

  g_assert_true (set_label (fixture->store, a, 0, NULL, NULL, NULL)); /* taken back */
  left = smb_case_list_labels (fixture->store, a, NULL);
  g_assert_cmpuint (left->len, ==, 0);
  log = smb_case_list_log (fixture->store, NULL);
  for (guint i = 0; i < log->len; i++) {
    n_set += g_str_equal (((SmbAuditEntry *) log->pdata[i])->action, "label.set");
    n_clear += g_str_equal (((SmbAuditEntry *) log->pdata[i])->action, "label.clear");
  }
  g_assert_cmpuint (n_set, ==, 3);
  g_assert_cmpuint (n_clear, ==, 1);
  smb_case_check (fixture->store, &error);
  g_assert_no_error (error);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  gint64 a = add_exhibit (fixture->store, "a.png"), b = add_exhibit (fixture->store, "b.png");
  gint64 face = add_face (fixture->store, b);
  g_autofree char *long_name = g_strnfill (100000, 'x');
  const struct {
    gint64 evidence_id, face_id;
    const char *class, *identity;
    SmbError code;
  } refused[] = {
    { a, 0, "genu=ine", "", SMB_ERROR_ARGUMENT },  { a, 0, "a,b", "", SMB_ERROR_ARGUMENT },
    { a, 0, "a\nb", "", SMB_ERROR_ARGUMENT },      { a, 0, long_name, "", SMB_ERROR_LIMIT },
    { a, 0, "genuine", long_name, SMB_ERROR_LIMIT }, { a, face, "genuine", "", SMB_ERROR_NOT_FOUND },
    { 4711, 0, "genuine", "", SMB_ERROR_NOT_FOUND },
  };
  g_autoptr (GPtrArray) none = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (set_label (fixture->store, refused[i].evidence_id, refused[i].face_id, refused[i].class,
                               refused[i].identity, &error));
    g_assert_error (error, SMB_ERROR, (gint) refused[i].code);
  }
  none = smb_case_list_labels (fixture->store, 0, NULL);
  g_assert_cmpuint (none->len, ==, 0);
}

/* What another program writes into the table is found out. */
static void
test_altered (Fixture *fixture, gconstpointer data)
{
  gint64 a = add_exhibit (fixture->store, "a.png");
  g_autoptr (GError) error = NULL;

  g_assert_true (set_label (fixture->store, a, 0, "genuine", "Kim", NULL));
  g_clear_pointer (&fixture->store, smb_case_close);
  tamper (fixture->path, "UPDATE label SET class = 'swapped'");
  fixture->store = smb_case_open (fixture->path, NULL);
  g_assert_nonnull (fixture->store);
  smb_case_check (fixture->store, &error);
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add ("/case/label/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  ADD ("newest-counts", test_newest_counts);
  ADD ("refused", test_refused);
  ADD ("altered", test_altered);
#undef ADD
  return g_test_run ();
}
