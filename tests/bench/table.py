# SPDX-License-Identifier: Apache-2.0
"""Tables of the benchmark: on the terminal as they come, and in a Markdown file that says where and when."""
import datetime
import os
import pathlib
import re


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*:\s*(.*)", text)
    flags = re.search(r"^flags\s*:\s*(.*)$", text, re.M)
    known = [f for f in ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8")
             if flags and f in flags.group(1).split()]
    return f"{name.group(1) if name else 'processor'}, {len(os.sched_getaffinity(0))} cores ({', '.join(known)})"


class Report:
    def __init__(self, path):
        self.path = path
        head = f"# Benchmark of {datetime.date.today().isoformat()}\n\n{processor()}\n"
        print(head, flush=True)
        if path is not None:
            pathlib.Path(path).write_text(head)

    def _write(self, text):
        if self.path is not None:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(text)

    def note(self, text):
        print(f"  {text}", flush=True)
        self._write(f"\n{text}\n")

    def section(self, title, names, rows):
        widths = [max(len(row[i]) for row in [names, *rows]) for i in range(len(names))]
        print(title)
        for row in [names, *rows]:
            print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        print(flush=True)
        lines = ["| " + " | ".join(row) + " |" for row in [names, ["---"] * len(names), *rows]]
        self._write(f"\n## {title}\n\n" + "\n".join(lines) + "\n")
