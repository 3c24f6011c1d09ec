/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-settings-words.h"

#include "analysis/smb-analysis.h"
#include "base/smb-json-part.h"

#include <glib/gi18n-lib.h>
#include <math.h>

typedef struct {
  SmbSettingTake take;
  gpointer user_data;
} Taker;

const char *
smb_precision_words (const char *precision)
{
  static const char *const words[] = {
    [SMB_PRECISION_F32] = N_ ("float32, the published numbers"),
    [SMB_PRECISION_TF32] = N_ ("tf32, rounded products"),
    [SMB_PRECISION_BF16] = N_ ("bfloat16, rounded products"),
    [SMB_PRECISION_INT8] = N_ ("8-bit whole numbers, rounded products"),
  };
  SmbPrecision known;

  return smb_precision_from_name (precision, &known) ? _ (words[known]) : precision;
}

static char *
describe_search (JsonObject *of)
{
  const double side = smb_json_find_number (of, "detect_max_side_px");
  const int doublings = (int) CLAMP (smb_json_find_int (of, "detect_upsample", 0), 0, G_MAXINT);
  g_autofree char *size = side > 0 ? g_strdup_printf (_ ("in the picture shrunk to %.0f px"), side)
                                   : g_strdup (_ ("in the picture as it is"));

  if (doublings < 1)
    return g_steal_pointer (&size);
  return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%s, enlarged %d time", "%s, enlarged %d times", (gulong) doublings), size,
      doublings);
}

/* Which frames of a video were scored, and where faces were looked for. */
static void
add_frames (const Taker *to, JsonObject *of)
{
  const double n = smb_json_find_number (of, "uniform"), stride = smb_json_find_number (of, "stride");
  const double first = smb_json_find_number (of, "first_frame"), last = smb_json_find_number (of, "last_frame");
  g_autofree char *scored = g_str_equal (smb_json_find_text (of, "frames", ""), "every")
                                ? g_strdup (_ ("every frame"))
                                : g_strdup_printf (_ ("%.0f frames, evenly spread"), n);
  g_autofree char *step = stride > 1 ? g_strdup_printf (_ ("looked for in one frame of %.0f, followed between"), stride)
                                     : g_strdup (_ ("looked for in every frame"));
  g_autofree char *part = last < G_MAXINT ? g_strdup_printf (_ ("frames %.0f to %.0f"), first, last)
                          : first > 0     ? g_strdup_printf (_ ("from frame %.0f on"), first)
                                          : g_strdup (_ ("all of it"));

  to->take (_ ("Scored"), scored, to->user_data);
  to->take (_ ("Faces"), step, to->user_data);
  to->take (_ ("Part"), part, to->user_data);
}

/* Whatever else stands there is shown as it is: a newer program may have written it. */
static void
add_unknown (const Taker *to, JsonObject *of)
{
  static const char *const known[] = { "detect_max_side_px", "detect_too", "detect_upsample", "precision",
                                       "region_draws",       "seed",       "stride",          "first_frame",
                                       "last_frame",         "frames",     "uniform",         "detector",
                                       "sure_confidence",    NULL };
  g_autoptr (GList) members = json_object_get_members (of);

  for (GList *at = members; at != NULL; at = at->next) {
    g_autofree char *value = NULL;

    if (g_strv_contains (known, at->data))
      continue;
    value = json_to_string (json_object_get_member (of, at->data), FALSE);
    to->take (at->data, value, to->user_data);
  }
}

void
smb_settings_in_words (const char *json, SmbSettingTake take, gpointer user_data)
{
  const Taker taker = { take, user_data }, *to = &taker;
  g_autoptr (JsonNode) node = json != NULL ? json_from_string (json, NULL) : NULL;
  JsonObject *of = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autofree char *search = of != NULL ? describe_search (of) : NULL;
  double sure, draws;

  if (of == NULL) {
    to->take (_ ("Settings"), json, to->user_data);
    return;
  }
  to->take (_ ("Face detector"), smb_json_find_text (of, "detector", NULL), to->user_data);
  to->take (_ ("Searched"), search, to->user_data);
  sure = smb_json_find_number (of, "sure_confidence");
  if (isfinite (sure)) {
    g_autofree char *text = g_strdup_printf (_ ("%.2f and more of the detector's margin"), sure);

    to->take (_ ("Scored from"), text, to->user_data);
  }
  if (smb_json_find_boolean (of, "detect_too"))
    to->take (_ ("Drawn boxes"), _ ("judged besides what the detector finds"), to->user_data);
  if (json_object_has_member (of, "frames"))
    add_frames (to, of);
  to->take (_ ("Precision"), smb_precision_words (smb_json_find_text (of, "precision", NULL)), to->user_data);
  draws = smb_json_find_number (of, "region_draws");
  if (draws > 0) {
    g_autofree char *text = g_strdup_printf (_ ("measured with %.0f masks each"), draws);

    to->take (_ ("Regions"), text, to->user_data);
  }
  add_unknown (to, of);
}
