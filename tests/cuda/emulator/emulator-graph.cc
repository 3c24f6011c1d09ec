// SPDX-License-Identifier: Apache-2.0
// Streams, and what is captured of them. A stream does everything at once; one that is captured does nothing and keeps
// it, with the arguments of that moment, as a graph. SMB_EMULATED_GRAPHS names what fails: "begin", "end",
// "instantiate" or "launch".
#include <cstdlib>
#include <cstring>
#include <vector>

#include "emulator-graph.h"

struct SmbEmulatedGraph {
  std::vector<std::function<void ()>> work;
};

struct SmbEmulatedGraphExec {
  std::vector<std::function<void ()>> work;
};

struct SmbEmulatedStream {
  SmbEmulatedGraph *captured; // NULL: not being captured
  bool spoilt;
};

static thread_local SmbEmulatedStream *capturing;

static bool
fails (const char *what)
{
  const char *name = std::getenv ("SMB_EMULATED_GRAPHS");

  return name != nullptr && std::strcmp (name, what) == 0;
}

void
smb_emulator_do (cudaStream_t stream, std::function<void ()> work)
{
  if (stream != nullptr && stream->captured != nullptr)
    stream->captured->work.push_back (work);
  else
    work ();
}

void
smb_emulator_submit (cudaStream_t stream, void (*work) (const void *), const void *arguments, size_t bytes)
{
  const char *from = static_cast<const char *> (arguments);
  const std::vector<char> copy (from, from + bytes);

  smb_emulator_do (stream, [=] { work (copy.data ()); });
}

int
smb_emulator_spoils_capture (void)
{
  if (capturing == nullptr)
    return 0;
  capturing->spoilt = true;
  return 1;
}

cudaError_t
cudaStreamCreateWithFlags (cudaStream_t *stream, unsigned)
{
  *stream = new SmbEmulatedStream{};
  return cudaSuccess;
}

cudaError_t
cudaStreamDestroy (cudaStream_t stream)
{
  delete stream;
  return cudaSuccess;
}

cudaError_t
cudaStreamSynchronize (cudaStream_t)
{
  return smb_emulator_spoils_capture () ? smb_emulator_result (cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}

cudaError_t
cudaStreamBeginCapture (cudaStream_t stream, cudaStreamCaptureMode)
{
  if (fails ("begin") || stream->captured != nullptr)
    return smb_emulator_result (cudaErrorStreamCaptureUnsupported);
  stream->captured = new SmbEmulatedGraph;
  stream->spoilt = false;
  capturing = stream;
  return cudaSuccess;
}

cudaError_t
cudaStreamEndCapture (cudaStream_t stream, cudaGraph_t *graph)
{
  *graph = nullptr;
  if (stream->captured == nullptr || capturing != stream)
    return smb_emulator_result (cudaErrorInvalidValue);
  capturing = nullptr;
  if (fails ("end") || stream->spoilt)
    delete stream->captured;
  else
    *graph = stream->captured;
  stream->captured = nullptr;
  return *graph != nullptr ? cudaSuccess : smb_emulator_result (cudaErrorStreamCaptureInvalidated);
}

cudaError_t
cudaGraphInstantiateWithFlags (cudaGraphExec_t *out, cudaGraph_t graph, unsigned long long)
{
  if (fails ("instantiate"))
    return smb_emulator_result (cudaErrorMemoryAllocation);
  *out = new SmbEmulatedGraphExec{ graph->work };
  return cudaSuccess;
}

cudaError_t
cudaGraphDestroy (cudaGraph_t graph)
{
  delete graph;
  return cudaSuccess;
}

cudaError_t
cudaGraphExecDestroy (cudaGraphExec_t graph)
{
  delete graph;
  return cudaSuccess;
}

cudaError_t
cudaGraphLaunch (cudaGraphExec_t graph, cudaStream_t stream)
{
  if (fails ("launch"))
    return smb_emulator_result (cudaErrorMemoryAllocation);
  smb_emulator_do (stream, [=] {
    for (const std::function<void ()> &work : graph->work)
      work ();
  });
  return cudaSuccess;
}
