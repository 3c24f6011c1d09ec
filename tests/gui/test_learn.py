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

from person import PATIENCE, Person, Tap, shooter, wait_for

PROGRAM, CLI = sys.argv[1:3]
HOME = os.environ["HOME"]
SAMPLES = os.environ["SEMBLANCE_SAMPLES"]
NETWORK = '--config={"img": 64, "dim": 24, "depth": 2, "heads": 3}'
RECIPE = [NETWORK, "--self-blended=swapped", "--batch=6", "--blr=0.02", "--warmup=1", "--seed=3", "--threads=1"]

TEST_FACE = "18f-brethauer.jpg"

tap = Tap()
who = None
shoot = shooter(lambda: who, "learn-")


class Visitor(Person):
    """Looks at the window of learning and its dialogs only, once there is one: the case window has a thousand parts."""
    def walk(self, node=None, shown_only=True):
        frames = [] if node else [frame for frame in self.app if frame is not None and frame.name != "Semblance"]
        for frame in frames:
            yield from super().walk(frame, shown_only)
        if not frames:
            yield from super().walk(node, shown_only)


def path(*names):
    return os.path.join(HOME, *names)


def cli(*arguments):
    done = subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=100 * PATIENCE, stdin=subprocess.DEVNULL, cwd=HOME,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments}: {done.stderr}")
    return done.stdout


def add(title, epochs, *more):
    return cli("finetune", "data", *RECIPE, f"--title={title}", f"--epochs={epochs}", "--background", *more).split()[-1].rstrip(".")


def job(number):
    return json.loads(cli("jobs", "show", number, "--json"))


def await_state(number, state, seconds=60):
    return wait_for(f"job {number} to be {state}", lambda: job(number)["state"] == state and job(number), seconds)


def prepare():
    for part, name in (("train", "18f-dave.jpg"), ("train", "18f-melody.jpg"), ("val", "nasa-astronaut.png"), ("test", TEST_FACE)):
        os.makedirs(path("pictures", part, "genuine"), exist_ok=True)
        shutil.copy(os.path.join(SAMPLES, name), path("pictures", part, "genuine"))
    cli("dataset", "build", "pictures", "--out=data", "--size=72")
    for part, name in (("val", "nasa-astronaut.png"), ("test", TEST_FACE)):
        os.makedirs(path("more", part, "genuine"))
        for i in range(10):
            shutil.copy(os.path.join(SAMPLES, name), path("more", part, "genuine", f"{i}-{name}"))
    cli("dataset", "build", "more", "--out=more-data", "--size=72")
    cli("finetune", "data", *RECIPE, "--epochs=1", "--out=seed")


def start():
    """Without a case: from the start page."""
    global who
    prepare()
    who = Visitor(PROGRAM)
    who.press("Train models")
    who.see("No trainings yet.")
    who.focus("Learning")
    shoot("empty-light")


def bring(name):
    """Scrolls the form by the wheel, over the names of its lines, until a control can be clicked."""
    for _ in range(40):
        y = who.centre(who.control(name))[1]
        if 24 < y < 590:
            break
        who.mouse("mousemove", 60, 300, "click", 5 if y >= 590 else 4)
    who.mouse("mousemove", 2, 2)


def fill(name, text):
    """Types into a line in place of what is there."""
    bring(name)
    who.click(who.control(name))
    who.key("ctrl+a")
    who.type(text)


def pick(name, position):
    """Chooses in a drop-down of a form, which may lie below what is shown."""
    bring(name)
    who.choose(name, position)


def wheel_over(name):
    """The form is scrolled while the pointer lies on a control."""
    who.mouse("mousemove", *who.centre(who.control(name)), "click", 4, "click", 4)
    who.mouse("mousemove", 2, 2)


