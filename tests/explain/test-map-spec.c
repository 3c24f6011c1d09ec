/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/smb-error.h"
#include "explain/smb-map.h"

/* Text, and what it reads back as: the canonical form. */
static void
test_text (void)
{
  const struct {
    const char *text, *canonical;
  } cases[] = {
    { "rollout", "rollout" },
    { "rollout:query=model", "rollout" },
    { "rollout:query=class", "rollout:query=class" },
    { "rollout:query=7", "rollout:query=7" },
    { "attention", "attention:layer=last,head=mean" },
    { "attention:layer=11,head=mean", "attention:layer=11,head=mean" },
    { "attention:head=3,layer=0", "attention:layer=0,head=3" },
    { "attention:query=0", "attention:layer=last,head=mean,query=0" },
    { "attention:query=class,layer=last", "attention:layer=last,head=mean,query=class" },
    { "error", "error:strategy=random,ratio=0.75,seed=0" },
    { "error:strategy=random,ratio=0.75,seed=7", "error:strategy=random,ratio=0.75,seed=7" },
    { "error:ratio=0.1", "error:strategy=random,ratio=0.1,seed=0" },
    { "error:ratio=.5", "error:strategy=random,ratio=0.5,seed=0" },
    { "masked-input:strategy=crfr-p,ratio=0.30000000000000004",
      "masked-input:strategy=crfr-p,ratio=0.30000000000000004,seed=0" },
    { "attention:head=all", "attention:layer=last,head=all" },
    { "relevance", "relevance:class=predicted" },
    { "relevance:query=3,class=1", "relevance:class=1,query=3" },
    { "occlusion", "occlusion:class=predicted,patch=32,stride=16" },
    { "occlusion:patch=8", "occlusion:class=predicted,patch=8,stride=4" },
    { "occlusion:patch=1", "occlusion:class=predicted,patch=1,stride=1" },
    { "error:region=mouth", "error:strategy=crfr-p,region=mouth,ratio=0.75,seed=0" },
    { "error:strategy=crfr-r,region=random", "error:strategy=crfr-r,ratio=0.75,seed=0" },
    { "ssim:patches=5+3+4+9", "ssim:strategy=patches,patches=3-5+9" },
    { "signed-error:patches=1-2+2047,strategy=patches", "signed-error:strategy=patches,patches=1+2+2047" },
    { "reconstruction:visible=predicted", "reconstruction:strategy=random,ratio=0.75,seed=0,visible=predicted" },
    { "reconstruction:visible=kept", "reconstruction:strategy=random,ratio=0.75,seed=0" },
    { "coverage:times=3", "coverage:strategy=random,ratio=0.75,seed=0,times=3" },
    { "regions", "regions" },
    { "reconstruction:seed=18446744073709551615",
      "reconstruction:strategy=random,ratio=0.75,seed=18446744073709551615" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    SmbMapSpec spec, again;
    g_autofree char *text = NULL, *text_again = NULL;

    g_assert_true (smb_map_spec_parse (&spec, cases[i].text, &error));
    g_assert_no_error (error);
    text = smb_map_spec_to_text (&spec);
    g_assert_cmpstr (text, ==, cases[i].canonical);
    g_assert_true (smb_map_spec_parse (&again, text, &error));
    text_again = smb_map_spec_to_text (&again);
    g_assert_cmpstr (text_again, ==, text);
    g_assert_true (smb_map_spec_equal (&spec, &again));
  }
}

static void
test_values (void)
{
  SmbMapSpec spec, other;
  g_autoptr (GError) error = NULL;

  g_assert_true (smb_map_spec_parse (&spec, "attention:layer=4,head=2,query=9", &error));
  g_assert_cmpint (spec.kind, ==, SMB_MAP_ATTENTION);
  g_assert_cmpint (spec.layer, ==, 4);
  g_assert_cmpint (spec.head, ==, 2);
  g_assert_cmpint (spec.query, ==, 10); /* 1 + patch */
  g_assert_true (smb_map_spec_parse (&other, "attention:layer=4,head=2", &error));
  g_assert_cmpint (other.query, ==, -1);
  g_assert_false (smb_map_spec_equal (&spec, &other));
  /* Settings that the kind does not have do not count. */
  spec = smb_map_spec_default (SMB_MAP_ROLLOUT);
  other = spec;
  other.seed = 9;
  g_assert_true (smb_map_spec_equal (&spec, &other));
}

static void
test_refused (void)
{
  const struct {
    const char *text, *says;
  } cases[] = {
    { "", "names no map" },
    { "Rollout", "names no map" },
    { "heatmap:layer=3", "“heatmap:layer=3”" },
    { "rollout:", "“”" },
    { "attention:layer", "“layer”" },
    { "attention:layer=1,", "“”" },
    { "attention:lay=1", "layer=…, head=…, query=…" },
    { "attention:seed=1", "“seed=1”" },
    { "rollout:layer=1", "“layer=1”" },
    { "error:head=1", "“head=1”" },
    { "attention:layer=1,layer=2", "twice" },
    { "attention:layer=-1", "“-1”" },
    { "attention:layer=", "“layer”" },
    { "attention:layer=1x", "“1x”" },
    { "attention:layer=99999999999999999999", "“layer”" },
    { "attention:head= 1", "“ 1”" },
    { "attention:query=cls", "“cls”" },
    { "error:ratio=0", "between 0 and 1" },
    { "error:ratio=1", "between 0 and 1" },
    { "error:ratio=nan", "between 0 and 1" },
    { "error:ratio=0x1p-1", "between 0 and 1" },
    { "error:ratio=0,5", "between 0 and 1" },
    { "error:ratio=0.5.1", "between 0 and 1" },
    { "error:seed=-1", "“-1”" },
    { "error:seed=18446744073709551616", "whole number" },
    { "error:strategy=all", "random, fasking-i" },
    { "error:region=skin", "brows, eyes" },
    { "error:strategy=frp,region=nose", "covers no region" },
    { "error:strategy=patches", "patches=…" },
    { "error:patches=1,seed=3", "nothing that is drawn" },
    { "error:patches=1,strategy=frp", "nothing that is drawn" },
    { "error:patches=", "3+5-7" },
    { "error:patches=7-5", "3+5-7" },
    { "error:patches=2048", "3+5-7" },
    { "error:patches=1+", "3+5-7" },
    { "coverage:patches=1", "“patches=1”" },
    { "coverage:strategy=patches", "random, fasking-i" },
    { "coverage:times=0", "1 to 1000" },
    { "occlusion:patch=8,stride=9", "gaps" },
    { "occlusion:patch=0", "pixels from 1" },
    { "relevance:class=x", "“predicted”" },
    { "reconstruction:visible=all", "kept, predicted" },
    { "regions:seed=1", "no settings" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    SmbMapSpec spec = { .layer = 77 };

    g_assert_false (smb_map_spec_parse (&spec, cases[i].text, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, cases[i].says));
    g_assert_cmpint (spec.layer, ==, 77);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/map-spec/text", test_text);
  g_test_add_func ("/map-spec/values", test_values);
  g_test_add_func ("/map-spec/refused", test_refused);
  return g_test_run ();
}
