/* SPDX-License-Identifier: Apache-2.0 */
/* Expected maps: the reference implementation's float64 results (fixtures/reference). */
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "explain/smb-attention-map.h"
#include "weights/smb-weights-file.h"

enum { T = 17, H = 3, L = 16 };

static SmbTensorDict *fixture;

/* Image b of a batch, as a batch of one. */
static SmbTensor *
one_of (const char *name, gint64 b)
{
  const SmbTensor *batch = smb_tensor_dict_get (fixture, name);
  gint64 shape[SMB_MAX_RANK];
  SmbTensor *one;
  gsize bytes;

  g_assert_nonnull (batch);
  memcpy (shape, batch->shape, sizeof shape);
  shape[0] = 1;
  one = smb_tensor_new (SMB_DTYPE_F32, batch->rank, shape);
  bytes = smb_tensor_get_bytes (one);
  memcpy (one->data, (const guint8 *) batch->data + (gsize) b * bytes, bytes);
  return one;
}

static void
test_rollout (void)
{
  for (gint64 b = 0; b < 3; b++)
    for (int pooled = 0; pooled <= 1; pooled++) {
      g_autoptr (SmbTensor) rollout = one_of ("out.rollout", b);
      g_autoptr (SmbTensor) expected
          = one_of (pooled ? "out.rollout_patches_pooled" : "out.rollout_patches_cls", b);
      SmbMapSpec spec = { .kind = SMB_MAP_ROLLOUT, .layer = -1, .head = -1, .query = -1 };
      g_autoptr (GError) error = NULL;
      g_autoptr (SmbMap) map = smb_rollout_map (&spec, rollout, pooled, &error);

      g_assert_no_error (error);
      g_assert_cmpint (map->rows, ==, 4);
      g_assert_cmpint (map->columns, ==, 4);
      for (int i = 0; i < L; i++)
        g_assert_cmpfloat_with_epsilon (map->values[i], ((float *) expected->data)[i], 1e-7);
      g_assert_cmpfloat (map->min, <, map->max);
    }
}

/* Every query and head against the plain definition. */
static void
test_attention (void)
{
  g_autoptr (SmbTensor) attention = one_of ("attn.1", 2);
  const float *a = attention->data;

  for (int head = -1; head < H; head++)
    for (int query = -1; query < T; query++)
      for (int pooled = 0; pooled <= 1; pooled++) {
        SmbMapSpec spec = { .kind = SMB_MAP_ATTENTION, .layer = 1, .head = head, .query = query };
        g_autoptr (GError) error = NULL;
        g_autoptr (SmbMap) map = smb_attention_map (&spec, attention, pooled, &error);

        g_assert_no_error (error);
        g_assert_cmpint (map->spec.head, ==, head);
        for (int i = 0; i < L; i++) {
          double want = 0, n = 0;

          for (int h = 0; h < H; h++)
            for (int q = 0; q < T; q++) {
              gboolean heads = head < 0 || h == head;
              gboolean row = query >= 0 ? q == query : pooled ? q > 0 : q == 0;

              if (heads && row) {
                want += a[(h * T + q) * T + i + 1];
                n++;
              }
            }
          g_assert_cmpfloat_with_epsilon (map->values[i], want / n, 1e-7);
        }
      }
}

/* Rollout and relevance as one patch, or the class token, sees it: that row of the reference's matrix. The relevance of
 * each image of the batch is for another class. */
static void
test_queries (void)
{
  for (gint64 b = 0; b < 3; b++) {
    g_autoptr (SmbTensor) rollout = one_of ("out.rollout", b), relevance = one_of ("out.relevance", b);
    g_autoptr (SmbTensor) of_patches = one_of ("out.relevance_patches_pooled", b);

    for (int query = 0; query < T; query++) {
      SmbMapSpec spec = { .kind = SMB_MAP_ROLLOUT, .query = query, .of_class = -1 };
      g_autoptr (GError) error = NULL;
      g_autoptr (SmbMap) seen = smb_rollout_map (&spec, rollout, TRUE, &error), felt = NULL;

      spec.kind = SMB_MAP_RELEVANCE;
      felt = smb_relevance_map (&spec, relevance, TRUE, &error);
      g_assert_no_error (error);
      for (int i = 0; i < L; i++) {
        g_assert_cmpfloat_with_epsilon (seen->values[i], ((float *) rollout->data)[query * T + i + 1], 1e-7);
        g_assert_cmpfloat_with_epsilon (felt->values[i], ((float *) relevance->data)[query * T + i + 1], 1e-7);
      }
    }
    {
      const SmbMapSpec spec = { .kind = SMB_MAP_RELEVANCE, .query = -1, .of_class = -1 };
      g_autoptr (SmbMap) map = smb_relevance_map (&spec, relevance, TRUE, NULL);

      for (int i = 0; i < L; i++)
        g_assert_cmpfloat_with_epsilon (map->values[i], ((float *) of_patches->data)[i], 1e-7);
    }
  }
}

static void
test_refused (void)
{
  g_autoptr (SmbTensor) attention = one_of ("attn.0", 0);
  g_autoptr (SmbTensor) images = one_of ("in.images", 0);
  SmbMapSpec spec = { .kind = SMB_MAP_ATTENTION, .layer = 0, .head = H, .query = -1 };
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_attention_map (&spec, attention, TRUE, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "heads 0 to 2"));
  g_clear_error (&error);
  spec.head = 0;
  spec.query = T;
  g_assert_null (smb_attention_map (&spec, attention, TRUE, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "0 to 15"));
  g_clear_error (&error);
  spec.query = -1;
  g_assert_null (smb_attention_map (&spec, images, TRUE, &error)); /* (1,3,32,32): 31 patches are no square */
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_clear_error (&error);
  g_assert_null (smb_rollout_map (&spec, attention, TRUE, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_clear_error (&error);
  g_assert_null (smb_attention_map (&spec, smb_tensor_dict_get (fixture, "attn.0"), TRUE, &error)); /* a batch */
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_clear_error (&error);
  ((float *) attention->data)[3 * T + 5] = NAN;
  g_assert_null (smb_attention_map (&spec, attention, TRUE, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FAILED);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  fixture = smb_weights_read (SMB_FIXTURES "/reference/a_finetune_io.safetensors", &error);
  g_assert_no_error (error);
  g_test_add_func ("/attention-map/rollout", test_rollout);
  g_test_add_func ("/attention-map/attention", test_attention);
  g_test_add_func ("/attention-map/queries", test_queries);
  g_test_add_func ("/attention-map/refused", test_refused);
  status = g_test_run ();
  smb_tensor_dict_unref (fixture);
  return status;
}
