/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-pickle.h"
#include "weights/smb-weights-private.h"
#include "weights/smb-zip.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A view may repeat its storage's numbers by strides of 0, so a small file could ask for any amount of memory. */
#define COPIED_BYTES_BASE ((guint64) 64 << 20)
#define COPIED_BYTES_FACTOR 16

/* The sizes of what a legacy stream begins with; the rest is bounded by the file. */
#define LEGACY_PROTOCOL 1001

typedef struct {
  GBytes *bytes;
  const char *path;
  const SmbPickle *pickle;
  SmbZip *zip;         /* ZIP form: records PREFIX/data/KEY */
  const char *prefix;  /* borrowed */
  GHashTable *offsets; /* key -> gsize*: legacy form from the start, ZIP form once looked up and checked */
  guint64 copied_bytes;
} Reader;

/* Where a storage's numbers lie. */
static gboolean
find_storage (Reader *reader, const SmbPickleStorage *storage, gsize *offset, GError **error)
{
  const gsize *known = g_hash_table_lookup (reader->offsets, storage->key);
  g_autofree char *record = NULL;
  g_autoptr (GError) problem = NULL;
  gsize n_bytes;

  if (known != NULL) {
    *offset = *known;
    return TRUE;
  }
  if (reader->zip != NULL) {
    record = g_strdup_printf ("%s/data/%s", reader->prefix, storage->key);
    if (smb_zip_find (reader->zip, record, offset, &n_bytes, &problem)) {
      if (n_bytes != (guint64) storage->n * smb_dtype_size_bytes (storage->dtype))
        return smb_weights_fail (error, SMB_ERROR_FORMAT, reader->path,
                                 _ ("storage %s holds another number of bytes than its tensors need"), storage->key);
      g_hash_table_insert (reader->offsets, g_strdup (storage->key), g_memdup2 (offset, sizeof *offset));
      return TRUE;
    }
    if (problem != NULL) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  }
  return smb_weights_fail (error, SMB_ERROR_FORMAT, reader->path, _ ("storage %s, which its tensors need, is missing"),
                           storage->key);
}

static gboolean
is_contiguous (const SmbPickleTensor *tensor)
{
  gint64 step = 1;

  for (int i = tensor->rank - 1; i >= 0; i--) {
    if (tensor->shape[i] != 1 && tensor->stride[i] != step)
      return FALSE;
    step *= tensor->shape[i];
  }
  return TRUE;
}

/* Row-major copy of a view. `from`: its first element. */
static void
gather (SmbTensor *to, const guint8 *from, const SmbPickleTensor *view)
{
  gsize size = smb_dtype_size_bytes (to->dtype);
  gint64 index[SMB_MAX_RANK] = { 0 }, at = 0;
  guint8 *out = to->data;

  for (gint64 i = 0; i < to->n; i++, out += size) {
    memcpy (out, from + (gsize) at * size, size);
    for (int d = view->rank - 1; d >= 0; d--) {
      at += view->stride[d];
      if (++index[d] < view->shape[d])
        break;
      at -= view->stride[d] * view->shape[d];
      index[d] = 0;
    }
  }
}

static SmbTensor *
make_tensor (Reader *reader, const SmbPickleTensor *view, GError **error)
{
  const SmbPickleStorage *storage = view->storage;
  gsize size = smb_dtype_size_bytes (storage->dtype), offset;
  guint64 n_bytes = size, limit;
  gboolean empty = FALSE;
  SmbTensor *tensor;

  for (int i = 0; i < view->rank; i++) {
    n_bytes *= (guint64) view->shape[i]; /* checked against overflow when parsed */
    empty |= view->shape[i] == 0;
  }
  if (!find_storage (reader, storage, &offset, error))
    return NULL;
  offset += (gsize) view->offset * size;
  if (!empty && is_contiguous (view))
    return smb_weights_tensor_over (reader->bytes, offset, storage->dtype, view->rank, view->shape);
  limit = COPIED_BYTES_BASE + COPIED_BYTES_FACTOR * (guint64) g_bytes_get_size (reader->bytes);
  if (n_bytes > limit - reader->copied_bytes) {
    smb_weights_fail (error, SMB_ERROR_LIMIT, reader->path, _ ("its tensors repeat their numbers too often"));
    return NULL;
  }
  reader->copied_bytes += n_bytes;
  tensor = smb_tensor_new (storage->dtype, view->rank, view->shape);
  gather (tensor, (const guint8 *) g_bytes_get_data (reader->bytes, NULL) + offset, view);
  return tensor;
}

