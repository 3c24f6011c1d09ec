#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The window in other languages: test_words.py PROGRAM CLI LANGUAGE…

Every page and dialog is opened by its words in that language, on a screen of 1440 by 900: the window keeps that size, each control lies
in it, and none is as narrow as a word that found no room. Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import gettext
import os
import subprocess
import sys
import time

import pyatspi

from person import Tap, shooter, wait_for
from still import HOME, SAMPLES, Case

PROGRAM, CLI, LANGUAGES = sys.argv[1], sys.argv[2], sys.argv[3:]
WIDTH, HEIGHT = 1440, 900
CONTROLS = ("push button", "toggle button", "check box", "combo box", "text", "spin button", "slider", "page tab")

tap = Tap()
who = None
language = "en"
shoot = shooter(lambda: who, "words-")


def _(text):
    return words.gettext(text)


def clip(name):
    path = os.path.join(HOME, name)
    subprocess.run(["ffmpeg", "-y", "-v", "error", "-loop", "1", "-t", "3", "-i", f"{SAMPLES}/18f-brethauer.jpg", "-vf",
                    "scale=320:320,setsar=1,format=yuv420p,fps=8", "-c:v", "libx264", path], check=True, stdin=subprocess.DEVNULL)
    return path


def fits(what):
    """Looks at the window in front: its size, and where its controls are."""
    time.sleep(0.6)
    shoot(f"{what}-{language}")
    frames = [frame for frame in who.app if frame is not None and frame.getState().contains(pyatspi.STATE_VISIBLE)]
    for frame in frames:
        width, height = frame.queryComponent().getSize()
        assert width <= WIDTH and height <= HEIGHT, f"{what}: “{frame.name}” takes {width} by {height}"
    width, height = frames[-1].queryComponent().getSize()
    outside = []
    for item in who.walk(frames[-1]):
        if item.getRoleName() not in CONTROLS or not item.getState().contains(pyatspi.STATE_SHOWING):
            continue
        x, _y, w, _h = who.extents(item)
        if w > 0 and (x < 0 or x + w > width):
            outside.append((item.name, x, w))
    assert not outside, f"{what}: beside the window of {width}: {outside[:5]}"


def start():
    global who
    files = [os.path.join(SAMPLES, "nasa-astronaut.png"), os.path.join(SAMPLES, "18f-dave.jpg")]
    who = Case(PROGRAM, CLI, f"words-{language}", files, environment={"LANGUAGE": language}, more=[clip("clip.mp4")])
    who.picture_name = _("Picture, %d by %d pixels").split("%d")[0]
    who.find("S-01", partial=True, seconds=60)
    time.sleep(3)


def pages():
    who.click(who.find("S-01", partial=True))
    who.see(_("Robustness…"), 60)
    who.choose(_("Map"), 2)
    fits("faces")
    for key, name in (("2", "maps"), ("3", "regions"), ("4", "metadata"), ("5", "notes")):
        who.key("alt+" + key)
        time.sleep(1)
        if name == "regions":
            room = who.extents(who.picture())[2]
            who.press(_("Measure regions"))
            who.see(_("Between regions"), 120)
            assert who.extents(who.picture())[2] == room, f"the matrix takes the picture's room: {room}"
            fits("regions")
            who.scroll(12)
        fits(name if name != "regions" else "matrix")
    who.key("alt+1")


def compared():
    who.press(_("Compare"))
    fits("compare")
    who.press(_("One picture"))


def dialogs():
    who.press(_("Robustness…"))
    wait_for("its table", lambda: who.has(_("Write into the notes")), 120)
    time.sleep(2)
    fits("robustness")
    who.key("Escape")
    who.focus(f"words-{language}")
    who.press(_("Menu"))
    fits("menu")
    who.press(_("Verify a report…"))
    who.see(_("Choose the bundle (.json) that a report was saved as."))
    fits("verify")
    who.key("Escape")
    who.focus(f"words-{language}")
    who.press(_("Report"))
    wait_for("the pages", lambda: who.has(_("Maps of each face")), 120)
    time.sleep(6)
    fits("report")
    who.key("Escape")
    who.focus(f"words-{language}")
    who.key("ctrl+l")
    fits("label")
    who.key("Escape")
    who.focus(f"words-{language}")
    who.key("ctrl+comma")
    time.sleep(1)
    fits("preferences")
    who.key("Escape")
    who.focus(f"words-{language}")
    who.key("ctrl+n")
    fits("new-case")
    who.key("Escape")
    who.focus(f"words-{language}")


def video():
    who.click(who.find("S-03", partial=True))
    wait_for("its frames", lambda: who.has(_("How")), 60)
    time.sleep(3)
    fits("video")
    who.press(_("Tracks"))
    time.sleep(1)
    fits("tracks")
    who.press(_("How"))
    fits("video-how")
    who.key("Escape")


def learning():
    who.key("ctrl+j")
    who.find(_("New…"))
    who.focus(_("Learning – Semblance").split(" ")[0])
    fits("jobs")
    who.press(_("Fine-tune a detector…"))
    time.sleep(1)
    fits("fine-tune")
    who.press(_("Cancel"))
    who.focus(_("Learning – Semblance").split(" ")[0])
    who.key("ctrl+m")
    time.sleep(1.5)
    fits("models")
    row = next(item for item in who.walk() if item.getRoleName() == "list item" and "semblance" in (item.name or "").lower()
               or item.getRoleName() == "list item" and "untrained" in (item.name or "").lower())
    who.click(row)
    time.sleep(1.5)
    fits("model")
    who.press(_("Evaluate…"))
    who.see(_("Evaluate and calibrate"))
    fits("evaluate")


def close():
    who.close()


for language in LANGUAGES:
    words = gettext.translation("semblance", os.environ["SEMBLANCE_LOCALEDIR"], [language])
    for name, act in [("a case opens", start), ("the pages of the inspector", pages), ("two views", compared), ("dialogs", dialogs),
                      ("a video", video), ("learning", learning), ("the program ends", close)]:
        failures = tap.failures
        tap.step(f"{language}: {name}", act)
        if who is None:
            print("Bail out! The window did not appear.", flush=True)
            sys.exit(1)
        if tap.failures > failures:
            shoot(f"failed-{tap.count}")
tap.done()
