#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cuda.sh as it goes on a machine with a card, every program played by a few lines: it reaches its end, says what passed and
what did not, and asks for nothing to be built that the build does not know. Arguments: the tree's root, the build folder."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT, BUILD = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

PLAYED = {
    "nvidia-smi": 'case "$*" in *compute_cap*) echo 9.0;; *) echo "Played card";; esac',
    "nvcc": "echo 1; echo release; echo 3",
    "meson": "exit 0",
    "ninja": 'shift 2; printf "%s\\n" "$@" >"$ASKED"',
    "compute-sanitizer": 'while [[ $1 == -* ]]; do case $1 in --tool|--error-exitcode) shift;; esac; shift; done; "$@"',
}
# A bench program speaks as bench-loop.c does; the command line writes what it is told to.
CANDIDATE = "echo ready; while read -r _; do echo 1.5; done"
COMMAND = 'while [[ $# -gt 0 ]]; do [[ $1 == -o ]] && echo same >"$2"; shift; done; exit 0'


def play(path, lines):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(f"#!/usr/bin/env bash\n{lines}\n")
    os.chmod(path, 0o755)


def run(failing, **settings):
    """cuda.sh in a tree of its own where every program succeeds but the one named: what it printed, its exit status and
    what it had built."""
    with tempfile.TemporaryDirectory() as root:
        bench, asked = os.path.join(root, "tests", "bench"), os.path.join(root, "asked")
        os.makedirs(bench)
        for name in ("cuda.sh", "turns.py"):
            shutil.copy(os.path.join(ROOT, "tests", "bench", name), bench)
        for name, lines in PLAYED.items():
            play(os.path.join(root, "bin", name), lines)
        play(os.path.join(root, "bin", "python3"), f'[[ $1 == -c ]] && exit 1; exec {sys.executable} "$@"')
        for target in targets_of(os.path.join(bench, "cuda.sh")):
            name = os.path.basename(target)
            play(os.path.join(root, "build-cuda", target),
                 "exit 1" if name == failing else CANDIDATE if name.startswith("bench-") else
                 COMMAND if name == "semblance-cli" else "exit 0")
        environment = {**os.environ, "PATH": os.path.join(root, "bin") + os.pathsep + os.environ["PATH"], "ASKED": asked,
                       **settings}
        done = subprocess.run(["bash", os.path.join(bench, "cuda.sh")], capture_output=True, text=True, env=environment,
                              stdin=subprocess.DEVNULL, timeout=100 * house.PATIENCE)
        built = house.read(asked).split() if os.path.exists(asked) else []
        return done.stdout + done.stderr, done.returncode, built


def targets_of(script):
    """Every program of the build that the script starts."""
    with open(script, encoding="utf-8") as handle:
        text = handle.read()
    found = ["engine/cli/semblance-cli", "tests/bench/bench-gemm", "tests/bench/bench-net"]
    for name, before in (("kernels", "tests/cpu/test-cpu-"), ("fixtures", "tests/"), ("others", "tests/")):
        found += [before + one for one in re.search(rf"{name}=\(([^)]*)\)", text).group(1).split()]
    return found


def main():
    tap = house.Tap()
    said, status, asked = run(None)
    wrong = [line for line in said.splitlines() if "FAILED" in line or "did not start" in line or "No such file" in line]
    tap.check("where everything passes, it says so", wrong + ([] if status == 0 else [f"exit status {status}: {said}"]))
    with open(os.path.join(BUILD, "build.ninja"), encoding="utf-8") as handle:
        known = handle.read()
    tap.check("what it has built is known to the build",
              [target for target in asked
               if not target.endswith("smb-cuda.so") and not re.search(rf"^build {re.escape(target)}:", known, re.M)])
    said, status, _ = run(None, SMB_BENCH_SECONDS="0")
    tap.check("where there is no time, nothing is said to have passed",
              [] if status == 1 and "LEFT OUT" in said and "passed" not in said else [said])
    said, status, _ = run("test-cpu-norm")
    failed = re.findall(r"^(\S.*?) +FAILED", said, re.M)
    tap.check("one that fails is named, and the rest is run",
              [] if status == 1 and failed == ["kernels: norm", "memcheck: norm", "racecheck: norm"]
              and "pre-train step" in said else [said])
    tap.done()


main()
