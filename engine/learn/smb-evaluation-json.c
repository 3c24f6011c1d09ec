/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/smb-json-part.h"
#include "learn/smb-evaluation.h"
#include "measure/smb-bootstrap.h"
#include "measure/smb-rates.h"

#define CURVE_POINTS 400
#define BINS 10

/* Faces that are measured together; scores and truth side by side. */
typedef struct {
  GArray *scores, *forged, *groups;
} Set;

static Set
set_new (void)
{
  return (Set){ g_array_new (FALSE, FALSE, sizeof (double)), g_array_new (FALSE, FALSE, 1),
                g_array_new (FALSE, FALSE, sizeof (int)) };
}

static void
set_add (Set *set, double score, guint8 forged, int group)
{
  g_array_append_val (set->scores, score);
  g_array_append_val (set->forged, forged);
  g_array_append_val (set->groups, group);
}

static void
set_clear (Set *set)
{
  g_array_unref (set->scores);
  g_array_unref (set->forged);
  g_array_unref (set->groups);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Set, set_clear)

static const double *
scores_of (const Set *set)
{
  return (const double *) (gpointer) set->scores->data;
}

static const guint8 *
forged_of (const Set *set)
{
  return (const guint8 *) set->forged->data;
}

typedef enum { AUC, EER, ACCURACY, HTER, APCER, BPCER, TPR_1, TPR_10, N_METRICS } Metric;

static const char *const metric_names[N_METRICS] = { "auc",   "eer",   "accuracy",     "hter",
                                                     "apcer", "bpcer", "tpr_at_fpr_1", "tpr_at_fpr_10" };

typedef struct {
  Metric metric;
  double threshold;
} Asked;

static double
measure (const double *scores, const guint8 *forged, gsize n, gpointer user_data)
{
  const Asked *asked = user_data;
  SmbRates rates = smb_rates_at (scores, forged, n, asked->threshold);

  switch (asked->metric) {
    case AUC: return smb_rate_auc (scores, forged, n);
    case EER: return smb_rate_eer (scores, forged, n, NULL);
    case ACCURACY: return rates.accuracy;
    case HTER: return rates.hter;
    case APCER: return rates.fnr;
    case BPCER: return rates.fpr;
    case TPR_1: return smb_rate_tpr_at_fpr (scores, forged, n, 0.01);
    case TPR_10: return smb_rate_tpr_at_fpr (scores, forged, n, 0.1);
    case N_METRICS: break;
  }
  return NAN;
}

static void
add_metrics (JsonBuilder *b, const char *key, const Set *set, const SmbEvaluationSettings *s)
{
  guint n = set->scores->len, forged = 0;

  for (guint i = 0; i < n; i++)
    forged += forged_of (set)[i];
  json_builder_set_member_name (b, key);
  json_builder_begin_object (b);
  smb_json_add_int (b, "faces", n);
  smb_json_add_int (b, "forged", forged);
  for (Metric m = 0; m < N_METRICS; m++) {
    Asked asked = { m, s->threshold };
    double interval[2];

    smb_bootstrap (measure, &asked, scores_of (set), forged_of (set), (const int *) (gpointer) set->groups->data, n,
                   s->repeats, s->seed, interval);
    json_builder_set_member_name (b, metric_names[m]);
    json_builder_begin_object (b);
    smb_json_add_number (b, "value", measure (scores_of (set), forged_of (set), n, &asked));
    smb_json_add_number (b, "low", interval[0]);
    smb_json_add_number (b, "high", interval[1]);
    json_builder_end_object (b);
  }
  json_builder_end_object (b);
}

static const SmbScoreItem *
item_of (const SmbEvaluation *e, guint i)
{
  return &g_array_index (e->items, SmbScoreItem, i);
}

/* Where a face comes from; blends are of their own. */
static const char *
origin_of (const SmbEvaluation *e, guint i)
{
  const SmbScoreItem *item = item_of (e, i);

  return item->blended ? e->settings.blended : item->sample->origin;
}

