/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/smb-attribution.h"
#include "model/smb-loss.h"
#include "model/smb-mixing.h"
#include "model/smb-net-inputs.h"
#include "model/smb-net-private.h"

typedef struct {
  SmbNet *net;
  guint want;
  SmbTensorDict *outputs;
  SmbTensorDict *maps;  /* where attention goes: the outputs, or by themselves those that explanations rest on */
  SmbTensorDict *means; /* where its means over heads go that rollout rests on */
  SmbTensor *images;   /* host */
  const int *labels;   /* of whom to explain; NULL: of the most probable class */
  const guint8 *layers; /* flags of those whose attention is wanted; NULL: all */
} Job;

static void
keep_maps (SmbExec *exec, const SmbStackPart *part, const SmbTensor *probs, const SmbTensor *dprobs, gpointer user_data)
{
  Job *job = user_data;
  g_autofree char *name = g_strdup_printf ("attn.%d", part->layer);
  g_autofree char *gradient = g_strdup_printf ("attn_grad.%d", part->layer);

  smb_exec_output_part (exec, job->maps, name, probs, part->from, part->of);
  if (dprobs != NULL)
    smb_exec_output_part (exec, job->maps, gradient, dprobs, part->from, part->of);
}

static void
keep_mean (SmbExec *exec, const SmbStackPart *part, const SmbTensor *mean, gpointer user_data)
{
  Job *job = user_data;
  g_autofree char *name = g_strdup_printf ("attn_mean.%d", part->layer);

  smb_exec_output_part (exec, job->means, name, mean, part->from, part->of);
}

/* Explanations by gradients bring the rollout with them. */
static gboolean
wants_rollout_alone (const Job *job)
{
  return (job->want & (SMB_WANT_ROLLOUT | SMB_WANT_EXPLAIN)) == SMB_WANT_ROLLOUT;
}

/* One-hot gradient of the sum of one logit an image. */
static SmbTensor *
chosen_logits (SmbExec *exec, const Job *job, const SmbTensor *logits)
{
  g_autoptr (SmbTensor) host = smb_tensor_new (SMB_DTYPE_F32, 2, logits->shape);
  g_autoptr (SmbTensor) values = smb_exec_download (exec, logits);
  gint64 k = logits->shape[1];

  for (gint64 i = 0; values != NULL && i < logits->shape[0]; i++) {
    const float *row = (const float *) values->data + i * k;
    gint64 best = 0;

    for (gint64 j = 1; j < k; j++)
      if (row[j] > row[best])
        best = j;
    ((float *) host->data)[i * k + (job->labels != NULL ? job->labels[i] : best)] = 1.0f;
  }
  return smb_exec_upload (exec, host);
}

static void
classify_pass (SmbExec *exec, gpointer user_data)
{
  Job *job = user_data;
  gboolean explain = (job->want & SMB_WANT_EXPLAIN) != 0;
  SmbStackRun run = { .keep = explain,
                      .recompute = explain,
                      .tap = job->want & (SMB_WANT_ATTENTION | SMB_WANT_EXPLAIN) ? keep_maps : NULL,
                      .mean_tap = wants_rollout_alone (job) ? keep_mean : NULL,
                      .tap_data = job,
                      .tapped = explain ? NULL : job->layers };
  SmbClassTape tape = { 0 };
  SmbClassNet *net = &job->net->classifier;
  SmbTensor *images = smb_exec_upload (exec, job->images);
  SmbClassOut out;

  if (run.tap == NULL && run.mean_tap == NULL)
    smb_net_pass_begin (job->net, exec, images, NULL);
  out = smb_class_net_forward (exec, net, images, NULL, &run, explain ? &tape : NULL);
  smb_net_pass_end (exec);
  smb_exec_output (exec, job->outputs, "out.logits", out.logits);
  smb_exec_output (exec, job->outputs, "out.feature", out.feature);
  if (net->adapter) {
    smb_exec_output (exec, job->outputs, "out.bottleneck", out.bottleneck);
    smb_exec_output (exec, job->outputs, "out.adapter", out.adapted);
    smb_exec_output (exec, job->outputs, "out.projection", out.projection);
  }
  if (explain)
    smb_class_net_backward (exec, net, &out, chosen_logits (exec, job, out.logits), NULL, NULL, &run, &tape);
  smb_class_tape_clear (&tape);
}

static void
add_probabilities (SmbTensorDict *outputs)
{
  const SmbTensor *logits = smb_tensor_dict_get (outputs, "out.logits");
  g_autoptr (SmbTensor) p = smb_tensor_new (SMB_DTYPE_F32, 2, logits->shape);

  smb_softmax_rows (p->data, logits->data, (int) logits->shape[0], (int) logits->shape[1]);
  smb_tensor_dict_set (outputs, "out.probabilities", p);
}

