#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cuda.sh [DEVICE]: on a machine with an NVIDIA card and the CUDA toolkit, builds the program for that card, checks
# everything that needs one (kernel tests, the reference's fixtures, byte-for-byte repeats, compute-sanitizer) and measures
# it, beside PyTorch where that is installed. What is printed is kept in tests/bench/results/. Ends within ten minutes
# (or SMB_BENCH_SECONDS): each part has its own limit, and what there is no time left for is said to be left out. Exit
# status 1 if a check failed or was left out.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
device=${1:-cuda:0}
build=$root/build-cuda
here=$root/tests/bench
failed=0
ends=$((EPOCHSECONDS + ${SMB_BENCH_SECONDS:-600}))

die () { printf 'cuda.sh: %s\n' "$*" >&2; exit 2; }

# part NAME SECONDS COMMAND…: its last lines, and how it ended.
part () {
  local name=$1 limit=$2 left=$((ends - EPOCHSECONDS)) log status
  shift 2
  if [[ $left -le 0 ]]; then
    printf '%-44s LEFT OUT: there was no time\n' "$name"
    failed=1
    return
  fi
  [[ $limit -le $left ]] || limit=$left
  log=$(mktemp)
  SECONDS=0
  timeout "$limit" "$@" >"$log" 2>&1
  status=$?
  # A test program that finds no card skips itself: here that is a failure.
  if [[ $status -eq 0 ]] && grep -q '^1\.\.0 # SKIP' "$log"; then status=77; fi
  if [[ $status -eq 0 ]]; then
    printf '%-44s passed in %d s\n' "$name" "$SECONDS"
  else
    printf '%-44s FAILED (status %d after %d s); its last lines:\n' "$name" "$status" "$SECONDS"
    tail -n 15 "$log" | sed 's/^/    /'
    failed=1
  fi
  rm -f "$log"
}

run_all () {
  local number=${device#cuda:} arch sanitizer torch="" peak=8192 vit=34.9e9
  local kernels=(activation attention gemm halves layout nan norm optim)
  local fixtures=(model/test-forward model/test-layers train/test-finetune train/test-precision train/test-pretrain)
  local others=(cuda/test-cuda-sequence train/test-ahead)
  arch=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader -i "$number" | tr -d .)
  printf 'Date     %s\n' "$(date -u +%F\ %R)"
  printf 'Commit   %s\n' "$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)"
  printf 'Card     %s\n' "$(nvidia-smi --query-gpu=name,memory.total,driver_version,clocks.max.sm --format=csv,noheader -i "$number")"
  printf 'Toolkit  %s\n\n' "$(nvcc --version | tail -n 2 | head -n 1)"

  if [[ ! -f $build/build.ninja ]]; then
    part "configure" 120 meson setup "$build" "$root" -Dcuda=enabled -Dapp=false "-Dnvidia_archs=$arch"
  fi
  # What is used below and no more: all of it would take a small machine longer than everything else.
  part "build" 420 ninja -C "$build" engine/cli/semblance-cli engine/worker/semblance-worker engine/cuda/smb-cuda.so \
       "${kernels[@]/#/tests/cpu/test-cpu-}" "${fixtures[@]/#/tests/}" "${others[@]/#/tests/}" tests/bench/bench-gemm \
       tests/bench/bench-net
  [[ $failed -eq 0 ]] || return
  export SMB_MODULE_DIR=$build/engine/cuda SMB_TEST_DEVICE=$device LC_ALL=C.UTF-8
  export SEMBLANCE_WORKER=$build/engine/worker/semblance-worker SEMBLANCE_MODELS=$build/data/models
  printf '\nDevices\n'
  "$build/engine/cli/semblance-cli" devices | sed 's/^/  /'

  printf '\nChecks\n'
  for name in "${kernels[@]}"; do
    part "kernels: $name" 60 "$build/tests/cpu/test-cpu-$name"
  done
  for name in "${fixtures[@]}"; do
    part "fixtures: $name" 60 "$build/tests/$name"
  done
  part "graphs: a few faces, to the byte as without" 60 "$build/tests/cuda/test-cuda-sequence"
  part "images sent ahead, to the byte as without" 60 "$build/tests/train/test-ahead"
  part "fixtures by tensor forward, and again" 60 bash -c repeat_forward

  printf '\nTimes (candidates take turns)\n'
  python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null && torch=yes
  [[ -n $torch ]] || printf 'PyTorch with CUDA is not installed: nothing to compare with\n'
  measure "matrix peak, bf16, $peak cubed, ten" "$(awk "BEGIN { print 20 * $peak ^ 3 }")" 10 "gemm bf16 $peak $peak $peak $device" \
          "gemm b $peak eager"
  measure "ViT-B/16 forward, bf16, batch 256" "$(awk "BEGIN { print 256 * $vit }")" 15 "net forward b 256 bf16 $device" \
          "forward b 256 eager" "forward b 256 compile"
  measure "ViT-B/16 forward, tf32, batch 256" "$(awk "BEGIN { print 256 * $vit }")" 7 "net forward b 256 tf32 $device"
  measure "ViT-B/16 forward, f32, batch 256" "$(awk "BEGIN { print 256 * $vit }")" 5 "net forward b 256 f32 $device"
  measure "ViT-B/16 forward, bf16, batch 1" "$vit" 30 "net forward b 1 bf16 $device" "forward b 1 eager" "forward b 1 compile"
  # The one is a graph, the other is not: whether it pays at that size.
  measure "ViT-B/16 forward, bf16, batch 8" "$(awk "BEGIN { print 8 * $vit }")" 30 "net forward b 8 bf16 $device"
  measure "ViT-B/16 forward, bf16, batch 9" "$(awk "BEGIN { print 9 * $vit }")" 30 "net forward b 9 bf16 $device"
  measure "ViT-B/16 fine-tune step, bf16, batch 64" "$(awk "BEGIN { print 3 * 64 * $vit }")" 10 "net finetune b 64 bf16 $device" \
          "finetune b 64 eager" "finetune b 64 compile"
  measure "FSFM pre-train step, ViT-B/16, bf16, batch 64" 0 10 "net pretrain b 64 bf16 $device"

  # Last, for nothing takes as long.
  printf '\nUnder compute-sanitizer\n'
  sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
  if [[ -x $sanitizer ]]; then
    for name in activation layout norm optim attention; do
      part "memcheck: $name" 60 "$sanitizer" --tool memcheck --error-exitcode 9 "$build/tests/cpu/test-cpu-$name"
    done
    for name in norm optim layout attention; do
      part "racecheck: $name" 60 "$sanitizer" --tool racecheck --error-exitcode 9 "$build/tests/cpu/test-cpu-$name"
    done
  else
    printf 'compute-sanitizer is not installed: memcheck and racecheck were not run\n'
  fi
}

