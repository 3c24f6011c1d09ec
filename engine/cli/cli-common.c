/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/smb-error.h"
#include "base/smb-image.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The option's number as it was given; NULL: another argument, or none. */
static const char *
number_given (const GOptionEntry *entry, char *const *arguments)
{
  gsize length = strlen (entry->long_name);

  if (!g_str_has_prefix (arguments[0], "--") || strncmp (arguments[0] + 2, entry->long_name, length) != 0)
    return NULL;
  return arguments[0][2 + length] == '=' ? arguments[0] + 3 + length
         : arguments[0][2 + length] == '\0' ? arguments[1]
                                            : NULL;
}

/* GLib takes “nan” and “inf” for numbers. Nothing here is set to them, and NAN stands for options that were not given. */
static gboolean
are_finite (char *const *arguments, const GOptionEntry *entries)
{
  for (; *arguments != NULL && strcmp (*arguments, "--") != 0; arguments++)
    for (const GOptionEntry *entry = entries; entry->long_name != NULL; entry++) {
      const char *text = entry->arg == G_OPTION_ARG_DOUBLE ? number_given (entry, arguments) : NULL;
      char *end;

      if (text != NULL && !isfinite (g_ascii_strtod (text, &end)) && *end == '\0') {
        smb_cli_usage (_ ("--%s takes a number, not “%s”."), entry->long_name, text);
        return FALSE;
      }
    }
  return TRUE;
}

gboolean
smb_cli_parse (int *argc, char ***argv, const GOptionEntry *entries, const char *parameters, const char *summary)
{
  g_autoptr (GOptionContext) context = g_option_context_new (parameters);
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strdup_printf ("%s %s", "semblance-cli", (*argv)[0]);

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  /* The usage line names the program by g_get_prgname. */
  g_set_prgname (name);
  if (!are_finite (*argv + 1, entries))
    return FALSE;
  if (!g_option_context_parse (context, argc, argv, &error)) {
    smb_cli_usage (_ ("%s. “%s --help” lists the options."), error->message, name);
    return FALSE;
  }
  /* "--" has done its work: what follows it is a file even if it begins with a dash. */
  if (*argc > 1 && strcmp ((*argv)[1], "--") == 0) {
    (*argv)[1] = (*argv)[0];
    (*argv)++;
    (*argc)--;
  }
  return TRUE;
}

static gboolean
take_landmarks (const char *option, const char *value, gpointer data, GError **error)
{
  g_setenv ("SEMBLANCE_LANDMARKS", value, TRUE);
  return TRUE;
}

GOptionEntry
smb_cli_landmarks_option (void)
{
  return (GOptionEntry){ "landmarks", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) take_landmarks,
                         N_ ("dlib's 68-point predictor to find landmarks with; “none”: a coarse template"), N_ ("FILE") };
}

gboolean
smb_cli_allow_unsandboxed (const char *option, const char *value, gpointer data, GError **error)
{
  g_setenv ("SEMBLANCE_ALLOW_UNSANDBOXED", "1", TRUE);
  return TRUE;
}

GArray *
smb_cli_parse_boxes (char **texts, GError **error)
{
  g_autoptr (GArray) boxes = NULL;

  if (texts == NULL || texts[0] == NULL)
    return NULL;
  boxes = g_array_new (FALSE, FALSE, sizeof (SmbBox));
  for (; *texts != NULL; texts++) {
    g_auto (GStrv) parts = g_strsplit (*texts, ",", -1);
    gint64 numbers[4];
    gboolean good = g_strv_length (parts) == G_N_ELEMENTS (numbers);

    for (guint i = 0; good && i < G_N_ELEMENTS (numbers); i++)
      good = g_ascii_string_to_signed (parts[i], 10, i < 2 ? G_MININT : 1, G_MAXINT, &numbers[i], NULL);
    if (!good) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("“%s” is no box: give left, top, width and height in pixels, as in 120,80,200,200."), *texts);
      return NULL;
    }
    g_array_append_val (boxes, ((SmbBox) { (int) numbers[0], (int) numbers[1], (int) numbers[2], (int) numbers[3] }));
  }
  return g_steal_pointer (&boxes);
}

int
smb_cli_usage (const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_printerr ("semblance-cli: %s\n", message);
  return SMB_EXIT_USAGE;
}

void
smb_cli_print_error (const GError *error)
{
  g_printerr ("semblance-cli: %s\n", error->message);
}

void
smb_cli_print_json (JsonNode *node, gboolean pretty)
{
  g_autofree char *text = json_to_string (node, pretty);

  /* Not g_print: JSON is UTF-8 whatever the terminal's character set is. */
  fputs (text, stdout);
  fputc ('\n', stdout);
  fflush (stdout);
}

void
smb_cli_json_add_error (JsonBuilder *builder, const GError *error)
{
  json_builder_set_member_name (builder, "error");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "code");
  json_builder_add_string_value (builder, smb_error_code (error));
  json_builder_set_member_name (builder, "message");
  json_builder_add_string_value (builder, error->message);
  json_builder_end_object (builder);
}
