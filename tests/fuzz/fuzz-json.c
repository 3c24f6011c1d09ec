/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from a case, a worker or a bundle: parsed, read as an analysis, written and read again. */
#include "fuzz.h"

#include "analysis/smb-analysis.h"
#include "analysis/smb-json.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autofree char *text = g_strndup ((const char *) data, n_bytes), *canonical = NULL;
  g_autoptr (GError) error = NULL, analysis_error = NULL;
  g_autoptr (JsonNode) node = smb_json_parse (text, 1 << 20, "fuzz", &error), written = NULL;
  g_autoptr (SmbAnalysis) analysis = NULL, again = NULL;

  g_assert_true ((node != NULL) != (error != NULL));
  fuzz_check_error (error);
  if (node == NULL)
    return 0;
  canonical = smb_json_to_canonical (node);
  analysis = smb_analysis_from_json (node, &analysis_error);
  g_assert_true ((analysis != NULL) != (analysis_error != NULL));
  fuzz_check_error (analysis_error);
  if (analysis == NULL)
    return 0;
  written = smb_analysis_to_json (analysis);
  again = smb_analysis_from_json (written, &error);
  g_assert_no_error (error);
  return 0;
}
