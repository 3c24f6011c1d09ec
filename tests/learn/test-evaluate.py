#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli evaluate, calibrate, model card and model use from outside. Arguments: the program, the tree's root."""
import csv
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

CLI, ROOT = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import disk  # noqa: E402
import house  # noqa: E402

SAMPLES = os.path.join(ROOT, "data", "samples")
REAL = ["18f-brethauer.jpg", "18f-dave.jpg", "18f-mark-trammell.jpg", "18f-melody.jpg", "nasa-astronaut.png"]
FAKE = ["synthetic-dalle3.jpg", "synthetic-flux.jpg"]
NETWORK = '--config={"img": 64, "dim": 24, "depth": 2, "heads": 3}'


class Place:
    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", "XDG_DATA_HOME": os.path.join(folder, "share"),
                            "XDG_CONFIG_HOME": os.path.join(folder, "config"), "SEMBLANCE_MODELS": ""}

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def run(self, *arguments, before=()):
        return subprocess.run([*before, CLI, *arguments], capture_output=True, text=True, timeout=200 * house.PATIENCE, stdin=subprocess.DEVNULL,
                              env=self.environment)


def prepare(place):
    """Three copies of each sample, the same in every part: what matters here is the arithmetic, not the result."""
    for part in ("train", "val", "test"):
        for copy in range(3):
            for name in REAL + FAKE:
                kind = "genuine" if name in REAL else "synthetic"
                folder = place.path("pictures", part, kind, f"{kind}-video{copy}")
                os.makedirs(folder, exist_ok=True)
                shutil.copy(os.path.join(SAMPLES, name), os.path.join(folder, f"{part}{copy}-{name}"))
    # The copies cross the parts, so the leaks make it exit with 1.
    built = place.run("dataset", "build", place.path("pictures"), "--out=" + place.path("data"), "--size=72")
    trained = place.run("finetune", place.path("data"), "--out=" + place.path("run"), NETWORK, "--self-blended=swapped", "--epochs=2",
                        "--batch=12", "--blr=0.05", "--seed=1", "--threads=1", "--licence=CC0-1.0", "--limits=Knows seven faces.")
    imported = place.run("model", "import", place.path("run", "detector.safetensors"), "--name=mine", "--title=Mine")
    return [step.stderr for step in (built, trained, imported) if step.returncode > (1 if step is built else 0)]


def auc(rows):
    real = [s for s, forged in rows if not forged]
    fake = [s for s, forged in rows if forged]
    return sum((f > r) + 0.5 * (f == r) for f in fake for r in real) / (len(real) * len(fake))


