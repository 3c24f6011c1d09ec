#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sanitizer's report makes a test fail, whichever process it comes from and whatever the test makes of its end.
Arguments: semblance-cli, the tree's root, a faulty program, the worker that misbehaves, which faults are watched for."""
import os
import subprocess
import sys

CLI, ROOT, FAULTY, WORKER = sys.argv[1:5]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

WATCHED = os.path.join(ROOT, "tests", "tools", "watched.py")
PICTURE = os.path.join(ROOT, "tests", "fixtures", "media", "baseline.jpg")


def run(*command, **env):
    """A test that takes no notice of how the programs it starts end, or what they say."""
    quiet = ["sh", "-c", '"$@" >/dev/null 2>&1; exit 0', "test", *command]
    return subprocess.run([sys.executable, WATCHED, *quiet], capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL,
                          env={**os.environ, **env})


def reported(done, words):
    return [] if done.returncode == 99 and words in done.stderr else [f"{done}"]


def main():
    tap = house.Tap()
    for fault in sys.argv[5:]:
        words = {"memory": "heap-use-after-free", "undefined": "signed integer overflow", "leak": "LeakSanitizer",
                 "race": "data race"}[fault]
        tap.check(f"{fault}, in a program", reported(run(FAULTY, fault), words))
        if fault != "leak":  # a worker ends at once, without looking for any
            behind = run(CLI, "analyze", PICTURE, SEMBLANCE_WORKER=WORKER, HOSTILE_WORKER=fault)
            tap.check(f"{fault}, in a worker behind its walls", reported(behind, words))
    done = run(FAULTY)
    tap.check("no fault, no report", [] if done.returncode == 0 and done.stderr == "" else [f"{done}"])
    own = subprocess.run([sys.executable, WATCHED, "sh", "-c", "exit 3"], timeout=100).returncode
    tap.check("a test's own exit status stays", [] if own == 3 else [f"{own}"])
    tap.done()


main()
