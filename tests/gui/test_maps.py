#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every map of a face, in the window and from the command line: test_maps.py PROGRAM CLI

What the window saves of a map is, byte for byte, what `semblance-cli maps` writes for the same settings: attention of any layer, head
and patch, rollout, relevance, occlusion; errors of a reconstruction under every strategy, and by hand. Coverage sharpens while it runs
and can be stopped; maps are tested for faithfulness. Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import os
import re
import sys
import time

import pyatspi

from person import Tap, shooter, wait_for
from screen import Shot
from still import SAMPLES, Case, read_npy

PROGRAM, CLI = sys.argv[1:3]
FILE = os.path.join(SAMPLES, "nasa-astronaut.png")
SIZE, GRID = 512, 14
MAPS = ["None", "Attention", "Rollout", "Relevance", "Occlusion", "Masked input", "Reconstruction", "Error", "Signed error",
        "Absolute error", "Structure (SSIM)", "Coverage", "Regions"]
STRATEGIES = ["random", "crfr-p", "crfr-r", "frp", "fasking-i"]
ASK = {"class": 1, "answer": 0, "patch": 2}  # places in the list "Seen from"

tap = Tap()
who = None
shoot = shooter(lambda: who, "maps-")


def start():
    global who
    who = Case(PROGRAM, CLI, "maps", [FILE])
    who.box = who.face()["box"]
    who.see("1 hash verified", 60)
    who.exhibit(1)
    who.press("Fit the picture into the view")


def choose(name):
    who.choose("Map", MAPS.index(name))
    who.see_on_picture("overlay " + name, 60)


def same_as(spec, *words):
    """The map in view has that title, and its numbers are those of the command line for `spec`."""
    who.key("alt+2")
    for text in words:
        who.see(text)
    who.key("alt+1")
    data, told = who.numbers(spec)
    with open(who.save("Map as numbers (NumPy)…", "map.npy"), "rb") as handle:
        found = handle.read()
    if found != data:
        ours, theirs = read_npy(found), read_npy(data)
        off = max(abs(a - b) for a, b in zip(ours[2], theirs[2]) if a == a and b == b)
        raise AssertionError(f"{spec}: {ours[:2]} against {theirs[:2]}, off by up to {off}")
    return told


def attention():
    choose("Attention")
    for layer, head in ((2, 3), (6, 1), (4, 0)):
        who.choose("Layer", layer)
        who.choose("Head", head)
        same_as(f"attention:layer={layer - 1},head={head - 1 if head else 'mean'}", f"Attention, layer {layer}, " +
                (f"head {head}" if head else "mean of heads"))
    who.choose("Layer", 0)
    same_as("attention", "Attention, last layer, mean of heads")


def all_heads():
    """As many as the layer has, each its own; the picked one is laid over the face."""
    who.choose("Layer", 3)
    who.press("All heads")
    who.see("Heads of layer 3")
    time.sleep(1.5)
    heads = sorted({item.name for item in who.walk() if item.getRoleName() != "label" and re.fullmatch(r"Head \d", item.name or "")})
    assert heads == ["Head 1", "Head 2", "Head 3"], f"{heads}"
    shots = [Shot.of_screen(*who.extents(who.control(name))) for name in heads]
    shoot("heads")
    pairs = [(a, b) for a in range(3) for b in range(a) if len(shots[a].differences(shots[b], 24)) < 200]
    assert not pairs, f"heads that look alike: {pairs}"
    who.press("Head 2")
    same_as("attention:layer=2,head=1", "Attention, layer 3, head 2")


def click_patch(row, column):
    """A patch of the detector's view: that of the untrained model is the face's box."""
    cx, cy, _, _ = who.extents(who.picture())
    x, y, side = who.place(who.box, SIZE, SIZE)
    who.mouse("mousemove", round(cx + x + side * (column + 0.5) / GRID), round(cy + y + side * (row + 0.5) / GRID), "click", 1)
    time.sleep(0.5)


def from_a_patch():
    """What a patch attends to: two clicks, two maps; then the class token."""
    who.choose("Seen from", ASK["patch"])
    for row, column in ((4, 9), (10, 5)):
        click_patch(row, column)
        number = row * GRID + column
        same_as(f"attention:layer=2,head=1,query={number}", f"head 2, seen from patch {number + 1}")
        shoot(f"from-patch-{number}")
        who.focus("maps")
    who.click(who.picture())
    who.key("Escape")
    who.choose("Seen from", ASK["class"])
    same_as("attention:layer=2,head=1,query=class", "seen from the class token")
    who.choose("Seen from", ASK["answer"])


