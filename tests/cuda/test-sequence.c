/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences of operations that the device keeps: what comes out is to the byte what the operations give one by one,
 * whatever is kept, forgotten or, on a card that the processor plays, goes wrong. */
#include <math.h>
#include <string.h>

#include "backend/smb-device.h"
#include "base/smb-error.h"
#include "model/smb-net.h"

#define N     48
#define ROWS  5
#define FAULT "SMB_EMULATED_GRAPHS" /* what fails of it */

typedef struct {
  SmbDevice *device;
  const SmbBackendAbi *abi;
  float *x, *w, *y, *z; /* on the card: (ROWS,N), (N,N), (ROWS,N) twice */
} Bench;

static const char *
card_name (void)
{
  const char *name = g_getenv ("SMB_TEST_DEVICE");

  return name != NULL ? name : "cuda:0";
}

static SmbDevice *
open_card (void)
{
  GError *error = NULL;
  SmbDevice *device = smb_device_open (card_name (), 0, &error);

  g_assert_no_error (error);
  return device;
}

static float *
take (const Bench *b, gsize n)
{
  void *memory = NULL;

  g_assert_cmpint (b->abi->alloc (b->device->ctx, n * sizeof (float), &memory), ==, SMB_STATUS_OK);
  return memory;
}

static void
send (const Bench *b, float *to, gsize n, int seed)
{
  g_autofree float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = (float) sin (0.37 * (double) (i + 1) + seed);
  g_assert_cmpint (b->abi->upload (b->device->ctx, to, values, n * sizeof *values), ==, SMB_STATUS_OK);
}

static void
bench_begin (Bench *b)
{
  b->device = open_card ();
  b->abi = b->device->abi;
  b->x = take (b, ROWS * N);
  b->w = take (b, N * N);
  b->y = take (b, ROWS * N);
  b->z = take (b, ROWS * N);
  send (b, b->w, N * N, 7);
}

static void
bench_end (Bench *b)
{
  float *const all[] = { b->x, b->w, b->y, b->z };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    b->abi->release (b->device->ctx, all[i]);
  smb_device_unref (b->device);
}

/* z = 2 gelu (x w^T) + x; `factor` instead of 2. */
static void
operate (const Bench *b, float factor)
{
  SmbLinearForward linear = { .y = b->y, .x = b->x, .w = b->w, .rows = ROWS, .n_in = N, .n_out = N,
                              .epilogue = SMB_EPILOGUE_GELU };

  g_assert_cmpint (b->abi->linear_forward (b->device->ctx, &linear), ==, SMB_STATUS_OK);
  g_assert_cmpint (b->abi->copy (b->device->ctx, b->z, b->x, ROWS * N * sizeof (float)), ==, SMB_STATUS_OK);
  g_assert_cmpint (b->abi->axpy (b->device->ctx, b->z, factor, b->y, ROWS * N), ==, SMB_STATUS_OK);
}

/* The operations on new values, as a sequence; whether they were left out. */
static gboolean
run (const Bench *b, guint64 key, float factor, int seed, SmbStatus expected)
{
  int known = -1;

  send (b, b->x, ROWS * N, seed);
  g_assert_cmpint (b->abi->fill (b->device->ctx, b->z, NAN, ROWS * N), ==, SMB_STATUS_OK);
  g_assert_cmpint (b->abi->sequence_begin (b->device->ctx, key, &known), ==, SMB_STATUS_OK);
  if (!known)
    operate (b, factor);
  g_assert_cmpint (b->abi->sequence_end (b->device->ctx, TRUE), ==, expected);
  if (expected == SMB_STATUS_REPEAT)
    operate (b, factor);
  return known;
}

/* z is what the operations give one by one. */
static void
expect (const Bench *b, float factor, int seed)
{
  float got[ROWS * N], want[ROWS * N];

  g_assert_cmpint (b->abi->download (b->device->ctx, got, b->z, sizeof got), ==, SMB_STATUS_OK);
  send (b, b->x, ROWS * N, seed);
  operate (b, factor);
  g_assert_cmpint (b->abi->download (b->device->ctx, want, b->z, sizeof want), ==, SMB_STATUS_OK);
  g_assert_cmpmem (got, sizeof got, want, sizeof want);
}

static gboolean
check (const Bench *b, guint64 key, float factor, int seed)
{
  gboolean known = run (b, key, factor, seed, SMB_STATUS_OK);

  expect (b, factor, seed);
  return known;
}