/* Genuine faces with those forged ones of an origin (or, origin NULL, of a class). */
static Set
against_genuine (const SmbEvaluation *e, int class, const char *origin)
{
  Set set = set_new ();

  for (guint i = 0; i < e->items->len; i++)
    if (!e->forged[i] || (origin == NULL ? item_of (e, i)->label == class : strcmp (origin_of (e, i), origin) == 0))
      set_add (&set, e->scores[i], e->forged[i], e->groups[i]);
  return set;
}

static void
add_classes (JsonBuilder *b, const SmbEvaluation *e)
{
  json_builder_set_member_name (b, "classes");
  json_builder_begin_object (b);
  for (int c = 0; e->classes[c] != NULL; c++) {
    g_auto (Set) set = against_genuine (e, c, NULL);

    if (c != e->dataset->real_class)
      add_metrics (b, e->classes[c], &set, &e->settings);
  }
  json_builder_end_object (b);
}

/* Of genuine faces of one origin there is only how often they are called forged. */
static void
add_genuine_origin (JsonBuilder *b, const SmbEvaluation *e, const char *origin)
{
  double n = 0.0, alarms = 0.0, sum = 0.0;

  for (guint i = 0; i < e->items->len; i++)
    if (!e->forged[i] && strcmp (origin_of (e, i), origin) == 0) {
      n++;
      alarms += e->scores[i] >= e->settings.threshold;
      sum += e->scores[i];
    }
  json_builder_set_member_name (b, origin);
  json_builder_begin_object (b);
  smb_json_add_int (b, "faces", (guint) n);
  smb_json_add_number (b, "bpcer", alarms / n);
  smb_json_add_number (b, "mean_score", sum / n);
  json_builder_end_object (b);
}

static void
add_origins (JsonBuilder *b, const SmbEvaluation *e)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  json_builder_set_member_name (b, "origins");
  json_builder_begin_object (b);
  for (guint i = 0; i < e->items->len; i++) {
    const char *origin = origin_of (e, i);

    if (item_of (e, i)->blended || origin[0] == '\0' || !g_hash_table_add (seen, (gpointer) origin))
      continue;
    if (e->forged[i]) {
      g_auto (Set) set = against_genuine (e, -1, origin);

      add_metrics (b, origin, &set, &e->settings);
    } else {
      add_genuine_origin (b, e, origin);
    }
  }
  json_builder_end_object (b);
}

/* The mean of a video's frames; pictures that are of no source stand for themselves. FALSE: no source has two faces. */
static gboolean
by_source (const SmbEvaluation *e, Set *set)
{
  g_autoptr (GHashTable) index = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GArray) counts = g_array_new (FALSE, FALSE, sizeof (double));
  gboolean any = FALSE;

  for (guint i = 0; i < e->items->len; i++) {
    const SmbSample *s = item_of (e, i)->sample;
    char *name = s->source[0] != '\0' ? g_strdup_printf ("%d %s", item_of (e, i)->label, s->source)
                                      : g_strdup_printf ("%u", i);
    gpointer at;
    double one = 1.0;

    if (g_hash_table_lookup_extended (index, name, NULL, &at)) {
      g_array_index (set->scores, double, GPOINTER_TO_UINT (at)) += e->scores[i];
      g_array_index (counts, double, GPOINTER_TO_UINT (at)) += 1.0;
      any = TRUE;
      g_free (name);
    } else {
      g_hash_table_insert (index, name, GUINT_TO_POINTER (counts->len));
      g_array_append_val (counts, one);
      set_add (set, e->scores[i], e->forged[i], e->groups[i]);
    }
  }
  for (guint i = 0; i < counts->len; i++)
    g_array_index (set->scores, double, i) /= g_array_index (counts, double, i);
  return any;
}

/* Normal deviate of a probability (Acklam's rational approximation of the inverse of the normal distribution), for DET
 * axes. */
