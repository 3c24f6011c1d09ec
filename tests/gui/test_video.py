#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the window with a video: test_video.py PROGRAM CLI SAMPLES

Every frame of a clip is analysed, stopped on the way and gone on with; the timeline grows meanwhile; a face the detector missed is
drawn on a frame. Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import os
import re
import subprocess
import sys

from person import Person, Tap, shooter, wait_for

PROGRAM, CLI, SAMPLES = sys.argv[1:4]
HOME = os.environ["HOME"]
CASE = os.path.join(HOME, "video.smbcase")

tap = Tap()
who = None
shoot = shooter(lambda: who)


def run(*arguments):
    subprocess.run(arguments, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def prepare():
    """Twelve seconds of one person, a cut, six of another."""
    scale = "scale=320:320,setsar=1,format=yuv420p,fps=12"
    run("ffmpeg", "-v", "error", "-loop", "1", "-t", "12", "-i", f"{SAMPLES}/18f-brethauer.jpg", "-loop", "1", "-t", "6", "-i",
        f"{SAMPLES}/18f-melody.jpg", "-filter_complex", f"[0:v]{scale}[a];[1:v]{scale}[b];[a][b]concat=n=2:v=1[v]", "-map", "[v]",
        "-c:v", "libx264", "-g", "24", os.path.join(HOME, "talk.mp4"))
    run(CLI, "case", "new", CASE, "--title", "Video")
    run(CLI, "case", "add", CASE, os.path.join(HOME, "talk.mp4"), f"{SAMPLES}/18f-dave.jpg")


def opened():
    global who
    who = Person(PROGRAM, CASE)
    who.see("2 hashes verified", 60)
    who.see("talk.mp4, Video", 30)
    who.see("18f-dave.jpg, Still image")
    row = who.find("talk.mp4, Video", partial=True)
    who.click(row)
    who.see("frame 0 of 215", 60)
    who.see("Not analysed yet")
    shoot("video-new")


def choose():
    who.press("How")
    who.see("Frames of each track")
    # By keys: a popover is a window of its own, and the places of what is in it are told from there. The first field has the focus.
    who.key("space", "Down", "Return")
    who.set_value("Look for faces every so many frames", 1)
    shoot("video-how")
    who.key("Escape")
    who.press("Analyse (this video)")


def n_scored():
    """Of the chosen track, as the line under the timeline says."""
    found = [re.search(r"T1: mean [\d.]+ of (\d+) frames", text) for text in who.texts()]
    return max([int(match.group(1)) for match in found if match], default=0)


def live():
    """Scores arrive while the analysis runs."""
    who.see("Being analysed: every frame scored", 60)
    first = wait_for("scores of the first frames", n_scored, 60)
    wait_for("more of them", lambda: n_scored() > first, 60)
    shoot("video-live")


def stop():
    who.press("Cancel this work")
    who.see("Stopped after frame", 60)
    kept = n_scored()
    assert 0 < kept < 216, f"{kept} frames kept"
    shoot("video-stopped")


def go_on():
    who.press("Go on (this video)")
    who.see("T2", 120)
    wait_for("the end of the analysis", lambda: not who.has("Being analysed") and not who.has("Stopped after") and n_scored() == 144, 120)
    shoot("video-done")


def draw():
    """A face the detector missed: drawn on a frame, judged, a track of its own."""
    who.press("Draw box")
    x, y, w, h = who.extents(who.picture())
    who.drag(x + w // 2 - 150, y + h - 150, x + w // 2 - 30, y + h - 30)
    who.press("Tracks")
    who.see("T3", 60)
    shoot("video-drawn")


def robustness():
    """How far the score of the face in the frame looked at moves."""
    who.press("Faces")
    who.press("Robustness…")
    who.see("over 17 degradations it lies from ", 120)
    assert who.has("in frame "), "it is not said of which frame"
    shoot("video-robustness")
    who.key("Escape")
    who.focus("Video")


def close():
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    assert who.process.returncode == 0, f"ended with status {who.process.returncode}"


def main():
    for name, act in [
            ("a clip is made and taken in", prepare),
            ("videos are told from pictures", opened),
            ("every frame can be asked for", choose),
            ("the timeline grows while it is analysed", live),
            ("what is done when it is stopped stays", stop),
            ("it goes on where it was stopped", go_on),
            ("a missed face can be drawn on a frame", draw),
            ("the robustness of a frame's score", robustness),
            ("the program ends in order", close)]:
        tap.step(name, act)
    if who is not None and who.process.poll() is None:
        who.close()
    tap.done()


if __name__ == "__main__":
    main()