/* Once as ever, once captured, then kept; more keys than are kept; and every value new. */
static void
keeps (void)
{
  Bench b;

  bench_begin (&b);
  for (int i = 0; i < 4; i++)
    g_assert_cmpint (check (&b, 1, 2.0f, i), ==, i >= 2);
  for (int round = 0; round < 3; round++)
    for (guint64 key = 2; key < 9; key++)
      g_assert_cmpint (check (&b, key, (float) key, (int) key), ==, round >= 2);
  g_assert_true (check (&b, 1, 2.0f, 9)); /* eight are kept */
  for (int i = 0; i < 3; i++)
    g_assert_cmpint (check (&b, 10, 0.5f, i), ==, i >= 2);
  g_assert_false (check (&b, 2, 2.0f, 1)); /* the one not used for longest has gone */
  g_assert_true (check (&b, 1, 2.0f, 1));
  bench_end (&b);
}

static void
make_known (const Bench *b, guint64 key)
{
  for (int i = 0; i < 3; i++)
    run (b, key, 2.0f, i, SMB_STATUS_OK);
  g_assert_true (check (b, key, 2.0f, 5));
}

/* Whatever gives memory back, or gives it another meaning, ends what was kept. */
static void
forgets (void)
{
  void *prepared = NULL, *room = NULL, *ctx;
  Bench b;

  bench_begin (&b);
  ctx = b.device->ctx;
  make_known (&b, 1);
  b.abi->release (ctx, b.y);
  g_assert_cmpint (b.abi->alloc (ctx, 4 * ROWS * N * sizeof (float), &room), ==, SMB_STATUS_OK);
  b.y = room; /* elsewhere */
  g_assert_false (check (&b, 1, 2.0f, 6));
  make_known (&b, 1);
  g_assert_cmpint (b.abi->weight_prepare (ctx, b.w, N, N, SMB_PRECISION_BF16, &prepared), ==, SMB_STATUS_OK);
  g_assert_false (check (&b, 1, 2.0f, 7));
  make_known (&b, 1);
  b.abi->weight_release (ctx, prepared);
  g_assert_false (check (&b, 1, 2.0f, 8));
  bench_end (&b);
}

/* A graph that cannot be made or started costs its sequence nothing; after some there are no more. */
static void
survives_failures (void)
{
  static const char *const faults[] = { "begin", "end", "instantiate", "launch" };

  for (guint f = 0; f < G_N_ELEMENTS (faults); f++) {
    const SmbStatus expected = f == 0 ? SMB_STATUS_OK : SMB_STATUS_REPEAT;
    Bench b;

    bench_begin (&b);
    g_setenv (FAULT, faults[f], TRUE);
    for (guint64 key = 1; key <= 3; key++) {
      run (&b, key, 2.0f, 1, SMB_STATUS_OK);
      g_assert_false (run (&b, key, 2.0f, 2, expected));
      expect (&b, 2.0f, 2);
    }
    g_unsetenv (FAULT);
    for (int i = 0; i < 3; i++)
      g_assert_false (check (&b, 4, 2.0f, i));
    bench_end (&b);
  }
}

/* A graph that was good and is not started any more. */
static void
survives_late_failure (void)
{
  Bench b;

  bench_begin (&b);
  make_known (&b, 1);
  g_setenv (FAULT, "launch", TRUE);
  g_assert_true (run (&b, 1, 2.0f, 3, SMB_STATUS_REPEAT));
  g_unsetenv (FAULT);
  expect (&b, 2.0f, 3);
  make_known (&b, 1);
  bench_end (&b);
}

