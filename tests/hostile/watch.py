# SPDX-License-Identifier: Apache-2.0
"""Looks at a program and the workers it started while it runs."""
import os
import threading


def usage(pid):
    """Resident kB and open descriptors of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as handle:
            rss = next((int(line.split()[1]) for line in handle if line.startswith("VmRSS")), None)
        return None if rss is None else (rss, len(os.listdir(f"/proc/{pid}/fd")))
    except OSError:
        return None


def share(pid):
    """kB of memory that are this process's, what it shares with others in equal parts; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as handle:
            return next((int(line.split()[1]) for line in handle if line.startswith("Pss:")), 0)
    except OSError:
        return 0


def tree_of(pid):
    found = [pid]
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as handle:
                if int(handle.read().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(name))
        except (OSError, IndexError, ValueError):
            pass
    return found


class Watch(threading.Thread):
    """Looks every so often; `look` gets the pids of the program and its workers."""

    def __init__(self, pid, look, every):
        super().__init__(daemon=True)
        self.pid, self.look, self.every, self.over = pid, look, every, threading.Event()

    def run(self):
        while not self.over.is_set():
            try:
                self.look(tree_of(self.pid))
            except OSError:
                return
            self.over.wait(self.every)

    def stop(self):
        self.over.set()
        self.join()
