#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the window of learning as a person would: test_learn.py PROGRAM CLI

Small trainings on the sample pictures are put into the queue; they are watched, moved, paused, resumed, cancelled and
removed. Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import json
import os
import shutil
import subprocess
import sys
import time

from person import Person, Tap, wait_for

PROGRAM, CLI = sys.argv[1:3]
SHOTS = os.environ.get("SMB_SCREENSHOTS")
HOME = os.environ["HOME"]
SAMPLES = os.environ["SEMBLANCE_SAMPLES"]
NETWORK = '--config={"img": 64, "dim": 24, "depth": 2, "heads": 3}'
RECIPE = [NETWORK, "--self-blended=swapped", "--batch=6", "--blr=0.02", "--warmup=1", "--seed=3", "--threads=1"]

tap = Tap()
who = None


def path(*names):
    return os.path.join(HOME, *names)


def cli(*arguments):
    done = subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL, cwd=HOME,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments}: {done.stderr}")
    return done.stdout


def shoot(name):
    if SHOTS:
        os.makedirs(SHOTS, exist_ok=True)
        who.shoot(os.path.join(SHOTS, "learn-" + name + ".png"))


def add(title, epochs, *more):
    return cli("finetune", "data", *RECIPE, f"--title={title}", f"--epochs={epochs}", "--background", *more).split()[-1].rstrip(".")


def job(number):
    return json.loads(cli("jobs", "show", number, "--json"))


def await_state(number, state, seconds=60):
    return wait_for(f"job {number} to be {state}", lambda: job(number)["state"] == state and job(number), seconds)


def prepare():
    for part, name in (("train", "18f-dave.jpg"), ("train", "18f-melody.jpg"), ("val", "nasa-astronaut.png")):
        os.makedirs(path("pictures", part, "genuine"), exist_ok=True)
        shutil.copy(os.path.join(SAMPLES, name), path("pictures", part, "genuine"))
    cli("dataset", "build", "pictures", "--out=data", "--size=72")


def start():
    """Without a case: from the start page."""
    global who
    prepare()
    who = Person(PROGRAM)
    who.press("Train models")
    who.see("No trainings yet.")
    who.focus("Learning")
    shoot("empty-light")


def row(title):
    return who.find(title + ", ", role="list item", partial=True)


def choose(title):
    who.click(row(title))


def whole():
    """A training appears while the window is open and is followed to its end."""
    number = add("Small lab set", 3)
    who.see("Small lab set, ")
    await_state(number, "finished")
    who.see("Small lab set, Finished, 100 %")
    who.see("9 of 9 steps" if job(number)["iterations"] == 9 else f"{job(number)['iterations']} of ")
    shown = job(number)
    who.see(f"Loss: training {shown['loss']:.4g}, validation ")
    who.see(f"Validation: AUC {shown['auc']:.4g}, EER {shown['eer']:.4g}, best AUC ")
    who.see("Learning rate: ")


def examples():
    """The faces it gets most wrong, as it saw them, with their maps."""
    who.see("Most wrong in the last validation")
    found = [text for text in who.texts() if "taken for" in text and "self-blended" in text]
    assert found, "no self-blended face among the examples"
    assert who.has("nasa-astronaut.png"), "the file of an example is not named"
    assert sum(text.startswith("Relevance for the class") for text in who.texts()) == 2, "maps are missing"
    time.sleep(0.5)
    shoot("finished-light")


def controls():
    """Three in the queue: order, pause, resume, cancel; the others go on."""
    long, second, third = add("Long one", 4000), add("Second", 3), add("Third", 3)
    await_state(long, "running")
    who.see("Second, Waiting")
    choose("Third")
    who.see("Waits for its turn")
    who.press("Earlier in the queue")
    wait_for("the third before the second", lambda: cli("jobs", "list").index("Third") < cli("jobs", "list").index("Second"))
    wait_for("that order in the window", lambda: [t.split(",")[0] for t in who.texts() if t.startswith(("Third, ", "Second, "))] ==
             ["Third", "Second"])
    choose("Long one")
    who.see("images a second")
    shoot("running-light")
    who.press("Pause job")
    await_state(long, "paused")
    who.see("Long one, Paused")
    await_state(third, "finished")
    await_state(second, "finished")
    choose("Long one")
    who.press("Resume job")
    await_state(long, "running")
    who.press("Cancel job")
    await_state(long, "cancelled")
    who.see("Long one, Cancelled")
    who.press("Remove job")
    wait_for("the job's folder to go", lambda: not os.path.exists(path(".local/share/semblance/jobs", long)))
    wait_for("its row to go", lambda: not who.has("Long one, "))


def failed():
    """What is wrong is one sentence, and it is the one the command line gives."""
    shutil.copytree(path("data"), path("gone"))
    waiting = add("Long again", 4000)
    number = cli("finetune", "gone", *RECIPE, "--title=No data", "--background").split()[-1].rstrip(".")
    shutil.rmtree(path("gone"))
    cli("jobs", "cancel", waiting)
    await_state(number, "failed")
    choose("No data")
    who.see(job(number)["error"])
    who.see("Log")
    shoot("failed-light")


def pretrained():
    """A pretraining shows what fixed faces are made into."""
    cli("pretrain", "pictures", NETWORK.replace("}", ', "dec_dim": 24, "dec_depth": 1, "dec_heads": 3}'), "--epochs=4", "--batch=2",
        "--threads=1", "--background")
    number = json.loads(cli("jobs", "list", "--json").splitlines()[0])["id"]
    await_state(number, "finished", 90)
    choose("pictures")
    who.see("Reconstructions")
    assert not who.has("Validation: "), "a pretraining has no validation"
    time.sleep(0.5)
    shoot("pretrain-light")


def outlives():
    """The window is closed; the training goes on, and is there when the window comes back."""
    global who
    number = add("Goes on", 4000)
    wait_for("some steps", lambda: job(number)["iteration"] > 20)
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    before = job(number)["iteration"]
    wait_for("more steps", lambda: job(number)["iteration"] > before)
    who = Person(PROGRAM)
    who.key("ctrl+j")
    who.see("Goes on, Running")
    who.focus("Learning")
    choose("Goes on")
    who.see(" of ")
    cli("jobs", "cancel", number)
    who.see("Goes on, Cancelled")



def main():
    for name, act in [
            ("the start page leads to the trainings", start),
            ("a training is followed to its end", whole),
            ("the faces it gets wrong are shown with maps", examples),
            ("the queue is moved, paused, resumed, cancelled", controls),
            ("a failure is one sentence", failed),
            ("a pretraining shows reconstructions", pretrained),
            ("a training outlives the window", outlives)]:
        failures = tap.failures
        tap.step(name, act)
        if who is not None and tap.failures > failures:
            shoot(f"failed-{tap.count}")
        if who is None:
            print("Bail out! The window did not appear.", flush=True)
            sys.exit(1)
    if who is not None and who.process.poll() is None:
        who.close()
    for line in cli("jobs", "list", "--json").splitlines():
        if json.loads(line)["state"] in ("queued", "running"):
            cli("jobs", "cancel", json.loads(line)["id"])
    tap.done()


if __name__ == "__main__":
    main()
