#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli report --out=….json and verify from outside. Arguments: the program, the tree's root."""
import base64
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

CLI, ROOT = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

SAMPLES = os.path.join(ROOT, "data", "samples")


def run(*arguments):
    return subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=100 * house.PATIENCE, stdin=subprocess.DEVNULL,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"})


def write(path, text):
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(text)


def read(path):
    with open(path, encoding="utf-8") as handle:
        return handle.read()


def outcomes(done):
    return {(line["exhibit"], check["what"].split(":")[0]): check["outcome"]
            for line in map(json.loads, done.stdout.splitlines()) for check in line["checks"]}


def move_values(map_):
    """Lets the first two different values of a map change places, as a forger would, hash and all; their distance."""
    values = list(struct.unpack("<%df" % (map_["rows"] * map_["columns"]), base64.b64decode(map_["values"])))
    first, second = next((i, j) for i, a in enumerate(values) for j, b in enumerate(values) if a == a and b == b and abs(a - b) > 0.01)
    distance = abs(values[first] - values[second])
    values[first], values[second] = values[second], values[first]
    data = struct.pack("<%df" % len(values), *values)
    map_.update(values=base64.b64encode(data).decode(), sha256=hashlib.sha256(data).hexdigest())
    return distance


def robustness():
    found = []
    picture = os.path.join(SAMPLES, "18f-dave.jpg")
    plain = json.loads(run("analyze", "--json", "--threads=1", picture).stdout)["faces"][0]["score"]
    first, second, noisy = (run("robustness", "--json", "--threads=1", f"--seed={seed}", picture) for seed in (0, 0, 1))
    if first.returncode or first.stdout != second.stdout:
        return [f"not repeated: {first} {second}"]
    told = json.loads(first.stdout)
    scores = {(point["degradation"], point["level"]): point["score"] for point in told["points"]}
    other = {(point["degradation"], point["level"]): point["score"] for point in json.loads(noisy.stdout)["points"]}
    if abs(told["score"] - plain) > 1e-9:
        found.append(f"undegraded {told['score']}, analysed {plain}")
    if len(scores) != 17 or told["lowest"] != min(scores.values()) or told["highest"] != max(*scores.values(), told["score"]):
        found.append(f"range: {told}")
    if {key[0] for key in scores if scores[key] != other[key]} != {"noise"}:
        found.append("a seed is of the noise alone")
    if abs(scores["resize", 0.25] - plain) <= abs(scores["resize", 0.75] - plain):
        found.append(f"four times smaller moves it less than a little: {scores}")
    for arguments, code in (([], 2), ([picture, "--seed=-1"], 2), (["/absent"], 1), ([picture, "--face=9"], 1)):
        done = run("robustness", *arguments)
        if done.returncode != code or not done.stderr:
            found.append(f"{arguments}: {done}")
    return found


def chosen_faces(folder):
    """Of a picture with two faces one is shown: no map of the other, and the report says that there is one."""
    found = []
    case, bundle = os.path.join(folder, "faces.smbcase"), os.path.join(folder, "faces.json")
    run("case", "new", case, "--title=T")
    run("analyze", "--case", case, "--box=10,20,300,300", "--box=300,20,300,300", os.path.join(SAMPLES, "18f-dave.jpg"))
    run("analyze", "--case", case, os.path.join(SAMPLES, "18f-melody.jpg"))
    done = run("report", case, "--out=" + bundle, "--face=s-01/f2", "--maps=rollout")
    if done.returncode:
        return [f"{done}"]
    data = json.loads(read(bundle))
    first = data["exhibits"][0]
    if len(data["exhibits"]) != 1 or first["left_out"] != [1] or [one["face"] for one in first["maps"]] != [2]:
        found.append(f"{first.get('left_out')} {[one['face'] for one in first['maps']]}")
    if not any("S-01: 1 of the 2 faces" in text for text in data["warnings"]):
        found.append(f"nothing is said of it: {data['warnings']}")
    if run("verify", bundle).returncode:
        found.append("it does not hold")
    page = os.path.join(folder, "faces.html")
    run("report", case, "--out=" + page, "--face=S-01/F2", "--exhibit=S-02", "--maps=none")
    shown = read(page)
    if "<td class=\"keep\">F1" in shown.split("id=\"exhibit-2\"")[0] or "1 of 2" not in shown or "S-02" not in shown:
        found.append("the page shows what was left out, or not what was asked for")
    for face in ("S-01/F3", "S-01", "S-09/F1"):
        done = run("report", case, "--out=" + bundle, "--face=" + face)
        if done.returncode != 1 or len(done.stderr.splitlines()) != 1:
            found.append(f"{face}: {done}")
    return found


