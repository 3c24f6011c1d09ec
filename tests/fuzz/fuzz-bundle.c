/* SPDX-License-Identifier: Apache-2.0 */
/* A report's bundle, as anyone may hand one in. */
#include "fuzz.h"

#include "report/smb-bundle.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbBundle) bundle = smb_bundle_parse ((const char *) data, n_bytes, &error);

  g_assert_true ((bundle != NULL) != (error != NULL));
  fuzz_check_error (error);
  for (guint i = 0; bundle != NULL && i < bundle->exhibits->len; i++) {
    const SmbBundleExhibit *exhibit = bundle->exhibits->pdata[i];

    g_assert_true ((exhibit->result != NULL) == (exhibit->analysis != NULL));
    for (guint m = 0; m < exhibit->maps->len; m++)
      g_assert_cmpuint (((SmbBundleMap *) exhibit->maps->pdata[m])->face, <, exhibit->analysis->faces->len);
  }
  return 0;
}
