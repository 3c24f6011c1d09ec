/* SPDX-License-Identifier: Apache-2.0 */
/* What a report says, apart from how it looks: both renderers take their words from here. */
#include "report/smb-report-private.h"

#include "analysis/smb-score-warning.h"
#include "analysis/smb-settings-words.h"
#include "media/smb-video-facts.h"

#include <glib/gi18n-lib.h>
#include <math.h>

static void
fact_free (gpointer data)
{
  SmbReportFact *fact = data;

  g_free (fact->label);
  g_free (fact->value);
  g_free (fact);
}

/* Takes `value`; a NULL or empty one is left out. */
static void
add_fact (GPtrArray *facts, const char *label, char *value, gboolean mono)
{
  SmbReportFact *fact;

  if (value == NULL || value[0] == '\0') {
    g_free (value);
    return;
  }
  fact = g_new0 (SmbReportFact, 1);
  fact->label = g_strdup (label);
  fact->value = value;
  fact->mono = mono;
  g_ptr_array_add (facts, fact);
}

/* Marks, overrides and isolates that make a name read as another one ("…gpj.exe"). */
static gboolean
turns_direction (gunichar c)
{
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

char *
smb_report_clean (const char *text, gboolean lines)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  GString *out = g_string_sized_new (strlen (valid) + 1);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (c == '\n' && lines)
      g_string_append_c (out, '\n');
    else if (c == '\t' && lines)
      g_string_append_c (out, ' ');
    else if (c == '\r' && lines && at[1] == '\n')
      continue;
    else if (g_unichar_iscntrl (c) || turns_direction (c) || c == 0x2028 || c == 0x2029 || (c & 0xFFFE) == 0xFFFE
             || (c >= 0xFDD0 && c <= 0xFDEF))
      g_string_append_printf (out, "[U+%04X]", c);
    else
      g_string_append_unichar (out, c);
  }
  return g_string_free (out, FALSE);
}

char *
smb_report_time (gint64 time_us)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (time_us / G_USEC_PER_SEC);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S UTC") : g_strdup ("?");
}

const char *
smb_report_hash_word (SmbHashState state)
{
  switch (state) {
  case SMB_HASH_VERIFIED:
    return _("verified");
  case SMB_HASH_ALTERED:
    return _("ALTERED");
  case SMB_HASH_MISSING:
    return _("file missing");
  case SMB_HASH_UNREADABLE:
    return _("file unreadable");
  case SMB_HASH_UNVERIFIED:
  default:
    return _("not verified yet");
  }
}

char *
smb_report_score (const SmbFaceResult *result)
{
  return isnan (result->score) ? g_strdup (_("n/a")) : smb_report_fixed (result->score, 3);
}

gboolean
smb_report_shows (const SmbReportExhibit *exhibit, guint face)
{
  for (guint i = 0; exhibit->left_out != NULL && i < exhibit->left_out->len; i++)
    if (g_array_index (exhibit->left_out, guint, i) == face)
      return FALSE;
  return TRUE;
}

guint
smb_report_count_shown (const SmbReportExhibit *exhibit)
{
  guint n = 0;

  for (guint i = 0; i < exhibit->analysis->faces->len; i++)
    n += smb_report_shows (exhibit, i) ? 1 : 0;
  return n;
}

char *
smb_report_n_faces (const SmbReportExhibit *exhibit)
{
  const guint n = exhibit->analysis->faces->len, shown = smb_report_count_shown (exhibit);

  return shown == n ? g_strdup_printf ("%u", n) : g_strdup_printf (_("%u of %u"), shown, n);
}

char *
smb_report_highest_score (const SmbReportExhibit *exhibit)
{
  double highest = NAN;

  for (guint i = 0; i < exhibit->analysis->faces->len; i++) {
    const SmbFaceResult *result = g_ptr_array_index (exhibit->analysis->faces, i);

    if (!smb_report_shows (exhibit, i))
      continue;
    if (!isnan (result->score) && !(result->score <= highest))
      highest = result->score;
  }
  return isnan (highest) ? g_strdup (_("n/a")) : smb_report_fixed (highest, 3);
}

