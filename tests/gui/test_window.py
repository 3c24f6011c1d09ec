#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the window as a person would: test_window.py PROGRAM

Opens the sample case, waits for the analysis, looks at exhibits and maps, draws a face, writes a note, adds a broken
file, saves a report. Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import os
import subprocess
import sys
import time

import pyatspi

from person import Person, Tap, shooter, wait_for

PROGRAM = sys.argv[1]
SHOTS = os.environ.get("SMB_SCREENSHOTS")
HOME = os.environ["HOME"]
MAPS = ["Attention", "Rollout", "Relevance", "Occlusion", "Masked input", "Reconstruction", "Error", "Signed error",
        "Absolute error", "Structure (SSIM)", "Coverage", "Regions"]


def place(name):
    """Of a map in the drop-down, whose first entry is None."""
    return MAPS.index(name) + 1


tap = Tap()
who = None
shoot = shooter(lambda: who)


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
        who.see_on_picture("overlay " + name)
        shoot("map-" + name.lower().replace(" ", "-"))
    who.choose("Map", place("Rollout"))
    who.see_on_picture("overlay Rollout")


def read_out():
    canvas = who.picture()
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
    shoot("overlay-light")


def zoom_and_pan():
    canvas = who.picture()
    x, y = who.centre(canvas)
    before = [text for text in who.texts() if text.endswith(" %")]
    who.mouse("mousemove", x, y, "click", 4, "click", 4)
    assert [text for text in who.texts() if text.endswith(" %")] != before, "the wheel did not zoom"
    who.drag(x, y, x - 60, y - 40)
    who.press("Fit the picture into the view")


def attention_head():
    who.choose("Map", place("Attention"))
    who.choose("Layer", 1)
    who.choose("Head", 2)
    who.see_on_picture("overlay Attention")
    who.key("alt+2")
    who.see("Where the model looks")
    who.see("layer 1, head 2")
    time.sleep(1.5)
    shoot("maps-page-light")


def all_heads():
    """The grid shows every head of the layer; one is picked from it."""
    who.press("All heads")
    who.see("Heads of layer 1")
    time.sleep(1)
    shoot("heads-light")
    who.press("Head 1")
    who.see("layer 1, head 1")


def query_patch():
    """A patch is clicked, and the map is what that patch attends to."""
    who.press("Zoom to the chosen face")
    who.choose("Seen from", 2)
    time.sleep(0.5)
    x, y = who.centre(who.picture())
    who.mouse("mousemove", x + 20, y + 20, "click", 1)
    who.see("head 1, seen from patch ")
    shoot("query-light")
    who.key("Escape")
    who.choose("Seen from", 0)
    wait_for("the answer's own view", lambda: not who.has("seen from patch"))


def patches_by_hand():
    """Patches hidden one by one on the picture are what the reconstruction has to fill."""
    who.choose("Map", place("Reconstruction"))
    who.press("Choose patches")
    x, y = who.centre(who.picture())
    who.drag(x - 40, y + 10, x + 40, y + 10)
    who.see("patches by hand")
    who.see_on_picture("overlay Reconstruction")
    shoot("by-hand-light")
    who.key("Escape")
    who.press("Hide none")
    who.choose("Strategy of the mask", 1)
    who.choose("Region covered", 4)
    who.see("CRFR-P, mouth, 75 % hidden, seed 0")
    time.sleep(1.5)
    shoot("covered-mouth-light")
    who.choose("Strategy of the mask", 0)
    who.key("alt+1")


