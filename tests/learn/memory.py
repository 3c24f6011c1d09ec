# SPDX-License-Identifier: Apache-2.0
"""Trainings where memory is short: recomputation comes by itself, and changes nothing but the time."""
import json
import os
import re
import shutil
import subprocess
import sys


def short(folder, available_bytes):
    """What starts a program on a machine with so much free memory: the kernel's account is covered by a file."""
    account = os.path.join(folder, f"meminfo-{available_bytes}")
    with open(account, "w", encoding="utf-8") as handle:
        handle.write(f"MemAvailable:   {available_bytes // 1024} kB\n")
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount --bind "$0" /proc/meminfo && exec "$@"', account]


def check(tap, folder, train, result):
    """train(folder, name, *arguments, before): a training, of which "whole" is there; result: the file it leaves."""
    title = "what fits only with recomputation is trained with it, to the same bytes"
    if shutil.which("unshare") is None or subprocess.run([*short(folder, 1 << 30), "true"], capture_output=True).returncode != 0:
        tap.skip(title, "namespaces are not allowed here")
        return

    def plan(*arguments, before=()):
        return json.loads(train(folder, "x", "--plan", "--json", *arguments, before=before).stdout)

    found = []
    full, least = plan(), plan("--recompute")
    if (full.get("recompute"), least.get("recompute")) != (False, True) or not least["bytes"] < full["bytes"] - 4096:
        tap.check(title, [f"with enough memory: {full}, {least}"])
        return
    tight = short(folder, (full["bytes"] + least["bytes"]) // 2)
    planned = plan(before=tight)
    if not planned["recompute"] or planned["bytes"] != least["bytes"] or planned["largest_batch"] < planned["batch"]:
        found.append(f"planned: {planned}")
    for step, (arguments, before, said) in enumerate(((["--stop-after=2"], tight, True), (["--resume", "--stop-after=2"], (), False),
                                                      (["--resume"], tight, True))):
        done = train(folder, "tight", *arguments, before=before)
        if done.returncode != 0 or (done.stderr.count("a third more time") == 1) != said:
            found.append(f"part {step}: exit {done.returncode}: {done.stderr}")
    out = [os.path.join(folder, name, result) for name in ("tight", "whole")]
    if not all(os.path.exists(path) for path in out) or len({open(path, "rb").read() for path in out}) != 1:
        found.append(f"{result} differs from that of a run with enough memory")
    tap.check(title, found)

    tight = short(folder, least["bytes"] - 2048)
    refused, largest = train(folder, "x", before=tight), plan(before=tight)["largest_batch"]
    named = re.search(r"--recompute; --batch=(\d+) ", refused.stderr)
    found = [] if refused.returncode == 1 and named is not None and int(named[1]) == largest < least["batch"] else \
        [f"largest {largest}, exit {refused.returncode}: {refused.stderr}"]
    for batch, code in ((largest, 0), (largest + 1, 1)):
        done = train(folder, "x", "--plan", f"--batch={batch}", before=tight)
        if done.returncode != code:
            found.append(f"a batch of {batch}: exit {done.returncode}: {done.stderr}")
    # Large batches are computed in parts, so that two images say little about hundreds.
    many = plan("--recompute", "--batch=600")["bytes"]
    largest = plan("--batch=600", before=short(folder, many - 2048))["largest_batch"]
    if not 588 <= largest < 600:
        found.append(f"600 images just do not fit, yet the largest batch is {largest}")
    tap.check("what does not fit even so is refused, naming what does", found)


def check_plan(tap, run, *arguments):
    """run(*arguments, before): what a network of 2.5 GB would take is known without making it."""
    weigh = ("import resource, subprocess, sys\ncode = subprocess.run(sys.argv[1:]).returncode\n"
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\nsys.exit(code)")
    done = run(*arguments, "--size=huge", "--plan", "--json", "--batch=8", before=[sys.executable, "-c", weigh])
    last = done.stderr.strip().splitlines()[-1:]
    found = []
    if done.returncode != 0 or json.loads(done.stdout)["bytes"] < 2_500_000_000 or not last[0].isdigit() or int(last[0]) > 800_000:
        found.append(f"exit {done.returncode}, {last} kB: {done.stdout} {done.stderr}")
    tap.check("planning makes no weights", found)
