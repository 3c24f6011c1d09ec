#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semblance-cli metadata on pictures as cameras write them, put together here tag by tag: main and thumbnail directory,
exposure, maker's note, position, orientation, XMP, IPTC, several pictures in one file, bytes behind the end.
Arguments: the program, the tree's root."""
import json
import os
import struct
import subprocess
import sys
import tempfile

CLI, ROOT = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "tests", "house"))
import house  # noqa: E402

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL = 1, 2, 3, 4, 5, 7, 10
SIZES = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, UNDEFINED: 1, SRATIONAL: 8}


def run(*arguments):
    return subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=60 * house.PATIENCE, stdin=subprocess.DEVNULL,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"})


class Tiff:
    """The bytes of directories of tags, in one byte order ("<" or ">")."""

    def __init__(self, order):
        self.order = order

    def pack(self, kind, values):
        if kind in (ASCII, UNDEFINED, BYTE):
            return values
        if kind in (RATIONAL, SRATIONAL):
            return b"".join(struct.pack(self.order + ("II" if kind == RATIONAL else "ii"), *pair) for pair in values)
        return struct.pack(f"{self.order}{len(values)}{'H' if kind == SHORT else 'I'}", *values)

    def directory(self, tags, start, following=0):
        """A directory that begins at `start`; its values stand behind it. tags: (number, kind, values)."""
        at = start + 2 + 12 * len(tags) + 4
        out, behind = struct.pack(self.order + "H", len(tags)), b""
        for number, kind, values in sorted(tags, key=lambda tag: tag[0]):
            data = self.pack(kind, values)
            out += struct.pack(self.order + "HHI", number, kind, len(data) // SIZES[kind])
            if len(data) <= 4:
                out += data.ljust(4, b"\0")
            else:
                out += struct.pack(self.order + "I", at + len(behind))
                behind += data + b"\0" * (len(data) % 2)
        return out + struct.pack(self.order + "I", following) + behind


def canon_note(tiff, start):
    """Without a header; its offsets count from the beginning of the whole."""
    settings = [92, 2, 0, 3, 0, 0, 0, 1] + [0] * 38
    return tiff.directory([(0x0001, SHORT, settings), (0x0006, ASCII, b"Canon EOS 5D Mark III\0"),
                           (0x0007, ASCII, b"Firmware Version 1.1.3\0"), (0x0009, ASCII, b"Laboratory North\0"),
                           (0x000c, LONG, [123456789]), (0x0010, LONG, [0x80000285])], start)


def nikon_note(tiff, start):
    """A header, then a beginning of its own from which offsets count."""
    own = Tiff(">")
    return (b"Nikon\0\x02\x10\0\0MM\0\x2a\0\0\0\x08" +
            own.directory([(0x0001, UNDEFINED, b"0210"), (0x0002, SHORT, [0, 400]), (0x0004, ASCII, b"FINE   \0"),
                           (0x00a7, LONG, [31415])], 8))


def unknown_note(tiff, start):
    """As a telephone's: nobody has said what is in it."""
    return b"Apple iOS\0\0\x01MM" + bytes(range(256)) * 12


def exif(order, make, model, note, thumbnail, orientation):
    """The block of one camera."""
    tiff = Tiff(order)
    head = (b"II\x2a\0" if order == "<" else b"MM\0\x2a") + struct.pack(order + "I", 8)

    def main(photo_at, gps_at, thumbnail_at):
        return tiff.directory([(0x010f, ASCII, make), (0x0110, ASCII, model), (0x0112, SHORT, [orientation]),
                               (0x011a, RATIONAL, [(72, 1)]), (0x011b, RATIONAL, [(72, 1)]), (0x0128, SHORT, [2]),
                               (0x0131, ASCII, b"Firmware 1.1.3\0"), (0x0132, ASCII, b"2026:05:17 14:03:59\0"),
                               (0x013b, ASCII, b"Kim Beispiel\0"), (0x0213, SHORT, [2]), (0x8298, ASCII, b"none\0"),
                               (0x8769, LONG, [photo_at]), (0x8825, LONG, [gps_at])], 8, thumbnail_at)

    def photo(start, note_bytes, interop_at):
        return tiff.directory([(0x829a, RATIONAL, [(1, 125)]), (0x829d, RATIONAL, [(28, 10)]), (0x8822, SHORT, [3]),
                               (0x8827, SHORT, [400]), (0x9000, UNDEFINED, b"0230"),
                               (0x9003, ASCII, b"2026:05:17 14:03:59\0"), (0x9004, ASCII, b"2026:05:17 14:03:59\0"),
                               (0x9010, ASCII, b"+02:00\0"), (0x9101, UNDEFINED, b"\1\2\3\0"),
                               (0x9201, SRATIONAL, [(458752, 65536)]), (0x9204, SRATIONAL, [(-1, 3)]),
                               (0x9207, SHORT, [5]), (0x9209, SHORT, [16]), (0x920a, RATIONAL, [(85, 1)]),
                               (0x927c, UNDEFINED, note_bytes),
                               (0x9286, UNDEFINED, b"ASCII\0\0\0by the door"),
                               (0x9291, ASCII, b"42\0"), (0xa000, UNDEFINED, b"0100"), (0xa001, SHORT, [1]),
                               (0xa002, LONG, [160]), (0xa003, LONG, [160]), (0xa005, LONG, [interop_at]),
                               (0xa434, ASCII, b"EF85mm f/1.8 USM\0")], start)

    def gps(start):
        return tiff.directory([(0, BYTE, b"\2\3\0\0"), (1, ASCII, b"N\0"), (2, RATIONAL, [(48, 1), (8, 1), (3000, 100)]),
                               (3, ASCII, b"E\0"), (4, RATIONAL, [(11, 1), (34, 1), (1234, 100)]), (5, BYTE, b"\0"),
                               (6, RATIONAL, [(5190, 10)]), (7, RATIONAL, [(12, 1), (3, 1), (59, 1)]),
                               (0x1d, ASCII, b"2026:05:17\0")], start)

    def interop(start):
        return tiff.directory([(1, ASCII, b"R98\0"), (2, UNDEFINED, b"0100")], start)

    # Everything has its place before anything that points to it is written: the maker's note stands within the
    # directory's values, so its place is found by writing the directory twice.
    photo_at = 8 + len(main(0, 0, 0))
    draft = photo(photo_at, b"\xa5" * 11 + note(tiff, 0)[11:], 0)
    note_at = photo_at + draft.index(b"\xa5" * 11)
    note_bytes = note(tiff, note_at)
    gps_at = photo_at + len(draft)
    interop_at = gps_at + len(gps(gps_at))
    thumbnail_at = interop_at + len(interop(interop_at))
    tags = [(0x0103, SHORT, [6]), (0x011a, RATIONAL, [(72, 1)]), (0x011b, RATIONAL, [(72, 1)]), (0x0128, SHORT, [2]),
            (0x0201, LONG, [0]), (0x0202, LONG, [len(thumbnail)])]
    tags[4] = (0x0201, LONG, [thumbnail_at + len(tiff.directory(tags, thumbnail_at))])
    return (head + main(photo_at, gps_at, thumbnail_at) + photo(photo_at, note_bytes, interop_at) + gps(gps_at) +
            interop(interop_at) + tiff.directory(tags, thumbnail_at) + thumbnail)


def segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def pieces(jpeg):
    """The segments before the picture's own tables, by marker, and the rest."""
    found, at = [], 2
    while jpeg[at + 1] in (0xe0, 0xe1, 0xe2, 0xeb, 0xed):
        size = struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        found.append((jpeg[at + 1], jpeg[at + 4:at + 2 + size]))
        at += 2 + size
    return found, jpeg[at:]


XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmp:CreatorTool="Darkroom 3" xmp:Rating="4">
<dc:creator><rdf:Seq><rdf:li>Kim Beispiel</rdf:li></rdf:Seq></dc:creator>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Tür, 扉</rdf:li></rdf:Alt></dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def iptc(records):
    data = b"\x1c\x01\x5a\x00\x03\x1b%G"  # the texts are UTF-8
    for number, text in records:
        raw = text.encode()
        data += struct.pack(">BBBH", 0x1c, 2, number, len(raw)) + raw
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)


