/* SPDX-License-Identifier: Apache-2.0 */
/* Cards as the program sees them: listed, refused, full; with the module whose card the processor plays, and with the
 * real one where there is no driver. */
#include <string.h>

#include "backend/smb-device.h"
#include "base/smb-error.h"

static void
lists_cards (void)
{
  g_autoptr (GPtrArray) list = NULL;
  const SmbDeviceListing *card;

  g_setenv ("SMB_EMULATED_CARDS", "2", TRUE);
  list = smb_device_list ();
  g_assert_cmpuint (list->len, ==, 3);
  card = list->pdata[2];
  g_assert_cmpstr (card->id, ==, "cuda:1");
  g_assert_true (card->usable);
  g_assert_nonnull (strstr (card->info.name, "compute capability 9.0"));
  g_assert_cmpuint (card->info.total_bytes, ==, 64u << 20);
  g_assert_cmpuint (card->info.precisions, ==,
                    1u << SMB_PRECISION_F32 | 1u << SMB_PRECISION_TF32 | 1u << SMB_PRECISION_BF16);
  g_unsetenv ("SMB_EMULATED_CARDS");
}

static void
expect_refusal (const char *id, SmbError code, const char *says)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_device_open (id, 0, &error));
  g_assert_error (error, SMB_ERROR, (int) code);
  if (strstr (error->message, says) == NULL)
    g_error ("“%s” does not say “%s”", error->message, says);
}

static void
refuses_cards (void)
{
  expect_refusal ("cuda:1", SMB_ERROR_NOT_FOUND, "number 1");
  g_setenv ("SMB_EMULATED_CARDS", "0", TRUE);
  expect_refusal ("cuda:0", SMB_ERROR_NOT_FOUND, "finds no graphics card");
  g_unsetenv ("SMB_EMULATED_CARDS");
  g_setenv ("SMB_EMULATED_CAPABILITY", "70", TRUE);
  expect_refusal ("cuda:0", SMB_ERROR_UNSUPPORTED, "too old");
  g_unsetenv ("SMB_EMULATED_CAPABILITY");
}

/* Of a card that the module was not built for CUDA says one of two things; a third, where the driver is too old for PTX. */
static void
no_code (void)
{
  static const char *const errors[] = { "98", "209", "222" };

  for (guint i = 0; i < G_N_ELEMENTS (errors); i++) {
    g_setenv ("SMB_EMULATED_CODE", errors[i], TRUE);
    expect_refusal ("cuda:0", SMB_ERROR_UNSUPPORTED, "without code for this card");
  }
  g_unsetenv ("SMB_EMULATED_CODE");
}

/* A card without units for bfloat16 says so and computes in float32. */
static void
old_card (void)
{
  g_autoptr (SmbDevice) device = NULL;
  void *w = NULL, *prepared = NULL;

  g_setenv ("SMB_EMULATED_CAPABILITY", "75", TRUE);
  device = smb_device_open ("cuda:0", 0, NULL);
  g_assert_nonnull (device);
  g_assert_cmpuint (device->info.precisions, ==, 1u << SMB_PRECISION_F32);
  g_assert_cmpint (device->abi->alloc (device->ctx, 64, &w), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->weight_prepare (device->ctx, w, 4, 4, SMB_PRECISION_BF16, &prepared), ==,
                   SMB_STATUS_UNSUPPORTED);
  g_assert_cmpint (device->abi->weight_prepare (device->ctx, w, 4, 4, SMB_PRECISION_INT8, &prepared), ==,
                   SMB_STATUS_UNSUPPORTED);
  g_assert_cmpint (device->abi->weight_prepare (device->ctx, w, 4, 4, SMB_PRECISION_F32, &prepared), ==, SMB_STATUS_OK);
  device->abi->weight_release (device->ctx, prepared);
  device->abi->release (device->ctx, w);
  g_unsetenv ("SMB_EMULATED_CAPABILITY");
}

