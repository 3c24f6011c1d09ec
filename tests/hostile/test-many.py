#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Thousands of files in one go: memory stays flat, no descriptor leaks, one file that fails changes nothing else.
Arguments: semblance-cli, the tree's root, how many files."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from fcntl import F_SETPIPE_SZ, fcntl

CLI, ROOT, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402
import watch  # noqa: E402

MEDIA = os.path.join(ROOT, "tests", "fixtures", "media")
KINDS = ("baseline.jpg", "progressive.jpg", "basn2c16.png", "two-frames.gif", "quadrants.bmp", "turned.tiff", "two-frames.webp",
         "xhdn0g08.png")
PIPE_BYTES = 4096  # the least that Linux grants
GROWTH_KB = (16 if COUNT >= 1000 else 48) * 1024  # of resident memory, from the first half (the landmark file is read meanwhile) to the end


def run(paths):
    lines = []
    process = subprocess.Popen([CLI, "analyze", "--json", "--threads", "1", "--", *paths], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    seen = {}  # by process, (files done, kB, descriptors)
    errors = []
    drain = threading.Thread(target=lambda: errors.append(process.stderr.read()), daemon=True)
    drain.start()
    # The program is never more than a short pipe ahead of what is read, and is looked at before more is: a quick machine
    # cannot end it, nor a slow one keep this from looking, before it was seen near its end.
    fcntl(process.stdout.fileno(), F_SETPIPE_SZ, PIPE_BYTES)
    rest = b""
    while chunk := os.read(process.stdout.fileno(), PIPE_BYTES):
        *whole, rest = (rest + chunk).split(b"\n")
        lines += [answer for answer in map(json.loads, whole) if answer.get("type") != "frame"]
        for pid in watch.tree_of(process.pid):
            now = watch.usage(pid)
            if now is not None:
                seen.setdefault(pid, []).append((len(lines), *now))
    process.wait()
    drain.join()
    return lines, seen, process.returncode


def flat(seen, total):
    problems = []
    watched = {pid: samples for pid, samples in seen.items() if samples and samples[-1][0] > total * 0.9}
    if len(watched) < 3:
        problems.append(f"{len(watched)} processes lived through the run; the program and two workers should have")
    for pid, samples in watched.items():
        early = [sample for sample in samples if total // 8 <= sample[0] <= total // 2] or samples[:1]
        late = [sample for sample in samples if sample[0] >= total * 3 // 4]
        grown = max(s[1] for s in late) - max(s[1] for s in early)
        more = min(s[2] for s in late) - min(s[2] for s in early)  # others come and go with each file
        print(f"# process {pid}: {max(s[1] for s in late)} kB at the end, {grown:+} kB, {max(s[2] for s in late)} descriptors")
        if grown > GROWTH_KB:
            problems.append(f"process {pid} grew by {grown} kB")
        if more > 2:
            problems.append(f"process {pid} holds {more} more descriptors at the end")
    return problems


def answers(paths, lines, first):
    """Each file's answer is what it is alone, whatever came before it."""
    problems = [] if len(lines) == len(paths) else [f"{len(lines)} answers to {len(paths)} files"]
    for path, line in zip(paths, lines):
        kind = os.path.basename(path).split("-", 1)[1]
        line = {key: value for key, value in line.items() if key not in ("file", "seconds", "stages")}
        text = json.dumps(line, sort_keys=True).replace(os.path.basename(path), "NAME").replace(os.path.dirname(path), "")
        if first.setdefault(kind, text) != text:
            problems.append(f"{os.path.basename(path)}: {text[:200]} instead of {first[kind][:200]}")
            break
    return problems


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i in range(COUNT):
            kind = KINDS[i % len(KINDS)]
            paths.append(os.path.join(folder, f"{i}-{kind}"))
            if i < len(KINDS):
                shutil.copy(os.path.join(MEDIA, kind), paths[-1])
            else:
                os.link(os.path.join(folder, f"{i % len(KINDS)}-{kind}"), paths[-1])
        started = time.monotonic()
        lines, seen, code = run(paths)
        print(f"# {COUNT} files in {time.monotonic() - started:.1f} s")
        tap.check("every file is answered, and always alike", answers(paths, lines, {}))
        tap.check("exit status 1, for one kind fails", [] if code == 1 else [f"exit {code}"])
        tap.check("memory is flat and no descriptor leaks", flat(seen, len(paths)))
    tap.done()


main()