# The same network, twice, to the byte. In a shell of its own, for `timeout` starts programs alone.
repeat_forward () {
  local folder=$root/tests/fixtures/reference out cli=$build/engine/cli/semblance-cli
  out=$(mktemp -d) || return 1
  for i in 1 2; do
    "$cli" tensor forward --device "$device" -w "$folder/b_classifier_init.safetensors" -i "$folder/b_finetune_io.safetensors" \
           -o "$out/$i.safetensors" || return 1
  done
  cmp "$out/1.safetensors" "$out/2.safetensors" && rm -r "$out"
}

# measure TITLE FLOP ROUNDS "gemm|net ARGUMENTS" [ARGUMENTS OF torch-net.py …]
measure () {
  local title=$1 flop=$2 rounds=$3 ours=$4 left=$((ends - EPOCHSECONDS)) candidates
  shift 4
  if [[ $left -le 0 ]]; then
    printf '%s: left out, there was no time\n' "$title"
    return
  fi
  candidates=("Semblance=$build/tests/bench/bench-${ours%% *} ${ours#* }")
  for other in "$@"; do
    [[ -z $torch ]] || candidates+=("PyTorch ${other##* }=python3 $here/torch-net.py $other")
  done
  printf '%s\n' "$title"
  timeout "$((left < 150 ? left : 150))" python3 "$here/turns.py" "$rounds" "$flop" "${candidates[@]}" || failed=1
}

export root build device
export -f repeat_forward
export CUDA_DEVICE_ORDER=PCI_BUS_ID # nvidia-smi counts so; CUDA itself begins with the fastest card
command -v nvidia-smi >/dev/null || die "there is no NVIDIA driver on this machine (no nvidia-smi)"
command -v nvcc >/dev/null || PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null || die "there is no CUDA toolkit on this machine (no nvcc)"
command -v meson >/dev/null || die "meson is missing; ./dev build says what else is needed"
mkdir -p "$here/results"
card=$(nvidia-smi --query-gpu=name --format=csv,noheader -i "${device#cuda:}" | tr -c 'A-Za-z0-9\n' - | head -n 1)
result=$here/results/cuda-$(date -u +%F)-$card.txt
# A pipe would hide `failed`, which is wanted below.
exec 3>&1
run_all > >(tee "$result" >&3) 2>&1
printf '\n%s\n' "$([[ $failed -eq 0 ]] && echo 'Everything that was run passed.' || echo 'Something failed; see above.')" | tee -a "$result"
printf 'Kept in %s\n' "$result"
exit "$failed"