/* A full card is an error, and the context goes on working; what was kept for later is given up before that. */
static void
memory_runs_out (void)
{
  g_autoptr (SmbDevice) device = smb_device_open ("cuda:0", 0, NULL);
  const SmbBackendAbi *abi = device->abi;
  void *a = NULL, *b = NULL;
  float in[3] = { 1, 2, 3 }, out[3] = { 0 };

  g_assert_cmpint (abi->alloc (device->ctx, SIZE_MAX, &a), ==, SMB_STATUS_NO_MEMORY);
  g_assert_cmpint (abi->alloc (device->ctx, 40u << 20, &a), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->alloc (device->ctx, 40u << 20, &b), ==, SMB_STATUS_NO_MEMORY);
  g_assert_nonnull (strstr (abi->context_error (device->ctx), "smaller batch"));
  g_assert_null (b);
  abi->release (device->ctx, a);
  g_assert_cmpint (abi->alloc (device->ctx, 39u << 20, &b), ==, SMB_STATUS_OK); /* the same piece again */
  g_assert_true (a == b);
  abi->release (device->ctx, b);
  g_assert_cmpint (abi->alloc (device->ctx, 50u << 20, &a), ==, SMB_STATUS_OK); /* the kept piece had to go */
  abi->release (device->ctx, a);
  g_assert_cmpint (abi->alloc (device->ctx, sizeof in, &a), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->upload (device->ctx, a, in, sizeof in), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->axpy (device->ctx, a, 1.0f, a, 3), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->download (device->ctx, out, a, sizeof out), ==, SMB_STATUS_OK);
  g_assert_cmpfloat (out[2], ==, 6.0f);
  abi->release (device->ctx, a);
}

/* An ordinary operation that works: nothing of an earlier failure is found again. */
static void
expect_works (SmbDevice *device)
{
  float values[4] = { 0 };
  void *memory = NULL;

  g_assert_cmpint (device->abi->alloc (device->ctx, sizeof values, &memory), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->fill (device->ctx, memory, 3.0f, 4), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->download (device->ctx, values, memory, sizeof values), ==, SMB_STATUS_OK);
  g_assert_cmpfloat (values[3], ==, 3.0f);
  device->abi->release (device->ctx, memory);
}

/* Memory of the host that the card can reach by itself is short: one sentence about that, and the next try counts. */
static void
locked_memory_runs_out (void)
{
  g_autoptr (SmbDevice) device = NULL;
  float host[4] = { 0 };

  g_setenv ("SMB_EMULATED_LOCKED", "0", TRUE);
  expect_refusal ("cuda:0", SMB_ERROR_MEMORY, "this machine has not enough memory to exchange data");
  g_unsetenv ("SMB_EMULATED_LOCKED");
  device = smb_device_open ("cuda:0", 0, NULL);
  g_assert_nonnull (device);
  expect_works (device);
  g_setenv ("SMB_EMULATED_LOCKED", "0", TRUE);
  g_assert_cmpint (device->abi->upload_ahead (device->ctx, host, sizeof host), ==, SMB_STATUS_NO_MEMORY);
  g_assert_nonnull (strstr (device->abi->context_error (device->ctx), "this machine"));
  g_unsetenv ("SMB_EMULATED_LOCKED");
  expect_works (device);
  g_assert_cmpint (device->abi->upload_ahead (device->ctx, host, sizeof host), ==, SMB_STATUS_OK);
}

/* y (2,4) = x (2,3) w (4,3)^T + bias; all ones, and 0.5. */
typedef struct {
  SmbDevice *device;
  float *x, *w, *y, *bias; /* bias: room for 8 */
} Layer;

static float *
layer_part (SmbDevice *device, gint64 n, float value)
{
  void *memory = NULL;

  g_assert_cmpint (device->abi->alloc (device->ctx, (gsize) n * sizeof (float), &memory), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->fill (device->ctx, memory, value, n), ==, SMB_STATUS_OK);
  return memory;
}

static Layer
layer_new (void)
{
  Layer l = { .device = smb_device_open ("cuda:0", 0, NULL) };

  g_assert_nonnull (l.device);
  l.x = layer_part (l.device, 6, 1.0f);
  l.w = layer_part (l.device, 12, 1.0f);
  l.y = layer_part (l.device, 8, 0.0f);
  l.bias = layer_part (l.device, 8, 0.5f);
  return l;
}

