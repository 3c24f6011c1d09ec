/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli case: new, add, list, verify, copy. */
#include "cli/cli-case.h"

#include "analysis/smb-score-warning.h"
#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "cli/cli.h"
#include "examine/smb-examine-video.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value != NULL)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

static void
add_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_bool (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

/* ISO 8601 with microseconds, as exact as it is stored; null for 0. */
static void
add_time (JsonBuilder *builder, const char *name, gint64 time_us)
{
  g_autoptr (GDateTime) whole = time_us != 0 ? g_date_time_new_from_unix_utc (time_us / G_USEC_PER_SEC) : NULL;
  g_autofree char *seconds = whole != NULL ? g_date_time_format (whole, "%Y-%m-%dT%H:%M:%S") : NULL;
  g_autofree char *text
      = seconds != NULL ? g_strdup_printf ("%s.%06dZ", seconds, (int) (time_us % G_USEC_PER_SEC)) : NULL;

  add_string (builder, name, text);
}

static void
print_and_free (JsonBuilder *builder, gboolean pretty)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);

  smb_cli_print_json (root, pretty);
  g_object_unref (builder);
}

/* Of --json: never translated. */
static const char *
state_word (SmbHashState state)
{
  static const char *const words[] = { "unverified", "verified", "altered", "missing", "unreadable" };

  return words[state];
}

static const char *
state_phrase (SmbHashState state)
{
  switch (state) {
  case SMB_HASH_VERIFIED:
    return _ ("verified");
  case SMB_HASH_ALTERED:
    return _ ("ALTERED");
  case SMB_HASH_MISSING:
    return _ ("MISSING");
  case SMB_HASH_UNREADABLE:
    return _ ("UNREADABLE");
  case SMB_HASH_UNVERIFIED:
  default:
    return _ ("not verified");
  }
}

SmbCase *
smb_cli_open_case (const char *path, const char *examiner)
{
  g_autoptr (GError) error = NULL;
  SmbCase *store = smb_case_open (path, &error);

  if (store == NULL)
    smb_cli_print_error (error);
  else if (examiner != NULL)
    smb_case_set_actor (store, examiner);
  return store;
}

SmbEvidence *
smb_cli_find_exhibit (GPtrArray *list, const char *name, GError **error)
{
  for (guint i = 0; name != NULL && i < list->len; i++)
    if (g_ascii_strcasecmp (((SmbEvidence *) list->pdata[i])->exhibit, name) == 0)
      return list->pdata[i];
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("The case has no exhibit “%s”; “case list” shows them."),
               name != NULL ? name : "");
  return NULL;
}

static int
case_new (int argc, char **argv)
{
  g_autofree char *title = NULL, *number = NULL, *laboratory = NULL, *examiner = NULL;
  const GOptionEntry entries[] = {
    { "title", 't', 0, G_OPTION_ARG_STRING, &title, N_ ("What the case is called"), N_ ("TEXT") },
    { "number", 'n', 0, G_OPTION_ARG_STRING, &number, N_ ("The laboratory's number for it"), N_ ("TEXT") },
    { "laboratory", 'l', 0, G_OPTION_ARG_STRING, &laboratory, N_ ("The laboratory"), N_ ("TEXT") },
    { "examiner", 'e', 0, G_OPTION_ARG_STRING, &examiner, N_ ("Who examines"), N_ ("NAME") },
    { NULL },
  };
  SmbCaseInfo info = { 0 };
  g_autoptr (SmbCase) store = NULL;
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("CASE.smbcase"),
                      _ ("Makes a new case file. An existing file is never overwritten.")))
    return SMB_EXIT_USAGE;
  if (argc != 2)
    return smb_cli_usage (_ ("“case new” needs the name of one case file."));
  if (!g_str_has_suffix (argv[1], ".smbcase"))
    return smb_cli_usage (_ ("The name of a case file ends in .smbcase."));
  if (title == NULL || title[0] == '\0')
    return smb_cli_usage (_ ("“case new” needs --title."));
  info = (SmbCaseInfo){ .number = number, .title = title, .laboratory = laboratory, .examiner = examiner };
  store = smb_case_create (argv[1], &info, &error);
  if (store == NULL) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  g_print ("%s\n", smb_case_get_path (store));
  return SMB_EXIT_OK;
}

