#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli dataset and finetune from outside. Arguments: the program, the tree's root."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

CLI, ROOT = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402
import memory  # noqa: E402
import processes  # noqa: E402

SAMPLES = os.path.join(ROOT, "data", "samples")
REAL = ["18f-brethauer.jpg", "18f-dave.jpg", "18f-mark-trammell.jpg", "18f-melody.jpg", "nasa-astronaut.png"]
FAKE = ["synthetic-dalle3.jpg", "synthetic-flux.jpg"]
NETWORK = '--config={"img": 64, "dim": 24, "depth": 2, "heads": 3}'


def run(*arguments, before=(), **environment):
    return subprocess.run([*before, CLI, *arguments], capture_output=True, text=True, timeout=100 * house.PATIENCE, stdin=subprocess.DEVNULL,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", **environment})


def read(*path):
    with open(os.path.join(*path), "rb") as handle:
        return handle.read()


def metadata(*path):
    data = read(*path)
    return json.loads(data[8:8 + int.from_bytes(data[:8], "little")])["__metadata__"]


def write(path, text):
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(text)


def parts_of(folder):
    data = json.loads(read(folder, "dataset.json"))
    files = [os.path.basename(face["file"]) for face in json.loads(read(folder, "index.json"))["faces"]]
    return {files[s["face"]]: (s["class"], s["part"], s.get("identity", "")) for s in data["samples"]}


def build(folder):
    """A data set in parts: three genuine faces and one synthetic to learn from, the rest to validate and test with."""
    for part, names in (("train", REAL[:3] + FAKE[:1]), ("val", REAL[3:4] + FAKE[1:]), ("test", REAL[4:])):
        for name in names:
            place = os.path.join(folder, "pictures", part, "genuine" if name in REAL else "synthetic")
            os.makedirs(place, exist_ok=True)
            if not os.path.exists(os.path.join(place, name)):
                shutil.copy(os.path.join(SAMPLES, name), place)
    return run("dataset", "build", os.path.join(folder, "pictures"), "--out=" + os.path.join(folder, "data"), "--size=72", "--json")


def check_build(tap, folder):
    found = []
    done = build(folder)
    if done.returncode != 0:
        tap.check("a data set from folders", [done.stderr])
        return
    told = json.loads(done.stdout)
    if told["faces"] != 7 or told["classes"]["genuine"]["train"] != 3 or told["classes"]["synthetic"]["val"] != 1 or told["leaks"]:
        found.append(f"counts: {told}")
    if not any("only 1 face for" in warning for warning in told["warnings"]):
        found.append(f"warnings: {told['warnings']}")
    got = parts_of(os.path.join(folder, "data"))
    if got["18f-dave.jpg"][:2] != ("genuine", "train") or got["nasa-astronaut.png"][:2] != ("genuine", "test"):
        found.append(f"parts: {got}")
    points = read(folder, "data", "points.f32")
    if len(points) != 7 * 68 * 2 * 4:
        found.append(f"{len(points)} bytes of landmarks")
    began = os.stat(os.path.join(folder, "data", "faces.rgb")).st_mtime_ns
    if build(folder).returncode != 0 or os.stat(os.path.join(folder, "data", "faces.rgb")).st_mtime_ns != began:
        found.append("faces that were there were gathered again")
    tap.check("a data set from folders", found)


def check_table(tap, folder):
    found = []
    table = os.path.join(folder, "table.csv")
    rows = ["file,label,identity,source"]
    for i, name in enumerate(REAL + FAKE):
        who = ["Doe, Jane", "jane DOE", "", "", "x"][i] if name in REAL else ""
        rows.append(f'{SAMPLES}/{name},{"real" if name in REAL else "fake"},"{who}",{"sheet" if name in FAKE else ""}')
    write(table, "\n".join(rows) + "\n")
    data = os.path.join(folder, "of-table")
    for seed in range(6):
        done = run("dataset", "build", table, "--out=" + data, "--map=fake=synthetic", "--size=72", f"--seed={seed}",
                   "--shares=0.4,0.3,0.3", "--json")
        got = parts_of(data) if done.returncode == 0 else {}
        if not got or got["18f-brethauer.jpg"][1] != got["18f-dave.jpg"][1] or got[FAKE[0]][1] != got[FAKE[1]][1]:
            found.append(f"seed {seed}: what belongs together was torn apart: {got} {done.stderr}")
        if got and got[FAKE[0]][0] != "synthetic":
            found.append(f"not renamed: {got}")
    first = parts_of(data)
    for seed in range(9, 20):
        run("dataset", "split", data, f"--seed={seed}", "--shares=0.4,0.3,0.3")
        if parts_of(data) != first:
            break
    else:
        found.append("every seed divides alike")
    for arguments, code in ((["dataset", "split", data, "--shares=1,1,1"], 2), (["dataset", "check", folder], 1),
                            (["dataset", "build", table], 2), (["dataset", "split"], 2), (["dataset", "x"], 2),
                            (["dataset", "build", "real=" + folder + "/absent", "--out=" + folder + "/y"], 1)):
        refused = run(*arguments)
        if refused.returncode != code or not refused.stderr:
            found.append(f"{arguments}: exit {refused.returncode}: {refused.stderr}")
    for option, said in (("--shares=0.5,0.5", "training, validation and test"), ("--size=8", "--size is from"), ("--frames=0", "--frames is from"),
                         ("--same-person=7", "--same-person is above"), ("--seed=-1", "--seed counts")):
        refused = run("dataset", "build", table, "--out=" + folder + "/y", option)
        if refused.returncode != 2 or said not in refused.stderr or refused.stderr.count("\n") != 1 or os.path.exists(folder + "/y"):
            found.append(f"{option}: {refused}")
    for text, said in (("file,label,split\na.jpg,real,train\nb.jpg,real,learn\n", "row 2: “learn” is no part"),
                       ("file,label\na.jpg\n", "columns"), ("name\nx\n", "file"), ('file,label\n"a,b\n', "quote"), ("", "empty")):
        write(os.path.join(folder, "bad.csv"), text)
        refused = run("dataset", "build", os.path.join(folder, "bad.csv"), "--out=" + folder + "/y")
        if refused.returncode != 1 or said not in refused.stderr:
            found.append(f"{text!r}: {refused}")
    tap.check("a data set from a table, divided by person and source", found)


def check_embeddings(tap, folder):
    """Who is nameless but alike by the vectors that came with the pictures stays together; what crosses is found."""
    found, data, table = [], os.path.join(folder, "alike-data"), os.path.join(folder, "alike.csv")
    # The second is like the first, the third like the second alone: all three hang together. The fourth tells nothing.
    vectors = ["1 0 0 0", "[2.4, 1.4, 0, 0]", "0.3;0.9;0;0", "", "0 0 0 -1", "0 0 1e-3 0", "0 0 0 1"]
    names = REAL + FAKE

    def build_with(vectors, *more, parts=None):
        rows = ["file;label;embedding;split"]
        for i, name in enumerate(names):
            rows.append(f'{SAMPLES}/{name};{"real" if name in REAL else "fake"};"{vectors[i]}";{parts[i] if parts else ""}')
        write(table, "\n".join(rows) + "\n")
        return run("dataset", "build", table, "--out=" + data, "--size=72", "--json", *more)

    for seed in range(4):
        done = build_with(vectors, f"--seed={seed}", "--shares=0.4,0.3,0.3")
        got = parts_of(data) if done.returncode == 0 else {}
        if len({got.get(name, [seed, seed])[1] for name in names[:3]}) != 1:
            found.append(f"seed {seed}: {got} {done.stderr}")
    groups = {os.path.basename(face["file"]): sample.get("alike") for face, sample in
              zip(json.loads(read(data, "index.json"))["faces"], json.loads(read(data, "dataset.json"))["samples"])}
    if [groups[name] for name in names] != ["1", "1", "1", None, None, None, None]:
        found.append(f"groups: {groups}")
    for cosine, kinds in (("0.8", ["embedding"]), ("0.9", [])):
        done = build_with(vectors, "--same-person=" + cosine, parts=["train", "val"] + ["train"] * 5)
        told = [leak["kind"] for leak in json.loads(done.stdout)["leaks"]] if done.stdout else done.stderr
        if told != kinds or done.returncode != (1 if kinds else 0):
            found.append(f"at {cosine}: {told}")
    checked = run("dataset", "check", data)
    if checked.returncode != 0:
        found.append(f"the groups are not those stored: {checked.stdout}")
    for bad, code, said in ((["1 x"] + vectors[1:], 1, "no vector"), (["0 0"] + vectors[1:], 1, "no vector"),
                            (["1 0 0"] + vectors[1:], 2, "one network")):
        refused = build_with(bad)
        if refused.returncode != code or said not in refused.stderr:
            found.append(f"{bad[0]}: exit {refused.returncode}: {refused.stderr}")
    if build_with(vectors, "--same-person=1.5").returncode != 2:
        found.append("a cosine of 1.5 is taken")
    tap.check("the nameless are kept together by embeddings that came with them", found)


def check_leaks(tap, folder):
    """The same picture, made smaller and mirrored, in another part is found."""
    pictures = os.path.join(folder, "leaky")
    for part, name in (("train", REAL[4]), ("val", REAL[0])):
        os.makedirs(os.path.join(pictures, part, "real"))
        shutil.copy(os.path.join(SAMPLES, name), os.path.join(pictures, part, "real"))
    os.makedirs(os.path.join(pictures, "test", "real"))
    mirror = os.path.join(pictures, "test", "real", "again.png")
    script = ("import gi; gi.require_version('GdkPixbuf', '2.0')\nfrom gi.repository import GdkPixbuf\nimport sys\n"
              "p = GdkPixbuf.Pixbuf.new_from_file(sys.argv[1]).flip(True)\n"
              "p.scale_simple(p.get_width() * 3 // 4, p.get_height() * 3 // 4, 2).savev(sys.argv[2], 'png', [], [])\n")
    if subprocess.run(["/usr/bin/python3", "-c", script, os.path.join(SAMPLES, REAL[4]), mirror], capture_output=True).returncode:
        tap.skip("near-duplicates across parts are found", "GdkPixbuf's introspection is not there")
        return
    done = run("dataset", "build", pictures, "--out=" + os.path.join(folder, "leaky-data"), "--json")
    leaks = json.loads(done.stdout)["leaks"] if done.stdout else None
    found = []
    if done.returncode != 1 or [leak["kind"] for leak in leaks] != ["near-duplicate"] or "again" not in str(leaks):
        found.append(f"{leaks} {done.stderr}")
    told = run("dataset", "check", os.path.join(folder, "leaky-data"))
    if told.returncode != 1 or "dataset split " + os.path.join(folder, "leaky-data") not in told.stdout:
        found.append(f"what to do is not said: {told.stdout}")
    divided = run("dataset", "split", os.path.join(folder, "leaky-data"), "--shares=0.5,0.25,0.25", "--json")
    if divided.returncode != 0 or json.loads(divided.stdout)["leaks"]:
        found.append(f"divided anew it still leaks: {divided.stdout} {divided.stderr}")
    tap.check("near-duplicates across parts are found", found)


def training(folder, name, *more):
    return ["finetune", os.path.join(folder, "data"), "--out=" + os.path.join(folder, name), NETWORK, "--self-blended=swapped",
            "--epochs=3", "--batch=6", "--blr=0.02", "--warmup=1", "--seed=3", "--threads=1", *more]


def finetune(folder, name, *more, before=()):
    return run(*training(folder, name, *more), before=before)


def new_case(path, files):
    made = [run("case", "new", path, "--title=T"), run("case", "add", path, *files)]
    return all(done.returncode == 0 for done in made)


def check_cases(tap, folder):
    """Labelled evidence of two cases: faces and exhibits, kept together by case, never from altered originals."""
    found = []
    one, two, data = (os.path.join(folder, name) for name in ("one.smbcase", "two.smbcase", "of-cases"))
    copies = []
    for name in REAL[:3] + FAKE:
        copies.append(os.path.join(folder, "exhibit-" + name))
        shutil.copy(os.path.join(SAMPLES, name), copies[-1])
    badge = os.path.join(folder, "badge.smbcase") # its detector also finds a badge, and doubts it
    if new_case(badge, [os.path.join(SAMPLES, REAL[4])]) and not run("analyze", "--case", badge, os.path.join(SAMPLES, REAL[4])).returncode:
        run("case", "label", badge, "--class=genuine", "S-01")
        told = [label["what"] for label in json.loads(run("case", "label", badge, "--json").stdout)]
        run("case", "label", badge, "--class=fake", "S-01/F2")
        both = [label["what"] for label in json.loads(run("case", "label", badge, "--json").stdout)]
        if told != ["S-01 F1"] or both != ["S-01 F1", "S-01 F2"]:
            found.append(f"doubtful finds: {told}, {both}")
    else:
        found.append("the case with the badge could not be made")
    if not new_case(one, copies[:2]) or not new_case(two, copies[2:]) or run("analyze", "--case", one, copies[0]).returncode:
        tap.check("a data set from cases", ["the cases could not be made"])
        return
    nothing = run("dataset", "build", "--case", one, "--out=" + data)
    if nothing.returncode != 1 or "labelled" not in nothing.stderr:
        found.append(f"nothing labelled: {nothing}")
    for arguments, code in ((["--class=genuine", "--identity=Doe", "S-01/F1", "s-02"], 0), (["--class=x", "S-01/F7"], 1),
                            (["--class=x", "S-02/F1"], 1), (["--class=x", "S-09"], 1), (["--class=a=b", "S-02"], 1),
                            (["S-02"], 2), (["--class=x"], 2), (["--clear", "--class=x", "S-01"], 2)):
        done = run("case", "label", one, *arguments)
        if done.returncode != code or (code and not done.stderr):
            found.append(f"{arguments}: exit {done.returncode}: {done.stderr}")
    for arguments in (["--class=genuine", "S-01"], ["--class=fake", "S-02"], ["--class=swapped", "S-03"], ["--clear", "S-02"],
                      ["--class=synthetic", "S-02"], ["--class=fake", "S-03"]):
        run("case", "label", two, *arguments)
    told = json.loads(run("case", "label", one, "--json").stdout)
    if [(label["what"], label["class"], label["identity"]) for label in told] != [("S-01 F1", "genuine", "Doe"),
                                                                                  ("S-02", "genuine", "Doe")]:
        found.append(f"labels: {told}")
    build_cases = ["dataset", "build", "--case", one, "--case", two, "--out=" + data, "--size=72", "--map=fake=synthetic",
                   "--shares=0.5,0.25,0.25", "--json"]
    done = run(*build_cases)
    got = parts_of(data) if done.returncode == 0 else {}
    parts = {name.split("#")[0]: {part for key, (_, part, _) in got.items() if key.split("#")[0] == name.split("#")[0]} for name in got}
    if sorted(got) != ["one.smbcase#S-01 F1", "one.smbcase#S-02", "two.smbcase#S-01", "two.smbcase#S-02", "two.smbcase#S-03"]:
        found.append(f"faces: {got} {done.stderr}")
    elif [len(of) for of in parts.values()] != [1, 1] or got["two.smbcase#S-03"][0] != "synthetic":
        found.append(f"parts: {got}")
    began = os.stat(os.path.join(data, "faces.rgb")).st_mtime_ns if got else 0
    if run(*build_cases).returncode or os.stat(os.path.join(data, "faces.rgb")).st_mtime_ns != began:
        found.append("faces that were there were gathered again")
    pixels = read(data, "faces.rgb") if got else b""
    own = run("dataset", "build", "--within-cases", "--case", two, "--out=" + data + "-own", "--size=72", "--shares=0.4,0.3,0.3",
              "--map=fake=genuine", "--map=synthetic=genuine")
    within = parts_of(data + "-own") if own.returncode == 0 else {}
    if len({part for _, part, _ in within.values()}) != 3:
        found.append(f"within a case: {within} {own.stderr}")
    if any("one case" in w for w in json.loads(done.stdout or "{}").get("warnings", [])):
        found.append("warned of one case where there are two")
    with open(copies[4], "ab") as handle:
        handle.write(b"x")
    altered = run(*build_cases[:-1], "--seed=1", "--frames=3")
    if altered.returncode != 1 or "S-03" not in altered.stderr or "two.smbcase#S-03" in parts_of(data) or len(parts_of(data)) != 4:
        found.append(f"an altered original: {altered} {parts_of(data)}")
    if read(data, "faces.rgb") != pixels[:4 * 72 * 72 * 3]:
        found.append("the same faces have other pixels")
    checked = run("case", "verify", one)
    if checked.returncode != 0:
        found.append(f"the case after all that: {checked}")
    tap.check("a data set from labelled evidence of cases", found)


def check_videos(tap, folder):
    """A video among pictures: frames of each track, in one part."""
    if shutil.which("ffmpeg") is None:
        tap.skip("videos in a data set", "ffmpeg is not installed")
        return
    found = []
    place = os.path.join(folder, "with-video", "genuine")
    os.makedirs(place)
    shutil.copy(os.path.join(SAMPLES, REAL[1]), place)
    made = subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-t", "2", "-i", os.path.join(SAMPLES, REAL[0]), "-vf",
                           "scale=256:256,setsar=1,format=yuv420p,fps=12", "-c:v", "libx264", os.path.join(place, "clip.mp4")],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    with open(os.path.join(place, "broken.mp4"), "wb") as handle:
        handle.write(read(place, "clip.mp4")[:500] if made.returncode == 0 else b"")
    data = os.path.join(folder, "with-video-data")
    done = run("dataset", "build", os.path.join(folder, "with-video"), "--out=" + data, "--size=72", "--frames=3", "--shares=0.6,0.2,0.2",
               SEMBLANCE_MODELS="/nonexistent", XDG_DATA_HOME="/nonexistent")  # finding faces takes no model
    index = json.loads(read(data, "index.json"))["faces"] if done.returncode == 1 else [] # of the broken one
    frames = [face["frame"] for face in index if face["file"].endswith("clip.mp4")]
    if len(frames) != 3 or frames[0] != 0 or frames[2] < 15 or not frames[0] < frames[1] < frames[2] or len(index) != 4:
        found.append(f"frames {frames}, {len(index)} faces: {done.stderr} {made.stderr}")
    samples = json.loads(read(data, "dataset.json"))["samples"] if index else []
    of_video = [s for s in samples if index[s["face"]]["file"].endswith("clip.mp4")]
    if len({s["part"] for s in of_video}) != 1 or not all(s["source"].endswith("clip.mp4") for s in of_video):
        found.append(f"torn apart: {of_video}")
    if "broken.mp4" not in done.stderr:
        found.append(f"nothing said of the broken one: {done.stderr}")
    tap.check("videos in a data set", found)


