#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli pretrain and model export from outside. Arguments: the program, the tree's root."""
import array
import json
import math
import os
import re
import struct
import subprocess
import sys
import tempfile

CLI, ROOT = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402
import memory  # noqa: E402
import processes  # noqa: E402

SAMPLES = os.path.join(ROOT, "data", "samples")
FIXTURES = os.path.join(ROOT, "tests", "fixtures", "reference")
NETWORK = ('--config={"img": 64, "dim": 24, "depth": 2, "heads": 3, "rep_heads": 3, "dec_dim": 16, "dec_depth": 1, '
           '"dec_heads": 2, "proj_hidden": 20, "proj_out": 12}')
RECIPE = ["--epochs=6", "--batch=3", "--blr=0.1", "--warmup=1", "--seed=3", "--threads=1"]


def run(*arguments, before=()):
    return subprocess.run([*before, CLI, *arguments], capture_output=True, text=True, timeout=100 * house.PATIENCE, stdin=subprocess.DEVNULL,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"})


def pretrain(folder, name, *more, before=()):
    return run("pretrain", SAMPLES, "--out=" + os.path.join(folder, name), "--cache=" + os.path.join(folder, "faces"),
               NETWORK, *RECIPE, *more, before=before)


def read(*path):
    with open(os.path.join(*path), "rb") as handle:
        return handle.read()


def check_run(tap, folder):
    found = []
    done = pretrain(folder, "whole")
    if done.returncode != 0:
        tap.check("a run to the end", [done.stderr])
        return
    lines = [json.loads(line) for line in read(folder, "whole", "metrics.jsonl").decode().splitlines()]
    if [line["iteration"] for line in lines] != list(range(1, 13)) or not all(line["rec"] > 0 for line in lines):
        found.append(f"the log: {lines}")
    kept = sorted(name for name in os.listdir(os.path.join(folder, "whole")) if name.startswith("checkpoint-"))
    if kept != ["checkpoint-00000010", "checkpoint-00000012"]:
        found.append(f"checkpoints: {kept}")
    if read(folder, "whole", "online.safetensors") != read(folder, "whole", kept[-1], "online.safetensors"):
        found.append("the weights are not those of the last checkpoint")
    sheet = read(folder, "whole", "reconstruction.ppm")
    if not sheet.startswith(b"P6\n192 256\n255\n") or len(sheet) != 15 + 192 * 256 * 3 or len(set(sheet[-3000:])) < 3:
        found.append(f"reconstruction.ppm: {sheet[:15]}, {len(sheet)} bytes")
    stats = json.loads(read(folder, "whole", "pretrain_ds_mean_std.txt"))
    if not all(0.1 < v < 0.9 for v in stats["mean"] + stats["std"]):
        found.append(f"mean and deviation: {stats}")
    index = json.loads(read(folder, "faces", "index.json"))
    if index["size"] != 64 or len(index["faces"]) != 7 or not all(re.fullmatch("[0-9a-f]{64}", face["sha256"])
                                                                  for face in index["faces"]):
        found.append(f"faces: {index}")
    started = run("pretrain", SAMPLES, "--out=" + os.path.join(folder, "other"), "--cache=" + os.path.join(folder, "faces"),
                  NETWORK, *RECIPE, "--stop-after=1", "--epochs=1", "--blr=1e-30")
    moved = processes.apart(processes.tensors(folder, "whole", "online.safetensors"),
                            processes.tensors(folder, "other", "checkpoint-00000001", "online.safetensors"))
    if started.returncode != 0 or moved < 1e-2:
        found.append(f"nothing was learnt: weights moved by {moved}; {started.stderr}")
    tap.check("a run to the end", found)


def check_resume(tap, folder):
    found = []
    for arguments in (["--stop-after=5"], ["--resume", "--stop-after=1"], ["--resume"]):
        done = pretrain(folder, "parts", *arguments)
        if done.returncode != 0:
            found.append(f"{arguments}: {done.stderr}")
    for name in ("online.safetensors", "target.safetensors", "checkpoint-00000012/state.safetensors"):
        if read(folder, "parts", name) != read(folder, "whole", name):
            found.append(f"{name} differs from a run without stops")
    if len(read(folder, "parts", "metrics.jsonl").splitlines()) != 12:
        found.append("the log of the parts is not that of a whole")
    refused = pretrain(folder, "parts")
    if refused.returncode != 2 or "--resume" not in refused.stderr:
        found.append(f"a training that is there was not refused: {refused}")
    refused = pretrain(folder, "parts", "--resume", "--seed=4")
    if refused.returncode != 1 or "another training" not in refused.stderr:
        found.append(f"going on with another seed was not refused: {refused}")
    again = pretrain(folder, "again")
    if again.returncode != 0 or read(folder, "again", "online.safetensors") != read(folder, "whole", "online.safetensors"):
        found.append("the same seed gives other bytes")
    tap.check("stopped twice and resumed: the same bytes", found)


def check_refusals(tap, folder):
    found = []
    huge = run("pretrain", SAMPLES, "--out=" + os.path.join(folder, "x"), "--size=huge", "--batch=65536", "--threads=1", "--plan")
    suggested = re.search(r"--batch=(\d+)", huge.stderr)
    if huge.returncode != 1 or (suggested is None and "Not even one" not in huge.stderr):
        found.append(f"memory: {huge.stderr}")
    for arguments, code in ((["--batch=100"], 2), (["--mask-strategy=x"], 2), (["--size=x"], 2), (["--blr=nan"], 2), (["--momentum=3", "--plan"], 2),
                            (["--mean=1,2"], 2), (["--init=/absent"], 1), (["--config={\"dim\": 7}"], 2),
                            (["--config={\"colour\": 1}"], 2), (["--config=["], 2)):
        done = pretrain(folder, "x", *arguments)
        if done.returncode != code or not done.stderr:
            found.append(f"{arguments}: exit {done.returncode}: {done.stderr}")
    for option, said in (("--blr=nan", "--blr takes a number"), ("--warmup=-1", "--warmup is at least 0"), ("--mask-ratio=-1", "--mask-ratio is above 0 and below 1"),
                         ("--momentum=3", "--momentum is from 0 to 1, not 3."), ("--epochs=0", "--epochs is at least 1"), ("--clip=-1", "--clip is at least 0")):
        done = run("pretrain", SAMPLES, "--plan", option)
        if done.returncode != 2 or said not in done.stderr or done.stderr.count("\n") != 1:
            found.append(f"{option}: exit {done.returncode}: {done.stderr}")
    if os.path.exists(os.path.join(folder, "x", "metrics.jsonl")):
        found.append("something was begun")
    tap.check("what makes no sense, or does not fit, is refused", found)


def check_ways(tap, folder):
    found = []
    for i, arguments in enumerate((["--mask-strategy=random", "--no-norm-pix"], ["--cropped"],
                                   ["--accumulate=2", "--contrast=infonce", "--mean=.5,.4,.4", "--std=.3,.2,.2"],
                                   ["--mask-strategy=frp", "--recompute", "--json"])):
        cache = "--cache=" + os.path.join(folder, "cropped" if "--cropped" in arguments else "faces")
        done = pretrain(folder, f"way{i}", "--epochs=1", *arguments, cache)
        if done.returncode != 0 or not os.path.exists(os.path.join(folder, f"way{i}", "online.safetensors")):
            found.append(f"{arguments}: {done.stderr}")
    init = pretrain(folder, "init", "--epochs=1", "--config={}",
                    "--init=" + os.path.join(folder, "whole", "online.safetensors"),
                    "--target=" + os.path.join(folder, "whole", "target.safetensors"))
    if init.returncode != 0:
        found.append(f"--init: {init.stderr}")
    tap.check("strategies, crops, accumulation, weights to start from", found)


def check_continue(tap, folder):
    """A checkpoint of the official scripts, one epoch old, goes on in the second one with its optimiser's state."""
    found = []
    checkpoint = [f"--init={FIXTURES}/a_pretrain_after1.pth", f"--target={FIXTURES}/a_target_after1.pth",
                  '--config={"heads": 3, "rep_heads": 2, "dec_heads": 2}', "--cache=" + os.path.join(folder, "faces32")]
    done = pretrain(folder, "continued", *checkpoint, "--continue", "--epochs=3", "--no-norm-pix")
    if done.returncode != 0:
        found.append(done.stderr)
    else:
        lines = [json.loads(line) for line in read(folder, "continued", "metrics.jsonl").decode().splitlines()]
        if [line["iteration"] for line in lines] != [3, 4, 5, 6]:
            found.append(f"the log: {lines}")
        state = read(folder, "continued", "checkpoint-00000006", "state.safetensors")
        length = struct.unpack("<Q", state[:8])[0]
        begin, end = json.loads(state[8:8 + length])["t"]["data_offsets"]
        if set(array.array("q", state[8 + length + begin:8 + length + end])) != {5}:
            found.append("the optimiser did not go on counting its steps")
        resumed = pretrain(folder, "parted", *checkpoint, "--continue", "--epochs=3", "--no-norm-pix", "--stop-after=1")
        resumed = pretrain(folder, "parted", *checkpoint, "--continue", "--epochs=3", "--no-norm-pix", "--resume")
        if resumed.returncode != 0 or read(folder, "parted", "online.safetensors") != read(folder, "continued",
                                                                                           "online.safetensors"):
            found.append(f"stopped and resumed it gives other bytes: {resumed.stderr}")
    for arguments, code, word in ((["--continue", "--epochs=1"], 2, "epochs behind it"),
                                  (["--continue", "--epochs=3", f"--init={FIXTURES}/a_online_init.safetensors"], 1, "optimiser")):
        refused = pretrain(folder, "refused", *checkpoint, *arguments)
        if refused.returncode != code or word not in refused.stderr:
            found.append(f"{arguments}: {refused.returncode} {refused.stderr}")
    alone = pretrain(folder, "refused", "--continue")
    if alone.returncode != 2 or "--target" not in alone.stderr:
        found.append(f"--continue alone: {alone.stderr}")
    tap.check("a checkpoint of the official scripts goes on", found)


def check_processes(tap, folder):
    title = "two processes learn what one does"
    before = processes.two()
    if before is None:
        tap.skip(title, "mpirun or the module for MPI is not there")
        return
    found = []
    for name, arguments in (("plain", ["--blr=0.02"]), ("infonce", ["--blr=0.02", "--contrast=infonce", "--accumulate=2", "--epochs=2"])):
        alone = pretrain(folder, "alone-" + name, *arguments)
        done = pretrain(folder, "two-" + name, *arguments, before=before)
        if done.returncode != 0 or alone.returncode != 0:
            found.append(f"{name}: {alone.stderr} {done.stderr}")
            continue
        for file in ("online.safetensors", "target.safetensors"):
            distance = processes.apart(processes.tensors(folder, "alone-" + name, file),
                                       processes.tensors(folder, "two-" + name, file))
            print(f"# {name}, {file}: {distance:.2e} apart")
            if not distance < 1e-5:
                found.append(f"{name}, {file}: {distance} apart")
    twice = pretrain(folder, "two-again", "--blr=0.02", before=before)
    if twice.returncode != 0 or read(folder, "two-again", "online.safetensors") != read(folder, "two-plain",
                                                                                     "online.safetensors"):
        found.append("two processes give other bytes the second time")
    tap.check(title, found)


def check_export(tap, folder):
    source = os.path.join(folder, "whole", "online.safetensors")
    target = os.path.join(folder, "online.pth")
    done = run("model", "export", source, "--out=" + target)
    again = run("model", "export", target, "--out=" + os.path.join(folder, "twice.pth"))
    found = [] if done.returncode == again.returncode == 0 else [done.stderr + again.stderr]
    for arguments, code in (([source], 2), (["absent", "--out=" + target], 1), ([source, "--out=" + target, "--part=x"], 2),
                            ([source, "--out=/absent/w.pth"], 1)):
        refused = run("model", "export", *arguments)
        if refused.returncode != code or not refused.stderr:
            found.append(f"export {arguments}: exit {refused.returncode}: {refused.stderr}")
    tap.check("model export writes, reads its own, refuses nonsense", found)
    script = ("import sys, torch\nc = torch.load(sys.argv[1], map_location='cpu')\n"
              "assert type(c['model']).__name__ == 'OrderedDict', type(c['model'])\n"
              "assert 'config' in c['semblance']\n"
              "for k, v in c['model'].items():\n"
              "    assert v.is_contiguous() and v.dtype == torch.float32\n"
              "    print(k, *v.shape, v.double().sum().item(), v.flatten()[0].item(), v.flatten()[-1].item())\n")
    python = next((p for p in ("/usr/bin/python3", sys.executable)
                   if subprocess.run([p, "-c", "import torch"], capture_output=True).returncode == 0), None)
    if python is None:
        tap.skip("torch.load reads the export", "PyTorch is not there")
        return
    told = subprocess.run([python, "-c", script, target], capture_output=True, text=True, timeout=100 * house.PATIENCE)
    found = [] if told.returncode == 0 else [told.stderr]
    whole = processes.tensors(source)
    for line in told.stdout.splitlines():
        words = line.split()
        values = whole.pop(words[0])
        if (float(words[-2]), float(words[-1])) != (values[0], values[-1]) or abs(float(words[-3]) - math.fsum(values)) > 1e-6:
            found.append(f"{words[0]} came out otherwise")
    tap.check("torch.load reads the export", found + [f"{name} is missing" for name in whole])


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory(prefix="semblance-learn-") as folder:
        for check in (check_run, check_resume, check_refusals, check_ways, check_continue, check_processes, check_export):
            check(tap, folder)
        memory.check(tap, folder, pretrain, "online.safetensors")
        memory.check_plan(tap, run, "pretrain", SAMPLES)
    tap.done()


main()
