/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a model beside its scores comes from its card, and from nothing else a card may hold. */
#include <glib/gstdio.h>
#include <string.h>

#include "analysis/smb-card-limits.h"

/* Of a model whose card is that text. */
static SmbCardLimits *
read_card (const char *card)
{
  g_autofree char *folder = g_dir_make_tmp ("semblance-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, SMB_MODEL_CARD, NULL);
  const SmbModelInfo model = { .name = (char *) "test", .folder = folder };
  SmbCardLimits *limits;

  g_assert_true (g_file_set_contents (path, card, -1, NULL));
  limits = smb_card_limits_read (&model, NULL);
  g_unlink (path);
  g_rmdir (folder);
  return limits;
}

#define EVALUATION(px, class, auc, alarms)                                                                            \
  "{\"reencode_px\": " px ", \"frame\": {\"bpcer\": {\"value\": " alarms "}}, \"classes\": {\"" class                  \
  "\": {\"auc\": {\"value\": " auc "}}}}"

static void
test_poor (void)
{
  g_autoptr (SmbCardLimits) limits
      = read_card ("{\"limits\": \"Nothing generated.\", \"evaluations\": [" EVALUATION (
          "0", "swapped", "0.713", "0.15") ", " EVALUATION ("0", "synthetic", "0.354", "0.371") ", " EVALUATION (
          "0", "swapped", "0.789", "0.14") ", " EVALUATION ("160", "swapped", "0.2", "0.9") "]}");

  g_assert_nonnull (limits);
  g_test_message ("%s", limits->measured);
  g_assert_true (limits->poor);
  g_assert_nonnull (strstr (limits->measured, "swapped 0.71–0.79, synthetic 0.35"));
  g_assert_nonnull (strstr (limits->measured, "a coin has 0.5"));
  g_assert_nonnull (strstr (limits->measured, "up to 37 % forged"));
  g_assert_cmpstr (limits->limits, ==, "Nothing generated.");
}

static void
test_good (void)
{
  g_autoptr (SmbCardLimits) limits
      = read_card ("{\"evaluations\": [" EVALUATION ("0", "forged", "0.981", "0.02") "]}");

  g_assert_nonnull (limits);
  g_assert_false (limits->poor);
  g_assert_nonnull (strstr (limits->measured, "forged 0.98."));
  g_assert_null (strstr (limits->measured, "coin"));
  g_assert_null (limits->limits);
}

/* Cards come from files. */
static void
test_strange (void)
{
  static const char *const cards[]
      = { "",
          "[]",
          "7",
          "{}",
          "{\"limits\": 3, \"evaluations\": {}}",
          "{\"limits\": \"\", \"evaluations\": [1, null, [], {\"classes\": 3, \"frame\": []}]}",
          "{\"evaluations\": [{\"frame\": {\"bpcer\": 1}, \"classes\": {\"a\": {\"auc\": {\"value\": \"x\"}}}}]}" };
  g_autoptr (GString) many = g_string_new ("{\"evaluations\": [{\"classes\": {");
  g_autoptr (SmbCardLimits) limits = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cards); i++)
    g_assert_null (read_card (cards[i]));
  for (int i = 0; i < 1000; i++)
    g_string_append_printf (many, "%s\"%0*d\": {\"auc\": {\"value\": 0.9}}", i > 0 ? "," : "", i == 3 ? 5000 : 4, i);
  g_string_append (many, "}}]}");
  limits = read_card (many->str);
  g_assert_nonnull (limits);
  g_assert_cmpuint (strlen (limits->measured), <, 400);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/card-limits/poor", test_poor);
  g_test_add_func ("/card-limits/good", test_good);
  g_test_add_func ("/card-limits/strange", test_strange);
  return g_test_run ();
}