def compare():
    """Two maps of one face, then two exhibits: side by side, with a divider, by turns."""
    exhibit("S-05")
    who.choose("Map", place("Rollout"))
    who.see_on_picture("overlay Rollout")
    who.press("Compare")
    who.choose("Map of the second view", 2 + place("Relevance"))
    who.see_on_picture("compared with S-05, Relevance")
    who.press("Contours")
    shoot("beside-light")
    who.choose("Compare with", 2)
    who.choose("Map of the second view", 1)
    who.see_on_picture("compared with S-02, Rollout")
    shoot("two-exhibits-light")
    who.press("Swipe: a divider between two")
    x, y, width, height = who.extents(who.picture())
    who.drag(x + width // 2, y + height // 3, x + width // 3, y + height // 3)
    shoot("swipe-light")
    who.press("Blink: two by turns")
    time.sleep(0.8)
    shoot("blink-light")
    who.press("One picture")
    who.press("Contours")
    assert not who.has("compared with"), "the second view is still spoken of"


def test_map():
    """A map is tested on demand; weights that mean nothing make maps that fail."""
    who.key("alt+2")
    who.press("Test this map")
    wait_for("the outcome", lambda: not who.has("Test this map"), 90)
    shoot("tested-light")
    who.key("alt+1")


def save_view():
    for entry, name, magic in [("View as a picture (PNG)…", "view.png", b"\x89PNG"),
                               ("Map as numbers (NumPy)…", "map.npy", b"\x93NUMPY"),
                               ("Map as a 16-bit picture (PNG)…", "map16.png", b"\x89PNG")]:
        path = os.path.join(HOME, name)
        who.press("Save the view or the map")
        who.press(entry)
        time.sleep(0.8)
        type_path(path)
        wait_for(name, lambda: os.path.exists(path), 30)
        who.see(f"Saved as {name}.")
        with open(path, "rb") as handle:
            assert handle.read(len(magic)) == magic, f"{name} is something else"
    if SHOTS:
        subprocess.run(["cp", os.path.join(HOME, "view.png"), os.path.join(SHOTS, "saved-view.png")], check=True)


def stop_coverage():
    """A long computation says how far it is and can be stopped; what it had stays."""
    who.key("alt+2")
    spin = who.control("How often coverage hides each patch")
    spin.queryValue().currentValue = 512
    who.choose("Map", place("Coverage"))
    who.press("Stop computing this map")
    who.see("Stopped", 60)
    shoot("stopped-light")
    spin.queryValue().currentValue = 8
    who.see_on_picture("overlay Coverage")
    who.key("alt+1")


def draw_face():
    who.key("alt+1")
    who.press("Fit the picture into the view")
    faces = sum(text.startswith("Face ") and "score" in text for text in who.texts())
    who.press("Draw box")
    canvas = who.picture()
    x, y = who.centre(canvas)
    shoot("draw-light")
    who.drag(x + 60, y + 60, x + 240, y + 240)
    wait_for("one face more",
             lambda: sum(text.startswith("Face ") and "score" in text for text in who.texts()) == faces + 1, 60)


def regions():
    """The face's quality, the table and the matrix; the brush corrects the regions and the case keeps them."""
    exhibit("S-05")
    who.key("alt+3")
    who.see("Quality of the face")
    who.press("Measure regions")
    who.see("Between regions", 120)
    time.sleep(1)
    shoot("regions-light")
    who.press("Edit regions")
    who.choose("Class the brush paints", 6)
    who.press("Zoom to the chosen face")
    x, y = who.centre(who.picture())
    who.drag(x - 60, y - 40, x + 60, y - 40)
    who.see("Changed by hand, not kept yet.")
    shoot("brush-light")
    who.press("Keep")
    who.press("Edit regions")
    who.see("Back to the program’s")
    exhibit("S-04")
    who.see("px · JPEG")
    exhibit("S-05")
    who.see("Back to the program’s")
    who.key("alt+1")


def correct_face():
    """The box of a face that was found is moved by keys; the corrected one takes its place."""
    exhibit("S-02")
    who.see("px · JPEG")
    wait_for("its face", lambda: any(t.startswith("Face 1") for t in who.texts()))
    faces = sum(text.startswith("Face ") and "score" in text for text in who.texts())
    who.press("Correct box")
    time.sleep(0.4)
    shoot("correct-light")
    who.key("Right", "Right", "Right", "Return")
    who.see("px, drawn", 60)
    now = sum(text.startswith("Face ") and "score" in text for text in who.texts())
    assert now == faces, f"{now} faces after a correction, {faces} before"
    exhibit("S-05")


def add_note():
    who.key("alt+5")
    who.see("New note")
    who.click(who.control("Text of the note"))
    who.type("The left ear has no lobe.")
    who.press("Add note")
    who.see("Notes (1)")
    who.see("The left ear has no lobe.")
    shoot("notes-light")


def facts():
    who.key("alt+4")
    who.see("SHA-256")
    who.see("Intact")
    who.see("EXIF")
    who.press("Error level")
    who.see_on_picture("overlay Error level (ELA)")
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
    # Why it cannot be read is a long sentence; it takes no room from the pictures looked at afterwards.
    exhibit("S-05")
    who.see("Class probabilities, F1")
    room = who.extents(who.picture())[2]
    exhibit("S-08")
    who.see("this is text")
    exhibit("S-05")
    who.see("Class probabilities, F1")
    time.sleep(0.5)
    assert who.extents(who.picture())[2] == room, f"the picture has {who.extents(who.picture())[2]} px of {room}"


def drop_file():
    """A file dragged from another program arrives; this one is in the case already, which is said."""
    path = os.path.join(os.environ["SEMBLANCE_SAMPLES"], "18f-dave.jpg")
    source = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "drag_source.py"), path])
    try:
        window = wait_for("the other program", lambda: who.window("Drag source"))
        who.mouse("windowmove", window, 1200, 650)
        time.sleep(0.5)
        who.drag(1260, 710, 700, 450)
        who.see("is in the case already, as exhibit S-02")
    finally:
        source.kill()
        source.wait()
    who.press("Dismiss the message")
    who.focus("Sample case")