def picture(block, body, tail=b""):
    return (b"\xff\xd8" + segment(0xe1, b"Exif\0\0" + block) +
            segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0" + XMP.encode()) +
            segment(0xed, iptc([(0x05, "Door"), (0x50, "Kim Beispiel"), (0x78, "Ein Gesicht vor der Tür")])) +
            segment(0xe2, b"MPF\0" + b"II\x2a\0\x08\0\0\0\0\0\0\0\0\0") + body + tail)


COMMON = {
    "Exif.Image.Orientation": ("6", "right, top"), "Exif.Image.DateTime": ("2026:05:17 14:03:59", None),
    "Exif.Photo.ExposureTime": ("1/125", "1/125 s"), "Exif.Photo.FNumber": ("28/10", "F2.8"),
    "Exif.Photo.ISOSpeedRatings": ("400", None), "Exif.Photo.FocalLength": ("85/1", "85.0 mm"),
    "Exif.Photo.OffsetTime": ("+02:00", None), "Exif.Photo.LensModel": ("EF85mm f/1.8 USM", None),
    "Exif.Photo.ExposureBiasValue": ("-1/3", "-1/3 EV"), "Exif.Iop.InteroperabilityIndex": ("R98", None),
    "Exif.GPSInfo.GPSLatitude": ("48/1 8/1 3000/100", None), "Exif.GPSInfo.GPSLatitudeRef": ("N", "North"),
    "Exif.GPSInfo.GPSAltitude": ("5190/10", "519.0 m"), "Exif.GPSInfo.GPSDateStamp": ("2026:05:17", None),
    "Exif.Thumbnail.Compression": ("6", None), "Xmp.xmp.Rating": ("4", None),
    "Xmp.xmp.CreatorTool": ("Darkroom 3", None), "Xmp.dc.creator": ("Kim Beispiel", None),
    "Iptc.Application2.ObjectName": ("Door", None), "Iptc.Application2.Caption": ("Ein Gesicht vor der Tür", None),
}

