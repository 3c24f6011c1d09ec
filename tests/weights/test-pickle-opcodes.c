/* SPDX-License-Identifier: Apache-2.0 */
/* Every opcode of Python's pickles, protocols 0 to 5, by itself: what it makes, and what is refused in which words. */
#include "base/smb-error.h"
#include "weights/smb-pickle.h"

#include <string.h>

#define P(text) text, sizeof (text) - 1

static void show (GString *out, const SmbPickleValue *value);

static void
show_items (GString *out, const SmbPickleValue *value, const char *open, const char *close)
{
  g_string_append (out, open);
  for (guint i = 0; i < value->n_items; i++) {
    g_string_append (out, i > 0 ? " " : "");
    show (out, value->items[i]);
  }
  g_string_append (out, close);
}

/* In a notation of this test. */
static void
show (GString *out, const SmbPickleValue *value)
{
  g_autofree char *scalar = smb_pickle_value_dup_scalar (value);

  switch (value->kind) {
  case SMB_PICKLE_NONE: g_string_append (out, "none"); break;
  case SMB_PICKLE_BIG: g_string_append_printf (out, "big%" G_GSIZE_FORMAT, value->text.n); break;
  case SMB_PICKLE_TEXT: g_string_append_printf (out, "'%s'", scalar); break;
  case SMB_PICKLE_BYTES: g_string_append_printf (out, "b'%.*s'", (int) value->text.n, value->text.bytes); break;
  case SMB_PICKLE_TUPLE: show_items (out, value, "(", ")"); break;
  case SMB_PICKLE_LIST: show_items (out, value, "[", "]"); break;
  case SMB_PICKLE_SET: show_items (out, value, "<", ">"); break;
  case SMB_PICKLE_DICT: show_items (out, value, "{", "}"); break;
  case SMB_PICKLE_NAMESPACE: show_items (out, value, "ns{", "}"); break;
  case SMB_PICKLE_GLOBAL: g_string_append_printf (out, "%.*s", (int) value->text.n, value->text.bytes); break;
  case SMB_PICKLE_OPAQUE: show_items (out, value, "object<", ">"); break;
  case SMB_PICKLE_STORAGE:
    g_string_append_printf (out, "storage %s %s %" G_GINT64_FORMAT, value->storage.key,
                            smb_dtype_name (value->storage.dtype), value->storage.n);
    break;
  case SMB_PICKLE_TENSOR: g_string_append_printf (out, "tensor of rank %d", value->tensor.rank); break;
  default: g_string_append (out, scalar); break; /* BOOL, INT, FLOAT */
  }
}

static SmbPickle *
parse (const char *text, gsize n, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, n);
  gsize used = 0;
  SmbPickle *pickle = smb_pickle_parse (bytes, 0, n, &used, "made.pth", error);

  if (pickle != NULL)
    g_assert_cmpuint (used, ==, n);
  return pickle;
}

#define STORAGE(key, type, n) "(X\7\0\0\0storage" type "X\1\0\0\0" key "X\3\0\0\0cpu" n "tQ"
#define FLOATS "ctorch\nFloatStorage\n"

