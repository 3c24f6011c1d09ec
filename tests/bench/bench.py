#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The benchmark behind ./dev bench: the program and what others would run, taking turns on one machine.

Every candidate is a process that loads its network, warms up, and then runs once whenever told (bench-loop.h). Candidates
of one case run in turn, round by round, so that what the machine does at the time meets all of them; what is printed is
the median, the middle half of the rounds, and for ratios the median of the rounds' ratios. PyTorch and ONNX Runtime are
installed into an environment of their own beside the build; they are no part of the program."""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

import pipeline
import table

HERE = pathlib.Path(__file__).resolve().parent
# 10^9 operations of one image's forward pass: products only, two a multiply-add.
FORWARD = {"s": 9.2, "b": 35.1, "l": 123.1}
WIDTHS = {"s": 384, "b": 768, "l": 1024}
NAMES = {"s": "ViT-S/16", "b": "ViT-B/16", "l": "ViT-L/16"}
TOKENS = 197
PRODUCTS = 10  # of one run of bench-gemm
PAUSE_S = 0.3
AVX2 = 1  # instruction set of bench-net
HAS_AVX512 = " avx512vl " in pathlib.Path("/proc/cpuinfo").read_text()
DEBIAN_PYTHON = pathlib.Path("/usr/bin/python3")


class Candidate:
    """A process under the protocol of bench-loop.h."""

    def __init__(self, name, command, operations=None):
        """operations: 10^9 of one run; None: as the process itself says before it is ready, if it does."""
        self.name, self.times, self.peak_mb, self.died = name, [], 0.0, None
        env = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        start = time.perf_counter()
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=env)
        line = self.process.stdout.readline()
        self.operations = operations
        if line.strip() not in ("", "ready"):
            self.operations = float(line)
            line = self.process.stdout.readline()
        self.start_s = time.perf_counter() - start
        if line.strip() != "ready":
            self.died = (self.process.stderr.read().strip().splitlines() or ["no word"])[-1]

    def once(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.died = "ended early"
            return
        self.times.append(float(line))

    def close(self):
        try:
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
            self.peak_mb = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1000
        except (OSError, AttributeError):
            pass
        self.process.stdin.close()
        self.process.wait()

    def rates(self):
        """10^9 operations a second, round by round."""
        return [self.operations / ms * 1000 for ms in self.times]

    def times_of(self, other):
        """Its time as a multiple of another's, the median of the rounds' ratios, or nothing where there is none."""
        if other is None or other is self:
            return ""
        return f"{statistics.median(a / b for a, b in zip(self.times, other.times)):.2f}"

    def share_of(self, other):
        """The median of the rounds' ratios of rates, in percent, or nothing where there is none."""
        if other is None or self.operations is None or other is self:
            return ""
        return f"{100 * statistics.median(a / b for a, b in zip(self.rates(), other.rates())):.0f} %"


def spread(values, digits=1):
    """The median, and the middle half."""
    v = sorted(values)
    return f"{statistics.median(v):.{digits}f}", f"{v[len(v) // 4]:.{digits}f} to {v[3 * len(v) // 4]:.{digits}f}"


def has_torch(python):
    return python.exists() and subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0


def in_turn(candidates, seconds, rounds):
    """Runs all in turn: at least three rounds, then until time or rounds are used up. A library's threads go on looking for
    work for a while after it is done, in the way of whoever comes next: so there is a pause, and each round begins with
    another candidate."""
    begin, done = time.perf_counter(), 0
    while done < rounds and (done < 3 or time.perf_counter() - begin < seconds):
        first = done % len(candidates) if candidates else 0
        for candidate in candidates[first:] + candidates[:first]:
            if candidate.died is None:
                time.sleep(PAUSE_S)
                candidate.once()
        done += 1
    for candidate in candidates:
        candidate.close()
    return [c for c in candidates if c.died is None and c.times]


