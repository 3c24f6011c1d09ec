#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules that hold for every file: its length, its licence line, nothing left undone, no place of one machine."""
import os
import re

import house

MAX_LINES = 600
TOP_LEVEL = {"meson.build", "meson_options.txt", "README.md", "LICENSE", "dev", "app", "engine", "resources", "data", "po",
             "tests"}
# Written in pieces so that this file does not match itself.
UNDONE = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
MACHINE = re.compile(r"(?<![\w.])/(work|home|root|Users)/\w|/tmp/" + r"wt?/")
SPDX = "SPDX-License-" + "Identifier: Apache-2.0"


def text_files():
    binary = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".safetensors", ".pth", ".gz", ".smbcase")
    return [path for path in house.files()
            if not path.endswith(binary) and not path.startswith(("tests/fixtures/", "data/samples/"))]


def readme_problems():
    """Every command and picture README.md names is there."""
    text = house.read("README.md")
    launcher = house.read("dev")
    table = "".join(house.read(path) for path in house.files() if path.startswith("engine/cli/") and path.endswith(".c"))
    found = []
    for name in set(re.findall(r"\./dev ([a-z]+)", text)):
        if f"cmd_{name} ()" not in launcher:
            found.append(f"README.md: ./dev {name} is no command of the launcher")
    for name in set(re.findall(r"(?:\./dev cli|semblance-cli) ([a-z]+)", text)):
        if f'{{ "{name}"' not in table:
            found.append(f"README.md: semblance-cli {name} is not in the command table")
    for name in set(re.findall(r"\]\(([^)#:]+)\)", text)) | set(re.findall(r'(?:src|srcset)="([^":]+)"', text)):
        if not os.path.exists(os.path.join(house.ROOT, name)):
            found.append(f"README.md: {name} is not there")
    return found


def design_problems():
    text = house.read("engine/DESIGN.md")
    rooms = {path.split("/")[1] for path in house.files() if path.startswith("engine/") and path.count("/") > 1}
    return [f"engine/DESIGN.md: no paragraph on {room}/" for room in sorted(rooms) if f"**{room}/**" not in text]


def main():
    tap = house.Tap()
    sources = house.sources()
    texts = {path: house.read(path) for path in text_files()}
    tap.check(f"no file is longer than {MAX_LINES} lines", [
        f"{path}: {house.read(path).count(chr(10))} lines; split it" for path in sources
        if house.read(path).count("\n") > MAX_LINES])
    tap.check("every source names its licence in its first lines", [
        f"{path}: no \"{SPDX}\"" for path in sources
        if path != ".ci/run" and SPDX not in "\n".join(house.read(path).split("\n")[:3])])
    tap.check("nothing is marked as left undone", [
        f"{path}: {match.group(0)}" for path, text in texts.items() for match in [UNDONE.search(text)] if match])
    tap.check("no place of one machine", [
        f"{path}: {match.group(0)}" for path, text in texts.items() for match in [MACHINE.search(text)] if match])
    tap.check("the top level holds what it should and no more", [
        f"{name}: does not belong at the top level"
        for name in sorted({path.split("/")[0] for path in house.files()})
        if name not in TOP_LEVEL and not name.startswith(".")])
    tap.check("README.md names what exists", readme_problems())
    tap.check("engine/DESIGN.md has a paragraph for every folder", design_problems())
    tap.done()


main()