def check_run(tap, folder):
    found = []
    done = finetune(folder, "whole")
    if done.returncode != 0:
        tap.check("a run to the end", [done.stderr])
        return
    lines = [json.loads(line) for line in read(folder, "whole", "metrics.jsonl").decode().splitlines()]
    epochs = [line for line in lines if "validation" in line]
    steps = [line for line in lines if "validation" not in line]
    # Two genuine faces a batch of six, three to learn from: two iterations an epoch.
    if [line["iteration"] for line in steps] != list(range(1, 7)) or [line["epoch"] for line in epochs] != [1, 2, 3]:
        found.append(f"the log: {lines}")
    for line in epochs:
        v = line["validation"]
        if v["faces"] != 3 or not 0.0 <= v["auc"] <= 1.0 or v["class_auc"][0] is not None or len(v["worst"]) != 3:
            found.append(f"validation: {v}")
    told = metadata(folder, "whole", "detector.safetensors")
    if json.loads(told["classes"]) != ["genuine", "synthetic", "swapped"] or told["real_class"] != "0" or len(json.loads(told["mean"])) != 3:
        found.append(f"metadata: {told}")
    best = max(epochs, key=lambda line: line["validation"]["chosen_by"])
    if int(told["epoch"]) != best["epoch"] or not best["validation"]["best"]:
        found.append(f"the weights are of epoch {told['epoch']}, the best was {best['epoch']}")
    shown = run("model", "info", os.path.join(folder, "whole", "detector.safetensors"))
    if shown.returncode != 0:
        found.append(f"model info: {shown.stderr}")
    tap.check("a run to the end", found)


