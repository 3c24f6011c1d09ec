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
#define MAX_ENTRIES 32 /* options of one command */

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

gboolean
smb_cli_face_parse (SmbCliFaceOptions *options, int *argc, char ***argv, const GOptionEntry *own,
                    gboolean with_reference, const char *parameters, const char *summary)
{
  const GOptionEntry shared[] = {
    { "model", 'm', 0, G_OPTION_ARG_STRING, &options->model, N_ ("Model to use: its name, folder or weights file"),
      N_ ("MODEL") },
    { "regions", 0, 0, G_OPTION_ARG_FILENAME, &options->regions,
      N_ ("Region map of the face made elsewhere: .npy or picture of the classes 0 to 10"), N_ ("FILE") },
    smb_cli_landmarks_option (),
    { "face", 0, 0, G_OPTION_ARG_INT, &options->face, N_ ("Only this face, counted from 1"), "N" },
    { "box", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->boxes,
      N_ ("Take this box, drawn by hand, in place of looking for faces (repeatable)"), "X,Y,W,H" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, N_ ("One JSON object a line"), NULL },
    { "threads", 't', 0, G_OPTION_ARG_INT, &options->threads, N_ ("Threads to compute with; 0: one for each core"),
      "N" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &options->device, N_ ("Where to compute: see “semblance-cli devices”"),
      N_ ("DEVICE") },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in; the log and reports say so"), NULL },
    { with_reference ? "reference" : NULL, 0, 0, G_OPTION_ARG_FILENAME, &options->reference,
      N_ ("Statistics of genuine faces to compare with, as “reference build” writes them"), N_ ("FILE") },
    { NULL },
  };
  GOptionEntry all[MAX_ENTRIES] = { { NULL } };
  g_autoptr (GArray) boxes = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  for (; own != NULL && own->long_name != NULL; own++)
    all[n++] = *own;
  for (const GOptionEntry *entry = shared; entry->long_name != NULL; entry++)
    all[n++] = *entry;
  g_return_val_if_fail (n < MAX_ENTRIES, FALSE);
  if (!smb_cli_parse (argc, argv, all, parameters, summary))
    return FALSE;
  boxes = smb_cli_parse_boxes (options->boxes, &error);
  if (error != NULL)
    smb_cli_usage ("%s", error->message);
  else if (options->threads < 0)
    smb_cli_usage (_ ("--threads takes a number from 0, not %d."), options->threads);
  else if (options->face < 0)
    smb_cli_usage (_ ("--face takes a number from 1, not %d."), options->face);
  else
    return TRUE;
  return FALSE;
}

void
smb_cli_face_options_clear (SmbCliFaceOptions *options)
{
  g_free (options->model);
  g_free (options->regions);
  g_free (options->device);
  g_free (options->reference);
  g_strfreev (options->boxes);
}

gboolean
smb_cli_faces_open (SmbCliFaces *faces, const SmbCliFaceOptions *options, const char *path, GError **error)
{
  g_autoptr (GArray) drawn = smb_cli_parse_boxes (options->boxes, NULL);

  faces->only = options->face;
  faces->model = smb_model_find (options->model, error);
  if (faces->model == NULL)
    return FALSE;
  faces->model->reference = options->reference != NULL ? g_canonicalize_filename (options->reference, NULL) : NULL;
  faces->engine = smb_engine_new (options->device, options->threads);
  if (options->regions != NULL) {
    faces->regions = smb_examine_read_regions (faces->engine, options->regions, NULL, error);
    if (faces->regions == NULL)
      return FALSE;
  }
  faces->image = smb_cli_open_picture (faces->engine, path, error);
  if (faces->image != NULL)
    faces->boxes = smb_cli_find_faces (faces->engine, faces->model, faces->image, drawn, faces->only, path, error);
  return faces->boxes != NULL;
}

void
smb_cli_faces_clear (SmbCliFaces *faces)
{
  g_clear_pointer (&faces->engine, smb_engine_unref);
  g_clear_pointer (&faces->model, smb_model_info_free);
  g_clear_pointer (&faces->image, smb_image_unref);
  g_clear_pointer (&faces->regions, smb_regions_free);
  g_clear_pointer (&faces->boxes, g_array_unref);
}

gboolean
smb_cli_faces_wants (const SmbCliFaces *faces, guint index)
{
  return faces->only == 0 || (guint) faces->only == index + 1;
}

static gboolean
run_on_picture (const SmbCliFaceOptions *options, const char *path, SmbCliFaceWork work, gpointer user_data,
                GError **error)
{
  g_auto (SmbCliFaces) faces = { 0 };
  const char *note;

  if (!smb_cli_faces_open (&faces, options, path, error))
    return FALSE;
  for (guint i = 0; i < faces.boxes->len; i++)
    if (smb_cli_faces_wants (&faces, i) && !work (&faces, path, i, user_data, error))
      return FALSE;
  note = smb_model_warning (faces.model->trained, TRUE);
  if (note != NULL && !options->json)
    g_print ("%s\n", note);
  return TRUE;
}

int
smb_cli_faces_run (const SmbCliFaceOptions *options, int argc, char **argv, gint64 seed, SmbCliFaceWork work,
                   gpointer user_data)
{
  int failed = 0;

  if (argc < 2)
    return smb_cli_usage (_ ("“%s” needs at least one picture."), argv[0]);
  if (seed < 0)
    return smb_cli_usage (_ ("--seed takes a whole number from 0."));
  for (int i = 1; i < argc; i++) {
    g_autoptr (GError) error = NULL;

    if (!run_on_picture (options, argv[i], work, user_data, &error)) {
      smb_cli_print_error (error);
      failed++;
    }
  }
  return failed > 0 ? SMB_EXIT_FAILED : SMB_EXIT_OK;
}

char *
smb_cli_stem (const char *path)
{
  char *base = g_path_get_basename (path);
  char *dot = strrchr (base, '.');

  if (dot != NULL && dot != base)
    *dot = '\0';
  return base;
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
