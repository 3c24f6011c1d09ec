/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-faithfulness-json.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define POINTS (SMB_FAITH_STEPS + 1)
#define MAX_CLASS 100000

static const char *const failures[]
    = { "deletion", "insertion", "randomised" }; /* in the order of SmbFaithFailure's bits */

static void
set_curve (JsonObject *out, const char *member, const double *curve)
{
  JsonArray *array = json_array_new ();

  for (int i = 0; i < POINTS; i++)
    json_array_add_double_element (array, curve[i]);
  json_object_set_array_member (out, member, array);
}

JsonObject *
smb_faithfulness_to_json (const SmbFaithfulness *faithfulness)
{
  JsonObject *out = json_object_new (), *random = json_object_new ();
  JsonArray *failed = json_array_new ();
  g_autofree char *sentence = smb_faithfulness_sentence (faithfulness);

  json_object_set_int_member (out, "class", faithfulness->of_class);
  set_curve (out, "deletion", faithfulness->deletion);
  set_curve (out, "insertion", faithfulness->insertion);
  json_object_set_double_member (out, "deletion_area", faithfulness->deletion_area);
  json_object_set_double_member (out, "insertion_area", faithfulness->insertion_area);
  json_object_set_double_member (random, "mean", faithfulness->random_mean);
  json_object_set_double_member (random, "deviation", faithfulness->random_deviation);
  json_object_set_int_member (random, "orders", SMB_FAITH_ORDERS);
  json_object_set_object_member (out, "random_area", random);
  smb_json_set_number (out, "randomised_correlation", faithfulness->correlation);
  json_object_set_boolean_member (out, "passed", faithfulness->fails == 0);
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    if (faithfulness->fails & (1u << i))
      json_array_add_string_element (failed, failures[i]);
  json_object_set_array_member (out, "failed", failed);
  json_object_set_string_member (out, "sentence", sentence);
  return out;
}

static void
read_curve (SmbJsonReader *reader, JsonObject *in, const char *member, double *curve)
{
  JsonArray *array = smb_json_array (reader, in, member, SMB_JSON_REQUIRED, POINTS);

  for (guint i = 0; i < POINTS && !reader->failed; i++) {
    JsonNode *node = i < json_array_get_length (array) ? json_array_get_element (array, i) : NULL;

    curve[i] = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
    if (!(curve[i] >= 0 && curve[i] <= 1))
      smb_json_fail (reader, member, _ ("a list of probabilities"));
  }
}

SmbFaithfulness *
smb_faithfulness_from_json (SmbJsonReader *reader, JsonObject *in)
{
  SmbFaithfulness *out = g_new0 (SmbFaithfulness, 1);
  JsonObject *random = smb_json_object (reader, in, "random_area", SMB_JSON_REQUIRED);
  JsonArray *failed = smb_json_array (reader, in, "failed", SMB_JSON_REQUIRED, G_N_ELEMENTS (failures));

  out->of_class = (int) smb_json_int (reader, in, "class", 0, MAX_CLASS);
  read_curve (reader, in, "deletion", out->deletion);
  read_curve (reader, in, "insertion", out->insertion);
  out->deletion_area = smb_json_number (reader, in, "deletion_area", SMB_JSON_REQUIRED);
  out->insertion_area = smb_json_number (reader, in, "insertion_area", SMB_JSON_REQUIRED);
  out->random_mean = smb_json_number (reader, random, "mean", SMB_JSON_REQUIRED);
  out->random_deviation = smb_json_number (reader, random, "deviation", SMB_JSON_REQUIRED);
  out->correlation = smb_json_number (reader, in, "randomised_correlation", SMB_JSON_OPTIONAL);
  for (guint i = 0; failed != NULL && i < json_array_get_length (failed); i++) {
    JsonNode *node = json_array_get_element (failed, i);
    const char *name = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

    for (guint k = 0; k < G_N_ELEMENTS (failures); k++)
      if (g_strcmp0 (name, failures[k]) == 0)
        out->fails |= 1u << k;
  }
  return out;
}
