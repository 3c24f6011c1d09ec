/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-live-run.h"

#include "smb-session-video.h"

#define COST_TIMES 20
#define SHORTEST_WAIT_US 300000
#define LONGEST_WAIT_US 10000000

struct _SmbLiveRun {
  GWeakRef session;
  SmbJob *job;
  gint64 evidence_id;
  SmbVideoSettings settings;

  /* atomic: between the threads */
  int wanted, all, wait_us;

  /* of the working thread */
  GPtrArray *pending;
  SmbVideoPass pass;
  gint64 sent_us;
};

static void
run_clear (gpointer data)
{
  SmbLiveRun *run = data;

  g_weak_ref_clear (&run->session);
  g_object_unref (run->job);
  g_ptr_array_unref (run->pending);
}

static GPtrArray *
frames_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
}

SmbLiveRun *
smb_live_run_new (SmbSession *session, SmbJob *job, gint64 evidence_id, const SmbVideoSettings *settings)
{
  SmbLiveRun *run = g_atomic_rc_box_new0 (SmbLiveRun);

  g_weak_ref_init (&run->session, session);
  run->job = g_object_ref (job);
  run->evidence_id = evidence_id;
  run->settings = *settings;
  run->wanted = run->all = TRUE;
  run->wait_us = SHORTEST_WAIT_US;
  run->pending = frames_new ();
  return run;
}

SmbJob *
smb_live_run_get_job (const SmbLiveRun *run)
{
  return run->job;
}

SmbLiveRun *
smb_live_run_ref (SmbLiveRun *run)
{
  return g_atomic_rc_box_acquire (run);
}

void
smb_live_run_unref (SmbLiveRun *run)
{
  g_atomic_rc_box_release_full (run, run_clear);
}

const SmbVideoSettings *
smb_live_run_get_settings (const SmbLiveRun *run)
{
  return &run->settings;
}

gint64
smb_live_run_get_evidence_id (const SmbLiveRun *run)
{
  return run->evidence_id;
}

void
smb_live_run_set_wanted (SmbLiveRun *run, gboolean wanted)
{
  if (wanted)
    g_atomic_int_set (&run->all, TRUE);
  g_atomic_int_set (&run->wanted, wanted);
}

void
smb_live_run_set_cost (SmbLiveRun *run, gint64 microseconds)
{
  g_atomic_int_set (&run->wait_us, (int) CLAMP (microseconds * COST_TIMES, SHORTEST_WAIT_US, LONGEST_WAIT_US));
}

typedef struct {
  SmbLiveRun *run;
  SmbLivePortion portion;
} Delivery;

static gboolean
deliver (gpointer data)
{
  Delivery *delivery = data;
  g_autoptr (SmbSession) session = g_weak_ref_get (&delivery->run->session);

  if (session != NULL)
    smb_session_take_live (session, delivery->run, &delivery->portion);
  g_clear_pointer (&delivery->portion.frames, g_ptr_array_unref);
  smb_live_run_unref (delivery->run);
  g_free (delivery);
  return G_SOURCE_REMOVE;
}

static void
copy_frames (GPtrArray *to, const GPtrArray *frames)
{
  for (guint i = 0; i < frames->len; i++)
    g_ptr_array_add (to, smb_frame_faces_copy (frames->pdata[i]));
}

static void
send_pending (SmbLiveRun *run, const SmbVideoProgress *progress)
{
  Delivery *delivery = g_new0 (Delivery, 1);

  delivery->run = smb_live_run_ref (run);
  delivery->portion.all = g_atomic_int_exchange (&run->all, FALSE);
  delivery->portion.pass = delivery->portion.all ? SMB_VIDEO_FOLLOWING : run->pass;
  delivery->portion.frames = g_steal_pointer (&run->pending);
  run->pending = frames_new ();
  if (delivery->portion.all) {
    g_ptr_array_set_size (delivery->portion.frames, 0);
    copy_frames (delivery->portion.frames, progress->frames);
  }
  run->sent_us = g_get_monotonic_time ();
  g_main_context_invoke (NULL, deliver, delivery);
}

gboolean
smb_live_run_portion (SmbVideoPass pass, GPtrArray *frames, const SmbVideoProgress *progress, gpointer user_data,
                      GError **error)
{
  SmbLiveRun *run = user_data;

  if (!g_atomic_int_get (&run->wanted)) {
    g_ptr_array_set_size (run->pending, 0);
    return TRUE;
  }
  if (run->pass != pass && run->pending->len > 0)
    send_pending (run, progress);
  run->pass = pass;
  copy_frames (run->pending, frames);
  if (g_get_monotonic_time () - run->sent_us > g_atomic_int_get (&run->wait_us))
    send_pending (run, progress);
  return TRUE;
}

void
smb_live_run_progress (guint64 done, guint64 total, const char *what, gpointer run)
{
  smb_job_report (((SmbLiveRun *) run)->job, done, total, what);
}
