#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli model from outside. Arguments: the program, the tree's root."""
import json
import os
import subprocess
import sys
import tempfile

CLI, ROOT = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

REFERENCE = os.path.join(ROOT, "tests", "fixtures", "reference")
FINETUNED = os.path.join(REFERENCE, "a_finetune_after3.pth")
HEADS = '--config={"heads": 3}'


class Home:
    """A user without models or settings; what a command gives, checked against the exit code it should have."""

    def __init__(self, folder):
        self.env = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", "XDG_DATA_HOME": os.path.join(folder, "data"),
                    "XDG_CONFIG_HOME": os.path.join(folder, "config")}
        self.problems = []

    def run(self, code, *arguments):
        done = subprocess.run([CLI, "model", *arguments], capture_output=True, text=True, timeout=100 * house.PATIENCE, env=self.env,
                              stdin=subprocess.DEVNULL)
        self.expect(done.returncode == code, f"{arguments}: exit {done.returncode}, not {code}: {done.stderr}")
        self.expect((code == 0) == (done.stderr == ""), f"{arguments}: exit {code}, standard error {done.stderr!r}")
        return done

    def expect(self, good, sentence):
        if not good:
            self.problems.append(sentence)


def untrained(home):
    listed = [json.loads(line) for line in home.run(0, "list", "--json").stdout.splitlines()]
    home.expect([(m["name"], m["trained"], m["active"]) for m in listed if m["name"] == "untrained"] ==
                [("untrained", False, True)], f"list: {listed}")
    home.expect("carry no meaning" in home.run(0, "list").stdout, "list does not say that the numbers carry no meaning")
    told = home.run(0, "info").stdout
    home.expect("carry no meaning" in told and "Random numbers" in told, f"info: {told}")
    info = json.loads(home.run(0, "info", "untrained", "--json").stdout)
    home.expect(info["detector"]["network"]["dim"] == 192 and info["mim"]["kind"] == "online", f"info: {info}")
    home.run(0, "verify", "untrained")


def import_and_choose(home):
    home.run(1, "import", FINETUNED, "--name=tiny")  # its heads are not of a published size
    home.run(2, "import", FINETUNED, HEADS)
    home.run(2, "import", FINETUNED, HEADS, "--name=tiny", "--classes=a,b")
    home.run(2, "import", FINETUNED, HEADS, "--name=tiny", "--classes=a,b,c,d", "--real-class=e")
    home.run(2, "import", FINETUNED, HEADS, "--name=tiny", "--mean=1,2")
    made = json.loads(home.run(0, "import", FINETUNED, HEADS, "--name=tiny", "--classes=a,b,c,d", "--real-class=c",
                               "--licence=CC-BY-NC-4.0", "--json").stdout)
    home.expect((made["real_class"], made["licence"], made["active"]) == (2, "CC-BY-NC-4.0", False), f"import: {made}")
    home.expect(json.loads(home.run(0, "info", "--json").stdout)["name"] == "untrained", "an import is used though nobody chose it")
    home.run(2, "import", FINETUNED, HEADS, "--name=tiny")
    home.run(0, "activate", "tiny")
    home.expect(json.loads(home.run(0, "info", "--json").stdout)["name"] == "tiny", "the choice has no effect")
    home.run(0, "activate", "--none")
    home.expect(json.loads(home.run(0, "info", "--json").stdout)["name"] == "untrained", "the choice is not forgotten")
    home.run(1, "activate", "absent")
    home.run(2, "activate")


def damaged(home):
    entry = os.path.join(home.env["XDG_DATA_HOME"], "semblance", "models", "tiny")
    with open(os.path.join(entry, "detector.safetensors"), "r+b") as handle:
        handle.seek(-1, os.SEEK_END)
        handle.write(b"\x55")
    done = home.run(1, "verify", "tiny", "untrained")
    home.expect("detector.safetensors" in done.stderr and "untrained: intact" in done.stdout, f"verify: {done}")
    with open(os.path.join(entry, "model.json"), "w", encoding="utf-8") as handle:
        handle.write('{"format": 99}')
    done = home.run(1, "list")
    home.expect("newer version" in done.stderr and "untrained" in done.stdout, f"list: {done}")


def by_path(home):
    info = json.loads(home.run(0, "info", os.path.join(REFERENCE, "b_classifier_init.safetensors"), "--json").stdout)
    home.expect(info["classes"] == ["class 0", "class 1"] and info["detector"]["network"]["heads"] == 2, f"info: {info}")
    for wrong in ("absent", "/absent/w.pth", REFERENCE, os.path.join(REFERENCE, "malformed", "evil_os_system.pth")):
        home.run(1, "info", wrong)


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory(prefix="semblance-model-") as folder:
        home = Home(folder)
        for check in (untrained, import_and_choose, damaged, by_path):
            home.problems = []
            check(home)
            tap.check(check.__name__.replace("_", " "), home.problems)
    tap.done()


main()
