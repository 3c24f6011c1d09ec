#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli from outside, as a person or a pipeline uses it. Arguments: the program, the tree's root."""
import hashlib
import json
import os
import re
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
PORTRAIT = os.path.join(SAMPLES, "18f-dave.jpg")
COMMANDS = ("analyze", "maps", "mask", "video", "frames", "metadata", "regions", "robustness", "reference", "case", "report", "verify",
            "model", "pretrain", "dataset", "finetune", "jobs", "evaluate", "calibrate", "tensor", "devices", "limits")
GROUPS = ("model", "dataset", "tensor")  # of commands of their own


def cli(*arguments, user=None, **env):
    return subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=100 * house.PATIENCE, stdin=subprocess.DEVNULL, user=user,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", **env})


def expect(problems, good, sentence):
    if not good:
        problems.append(sentence)


def json_lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def sha256(path):
    with open(path, "rb") as handle:
        return hashlib.sha256(handle.read()).hexdigest()


def help_and_usage():
    found = []
    done = cli("--help")
    expect(found, done.returncode == 0, "--help does not exit with 0")
    man = house.read("data/man/semblance-cli.1")
    for command in COMMANDS:
        expect(found, re.search(rf"^  {command} ", done.stdout, re.MULTILINE), f"--help does not list {command}")
        expect(found, f".SS {command}" in man, f"the man page has no section on {command}")
        told = cli(command, "--help")
        expect(found, told.returncode == 0 and len(told.stdout) > 40, f"{command} --help: {told.returncode} {told.stderr}")
        for option in set(re.findall(r"--[a-z][a-z-]+", told.stdout)) - {"--help"}:
            expect(found, option.replace("-", "\\-") in man, f"the man page does not explain {command} {option}")
        wrong = cli(command, "--no-such-option")
        expect(found, wrong.returncode == 2 and wrong.stderr and not wrong.stdout,
               f"{command} --no-such-option: exit {wrong.returncode}, says {wrong.stderr!r} {wrong.stdout[:80]!r}")
    for group in GROUPS:
        told = cli(group, "--help")
        for command in re.findall(r"^  (\S+) ", told.stdout, re.MULTILINE):
            of_it = cli(group, command, "--help")
            expect(found, of_it.returncode == 0 and f"semblance-cli {group} {command} " in of_it.stdout, f"{group} {command}: {of_it}")
            expect(found, command in cli(group, "no-such-command").stderr, f"{group} does not name {command}")
        expect(found, "explains a command" in told.stdout, f"{group} --help: {told.stdout}")
    for command in (["--help"], ["limits", "--json"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([CLI, *command], stdout=full, stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"})
        expect(found, done.returncode == 1 and "standard output" in done.stderr, f"{command} on a full disk: {done}")
    # Usage names the whole command, not its last word.
    for command in ("dataset build", "dataset split", "dataset check", "model import", "reference build", "case new"):
        told = cli(*command.split(), "--help")
        expect(found, f"semblance-cli {command} [" in told.stdout, f"{command} --help: {told.stdout[:120]}")
    for arguments in ((), ("nonsense",), ("analyze",), ("maps",), ("maps", PORTRAIT), ("analyze", PORTRAIT, "--box", "1,2,3"),
                      ("analyze", PORTRAIT, "--threads=-1"), ("maps", PORTRAIT, "--out=x", "--map=nonsense"),
                      ("maps", PORTRAIT, "--out=x", "--opacity=2")):
        done = cli(*arguments)
        expect(found, done.returncode == 2, f"{arguments}: exit {done.returncode}, not 2: {done.stderr}")
    return found


def version_and_devices():
    found = []
    expect(found, re.fullmatch(r"semblance-cli \d+\.\d+\.\d+\n", cli("--version").stdout), "--version says something else")
    devices = json_lines(cli("devices", "--json"))
    expect(found, any(device["id"] == "cpu" and device["usable"] and device["auto"] in device["precisions"] for device in devices),
           f"no usable cpu among {devices}")
    return found


def check_result(found, result, path):
    expect(found, result["file"] == path and result["sha256"] == sha256(path), f"{path}: file or sha256 is wrong")
    expect(found, result["model"]["trained"] is False and "no meaning" in result["model"]["note"],
           f"{path}: nothing says that the weights are untrained")
    expect(found, re.match(r"dlib \d+\.\d+", result["settings"]["detector"]), f"{path}: detector {result['settings']}")
    for key in ("name", "sha256", "calibrated"):
        expect(found, key in result["model"], f"{path}: model lacks {key}")
    expect(found, len(result["faces"]) >= 1, f"{path}: no face")
    for face in result["faces"]:
        x, y, width, height = face["box"]
        expect(found, 0 <= x and 0 <= y and x + width <= result["width"] and y + height <= result["height"],
               f"{path}: box {face['box']} leans out of {result['width']} x {result['height']}")
        if face["score"] is not None:
            expect(found, abs(sum(face["probabilities"].values()) - 1) < 1e-6, f"{path}: probabilities do not sum to 1")
            expect(found, 0 <= face["score"] <= 1, f"{path}: score {face['score']}")
        expect(found, isinstance(face["detector_confidence"], (int, float)), f"{path}: no detector_confidence")


def analyze_profile():
    """Where the time went: on standard error, a line a file and one for all, shares of a whole; the answers stay as they are."""
    found = []
    paths = [os.path.join(SAMPLES, name) for name in ("18f-dave.jpg", "nasa-astronaut.png")]

    def answers(done):
        return [{key: value for key, value in line.items() if key not in ("seconds", "stages")} for line in json_lines(done)]

    plain, told = cli("analyze", "--json", *paths), cli("analyze", "--json", "--profile", *paths)
    expect(found, plain.returncode == 0 and told.returncode == 0, f"{plain.stderr} {told.stderr}")
    expect(found, answers(plain) == answers(told) and plain.stderr == "", "the profile changes what is printed")
    lines = told.stderr.splitlines()
    expect(found, len(lines) == len(paths) + 1 and all(line.startswith(path) for line, path in zip(lines, paths)), told.stderr)
    for line in lines:
        shares = dict(re.findall(r"(opening|faces|quality|crop|network|rest) (\d+) %", line))
        expect(found, len(shares) == 6 and abs(sum(map(int, shares.values())) - 100) <= 3, line)
    return found


def analyze_json():
    found = []
    paths = [os.path.join(SAMPLES, name) for name in ("18f-dave.jpg", "nasa-astronaut.png")]
    before = [(sha256(path), os.stat(path).st_mtime_ns) for path in paths]
    done = cli("analyze", "--json", "--threads=1", *paths)
    expect(found, done.returncode == 0, f"exit {done.returncode}: {done.stderr}")
    results = json_lines(done)
    expect(found, len(results) == len(paths), f"{len(results)} lines for {len(paths)} files")
    for result, path in zip(results, paths):
        check_result(found, result, path)
    again = json_lines(cli("analyze", "--json", "--threads=1", *paths))
    expect(found, [result["faces"] for result in results] == [result["faces"] for result in again],
           "a second run gives other numbers")
    expect(found, before == [(sha256(path), os.stat(path).st_mtime_ns) for path in paths], "the evidence was touched")
    text = cli("analyze", PORTRAIT).stdout
    expect(found, "no meaning" in text and "F1" in text, f"text output: {text!r}")
    return found


def drawn_box():
    found = []
    result = json_lines(cli("analyze", "--json", "--box", "20,30,120,120", PORTRAIT))[0]
    face = result["faces"][0]
    expect(found, len(result["faces"]) == 1 and face["box"] == [20, 30, 120, 120] and face["origin"] == "drawn", str(face))
    return found


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bad_files(folder):
    """name -> the codes its error may have; what the issue lists of bad input."""
    def put(name, data):
        with open(os.path.join(folder, name), "wb") as handle:
            handle.write(data)

    os.mkdir(os.path.join(folder, "directory"))
    put("empty.jpg", b"")
    put("text.jpg", b"This is no picture, whatever its name says.\n")
    put("huge.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40000, 40000, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))
    with open(PORTRAIT, "rb") as handle:
        put("header-only.jpg", handle.read()[:200])
    put("cut.mp4", struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom") + struct.pack(">I4s", 1 << 20, b"mdat") + bytes(4096))
    os.mkfifo(os.path.join(folder, "pipe.jpg"))
    return {"missing.jpg": {"not-found"}, "directory": {"unsupported", "argument", "format"}, "empty.jpg": {"format"},
            "text.jpg": {"format", "unsupported"}, "huge.png": {"limit"}, "header-only.jpg": {"format"},
            "cut.mp4": {"format"}, "pipe.jpg": {"unsupported", "argument", "format"}}


def bad_input():
    found = []
    with tempfile.TemporaryDirectory() as folder:
        codes = bad_files(folder)
        paths = [os.path.join(folder, name) for name in codes] + [PORTRAIT]
        done = cli("analyze", "--json", *paths)
        expect(found, done.returncode == 1, f"exit {done.returncode}")
        results = json_lines(done)
        expect(found, len(results) == len(paths), f"{len(results)} lines for {len(paths)} files: {done.stderr}")
        for result, name in zip(results, codes):
            error = result.get("error", {"code": "none", "message": ""})
            expect(found, error["code"] in codes[name] and name in error["message"] and "\n" not in error["message"],
                   f"{name}: {error}")
        expect(found, results and results[-1].get("faces"), "the batch did not go on to the good file")
        # A broken video is told what is wrong with a video, not to be a picture.
        expect(found, any("table of contents is damaged" in result.get("error", {}).get("message", "") for result in results),
               f"cut.mp4: {results}")
        text = cli("analyze", *paths)
        expect(found, text.returncode == 1 and "F1" in text.stdout and len(text.stderr.splitlines()) == len(codes) + 1,
               f"as text: {text.stderr}")
    return found


def half_a_jpeg():
    """Cut in its middle: either refused, or shown with a warning; never silently whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "half.jpg")
        with open(PORTRAIT, "rb") as whole, open(path, "wb") as half:
            half.write(whole.read()[:os.path.getsize(PORTRAIT) // 2])
        result = json_lines(cli("analyze", "--json", path))[0]
    return [] if "error" in result or result.get("warnings") else [f"nothing said of half a JPEG: {result}"]


def no_permission():
    """As root nothing is forbidden, so the program is run as another user where that user can reach it."""
    user = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "secret.jpg")
        shutil.copy(PORTRAIT, path)
        os.chmod(path, 0)
        try:
            done = cli("analyze", "--json", path, user=user, HOME=folder)
        except PermissionError:
            return None
        if done.returncode in (126, 127):
            return None
        result = json_lines(done)[0] if done.stdout else {}
        code = result.get("error", {}).get("code")
        return [] if code == "permission" and done.returncode == 1 else [f"{result or done.stderr}"]


def bad_weights_and_cases():
    found = []
    reference = os.path.join(ROOT, "tests", "fixtures", "reference")
    with tempfile.TemporaryDirectory() as folder:
        not_a_case = os.path.join(folder, "text.smbcase")
        with open(not_a_case, "w", encoding="utf-8") as handle:
            handle.write("Not SQLite. " * 200)
        newer = os.path.join(folder, "newer.smbcase")
        made = cli("case", "new", newer, "--title=Newer")
        expect(found, made.returncode == 0, f"case new: {made.stderr}")
        store = sqlite3.connect(newer)
        store.execute("PRAGMA user_version = 99")
        store.close()
        for arguments in (("analyze", "--model", os.path.join(reference, "malformed", "net_wrong_width.safetensors"), PORTRAIT),
                          ("analyze", "--model", os.path.join(reference, "malformed", "evil_os_system.pth"), PORTRAIT),
                          ("analyze", "--model", "no-such-model", PORTRAIT),
                          ("analyze", "--case", not_a_case, PORTRAIT),
                          ("analyze", "--case", newer, PORTRAIT),
                          ("analyze", "--case", os.path.join(folder, "none.smbcase"), PORTRAIT)):
            done = cli(*arguments)
            expect(found, done.returncode == 1 and done.stderr.count("\n") == 1 and done.stderr.startswith("semblance-cli: "),
                   f"{arguments[1:3]}: exit {done.returncode}, {done.stderr!r}")
    return found


def a_mere_weights_file():
    """No model.json says its hash: results carry it nevertheless, of a picture and in a case."""
    found = []
    weights = os.path.join(ROOT, "tests", "fixtures", "reference", "a_classifier_init.safetensors")
    with tempfile.TemporaryDirectory() as folder:
        case = os.path.join(folder, "one.smbcase")
        cli("case", "new", case, "--title=One")
        for more in ((), ("--case", case)):
            done = cli("analyze", "--json", "--model", weights, *more, PORTRAIT)
            expect(found, done.returncode == 0, f"{more}: exit {done.returncode}: {done.stderr}")
            result = json_lines(done)[0]
            expect(found, result["model"]["sha256"] == sha256(weights), f"{more}: the model's hash is {result['model']}")
            expect(found, any(face["score"] is not None for face in result["faces"]), f"{more}: no score")
    return found


def into_a_case():
    found = []
    with tempfile.TemporaryDirectory() as folder:
        case = os.path.join(folder, "one.smbcase")
        cli("case", "new", case, "--title=One")
        first = json_lines(cli("analyze", "--json", "--case", case, PORTRAIT))
        second = json_lines(cli("analyze", "--json", "--case", case, PORTRAIT))
        check_result(found, first[0], PORTRAIT)
        expect(found, first[0]["exhibit"] == second[0]["exhibit"] == "S-01", f"exhibits {first[0]} {second[0]}")
        expect(found, first[0]["faces"] == json_lines(cli("analyze", "--json", PORTRAIT))[0]["faces"],
               "a case changes the numbers")
        checked = cli("case", "verify", case)
        expect(found, checked.returncode == 0, f"case verify: {checked.stderr}")
    return found


def maps():
    found = []
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "deep", "maps")
        done = cli("maps", PORTRAIT, "--out", out, "--json")
        expect(found, done.returncode == 0, f"exit {done.returncode}: {done.stderr}")
        lines = json_lines(done)
        kinds = {line["map"].split(":")[0] for line in lines}
        expect(found, {"attention", "rollout"} <= kinds, f"default maps: {kinds}")
        for line in lines:
            expect(found, line["model"]["trained"] is False and "note" in line["model"], f"{line['map']}: no warning")
            for path in line["files"]:
                with open(path, "rb") as handle:
                    head = handle.read(8)
                expect(found, head[1:4] == b"PNG" or head[1:6] == b"NUMPY", f"{path}: {head}")
        expect(found, os.path.exists(os.path.join(out, "18f-dave-F1-rollout-overlay.png")), f"files: {os.listdir(out)}")
        again = cli("maps", PORTRAIT, "--out", out, "--map=attention:layer=0,head=0", "--map=error:seed=3", "--face=1")
        expect(found, os.path.exists(os.path.join(out, "18f-dave-F1-attention-layer0-head0.png")), f"{os.listdir(out)} {again.stderr}")
        expect(found, "no meaning" in again.stdout, "as text nothing says that the weights are untrained")
        for arguments in (("--face=9",), ("--box=90000,0,10,10",), ("--map=attention:layer=99",)):
            done = cli("maps", PORTRAIT, "--out", out, *arguments)
            expect(found, done.returncode == 1 and done.stderr.count("\n") == 1, f"{arguments}: {done.returncode} {done.stderr!r}")
    return found


def whole_picture_maps():
    found = []
    with tempfile.TemporaryDirectory() as out:
        done = cli("maps", PORTRAIT, "--out", out, "--map=ela:quality=75", "--map=noise", "--png16", "--json")
        expect(found, done.returncode == 0, f"exit {done.returncode}: {done.stderr}")
        for line in json_lines(done):
            expect(found, len(line["files"]) == 3 and line["max"] > line["min"] >= 0, f"{line}")
        with open(os.path.join(out, "18f-dave-noise-16.png"), "rb") as handle:
            expect(found, handle.read(26)[24:] == b"\x10\0", "the 16-bit map is none")
        expect(found, cli("maps", PORTRAIT, "--out", out, "--map=ela:quality=0").returncode == 2, "quality 0 is taken")
        done = cli("maps", PORTRAIT, "--out", out, "--map=rollout", "--check", "--json")
        for line in json_lines(done):
            told = line["faithfulness"]
            expect(found, len(told["deletion"]) == len(told["insertion"]) == 13, f"{told}")
            expect(found, told["passed"] or "Not faithful" in line["note"], f"a failure is not marked: {line}")
    return found


def masks():
    found = []
    face = "--box=272,203,115,115"
    with tempfile.TemporaryDirectory() as out:
        first = cli("mask", PORTRAIT, face, "--region=mouth", "--seed=7", "--json", "--out", out)
        again = cli("mask", PORTRAIT, face, "--region=mouth", "--seed=7", "--json", "--out", out)
        expect(found, first.returncode == 0 and first.stdout == again.stdout, f"{first.stderr} {first.stdout} {again.stdout}")
        mask = json.loads(first.stdout)
        expect(found, mask["covered"] == "mouth" and len(mask["hidden"]) == mask["grid"] ** 2 * 3 // 4, f"{mask}")
        expect(found, os.path.exists(mask["picture"]), "no picture")
        by_hand = json.loads(cli("mask", PORTRAIT, face, "--patches=3+5-7", "--json").stdout)
        expect(found, by_hand["hidden"] == [3, 5, 6, 7], f"{by_hand}")
    for arguments in (("--region=beard",), ("--strategy=frp", "--patches=1"), ("--ratio=2",)):
        done = cli("mask", PORTRAIT, face, *arguments)
        expect(found, done.returncode == 2 and done.stderr.count("\n") == 1, f"{arguments}: {done.returncode} {done.stderr!r}")
        expect(found, "Mask: " in done.stderr and "masked-input" not in done.stderr, f"names what nobody typed: {done.stderr!r}")
    done = cli("mask", PORTRAIT, face, "--strategy=frp", "--landmarks", __file__)
    expect(found, done.returncode == 1 and os.path.basename(__file__) in done.stderr, f"{done.returncode} {done.stderr!r}")
    done = cli("mask", PORTRAIT, face, "--strategy=frp", "--landmarks=none")
    expect(found, done.returncode == 0 and "coarse" in done.stdout, f"{done.returncode} {done.stderr!r} {done.stdout!r}")
    with tempfile.TemporaryDirectory() as folder:  # a face of skin alone, as an imported map may say
        skin = os.path.join(folder, "skin.npy")
        write_npy(skin, 32, b"\1" * 32 * 32)
        done = cli("mask", PORTRAIT, face, "--region=mouth", "--regions", skin)
        expect(found, "“mouth” is missing" in done.stdout and "covered: mouth" not in done.stdout, f"{done.stdout!r}")
    return found


def metadata():
    found = []
    fixtures = os.path.join(ROOT, "tests", "fixtures", "media")
    tagged, other = os.path.join(fixtures, "tagged.jpg"), os.path.join(fixtures, "other-thumbnail.jpg")
    done = cli("metadata", "--json", tagged, os.path.join(fixtures, "README.md"), other)
    expect(found, done.returncode == 1, f"exit {done.returncode}: {done.stderr}")
    first, bad, last = json_lines(done)
    tags = {tag["key"]: tag["value"] for tag in first["tags"]}
    expect(found, tags.get("Exif.Image.Make") == "Semblance", f"{tags}")
    expect(found, first["jpeg"]["tables"][0]["quality"] == 85 and first["jpeg"]["tables"][0]["exact"], "quality of the tables")
    expect(found, first["thumbnail"]["agrees"] and not last["thumbnail"]["agrees"], "thumbnails")
    expect(found, first["c2pa"]["manifest"] == "present" and first["c2pa"]["verified"] is False, f"{first['c2pa']}")
    expect(found, "error" in bad and "thumbnail" in last["notes"][0], f"{bad} {last['notes']}")
    expect(found, "An Editor" in cli("metadata", tagged).stdout, "as text the tags are missing")
    return found


def regions_and_reference():
    found = []
    with tempfile.TemporaryDirectory() as folder:
        genuine, home = os.path.join(folder, "genuine"), os.path.join(folder, "home")
        os.mkdir(genuine)
        for i in range(20):
            shutil.copy(os.path.join(SAMPLES, ("18f-brethauer.jpg", "18f-melody.jpg")[i % 2]), os.path.join(genuine, f"{i:02}.jpg"))
        plain = json.loads(cli("regions", PORTRAIT, "--draws=1", "--json", XDG_DATA_HOME=home).stdout)
        expect(found, plain["reference"] is None and "No reference" in plain["note"], f"{plain['note']}")
        built = cli("reference", "build", genuine, "--draws=1", XDG_DATA_HOME=home)
        expect(found, built.returncode == 0 and "20 pictures" in built.stderr, f"{built.returncode} {built.stderr}")
        path = built.stdout.strip()
        expect(found, path.startswith(home), f"written to {path}")
        with open(path, encoding="utf-8") as handle:
            reference = json.load(handle)
        expect(found, reference["format"] == "semblance-reference" and reference["faces"] >= 20, f"{reference['faces']}")
        twin = os.path.join(folder, "twin.json")
        shown = cli("reference", "show", XDG_DATA_HOME=home)
        expect(found, shown.returncode == 0 and "coherency" in shown.stdout, f"{shown.stderr}")
        table = json.loads(cli("regions", PORTRAIT, "--draws=1", "--json", XDG_DATA_HOME=home).stdout)
        nose = next(row for row in table["regions"] if row["region"] == "nose")
        expect(found, isinstance(nose["coherency"]["z"], float) and 0 <= nose["coherency"]["percentile"] <= 100, f"{nose}")
        expect(found, len(table["rise"]["values"]) == 6, "the matrix")
        reference["mim_sha256"] = "0" * 64
        with open(twin, "w", encoding="utf-8") as handle:
            json.dump(reference, handle)
        refused = cli("regions", PORTRAIT, "--draws=1", "--reference", twin, XDG_DATA_HOME=home)
        expect(found, refused.returncode == 1 and "another network" in refused.stderr, f"{refused.returncode} {refused.stderr}")
        refused = cli("analyze", "--reference", twin, PORTRAIT, XDG_DATA_HOME=home)
        expect(found, refused.returncode == 1 and "another network" in refused.stderr, f"{refused.returncode} {refused.stderr}")
        compared = json_lines(cli("analyze", "--reference", path, "--json", PORTRAIT))[0]["faces"][0]["regions"]
        expect(found, compared["reference"] is not None and any(isinstance(row["coherency"]["z"], float) for row in compared["regions"]),
               f"analyze --reference: {compared['note']}")
        case = os.path.join(folder, "c.smbcase")
        cli("case", "new", case, "--title=t")
        stored = json_lines(cli("analyze", "--case", case, "--region-table", "--json", PORTRAIT, XDG_DATA_HOME=home))[0]
        expect(found, stored["faces"][0]["regions"]["settings"]["draws"] == 8, "analyze --region-table")
        report = os.path.join(folder, "r.html")
        done = cli("report", case, "--out", report, "--maps=rollout", "--check")
        with open(report, encoding="utf-8") as handle:
            html = handle.read()
        expect(found, "Regions of F1" in html and done.returncode == 0, f"the report lacks the table: {done.stderr}")
        few = cli("reference", "build", PORTRAIT, "--draws=1", "--out", twin)
        expect(found, few.returncode == 1 and "too few" in few.stderr, f"{few.returncode} {few.stderr}")
    return found


def read_npy(path):
    """The side and the classes of a region map (1, H, W) int8."""
    with open(path, "rb") as handle:
        data = handle.read()
    start = 10 + struct.unpack("<H", data[8:10])[0]
    numbers = data[start:]
    return round(len(numbers) ** 0.5), numbers


def write_npy(path, side, classes):
    header = f"{{'descr': '|i1', 'fortran_order': False, 'shape': (1, {side}, {side}), }}".ljust(117).encode() + b"\n"
    with open(path, "wb") as handle:
        handle.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + classes)


def regions_of_a_stored_face():
    """A face's map goes out to a file, is edited elsewhere, comes back, and outlives another analysis."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        case, out = os.path.join(folder, "c.smbcase"), os.path.join(folder, "map.npy")
        cli("case", "new", case, "--title=t")
        cli("analyze", "--case", case, PORTRAIT)
        done = cli("case", "regions", case, "S-01/F1", "--out", out)
        expect(found, done.returncode == 0, f"--out: {done.stderr}")
        side, classes = read_npy(out)
        told = json.loads(cli("case", "regions", case, "s-01/f1", "--json").stdout)
        expect(found, told["origin"] in ("landmarks", "template") and told["pixels"]["nose"] == classes.count(6), f"{told}")
        # An indexed PNG whose palette is another tool's: its numbers are the classes.
        edited = bytes(10 if i < side * 8 else c for i, c in enumerate(classes))
        palette = b"".join(bytes((200 - 9 * i, 40 + 7 * i, 255 - 20 * i)) for i in range(11))
        rows = b"".join(b"\0" + edited[y * side:(y + 1) * side] for y in range(side))
        indexed = os.path.join(folder, "parsed.png")
        with open(indexed, "wb") as handle:
            handle.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 3, 0, 0, 0)) + chunk(b"PLTE", palette)
                         + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
        done = cli("case", "regions", case, "S-01/F1", "--set", indexed)
        expect(found, done.returncode == 0, f"--set: {done.stderr}")
        cli("analyze", "--case", case, PORTRAIT)
        again, grey = os.path.join(folder, "again.npy"), os.path.join(folder, "grey.png")
        cli("case", "regions", case, "S-01/F1", "--out", again)
        expect(found, read_npy(again) == (side, edited), "the map did not come over to the next analysis")
        told = json.loads(cli("case", "regions", case, "S-01/F1", "--json").stdout)
        expect(found, told["origin"] == "imported", f"{told}")
        cli("case", "regions", case, "S-01/F1", "--out", grey)
        done = cli("case", "regions", case, "S-01/F1", "--reset")
        told = json.loads(cli("case", "regions", case, "S-01/F1", "--json").stdout)
        expect(found, done.returncode == 0 and told["origin"] != "imported", f"--reset: {told}")
        cli("case", "regions", case, "S-01/F1", "--set", grey)
        cli("case", "regions", case, "S-01/F1", "--out", again)
        expect(found, read_npy(again) == (side, edited), "what --out wrote as .png does not come back")
        for arguments, status, word in ((("S-01/F9",), 1, "F9"), (("S-07/F1",), 1, "S-07"), (("S-01/F1", "--set", PORTRAIT), 1, "region"),
                                        (("S-01/F1", "--reset", "--out=x.npy"), 2, "only one"), (("S-01/F1", "--out=x.gif"), 2, ".npy")):
            done = cli("case", "regions", case, *arguments)
            expect(found, done.returncode == status and word in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")
        done = cli("case", "verify", case)
        expect(found, done.returncode == 0, f"case verify: {done.stdout} {done.stderr}")
    return found


def numbered_pictures():
    """Numbered pictures are one exhibit, in the order of their numbers, each with its hash."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        case, pattern = os.path.join(folder, "c.smbcase"), os.path.join(folder, "shot_%d.jpg")
        names = [f"shot_{n}.jpg" for n in (1, 2, 10)]
        for n, name in enumerate(names):
            with open(PORTRAIT, "rb") as source, open(os.path.join(folder, name), "wb") as copy:
                copy.write(source.read() + bytes(n))
        cli("case", "new", case, "--title=t")
        added = json.loads(cli("case", "add", case, pattern, "--rate=5", "--json").stdout)
        listed = "".join(f"{sha256(os.path.join(folder, name))}  {name}\n" for name in names)
        expect(found, added["pictures"] == 3 and added["sha256"] == hashlib.sha256(listed.encode()).hexdigest(), f"{added}")
        lines = json_lines(cli("analyze", "--case", case, "--frames=2", "--region-table", "--json", pattern))
        summary = lines[-1]
        expect(found, summary["type"] == "summary" and summary["frames"] == 3 and summary["exhibit"] == "S-01", f"{summary}")
        scored = [line for line in lines if line.get("pass") == "score"]
        expect(found, [line["frame"] for line in scored] == [0, 2] and scored[1]["time_us"] == 400000, f"{scored}")
        values = [line["faces"][0]["regions"]["nose"]["coherency"] for line in scored]
        over = summary["tracks"][0]["regions"]["nose"]["coherency"]
        expect(found, over["frames"] == 2 and abs(over["mean"] - sum(values) / 2) < 1e-12, f"{over} {values}")
        expect(found, "regions" not in next(line for line in lines if line.get("pass") == "follow")["faces"][0], "a followed face was measured")
        expect(found, cli("case", "verify", case).returncode == 0, "case verify")
        with open(os.path.join(folder, names[2]), "ab") as handle:
            handle.write(b"!")
        done = cli("case", "verify", case)
        expect(found, done.returncode == 1 and "ALTERED" in done.stdout, f"case verify of an altered picture: {done.stdout}")
        done = cli("analyze", "--case", case, pattern)
        expect(found, done.returncode == 1 and names[2] in done.stderr, f"an altered picture was analysed: {done.stderr}")
        done = cli("case", "add", case, os.path.join(folder, "none_%d.jpg"))
        expect(found, done.returncode == 1 and "no file fits" in done.stderr, f"{done.stderr}")
    return found


def languages():
    found = []
    for language, word in (("ja", "使い方"), ("de", "Aufruf")):
        if language in house.read("po/LINGUAS").split():
            expect(found, word in cli("--help", LANGUAGE=language).stdout, f"--help in {language} lacks {word}")
    return found


def main():
    tap = house.Tap()
    for name, test in (("help, usage, exit codes", help_and_usage), ("version and devices", version_and_devices),
                       ("analyze --json", analyze_json), ("analyze --profile", analyze_profile), ("a box drawn by hand", drawn_box), ("bad input", bad_input),
                       ("half a JPEG", half_a_jpeg), ("no permission", no_permission),
                       ("bad weights and cases", bad_weights_and_cases), ("analyze --model=FILE", a_mere_weights_file),
                       ("analyze --case", into_a_case), ("maps", maps),
                       ("maps of the whole picture, and checked ones", whole_picture_maps), ("masks", masks),
                       ("metadata", metadata), ("regions and their reference", regions_and_reference),
                       ("regions of a stored face", regions_of_a_stored_face), ("numbered pictures", numbered_pictures),
                       ("languages", languages)):
        problems = test()
        if problems is None:
            tap.skip(name, "no other user can reach the program here")
        else:
            tap.check(name, problems)
    tap.done()


main()