/* What is not finished is not kept, and what may not stand in a sequence is refused. */
static void
refuses (void)
{
  float number = 0;
  void *ctx, *memory = NULL;
  double sum;
  int known;
  Bench b;

  bench_begin (&b);
  ctx = b.device->ctx;
  for (int i = 0; i < 4; i++) { /* as ever; captured; as ever, since half of it was forgotten; captured */
    const gboolean captured = i % 2 == 1;

    g_assert_cmpint (b.abi->sequence_begin (ctx, 1, &known), ==, SMB_STATUS_OK);
    g_assert_false (known);
    g_assert_cmpint (b.abi->sequence_begin (ctx, 2, &known), ==, SMB_STATUS_FAILED);
    g_assert_nonnull (strstr (b.abi->context_error (ctx), "mistake"));
    g_assert_cmpint (b.abi->upload (ctx, b.x, &number, sizeof number), ==, SMB_STATUS_FAILED);
    g_assert_cmpint (b.abi->download (ctx, &number, b.x, sizeof number), ==, SMB_STATUS_FAILED);
    g_assert_cmpint (b.abi->synchronise (ctx), ==, SMB_STATUS_FAILED);
    g_assert_cmpint (b.abi->sum_squares (ctx, &sum, b.x, 3), ==, SMB_STATUS_FAILED);
    operate (&b, 3.0f);
    g_assert_cmpint (b.abi->sequence_end (ctx, captured ? FALSE : TRUE), ==,
                     captured ? SMB_STATUS_REPEAT : SMB_STATUS_OK);
  }
  g_assert_cmpint (b.abi->sequence_end (ctx, TRUE), ==, SMB_STATUS_FAILED);
  run (&b, 1, 2.0f, 1, SMB_STATUS_OK);
  g_assert_cmpint (b.abi->sequence_begin (ctx, 1, &known), ==, SMB_STATUS_OK); /* memory, while it is captured */
  g_assert_cmpint (b.abi->alloc (ctx, 1 << 20, &memory), ==, SMB_STATUS_FAILED);
  g_assert_cmpint (b.abi->sequence_end (ctx, TRUE), ==, SMB_STATUS_REPEAT);
  bench_end (&b);
}

/* Left out and not finished: nothing is started. */
static void
leaves_alone (void)
{
  float before[ROWS * N], after[ROWS * N];
  int known = 0;
  Bench b;

  bench_begin (&b);
  make_known (&b, 1);
  send (&b, b.x, ROWS * N, 20);
  g_assert_cmpint (b.abi->download (b.device->ctx, before, b.z, sizeof before), ==, SMB_STATUS_OK);
  g_assert_cmpint (b.abi->sequence_begin (b.device->ctx, 1, &known), ==, SMB_STATUS_OK);
  g_assert_true (known);
  g_assert_cmpint (b.abi->sequence_end (b.device->ctx, FALSE), ==, SMB_STATUS_OK);
  g_assert_cmpint (b.abi->download (b.device->ctx, after, b.z, sizeof after), ==, SMB_STATUS_OK);
  g_assert_cmpmem (before, sizeof before, after, sizeof after);
  g_assert_true (check (&b, 1, 2.0f, 21));
  bench_end (&b);
}

/* A network's passes: the table of the device, with what is asked of it counted. */
static SmbBackendAbi table;
static const SmbBackendAbi *real;
static int n_begun, n_left_out, n_products, cancel_at;
static GCancellable *cancellable;

static SmbStatus
counted_begin (void *ctx, uint64_t key, int *known_out)
{
  SmbStatus status = real->sequence_begin (ctx, key, known_out);

  n_begun++;
  n_left_out += *known_out;
  return status;
}

static SmbStatus
counted_linear (void *ctx, const SmbLinearForward *a)
{
  if (++n_products == cancel_at)
    g_cancellable_cancel (cancellable);
  return real->linear_forward (ctx, a);
}

static SmbDevice *
counted_card (gboolean keeps_sequences)
{
  SmbDevice *device = open_card ();
  static SmbBackendAbi plain;

  real = device->abi;
  table = plain = *real;
  table.sequence_begin = counted_begin;
  table.linear_forward = counted_linear;
  plain.sequence_begin = NULL;
  plain.sequence_end = NULL;
  device->abi = keeps_sequences ? &table : &plain;
  n_begun = n_left_out = n_products = 0;
  return device;
}

static const SmbNetConfig config = { .image_px = 16, .patch_px = 4, .chans = 3, .dim = 24, .depth = 2, .heads = 3,
                                     .mlp_ratio = 2, .classes = 3, .global_pool = TRUE, .norm_pix = TRUE,
                                     .ln_eps = 1e-6, .mlp_head_ln_eps = 1e-5, .rep_depth = 1,
                                     .rep_heads = 3, .dec_dim = 24, .dec_depth = 1, .dec_heads = 3, .proj_hidden = 16,
                                     .proj_out = 8 };

static SmbNet *
net_on (SmbDevice *device, SmbNetKind kind, SmbPrecision precision)
{
  g_autoptr (SmbTensorDict) weights = smb_net_init_weights (&config, kind, 3);
  g_autofree char *text = smb_net_config_to_json (&config);
  GError *error = NULL;
  SmbNet *net = smb_net_new (device, weights, text, "test", precision, &error);

  g_assert_no_error (error);
  return net;
}