static void
set_scalar_meta (SmbTensorDict *dict, const char *prefix, const char *key, const SmbPickleValue *value)
{
  g_autofree char *name = g_strconcat (prefix, key, NULL), *text = smb_pickle_value_dup_scalar (value);

  if (text != NULL)
    smb_tensor_dict_set_meta (dict, name, text);
}

/* Tensors of a state dictionary under their own names; numbers and texts among them become metadata. `strict`: anything
 * else is an error, since it would be lost. */
static gboolean
add_state (Reader *reader, SmbTensorDict *dict, const SmbPickleValue *state, gboolean strict, GError **error)
{
  for (guint i = 0; i < state->n_items; i += 2) {
    const SmbPickleValue *key = state->items[i], *value = state->items[i + 1];
    g_autofree char *name = NULL, *quoted = NULL;

    if (key->kind != SMB_PICKLE_TEXT) {
      if (strict)
        return smb_weights_fail (error, SMB_ERROR_FORMAT, reader->path, _ ("a tensor's name is no text"));
      continue;
    }
    name = g_strndup (key->text.bytes, key->text.n);
    if (value->kind == SMB_PICKLE_TENSOR) {
      g_autoptr (SmbTensor) tensor = make_tensor (reader, &value->tensor, error);

      if (tensor == NULL)
        return FALSE;
      smb_tensor_dict_set (dict, name, tensor);
    } else if (strict && value->kind >= SMB_PICKLE_TUPLE) {
      quoted = smb_weights_quote (name, strlen (name));
      return smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, reader->path, _ ("“%s” in its model is no tensor"),
                               quoted);
    } else {
      set_scalar_meta (dict, "", name, value);
    }
  }
  return TRUE;
}

static void
add_run_meta (SmbTensorDict *dict, const SmbPickleValue *root)
{
  const SmbPickleValue *args = smb_pickle_value_lookup (root, "args"), *epoch = smb_pickle_value_lookup (root, "epoch");

  if (epoch != NULL)
    set_scalar_meta (dict, "", "epoch", epoch);
  if (args == NULL || (args->kind != SMB_PICKLE_NAMESPACE && args->kind != SMB_PICKLE_DICT))
    return;
  for (guint i = 0; i < args->n_items; i += 2) {
    g_autofree char *key = smb_pickle_value_dup_scalar (args->items[i]);

    if (key != NULL)
      set_scalar_meta (dict, "args.", key, args->items[i + 1]);
  }
}

static SmbTensorDict *
read_model (Reader *reader, GError **error)
{
  static const char *const entries[] = { "model", "state_dict" };
  const SmbPickleValue *root = smb_pickle_get_root (reader->pickle), *state = NULL;
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new ();

  if (root->kind != SMB_PICKLE_DICT) {
    smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, reader->path,
                      _ ("it holds no dictionary of tensors but some other Python object"));
    return NULL;
  }
  for (guint i = 0; state == NULL && i < G_N_ELEMENTS (entries); i++)
    state = smb_pickle_value_lookup (root, entries[i]);
  if (state != NULL && state->kind == SMB_PICKLE_OPAQUE) {
    smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, reader->path,
                      _ ("its model is a whole Python object, not the dictionary that state_dict() gives"));
    return NULL;
  }
  if (state != NULL && state->kind == SMB_PICKLE_DICT) {
    if (!add_state (reader, dict, state, TRUE, error))
      return NULL;
    add_run_meta (dict, root);
  } else if (!add_state (reader, dict, root, FALSE, error)) {
    return NULL;
  }
  if (smb_tensor_dict_get_size (dict) == 0) {
    smb_weights_fail (error, SMB_ERROR_FORMAT, reader->path, _ ("it holds no tensors"));
    return NULL;
  }
  return g_steal_pointer (&dict);
}

/* One number as a tensor: PyTorch 1.12 and later count the steps in one, earlier versions in an int. */
static SmbTensor *
make_count (const SmbPickleValue *value)
{
  SmbTensor *tensor = smb_tensor_new (SMB_DTYPE_F64, 0, NULL);

  *(double *) tensor->data = value->kind == SMB_PICKLE_FLOAT ? value->real : (double) value->whole;
  return tensor;
}

