/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-stack.h"

#define HALVES_ROW 8 /* numbers that a row in bfloat16 is a multiple of */

static SmbBlock
bind_block (const SmbParamSet *set, const char *prefix, int layer, int heads, double eps)
{
  char *names[6];
  static const char *const parts[6] = { "norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2" };
  SmbBlock block = { .heads = heads };

  for (int i = 0; i < 6; i++)
    names[i] = g_strdup_printf ("%s.%d.%s", prefix, layer, parts[i]);
  block.norm1 = smb_norm_bind (set, names[0], eps);
  block.qkv = smb_linear_bind (set, names[1]);
  block.proj = smb_linear_bind (set, names[2]);
  block.norm2 = smb_norm_bind (set, names[3], eps);
  block.fc1 = smb_linear_bind (set, names[4]);
  block.fc2 = smb_linear_bind (set, names[5]);
  for (int i = 0; i < 6; i++)
    g_free (names[i]);
  return block;
}

SmbStack
smb_stack_bind (const SmbParamSet *set, const char *prefix, int depth, int heads, double eps)
{
  SmbStack stack = { g_new0 (SmbBlock, depth), depth };

  for (int i = 0; i < depth; i++)
    stack.blocks[i] = bind_block (set, prefix, i, heads, eps);
  return stack;
}

void
smb_stack_clear (SmbStack *stack)
{
  g_clear_pointer (&stack->blocks, g_free);
}

SmbStackTape
smb_stack_tape_new (const SmbStack *stack)
{
  return (SmbStackTape){ g_new0 (SmbBlockTape, stack->depth) };
}

void
smb_stack_tape_clear (SmbStackTape *tape)
{
  g_clear_pointer (&tape->tapes, g_free);
}

static SmbTensor *
gate_of (SmbExec *exec, const SmbStackRun *run, const SmbStackPart *part, int branch)
{
  SmbTensor *gate = run->gates != NULL ? run->gates[2 * part->layer + branch] : NULL;

  return gate != NULL ? smb_exec_view_part (exec, gate, part->from, part->n) : NULL;
}

/* What the taps see of a part's attention; NULL each where nobody looks. */
typedef struct {
  SmbTensor *probs, *dprobs;   /* (n,H,T,T) */
  SmbTensor *mean, *relevance; /* (n,T,T) */
} Seen;

/* Room for it, n samples of T tokens. The taps look in the backward pass where one follows, else in the forward one. */
static Seen
seen_new (SmbExec *exec, const SmbBlock *block, const SmbStackRun *run, int layer, gint64 n, gint64 t,
          gboolean backward)
{
  Seen seen = { 0 };

  if (run->keep != backward)
    return seen;
  if (run->tap != NULL && (run->tapped == NULL || run->tapped[layer] != 0)) {
    seen.probs = smb_take (exec, n, block->heads, t, t);
    seen.dprobs = backward ? smb_exec_take_like (exec, seen.probs) : NULL;
  }
  if (run->mean_tap != NULL) {
    seen.mean = smb_take (exec, n, t, t);
    seen.relevance = backward ? smb_exec_take_like (exec, seen.mean) : NULL;
  }
  return seen;
}

static void
show (SmbExec *exec, const SmbStackRun *run, const SmbStackPart *part, const Seen *seen)
{
  if (seen->probs != NULL)
    run->tap (exec, part, seen->probs, seen->dprobs, run->tap_data);
  if (seen->mean != NULL)
    run->mean_tap (exec, part, seen->mean, seen->relevance, run->tap_data);
}

/* How what passes between the products of a block lies in memory: rounded as the next product rounds it in any case,
 * where the device takes that. What runs from block to block (x, its gradient) and what norms know stay float32. */
static SmbDtype
inner_dtype (SmbExec *exec, const SmbBlock *block)
{
  gint64 width = block->proj.w->value->shape[0], wide = block->fc1.w->value->shape[0];

  return smb_exec_get_device (exec)->info.halves && block->qkv.w->precision == SMB_PRECISION_BF16
                 && (width | wide) % HALVES_ROW == 0
             ? SMB_DTYPE_BF16
             : SMB_DTYPE_F32;
}

