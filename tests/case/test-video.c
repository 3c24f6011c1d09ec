/* SPDX-License-Identifier: Apache-2.0 */
/* What a case holds of videos: facts, runs, their chunks, what an analyst does with tracks. Each is in the log, each
 * comes back from a later connection, each altered by another program is found out. */
#include "case-test.h"

#include "case/smb-case-video.h"

static char *facts = (char *) "{\"container\":{\"format\":\"mov,mp4\"}}";

static SmbCaseVideoRun
make_run (gint64 evidence_id)
{
  return (SmbCaseVideoRun){ .evidence_id = evidence_id,
                            .model_name = (char *) "untrained",
                            .model_sha256 = (char *) "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                            .settings = (char *) "{\"every\":5}",
                            .program_version = (char *) "0.1.0",
                            .device = (char *) "cpu" };
}

static void
open_again (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  smb_case_close (fixture->store);
  fixture->store = smb_case_open (fixture->path, &error);
  g_assert_no_error (error);
  smb_case_check (fixture->store, &error);
  g_assert_no_error (error);
}

static gboolean
log_has (Fixture *fixture, const char *action, const char *subject)
{
  g_autoptr (GPtrArray) log = smb_case_list_log (fixture->store, NULL);

  for (guint i = 0; i < log->len; i++) {
    const SmbAuditEntry *entry = log->pdata[i];

    if (g_str_equal (entry->action, action) && g_str_equal (entry->subject, subject))
      return TRUE;
  }
  return FALSE;
}

static void
test_facts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gint64 video = add_exhibit (fixture->store, "a.mp4"), picture = add_exhibit (fixture->store, "b.png");
  g_autofree char *got = NULL;
  char *none = (char *) "";

  g_assert_true (smb_case_add_video (fixture->store, video, facts, &error));
  g_assert_false (smb_case_add_video (fixture->store, video, facts, &error)); /* once */
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (smb_case_add_video (fixture->store, picture, "", &error));
  assert_refused (error, SMB_ERROR_ARGUMENT, "facts");
  g_clear_error (&error);
  g_assert_false (smb_case_add_video (fixture->store, 4711, facts, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  open_again (fixture);
  g_assert_true (smb_case_get_video (fixture->store, video, &got, NULL));
  g_assert_cmpstr (got, ==, facts);
  g_assert_true (smb_case_get_video (fixture->store, picture, &none, NULL));
  g_assert_null (none);
  g_assert_true (log_has (fixture, "video.facts", "S-01"));
}

static void
test_runs (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gint64 video = add_exhibit (fixture->store, "a.mp4");
  SmbCaseVideoRun first = make_run (video), second = make_run (video), bad = make_run (4711);
  SmbCaseVideoChunk chunks[] = { { .next = 32, .data = (char *) "[1]" }, { .next = 64, .data = (char *) "[2]" },
                                 { .pass = 1, .next = 16, .data = (char *) "[3]" } };
  SmbCaseVideoChunk lost = { .run_id = 99, .data = (char *) "[]" };
  g_autoptr (GPtrArray) runs = NULL, stored = NULL, none = NULL;
  const SmbCaseVideoRun *run;

  g_assert_true (smb_case_add_video (fixture->store, video, facts, &error));
  second.made_us = 77;
  g_assert_true (smb_case_add_video_run (fixture->store, &first, &error));
  g_assert_true (smb_case_add_video_run (fixture->store, &second, &error));
  g_assert_cmpint (first.made_us, >, 77);
  g_assert_false (smb_case_add_video_run (fixture->store, &bad, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  bad = make_run (video);
  bad.model_name = (char *) "";
  g_assert_false (smb_case_add_video_run (fixture->store, &bad, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    chunks[i].run_id = first.id;
    g_assert_true (smb_case_add_video_chunk (fixture->store, &chunks[i], &error));
  }
  g_assert_false (smb_case_add_video_chunk (fixture->store, &lost, &error));
  assert_refused (error, SMB_ERROR_NOT_FOUND, "analysis of a video");
  open_again (fixture);
  runs = smb_case_list_video_runs (fixture->store, video, NULL);
  g_assert_cmpuint (runs->len, ==, 2);
  run = runs->pdata[0];
  g_assert_cmpint (run->id, ==, second.id); /* newest first */
  g_assert_cmpint (run->made_us, ==, 77);
  g_assert_cmpint (run->evidence_id, ==, video);
  g_assert_cmpstr (run->model_name, ==, "untrained");
  g_assert_cmpstr (run->model_sha256, ==, second.model_sha256);
  g_assert_cmpstr (run->settings, ==, "{\"every\":5}");
  g_assert_cmpstr (run->program_version, ==, "0.1.0");
  g_assert_cmpstr (run->device, ==, "cpu");
  stored = smb_case_list_video_chunks (fixture->store, first.id, NULL);
  g_assert_cmpuint (stored->len, ==, G_N_ELEMENTS (chunks));
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    const SmbCaseVideoChunk *chunk = stored->pdata[i];

    g_assert_cmpint (chunk->id, ==, chunks[i].id);
    g_assert_cmpint (chunk->run_id, ==, first.id);
    g_assert_cmpint (chunk->pass, ==, chunks[i].pass);
    g_assert_cmpint (chunk->next, ==, chunks[i].next);
    g_assert_cmpstr (chunk->data, ==, chunks[i].data);
  }
  none = smb_case_list_video_chunks (fixture->store, second.id, NULL);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_true (log_has (fixture, "video.run", "S-01"));
  g_assert_true (log_has (fixture, "video.frames", "S-01"));
}

static void
test_edits (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gint64 video = add_exhibit (fixture->store, "a.mp4");
  SmbCaseVideoRun run = make_run (video);
  SmbCaseTrackEdit edits[] = { { .kind = (char *) "merge", .track = 1, .other = 3 },
                               { .kind = (char *) "split", .track = 1, .other = 4, .frame = 17 },
                               { .kind = (char *) "name", .track = 4, .made_us = 5, .author = (char *) "A. Other",
                                 .text = (char *) "the speaker 話者" } };
  SmbCaseTrackEdit lost = { .run_id = 99, .kind = (char *) "name", .author = (char *) "A", .text = (char *) "x" };
  g_autoptr (GPtrArray) stored = NULL;

  g_assert_true (smb_case_add_video (fixture->store, video, facts, &error));
  g_assert_true (smb_case_add_video_run (fixture->store, &run, &error));
  for (guint i = 0; i < G_N_ELEMENTS (edits); i++) {
    edits[i].run_id = run.id;
    g_assert_true (smb_case_add_track_edit (fixture->store, &edits[i], &error));
  }
  g_assert_false (smb_case_add_track_edit (fixture->store, &lost, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  open_again (fixture);
  stored = smb_case_list_track_edits (fixture->store, run.id, NULL);
  g_assert_cmpuint (stored->len, ==, G_N_ELEMENTS (edits));
  for (guint i = 0; i < G_N_ELEMENTS (edits); i++) {
    const SmbCaseTrackEdit *edit = stored->pdata[i];

    g_assert_cmpint (edit->id, ==, edits[i].id);
    g_assert_cmpstr (edit->kind, ==, edits[i].kind);
    g_assert_cmpint (edit->track, ==, edits[i].track);
    g_assert_cmpint (edit->other, ==, edits[i].other);
    g_assert_cmpint (edit->frame, ==, edits[i].frame);
    g_assert_cmpstr (edit->text, ==, edits[i].text);
    g_assert_cmpstr (edit->author, ==, edits[i].author);
    g_assert_cmpint (edit->made_us, ==, edits[i].made_us);
  }
  g_assert_true (log_has (fixture, "track.merge", "S-01"));
  g_assert_true (log_has (fixture, "track.name", "S-01"));
  for (guint i = 0; i < 2; i++) { /* what was filled in */
    g_free (edits[i].author);
    g_free (edits[i].text);
  }
}

static void
test_tampered (Fixture *fixture, gconstpointer data)
{
  static const char *const acts[]
      = { "UPDATE video SET facts = '{}'", "UPDATE video_run SET settings = '{\"every\":1}'",
          "UPDATE video_chunk SET data = '[9]'", "UPDATE track_edit SET track = 2" };
  g_autoptr (GError) error = NULL;
  gint64 video = add_exhibit (fixture->store, "a.mp4");
  SmbCaseVideoRun run = make_run (video);
  SmbCaseVideoChunk chunk = { .data = (char *) "[1]" };
  SmbCaseTrackEdit edit = { .kind = (char *) "name", .author = (char *) "A", .text = (char *) "x", .track = 1 };
  g_autofree char *honest = NULL;
  gsize n_bytes;

  g_assert_true (smb_case_add_video (fixture->store, video, facts, &error));
  g_assert_true (smb_case_add_video_run (fixture->store, &run, &error));
  chunk.run_id = edit.run_id = run.id;
  g_assert_true (smb_case_add_video_chunk (fixture->store, &chunk, &error));
  g_assert_true (smb_case_add_track_edit (fixture->store, &edit, &error));
  open_again (fixture);
  g_clear_pointer (&fixture->store, smb_case_close);
  g_assert_true (g_file_get_contents (fixture->path, &honest, &n_bytes, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++) {
    g_autoptr (GError) found = NULL;

    g_assert_true (g_file_set_contents (fixture->path, honest, (gssize) n_bytes, NULL));
    tamper (fixture->path, acts[i]);
    fixture->store = smb_case_open (fixture->path, &error);
    g_assert_no_error (error);
    g_test_message ("%s", acts[i]);
    g_assert_false (smb_case_check (fixture->store, &found));
    g_assert_error (found, SMB_ERROR, SMB_ERROR_INTEGRITY);
    g_clear_pointer (&fixture->store, smb_case_close);
  }
  g_assert_true (g_file_set_contents (fixture->path, honest, (gssize) n_bytes, NULL));
  fixture->store = smb_case_open (fixture->path, &error);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/case/video/facts", test_facts);
  ADD ("/case/video/runs", test_runs);
  ADD ("/case/video/edits", test_edits);
  ADD ("/case/video/tampered", test_tampered);
  return g_test_run ();
}