static double
probit (double p)
{
  static const double a[] = { -39.69683028665376, 220.9460984245205,  -275.9285104469687,
                              138.3577518672690,  -30.66479806614716, 2.506628277459239 };
  static const double b[]
      = { -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572 };
  static const double c[] = { -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734,
                              4.374664141464968, 2.938163982698783 };
  static const double d[] = { 0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416 };
  double q, r;

  if (p > 0.5)
    return -probit (1.0 - p);
  if (p < 0.02425) {
    q = sqrt (-2.0 * log (p));
    return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5])
           / ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1.0);
  }
  q = p - 0.5;
  r = q * q;
  return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q
         / (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1.0);
}

static void
add_row (JsonBuilder *b, const double *values, int n)
{
  json_builder_begin_array (b);
  for (int i = 0; i < n; i++)
    smb_json_add_number (b, NULL, values[i]);
  json_builder_end_array (b);
}

/* Both curves; of a long one every so many corners. */
static void
add_curves (JsonBuilder *b, const SmbEvaluation *e)
{
  g_autoptr (GArray) roc = smb_rate_roc (e->scores, e->forged, e->items->len);
  guint stride = MAX (roc->len / CURVE_POINTS, 1);

  for (int det = 0; det < 2; det++) {
    json_builder_set_member_name (b, det ? "det" : "roc");
    json_builder_begin_array (b);
    for (guint i = 0; i < roc->len; i++) {
      SmbRocPoint p = g_array_index (roc, SmbRocPoint, i);

      if (i % stride != 0 && i + 1 < roc->len)
        continue;
      if (!det)
        add_row (b, (const double[]) { p.threshold, p.fpr, p.tpr }, 3);
      else if (p.fpr > 0.0 && p.fpr < 1.0 && p.tpr > 0.0 && p.tpr < 1.0)
        add_row (b, (const double[]) { probit (p.fpr), probit (1.0 - p.tpr) }, 2);
    }
    json_builder_end_array (b);
  }
}

static void
add_reliability (JsonBuilder *b, const SmbEvaluation *e)
{
  double sums[BINS][3] = { { 0 } };

  for (guint i = 0; i < e->items->len; i++) {
    double *bin = sums[CLAMP ((int) (e->scores[i] * BINS), 0, BINS - 1)];

    bin[0] += e->scores[i];
    bin[1] += e->forged[i];
    bin[2]++;
  }
  json_builder_set_member_name (b, "reliability");
  json_builder_begin_array (b);
  for (int i = 0; i < BINS; i++)
    if (sums[i][2] > 0.0)
      add_row (b, (const double[]) { sums[i][0] / sums[i][2], sums[i][1] / sums[i][2], sums[i][2] }, 3);
  json_builder_end_array (b);
}

JsonNode *
smb_evaluation_to_json (const SmbEvaluation *e)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autofree char *key = smb_dataset_dup_key (e->dataset);
  g_auto (Set) all = set_new (), videos = set_new ();
  guint forged = 0;

  for (guint i = 0; i < e->items->len; i++) {
    set_add (&all, e->scores[i], e->forged[i], e->groups[i]);
    forged += e->forged[i];
  }
  json_builder_begin_object (b);
  smb_json_add_int (b, "faces", e->items->len);
  smb_json_add_int (b, "genuine", e->items->len - forged);
  smb_json_add_int (b, "forged", forged);
  smb_json_add_number (b, "threshold", e->settings.threshold);
  json_builder_set_member_name (b, "data");
  json_builder_add_string_value (b, key);
  json_builder_set_member_name (b, "part");
  json_builder_add_string_value (b, smb_part_name (e->settings.part));
  smb_json_add_int (b, "reencode_px", (guint) e->settings.reencode_px);
  smb_json_add_int (b, "reencode_quality", (guint) e->settings.reencode_quality);
  smb_json_add_int (b, "seed", (gint64) e->settings.seed);
  add_metrics (b, "frame", &all, &e->settings);
  if (by_source (e, &videos)) {
    add_metrics (b, "video", &videos, &e->settings);
  } else {
    json_builder_set_member_name (b, "video");
    json_builder_add_null_value (b);
  }
  add_classes (b, e);
  add_origins (b, e);
  add_curves (b, e);
  add_reliability (b, e);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

