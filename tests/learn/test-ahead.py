#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trainings on a card that takes the next batch while it computes: in one go, and an iteration at a time, where nothing
that was sent ahead is ever used. Arguments: the program, the tree's root; the card is the one the processor plays."""
import os
import shutil
import subprocess
import sys
import tempfile

CLI, ROOT = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

SAMPLES = os.path.join(ROOT, "data", "samples")
FACES = {"genuine": ["18f-brethauer.jpg", "18f-dave.jpg", "18f-mark-trammell.jpg"],
         "synthetic": ["synthetic-dalle3.jpg", "synthetic-flux.jpg"]}


def run(*arguments):
    return subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=100 * house.PATIENCE, stdin=subprocess.DEVNULL,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"})


def read(*path):
    with open(os.path.join(*path), "rb") as handle:
        return handle.read()


def compare(folder, steps, train, files):
    """What differs between a run to the end and one that is stopped after each step."""
    found = []
    done = train("whole")
    for step in range(steps):
        if done.returncode != 0:
            return [done.stderr]
        done = train("parts", *(["--resume"] if step > 0 else []), *(["--stop-after=1"] if step < steps - 1 else []))
    if done.returncode != 0:
        return [done.stderr]
    for name in files:
        if read(folder, "parts", name) != read(folder, "whole", name):
            found.append(f"{name} differs")
    if len(read(folder, "whole", "metrics.jsonl").splitlines()) < steps:
        found.append("there were fewer steps")
    return found


def check_pretrain(tap, folder):
    network = ('--config={"img": 32, "dim": 24, "depth": 1, "heads": 3, "rep_heads": 3, "dec_dim": 16, "dec_depth": 1, '
               '"dec_heads": 2, "proj_hidden": 20, "proj_out": 12}')

    def train(name, *more):
        return run("pretrain", SAMPLES, "--out=" + os.path.join(folder, name), "--cache=" + os.path.join(folder, "faces"),
                   network, "--epochs=2", "--batch=3", "--blr=0.1", "--warmup=1", "--seed=3", "--device=cuda:0", *more)

    tap.check("pre-training, two epochs of two steps", compare(folder, 4, train, ["online.safetensors", "target.safetensors",
                                                                             "checkpoint-00000004/state.safetensors"]))


def check_finetune(tap, folder):
    network = '--config={"img": 32, "dim": 24, "depth": 1, "heads": 3}'
    for part in ("train", "val"):
        for kind, names in FACES.items():
            place = os.path.join(folder, "pictures", part, kind)
            os.makedirs(place)
            for name in names[:-1] if part == "train" else names[-1:]:
                shutil.copy(os.path.join(SAMPLES, name), place)
    built = run("dataset", "build", os.path.join(folder, "pictures"), "--out=" + os.path.join(folder, "data"), "--size=40")
    if built.returncode != 0:
        tap.check("fine-tuning", [built.stderr])
        return

    def train(name, *more):
        return run("finetune", os.path.join(folder, "data"), "--out=" + os.path.join(folder, name), network, "--epochs=4",
                   "--batch=4", "--mixup=0.8", "--cutmix=1", "--blr=0.1", "--seed=3", "--device=cuda:0", *more)

    tap.check("fine-tuning, erased and mixed", compare(folder, 4, train, ["detector.safetensors", "checkpoint-00000004/state.safetensors"]))


def main():
    tap = house.Tap()
    for check in (check_pretrain, check_finetune):
        with tempfile.TemporaryDirectory(prefix="semblance-ahead-") as folder:
            check(tap, folder)
    tap.done()


main()
