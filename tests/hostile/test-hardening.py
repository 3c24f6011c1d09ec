#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs carry what makes a mistake harder to use. Arguments: the tree's root, the programs."""
import os
import re
import subprocess
import sys

ROOT, PROGRAMS = sys.argv[1], sys.argv[2:]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402


def readelf(path, *options):
    return subprocess.run(["readelf", "-W", *options, path], capture_output=True, text=True, check=True).stdout


def look_at(path):
    header, segments, dynamic = readelf(path, "-h"), readelf(path, "-l"), readelf(path, "-d")
    symbols = readelf(path, "--dyn-syms")
    problems = []
    if "DYN (" not in header:
        problems.append("it lies at a fixed address (no PIE)")
    if "GNU_RELRO" not in segments or not re.search(r"BIND_NOW|\bNOW\b", dynamic):
        problems.append("its tables stay writable (no full RELRO)")
    if re.search(r"GNU_STACK.*RWE", segments):
        problems.append("its stack can be executed")
    if "__stack_chk_fail" not in symbols:
        problems.append("it has no stack protector")
    if not re.search(r"__\w+_chk\b", symbols.replace("__stack_chk_fail", "")):
        problems.append("it has no checked copies (FORTIFY)")
    if os.uname().machine == "x86_64" and b"\xf3\x0f\x1e\xfa" not in open(path, "rb").read():
        problems.append("it has no landing pads (CET)")
    return [f"{os.path.basename(path)}: {problem}" for problem in problems]


def main():
    tap = house.Tap()
    for path in PROGRAMS:
        tap.check(f"{os.path.basename(path)} is hardened", look_at(path))
    tap.done()


main()
