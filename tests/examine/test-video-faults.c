/* SPDX-License-Identifier: Apache-2.0 */
/* The disk fails while a video is taken in, while its analysis ends and while a face is drawn on a frame: what belongs
 * together is there or not, whichever write or sync it was. */
#include "base/smb-error.h"
#include "case/smb-case-video.h"
#include "examine/smb-examine-video.h"
#include "fault-vfs.h"
#include "judge-fixture.h"
#include "video-clip.h"

#include <glib/gstdio.h>

#define N 6
#define DRAWN 3

/* Of the many writes every few are enough: a transaction has more. */
static const struct {
  Fault fault;
  guint64 step;
} faults[] = { { FAULT_SYNC, 1 }, { FAULT_WRITE, 5 } };

static char *folder;
static char *clip;

typedef struct {
  SmbCase *store;
  SmbEngine *engine; /* borrowed */
  SmbModelInfo *model;
  SmbEvidence *evidence;
  SmbEngineVideo *video;
} Place;

static void
place_clear (Place *place)
{
  g_clear_pointer (&place->video, smb_engine_video_unref);
  g_clear_pointer (&place->evidence, smb_evidence_free);
  g_clear_pointer (&place->model, smb_model_info_free);
  g_clear_pointer (&place->store, smb_case_close);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static Place
place_new (SmbEngine *engine)
{
  SmbCaseInfo info = { .title = (char *) "t" };
  static guint n;
  g_autofree char *name = g_strdup_printf ("%u.smbcase", n++), *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  Place place = { .engine = engine, .model = judge_model (JUDGE_DETECTOR, NULL) };

  fault_vfs_arm (FAULT_NONE, 0);
  fault_vfs_forget ();
  place.store = smb_case_create (path, &info, &error);
  g_assert_no_error (error);
  return place;
}

static void
take_in (Place *place)
{
  g_autoptr (GError) error = NULL;

  place->evidence = smb_examine_acquire (place->store, place->engine, clip, NULL, &error);
  g_assert_no_error (error);
  place->video = smb_examine_open_video (place->store, place->engine, place->evidence, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static gboolean
analyse (Place *place, GError **error)
{
  g_autoptr (SmbVideoProgress) progress = NULL;
  SmbVideoSettings settings = smb_video_settings_default ();

  settings.n_uniform = 2;
  return smb_examine_run_video (place->store, place->engine, place->model, place->evidence, place->video, &settings,
                                NULL, &progress, NULL, error);
}

static guint
count_analyses (const Place *place)
{
  g_autoptr (GPtrArray) analyses = smb_case_list_analyses (place->store, place->evidence->id, NULL);

  return analyses->len;
}

static guint
count_logged (const Place *place, const char *action)
{
  g_autoptr (GPtrArray) log = smb_case_list_log (place->store, NULL);
  guint n = 0;

  for (guint i = 0; i < log->len; i++)
    n += g_str_equal (((SmbAuditEntry *) log->pdata[i])->action, action);
  return n;
}

static SmbVideoState *
load (const Place *place)
{
  g_autoptr (GError) error = NULL;
  SmbVideoState *state = NULL;

  g_assert_true (smb_examine_load_video (place->store, place->evidence->id, &state, &error));
  g_assert_no_error (error);
  return state;
}

/* The case is whole, and whether the fault came to pass. */
static gboolean
struck (const Place *place, gboolean stored, const GError *error)
{
  const gboolean was = fault_vfs_struck ();
  g_autoptr (GError) broken = NULL;

  fault_vfs_arm (FAULT_NONE, 0);
  g_assert_cmpint (stored, ==, error == NULL);
  g_assert_true (stored || was);
  smb_case_check (place->store, &broken);
  g_assert_no_error (broken);
  return was;
}

/* An exhibit that is a video has its facts: without them it would be taken for a picture. */
static void
test_taken_in (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);

  for (gsize f = 0; f < G_N_ELEMENTS (faults); f++)
    for (guint64 at = 1;; at += faults[f].step) {
      g_auto (Place) place = place_new (engine);
      g_autoptr (GPtrArray) list = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *facts = NULL;
      gboolean came;

      fault_vfs_arm (faults[f].fault, at);
      place.evidence = smb_examine_acquire (place.store, engine, clip, NULL, &error);
      came = struck (&place, place.evidence != NULL, error);
      list = smb_case_list_evidence (place.store, NULL);
      g_assert_cmpuint (list->len, ==, place.evidence != NULL ? 1 : 0);
      if (list->len > 0) {
        g_assert_true (smb_case_get_video (place.store, ((SmbEvidence *) list->pdata[0])->id, &facts, NULL));
        g_assert_nonnull (facts);
      }
      if (!came) {
        g_assert_cmpuint (at, >, 1);
        break;
      }
    }
}

/* An analysis that is stored ends its run: it is not made, and not kept, twice. */
static void
test_analysed (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);

  for (gsize f = 0; f < G_N_ELEMENTS (faults); f++)
    for (guint64 at = 1;; at += faults[f].step) {
      g_auto (Place) place = place_new (engine);
      g_autoptr (SmbVideoState) state = NULL;
      g_autoptr (GError) error = NULL;
      gboolean stored, came;

      take_in (&place);
      fault_vfs_arm (faults[f].fault, at);
      stored = analyse (&place, &error);
      came = struck (&place, stored, error);
      state = load (&place);
      g_assert_cmpuint (count_analyses (&place), ==, stored ? 1 : 0);
      g_assert_cmpint (state != NULL && state->finished, ==, stored);
      if (!came) {
        g_assert_cmpuint (at, >, 1);
        break;
      }
      if (!stored) {
        g_clear_error (&error);
        g_assert_true (analyse (&place, &error));
        g_assert_no_error (error);
        g_assert_cmpuint (count_analyses (&place), ==, 1);
      }
    }
}

/* A drawn face that the log tells of is there, with its frames and its analysis. */
static void
test_drawn (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);

  for (gsize f = 0; f < G_N_ELEMENTS (faults); f++) {
    g_auto (Place) place = place_new (engine);
    g_autoptr (GError) error = NULL;
    gboolean done = FALSE;

    take_in (&place);
    g_assert_true (analyse (&place, &error));
    for (guint64 at = 1; !done; at += faults[f].step) {
      g_autoptr (SmbVideoState) state = load (&place), after = NULL;
      g_autoptr (GPtrArray) tracks = NULL;

      g_clear_error (&error);
      fault_vfs_arm (faults[f].fault, at);
      done = smb_examine_draw_track (place.store, engine, place.model, place.evidence, place.video, state, DRAWN,
                                     (SmbBox){ 30, 30, 60, 60 }, NULL, NULL, NULL, &error);
      struck (&place, done, error);
      after = load (&place);
      tracks = smb_video_state_summarise (after);
      g_assert_true (after->finished);
      g_assert_cmpuint (count_logged (&place, "track.draw"), ==, done ? 1 : 0);
      g_assert_cmpuint (tracks->len, ==, done ? 1 : 0);
      g_assert_cmpuint (count_analyses (&place), ==, done ? 2 : 1);
      g_assert_true (!done || at > 1);
    }
  }
}

int
main (int argc, char **argv)
{
  int failed;

  fault_vfs_install ();
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("smb-video-faults-XXXXXX", NULL);
  clip = video_clip_make (folder, "clip.mp4", FALSE, "-f lavfi -i testsrc2=size=160x120:rate=10 -frames:v %d -c:v mpeg4",
                          N);
  g_test_add_func ("/examine/video-faults/taken-in", test_taken_in);
  g_test_add_func ("/examine/video-faults/analysed", test_analysed);
  g_test_add_func ("/examine/video-faults/drawn", test_drawn);
  failed = g_test_run ();
  video_clip_remove_folder (folder);
  g_free (folder);
  g_free (clip);
  return failed;
}
