#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""turns.py ROUNDS FLOP NAME=COMMAND …: candidates that speak as bench-loop.c does take turns, so that all see the same machine.
Prints for each the median and the spread of its milliseconds, and TFLOP/s from FLOP, the operations of one run (0: none). The
first candidate is ours; the others are said as its multiple. A candidate that does not start is said to be missing."""
import shlex
import statistics
import subprocess
import sys


def start(command):
    process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if process.stdout.readline().strip() == "ready":
        return process
    process.kill()
    return None


def main():
    rounds, flop = int(sys.argv[1]), float(sys.argv[2])
    names = [argument.split("=", 1)[0] for argument in sys.argv[3:]]
    running = [start(argument.split("=", 1)[1]) for argument in sys.argv[3:]]
    times = [[] for _ in names]
    for _ in range(rounds):
        for process, own in zip(running, times):
            if process is None:
                continue
            process.stdin.write("\n")
            process.stdin.flush()
            own.append(float(process.stdout.readline()))
    for name, process, own in zip(names, running, times):
        if process is None:
            print(f"  {name:<24} did not start")
            continue
        process.stdin.close()
        process.wait()
        middle = statistics.median(own)
        rate = f", {flop / middle / 1e9:6.1f} TFLOP/s" if flop > 0 else ""
        ratio = f", ours is {middle / statistics.median(times[0]):.2f} x as fast" if times[0] and own is not times[0] else ""
        print(f"  {name:<24} {middle:8.2f} ms (of {rounds}: {min(own):.2f} to {max(own):.2f}){rate}{ratio}")
    return 0 if running[0] is not None else 1


sys.exit(main())
