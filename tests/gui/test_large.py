#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A picture of 100 megapixels in the window: test_large.py PROGRAM CLI

While wheel and drag move it the program answers other questions (what its window is called, over the accessibility bus, which its main
loop does), and its memory stays bounded, however much is looked at and however often the picture is opened again. What was measured is
printed. Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import os
import struct
import subprocess
import sys
import threading
import time
import zlib

from person import PATIENCE, Tap, shooter, wait_for
from screen import Shot, distance
from still import HOME, SAMPLES, Case

PROGRAM, CLI = sys.argv[1:3]
SIDE = 10000
MEGABYTE = 1 << 20
# The picture, its halves, quarters …: 4/3 of 300 MB.
PICTURE_MB = SIDE * SIDE * 3 * 4 / 3 / MEGABYTE
# What a person takes for stuck; on a busy machine that draws without a graphics card. A frame takes a fifth of it.
LONGEST_S = 0.5 * PATIENCE
# While it is opened the threads that read and halve it take what a small machine has.
LONGEST_OPENING_S = 1.0 * PATIENCE

tap = Tap()
who = None
shoot = shooter(lambda: who, "large-")


def write_picture(path):
    """The sample's face enlarged in the middle of a ramp: so many rows of a PNG are quickly packed."""
    face = Shot.of_file(os.path.join(SAMPLES, "nasa-astronaut.png"))
    times, at = 8, (SIDE - 8 * face.width) // 2
    ramp = bytes(x * 200 // SIDE for x in range(SIDE) for _ in range(3))
    pack = zlib.compressobj(1)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)))
        pixels = [b"".join(bytes(face.at(x, y)) * times for x in range(face.width)) for y in range(face.height)]
        for y in range(SIDE):
            row = ramp
            if at <= y < at + times * face.height:
                row = ramp[:at * 3] + pixels[(y - at) // times] + ramp[(at + times * face.width) * 3:]
            data = pack.compress(b"\0" + row)
            if data:
                out.write(chunk(b"IDAT", data))
        out.write(chunk(b"IDAT", pack.flush()) + chunk(b"IEND", b""))


class Watch(threading.Thread):
    """Asks the program over and over, each time noting how long the answer took; and looks at its memory."""
    def __init__(self):
        super().__init__(daemon=True)
        self.over, self.answers, self.memory = threading.Event(), [], []

    def run(self):
        # A program of its own: what asks here would wait for what this test itself asks.
        ask = subprocess.Popen([sys.executable, "-c", ASK, str(who.process.pid)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        for line in ask.stdout:
            self.answers.append(float(line))
            self.memory.append(memory_mb())
            if self.over.is_set():
                break
        ask.kill()
        ask.wait()

    def finish(self):
        self.over.set()
        self.join(30)
        return self.answers, self.memory


ASK = """
import sys, time
import pyatspi
pid = int(sys.argv[1])
app = next(a for a in pyatspi.Registry.getDesktop(0) if a is not None and a.get_process_id() == pid)
frame = app.getChildAtIndex(0)
while True:
    begin = time.monotonic()
    frame.clearCache() if hasattr(frame, "clearCache") else None
    frame.queryComponent().getExtents(pyatspi.WINDOW_COORDS)
    print(time.monotonic() - begin, flush=True)
    time.sleep(0.01)
"""


def memory_mb(what="VmRSS"):
    with open(f"/proc/{who.process.pid}/status", encoding="ascii") as handle:
        return next(int(line.split()[1]) for line in handle if line.startswith(what + ":")) / 1024


def start():
    global who
    large = os.path.join(HOME, "large.png")
    write_picture(large)
    who = Case(PROGRAM, CLI, "large", [large, os.path.join(SAMPLES, "18f-dave.jpg")])
    who.see("2 hashes verified", 120)
    who.exhibit(2)
    who.see("640 × 640 px")
    time.sleep(2)
    who.before_mb = memory_mb()


def opened():
    """Opening it does not hold up the window either."""
    watch = Watch()
    watch.start()
    wait_for("first answers", lambda: len(watch.answers) > 5)
    who.click(who.find("S-01,", partial=True))
    begin = time.monotonic()
    who.see("10000 × 10000 px", 120)
    took = time.monotonic() - begin
    who.see_on_picture("F1", 60)
    view = who.settled(60)
    answers, memory = watch.finish()
    shoot("fitted")
    print(f"# opened in {took:.1f} s; longest wait {max(answers) * 1000:.0f} ms of {len(answers)} answers; "
          f"memory {who.before_mb:.0f} MB before, up to {max(memory):.0f} MB, the picture with its levels is {PICTURE_MB:.0f} MB")
    assert distance(view.at(view.width // 2 - view.height // 2 + 20, 20), view.at(view.width // 2 + view.height // 2 - 20, 20)) > 150, "no ramp"
    assert max(answers) < LONGEST_OPENING_S, f"the window was stuck for {max(answers):.2f} s"


def moved():
    """Zoomed by the wheel down to single pixels, dragged about, and out again."""
    x, y, width, height = who.extents(who.picture())
    cx, cy = x + width // 2, y + height // 2
    watch = Watch()
    watch.start()
    wait_for("first answers", lambda: len(watch.answers) > 5)
    begin, asked = time.monotonic(), 0
    for _ in range(3):
        for button, times in ((4, 12), (5, 4)):
            for _ in range(times):
                subprocess.run(["xdotool", "mousemove", str(cx), str(cy), "click", str(button)], check=True)
                asked += 1
                time.sleep(0.03)
        for dx, dy in ((-260, -200), (240, -180), (-200, 230)):
            steps = [f"mousemove {cx + dx * i // 24} {cy + dy * i // 24} sleep 0.016" for i in range(1, 25)]
            subprocess.run(["xdotool", "mousemove", str(cx), str(cy), "mousedown", "1", *" ".join(steps).split(), "mouseup", "1"], check=True)
            asked += 24
        shoot("close-up")
    took = time.monotonic() - begin
    answers, memory = watch.finish()
    answers.sort()
    print(f"# {asked} moves in {took:.1f} s: {len(answers)} answers, half of them within {answers[len(answers) // 2] * 1000:.1f} ms, "
          f"95 % within {answers[len(answers) * 95 // 100] * 1000:.0f} ms, the longest {answers[-1] * 1000:.0f} ms; "
          f"memory up to {max(memory):.0f} MB")
    assert answers[-1] < LONGEST_S, f"the window was stuck for {answers[-1]:.2f} s"
    assert answers[len(answers) * 95 // 100] < LONGEST_S / 4, f"one answer in twenty takes {answers[len(answers) * 95 // 100]:.2f} s"
    assert any(text.endswith(" %") and int(text[:-2]) > 100 for text in who.texts() if text[:-2].isdigit()), "the wheel did not zoom"
    who.moved_mb = max(memory)
    assert who.moved_mb < who.before_mb + 1.5 * PICTURE_MB, f"{who.moved_mb:.0f} MB"


def overlaid():
    """With a map over its face it moves as well."""
    who.press("Zoom to the chosen face")
    who.choose("Map", 2)
    who.see_on_picture("overlay Rollout", 60)
    who.settled()
    shoot("overlaid")
    moved()
    who.choose("Map", 0)


def opened_again():
    """To and fro between exhibits nothing piles up."""
    peaks = []
    for _ in range(4):
        who.click(who.find("S-02,", partial=True))
        who.see("640 × 640 px", 60)
        who.click(who.find("S-01,", partial=True))
        who.see("10000 × 10000 px", 120)
        time.sleep(1)
        peaks.append(memory_mb())
    print(f"# memory after opening it again: {', '.join(f'{mb:.0f}' for mb in peaks)} MB; the most ever {memory_mb('VmHWM'):.0f} MB")
    assert max(peaks[1:]) < peaks[0] + 0.25 * PICTURE_MB, f"memory grows: {peaks}"
    # While one goes and the other comes both may be there.
    assert memory_mb("VmHWM") < who.before_mb + 2.5 * PICTURE_MB, f"{memory_mb('VmHWM'):.0f} MB"


def close():
    who.focus("large")
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    assert who.process.returncode == 0, f"ended with status {who.process.returncode}"


def main():
    tap.walk([("a case with it opens", start), ("it is opened while the window answers", opened),
              ("zoom and pan do not block", moved), ("nor with a map over it", overlaid),
              ("memory stays bounded", opened_again), ("the program ends in order", close)], lambda: who, shoot)
    tap.leave(who)


if __name__ == "__main__":
    main()
