/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the window that are put together from parts. */
#include "smb-format.h"

/* A case without a number, or without a laboratory, has no dot where it would stand. */
static void
test_join (void)
{
  const char *const cases[][3] = {
    { "SC-9", "North", "SC-9 · North" }, { "", "North", "North" }, { NULL, "North", "North" },
    { "SC-9", "", "SC-9" },              { "SC-9", NULL, "SC-9" }, { "", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *joined = smb_format_join (cases[i][0], cases[i][1]);

    g_assert_cmpstr (joined, ==, cases[i][2]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/format/join", test_join);
  return g_test_run ();
}