static SmbStatus
layer_run (const Layer *l, int shift)
{
  const SmbLinearForward a
      = { .y = l->y, .x = l->x, .w = l->w, .bias = l->bias + shift, .rows = 2, .n_in = 3, .n_out = 4 };

  return l->device->abi->linear_forward (l->device->ctx, &a);
}

static void
layer_clear (Layer *l)
{
  float *const parts[] = { l->x, l->w, l->y, l->bias };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    l->device->abi->release (l->device->ctx, parts[i]);
  smb_device_unref (l->device);
}

/* A product is chosen for where its bias lies: another bias of the same layer may be less aligned. */
static void
moving_bias (void)
{
  Layer l = layer_new ();
  float y[8];

  for (int shift = 0; shift < 4; shift++) {
    g_assert_cmpint (layer_run (&l, shift), ==, SMB_STATUS_OK);
    g_assert_cmpint (l.device->abi->download (l.device->ctx, y, l.y, sizeof y), ==, SMB_STATUS_OK);
    for (int i = 0; i < 8; i++)
      g_assert_cmpfloat (y[i], ==, 3.5f);
  }
  layer_clear (&l);
}

/* What the library for products says is told apart: no memory, no way to do it, a failure; each is survived. */
static void
products_fail (void)
{
  static const struct {
    const char *fault;
    SmbStatus status;
    const char *says;
  } cases[] = {
    { "none", SMB_STATUS_UNSUPPORTED, "no way to multiply 2 x 3 by 3 x 4" },
    { "state", SMB_STATUS_UNSUPPORTED, "no way to multiply 2 x 3 by 3 x 4" },
    { "heuristic", SMB_STATUS_FAILED, "emulated failure" },
    { "memory", SMB_STATUS_NO_MEMORY, "smaller batch" },
  };
  Layer l = layer_new ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_setenv ("SMB_EMULATED_BLAS", cases[i].fault, TRUE);
    g_assert_cmpint (layer_run (&l, 0), ==, cases[i].status);
    if (strstr (l.device->abi->context_error (l.device->ctx), cases[i].says) == NULL)
      g_error ("%s: %s", cases[i].fault, l.device->abi->context_error (l.device->ctx));
    g_unsetenv ("SMB_EMULATED_BLAS");
    expect_works (l.device);
  }
  g_assert_cmpint (layer_run (&l, 0), ==, SMB_STATUS_OK);
  layer_clear (&l);
  g_setenv ("SMB_EMULATED_BLAS", "create", TRUE);
  expect_refusal ("cuda:0", SMB_ERROR_MEMORY, "no memory left");
  g_unsetenv ("SMB_EMULATED_BLAS");
}

#define HALF_ROWS 5
#define HALF_IN   11

/* y (5,11) = gelu (x w^T), and out (rows,11) = y w^T, in bfloat16. */
static void
first_layer (const Layer *l)
{
  const SmbLinearForward a = { .y = l->y,
                               .x = l->x,
                               .w = l->w,
                               .rows = HALF_ROWS,
                               .n_in = HALF_IN,
                               .n_out = HALF_IN,
                               .epilogue = SMB_EPILOGUE_GELU,
                               .precision = SMB_PRECISION_BF16 };

  g_assert_cmpint (l->device->abi->linear_forward (l->device->ctx, &a), ==, SMB_STATUS_OK);
}

static void
second_layer (const Layer *l, float *got, gint64 rows)
{
  const SmbLinearForward a = {
    .y = l->bias, .x = l->y, .w = l->w, .rows = rows, .n_in = HALF_IN, .n_out = HALF_IN, .precision = SMB_PRECISION_BF16
  };

  g_assert_cmpint (l->device->abi->linear_forward (l->device->ctx, &a), ==, SMB_STATUS_OK);
  g_assert_cmpint (l->device->abi->download (l->device->ctx, got, l->bias, (gsize) rows * HALF_IN * sizeof *got), ==,
                   SMB_STATUS_OK);
}