/* Waves, and a mask that hides half of the patches, another half for each seed. */
static SmbTensorDict *
inputs_new (gint64 batch, int seed)
{
  const gint64 shape[] = { batch, 3, 16, 16 }, mask_shape[] = { batch, 16 };
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  g_autoptr (SmbTensor) mask = smb_tensor_new (SMB_DTYPE_F32, 2, mask_shape);
  SmbTensorDict *inputs = smb_tensor_dict_new ();

  for (gint64 i = 0; i < images->n; i++)
    ((float *) images->data)[i] = (float) sin (0.017 * (double) i + seed);
  for (gint64 i = 0; i < mask->n; i++)
    ((float *) mask->data)[i] = (float) ((i / 2 + i + seed) % 2);
  smb_tensor_dict_set (inputs, "in.images", images);
  smb_tensor_dict_set (inputs, "in.mask", mask);
  return inputs;
}

static void
assert_equal (const SmbTensorDict *a, const SmbTensorDict *b)
{
  g_assert_cmpuint (a->names->len, ==, b->names->len);
  for (guint i = 0; i < a->names->len; i++) {
    const char *name = g_ptr_array_index (a->names, i);
    const SmbTensor *x = smb_tensor_dict_get (a, name), *y = smb_tensor_dict_get (b, name);

    g_test_message ("%s", name);
    g_assert_cmpuint (smb_tensor_get_bytes (x), ==, smb_tensor_get_bytes (y));
    g_assert_true (memcmp (x->data, y->data, smb_tensor_get_bytes (x)) == 0);
  }
}

static void
compare (SmbNet *kept, SmbNet *kept_target, SmbNet *plain, SmbNet *plain_target, gint64 batch, int seed, guint want)
{
  g_autoptr (SmbTensorDict) inputs = inputs_new (batch, seed), got = NULL, expected = NULL;
  GError *error = NULL;

  got = smb_net_forward (kept, kept_target, inputs, want, NULL, &error);
  g_assert_no_error (error);
  expected = smb_net_forward (plain, plain_target, inputs, want, NULL, &error);
  g_assert_no_error (error);
  assert_equal (got, expected);
}

/* Small batches of changing sizes and images; a large one and one with attention are no sequences. */
static void
classifier_passes (gconstpointer precision)
{
  g_autoptr (SmbDevice) with = counted_card (TRUE), without = counted_card (FALSE);
  g_autoptr (SmbNet) kept = net_on (with, SMB_NET_CLASSIFIER, (SmbPrecision) GPOINTER_TO_INT (precision));
  g_autoptr (SmbNet) plain = net_on (without, SMB_NET_CLASSIFIER, (SmbPrecision) GPOINTER_TO_INT (precision));

  compare (kept, NULL, plain, NULL, 3, 0, SMB_WANT_RESULT); /* the work area is made for it */
  for (int i = 0; i < 6; i++) {
    compare (kept, NULL, plain, NULL, 3, i, SMB_WANT_RESULT);
    compare (kept, NULL, plain, NULL, 1, i, SMB_WANT_RESULT);
    if (i == 1) /* which moves the work area: all begins anew */
      compare (kept, NULL, plain, NULL, 3, i, SMB_WANT_ATTENTION | SMB_WANT_ROLLOUT);
  }
  g_assert_cmpint (n_begun, ==, 13);
  g_assert_cmpint (n_left_out, >=, 4);
  n_left_out = n_begun = 0;
  compare (kept, NULL, plain, NULL, 9, 1, SMB_WANT_RESULT); /* grows the work area, too */
  g_assert_cmpint (n_begun, ==, 0);
  compare (kept, NULL, plain, NULL, 1, 8, SMB_WANT_RESULT);
  g_assert_cmpint (n_left_out, ==, 0);
}

