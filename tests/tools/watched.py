#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a test under a sanitizer (./dev test --sanitize=…) and fails it when any process of it had something reported:
watched.py COMMAND…

Exit statuses and standard error would not do: many programs that tests start are meant to fail, what they say is read by
the test and not shown, and a worker that ends early is one failed file, which may be just what the test expects. So each
process writes what is reported to a file of its own (report-file.c), in a folder that is looked into afterwards.
"""
import os
import re
import subprocess
import sys
import tempfile

REPORTED = 99  # an exit status of no test's own
SHOWN_CHARS = 4000
# Memory that there is not: some tests ask for it, and have the program go on.
HARMLESS = re.compile(r"^==\d+==WARNING: \w+ failed to allocate .*\n?", re.MULTILINE)


def main():
    with tempfile.TemporaryDirectory(prefix="semblance-reports-") as folder:
        os.chmod(folder, 0o1777)  # some tests run a program as somebody else
        env = {**os.environ, "SMB_REPORTS": folder, "SMB_PATIENCE": "4"}
        status = subprocess.run(sys.argv[1:], env=env, check=False).returncode
        reports = []
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as handle:
                reports.append(HARMLESS.sub("", handle.read()).strip())
    reports = [text for text in reports if text]
    for text in reports:
        print(f"=== a sanitizer's report\n{text[:SHOWN_CHARS]}", file=sys.stderr)
    if reports:
        print(f"=== {len(reports)} processes of this test were reported", file=sys.stderr)
        return REPORTED
    return status if status >= 0 else 128 - status


sys.exit(main())