/* A factor in float32 is rounded each time it is read: another operation before, fewer rows, or other numbers since. */
static void
rounded_each_time (void)
{
  const gsize n = HALF_ROWS * HALF_IN, bytes = n * sizeof (float);
  float values[HALF_IN * HALF_IN], next[HALF_ROWS * HALF_IN], later[HALF_ROWS * HALF_IN], got[HALF_ROWS * HALF_IN];
  Layer l = { .device = smb_device_open ("cuda:0", 0, NULL) };
  const SmbBackendAbi *abi = l.device->abi;

  l.x = layer_part (l.device, (gint64) n, 0.0f);
  l.y = layer_part (l.device, (gint64) n, 0.0f);
  l.bias = layer_part (l.device, (gint64) n, 0.0f);
  l.w = layer_part (l.device, HALF_IN * HALF_IN, 0.0f);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = (float) (i * 37 % 101) / 50.0f - 1.0f;
  g_assert_cmpint (abi->upload (l.device->ctx, l.x, values, bytes), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->upload (l.device->ctx, l.w, values, sizeof values), ==, SMB_STATUS_OK);

  first_layer (&l);
  second_layer (&l, next, HALF_ROWS);
  first_layer (&l);
  g_assert_cmpint (abi->fill (l.device->ctx, l.bias, 0.0f, (gint64) n), ==, SMB_STATUS_OK);
  second_layer (&l, later, HALF_ROWS);
  g_assert_cmpmem (later, bytes, next, bytes);
  first_layer (&l);
  second_layer (&l, got, HALF_ROWS - 1);
  g_assert_cmpmem (got, bytes - HALF_IN * sizeof *got, next, bytes - HALF_IN * sizeof *got);
  first_layer (&l);
  g_assert_cmpint (abi->axpy (l.device->ctx, l.y, 1.0f, l.y, (gint64) n), ==, SMB_STATUS_OK);
  second_layer (&l, got, HALF_ROWS);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (got[i], ==, 2.0f * next[i]);
  layer_clear (&l);
}

/* Half as much memory as the arithmetic would write: refused, and nothing is written. */
static void
misplaced_halves (void)
{
  enum { ROWS = 4, WIDE = 8 };
  static const SmbPrecision others[] = { SMB_PRECISION_F32, SMB_PRECISION_TF32 };
  Layer l = { .device = smb_device_open ("cuda:0", 0, NULL) };
  const SmbBackendAbi *abi = l.device->abi;
  float got[ROWS * WIDE];

  l.x = layer_part (l.device, 3 * ROWS * WIDE, 1.0f);
  l.y = layer_part (l.device, ROWS * WIDE, 5.0f);
  l.w = layer_part (l.device, WIDE * WIDE, 1.0f);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    const SmbLinearForward layer = { .y = l.y, .x = l.x, .w = l.w, .rows = ROWS, .n_in = WIDE, .n_out = WIDE,
                                     .y_number = SMB_NUMBER_BF16, .precision = others[i] };
    const SmbLinearBackward back = { .dx = l.y, .dy = l.x, .x = l.x, .w = l.w, .rows = ROWS, .n_in = WIDE,
                                     .n_out = WIDE, .dx_number = SMB_NUMBER_BF16, .precision = others[i] };
    const SmbAttentionForward attention = { .y = l.y, .qkv = l.x, .b = 1, .t = ROWS, .h = 1, .d = WIDE,
                                            .number = SMB_NUMBER_BF16, .precision = others[i] };

    g_assert_cmpint (abi->linear_forward (l.device->ctx, &layer), ==, SMB_STATUS_UNSUPPORTED);
    g_assert_nonnull (strstr (abi->context_error (l.device->ctx), "mistake in the program"));
    g_assert_cmpint (abi->linear_backward (l.device->ctx, &back), ==, SMB_STATUS_UNSUPPORTED);
    g_assert_cmpint (abi->attention_forward (l.device->ctx, &attention), ==, SMB_STATUS_UNSUPPORTED);
  }
  g_assert_cmpint (abi->download (l.device->ctx, got, l.y, sizeof got), ==, SMB_STATUS_OK);
  for (guint i = 0; i < G_N_ELEMENTS (got); i++)
    g_assert_cmpfloat (got[i], ==, 5.0f);
  layer_clear (&l);
}

