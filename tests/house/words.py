#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Translations: POTFILES lists exactly the files with words in them (its order does not matter), and every language is complete.

`words.py --update` rewrites po/*.po from the sources (new words come in empty, none are guessed).
"""
import os
import re
import subprocess
import sys
import tempfile

import house

PO = os.path.join(house.ROOT, "po")
MARKED = re.compile(r"\b(?:N?_|N?C_|ngettext|g_dngettext|g_dpgettext2?) ?\(")
TRANSLATED_DATA = (".desktop.in", ".metainfo.xml.in")
KEYWORDS = ["_", "N_", "C_:1c,2", "NC_:1c,2", "ngettext:1,2", "g_dcgettext:2", "g_dngettext:2,3", "g_dpgettext2:2c,3"]


def lines(name):
    with open(os.path.join(PO, name), encoding="utf-8") as handle:
        return [line.strip() for line in handle if line.strip() and not line.startswith("#")]


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*|^\s*#\s*define[^\n]*", "", text, flags=re.DOTALL | re.MULTILINE)


def has_words(path):
    if path.endswith(".ui"):
        return 'translatable="yes"' in house.read(path)
    if path.endswith(TRANSLATED_DATA):
        return True
    return path.endswith((".c", ".cpp")) and bool(MARKED.search(without_comments(house.read(path))))


def potfiles_problems():
    listed = lines("POTFILES")
    holds = {path for path in house.files() if path.startswith(("engine/", "app/", "resources/", "data/")) and has_words(path)}
    return ([f"po/POTFILES: {path} has words to translate but is not listed" for path in sorted(holds - set(listed))]
            + [f"po/POTFILES: {path} has no words to translate, or is gone" for path in listed if path not in holds]
            + (["po/POTFILES: a line twice"] if len(listed) != len(set(listed)) else []))


def cut_problems():
    """xgettext sees only the C library's own format macros: at one of GLib's it cuts the message, which is then never found."""
    call = re.compile(r'\b(?:N?_|N?C_|g_dngettext) ?\((?:\s*(?:GETTEXT_PACKAGE|,|"(?:[^"\\]|\\.)*"))*\s*(G_[A-Z0-9_]*FORMAT)')
    return [f"{path}: {name} inside a message to translate; write PRId64 or PRIu64 of <inttypes.h>"
            for path in lines("POTFILES") if path.endswith(".c") for name in call.findall(house.read(path))]


def run(*command):
    return subprocess.run(command, cwd=house.ROOT, check=True, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})


def fresh_template(folder):
    """The .pot as the sources are now."""
    pot = os.path.join(folder, "semblance.pot")
    run("xgettext", "--package-name=semblance", "--from-code=UTF-8", "--add-comments=Translators", "--files-from=po/POTFILES",
        *[f"--keyword={keyword}" for keyword in KEYWORDS], "--output=" + pot)
    return pot


def language_problems(language, pot, folder):
    po = os.path.join(PO, language + ".po")
    if not os.path.exists(po):
        return [f"po/{language}.po is not there"]
    merged = os.path.join(folder, language + ".po")
    run("msgmerge", "--quiet", "--no-fuzzy-matching", "--output-file=" + merged, po, pot)
    found = []
    if "\n#~ " in house.read(f"po/{language}.po"):
        found.append(f"po/{language}.po: has words that no source has any more; words.py --update takes them out")
    for flag, what in (("--untranslated", "not translated"), ("--only-fuzzy", "fuzzy")):
        left = run("msgattrib", flag, "--no-obsolete", "--no-location", merged).stdout.decode()
        for message in re.findall(r'^msgid ((?:".*"\s*)+)', left, re.MULTILINE):
            words = "".join(re.findall(r'"(.*)"', message))
            if words:
                found.append(f"po/{language}.po: {what}: {words}")
    try:
        run("msgfmt", "--check", "--output-file=/dev/null", merged)
    except subprocess.CalledProcessError as failure:
        found += [f"po/{language}.po: {line}" for line in failure.stderr.decode().splitlines()]
    return found


def update(pot):
    for language in lines("LINGUAS"):
        po = os.path.join(PO, language + ".po")
        run("msgmerge", "--quiet", "--update", "--backup=none", "--no-fuzzy-matching", "--no-wrap", "--sort-by-file", po, pot)
        run("msgattrib", "--no-obsolete", "--no-wrap", "--sort-by-file", "--output-file=" + po, po)


def main():
    with tempfile.TemporaryDirectory() as folder:
        if sys.argv[1:] == ["--update"]:
            update(fresh_template(folder))
            return
        tap = house.Tap()
        problems = potfiles_problems()
        tap.check("POTFILES lists exactly the files with words", problems)
        tap.check("no message is cut by a macro", [] if problems else cut_problems())
        if problems:
            tap.done()
        pot = fresh_template(folder)
        for language in lines("LINGUAS"):
            tap.check(f"{language}: complete, nothing fuzzy, formats agree", language_problems(language, pot, folder))
        tap.done()


main()
