/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-likelihood-json.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

static const char *const bounds[] = { "lower", "none", "upper" };

JsonObject *
smb_likelihood_to_json (const SmbLikelihood *likelihood)
{
  JsonObject *out = json_object_new ();

  smb_json_set_number (out, "log10", likelihood->log10_lr);
  json_object_set_string_member (out, "bound", bounds[likelihood->bound + 1]);
  smb_json_set_number (out, "low", likelihood->low);
  smb_json_set_number (out, "high", likelihood->high);
  return out;
}

void
smb_likelihood_from_json (SmbJsonReader *reader, JsonObject *of, const char *member, SmbLikelihood *likelihood)
{
  JsonObject *in = smb_json_object (reader, of, member, SMB_JSON_OPTIONAL);
  g_autofree char *bound = NULL;

  *likelihood = (SmbLikelihood){ .log10_lr = NAN };
  if (in == NULL)
    return;
  likelihood->log10_lr = smb_json_number (reader, in, "log10", SMB_JSON_REQUIRED);
  likelihood->low = smb_json_number (reader, in, "low", SMB_JSON_REQUIRED);
  likelihood->high = smb_json_number (reader, in, "high", SMB_JSON_REQUIRED);
  bound = smb_json_string (reader, in, "bound", SMB_JSON_REQUIRED);
  likelihood->bound = 2;
  for (int i = 0; bound != NULL && i < 3; i++)
    if (strcmp (bound, bounds[i]) == 0)
      likelihood->bound = i - 1;
  if (likelihood->bound == 2) {
    likelihood->bound = 0;
    smb_json_fail (reader, member, "“none”, “lower”, “upper”");
  }
}

/* A ratio as people say it: 35, or 1/35 below one. */
static char *
ratio_text (double log10_lr)
{
  double ratio = pow (10.0, fabs (log10_lr));
  g_autofree char *number = ratio < 10.0 ? g_strdup_printf ("%.1f", ratio) : g_strdup_printf ("%.0f", ratio);

  return log10_lr < -0.005 ? g_strconcat ("1/", number, NULL) : g_steal_pointer (&number);
}

char *
smb_likelihood_text (const SmbLikelihood *likelihood)
{
  g_autofree char *ratio = NULL;

  if (isnan (likelihood->log10_lr))
    return NULL;
  ratio = ratio_text (likelihood->log10_lr);
  if (likelihood->bound > 0)
    return g_strdup_printf (
        _ ("likelihood ratio of forged to genuine at least %s (log10 %.2f); no larger one is claimed"), ratio,
        likelihood->log10_lr);
  if (likelihood->bound < 0)
    return g_strdup_printf (
        _ ("likelihood ratio of forged to genuine at most %s (log10 %.2f); no smaller one is claimed"), ratio,
        likelihood->log10_lr);
  return g_strdup_printf (_ ("likelihood ratio of forged to genuine %s (log10 %.2f)"), ratio, likelihood->log10_lr);
}

char *
smb_likelihood_sentence (const SmbLikelihood *likelihood)
{
  g_autofree char *text = smb_likelihood_text (likelihood);
  char first[7] = { 0 }; /* a letter in UTF-8 has 6 bytes at most */

  if (text == NULL)
    return NULL;
  g_unichar_to_utf8 (g_unichar_toupper (g_utf8_get_char (text)), first);
  /* Translators: a text without its full stop becomes a sentence */
  return g_strdup_printf (C_ ("sentence", "%s%s."), first, g_utf8_next_char (text));
}
