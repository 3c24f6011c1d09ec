/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-pickle-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The opcodes of Lib/pickletools.py that plain data and PyTorch's files need. Not here, hence refused: extension codes,
 * INST and OBJ (instances of protocol 1), textual persistent ids, out-of-band buffers. */

static gboolean
fail_cut (SmbPickleMachine *m)
{
  return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle is cut short"));
}

/* Takes n bytes; NULL with an error if there are fewer. */
static const guint8 *
take (SmbPickleMachine *m, guint64 n)
{
  const guint8 *at = m->at;

  if (n > (guint64) (m->end - m->at)) {
    fail_cut (m);
    return NULL;
  }
  m->at += n;
  return at;
}

/* Takes n (up to eight) bytes as an unsigned number, low byte first. */
static gboolean
take_number (SmbPickleMachine *m, guint n, guint64 *number)
{
  const guint8 *at = take (m, n);

  *number = 0;
  for (guint i = 0; at != NULL && i < n; i++)
    *number |= (guint64) at[i] << (8 * i);
  return at != NULL;
}

/* Takes up to a newline, which is taken too. */
static const char *
take_line (SmbPickleMachine *m, gsize *n)
{
  const guint8 *from = m->at, *newline = memchr (from, '\n', (gsize) (m->end - from));

  if (newline == NULL) {
    fail_cut (m);
    return NULL;
  }
  *n = (gsize) (newline - from);
  m->at = newline + 1;
  return (const char *) from;
}

static gboolean
push (SmbPickleMachine *m, SmbPickleValue *value)
{
  if (value == NULL)
    return FALSE;
  if (m->stack->len == SMB_PICKLE_MAX_VALUES)
    return smb_pickle_fail (m, SMB_ERROR_LIMIT, _ ("the stack of its pickle grows too high"));
  g_ptr_array_add (m->stack, value);
  return TRUE;
}

/* Values above the last mark. */
static guint
above_mark (const SmbPickleMachine *m)
{
  return m->stack->len - (m->marks->len > 0 ? g_array_index (m->marks, guint, m->marks->len - 1) : 0);
}

static SmbPickleValue *
top (SmbPickleMachine *m)
{
  if (above_mark (m) == 0) {
    smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle takes a value from an empty stack"));
    return NULL;
  }
  return g_ptr_array_index (m->stack, m->stack->len - 1);
}

static SmbPickleValue *
pop (SmbPickleMachine *m)
{
  SmbPickleValue *value = top (m);

  if (value != NULL)
    g_ptr_array_set_size (m->stack, (gint) m->stack->len - 1);
  return value;
}

/* Removes the last mark and gives the values above it, which stay on the stack's memory until the next push. */
static gboolean
pop_mark (SmbPickleMachine *m, SmbPickleValue ***items, guint *n)
{
  if (m->marks->len == 0)
    return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle closes a list that was never opened"));
  *n = above_mark (m);
  g_array_set_size (m->marks, m->marks->len - 1);
  m->stack->len -= *n; /* not set_size, which may clear what is cut off */
  *items = (SmbPickleValue **) m->stack->pdata + m->stack->len;
  return TRUE;
}

static gboolean
push_kind (SmbPickleMachine *m, SmbPickleKind kind)
{
  return push (m, smb_pickle_new_value (m, kind));
}

static gboolean
push_whole (SmbPickleMachine *m, SmbPickleKind kind, gint64 whole)
{
  SmbPickleValue *value = smb_pickle_new_value (m, kind);

  if (value != NULL)
    value->whole = whole;
  return push (m, value);
}

static gboolean
push_real (SmbPickleMachine *m, double real)
{
  SmbPickleValue *value = smb_pickle_new_value (m, SMB_PICKLE_FLOAT);

  if (value != NULL)
    value->real = real;
  return push (m, value);
}

