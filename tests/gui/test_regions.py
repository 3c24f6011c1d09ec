#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Quality of faces and their regions: test_regions.py PROGRAM CLI

Faces that are blurred, dark, small or cut off are marked; regions are painted, imported and put back, and the case holds what was
painted; maps that do not fit get a sentence; a face without a mouth, and one that lies half beside the picture, get what there is.
Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import json
import os
import struct
import sys
import time

from person import Person, Tap, shooter, wait_for
from screen import run
from still import HOME, SAMPLES, Case

PROGRAM, CLI = sys.argv[1:3]
SOURCE = os.path.join(SAMPLES, "nasa-astronaut.png")
NOSE, MOUTH = 6, 8

tap = Tap()
who = None
shoot = shooter(lambda: who, "regions-")


def made(name, *how):
    path = os.path.join(HOME, name)
    run("convert", SOURCE, *how, path)
    return path


def write_npy(name, width, height, classes):
    header = f"{{'descr': '|i1', 'fortran_order': False, 'shape': (1, {height}, {width}), }}".ljust(117).encode() + b"\n"
    path = os.path.join(HOME, name)
    with open(path, "wb") as handle:
        handle.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(classes))
    return path


def start():
    global who
    # Where the face is, for what is cut out about it.
    files = [SOURCE, made("blurred.png", "-blur", "0x2"), made("dark.png", "-evaluate", "multiply", "0.12"),
             made("small.png", "-resize", "42%"), made("edge.png", "-crop", "300x400+212+0", "+repage")]
    who = Case(PROGRAM, CLI, "regions", files)
    who.see("5 hashes verified", 60)
    who.exhibit(1)


def kept():
    """The region map of S-01/F1 as the case has it."""
    path = os.path.join(HOME, "kept.npy")
    who.cli("case", "regions", who.path, "S-01/F1", "--out", path)
    with open(path, "rb") as handle:
        data = handle.read()
    return data[10 + struct.unpack("<H", data[8:10])[0]:]


def quality():
    """What is outside the limits is told where the score is, in the list of faces and with the numbers."""
    for number, words in ((1, None), (2, "the face is blurred"), (3, "the face is too dark"), (4, "fewer than 48"), (5, "edge cuts off")):
        who.exhibit(number)
        who.key("alt+1")
        told = who.face(number)["quality"]
        row = wait_for("the face's row", lambda: [t for t in who.texts() if t.startswith("Face 1, ")])[0]
        if words is None:
            assert not told["outside"] and "Outside validated range" not in row, f"{told} {row}"
        else:
            assert any(words in sentence for sentence in told["outside"]), f"{number}: {told}"
            assert "Outside validated range" in row, row
            who.see(words)
        shoot(f"quality-{number}-faces")
        who.key("alt+3")
        who.see("Quality of the face")
        who.see("Inside validated range" if words is None else "Outside validated range")
        who.see(f"{told['blur']:.0f}")
        who.see(f"{told['size_px']} px")
        shoot(f"quality-{number}")
    who.exhibit(1)


def table():
    """Each measure by turns: the command line's numbers, with no z where there is nothing to compare with, which is said."""
    who.key("alt+3")
    room = who.extents(who.picture())[2]
    who.press("Measure regions")
    who.see("Between regions", 120)
    told = json.loads(who.cli("regions", SOURCE, "--json").splitlines()[0])
    for place, kind in enumerate(("coherency", "consistency", "correspondence", "alone")):
        who.choose("What is measured", place)
        for row in told["regions"]:
            value = "–" if row[kind]["value"] is None else f"{row[kind]['value']:.3f}"
            who.see(f"{row['region']}: {kind.capitalize()} {value}, z –, percentile –", 10)
    who.see("No reference of genuine faces: z not available.")
    matrix = who.find("How hiding one region makes another harder", partial=True)
    names = [row["region"] for row in told["regions"]]
    for i, row in enumerate(names):
        for j, column in enumerate(names):
            value = told["rise"]["values"][i][j]
            assert i == j or value is None or f"The error of {row} rises by" in matrix.name and f"when {column} is hidden as well" in matrix.name, \
                f"{row} without {column} is not read out"
    assert who.extents(who.picture())[2] == room, f"the matrix takes the picture's room: {room}, {who.extents(who.picture())}"
    shoot("table")
    who.scroll(12)
    shoot("matrix")


