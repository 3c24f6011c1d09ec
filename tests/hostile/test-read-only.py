#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Originals are only ever opened for reading: every system call that names one is watched, in the program and in its
workers, through a whole examination. Arguments: semblance-cli, watch-opens, the tree's root."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

CLI, WATCH, ROOT = sys.argv[1:4]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

HARMLESS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_DIRECTORY | 0o100000  # O_LARGEFILE


def watched(work, originals, *arguments):
    """Runs it; what it did to the originals by name, and how it ended."""
    listing = os.path.join(work, "calls")
    done = subprocess.run([WATCH, listing, originals, *arguments], capture_output=True, text=True, timeout=100 * house.PATIENCE,
                          stdin=subprocess.DEVNULL)
    with open(listing, encoding="utf-8", errors="replace") as handle:
        calls = [line.rstrip("\n").split(" ", 2) for line in handle]
    return calls, done


def writes(calls):
    return [" ".join(call) for call in calls
            if call[0] not in ("open", "openat") or int(call[1]) & 0xffffffff & ~HARMLESS]


def state_of(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        info = os.stat(path)
        with open(path, "rb") as handle:
            found[name] = (hashlib.sha256(handle.read()).hexdigest(), info.st_mtime_ns, info.st_mode, info.st_size)
    return found


def control(work, originals):
    """The watch sees a write, by whatever call."""
    problems = []
    for line in ("open(p, 'r+').close()", "os.truncate(p, os.path.getsize(p))", "os.chmod(p, 0o644)", "os.utime(p)",
                 "os.rename(p, p)"):
        calls, _ = watched(work, originals, sys.executable, "-c", f"import os, sys; p = sys.argv[1]; {line}",
                           os.path.join(originals, "a.jpg"))
        if not writes(calls):
            problems.append(f"{line} was not seen")
    return problems


def examination(work, originals):
    case = os.path.join(work, "a.smbcase")
    files = [os.path.join(originals, name) for name in sorted(os.listdir(originals))]
    out = os.path.join(work, "maps")
    report = os.path.join(work, "report.html")
    problems, opened = [], 0
    for arguments in (("case", "new", case, "--title", "t"), ("case", "add", case, *files), ("analyze", "--case", case, *files),
                      ("maps", files[0], "--out", out), ("case", "verify", case), ("report", case, "--out", report)):
        calls, done = watched(work, originals, CLI, *arguments)
        problems += [f"{arguments[0]}: {what}" for what in writes(calls)]
        opened += sum(1 for call in calls if call[0] in ("open", "openat"))
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            problems.append(f"{' '.join(arguments[:2])}: exit {done.returncode}, {done.stderr[-300:]}")
    if not os.path.exists(report):
        problems.append("no report was written")
    print(f"# originals were opened {opened} times")
    if opened < 4 * len(files):
        problems.append(f"originals were seen to be opened only {opened} times")
    return problems


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory() as work:
        originals = os.path.join(work, "originals")
        os.mkdir(originals)
        shutil.copy(os.path.join(ROOT, "data", "samples", "18f-dave.jpg"), os.path.join(originals, "a.jpg"))
        for name in ("two-frames.gif", "xdtn0g01.png", "quadrants.heic"):
            shutil.copy(os.path.join(ROOT, "tests", "fixtures", "media", name), originals)
        before = state_of(originals)
        tap.check("a whole examination opens originals for reading only", examination(work, originals))
        tap.check("originals are as they were", [] if state_of(originals) == before else ["an original changed"])
        tap.check("the watch sees what changes a file", control(work, originals))
    tap.done()


main()
