/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-pickle-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Classes and functions whose meaning is known, by "module name". */
typedef enum {
  KNOWN_NOT,
  KNOWN_DICT,        /* OrderedDict, dict: no arguments, or one list of pairs */
  KNOWN_LIST,        /* list (items) */
  KNOWN_TUPLE,
  KNOWN_SET,
  KNOWN_NAMESPACE,
  KNOWN_PATH,        /* parts to be joined */
  KNOWN_TENSOR,
  KNOWN_PARAMETER,   /* its first argument */
} Known;

static const struct {
  const char *name;
  Known known;
} known_names[] = {
  { "collections OrderedDict", KNOWN_DICT },
  { "builtins dict", KNOWN_DICT },
  { "__builtin__ dict", KNOWN_DICT },
  { "builtins list", KNOWN_LIST },
  { "__builtin__ list", KNOWN_LIST },
  { "builtins tuple", KNOWN_TUPLE },
  { "__builtin__ tuple", KNOWN_TUPLE },
  { "builtins set", KNOWN_SET },
  { "__builtin__ set", KNOWN_SET },
  { "builtins frozenset", KNOWN_SET },
  { "__builtin__ frozenset", KNOWN_SET },
  { "argparse Namespace", KNOWN_NAMESPACE },
  { "pathlib PosixPath", KNOWN_PATH },
  { "pathlib PurePosixPath", KNOWN_PATH },
  { "pathlib._local PosixPath", KNOWN_PATH },
  { "torch._utils _rebuild_tensor", KNOWN_TENSOR },
  { "torch._utils _rebuild_tensor_v2", KNOWN_TENSOR },
  { "torch._utils _rebuild_parameter", KNOWN_PARAMETER },
  { "torch._utils _rebuild_parameter_with_state", KNOWN_PARAMETER },
};

/* Harmless classes of Python's own; any other name of that module would run something. */
static const char *const plain_builtins[] = { "object", "complex", "bytearray", "bytes", "int", "float",
                                              "bool",   "str",     "slice",     "range", "type", NULL };

/* Nothing is ever called, so no name can do harm here. But a checkpoint has no reason to name these modules: a file
 * that does was made to attack whoever loads it with Python, and the user should hear of it rather than trust the rest.
 */
static const char *const attack_modules[] = {
  "asyncio", "bdb",    "cProfile", "code",     "codeop", "commands",   "ctypes", "importlib",  "marshal",
  "nt",      "os",     "pdb",      "pickle",   "_pickle", "cPickle",   "pip",    "popen2",     "posix",
  "pty",     "pydoc",  "runpy",    "operator", "_operator", "shutil",  "smtplib", "socket",    "ssl",
  "subprocess", "_posixsubprocess", "sys", "tempfile", "threading", "timeit", "trace", "urllib", "webbrowser",
  "http",    "types",  NULL,
};

static const struct {
  const char *name;
  SmbDtype dtype;
} storage_types[] = {
  { "FloatStorage", SMB_DTYPE_F32 },     { "DoubleStorage", SMB_DTYPE_F64 }, { "HalfStorage", SMB_DTYPE_F16 },
  { "BFloat16Storage", SMB_DTYPE_BF16 }, { "LongStorage", SMB_DTYPE_I64 },   { "IntStorage", SMB_DTYPE_I32 },
  { "ShortStorage", SMB_DTYPE_I16 },     { "CharStorage", SMB_DTYPE_I8 },    { "ByteStorage", SMB_DTYPE_U8 },
  { "BoolStorage", SMB_DTYPE_BOOL },
};

static gboolean
global_is (const SmbPickleValue *value, const char *name)
{
  return value->kind == SMB_PICKLE_GLOBAL && value->text.n == strlen (name) &&
         memcmp (value->text.bytes, name, value->text.n) == 0;
}

static Known
known_of (const SmbPickleValue *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_names); i++) {
    if (global_is (value, known_names[i].name))
      return known_names[i].known;
  }
  return KNOWN_NOT;
}