def numbered_pictures(folder):
    """An exhibit made of numbered pictures is found, elsewhere too, and each picture counts."""
    found = []
    case, bundle = os.path.join(folder, "row.smbcase"), os.path.join(folder, "row.json")
    row, moved = os.path.join(folder, "row"), os.path.join(folder, "row-moved")
    os.mkdir(row)
    for number, name in enumerate(("18f-melody.jpg", "18f-brethauer.jpg", "18f-melody.jpg")):
        shutil.copy(os.path.join(SAMPLES, name), os.path.join(row, f"f{number}.jpg"))
    run("case", "new", case, "--title=T")
    run("case", "add", case, os.path.join(row, "f%d.jpg"), "--rate=5")
    run("analyze", "--case", case, os.path.join(row, "f%d.jpg"))
    run("report", case, "--out=" + bundle, "--maps=rollout")
    done = run("verify", bundle, "--json")
    got = outcomes(done)
    if done.returncode or len(got) < 3 or set(got.values()) - {"exact", "close"}:
        found.append(f"in place: {done}")
    os.rename(row, moved)
    gone, there = run("verify", bundle, "--json"), run("verify", bundle, "--json", "--evidence", moved)
    if gone.returncode != 1 or set(outcomes(gone).values()) != {"not-tried"}:
        found.append(f"gone: {gone}")
    if there.returncode or set(outcomes(there).values()) - {"exact", "close"}:
        found.append(f"elsewhere: {there}")
    os.rename(moved, row)
    shutil.copy(os.path.join(SAMPLES, "18f-dave.jpg"), os.path.join(row, "f1.jpg"))
    for where in ((), ("--evidence", row)):
        altered = run("verify", bundle, "--json", *where)
        if altered.returncode != 1 or outcomes(altered) != {("S-01", "hash"): "different"} or "f1.jpg" not in altered.stdout:
            found.append(f"altered {where}: {altered}")
    data = json.loads(read(bundle))
    for what, change in {"list": lambda p: p["files"].pop(), "name": lambda p: p["files"][0].update(name="../f0.jpg"),
                         "rate": lambda p: p.update(rate=-1), "empty": lambda p: p.update(files=[])}.items():
        forged = json.loads(json.dumps(data))
        change(forged["exhibits"][0]["pictures"])
        write(bundle + "-forged.json", json.dumps(forged))
        done = run("verify", bundle + "-forged.json")
        if done.returncode != 1 or "changed" not in done.stdout + done.stderr and len(done.stderr.splitlines()) != 1:
            found.append(f"{what}: {done}")
    return found


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory() as folder:
        evidence, case, bundle = (os.path.join(folder, name) for name in ("evidence", "a.smbcase", "a.json"))
        os.mkdir(evidence)
        files = [shutil.copy(os.path.join(SAMPLES, name), evidence) for name in ("18f-dave.jpg", "nasa-astronaut.png")]
        for arguments in (["case", "new", case, "--title=T"], ["analyze", "--case", case, "--threads=1", files[0]],
                          ["analyze", "--case", case, "--box=100,20,150,150", files[1]]):
            done = run(*arguments)
            if done.returncode:
                print("# " + done.stderr)
        found = []
        made = run("report", case, "--out=" + bundle, "--maps=rollout,error")
        if made.returncode:
            found.append(made.stderr)
        text = read(bundle) if not made.returncode else "{}"
        done = run("verify", bundle, "--json", "--case", case)
        got = outcomes(done)
        if done.returncode or len(got) != 8 or set(got.values()) - {"exact", "close"} or got.get(("S-01", "hash")) != "exact":
            found.append(f"{done.returncode} {got} {done.stderr}")
        data = json.loads(text)
        if json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).count('"') != text.count('"'):
            found.append("the bundle is not canonical")
        tap.check("a bundle is written and holds", found)

        found = []
        moved = os.path.join(folder, "moved")
        os.rename(evidence, moved)
        os.rename(os.path.join(moved, "18f-dave.jpg"), os.path.join(moved, "other-name"))
        gone = run("verify", bundle, "--json")
        if gone.returncode != 1 or set(outcomes(gone).values()) != {"not-tried"}:
            found.append(f"gone: {gone}")
        there = run("verify", bundle, "--evidence", moved)
        if there.returncode or "other-name" in there.stderr or "reproduced" not in there.stdout:
            found.append(f"elsewhere under another name: {there}")
        with open(os.path.join(moved, "nasa-astronaut.png"), "ab") as handle:
            handle.write(b"x")
        altered = run("verify", bundle, "--evidence", moved, "--json")
        if altered.returncode != 1 or outcomes(altered).get(("S-02", "hash")) in ("exact", "close") or ("S-02", "result") in outcomes(altered):
            found.append(f"altered: {altered}")
        tap.check("originals are found by their hash alone", found)

        found = []
        whole, data = text, {**data, "exhibits": data["exhibits"][:1]}
        text = json.dumps(data)
        for change, what in ((lambda d: d["exhibits"][0]["result"]["faces"][0].update(score=0.99), "result"),
                             (lambda d: d["exhibits"][0]["result"]["faces"][0]["box"].__setitem__(0, 3), "result"),
                             (lambda d: d["exhibits"][0]["maps"][1].update(sha256="0" * 64, mean=9.0), "map F1 error"),
                             (lambda d: move_values(d["exhibits"][0]["maps"][1]), "map F1 error")):
            forged = json.loads(text)
            change(forged)
            write(bundle + "-forged.json", json.dumps(forged))
            done = run("verify", bundle + "-forged.json", "--evidence", moved, "--json")
            if done.returncode != 1 or outcomes(done).get(("S-01", what)) != "different":
                found.append(f"{what}: {outcomes(done)} {done.stderr}")
        # Two values that change places leave size, least, most and mean as they are.
        forged = json.loads(text)
        moved_by = move_values(forged["exhibits"][0]["maps"][1])
        write(bundle + "-forged.json", json.dumps(forged))
        check = next(check for line in run("verify", bundle + "-forged.json", "--evidence", moved, "--json").stdout.splitlines()
                     for check in json.loads(line)["checks"] if check["what"].startswith("map F1 error"))
        if check["different"] != 2 or abs(check["largest_difference"] - moved_by) > 1e-6 or "row " not in check["differences"][0]:
            found.append(f"two values that changed places: {check}")
        # A hash alone still tells the same from the other.
        forged = json.loads(text)
        for values in (map_ for exhibit in forged["exhibits"] for map_ in exhibit["maps"]):
            del values["values"]
        write(bundle + "-forged.json", json.dumps(forged))
        done = run("verify", bundle + "-forged.json", "--evidence", moved, "--json")
        if outcomes(done).get(("S-01", "map F1 error")) != "exact":
            found.append(f"without values: {outcomes(done)}")
        forged["exhibits"][0]["maps"][1]["sha256"] = "0" * 64
        write(bundle + "-forged.json", json.dumps(forged))
        done = run("verify", bundle + "-forged.json", "--evidence", moved, "--json")
        if done.returncode != 1 or outcomes(done).get(("S-01", "map F1 error")) != "not-tried":
            found.append(f"without values and with another hash: {outcomes(done)}")
        forged = json.loads(text)
        forged["log"]["head"] = "0" * 64
        write(bundle + "-forged.json", json.dumps(forged))
        done = run("verify", bundle + "-forged.json", "--evidence", moved, "--case", case)
        if done.returncode != 1 or "audit log" not in done.stderr:
            found.append(f"another log: {done}")
        tap.check("what was changed in a bundle is found out", found)

        found = []
        text = whole
        bad = os.path.join(folder, "bad.json")
        for what, change in {"no-json": "{", "empty": "", "list": "[]", "other": '{"format": "x"}', "deep": "[" * 100000,
                             "nul": text[:50] + "\0" + text[50:], "cut": text[:len(text) // 2],
                             "newer": text.replace('"version":1', '"version":7'),
                             "hash": text.replace(data["exhibits"][0]["sha256"], "../../etc/passwd"),
                             "face": text.replace('"face":1', '"face":2000000000'),
                             "map": text.replace('"map":"rollout"', '"map":"rollout:layer=99999999999"'),
                             "values": text.replace('"values":"', '"values":"AAAA'),
                             "size": text.replace('"size_bytes":', '"size_bytes":-')}.items():
            write(bad, change)
            done = run("verify", bad)
            if done.returncode != 1 or done.stdout or len(done.stderr.splitlines()) != 1:
                found.append(f"{what}: {done}")
        for arguments, code in (([], 2), ([folder], 1), ([bundle, "--model=absent"], 1), (["/dev/zero"], 1)):
            done = run("verify", *arguments)
            if done.returncode != code or not done.stderr:
                found.append(f"{arguments}: {done}")
        tap.check("malformed bundles get a sentence", found)
        tap.check("robustness of a score", robustness())
        tap.check("faces can be chosen", chosen_faces(folder))
        tap.check("numbered pictures are verified", numbered_pictures(folder))
    tap.done()


main()