static void
online_passes (void)
{
  g_autoptr (SmbDevice) with = counted_card (TRUE), without = counted_card (FALSE);
  g_autoptr (SmbNet) kept = net_on (with, SMB_NET_ONLINE, SMB_PRECISION_F32);
  g_autoptr (SmbNet) kept_target = net_on (with, SMB_NET_TARGET, SMB_PRECISION_F32);
  g_autoptr (SmbNet) plain = net_on (without, SMB_NET_ONLINE, SMB_PRECISION_F32);
  g_autoptr (SmbNet) plain_target = net_on (without, SMB_NET_TARGET, SMB_PRECISION_F32);
  const guint want = SMB_WANT_IMAGES | SMB_WANT_LOSSES | SMB_WANT_ALL_VISIBLE;

  for (int i = 0; i < 5; i++)
    compare (kept, kept_target, plain, plain_target, 2, i, want);
  g_assert_cmpint (n_begun, ==, 10);
  g_assert_cmpint (n_left_out, >=, 4);
}

/* Where keeping fails, a pass is run again without. */
static void
passes_survive (void)
{
  static const char *const faults[] = { "begin", "end", "instantiate", "launch" };

  for (guint f = 0; f < G_N_ELEMENTS (faults); f++) {
    g_autoptr (SmbDevice) with = counted_card (TRUE), without = counted_card (FALSE);
    g_autoptr (SmbNet) kept = net_on (with, SMB_NET_CLASSIFIER, SMB_PRECISION_F32);
    g_autoptr (SmbNet) plain = net_on (without, SMB_NET_CLASSIFIER, SMB_PRECISION_F32);

    g_setenv (FAULT, faults[f], TRUE);
    for (int i = 0; i < 8; i++)
      compare (kept, NULL, plain, NULL, 1, i, SMB_WANT_RESULT);
    g_unsetenv (FAULT);
    g_assert_cmpint (n_left_out, ==, 0);
  }
}

/* Cancelled while it is captured: half a pass is not kept. */
static void
cancelled_pass (void)
{
  g_autoptr (SmbDevice) with = counted_card (TRUE), without = counted_card (FALSE);
  g_autoptr (SmbNet) kept = net_on (with, SMB_NET_CLASSIFIER, SMB_PRECISION_F32);
  g_autoptr (SmbNet) plain = net_on (without, SMB_NET_CLASSIFIER, SMB_PRECISION_F32);
  g_autoptr (SmbTensorDict) inputs = inputs_new (1, 4);

  for (int before = 0; before < 5; before++) { /* as ever, while captured, and between */
    g_autoptr (GError) error = NULL;
    g_autoptr (SmbTensorDict) done = NULL;

    compare (kept, NULL, plain, NULL, 1, before, SMB_WANT_RESULT);
    cancellable = g_cancellable_new ();
    cancel_at = n_products + 3;
    if (before == 4)
      g_cancellable_cancel (cancellable);
    n_left_out = 0;
    done = smb_net_forward (kept, NULL, inputs, SMB_WANT_RESULT, cancellable, &error);
    if (done == NULL)
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    else
      g_assert_cmpint (n_left_out, ==, 1); /* no product was asked for */
    cancel_at = 0;
    g_clear_object (&cancellable);
    compare (kept, NULL, plain, NULL, 1, 10 + before, SMB_WANT_RESULT);
  }
}

static void
add_faults (void)
{
  g_test_add_func ("/cuda/sequence/survives-failures", survives_failures);
  g_test_add_func ("/cuda/sequence/survives-late-failure", survives_late_failure);
  g_test_add_func ("/cuda/sequence/passes-survive", passes_survive);
}

int
main (int argc, char **argv)
{
  const gboolean emulated = g_getenv ("SMB_EMULATED_GUARD") != NULL;
  g_autoptr (SmbDevice) card = NULL;
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  card = smb_device_open (card_name (), 0, &error);
  if (card == NULL && !emulated) {
    g_print ("1..0 # SKIP %s\n", error->message);
    return 0;
  }
  g_assert_no_error (error);
  g_test_add_func ("/cuda/sequence/keeps", keeps);
  g_test_add_func ("/cuda/sequence/forgets", forgets);
  g_test_add_func ("/cuda/sequence/refuses", refuses);
  g_test_add_func ("/cuda/sequence/leaves-alone", leaves_alone);
  g_test_add_data_func ("/cuda/sequence/classifier/f32", GINT_TO_POINTER (SMB_PRECISION_F32), classifier_passes);
  g_test_add_data_func ("/cuda/sequence/classifier/bf16", GINT_TO_POINTER (SMB_PRECISION_BF16), classifier_passes);
  g_test_add_func ("/cuda/sequence/online", online_passes);
  g_test_add_func ("/cuda/sequence/cancelled-pass", cancelled_pass);
  if (emulated)
    add_faults ();
  return g_test_run ();
}
