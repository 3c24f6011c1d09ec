#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Broken, lying and endless files in one batch: each gets a sentence or a picture in time, and the batch goes on.
Arguments: semblance-cli, the tree's root."""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib

CLI, ROOT = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

FIXTURES = os.path.join(ROOT, "tests", "fixtures")
VIDEOS = os.path.join(ROOT, "tests", "fuzz", "seeds", "video")
SEED = 20261128
SECONDS_A_FILE = 20.0
MAX_FILE_MB = 48  # as a setting, so that a file over the limit need not be hashed for long
ENVIRONMENT = {**os.environ, "LANGUAGE": "en", "SEMBLANCE_MAX_FILE_MB": str(MAX_FILE_MB)}
ENVIRONMENT.pop("G_DEBUG", None)  # readers of other people complain in ways that it would make fatal


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, data, depth=8, colour=2):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
            + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def good_files():
    for folder in (os.path.join(FIXTURES, "media"), VIDEOS):
        for name in sorted(os.listdir(folder)):
            if not name.startswith("x") and not name.endswith(".md"):
                with open(os.path.join(folder, name), "rb") as handle:
                    yield name, handle.read()


def corpus():
    """Names and bytes; True where a picture may come out."""
    chance = random.Random(SEED)
    ending = {"jpg": "png", "png": "jpg", "gif": "tiff", "bmp": "webp", "tiff": "gif", "webp": "bmp", "heic": "jpg", "avif": "png",
              "mp4": "avi", "mov": "jpg", "avi": "mp4", "mkv": "png", "webm": "mov", "ts": "mkv"}
    for name, data in good_files():
        for part in range(1, 16):
            yield f"cut-{part:02}-{name}", data[:max(len(data) * part // 16, 1)]
        for flip in range(6):
            broken = bytearray(data)
            for _ in range(1 + flip):
                at = chance.randrange(len(broken))
                broken[at] ^= 1 << chance.randrange(8)
            yield f"flip-{flip}-{name}", bytes(broken)
        stem, kind = name.rsplit(".", 1)
        yield f"lying-{stem}.{ending[kind]}", data
        yield f"twice-{name}", data + data
        yield f"tail-{name}", data + bytes(100000)
    yield "zero.jpg", b""
    for n in (1, 2, 3, 8, 64):
        yield f"few-{n}.png", b"\x89PNG\r\n\x1a\n"[:n] + bytes(max(n - 8, 0))
    yield "zeros.jpg", bytes(1 << 20)
    yield "noise.jpg", chance.randbytes(1 << 18)
    yield "text.png", b"This is no picture.\n" * 1000
    yield "script.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>x</script><image href="/etc/passwd"/></svg>'
    yield "billion.svg", (b'<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
                          b'<svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text></svg>')
    # Giant headers, each with next to nothing behind it.
    yield "giant.png", png(0x7fffffff, 0x7fffffff, zlib.compress(bytes(100)))
    yield "wide.png", png(0x7fffffff, 1, zlib.compress(bytes(100)))
    yield "tall.png", png(1, 0x7fffffff, zlib.compress(bytes(100)))
    yield "nothing.png", png(0, 0, zlib.compress(b""))
    yield "odd-depth.png", png(8, 8, zlib.compress(bytes(1000)), depth=7)
    yield "giant.bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 0x7fffffff, 0, 0, 54, 40, 0x7fffffff, -0x7fffffff, 1, 24, 0, 0, 0, 0, 0, 0)
    yield "giant.gif", b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0xf7, 0, 0) + bytes(768) + b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x08\xff"
    yield "giant.jpg", b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01" + bytes(50)
    yield "giant.tiff", b"II*\0\x08\0\0\0\x02\0" + struct.pack("<HHII", 256, 4, 1, 0x7fffffff) + struct.pack("<HHII", 257, 4, 1, 0x7fffffff) + bytes(4)
    # A bomb: 200 million zero pixels in 200 kB. And one just below the limit, which is only slow.
    yield "bomb.png", png(60000, 60000, zlib.compress(bytes(60001 * 3000), 9)[:200000])
    # A list that points to itself, and one that never ends.
    yield "loop.tiff", b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 256, 3, 1, 8) + struct.pack("<I", 8)
    yield "endless.gif", b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + bytes(6) + b"!\xfe" + (b"\xff" + b"x" * 255) * 2000
    yield "endless.jpg", b"\xff\xd8" + b"\xff\xe1\x00\x04xx" * 20000
    yield "endless.png", b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"a\0b") * 20000
    # Boxes in boxes.
    nested = b""
    for _ in range(2000):
        nested = struct.pack(">I", len(nested) + 8) + b"moov" + nested
    yield "nested.mp4", struct.pack(">I", 24) + b"ftypisom\0\0\2\0isomiso2" + nested[:60000]
    yield "nested.heic", struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + nested[:60000]
    yield "long-name-" + "n" * 200 + ".png", b"\x89PNG\r\n\x1a\n"
    yield "new\nline\x1b[31m.png", b"no picture"


