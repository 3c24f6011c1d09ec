/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-card-limits.h"

#include "base/smb-json-part.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* An AUC whose interval reaches down to chance's, and the share of genuine faces called forged from which on a model is
 * said to be poor. */
#define CHANCE 0.5
#define MANY_FALSE_ALARMS 0.25
/* A card may come from anywhere; this is a line to read. */
#define MAX_KINDS 8
#define MAX_CLASS_BYTES 64

/* Of a kind of forgery, over all evaluations. */
typedef struct {
  char *class;
  double low, high; /* of the AUCs measured */
} Kind;

static void
kind_clear (gpointer data)
{
  g_free (((Kind *) data)->class);
}

/* NULL: no room for another. */
static Kind *
find_kind (GArray *kinds, const char *class)
{
  Kind fresh = { .low = INFINITY, .high = -INFINITY };

  for (guint i = 0; i < kinds->len; i++)
    if (g_str_equal (g_array_index (kinds, Kind, i).class, class))
      return &g_array_index (kinds, Kind, i);
  if (kinds->len == MAX_KINDS || strlen (class) > MAX_CLASS_BYTES)
    return NULL;
  fresh.class = g_strdup (class);
  g_array_append_val (kinds, fresh);
  /* cppcheck-suppress memleak; the array has it */
  return &g_array_index (kinds, Kind, kinds->len - 1);
}

/* The AUC of each class of an evaluation, and the share of genuine faces that it called forged. */
static void
add_evaluation (GArray *kinds, double *alarms, JsonObject *evaluation)
{
  JsonObject *classes = smb_json_find_object (evaluation, "classes");
  g_autoptr (GList) names = classes != NULL ? json_object_get_members (classes) : NULL;
  JsonObject *bpcer = smb_json_find_object (smb_json_find_object (evaluation, "frame"), "bpcer");
  const double share = bpcer != NULL ? smb_json_find_number (bpcer, "value") : NAN;

  /* fmax: of two, the one that is a number. */
  *alarms = fmax (*alarms, share);
  for (GList *at = names; at != NULL; at = at->next) {
    JsonObject *auc = smb_json_find_object (smb_json_find_object (classes, at->data), "auc");
    const double value = auc != NULL ? smb_json_find_number (auc, "value") : NAN;
    Kind *kind = isfinite (value) ? find_kind (kinds, at->data) : NULL;

    if (kind == NULL)
      continue;
    kind->low = fmin (kind->low, value);
    kind->high = fmax (kind->high, value);
  }
}

static char *
describe (const GArray *kinds, double alarms, SmbClassWord word, gboolean *poor)
{
  g_autoptr (GString) list = g_string_new (NULL);
  g_autofree char *measured = NULL, *called = NULL;

  for (guint i = 0; i < kinds->len; i++) {
    const Kind *kind = &g_array_index (kinds, Kind, i);

    g_string_append_printf (list, "%s%s %.2f", i > 0 ? ", " : "", word != NULL ? word (kind->class) : kind->class,
                            kind->low);
    if (kind->high - kind->low >= 0.005)
      g_string_append_printf (list, "–%.2f", kind->high);
    *poor |= kind->low <= CHANCE;
  }
  *poor |= alarms > MANY_FALSE_ALARMS;
  if (list->len > 0)
    measured = g_strdup_printf (*poor ? _ ("AUC where it was measured: %s (a coin has 0.5).")
                                      : _ ("AUC where it was measured: %s."),
                                list->str);
  if (isfinite (alarms))
    called = g_strdup_printf (_ ("Of genuine faces it called up to %.0f %% forged."), alarms * 100.0);
  if (measured != NULL && called != NULL)
    return g_strdup_printf ("%s %s", measured, called);
  return measured != NULL ? g_steal_pointer (&measured) : g_steal_pointer (&called);
}

SmbCardLimits *
smb_card_limits_read (const SmbModelInfo *model, SmbClassWord word)
{
  g_autofree char *text = smb_model_dup_card (model);
  g_autoptr (JsonNode) root = text != NULL ? json_from_string (text, NULL) : NULL;
  g_autoptr (GArray) kinds = g_array_new (FALSE, FALSE, sizeof (Kind));
  g_autoptr (SmbCardLimits) out = g_new0 (SmbCardLimits, 1);
  JsonObject *card = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonArray *evaluations = smb_json_find_array (card, "evaluations");
  double alarms = NAN;

  g_array_set_clear_func (kinds, kind_clear);
  for (guint i = 0; evaluations != NULL && i < json_array_get_length (evaluations); i++) {
    JsonNode *node = json_array_get_element (evaluations, i);

    /* As they came: what is left of it after re-encoding is another question. */
    if (JSON_NODE_HOLDS_OBJECT (node) && !(smb_json_find_number (json_node_get_object (node), "reencode_px") > 0.0))
      add_evaluation (kinds, &alarms, json_node_get_object (node));
  }
  out->measured = describe (kinds, alarms, word, &out->poor);
  out->limits = g_strdup (smb_json_find_text (card, "limits", NULL));
  if (out->limits != NULL && *out->limits == '\0')
    g_clear_pointer (&out->limits, g_free);
  return out->measured != NULL || out->limits != NULL ? g_steal_pointer (&out) : NULL;
}

void
smb_card_limits_free (SmbCardLimits *limits)
{
  if (limits == NULL)
    return;
  g_free (limits->measured);
  g_free (limits->limits);
  g_free (limits);
}
