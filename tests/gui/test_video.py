#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the window with a video: test_video.py PROGRAM CLI SAMPLES

Every frame of a clip is analysed, stopped on the way and gone on with; the timeline grows meanwhile; a face the detector missed is
drawn on a frame and followed; the timeline is clicked, stepped, read and zoomed; the container's facts are told; videos wait for one
another and need not; a passage between marks is analysed; the dark scheme. Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import json
import os
import re
import subprocess
import sys
import time

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
    for name, picture, seconds in (("second.mp4", "18f-melody.jpg", 40), ("third.mp4", "18f-brethauer.jpg", 2),
                                   ("fourth.mp4", "18f-brethauer.jpg", 1)):
        run("ffmpeg", "-v", "error", "-loop", "1", "-t", str(seconds), "-i", f"{SAMPLES}/{picture}", "-vf", scale, "-c:v", "libx264",
            os.path.join(HOME, name))
    run(CLI, "case", "new", CASE, "--title", "Video")
    run(CLI, "case", "add", CASE, f"{HOME}/talk.mp4", f"{SAMPLES}/18f-dave.jpg", f"{HOME}/second.mp4", f"{HOME}/third.mp4", f"{HOME}/fourth.mp4")
    run(CLI, "analyze", "--case", CASE, "--frames=2", "--region-table", f"{HOME}/fourth.mp4")


