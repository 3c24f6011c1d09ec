#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives what the window does with reports and scores as a person would: test_report.py PROGRAM CLI

A report is looked at, saved as pages and as a bundle, and the bundle is verified: as it was, changed, and without an original. A
face's score is tested for robustness. Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time

from person import PATIENCE, Person, Tap, shooter, wait_for

PROGRAM, CLI = sys.argv[1:3]
HOME = os.environ["HOME"]
SAMPLES = os.environ["SEMBLANCE_SAMPLES"]

tap = Tap()
who = None
shoot = shooter(lambda: who)


class Visitor(Person):
    """Looks at the window in front only: a dialog if one is open. The case window has a thousand parts."""
    def walk(self, node=None, shown_only=True):
        frames = [] if node else [frame for frame in self.app if frame is not None]
        yield from super().walk(node or (frames[-1] if len(frames) > 1 else None), shown_only)


def path(*names):
    return os.path.join(HOME, *names)


def type_path(name):
    time.sleep(0.8)
    who.key("ctrl+a")
    who.type(name)
    who.key("Return")
    time.sleep(0.8)


def cli(*arguments):
    return subprocess.run([CLI, *arguments], check=True, capture_output=True, text=True, timeout=100 * PATIENCE, stdin=subprocess.DEVNULL).stdout


def start():
    """A case with three exhibits, the last of two faces, analysed on the command line."""
    global who
    os.mkdir(path("evidence"))
    files = [shutil.copy(os.path.join(SAMPLES, name), path("evidence")) for name in ("18f-dave.jpg", "nasa-astronaut.png")]
    files.append(path("evidence", "pair.png"))
    subprocess.run(["convert", *(os.path.join(SAMPLES, name) for name in ("18f-dave.jpg", "18f-brethauer.jpg")), "-resize", "400x400!",
                    "+append", files[-1]], check=True)
    cli("case", "new", path("a.smbcase"), "--title=Three pictures", "--number=SC-9", "--examiner=E. Xaminer")
    cli("analyze", "--case", path("a.smbcase"), "--threads=1", *files)
    who = Visitor(PROGRAM, path("a.smbcase"))
    who.see("3 hashes verified", 60)


def pages():
    return next((int(text.split()[0]) for text in who.texts() if text.endswith(" pages") and text.split()[0].isdigit()), 0)


def previewed():
    """The pages are there before anything is written; a choice changes them once asked to."""
    who.press("Report")
    who.see("Maps of each face")
    n = wait_for("the pages", pages, 120)
    who.see(f"Page 1 of {n}")
    shoot("report-preview")
    who.press("Larger")
    who.see("125 %")
    shoot("report-preview-larger")
    who.press("Smaller")
    who.press("S-02", partial=True)
    who.see("The choice has changed since this preview was made.")
    shoot("report-preview-stale")
    who.press("Make the preview anew")
    wait_for("fewer pages", lambda: 0 < pages() < n, 120)
    who.press("S-02", partial=True)
    who.press("Relevance")
    who.press("Test whether the maps show what the answer rests on")
    who.press("Make the preview anew")
    wait_for("all pages", lambda: pages() >= n, 120)


def saved():
    """What is written has the pages that were looked at."""
    n = pages()
    who.press("Save…")
    who.see("Save the report")
    type_path(path("report.pdf"))
    wait_for("the report", lambda: os.path.exists(path("report.pdf")), 60)
    who.see("The report was saved as report.pdf.", 30)
    told = subprocess.run(["pdfinfo", path("report.pdf")], check=True, capture_output=True, text=True).stdout
    assert [line.split() for line in told.splitlines() if line.startswith("Pages:")] == [["Pages:", str(n)]], told
    text = subprocess.run(["pdftotext", path("report.pdf"), "-"], check=True, capture_output=True, text=True).stdout
    assert "Relevance" in text, "a map that was chosen is not in it"


def face_left_out():
    """Of an exhibit with several faces those are reported that are chosen; with the exhibit its faces go."""
    def text_of(name):
        who.press("Make the preview anew")
        wait_for("the pages", lambda: pages() > 0 and not who.has("The choice has changed"), 120)
        who.press("Save…")
        type_path(path(name))
        wait_for("the report", lambda: os.path.exists(path(name)), 60)
        return subprocess.run(["pdftotext", "-layout", path(name), "-"], check=True, capture_output=True, text=True).stdout

    who.press("Report")
    n = wait_for("the pages", pages, 120)
    faces = [text for text in who.texts() if re.match(r"F\d, score ", text)]
    assert sorted({text[:2] for text in faces}) == ["F1", "F2"], f"faces to choose from: {faces}"
    who.press("F2, score ", partial=True)
    who.see("The choice has changed since this preview was made.")
    shoot("report-faces")
    told = text_of("one-face.pdf")
    assert "1 of 2" in told, "the report does not say that a face was left out"
    who.press("Report")
    wait_for("the pages", pages, 120)
    for _ in range(3):  # without a window manager a first click may only bring the keyboard back from the file chooser
        if who.has("2 of 3"):
            break
        who.press("S-03 ", partial=True)
        time.sleep(1)
    told = text_of("without.pdf")
    assert "Exhibit S-03" not in told and "Exhibit S-02" in told, "the exhibit is still there"
    assert n > 0