def environment(build, say):
    """The python of an environment with PyTorch and ONNX Runtime, or None."""
    folder = build / "bench-venv"
    python, mark = folder / "bin" / "python", folder / "complete"
    if mark.exists():
        return python
    say("Installing PyTorch and ONNX Runtime into build/bench-venv, for comparison only (delete it at will) …")
    try:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run(pip + ["onnxruntime", "onnx", "numpy"], check=True, capture_output=True)
        subprocess.run(pip + ["torch==2.15.0"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        words = getattr(error, "stderr", b"") or str(error).encode()
        say(f"PyTorch and ONNX Runtime could not be installed: {words.decode(errors='replace').strip()[-300:]}")
        return None
    mark.touch()
    return python


class Bench:
    def __init__(self, options, python):
        self.options, self.python = options, python
        self.build = pathlib.Path(options.build)
        self.threads = len(os.sched_getaffinity(0))
        self.debian = has_torch(DEBIAN_PYTHON) and not options.own
        self.out = table.Report(options.out)

    def program(self, name):
        return self.build / "tests/bench" / f"bench-{name}"

    def own(self, what, size, batch, precision, operations):
        return Candidate(f"own {precision}", [self.program("net"), what, size, batch, precision], operations)

    def peer(self, name, python, library, what, size, batch, precision, operations):
        return Candidate(f"{name} {precision}", [python, HERE / "peer.py", library, what, size, batch, precision], operations)

    def peers(self, what, size, batch, precisions, operations):
        found = []
        if self.python is not None:
            found += [self.peer("PyTorch", self.python, "torch", what, size, batch, p, operations)
                      for p in ("f32", "bf16") if p in precisions]
            if what in ("forward", "maps"):
                found.append(self.peer("ONNX Runtime", self.python, "onnx", what, size, batch, "f32", operations))
        if self.debian:
            found.append(self.peer("Debian's PyTorch", DEBIAN_PYTHON, "torch", what, size, batch, "f32", operations))
        return found

    def limits(self, size, batch, precision):
        """What the machine does at most at the time: registers alone, and one large product of this network."""
        peak = Candidate(f"peak {precision}", [self.program("peak"), precision, self.threads])
        width, rows = WIDTHS[size], TOKENS * batch
        product = Candidate(f"product {precision}", [self.program("gemm"), precision, rows, width, 4 * width],
                            PRODUCTS * 2e-9 * rows * width * 4 * width)
        return [peak, product]

    def measure_peaks(self):
        rows = []
        for precision in ("f32", "bf16", "int8"):
            found = Candidate(precision, [self.program("peak"), precision, self.threads])
            if found.died is not None:
                continue
            in_turn([found], 5, 15)
            rates = sorted(found.rates())
            rows.append([precision, f"{statistics.median(rates):.0f}", f"{rates[0]:.0f} to {rates[-1]:.0f}"])
        self.out.section(f"Peak of {self.threads} thread(s), multiply-adds on registers alone",
                         ["format", "GFLOP/s, median", "range"], rows)

    def compare(self, what, size, batch, precisions, operations):
        total = None if operations is None else operations * batch
        candidates = [self.own(what, size, batch, p, total) for p in precisions]
        if what == "forward" and HAS_AVX512:
            command = [self.program("net"), what, size, batch, "f32", "cpu", AVX2]
            candidates.append(Candidate("own, AVX2 alone, f32", command, total))
        candidates += self.peers(what, size, batch, precisions, total)
        limits = [c for p in precisions for c in self.limits(size, batch, p)] if total is not None else []
        for c in candidates:
            if c.died is not None:
                self.out.note(f"{what} {NAMES[size]} batch {batch}, {c.name}: {c.died}")
        ran = in_turn(candidates + limits, self.options.seconds, self.options.rounds)
        by_name = {c.name: c for c in ran}
        rows = []
        for c in ran:
            if c in limits:
                continue
            precision = c.name.split()[-1]
            rate = f"{statistics.median(c.rates()):.0f}" if total is not None else ""
            rows.append([c.name, *spread([t / batch for t in c.times]), str(len(c.times)),
                         c.times_of(by_name.get(f"own {precision}")), c.times_of(by_name.get("own bf16")), rate,
                         c.share_of(by_name.get(f"peak {precision}")), c.share_of(by_name.get(f"product {precision}")),
                         f"{c.peak_mb:.0f}", f"{c.start_s:.2f}"])
        self.out.section(f"{NAMES[size]}, {what}, batch {batch}",
                         ["candidate", "ms an image", "middle half", "rounds", "times own", "times own bf16", "GFLOP/s", "of the peak",
                          "of one product", "peak MB", "start to ready, s"], rows)

    def faces(self):
        """The search for faces in one frame, whole by our own code and by dlib's, and as an analysis does it (brought to its
        longest side first), beside the network's time for one face."""
        rows = []
        for width, height in ((640, 480), (1280, 720), (1920, 1080)):
            searches = [Candidate(name, [self.program("faces"), width, height, self.threads, *more])
                        for name, more in (("own", []), ("dlib", ["dlib"]), ("as an analysis does it", ["program"]))]
            networks = [self.own("forward", "b", 1, p, FORWARD["b"]) for p in ("f32", "bf16")]
            ran = in_turn(searches + networks, self.options.seconds / 2, self.options.rounds)
            for c in ran:
                share = searches[2].times_of(c) if searches[2] in ran else ""
                name = c.name if c in searches else f"ViT-B/16, one face, {c.name}"
                rows.append([f"{width} x {height}", name, *spread(c.times), str(len(c.times)), share])
        self.out.section("Search for faces (the picture doubled once)",
                         ["frame", "candidate", "ms", "middle half", "rounds", "what an analysis does, as a part of it"], rows)

    def pipeline(self):
        pipeline.run(self.out, self.build, self.program("net"), self.options.files)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--own", action="store_true", help="no comparison with PyTorch and ONNX Runtime")
    parser.add_argument("--sizes", default="sbl", help="networks: letters of s, b, l (default all)")
    parser.add_argument("--batches", default="1,8,32", help="batches of the forward pass (default 1,8,32)")
    parser.add_argument("--what", default="peak,forward,maps,finetune,pretrain,faces,pipeline", help="cases, by name")
    parser.add_argument("--files", type=int, default=2000, help="pictures of the longest batch (default 2000)")
    parser.add_argument("--seconds", type=float, default=40, help="most seconds a case takes after its third round")
    parser.add_argument("--rounds", type=int, default=15, help="most rounds of a case")
    parser.add_argument("--out", help="file that gets the tables as Markdown as well")
    options = parser.parse_args()
    say = lambda text: print(text, file=sys.stderr, flush=True)  # noqa: E731
    python = None if options.own else environment(pathlib.Path(options.build), say)
    bench = Bench(options, python)
    what, batches = options.what.split(","), [int(b) for b in options.batches.split(",")]
    if "peak" in what:
        bench.measure_peaks()
    for size in options.sizes:
        for batch in batches if "forward" in what else []:
            bench.compare("forward", size, batch, ["f32", "bf16", "int8"], FORWARD[size])
        if "maps" in what:
            bench.compare("maps", size, 8, ["f32", "bf16"], FORWARD[size])
    for case in ("finetune", "pretrain"):
        if case in what:
            bench.compare(case, "b" if "b" in options.sizes else options.sizes[0], 8, ["f32", "bf16"], None)
    if "faces" in what:
        bench.faces()
    if "pipeline" in what:
        bench.pipeline()


main()
