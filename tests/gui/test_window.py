#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the window as a person would: test_window.py PROGRAM [--update-screenshots FOLDER]

Opens the sample case, waits for the analysis, looks at exhibits and maps, draws a face, writes a note, adds a broken
file, saves a report. Pictures of the window go to $SMB_SCREENSHOTS if it is set; --update-screenshots also writes those
that the README shows.
"""
import os
import subprocess
import sys
import time

from person import Person, Tap, wait_for

PROGRAM = sys.argv[1]
README = sys.argv[3] if len(sys.argv) > 3 and sys.argv[2] == "--update-screenshots" else None
SHOTS = os.environ.get("SMB_SCREENSHOTS")
HOME = os.environ["HOME"]
MAPS = ["Attention", "Rollout", "Reconstruction", "Error", "Masked input"]

tap = Tap()
who = None


def shoot(name, for_readme=False):
    if SHOTS:
        os.makedirs(SHOTS, exist_ok=True)
        who.shoot(os.path.join(SHOTS, name + ".png"))
    if README and for_readme:
        path = os.path.join(README, name + ".png")
        who.shoot(path)
        # Small enough for a page.
        subprocess.run(["convert", path, "-strip", "-resize", "1200x750", "-colors", "192", "PNG8:" + path], check=True)


def start():
    global who
    who = Person(PROGRAM)
    who.see("Try the sample case")
    who.see("Cases you open appear here", 5)
    shoot("start-light")


def open_sample():
    who.press("Try the sample case")
    who.see("Sample case")
    who.see("7 items", 60)


def wait_analysed():
    who.see("7 hashes verified", 60)
    wait_for("a score for every exhibit",
             lambda: sum("highest score 0." in text or "highest score 1." in text for text in who.texts()) >= 7, 120)


def warned():
    who.see("Untrained weights")
    who.see("Class probabilities, F1")


def exhibit(number):
    row = who.find(number + ",", partial=True)
    who.click(row)


def select_exhibits():
    exhibit("S-02")
    who.see("px · JPEG")
    exhibit("S-05")
    who.see("512 × 512 px · PNG", 30)
    who.see("F1")
    shoot("case-light")


def switch_maps():
    who.press("Zoom to the chosen face")
    for position, name in enumerate(MAPS, 1):
        who.choose("Map", position)
        who.see("overlay " + name, 40)
        shoot("map-" + name.lower().replace(" ", "-"))
    who.choose("Map", 2)
    who.see("overlay Rollout", 40)


def read_out():
    canvas = who.find("Picture, ", partial=True)
    x, y = who.centre(canvas)
    who.mouse("mousemove", x, y)
    who.mouse("mousemove", x + 3, y + 3)
    who.see("RGB ")
    who.see("patch ")


def change_look():
    who.set_value("Opacity of the overlay", 80)
    who.see("80 %")
    who.set_value("Threshold of the overlay", 30)
    who.see("0.30")
    who.set_value("Opacity of the overlay", 62)
    shoot("overlay-light", for_readme=True)


def zoom_and_pan():
    canvas = who.find("Picture, ", partial=True)
    x, y = who.centre(canvas)
    before = [text for text in who.texts() if text.endswith(" %")]
    who.mouse("mousemove", x, y, "click", 4, "click", 4)
    assert [text for text in who.texts() if text.endswith(" %")] != before, "the wheel did not zoom"
    who.drag(x, y, x - 60, y - 40)
    who.press("Fit the picture into the view")


def attention_head():
    who.choose("Map", 1)
    who.choose("Layer", 1)
    who.choose("Head", 2)
    who.see("overlay Attention", 40)
    who.key("alt+2")
    who.see("Maps of this face")
    who.see("layer 1, head 2")
    time.sleep(1.5)
    shoot("maps-page-light")


def draw_face():
    who.key("alt+1")
    who.press("Fit the picture into the view")
    faces = sum(text.startswith("Face ") and "score" in text for text in who.texts())
    who.press("Draw box")
    canvas = who.find("Picture, ", partial=True)
    x, y = who.centre(canvas)
    shoot("draw-light")
    who.drag(x + 60, y + 60, x + 240, y + 240)
    wait_for("one face more",
             lambda: sum(text.startswith("Face ") and "score" in text for text in who.texts()) == faces + 1, 60)


def add_note():
    who.key("alt+4")
    who.see("New note")
    who.click(who.control("Text of the note"))
    who.type("The left ear has no lobe.")
    who.press("Add note")
    who.see("Notes (1)")
    who.see("The left ear has no lobe.")
    shoot("notes-light")


def facts():
    who.key("alt+3")
    who.see("SHA-256")
    who.see("Intact")
    shoot("metadata-light")
    who.key("alt+1")


def type_path(path):
    who.key("ctrl+l")
    time.sleep(0.6)
    who.key("ctrl+a")
    who.type(path)
    who.key("Return")
    time.sleep(0.8)


def add_bad_file():
    path = os.path.join(HOME, "letter.jpg")
    with open(path, "w", encoding="utf-8") as handle:
        handle.write("This is a letter, not a picture.\n" * 40)
    who.press("Add evidence")
    who.see("All files")
    type_path(path)
    who.see("8 items", 40)
    who.see("Cannot be read", 40)
    who.see("letter.jpg")
    shoot("bad-file-light")


def save_report():
    path = os.path.join(HOME, "report.pdf")
    who.press("Report")
    who.see("Save the report")
    type_path(path)
    wait_for("the report", lambda: os.path.exists(path), 120)
    who.see("The report was saved as report.pdf.", 30)
    with open(path, "rb") as handle:
        assert handle.read(4) == b"%PDF", "the report is not a PDF"
    shoot("report-light")


def dark():
    who.press("Menu")
    shoot("menu-light")
    who.press("Colour scheme", partial=True)
    who.press("Dark", partial=True)
    time.sleep(0.6)
    exhibit("S-06")
    who.press("Zoom to the chosen face")
    who.choose("Map", 1)
    who.see("overlay Attention", 40)
    who.key("alt+2")
    who.see("Maps of this face")
    time.sleep(2)
    shoot("maps-dark", for_readme=True)
    who.key("alt+1")


def other_windows():
    who.key("ctrl+question")
    who.see("Show or hide the inspector")
    shoot("shortcuts-dark")
    who.key("Escape")
    who.press("Menu")
    who.press("About Semblance", partial=True)
    who.see("Credits")
    shoot("about-dark")
    who.key("Escape")
    who.key("ctrl+n")
    who.see("A case needs a number and a title.")
    who.type("K-17")
    shoot("new-case-dark")
    who.key("Escape")


def narrow():
    """In a narrow window the inspector gives way; it comes back when asked for."""
    window = who.window("Sample case")
    who.focus("Sample case")
    who.mouse("windowsize", window, 900, 700)
    time.sleep(1.5)
    assert not who.has("Class probabilities, F1"), "the inspector still takes room"
    shoot("narrow-dark")
    who.key("shift+F9")
    who.see("Class probabilities, F1")
    shoot("narrow-inspector-dark")
    who.mouse("windowsize", window, 1440, 900)
    time.sleep(1)
    who.focus("Sample case")


def japanese():
    """The same window in Japanese."""
    global who
    who = Person(PROGRAM, "--sample", environment={"LANGUAGE": "ja"})
    who.see("ハッシュ検証済み", 60)
    who.see("クラスの確率、F1", 30)
    time.sleep(1)
    shoot("case-ja")
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)


def close():
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    assert who.process.returncode == 0, f"ended with status {who.process.returncode}"


def again():
    """The stored case comes back with its scores, note and recent entry."""
    global who
    who = Person(PROGRAM)
    who.see("Sample case")
    shoot("start-recent")
    who.press("Open SC-2026-001 · Sample case")
    who.see("8 items", 30)
    wait_for("the stored scores", lambda: who.has("highest score 0.") or who.has("highest score 1."), 30)
    who.see("Class probabilities, F1")


def altered():
    """A missing exhibit is noticed and said."""
    os.remove(os.path.join(HOME, "letter.jpg"))
    who.press("Menu")
    who.press("Verify all hashes", partial=True)
    who.see("1 hash does not match", 60)
    who.see("File missing")
    exhibit("S-08")
    who.see("Put the file back and verify again")
    shoot("missing-light")
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)


def main():
    for name, act in [
            ("the start page says what to do", start),
            ("the sample case opens", open_sample),
            ("every exhibit is analysed", wait_analysed),
            ("untrained weights are said to be that", warned),
            ("exhibits can be chosen", select_exhibits),
            ("each map can be laid over the face", switch_maps),
            ("opacity and threshold follow the sliders", change_look),
            ("the pointer reads pixels and map", read_out),
            ("wheel and drag move the picture", zoom_and_pan),
            ("one layer and head can be picked", attention_head),
            ("a face can be drawn by hand", draw_face),
            ("a note can be written", add_note),
            ("the facts of a file are shown", facts),
            ("a file that is no picture gets a sentence", add_bad_file),
            ("a report is saved", save_report),
            ("the dark scheme can be chosen", dark),
            ("shortcuts, About and the new-case form open", other_windows),
            ("a narrow window keeps what matters", narrow),
            ("the program ends in order", close),
            ("the case opens again from the recent ones", again),
            ("a missing file is noticed", altered),
            ("the window speaks Japanese", japanese)]:
        tap.step(name, act)
        if who is None:
            print("Bail out! The window did not appear.", flush=True)
            sys.exit(1)
    if who is not None and who.process.poll() is None:
        who.close()
    tap.done()


if __name__ == "__main__":
    main()
