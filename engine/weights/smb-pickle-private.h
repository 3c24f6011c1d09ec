/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "weights/smb-pickle.h"
#include "weights/smb-weights-private.h"

G_BEGIN_DECLS

/* Far above any checkpoint, whose pickle takes 100 kB for the largest network with its optimiser's state. */
#define SMB_PICKLE_MAX_BYTES (16u << 20)
#define SMB_PICKLE_MAX_VALUES (1u << 20)
#define SMB_PICKLE_MAX_ITEMS (1u << 22)
#define SMB_PICKLE_MAX_DEPTH 100
#define SMB_PICKLE_MAX_MARKS 1000

struct _SmbPickle {
  GBytes *bytes;
  GPtrArray *values; /* all of them */
  guint n_items;
  GStringChunk *made;   /* texts that stand nowhere in the file */
  GHashTable *storages; /* key -> SmbPickleValue*; borrowed from values */
  SmbPickleValue *root;
};

/* The machine that runs a pickle's opcodes. */
typedef struct {
  SmbPickle *pickle;
  const guint8 *at, *end;
  GPtrArray *stack; /* SmbPickleValue*, borrowed */
  GArray *marks;    /* guint: heights of the stack */
  GPtrArray *memo;  /* by index; NULL: never put */
  const char *path;
  GError **error;
} SmbPickleMachine;

gboolean smb_pickle_fail (SmbPickleMachine *machine, SmbError code, const char *what);

/* A new value of the pickle's; NULL with a LIMIT error. */
SmbPickleValue *smb_pickle_new_value (SmbPickleMachine *machine, SmbPickleKind kind);
/* TEXT that is no valid UTF-8 becomes BYTES. */
SmbPickleValue *smb_pickle_new_text (SmbPickleMachine *machine, SmbPickleKind kind, const void *bytes, gsize n);
gboolean smb_pickle_add_items (SmbPickleMachine *machine, SmbPickleValue *to, SmbPickleValue **items, guint n);
/* Adds n keys and values in turn; the keys must be such as Python can hash. */
gboolean smb_pickle_add_pairs (SmbPickleMachine *machine, SmbPickleValue *to, SmbPickleValue **items, guint n);
/* No value may hold itself, or nest too deep. */
gboolean smb_pickle_check_nesting (SmbPickleMachine *machine, SmbPickleValue *root);

/* Runs to STOP; fills pickle->root. */
gboolean smb_pickle_run (SmbPickleMachine *machine);

/* What the opcodes that would call something do instead; each gives the value that takes the place of the result. */
SmbPickleValue *smb_pickle_make_global (SmbPickleMachine *machine, const char *module, gsize n_module,
                                        const char *name, gsize n_name);
SmbPickleValue *smb_pickle_reduce (SmbPickleMachine *machine, SmbPickleValue *callee, SmbPickleValue *args);
SmbPickleValue *smb_pickle_new_object (SmbPickleMachine *machine, SmbPickleValue *klass, SmbPickleValue *args,
                                       SmbPickleValue *kwargs);
gboolean smb_pickle_build (SmbPickleMachine *machine, SmbPickleValue *object, SmbPickleValue *state);
SmbPickleValue *smb_pickle_persistent (SmbPickleMachine *machine, SmbPickleValue *id);

/* _rebuild_tensor_v2 (storage, offset, size, stride, …): checked against its storage. */
SmbPickleValue *smb_pickle_rebuild_tensor (SmbPickleMachine *machine, SmbPickleValue *args);

G_END_DECLS
