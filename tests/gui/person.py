# SPDX-License-Identifier: Apache-2.0
"""A person at the window: finds controls by their accessible names, clicks, types, drags, looks."""
import os
import subprocess
import sys
import time

import pyatspi
from gi.repository import GLib


# How many times longer a person waits: a program under a sanitizer is slow (tests/tools/watched.py).
PATIENCE = float(os.environ.get("SMB_PATIENCE", "1"))


class Failed(Exception):
    """What was expected did not come."""


def wait_for(what, probe, seconds=30.0):
    """Calls `probe` until it returns something true; that is returned."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        try:
            found = probe()
        except Exception:  # a widget may vanish between finding and reading it
            found = None
        if found:
            return found
        if time.monotonic() > end:
            raise Failed(f"waited {seconds * PATIENCE:.0f} s for {what}")
        time.sleep(0.1)


class Person:
    picture_name = "Picture, "  # how its name begins, in the window's language

    def __init__(self, program, *arguments, environment=None):
        env = {**os.environ, **(environment or {})}
        self.known = {}
        self.focused = None  # widgets that got the focus, once somebody asks
        self.process = subprocess.Popen([program, *arguments], env=env)
        self.app = wait_for("the program on the accessibility bus", self._find_app, 40)
        self.frame = wait_for("the window", lambda: self._first(self.app, "frame"), 40)

    def _find_app(self):
        if self.process.poll() is not None:
            raise Failed(f"the program ended with status {self.process.returncode}")
        desktop = pyatspi.Registry.getDesktop(0)
        for app in desktop:
            if app is not None and app.name in ("semblance", "org.semblance.Semblance", "Semblance"):
                return app
        return None

    def walk(self, node=None, shown_only=True):
        """Every accessible below `node`, in order; parts that are not shown are passed over."""
        stack = [node or self.app]
        while stack:
            item = stack.pop()
            yield item
            try:
                children = [item.getChildAtIndex(i) for i in range(min(item.childCount, 400))]
            except Exception:
                continue
            for child in reversed(children):
                if child is None:
                    continue
                try:
                    if shown_only and not child.getState().contains(pyatspi.STATE_VISIBLE):
                        continue
                except Exception:
                    continue
                stack.append(child)

    def named(self):
        """Everything shown that has a name, with it; what vanishes between finding and asking is passed over."""
        for item in self.walk():
            try:
                name = item.name
            except Exception:
                continue
            if name:
                yield item, name

    def _first(self, node, role, name=None):
        for item in self.walk(node):
            if item.getRoleName() == role and (name is None or item.name == name):
                return item
        return None

    def find(self, name, role=None, partial=False, seconds=20.0):
        def probe():
            for item in self.walk():
                if (item.name == name or (partial and name in item.name)) and (role is None or item.getRoleName() == role):
                    return item
            return None
        return wait_for(f"“{name}”", probe, seconds)

    def has(self, text):
        """Whether a text is on the window now."""
        return any(text in name for _, name in self.named())

    def see(self, text, seconds=20.0):
        return wait_for(f"the text “{text}”", lambda: self.has(text), seconds)

    def texts(self):
        return [name for _, name in self.named()]

    def _still_there(self, item, name, partial):
        """A control seen before is looked at first: asking for every part of the window takes seconds."""
        try:
            return (item.getState().contains(pyatspi.STATE_VISIBLE) and
                    (item.name == name or (partial and name in item.name)))
        except Exception:
            return False

    def control(self, name, partial=False, seconds=20.0):
        """As find, but never the caption that stands beside the control."""
        item = self.known.get(name)
        if item is not None and self._still_there(item, name, partial):
            return item

        def probe():
            for item in self.walk():
                if (item.name == name or (partial and name in item.name)) and item.getRoleName() != "label":
                    return item
            return None
        self.known[name] = wait_for(f"the control “{name}”", probe, seconds)
        return self.known[name]

    def picture(self):
        """The canvas, which says what it shows in its name."""
        return self.control(self.picture_name, partial=True)

    def see_on_picture(self, text, seconds=40.0):
        return wait_for(f"“{text}” on the picture", lambda: text in self.picture().name, seconds)

    def press(self, name, partial=False):
        """Activates a control; one that has no action of its own is clicked."""
        item = self.control(name, partial)
        try:
            item.queryAction().doAction(0)
        except Exception:
            self.reach(item)
            self.click(item)
        time.sleep(0.5)

    def reach(self, item):
        """Brings a control into view where a page scrolls."""
        try:
            item.queryComponent().grabFocus()
            time.sleep(0.2)
        except Exception:
            pass  # it takes no focus, so it lies where it can be clicked

    def scroll(self, clicks):
        """The page of the inspector, by the wheel at its edge, where nothing takes it for itself; up if negative."""
        x, _, width, _ = self.extents(self.picture())
        self.mouse("mousemove", x + width + 8, 400)
        for _ in range(abs(clicks)):
            self.mouse("click", 5 if clicks > 0 else 4)
        self.mouse("mousemove", 2, 2)

    def set_value(self, name, value):
        self.control(name).queryValue().currentValue = value
        time.sleep(0.3)

    def centre(self, item):
        box = item.queryComponent().getExtents(pyatspi.WINDOW_COORDS)
        return box.x + box.width // 2, box.y + box.height // 2

    def extents(self, item):
        box = item.queryComponent().getExtents(pyatspi.WINDOW_COORDS)
        return box.x, box.y, box.width, box.height

    @staticmethod
    def mouse(*arguments):
        subprocess.run(["xdotool", *map(str, arguments)], check=True)
        time.sleep(0.15)

    def click(self, item):
        x, y = self.centre(item)
        self.mouse("mousemove", x, y, "click", 1)
        time.sleep(0.4)

    def drag(self, x0, y0, x1, y1):
        self.mouse("mousemove", x0, y0, "mousedown", 1)
        for step in range(1, 9):
            self.mouse("mousemove", x0 + (x1 - x0) * step // 8, y0 + (y1 - y0) * step // 8)
        self.mouse("mouseup", 1)

    def window(self, name):
        """The X window whose title holds `name`."""
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", name], check=True, capture_output=True,
                               text=True)
        return found.stdout.split()[0]

    def focus(self, name):
        """Gives a window the keyboard, as a window manager would after a dialog closed."""
        self.mouse("windowfocus", wait_for(f"the window “{name}”", lambda: self.window(name), 10))

    def key(self, *keys):
        self.mouse("key", "--clearmodifiers", *keys)
        time.sleep(0.3)

    def key_to(self, key, seconds=5.0):
        """Presses a key that moves the focus; what has it then, as a screen reader is told."""
        if self.focused is None:
            self.focused = []
            pyatspi.Registry.registerEventListener(lambda event: event.detail1 and self.focused.append(event.source),
                                                   "object:state-changed:focused")
        self.focused.clear()
        subprocess.run(["xdotool", "key", "--clearmodifiers", key], check=True)
        end = time.monotonic() + seconds * PATIENCE
        while not self.focused and time.monotonic() < end:
            GLib.MainContext.default().iteration(False)
            time.sleep(0.01)
        if not self.focused:
            raise Failed(f"{key} moves the focus nowhere")
        return self.focused[-1]

    def type(self, text):
        subprocess.run(["xdotool", "type", "--delay", "8", "--", text], check=True)
        time.sleep(0.3)

    def choose(self, drop_down, position):
        """A place in a drop-down, by keys as from the keyboard: 0 is the first."""
        item = self.control(drop_down)
        self.reach(item)
        self.click(item)
        time.sleep(0.3)
        self.key("Home", *(["Down"] * position), "Return")
        time.sleep(0.3)

    def shoot(self, path):
        time.sleep(0.4)
        subprocess.run(["import", "-window", "root", path], check=True)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(15 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()


def shooter(whose, prefix=""):
    """What takes a picture of the screen by a name, once $SMB_SCREENSHOTS names a folder; whose() is the person then."""
    folder = os.environ.get("SMB_SCREENSHOTS")

    def shoot(name):
        if folder:
            os.makedirs(folder, exist_ok=True)
            whose().shoot(os.path.join(folder, prefix + name + ".png"))
    return shoot


class Tap:
    def __init__(self):
        self.count = self.failures = 0

    def step(self, name, act):
        """One numbered result; a failure is told and the run goes on."""
        self.count += 1
        try:
            act()
            print(f"ok {self.count} - {name}", flush=True)
        except Exception as failure:
            self.failures += 1
            print(f"not ok {self.count} - {name}\n# {type(failure).__name__}: {failure}", flush=True)

    def walk(self, steps, person, shoot=None):
        """Steps (name, act) in their order. person: a function of who sits at the window, None if it never appeared: then nothing else can
        be tried. shoot: takes a picture of what a failing step left."""
        for name, act in steps:
            failures = self.failures
            self.step(name, act)
            if person() is None:
                print("Bail out! The window did not appear.", flush=True)
                sys.exit(1)
            if shoot is not None and self.failures > failures:
                shoot(f"failed-{self.count}")

    def leave(self, who):
        """The window is closed if it is still there, and all is told."""
        if who.process.poll() is None:
            who.close()
        self.done()

    def done(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failures else 0)
