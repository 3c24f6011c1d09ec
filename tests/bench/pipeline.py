# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the whole program, as an examiner runs it: from the start of the process to the last score, for pictures
and for a clip, where the time goes, and what memory it takes however many files there are."""
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

START_ROUNDS = 7
BATCH_ROUNDS = 3
FEW_FILES = 100
SAMPLE_S = 0.05  # between two looks at the memory
CLIP_FRAMES = 250


class Program:
    """semblance-cli, with the models under test by name."""

    def __init__(self, build, models):
        self.cli, self.models = build / "engine/cli/semblance-cli", models

    def command(self, model, *arguments):
        file, precision = self.models[model]
        chosen = [] if file is None else ["--model", file]
        return [str(part) for part in (self.cli, "analyze", "--json", "--precision", precision, *chosen, *arguments)]


def resident_mb(root):
    """What a process and all that descend from it hold in memory, pages that several share counted for each."""
    parents, total = {}, 0
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            continue
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    for pid in family:
        try:
            total += int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6


def timed(command, watch=False):
    """Seconds, the largest memory seen if watched, and what was said on standard error."""
    start, peak = time.perf_counter(), 0.0
    with tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=words,
                                   env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"})
        while watch and process.poll() is None:
            peak = max(peak, resident_mb(process.pid))
            time.sleep(SAMPLE_S)
        code = process.wait()
        seconds = time.perf_counter() - start
        words.seek(0)
        said = words.read()
    if code != 0:
        raise SystemExit(f"bench: {' '.join(command)} ended with {code}: {said[-500:]}")
    return seconds, peak, said


def first_score(out, program, picture):
    times = {model: [] for model in program.models}
    for _ in range(START_ROUNDS):
        for model, own in times.items():
            own.append(timed(program.command(model, picture))[0])
    rows = [[model, f"{statistics.median(own):.2f}", f"{min(own):.2f} to {max(own):.2f}"] for model, own in times.items()]
    out.section(f"From process start to the first score, one picture, medians of {START_ROUNDS}",
                ["model", "seconds", "range"], rows)


def stages(said):
    """The shares of the last line that --profile printed."""
    lines = [line for line in said.splitlines() if " s; " in line]
    return re.sub(r"^.*? s; ", "", lines[-1]) if lines else ""


def batches(out, program, pictures, clip):
    rows = []
    for model in program.models:
        for what, unit, count, arguments in (
                (f"{4 * len(pictures)} pictures", "pictures", 4 * len(pictures), [*pictures] * 4),
                ("clip, every 5th frame searched, 32 scored", "frames", CLIP_FRAMES, [clip]),
                ("clip, every frame searched and scored", "frames", CLIP_FRAMES, ["--stride", "1", "--frames", "all", clip])):
            if clip is None and unit == "frames":
                continue
            ran = [timed(program.command(model, "--profile", *arguments)) for _ in range(BATCH_ROUNDS)]
            seconds = [r[0] for r in ran]
            middle = statistics.median(seconds)
            rows.append([model, what, f"{middle:.2f}", f"{min(seconds):.2f} to {max(seconds):.2f}",
                         f"{count / middle:.1f} {unit}", stages(ran[-1][2])])
    out.section(f"Batches, medians of {BATCH_ROUNDS}", ["model", "input", "seconds", "range", "a second", "where it went"],
                rows)


def memory(out, program, pictures, folder, files):
    rows = []
    for count in sorted({FEW_FILES, files}):
        many = folder / str(count)
        many.mkdir()
        for i in range(count):
            picture = pictures[i % len(pictures)]
            os.symlink(picture, many / f"{i:06d}{picture.suffix}")
        seconds, peak, _ = timed(program.command(next(iter(program.models)), *sorted(many.iterdir())), watch=True)
        rows.append([str(count), f"{peak:.0f}", f"{seconds:.1f}", f"{count / seconds:.1f}"])
    out.section("Memory of the program and its decoder, by number of pictures (the model that comes with it)",
                ["pictures", "peak MB", "seconds", "a second"], rows)


def make_clip(folder, picture):
    """A face that comes nearer for ten seconds, or None without the tool that writes clips."""
    clip = folder / "clip.mp4"
    zoom = f"zoompan=z='1+0.001*on':d={CLIP_FRAMES}:s=640x480:fps=25"
    try:
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", picture, "-vf", zoom, "-pix_fmt", "yuv420p", clip], check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return clip


def run(out, build, write, files):
    pictures = sorted(pathlib.Path(os.environ["SEMBLANCE_SAMPLES"]).glob("*.jpg"))
    with tempfile.TemporaryDirectory(prefix="semblance-bench-") as name:
        folder = pathlib.Path(name)
        large = folder / "vit-b.safetensors"
        subprocess.run([write, "write", "b", large], check=True)
        program = Program(build, {"shipped, f32": (None, "f32"), "ViT-B/16, f32": (large, "f32"),
                                  "ViT-B/16, bf16": (large, "bf16")})
        first_score(out, program, pictures[0])
        batches(out, program, pictures, make_clip(folder, pictures[1]))
        memory(out, program, pictures, folder, files)
