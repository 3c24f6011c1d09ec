# SPDX-License-Identifier: Apache-2.0
"""A case of still pictures, made on the command line and looked at in the window; numbers of both side by side."""
import json
import os
import struct
import subprocess
import time

from person import PATIENCE, Person, wait_for
from screen import Shot

HOME = os.environ["HOME"]
SAMPLES = os.environ["SEMBLANCE_SAMPLES"]


class Case(Person):
    """A person before the window with that case open, who can ask the command line the same."""
    def __init__(self, program, cli, name, files, environment=None, more=()):
        self.cli_path = cli
        self.path = os.path.join(HOME, name + ".smbcase")
        self.files = files
        self.cli("case", "new", self.path, "--title", name, "--number=K-1", "--examiner=Kim")
        self.cli("analyze", "--case", self.path, *files, *more)
        super().__init__(program, self.path, environment=environment)

    def cli(self, *arguments, status=0):
        done = subprocess.run([self.cli_path, *arguments], capture_output=True, text=True, timeout=200 * PATIENCE, check=False,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == status, f"{arguments}: {done}"
        return done.stdout if status == 0 else done.stderr

    def face(self, number=1, index=0):
        """What the case holds of a face: of exhibit `number`, as the command line gives it."""
        told = json.loads(self.cli("analyze", "--json", self.files[number - 1]).splitlines()[0])
        return told["faces"][index]

    def exhibit(self, number):
        self.click(self.find(f"S-{number:02},", partial=True))
        self.see("Class probabilities, F1")

    def away(self):
        """The pointer leaves the picture and what it says there."""
        self.mouse("mousemove", 2, 2)
        time.sleep(0.3)

    def view(self):
        """The picture's part of the screen."""
        self.away()
        return Shot.of_screen(*self.extents(self.picture()))

    def settled(self, seconds=20.0):
        """The same, once it does not change any more."""
        end, last = time.monotonic() + seconds * PATIENCE, self.view()
        while time.monotonic() < end:
            time.sleep(0.4)
            now = self.view()
            if now.data == last.data:
                return now
            last = now
        raise AssertionError("the picture does not come to rest")

    def place(self, box, width, height):
        """Where a box of the fitted picture of that size lies in the view: x, y, side."""
        _, _, across, down = self.extents(self.picture())
        scale = min(across / width, down / height, 4)
        return ((across - width * scale) / 2 + box[0] * scale, (down - height * scale) / 2 + box[1] * scale, box[2] * scale)

    def type_path(self, path):
        self.key("ctrl+l")
        time.sleep(0.5)
        self.key("ctrl+a")
        self.type(path)
        self.key("Return")
        time.sleep(0.5)

    def save(self, entry, name):
        """What the menu of the view saves, under that name in the home."""
        path = os.path.join(HOME, name)
        if os.path.exists(path):
            os.remove(path)
        self.press("Save the view or the map")
        self.press(entry)
        time.sleep(0.6)
        self.key("ctrl+a")
        self.type(path)
        self.key("Return")
        wait_for(name, lambda: os.path.exists(path) and os.path.getsize(path) > 0, 30)
        self.see(f"Saved as {name}.")
        self.press("Dismiss the message")
        return path

    def numbers(self, spec, *options, number=1):
        """The bytes of a map of the first face as the command line writes it (.npy), and what it says of it."""
        folder = os.path.join(HOME, "maps")
        told = [json.loads(line) for line in self.cli("maps", self.files[number - 1], "--json", "--out", folder, "--map", spec, *options).splitlines()]
        told = [line for line in told if line.get("face", 1) == 1][0]
        with open([name for name in told["files"] if name.endswith(".npy")][0], "rb") as handle:
            return handle.read(), told


def read_npy(data):
    """Rows and columns of float32, and the numbers."""
    start = 10 + struct.unpack("<H", data[8:10])[0]
    header = data[10:start].decode()
    rows, columns = (int(part) for part in header.split("(")[1].split(")")[0].split(",")[:2])
    return rows, columns, struct.unpack(f"<{rows * columns}f", data[start:])