def bundled():
    """The bundle is shown as text, and saved under its own ending."""
    who.press("Report")
    wait_for("the pages", pages, 120)
    who.choose("Format", 2)
    who.see(" of text")
    shoot("report-bundle")
    who.press("Save…")
    type_path(path("report"))
    wait_for("the bundle", lambda: os.path.exists(path("report.json")), 60)
    with open(path("report.json"), encoding="utf-8") as handle:
        assert json.load(handle)["format"] == "semblance-bundle"


def fill(name, text):
    who.click(who.control(name))
    who.key("ctrl+a")
    who.type(text)


def ask_to_verify():
    who.press("Menu")
    who.press("Verify a report…")
    who.see("Choose the bundle (.json) that a report was saved as.")


def verified():
    """As it was saved, everything comes out again."""
    ask_to_verify()
    fill("Bundle", path("report.json"))
    who.press("Verify")
    who.see("The report holds: everything in it came out again.", 120)
    who.see("Case, Audit log, The same")
    who.see("S-01, The file, The same")
    who.see("S-02, Faces and scores, The same")
    shoot("verify-holds")


def found_out():
    """Changed numbers are named; an original that is gone is not tried."""
    with open(path("report.json"), encoding="utf-8") as handle:
        forged = json.load(handle)
    forged["exhibits"][0]["result"]["faces"][0]["score"] = 0.99
    with open(path("forged.json"), "w", encoding="utf-8") as handle:
        json.dump(forged, handle)
    os.rename(path("evidence", "nasa-astronaut.png"), path("gone.png"))
    fill("Bundle", path("forged.json"))
    who.press("Verify")
    who.see("The report does not hold as it stands", 120)
    who.see("S-01, Faces and scores, Differs")
    who.see("faces[0].score: 0.99 in the bundle, ")
    who.see("S-02, The file, Not tried")
    who.see("nasa-astronaut.png is not there")
    shoot("verify-differs")
    os.rename(path("gone.png"), path("evidence", "nasa-astronaut.png"))
    who.key("Escape")


def robust():
    """Seventeen degradations of the chosen face, as chart and table, and into the notes."""
    who.click(who.find("S-01,", partial=True))
    who.see("Class probabilities, F1")
    who.press("Robustness…")
    who.see("over 17 degradations it lies from ", 120)
    told = json.loads(cli("robustness", "--json", path("evidence", "18f-dave.jpg")))
    for point in told["points"]:
        who.see(f"{point['score']:.4f}", 2)
    who.see(f"the score is {told['score']:.4f}")
    shoot("robustness")
    who.press("Write into the notes")
    who.key("alt+5")
    who.see("over 17 degradations it lies from ")
    shoot("robustness-note")


def preferred():
    """The processor with its instruction sets; the graphics card, or why there is none."""
    who.key("ctrl+comma")
    who.see("What this machine can compute on")
    devices = [json.loads(line) for line in cli("devices", "--json").splitlines()]
    for device in devices:
        who.see(device["name"] if device["usable"] else device["reason"])
    who.see(" of memory are free")
    shoot("preferences")
    who.choose("Colour scheme", 2)
    time.sleep(0.5)
    shoot("preferences-dark")
    who.choose("Colour scheme", 0)
    who.key("Escape")


def limited():
    """A limit set in the preferences holds for the next file and for the command line, is named when it refuses, and goes."""
    def in_force():
        return {line["name"]: line["value"] for line in map(json.loads, cli("limits", "--json").splitlines())}

    def add(name, target):
        shutil.copy(os.path.join(SAMPLES, name), path("evidence", target))
        who.key("ctrl+i")
        type_path(path("evidence", target))

    before = in_force()
    who.key("ctrl+comma")
    who.see("SEMBLANCE_MAX_SIDE_PX")
    who.set_value("pixels of a side", 300)
    shoot("preferences-limits")
    wait_for("the saved limit", lambda: in_force() == {**before, "SEMBLANCE_MAX_SIDE_PX": 300})
    who.key("Escape")
    who.focus("Three pictures")
    add("18f-mark-trammell.jpg", "refused.jpg")
    who.see("refused.jpg: its header says 480 × 640 pixels; no side may be longer than 300. If you trust the file, raise "
            "SEMBLANCE_MAX_SIDE_PX", 60)
    shoot("limit-refused")
    who.key("ctrl+comma")
    who.see("SEMBLANCE_MAX_SIDE_PX")
    assert who.control("pixels of a side").queryValue().currentValue == 300
    who.press("Defaults")
    wait_for("the limits as they were", lambda: in_force() == before)
    wait_for("the number shown", lambda: who.control("pixels of a side").queryValue().currentValue == before["SEMBLANCE_MAX_SIDE_PX"])
    who.key("Escape")
    who.focus("Three pictures")
    add("18f-mark-trammell.jpg", "taken.jpg")
    who.see("S-05,", 60)
    who.key("F5")
    wait_for("the picture, judged", lambda: any(text.startswith("S-05,") and "taken.jpg" in text and "1 face" in text
                                                 for text in who.texts()), 60)
    shoot("limit-taken")


