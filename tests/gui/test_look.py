#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The viewer, pixel by pixel: test_look.py PROGRAM CLI

A map laid over its face in place, colours, opacity, threshold, contours, legend, read-out; two views side by side, swiped, by turns;
what is saved. Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import os
import re
import sys
import time

import pyatspi

from person import Tap, shooter, wait_for
from screen import Shot, bounds, distance, run
from still import SAMPLES, Case, read_npy

PROGRAM, CLI = sys.argv[1:3]
FILES = [os.path.join(SAMPLES, name) for name in ("nasa-astronaut.png", "18f-dave.jpg")]
SIZE = 512  # the first picture's side
ROLLOUT, SIGNED = 2, 8  # places in the list of maps
# Lowest and highest colour of each, as published (the diverging one is our own).
COLOURS = [("viridis", (68, 1, 84), (253, 231, 37)), ("cividis", (0, 34, 78), (254, 232, 56)), ("magma", (0, 0, 4), (252, 253, 191)),
           ("grey", (0, 0, 0), (255, 255, 255)), ("diverging", (0, 73, 124), (131, 39, 0))]

tap = Tap()
who = None
shoot = shooter(lambda: who, "look-")
seen = {}  # views kept for later steps


def inside():
    """The face's box in the view, a little smaller: x0, y0, x1, y1."""
    x, y, side = who.place(who.box, SIZE, SIZE)
    return int(x), int(y), int(x + side), int(y + side)


def check(name, on):
    """Sets a check button."""
    if who.control(name).getState().contains(pyatspi.STATE_CHECKED) != on:
        who.press(name)


def plainly():
    """Every step begins with rollout, opaque and whole, in one view without a legend, whatever became of the step before."""
    who.press("One picture")
    if "overlay Rollout" not in who.picture().name:
        who.choose("Map", ROLLOUT)
        who.see_on_picture("overlay Rollout")
    for name in ("Legend", "Contours"):
        check(name, False)
    for name, value in (("Threshold of the overlay", 0), ("Opacity of the overlay", 100)):
        who.set_value(name, value)


def start():
    global who
    who = Case(PROGRAM, CLI, "look", FILES)
    who.box = who.face()["box"]
    who.see("2 hashes verified", 60)
    who.exhibit(1)
    who.press("Fit the picture into the view")
    who.choose("Map", ROLLOUT)
    who.see_on_picture("overlay Rollout")
    check("Legend", False)
    who.set_value("Threshold of the overlay", 0)
    who.set_value("Opacity of the overlay", 100)


def in_place():
    """On the whole picture: where the face is, and nowhere else. Made clear, it leaves the file's own pixels."""
    seen["full"] = who.settled()
    who.set_value("Opacity of the overlay", 0)
    seen["plain"] = who.settled()
    picture, (left, top, scale) = Shot.of_file(FILES[0]), who.place((0, 0, 1), SIZE, SIZE)
    off = [(x, y) for x in range(4, SIZE, 16) for y in range(4, SIZE, 16)
           if distance(picture.at(x, y), seen["plain"].at(left + (x + 0.5) * scale, top + (y + 0.5) * scale)) > 24]
    assert len(off) < 100, f"{len(off)} of 1024 pixels are not the file's, at {off[:4]}"
    points = seen["full"].differences(seen["plain"])
    x0, y0, x1, y1 = inside()
    left, top, right, bottom = bounds(points)
    assert x0 - 2 <= left and y0 - 2 <= top and right <= x1 + 2 and bottom <= y1 + 2, \
        f"the overlay lies at {left}, {top} to {right}, {bottom}; the face at {x0}, {y0} to {x1}, {y1}"
    assert len(points) > 0.6 * (x1 - x0) * (y1 - y0), f"{len(points)} pixels of {(x1 - x0) * (y1 - y0)} are covered"
    who.set_value("Opacity of the overlay", 100)
    shoot("in-place")


def middle():
    """Points well inside the overlay, a grid of them."""
    x0, y0, x1, y1 = inside()
    step = (x1 - x0) // 14
    return [(x, y) for x in range(x0 + 2 * step, x1 - 2 * step, step) for y in range(y0 + 2 * step, y1 - 2 * step, step)]