def evidence():
    """What an examiner labelled in a case is data too: gathered from the originals, and an entry in the case's log."""
    case = path("a.smbcase")
    cli("case", "new", case, "--title=Labelled")
    cli("analyze", "--case", case, "--threads=1", *(os.path.join(SAMPLES, name) for name in ("18f-dave.jpg", "18f-melody.jpg")))
    cli("case", "label", case, "--class=genuine", "S-01/F1")
    cli("case", "label", case, "--class=swapped", "S-02/F1")
    who.press("Fine-tune a detector…")
    fill("Labelled evidence", case)
    fill("Kept in", path("of-case"))
    who.press("Gather faces")
    who.see("No person, source or picture crosses the parts.", 90)
    shoot("evidence-light")
    told = json.loads(cli("dataset", "check", path("of-case"), "--json"))
    counts = {name: sum(parts[part] for part in ("train", "val", "test")) for name, parts in told["classes"].items()}
    assert counts == {"genuine": 1, "swapped": 1}, told
    cli("report", case, "--out", path("log.html"), "--maps=none")
    with open(path("log.html"), encoding="utf-8") as handle:
        assert "dataset.build" in handle.read(), "the case's log does not say that its evidence was learnt from"
    who.press("Cancel")


def asked():
    """The dialog: faces are gathered in the background, which can be stopped; the division is shown; memory is planned."""
    os.makedirs(path("many", "genuine"))
    for i in range(60):
        shutil.copy(os.path.join(SAMPLES, TEST_FACE), path("many", "genuine", f"{i}.jpg"))
    who.press("Fine-tune a detector…")
    who.see("Name labelled faces or evidence and gather them.")
    fill("Labelled faces", path("many"))
    who.press("Gather faces")
    who.press("Stop gathering")
    wait_for("it to be stopped", lambda: who.has("ancelled"))
    fill("Labelled faces", path("pictures"))
    who.press("Gather faces")
    who.see("No person, source or picture crosses the parts.", 60)
    who.see("Unused")
    who.see("“Genuine” is the genuine class.")
    who.see("It is the only one: the other will be forgeries made of its faces")
    shoot("gathered-light")
    wheel_over("Seed of the division")
    assert who.control("Seed of the division").queryValue().currentValue == 0, "scrolling over a number changes it"
    fill("Shares", "0.6, 0.2, 0.2")
    who.see("The data above were changed since they were gathered; gather the faces again.")
    fill("Shares", "0.8, 0.1, 0.1")
    who.see("Takes ", 60)
    # A base network; a huge one where there is memory for the other, computed twice.
    pick("Starting from", 4 if os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < 40e9 else 6)
    who.set_value("Batch", 4096)
    who.see("That batch does not fit into memory", 60)
    who.see("Take a batch of ")
    shoot("memory-light")
    pick("Starting from", 7)
    who.see("Choose the weights file to start from.")
    fill("Weights file", path("seed", "detector.safetensors"))
    fill("Title", "From the window")
    fill("Limits", "Three faces.")
    pick("Degraded", 1)
    who.set_value("Batch", 6)
    who.set_value("Epochs", 2)
    who.see("Takes ", 60)
    shoot("planned-light")


def begun():
    """It starts, is chosen in the list, and does what was asked for."""
    who.press("Start")
    who.focus("Learning")
    who.see("From the window, ", 30)
    number = json.loads(cli("jobs", "list", "--json").splitlines()[0])["id"]
    shown = await_state(number, "finished")
    who.see("From the window, Finished, 100 %")
    wanted = {"--preset=published", "--train=all", "--epochs=2", "--batch=6", "--device=cpu", "--self-blended=swapped",
              "--degrade=medium", "--limits=Three faces.", f"--init={path('seed', 'detector.safetensors')}"}
    assert wanted <= set(shown["arguments"]), shown["arguments"]
    cli("jobs", "remove", number)
    who.see("No trainings yet.")


def row(title):
    return who.find(title + ", ", role="list item", partial=True)


def choose(title):
    who.click(row(title))


def whole():
    """A training appears while the window is open and is followed to its end."""
    number = add("Small: lab set", 3)
    who.see("Small: lab set, ")
    await_state(number, "finished")
    who.see("Small: lab set, Finished, 100 %")
    who.see("9 of 9 steps" if job(number)["iterations"] == 9 else f"{job(number)['iterations']} of ")
    shown = job(number)
    who.see(f"Loss: training {shown['loss']:.4g}, validation ")
    who.see(f"Validation: AUC {shown['auc']:.4g}, EER {shown['eer']:.4g}, best AUC ")
    who.see("Learning rate: ")
    who.see("'--title=Small: lab set'")