char *
smb_report_score_note (const SmbFaceResult *result)
{
  g_autofree char *quality = NULL, *range = NULL, *note = NULL;

  if (result->outside != NULL && result->outside[0] != '\0')
    return smb_report_clean (result->outside, FALSE);
  note = isnan (result->score) ? g_strdup (_("The model gives no score.")) : smb_likelihood_sentence (&result->likelihood);
  if (result->quality_notes == NULL || result->quality_notes[0] == NULL)
    return g_steal_pointer (&note);
  /* The score stands, but the model was not tried on such faces. */
  quality = g_strjoinv (" ", result->quality_notes);
  range = smb_report_clean (quality, FALSE);
  return note != NULL ? g_strdup_printf ("%s %s", note, range) : g_steal_pointer (&range);
}

const char *
smb_report_picture_caption (const SmbReportExhibit *exhibit)
{
  return exhibit->no_boxes ? _ ("The first frame. Each face is shown below from the frame that the findings name.")
                           : NULL;
}

char *
smb_report_box (SmbBox box)
{
  return g_strdup_printf (_("%d × %d px at %d, %d"), box.width, box.height, box.x, box.y);
}

const char *
smb_report_origin (SmbFaceOrigin origin)
{
  return origin == SMB_FACE_DRAWN ? _("drawn by hand") : _("detected");
}

char *
smb_report_class (const SmbAnalysis *analysis, int index)
{
  if (analysis->classes != NULL && index < (int) g_strv_length (analysis->classes))
    return smb_report_clean (analysis->classes[index], FALSE);
  return g_strdup_printf (_("class %d"), index);
}

char *
smb_report_map_title (const SmbMap *map)
{
  switch (map->spec.kind) {
  case SMB_MAP_ATTENTION:
    return g_strdup (_("Attention"));
  case SMB_MAP_ROLLOUT:
    return g_strdup (_("Attention rollout"));
  case SMB_MAP_MASKED_INPUT:
    return g_strdup (_("Masked input"));
  case SMB_MAP_RECONSTRUCTION:
    return g_strdup (_("Reconstruction"));
  case SMB_MAP_ERROR:
    return g_strdup (_("Reconstruction error"));
  case SMB_MAP_RELEVANCE:
    return g_strdup (_("Relevance"));
  case SMB_MAP_OCCLUSION:
    return g_strdup (_("Occlusion sensitivity"));
  case SMB_MAP_SIGNED_ERROR:
    return g_strdup (_("Signed error"));
  case SMB_MAP_ABSOLUTE_ERROR:
    return g_strdup (_("Absolute error"));
  case SMB_MAP_SSIM:
    return g_strdup (_("Structural difference"));
  case SMB_MAP_COVERAGE:
    return g_strdup (_("Coverage"));
  case SMB_MAP_REGIONS:
    return g_strdup (_("Regions"));
  default:
    return smb_map_spec_to_text (&map->spec);
  }
}

char *
smb_report_number (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (text, sizeof text, "%.4g", value));
}

char *
smb_report_fixed (double value, int n_decimals)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  char format[16];

  g_snprintf (format, sizeof format, "%%.%df", n_decimals);
  /* Beyond this many digits it is no probability and no margin any more; and it must fit. */
  return fabs (value) < 1e15 ? g_strdup (g_ascii_formatd (text, sizeof text, format, value))
                             : smb_report_number (value);
}

char *
smb_report_log_details (const SmbAuditEntry *entry)
{
  g_autofree char *clean
      = g_strcmp0 (entry->details, "{}") == 0 ? g_strdup ("") : smb_report_clean (entry->details, FALSE);
  g_autofree char *part = NULL;
  glong n_chars = g_utf8_strlen (clean, -1);

  if (n_chars <= SMB_REPORT_MAX_DETAILS_CHARS)
    return g_steal_pointer (&clean);
  part = g_utf8_substring (clean, 0, SMB_REPORT_MAX_DETAILS_CHARS);
  return g_strdup_printf (_("%s … (%ld characters in all; the case file holds the whole entry)"), part, n_chars);
}

char *
smb_report_case_title (const SmbReportData *data)
{
  g_autofree char *number = smb_report_clean (data->info->number, FALSE);
  g_autofree char *title = smb_report_clean (data->info->title, FALSE);

  return number[0] != '\0' ? g_strdup_printf ("%s · %s", number, title) : g_steal_pointer (&title);
}

char *
smb_report_face_label (guint index)
{
  return g_strdup_printf ("F%u", index + 1);
}

