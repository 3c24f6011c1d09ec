/* SPDX-License-Identifier: Apache-2.0 */
#include "model-test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/smb-cpu.h"
#include "weights/smb-weights-file.h"

SmbTensorDict *
model_test_read (const char *name)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "reference", name, NULL);
  GError *error = NULL;
  SmbTensorDict *dict = smb_weights_read (path, &error);

  g_assert_no_error (error);
  return dict;
}

static SmbDevice *device;

static void
limit_isa (const char *wanted)
{
  static const char *const names[] = { "base", "avx2", "avx512", "amx" };
  int isa = 0;

  while (isa < (int) G_N_ELEMENTS (names) && !g_str_equal (wanted, names[isa]))
    isa++;
  g_assert_cmpint (isa, <, G_N_ELEMENTS (names));
  if ((int) smb_cpu_limit_isa ((SmbCpuIsa) isa) == isa)
    return;
  g_print ("1..0 # SKIP this processor has no %s\n", wanted);
  exit (0);
}

void
model_test_init (int *argc, char ***argv)
{
  const char *id = g_getenv ("SMB_TEST_DEVICE"), *isa = g_getenv ("SMB_TEST_ISA");
  g_autoptr (GError) error = NULL;

  g_test_init (argc, argv, NULL);
  if (isa != NULL)
    limit_isa (isa);
  device = smb_device_open (id != NULL ? id : "cpu", 2, &error);
  if (device == NULL && id != NULL) {
    g_print ("1..0 # SKIP %s\n", error->message);
    exit (0);
  }
  g_assert_no_error (error);
}

SmbDevice *
model_test_device (void)
{
  return device;
}

static double
value_at (const SmbTensor *t, gint64 i)
{
  double wide;

  if (t->dtype != SMB_DTYPE_F64)
    return (double) ((const float *) t->data)[i];
  memcpy (&wide, (const double *) t->data + i, sizeof wide);
  return wide;
}

double
model_test_distance (const SmbTensor *got, const SmbTensor *want)
{
  double worst = 0.0, scale = 0.0;

  g_assert_cmpint (got->n, ==, want->n);
  for (gint64 i = 0; i < want->n; i++) {
    double difference = fabs (value_at (got, i) - value_at (want, i));

    g_assert_true (isfinite (value_at (got, i)));
    worst = MAX (worst, difference);
    scale = MAX (scale, fabs (value_at (want, i)));
  }
  return scale > 0.0 ? worst / scale : worst;
}

void
model_test_near (const SmbTensorDict *got, const SmbTensorDict *want, const char *name, double limit)
{
  const SmbTensor *g = smb_tensor_dict_get (got, name), *w = smb_tensor_dict_get (want, name);
  g_autofree char *shape_g = NULL, *shape_w = NULL;
  double distance;

  if (g == NULL || w == NULL)
    g_error ("%s is missing from the %s", name, g == NULL ? "results" : "fixtures");
  shape_g = smb_tensor_dup_shape_text (g);
  shape_w = smb_tensor_dup_shape_text (w);
  g_assert_cmpstr (shape_g, ==, shape_w);
  distance = model_test_distance (g, w);
  g_test_message ("%s: %.2e", name, distance);
  if (!(distance <= limit))
    g_error ("%s lies %.3e from the reference, more than %.0e", name, distance, limit);
}

void
model_test_merge (SmbTensorDict *into, const SmbTensorDict *from)
{
  for (guint i = 0; i < from->names->len; i++) {
    const char *name = g_ptr_array_index (from->names, i);

    smb_tensor_dict_set (into, name, smb_tensor_dict_get (from, name));
  }
}
