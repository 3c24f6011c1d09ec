#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The files a desktop reads, judged by the desktop's own validators. Argument: the build's data folder."""
import csv
import os
import struct
import subprocess
import sys
import tempfile

import house

DATA = os.path.join(house.ROOT, "data")
APP_ID = "org.semblance.Semblance"


def run(*command, **more):
    """Sentences from a validator: none if it exits with 0 and says nothing."""
    env = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80", **more}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=50)
    except FileNotFoundError:
        return [f"{command[0]} is not installed; ./dev test installs it"]
    said = (done.stdout + done.stderr).strip().splitlines()
    return [f"{command[0]}: {line}" for line in said] or [f"{command[0]} failed"] if done.returncode else []


def man_problems(path):
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
    return [f"man: {line}" for line in done.stderr.strip().splitlines()] + ([] if done.returncode == 0 else ["man failed"])


def mime_problems():
    """The type is found by its bytes under a misleading name, and an SQLite file of another program is not taken for a case."""
    with tempfile.TemporaryDirectory() as home:
        packages = os.path.join(home, "mime", "packages")
        os.makedirs(packages)
        with open(os.path.join(packages, "semblance-case.xml"), "w", encoding="utf-8") as copy:
            copy.write(house.read("data/semblance-case.xml"))
        found = run("update-mime-database", os.path.join(home, "mime"))
        for name, application_id, expected in (("case", 0x534D4243, True), ("other", 0x12345678, False)):
            path = os.path.join(home, name)
            with open(path, "wb") as handle:
                handle.write(b"SQLite format 3\0" + bytes(52) + struct.pack(">I", application_id) + bytes(956))
            said = subprocess.run(["gio", "info", "-a", "standard::content-type", path], capture_output=True, text=True,
                                  env={**os.environ, "XDG_DATA_HOME": home}).stdout
            if ("application/x-semblance-case" in said) != expected:
                found.append(f"a file with application_id {application_id:#x} is taken for: {said.strip()}")
        return found


def sample_problems():
    with open(os.path.join(DATA, "samples", "manifest.csv"), encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    listed = {row["file"] for row in rows}
    there = {name for name in os.listdir(os.path.join(DATA, "samples")) if name not in ("manifest.csv", "README.md")}
    told = house.read("data/samples/README.md")
    return ([f"data/samples/{name}: not in manifest.csv" for name in sorted(there - listed)]
            + [f"data/samples/{name}: in manifest.csv but not there" for name in sorted(listed - there)]
            + [f"{row['file']}: no licence in manifest.csv" for row in rows if not row["licence"]]
            + [f"{name}: README.md says nothing of it" for name in sorted(listed) if name not in told])


def main():
    built = sys.argv[1]
    tap = house.Tap()
    tap.check("desktop entry", run("desktop-file-validate", os.path.join(built, APP_ID + ".desktop")))
    tap.check("AppStream metainfo", run("appstreamcli", "validate", "--no-net", os.path.join(built, APP_ID + ".metainfo.xml")))
    tap.check("settings schema", run("glib-compile-schemas", "--strict", "--dry-run", DATA))
    xml = [path for path in house.files()
           if path.endswith((".xml", ".svg", ".ui", ".xml.in")) and not path.startswith("tests/fixtures/")]
    tap.check("XML is well-formed", run("xmllint", "--noout", "--nonet", *[os.path.join(house.ROOT, path) for path in xml]))
    tap.check("the case file's type is recognised by its bytes", mime_problems())
    for name in sorted(os.listdir(os.path.join(DATA, "man"))):
        tap.check(f"man page {name}", man_problems(os.path.join(DATA, "man", name)))
    tap.check("every sample has a source and a licence", sample_problems())
    tap.done()


main()