static void
add_flow (SmbTensorDict *outputs, const char *name, SmbTensor *flow)
{
  g_autofree char *cls = g_strconcat (name, "_patches_cls", NULL),
                  *pooled = g_strconcat (name, "_patches_pooled", NULL);
  g_autoptr (SmbTensor) row = smb_token_row (flow, FALSE), mean = smb_token_row (flow, TRUE);

  smb_tensor_dict_set (outputs, name, flow);
  smb_tensor_dict_set (outputs, cls, row);
  smb_tensor_dict_set (outputs, pooled, mean);
}

/* Of the attention that the explanations rest on, what is a result as well. */
static void
add_attention (const Job *job)
{
  static const char *const kinds[] = { "attn", "attn_grad" };

  for (int i = 0; i < job->net->config.depth; i++)
    for (guint k = 0; (job->layers == NULL || job->layers[i] != 0) && k < G_N_ELEMENTS (kinds); k++) {
      g_autofree char *name = g_strdup_printf ("%s.%d", kinds[k], i);

      smb_tensor_dict_set (job->outputs, name, smb_tensor_dict_get (job->maps, name));
    }
}

static gboolean
add_explanations (const Job *job, GError **error)
{
  g_autoptr (SmbTensor) rollout = NULL, relevance = NULL;
  int depth = job->net->config.depth;

  if (!smb_rollout (job->maps, depth, &rollout, error) || !smb_relevance (job->maps, depth, &relevance, error))
    return FALSE;
  add_flow (job->outputs, "out.rollout", rollout);
  add_flow (job->outputs, "out.relevance", relevance);
  if (job->want & SMB_WANT_ATTENTION)
    add_attention (job);
  return TRUE;
}

static gboolean
add_rollout (const Job *job, GError **error)
{
  g_autoptr (SmbTensor) rollout = NULL;

  if (!smb_rollout_of_means (job->means, job->net->config.depth, &rollout, error))
    return FALSE;
  add_flow (job->outputs, "out.rollout", rollout);
  return TRUE;
}

/* How the losses of an adapter are put together; absent inputs take the published values. */
typedef struct {
  double smoothing, temperature, weight, real_class, lambda;
  SmbMix mix;
} Recipe;

static int
edge (double pixel, const SmbNetConfig *config)
{
  return (int) CLAMP (pixel, 0.0, (double) config->image_px);
}

static gboolean
read_recipe (Recipe *r, const SmbTensorDict *inputs, const SmbNetConfig *config, GError **error)
{
  g_autofree double *box = NULL;
  gsize n = 0;

  if (!smb_net_input_scalar (inputs, "in.smoothing", 0.1, &r->smoothing, error)
      || !smb_net_input_scalar (inputs, "in.temperature", 0.07, &r->temperature, error)
      || !smb_net_input_scalar (inputs, "in.contrastive_weight", 0.01, &r->weight, error)
      || !smb_net_input_scalar (inputs, "in.real_class", 0.0, &r->real_class, error)
      || !smb_net_input_scalar (inputs, "in.mix_lambda", 1.0, &r->lambda, error))
    return FALSE;
  r->mix = (SmbMix){ .lambda = r->lambda };
  if (smb_tensor_dict_get (inputs, "in.mix_box") != NULL) {
    box = smb_net_input_numbers (inputs, "in.mix_box", &n, error);
    if (box == NULL)
      return FALSE;
  }
  if (n == 4)
    r->mix = (SmbMix){ r->lambda, edge (box[0], config), edge (box[1], config), edge (box[2], config),
                       edge (box[3], config) };
  return TRUE;
}

/* For every set of labels among the inputs ("in.labels", "PREFIX.in.labels"): the mixed targets and the losses. */
static gboolean
add_adapter_losses (const Job *job, const SmbTensorDict *inputs, const char *name, const Recipe *r, GError **error)
{
  const SmbTensor *logits = smb_tensor_dict_get (job->outputs, "out.logits");
  const SmbTensor *z = smb_tensor_dict_get (job->outputs, "out.projection");
  int b = (int) logits->shape[0], k = (int) logits->shape[1];
  g_autofree char *prefix = g_strndup (name, strlen (name) - strlen ("in.labels"));
  g_autofree char *of_ce = g_strconcat (prefix, "loss.cross_entropy", NULL);
  g_autofree char *of_cl = g_strconcat (prefix, "loss.contrastive", NULL);
  g_autofree char *of_all = g_strconcat (prefix, "loss.total", NULL);
  g_autofree char *of_targets = g_strconcat (prefix, "mix.targets", NULL);
  g_autofree int *labels = smb_net_input_labels (inputs, name, b, k, FALSE, error);
  g_autofree gboolean *genuine = g_new (gboolean, b);
  g_autofree double *targets = g_new (double, b * k);
  g_autoptr (SmbTensor) soft = smb_tensor_new (SMB_DTYPE_F32, 2, logits->shape);
  double ce, cl;

  if (labels == NULL)
    return FALSE;
  for (int i = 0; i < b; i++)
    genuine[i] = (double) labels[i] == r->real_class;
  smb_mix_targets (targets, labels, b, k, r->smoothing, r->lambda);
  for (int i = 0; i < b * k; i++)
    ((float *) soft->data)[i] = (float) targets[i];
  ce = smb_loss_cross_entropy (logits->data, targets, b, k, NULL, NULL);
  cl = smb_loss_real_anchor (z->data, genuine, b, (int) z->shape[1], r->temperature, NULL);
  smb_tensor_dict_set (job->outputs, of_targets, soft);
  smb_net_output_scalar (job->outputs, of_ce, ce);
  smb_net_output_scalar (job->outputs, of_cl, cl);
  smb_net_output_scalar (job->outputs, of_all, ce + r->weight * cl);
  return TRUE;
}

