/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-face.h"

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "examine/smb-examine.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* A file's name may have 255 bytes; a list of patches can be longer. */
#define MAX_NAME_BYTES 120
#define HASH_DIGITS 12

SmbImage *
smb_cli_open_picture (SmbEngine *engine, const char *path, GError **error)
{
  int fd = smb_examine_open_evidence (path, NULL, NULL, error);
  SmbImage *image;

  if (fd < 0)
    return NULL;
  image = smb_engine_decode (engine, fd, path, 0, NULL, NULL, error);
  close (fd);
  return image;
}

GArray *
smb_cli_find_faces (SmbEngine *engine, const SmbModelInfo *model, const SmbImage *image, GArray *drawn, int only,
                    const char *path, GError **error)
{
  const SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (SmbAnalysis) analysis = NULL;
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (SmbBox));

  if (drawn != NULL) {
    g_array_append_vals (boxes, drawn->data, drawn->len);
  } else {
    analysis = smb_engine_analyze (engine, model, image, NULL, &settings, NULL, NULL, NULL, error);
    if (analysis == NULL)
      return NULL;
    for (guint i = 0; i < analysis->faces->len; i++) {
      const SmbFaceResult *result = g_ptr_array_index (analysis->faces, i);

      g_array_append_val (boxes, result->face.box);
    }
  }
  if (boxes->len == 0)
    g_printerr (_ ("semblance-cli: %s: no face was found; name one with --box=X,Y,W,H.\n"), path);
  if (boxes->len == 0 || only <= (int) boxes->len)
    return g_steal_pointer (&boxes);
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               g_dngettext (GETTEXT_PACKAGE, "%s: there is no face %d, only %u was found.",
                            "%s: there is no face %d, only %u were found.", boxes->len),
               path, only, boxes->len);
  return NULL;
}

SmbRegions *
smb_cli_read_regions (SmbEngine *engine, const char *path, GError **error)
{
  g_autoptr (SmbImage) image = NULL;

  if (g_str_has_suffix (path, ".npy"))
    return smb_regions_read_npy (path, error);
  image = smb_cli_open_picture (engine, path, error);
  return image != NULL ? smb_regions_from_picture (image, path, error) : NULL;
}

static void
show_progress (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  /* Back to the line's start, then clear to its end. */
  g_printerr ("\r\033[K%s: %" PRIu64 " / %" PRIu64, what, done, total);
}

SmbProgress
smb_cli_progress (void)
{
  return isatty (STDERR_FILENO) ? show_progress : NULL;
}

void
smb_cli_progress_end (void)
{
  if (isatty (STDERR_FILENO))
    g_printerr ("\r\033[K");
}

char *
smb_cli_map_file (const char *folder, const char *stem, guint face, const char *map, const char *ending)
{
  g_autofree char *hash = smb_sha256_of_bytes (map, strlen (map));
  g_autofree char *part = strlen (map) <= MAX_NAME_BYTES
                              ? g_strdup (map)
                              : g_strdup_printf ("%.*s-%.*s", MAX_NAME_BYTES - HASH_DIGITS, map, HASH_DIGITS, hash);
  g_autofree char *name = face > 0 ? g_strdup_printf ("%s-F%u-%s%s", stem, face, part, ending)
                                   : g_strdup_printf ("%s-%s%s", stem, part, ending);

  /* "attention:layer=3,head=mean" becomes "attention-layer3-headmean". */
  for (char *at = name; *at != '\0';) {
    if (*at == '=') {
      memmove (at, at + 1, strlen (at));
      continue;
    }
    if (*at == ':' || *at == ',' || *at == '/')
      *at = '-';
    at++;
  }
  return g_build_filename (folder, name, NULL);
}