def brush():
    """What is painted is in the case once it is kept, under its class, and gone when it is taken back."""
    before = kept()
    side = round(len(before) ** 0.5)
    who.press("Edit regions")
    who.choose("Class the brush paints", NOSE)
    who.set_value("Diameter of the brush, in pixels of the region map", 24)
    who.press("Zoom to the chosen face")
    x, y = who.centre(who.picture())
    who.drag(x - 70, y - 90, x + 70, y - 90)
    who.see("Changed by hand, not kept yet.")
    shoot("brush")
    who.press("Undo")
    who.drag(x - 70, y - 90, x + 70, y - 90)
    who.press("Keep")
    who.see("Regions edited by hand.")
    after = kept()
    changed = [i for i in range(len(before)) if before[i] != after[i]]
    assert changed and all(after[i] == NOSE for i in changed), f"{len(changed)} pixels changed"
    rows = {i // side for i in changed}
    assert len(changed) > 24 * 24 and max(rows) - min(rows) < 40, f"{len(changed)} pixels in rows {min(rows)} to {max(rows)}"
    who.press("Edit regions")
    who.press("Back to the program’s")
    wait_for("the program's own", lambda: kept() == before)


def bring_in(path):
    who.press("Import…")
    wait_for("the file chooser", lambda: who.window("Import a region map"))
    time.sleep(0.5)
    who.type_path(path)


def imported():
    """A map made elsewhere, of another size: it is fitted to the face's box, kept, and said to be that."""
    side = 64
    classes = [MOUTH if y > side // 2 else 1 for y in range(side) for _ in range(side)]
    bring_in(write_npy("parsed.npy", side, side, classes))
    who.see("Regions from an imported map.")
    wait_for("the map in the case", lambda: list(kept()) == classes)
    who.press("Edit regions")
    who.press("Zoom to the chosen face")
    shoot("imported")
    who.press("Edit regions")


def refused():
    """What is no map over a face's box is named, with what to do; the regions there were stay."""
    before = kept()
    letter = os.path.join(HOME, "letter.npy")
    with open(letter, "w", encoding="utf-8") as handle:
        handle.write("Dear examiner,\n")
    for path, words in ((write_npy("wide.npy", 80, 40, [1] * 3200), "80 × 40 pixels, but a face's box is square"),
                        (write_npy("tiny.npy", 4, 4, [1] * 16), "has a side of 4 pixels"),
                        (write_npy("strange.npy", 16, 16, [77] * 256), "it holds other numbers"),
                        (letter, "letter.npy"), (SOURCE, "which stands for no region")):
        bring_in(path)
        who.see(words)
        shoot("refused-" + os.path.basename(path))
        told = who.cli("case", "regions", who.path, "S-01/F1", "--set", path, status=1)
        assert words in told, f"the command line says {told}"
        who.press("Dismiss the message")
    assert kept() == before, "the regions changed"


def without_mouth():
    """A region that is missing from the face: the table has a dash, the mask another region, and both say so."""
    side = 32
    bring_in(write_npy("skin.npy", side, side, [1] * side * side))
    wait_for("the map in the case", lambda: set(kept()) == {1})
    who.press("Measure regions")
    wait_for("the table", lambda: who.has("mouth: Alone –, z –, percentile –"), 120)
    shoot("missing-table")
    who.key("alt+2")
    who.choose("Map", 7)
    who.choose("Strategy of the mask", 1)
    who.choose("Region covered", 4)
    who.see("“mouth” is missing", 60)
    shoot("missing-mask")
    who.choose("Strategy of the mask", 0)
    who.choose("Map", 0)
    who.key("alt+3")
    who.press("Back to the program’s")


def beside_the_picture():
    """A box at the very corner, where landmarks fall off the picture: measured as far as it goes."""
    who.exhibit(1)
    who.key("alt+1")
    who.press("Fit the picture into the view")
    who.press("Draw box")
    x, y, _, _ = who.extents(who.picture())
    left, top, _ = who.place((0, 0, 1), 512, 512)
    who.drag(x + left + 130, y + top + 130, x + max(left - 20, 1), y + max(top - 20, 1))
    wait_for("one face more", lambda: any(t.startswith("Face 2, ") for t in who.texts()), 60)
    who.click(who.find("Face 2, ", partial=True))
    who.key("alt+3")
    who.see("Quality of the face")
    who.press("Measure regions")
    who.see("Between regions", 120)
    shoot("corner")
    box = json.loads(who.cli("regions", SOURCE, "--box=-40,-40,150,150", "--json").splitlines()[0])
    assert len(box["regions"]) == 6, f"{box}"
    told = who.cli("regions", SOURCE, "--box=900,900,50,50", status=1)
    assert "lies outside the picture" in told and "draw it again" in told, told


def coarse():
    """Without landmarks the regions come from the face's box, and that is said; the numbers are there."""
    global who
    who.close()
    who = Person(PROGRAM, who.path, environment={"SEMBLANCE_LANDMARKS": "none"})
    who.click(who.find("S-01,", partial=True, seconds=60))
    who.see("Class probabilities, F1")
    who.key("alt+3")
    who.press("Measure regions")
    who.see("Between regions", 120)
    who.see("Regions are coarse: placed by a template")
    shoot("coarse")


def close():
    who.focus("regions")
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    assert who.process.returncode == 0, f"ended with status {who.process.returncode}"


def main():
    tap.walk([("a case opens", start), ("faces outside the limits are marked", quality),
              ("the table and the matrix", table), ("regions are painted", brush), ("a map made elsewhere is imported", imported),
              ("what is no map is refused", refused), ("a region may be missing", without_mouth),
              ("a face may lie beside the picture", beside_the_picture), ("without landmarks regions are coarse", coarse), ("the program ends in order", close)], lambda: who, shoot)
    tap.leave(who)


if __name__ == "__main__":
    main()