SmbPickleValue *
smb_pickle_make_global (SmbPickleMachine *m, const char *module, gsize n_module, const char *name, gsize n_name)
{
  g_autofree char *text = NULL, *package = NULL;
  SmbPickleValue *value;

  if (!g_utf8_validate_len (module, n_module, NULL) || !g_utf8_validate_len (name, n_name, NULL) || n_module == 0 ||
      n_name == 0) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle names a class by something that is no name"));
    return NULL;
  }
  text = g_strdup_printf ("%.*s %.*s", (int) n_module, module, (int) n_name, name);
  value = smb_pickle_new_text (m, SMB_PICKLE_GLOBAL, NULL, strlen (text));
  if (value == NULL)
    return NULL;
  value->text.bytes = g_string_chunk_insert_const (m->pickle->made, text);
  package = g_strndup (text, strcspn (text, ". "));
  if (g_strv_contains (attack_modules, package) ||
      ((g_str_has_prefix (text, "builtins ") || g_str_has_prefix (text, "__builtin__ ")) &&
       known_of (value) == KNOWN_NOT && !g_strv_contains (plain_builtins, strchr (text, ' ') + 1))) {
    g_autofree char *quoted = smb_weights_quote (text, strlen (text));

    g_set_error (m->error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _ ("%s: refused, because loading it with Python would run “%s”, "
                    "as attacks do; nothing was run here. Do not load it elsewhere, and ask its source."),
                 m->path, quoted);
    return NULL;
  }
  return value;
}

/* A record of an object that cannot be made, holding what it would have been made of. */
static SmbPickleValue *
make_opaque (SmbPickleMachine *m, SmbPickleValue *callee, SmbPickleValue *args, SmbPickleValue *kwargs)
{
  SmbPickleValue *parts[] = { callee, args, kwargs };
  SmbPickleValue *value = smb_pickle_new_value (m, SMB_PICKLE_OPAQUE);

  if (value == NULL || !smb_pickle_add_items (m, value, parts, kwargs != NULL ? 3 : 2))
    return NULL;
  if (callee->kind == SMB_PICKLE_GLOBAL)
    value->text = callee->text;
  return value;
}

/* list (), tuple (), set () and so on: a copy of the one argument's items. */
static SmbPickleValue *
make_copy (SmbPickleMachine *m, SmbPickleKind kind, const SmbPickleValue *args)
{
  const SmbPickleValue *from = args->n_items == 1 ? args->items[0] : NULL;
  SmbPickleValue *value = smb_pickle_new_value (m, kind);

  if (value == NULL || args->n_items == 0)
    return value;
  if (from == NULL || (from->kind != SMB_PICKLE_LIST && from->kind != SMB_PICKLE_TUPLE &&
                       from->kind != SMB_PICKLE_SET)) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle makes a list of something that is none"));
    return NULL;
  }
  return smb_pickle_add_items (m, value, from->items, from->n_items) ? value : NULL;
}

/* OrderedDict () or OrderedDict ([[key, value], …]). */
static SmbPickleValue *
make_dict (SmbPickleMachine *m, const SmbPickleValue *args)
{
  SmbPickleValue *value = smb_pickle_new_value (m, SMB_PICKLE_DICT);
  const SmbPickleValue *pairs;

  if (value == NULL || args->n_items == 0)
    return value;
  pairs = args->items[0];
  if (args->n_items > 1 || (pairs->kind != SMB_PICKLE_LIST && pairs->kind != SMB_PICKLE_TUPLE)) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle makes a dictionary of something that is no list of pairs"));
    return NULL;
  }
  for (guint i = 0; i < pairs->n_items; i++) {
    SmbPickleValue *pair = pairs->items[i];

    if ((pair->kind != SMB_PICKLE_LIST && pair->kind != SMB_PICKLE_TUPLE) || pair->n_items != 2) {
      smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle makes a dictionary of something that is no list of pairs"));
      return NULL;
    }
    if (!smb_pickle_add_pairs (m, value, pair->items, 2))
      return NULL;
  }
  return value;
}

static SmbPickleValue *
make_path (SmbPickleMachine *m, SmbPickleValue *callee, SmbPickleValue *args)
{
  g_autoptr (GString) path = g_string_new (NULL);
  const char *text;

  for (guint i = 0; i < args->n_items; i++) {
    const SmbPickleValue *part = args->items[i];

    if (part->kind != SMB_PICKLE_TEXT)
      return make_opaque (m, callee, args, NULL);
    if (path->len > 0 && path->str[path->len - 1] != '/')
      g_string_append_c (path, '/');
    g_string_append_len (path, part->text.bytes, (gssize) part->text.n);
  }
  text = g_string_chunk_insert_len (m->pickle->made, path->str, (gssize) path->len);
  return smb_pickle_new_text (m, SMB_PICKLE_TEXT, text, path->len);
}