/* What the log says of the clock that gave its times, as it was last. */
static const char *
clock_words (GPtrArray *log)
{
  for (guint i = log->len; i > 0; i--) {
    const SmbAuditEntry *entry = g_ptr_array_index (log, i - 1);

    if (!g_str_equal (entry->action, "clock.source") && !g_str_equal (entry->action, "case.create"))
      continue;
    if (strstr (entry->details, "\"system clock, synchronised\"") != NULL)
      return _("UTC, from the computer's clock, which a time server keeps right");
    if (strstr (entry->details, "\"system clock, not synchronised\"") != NULL)
      return _("UTC, from the computer's clock, which no time server keeps right");
  }
  return _("UTC, from the computer's clock; it is not recorded whether a time server kept it right");
}

GPtrArray *
smb_report_case_facts (const SmbReportData *data)
{
  GPtrArray *facts = g_ptr_array_new_with_free_func (fact_free);

  add_fact (facts, _("Case number"), smb_report_clean (data->info->number, FALSE), FALSE);
  add_fact (facts, _("Title"), smb_report_clean (data->info->title, FALSE), FALSE);
  add_fact (facts, _("Laboratory"), smb_report_clean (data->info->laboratory, FALSE), FALSE);
  add_fact (facts, _("Examiner"), smb_report_clean (data->info->examiner, FALSE), FALSE);
  add_fact (facts, _("Case opened"), smb_report_time (data->info->created_us), FALSE);
  add_fact (facts, _("Case file"), smb_report_clean (data->case_path, FALSE), TRUE);
  add_fact (facts, _("Report made"), smb_report_time (data->made_us), FALSE);
  add_fact (facts, _("Program"), g_strdup_printf ("Semblance %s", data->program_version), FALSE);
  add_fact (facts, _("Exhibits in this report"), g_strdup_printf ("%u", data->exhibits->len), FALSE);
  add_fact (facts, _("Audit log"),
            g_strdup_printf (data->log_intact
                                 ? g_dngettext (GETTEXT_PACKAGE, "%u entry, chain intact", "%u entries, chain intact",
                                                data->log->len)
                                 : g_dngettext (GETTEXT_PACKAGE, "%u entry, CHAIN BROKEN", "%u entries, CHAIN BROKEN",
                                                data->log->len),
                             data->log->len),
            FALSE);
  add_fact (facts, _("Hash of the last log entry"), g_strdup (data->log_head), TRUE);
  add_fact (facts, _("Times"), g_strdup (clock_words (data->log)), FALSE);
  return facts;
}

/* video: its scores are of tracks, which have a calibration of their own. */
static const char *
model_state_words (const SmbCaseAnalysis *stored, gboolean video)
{
  if (!stored->trained)
    return _("untrained");
  if (video)
    return stored->calibrated ? _("trained and calibrated for tracks") : _("trained, not calibrated for tracks");
  return stored->calibrated ? _("trained and calibrated") : _("trained, not calibrated");
}

static void
add_setting (const char *name, const char *value, gpointer text)
{
  if (value != NULL)
    g_string_append_printf (text, "%s%s: %s", ((GString *) text)->len > 0 ? "; " : "", name, value);
}

/* For people; the bundle has them word for word. */
static char *
settings_words (const char *settings)
{
  g_autoptr (GString) text = g_string_new (NULL);

  smb_settings_in_words (settings, add_setting, text);
  return smb_report_clean (text->str, FALSE);
}

static void
add_analysis_facts (GPtrArray *facts, const SmbCaseAnalysis *stored, const SmbAnalysis *analysis, gboolean video)
{
  g_autofree char *name = smb_report_clean (stored->model_name, FALSE);

  add_fact (facts, _("Analysed"), smb_report_time (stored->made_us), FALSE);
  add_fact (facts, _("Model"), g_strdup_printf ("%s (%s)", name, model_state_words (stored, video)), FALSE);
  add_fact (facts, _("SHA-256 of the model"), smb_report_clean (stored->model_sha256, FALSE), TRUE);
  add_fact (facts, _("SHA-256 of the reconstruction network"), smb_report_clean (stored->mim_sha256, FALSE), TRUE);
  if (analysis != NULL && analysis->landmark_file != NULL) {
    add_fact (facts, _ ("Landmarks found with"), smb_report_clean (analysis->landmark_file, FALSE), TRUE);
    add_fact (facts, _ ("SHA-256 of that file"), smb_report_clean (analysis->landmark_sha256, FALSE), TRUE);
  }
  add_fact (facts, _("Settings"), settings_words (stored->settings), FALSE);
  add_fact (facts, _("Seed"), g_strdup_printf ("%" G_GUINT64_FORMAT, stored->seed), FALSE);
  add_fact (facts, _("Program version"), smb_report_clean (stored->program_version, FALSE), FALSE);
  add_fact (facts, _("Device"), smb_report_clean (stored->device, FALSE), FALSE);
}

