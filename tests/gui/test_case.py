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

import pyatspi

from person import Person, Tap, wait_for

PROGRAM, CLI = sys.argv[1:3]
SHOTS = os.environ.get("SMB_SCREENSHOTS")
SAMPLES = os.environ["SEMBLANCE_SAMPLES"]
CASE = os.path.join(os.environ["HOME"], "labels.smbcase")
PICTURES = ["18f-dave.jpg", "18f-melody.jpg", "18f-brethauer.jpg"]

tap = Tap()
who = None


def shoot(name):
    if SHOTS:
        os.makedirs(SHOTS, exist_ok=True)
        who.shoot(os.path.join(SHOTS, name + ".png"))


def cli(*arguments):
    done = subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=120, check=False)
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


def focused():
    for item in who.walk():
        if item.getState().contains(pyatspi.STATE_FOCUSED):
            return item
    return None


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
    wait_for("the tags", lambda: sum("labelled Genuine" in text for text in who.texts()) == 2)
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
    wait_for("no tags", lambda: not any("labelled" in text for text in who.texts()))


def close():
    who.focus("Labels")
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    assert who.process.returncode == 0, f"ended with status {who.process.returncode}"


for step, act in [("a case opens", start),
                  ("several exhibits are labelled at once", label_several),
                  ("one face is labelled, with who it is", label_face),
                  ("labels are searched", search_label),
                  ("labels are taken back", clear_labels),
                  ("the program ends in order", close)]:
    tap.step(step, act)
    if who is None:
        print("Bail out! The window did not appear.", flush=True)
        sys.exit(1)
if who.process.poll() is None:
    who.close()
tap.done()