/* A text or bytes whose length is a number of `width` bytes. */
static gboolean
push_counted (SmbPickleMachine *m, SmbPickleKind kind, guint width)
{
  guint64 n;
  const guint8 *bytes;

  if (!take_number (m, width, &n) || (bytes = take (m, n)) == NULL)
    return FALSE;
  return push (m, smb_pickle_new_text (m, kind, bytes, n));
}

/* LONG1 and LONG4: two's complement of any length, low byte first. */
static gboolean
push_long (SmbPickleMachine *m, guint width)
{
  guint64 n, bits = 0;
  const guint8 *bytes;

  if (!take_number (m, width, &n) || (bytes = take (m, n)) == NULL)
    return FALSE;
  while (n > 1 && ((bytes[n - 1] == 0 && bytes[n - 2] < 0x80) || (bytes[n - 1] == 0xFF && bytes[n - 2] >= 0x80)))
    n--;
  if (n > 8)
    return push (m, smb_pickle_new_text (m, SMB_PICKLE_BIG, bytes, n));
  for (guint i = 0; i < 8; i++)
    bits |= (guint64) (i < n ? bytes[i] : n > 0 && bytes[n - 1] >= 0x80 ? 0xFF : 0) << (8 * i);
  return push_whole (m, SMB_PICKLE_INT, (gint64) bits);
}

/* INT, LONG, FLOAT: decimal text up to a newline. INT also writes the two truth values, as 00 and 01. */
static gboolean
push_decimal (SmbPickleMachine *m, guint8 opcode)
{
  gsize n;
  const char *line = take_line (m, &n);
  char text[64], *stop = NULL;
  gint64 whole;
  double real;

  if (line == NULL)
    return FALSE;
  if (n > 0 && opcode == 'L' && line[n - 1] == 'L')
    n--;
  if (n == 0 || n >= sizeof text || memchr (line, '\0', n) != NULL)
    return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a number in its pickle is none"));
  memcpy (text, line, n);
  text[n] = '\0';
  if (opcode == 'I' && (strcmp (text, "00") == 0 || strcmp (text, "01") == 0))
    return push_whole (m, SMB_PICKLE_BOOL, text[1] == '1');
  if (opcode == 'F') {
    real = g_ascii_strtod (text, &stop);
    return *stop == '\0' ? push_real (m, real)
                         : smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a number in its pickle is none"));
  }
  return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &whole, NULL)
           ? push_whole (m, SMB_PICKLE_INT, whole)
           : smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a number in its pickle is none"));
}

/* BINFLOAT: IEEE double, high byte first. */
static gboolean
push_double (SmbPickleMachine *m)
{
  const guint8 *bytes = take (m, 8);
  guint64 bits;
  double real;

  if (bytes == NULL)
    return FALSE;
  memcpy (&bits, bytes, 8);
  bits = GUINT64_FROM_BE (bits);
  memcpy (&real, &bits, 8);
  return push_real (m, real);
}

/* STRING (in quotes) and UNICODE of protocol 0, as far as nothing in them is escaped. */
static gboolean
push_line (SmbPickleMachine *m, gboolean quoted)
{
  gsize n;
  const char *line = take_line (m, &n);

  if (line == NULL)
    return FALSE;
  if (quoted) {
    if (n < 2 || line[0] != line[n - 1] || (line[0] != '\'' && line[0] != '"'))
      return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a text in its pickle lacks its quotes"));
    line++;
    n -= 2;
  }
  if (memchr (line, '\\', n) != NULL)
    return smb_pickle_fail (m, SMB_ERROR_UNSUPPORTED, _ ("its pickle is of protocol 0 with escaped texts"));
  return push (m, smb_pickle_new_text (m, SMB_PICKLE_TEXT, line, n));
}