GPtrArray *
smb_report_exhibit_facts (const SmbReportExhibit *exhibit)
{
  const SmbEvidence *evidence = exhibit->evidence;
  GPtrArray *facts = g_ptr_array_new_with_free_func (fact_free);
  g_autofree char *base = g_path_get_basename (evidence->path);
  g_autofree char *folder = g_path_get_dirname (evidence->path);
  g_autofree char *size
      = g_format_size_full (evidence->size_bytes, G_FORMAT_SIZE_LONG_FORMAT | G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *checked = evidence->verified_us > 0 ? smb_report_time (evidence->verified_us) : NULL;

  add_fact (facts, _("Exhibit"), smb_report_clean (evidence->exhibit, FALSE), FALSE);
  add_fact (facts, _("File"), smb_report_clean (base, FALSE), FALSE);
  add_fact (facts, _("Folder"), smb_report_clean (folder, FALSE), TRUE);
  add_fact (facts, _("SHA-256 at acquisition"), smb_report_clean (evidence->sha256, FALSE), TRUE);
  add_fact (facts, _ ("Hash state"),
            checked != NULL
                ? g_strdup_printf (_ ("%s, checked %s"), smb_report_hash_word (evidence->hash_state), checked)
                : g_strdup (smb_report_hash_word (evidence->hash_state)),
            FALSE);
  if (evidence->hash_state == SMB_HASH_ALTERED)
    add_fact (facts, _("SHA-256 found since"), smb_report_clean (evidence->found_sha256, FALSE), TRUE);
  add_fact (facts, _("Size"), g_strdup (size), FALSE);
  add_fact (facts, _("Acquired"), smb_report_time (evidence->acquired_us), FALSE);
  if (evidence->modified_us != 0)
    add_fact (facts, _("File last modified"), smb_report_time (evidence->modified_us), FALSE);
  add_fact (facts, _("Format"), smb_report_clean (evidence->format, FALSE), FALSE);
  if (evidence->width > 0 && evidence->height > 0)
    add_fact (facts, _("Dimensions"), g_strdup_printf (_("%d × %d px"), evidence->width, evidence->height), FALSE);
  for (guint i = 0; exhibit->video_facts != NULL && i < exhibit->video_facts->len; i++) {
    const SmbVideoFact *fact = exhibit->video_facts->pdata[i];
    g_autofree char *fact_name = smb_report_clean (fact->name, FALSE);

    add_fact (facts, fact_name, smb_report_clean (fact->value, FALSE), FALSE);
  }
  add_fact (facts, _("Not decoded"), smb_report_clean (evidence->problem, FALSE), FALSE);
  if (exhibit->stored != NULL)
    add_analysis_facts (facts, exhibit->stored, exhibit->analysis, evidence->video);
  else
    add_fact (facts, _("Analysed"), g_strdup (_("never")), FALSE);
  if (exhibit->model_card != NULL)
    add_fact (facts, _("Model card"), smb_report_clean (exhibit->model_card, FALSE), FALSE);
  return facts;
}

/* Takes `text`. */
static void
add_once (GPtrArray *list, char *text)
{
  for (guint i = 0; i < list->len; i++)
    if (g_str_equal (g_ptr_array_index (list, i), text)) {
      g_free (text);
      return;
    }
  g_ptr_array_add (list, text);
}

static SmbScored
scored_of (const SmbReportExhibit *exhibit)
{
  return (SmbScored){ exhibit->evidence->exhibit, exhibit->evidence->video, exhibit->stored->trained,
                      exhibit->stored->calibrated };
}

/* What is to be said of one exhibit, but for its scores. */
static void
add_exhibit_warnings (GPtrArray *warnings, const SmbReportExhibit *exhibit)
{
  g_autofree char *name = smb_report_clean (exhibit->evidence->exhibit, FALSE);

  if (exhibit->evidence->hash_state == SMB_HASH_ALTERED)
    add_once (warnings, g_strdup_printf (_("Exhibit %s: the file was altered after its acquisition; its SHA-256 no "
                                           "longer matches."),
                                         name));
  else if (exhibit->evidence->hash_state == SMB_HASH_MISSING)
    add_once (warnings, g_strdup_printf (_("Exhibit %s: the file is no longer where it was acquired."), name));
  else if (exhibit->evidence->hash_state == SMB_HASH_UNREADABLE)
    add_once (warnings, g_strdup_printf (_("Exhibit %s: the file could not be read when it was last checked."), name));
  if (exhibit->analysis != NULL && smb_report_count_shown (exhibit) < exhibit->analysis->faces->len)
    add_once (warnings, g_strdup_printf (_ ("Exhibit %s: %u of the %u faces found are shown; the examiner chose to leave "
                                            "out the others."),
                                         name, smb_report_count_shown (exhibit), exhibit->analysis->faces->len));
}

GPtrArray *
smb_report_exhibit_warnings (const SmbReportExhibit *exhibit)
{
  GPtrArray *warnings = g_ptr_array_new_with_free_func (g_free);

  add_exhibit_warnings (warnings, exhibit);
  if (exhibit->stored != NULL) {
    const SmbScored scored = scored_of (exhibit);
    const char *warning = smb_score_warning (&scored);

    if (warning != NULL)
      add_once (warnings, g_strdup (warning));
  }
  return warnings;
}

/* Of all exhibits that were analysed. */
static void
add_score_warnings (GPtrArray *warnings, GPtrArray *exhibits)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (SmbScored));
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) sentences = NULL;

  for (guint i = 0; i < exhibits->len; i++) {
    const SmbReportExhibit *exhibit = g_ptr_array_index (exhibits, i);
    SmbScored scored;

    if (exhibit->stored == NULL)
      continue;
    scored = scored_of (exhibit);
    scored.exhibit = smb_report_clean (scored.exhibit, FALSE);
    g_ptr_array_add (names, (gpointer) scored.exhibit);
    g_array_append_val (all, scored);
  }
  sentences = smb_score_warnings ((const SmbScored *) all->data, all->len);
  for (guint i = 0; i < sentences->len; i++)
    add_once (warnings, g_strdup (g_ptr_array_index (sentences, i)));
}