def check_numbers(tap, place):
    found = []
    out = place.path("evaluation")
    done = place.run("evaluate", place.path("data"), "--model=mine", "--self-blended=swapped", "--repeats=200", "--out=" + out, "--json",
                     "--threads=1")
    if done.returncode != 0:
        tap.check("numbers against their definitions", [done.stderr])
        return
    told = json.loads(done.stdout)
    if "“mine” learnt from 21 of these faces" not in done.stderr:
        found.append(f"measured on what it learnt from, unsaid: {done.stderr}")
    with open(os.path.join(out, "scores.csv"), encoding="utf-8") as handle:
        scores = list(csv.DictReader(handle))
    rows = [(float(row["score"]), row["class"] != "genuine") for row in scores]
    if told["faces"] != 36 or len(rows) != 36 or told["genuine"] != 15 or sum(row["blended"] == "1" for row in scores) != 15:
        found.append(f"faces: {told['faces']}, {len(rows)}")
    for row in scores:
        total = sum(float(row[f"p_{k}"]) for k in range(3))
        if abs(total - 1.0) > 1e-5 or abs(1.0 - float(row["p_0"]) - float(row["score"])) > 1e-6:
            found.append(f"probabilities: {row}")
    if abs(told["frame"]["auc"]["value"] - auc(rows)) > 1e-9:
        found.append(f"AUC {told['frame']['auc']} is {auc(rows)}")
    for kind in ("synthetic", "swapped"):
        of = [(float(row["score"]), row["class"] != "genuine") for row in scores if row["class"] in ("genuine", kind)]
        if abs(told["classes"][kind]["auc"]["value"] - auc(of)) > 1e-9:
            found.append(f"AUC of {kind}: {told['classes'][kind]['auc']} is {auc(of)}")
    wrong = {forged: sum((s >= 0.5) != forged for s, f in rows if f == forged) / sum(f == forged for _, f in rows) for forged in (False, True)}
    for name, value in (("bpcer", wrong[False]), ("apcer", wrong[True]), ("hter", (wrong[False] + wrong[True]) / 2),
                        ("accuracy", sum((s >= 0.5) == f for s, f in rows) / len(rows))):
        if abs(told["frame"][name]["value"] - value) > 1e-9:
            found.append(f"{name}: {told['frame'][name]} is {value}")
    videos = {}
    for row in scores:
        videos.setdefault((row["class"], row["source"]), []).append(float(row["score"]))
    means = [(sum(s) / len(s), key[0] != "genuine") for key, s in videos.items()]
    if told["video"]["faces"] != len(means) or abs(told["video"]["auc"]["value"] - auc(means)) > 1e-9:
        found.append(f"videos: {told['video']['auc']} is {auc(means)}")
    interval = told["frame"]["auc"]
    if not interval["low"] <= interval["value"] <= interval["high"]:
        found.append(f"interval: {interval}")
    if told["roc"][0][1:] != [0, 0] or told["roc"][-1][1:] != [1, 1] or sum(bin[2] for bin in told["reliability"]) != 36:
        found.append("curves")
    with open(os.path.join(out, "metrics.csv"), encoding="utf-8") as handle:
        flat = {(row["group"], row["metric"]): row for row in csv.DictReader(handle)}
    if abs(float(flat["frame", "auc"]["value"]) - interval["value"]) > 1e-8 or ("class: swapped", "eer") not in flat:
        found.append("metrics.csv")
    again = place.run("evaluate", place.path("data"), "--model=mine", "--self-blended=swapped", "--repeats=200", "--json", "--threads=1")
    if json.loads(again.stdout) != told:
        found.append("another time other numbers")
    other = place.run("evaluate", place.path("data"), "--model=mine", "--reencode=32,40", "--repeats=50", "--json", "--threads=1")
    plain = place.run("evaluate", place.path("data"), "--model=mine", "--repeats=50", "--against=mine", "--json", "--threads=1")
    if other.returncode != 0 or plain.returncode != 0 or json.loads(other.stdout)["roc"] == json.loads(plain.stdout)["roc"]:
        found.append(f"re-encoding changes nothing: {other.stderr} {plain.stderr}")
    elif json.loads(plain.stdout)["auc_difference"] != 0.0:
        found.append("a model differs from itself")
    coarse = place.run("evaluate", place.path("data"), "--model=mine", "--precision=bf16", "--repeats=50", "--json", "--threads=1")
    if coarse.returncode == 0:
        told = json.loads(coarse.stdout)
        if told["against"] != "f32" or not 0.0 < told["largest_score_change"] < 0.05 or abs(told["auc_difference"]) > 0.5:
            found.append(f"bf16 beside float32: {told['largest_score_change']} {told['auc_difference']}")
    elif "cannot compute in bf16" not in coarse.stderr: # this processor
        found.append(f"bf16: {coarse.stderr}")
    same = place.run("evaluate", place.path("data"), "--model=mine", "--self-blended=synthetic", "--repeats=50", "--json", "--threads=1")
    of = json.loads(same.stdout) if same.returncode == 0 else {"classes": {}}
    if list(of["classes"]) != ["synthetic"] or of["classes"]["synthetic"]["forged"] != of["forged"] or of["forged"] != 21:
        found.append(f"blends of a class that is there: {same.stderr} {of['classes']}")
    refused = place.run("evaluate", place.path("data"), "--model=mine", "--precision=int3")
    if refused.returncode != 2:
        found.append(f"--precision=int3: exit {refused.returncode}")
    tap.check("numbers against their definitions", found)


