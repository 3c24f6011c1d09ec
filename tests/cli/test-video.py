#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli with videos, from outside. Arguments: the program, the tree's root."""
import hashlib
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
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

SAMPLES = os.path.join(ROOT, "data", "samples")
STAGES = ("opening", "decoder", "detection", "following", "network", "keeping", "rest")


def cli(*arguments, **env):
    return subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=200 * house.PATIENCE, stdin=subprocess.DEVNULL,
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
               and "Not calibrated for tracks" in before["model"]["note"], f"before: {before['model']}")
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

        # Calibrated with what it learnt from, and by face after that: both stay in the card, and the gate speaks of each.
        card = os.path.join(os.path.dirname(model), "card.json")
        kept = read(card)
        with open(card, "w", encoding="utf-8") as handle:
            json.dump({"data": {"leaks": 0, "files": [{"sha256": face["sha256"], "part": "train"} for face in
                                                      json.loads(read(os.path.join(data, "index.json")))["faces"]]}}, handle)
        described = read(model)
        for by in ("video", "face"):
            done = cli("calibrate", "--by=" + by, "--model=mine", data, **env)
            expect(found, done.returncode == 0, done.stderr)
        by = [entry.get("by", "face") for entry in json.loads(read(card))["calibrations"]]
        used = cli("model", "use", "mine", **env)
        expect(found, by == ["video", "face"], f"calibrations in the card: {by}")
        expect(found, used.returncode != 0 and "calibrated with for videos" in used.stderr and "calibrated with;" in used.stderr, f"gates: {used.stderr}")
        for path, text in ((card, kept), (model, described)):
            with open(path, "w", encoding="utf-8") as handle:
                handle.write(text)

        after = json_lines(cli("analyze", "--model=mine", "--json", clip, **env))[-1]
        track = after["tracks"][0]
        for name in ("mean", "median", "top"):
            expected = ratio_by_hand(stored["track_calibration"][name], track["score"][name])
            expect(found, abs(track["likelihood_ratio"][name]["log10"] - expected) < 1e-9, f"{name}: {track['likelihood_ratio']} is {expected}")
        expect(found, after["model"]["track_calibrated"] and "note" not in after["model"], f"{after['model']}")
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
        # A still whose scores are not calibrated beside the video whose tracks are: each is said of what it is true of.
        cli("analyze", "--model=mine", "--case", case, os.path.join(SAMPLES, "18f-dave.jpg"), **env)
        cli("report", case, "--out", html, **env)
        for told in (read(html), cli("case", "list", case, **env).stdout):
            expect(found, "Exhibit S-02: Not calibrated: the score" in told and "Not calibrated for tracks" not in told, "mixed calibrations")
        expect(found, "mine (trained and calibrated for tracks)" in read(html) and "mine (trained, not calibrated)" in read(html), "the facts")
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


def probe(clip, entry):
    """What the ffprobe program says of each frame."""
    told = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", f"frame={entry}", "-of", "csv=p=0", clip],
                          check=True, capture_output=True, text=True)
    return [line.strip(",") for line in told.stdout.split()]