/* TRUE if the file is in the case now. */
static gboolean
add_file (SmbCase *store, SmbEngine *engine, const char *path, double rate, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbEvidence) evidence = NULL;
  g_autofree char *shown = g_filename_display_name (path);

  if (smb_examine_is_pattern (path))
    evidence = smb_examine_acquire_pictures (store, engine, path, rate, smb_cli_progress (), NULL, NULL, &error);
  else
    evidence = smb_examine_acquire (store, engine, path, NULL, &error);
  smb_cli_progress_end ();
  if (json) {
    JsonBuilder *builder = json_builder_new ();

    json_builder_begin_object (builder);
    add_string (builder, "file", shown);
    if (evidence != NULL) {
      add_string (builder, "exhibit", evidence->exhibit);
      add_string (builder, "sha256", evidence->sha256);
      add_int (builder, "size_bytes", (gint64) evidence->size_bytes);
      if (evidence->n_pictures > 0)
        add_int (builder, "pictures", evidence->n_pictures);
      add_int (builder, "width", evidence->width);
      add_int (builder, "height", evidence->height);
      add_string (builder, "problem", evidence->problem);
    } else {
      smb_cli_json_add_error (builder, error);
    }
    json_builder_end_object (builder);
    print_and_free (builder, FALSE);
  } else if (evidence != NULL) {
    g_print ("%s  %s  %s\n", evidence->exhibit, evidence->sha256, shown);
    if (evidence->n_pictures > 0)
      g_print (g_dngettext (GETTEXT_PACKAGE, "      %u picture, %g a second; the hash is that of the list of theirs\n",
                            "      %u pictures, %g a second; the hash is that of the list of theirs\n",
                            evidence->n_pictures),
               evidence->n_pictures, rate);
    if (evidence->problem != NULL)
      g_print (_ ("      taken in, but not decoded: %s\n"), evidence->problem);
  } else {
    smb_cli_print_error (error);
  }
  return evidence != NULL;
}

static int
case_add (int argc, char **argv)
{
  g_autofree char *examiner = NULL;
  gboolean json = FALSE;
  double rate = SMB_EXAMINE_PICTURE_RATE;
  const GOptionEntry entries[] = {
    { "rate", 0, 0, G_OPTION_ARG_DOUBLE, &rate, N_ ("Numbered pictures: how many a second (default 25)"), "N" },
    { "examiner", 'e', 0, G_OPTION_ARG_STRING, &examiner, N_ ("Who acts, for the audit log"), N_ ("NAME") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object a line"), NULL },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in; the log and reports say so"), NULL },
    { NULL },
  };
  g_autoptr (SmbCase) store = NULL;
  g_autoptr (SmbEngine) engine = NULL;
  int failed = 0;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("CASE FILE…"),
                      _ ("Takes files into a case: hashes each, looks at its size, gives it an exhibit number. A file "
                         "that cannot be opened is reported and the batch goes on. A pattern (frame-%04d.png) takes "
                         "numbered pictures in as one video.")))
    return SMB_EXIT_USAGE;
  if (!(rate > 0) || rate > 1000)
    return smb_cli_usage (_ ("--rate takes a number of pictures a second up to 1000."));
  if (argc < 3)
    return smb_cli_usage (_ ("“case add” needs a case file and at least one file to add."));
  store = smb_cli_open_case (argv[1], examiner);
  if (store == NULL)
    return SMB_EXIT_FAILED;
  engine = smb_engine_new (NULL, 0);
  for (int i = 2; i < argc; i++)
    failed += add_file (store, engine, argv[i], rate, json) ? 0 : 1;
  return failed > 0 ? SMB_EXIT_FAILED : SMB_EXIT_OK;
}

/* The newest analysis of an exhibit; borrowed, NULL if there is none. */
static const SmbCaseAnalysis *
newest_of (GPtrArray *analyses, gint64 evidence_id)
{
  for (guint i = 0; i < analyses->len; i++) {
    const SmbCaseAnalysis *analysis = g_ptr_array_index (analyses, i);

    if (analysis->evidence_id == evidence_id)
      return analysis;
  }
  return NULL;
}

