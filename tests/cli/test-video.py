#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli with videos, from outside. Arguments: the program, the tree's root."""
import json
import os
import subprocess
import sys
import tempfile

CLI, ROOT = sys.argv[1:3]
SAMPLES = os.path.join(ROOT, "data", "samples")
STAGES = ("opening", "decoder", "detection", "following", "network", "keeping", "rest")


def cli(*arguments, **env):
    return subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=200, stdin=subprocess.DEVNULL,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", **env})


def expect(problems, good, sentence):
    if not good:
        problems.append(sentence)


def json_lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def make_clip(folder, name, picture="18f-brethauer.jpg", seconds=2, more=()):
    clip = os.path.join(folder, name)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-loop", "1", "-t", str(seconds), "-i", os.path.join(SAMPLES, picture), "-vf",
                    "scale=256:256,setsar=1,format=yuv420p,fps=10", *more, clip], check=True, stdin=subprocess.DEVNULL)
    return clip


def profile():
    """The profile goes to standard error, names every stage, and changes nothing."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(folder, "clip.mp4")
        for extra in ((), ("--frames=all",)):
            plain = cli("analyze", "--json", *extra, clip)
            told = cli("analyze", "--json", "--profile", *extra, clip)
            expect(found, plain.returncode == 0 and told.returncode == 0, f"{plain.stderr} {told.stderr}")
            expect(found, plain.stdout == told.stdout and plain.stderr == "", "the profile changes what is printed")
            for stage in STAGES:
                expect(found, f"{stage} " in told.stderr, f"no {stage} in {told.stderr!r}")
            expect(found, "at once" in told.stderr and told.stderr.count("\n") == 1, told.stderr)
    return found


def main():
    tests = (("analyze --profile of a video", profile),)
    failures = 0
    for number, (name, test) in enumerate(tests, 1):
        found = test()
        failures += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {name}", *(f"# {line}" for line in found), sep="\n", flush=True)
    print(f"1..{len(tests)}")
    sys.exit(1 if failures else 0)


main()