def check_resume(tap, folder):
    found = []
    for arguments in (["--stop-after=1"], ["--resume", "--stop-after=2"], ["--resume"]):
        done = finetune(folder, "parts", *arguments)
        if done.returncode != 0:
            found.append(f"{arguments}: {done.stderr}")
    for name in ("detector.safetensors", "checkpoint-00000006/state.safetensors"):
        if not os.path.exists(os.path.join(folder, "parts", name)) or read(folder, "parts", name) != read(folder, "whole", name):
            found.append(f"{name} differs from a run without stops")
    if len(read(folder, "parts", "metrics.jsonl").splitlines()) != 9:
        found.append("the log of the parts is not that of a whole")
    for arguments, code, said in (([], 2, "--resume"), (["--resume", "--seed=4"], 1, "another training"),
                                  (["--resume", "--degrade=none"], 1, "another training")):
        refused = finetune(folder, "parts", *arguments)
        if refused.returncode != code or said not in refused.stderr:
            found.append(f"{arguments}: {refused}")
    tap.check("stopped twice and resumed: the same bytes", found)


def check_signal(tap, folder):
    """Asked to end, it writes down what it has learned. Another library's threads must not take the signal for it."""
    found = []
    log = os.path.join(folder, "asked", "metrics.jsonl")
    with subprocess.Popen([CLI, *training(folder, "asked", "--epochs=100000", "--checkpoint-every=100000")], stderr=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", "OPENBLAS_NUM_THREADS": "2"}) as running:
        until = time.monotonic() + 60 * house.PATIENCE
        while running.poll() is None and time.monotonic() < until and not (os.path.exists(log) and read(log).count(b"\n") > 3):
            time.sleep(0.05)
        running.terminate()
        said = running.communicate(timeout=60 * house.PATIENCE)[1]
    if running.returncode != 0 or "--resume" not in said:
        found.append(f"exit {running.returncode}: {said}")
    if not any(name.startswith("checkpoint-") for name in os.listdir(os.path.join(folder, "asked"))):
        found.append("there is no checkpoint")
    tap.check("asked to end, it leaves a checkpoint", found)


def check_processes(tap, folder):
    title = "two processes fine-tune as one does"
    before = processes.two()
    if before is None:
        tap.skip(title, "mpirun or the module for MPI is not there")
        return
    found = []
    untouched = ["--drop-path=0", "--erasing=0", "--mixup=0", "--cutmix=0"] # what each process draws for itself
    last = "checkpoint-00000006/weights.safetensors"
    for name, more in (("plain", []), ("patches", ["--weight-patches=0.5", "--batch=6"]),
                       ("adapter", ["--adapter", "--accumulate=2", "--blr=0.2"])):
        alone = finetune(folder, "alone-" + name, *untouched, *more)
        both = finetune(folder, "two-" + name, *untouched, *more, before=before)
        if alone.returncode != 0 or both.returncode != 0:
            found.append(f"{name}: {alone.stderr} {both.stderr}")
            continue
        distance = processes.apart(processes.tensors(folder, "alone-" + name, last), processes.tensors(folder, "two-" + name, last))
        print(f"# {name}: {distance:.2e} apart")
        # AdamW makes whole steps of rounding where a gradient is next to nothing, as that of the head's bias.
        if not distance < 1e-3:
            found.append(f"{name}: {distance} apart")
        # It also hides a wrong scale of the gradients, which their norm shows.
        logs = [[json.loads(line) for line in read(folder, run + name, "metrics.jsonl").splitlines()] for run in ("alone-", "two-")]
        for one, two in zip(*logs):
            for key in ("loss", "cross_entropy", "contrastive", "patches", "grad_norm"):
                a, b = one.get(key) or 0.0, two.get(key) or 0.0
                if abs(a - b) > 1e-5 * max(abs(a), 1e-3):
                    found.append(f"{name}, iteration {one['iteration']}: {key} {a} alone, {b} of two")
        if len(logs[0]) != len(logs[1]) or both.stdout.count("Epoch ") != 3:
            found.append(f"{name}: {len(logs[1])} lines in the log, told: {both.stdout}")
    for arguments in (["--stop-after=1"], ["--resume"]):
        done = finetune(folder, "two-parts", *untouched, *arguments, before=before)
        if done.returncode != 0:
            found.append(f"{arguments}: {done.stderr}")
    if not found and read(folder, "two-parts", last) != read(folder, "two-plain", last):
        found.append("stopped and resumed, two processes give other bytes")
    drawn = [finetune(folder, name, "--mixup=0.8", before=before).returncode for name in ("drawn", "drawn-again")]
    if drawn != [0, 0] or read(folder, "drawn", last) != read(folder, "drawn-again", last):
        found.append(f"two processes that mix give other bytes the second time: {drawn}")
    tap.check(title, found)


def check_ways(tap, folder):
    found = []
    init = os.path.join(folder, "whole", "detector.safetensors")
    for i, arguments in enumerate((["--adapter"], ["--train=last-blocks", "--mixup=0.8", "--cutmix=1", "--degrade=light"],
                                   ["--preset=quick", "--recompute", "--accumulate=2", "--shares=2,1,1", "--json"],
                                   ["--init=" + init, "--grey=0", "--zoom=0", "--train=head"], ["--weight-patches=0.5"],
                                   ["--ease=1", "--degrade=medium"], ["--cross=1"], ["--weight-patches=0.5", "--keep-patches=0.5"])):
        done = finetune(folder, f"way{i}", *arguments, "--epochs=1")
        if done.returncode != 0 or not os.path.exists(os.path.join(folder, f"way{i}", "detector.safetensors")):
            found.append(f"{arguments}: {done.stderr}")
    step = json.loads(read(folder, "way4", "metrics.jsonl").decode().splitlines()[0])
    if not step["patches"] > 0.0 or abs(step["loss"] - step["cross_entropy"] - 0.5 * step["patches"]) > 1e-6:
        found.append(f"the patches' loss: {step}")
    for arguments, code in ((["--batch=2"], 2), (["--train=x"], 2), (["--preset=x"], 2), (["--degrade=x"], 2),
                            (["--shares=1"], 2), (["--grey=2"], 2), (["--mean=.5,.5,.5"], 2), (["--init=/absent"], 1),
                            (["--self-blended=genuine"], 2), (["--self-blended=Real"], 2), (["--self-blended="], 2), (["--ease=2"], 2), (["--cross=-1"], 2), (["--weight-patches=1", "--mixup=0.8"], 2),
                            (["--keep-patches=0"], 2), (["--smoothing=2", "--plan"], 2), (["--blr=-1", "--plan"], 2)):
        done = finetune(folder, "x", *arguments, "--epochs=1", "--stop-after=1")
        if done.returncode != code or not done.stderr:
            found.append(f"{arguments}: exit {done.returncode}: {done.stderr}")
        shutil.rmtree(os.path.join(folder, "x"), ignore_errors=True)
    for option, said in (("--blr=nan", "--blr takes a number"), ("--zoom=-inf", "--zoom takes a number"), ("--blr=-1", "--blr is above 0, not -1."),
                         ("--grey=2", "--grey is from 0 to 1, not 2."), ("--epochs=0", "--epochs is at least 1, not 0."),
                         ("--batch=-4", "--batch is at least 2, not -4."), ("--erasing=7", "--erasing is from 0 to 1"), ("--mixup=-1", "--mixup is at least 0"),
                         ("--warmup=-1", "--warmup is at least 0"), ("--accumulate=0", "--accumulate is at least 1"),
                         ("--checkpoint-every=0", "--checkpoint-every is at least 1"), ("--drop-path=1", "--drop-path is at least 0 and below 1")):
        done = run("finetune", os.path.join(folder, "data"), "--self-blended=swapped", "--plan", *(option.split("=") if "nan" in option else [option]))
        if done.returncode != 2 or said not in done.stderr or done.stderr.count("\n") != 1:
            found.append(f"{option}: exit {done.returncode}: {done.stderr}")
    tap.check("adapters, presets, mixtures; nonsense is refused", found)


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory() as folder:
        check_build(tap, folder)
        check_table(tap, folder)
        check_embeddings(tap, folder)
        check_leaks(tap, folder)
        check_cases(tap, folder)
        check_videos(tap, folder)
        check_run(tap, folder)
        check_resume(tap, folder)
        memory.check(tap, folder, finetune, "detector.safetensors")
        memory.check_plan(tap, run, "finetune", os.path.join(folder, "data"), "--self-blended=swapped")
        check_signal(tap, folder)
        check_processes(tap, folder)
        check_ways(tap, folder)
    tap.done()


main()