/* The state of one parameter, {"step", "exp_avg", "exp_avg_sq"}, under its number. */
static gboolean
add_moments (Reader *reader, SmbTensorDict *dict, gint64 index, const SmbPickleValue *state, GError **error)
{
  static const char *const parts[] = { "step", "exp_avg", "exp_avg_sq" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    const SmbPickleValue *value = smb_pickle_value_lookup (state, parts[i]);
    g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT ".%s", index, parts[i]);
    g_autoptr (SmbTensor) tensor = NULL;

    if (value != NULL && value->kind == SMB_PICKLE_TENSOR)
      tensor = make_tensor (reader, &value->tensor, error);
    else if (value != NULL && i == 0 && (value->kind == SMB_PICKLE_INT || value->kind == SMB_PICKLE_FLOAT))
      tensor = make_count (value);
    else
      smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, reader->path, _ ("its optimiser is not Adam's"));
    if (tensor == NULL)
      return FALSE;
    smb_tensor_dict_set (dict, name, tensor);
  }
  return TRUE;
}

static SmbTensorDict *
read_optimiser (Reader *reader, GError **error)
{
  const SmbPickleValue *root = smb_pickle_get_root (reader->pickle);
  const SmbPickleValue *optimiser = smb_pickle_value_lookup (root, "optimizer");
  const SmbPickleValue *state = optimiser != NULL ? smb_pickle_value_lookup (optimiser, "state") : NULL;
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new ();

  if (state == NULL || state->kind != SMB_PICKLE_DICT || state->n_items == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s holds no state of an optimiser from which a training could go on."), reader->path);
    return NULL;
  }
  for (guint i = 0; i < state->n_items; i += 2) {
    if (state->items[i]->kind != SMB_PICKLE_INT) {
      smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, reader->path, _ ("its optimiser does not number its parameters"));
      return NULL;
    }
    if (!add_moments (reader, dict, state->items[i]->whole, state->items[i + 1], error))
      return NULL;
  }
  add_run_meta (dict, root);
  return g_steal_pointer (&dict);
}

static SmbTensorDict *
read_part (Reader *reader, SmbWeightsPart part, GError **error)
{
  return part == SMB_WEIGHTS_OPTIMISER ? read_optimiser (reader, error) : read_model (reader, error);
}

/* The folder inside the archive: the one that holds data.pkl. */
static char *
find_prefix (SmbZip *zip, const char *path, GError **error)
{
  GPtrArray *names = smb_zip_get_names (zip);
  g_autofree char *prefix = NULL;

  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i), *slash = strchr (name, '/');

    if (slash == NULL || slash == name || strcmp (slash, "/data.pkl") != 0)
      continue;
    if (prefix != NULL) {
      smb_weights_fail (error, SMB_ERROR_FORMAT, path, _ ("the archive holds two data.pkl"));
      return NULL;
    }
    prefix = g_strndup (name, (gsize) (slash - name));
  }
  if (prefix == NULL)
    smb_weights_fail (error, SMB_ERROR_FORMAT, path, _ ("it is an archive without PyTorch's data.pkl"));
  return g_steal_pointer (&prefix);
}

/* Newer versions state the byte order in a record; without one it is little-endian. */
static gboolean
check_byte_order (Reader *reader, GError **error)
{
  g_autofree char *record = g_strdup_printf ("%s/byteorder", reader->prefix);
  g_autoptr (GError) problem = NULL;
  const char *data = g_bytes_get_data (reader->bytes, NULL);
  gsize offset, n_bytes;

  if (!smb_zip_find (reader->zip, record, &offset, &n_bytes, &problem)) {
    if (problem == NULL)
      return TRUE;
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (n_bytes == strlen ("little") && memcmp (data + offset, "little", n_bytes) == 0)
    return TRUE;
  return smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, reader->path, _ ("its numbers are big-endian"));
}

SmbTensorDict *
smb_pth_read_zip (GBytes *bytes, SmbWeightsPart part, const char *path, GError **error)
{
  g_autoptr (SmbZip) zip = smb_zip_new (bytes, path, error);
  g_autofree char *prefix = zip != NULL ? find_prefix (zip, path, error) : NULL, *record = NULL;
  g_autoptr (SmbPickle) pickle = NULL;
  g_autoptr (GHashTable) offsets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Reader reader = { .bytes = bytes, .path = path, .zip = zip, .prefix = prefix, .offsets = offsets };
  gsize offset, n_bytes, used;

  if (prefix == NULL || !check_byte_order (&reader, error))
    return NULL;
  record = g_strconcat (prefix, "/data.pkl", NULL);
  if (!smb_zip_find (zip, record, &offset, &n_bytes, error))
    return NULL;
  pickle = smb_pickle_parse (bytes, offset, n_bytes, &used, path, error);
  if (pickle == NULL)
    return NULL;
  if (used != n_bytes) {
    smb_weights_fail (error, SMB_ERROR_FORMAT, path, _ ("there are unused bytes behind its pickle"));
    return NULL;
  }
  reader.pickle = pickle;
  return read_part (&reader, part, error);
}

