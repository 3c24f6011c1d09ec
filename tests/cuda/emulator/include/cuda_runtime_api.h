/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* As much of CUDA's runtime as engine/cuda calls, played by the processor (emulator.cc). Names and numbers are CUDA's.
 * */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CUDART_VERSION 13000

typedef enum {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorDevicesUnavailable = 46,
  cudaErrorInvalidDeviceFunction = 98,
  cudaErrorNoDevice = 100,
  cudaErrorInvalidDevice = 101,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorUnsupportedPtxVersion = 222,
  cudaErrorLaunchFailure = 719,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorStreamCaptureInvalidated = 901,
} cudaError_t;

struct cudaDeviceProp {
  char name[256];
  int major, minor;
};

typedef struct {
  int binaryVersion;
} cudaFuncAttributes;

typedef struct SmbEmulatedStream *cudaStream_t;
typedef struct SmbEmulatedEvent *cudaEvent_t;
typedef struct SmbEmulatedGraph *cudaGraph_t;
typedef struct SmbEmulatedGraphExec *cudaGraphExec_t;
typedef enum { cudaStreamCaptureModeThreadLocal = 1 } cudaStreamCaptureMode;

enum { cudaComputeModeDefault = 0, cudaComputeModeProhibited = 2 };
enum { cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2, cudaHostAllocDefault = 0 };
typedef enum { cudaDevAttrComputeMode = 20, cudaDevAttrMaxSharedMemoryPerBlockOptin = 97 } cudaDeviceAttr;
typedef enum { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 } cudaMemcpyKind;
typedef enum { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 } cudaFuncAttribute;

cudaError_t cudaGetDeviceCount (int *count);
cudaError_t cudaDriverGetVersion (int *version);
cudaError_t cudaGetDeviceProperties (struct cudaDeviceProp *properties, int device);
cudaError_t cudaDeviceGetAttribute (int *value, cudaDeviceAttr attribute, int device);
cudaError_t cudaSetDevice (int device);
cudaError_t cudaMemGetInfo (size_t *left, size_t *total);
const char *cudaGetErrorString (cudaError_t error);
cudaError_t cudaGetLastError (void);
cudaError_t cudaPeekAtLastError (void);
cudaError_t cudaStreamCreateWithFlags (cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy (cudaStream_t stream);
cudaError_t cudaStreamSynchronize (cudaStream_t stream);
cudaError_t cudaStreamBeginCapture (cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture (cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiateWithFlags (cudaGraphExec_t *out, cudaGraph_t graph, unsigned long long flags);
cudaError_t cudaGraphDestroy (cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy (cudaGraphExec_t graph);
cudaError_t cudaGraphLaunch (cudaGraphExec_t graph, cudaStream_t stream);
cudaError_t cudaEventCreateWithFlags (cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy (cudaEvent_t event);
cudaError_t cudaEventRecord (cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize (cudaEvent_t event);
cudaError_t cudaStreamWaitEvent (cudaStream_t stream, cudaEvent_t event, unsigned flags);
cudaError_t cudaMalloc (void **pointer, size_t bytes);
cudaError_t cudaFree (void *pointer);
cudaError_t cudaHostAlloc (void **pointer, size_t bytes, unsigned flags);
cudaError_t cudaFreeHost (void *pointer);
cudaError_t cudaMemcpyAsync (void *out, const void *in, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaFuncGetAttributes (cudaFuncAttributes *attributes, const void *kernel);
cudaError_t cudaFuncSetAttribute (const void *kernel, cudaFuncAttribute attribute, int value);

/* Not CUDA's: the card's memory can be touched only between these two. */
void smb_emulator_enter (void);
void smb_emulator_leave (void);
/* Runs `work` on a copy of its arguments, or has a stream that is being captured keep both for later. */
void smb_emulator_submit (cudaStream_t stream, void (*work) (const void *arguments), const void *arguments,
                          size_t bytes);
/* Called by what a captured stream may not wait for: 1, and the capture is lost, if this thread captures one. */
int smb_emulator_spoils_capture (void);
/* Has every stream do all it was given. */
void smb_emulator_finish (void);
/* Sets what cudaGetLastError returns; returns it. */
cudaError_t smb_emulator_result (cudaError_t error);

#ifdef __cplusplus
}
#endif
