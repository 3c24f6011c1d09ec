/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-video-profile.h"

#include <glib/gi18n-lib.h>

struct _SmbVideoProfile {
  GMutex lock; /* of all below */
  double seconds[SMB_VIDEO_N_STAGES];
  guint at_work;
  gint64 since_us; /* so many have been at work */
  gint64 busy_us, at_once_us;
};

SmbVideoProfile *
smb_video_profile_new (void)
{
  SmbVideoProfile *profile = g_new0 (SmbVideoProfile, 1);

  g_mutex_init (&profile->lock);
  return profile;
}

void
smb_video_profile_free (SmbVideoProfile *profile)
{
  if (profile == NULL)
    return;
  g_mutex_clear (&profile->lock);
  g_free (profile);
}

/* One more at work, or one fewer. The lock is held. */
static gint64
change (SmbVideoProfile *profile, int by)
{
  const gint64 now_us = g_get_monotonic_time ();

  if (profile->at_work > 0)
    profile->busy_us += now_us - profile->since_us;
  if (profile->at_work > 1)
    profile->at_once_us += now_us - profile->since_us;
  profile->at_work += (guint) by;
  profile->since_us = now_us;
  return now_us;
}

gint64
smb_video_profile_begin (SmbVideoProfile *profile)
{
  gint64 now_us;

  if (profile == NULL)
    return 0;
  g_mutex_lock (&profile->lock);
  now_us = change (profile, 1);
  g_mutex_unlock (&profile->lock);
  return now_us;
}

void
smb_video_profile_end (SmbVideoProfile *profile, SmbVideoStage stage, gint64 begun_us)
{
  if (profile == NULL)
    return;
  g_mutex_lock (&profile->lock);
  profile->seconds[stage] += (double) (change (profile, -1) - begun_us) / G_USEC_PER_SEC;
  g_mutex_unlock (&profile->lock);
}

void
smb_video_profile_move (SmbVideoProfile *profile, SmbVideoStage from, SmbVideoStage to, double seconds)
{
  if (profile == NULL)
    return;
  g_mutex_lock (&profile->lock);
  seconds = MIN (seconds, profile->seconds[from]);
  profile->seconds[from] -= seconds;
  profile->seconds[to] += seconds;
  g_mutex_unlock (&profile->lock);
}

void
smb_video_profile_read (SmbVideoProfile *profile, double seconds[SMB_VIDEO_N_STAGES], double *busy, double *at_once)
{
  g_mutex_lock (&profile->lock);
  change (profile, 0);
  for (guint i = 0; i < SMB_VIDEO_N_STAGES; i++)
    seconds[i] = profile->seconds[i];
  *busy = (double) profile->busy_us / G_USEC_PER_SEC;
  *at_once = (double) profile->at_once_us / G_USEC_PER_SEC;
  g_mutex_unlock (&profile->lock);
}

const char *
smb_video_stage_name (SmbVideoStage stage)
{
  static const char *const names[SMB_VIDEO_N_STAGES]
      = { N_ ("decoder"), N_ ("detection"), N_ ("following"), N_ ("network"), N_ ("keeping") };

  return _ (names[stage]);
}