/* Parses the next pickle of the stream and moves on behind it. */
static SmbPickle *
next_pickle (Reader *reader, gsize *at, GError **error)
{
  gsize used;
  SmbPickle *pickle = smb_pickle_parse (reader->bytes, *at, g_bytes_get_size (reader->bytes) - *at, &used,
                                        reader->path, error);

  if (pickle != NULL)
    *at += used;
  return pickle;
}

/* Behind the pickles: for each key of the list, in order, the number of elements (64 bits), then the numbers. */
static gboolean
place_storages (Reader *reader, const SmbPickleValue *keys, gsize at, GError **error)
{
  gsize end;
  const guint8 *data = g_bytes_get_data (reader->bytes, &end);

  if (keys->kind != SMB_PICKLE_LIST)
    return smb_weights_fail (error, SMB_ERROR_FORMAT, reader->path, _ ("the list of its storages is none"));
  for (guint i = 0; i < keys->n_items; i++) {
    g_autofree char *key = smb_pickle_value_dup_scalar (keys->items[i]);
    const SmbPickleStorage *storage = key != NULL ? smb_pickle_get_storage (reader->pickle, key) : NULL;
    gsize n_bytes;
    guint64 n;

    if (storage == NULL || g_hash_table_contains (reader->offsets, key))
      return smb_weights_fail (error, SMB_ERROR_FORMAT, reader->path, _ ("the list of its storages names one that does "
                                                                         "not exist, or one twice"));
    if (end - at < sizeof n)
      return smb_weights_fail (error, SMB_ERROR_FORMAT, reader->path, _ ("it is cut short"));
    memcpy (&n, data + at, sizeof n);
    at += sizeof n;
    if (GUINT64_FROM_LE (n) != (guint64) storage->n)
      return smb_weights_fail (error, SMB_ERROR_FORMAT, reader->path,
                               _ ("storage %s holds another number of bytes than its tensors need"), storage->key);
    n_bytes = (gsize) storage->n * smb_dtype_size_bytes (storage->dtype);
    if (n_bytes > end - at)
      return smb_weights_fail (error, SMB_ERROR_FORMAT, reader->path, _ ("it is cut short"));
    g_hash_table_insert (reader->offsets, g_strdup (key), g_memdup2 (&at, sizeof at));
    at += n_bytes;
  }
  return at == end || smb_weights_fail (error, SMB_ERROR_FORMAT, reader->path,
                                        _ ("there are unused bytes behind the last tensor"));
}

/* Pickles one behind the other: the magic number (known already), the protocol's version, a description of the machine,
 * the checkpoint, the keys of its storages; then these. */
SmbTensorDict *
smb_pth_read_legacy (GBytes *bytes, SmbWeightsPart part, const char *path, GError **error)
{
  g_autoptr (GHashTable) offsets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Reader reader = { .bytes = bytes, .path = path, .offsets = offsets };
  gsize at = 0;
  g_autoptr (SmbPickle) magic = next_pickle (&reader, &at, error);
  g_autoptr (SmbPickle) version = magic != NULL ? next_pickle (&reader, &at, error) : NULL;
  g_autoptr (SmbPickle) machine = version != NULL ? next_pickle (&reader, &at, error) : NULL;
  g_autoptr (SmbPickle) content = NULL, keys = NULL;
  const SmbPickleValue *value;

  if (machine == NULL)
    return NULL;
  value = smb_pickle_get_root (version);
  if (value->kind != SMB_PICKLE_INT || value->whole != LEGACY_PROTOCOL) {
    smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, path, _ ("its version of PyTorch's old format is unknown"));
    return NULL;
  }
  value = smb_pickle_value_lookup (smb_pickle_get_root (machine), "little_endian");
  if (value == NULL || value->kind != SMB_PICKLE_BOOL || !value->whole) {
    smb_weights_fail (error, SMB_ERROR_UNSUPPORTED, path, _ ("its numbers are big-endian"));
    return NULL;
  }
  if ((content = next_pickle (&reader, &at, error)) == NULL || (keys = next_pickle (&reader, &at, error)) == NULL)
    return NULL;
  reader.pickle = content;
  return place_storages (&reader, smb_pickle_get_root (keys), at, error) ? read_part (&reader, part, error)
                                                                                 : NULL;
}