def check_calibration(tap, place):
    found = []
    dry = place.run("calibrate", place.path("data"), "--model=mine", "--self-blended=swapped", "--dry-run", "--json", "--method=isotonic")
    if dry.returncode != 0 or json.loads(dry.stdout)["kind"] != "isotonic":
        found.append(f"isotonic: {dry.stderr}")
    refused = place.run("model", "use", "mine")
    if refused.returncode != 1 or "not calibrated" not in refused.stderr or "learnt from" not in refused.stderr:
        found.append(f"used although leaking and uncalibrated: {refused.stderr}")
    done = place.run("calibrate", place.path("data"), "--model=mine", "--self-blended=swapped", "--json")
    if done.returncode != 0:
        tap.check("calibration", found + [done.stderr])
        return
    told = json.loads(done.stdout)
    if told["genuine"] != 15 or told["forged"] != 21 or not told["low"] <= 0.0 <= told["high"]:
        found.append(f"calibration: {told}")
    analysis = place.run("analyze", "--json", "--model=mine", os.path.join(SAMPLES, REAL[1]))
    face = json.loads(analysis.stdout)["faces"][0] if analysis.returncode == 0 else {}
    lr = face.get("likelihood_ratio")
    if lr is None:
        found.append(f"no likelihood ratio: {analysis.stderr} {face}")
    else:
        p = min(max(face["score"], 1e-6), 1 - 1e-6)
        expected = told["slope"] * math.log(p / (1 - p)) + told["offset"]
        bound = "upper" if expected > told["high"] else "lower" if expected < told["low"] else "none"
        if abs(lr["log10"] - min(max(expected, told["low"]), told["high"])) > 1e-6 or lr["bound"] != bound:
            found.append(f"likelihood ratio {lr}, expected {expected}")
    text = place.run("analyze", "--model=mine", os.path.join(SAMPLES, REAL[1]))
    if "likelihood ratio" not in text.stdout:
        found.append("the words lack it")
    case, report = place.path("a.smbcase"), place.path("a.html")
    for arguments in (["case", "new", case, "--title=T"], ["analyze", "--case", case, "--model=mine", os.path.join(SAMPLES, REAL[1])],
                      ["report", case, "--out=" + report]):
        step = place.run(*arguments)
        if step.returncode != 0:
            found.append(f"{arguments}: {step.stderr}")
    if os.path.exists(report) and "Likelihood ratio" not in open(report, encoding="utf-8").read():
        found.append("the report lacks it")
    if os.path.exists(report) and "Learnt from a data set of 63 pictures" not in open(report, encoding="utf-8").read():
        found.append("the report lacks the card")
    tap.check("calibration: stored, applied, shown", found)


def check_card(tap, place):
    found = []
    shown = place.run("model", "card", "mine")
    full = place.run("model", "card", "mine", "--json")
    if shown.returncode != 0 or full.returncode != 0:
        tap.check("the card", [shown.stderr + full.stderr])
        return
    card = json.loads(full.stdout)
    if len(card["data"]["files"]) != 63 or any(len(file["sha256"]) != 64 for file in card["data"]["files"]) or not card["data"]["leaks"]:
        found.append("data")
    for words in ("CC0-1.0", "Knows seven faces.", "seed 1", "## Calibration", "leaks"):
        if words not in shown.stdout:
            found.append(f"“{words}” is missing")
    done = place.run("evaluate", place.path("data"), "--model=mine", "--repeats=20", "--card")
    again = place.run("evaluate", place.path("data"), "--model=mine", "--repeats=30", "--card")
    card = json.loads(place.run("model", "card", "mine", "--json").stdout)
    if done.returncode != 0 or again.returncode != 0 or len(card["evaluations"]) != 1:
        found.append(f"an evaluation of the same faces does not replace the older: {len(card.get('evaluations', []))}")
    if "AUC" not in place.run("model", "card", "mine").stdout:
        found.append("results are not shown")
    refused = place.run("model", "use", "mine")
    if refused.returncode != 1 or "learnt from" not in refused.stderr or "not calibrated" in refused.stderr:
        found.append(f"gates: {refused.stderr}")
    # Every part of these faces leaks, so what it was calibrated with it had learnt from as well.
    learnt = card["calibrations"][-1]["learnt"]
    if not learnt or f"It learnt from {learnt} of the faces it was calibrated with" not in refused.stderr:
        found.append(f"calibrated with what it learnt from, unsaid: {refused.stderr}")
    used = place.run("model", "use", "mine", "--override=only for the test")
    log = [json.loads(line) for line in open(place.path("share", "semblance", "models", "uses.jsonl"), encoding="utf-8")]
    # Both say that it learnt from what it was measured with; tried on copies of what it was taught, it may be no better than chance too.
    reasons = 2 + (card["evaluations"][0]["frame"]["auc"]["low"] <= 0.5) + (card["calibrations"][-1]["cllr"] >= 0.9995)
    if used.returncode != 0 or len(log) != 1 or log[0]["override"] != "only for the test" or len(log[0]["against"]) != reasons:
        found.append(f"override: {used.stderr} {log}")
    if any(reason not in refused.stderr for reason in log[0]["against"]):
        found.append(f"another reason is written down than was said: {log}")
    tap.check("the card, and the gates it keeps", found)


