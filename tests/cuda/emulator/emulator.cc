// SPDX-License-Identifier: Apache-2.0
// Runs kernels on the processor. The threads of a block take turns: each runs until it waits at a barrier or for the
// other lanes of its warp. Whose turn it is comes from a random number, so that a missing barrier shows as results that
// differ. What real cards do not forgive ends the program with a sentence: a barrier that not all threads reach, more
// shared memory than was asked for, blocks that are too large. Shared memory begins as NaN. SMB_EMULATED_CODE is the
// error of a module that holds no code for the card.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include <sys/mman.h>
#include <ucontext.h>

#include "cuda_runtime.h"
#include "emulator-graph.h"

#define WARP 32
#define STACK_BYTES ((std::size_t) 256 << 10)
#define MOST_EXCHANGE 32

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace {

enum Waiting { UNSTARTED, RUNNING, AT_BARRIER, AT_WARP, DONE };

struct Fiber {
  ucontext_t context;
  void *sp;
  char *stack;
};

struct Thread {
  Waiting waiting;
  Fiber *fiber;
  dim3 index;
  unsigned exchanges;
  unsigned char given[2][MOST_EXCHANGE];
};

// Kept for the next launch; they go when the program ends.
struct Fibers : std::vector<Fiber *> {
  ~Fibers ()
  {
    for (Fiber *fiber : *this) {
      munmap (fiber->stack, STACK_BYTES);
      delete fiber;
    }
  }
};

Fibers free_fibers;
std::vector<Thread> threads;
std::vector<unsigned> order;
std::size_t next_unstarted;
unsigned current;
Fiber *current_fiber;
Fiber scheduler;
const std::function<void ()> *kernel;
std::vector<double> shared;
std::map<const void *, std::size_t> shared_limits; // of kernels that asked for more than every block may have
std::uint64_t dice = 88172645463325252u;

[[noreturn]] void
stop (const char *why)
{
  std::fprintf (stderr, "emulator: %s\n", why);
  std::abort ();
}

std::uint64_t
roll ()
{
  dice ^= dice << 13;
  dice ^= dice >> 7;
  dice ^= dice << 17;
  return dice;
}

#ifdef __x86_64__
// Saves what a call must keep, and the stack pointer; then the same backwards from the other stack.
extern "C" void smb_emulator_switch (void **save, void *to);
asm (".globl smb_emulator_switch\n.hidden smb_emulator_switch\n.type smb_emulator_switch,@function\n"
     "smb_emulator_switch:\n"
     "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
     "mov %rsp,(%rdi)\nmov %rsi,%rsp\n"
     "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\nret\n"
     ".size smb_emulator_switch,.-smb_emulator_switch\n");
#endif

void
switch_to (Fiber *from, Fiber *to)
{
  current_fiber = to;
#ifdef __x86_64__
  smb_emulator_switch (&from->sp, to->sp);
#else
  swapcontext (&from->context, &to->context);
#endif
}

void
turn_to (unsigned thread)
{
  current = thread;
  threadIdx = threads[thread].index;
}

// A fiber runs threads that have not begun, one after the other; if one waits, the fiber is that thread's until it
// ends.
void
fiber_main ()
{
  for (;;) {
    Fiber *self = current_fiber;

    while (next_unstarted < order.size ()) {
      unsigned mine = order[next_unstarted++];

      threads[mine].waiting = RUNNING;
      threads[mine].fiber = self;
      turn_to (mine);
      (*kernel) ();
      threads[mine].waiting = DONE;
    }
    free_fibers.push_back (self);
    switch_to (self, &scheduler);
  }
}

Fiber *
take_fiber ()
{
  Fiber *fiber;

  if (!free_fibers.empty ()) {
    fiber = free_fibers.back ();
    free_fibers.pop_back ();
    return fiber;
  }
  fiber = new Fiber ();
  fiber->stack = (char *) mmap (nullptr, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (fiber->stack == MAP_FAILED)
    stop ("no memory for another thread");
#ifdef __x86_64__
  {
    void **top = (void **) (fiber->stack + STACK_BYTES - 64);

    *--top = nullptr; // where fiber_main would return to: it never does; keeps the stack aligned as after a call
    *--top = (void *) fiber_main;
    top -= 6;
    fiber->sp = top;
  }
#else
  getcontext (&fiber->context);
  fiber->context.uc_stack.ss_sp = fiber->stack;
  fiber->context.uc_stack.ss_size = STACK_BYTES;
  makecontext (&fiber->context, fiber_main, 0);
#endif
  return fiber;
}

void
wait (Waiting where)
{
  unsigned mine = current;
  Fiber *fiber = threads[mine].fiber;

  threads[mine].waiting = where;
  switch_to (fiber, &scheduler);
  turn_to (mine);
}

void
shuffle ()
{
  for (std::size_t i = order.size (); i > 1; i--)
    std::swap (order[i - 1], order[roll () % i]);
}

// Whether all threads [from, to) wait there; then they may go on.
bool
release (std::size_t from, std::size_t to, Waiting where)
{
  for (std::size_t i = from; i < to; i++)
    if (threads[i].waiting != where)
      return false;
  for (std::size_t i = from; i < to; i++)
    threads[i].waiting = RUNNING;
  return true;
}

void
run_block ()
{
  std::size_t n = threads.size ();

  for (unsigned i = 0; i < n; i++) {
    threads[i].waiting = UNSTARTED;
    threads[i].exchanges = 0;
    order[i] = i;
  }
  shuffle ();
  next_unstarted = 0;
  for (;;) {
    bool released = false;
    std::size_t done = 0;

    while (next_unstarted < order.size ())
      switch_to (&scheduler, take_fiber ());
    for (std::size_t i = 0; i < n; i++)
      done += threads[i].waiting == DONE;
    if (done == n)
      return;
    for (std::size_t warp = 0; warp < n; warp += WARP)
      released |= release (warp, warp + WARP < n ? warp + WARP : n, AT_WARP);
    if (!released && !release (0, n, AT_BARRIER))
      stop ("some threads of a block wait for others that never come");
    shuffle ();
    for (unsigned i : order)
      if (threads[i].waiting == RUNNING)
        switch_to (&scheduler, threads[i].fiber);
  }
}

} // namespace

static void
launch (dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void ()> &body)
{
  std::size_t n = (std::size_t) block.x * block.y * block.z;

  if (n == 0 || n > 1024 || grid.x == 0 || grid.x > 0x7fffffffu || grid.y == 0 || grid.y > 65535 || grid.z != 1)
    stop ("a launch with too few or too many threads or blocks");
  kernel = &body;
  gridDim = grid;
  blockDim = block;
  threads.resize (n);
  order.resize (n);
  shared.resize (shared_bytes / sizeof (double) + 1);
  for (std::size_t i = 0; i < n; i++)
    threads[i].index
      = dim3 ((unsigned) (i % block.x), (unsigned) (i / block.x % block.y), (unsigned) (i / block.x / block.y));
  smb_emulator_enter ();
  for (blockIdx.y = 0; blockIdx.y < grid.y; blockIdx.y++)
    for (blockIdx.x = 0; blockIdx.x < grid.x; blockIdx.x++) {
      std::memset (shared.data (), 0xff, shared.size () * sizeof (double));
      run_block ();
    }
  smb_emulator_leave ();
}

void
smb_emulator_launch (cudaStream_t stream, const void *function, dim3 grid, dim3 block, std::size_t shared_bytes,
                     std::function<void ()> body)
{
  const auto limit = shared_limits.find (function);

  if (shared_bytes > (limit != shared_limits.end () ? limit->second : 48 << 10))
    stop ("more shared memory than this kernel asked for beforehand");
  smb_emulator_do (stream, [=] { launch (grid, block, shared_bytes, body); });
}

void *
smb_emulator_shared ()
{
  return shared.data ();
}

void
__syncthreads ()
{
  wait (AT_BARRIER);
}

int
smb_emulator_lane ()
{
  return (int) (current % WARP);
}

const void *
smb_emulator_given (int lane)
{
  Thread &mine = threads[current];

  return threads[current / WARP * WARP + (unsigned) lane].given[(mine.exchanges + 1) % 2];
}

const void *
smb_emulator_exchange (const void *value, std::size_t bytes, int from)
{
  Thread &mine = threads[current];

  if (bytes > MOST_EXCHANGE || threads.size () % WARP != 0)
    stop ("lanes of a warp that is not whole exchange values");
  std::memcpy (mine.given[mine.exchanges % 2], value, bytes);
  mine.exchanges++;
  wait (AT_WARP);
  return smb_emulator_given (from);
}

static float
half_of (std::uint32_t pair, int which)
{
  std::uint32_t bits = which != 0 ? pair & 0xffff0000u : pair << 16;
  float value;

  std::memcpy (&value, &bits, sizeof value);
  return value;
}

// "Matrix fragments for mma.m16n8k16 with floating point type": with group = lane / 4 and place = lane % 4, element i
// of A lies in row group (i < 2 or 4 <= i < 6) or group + 8, column 2 place + i % 2 (i < 4) or that + 8; element i of B
// in row 2 place + i % 2 (i < 2) or that + 8, column group; element i of C in row group (i < 2) or group + 8, column 2
// place + i % 2.
void
smb_emulator_mma (float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2])
{
  struct {
    std::uint32_t a[4], b[2];
  } mine, other;
  const int group = smb_emulator_lane () / 4, place = smb_emulator_lane () % 4;

  std::memcpy (mine.a, a, sizeof mine.a);
  std::memcpy (mine.b, b, sizeof mine.b);
  smb_emulator_exchange (&mine, sizeof mine, 0);
  for (int i = 0; i < 4; i++) {
    const int row = i < 2 ? group : group + 8, column = 2 * place + i % 2;
    float sum = c[i];

    for (int k = 0; k < 16; k++) {
      const int element_a = k % 2 + (row >= 8 ? 2 : 0) + (k >= 8 ? 4 : 0), element_b = k % 2 + (k >= 8 ? 2 : 0);
      float left, right;

      std::memcpy (&other, smb_emulator_given (row % 8 * 4 + k % 8 / 2), sizeof other);
      left = half_of (other.a[element_a / 2], element_a % 2);
      std::memcpy (&other, smb_emulator_given (column * 4 + k % 8 / 2), sizeof other);
      right = half_of (other.b[element_b / 2], element_b % 2);
      sum += left * right;
    }
    c[i] = sum;
  }
}

cudaError_t
cudaFuncGetAttributes (cudaFuncAttributes *attributes, const void *function)
{
  const char *error = std::getenv ("SMB_EMULATED_CODE");

  if (error != nullptr)
    return smb_emulator_result (static_cast<cudaError_t> (std::atoi (error)));
  attributes->binaryVersion = 90;
  return function != nullptr ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t
cudaFuncSetAttribute (const void *function, cudaFuncAttribute, int value)
{
  int most = 0;

  cudaDeviceGetAttribute (&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0);
  if (function == nullptr || value > most)
    return smb_emulator_result (cudaErrorInvalidValue);
  shared_limits[function] = (std::size_t) value;
  return cudaSuccess;
}
