#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom. The rules are those of engine/DESIGN.md, "Layers"; this is their enforcement."""
import os
import re

import house

# A room may include itself, what stands here, and what those may include.
BELOW = {
    "base": [],
    "backend": ["base"],
    "tensor": ["backend"],
    "model": ["tensor"],
    "train": ["model"],
    "explain": ["model"],
    "weights": ["tensor", "model"],
    "face": ["base", "tensor"],
    "augment": ["base", "face"],
    "media": ["base", "tensor"],
    "measure": ["base"],
    "learn": ["train", "weights", "augment", "measure"],
    "analysis": ["model", "weights", "face", "media", "explain", "measure"],
    "case": ["base"],
    "report": ["case", "analysis"],
    "worker": ["analysis", "media", "train"],
    "examine": ["worker", "case", "report", "augment"],
    "collect": ["examine", "learn"],
    "cli": ["collect", "examine", "worker", "learn"],
    "app": ["collect", "examine", "worker", "learn"],
}
# The kernels see the table they fill and nothing else; the registry alone sees the processor's entry, and the module for
# graphics cards is not linked with anything.
KERNELS = {"cpu", "cuda"}
KERNELS_SEE = {"backend/smb-backend-abi.h", "backend/smb-backend-operations.h"}
SEE_KERNELS = {("backend", "cpu/smb-cpu.h")}

# Outside headers and the rooms that may use them.
OUTSIDE = [
    (re.compile(r"gdk-pixbuf/"), {"media"}, "GdkPixbuf"),
    (re.compile(r"(jpeglib|jerror|lcms2|tiffio|png)\.h$"), {"media"}, "picture and colour libraries"),
    (re.compile(r"gexiv2/"), {"media"}, "gexiv2"),
    (re.compile(r"lib(av|sw)\w+/"), {"media"}, "FFmpeg"),
    (re.compile(r"webp/"), {"media"}, "libwebp"),
    (re.compile(r"(cairo|pango)"), {"report", "app"}, "Cairo and Pango"),
    (re.compile(r"sqlite3"), {"case"}, "SQLite"),
    (re.compile(r"dlib/"), {"face"}, "dlib"),
    (re.compile(r"(cblas|openblas|lapack)"), {"face"}, "BLAS"),
    (re.compile(r"(cuda|cublas)\w*\.h$"), {"cuda"}, "CUDA"),
    (re.compile(r"nettle/"), {"base"}, "Nettle"),
    (re.compile(r"(gtk|gdk|gsk)/"), {"app"}, "GTK"),
    (re.compile(r"mpi\.h$"), {"learn"}, "MPI"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def reach(room):
    """Every room `room` may include from."""
    seen, todo = {room}, list(BELOW[room])
    while todo:
        other = todo.pop()
        if other not in seen:
            seen.add(other)
            todo += BELOW[other]
    return seen


def problems_of(room, path, text):
    """Sentences about the includes of one file of a room."""
    found = []
    for quote, name in INCLUDE.findall(text):
        for pattern, rooms, what in OUTSIDE:
            if pattern.match(name) and room not in rooms:
                found.append(f"{path}: includes {name}; {what} is only for {', '.join(sorted(rooms))}")
        if quote == "<" or "/" not in name:
            if quote == '"' and room != "app" and name != "smb-config.h":
                found.append(f"{path}: \"{name}\" should be written with its room, as \"{room}/{name}\"")
            continue
        other = name.split("/")[0]
        if room in KERNELS:
            if other != room and name not in KERNELS_SEE:
                found.append(f"{path}: {room} may include only the backend's table, not {name}")
        elif other in KERNELS:
            if (room, name) not in SEE_KERNELS:
                found.append(f"{path}: {room} may not include {name}; kernels are reached through backend")
        elif other not in BELOW:
            found.append(f"{path}: {name} is of no room this test knows")
        elif other not in reach(room):
            found.append(f"{path}: {room} may not include {name}")
    return found


def room_of(path):
    parts = path.split("/")
    if parts[0] == "app":
        return "app"
    return parts[1] if parts[0] == "engine" and len(parts) > 2 else None


def check_rules_bite():
    """The checker itself must object where it should."""
    bad = [
        ("case", '#include "report/smb-report.h"'),
        ("report", "#include <sqlite3.h>"),
        ("worker", "#include <gdk-pixbuf/gdk-pixbuf.h>"),
        ("cpu", '#include "base/smb-error.h"'),
        ("cuda", '#include "base/smb-error.h"'),
        ("cuda", '#include "cpu/smb-cpu.h"'),
        ("backend", '#include "cuda/cuda-private.h"'),
        ("learn", "#include <cuda_runtime.h>"),
        ("app", '#include "cpu/smb-cpu.h"'),
        ("tensor", '#include "cpu/smb-cpu.h"'),
        ("base", "#include <gtk/gtk.h>"),
        ("explain", "#include <cairo.h>"),
        ("face", '#include "model/smb-net.h"'),
        ("app", "#include <libavcodec/avcodec.h>"),
        ("model", '#include "smb-net.h"'),
    ]
    good = [("cpu", '#include "cpu/smb-cpu.h"'), ("cuda", '#include "backend/smb-backend-abi.h"'),
            ("cuda", "#include <cublasLt.h>"), ("report", "#include <pango/pangocairo.h>"),
            ("app", '#include "case/smb-case.h"'), ("media", "#include <gdk-pixbuf/gdk-pixbuf.h>")]
    return ([f"{room} including {line} was let through" for room, line in bad if not problems_of(room, "x.c", line)]
            + [f"{room} including {line} was refused" for room, line in good if problems_of(room, "x.c", line)])


def main():
    tap = house.Tap()
    tap.check("the rules object where they should", check_rules_bite())
    code = [path for path in house.files() if path.endswith((".c", ".h", ".cpp", ".cc", ".hpp", ".cu"))]
    by_room = {}
    for path in code:
        room = room_of(path)
        if room is not None:
            by_room.setdefault(room, []).append(path)
    for room, paths in sorted(by_room.items()):
        if room not in KERNELS and room not in BELOW:
            tap.check(f"{room}: known", [f"engine/{room} is a folder without a rule in tests/house/layers.py"])
            continue
        found = [problem for path in paths for problem in problems_of(room, path, house.read(path))]
        tap.check(f"{room}: includes only what it may", found)
    tap.check("C++ only where dlib is called and where CUDA's is played", [
        f"{path}: C++ outside engine/face and tests/cuda" for path in code
        if path.endswith((".cpp", ".cc", ".hpp")) and not path.startswith(("engine/face/", "tests/cuda/emulator/"))])
    tap.check("quoted includes exist", [
        f"{path}: includes {name}, which is not there"
        for path in code for quote, name in INCLUDE.findall(house.read(path))
        if quote == '"' and "/" in name
        and not any(os.path.exists(os.path.join(house.ROOT, place, name)) for place in ("engine", "app", "tests"))])
    tap.done()


main()
