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

import table

HERE = pathlib.Path(__file__).resolve().parent
# 10^9 operations of one image's forward pass: products only, two a multiply-add.
FORWARD = {"s": 9.2, "b": 35.1, "l": 123.1}
NAMES = {"s": "ViT-S/16", "b": "ViT-B/16", "l": "ViT-L/16"}


class Candidate:
    """A process under the protocol of bench-loop.h."""

    def __init__(self, name, command):
        self.name, self.times, self.peak_mb, self.died = name, [], 0.0, None
        env = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        start = time.perf_counter()
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=env)
        line = self.process.stdout.readline()
        self.before = None
        if line.strip() not in ("", "ready"):
            self.before = float(line)
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

    def median(self):
        return statistics.median(self.times)


def in_turn(candidates, seconds, rounds):
    """Runs all in turn: at least three rounds, then until time or rounds are used up."""
    begin, done = time.perf_counter(), 0
    while done < rounds and (done < 3 or time.perf_counter() - begin < seconds):
        for candidate in candidates:
            if candidate.died is None:
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
        # The wheel without graphics libraries where it can be had, else the registry's, which is larger.
        small = subprocess.run(pip + ["--retries", "0", "--index-url", "https://download.pytorch.org/whl/cpu", "torch==2.8.0"],
                               capture_output=True)
        if small.returncode != 0:
            subprocess.run(pip + ["torch==2.8.0"], check=True, capture_output=True)
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
        self.peaks = {}
        self.out = table.Report(options.out)

    def own(self, what, size, batch, precision):
        return Candidate(f"own {precision}", [self.build / "tests/bench/bench-net", what, size, batch, precision])

    def peer(self, library, what, size, batch, precision):
        name = {"torch": "PyTorch", "onnx": "ONNX Runtime"}[library]
        return Candidate(f"{name} {precision}", [self.python, HERE / "peer.py", library, what, size, batch, precision])

    def measure_peaks(self):
        rows = []
        for precision in ("f32", "bf16", "int8"):
            found = Candidate(precision, [self.build / "tests/bench/bench-peak", precision, self.threads])
            if found.died is not None:
                continue
            in_turn([found], 5, 15)
            rates = sorted(found.before / ms for ms in found.times)  # 10^9 operations a millisecond: 10^12 a second
            self.peaks[precision] = statistics.median(rates) * 1000
            rows.append([precision, f"{self.peaks[precision]:.0f}", f"{rates[0] * 1000:.0f} to {rates[-1] * 1000:.0f}"])
        self.out.section(f"Peak of {self.threads} thread(s), multiply-adds on registers alone",
                         ["format", "GFLOP/s, median", "range"], rows)

    def compare(self, what, size, batch, precisions, operations):
        candidates = [self.own(what, size, batch, p) for p in precisions]
        if self.python is not None:
            candidates += [self.peer("torch", what, size, batch, p) for p in ("f32", "bf16") if p in precisions]
            if what == "forward":
                candidates.append(self.peer("onnx", what, size, batch, "f32"))
        for c in candidates:
            if c.died is not None:
                self.out.note(f"{what} {NAMES[size]} batch {batch}, {c.name}: {c.died}")
        ran = in_turn(candidates, self.options.seconds, self.options.rounds)
        rows = []
        for c in ran:
            each = sorted(t / batch for t in c.times)
            same = next((o for o in ran if o.name == "own " + c.name.split()[-1]), None)
            ratio, rate = "", ""
            if same is not None and same is not c:
                ratio = f"{statistics.median(a / b for a, b in zip(c.times, same.times)):.2f}"
            if operations is not None:
                gflops = operations * batch / c.median() * 1000
                share = self.peaks.get(c.name.split()[-1])
                rate = f"{gflops:.0f}" + (f" ({100 * gflops / share:.0f} %)" if share else "")
            rows.append([c.name, f"{statistics.median(each):.1f}", f"{each[len(each) // 4]:.1f} to {each[3 * len(each) // 4]:.1f}",
                         str(len(each)), ratio, rate, f"{c.peak_mb:.0f}", f"{c.start_s:.2f}"])
        self.out.section(f"{NAMES[size]}, {what}, batch {batch}",
                         ["candidate", "ms an image", "middle half", "rounds", "times own", "GFLOP/s (of peak)",
                          "peak MB", "start to ready, s"], rows)

    def pipeline(self):
        cli = self.build / "engine/cli/semblance-cli"
        samples = sorted(pathlib.Path(os.environ["SEMBLANCE_SAMPLES"]).glob("*.jpg"))
        rows = []
        for label, files in (("1 picture", samples[:1]), (f"{4 * len(samples)} pictures", samples * 4)):
            times = []
            for _ in range(5):
                start = time.perf_counter()
                subprocess.run([cli, "analyze", "--json", *files], check=True, capture_output=True)
                times.append(time.perf_counter() - start)
            times.sort()
            rows.append([label, f"{times[2]:.2f}", f"{times[0]:.2f} to {times[-1]:.2f}", f"{len(files) / times[2]:.1f}"])
        self.out.section("semblance-cli analyze, from process start to the last score (the model that comes with it)",
                         ["input", "seconds, median of 5", "range", "pictures a second"], rows)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--own", action="store_true", help="no comparison with PyTorch and ONNX Runtime")
    parser.add_argument("--sizes", default="sbl", help="networks: letters of s, b, l (default all)")
    parser.add_argument("--batches", default="1,8,32", help="batches of the forward pass (default 1,8,32)")
    parser.add_argument("--what", default="peak,forward,maps,finetune,pretrain,pipeline", help="cases, by name")
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
    if "pipeline" in what:
        bench.pipeline()


main()
