#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The model that comes with the program: whole, trained, calibrated, described, and the one that is used unasked.
Arguments: semblance-cli, the folder of models, the tree's root."""
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile

CLI, MODELS, ROOT = sys.argv[1:4]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

NAME = "semblance-tiny"
FOLDER = os.path.join(MODELS, NAME)
SAMPLES = os.path.join(ROOT, "data", "samples")
MOST_BYTES = 45_000_000


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as handle:
        return json.load(handle)


def sha256(path):
    with open(path, "rb") as handle:
        return hashlib.sha256(handle.read()).hexdigest()


def run(*arguments):
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", "XDG_DATA_HOME": os.path.join(home, "share"),
                       "XDG_CONFIG_HOME": os.path.join(home, "config"), "SEMBLANCE_MODELS": MODELS}
        return subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=200 * house.PATIENCE, stdin=subprocess.DEVNULL,
                              env=environment)


def check_files(tap):
    model, found = read("model.json"), []
    for part in ("detector", "mim"):
        file = os.path.join(FOLDER, f"{part}.safetensors")
        if sha256(file) not in json.dumps(model):
            found.append(f"{part}.safetensors is not what model.json names")
    total = sum(os.path.getsize(os.path.join(FOLDER, name)) for name in os.listdir(FOLDER))
    if total > MOST_BYTES:
        found.append(f"{total} bytes, more than {MOST_BYTES}")
    done = run("model", "verify", NAME)
    if done.returncode:
        found.append(done.stderr)
    tap.check("its files are those that its description names", found)


def check_card(tap):
    card, found = read("card.json"), []
    data = card["data"]
    if data["leaks"] != 0:
        found.append(f"{data['leaks']} leaks between its parts")
    bad = [f["file"] for f in data["files"] if os.path.isabs(f["file"]) or len(f["sha256"]) != 64]
    if bad or not data["files"]:
        found.append(f"files of its data: {bad[:3]}")
    trained = {f["sha256"] for f in data["files"] if f["part"] == "train"}
    if trained & {f["sha256"] for f in data["files"] if f["part"] != "train"}:
        found.append("a file it learned from is also one it was measured on")
    if len(card["evaluations"]) < 6:
        found.append(f"{len(card['evaluations'])} evaluations; held-out people, test/ and video/, each re-encoded as well, are six")
    for evaluation in card["evaluations"]:
        auc = evaluation["frame"]["auc"]
        if evaluation["part"] != "test" or not 0.0 < auc["low"] <= auc["value"] <= auc["high"] < 1.0:
            found.append(f"{evaluation['part']}: AUC {auc}")
    if not card["calibrations"] or not card["limits"] or not card["licence"]:
        found.append("no calibration, limits or licence")
    tap.check("its card says what it was made of and how well it does", found)


def check_reference(tap):
    reference, found = read("reference.json"), []
    if sha256(os.path.join(FOLDER, "mim.safetensors")) not in json.dumps(reference):
        found.append("the statistics of genuine faces are another network's")
    tap.check("its statistics of genuine faces are of its own network", found)


def check_use(tap):
    """Used unasked, says nothing of missing training, and gives likelihood ratios with every score."""
    found = []
    names = sorted(n for n in os.listdir(SAMPLES) if n.endswith((".jpg", ".png")))
    done = run("analyze", "--json", *[os.path.join(SAMPLES, n) for n in names])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(lines) != len(names):
        found.append(f"exit {done.returncode}, {len(lines)} of {len(names)} lines: {done.stderr}")
    for line in lines:
        model = line["model"]
        if model["name"] != NAME or not model["trained"] or not model["calibrated"]:
            found.append(f"{line['file']}: {model}")
        scored = [face for face in line["faces"] if face["score"] is not None]  # a doubtful find has none
        for face in scored:
            ratio = face.get("likelihood_ratio", {}).get("log10")
            if ratio is None or not math.isfinite(ratio) or not 0.0 <= face["score"] <= 1.0:
                found.append(f"{line['file']}: score {face['score']}, log10 of its likelihood ratio {ratio}")
        if not scored:
            found.append(f"{line['file']}: no face with a score")
    told = run("analyze", os.path.join(SAMPLES, names[0])).stderr
    if "synthetic 0.35" not in told or "up to 37 % forged" not in told:
        found.append(f"scores come without what the model is worth: {told!r}")
    tap.check("it is what analyses use, and its scores come with likelihood ratios", found)


def main():
    tap = house.Tap()
    for check in (check_files, check_card, check_reference, check_use):
        check(tap)
    tap.done()


main()