def check_chance(tap, place):
    """A model that may be no better than chance is not fit for use, nor is one whose likelihood ratios say nothing."""
    found = []
    file = place.path("share", "semblance", "models", "mine", "card.json")
    with open(file, encoding="utf-8") as handle:
        kept = handle.read()
    for low, cllr, against in ((0.5, 1.0, True), (0.51, 0.62, False)):
        card = json.loads(kept)
        card["evaluations"][0]["frame"]["auc"] = {"value": 0.612, "low": low, "high": 0.74}
        card["calibrations"][-1]["cllr"] = cllr
        with open(file, "w", encoding="utf-8") as handle:
            json.dump(card, handle)
        refused = place.run("model", "use", "mine").stderr
        for sentence in (f"On data (test) it may be no better than a coin: AUC 0.612, from {low:.3f} to 0.740.",
                         "Its likelihood ratios say nothing: their Cllr is 1.000"):
            if (sentence in refused) != against:
                found.append(f"from {low}, Cllr {cllr}: {refused}")
    with open(file, "w", encoding="utf-8") as handle:
        handle.write(kept)
    tap.check("no better than chance", found)


def check_as(tap, place):
    """Another model measured on what the first was measured on, without naming it again."""
    found = []
    moved = place.path("elsewhere")
    steps = [place.run("model", "import", place.path("run", "detector.safetensors"), "--name=second", "--title=Second"),
             place.run("evaluate", place.path("data"), "--model=mine", "--repeats=20", "--card", "--self-blended=swapped", "--reencode=32,40", "--seed=3")]
    steps.append(place.run("evaluate", place.path("data"), "--model=mine", "--repeats=20", "--card", "--part=all"))
    told = place.run("evaluate", "--as=mine", "--model=second", "--repeats=20", "--card")
    shown = place.run("model", "card", "second").stdout + told.stdout
    if shown.count("data, all parts") != 2 or "none" in shown.replace("| none |", ""):
        found.append(f"all parts: {shown}")
    second = json.loads(place.run("model", "card", "second", "--json").stdout)["evaluations"]
    first = json.loads(place.run("model", "card", "mine", "--json").stdout)["evaluations"]
    if any(step.returncode for step in steps) or told.returncode or len(second) != len(first) or len(first) < 2:
        found.append(f"{[step.stderr for step in steps]} {told.stderr} {len(first)} {len(second)}")
    ways = [[(e["data"], e["part"], e["blended"], e["reencode_px"], e["seed"], e["faces"]) for e in list_] for list_ in (first, second)]
    if sorted(ways[0]) != sorted(ways[1]) or second[-1]["frame"] != first[-1]["frame"]:
        found.append(f"measured otherwise than the first: {ways}")
    if "data" not in told.stdout or "re-encoded" not in told.stdout:
        found.append(f"does not say what it measures on: {told.stdout}")
    with_data = place.run("evaluate", place.path("data"), "--as=mine", "--model=second")
    os.rename(place.path("data"), moved)
    gone = place.run("evaluate", "--as=mine", "--model=second")
    shutil.copytree(moved, place.path("data"))
    listing = place.path("data", "dataset.json")
    with open(listing, encoding="utf-8") as handle:
        text = handle.read()
    with open(listing, "w", encoding="utf-8") as handle:
        handle.write(text.replace('"train"', '"val"', 1))
    changed = place.run("evaluate", "--as=mine", "--model=second")
    shutil.rmtree(place.path("data"))
    os.rename(moved, place.path("data"))
    for name, refused in (("with a data set as well", with_data), ("the data is gone", gone), ("the data is another", changed)):
        if refused.returncode != 2 or "--as" not in refused.stderr or "Traceback" in refused.stderr:
            found.append(f"{name}: exit {refused.returncode}: {refused.stderr}")
    tap.check("measured on what another model was measured on", found)


def check_refusals(tap, place):
    found = []
    data = place.path("data")
    for arguments, code in ((["evaluate", data, "--part=x"], 2), (["evaluate", data, "--model=mine", "--self-blended=genuine"], 2),
                            (["evaluate", data, "--model=mine", "--self-blended=Real"], 2), (["evaluate", data, "--model=mine", "--self-blended="], 2),
                            (["calibrate", data, "--model=mine", "--self-blended=genuine", "--dry-run"], 2), (["evaluate", data, "--reencode=5"], 2), (["evaluate", data, "--model=mine", "--threshold=7"], 2), (["evaluate"], 2),
                            (["evaluate", data, "--model=absent"], 1), (["evaluate", place.folder, "--model=mine"], 1),
                            (["calibrate", data, "--model=mine", "--method=x"], 2), (["calibrate", data, "--model=mine", "--part=all"], 2),
                            (["calibrate", data, "--model=mine"], 2), (["model", "card"], 2), (["model", "card", "absent"], 1)):
        refused = place.run(*arguments)
        if refused.returncode != code or not refused.stderr:
            found.append(f"{arguments}: exit {refused.returncode}: {refused.stderr}")
    tap.check("what makes no sense is refused", found)