def examples():
    """The faces it gets most wrong, as it saw them, with their maps."""
    who.see("Most wrong in the last validation")
    found = [text for text in who.texts() if "taken for" in text and "self-blended" in text]
    assert found, "no self-blended face among the examples"
    assert who.has("nasa-astronaut.png"), "the file of an example is not named"
    assert sum(text.startswith("Relevance for the class") for text in who.texts()) == 2, "maps are missing"
    time.sleep(0.5)
    shoot("finished-light")


def model_in():
    """What a training made goes into the library, under the title it had, with its card."""
    choose("Small: lab set")
    who.press("Add to models…")
    who.see("Import a model")
    who.press("Import")
    who.see("small-lab-set", 30)
    info = json.loads(cli("model", "info", "small-lab-set", "--json"))
    assert info["title"] == "Small: lab set" and info["classes"] == ["genuine", "swapped"], info
    wait_for("its row to be chosen", lambda: who.has("Fit for use") and who.has(info["detector"]["sha256"]))
    who.see("Not calibrated")
    who.see("It was not evaluated yet.")
    shoot("model-light")


def measured():
    """It is evaluated beside the window, and so is the model in use; the metrics and curves come from its card. Too few faces for a
    calibration stop neither."""
    who.press("Evaluate…")
    who.see("Evaluate and calibrate")
    fill("Data set", path("pictures"))
    who.see("That folder holds no data set")
    who.press("Cancel")
    who.press("Evaluate…")
    who.see("Evaluate and calibrate")
    who.press("Evaluate")
    who.see("A calibration needs at least ", 120)
    for name in ("untrained", "small-lab-set"):
        assert json.loads(cli("model", "card", name, "--json")).get("evaluations"), f"{name} was not evaluated"
    entry = json.loads(cli("model", "card", "small-lab-set", "--json"))["evaluations"][0]
    assert (entry["name"], entry["blended"]) == ("data", "swapped"), f"what it learned from was not proposed: {entry}"
    who.see("AUC of Swapped, 2 faces")
    who.see("data, part test: 1 genuine, 1 forged faces")
    who.see("ROC")
    who.see(f"{entry['frame']['auc']['value']:.3f}")
    shoot("evaluated-light")


def gates():
    """A model that is not calibrated is refused with the reason; a reason given is written down."""
    who.press("Use this model")
    who.see("Not fit for use")
    who.see("It is not calibrated")
    who.see("To use it all the same, say why")
    shoot("gate-light")
    assert not os.path.exists(path(".config/semblance/config.ini")), "it is used all the same"
    who.click(who.control("Reason"))
    who.type("a trial")
    who.press("Use anyway")
    who.see("“small-lab-set” is now in use.")
    who.see("This is the model in use.")
    with open(path(".local/share/semblance/models/uses.jsonl"), encoding="utf-8") as log:
        use = json.loads(log.readlines()[-1])
    assert use["model"] == "small-lab-set" and use["override"] == "a trial" and use["against"], use


def compared():
    """Another model is evaluated and calibrated, the one in use on the same faces, and the new one on what that was measured on before; then
    nothing speaks against it but what does."""
    cli("model", "import", path("seed", "detector.safetensors"), "--name=second", "--title=Second model")
    who.key("ctrl+j")
    who.key("ctrl+m")
    who.click(row("Second model"))
    who.see("It is not calibrated")
    who.press("Evaluate…")
    who.see("Evaluate and calibrate")
    fill("Data set", path("more-data"))
    fill("Self-blended class", "swapped")
    who.see("Also on the data that the model in use was measured on")
    shoot("evaluate-light")
    who.press("Evaluate")

    def cards():
        mine, used = (json.loads(cli("model", "card", name, "--json")) for name in ("second", "small-lab-set"))
        both = all(any(e["name"] == name for e in of.get("evaluations", [])) for of in (mine, used) for name in ("data", "more-data"))
        return mine if mine.get("calibrations") and both else None
    card = wait_for("the evaluations and the calibration", cards, 120)
    of = {e["name"]: e for e in card["evaluations"]}
    assert len(card["evaluations"]) == 2 and of["data"]["blended"] == "swapped" and of["data"]["faces"] == 2, card["evaluations"]
    who.see("more-data, part test: 10 genuine, 10 forged faces", 30)
    who.see("Model in use")
    who.see("Calibrated")
    assert not who.has("It is not calibrated"), "its calibration is not known"
    assert card["calibrations"][0]["genuine"] == 10, card["calibrations"]
    who.see(f"{of['more-data']['frame']['auc']['value']:.3f}")
    shoot("compared-light")


