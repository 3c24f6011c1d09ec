#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a file says besides its pixels, in the window: test_files.py PROGRAM CLI

Files are put together byte by byte: a C2PA manifest in a JPEG and in a PNG, a thumbnail in EXIF that shows the picture and one that
does not; EXIF, XMP and IPTC stand in a fixture. Error level and noise lie over the whole picture. Pictures of the window go to
$SMB_SCREENSHOTS if it is set.
"""
import json
import os
import struct
import sys
import zlib

from person import Tap, shooter, wait_for
from screen import bounds, run
from still import HOME, SAMPLES, Case

PROGRAM, CLI, FIXTURES = sys.argv[1:4]
PORTRAIT = os.path.join(SAMPLES, "18f-dave.jpg")
OTHER = os.path.join(SAMPLES, "18f-melody.jpg")

tap = Tap()
who = None
shoot = shooter(lambda: who, "files-")


def written(name, data):
    path = os.path.join(HOME, name)
    with open(path, "wb") as handle:
        handle.write(data)
    return path


def read(path):
    with open(path, "rb") as handle:
        return handle.read()


def box(kind, contents):
    return struct.pack(">I", 8 + len(contents)) + kind + contents


def manifest():
    """The least there is: a JUMBF superbox (ISO/IEC 19566-5) whose description says that it is C2PA's store."""
    kind = b"c2pa" + bytes.fromhex("00110010800000aa00389b71")
    return box(b"jumb", box(b"jumd", kind + b"\x03" + b"c2pa\0") + box(b"cbor", b"\xa0"))


def jpeg_with(marker, contents):
    """The portrait with a segment more, right behind its beginning."""
    data = read(PORTRAIT)
    assert data[:2] == b"\xff\xd8"
    return data[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(contents) + 2) + contents + data[2:]


def png_with_manifest():
    """A chunk caBX before the pixels."""
    data = read(os.path.join(SAMPLES, "nasa-astronaut.png"))
    at = data.index(b"IDAT") - 4
    chunk = b"caBX" + manifest()
    return data[:at] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[at:]


def exif_with_thumbnail(picture):
    """APP1 with a maker's name in the first directory and a JPEG of `picture` in the second."""
    small = run("convert", picture, "-strip", "-thumbnail", "128x128!", "-quality", "80", "jpg:-")
    maker = b"Byte by byte\0"
    first, second = 8, 8 + 2 + 12 + 4 + len(maker) + 1
    body = b"II*\0" + struct.pack("<I", first)
    body += struct.pack("<HHHIII", 1, 0x010F, 2, len(maker), first + 18, second) + maker + b"\0"
    body += struct.pack("<H", 3) + struct.pack("<HHIHH", 0x0103, 3, 1, 6, 0)
    body += struct.pack("<HHII", 0x0201, 4, 1, second + 2 + 36 + 4) + struct.pack("<HHII", 0x0202, 4, 1, len(small)) + struct.pack("<I", 0)
    assert len(body) == second + 2 + 36 + 4
    return b"Exif\0\0" + body + small


def start():
    global who
    files = [written("c2pa.jpg", jpeg_with(0xEB, b"JP\x00\x01\x00\x00\x00\x01" + manifest())), written("c2pa.png", png_with_manifest()),
             written("same.jpg", jpeg_with(0xE1, exif_with_thumbnail(PORTRAIT))),
             written("swapped.jpg", jpeg_with(0xE1, exif_with_thumbnail(OTHER))), os.path.join(FIXTURES, "tagged.jpg"), PORTRAIT]
    who = Case(PROGRAM, CLI, "files", files)
    who.see("6 hashes verified", 60)
    who.key("alt+4")


def look(number):
    """The page of that exhibit, and what the command line says of its file."""
    who.click(who.find(f"S-{number:02},", partial=True))
    who.see(os.path.basename(who.files[number - 1]))
    wait_for("the file to be read", lambda: not who.has("Reading…"))
    return json.loads(who.cli("metadata", "--json", who.files[number - 1]))


