#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seeds of the fuzz targets, the same bytes each time: make-seeds.py [--check] FOLDER

Writes FOLDER/TARGET/NAME; --check instead says which files there differ from what it makes. The moving pictures (FOLDER/video)
were made by the program ffmpeg, whose bytes depend on its version: --video makes them anew, --check leaves them alone. Pictures
with their metadata, region pictures, checkpoints and cases are seeded from tests/fixtures, whose READMEs say what they are.
bundle/video.json and json/analysis.json were written by the program itself and are kept as they were.
"""
import argparse
import base64
import json
import os
import struct
import subprocess
import sys

VERSION = 1  # of the protocol; types by engine/worker/smb-message.h
HELLO, PROGRESS, RESULT, ERROR = 1, 15, 16, 17
REGIONS = ("brows", "eyes", "nose", "mouth", "boundary", "hair")
KEPT = ("bundle/video.json", "json/analysis.json")


def message(kind, number, body):
    text = json.dumps(body, separators=(",", ":")).encode()
    return b"SMBW" + struct.pack("<HHIIII", VERSION, kind, number, len(text), 0, 0) + text


def plane(kind, width, height, channels, data):
    return b"SMBP" + struct.pack("<5IQ", 1, kind, channels, width, height, len(data)).ljust(60, b"\0") + data


def measure():
    return {"value": 0.5, "z": 1.25, "percentile": 75.0}


def table():
    square = [[None if i == j else 0.25 for j in range(6)] for i in range(6)]
    rows = [{"region": name, "patches": 12, "partial_draws": 8, "coherency": measure(), "consistency": measure(),
             "correspondence": measure(), "alone": measure()} for name in REGIONS]
    return {"settings": {"draws": 8, "ratio": 0.75, "seed": 0}, "regions": rows,
            "rise": {"regions": list(REGIONS), "values": square, "z": square}, "stands_out": "mouth", "blur": 120.5,
            "origin": "landmarks", "mim_sha256": "0" * 64, "reference": {"sha256": "1" * 64, "stratum": "sharp", "faces": 300},
            "note": "a note"}


def metadata():
    tables = [{"id": 0, "bits": 8, "values": list(range(1, 65)), "quality": 90, "exact": True}]
    return {"format": "JPEG", "tags": [{"group": "EXIF", "key": "Make", "value": "A", "meaning": None}],
            "jpeg": {"progressive": False, "sampling": "4:2:0", "tables": tables}, "thumbnail": None,
            "c2pa": {"manifest": "absent", "bytes": 0, "verified": False}, "notes": ["a note"]}


def frame():
    face = {"track": 1, "box": [10, 20, 100, 100], "detected": [20, 30, 80, 80], "confidence": 1.5, "how": "detected",
            "score": 0.25, "probabilities": [0.75, 0.25], "outside": "too small"}
    return {"frame": 3, "time_us": 120000, "cut": False, "searched": True, "change": 2.5, "faces": [face]}


def tracker():
    look = base64.b64encode(bytes(range(256)) * 2 + bytes(24 * 24 + 2 - 512)).decode()
    track = {"number": 1, "box": [10, 20, 100, 100], "confidence": 1.5, "active": True, "since_cut": False, "seen_us": 120000,
             "detected": 2, "look": look}
    return {"next": 2, "has_scene": True, "scene": base64.b64encode(bytes(32 * 18)).decode(), "usual_change": 1.5, "tracks": [track]}


def faithfulness():
    curve = [round(1 - i / 16, 4) for i in range(13)]
    return {"class": 1, "deletion": curve, "insertion": curve[::-1], "deletion_area": 0.5, "insertion_area": 0.5,
            "random_area": {"mean": 0.4, "deviation": 0.1, "orders": 6}, "randomised_correlation": 0.1, "passed": False,
            "failed": ["deletion"], "sentence": "it fails"}


def model():
    return {"name": "m", "title": None, "folder": "/x", "detector_path": "/x/d", "detector_sha256": "0" * 64, "mim_path": None,
            "mim_sha256": None, "classes": ["genuine", "forged"], "real_class": 0, "mean": [0.5, 0.5, 0.5], "std": [1, 1, 1],
            "mim_mean": [0, 0, 0], "mim_std": [1, 1, 1], "transform": 1, "trained": False, "calibrated": False, "calibration": None,
            "min_face_px": 60, "limits": None, "licence": "x", "provenance": "y"}


def npy(shape, data):
    header = f"{{'descr': '|i1', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def seeds():
    """Path below the folder, bytes."""
    yield "worker/hello", message(HELLO, 0, {"mode": "decode", "version": "0.1.0", "lock": "seccomp"})
    yield "worker/frames", (message(PROGRESS, 1, {"done": 1, "total": 2, "what": "x"})
                            + message(ERROR, 1, {"domain": "smb-error-quark", "code": 4, "message": "no"}))
    yield "worker/model", message(RESULT, 1, model())
    yield "worker/maps", message(RESULT, 1, {"maps": [{"spec": "rollout", "area": [0.0, 0.0, 64.0, 64.0], "note": "n",
                                                       "faithfulness": faithfulness()},
                                                      {"spec": "input:strategy=random,ratio=0.75,seed=0", "area": [1, 2, 3, 4]}]})
    yield "worker/metadata", message(RESULT, 1, {"metadata": metadata()})
    yield "worker/table", message(RESULT, 1, {"table": table()})
    yield "worker/followed", message(RESULT, 1, {"frame": frame(), "tracker": tracker()})
    yield "worker/plane", plane(1, 2, 2, 3, bytes(12))
    yield "worker/regions", plane(1, 16, 16, 1, bytes(i % 11 for i in range(256)))
    yield "regions/map.npy", npy("(1, 16, 16)", bytes(i % 11 for i in range(256)))
    yield "regions/packed", b"a100b56k100"
    yield "json/escapes.json", b'{"a":[1,-0.5e3,true,null,"\\u00e4\\ud83d\\ude00"],"b":{"c":{}}}'
    yield "bundle/short-hash.json", compact(
        {"format": "semblance-bundle", "version": 1, "program_version": "1", "log": {"head": None, "entries": 0, "intact": False},
         "exhibits": [{"exhibit": "S-01", "file": "a", "sha256": "00", "size_bytes": 1, "result": None, "regions": [], "maps": []}]})


def videos(folder):
    """Small clips of a drawn picture, one for each container and decoder that matters; needs the program ffmpeg."""
    source = ["-f", "lavfi", "-i", "testsrc2=size=48x32:rate=5", "-frames:v", "8", "-fflags", "+bitexact", "-flags", "+bitexact"]
    ways = {"clip.avi": "mpeg4", "clip.gif": "gif", "clip.mkv": "mjpeg", "clip.mov": "png", "clip.mp4": "mpeg4",
            "clip.ts": "mpeg2video", "clip.webm": "libvpx", "clip.webp": "libwebp_anim", "h264.mp4": "libx264"}
    os.makedirs(folder, exist_ok=True)
    for name, codec in ways.items():
        subprocess.run(["ffmpeg", "-y", "-nostdin", "-loglevel", "error", *source, "-c:v", codec, os.path.join(folder, name)],
                       check=True)


def differences(folder):
    made = dict(seeds())
    for name, data in made.items():
        try:
            with open(os.path.join(folder, name), "rb") as handle:
                if handle.read() != data:
                    yield f"{name} is not what make-seeds.py makes"
        except OSError:
            yield f"{name} is missing"
    for target in sorted({name.split("/")[0] for name in made}):
        for name in sorted(os.listdir(os.path.join(folder, target))):
            if f"{target}/{name}" not in made and f"{target}/{name}" not in KEPT:
                yield f"{target}/{name}: make-seeds.py does not know it"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--video", action="store_true")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    if arguments.check:
        problems = list(differences(arguments.folder))
        print("\n".join(["# " + problem for problem in problems] + [("not ok" if problems else "ok") + " 1 - seeds are as they are made", "1..1"]))
        sys.exit(1 if problems else 0)
    for name, data in seeds():
        path = os.path.join(arguments.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as handle:
            handle.write(data)
    if arguments.video:
        videos(os.path.join(arguments.folder, "video"))


main()
