/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What evidence may cost: the settings behind SmbPictureLimits and SmbVideoLimits, and those of a request to the
 * decoder. Each is an environment variable; a file of the user sets those that the environment leaves out. */

typedef struct {
  const char *name; /* "SEMBLANCE_MAX_MEGAPIXELS" */
  guint64 fallback; /* 0: worked out from the others */
  guint64 min, max;
  const char *what; /* one line with the unit, marked to be translated */
} SmbLimitSetting;

/* All of them, in the order in which they are listed; *n_out of them. */
const SmbLimitSetting *smb_limits_list (guint *n_out);

/* The value in force: the environment's, else the fallback (memory: what it comes to). ARGUMENT error if it is no whole
 * number within its range, or if the user's file could not be understood. */
gboolean smb_limits_get (const SmbLimitSetting *setting, guint64 *out, GError **error);

/* Of one request to the decoder. */
typedef struct {
  guint picture_seconds;   /* 120, of the processor */
  guint picture_clock;     /* three times that: the machine may be busy */
  guint frames_seconds;    /* five times that, for a request for frames of a video */
  guint video_seconds;     /* 7200: to read a video through and number its frames */
  guint64 memory_bytes;  /* addresses; unless set 2 GiB and 16 for each pixel of the largest picture allowed */
} SmbDecodeLimits;

/* Errors as above. */
gboolean smb_decode_limits_get (SmbDecodeLimits *limits, GError **error);

/* The user's file: SEMBLANCE_LIMITS, or semblance/limits.conf in the folder of settings. NULL: SEMBLANCE_LIMITS is set
 * to nothing. */
char *smb_limits_dup_path (void);

/* Before there are threads, once, by a program that opens evidence: puts what the user's file sets into the
 * environment, where workers find it too. A file that is not there sets nothing. One that cannot be understood is
 * remembered, and every later question for a limit answers with that error: nobody works on under limits he believes to
 * have set. */
void smb_limits_init (void);

G_END_DECLS
