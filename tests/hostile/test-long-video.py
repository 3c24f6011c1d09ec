#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A long video: memory is bounded, what was done when it is stopped is kept, and it goes on from there.
Arguments: semblance-cli, the tree's root, how many frames (180000: two hours at 25 a second). The course of the memory goes to
$SMB_MEMORY_LOG if it is set."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

CLI, ROOT, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402
import watch  # noqa: E402

SAMPLES = os.path.join(ROOT, "data", "samples")
RATE, PIECE = 25, 500  # frames a second; frames of the piece that is repeated
MOST_KB = 1024 * 1024  # of all processes together, what they share counted once
# A frame of a track is kept until the end, some 600 bytes of it; half as much again, and what the allocator holds back.
GROWTH_KB = COUNT * 0.9 + 48 * 1024


def make_clip(folder):
    """One face that wanders and one that stays, cut together, again and again: packets are copied, not encoded anew."""
    piece, clip = os.path.join(folder, "piece.mp4"), os.path.join(folder, "long.mp4")
    half = PIECE / 2 / RATE
    subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-t", str(half), "-r", str(RATE), "-i", os.path.join(SAMPLES, "18f-brethauer.jpg"), "-loop",
                    "1", "-t", str(half), "-r", str(RATE), "-i", os.path.join(SAMPLES, "18f-melody.jpg"), "-filter_complex",
                    "[0:v]scale=400:400,crop=320:240:'40+30*sin(n/20)':'60+20*cos(n/25)',setsar=1[a];[1:v]scale=320:320,crop=320:240,setsar=1[b];"
                    "[a][b]concat=n=2:v=1,format=yuv420p[v]", "-map", "[v]", "-c:v", "libx264", "-preset", "veryfast", "-g", "100", piece],
                   check=True, stdin=subprocess.DEVNULL)
    subprocess.run(["ffmpeg", "-v", "error", "-stream_loop", str(COUNT // PIECE - 1), "-i", piece, "-c", "copy", clip], check=True,
                   stdin=subprocess.DEVNULL)
    return clip


class Course:
    """Runs the analysis and takes the memory down as it goes: (seconds, frames followed, kB of all processes)."""

    def __init__(self, started, log):
        self.started, self.log, self.samples, self.frames, self.summary = started, log, [], [], None

    def look(self, pids):
        kb = [watch.share(pid) for pid in pids]
        self.samples.append((time.monotonic() - self.started, self.frames[-1] if self.frames else 0, sum(kb)))
        if self.log:
            self.log.write("%.0f %d %d %s\n" % (*self.samples[-1], " ".join(map(str, kb))))
            self.log.flush()

    def run(self, case, clip, stop_at=None):
        process = subprocess.Popen([CLI, "analyze", "--json", "--stride=25", "--frames=32", "--case", case, clip], stdout=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, text=True)
        watching = watch.Watch(process.pid, self.look, 2.0)
        watching.start()
        for line in process.stdout:
            told = json.loads(line)
            if told.get("type") == "summary":
                self.summary = told
            elif told.get("pass") == "follow":
                self.frames.append(told["frame"])
                if stop_at is not None and told["frame"] >= stop_at:
                    process.send_signal(signal.SIGTERM)  # as Ctrl-C, which a shell may have made it deaf to
                    stop_at = None
        code = process.wait()
        watching.stop()
        return code


def stopped(course, code):
    problems = [] if code == 1 else [f"exit {code}"]
    if course.summary is None or course.summary["finished"] or not COUNT // 2 <= course.summary["followed"] < COUNT * 3 // 4:
        problems.append(f"{course.summary and (course.summary['finished'], course.summary['followed'])} when it was stopped in the middle")
    return problems


def gone_on(first, second, code):
    problems = [] if code == 0 and second.summary["finished"] else [f"exit {code}"]
    if not second.frames or second.frames[0] != first.summary["followed"] or second.frames[-1] != COUNT - 1:
        problems.append(f"went on with frame {second.frames[:1]} after {first.summary['followed']} were done")
    tracks = second.summary["tracks"]
    if len(tracks) != 2 or [track["frames"] for track in tracks] != [COUNT // 2] * 2 or any(track["score"]["scored"] != 32 for track in tracks):
        problems.append(f"tracks: {[(track['track'], track['frames'], track['score']['scored']) for track in tracks]}")
    if len(second.summary["cuts"]) != COUNT // PIECE * 2 - 1:
        problems.append(f"{len(second.summary['cuts'])} cuts")
    return problems


def bounded(first, second):
    """From a quarter of the way to the end, before the model is loaded to score what was chosen. The second run reads what the first
    one kept, and starts with it."""
    problems, most = [], 0
    for course in (first, second):
        most = max([most, *(kb for _, _, kb in course.samples)])
    early = max(kb for _, frame, kb in first.samples if frame <= COUNT // 4)
    late = max(kb for _, frame, kb in second.samples if frame < COUNT - 1)
    seconds = second.samples[-1][0] - first.samples[0][0]
    print(f"# {COUNT} frames in {seconds:.0f} s: {early} kB after a quarter, {late} kB at the end of following, {most} kB at most", flush=True)
    if most > MOST_KB:
        problems.append(f"{most} kB at most")
    if late - early > GROWTH_KB:
        problems.append(f"grew by {late - early} kB")
    return problems


def main():
    tap = house.Tap()
    log = open(os.environ["SMB_MEMORY_LOG"], "w", encoding="ascii") if os.environ.get("SMB_MEMORY_LOG") else None
    with tempfile.TemporaryDirectory() as folder:
        clip, case = make_clip(folder), os.path.join(folder, "long.smbcase")
        subprocess.run([CLI, "case", "new", case, "--title=Long"], check=True, stdin=subprocess.DEVNULL, capture_output=True)
        started = time.monotonic()
        first, second = Course(started, log), Course(started, log)
        code = first.run(case, clip, stop_at=COUNT // 2)
        tap.check("what was done when it is stopped is kept", stopped(first, code))
        code = second.run(case, clip)
        tap.check("it goes on from there, to the end", gone_on(first, second, code))
        tap.check("memory is bounded", bounded(first, second))
        print(f"# the case takes {os.path.getsize(case) // 1024} kB", flush=True)
    tap.done()


main()