static void
test_made (void)
{
  static const struct {
    const char *text;
    gsize n;
    const char *shown;
  } made[] = {
    /* numbers */
    { P ("I00\n."), "false" },
    { P ("I01\n."), "true" },
    { P ("I-42\n."), "-42" },
    { P ("L123L\n."), "123" },
    { P ("L-5\n."), "-5" },
    { P ("F1.5\n."), "1.5" },
    { P ("G\x3f\xf8\0\0\0\0\0\0."), "1.5" },
    { P ("J\xff\xff\xff\xff."), "-1" },
    { P ("K\xff."), "255" },
    { P ("M\1\1."), "257" },
    { P ("\x8a\0."), "0" },
    { P ("\x8a\2\xff\xff."), "-1" },
    { P ("\x8b\2\0\0\0\x39\x30."), "12345" },
    { P ("\x8a\x0a" "0123456789."), "big10" },
    { P ("N."), "none" },
    { P ("\x88."), "true" },
    /* texts and bytes */
    { P ("S'ab'\n."), "'ab'" },
    { P ("S\"a'b\"\n."), "'a'b'" },
    { P ("Vab\n."), "'ab'" },
    { P ("T\2\0\0\0ab."), "'ab'" },
    { P ("U\2ab."), "'ab'" },
    { P ("X\2\0\0\0ab."), "'ab'" },
    { P ("\x8c\2ab."), "'ab'" },
    { P ("\x8d\2\0\0\0\0\0\0\0ab."), "'ab'" },
    { P ("U\1\xff."), "b'\xff'" }, /* no UTF-8 */
    { P ("B\2\0\0\0ab."), "b'ab'" },
    { P ("C\2ab."), "b'ab'" },
    { P ("\x8e\2\0\0\0\0\0\0\0ab."), "b'ab'" },
    { P ("\x96\2\0\0\0\0\0\0\0ab."), "b'ab'" },
    /* containers */
    { P ("(K\1K\2l."), "[1 2]" },
    { P ("(lK\1a."), "[1]" },
    { P ("](K\1K\2e."), "[1 2]" },
    { P ("(S'a'\nK\1d."), "{'a' 1}" },
    { P ("}S'a'\nK\1s."), "{'a' 1}" },
    { P ("(K\1K\1\x91."), "<1 1>" },
    { P ("\x8f(K\1\x90."), "<1>" },
    { P ("(t."), "()" },
    { P ("(K\1K\2K\3K\4t."), "(1 2 3 4)" },
    { P ("K\1K\2K\3\x87."), "(1 2 3)" },
    /* the stack and the memo */
    { P ("K\1" "2\x86."), "(1 1)" },
    { P ("K\1K\2" "0."), "1" },
    { P ("K\1(" "0."), "1" },
    { P ("K\1(K\2K\3" "1."), "1" },
    { P ("K\7p12\n0g12\n."), "7" },
    { P ("K\7q\5" "0h\5."), "7" },
    { P ("K\7r\0\1\0\0" "0j\0\1\0\0."), "7" },
    { P ("K\7\x94" "0h\0."), "7" },
    { P ("\x80\4\x95\3\0\0\0\0\0\0\0K\7."), "7" },
    /* classes: those that are known, and records of the others */
    { P ("cmy\nNet\n."), "my Net" },
    { P ("X\2\0\0\0myX\3\0\0\0Net\x93."), "my Net" },
    { P ("cbuiltins\nlist\n)R."), "[]" },
    { P ("cbuiltins\nlist\n(K\1K\2t\x85R."), "[1 2]" },
    { P ("cbuiltins\ntuple\n(K\1K\2l\x85R."), "(1 2)" },
    { P ("cbuiltins\nfrozenset\n(K\1l\x85R."), "<1>" },
    { P ("ccollections\nOrderedDict\n)R."), "{}" },
    { P ("ccollections\nOrderedDict\n)\x81."), "{}" },
    { P ("ccollections\nOrderedDict\n(K\1K\2l\x85\x85R."), "{1 2}" },
    { P ("ccollections\nOrderedDict\n(K\1K\2\x86K\3K\4\x86l\x85R."), "{1 2 3 4}" },
    { P ("ccollections\nOrderedDict\n((K\1K\2ll\x85R."), "{1 2}" },
    { P ("cargparse\nNamespace\n)R}S'a'\nK\1sb."), "ns{'a' 1}" },
    { P ("cargparse\nNamespace\nK\1\x85R."), "object<argparse Namespace (1)>" },
    { P ("cpathlib\nPosixPath\nS'/a'\nS'b'\n\x86R."), "'/a/b'" },
    { P ("cpathlib\nPosixPath\nS'a/'\nS'b'\n\x86R."), "'a/b'" },
    { P ("cpathlib\nPosixPath\nK\1\x85R."), "object<pathlib PosixPath (1)>" },
    { P ("ctorch._utils\n_rebuild_parameter\nK\1\x85R."), "1" },
    { P ("ctorch._utils\n_rebuild_parameter\n)R."), "object<torch._utils _rebuild_parameter ()>" },
    { P ("cmy\nNet\n)}\x92."), "object<my Net () {}>" },
    { P ("cmy\nNet\n)\x81}b."), "object<my Net () {}>" },
    { P ("cmy\nmake\n)R)R."), "object<object<my make ()> ()>" },
    { P ("}}b."), "{}" },
    /* storages and tensors */
    { P (STORAGE ("a", FLOATS, "K\4") "."), "storage a F32 4" },
    { P (STORAGE ("a", FLOATS, "K\4") STORAGE ("a", FLOATS, "K\4") "\x86."), "(storage a F32 4 storage a F32 4)" },
    { P (STORAGE ("a", "ctorch.cuda\nHalfStorage\n", "K\4") "."), "storage a F16 4" },
    { P ("(X\7\0\0\0storage" FLOATS "X\1\0\0\0aX\3\0\0\0cpuK\4NtQ."), "storage a F32 4" },
    { P ("ctorch._utils\n_rebuild_tensor\n(" STORAGE ("a", FLOATS, "K\4") "K\0K\2K\2\x86K\2K\1\x86tR."),
      "tensor of rank 2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (made); i++) {
    g_autoptr (GString) out = g_string_new (NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (SmbPickle) pickle = parse (made[i].text, made[i].n, &error);

    if (pickle == NULL)
      g_error ("pickle %u, %s: %s", i, made[i].shown, error->message);
    show (out, smb_pickle_get_root (pickle));
    g_assert_cmpstr (out->str, ==, made[i].shown);
  }
}

static void
test_refused (void)
{
  static const struct {
    const char *text;
    gsize n;
    const char *words;
  } refused[] = {
    { P ("I\n."), "a number in its pickle is none" },
    { P ("Iabc\n."), "a number in its pickle is none" },
    { P ("F1.5x\n."), "a number in its pickle is none" },
    { P ("L99999999999999999999L\n."), "a number in its pickle is none" },
    { P ("I1234567890123456789012345678901234567890123456789012345678901234567890\n."), "a number in its pickle is none" },
    { P ("Sab\n."), "lacks its quotes" },
    { P ("S'\n."), "lacks its quotes" },
    { P ("S'ab\"\n."), "lacks its quotes" },
    { P ("Va\\u0041\n."), "escaped texts" },
    { P ("I1"), "cut short" },
    { P ("K"), "cut short" },
    { P ("G\0\0"), "cut short" },
    { P ("X\xff\0\0\0ab."), "cut short" },
    { P ("\x8a\4\1."), "cut short" },
    { P ("p1"), "cut short" },
    { P ("\x80"), "cut short" },
    { P ("\x95\xff\0\0\0\0\0\0\0."), "cut short" },
    { P ("K\1\x87."), "a tuple in its pickle lacks values" },
    { P ("\x85."), "empty stack" },
    { P ("0."), "empty stack" },
    { P ("2."), "empty stack" },
    { P ("a."), "empty stack" },
    { P ("K\1a."), "empty stack" },
    { P ("K\1s."), "empty stack" },
    { P ("b."), "empty stack" },
    { P ("R."), "empty stack" },
    { P ("\x92."), "empty stack" },
    { P ("\x93."), "empty stack" },
    { P ("Q."), "empty stack" },
    { P ("q\0."), "empty stack" },
    { P ("1."), "never opened" },
    { P ("t."), "never opened" },
    { P ("l."), "never opened" },
    { P ("e."), "never opened" },
    { P ("K\1K\2a."), "no list or dictionary" },
    { P ("K\1K\2K\3s."), "no list or dictionary" },
    { P ("(K\1d."), "a key without a value" },
    { P ("}]K\1s."), "a key that cannot be one" },
    { P ("g7\n."), "never stored" },
    { P ("h\7."), "never stored" },
    { P ("K\1p\n."), "a number in its pickle is none" },
    { P ("K\1pxy\n."), "a number in its pickle is none" },
    { P ("K\1p1234567890\n."), "a number in its pickle is none" },
    { P ("K\1r\xff\xff\xff\xff."), "remembers more than a million" },
    { P ("K\1K\2\x93."), "by something that is no text" },
    { P ("c\nx\n."), "no name" },
    { P ("K\1)\x81."), "no class" },
    { P ("cmy\nNet\nK\1\x81."), "no class" },
    { P ("cmy\nNet\n)K\1\x92."), "no class" },
    { P ("K\1)R."), "no function" },
    { P ("cmy\nf\nK\1R."), "no function" },
    { P ("cbuiltins\nlist\nK\1\x85R."), "makes a list of something that is none" },
    { P ("cbuiltins\nset\n]]\x86R."), "makes a list of something that is none" },
    { P ("ccollections\nOrderedDict\nK\1\x85R."), "no list of pairs" },
    { P ("ccollections\nOrderedDict\n(K\1l\x85R."), "no list of pairs" },
    { P ("ccollections\nOrderedDict\n((K\1ll\x85R."), "no list of pairs" },
    { P ("ccollections\nOrderedDict\n((]K\1ll\x85R."), "a key that cannot be one" },
    { P ("K\1}b."), "attributes to something that has none" },
    { P ("}K\1b."), "attributes to something that has none" },
    { P ("cargparse\nNamespace\n)RK\1b."), "attributes to something that has none" },
    { P ("cargparse\nNamespace\n)R}K\1K\2sb."), "an attribute without a name" },
    { P ("K\1K\2."), "values left over" },
    { P ("K\1(."), "values left over" },
    { P ("\x80\6."), "newer protocol" },
    { P ("\xff."), "opcode 0xff" },
    { P ("]q\0h\0a."), "holds itself" },
    { P ("K\1Q."), "described wrongly" },
    { P (STORAGE ("a", "K\1", "K\4") "."), "has no type" },
    { P (STORAGE ("a", "ctorch\nQuantStorage\n", "K\4") "."), "of the type" },
    { P (STORAGE ("/", FLOATS, "K\4") "."), "no plain name" },
    { P ("(X\7\0\0\0storage" FLOATS "K\1X\3\0\0\0cpuK\4tQ."), "no plain name" },
    { P (STORAGE ("a", FLOATS, "J\xff\xff\xff\xff") "."), "described wrongly" },
    { P (STORAGE ("a", FLOATS, "\x8a\x8\xff\xff\xff\xff\xff\xff\xff\x7f") "."), "larger than any memory" },
    { P (STORAGE ("a", FLOATS, "K\4") STORAGE ("a", FLOATS, "K\5") "\x86."), "in two ways" },
    { P ("(X\7\0\0\0storage" FLOATS "X\1\0\0\0aX\3\0\0\0cpuK\4K\1tQ."), "are views" },
    { P ("ctorch._utils\n_rebuild_tensor\n)R."), "a tensor is described wrongly" },
    { P ("ctorch._utils\n_rebuild_tensor\n(" STORAGE ("a", FLOATS, "K\4") "K\0J\xff\xff\xff\xff\x85K\1\x85tR."),
      "no number of 0 or more" },
    { P ("ctorch._utils\n_rebuild_tensor\n(" STORAGE ("a", FLOATS, "K\4") "K\0K\1\x85N\x85tR."),
      "no number of 0 or more" },
    { P ("ctorch._utils\n_rebuild_tensor\n(" STORAGE ("a", FLOATS, "K\4") "K\0K\5\x85K\1\x85tR."),
      "beyond its storage" },
    { P ("ctorch._utils\n_rebuild_tensor\n(" STORAGE ("a", FLOATS, "K\4")
         "K\0(K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1t(K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1ttR."), "dimensions" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (SmbPickle) pickle = parse (refused[i].text, refused[i].n, &error);

    if (pickle != NULL)
      g_error ("pickle %u was read although %s", i, refused[i].words);
    g_assert_true (error->domain == SMB_ERROR);
    if (!g_str_has_prefix (error->message, "made.pth") || strstr (error->message, refused[i].words) == NULL)
      g_error ("pickle %u: “%s” instead of “… %s …”", i, error->message, refused[i].words);
  }
}

/* What grows without end: marks, values, items, nesting. */
static void
test_bounds (void)
{
  static const struct {
    const char *once;
    gsize n_times;
    const char *end, *words;
  } bounds[] = {
    { "(", 1001, "t.", "nested too deep" },
    { "K\1", (1u << 20) + 1, ".", "more than a million values" },
    { "2", (1u << 20) + 1, ".", "stack of its pickle grows too high" },
    { "]", 200, NULL, "nested too deep" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++) {
    g_autoptr (GString) text = g_string_new (bounds[i].once[0] == '2' ? "N" : NULL);
    g_autoptr (GError) error = NULL;

    for (gsize k = 0; k < bounds[i].n_times; k++)
      g_string_append (text, bounds[i].once);
    for (gsize k = 1; bounds[i].end == NULL && k < bounds[i].n_times; k++)
      g_string_append_c (text, 'a');
    g_string_append (text, bounds[i].end != NULL ? bounds[i].end : ".");
    g_assert_null (parse (text->str, text->len, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_LIMIT);
    g_assert_nonnull (strstr (error->message, bounds[i].words));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/weights/pickle-opcodes/made", test_made);
  g_test_add_func ("/weights/pickle-opcodes/refused", test_refused);
  g_test_add_func ("/weights/pickle-opcodes/bounds", test_bounds);
  return g_test_run ();
}
