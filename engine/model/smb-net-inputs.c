/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-net-inputs.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"

#define MAX_BATCH 65536
#define PUBLISHED_RATIO 0.75

static SmbTensor *
find (const SmbTensorDict *inputs, const char *name, gboolean optional, GError **error)
{
  SmbTensor *t = smb_tensor_dict_get (inputs, name);

  if (t == NULL && !optional)
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("The inputs hold no tensor named %s, which this network needs."), name);
  return t;
}

static void
misshapen (const char *name, const SmbTensor *t, const char *want, GError **error)
{
  g_autofree char *shape = smb_tensor_dup_shape_text (t);

  g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
               _ ("The input %s has the shape %s, but this network needs %s."), name, shape, want);
}

SmbTensor *
smb_net_input_images (const SmbTensorDict *inputs, const SmbNetConfig *c, GError **error)
{
  SmbTensor *t = find (inputs, "in.images", FALSE, error), *plain;

  if (t == NULL)
    return NULL;
  if (!smb_tensor_shape_is (t, 4, (gint64) -1, (gint64) c->chans, (gint64) c->image_px, (gint64) c->image_px)
      || t->shape[0] < 1 || t->shape[0] > MAX_BATCH) {
    g_autofree char *want = g_strdup_printf ("(B, %d, %d, %d)", c->chans, c->image_px, c->image_px);

    misshapen ("in.images", t, want, error);
    return NULL;
  }
  plain = t->dtype == SMB_DTYPE_F32 ? smb_tensor_ref (t) : smb_tensor_to_f32 (t);
  if (smb_tensor_is_finite (plain))
    return plain;
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT,
                       _ ("The input in.images holds values that are not finite numbers."));
  smb_tensor_unref (plain);
  return NULL;
}

guint8 *
smb_net_input_flags (const SmbTensorDict *inputs, const char *name, gint64 b, gint64 l, gboolean optional,
                     GError **error)
{
  SmbTensor *t = find (inputs, name, optional, error);
  g_autoptr (SmbTensor) plain = NULL;
  guint8 *flags;

  if (t == NULL)
    return NULL;
  if (!smb_tensor_shape_is (t, 2, b, l)) {
    g_autofree char *want = g_strdup_printf ("(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")", b, l);

    misshapen (name, t, want, error);
    return NULL;
  }
  plain = smb_tensor_to_f32 (t);
  flags = g_new (guint8, b * l);
  for (gint64 i = 0; i < b * l; i++)
    flags[i] = ((const float *) plain->data)[i] != 0.0f;
  return flags;
}

double *
smb_net_input_numbers (const SmbTensorDict *inputs, const char *name, gsize *n_out, GError **error)
{
  SmbTensor *t = find (inputs, name, FALSE, error);
  g_autoptr (SmbTensor) plain = NULL;
  double *values;

  if (t == NULL)
    return NULL;
  if (t->n < 1) {
    misshapen (name, t, _ ("at least one number"), error);
    return NULL;
  }
  *n_out = (gsize) t->n;
  values = g_new (double, t->n);
  if (t->dtype == SMB_DTYPE_F64) { /* learning rates and the like keep their precision */
    memcpy (values, t->data, (gsize) t->n * sizeof *values);
    return values;
  }
  plain = smb_tensor_to_f32 (t);
  for (gint64 i = 0; i < t->n; i++)
    values[i] = (double) ((const float *) plain->data)[i];
  return values;
}

int *
smb_net_input_labels (const SmbTensorDict *inputs, const char *name, gint64 b, int classes, gboolean optional,
                      GError **error)
{
  g_autofree double *values = NULL;
  g_autofree int *labels = NULL;
  gsize n;

  if (find (inputs, name, optional, error) == NULL
      || (values = smb_net_input_numbers (inputs, name, &n, error)) == NULL)
    return NULL;
  if (n != (gsize) b) {
    g_autofree char *want = g_strdup_printf ("(%" G_GINT64_FORMAT ")", b);

    misshapen (name, smb_tensor_dict_get (inputs, name), want, error);
    return NULL;
  }
  labels = g_new (int, b);
  for (gint64 i = 0; i < b; i++) {
    if (!(values[i] >= 0.0 && values[i] < classes) || values[i] != floor (values[i])) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                   _ ("The input %s holds a class this network does not have; its classes are 0 to %d."), name,
                   classes - 1);
      return NULL;
    }
    labels[i] = (int) values[i];
  }
  return g_steal_pointer (&labels);
}

guint8 *
smb_net_input_layers (const SmbTensorDict *inputs, int depth, GError **error)
{
  g_autofree double *values = NULL;
  g_autofree guint8 *flags = NULL;
  gsize n;

  if (find (inputs, "in.layers", TRUE, error) == NULL
      || (values = smb_net_input_numbers (inputs, "in.layers", &n, error)) == NULL)
    return NULL;
  flags = g_new0 (guint8, depth);
  for (gsize i = 0; i < n; i++) {
    if (!(values[i] >= 0.0 && values[i] < depth) || values[i] != floor (values[i])) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                   _ ("The input in.layers holds a layer this network does not have; its layers are 0 to %d."),
                   depth - 1);
      return NULL;
    }
    flags[(int) values[i]] = 1;
  }
  return g_steal_pointer (&flags);
}

gboolean
smb_net_input_scalar (const SmbTensorDict *inputs, const char *name, double fallback, double *out, GError **error)
{
  g_autofree double *values = NULL;
  gsize n;

  *out = fallback;
  if (smb_tensor_dict_get (inputs, name) == NULL)
    return TRUE;
  values = smb_net_input_numbers (inputs, name, &n, error);
  if (values == NULL)
    return FALSE;
  /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): a loop has filled it */
  if (n != 1 || !isfinite (values[0])) {
    misshapen (name, smb_tensor_dict_get (inputs, name), _ ("one finite number"), error);
    return FALSE;
  }
  *out = values[0];
  return TRUE;
}

static gint64
visible_of (const guint8 *mask, gint64 l)
{
  gint64 n = 0;

  for (gint64 i = 0; i < l; i++)
    n += mask[i] == 0;
  return n;
}

SmbTensor *
smb_net_visible_index (const guint8 *mask, gint64 b, gint64 l, double ratio, GError **error)
{
  gint64 shape[2] = { b, (gint64) ((double) l * (1.0 - (ratio >= 0.0 ? ratio : PUBLISHED_RATIO))) }, least = l;
  SmbTensor *index;

  for (gint64 i = 0; ratio < 0.0 && i < b; i++)
    least = MIN (least, visible_of (mask + i * l, l));
  if (ratio < 0.0 && ABS (least - shape[1]) > 1)
    shape[1] = least;
  if (shape[1] < 1) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                         _ ("The mask hides every patch of an image; at least one must stay visible."));
    return NULL;
  }
  index = smb_tensor_new (SMB_DTYPE_I32, 2, shape);
  for (gint64 i = 0; i < b; i++) {
    gint32 *row = (gint32 *) index->data + i * shape[1];
    gint64 at = 0;

    for (int hidden = 0; hidden < 2; hidden++)
      for (gint64 k = 0; k < l && at < shape[1]; k++)
        if (mask[i * l + k] == hidden)
          row[at++] = (gint32) k;
  }
  return index;
}
