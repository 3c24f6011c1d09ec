#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli jobs from outside: queue, pause, resume, cancel, and what is left after kill -9. Arguments: the program, the tree's root."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CLI, ROOT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

SAMPLES = os.path.join(ROOT, "data", "samples")
NETWORK = '--config={"img": 64, "dim": 24, "depth": 2, "heads": 3}'
RECIPE = [NETWORK, "--self-blended=swapped", "--batch=6", "--blr=0.02", "--warmup=1", "--seed=3", "--threads=1"]
PATIENCE = 90 * house.PATIENCE


class Place:
    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", "SEMBLANCE_JOBS": os.path.join(folder, "jobs")}

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def run(self, *arguments):
        return subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=100 * house.PATIENCE, stdin=subprocess.DEVNULL,
                              env=self.environment, cwd=self.folder)

    def add(self, epochs, *more):
        done = self.run("finetune", "data", *RECIPE, f"--epochs={epochs}", "--background", *more)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.split()[-1].rstrip(".")

    def show(self, job):
        return json.loads(self.run("jobs", "show", job, "--json").stdout)

    def wait(self, job, holds):
        end = time.time() + PATIENCE
        while time.time() < end:
            shown = self.show(job)
            if holds(shown):
                return shown
            time.sleep(0.1)
        raise RuntimeError(f"job {job} never got there: {shown}")


def read(*path):
    with open(os.path.join(*path), "rb") as handle:
        return handle.read()


def state(name):
    return lambda shown: shown["state"] == name


def prepare(place):
    for part, kind, name in (("train", "genuine", "18f-dave.jpg"), ("train", "genuine", "18f-melody.jpg"),
                             ("val", "genuine", "nasa-astronaut.png")):
        os.makedirs(place.path("pictures", part, kind), exist_ok=True)
        shutil.copy(os.path.join(SAMPLES, name), place.path("pictures", part, kind))
    built = place.run("dataset", "build", "pictures", "--out=data", "--size=72")
    alone = place.run("finetune", "data", *RECIPE, "--epochs=40", "--out=alone")
    return [step.stderr for step in (built, alone) if step.returncode != 0]


def check_whole(tap, place):
    found = []
    job = place.add(3, "--title=First")
    shown = place.wait(job, state("finished"))
    if shown["iteration"] != shown["iterations"] or not shown["iteration"] or shown["auc"] is None or shown["title"] != "First":
        found.append(f"shown: {shown}")
    if not os.path.exists(os.path.join(shown["out"], "detector.safetensors")):
        found.append("no result")
    if "Finished" not in place.run("jobs", "list").stdout:
        found.append("not in the list")
    refused = place.run("jobs", "cancel", job)
    if refused.returncode != 2 or not refused.stderr:
        found.append("an ended job was cancelled")
    if place.run("jobs", "remove", job).returncode != 0 or os.path.exists(shown["folder"]):
        found.append("not removed")
    tap.check("a job to its end", found)


def check_kills(tap, place):
    """The training is killed, then its keeper, then both: the result is that of a run without stops."""
    found = []
    job = place.add(40)
    for victim in ("training", "keeper", "both"):
        shown = place.wait(job, lambda s: s["state"] == "finished" or (s["pid"] > 0 and s["iteration"] > 0))
        if shown["state"] == "finished":
            break
        keeper = int(read(f"/proc/{shown['pid']}/stat").split()[3])
        if keeper > 1 and victim != "training" and b"work" in read(f"/proc/{keeper}/cmdline"):
            os.kill(keeper, signal.SIGKILL)
        if victim != "keeper":
            os.kill(shown["pid"], signal.SIGKILL)
        time.sleep(0.5)
        place.run("jobs", "list")
    shown = place.wait(job, state("finished"))
    if read(shown["out"], "detector.safetensors") != read(place.path("alone"), "detector.safetensors"):
        found.append("the weights are other than those of a run without stops")
    tap.check("killed and killed again: the same bytes", found)


def check_pause(tap, place):
    found = []
    first, second = place.add(400), place.add(2)
    running = place.wait(first, lambda s: s["state"] == "running" and s["iteration"] > 0)
    nice = os.getpriority(os.PRIO_PROCESS, running["pid"])
    if nice != min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19):
        found.append(f"it does not give way to others: nice {nice}")
    if place.show(second)["state"] != "queued":
        found.append("two at once")
    place.run("jobs", "pause", first)
    place.wait(second, state("finished"))
    paused = place.show(first)
    if paused["state"] != "paused" or not any(name.startswith("checkpoint-") for name in os.listdir(paused["out"])):
        found.append(f"paused: {paused}")
    place.run("jobs", "resume", first)
    place.wait(first, lambda s: s["state"] == "running" and s["iteration"] > paused["iteration"])
    place.run("jobs", "cancel", first)
    place.wait(first, state("cancelled"))
    tap.check("pause, the next one's turn, resume, cancel", found)


def check_failure(tap, place):
    """What fails at its start does not hold up the next; order can be changed."""
    found = []
    long = place.add(400)
    place.wait(long, state("running"))
    bad = place.add(2, "--out=spoilt")
    os.makedirs(place.path("spoilt", "metrics.jsonl"))  # a folder where the log should be
    good, last = place.add(2), place.add(2)
    moved = place.run("jobs", "move", last, "-1")
    order = [line.split()[0] for line in place.run("jobs", "list").stdout.splitlines()]
    if moved.returncode != 0 or order.index(last) > order.index(good):
        found.append(f"order: {order}")
    place.run("jobs", "move", last.lstrip("0"), "1")
    back = [line.split()[0] for line in place.run("jobs", "list").stdout.splitlines()]
    if back.index(last) < back.index(good):
        found.append(f"moved by its number: {back}")
    for command in ("pause", "resume", "show"):
        done = place.run("jobs", command, last.lstrip("0"))
        if done.returncode != 0 or (command == "show" and last + " " not in done.stdout):
            found.append(f"{command} by its number: {done}")
    place.run("jobs", "cancel", long.lstrip("0"))
    place.wait(good, state("finished"))
    place.wait(last, state("finished"))
    shown = place.show(bad)
    if shown["state"] != "failed" or "metrics.jsonl" not in (shown["error"] or ""):
        found.append(f"failed: {shown}")
    tap.check("a failed job is passed over, with its reason", found)


def check_refusals(tap, place):
    found = []
    for arguments, code in ((["jobs"], 2), (["jobs", "show", "9999"], 1), (["jobs", "pause", "../x"], 1), (["jobs", "move", "1", "x"], 2),
                            (["jobs", "x", "1"], 2), (["finetune", "absent", "--background"], 1),
                            (["finetune", "data", *RECIPE, "--batch=100000", "--background"], 2)):
        refused = place.run(*arguments)
        if refused.returncode != code or not refused.stderr:
            found.append(f"{arguments}: exit {refused.returncode}: {refused.stderr}")
    tap.check("what makes no sense is refused before it is queued", found)


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder)
        try:
            tap.check("something to train", prepare(place))
            check_whole(tap, place)
            check_kills(tap, place)
            check_pause(tap, place)
            check_failure(tap, place)
            check_refusals(tap, place)
        except RuntimeError as error:
            tap.check("jobs", [str(error)])
        finally:
            for job in json.loads("[" + ",".join(place.run("jobs", "list", "--json").stdout.splitlines()) + "]"):
                if job["state"] in ("running", "queued", "paused"):
                    place.run("jobs", "cancel", job["id"])
            time.sleep(1)
    tap.done()


main()
