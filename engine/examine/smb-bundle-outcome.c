/* SPDX-License-Identifier: Apache-2.0 */
/* What came of trying a bundle, in words and as JSON. */
#include "examine/smb-examine-bundle.h"

#include "analysis/smb-json.h"

#include <glib/gi18n-lib.h>

const char *
smb_reproduction_name (SmbReproduction outcome)
{
  static const char *const names[] = { "exact", "close", "different", "not-tried" };

  return names[outcome];
}

const char *
smb_reproduction_title (SmbReproduction outcome)
{
  switch (outcome) {
  case SMB_REPRODUCED_EXACTLY:
    return _ ("reproduced exactly");
  case SMB_REPRODUCED_CLOSELY:
    return _ ("reproduced within the tolerance");
  case SMB_NOT_REPRODUCED:
    return _ ("NOT REPRODUCED");
  case SMB_NOT_TRIED:
  default:
    return _ ("not tried");
  }
}

void
smb_bundle_outcome_free (SmbBundleOutcome *outcome)
{
  if (outcome == NULL)
    return;
  g_free (outcome->path);
  g_ptr_array_unref (outcome->checks);
  g_free (outcome);
}

gboolean
smb_bundle_outcome_is_good (const SmbBundleOutcome *outcome)
{
  for (guint i = 0; i < outcome->checks->len; i++)
    if (((SmbBundleCheck *) outcome->checks->pdata[i])->outcome > SMB_REPRODUCED_CLOSELY)
      return FALSE;
  return TRUE;
}

static JsonObject *
check_to_json (const SmbBundleCheck *check)
{
  JsonObject *out = json_object_new ();
  JsonArray *differences = json_array_new ();

  for (guint i = 0; i < check->differences->len; i++)
    json_array_add_string_element (differences, check->differences->pdata[i]);
  json_object_set_string_member (out, "what", check->what);
  json_object_set_string_member (out, "outcome", smb_reproduction_name (check->outcome));
  json_object_set_int_member (out, "exact", check->n_exact);
  json_object_set_int_member (out, "close", check->n_close);
  json_object_set_int_member (out, "different", check->n_differences);
  json_object_set_array_member (out, "differences", differences);
  smb_json_set_number (out, "largest_difference", check->largest);
  smb_json_set_string (out, "why", check->why);
  return out;
}

JsonNode *
smb_bundle_outcome_to_json (const SmbBundleOutcome *outcome)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = json_object_new ();
  JsonArray *checks = json_array_new ();

  for (guint i = 0; i < outcome->checks->len; i++)
    json_array_add_object_element (checks, check_to_json (outcome->checks->pdata[i]));
  json_object_set_string_member (out, "exhibit", outcome->exhibit->exhibit);
  json_object_set_boolean_member (out, "ok", smb_bundle_outcome_is_good (outcome));
  json_object_set_array_member (out, "checks", checks);
  json_node_take_object (node, out);
  return node;
}
