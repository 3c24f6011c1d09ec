/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of an analysis, which are kept as JSON, as lines to read. */
#include "smb-facts.h"

#include "base/smb-json-part.h"
#include "smb-computing.h"

#include <glib/gi18n.h>
#include <math.h>

static char *
describe_search (JsonObject *of)
{
  const double side = smb_json_find_number (of, "detect_max_side_px");
  const int doublings = (int) smb_json_find_number (of, "detect_upsample");
  g_autofree char *size = side > 0 ? g_strdup_printf (_("in the picture shrunk to %.0f px"), side)
                                   : g_strdup (_("in the picture as it is"));

  if (doublings < 1)
    return g_steal_pointer (&size);
  return g_strdup_printf (ngettext ("%s, enlarged %d time", "%s, enlarged %d times", (gulong) doublings), size, doublings);
}

/* Which frames of a video were scored, and where faces were looked for. */
static void
add_frames (SmbFacts *self, JsonObject *of)
{
  const double n = smb_json_find_number (of, "uniform"), stride = smb_json_find_number (of, "stride");
  const double first = smb_json_find_number (of, "first_frame"), last = smb_json_find_number (of, "last_frame");
  g_autofree char *scored = g_str_equal (smb_json_find_text (of, "frames", ""), "every")
                                ? g_strdup (_("every frame"))
                                : g_strdup_printf (_("%.0f frames, evenly spread"), n);
  g_autofree char *step = stride > 1 ? g_strdup_printf (_("looked for in one frame of %.0f, followed between"), stride)
                                     : g_strdup (_("looked for in every frame"));
  g_autofree char *part = last < G_MAXINT ? g_strdup_printf (_("frames %.0f to %.0f"), first, last)
                          : first > 0     ? g_strdup_printf (_("from frame %.0f on"), first)
                                          : g_strdup (_("all of it"));

  smb_facts_add (self, _("Scored"), scored, NULL);
  smb_facts_add (self, _("Faces"), step, NULL);
  smb_facts_add (self, _("Part"), part, NULL);
}

/* Whatever else stands there is shown as it is: a newer program may have written it. */
static void
add_unknown (SmbFacts *self, JsonObject *of)
{
  static const char *const known[]
      = { "detect_max_side_px", "detect_too", "detect_upsample", "precision", "region_draws", "seed",   "stride",
          "first_frame",        "last_frame", "frames",          "uniform",   "detector",     "sure_confidence", NULL };
  g_autoptr (GList) members = json_object_get_members (of);

  for (GList *at = members; at != NULL; at = at->next) {
    g_autofree char *value = NULL;

    if (g_strv_contains (known, at->data))
      continue;
    value = json_to_string (json_object_get_member (of, at->data), FALSE);
    smb_facts_add (self, at->data, value, NULL);
  }
}

void
smb_facts_add_settings (SmbFacts *self, const char *json)
{
  g_autoptr (JsonNode) node = json != NULL ? json_from_string (json, NULL) : NULL;
  JsonObject *of = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autofree char *search = of != NULL ? describe_search (of) : NULL;
  double sure, draws;

  if (of == NULL) {
    smb_facts_add (self, _("Settings"), json, NULL);
    return;
  }
  smb_facts_add (self, _("Face detector"), smb_json_find_text (of, "detector", NULL), json);
  smb_facts_add (self, _("Searched"), search, NULL);
  sure = smb_json_find_number (of, "sure_confidence");
  if (isfinite (sure)) {
    g_autofree char *text = g_strdup_printf (_("%.2f and more of the detector's margin"), sure);

    smb_facts_add (self, _("Scored from"), text, NULL);
  }
  if (smb_json_find_boolean (of, "detect_too"))
    smb_facts_add (self, _("Drawn boxes"), _("judged besides what the detector finds"), NULL);
  if (json_object_has_member (of, "frames"))
    add_frames (self, of);
  smb_facts_add (self, _("Precision"), smb_computing_describe (smb_json_find_text (of, "precision", NULL)), NULL);
  draws = smb_json_find_number (of, "region_draws");
  if (draws > 0) {
    g_autofree char *text = g_strdup_printf (_("measured with %.0f masks each"), draws);

    smb_facts_add (self, _("Regions"), text, NULL);
  }
  add_unknown (self, of);
}