/* A tuple of the topmost n values, or of those above the mark if n < 0. */
static gboolean
make_tuple (SmbPickleMachine *m, int n)
{
  SmbPickleValue *tuple = smb_pickle_new_value (m, SMB_PICKLE_TUPLE), **items = NULL;
  guint count = (guint) n;

  if (tuple == NULL)
    return FALSE;
  if (n < 0) {
    if (!pop_mark (m, &items, &count))
      return FALSE;
  } else {
    if (above_mark (m) < count)
      return top (m) != NULL && smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a tuple in its pickle lacks values"));
    m->stack->len -= count;
    items = (SmbPickleValue **) m->stack->pdata + m->stack->len;
  }
  return smb_pickle_add_items (m, tuple, items, count) && push (m, tuple);
}

/* LIST, DICT, FROZENSET: a new container of the values above the mark. */
static gboolean
make_container (SmbPickleMachine *m, SmbPickleKind kind)
{
  SmbPickleValue *value = smb_pickle_new_value (m, kind), **items = NULL;
  guint n = 0;

  return value != NULL && pop_mark (m, &items, &n) &&
         (kind == SMB_PICKLE_DICT ? smb_pickle_add_pairs (m, value, items, n)
                                  : smb_pickle_add_items (m, value, items, n)) &&
         push (m, value);
}

/* Adds values to the container below them. An opaque object takes what any container would. */
static gboolean
extend (SmbPickleMachine *m, SmbPickleKind kind, SmbPickleValue **items, guint n)
{
  SmbPickleValue *to = top (m);

  if (to == NULL)
    return FALSE;
  if (to->kind != kind && to->kind != SMB_PICKLE_OPAQUE)
    return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle adds to something that is no list or dictionary"));
  return kind == SMB_PICKLE_DICT ? smb_pickle_add_pairs (m, to, items, n) : smb_pickle_add_items (m, to, items, n);
}

static gboolean
extend_from_mark (SmbPickleMachine *m, SmbPickleKind kind)
{
  SmbPickleValue **items = NULL;
  guint n = 0;

  return pop_mark (m, &items, &n) && extend (m, kind, items, n);
}

static gboolean
append_one (SmbPickleMachine *m)
{
  SmbPickleValue *item = pop (m);

  return item != NULL && extend (m, SMB_PICKLE_LIST, &item, 1);
}

static gboolean
set_one (SmbPickleMachine *m)
{
  SmbPickleValue *pair[2];

  pair[1] = pop (m);
  pair[0] = pair[1] != NULL ? pop (m) : NULL;
  return pair[0] != NULL && extend (m, SMB_PICKLE_DICT, pair, 2);
}

static gboolean
memo_put (SmbPickleMachine *m, guint64 index)
{
  SmbPickleValue *value = top (m);

  if (value == NULL)
    return FALSE;
  if (index >= SMB_PICKLE_MAX_VALUES)
    return smb_pickle_fail (m, SMB_ERROR_LIMIT, _ ("its pickle remembers more than a million values"));
  if (index >= m->memo->len)
    g_ptr_array_set_size (m->memo, (gint) index + 1);
  g_ptr_array_index (m->memo, index) = value;
  return TRUE;
}

static gboolean
memo_get (SmbPickleMachine *m, guint64 index)
{
  if (index >= m->memo->len || g_ptr_array_index (m->memo, index) == NULL)
    return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle asks for a value it never stored"));
  return push (m, g_ptr_array_index (m->memo, index));
}

static gboolean
memo_by_number (SmbPickleMachine *m, guint width, gboolean (*use) (SmbPickleMachine *, guint64))
{
  guint64 index;

  return take_number (m, width, &index) && use (m, index);
}

/* PUT and GET of protocol 0: the index in decimal. */
static gboolean
memo_by_line (SmbPickleMachine *m, gboolean (*use) (SmbPickleMachine *, guint64))
{
  gsize n;
  const char *line = take_line (m, &n);
  guint64 index = 0;

  if (line == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++) {
    if (!g_ascii_isdigit (line[i]) || n > 9)
      return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a number in its pickle is none"));
    index = index * 10 + (guint64) (line[i] - '0');
  }
  return n > 0 ? use (m, index) : smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("a number in its pickle is none"));
}