def tab_through():
    """Tab leads from the list past the tools over the picture to the pages beside it; nothing on the way keeps it."""
    who.focus("Sample case")
    who.key("ctrl+f")
    for _ in range(40):
        who.key("Tab")
        if who.control("Faces").getState().contains(pyatspi.STATE_FOCUSED):
            return
    raise AssertionError("forty times Tab does not get from the list to the pages")


def save_report():
    path = os.path.join(HOME, "report.pdf")
    who.press("Report")
    who.see("Page 1 of ", 120)
    who.press("Save…")
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
    who.choose("Map", place("Attention"))
    who.see_on_picture("overlay Attention")
    who.key("alt+2")
    who.see("Where the model looks")
    time.sleep(2)
    shoot("maps-dark")
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
    """An altered exhibit is noticed and said, whichever is looked at; then a missing one."""
    with open(os.path.join(HOME, "letter.jpg"), "a", encoding="utf-8") as handle:
        handle.write("P.S.")
    who.press("Menu")
    who.press("Verify all hashes", partial=True)
    who.see("1 exhibit is not the file that was acquired", 60)
    who.see("1 hash does not match")
    shoot("altered-light")
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
    tap.walk([
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
        ("all heads are side by side to pick from", all_heads),
        ("a patch can be asked what it attends to", query_patch),
        ("patches are hidden by hand and by region", patches_by_hand),
        ("a long map can be stopped", stop_coverage),
        ("two maps and two exhibits are compared", compare),
        ("a map can be tested", test_map),
        ("view and map are saved", save_view),
        ("regions are measured, corrected and kept", regions),
        ("a face can be drawn by hand", draw_face),
        ("a box can be corrected", correct_face),
        ("a note can be written", add_note),
        ("the facts of a file are shown", facts),
        ("a file that is no picture gets a sentence", add_bad_file),
        ("a file can be dropped on the window", drop_file),
        ("Tab gets everywhere", tab_through),
        ("a report is saved", save_report),
        ("the dark scheme can be chosen", dark),
        ("shortcuts, About and the new-case form open", other_windows),
        ("a narrow window keeps what matters", narrow),
        ("the program ends in order", close),
        ("the case opens again from the recent ones", again),
        ("a missing file is noticed", altered),
        ("the window speaks Japanese", japanese)], lambda: who)
    tap.leave(who)


if __name__ == "__main__":
    main()
