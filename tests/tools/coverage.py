#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints which share of the lines of some rooms the tests reached. Arguments: the build folder, the tree's root."""
import json
import os
import subprocess
import sys

BUILD, ROOT = (os.path.abspath(path) for path in sys.argv[1:3])
ROOMS = ("case", "weights", "worker", "media")
WANTED = 90.0


def main():
    # Processes that end at the same moment may leave a branch's count below nought; lines are what is asked for.
    rooms = os.path.join(ROOT, "engine", "(" + "|".join(ROOMS) + ")") + "/"
    done = subprocess.run(["gcovr", "--json", "-", "--gcov-ignore-parse-errors", "--root", ROOT, "--filter", rooms, BUILD],
                          cwd=BUILD, stdout=subprocess.PIPE, text=True, check=True)
    reached = {}
    for entry in json.loads(done.stdout)["files"]:
        parts = entry["file"].split("/")
        lines = [line for line in entry["lines"] if not line.get("gcovr/noncode")]
        if len(parts) == 3 and parts[1] in ROOMS and lines:
            reached[entry["file"]] = (sum(1 for line in lines if line["count"] > 0), len(lines))
    below = False
    for room in ROOMS:
        files = {name: pair for name, pair in reached.items() if name.split("/")[1] == room}
        hit, total = (sum(pair[i] for pair in files.values()) for i in (0, 1))
        share = 100.0 * hit / total if total else 0.0
        below = below or (share < WANTED and room != "media")
        print(f"{room + '/':<10} {share:5.1f} % of {total} lines")
        for name, (part, whole) in sorted(files.items(), key=lambda item: item[1][0] / item[1][1]):
            if part < whole * WANTED / 100:
                print(f"    {100.0 * part / whole:5.1f} %  {name}")
    sys.exit(1 if below else 0)


main()