static gboolean
run_global (SmbPickleMachine *m)
{
  gsize n_module, n_name;
  const char *module = take_line (m, &n_module), *name = module != NULL ? take_line (m, &n_name) : NULL;

  return name != NULL && push (m, smb_pickle_make_global (m, module, n_module, name, n_name));
}

static gboolean
run_stack_global (SmbPickleMachine *m)
{
  SmbPickleValue *name = pop (m), *module = name != NULL ? pop (m) : NULL;

  if (module == NULL)
    return FALSE;
  if (name->kind != SMB_PICKLE_TEXT || module->kind != SMB_PICKLE_TEXT)
    return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle names a class by something that is no text"));
  return push (m, smb_pickle_make_global (m, module->text.bytes, module->text.n, name->text.bytes, name->text.n));
}

/* NEWOBJ: class, args; NEWOBJ_EX: class, args, kwargs. */
static gboolean
run_new_object (SmbPickleMachine *m, gboolean with_kwargs)
{
  SmbPickleValue *kwargs = with_kwargs ? pop (m) : NULL, *args, *klass;

  if (with_kwargs && kwargs == NULL)
    return FALSE;
  args = pop (m);
  klass = args != NULL ? pop (m) : NULL;
  return klass != NULL && push (m, smb_pickle_new_object (m, klass, args, kwargs));
}

static gboolean
run_reduce (SmbPickleMachine *m)
{
  SmbPickleValue *args = pop (m), *callee = args != NULL ? pop (m) : NULL;

  return callee != NULL && push (m, smb_pickle_reduce (m, callee, args));
}

static gboolean
run_build (SmbPickleMachine *m)
{
  SmbPickleValue *state = pop (m), *object = state != NULL ? top (m) : NULL;

  return object != NULL && smb_pickle_build (m, object, state);
}

static gboolean
run_persistent (SmbPickleMachine *m)
{
  SmbPickleValue *id = pop (m);

  return id != NULL && push (m, smb_pickle_persistent (m, id));
}

static gboolean
run_mark (SmbPickleMachine *m)
{
  if (m->marks->len == SMB_PICKLE_MAX_MARKS)
    return smb_pickle_fail (m, SMB_ERROR_LIMIT, _ ("the objects of its pickle are nested too deep"));
  g_array_append_val (m->marks, m->stack->len);
  return TRUE;
}

static gboolean
run_protocol (SmbPickleMachine *m)
{
  guint64 protocol;

  if (!take_number (m, 1, &protocol))
    return FALSE;
  return protocol <= 5 || smb_pickle_fail (m, SMB_ERROR_UNSUPPORTED, _ ("its pickle is of a newer protocol than 5"));
}

/* FRAME announces how much follows; there must be as much, otherwise it says nothing new. */
static gboolean
run_frame (SmbPickleMachine *m)
{
  guint64 n;

  return take_number (m, 8, &n) && (n <= (guint64) (m->end - m->at) || fail_cut (m));
}

static gboolean
push_int (SmbPickleMachine *m, guint width)
{
  guint64 number;

  if (!take_number (m, width, &number))
    return FALSE;
  return push_whole (m, SMB_PICKLE_INT, width == 4 ? (gint32) (guint32) number : (gint64) number);
}

static gboolean
pop_to_mark (SmbPickleMachine *m)
{
  SmbPickleValue **items = NULL;
  guint n = 0;

  return pop_mark (m, &items, &n);
}

/* POP also takes a mark that nothing stands on. */
static gboolean
run_pop (SmbPickleMachine *m)
{
  return above_mark (m) == 0 && m->marks->len > 0 ? pop_to_mark (m) : pop (m) != NULL;
}