def controls():
    """Three in the queue: order, pause, resume, cancel; the others go on."""
    who.key("ctrl+j")
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


def pretrains():
    """A pretraining started from the window: from weights, on folders, planned, queued, run to its end."""
    number = json.loads(cli("jobs", "list", "--json").splitlines()[0])["id"]
    weights = path(".local/share/semblance/jobs", number, "run", "online.safetensors")
    who.press("New…")
    who.press("Pretrain a network…")
    who.see("Name folders of pictures with genuine faces.")
    fill("Genuine faces", path("nowhere"))
    who.see("nowhere is no folder here.")
    fill("Genuine faces", path("pictures"))
    fill("Title", "Pretrained here")
    pick("Starting from", 6)
    who.see("Choose the weights file to start from.")
    fill("Weights file", weights)
    pick("Mask strategy", 4)
    who.set_value("Hidden, in %", 50)
    who.set_value("Epochs", 2)
    who.set_value("Batch", 2)
    who.see("Takes ", 60)
    shoot("pretrain-dialog-light")
    who.press("Start")
    who.focus("Learning")
    who.see("Pretrained here, ", 30)
    mine = next(j["id"] for j in map(json.loads, cli("jobs", "list", "--json").splitlines()) if j["title"] == "Pretrained here")
    shown = await_state(mine, "finished", 120)
    wanted = {"pretrain", f"--init={weights}", "--mask-strategy=random", "--mask-ratio=0.50", "--epochs=2", "--batch=2", "--device=cpu"}
    assert wanted <= set(shown["arguments"]), shown["arguments"]
    choose("Pretrained here")
    who.see("Reconstructions")


def outlives():
    """The window is closed; the training goes on, and is there when the window comes back."""
    global who
    number = add("Goes on", 4000)
    wait_for("some steps", lambda: job(number)["iteration"] > 20)
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    before = job(number)["iteration"]
    wait_for("more steps", lambda: job(number)["iteration"] > before)
    who = Visitor(PROGRAM)
    who.key("ctrl+j")
    who.see("Goes on, Running")
    who.see("Pause job") # of those in the list, the one that runs is shown
    who.focus("Learning")
    choose("Goes on")
    who.see(" of ")
    cli("jobs", "cancel", number)
    who.see("Goes on, Cancelled")


def main():
    tap.walk([
        ("the start page leads to the trainings", start),
        ("labelled evidence of a case is gathered", evidence),
        ("faces are gathered, divided and planned with", asked),
        ("a training is started", begun),
        ("a training is followed to its end", whole),
        ("the faces it gets wrong are shown with maps", examples),
        ("what it made goes into the library", model_in),
        ("a model is evaluated", measured),
        ("a model that is not fit is refused unless a reason is given", gates),
        ("a model is compared with the one in use and calibrated", compared),
        ("the queue is moved, paused, resumed, cancelled", controls),
        ("a failure is one sentence", failed),
        ("a pretraining shows reconstructions", pretrained),
        ("a pretraining is started", pretrains),
        ("a training outlives the window", outlives)], lambda: who, shoot)
    for line in cli("jobs", "list", "--json").splitlines():
        if json.loads(line)["state"] in ("queued", "running"):
            cli("jobs", "cancel", json.loads(line)["id"])
    tap.leave(who)


if __name__ == "__main__":
    main()