/* More than fits a piece of the page-locked memory, and not a multiple of it. */
static void
large_transfers (void)
{
  g_autoptr (SmbDevice) device = smb_device_open ("cuda:0", 0, NULL);
  const gsize n = (10u << 20) / sizeof (guint32) + 13;
  g_autofree guint32 *in = g_new (guint32, n), *out = g_new0 (guint32, n);
  void *a = NULL, *b = NULL;

  for (gsize i = 0; i < n; i++)
    in[i] = (guint32) (i * 2654435761u);
  g_assert_cmpint (device->abi->alloc (device->ctx, n * sizeof *in, &a), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->alloc (device->ctx, n * sizeof *in, &b), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->upload (device->ctx, a, in, n * sizeof *in), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->copy (device->ctx, b, a, n * sizeof *in), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->download (device->ctx, out, b, n * sizeof *in), ==, SMB_STATUS_OK);
  g_assert_cmpmem (in, n * sizeof *in, out, n * sizeof *in);
  device->abi->release (device->ctx, a);
  device->abi->release (device->ctx, b);
}

/* Heads and squares that there is no code for are refused before anything is launched. */
static void
attention_too_large (void)
{
  g_autoptr (SmbDevice) device = smb_device_open ("cuda:0", 0, NULL);
  float number;
  SmbAttentionForward a = { .b = 1, .t = 4, .h = 1, .d = 129 };
  SmbAttentionForward wide = { .mean = &number, .b = 1 << 20, .t = 1 << 12, .h = 1, .d = 8 };
  SmbAttentionBackward back = { .b = 1, .t = (gint64) G_MAXINT32 + 1, .h = 1, .d = 8 };

  g_assert_cmpint (device->abi->attention_forward (device->ctx, &a), ==, SMB_STATUS_UNSUPPORTED);
  g_assert_cmpint (device->abi->attention_forward (device->ctx, &wide), ==, SMB_STATUS_UNSUPPORTED);
  g_assert_cmpint (device->abi->attention_backward (device->ctx, &back), ==, SMB_STATUS_UNSUPPORTED);
  g_assert_cmpuint (strlen (device->abi->context_error (device->ctx)), >, 20);
}

/* SMB_CUDA_MODULE: the folder of the real module, where the build has one. */
static void
real_module_without_driver (void)
{
  const char *folder = g_getenv ("SMB_CUDA_MODULE");
  g_autofree char *before = g_strdup (g_getenv ("SMB_MODULE_DIR"));
  g_autoptr (GPtrArray) list = NULL;
  const SmbDeviceListing *card;

  if (folder == NULL) {
    g_test_skip ("the build found no CUDA toolkit");
    return;
  }
  if (g_file_test ("/proc/driver/nvidia/version", G_FILE_TEST_EXISTS)) {
    g_test_skip ("this machine has a driver");
    return;
  }
  g_setenv ("SMB_MODULE_DIR", folder, TRUE);
  list = smb_device_list ();
  g_assert_cmpuint (list->len, ==, 2);
  card = list->pdata[1];
  g_assert_cmpstr (card->id, ==, "cuda");
  g_assert_false (card->usable);
  g_assert_nonnull (strstr (card->reason, "no NVIDIA driver"));
  expect_refusal ("cuda:0", SMB_ERROR_NOT_FOUND, "no NVIDIA driver");
  g_setenv ("SMB_MODULE_DIR", before, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("SMB_EMULATED_MIB", "64", TRUE);
  g_test_add_func ("/cuda/device/lists-cards", lists_cards);
  g_test_add_func ("/cuda/device/refuses-cards", refuses_cards);
  g_test_add_func ("/cuda/device/no-code", no_code);
  g_test_add_func ("/cuda/device/old-card", old_card);
  g_test_add_func ("/cuda/device/memory-runs-out", memory_runs_out);
  g_test_add_func ("/cuda/device/locked-memory-runs-out", locked_memory_runs_out);
  g_test_add_func ("/cuda/device/moving-bias", moving_bias);
  g_test_add_func ("/cuda/device/products-fail", products_fail);
  g_test_add_func ("/cuda/device/rounded-each-time", rounded_each_time);
  g_test_add_func ("/cuda/device/misplaced-halves", misplaced_halves);
  g_test_add_func ("/cuda/device/large-transfers", large_transfers);
  g_test_add_func ("/cuda/device/attention-too-large", attention_too_large);
  g_test_add_func ("/cuda/device/real-module-without-driver", real_module_without_driver);
  return g_test_run ();
}