def c2pa():
    for number in (1, 2):
        told = look(number)
        assert told["c2pa"] == {"manifest": "present", "bytes": told["c2pa"]["bytes"], "verified": False}, f"{told['c2pa']}"
        who.see("Manifest present, not verified here")
        shoot(f"c2pa-{number}")
    told = look(6)
    assert told["c2pa"]["manifest"] == "absent", f"{told['c2pa']}"
    who.see("No manifest")


def thumbnails():
    told = look(3)
    assert told["thumbnail"]["agrees"], f"{told['thumbnail']}"
    who.see("Agrees with the picture")
    who.see("Byte by byte")
    told = look(4)
    assert not told["thumbnail"]["agrees"], f"{told['thumbnail']}"
    who.see("Differs from the picture")
    who.see(told["notes"][0])
    who.press("Thumbnail in the file")
    who.see("Thumbnail in the file")
    shoot("thumbnail-differs")
    look(6)
    who.see("None in the file")


def tags():
    """EXIF, XMP and IPTC, each with what it means; how the JPEG was packed."""
    told = look(5)
    groups = {tag["group"] for tag in told["tags"]}
    assert {"EXIF", "XMP", "IPTC"} <= groups, f"{groups}"
    for tag in told["tags"][:40]:
        who.see((tag.get("meaning") or tag["value"])[:40], 5)
    for table in told["jpeg"]["tables"]:
        who.see(f"quality {table['quality']} of the standard tables" if table["exact"] else f"nearest to quality {table['quality']}", 5)
    who.see(told["jpeg"]["sampling"])
    who.press("Quantisation tables")
    values = told["jpeg"]["tables"][0]["values"]
    who.see("".join(f"{n:4}" for n in values[:8]))
    shoot("tags")


def settings():
    """Of the analysis, in words."""
    look(6)
    for words in ("Face detector", "in the picture shrunk to 640 px, enlarged 1 time", "float32, the published numbers",
                  "0.25 and more of the detector's margin"):
        who.see(words)
    raw = [text for text in who.texts() if "detect_max_side_px" in text or text.startswith("{")]
    assert not raw, f"settings as the file has them: {raw}"
    who.scroll(12)
    shoot("settings")


def whole_picture():
    """Error level and noise, over all of the picture, with their numbers."""
    look(6)
    who.press("Fit the picture into the view")
    who.see("640 × 640 px")
    for button, name in (("Error level", "Error level (ELA)"), ("Noise", "Noise residual")):
        who.press(button)
        who.see_on_picture("overlay " + name)
        who.set_value("Opacity of the overlay", 0)
        plain = who.settled()
        who.set_value("Opacity of the overlay", 100)
        view = who.settled()
        shoot(button.lower().replace(" ", "-"))
        points = view.differences(plain)
        left, top, right, bottom = bounds(points)
        assert right - left > 0.95 * min(view.width, view.height) and bottom - top > 0.95 * min(view.width, view.height), \
            f"{name} lies at {left}, {top} to {right}, {bottom} of {view.width} by {view.height}"
        x, y = who.centre(who.picture())
        who.mouse("mousemove", x, y)
        who.mouse("mousemove", x + 2, y)
        wait_for("its value", lambda: any(t.startswith("map ") for t in who.texts()))
        with open(who.save("Map as numbers (NumPy)…", "whole.npy"), "rb") as handle:
            assert handle.read() == who.numbers({"Error level": "ela", "Noise": "noise"}[button], number=6)[0], "other numbers"
    who.choose("Map", 0)


def close():
    who.focus("files")
    who.key("ctrl+q")
    wait_for("the end of the program", lambda: who.process.poll() is not None, 30)
    assert who.process.returncode == 0, f"ended with status {who.process.returncode}"


def main():
    tap.walk([("a case opens", start), ("C2PA manifests in JPEG and PNG", c2pa), ("thumbnails that agree and differ", thumbnails),
              ("EXIF, XMP, IPTC and tables", tags), ("settings in words", settings),
              ("maps of the whole picture", whole_picture), ("the program ends in order", close)], lambda: who, shoot)
    tap.leave(who)


if __name__ == "__main__":
    main()
