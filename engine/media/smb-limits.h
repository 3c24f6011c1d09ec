/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What evidence may cost: the settings behind SmbPictureLimits and SmbVideoLimits, and those of a request to the
 * decoder. Each is an environment variable; a file of the user sets those that the environment leaves out, and the
 * window's preferences write that file. */

typedef struct {
  const char *name; /* "SEMBLANCE_MAX_MEGAPIXELS" */
  guint64 fallback; /* 0: worked out from the others */
  guint64 min, max;
  const char *what; /* one line with the unit, marked to be translated */
} SmbLimitSetting;

/* All of them, in the order in which they are listed; *n_out of them. */
const SmbLimitSetting *smb_limits_list (guint *n_out);

/* The value in force: the environment's, else that of the user's file, else the fallback (memory: what it comes to).
 * ARGUMENT error if it is no whole number within its range, or if the user's file could not be understood. Any thread. */
gboolean smb_limits_get (const SmbLimitSetting *setting, guint64 *out, GError **error);

typedef enum { SMB_LIMIT_FALLBACK, SMB_LIMIT_FILE, SMB_LIMIT_ENVIRONMENT } SmbLimitSource;

/* Who set the value in force. */
SmbLimitSource smb_limits_get_source (const SmbLimitSetting *setting);

/* Writes the user's file (its other lines stay) and puts it in force. values: one for each setting, in the order of
 * smb_limits_list; 0: the file leaves it out. Errors: ARGUMENT for a value out of its range, if there is no such file
 * to write or if it could not be understood; IO. Nothing is in force then that was not before. Any thread. */
gboolean smb_limits_save (const guint64 *values, GError **error);

/* Another number once other limits are in force: a worker that was started before works under old ones. */
guint smb_limits_get_stamp (void);

/* The environment of a worker: what the user's file sets stands in it too. Takes `env`, returns it or its successor. */
char **smb_limits_add_to_environ (char **env);

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

/* Once, by a program that opens evidence: reads the user's file. One that is not there sets nothing. One that cannot be
 * understood is remembered, and every later question for a limit answers with that error: nobody works on under limits
 * he believes to have set. */
void smb_limits_init (void);

G_END_DECLS
