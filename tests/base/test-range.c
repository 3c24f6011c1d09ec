/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-range.h"

#include <math.h>

#include "base/smb-error.h"

static void
sentences (void)
{
  static const struct {
    SmbRange range;
    const char *sentence; /* NULL: within */
  } all[] = {
    { { "--blr", 0.1, 0.0, INFINITY, TRUE, FALSE }, NULL },
    { { "--blr", 0.0, 0.0, INFINITY, TRUE, FALSE }, "--blr is above 0, not 0." },
    { { "--blr", INFINITY, 0.0, INFINITY, TRUE, FALSE }, "--blr is above 0, not inf." },
    { { "--blr", NAN, 0.0, INFINITY, FALSE, FALSE }, "--blr is at least 0, not nan." },
    { { "--grey", 1.0, 0.0, 1.0, FALSE, FALSE }, NULL },
    { { "--grey", 1.5, 0.0, 1.0, FALSE, FALSE }, "--grey is from 0 to 1, not 1.5." },
    { { "--keep", 0.0, 0.0, 1.0, TRUE, FALSE }, "--keep is above 0 and at most 1, not 0." },
    { { "--drop", 1.0, 0.0, 1.0, FALSE, TRUE }, "--drop is at least 0 and below 1, not 1." },
    { { "--mask", 1.0, 0.0, 1.0, TRUE, TRUE }, "--mask is above 0 and below 1, not 1." },
    { { "--weight", -5.0, -INFINITY, INFINITY, FALSE, FALSE }, NULL },
    { { "--weight", -INFINITY, -INFINITY, INFINITY, FALSE, FALSE }, "--weight is a number, not -inf." },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_cmpint (smb_ranges_check (&all[i].range, 1, &error), ==, all[i].sentence == NULL);
    g_assert_cmpstr (error != NULL ? error->message : NULL, ==, all[i].sentence);
    g_assert_true (error == NULL || g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT));
  }
}

static void
first (void)
{
  const SmbRange ranges[] = { { "a", 0.5, 0.0, 1.0, FALSE, FALSE }, { "b", 2.0, 0.0, 1.0, FALSE, FALSE },
                              { "c", 3.0, 0.0, 1.0, FALSE, FALSE } };
  g_autoptr (GError) error = NULL;

  g_assert_false (smb_ranges_check (ranges, 3, &error));
  g_assert_true (g_str_has_prefix (error->message, "b "));
  g_assert_true (smb_ranges_check (ranges, 1, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/range/sentences", sentences);
  g_test_add_func ("/base/range/first", first);
  return g_test_run ();
}
