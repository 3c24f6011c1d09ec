/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-format.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>

SmbState
smb_state_of_hash (SmbHashState state)
{
  switch (state) {
    case SMB_HASH_VERIFIED:
      return (SmbState){ "smb-ok-symbolic", _("Hash verified"), "ok" };
    case SMB_HASH_ALTERED:
      return (SmbState){ "smb-alert-symbolic", _("Altered"), "alert" };
    case SMB_HASH_MISSING:
      return (SmbState){ "smb-moved-symbolic", _("File missing"), "alert" };
    case SMB_HASH_UNREADABLE:
      return (SmbState){ "smb-warning-symbolic", _("Unreadable"), "warning" };
    case SMB_HASH_UNVERIFIED:
    default:
      return (SmbState){ "smb-unverified-symbolic", _("Not yet verified"), "dim" };
  }
}

void
smb_state_apply_class (GtkWidget *widget, const SmbState *state)
{
  static const char *const all[] = { "ok", "warning", "alert", "dim" };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    gtk_widget_remove_css_class (widget, all[i]);
  gtk_widget_add_css_class (widget, state->css);
}

char *
smb_format_join (const char *first, const char *second)
{
  const gboolean has_first = first != NULL && *first != '\0', has_second = second != NULL && *second != '\0';

  if (has_first && has_second)
    return g_strdup_printf ("%s · %s", first, second);
  return g_strdup (has_first ? first : has_second ? second : NULL);
}

char *
smb_format_score (double score)
{
  return isnan (score) ? g_strdup (_("n/a")) : g_strdup_printf ("%.2f", score);
}

char *
smb_format_short_hash (const char *hash)
{
  gsize length = hash != NULL ? strlen (hash) : 0;

  if (length < 9)
    return g_strdup (length > 0 ? hash : "–");
  return g_strdup_printf ("%.4s…%s", hash, hash + length - 4);
}

char *
smb_format_size (guint64 bytes)
{
  g_autofree char *rough = g_format_size (bytes);

  if (bytes < 1000)
    return g_steal_pointer (&rough);
  return g_strdup_printf (_("%s (%" PRIu64 " bytes)"), rough, bytes);
}

static char *
format_local (gint64 us, const char *format)
{
  g_autoptr (GDateTime) time = us != 0 ? g_date_time_new_from_unix_local (us / G_USEC_PER_SEC) : NULL;

  return time != NULL ? g_date_time_format (time, format) : g_strdup ("–");
}

char *
smb_format_time (gint64 us)
{
  return format_local (us, "%Y-%m-%d %H:%M:%S %Z");
}

char *
smb_format_clock (gint64 us)
{
  return format_local (us, "%H:%M");
}

char *
smb_format_faces (int n_faces)
{
  if (n_faces < 0)
    return g_strdup (_("Not analysed"));
  if (n_faces == 0)
    return g_strdup (_("No face found"));
  return g_strdup_printf (ngettext ("%d face", "%d faces", (gulong) n_faces), n_faces);
}

const char *
smb_format_class (const char *name)
{
  static const struct {
    const char *name;
    const char *word;
  } known[] = {
    { "genuine", N_("Genuine") },     { "real", N_("Real") },         { "bonafide", N_("Bona fide") },
    { "deepfake", N_("Deepfake") },   { "fake", N_("Fake") },         { "forged", N_("Forged") },
    { "synthetic", N_("Synthetic") }, { "diffusion", N_("Diffusion") }, { "spoof", N_("Spoof") },
    { "swapped", N_("Swapped") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++) {
    if (g_ascii_strcasecmp (name, known[i].name) == 0)
      return _(known[i].word);
  }
  return name;
}

char *
smb_format_label_face (SmbExhibit *exhibit, const SmbCaseLabel *label)
{
  const SmbAnalysis *analysis = smb_exhibit_get_analysis (exhibit);

  for (guint i = 0; analysis != NULL && i < analysis->faces->len; i++)
    if (label->face_id != 0 && smb_exhibit_get_label (exhibit, (int) i) == label)
      return smb_exhibit_dup_face_name (exhibit, i);
  return g_strdup (label->face);
}

char *
smb_format_labels (SmbExhibit *exhibit)
{
  GPtrArray *labels = smb_exhibit_get_labels (exhibit);
  const SmbCaseLabel *whole = smb_exhibit_get_label (exhibit, -1);
  const SmbCaseLabel *first = labels != NULL ? labels->pdata[0] : NULL;

  if (whole != NULL)
    return g_strdup (smb_format_class (whole->class));
  if (first == NULL)
    return NULL;
  if (labels->len == 1) {
    g_autofree char *face = smb_format_label_face (exhibit, first);

    return g_strdup_printf ("%s: %s", face, smb_format_class (first->class));
  }
  return g_strdup_printf (ngettext ("%u face labelled", "%u faces labelled", labels->len), labels->len);
}

int
smb_face_result_get_best (const SmbFaceResult *face)
{
  int best = 0;

  if (face->probabilities == NULL || face->n_classes < 1)
    return -1;
  for (int i = 1; i < face->n_classes; i++) {
    if (face->probabilities[i] > face->probabilities[best])
      best = i;
  }
  return best;
}

char *
smb_format_face (const SmbFaceResult *face, guint index)
{
  return face->track != 0 ? g_strdup_printf ("T%u", face->track) : g_strdup_printf ("F%u", index + 1);
}