SmbPickleValue *
smb_pickle_reduce (SmbPickleMachine *m, SmbPickleValue *callee, SmbPickleValue *args)
{
  Known known = known_of (callee);

  if (args->kind != SMB_PICKLE_TUPLE || (callee->kind != SMB_PICKLE_GLOBAL && callee->kind != SMB_PICKLE_OPAQUE)) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle calls something that is no function"));
    return NULL;
  }
  switch (known) {
  case KNOWN_DICT:
    return make_dict (m, args);
  case KNOWN_LIST:
    return make_copy (m, SMB_PICKLE_LIST, args);
  case KNOWN_TUPLE:
    return make_copy (m, SMB_PICKLE_TUPLE, args);
  case KNOWN_SET:
    return make_copy (m, SMB_PICKLE_SET, args);
  case KNOWN_NAMESPACE:
    if (args->n_items == 0)
      return smb_pickle_new_value (m, SMB_PICKLE_NAMESPACE);
    break;
  case KNOWN_PATH:
    return make_path (m, callee, args);
  case KNOWN_TENSOR:
    return smb_pickle_rebuild_tensor (m, args);
  case KNOWN_PARAMETER:
    if (args->n_items > 0)
      return args->items[0];
    break;
  case KNOWN_NOT:
    break;
  }
  return make_opaque (m, callee, args, NULL);
}

SmbPickleValue *
smb_pickle_new_object (SmbPickleMachine *m, SmbPickleValue *klass, SmbPickleValue *args, SmbPickleValue *kwargs)
{
  if (klass->kind != SMB_PICKLE_GLOBAL || args->kind != SMB_PICKLE_TUPLE ||
      (kwargs != NULL && kwargs->kind != SMB_PICKLE_DICT)) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle makes an object of something that is no class"));
    return NULL;
  }
  if (known_of (klass) == KNOWN_NAMESPACE && args->n_items == 0 && kwargs == NULL)
    return smb_pickle_new_value (m, SMB_PICKLE_NAMESPACE);
  if (known_of (klass) == KNOWN_DICT && args->n_items == 0 && kwargs == NULL)
    return smb_pickle_new_value (m, SMB_PICKLE_DICT);
  return make_opaque (m, klass, args, kwargs);
}

/* BUILD gives an object its attributes. An OrderedDict's (a state dictionary has "_metadata") are of no use here. */
gboolean
smb_pickle_build (SmbPickleMachine *m, SmbPickleValue *object, SmbPickleValue *state)
{
  switch (object->kind) {
  case SMB_PICKLE_OPAQUE:
    return smb_pickle_add_items (m, object, &state, 1);
  case SMB_PICKLE_DICT:
  case SMB_PICKLE_TENSOR:
    if (state->kind == SMB_PICKLE_DICT)
      return TRUE;
    break;
  case SMB_PICKLE_NAMESPACE:
    if (state->kind != SMB_PICKLE_DICT)
      break;
    for (guint i = 0; i < state->n_items; i += 2) {
      if (state->items[i]->kind != SMB_PICKLE_TEXT)
        return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle gives an object an attribute without a name"));
    }
    return smb_pickle_add_items (m, object, state->items, state->n_items);
  default:
    break;
  }
  return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle gives attributes to something that has none"));
}

/* torch.FloatStorage and the like; in very old files torch.cuda.FloatStorage. */
static gboolean
storage_type (SmbPickleMachine *m, const SmbPickleValue *type, SmbDtype *dtype)
{
  g_autofree char *text = NULL, *quoted = NULL, *what = NULL;
  const char *name = NULL;

  if (type->kind != SMB_PICKLE_GLOBAL)
    return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a storage of its tensors has no type"));
  text = g_strndup (type->text.bytes, type->text.n);
  if (g_str_has_prefix (text, "torch ") || g_str_has_prefix (text, "torch.cuda "))
    name = strchr (text, ' ') + 1;
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (storage_types); i++) {
    if (strcmp (name, storage_types[i].name) == 0) {
      *dtype = storage_types[i].dtype;
      return TRUE;
    }
  }
  quoted = smb_weights_quote (text, strlen (text));
  what = g_strdup_printf (_ ("its numbers are of the type “%s”"), quoted);
  return smb_pickle_fail (m, SMB_ERROR_UNSUPPORTED, what);
}

/* Keys become names of records, so they must be nothing but names. */
static gboolean
key_is_plain (const SmbPickleValue *key)
{
  if (key->kind != SMB_PICKLE_TEXT || key->text.n == 0 || key->text.n > 64)
    return FALSE;
  for (gsize i = 0; i < key->text.n; i++) {
    if (!g_ascii_isalnum (key->text.bytes[i]) && key->text.bytes[i] != '_')
      return FALSE;
  }
  return TRUE;
}

/* ('storage', type, key, location, elements[, view]): the only persistent id PyTorch writes. The location ("cpu",
 * "cuda:0") is where it was and does not matter. */