static void
list_json (const SmbCase *store, const SmbCaseInfo *info, GPtrArray *list, GPtrArray *analyses)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_string (builder, "case", smb_case_get_path (store));
  add_string (builder, "number", info->number);
  add_string (builder, "title", info->title);
  add_string (builder, "laboratory", info->laboratory);
  add_string (builder, "examiner", info->examiner);
  add_time (builder, "created", info->created_us);
  json_builder_set_member_name (builder, "exhibits");
  json_builder_begin_array (builder);
  for (guint i = 0; i < list->len; i++) {
    const SmbEvidence *evidence = g_ptr_array_index (list, i);
    const SmbCaseAnalysis *analysis = newest_of (analyses, evidence->id);

    json_builder_begin_object (builder);
    add_string (builder, "exhibit", evidence->exhibit);
    add_string (builder, "file", evidence->path);
    add_string (builder, "sha256", evidence->sha256);
    add_int (builder, "size_bytes", (gint64) evidence->size_bytes);
    if (evidence->n_pictures > 0)
      add_int (builder, "pictures", evidence->n_pictures);
    add_string (builder, "format", evidence->format);
    add_int (builder, "width", evidence->width);
    add_int (builder, "height", evidence->height);
    add_string (builder, "problem", evidence->problem);
    add_time (builder, "acquired", evidence->acquired_us);
    add_string (builder, "hash_state", state_word (evidence->hash_state));
    add_time (builder, "verified", evidence->verified_us);
    json_builder_set_member_name (builder, "analysis");
    if (analysis != NULL) {
      const SmbScored scored = { NULL, evidence->video, analysis->trained, analysis->calibrated };

      json_builder_begin_object (builder);
      add_time (builder, "made", analysis->made_us);
      add_string (builder, "model", analysis->model_name);
      add_string (builder, "model_sha256", analysis->model_sha256);
      add_bool (builder, "trained", analysis->trained);
      add_bool (builder, "calibrated", analysis->calibrated);
      add_string (builder, "note", smb_score_warning (&scored));
      add_int (builder, "faces", analysis->n_faces);
      json_builder_set_member_name (builder, "highest_score");
      if (isnan (analysis->highest_score))
        json_builder_add_null_value (builder);
      else
        json_builder_add_double_value (builder, analysis->highest_score);
      json_builder_end_object (builder);
    } else {
      json_builder_add_null_value (builder);
    }
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  print_and_free (builder, TRUE);
}

static void
list_text (const SmbCaseInfo *info, GPtrArray *list, GPtrArray *analyses)
{
  g_autoptr (GArray) scored = g_array_new (FALSE, FALSE, sizeof (SmbScored));
  g_autoptr (GPtrArray) warnings = NULL;

  g_print ("%s%s%s\n", info->number, info->number[0] != '\0' ? "  " : "", info->title);
  for (guint i = 0; i < list->len; i++) {
    const SmbEvidence *evidence = g_ptr_array_index (list, i);
    const SmbCaseAnalysis *analysis = newest_of (analyses, evidence->id);

    g_print ("%s  %s  ", evidence->exhibit, state_phrase (evidence->hash_state));
    if (evidence->problem == NULL)
      g_print ("%d × %d  ", evidence->width, evidence->height);
    g_print ("%s", evidence->path);
    if (evidence->problem != NULL) {
      g_print (_ ("  (not decoded)"));
    } else if (analysis != NULL) {
      const SmbScored one = { evidence->exhibit, evidence->video, analysis->trained, analysis->calibrated };

      g_print (g_dngettext (GETTEXT_PACKAGE, "  %d face", "  %d faces", (gulong) analysis->n_faces), analysis->n_faces);
      if (isnan (analysis->highest_score))
        g_print (_ ("  score n/a"));
      else
        g_print (_ ("  highest score %.4f"), analysis->highest_score);
      g_print ("  [%s]", analysis->model_name);
      g_array_append_val (scored, one);
    }
    g_print ("\n");
  }
  warnings = smb_score_warnings ((const SmbScored *) scored->data, scored->len);
  for (guint i = 0; i < warnings->len; i++)
    g_print ("%s\n", (const char *) g_ptr_array_index (warnings, i));
}