/* A cell of a table, quoted where it must be. */
static void
add_cell (GString *out, const char *text, char end)
{
  if (strpbrk (text, ",\"\n\r") == NULL) {
    g_string_append_printf (out, "%s%c", text, end);
    return;
  }
  g_string_append_c (out, '"');
  for (; *text != '\0'; text++)
    g_string_append_len (out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
  g_string_append_printf (out, "\"%c", end);
}

static void
add_number_cell (GString *out, double value, char end)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (isfinite (value))
    g_string_append (out, g_ascii_formatd (text, sizeof text, "%.9g", value));
  g_string_append_c (out, end);
}

char *
smb_evaluation_scores_csv (const SmbEvaluation *e)
{
  g_autoptr (GString) out = g_string_new ("file,class,origin,identity,source,blended,score");

  for (int k = 0; k < e->n_probabilities; k++)
    g_string_append_printf (out, ",p_%d", k);
  g_string_append_c (out, '\n');
  for (guint i = 0; i < e->items->len; i++) {
    const SmbScoreItem *item = item_of (e, i);

    add_cell (out, e->dataset->faces->files[item->sample->face], ',');
    add_cell (out, e->classes[item->label], ',');
    add_cell (out, item->sample->origin, ',');
    add_cell (out, item->sample->identity, ',');
    add_cell (out, item->sample->source, ',');
    g_string_append (out, item->blended ? "1," : "0,");
    add_number_cell (out, e->scores[i], ',');
    for (int k = 0; k < e->n_probabilities; k++)
      add_number_cell (out, (double) e->probabilities[(gsize) i * (gsize) e->n_probabilities + (gsize) k],
                       k + 1 < e->n_probabilities ? ',' : '\n');
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
add_group (GString *out, const char *group, JsonObject *metrics)
{
  g_autoptr (GList) names = json_object_get_members (metrics);

  for (GList *at = names; at != NULL; at = at->next) {
    JsonNode *node = json_object_get_member (metrics, at->data);
    static const char *const parts[] = { "value", "low", "high" };

    if (strcmp (at->data, "faces") == 0 || strcmp (at->data, "forged") == 0)
      continue;
    add_cell (out, group, ',');
    add_cell (out, at->data, ',');
    for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
      JsonNode *part = JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_member (json_node_get_object (node), parts[i])
                                                     : (i == 0 ? node : NULL);

      add_number_cell (out, part != NULL && JSON_NODE_HOLDS_VALUE (part) ? json_node_get_double (part) : NAN, ',');
    }
    g_string_append_printf (out, "%" G_GINT64_FORMAT "\n", json_object_get_int_member (metrics, "faces"));
  }
}

char *
smb_evaluation_metrics_csv (JsonNode *json)
{
  JsonObject *root = json_node_get_object (json);
  g_autoptr (GString) out = g_string_new ("group,metric,value,low,high,faces\n");
  static const char *const kinds[] = { "classes", "origins" };

  add_group (out, "frame", json_object_get_object_member (root, "frame"));
  if (!json_object_get_null_member (root, "video"))
    add_group (out, "video", json_object_get_object_member (root, "video"));
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    JsonObject *of = json_object_get_object_member (root, kinds[i]);
    g_autoptr (GList) names = json_object_get_members (of);

    for (GList *at = names; at != NULL; at = at->next) {
      g_autofree char *group = g_strdup_printf ("%s: %s", i == 0 ? "class" : "origin", (const char *) at->data);

      add_group (out, group, json_object_get_object_member (of, at->data));
    }
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}