SmbPickleValue *
smb_pickle_persistent (SmbPickleMachine *m, SmbPickleValue *id)
{
  SmbPickleValue *value, **part = id->items;
  SmbDtype dtype = SMB_DTYPE_F32;
  g_autofree char *key = NULL;
  gint64 bytes;

  if (id->kind != SMB_PICKLE_TUPLE || (id->n_items != 5 && id->n_items != 6) ||
      !smb_pickle_value_is_text (part[0], "storage") || part[3]->kind != SMB_PICKLE_TEXT ||
      part[4]->kind != SMB_PICKLE_INT || part[4]->whole < 0) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a storage of its tensors is described wrongly"));
    return NULL;
  }
  if (!key_is_plain (part[2])) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("the key of a storage of its tensors is no plain name"));
    return NULL;
  }
  if (id->n_items == 6 && part[5]->kind != SMB_PICKLE_NONE) {
    smb_pickle_fail (m, SMB_ERROR_UNSUPPORTED, _ ("its storages are views, as PyTorch wrote them before version 0.4"));
    return NULL;
  }
  if (!storage_type (m, part[1], &dtype))
    return NULL;
  if (__builtin_mul_overflow (part[4]->whole, (gint64) smb_dtype_size_bytes (dtype), &bytes)) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a storage of its tensors is larger than any memory"));
    return NULL;
  }
  key = g_strndup (part[2]->text.bytes, part[2]->text.n);
  value = g_hash_table_lookup (m->pickle->storages, key);
  if (value != NULL) {
    if (value->storage.dtype == dtype && value->storage.n == part[4]->whole)
      return value;
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a storage of its tensors is described in two ways"));
    return NULL;
  }
  value = smb_pickle_new_value (m, SMB_PICKLE_STORAGE);
  if (value == NULL)
    return NULL;
  value->storage.key = g_steal_pointer (&key);
  value->storage.dtype = dtype;
  value->storage.n = part[4]->whole;
  g_hash_table_insert (m->pickle->storages, value->storage.key, value);
  return value;
}

/* A tuple of `rank` whole numbers of 0 or more. */
static gboolean
read_sizes (SmbPickleMachine *m, const SmbPickleValue *from, gint64 *sizes)
{
  for (guint i = 0; i < from->n_items; i++) {
    if (from->items[i]->kind != SMB_PICKLE_INT || from->items[i]->whole < 0)
      return smb_pickle_fail (m, SMB_ERROR_FORMAT,
                              _ ("a tensor has a size or a stride that is no number of 0 or more"));
    sizes[i] = from->items[i]->whole;
  }
  return TRUE;
}

/* The last element, offset + sum of (size - 1) * stride, must lie inside the storage, and the elements be countable. */
static gboolean
tensor_fits (const SmbPickleTensor *tensor)
{
  gint64 n = 1, last = tensor->offset, step;

  for (int i = 0; i < tensor->rank; i++) {
    if (__builtin_mul_overflow (n, tensor->shape[i], &n))
      return FALSE;
  }
  if (__builtin_mul_overflow (n, (gint64) smb_dtype_size_bytes (tensor->storage->dtype), &step))
    return FALSE;
  if (n == 0)
    return last <= tensor->storage->n;
  for (int i = 0; i < tensor->rank; i++) {
    if (__builtin_mul_overflow (tensor->shape[i] - 1, tensor->stride[i], &step) ||
        __builtin_add_overflow (last, step, &last))
      return FALSE;
  }
  return last < tensor->storage->n;
}

SmbPickleValue *
smb_pickle_rebuild_tensor (SmbPickleMachine *m, SmbPickleValue *args)
{
  SmbPickleValue *value, **part = args->items;
  SmbPickleTensor *tensor;

  if (args->n_items < 4 || part[0]->kind != SMB_PICKLE_STORAGE || part[1]->kind != SMB_PICKLE_INT ||
      part[1]->whole < 0 || (part[2]->kind != SMB_PICKLE_TUPLE && part[2]->kind != SMB_PICKLE_LIST) ||
      (part[3]->kind != SMB_PICKLE_TUPLE && part[3]->kind != SMB_PICKLE_LIST) ||
      part[2]->n_items != part[3]->n_items) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a tensor is described wrongly"));
    return NULL;
  }
  if (part[2]->n_items > SMB_MAX_RANK) {
    g_autofree char *what = g_strdup_printf (_ ("a tensor has more than %d dimensions"), SMB_MAX_RANK);

    smb_pickle_fail (m, SMB_ERROR_LIMIT, what);
    return NULL;
  }
  value = smb_pickle_new_value (m, SMB_PICKLE_TENSOR);
  if (value == NULL)
    return NULL;
  tensor = &value->tensor;
  tensor->storage = &part[0]->storage;
  tensor->offset = part[1]->whole;
  tensor->rank = (int) part[2]->n_items;
  if (!read_sizes (m, part[2], tensor->shape) || !read_sizes (m, part[3], tensor->stride))
    return NULL;
  if (!tensor_fits (tensor)) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a tensor reaches beyond its storage"));
    return NULL;
  }
  return value;
}
