# SPDX-License-Identifier: Apache-2.0
"""What is on the screen, pixel by pixel."""
import subprocess


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


class Shot:
    """A rectangle of pixels: bytes, three a pixel, rows from the top."""
    def __init__(self, width, height, data):
        assert len(data) == width * height * 3, f"{len(data)} bytes for {width} by {height} pixels"
        self.width, self.height, self.data = width, height, data

    @classmethod
    def of_screen(cls, x, y, width, height):
        return cls(width, height, run("import", "-window", "root", "-crop", f"{width}x{height}+{x}+{y}", "+repage",
                                      "-depth", "8", "rgb:-"))

    @classmethod
    def of_file(cls, path):
        width, height = map(int, run("identify", "-format", "%w %h", path).split())
        return cls(width, height, run("convert", path, "-depth", "8", "rgb:-"))

    def at(self, x, y):
        i = (int(y) * self.width + int(x)) * 3
        return tuple(self.data[i:i + 3])

    def part(self, x, y, width, height):
        rows = (self.data[((y + row) * self.width + x) * 3:((y + row) * self.width + x + width) * 3] for row in range(height))
        return Shot(width, height, b"".join(rows))

    def differences(self, other, least=8):
        """Where a channel differs by that much: the points, row by row."""
        assert (self.width, self.height) == (other.width, other.height), "of another size"
        stride, found = self.width * 3, []
        for y in range(self.height):
            a, b = self.data[y * stride:(y + 1) * stride], other.data[y * stride:(y + 1) * stride]
            if a != b:
                found += [(x, y) for x in range(self.width)
                          if a[3 * x:3 * x + 3] != b[3 * x:3 * x + 3]
                          and max(abs(a[3 * x + c] - b[3 * x + c]) for c in range(3)) >= least]
        return found


def distance(a, b):
    return max(abs(p - q) for p, q in zip(a, b))


def bounds(points):
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)
