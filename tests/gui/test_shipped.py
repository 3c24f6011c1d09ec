#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the window with the model that comes with the program: test_shipped.py PROGRAM [--update-screenshots FOLDER]

The sample case is analysed; scores come with likelihood ratios, regions with how unusual they are. Pictures of the window go to
$SMB_SCREENSHOTS if it is set; --update-screenshots also writes those that the README shows.
"""
import os
import re
import subprocess
import sys
import time

from person import Person, Tap, shooter, wait_for

PROGRAM = sys.argv[1]
README = sys.argv[3] if len(sys.argv) > 3 and sys.argv[2] == "--update-screenshots" else None
ROLLOUT = 2  # of the maps to choose from

tap = Tap()
who = None
shoot = shooter(lambda: who)


def shoot_for_readme(name):
    who.mouse("mousemove", 600, 892)  # where nothing tells anything under the pointer
    time.sleep(1)
    shoot(name)
    if README:
        path = os.path.join(README, name + ".png")
        who.shoot(path)
        # Small enough for a page.
        subprocess.run(["convert", path, "-strip", "-resize", "1200x750", "-colors", "192", "PNG8:" + path], check=True)


def analysed():
    global who
    who = Person(PROGRAM, "--sample")
    who.see("7 hashes verified", 60)
    wait_for("a score for every exhibit",
             lambda: sum("highest score 0." in text or "highest score 1." in text for text in who.texts()) >= 7, 120)


def judged():
    who.click(who.find("S-01,", partial=True))
    who.see("Class probabilities, F1")
    who.see("Likelihood ratio of forged to genuine ")
    who.see("Semblance tiny")
    assert not who.has("Untrained weights"), "trained weights are called untrained"
    who.see("AUC where it was measured: Swapped 0.71–0.79, Synthetic 0.35 (a coin has 0.5). Of genuine faces it called up to 37 % forged.")
    who.press("What the model cannot tell")
    who.see("It has learned nothing of faces that were generated whole and takes them for genuine")
    shoot("shipped-light")
    who.press("What the model cannot tell")


def overlaid():
    who.click(who.find("S-05,", partial=True))
    who.see("512 × 512 px · PNG", 30)
    who.press("Zoom to the chosen face")
    who.choose("Map", ROLLOUT)
    who.see_on_picture("overlay Rollout")
    who.set_value("Threshold of the overlay", 30)
    shoot_for_readme("overlay-light")


def compared():
    """With the statistics of genuine faces that come with the model."""
    who.key("alt+3")
    who.see("Quality of the face")
    who.press("Measure regions")
    who.see("Between regions", 120)
    told = wait_for("what they are compared with", lambda: [t for t in who.texts() if "Compared with " in t], 30)
    assert int(re.search(r"Compared with (\d+) genuine faces", told[0]).group(1)) >= 30, told
    time.sleep(1)  # the table fills
    shoot_for_readme("regions-light")
    for place, kind in enumerate(("Coherency", "Consistency", "Correspondence", "Alone")):
        who.choose("What is measured", place)
        rows = wait_for(f"the {kind} of each region",
                        lambda: [found for text in who.texts() if (found := re.match(
                            r"(\w+): " + kind + r" (\d\.\d{3}), z ([+-]\d+\.\d), percentile ([<>]?\d+)$", text))], 20)
        assert len(rows) >= 5, f"{kind}: {[row.group(0) for row in rows]}"
        # Where a value lies among genuine faces, z and percentile say alike.
        off = [row.group(0) for row in rows if abs(float(row.group(3))) > 1.2
               and (float(row.group(3)) > 0) != (float(row.group(4).lstrip("<>")) > 50)]
        assert not off, f"{kind}: {off}"
    matrix = who.find("How hiding one region makes another harder", partial=True)
    assert re.search(r"The error of nose rises by \S+ when mouth is hidden as well, z [+-]\d", matrix.name), matrix.name
    who.scroll(12)
    shoot("shipped-matrix")


def explained():
    """From the score to the page of its model; the window that holds it lies over the case's from then on."""
    who.key("alt+1")
    who.press("About the model")
    who.see("Fit for use")
    who.see("Looks for traces of a face that was put into a picture")
    who.see("AUC where it was measured: Swapped 0.71–0.79, Synthetic 0.35 (a coin has 0.5).")
    assert not who.has("Nothing speaks against using it."), "a model worse than a coin is recommended"
    shoot("shipped-model")


def main():
    tap.walk([("the sample case is analysed with it", analysed), ("a score comes with its likelihood ratio", judged),
              ("a map is laid over the face", overlaid), ("regions are compared with genuine faces", compared),
              ("the model's page is a click away", explained)], lambda: who, shoot)
    tap.leave(who)


if __name__ == "__main__":
    main()
