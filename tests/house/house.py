# SPDX-License-Identifier: Apache-2.0
"""What the tests of the house share: the tree's own files and TAP output."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# How many times longer programs may take: under a sanitizer they are slow (tests/tools/watched.py).
PATIENCE = float(os.environ.get("SMB_PATIENCE", "1"))
SOURCE_ENDINGS = (".c", ".h", ".cpp", ".py", ".sh", ".css")


def files():
    """Paths of the tree's own files, relative to the root, sorted: what git tracks or would track."""
    try:
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True).stdout.decode().split("\0")
        found = [path for path in listed if path and os.path.isfile(os.path.join(ROOT, path))]
    except (OSError, subprocess.CalledProcessError):
        found = []
        for folder, names, inside in os.walk(ROOT):
            names[:] = [name for name in names if name not in (".git", "out", "__pycache__")
                        and not (folder == ROOT and name.startswith("build"))]
            found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in inside]
    return sorted(found)


def sources():
    return [path for path in files() if path.endswith(SOURCE_ENDINGS) or path in ("dev", ".ci/run")]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as handle:
        return handle.read()


class Tap:
    """Collects checks; `done` prints the plan and gives the exit status."""

    def __init__(self):
        self.count = 0
        self.failures = 0

    def check(self, name, problems):
        """One sub-test: passes when `problems` (sentences) is empty."""
        self.count += 1
        for problem in problems:
            print(f"# {problem}")
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}", flush=True)
        self.failures += 1 if problems else 0

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}", flush=True)

    def done(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failures else 0)