def rollout_and_relevance():
    choose("Rollout")
    same_as("rollout", "Rollout, all layers")
    choose("Relevance")
    for place, name in ((1, "Genuine"), (2, "Forged")):
        who.choose("Class", place)
        same_as(f"relevance:class={place - 1}", f"Relevance, {name}")
        shoot(f"relevance-{name.lower()}")
    who.choose("Class", 0)


def occlusion():
    choose("Occlusion")
    same_as("occlusion", "Occlusion, most probable class")
    shoot("occlusion")


def strategies():
    """Every one with a ratio and a seed of its own; CRFR-P also with a region chosen."""
    choose("Error")
    who.key("alt+2")
    who.set_value("Patches hidden, percent", 60)
    who.set_value("Seed of the mask", 7)
    for place, name in enumerate(STRATEGIES):
        who.key("alt+2")
        who.choose("Strategy of the mask", place)
        same_as(f"error:strategy={name},ratio=0.6,seed=7", "60 % hidden, seed 7")
    who.key("alt+2")
    who.choose("Strategy of the mask", 1)
    who.choose("Region covered", 4)
    same_as("error:strategy=crfr-p,region=mouth,ratio=0.6,seed=7", "Error, CRFR-P, mouth, 60 % hidden, seed 7")
    shoot("strategy")


def by_hand():
    """Patches dragged over on the picture are hidden and no others; of them the network knows where the face's box lies."""
    who.key("alt+2")
    who.press("Choose patches")
    cx, cy, _, _ = who.extents(who.picture())
    x, y, side = who.place(who.box, SIZE, SIZE)
    row = round(cy + y + side * 9.5 / GRID)
    who.drag(round(cx + x + side * 4.5 / GRID), row, round(cx + x + side * 8.5 / GRID), row)
    numbers = [9 * GRID + column for column in range(4, 9)]
    who.see("Error, 5 patches by hand")
    shoot("by-hand")
    who.key("Escape")
    same_as("error:patches=" + f"{numbers[0]}-{numbers[-1]}", "Error, 5 patches by hand")
    who.key("alt+2")
    who.press("Hide none")
    who.see("No patch is hidden yet.")
    who.choose("Strategy of the mask", 0)


def views():
    """Every view of one mask; what is said of patches that are predicted without their brightness."""
    who.set_value("Patches hidden, percent", 75)
    who.key("alt+1")
    who.set_value("Opacity of the overlay", 100)
    shown = {}
    for name in ("Masked input", "Reconstruction", "Error", "Signed error", "Absolute error", "Structure (SSIM)"):
        choose(name)
        shown[name] = who.settled()
        shoot("view-" + name.lower().replace(" ", "-"))
    x, y, side = (int(n) for n in who.place(who.box, SIZE, SIZE))
    for a in shown:
        for b in shown:
            points = [p for p in shown[a].differences(shown[b], 24) if x < p[0] < x + side and y < p[1] < y + side] if a < b else [None]
            assert a >= b or len(points) > 0.05 * side * side, f"{a} and {b} show the same"
    for kind in ("signed-error", "absolute-error", "ssim"):
        choose({"signed-error": "Signed error", "absolute-error": "Absolute error", "ssim": "Structure (SSIM)"}[kind])
        same_as(f"{kind}:ratio=0.75,seed=7", "75 % hidden, seed 7")
    who.key("alt+2")
    who.see("The network predicts patches without their brightness and contrast; both were taken from the picture’s own patches."
            .replace("’", "'"))