/* How many samples of x (B,T,C) to take at a time: so many as a cache holds. */
static gint64
samples_at_once (SmbExec *exec, const SmbTensor *x)
{
  gint64 rows = smb_exec_get_device (exec)->info.chunk_rows, all = MAX (x->shape[0], 1);

  return rows > 0 ? CLAMP (rows / MAX (x->shape[1], 1), 1, all) : all;
}

/* y = x + gate * (a . w^T + b); y may be x. The branch goes through scratch only where a gate scales it. */
static void
add_branch (SmbExec *exec, const SmbLinear *layer, SmbTensor *y, const SmbTensor *x, const SmbTensor *a,
            const SmbTensor *gate)
{
  SmbExecMark mark = smb_exec_mark (exec);

  if (gate == NULL) {
    smb_linear_forward (exec, layer, y, NULL, a, x, SMB_EPILOGUE_NONE);
  } else {
    SmbTensor *branch = smb_exec_take_like (exec, x);

    smb_linear_forward (exec, layer, branch, NULL, a, NULL, SMB_EPILOGUE_NONE);
    smb_op_residual_add (exec, y, x, branch, gate);
  }
  smb_exec_rewind (exec, mark);
}

/* Inference: x, the part's own, in place; all scratch given back. */
static void
block_infer (SmbExec *exec, const SmbBlock *block, SmbTensor *x, const SmbStackPart *part, const SmbStackRun *run)
{
  gint64 b = x->shape[0], t = x->shape[1], c = x->shape[2];
  const SmbDtype dtype = inner_dtype (exec, block);
  SmbExecMark mark = smb_exec_mark (exec), inner;
  SmbTensor *n = smb_take_as (exec, dtype, b, t, c), *wide;
  Seen seen;

  inner = smb_exec_mark (exec);
  wide = smb_take_as (exec, dtype, b, t, 3 * c);
  seen = seen_new (exec, block, run, part->layer, b, t, FALSE);
  smb_norm_forward (exec, &block->norm1, n, NULL, NULL, x);
  smb_linear_forward (exec, &block->qkv, wide, NULL, n, NULL, SMB_EPILOGUE_NONE);
  smb_op_attention (exec, n, seen.probs, seen.mean, NULL, wide, block->heads, block->qkv.w->precision);
  show (exec, run, part, &seen);
  add_branch (exec, &block->proj, x, x, n, gate_of (exec, run, part, 0));
  smb_exec_rewind (exec, inner);
  wide = smb_take_as (exec, dtype, b, t, block->fc1.w->value->shape[0]);
  smb_norm_forward (exec, &block->norm2, n, NULL, NULL, x);
  smb_linear_forward (exec, &block->fc1, wide, NULL, n, NULL, SMB_EPILOGUE_GELU);
  add_branch (exec, &block->fc2, x, x, wide, gate_of (exec, run, part, 1));
  smb_exec_rewind (exec, mark);
}

/* Room for everything of a block that reads x. */
static SmbBlockTape
tape_new (SmbExec *exec, const SmbBlock *block, SmbTensor *x)
{
  gint64 b = x->shape[0], t = x->shape[1], c = x->shape[2], wide = block->fc1.w->value->shape[0];
  const SmbDtype dtype = inner_dtype (exec, block);

  return (SmbBlockTape){ .x = x,
                         .mid = smb_take (exec, b, t, c),
                         .mean1 = smb_take (exec, b, t),
                         .rstd1 = smb_take (exec, b, t),
                         .mean2 = smb_take (exec, b, t),
                         .rstd2 = smb_take (exec, b, t),
                         .qkv = smb_take_as (exec, dtype, b, t, 3 * c),
                         .lse = smb_take (exec, b, block->heads, t),
                         .mixed = smb_take_as (exec, dtype, b, t, c),
                         .inner = smb_take_as (exec, dtype, b, t, wide) };
}

static SmbBlockTape
tape_part (SmbExec *exec, const SmbBlockTape *whole, const SmbStackPart *part)
{
  SmbBlockTape out;
  SmbTensor *const from[] = { whole->x,     whole->mid, whole->mean1, whole->rstd1, whole->mean2,
                              whole->rstd2, whole->qkv, whole->lse,   whole->mixed, whole->inner };
  SmbTensor **const to[] = { &out.x,     &out.mid, &out.mean1, &out.rstd1, &out.mean2,
                             &out.rstd2, &out.qkv, &out.lse,   &out.mixed, &out.inner };

  for (guint i = 0; i < G_N_ELEMENTS (to); i++)
    *to[i] = smb_exec_view_part (exec, from[i], part->from, part->n);
  return out;
}

