/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where the time of a video's analysis goes, and how much of the work was done at the same time. For any thread. */

typedef enum {
  SMB_VIDEO_STAGE_DECODE,  /* frames from the decoder */
  SMB_VIDEO_STAGE_DETECT,  /* the detector, in the first pass and again in frames that are scored */
  SMB_VIDEO_STAGE_FOLLOW,  /* faces followed between, landmarks, tracks told apart, cuts */
  SMB_VIDEO_STAGE_NETWORK, /* scores, with what is measured of regions */
  SMB_VIDEO_STAGE_KEEP,    /* results shown and stored */
  SMB_VIDEO_N_STAGES
} SmbVideoStage;

typedef struct _SmbVideoProfile SmbVideoProfile;

SmbVideoProfile *smb_video_profile_new (void);
void smb_video_profile_free (SmbVideoProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbVideoProfile, smb_video_profile_free)

/* Work on a stage begins on this thread: the present time, for _end. All of these pass over a profile that is NULL. */
gint64 smb_video_profile_begin (SmbVideoProfile *profile);
void smb_video_profile_end (SmbVideoProfile *profile, SmbVideoStage stage, gint64 begun_us);
/* So much of what was counted for one stage belongs to another. */
void smb_video_profile_move (SmbVideoProfile *profile, SmbVideoStage from, SmbVideoStage to, double seconds);

/* seconds: what each stage was worked on, overlapping; *busy: that any was; *at_once: that two or more were. */
void smb_video_profile_read (SmbVideoProfile *profile, double seconds[SMB_VIDEO_N_STAGES], double *busy,
                             double *at_once);
/* "decoder", …; translated, static. */
const char *smb_video_stage_name (SmbVideoStage stage);

G_END_DECLS