static int
case_list (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object"), NULL },
    { NULL },
  };
  g_autoptr (SmbCase) store = NULL;
  g_autoptr (SmbCaseInfo) info = NULL;
  g_autoptr (GPtrArray) list = NULL, analyses = NULL;
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("CASE"), _ ("Lists the exhibits of a case with their newest results.")))
    return SMB_EXIT_USAGE;
  if (argc != 2)
    return smb_cli_usage (_ ("“case list” needs one case file."));
  store = smb_cli_open_case (argv[1], NULL);
  if (store == NULL)
    return SMB_EXIT_FAILED;
  if ((info = smb_case_get_info (store, &error)) == NULL || (list = smb_case_list_evidence (store, &error)) == NULL
      || (analyses = smb_case_list_analyses (store, 0, &error)) == NULL) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  if (json)
    list_json (store, info, list, analyses);
  else
    list_text (info, list, analyses);
  return SMB_EXIT_OK;
}

/* The hash found when the exhibit was checked a moment ago; NULL if it matched. */
static char *
recorded_hash (SmbCase *store, gint64 evidence_id)
{
  g_autoptr (GPtrArray) list = smb_case_list_evidence (store, NULL);

  for (guint i = 0; list != NULL && i < list->len; i++) {
    const SmbEvidence *evidence = g_ptr_array_index (list, i);

    if (evidence->id == evidence_id)
      return g_strdup (evidence->found_sha256);
  }
  return NULL;
}

/* TRUE if the file is the one acquired. builder NULL: for people. */
static gboolean
verify_exhibit (SmbCase *store, const SmbEvidence *evidence, JsonBuilder *builder)
{
  g_autofree char *found = NULL;
  g_autoptr (GError) error = NULL;
  SmbHashState state = SMB_HASH_UNVERIFIED;
  gboolean good = TRUE;

  /* A case that lies where nothing can be written. */
  if (smb_case_get_read_only (store))
    good = smb_examine_find_state (store, evidence, &state, &found, NULL, &error);
  else if ((good = smb_examine_verify (store, evidence, &state, NULL, &error)) && state == SMB_HASH_ALTERED)
    found = recorded_hash (store, evidence->id);
  if (builder != NULL) {
    json_builder_begin_object (builder);
    add_string (builder, "exhibit", evidence->exhibit);
    add_string (builder, "file", evidence->path);
    add_string (builder, "sha256", evidence->sha256);
    if (good) {
      add_string (builder, "hash_state", state_word (state));
      add_string (builder, "found_sha256", state == SMB_HASH_ALTERED ? found : NULL);
    } else {
      smb_cli_json_add_error (builder, error);
    }
    json_builder_end_object (builder);
  } else if (good) {
    g_print ("%s  %s  %s\n", evidence->exhibit, state_phrase (state), evidence->path);
    if (state == SMB_HASH_ALTERED && found != NULL)
      g_print (_ ("      acquired %s\n      found    %s\n"), evidence->sha256, found);
  } else {
    smb_cli_print_error (error);
  }
  return good && state == SMB_HASH_VERIFIED;
}

/* The file itself, its records and the chain; then, if given, a hash noted earlier. */
static gboolean
verify_store (SmbCase *store, const char *head, JsonBuilder *builder)
{
  g_autoptr (GError) error = NULL;
  gboolean good
      = smb_case_check (store, &error) && (head == NULL || smb_case_find_log_hash (store, head, NULL, &error));

  if (builder != NULL) {
    add_bool (builder, "intact", good);
    if (!good)
      smb_cli_json_add_error (builder, error);
  } else if (good) {
    g_print (_ ("The case file, its records and its audit log are intact.\n"));
  } else {
    smb_cli_print_error (error);
  }
  return good;
}