def info():
    """What the container says, and every frame: types as ffprobe has them, hashes that seeking gives too, what is dropped, what repeats."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        # Frames 4 and 5 repeat frame 3; frames 12 to 14 are missing.
        clip = os.path.join(folder, "odd.mkv")
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=128x96:rate=25:duration=1", "-vf",
                        "loop=2:1:4,setpts=N/25/TB,select='not(between(n,12,14))'", "-vsync", "vfr", "-c:v", "libx264", "-qp", "0", "-g", "8",
                        "-bf", "2", "-metadata", "creation_time=2024-05-06T07:08:09Z", "-metadata", "title=Lobby", clip],
                       check=True, stdin=subprocess.DEVNULL)
        plain = cli("video", "info", clip)
        expect(found, plain.returncode == 0, plain.stderr)
        for word in ("Container: Matroska", "Made, it says: 2024-05-06T07:08:09", "Codec: h264", "Encoder's signature: x264 - core",
                     "Groups of pictures: of ", "Frame rate: variable, 22.115 a second on average", "Frames apart: usually 40.000 ms (40.000 to 160.000)", "Dropped frames: 3 missing (gaps: 1)",
                     "title: Lobby"):
            expect(found, word in plain.stdout, f"no {word!r} in {plain.stdout}")
        lines = json_lines(cli("video", "info", "--frames", "--json", clip))
        frames, last = lines[:-1], lines[-1]
        expect(found, [line["type"] for line in lines] == ["frame"] * 24 + ["info"] and last["frames"] == 24, f"{last}")
        expect(found, [line["picture"] for line in frames] == probe(clip, "pict_type"), "picture types")
        expect(found, last["decoded"]["types"] == {kind: probe(clip, "pict_type").count(kind) for kind in set(probe(clip, "pict_type"))},
               f"{last['decoded']}")
        expect(found, [line["frame"] for line in frames if line["repeated"]] == last["decoded"]["repeated"] == [4, 5], "repeated frames")
        expect(found, [line["frame"] for line in frames if line["after_gap"]] == [12], "dropped frames")
        expect(found, len({line["sha256"] for line in frames}) == 22, "hashes")
        words = cli("video", "info", "--frames", clip).stdout
        expect(found, all(line["sha256"] in words for line in frames) and "12\t0.600000\t" in words and "after-gap" in words
               and "Frames with the pixels of the one before: 2: 4, 5" in words, words)
        # Groups that refer back over their key frame; fields, the upper one first.
        source = ["-f", "lavfi", "-i", "testsrc2=size=128x96:rate=25:duration=2"]
        for name, more, wanted in (
                ("open.mp4", ("-c:v", "libx264", "-x264-params", "open-gop=1:keyint=12:min-keyint=12:bframes=3:scenecut=0"), (True, "progressive")),
                ("closed.mp4", ("-c:v", "libx264", "-g", "12", "-bf", "2"), (False, "progressive")),
                ("fields.mp4", ("-vf", "tinterlace=interleave_top,setfield=tff", "-flags", "+ildct+ilme", "-c:v", "libx264", "-x264-params",
                                "tff=1"), (False, "top first"))):
            other = os.path.join(folder, name)
            subprocess.run(["ffmpeg", "-v", "error", *source, *more, "-pix_fmt", "yuv420p", other], check=True, stdin=subprocess.DEVNULL)
            last = json_lines(cli("video", "info", "--frames", "--json", other))[-1]
            expect(found, (last["facts"]["gops"]["open"] > 0, last["facts"]["video"]["fields"]) == wanted, f"{name}: {last['facts']}")
            expect(found, last["decoded"]["interlaced"] == (last["frames"] if name == "fields.mp4" else 0), f"{name}: {last['decoded']}")
        failed = cli("video", "info", "--json", os.path.join(SAMPLES, "18f-dave.jpg"))
        expect(found, failed.returncode == 1 and "code" in json_lines(failed)[0]["error"], failed.stdout)
    return found


def read_png(path):
    """Size and pixels of an RGB picture as this program writes it."""
    with open(path, "rb") as handle:
        data = handle.read()
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height = struct.unpack(">II", data[at + 8:at + 16])
        packed += data[at + 8:at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    raw, rows, before = zlib.decompress(packed), [], bytes(width * 3)
    for row in range(height):
        kind, line = raw[row * (width * 3 + 1)], bytearray(raw[row * (width * 3 + 1) + 1:(row + 1) * (width * 3 + 1)])
        for i in range(len(line)):
            left, above, corner = line[i - 3] if i > 2 else 0, before[i], before[i - 3] if i > 2 else 0
            guess = left + above - corner
            paeth = min((left, above, corner), key=lambda value: abs(guess - value))
            line[i] = (line[i] + (0, left, above, (left + above) // 2, paeth)[kind]) & 255
        rows.append(bytes(line))
        before = line
    return width, height, b"".join(rows)


def single_frames():
    """Frames by number and by time, as PNG: their pixels have the hash that the list of all frames gives."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        clip, out = make_clip(folder, "clip.mp4", more=("-bf", "2")), os.path.join(folder, "f.png")
        hashes = [line["sha256"] for line in json_lines(cli("video", "info", "--frames", "--json", clip))[:-1]]
        done = cli("frames", clip, "--at", "13", "--out", out)
        expect(found, done.returncode == 0 and "frame 13, 1.300000 s" in done.stdout and hashes[13] in done.stdout, done.stdout + done.stderr)
        width, height, pixels = read_png(out)
        expect(found, (width, height) == (256, 256) and hashlib.sha256(pixels).hexdigest() == hashes[13], "other pixels")
        done = cli("frames", clip, "--at=0.75s", "--at=19", "--out", out)
        for k in (7, 19):
            expect(found, hashlib.sha256(read_png(os.path.join(folder, f"f-{k:06}.png"))[2]).hexdigest() == hashes[k], f"frame {k}")
        for arguments, status, word in ((("--at=20", "--out", out), 1, "20"), (("--at=soon", "--out", out), 2, "4.92s"), (("--at=1",), 2, "--out")):
            done = cli("frames", clip, *arguments)
            expect(found, done.returncode == status and word in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")
    return found


def single():
    """A video of one frame is a video, on the command line and in a case; a GIF of one is a picture."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        one, still, case = (os.path.join(folder, name) for name in ("one.mp4", "still.gif", "c.smbcase"))
        whole = make_clip(folder, "clip.mp4")
        for other in (one, still):
            subprocess.run(["ffmpeg", "-v", "error", "-i", whole, "-frames:v", "1", other], check=True, stdin=subprocess.DEVNULL)
        last = json_lines(cli("analyze", "--json", one))[-1]
        expect(found, last.get("type") == "summary" and last["frames"] == 1 and len(last["tracks"]) == 1, f"{last}")
        last = json_lines(cli("analyze", "--json", still))[-1]
        expect(found, "faces" in last and len(last["faces"]) == 1, f"{last}")
        cli("case", "new", case, "--title=t")
        done = cli("case", "add", case, one, still)
        expect(found, done.returncode == 0 and "not decoded" not in done.stdout, done.stdout + done.stderr)
        done = cli("analyze", "--case", case, one, still)
        expect(found, done.returncode == 0 and "mean of 1 frame;" in done.stdout, done.stdout + done.stderr)
    return found


def ways():
    """Strides, ranges, samples; JSON lines while it runs; animated pictures and numbered ones are videos too."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(folder, "clip.mp4")
        lines = json_lines(cli("analyze", "--json", "--stride=4", "--frames=3", "--range=2-13", clip))
        followed = [line for line in lines if line.get("pass") == "follow"]
        scored = [line for line in lines if line.get("pass") == "score"]
        expect(found, [line["frame"] for line in followed] == list(range(2, 14)), "the range")
        expect(found, [line["frame"] for line in followed if line["searched"]] == [2, 6, 10], "the stride")
        expect(found, [line["frame"] for line in scored] == [2, 7, 13], f"{scored}")
        expect(found, lines[-1]["type"] == "summary" and lines[-1]["finished"] and lines[-1]["tracks"][0]["score"]["scored"] == 3, "the summary")
        process = subprocess.Popen([CLI, "analyze", "--json", "--frames=all", "--stride=1", clip], stdout=subprocess.PIPE, text=True,
                                   stdin=subprocess.DEVNULL)
        first = process.stdout.readline()
        expect(found, process.poll() is None and json.loads(first)["type"] == "frame", "nothing is told while it runs")
        process.communicate()
        # WebP's encoder stores frames that are alike as one that is shown for longer.
        for name, frames, more in (("anim.gif", (20,), ()), ("anim.webp", range(10, 21), ("-c:v", "libwebp_anim", "-lossless", "1")),
                                   ("shot-%03d.png", (20,), ())):
            other = os.path.join(folder, name)
            subprocess.run(["ffmpeg", "-v", "error", "-i", clip, *more, other], check=True, stdin=subprocess.DEVNULL)
            done = cli("analyze", "--json", "--frames=2", *(("--rate=10",) if "%" in name else ()), other)
            last = json_lines(done)[-1]
            expect(found, done.returncode == 0 and last["type"] == "summary" and last["frames"] in frames and len(last["tracks"]) == 1
                   and abs(last["tracks"][0]["last_us"] - (last["frames"] - 1) * 100000) < 20000, f"{name}: {done.stderr} {last}")
    return found


def main():
    tests = (("analyze --profile of a video", profile), ("likelihood ratios of whole tracks", track_calibration),
             ("tracks of a stored video", tracks), ("what a container says, and every frame", info),
             ("single frames as pictures", single_frames), ("videos of a single frame", single), ("strides, ranges, animations, numbered pictures", ways))
    failures = 0
    for number, (name, test) in enumerate(tests, 1):
        found = test()
        failures += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {name}", *(f"# {line}" for line in found), sep="\n", flush=True)
    print(f"1..{len(tests)}")
    sys.exit(1 if failures else 0)


main()
