/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/smb-image.h"

/* A picture of data/samples, decoded by GdkPixbuf so that the room is tested without its neighbours. */
SmbImage *sample_load (const char *name);
