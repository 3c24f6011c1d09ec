// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "cuda_runtime_api.h"

// Does `work` now, or keeps it if the stream is being captured.
void smb_emulator_do (cudaStream_t stream, std::function<void ()> work);