def opened():
    global who
    who = Person(PROGRAM, CASE)
    who.see("5 hashes verified", 60)
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
    """A face the detector missed: drawn on a frame, followed up to the cut, judged, a track of its own."""
    who.press("Draw box")
    x, y, w, h = who.extents(who.picture())
    who.drag(x + w // 2 - 150, y + h - 150, x + w // 2 - 30, y + h - 30)
    who.press("Tracks")
    who.see("T3", 60)
    who.see("144 frames, found in 1", 60)
    shoot("video-drawn")


def play():
    """From here to the end, at the clip's own speed, frames left out where time is short; how many were shown is said."""
    who.press("Play")
    started = time.monotonic()
    time.sleep(18)  # the clip's length, in which nobody asks the window anything
    wait_for("the last frame", lambda: who.has("frame 215 of 215"), 60)
    took = time.monotonic() - started
    assert took < 18 + 6, f"18 seconds took {took:.1f}"
    told = wait_for("what was shown", lambda: [text for text in who.texts() if text.startswith("played: ")], 10)
    shown, of = map(int, re.findall(r"\d+", told[0]))
    assert 0 < shown <= of == 215, told
    print(f"# {told[0]}, in {took:.1f} s", flush=True)
    who.press("One frame back (Left)")
    who.see("frame 214 of 215")


def place():
    """The frame on the screen, as the line above the timeline says; the last one's number."""
    for text in who.texts():
        found = re.match(r"frame (\d+) of (\d+) · ", text)
        if found:
            return int(found[1]), int(found[2])
    raise AssertionError("no place is told")


def at_frame(k, slack=0):
    wait_for(f"frame {k}", lambda: abs(place()[0] - k) <= slack, 20)
    return place()[0]


def reading():
    """What is told of the place under the pointer: its frame, and all of it."""
    text = who.control("Timeline, frame", partial=True).description
    found = re.match(r"frame (\d+) · ", text)
    return (int(found[1]), text) if found else None


def point_at(share):
    """The pointer to that part of the timeline's length in view (34 px of scale before it, 10 after), in the scores."""
    x, y, w, h = who.extents(who.control("Timeline, frame", partial=True))
    at = x + 34 + int((w - 44) * share), y + h * 2 // 3
    who.mouse("mousemove", *at)
    return at


def timeline():
    """Clicked, dragged, stepped by keys, read out, zoomed; what is drawn is looked at in the pictures."""
    x, y = point_at(0.5)
    read = wait_for("what is under the pointer", reading, 10)
    assert abs(read[0] - 108) <= 2 and re.search(r" · [\d.]+ s.* · T1 0\.\d{3}", read[1]), read
    who.mouse("click", 1)
    middle = at_frame(108, 2)
    who.see(f"Timeline, frame {middle} of 215")
    for keys, to in ((("Left",), middle - 1), (("Left", "Left"), middle - 3), (("Right",), middle - 2), (("shift+Right",), middle + 8),
                     (("shift+Left",), middle - 2), (("Home",), 0), (("Left",), 0), (("End",), 215), (("Right",), 215)):
        who.key(*keys)
        assert at_frame(to) == to, keys
    at = 215
    for keys in (["Left"] * 12, ["Right"] * 5, ["shift+Left"] * 3 + ["Left"] * 2):  # quicker than frames are decoded: none is lost
        who.mouse("key", "--delay", "0", *keys)
        at += sum((10 if "shift" in key else 1) * (1 if "Right" in key else -1) for key in keys)
        assert at_frame(at) == at, keys
    x0, x1 = point_at(0.25)[0], point_at(0.75)[0]
    who.drag(x0, y, x1, y)
    at_frame(162, 2)

    point_at(0.0)
    wait_for("the first frame under the pointer, a key frame", lambda: reading()[0] == 0 and "key frame" in reading()[1], 10)
    shoot("video-timeline")
    point_at(0.5)
    for _ in range(10):
        who.mouse("click", 4)  # the wheel, about what is under the pointer: 1.25 to the tenth, nine times as large
    first, last = (wait_for("what is under the pointer", lambda: point_at(share) and reading(), 10)[0] for share in (0.01, 0.99))
    assert 92 <= first < 104 and 112 < last <= 124, f"in view are {first} to {last}"
    time.sleep(1.5)  # the thumbnails of what is in view now
    shoot("video-zoomed")
    who.press("Show the timeline in more detail")
    who.press("Show more of the timeline")
    who.press("Show all of the timeline")
    point_at(0.0)
    wait_for("all of it", lambda: reading()[0] == 0, 10)
    who.key("Home")


def facts():
    """What the container says, and on request every frame: the same as the command line says of it."""
    who.press("Metadata")
    for text in ("Container", "h264 High", "x264 - core", "Groups of pictures", "of 24 to ", "Frames apart", "usually 83.333 ms",
                 "no gap between their times"):
        who.see(text)
    assert not who.has("Noise"), "maps of a whole picture are offered for a video"
    shoot("video-facts")
    who.press("Decode every frame")
    who.see("Save the list…", 60)
    told = subprocess.run([CLI, "video", "info", "--frames", "--json", f"{HOME}/talk.mp4"], check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    types = ", ".join(f"{number} {letter}" for letter, number in sorted(lines[-1]["decoded"]["types"].items()))
    who.see(f"{types}; 0 interlaced, 0 with concealed damage, 0 lost")
    shoot("video-frames")
    who.press("Save the list…")
    wait_for("the dialog", lambda: who.window("Save the list of frames"), 20)
    who.key("ctrl+a")
    who.type(f"{HOME}/list.tsv")
    who.key("Return")
    who.see("The list of frames was saved", 20)
    with open(f"{HOME}/list.tsv", encoding="utf-8") as handle:
        table = [line.rstrip("\n").split("\t") for line in handle]
    assert len(table) == 217 and [row[4] for row in table[1:]] == [line["sha256"] for line in lines[:-1]], "another list"
    assert [row[2] for row in table[1:]] == [line["picture"] for line in lines[:-1]], "other types"
    who.press("Faces")


def robustness():
    """How far the score of the face in the frame looked at moves."""
    who.press("Faces")
    who.press("Robustness…")
    who.see("over 17 degradations it lies from ", 120)
    assert who.has("in frame "), "it is not said of which frame"
    shoot("video-robustness")
    who.key("Escape")
    who.focus("Video")


def open_video(name, frames):
    who.click(who.find(f"{name}, Video", partial=True))
    who.see(f"frame 0 of {frames - 1}", 60)


def cancels():
    """A button for every job."""
    return [item for item, name in who.named() if name == "Cancel this work"]


def cancel_newest():
    found = cancels()
    assert len(found) > 1, f"{len(found)} jobs are listed"
    found[-1].queryAction().doAction(0)


def queue():
    """One video is analysed, others wait behind it in a batch that is cancelled: the first goes on, the others stay as they were."""
    open_video("second.mp4", 480)
    who.see("Not analysed yet")
    who.press("How")
    who.see("Frames of each track")
    who.key("space", "Down", "Return")
    who.set_value("Look for faces every so many frames", 1)
    who.key("Escape")
    who.press("Analyse (this video)")
    who.see("Being analysed: every frame scored", 60)
    who.press("Analyse")
    wait_for("two jobs", lambda: len(cancels()) > 1, 20)
    cancel_newest()
    wait_for("one job", lambda: len(cancels()) == 1, 20)
    assert who.has("Being analysed"), "the run under way is not shown any more"
    shoot("video-queued")
    before = n_scored()
    wait_for("more of the first", lambda: n_scored() > before, 60)
    who.press("Cancel this work")
    who.see("Stopped after frame", 60)
    open_video("third.mp4", 24)
    who.see("Not analysed yet")


def passage():
    """Only what lies between the marks In and Out."""
    for _ in range(3):
        who.press("One frame on (Right)")
    who.see("frame 3 of 23")
    who.press("Mark the beginning of a passage here, or take the mark away")
    for _ in range(6):
        who.press("One frame on (Right)")
    who.see("frame 9 of 23")
    who.press("Mark the end of a passage here, or take the mark away")
    shoot("video-marks")
    who.press("Analyse (this video)")
    wait_for("the end of the analysis", lambda: who.has("frames 3 to 9") and not who.has("Being analysed"), 120)
    who.press("Tracks")
    who.see("7 frames, found in ", 30)
    shoot("video-passage")


def series():
    """A region's measure against time, beside the score."""
    open_video("fourth.mp4", 12)
    who.see("2 frames of each track scored")
    who.choose("What is drawn beside the score", 2)
    point_at(0.0)
    wait_for("the measure under the pointer", lambda: re.search(r" · T1 0\.\d{3} · \D+ -?\d+\.\d{4}", reading()[1]), 10)
    shoot("video-series")


def dark():
    who.press("Menu")
    who.press("Colour scheme", partial=True)
    who.press("Dark", partial=True)
    time.sleep(0.6)
    who.click(who.find("talk.mp4, Video", partial=True))
    who.see("frame 0 of 215", 60)
    who.see("T3", 60)
    time.sleep(2)
    shoot("video-dark")
    who.press("How")
    who.see("Frames of each track")
    shoot("video-how-dark")
    who.key("Escape")


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
            ("the timeline is clicked, stepped, read and zoomed", timeline),
            ("the container's facts, and every frame", facts),
            ("a missed face can be drawn on a frame", draw),
            ("the robustness of a frame's score", robustness),
            ("a clip is played", play),
            ("videos that wait can be cancelled", queue),
            ("a passage between marks", passage),
            ("a region's measure over time", series),
            ("the dark scheme", dark),
            ("the program ends in order", close)]:
        tap.step(name, act)
    if who is not None and who.process.poll() is None:
        who.close()
    tap.done()


if __name__ == "__main__":
    main()