/* Of each model whose scores are shown: nobody should come to them without knowing how little they are worth. */
static void
add_model_warnings (GPtrArray *warnings, GPtrArray *exhibits)
{
  for (guint i = 0; i < exhibits->len; i++) {
    const SmbReportExhibit *exhibit = g_ptr_array_index (exhibits, i);
    g_autofree char *name = NULL, *doubt = NULL;

    if (exhibit->stored == NULL || exhibit->model_doubt == NULL)
      continue;
    name = smb_report_clean (exhibit->stored->model_name, FALSE);
    doubt = smb_report_clean (exhibit->model_doubt, FALSE);
    add_once (warnings, g_strdup_printf (_ ("Scores of the model %s tell little. %s"), name, doubt));
  }
}

static gboolean
was_unsandboxed (const SmbReportData *data)
{
  gboolean was = data->unsandboxed;

  for (guint i = 0; !was && data->log != NULL && i < data->log->len; i++)
    was = g_strcmp0 (((SmbAuditEntry *) g_ptr_array_index (data->log, i))->action, SMB_REPORT_UNSANDBOXED) == 0;
  return was;
}

GPtrArray *
smb_report_warnings (const SmbReportData *data)
{
  GPtrArray *warnings = g_ptr_array_new_with_free_func (g_free);

  if (!data->log_intact)
    add_once (warnings, data->log_problem != NULL ? smb_report_clean (data->log_problem, FALSE)
                                                  : g_strdup (_("The audit log of this case was altered.")));
  if (was_unsandboxed (data))
    add_once (warnings,
              g_strdup (_ ("Evidence was opened by a decoder that was not locked in, because this was allowed "
                           "explicitly: a crafted file could have changed what was found. The audit log names "
                           "each exhibit concerned.")));
  add_score_warnings (warnings, data->exhibits);
  add_model_warnings (warnings, data->exhibits);
  for (guint i = 0; i < data->exhibits->len; i++)
    add_exhibit_warnings (warnings, g_ptr_array_index (data->exhibits, i));
  return warnings;
}
