#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads meson's testlog.json, prints what failed and why, and ends with "N passed, N failed[, N skipped]".

A TAP program counts by its sub-tests, any other by itself. A TAP program that crashes, times out or exits badly without
a "not ok" of its own counts as one failure more, so that nothing broken can look whole.
"""
import json
import re
import sys

LINE = re.compile(r"^(not )?ok\b(.*)$", re.MULTILINE)
# A failed program's output is cut to its end: that is where the reason stands.
SHOWN_CHARS = 6000


def count(test):
    """(passed, failed, skipped) of one entry of testlog.json."""
    result = test["result"]
    lines = LINE.findall(test.get("stdout") or "")
    if not lines:
        if result in ("OK", "EXPECTEDFAIL"):
            return 1, 0, 0
        return (0, 0, 1) if result == "SKIP" else (0, 1, 0)
    failed = sum(1 for bad, _ in lines if bad)
    skipped = sum(1 for bad, rest in lines if not bad and "# SKIP" in rest.upper())
    passed = len(lines) - failed - skipped
    if failed == 0 and result not in ("OK", "SKIP", "EXPECTEDFAIL"):
        failed = 1
    return passed, failed, skipped


def short(test):
    """The test's own name; meson puts project and suite before it."""
    return test["name"].split(" / ")[-1]


def main():
    log_path, output_path = sys.argv[1:3]
    try:
        with open(log_path, encoding="utf-8") as log:
            tests = [json.loads(line) for line in log if line.strip()]
    except FileNotFoundError:
        tests = []
    totals = [0, 0, 0]
    broken = []
    for test in sorted(tests, key=short):
        counts = count(test)
        totals = [total + more for total, more in zip(totals, counts)]
        print(f"{'FAIL' if counts[1] else 'ok':4}  {short(test)}: {counts[0]} passed"
              + (f", {counts[1]} failed" if counts[1] else "")
              + (f", {counts[2]} skipped" if counts[2] else "")
              + f" ({test['duration']:.1f} s)")
        if counts[1]:
            broken.append(test)
    for test in broken:
        print(f"\n=== {short(test)}: {test['result']} (exit {test.get('returncode')})")
        for stream in ("stdout", "stderr"):
            text = (test.get(stream) or "").rstrip()
            if text:
                print(f"--- {stream}\n{text[-SHOWN_CHARS:]}")
    passed, failed, skipped = totals
    if not tests:
        with open(output_path, encoding="utf-8", errors="replace") as output:
            print(output.read()[-SHOWN_CHARS:])
        print("No test ran.")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


sys.exit(main())
