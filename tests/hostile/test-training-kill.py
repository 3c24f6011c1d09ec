#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A training that is killed at random moments and resumed gives the bytes of one that was not; a torn checkpoint is noticed
and the one before it used. Arguments: semblance-cli, the tree's root, how many kills."""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CLI, ROOT, KILLS = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

SEED = 20261128
NETWORK = ('--config={"img": 64, "dim": 24, "depth": 2, "heads": 3, "rep_heads": 3, "dec_dim": 16, "dec_depth": 1, '
           '"dec_heads": 2, "proj_hidden": 20, "proj_out": 12}')
RECIPE = ["--epochs=8", "--batch=3", "--blr=0.1", "--warmup=1", "--seed=3", "--threads=1"]
RESULTS = ("online.safetensors",)


def command(folder, out, *more):
    return [CLI, "pretrain", os.path.join(ROOT, "data", "samples"), "--out=" + out,
            "--cache=" + os.path.join(folder, "faces"), NETWORK, *RECIPE, *more]


def start(folder, out):
    more = ["--resume"] if os.path.exists(out) else []
    return subprocess.Popen(command(folder, out, *more), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, env={**os.environ, "LANGUAGE": "en"})


def finish(folder, out):
    process = start(folder, out)
    _, words = process.communicate(timeout=200 * house.PATIENCE)
    return process.returncode, words


def results(out):
    found = {}
    for name in RESULTS:
        with open(os.path.join(out, name), "rb") as handle:
            found[name] = handle.read()
    return found


def checkpoints(out):
    return sorted(name for name in os.listdir(out) if name.startswith("checkpoint-") and name[11:].isdigit())


def killed(folder, whole, seconds):
    chance, problems, kills, runs = random.Random(SEED), [], 0, 0
    while kills < KILLS and not problems:
        out = os.path.join(folder, f"killed-{runs}")
        runs += 1
        while True:
            process = start(folder, out)
            time.sleep(chance.uniform(0.02, seconds))
            if process.poll() is None and kills < KILLS:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
                continue
            _, words = process.communicate(timeout=200 * house.PATIENCE)
            if process.returncode != 0:
                problems.append(f"resumed after {kills} kills: exit {process.returncode}: {words[-300:]}")
            elif results(out) != whole:
                problems.append(f"after {kills} kills the bytes differ")
            break
        shutil.rmtree(out, ignore_errors=True)
    print(f"# {kills} kills in {runs} trainings")
    return problems


def torn(folder, whole):
    """The newest checkpoint is cut short, or has a bit changed, in each of its files."""
    problems = []
    model = os.path.join(folder, "stopped")
    done = subprocess.run(command(folder, model, "--stop-after=3"), capture_output=True, text=True, timeout=200 * house.PATIENCE)
    if done.returncode != 0 or len(checkpoints(model)) != 2:
        return [f"stopping early: exit {done.returncode}, {checkpoints(model)}, {done.stderr[-200:]}"]
    newest = checkpoints(model)[-1]
    for name in sorted(os.listdir(os.path.join(model, newest))):
        for damage in ("cut", "bit", "gone"):
            out = os.path.join(folder, "torn")
            shutil.copytree(model, out)
            path = os.path.join(out, newest, name)
            with open(path, "rb") as handle:
                data = bytearray(handle.read())
            data[-1] ^= 4
            with open(path, "wb") as handle:
                handle.write(data if damage == "bit" else data[:len(data) // 2])
            if damage == "gone":
                os.unlink(path)
            code, words = finish(folder, out)
            if code != 0 or results(out) != whole:
                problems.append(f"{name} ({damage}): exit {code}, {words[-200:]}")
            elif newest not in words and not (damage == "gone" and name == "SHA256SUMS"):
                problems.append(f"{name} ({damage}): nothing was said: {words[-200:]}")
            shutil.rmtree(out)
    return problems


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory() as folder:
        whole = os.path.join(folder, "whole")
        started = time.monotonic()
        code, words = finish(folder, whole)  # gathers the faces too
        shutil.rmtree(whole, ignore_errors=True)
        started = time.monotonic()
        code, words = finish(folder, whole)
        seconds = time.monotonic() - started
        if code != 0:
            tap.check("a training that nobody kills", [words])
        else:
            expected = results(whole)
            tap.check("killed at random moments and resumed: the same bytes", killed(folder, expected, seconds))
            tap.check("a torn checkpoint is noticed, the one before it used", torn(folder, expected))
    tap.done()


main()