static int
case_verify (int argc, char **argv)
{
  g_autofree char *examiner = NULL, *noted = NULL, *head = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "head", 0, 0, G_OPTION_ARG_STRING, &noted,
      N_ ("Also check that this hash, printed by an earlier report, is in the audit log"), N_ ("SHA256") },
    { "examiner", 'e', 0, G_OPTION_ARG_STRING, &examiner, N_ ("Who acts, for the audit log"), N_ ("NAME") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object"), NULL },
    { NULL },
  };
  g_autoptr (SmbCase) store = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;
  JsonBuilder *builder = NULL;
  gint64 n_entries = 0;
  gboolean good;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("CASE"),
                      _ ("Hashes every exhibit anew and checks the case file and its audit log. Everything wrong is "
                         "named, and the exit status is 1.")))
    return SMB_EXIT_USAGE;
  if (argc != 2)
    return smb_cli_usage (_ ("“case verify” needs one case file."));
  store = smb_cli_open_case (argv[1], examiner);
  if (store == NULL)
    return SMB_EXIT_FAILED;
  list = smb_case_list_evidence (store, &error);
  if (list == NULL) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  if (json) {
    builder = json_builder_new ();
    json_builder_begin_object (builder);
    add_string (builder, "case", smb_case_get_path (store));
  }
  good = verify_store (store, noted, builder);
  if (json) {
    json_builder_set_member_name (builder, "exhibits");
    json_builder_begin_array (builder);
  }
  for (guint i = 0; i < list->len; i++)
    good = verify_exhibit (store, g_ptr_array_index (list, i), builder) && good;
  if (json)
    json_builder_end_array (builder);
  if (smb_case_verify_log (store, &head, &n_entries, NULL)) {
    if (json) {
      add_int (builder, "log_entries", n_entries);
      add_string (builder, "log_head", head);
    } else {
      g_print (g_dngettext (GETTEXT_PACKAGE, "Audit log: %lld entry, last hash %s\n",
                            "Audit log: %lld entries, last hash %s\n", (gulong) n_entries),
               (long long) n_entries, head);
    }
  }
  if (json) {
    add_bool (builder, "ok", good);
    json_builder_end_object (builder);
    print_and_free (builder, TRUE);
  }
  return good ? SMB_EXIT_OK : SMB_EXIT_FAILED;
}

static int
case_copy (int argc, char **argv)
{
  g_autofree char *examiner = NULL;
  const GOptionEntry entries[] = {
    { "examiner", 'e', 0, G_OPTION_ARG_STRING, &examiner, N_ ("Who acts, for the audit log"), N_ ("NAME") },
    { NULL },
  };
  g_autoptr (SmbCase) store = NULL;
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("CASE COPY"),
                      _ ("Writes a whole copy of a case, also while it is open in another program.")))
    return SMB_EXIT_USAGE;
  if (argc != 3)
    return smb_cli_usage (_ ("“case copy” needs a case file and a name for the copy."));
  store = smb_cli_open_case (argv[1], examiner);
  if (store == NULL)
    return SMB_EXIT_FAILED;
  if (smb_case_save_copy (store, argv[2], &error))
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return SMB_EXIT_FAILED;
}

int
smb_cli_case (int argc, char **argv)
{
  static const struct {
    const char *name, *title;
    int (*run) (int argc, char **argv);
  } acts[] = {
    { "new", "case new", case_new },
    { "add", "case add", case_add },
    { "list", "case list", case_list },
    { "label", "case label", smb_cli_case_label },
    { "regions", "case regions", smb_cli_case_regions },
    { "tracks", "case tracks", smb_cli_case_tracks },
    { "verify", "case verify", case_verify },
    { "copy", "case copy", case_copy },
  };

  for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS (acts); i++) {
    if (strcmp (argv[1], acts[i].name) == 0) {
      argv[1] = (char *) acts[i].title; /* what its --help calls it */
      return acts[i].run (argc - 1, argv + 1);
    }
  }
  if (argc > 1 && (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0)) {
    g_print (_ ("Usage:\n"
                "  semblance-cli case new CASE.smbcase --title=TEXT [OPTIONS…]\n"
                "  semblance-cli case add CASE FILE…\n"
                "  semblance-cli case list CASE\n"
                "  semblance-cli case label CASE [--class=CLASS EXHIBIT[/FACE]…]\n"
                "  semblance-cli case regions CASE EXHIBIT/FACE [--set=FILE | --out=FILE | --reset]\n"
                "  semblance-cli case tracks CASE EXHIBIT [--draw=FRAME:X,Y,W,H | --merge=N:N | --split=N:FRAME | --name=N:TEXT]\n"
                "  semblance-cli case verify CASE\n"
                "  semblance-cli case copy CASE COPY\n\n"
                "“semblance-cli case new --help” explains the first, and so on.\n"));
    return SMB_EXIT_OK;
  }
  if (argc > 1)
    return smb_cli_usage (_ ("“case %s” is no command; there are new, add, list, label, regions, tracks, verify and copy."),
                          argv[1]);
  return smb_cli_usage (_ ("“case” needs one of new, add, list, label, regions, tracks, verify and copy."));
}
