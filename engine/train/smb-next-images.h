/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* Asked by a trainer during a step, when all that the step was given has been read: the host images that the step of
 * `iteration` will be given, of the same shape, in the same memory, and with what that holds now (borrowed until that
 * step has ended); NULL: not known. */
typedef const SmbTensor *(*SmbNextImages) (gpointer user_data, guint64 iteration);

G_END_DECLS
