/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* A reader of Python's pickles, protocols 0 to 5, that calls nothing: it builds the values below and, for any class or
 * function it does not know, a record of having met it. Of PyTorch it knows the description of a tensor (its storage,
 * offset, shape and strides) and checks that it lies inside the storage; the numbers themselves are elsewhere.
 * Opcodes: Python's Lib/pickletools.py describes them; PyTorch's use of them: torch/_utils.py, torch/serialization.py.
 */
typedef enum {
  SMB_PICKLE_NONE,
  SMB_PICKLE_BOOL,
  SMB_PICKLE_INT,
  SMB_PICKLE_BIG, /* an integer beyond 64 bits: its bytes, two's complement, low first */
  SMB_PICKLE_FLOAT,
  SMB_PICKLE_TEXT, /* also a path of pathlib's */
  SMB_PICKLE_BYTES,
  SMB_PICKLE_TUPLE,
  SMB_PICKLE_LIST,
  SMB_PICKLE_SET,
  SMB_PICKLE_DICT,      /* also OrderedDict; items: key, value, key, value … in the order they were set */
  SMB_PICKLE_NAMESPACE, /* argparse's: items as in a dict, keys are texts */
  SMB_PICKLE_GLOBAL,    /* a class or function by name, not called */
  SMB_PICKLE_STORAGE,
  SMB_PICKLE_TENSOR,
  SMB_PICKLE_OPAQUE, /* an object of a class unknown here; items: whatever it was made of */
} SmbPickleKind;

typedef struct _SmbPickleValue SmbPickleValue;

typedef struct {
  char *key;
  SmbDtype dtype;
  gint64 n; /* elements */
} SmbPickleStorage;

typedef struct {
  const SmbPickleStorage *storage;
  gint64 offset; /* elements */
  int rank;
  gint64 shape[SMB_MAX_RANK], stride[SMB_MAX_RANK]; /* elements */
} SmbPickleTensor;

struct _SmbPickleValue {
  SmbPickleKind kind;
  guint8 mark;    /* private */
  guint16 height; /* private */
  guint n_items, n_room;
  SmbPickleValue **items;
  union {
    gint64 whole; /* BOOL, INT */
    double real;
    struct { /* TEXT, BYTES, BIG; GLOBAL and OPAQUE: "module name". Not NUL-terminated, borrowed from the file. */
      const char *bytes;
      gsize n;
    } text;
    SmbPickleStorage storage;
    SmbPickleTensor tensor;
  };
};

/* A parsed pickle: owns its values. */
typedef struct _SmbPickle SmbPickle;

/* Parses one pickle at `offset` of `bytes`, of at most n_bytes; *used: how many it took. Everything is bounded: bytes,
 * values, nesting; no value holds itself. `path` for messages. Errors: FORMAT, UNSUPPORTED, LIMIT. */
SmbPickle *smb_pickle_parse (GBytes *bytes, gsize offset, gsize n_bytes, gsize *used, const char *path, GError **error);
void smb_pickle_free (SmbPickle *pickle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbPickle, smb_pickle_free)

const SmbPickleValue *smb_pickle_get_root (const SmbPickle *pickle);
/* Storage by key, NULL if no tensor of the pickle named it. */
const SmbPickleStorage *smb_pickle_get_storage (const SmbPickle *pickle, const char *key);

gboolean smb_pickle_value_is_text (const SmbPickleValue *value, const char *text);
/* Of a dict or namespace, by text key; the one set last. NULL if there is none or `value` is of another kind. */
const SmbPickleValue *smb_pickle_value_lookup (const SmbPickleValue *value, const char *key);
/* A bool ("true"), number or text as text, the shortest that reads back the same; NULL for other kinds. Free with
 * g_free. */
char *smb_pickle_value_dup_scalar (const SmbPickleValue *value);

G_END_DECLS