def check_shipped(tap, place):
    """A model that came with the program: what is found out of it goes into the user's folder, and it may always be gone back to."""
    found = []
    shipped = place.path("shipped")
    shutil.copytree(place.path("share", "semblance", "models", "mine"), os.path.join(shipped, "theirs"))
    description = os.path.join(shipped, "theirs", "model.json")
    with open(description, encoding="utf-8") as handle:
        text = handle.read()
    with open(description, "w", encoding="utf-8") as handle:
        handle.write(text.replace('"name" : "mine"', '"name" : "theirs"'))
    before = {name: open(os.path.join(shipped, "theirs", name), "rb").read() for name in os.listdir(os.path.join(shipped, "theirs"))}
    n = len(json.loads(before["card.json"])["evaluations"])
    place.environment["SEMBLANCE_MODELS"] = shipped
    done = place.run("evaluate", place.path("data"), "--model=theirs", "--repeats=20", "--card", "--part=val", "--threads=1")
    again = place.run("evaluate", place.path("data"), "--model=theirs", "--repeats=20", "--card", "--part=val", "--threads=1")
    after = {name: open(os.path.join(shipped, "theirs", name), "rb").read() for name in os.listdir(os.path.join(shipped, "theirs"))}
    card = place.run("model", "card", "theirs", "--json")
    if done.returncode or again.returncode or before != after:
        found.append(f"its folder was written to: {done.stderr} {sorted(after)}")
    if card.returncode or len(json.loads(card.stdout)["evaluations"]) != n + 1:
        found.append(f"its evaluation is not in its card: {card.stderr}")
    used = place.run("model", "use", "theirs")
    place.environment["SEMBLANCE_MODELS"] = ""
    if used.returncode:
        found.append(f"refused although it came with the program: {used.stderr}")
    tap.check("a model that came with the program", found)


def check_full_disk(tap, place):
    title, out, found = "a full disk is named, with what to do", place.path("small"), []
    before = disk.full(out, 8)
    if before is None:
        tap.skip(title, "a file system of one's own is not permitted")
        return
    done = place.run("evaluate", place.path("data"), "--model=mine", "--repeats=20", "--threads=1", "--out=" + out, before=before)
    if done.returncode != 1 or out + "/" not in done.stderr or "Make room there" not in done.stderr:
        found.append(f"exit {done.returncode}: {done.stderr}")
    tap.check(title, found)


def check_crafted_cards(tap, place):
    """A model's folder may come from anyone: a card whose members are of other kinds than they should be is read as if they were not there."""
    found = []
    kinds = [5, -1.5, "text", "", None, True, [], {}, [[]], [{"value": "x"}], {"auc": {"value": [], "high": "x"}}]
    file = place.path("share", "semblance", "models", "second", "card.json")
    with open(file, encoding="utf-8") as handle:
        good = json.load(handle)

    def with_card(what, card):
        with open(file, "w", encoding="utf-8") as handle:
            json.dump(card, handle)
        for arguments in (["model", "card", "second"], ["model", "use", "second"], ["model", "use", "mine"], ["evaluate", "--as=second", "--model=mine"]):
            done = place.run(*arguments)
            if done.returncode not in (0, 1, 2) or "Traceback" in done.stderr or "CRITICAL" in done.stderr:
                found.append(f"{what}: {arguments}: exit {done.returncode}: {done.stderr[-300:]}")

    place.run("model", "use", "second", "--override=only for the test")
    for kind in kinds:
        with_card(f"every member is {kind!r}", {key: kind for key in good})
    for key in good["evaluations"][0]:
        for kind in kinds[:8]:
            with_card(f"{key} of an evaluation is {kind!r}", {**good, "evaluations": [{**good["evaluations"][0], key: kind}, kind]})
    with open(file, "w", encoding="utf-8") as handle:
        json.dump(good, handle)
    tap.check("cards made to mislead", found)


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder)
        tap.check("a model to measure", prepare(place))
        check_numbers(tap, place)
        check_calibration(tap, place)
        check_card(tap, place)
        check_chance(tap, place)
        check_as(tap, place)
        check_shipped(tap, place)
        check_crafted_cards(tap, place)
        check_refusals(tap, place)
        check_full_disk(tap, place)
    tap.done()


main()
