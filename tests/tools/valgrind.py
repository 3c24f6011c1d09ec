#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""valgrind.py BUILD [NAME…]: prints the names of the tests that run under valgrind, of all or of those that match; says on
stderr which were left out, and why.

Only programs of this build are watched: of a test that is a script valgrind would see the interpreter, and what that starts
it does not follow, for the workers' filter of system calls does not know valgrind's own.
"""
import fnmatch
import json
import os
import subprocess
import sys

LEFT_OUT = {
    "*-cuda": "wants a graphics card, whose driver valgrind does not know",
    "*-avx[25]*": "under valgrind, whose processor has AVX2 and nothing above, it is the test without that ending",
    "worker-compute": "compares to the byte with a worker that is not watched and computes with other vectors",
    "cuda-group": "its processes wait for each other without sleeping and have a minute, of which each gets a share",
}


def why_not(test):
    """The reason for which a test is left out; None if it is watched."""
    program = test["cmd"][0]
    with open(program, "rb") as file:
        if file.read(4) != b"\x7fELF" or not program.startswith(build + "/"):
            return "no program of this build"
    return next((reason for name, reason in LEFT_OUT.items() if fnmatch.fnmatch(test["name"], name)), None)


build, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
left_out = {}
for test in json.loads(subprocess.check_output(["meson", "introspect", "--tests", build])):
    if wanted and not any(fnmatch.fnmatch(test["name"], name) for name in wanted):
        continue
    reason = why_not(test)
    if reason is None:
        print(test["name"])
    else:
        left_out.setdefault(reason, []).append(test["name"])
for reason, names in left_out.items():
    print(f"valgrind: left out, {reason}: {', '.join(sorted(names))}", file=sys.stderr)