CAMERAS = {
    "canon": ("<", b"Canon\0", b"Canon EOS 5D Mark III\0", canon_note,
              {"Exif.Canon.OwnerName": ("Laboratory North", None), "Exif.Canon.FirmwareVersion":
               ("Firmware Version 1.1.3", None), "Exif.Canon.ModelID": ("2147484293", "EOS 5D Mark III"),
               "Exif.CanonCs.Quality": ("3", "Fine")}),
    "nikon": (">", b"NIKON CORPORATION\0", b"NIKON D3S\0", nikon_note,
              {"Exif.Nikon3.Version": ("48 50 49 48", "2.10"), "Exif.Nikon3.Quality": ("FINE", None),
               "Exif.Nikon3.ShutterCount": ("31415", None)}),
    "telephone": (">", b"Apple\0", b"iPhone 14 Pro\0", unknown_note,
                  {"Exif.Photo.MakerNote": (f"{14 + 256 * 12} bytes", None)}),
}


def read(path):
    done = run("metadata", "--json", path)
    return done, json.loads(done.stdout) if done.returncode == 0 else {}


def check_camera(path, wanted):
    done, told = read(path)
    found = [] if done.returncode == 0 else [f"{done}"]
    entries = {entry["key"]: (entry["value"].strip(), entry.get("meaning")) for entry in told.get("tags", [])}
    for key, (value, meaning) in wanted.items():
        if key not in entries:
            found.append(f"{key} is missing")
        elif entries[key][0] != value or (meaning is not None and entries[key][1] != meaning):
            found.append(f"{key} is {entries[key]}, not {(value, meaning)}")
    if not any("Tür" in value for key, (value, _) in entries.items() if key == "Xmp.dc.title"):
        found.append(f"the title is {entries.get('Xmp.dc.title')}")
    thumbnail = told.get("thumbnail") or {}
    if not thumbnail.get("agrees"):
        found.append(f"the thumbnail is turned otherwise than its picture: {thumbnail}")
    return found


def hostile(block, body, folder):
    """Directories that point at themselves, at nowhere, and hold more than there is."""
    order = "<" if block[:2] == b"II" else ">"
    n = struct.unpack(order + "H", block[8:10])[0]
    changed = {"loop": (10 + 12 * n, struct.pack(order + "I", 8)), "nowhere": (10 + 12 * n, b"\xff\xff\xff\x7f"),
               "many": (8, b"\xff\xff")}
    for k in range(n):
        at = 10 + 12 * k
        changed[f"count-{k}"] = (at + 4, b"\xff\xff\xff\xff")
        changed[f"place-{k}"] = (at + 8, b"\xf0\xff\xff\xff")
        changed[f"kind-{k}"] = (at + 2, b"\xff\xff")
    paths = [os.path.join(folder, what + ".jpg") for what in changed]
    for path, (at, data) in zip(paths, changed.values()):
        with open(path, "wb") as handle:
            handle.write(picture(block[:at] + data + block[at + len(data):], body))
    done = run("metadata", "--json", *paths)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(told) != len(paths):
        return [f"{len(paths)} files: {done}"]
    return [f"{line}" for line in told if "error" in line]


def main():
    tap = house.Tap()
    with open(os.path.join(ROOT, "tests", "fixtures", "media", "tagged.jpg"), "rb") as handle:
        parts, body = pieces(handle.read())
    old = next(data for marker, data in parts if data.startswith(b"Exif"))
    thumbnail = old[old.index(b"\xff\xd8"):old.rindex(b"\xff\xd9") + 2]
    with tempfile.TemporaryDirectory(prefix="semblance-camera-") as folder:
        blocks = {}
        for name, (order, make, model, note, own) in CAMERAS.items():
            path = os.path.join(folder, name + ".jpg")
            blocks[name] = exif(order, make, model, note, thumbnail, 6)
            with open(path, "wb") as handle:
                handle.write(picture(blocks[name], body))
            tap.check(f"a {name}'s picture", check_camera(path, {**COMMON, **own}))
        path = os.path.join(folder, "tail.jpg")
        with open(path, "wb") as handle:  # a second, smaller picture and a maker's own bytes behind the end
            handle.write(picture(blocks["canon"], body, thumbnail + b"SEFH" + bytes(200) + b"SEFT"))
        tap.check("bytes behind the picture's end", check_camera(path, COMMON))
        tap.check("directories that lie", hostile(blocks["canon"], body, folder))
    tap.done()


main()
