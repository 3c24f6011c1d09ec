/* SPDX-License-Identifier: Apache-2.0 */
/* Weights files of every kind: .safetensors, .pth as a ZIP archive and in its older form, and the pickles in them. */
#include "fuzz.h"

#include "weights/smb-weights-file.h"

#include <unistd.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  int fd = fuzz_memory_fd (data, n_bytes);
  g_autoptr (GError) error = NULL, optimiser_error = NULL;
  g_autoptr (SmbTensorDict) dict = NULL, optimiser = NULL;
  volatile guint8 sum = 0;

  smb_weights_read_pickles_here ();
  dict = smb_weights_read_fd (fd, SMB_WEIGHTS_MODEL, "fuzz", &error);
  optimiser = smb_weights_read_fd (fd, SMB_WEIGHTS_OPTIMISER, "fuzz", &optimiser_error);
  close (fd);
  g_assert_true ((optimiser != NULL) != (optimiser_error != NULL));
  fuzz_check_error (optimiser_error);
  g_assert_true ((dict != NULL) != (error != NULL));
  fuzz_check_error (error);
  for (guint i = 0; dict != NULL && i < dict->names->len; i++) {
    const SmbTensor *tensor = smb_tensor_dict_get (dict, g_ptr_array_index (dict->names, i));
    const guint8 *bytes = tensor->data;

    for (gsize at = 0; at < smb_tensor_get_bytes (tensor); at++)
      sum = (guint8) (sum + bytes[at]);
  }
  return 0;
}
