// SPDX-License-Identifier: Apache-2.0
// Streams, and what is captured of them. A stream does everything at once, or, where SMB_EMULATED_LATE holds its number
// (of those there are when it is made, from 0), as late as it may: when somebody waits for it. One that is captured
// does nothing and keeps it, with the arguments of that moment, as a graph. SMB_EMULATED_GRAPHS names what fails: "begin",
// "end", "instantiate" or "launch".
#include <cstdlib>
#include <cstring>
#include <deque>
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
  bool spoilt, late;
  std::deque<std::function<void ()>> waiting;
  size_t given, done;
};

struct SmbEmulatedEvent {
  SmbEmulatedStream *stream; // NULL: never recorded
  size_t at;                 // done when the stream has done so much
};

static std::vector<SmbEmulatedStream *> streams;
static thread_local SmbEmulatedStream *capturing;

static bool
fails (const char *what)
{
  const char *name = std::getenv ("SMB_EMULATED_GRAPHS");

  return name != nullptr && std::strcmp (name, what) == 0;
}

// What waits in it may have other streams go on first.
static void
go_on (SmbEmulatedStream *stream, size_t until)
{
  while (stream->done < until && !stream->waiting.empty ()) {
    const std::function<void ()> work = stream->waiting.front ();

    stream->waiting.pop_front ();
    work ();
    stream->done++;
  }
}

void
smb_emulator_do (cudaStream_t stream, std::function<void ()> work)
{
  if (stream->captured != nullptr) {
    stream->captured->work.push_back (work);
    return;
  }
  stream->waiting.push_back (work);
  stream->given++;
  if (!stream->late)
    go_on (stream, stream->given);
}

void
smb_emulator_finish (void)
{
  for (SmbEmulatedStream *stream : streams)
    go_on (stream, stream->given);
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
  const char *late = std::getenv ("SMB_EMULATED_LATE");

  *stream = new SmbEmulatedStream{};
  (*stream)->late = late != nullptr && std::strchr (late, '0' + (int) streams.size ()) != nullptr;
  streams.push_back (*stream);
  return cudaSuccess;
}

cudaError_t
cudaStreamDestroy (cudaStream_t stream)
{
  go_on (stream, stream->given);
  for (size_t i = 0; i < streams.size (); i++)
    if (streams[i] == stream)
      streams.erase (streams.begin () + (std::ptrdiff_t) i);
  delete stream;
  return cudaSuccess;
}

cudaError_t
cudaStreamSynchronize (cudaStream_t stream)
{
  if (smb_emulator_spoils_capture ())
    return smb_emulator_result (cudaErrorStreamCaptureUnsupported);
  go_on (stream, stream->given);
  return cudaSuccess;
}

cudaError_t
cudaStreamWaitEvent (cudaStream_t stream, cudaEvent_t event, unsigned)
{
  SmbEmulatedStream *other = event->stream;
  const size_t at = event->at;

  if (other != nullptr)
    smb_emulator_do (stream, [=] { go_on (other, at); });
  return cudaSuccess;
}

cudaError_t
cudaEventCreateWithFlags (cudaEvent_t *event, unsigned)
{
  *event = new SmbEmulatedEvent{};
  return cudaSuccess;
}

cudaError_t
cudaEventDestroy (cudaEvent_t event)
{
  delete event;
  return cudaSuccess;
}

cudaError_t
cudaEventRecord (cudaEvent_t event, cudaStream_t stream)
{
  event->stream = stream;
  event->at = stream->given;
  return cudaSuccess;
}

cudaError_t
cudaEventSynchronize (cudaEvent_t event)
{
  if (smb_emulator_spoils_capture ())
    return smb_emulator_result (cudaErrorStreamCaptureUnsupported);
  if (event->stream != nullptr)
    go_on (event->stream, event->at);
  return cudaSuccess;
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