static gboolean
run_opcode (SmbPickleMachine *m, guint8 opcode)
{
  g_autofree char *what = NULL;

  switch (opcode) {
  case 0x80: return run_protocol (m);
  case 0x95: return run_frame (m);
  case '(': return run_mark (m);
  case '0': return run_pop (m);
  case '1': return pop_to_mark (m);
  case '2': return push (m, top (m));
  case 'N': return push_kind (m, SMB_PICKLE_NONE);
  case 0x88: return push_whole (m, SMB_PICKLE_BOOL, TRUE);
  case 0x89: return push_whole (m, SMB_PICKLE_BOOL, FALSE);
  case 'J': return push_int (m, 4);
  case 'K': return push_int (m, 1);
  case 'M': return push_int (m, 2);
  case 'I':
  case 'L':
  case 'F': return push_decimal (m, opcode);
  case 0x8a: return push_long (m, 1);
  case 0x8b: return push_long (m, 4);
  case 'G': return push_double (m);
  case 'S': return push_line (m, TRUE);
  case 'V': return push_line (m, FALSE);
  case 'T': return push_counted (m, SMB_PICKLE_TEXT, 4);
  case 'U': return push_counted (m, SMB_PICKLE_TEXT, 1);
  case 'X': return push_counted (m, SMB_PICKLE_TEXT, 4);
  case 0x8c: return push_counted (m, SMB_PICKLE_TEXT, 1);
  case 0x8d: return push_counted (m, SMB_PICKLE_TEXT, 8);
  case 'B': return push_counted (m, SMB_PICKLE_BYTES, 4);
  case 'C': return push_counted (m, SMB_PICKLE_BYTES, 1);
  case 0x8e:
  case 0x96: return push_counted (m, SMB_PICKLE_BYTES, 8);
  case ')': return push_kind (m, SMB_PICKLE_TUPLE);
  case ']': return push_kind (m, SMB_PICKLE_LIST);
  case '}': return push_kind (m, SMB_PICKLE_DICT);
  case 0x8f: return push_kind (m, SMB_PICKLE_SET);
  case 't': return make_tuple (m, -1);
  case 0x85: return make_tuple (m, 1);
  case 0x86: return make_tuple (m, 2);
  case 0x87: return make_tuple (m, 3);
  case 'l': return make_container (m, SMB_PICKLE_LIST);
  case 'd': return make_container (m, SMB_PICKLE_DICT);
  case 0x91: return make_container (m, SMB_PICKLE_SET);
  case 'a': return append_one (m);
  case 'e': return extend_from_mark (m, SMB_PICKLE_LIST);
  case 's': return set_one (m);
  case 'u': return extend_from_mark (m, SMB_PICKLE_DICT);
  case 0x90: return extend_from_mark (m, SMB_PICKLE_SET);
  case 'p': return memo_by_line (m, memo_put);
  case 'q': return memo_by_number (m, 1, memo_put);
  case 'r': return memo_by_number (m, 4, memo_put);
  case 0x94: return memo_put (m, m->memo->len);
  case 'g': return memo_by_line (m, memo_get);
  case 'h': return memo_by_number (m, 1, memo_get);
  case 'j': return memo_by_number (m, 4, memo_get);
  case 'c': return run_global (m);
  case 0x93: return run_stack_global (m);
  case 'R': return run_reduce (m);
  case 'b': return run_build (m);
  case 0x81: return run_new_object (m, FALSE);
  case 0x92: return run_new_object (m, TRUE);
  case 'Q': return run_persistent (m);
  default:
    what = g_strdup_printf (_ ("its pickle uses the opcode 0x%02x, which no PyTorch file needs"), opcode);
    return smb_pickle_fail (m, SMB_ERROR_FORMAT, what);
  }
}

gboolean
smb_pickle_run (SmbPickleMachine *m)
{
  const guint8 *opcode;

  for (;;) {
    opcode = take (m, 1);
    if (opcode == NULL)
      return FALSE;
    if (*opcode == '.')
      break;
    if (!run_opcode (m, *opcode))
      return FALSE;
  }
  if (m->stack->len != 1 || m->marks->len != 0)
    return smb_pickle_fail (m, SMB_ERROR_FORMAT, _ ("its pickle ends with values left over"));
  m->pickle->root = g_ptr_array_index (m->stack, 0);
  return smb_pickle_check_nesting (m, m->pickle->root);
}
