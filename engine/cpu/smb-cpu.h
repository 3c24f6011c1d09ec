/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "backend/smb-backend-abi.h"

/* The backend that is always there: OpenBLAS for products, own kernels for the rest. Static, never freed. */
const SmbBackendAbi *smb_cpu_backend (void);
