#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A case without a mouse, and what is said of its exhibits: test_case.py PROGRAM CLI

Makes a case of two sample pictures on the command line, then labels exhibits and faces in the window, by keys where
there are any, and reads the labels back on the command line; walks Tab through the whole window. Pictures of the window
go to $SMB_SCREENSHOTS if it is set."""
import json
import os
import sqlite3
import subprocess
import sys
import time

from person import PATIENCE, Person, Tap, shooter, wait_for

PROGRAM, CLI = sys.argv[1:3]
SAMPLES = os.environ["SEMBLANCE_SAMPLES"]
CASE = os.path.join(os.environ["HOME"], "labels.smbcase")
PICTURES = ["18f-dave.jpg", "18f-melody.jpg", "18f-brethauer.jpg"]

tap = Tap()
who = None
shoot = shooter(lambda: who)


def cli(*arguments):
    done = subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=120 * PATIENCE, check=False)
    assert done.returncode == 0, f"{arguments}: {done}"
    return done.stdout


def labels():
    """What is labelled, by what it is."""
    return {entry["what"]: (entry["class"], entry["identity"])
            for entry in json.loads(cli("case", "label", CASE, "--json"))}


def actors(action):
    """Who did it, an entry of the log each."""
    with sqlite3.connect(f"file:{CASE}?mode=ro", uri=True) as store:
        return [actor for actor, in store.execute("SELECT actor FROM audit_log WHERE action = ?", [action])]


def is_marked(item):
    """Whether the focus can be seen: a line in the accent's colour about the control."""
    x, y, width, height = who.extents(item)
    pixels = subprocess.run(["import", "-window", "root", "-crop", f"{width + 24}x{height + 24}+{max(x - 12, 0)}+{max(y - 12, 0)}",
                             "-depth", "8", "rgb:-"], check=True, capture_output=True).stdout
    accent = sum(abs(pixels[i] - 0x1a) + abs(pixels[i + 1] - 0x5f) + abs(pixels[i + 2] - 0xb4) < 48
                 for i in range(0, len(pixels), 3))
    return accent >= min(width, 60)


def comes_to_be_marked(item):
    """It is drawn a moment after it is told, on a busy machine a moment later."""
    end = time.monotonic() + 2 * PATIENCE
    time.sleep(0.2)
    while not is_marked(item):
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def walk(key, end, look=False):
    """Presses a key until the control of that name has the focus: all names on the way. look: that it can be seen."""
    names, unseen = [], []
    for _ in range(90):
        item = who.key_to(key)
        names.append(item.name)
        if look:
            unseen += [] if comes_to_be_marked(item) else [item.name]
        if item.name.startswith(end):
            assert not unseen, f"the focus cannot be seen on {unseen}"
            return names
    raise AssertionError(f"ninety times {key} does not get to {end}: {names}")


def start():
    global who
    cli("case", "new", CASE, "--title=Labels", "--number=L-1", "--examiner=Kim")
    cli("analyze", "--case", CASE, *(os.path.join(SAMPLES, name) for name in PICTURES))
    who = Person(PROGRAM, CASE)
    who.see("3 hashes verified", 60)
    who.focus("Labels")


def label_several():
    """Two exhibits are selected by keys, and labelled at once."""
    who.click(who.find("S-01,", partial=True))
    who.key("shift+Down")
    who.key("ctrl+l")
    who.see("S-01, S-02")
    who.see("Data sets are built from labelled exhibits")
    who.type("genu=ine")
    who.see("leave out commas, equals signs")
    shoot("label-dialog-wrong")
    who.key("ctrl+a")
    who.type("genuine")
    shoot("label-dialog")
    who.key("Return")
    wait_for("both labels", lambda: labels() == {"S-01 F1": ("genuine", ""), "S-02 F1": ("genuine", "")})
    wait_for("the tags", lambda: len({text for text in who.texts() if ", labelled Genuine" in text}) == 2)
    assert actors("label.set") == ["Kim", "Kim"], f"the log says {actors('label.set')}"
    shoot("labelled")


def label_face():
    """One face, a class that is offered, and who it is."""
    who.focus("Labels")
    who.click(who.find("S-03,", partial=True))
    who.key("shift+F10")
    who.press("Label…", partial=True)
    who.see("Label S-03")
    who.choose("What the label applies to", 1)
    who.press("swapped")
    item = who.control("Who is seen")
    who.click(item)
    who.type("Brethauer")
    shoot("label-face")
    who.press("Set label")
    wait_for("the face's label", lambda: labels().get("S-03 F1") == ("swapped", "Brethauer"))
    who.see("F1: Swapped")
    who.focus("Labels")
    who.key("alt+5")
    who.see("Swapped · Brethauer")
    shoot("label-notes")
    who.key("alt+1")