/* Training: fills a part's tape, and out (B,T,C) unless it is NULL (recomputation). */
static void
block_record (SmbExec *exec, const SmbBlock *block, SmbTensor *out, const SmbStackPart *part, const SmbStackRun *run,
              const SmbBlockTape *tape, const Seen *seen)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *x = tape->x, *n = smb_exec_take_like (exec, tape->mixed), *act;

  smb_norm_forward (exec, &block->norm1, n, tape->mean1, tape->rstd1, x);
  smb_linear_forward (exec, &block->qkv, tape->qkv, NULL, n, NULL, SMB_EPILOGUE_NONE);
  smb_op_attention (exec, tape->mixed, seen->probs, seen->mean, tape->lse, tape->qkv, block->heads,
                    block->qkv.w->precision);
  add_branch (exec, &block->proj, tape->mid, x, tape->mixed, gate_of (exec, run, part, 0));
  smb_norm_forward (exec, &block->norm2, n, tape->mean2, tape->rstd2, tape->mid);
  act = smb_exec_take_like (exec, tape->inner);
  smb_linear_forward (exec, &block->fc1, act, tape->inner, n, NULL, SMB_EPILOGUE_GELU);
  if (out != NULL)
    add_branch (exec, &block->fc2, out, tape->mid, act, gate_of (exec, run, part, 1));
  smb_exec_rewind (exec, mark);
}

/* d, or gate * d in scratch. */
static SmbTensor *
gated (SmbExec *exec, SmbTensor *d, const SmbTensor *gate)
{
  SmbTensor *scaled;

  if (gate == NULL)
    return d;
  scaled = smb_exec_take_like (exec, d);
  smb_op_scale_samples (exec, scaled, d, gate);
  return scaled;
}

/* Room like d: `last`, which is read for the last time before it is written to, if it is of its kind. */
static SmbTensor *
spent (SmbExec *exec, SmbTensor *last, const SmbTensor *d)
{
  return last->dtype == d->dtype ? last : smb_exec_take_like (exec, d);
}

/* d += gradient through the MLP branch */
static void
mlp_backward (SmbExec *exec, const SmbBlock *block, SmbTensor *d, const SmbStackPart *part, const SmbStackRun *run,
              const SmbBlockTape *tape)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *branch = gated (exec, d, gate_of (exec, run, part, 1));
  SmbTensor *act = smb_exec_take_like (exec, tape->inner), *dact = smb_exec_take_like (exec, tape->inner);
  SmbTensor *dn = smb_exec_take_like (exec, tape->mixed), *n = smb_exec_take_like (exec, tape->mixed);
  SmbTensor *dx = spent (exec, n, d);

  smb_op_gelu (exec, act, tape->inner);
  smb_linear_backward (exec, &block->fc2, dact, branch, act);
  smb_op_gelu_backward (exec, dact, dact, tape->inner);
  smb_norm_forward (exec, &block->norm2, n, NULL, NULL, tape->mid);
  smb_linear_backward (exec, &block->fc1, dn, dact, n);
  smb_norm_backward (exec, &block->norm2, dx, dn, tape->mid, tape->mean2, tape->rstd2);
  smb_op_axpy (exec, d, 1.0f, dx);
  smb_exec_rewind (exec, mark);
}