def predicted_too():
    """Visible patches as they are, or as the network would have put them."""
    who.key("alt+1")
    choose("Reconstruction")
    kept = who.settled()
    who.key("alt+2")
    who.scroll(20)
    who.press("Reconstruction predicts the visible patches too")
    who.key("alt+1")
    time.sleep(1)
    predicted = who.settled()
    shoot("view-predicted")
    x, y, side = (int(n) for n in who.place(who.box, SIZE, SIZE))
    cells = {((px - x) * GRID // side, (py - y) * GRID // side) for px, py in kept.differences(predicted, 16)
             if x <= px < x + side and y <= py < y + side}
    # A quarter of 196 is visible; what is hidden is the same in both, but for what the enlarging blurs across.
    assert 40 <= len(cells), f"only {len(cells)} patches change when the visible ones are predicted too"
    who.key("alt+2")
    who.press("Reconstruction predicts the visible patches too")
    who.key("alt+1")


def sharpens():
    """Coverage is on the picture before it is through, and another some draws later; stopped, what there is stays."""
    who.key("alt+2")
    who.set_value("Patches hidden, percent", 10)
    who.set_value("How often coverage hides each patch", 512)
    who.choose("Map", MAPS.index("Coverage"))
    who.see_on_picture("overlay Coverage", 60)
    early = who.view()
    assert any(re.search(r"\d %$", text) and "," in text for text in who.texts()), "nothing says how far it is"
    later = wait_for("a sharper map", lambda: [v for v in [who.view()] if len(v.differences(early)) > 200], 60)[0]
    shoot("coverage-running")
    who.press("Stop computing this map")
    who.see("Stopped", 60)
    stopped = who.settled()
    assert "overlay Coverage" in who.picture().name, "nothing is left of it"
    time.sleep(2)
    assert not who.view().differences(stopped), "it goes on after it was stopped"
    assert later.width == stopped.width
    who.set_value("Patches hidden, percent", 75)
    who.set_value("How often coverage hides each patch", 4)
    who.see_on_picture("overlay Coverage", 60)
    wait_for("its end", lambda: not any("draws" in text or "%" in text and "hiding" in text.lower() for text in who.texts()), 60)
    who.key("alt+1")
    same_as("coverage:ratio=0.75,seed=7,times=4", "each patch hidden 4 times or more")
    cx, cy, _, _ = who.extents(who.picture())
    x, y, side = who.place(who.box, SIZE, SIZE)
    who.mouse("mousemove", round(cx + x + side / 2), round(cy + y + side / 2))
    who.mouse("mousemove", round(cx + x + side / 2) + 1, round(cy + y + side / 2))
    wait_for("spread and number of draws", lambda: any(re.match(r"map \S+ ± \S+, n \d+ · patch", t) for t in who.texts()))
    shoot("coverage-read-out")


def faithful():
    """A map is tested on demand: curves, numbers, and the mark of one that fails."""
    choose("Rollout")
    who.key("alt+2")
    who.press("Test this map")
    told = wait_for("the curves", lambda: [t for t in who.texts() if t.startswith("Area under the curve: hidden ")], 120)[0]
    _, line = who.numbers("rollout", "--check")
    wanted = line["faithfulness"]
    found = [float(n) for n in re.findall(r"-?\d+\.\d+", told)]
    numbers = [wanted["deletion_area"], wanted["insertion_area"], wanted["random_area"]["mean"], wanted["random_area"]["deviation"],
               wanted["randomised_correlation"]]
    assert all(abs(a - b) <= 0.0051 for a, b in zip(found, numbers)), f"{told}; the command line says {wanted}"
    who.see("Answer: hidden ")
    if wanted["passed"]:
        who.see("Passed the tests of faithfulness.")
    else:
        who.see("Not faithful:")
    page = who.control("Test this map", seconds=1) if who.has("Test this map") else None
    assert page is None or not page.getState().contains(pyatspi.STATE_VISIBLE), "it can be tested again"
    who.scroll(12)
    shoot("faithful")


def close():
    who.focus("maps")
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    assert who.process.returncode == 0, f"ended with status {who.process.returncode}"


def main():
    tap.walk([("a case opens", start), ("attention of any layer and head", attention),
              ("all heads side by side", all_heads), ("attention from a patch that is clicked", from_a_patch),
              ("rollout, and relevance of each class", rollout_and_relevance), ("occlusion", occlusion),
              ("errors under every strategy", strategies), ("patches hidden by hand", by_hand),
              ("every view of a reconstruction", views), ("visible patches kept or predicted", predicted_too),
              ("coverage sharpens and can be stopped", sharpens), ("a map is tested", faithful),
              ("the program ends in order", close)], lambda: who, shoot)
    tap.leave(who)


if __name__ == "__main__":
    main()
