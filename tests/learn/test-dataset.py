#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli dataset build where not every file is as it should be. Arguments: the program, the tree's root."""
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

CLI, ROOT = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import disk  # noqa: E402
import house  # noqa: E402

SAMPLES = os.path.join(ROOT, "data", "samples")
GENUINE = ["18f-brethauer.jpg", "18f-dave.jpg", "18f-mark-trammell.jpg", "18f-melody.jpg"]
NETWORK = ('--config={"img": 64, "dim": 24, "depth": 2, "heads": 3, "rep_heads": 3, "dec_dim": 16, "dec_depth": 1, '
           '"dec_heads": 2, "proj_hidden": 20, "proj_out": 12}')


def run(*arguments, before=(), landmarks=None, **more):
    chosen = {"SEMBLANCE_LANDMARKS": landmarks} if landmarks else {}
    return subprocess.run([*before, CLI, *arguments], capture_output=True, text=True, timeout=100 * house.PATIENCE, stdin=subprocess.DEVNULL,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", **chosen}, **more)


def read(*path):
    with open(os.path.join(*path), "rb") as handle:
        return handle.read()


def write(data, *path):
    with open(os.path.join(*path), "wb") as handle:
        handle.write(data)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def empty_wall():
    """A PNG in which there is nobody."""
    rows = b"".join(b"\0" + bytes((x + y) % 251 for x in range(3 * 200)) for y in range(200))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 200, 200, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pictures(folder, name):
    place = os.path.join(folder, name, "genuine")
    os.makedirs(place)
    for picture in GENUINE[:3]:
        shutil.copy(os.path.join(SAMPLES, picture), place)
    return place


def files_of(data):
    return sorted(os.path.basename(face["file"]) for face in json.loads(read(data, "index.json"))["faces"])


def check_torn(tap, folder):
    """Half a picture is no face to learn from: it is named, and the exit status says that not all went well."""
    found = []
    place, data = pictures(folder, "torn"), os.path.join(folder, "torn-data")
    whole = read(SAMPLES, GENUINE[3])
    picture = read(SAMPLES, "nasa-astronaut.png")
    for name, content in (("cut.jpg", whole[:len(whole) * 3 // 4]), ("cut.png", picture[:len(picture) * 3 // 4]), ("letter.jpg", b"Dear lab,\n")):
        write(content, place, name)
    write(whole, os.fsencode(place), b"n\xe4me.jpg")
    write(empty_wall(), place, "wall.png")
    for cropped in ([], ["--cropped"]):
        build = ["dataset", "build", os.path.join(folder, "torn"), "--out=" + data, "--size=72", *cropped]
        for again in (False, True):  # the second time from the faces that are there
            done = run(*build, "--json")
            told = json.loads(done.stdout)["left_out"] if done.stdout else {}
            if done.returncode != 1 or told != {"unreadable": 4, "no-face": 0 if cropped else 1}:
                found.append(f"{cropped} {again}: exit {done.returncode}, {told}: {done.stderr}")
            if files_of(data) != sorted(GENUINE[:3] + (["wall.png"] if cropped else [])):
                found.append(f"{cropped} {again}: {files_of(data)}")
            named = ["cut.jpg", "cut.png", "letter.jpg", "n\ufffdme.jpg"] + ([] if cropped else ["wall.png"])
            if not all(name + ":" in done.stderr for name in named) or "4 that could not be used" not in done.stderr:
                found.append(f"{cropped} {again}: not said: {done.stderr}")
            if not again and ("cut short" not in done.stderr or "its source, or remove it" not in done.stderr):
                found.append(f"what to do is not said: {done.stderr}")
    for name in (b"cut.jpg", b"cut.png", b"letter.jpg", b"n\xe4me.jpg"):
        os.remove(os.path.join(os.fsencode(place), name))
    done = run(*build[:-1])
    if done.returncode != 0 or "0 that could not be used, 1 in which no face was found" not in done.stderr:
        found.append(f"a picture without a face: {done}")
    # The last two bytes are the end marker, and some cameras' pictures lack it: every row is there.
    write(whole[:-2], place, "cut.jpg")
    if run(*build[:-1]).returncode != 0 or "cut.jpg" not in files_of(data):
        found.append("a whole picture without an end marker is left out")
    tap.check("a picture that was cut off is left out and named", found)


def check_nothing(tap, folder):
    found = []
    os.makedirs(os.path.join(folder, "nothing", "genuine"))
    write(b"Dear lab,\n", folder, "nothing", "genuine", "letter.jpg")
    done = run("dataset", "build", os.path.join(folder, "nothing"), "--out=" + os.path.join(folder, "nothing-data"))
    if done.returncode != 1 or "--cropped" in done.stderr or done.stderr.count("letter.jpg") != 2:
        found.append(f"{done}")
    tap.check("where nothing can be read that is the reason given", found)


def check_case(tap, folder):
    """Evidence may be shown with a warning; to learn from it is another matter."""
    found = []
    case, data, cut = (os.path.join(folder, name) for name in ("torn.smbcase", "case-data", "evidence.jpg"))
    whole = read(SAMPLES, GENUINE[3])
    write(whole[:len(whole) * 3 // 4], cut)
    for arguments in (["case", "new", case, "--title=T"], ["case", "add", case, cut, os.path.join(SAMPLES, GENUINE[0])],
                      ["case", "label", case, "--class=genuine", "S-01", "S-02"]):
        done = run(*arguments)
        if done.returncode != 0:
            found.append(f"{arguments}: {done.stderr}")
    done = run("dataset", "build", "--case", case, "--out=" + data, "--size=72", "--json")
    if done.returncode != 1 or "evidence.jpg" not in done.stderr or files_of(data) != ["torn.smbcase#S-02"]:
        found.append(f"{done} {os.path.exists(data) and files_of(data)}")
    tap.check("nor is a labelled exhibit that was cut off", found)


def check_pretrain(tap, folder):
    found = []
    place = pictures(folder, "to-pretrain")
    whole = read(SAMPLES, GENUINE[3])
    write(whole[:len(whole) * 3 // 4], place, "cut.jpg")
    done = run("pretrain", place, "--out=" + os.path.join(folder, "pretrained"), NETWORK, "--epochs=1", "--batch=3", "--stop-after=1")
    if done.returncode != 0 or "cut.jpg" not in done.stderr or "1 that could not be used" not in done.stderr:
        found.append(f"{done}")
    elif files_of(os.path.join(folder, "pretrained", "faces")) != GENUINE[:3]:
        found.append("the picture that was cut off is learnt from")
    tap.check("nor does pre-training learn from it", found)


def check_foreign(tap, folder):
    """What lies in the folder from elsewhere stays."""
    found = []
    pictures(folder, "for-foreign")
    for name, content in (("index.json", b'{"pages": []}'), ("dataset.json", b"[1, 2]"), ("index.json", b"no JSON")):
        out = os.path.join(folder, "foreign-" + str(len(content)))
        os.makedirs(out)
        write(content, out, name)
        done = run("dataset", "build", os.path.join(folder, "for-foreign"), "--out=" + out, "--size=72")
        if done.returncode != 2 or name not in done.stderr or read(out, name) != content or os.listdir(out) != [name]:
            found.append(f"{name}: {done} {os.listdir(out)}")
    tap.check("a folder that holds other files of these names is left alone", found)


def check_unvalidated(tap, folder):
    """Without faces to validate with no number is made up."""
    found = []
    for part, names in (("train", GENUINE[:3]), ("val", GENUINE[3:])):
        os.makedirs(os.path.join(folder, "unvalidated", part, "genuine"))
        for name in names:
            shutil.copy(os.path.join(SAMPLES, name), os.path.join(folder, "unvalidated", part, "genuine"))
    os.makedirs(os.path.join(folder, "unvalidated", "train", "forged"))
    shutil.copy(os.path.join(SAMPLES, "synthetic-flux.jpg"), os.path.join(folder, "unvalidated", "train", "forged"))
    for name, said in (("some", "needs genuine and forged faces"), ("none", "no faces in the part “val”")):
        data, out = os.path.join(folder, "unvalidated-" + name), os.path.join(folder, "trained-" + name)
        if name == "none":
            shutil.rmtree(os.path.join(folder, "unvalidated", "val"))
        run("dataset", "build", os.path.join(folder, "unvalidated"), "--out=" + data, "--size=72")
        done = run("finetune", data, "--out=" + out, '--config={"img": 64, "dim": 24, "depth": 2, "heads": 3}', "--epochs=1", "--batch=4")
        if done.returncode != 0 or said not in done.stdout or "nan" in done.stdout or not os.path.exists(os.path.join(out, "detector.safetensors")):
            found.append(f"{name}: {done}")
    tap.check("a training without faces to validate with says so", found)


def check_contradictions(tap, folder):
    """One picture as genuine and as forged: which of the labels is wrong only a person can say."""
    found = []
    place, data = pictures(folder, "both-ways"), os.path.join(folder, "both-data")
    os.makedirs(os.path.join(folder, "both-ways", "forged"))
    shutil.copy(os.path.join(SAMPLES, "synthetic-flux.jpg"), os.path.join(folder, "both-ways", "forged"))
    for twice in (False, True):
        if twice:
            shutil.copy(os.path.join(place, GENUINE[0]), os.path.join(folder, "both-ways", "forged", "other-name.jpg"))
        done = run("dataset", "build", os.path.join(folder, "both-ways"), "--out=" + data, "--size=72", "--json")
        said = [line for line in json.loads(done.stdout)["warnings"] if "two classes at once" in line] if done.stdout else [done.stderr]
        if len(said) != twice or (twice and not (GENUINE[0] in said[0] and "other-name.jpg" in said[0])):
            found.append(f"{said}")
    tap.check("a picture of two classes at once is told", found)


def check_sentences(tap, folder):
    """What goes wrong in a training is read in the window too, which has no options: the sentence names what to do, not one of them."""
    found = []
    os.makedirs(os.path.join(folder, "wall"))
    write(empty_wall(), folder, "wall", "a.png")
    both = os.path.join(folder, "both-classes")
    pictures(folder, "both-classes")
    os.makedirs(os.path.join(both, "forged"))
    shutil.copy(os.path.join(SAMPLES, "synthetic-flux.jpg"), os.path.join(both, "forged"))
    data, out = os.path.join(folder, "both-data"), "--out=" + os.path.join(folder, "never-trained")
    run("dataset", "build", both, "--out=" + data, "--size=72", "--shares=1,0,0")
    small = '--config={"img": 64, "dim": 24, "depth": 2, "heads": 3}'
    for what, said, done in (
            ("no face", "No face was found in 1 picture; if it is a face cropped already", run("pretrain", os.path.join(folder, "wall"), out, NETWORK)),
            ("few faces", "3 faces are too few for a step of 8 × 1", run("pretrain", os.path.join(both, "genuine"), out, NETWORK, "--batch=8")),
            ("a class more", "is of the class “forged”, which is not among the classes named",
             run("dataset", "build", both, "--out=" + data + "-never", "--classes=genuine,fake")),
            ("blended as genuine", "“genuine” as their class says that they are genuine", run("finetune", data, out, small, "--self-blended=genuine")),
            ("a small batch", "A batch of 2 is too small for faces of every class", run("finetune", data, out, small, "--self-blended=swapped", "--batch=2"))):
        last = done.stderr.strip().splitlines()[-1:] or [""]
        if done.returncode == 0 or said not in last[0] or "--" in last[0]:
            found.append(f"{what}: {done}")
    tap.check("refusals name no options", found)


def check_full_disk(tap, folder):
    """What cannot be written is the data set's, not the picture's, and no half of it is left behind."""
    title, found = "a full disk is named, with what to do", []
    pictures(folder, "for-disk")
    for size, side in ((40, 72), (200, 192)):  # within the faces of one picture, and after some
        out = os.path.join(folder, f"disk{size}")
        before = disk.full(out, size)
        if before is None:
            tap.skip(title, "a file system of one's own is not permitted")
            return
        done = run("dataset", "build", os.path.join(folder, "for-disk"), "--out=" + out, f"--size={side}", before=before)
        last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
        if done.returncode != 1 or not last.startswith("semblance-cli: " + out) or "Make room there" not in last or ".jpg" in last:
            found.append(f"{size} kB: {done}")
    tap.check(title, found)


PREDICTOR = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat"


def check_landmarks(tap, folder):
    """Which predictor is used can be chosen; the data set and the card of what learns from it say which it was."""
    title, found = "the chosen landmark predictor is used and named", []
    pictures(folder, "for-landmarks")
    data, mine, missing = (os.path.join(folder, name) for name in ("landmarks-data", "mine.dat", "missing.dat"))
    build = ["dataset", "build", os.path.join(folder, "for-landmarks"), "--out=" + data, "--size=72"]
    drawn = {}

    def expect(what, done, name, origin):
        if done.returncode != 0:
            found.append(f"{what}: {done}")
            return
        index = json.loads(read(data, "index.json"))
        sha256 = hashlib.sha256(read(name)).hexdigest() if name else None
        if index.get("landmarks") != ({"file": name, "sha256": sha256} if name else None):
            found.append(f"{what}: {index.get('landmarks')}")
        if {face["regions"] for face in index["faces"]} != {origin}:
            found.append(f"{what}: {index['faces']}")
        drawn[what] = read(data, "regions.u8")

    expect("none", run(*build, "--landmarks=none"), None, "template")
    for arguments, environment in (([*build, "--landmarks=" + missing], None), (build, missing)):
        done = run(*arguments, landmarks=environment)
        if done.returncode != 1 or "missing.dat" not in done.stderr or read(data, "regions.u8") != drawn["none"]:
            found.append(f"a file that is missing: {done}")
    done = run("pretrain", os.path.join(folder, "for-landmarks"), "--out=" + os.path.join(folder, "never"), "--landmarks=" + missing, NETWORK)
    if done.returncode != 1 or "missing.dat" not in done.stderr:
        found.append(f"pre-training with a file that is missing: {done}")
    if not os.path.exists(PREDICTOR):
        print("# libdlib-data is not installed: no predictor was chosen", flush=True)
        tap.check(title, found)
        return
    os.symlink(PREDICTOR, mine)
    expect("Debian's", run(*build), PREDICTOR, "landmarks")
    expect("mine", run(*build, "--landmarks=" + mine), mine, "landmarks")
    expect("of the environment", run(*build, landmarks=mine), mine, "landmarks")
    expect("none, of the environment", run(*build, landmarks="none"), None, "template")
    if drawn.get("none") == drawn.get("mine") or drawn.get("mine") != drawn.get("Debian's") or drawn.get("none") != drawn.get("none, of the environment"):
        found.append("the regions do not follow the predictor")
    run(*build, "--landmarks=" + mine)
    out = os.path.join(folder, "landmarks-trained")
    done = run("finetune", data, "--out=" + out, '--config={"img": 64, "dim": 24, "depth": 2, "heads": 3}', "--self-blended=forged", "--epochs=1", "--batch=4")
    card = json.loads(read(out, "card.json")) if done.returncode == 0 else {}
    if card.get("data", {}).get("landmarks", {}).get("file") != mine:
        found.append(f"the card does not say: {done} {card.get('data', {}).get('landmarks')}")
    tap.check(title, found)


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory() as folder:
        check_torn(tap, folder)
        check_nothing(tap, folder)
        check_case(tap, folder)
        check_pretrain(tap, folder)
        check_foreign(tap, folder)
        check_unvalidated(tap, folder)
        check_contradictions(tap, folder)
        check_landmarks(tap, folder)
        check_sentences(tap, folder)
        check_full_disk(tap, folder)
    tap.done()


main()