def newest_result():
    store = sqlite3.connect(f"file:{path('a.smbcase')}?mode=ro", uri=True)
    result = json.loads(store.execute("SELECT result FROM analysis ORDER BY id DESC LIMIT 1").fetchone()[0])
    store.close()
    return result


def precise():
    """What is analysed next is computed as the preferences say, and says so; the score is the command line's in that precision."""
    words = {"f32": "float32, the published numbers", "bf16": "bfloat16, rounded products", "int8": "8-bit whole numbers, rounded products"}
    listed = next(device for device in map(json.loads, cli("devices", "--json").splitlines()) if device["id"] == "cpu")
    names = listed["precisions"]
    assert listed["auto"] in names and names[0] == "f32", listed
    who.key("ctrl+comma")
    wait_for("the device", lambda: who.has(f"cpu: {listed['name']}"))
    if len(names) > 1:
        who.choose("Precision of analyses", len(names) - 1)
    shoot("preferences-precision")
    who.key("Escape")
    who.focus("Three pictures")
    shutil.copy(os.path.join(SAMPLES, "18f-brethauer.jpg"), path("evidence", "rounded.jpg"))
    who.key("ctrl+i")
    type_path(path("evidence", "rounded.jpg"))
    who.see("S-06,", 60)
    who.key("F5")
    wait_for("the picture, judged", lambda: any(text.startswith("S-06,") and "rounded.jpg" in text and "1 face" in text
                                                 for text in who.texts()), 60)
    who.click(who.find("S-06,", partial=True))
    told = json.loads(cli("analyze", "--json", f"--precision={names[-1]}", path("evidence", "rounded.jpg")))
    assert told["settings"]["precision"] == names[-1], told["settings"]
    stored = newest_result()
    assert stored["faces"][0]["score"] == told["faces"][0]["score"], (stored, told)
    who.key("alt+4")
    who.see(words[names[-1]])
    shoot("precision-stored")


PREDICTOR = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat"


def landmarks_chosen():
    """Another file of landmarks is used for what is analysed next, and stored with it; then Debian's again."""
    if not os.path.exists(PREDICTOR):
        print("# libdlib-data is not installed: no other file of landmarks was chosen", flush=True)
        return
    other = path("evidence", "other.dat")
    shutil.copy(PREDICTOR, other)
    who.key("ctrl+comma")
    who.see("Debian's file, or a template where it is missing")
    who.press("Choose a landmark predictor")
    type_path(other)
    who.see(other)
    shoot("preferences-landmarks")
    who.key("Escape")
    who.focus("Three pictures")
    shutil.copy(os.path.join(SAMPLES, "18f-melody.jpg"), path("evidence", "landmarked.jpg"))
    who.key("ctrl+i")
    type_path(path("evidence", "landmarked.jpg"))
    who.see("S-07,", 60)
    who.key("F5")

    def newest():
        return newest_result().get("landmark_file", {})

    wait_for("the analysis with that file", lambda: newest().get("name") == other, 60)
    with open(other, "rb") as file:
        assert newest()["sha256"] == hashlib.sha256(file.read()).hexdigest(), newest()
    who.key("ctrl+comma")
    who.press("Debian's")
    who.see("Debian's file, or a template where it is missing")
    who.key("Escape")


def main():
    tap.walk([("a case is opened", start), ("a report is looked at", previewed), ("what was looked at is saved", saved),
              ("faces can be left out", face_left_out), ("a bundle is looked at and saved", bundled), ("a report that holds is verified", verified),
              ("what does not hold is named", found_out), ("a score's robustness is measured", robust),
              ("preferences name the devices", preferred), ("preferences set what a file may cost", limited),
              ("preferences set the precision", precise), ("preferences set the landmarks", landmarks_chosen)], lambda: who, shoot)
    tap.leave(who)


if __name__ == "__main__":
    main()