/* d += gradient through the attention branch */
static void
attention_backward (SmbExec *exec, const SmbBlock *block, SmbTensor *d, const SmbStackPart *part,
                    const SmbStackRun *run, const SmbBlockTape *tape, const Seen *seen)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *branch = gated (exec, d, gate_of (exec, run, part, 0));
  SmbTensor *dmixed = smb_exec_take_like (exec, tape->mixed), *dqkv = smb_exec_take_like (exec, tape->qkv);
  SmbTensor *dn = smb_exec_take_like (exec, tape->mixed), *n = smb_exec_take_like (exec, tape->mixed);
  SmbTensor *dx = spent (exec, n, d);

  smb_linear_backward (exec, &block->proj, dmixed, branch, tape->mixed);
  smb_op_attention_backward (exec, dqkv, seen->dprobs, seen->relevance, dmixed, tape->mixed, tape->qkv, tape->lse,
                             block->heads, block->qkv.w->precision);
  smb_norm_forward (exec, &block->norm1, n, NULL, NULL, tape->x);
  smb_linear_backward (exec, &block->qkv, dn, dqkv, n);
  smb_norm_backward (exec, &block->norm1, dx, dn, tape->x, tape->mean1, tape->rstd1);
  smb_op_axpy (exec, d, 1.0f, dx);
  smb_exec_rewind (exec, mark);
}

/* Block `layer` of a forward pass over x, a part at a time; `tape` NULL where nothing is kept. Returns its output. */
static SmbTensor *
block_forward (SmbExec *exec, const SmbBlock *block, SmbTensor *x, int layer, const SmbStackRun *run,
               SmbBlockTape *tape)
{
  gint64 each = samples_at_once (exec, x);
  SmbTensor *out = x;

  if (tape != NULL) {
    out = smb_exec_take_like (exec, x);
    if (run->recompute)
      *tape = (SmbBlockTape){ .x = x };
    else
      *tape = tape_new (exec, block, x);
  }
  for (gint64 from = 0; from < x->shape[0]; from += each) {
    const SmbStackPart part = { layer, from, MIN (each, x->shape[0] - from), x->shape[0] };
    SmbExecMark mark = smb_exec_mark (exec);
    SmbTensor *of_x = smb_exec_view_part (exec, x, part.from, part.n);

    if (tape == NULL) {
      block_infer (exec, block, of_x, &part, run);
    } else {
      SmbBlockTape own = run->recompute ? tape_new (exec, block, of_x) : tape_part (exec, tape, &part);

      block_record (exec, block, smb_exec_view_part (exec, out, part.from, part.n), &part, run, &own, &(Seen){ 0 });
    }
    smb_exec_rewind (exec, mark);
  }
  return out;
}

SmbTensor *
smb_stack_forward (SmbExec *exec, const SmbStack *stack, SmbTensor *x, const SmbStackRun *run, SmbStackTape *tape)
{
  for (int i = 0; i < stack->depth; i++)
    x = block_forward (exec, &stack->blocks[i], x, i, run, run->keep && i >= run->first ? &tape->tapes[i] : NULL);
  return x;
}

/* d (the part's own) becomes the gradient of the block's input. */
static void
block_backward (SmbExec *exec, const SmbBlock *block, SmbTensor *d, const SmbStackPart *part, const SmbStackRun *run,
                const SmbBlockTape *tape)
{
  const Seen seen = seen_new (exec, block, run, part->layer, d->shape[0], d->shape[1], TRUE);
  SmbBlockTape own;

  if (run->recompute)
    own = tape_new (exec, block, smb_exec_view_part (exec, tape->x, part->from, part->n));
  else
    own = tape_part (exec, tape, part);
  /* The probabilities are not kept either: a tap has them computed again. */
  if (run->recompute || seen.probs != NULL || seen.mean != NULL)
    block_record (exec, block, NULL, part, run, &own, &seen);
  mlp_backward (exec, block, d, part, run, &own);
  attention_backward (exec, block, d, part, run, &own, &seen);
  show (exec, run, part, &seen);
}

void
smb_stack_backward (SmbExec *exec, const SmbStack *stack, SmbTensor *d, const SmbStackRun *run,
                    const SmbStackTape *tape)
{
  gint64 each = samples_at_once (exec, d);

  for (int i = stack->depth - 1; i >= run->first; i--)
    for (gint64 from = 0; from < d->shape[0]; from += each) {
      const SmbStackPart part = { i, from, MIN (each, d->shape[0] - from), d->shape[0] };
      SmbExecMark mark = smb_exec_mark (exec);

      block_backward (exec, &stack->blocks[i], smb_exec_view_part (exec, d, part.from, part.n), &part, run,
                      &tape->tapes[i]);
      smb_exec_rewind (exec, mark);
    }
}
