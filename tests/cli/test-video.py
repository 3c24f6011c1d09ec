#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli with videos, from outside. Arguments: the program, the tree's root."""
import json
import math
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zlib

CLI, ROOT = sys.argv[1:3]
SAMPLES = os.path.join(ROOT, "data", "samples")
STAGES = ("opening", "decoder", "detection", "following", "network", "keeping", "rest")


def cli(*arguments, **env):
    return subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=200, stdin=subprocess.DEVNULL,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", **env})


def expect(problems, good, sentence):
    if not good:
        problems.append(sentence)


def json_lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def make_clip(folder, name, picture="18f-brethauer.jpg", seconds=2, more=()):
    clip = os.path.join(folder, name)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-loop", "1", "-t", str(seconds), "-i", os.path.join(SAMPLES, picture), "-vf",
                    "scale=256:256,setsar=1,format=yuv420p,fps=10", *more, clip], check=True, stdin=subprocess.DEVNULL)
    return clip


def profile():
    """The profile goes to standard error, names every stage, and changes nothing."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(folder, "clip.mp4")
        for extra in ((), ("--frames=all",)):
            plain = cli("analyze", "--json", *extra, clip)
            told = cli("analyze", "--json", "--profile", *extra, clip)
            expect(found, plain.returncode == 0 and told.returncode == 0, f"{plain.stderr} {told.stderr}")
            expect(found, plain.stdout == told.stdout and plain.stderr == "", "the profile changes what is printed")
            for stage in STAGES:
                expect(found, f"{stage} " in told.stderr, f"no {stage} in {told.stderr!r}")
            expect(found, "at once" in told.stderr and told.stderr.count("\n") == 1, told.stderr)
    return found


def write_png(path, side, pixel):
    rows = b"".join(b"\0" + bytes(channel for x in range(side) for channel in pixel(x, y)) for y in range(side))
    with open(path, "wb") as handle:
        handle.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
            handle.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def make_videos(folder, count, kinds=("genuine", "forged")):
    """Pictures in folders, each a video of three: not faces, but what the arithmetic needs."""
    chance = random.Random(5)
    for number in range(count):
        for kind in kinds:
            place = os.path.join(folder, "val", kind, f"{kind}{number}")
            os.makedirs(place)
            shade = chance.randrange(40, 150) + (60 if kind == "forged" else 0)
            for picture in range(3):
                write_png(os.path.join(place, f"{picture}.png"), 48,
                          lambda x, y: [min(255, max(0, shade + chance.randrange(-30, 30) + 20 * c - x)) for c in range(3)])


def make_model(home):
    """The model that comes with the program, as one of the user's own that counts as trained."""
    folder = os.path.join(home, "semblance", "models", "mine")
    shutil.copytree(os.path.join(os.environ["SEMBLANCE_MODELS"].split(":")[0], "untrained"), folder)
    path = os.path.join(folder, "model.json")
    with open(path, encoding="utf-8") as handle:
        model = json.load(handle)
    model.update(name="mine", title="Mine", trained=True)
    with open(path, "w", encoding="utf-8") as handle:
        json.dump(model, handle)
    return path


def ratio_by_hand(calibration, score):
    score = min(max(score, 1e-6), 1 - 1e-6)
    ratio = calibration["slope"] * math.log(score / (1 - score)) + calibration["offset"]
    return min(max(ratio, calibration["low"]), calibration["high"])


def read(path):
    with open(path, encoding="utf-8") as handle:
        return handle.read()