def search_label():
    who.key("ctrl+f")
    who.type("swapped")
    who.see("1 of 3")
    who.key("ctrl+a", "BackSpace")
    who.see("3 items")


def clear_labels():
    """All of what is selected at once; each that was labelled is one entry of the log."""
    who.click(who.find("S-01,", partial=True))
    who.key("shift+Down", "shift+Down")
    who.key("Menu")
    shoot("row-menu")
    who.press("Take the labels back")
    wait_for("no labels", lambda: labels() == {})
    assert actors("label.clear") == ["Kim"] * 3, f"the log says {actors('label.clear')}"
    wait_for("no tags", lambda: not any(", labelled " in text for text in who.texts()))


def tab_through():
    """Tab goes once through everything, in reading order, and every stop has a name and can be seen."""
    who.key("ctrl+f")
    names = walk("Tab", "Search the evidence", look=True)
    nameless = [name for name in names if name == "" or name.startswith("Gtk")]
    assert not nameless, f"no names: {nameless} among {names}"
    order = ["Order of the evidence", "S-0", "Map", "Save the view or the map", "One picture", "Picture, ", "Zoom out",
             "Zoom in", "Faces", "Maps", "Notes", "Draw box", "Face 1", "Evidence list", "Add evidence", "Analyse",
             "Compare", "Report", "Jobs", "Inspector", "Menu", "Search the evidence"]
    at = 0
    for wanted in order:
        rest = [i for i in range(at, len(names)) if names[i].startswith(wanted)]
        assert rest, f"“{wanted}” is not reached in its turn: {names}"
        at = rest[0]
    assert sum(name.startswith("S-0") for name in names) == 1, f"each exhibit is a stop: {names}"
    back = walk("shift+Tab", "Search the evidence")
    assert sorted(back) == sorted(names), f"the way back is another: {set(names) ^ set(back)}"


def pages_by_keys():
    """What each page of the inspector holds has a name and shows the focus; a picture has no tracks."""
    assert not any(item.getRoleName() == "page tab" and item.name == "Tracks" for item in who.walk()), "tracks of a picture"
    for page, first in (("Maps", "Attention"), ("Regions", "Measure regions"), ("Metadata", "Error level"),
                        ("Notes", "Text of the note")):
        who.click(who.find(page, "page tab"))
        names = walk("Tab", "Evidence list", look=True)
        assert any(name.startswith(first) for name in names), f"{page}: {first} is not among {names}"
        nameless = [name for name in names if name == "" or name.startswith("Gtk")]
        assert not nameless, f"{page}: no names: {nameless} among {names}"
    who.key("alt+1")


def act_by_keys():
    """The main acts, each by keys alone."""
    who.key("ctrl+f", "Tab", "Tab", "Home")
    who.see_on_picture("640 by 640 pixels")
    who.key("Down")
    who.see_on_picture("250 by 250 pixels")
    walk("Tab", "Map")
    who.key("space", "Home", "Down", "Down", "Return")
    who.see_on_picture("overlay Rollout")
    walk("Tab", "Zoom in")
    before = [text for text in who.texts() if text.endswith(" %")]
    who.key("space")
    assert [text for text in who.texts() if text.endswith(" %")] != before, "Space on the button does not zoom"
    who.key("ctrl+0", "ctrl+b", "Right", "Right", "Return")
    who.see("px, drawn", 60)
    who.key("alt+5")
    who.type("By keys.")
    who.key("Tab", "space")
    who.see("Notes (1)")
    who.key("F10")
    shoot("menu-by-keys")
    who.key("Escape", "alt+1")


def close():
    who.focus("Labels")
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    assert who.process.returncode == 0, f"ended with status {who.process.returncode}"


tap.walk([("a case opens", start),
          ("several exhibits are labelled at once", label_several),
          ("one face is labelled, with who it is", label_face),
          ("labels are searched", search_label),
          ("labels are taken back", clear_labels),
          ("Tab goes through the window", tab_through),
          ("Tab goes through every page", pages_by_keys),
          ("the main acts need no mouse", act_by_keys),
          ("the program ends in order", close)], lambda: who)
tap.leave(who)