def opacity():
    plainly()
    plain, full = seen["plain"], seen["full"]
    who.set_value("Opacity of the overlay", 50)
    who.see("50 %")
    half = who.settled()
    off = [p for p in middle() if distance(half.at(*p), tuple((a + b) // 2 for a, b in zip(plain.at(*p), full.at(*p)))) > 6]
    assert len(off) <= len(middle()) // 20, f"half an overlay is not half of it at {off[:3]}"
    who.set_value("Opacity of the overlay", 0)
    assert not who.settled().differences(plain), "at 0 % something is left of the overlay"
    who.set_value("Opacity of the overlay", 100)


def bar_of(view, low, high):
    """The legend's bar: the colours of a column from the lowest's place up to the highest's."""
    for x in range(view.width - 160, view.width - 8):
        column = [view.at(x, y) for y in range(320)]
        begin = None
        for y, colour in enumerate(column):
            if distance(colour, high) <= 6:
                begin = y
            elif begin is not None and distance(colour, column[y - 1]) > 14:
                begin = None
            if begin is not None and y - begin > 100 and distance(colour, low) <= 6:
                return column[begin:y + 1]
    return []


def colours():
    """Each in the legend from end to end, and nothing on the face that is not one of them."""
    plainly()
    check("Legend", True)
    for i, (name, low, high) in enumerate(COLOURS):
        who.choose("Colours of the overlay", i)
        view = who.settled()
        shoot("colours-" + name)
        bar = bar_of(view, low, high)
        assert bar, f"{name}: no bar from {low} up to {high} in the legend"
        strange = [p for p in middle() if min(distance(view.at(*p), colour) for colour in bar) > 12]
        assert len(strange) <= len(middle()) // 50, f"{name}: {view.at(*strange[0])} at {strange[0]} is not among its colours"
    who.choose("Colours of the overlay", 0)


def two_sided():
    """A map with two signs keeps its own colours, whatever was chosen."""
    plainly()
    check("Legend", True)
    who.choose("Map", SIGNED)
    who.see_on_picture("overlay Signed error")
    assert not who.control("Colours of the overlay").getState().contains(pyatspi.STATE_SENSITIVE), "its colours can be chosen"
    name, low, high = COLOURS[-1]
    assert bar_of(who.settled(), low, high), f"the legend does not show {name}"
    shoot("signed")
    who.choose("Map", ROLLOUT)
    who.see_on_picture("overlay Rollout")


def legend():
    """Covers its corner when asked for; its ends are the map's, which the page of maps says in numbers."""
    plainly()
    check("Legend", True)
    with_it = who.settled()
    check("Legend", False)
    points = with_it.differences(who.settled())
    left, top, right, bottom = bounds(points)
    assert left > with_it.width - 175 and right > with_it.width - 30 and top < 30 and bottom - top > 200, \
        f"the legend lies at {left}, {top} to {right}, {bottom} of {with_it.width} by {with_it.height}"
    _, told = who.numbers("rollout")
    who.key("alt+2")
    ends = wait_for("the map's ends", lambda: [found for t in who.texts() if (found := re.search(r"14 × 14 values, (\S+) to (\S+)", t))])
    for text, number in zip(ends[0].groups(), (told["min"], told["max"])):
        assert abs(float(text) - number) <= abs(number) * 0.06, f"the page says {text}, the command line {number}"
    who.key("alt+1")
    check("Legend", True)


def threshold():
    plainly()
    plain, left = seen["plain"], []
    check("Legend", False)
    for value in (0, 30, 60, 90):
        who.set_value("Threshold of the overlay", value)
        who.see(f"{value / 100:.2f}")
        left.append(len(who.settled().differences(plain)))
    assert left == sorted(left, reverse=True) and left[3] < 0.3 * left[0], f"pixels left at 0, 0.3, 0.6, 0.9: {left}"
    who.set_value("Threshold of the overlay", 30)
    check("Legend", True)
    shoot("threshold")
    check("Legend", False)
    who.set_value("Threshold of the overlay", 0)


def contours():
    """Lines and no more, over the plain picture when the overlay is made clear."""
    plainly()
    who.set_value("Opacity of the overlay", 0)
    check("Contours", True)
    lines = who.settled()
    shoot("contours")
    points = lines.differences(seen["plain"])
    x0, y0, x1, y1 = inside()
    share = len(points) / ((x1 - x0) * (y1 - y0))
    left, top, right, bottom = bounds(points)
    assert 0.005 < share < 0.4, f"the lines cover {share:.3f} of the face"
    assert x0 - 3 <= left and y0 - 3 <= top and right <= x1 + 3 and bottom <= y1 + 3, "lines beside the map"
    assert sum(min(lines.at(*p)) > 225 for p in points) > len(points) / 10, "the lines are not white"
    check("Contours", False)
    assert not who.settled().differences(seen["plain"]), "lines stay"
    who.set_value("Opacity of the overlay", 100)


def read_out():
    """Under the pointer: the pixel as the file has it, the map as the command line computes it, and the patch."""
    plainly()
    data, _ = who.numbers("rollout")
    rows, columns, values = read_npy(data)
    picture = Shot.of_file(FILES[0])
    cx, cy, across, _ = who.extents(who.picture())
    scale = min(across / SIZE, who.extents(who.picture())[3] / SIZE, 4)
    x0, y0, side = who.place(who.box, SIZE, SIZE)
    for row, column in ((2, 3), (7, 7), (11, 4)):
        x, y = x0 + side * (column + 0.5) / columns, y0 + side * (row + 0.5) / rows
        who.mouse("mousemove", round(cx + x), round(cy + y))
        who.mouse("mousemove", round(cx + x) + 1, round(cy + y))
        told = wait_for("the read-out", lambda: [t for t in who.texts() if re.match(r"map \S+ · patch", t)])[0]
        value, at_row, at_column = re.match(r"map (\S+) · patch (\d+), (\d+)", told).groups()
        assert (int(at_row), int(at_column)) == (row + 1, column + 1), f"{told} at patch {row + 1}, {column + 1}"
        wanted = values[row * columns + column]
        assert abs(float(value) - wanted) <= abs(wanted) * 0.08, f"{told}, and the command line says {wanted}"
        position = next(t for t in who.texts() if re.match(r"x \d+  y \d+", t))
        px, py = map(int, re.match(r"x (\d+)  y (\d+)", position).groups())
        assert abs(px - (x + 1 - (across - SIZE * scale) / 2) / scale) < 2, f"{position} under the pointer"
        rgb = next(t for t in who.texts() if t.startswith("RGB "))
        assert rgb == "RGB %d %d %d" % picture.at(px, py), f"{rgb} at {px}, {py}; the file has {picture.at(px, py)}"
    shoot("read-out")
    who.away()
    assert not any(t.startswith("RGB ") for t in who.texts()), "the read-out stays when the pointer has gone"


def halves(view):
    half = (view.width - 1) // 2
    return view.part(0, 0, half, view.height), view.part(half + 1, 0, half, view.height)


def beside():
    """The same exhibit with the same map twice; the wheel over one side and a drag on the other move both alike."""
    plainly()
    who.press("Side by side")
    who.choose("Map of the second view", 1)
    who.see_on_picture("compared with S-01, Rollout")
    views = [who.settled()]
    x, y, width, height = who.extents(who.picture())
    who.mouse("mousemove", x + width // 4, y + height // 2, "click", 4, "click", 4, "click", 4)
    views.append(who.settled())
    shoot("beside")
    who.drag(x + 3 * width // 4, y + height // 2, x + 3 * width // 4 - 70, y + height // 2 - 40)
    views.append(who.settled())
    for name, view in zip(("at first", "after the wheel", "after the drag"), views):
        a, b = halves(view)
        # The names of the sides, the handles of A's box, and the overview are one side's own.
        points = [p for p in a.differences(b, 16) if p[1] > 40 and p[1] < view.height - 150]
        assert len(points) < 0.02 * a.width * a.height, f"{name} the sides differ in {len(points)} pixels: {bounds(points)}"
    assert len(views[0].differences(views[1])) > 20000, "the wheel moves nothing"
    assert len(views[1].differences(views[2])) > 20000, "the drag moves nothing"
    who.press("Fit the picture into the view")


def swipe():
    """Left of the divider one view, right of it the other; the divider follows a drag."""
    plainly()
    who.press("Swipe: a divider between two")
    who.choose("Map of the second view", 0)
    who.see_on_picture("compared with S-01, no map")
    x, y, width, height = who.extents(who.picture())
    px, py, side = who.place(who.box, SIZE, SIZE)
    at = [width // 2, width - 10, 10, int(px + side * 0.3), int(px + side * 0.7)]
    rows = range(int(py + side * 0.3), int(py + side * 0.7), 5)
    for before, after in zip(at, at[1:]):
        who.drag(x + before, y + 60, x + after, y + 60)
        view = who.settled()
        if after in (10, width - 10):  # one of them alone, but for a strip
            seen["right" if after == 10 else "left"] = view
            continue
        for column, wanted, other in ((after - 14, "left", "right"), (after + 14, "right", "left")):
            off = sum(distance(view.at(column, row), seen[wanted].at(column, row)) for row in rows)
            wrong = sum(distance(view.at(column, row), seen[other].at(column, row)) for row in rows)
            assert off < wrong / 4, f"with the divider at {after}, x {column} does not show the view {wanted}: {off}, {wrong}"
    shoot("swipe")
    assert len(seen["left"].differences(seen["right"])) > 0.6 * side * side, "both sides show the same"


def blink():
    """Now the one, now the other, by itself."""
    plainly()
    who.press("Blink: two by turns")
    who.see_on_picture("compared with S-01, no map")
    who.away()
    x, y, side = who.place(who.box, SIZE, SIZE)
    cx, cy, _, _ = who.extents(who.picture())
    px, py = int(x + side * 0.35), int(y + side * 0.35)
    part = (int(cx + px), int(cy + py), int(side * 0.3), int(side * 0.3))
    wanted = {name: seen[name].part(px, py, part[2], part[3]) for name in ("left", "right")}
    turns, end = [], time.monotonic() + 12
    while len(turns) < 4 and time.monotonic() < end:
        now = Shot.of_screen(*part)
        shown = [name for name, view in wanted.items() if len(now.differences(view, 16)) < 0.02 * part[2] * part[3]]
        assert len(shown) == 1, f"neither view: {shown}"
        if not turns or turns[-1] != shown[0]:
            turns.append(shown[0])
            shoot("blink-" + shown[0])
        time.sleep(0.1)
    assert len(turns) == 4, f"the views take turns no oftener than {turns}"
    who.press("One picture")


def compared():
    """Two exhibits with one map share its scale, which the legends say."""
    plainly()
    who.press("Side by side")
    check("Legend", True)
    who.choose("Compare with", 2)
    who.choose("Map of the second view", 1)
    who.see_on_picture("compared with S-02, Rollout")
    who.settled()
    shoot("two-exhibits")
    who.choose("Compare with", 0)
    who.press("One picture")
    assert "compared with" not in who.picture().name, "the second view is still spoken of"


def saved_view():
    """Twice as fine as the screen, with the legend if there is one."""
    plainly()
    shots = {}
    for on in (True, False):
        check("Legend", on)
        on_screen = who.settled()
        shots[on] = Shot.of_file(who.save("View as a picture (PNG)…", f"view-{on}.png"))
        assert (shots[on].width, shots[on].height) == (2 * on_screen.width, 2 * on_screen.height), "another size"
        off = [p for p in middle() if distance(shots[on].at(2 * p[0], 2 * p[1]), on_screen.at(*p)) > 24]
        assert len(off) < len(middle()) / 20, f"the saved view shows something else at {off[:3]}"
    left, _, right, _ = bounds(shots[True].differences(shots[False]))
    assert left > 2 * (on_screen.width - 175) and right > 2 * (on_screen.width - 30), "the legend is not in the saved view"
    check("Legend", True)
    if os.environ.get("SMB_SCREENSHOTS"):
        run("cp", os.path.join(os.environ["HOME"], "view-True.png"), os.path.join(os.environ["SMB_SCREENSHOTS"], "look-saved-view.png"))


def saved_map():
    """The numbers are those of the command line, to the byte; the grey picture holds them in 65,536 steps."""
    plainly()
    data, told = who.numbers("rollout")
    with open(who.save("Map as numbers (NumPy)…", "map.npy"), "rb") as handle:
        assert handle.read() == data, "other numbers than the command line's"
    rows, columns, values = read_npy(data)
    path = who.save("Map as a 16-bit picture (PNG)…", "map16.png")
    assert run("identify", "-format", "%w %h %z", path).decode() == f"{columns} {rows} 16", "another size or depth"
    levels = memoryview(run("convert", path, "-depth", "16", "-endian", "LSB", "gray:-")).cast("H")
    span = told["max"] - told["min"]
    off = max(abs(level - (value - told["min"]) / span * 65535) for level, value in zip(levels, values))
    assert off <= 1.5, f"levels are off by up to {off}"


def close():
    who.focus("look")
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    assert who.process.returncode == 0, f"ended with status {who.process.returncode}"


def main():
    tap.walk([("a case opens", start), ("a map lies over its face and nowhere else", in_place),
              ("opacity mixes map and picture", opacity), ("each colour map is in legend and overlay", colours),
              ("a map with two signs keeps its colours", two_sided), ("the legend and its numbers", legend),
              ("the threshold hides what lies below", threshold), ("contours are lines", contours),
              ("the pointer reads pixel, map and patch", read_out), ("side by side, zoom is linked", beside),
              ("swipe", swipe), ("blink", blink), ("two exhibits are compared", compared),
              ("the view is saved with its legend", saved_view), ("the map is saved as numbers", saved_map),
              ("the program ends in order", close)], lambda: who, shoot)
    tap.leave(who)


if __name__ == "__main__":
    main()