static gboolean
add_losses (const Job *job, const SmbTensorDict *inputs, const Recipe *recipe, GError **error)
{
  const SmbTensor *logits = smb_tensor_dict_get (job->outputs, "out.logits");
  int b = (int) logits->shape[0], k = (int) logits->shape[1];

  if (job->net->kind == SMB_NET_ADAPTER) {
    for (guint i = 0; i < inputs->names->len; i++) {
      const char *name = g_ptr_array_index (inputs->names, i);

      if (g_str_has_suffix (name, "in.labels") && !add_adapter_losses (job, inputs, name, recipe, error))
        return FALSE;
    }
  } else if (job->labels != NULL) {
    g_autofree double *targets = g_new (double, b * k);

    smb_mix_targets (targets, job->labels, b, k, 0.0, 1.0);
    smb_net_output_scalar (job->outputs, "loss.plain_cross_entropy",
                           smb_loss_cross_entropy (logits->data, targets, b, k, NULL, NULL));
  }
  return TRUE;
}

/* The batch as the adapter's training sees it: mixed where the inputs say so. */
static void
mix (Job *job, const Recipe *recipe)
{
  SmbTensor *mixed = smb_tensor_new (SMB_DTYPE_F32, 4, job->images->shape);

  memcpy (mixed->data, job->images->data, smb_tensor_get_bytes (mixed));
  smb_mix_images (mixed->data, (int) mixed->shape[0], (int) mixed->shape[1], (int) mixed->shape[2],
                  (int) mixed->shape[3], &recipe->mix);
  smb_tensor_dict_set (job->outputs, "mix.images", mixed);
  smb_tensor_unref (job->images);
  job->images = mixed;
}

static gboolean
run_job (Job *job, const SmbTensorDict *inputs, GCancellable *cancellable, GError **error)
{
  Recipe recipe;

  if (!read_recipe (&recipe, inputs, &job->net->config, error))
    return FALSE;
  if (job->net->kind == SMB_NET_ADAPTER && smb_tensor_dict_get (inputs, "in.mix_lambda") != NULL)
    mix (job, &recipe);
  if (!smb_net_run (job->net, classify_pass, job, cancellable, error))
    return FALSE;
  if (job->net->planning)
    return TRUE;
  add_probabilities (job->outputs);
  if ((job->want & SMB_WANT_EXPLAIN) && !add_explanations (job, error))
    return FALSE;
  if (wants_rollout_alone (job) && !add_rollout (job, error))
    return FALSE;
  return !(job->want & SMB_WANT_LOSSES) || add_losses (job, inputs, &recipe, error);
}

gboolean
smb_net_forward_classifier (SmbNet *net, const SmbTensorDict *inputs, guint want, SmbTensorDict *outputs,
                            GCancellable *cancellable, GError **error)
{
  Job job = { .net = net, .want = want, .outputs = outputs };
  g_autoptr (SmbTensorDict) means = smb_tensor_dict_new ();
  g_autofree int *labels = NULL;
  g_autofree guint8 *layers = NULL;
  GError *local = NULL;
  gboolean done = FALSE;

  job.images = smb_net_input_images (inputs, &net->config, error);
  if (job.images == NULL)
    return FALSE;
  labels = smb_net_input_labels (inputs, "in.labels", job.images->shape[0], net->config.classes, TRUE, &local);
  if (local == NULL)
    layers = smb_net_input_layers (inputs, net->config.depth, &local);
  if (local != NULL) {
    g_propagate_error (error, local);
  } else {
    job.labels = labels;
    job.layers = layers;
    job.means = means;
    job.maps = want & SMB_WANT_EXPLAIN ? smb_tensor_dict_new () : smb_tensor_dict_ref (outputs);
    done = run_job (&job, inputs, cancellable, error);
    smb_tensor_dict_unref (job.maps);
  }
  smb_tensor_unref (job.images);
  return done;
}