def track_calibration():
    """Whole tracks get a calibration of their own, from videos; where there is none it is said."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        home = os.path.join(folder, "home")
        env = {"XDG_DATA_HOME": home, "SEMBLANCE_MODELS": ""}
        model = make_model(home)
        clip = make_clip(folder, "clip.mp4", seconds=1)
        make_videos(os.path.join(folder, "few"), 4)
        make_videos(os.path.join(folder, "pictures"), 12)
        for name, data in (("few", "few-data"), ("pictures", "data")):
            built = cli("dataset", "build", os.path.join(folder, name), "--out=" + os.path.join(folder, data), "--cropped", "--size=48", **env)
            expect(found, built.returncode <= 1, built.stderr)
        data = os.path.join(folder, "data")

        before = json_lines(cli("analyze", "--model=mine", "--json", clip, **env))[-1]
        expect(found, before["tracks"][0]["likelihood_ratio"] is None and not before["model"]["track_calibrated"]
               and "Not calibrated for tracks" in before["model"]["track_note"], f"before: {before['model']}")
        expect(found, "Not calibrated for tracks" in cli("analyze", "--model=mine", clip, **env).stdout, "not said in words")
        for arguments, status, words in (
                (("--by=colour", data), 2, "face or video"), (("--by=video", "--self-blended=x", data), 2, "self-blended"),
                (("--by=video", os.path.join(folder, "few-data")), 2, "at least 10 genuine and 10 forged videos")):
            done = cli("calibrate", "--model=mine", *arguments, **env)
            expect(found, done.returncode == status and words in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")
        dry = cli("calibrate", "--by=video", "--model=mine", "--dry-run", "--json", data, **env)
        expect(found, dry.returncode == 0 and "track_calibration" not in json.loads(read(model)), f"--dry-run: {dry.stderr}")
        done = cli("calibrate", "--by=video", "--model=mine", data, **env)
        expect(found, done.returncode == 0 and "12 genuine and 12 forged videos, 3 faces of each" in done.stdout, done.stdout + done.stderr)
        stored = json.loads(read(model))
        expect(found, not stored["calibrated"] and stored["track_calibration"] == json.loads(dry.stdout), "model.json")
        expect(found, "of a track's mean, logistic, on 12 genuine and 12 forged videos" in cli("model", "card", "mine", **env).stdout, "the card")

        after = json_lines(cli("analyze", "--model=mine", "--json", clip, **env))[-1]
        track = after["tracks"][0]
        for name in ("mean", "median", "top"):
            expected = ratio_by_hand(stored["track_calibration"][name], track["score"][name])
            expect(found, abs(track["likelihood_ratio"][name]["log10"] - expected) < 1e-9, f"{name}: {track['likelihood_ratio']} is {expected}")
        expect(found, after["model"]["track_calibrated"] and "track_note" not in after["model"], f"{after['model']}")
        expect(found, "By its mean: likelihood ratio" in cli("analyze", "--model=mine", clip, **env).stdout, "not in words")

        case, html, bundle = (os.path.join(folder, name) for name in ("c.smbcase", "r.html", "r.json"))
        cli("case", "new", case, "--title=t")
        cli("analyze", "--model=mine", "--case", case, clip, **env)
        for out in (html, bundle):
            cli("report", case, "--out", out, **env)
        expect(found, "By its highest tenth: likelihood ratio" in read(html) and "Not calibrated" not in read(html), "the report")
        expect(found, json.dumps(track["likelihood_ratio"]["mean"]["log10"])[:12] in read(bundle), "the bundle")
        done = cli("verify", bundle, "--case", case, **env)
        expect(found, done.returncode == 0, f"verify: {done.stdout} {done.stderr}")
        stored["track_calibration"]["median"]["low"] = 4
        with open(model, "w", encoding="utf-8") as handle:
            json.dump(stored, handle)
        done = cli("analyze", "--model=mine", clip, **env)
        expect(found, done.returncode == 1 and "calibrate the model again" in done.stderr, f"broken: {done.returncode} {done.stderr}")
    return found


def tracks():
    """Tracks are listed, drawn, merged, split and named; the log has it all, and a report verifies."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        case, bundle = os.path.join(folder, "c.smbcase"), os.path.join(folder, "r.json")
        clip = make_clip(folder, "clip.mp4")
        cli("case", "new", case, "--title=t")
        cli("case", "add", case, clip)
        done = cli("case", "tracks", case, "S-01")
        expect(found, done.returncode == 1 and "analyze --case" in done.stderr, f"before the analysis: {done.stderr}")
        cli("analyze", "--case", case, "--frames=4", clip)
        before = json_lines(cli("case", "tracks", case, "S-01", "--json"))
        expect(found, [track["track"] for track in before] == [1], f"{before}")
        done = cli("case", "tracks", case, "S-01", "--draw=5:4,180,70,70", "--json", "--examiner=E. X.")
        expect(found, done.returncode == 0, done.stderr)
        drawn = json_lines(done)[-1]
        expect(found, drawn["track"] == 2 and drawn["best_frame"] == 5 and drawn["first_frame"] == 0 and drawn["last_frame"] == 19
               and drawn["score"]["scored"] == 5, f"{drawn}")
        cli("case", "tracks", case, "S-01", "--name=2:Hand")
        split = json_lines(cli("case", "tracks", case, "S-01", "--split=2:10", "--json"))
        expect(found, [track["track"] for track in split] == [1, 2, 3] and split[2]["first_frame"] == 10, f"{split}")
        cli("report", case, "--out", bundle)
        merged = cli("case", "tracks", case, "S-01", "--merge=3:1").stdout
        expect(found, "T2 Hand  frames 0 to 9" in merged and "T3" not in merged, merged)
        cli("case", "tracks", case, "S-01", "--draw=6:4,100,70,70")
        cli("report", case, "--out", bundle)
        done = cli("verify", bundle, "--case", case)
        expect(found, done.returncode == 0, f"verify: {done.stdout} {done.stderr}")
        with sqlite3.connect(case) as store:
            log = [row[0] for row in store.execute("SELECT action FROM audit_log ORDER BY seq")]
        acts = [action for action in log if action.startswith("track.")]
        expect(found, acts == ["track.draw", "track.name", "track.split", "track.merge", "track.draw"], f"{acts}")
        expect(found, cli("case", "verify", case).returncode == 0, "case verify")
        for arguments, status, word in ((("S-01", "--draw=5"), 2, "120:40,60,90,90"), (("S-01", "--draw=99:1,1,9,9"), 2, "0 to 19"),
                                        (("S-01", "--merge=7:1"), 1, "T7"), (("S-01", "--merge=1:1"), 2, "3:1"), (("S-01", "--split=1"), 2, "1:120"),
                                        (("S-01", "--name=Hand"), 2, "Witness"), (("S-09",), 1, "S-09"),
                                        (("S-01", "--merge=2:1", "--split=1:3"), 2, "at most one"), (("S-01", "--draw=5:900,900,20,20"), 2, "outside")):
            done = cli("case", "tracks", case, *arguments)
            expect(found, done.returncode == status and word in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")
    return found


def main():
    tests = (("analyze --profile of a video", profile), ("likelihood ratios of whole tracks", track_calibration),
             ("tracks of a stored video", tracks))
    failures = 0
    for number, (name, test) in enumerate(tests, 1):
        found = test()
        failures += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {name}", *(f"# {line}" for line in found), sep="\n", flush=True)
    print(f"1..{len(tests)}")
    sys.exit(1 if failures else 0)


main()