def make(folder):
    paths = []
    for name, data in corpus():
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "wb") as handle:
            handle.write(data)
    bad = os.path.join(FIXTURES, "badmedia")
    paths += [os.path.join(bad, name) for name in sorted(os.listdir(bad)) if name.endswith(".png")]
    sparse = os.path.join(folder, "sparse.jpg")
    with open(sparse, "wb") as handle:
        handle.write(b"\xff\xd8\xff\xe0")
        handle.truncate(MAX_FILE_MB + 1 << 20)
    fifo = os.path.join(folder, "fifo.jpg")
    os.mkfifo(fifo)
    loop = os.path.join(folder, "loop.jpg")
    os.symlink(loop, loop)
    return paths + [sparse, fifo, loop, "/dev/zero", folder, os.path.join(folder, "missing.jpg")]


def one_sentence(text):
    return len(text) > 20 and "\n" not in text and "\x1b" not in text


def batch(folder):
    problems = []
    paths = make(folder)
    canary = os.path.join(FIXTURES, "media", "baseline.jpg")
    started = time.monotonic()
    done = subprocess.run([CLI, "analyze", "--json", "--", *paths, canary], capture_output=True, text=True, timeout=280 * house.PATIENCE,
                          stdin=subprocess.DEVNULL, env=ENVIRONMENT)
    lines = [line for line in map(json.loads, done.stdout.splitlines()) if line.get("type") != "frame"]
    refused = [line for line in lines if "error" in line]
    print(f"# {len(paths)} files in {time.monotonic() - started:.1f} s, {len(refused)} refused")
    if len(lines) != len(paths) + 1:
        problems.append(f"{len(lines)} answers to {len(paths) + 1} files; exit {done.returncode}; {done.stderr[-300:]}")
    elif "error" in lines[-1]:
        problems.append(f"the good file at the end is refused: {lines[-1]['error']}")
    for line in refused:
        if not one_sentence(line["error"]["message"]):
            problems.append(f"no sentence: {line['error']['message']!r}")
        if "signal" in line["error"]["message"]:
            problems.append(f"the decoder did not survive: {line['error']['message']}")
    if done.returncode != 1:
        problems.append(f"exit {done.returncode} instead of 1")
    if not len(paths) * 0.3 < len(refused) < len(paths):
        problems.append(f"{len(refused)} of {len(paths)} refused is not believable")
    return problems, lines, paths


def always_refused(lines, paths):
    """What no reader may make a picture of."""
    must = ("zero.jpg", "giant.png", "wide.png", "tall.png", "nothing.png", "giant.bmp", "bomb.png", "fifo.jpg", "loop.jpg",
            "sparse.jpg", "text.png", "nested.heic", "script.svg", "zero", "missing.jpg")
    problems = []
    for path, line in zip(paths, lines):
        name = os.path.basename(path)
        corrupt = os.sep + "badmedia" + os.sep in path
        if "error" not in line and (name in must or (corrupt and not line.get("warnings"))):
            problems.append(f"{name} was read without a word")
    return problems


def single_in_time(folder):
    """The slowest kinds alone, against the clock."""
    problems = []
    for name in ("bomb.png", "endless.gif", "endless.jpg", "endless.png", "sparse.jpg", "zeros.jpg", "nested.heic"):
        started = time.monotonic()
        subprocess.run([CLI, "analyze", os.path.join(folder, name)], capture_output=True, timeout=100 * house.PATIENCE, stdin=subprocess.DEVNULL,
                       env=ENVIRONMENT)
        seconds = time.monotonic() - started
        if seconds > SECONDS_A_FILE * house.PATIENCE:
            problems.append(f"{name} took {seconds:.1f} s")
    return problems


def main():
    tap = house.Tap()
    with tempfile.TemporaryDirectory() as folder:
        problems, lines, paths = batch(folder)
        tap.check("every file of the batch is answered, none stops it", problems)
        tap.check("what is no picture is refused", always_refused(lines, paths))
        tap.check("no file takes long", single_in_time(folder))
    tap.done()


main()
