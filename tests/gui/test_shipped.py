#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the window with the model that comes with the program: test_shipped.py PROGRAM

The sample case is analysed; scores come with likelihood ratios. Pictures of the window go to $SMB_SCREENSHOTS if it is set.
"""
import sys

from person import Person, Tap, shooter, wait_for

PROGRAM = sys.argv[1]

tap = Tap()
who = None
shoot = shooter(lambda: who)


def analysed():
    global who
    who = Person(PROGRAM, "--sample")
    who.see("7 hashes verified", 60)
    wait_for("a score for every exhibit",
             lambda: sum("highest score 0." in text or "highest score 1." in text for text in who.texts()) >= 7, 120)


def judged():
    who.click(who.find("S-01,", partial=True))
    who.see("Class probabilities, F1")
    who.see("likelihood ratio of forged to genuine ")
    who.see("Semblance tiny")
    assert not who.has("Untrained weights"), "trained weights are called untrained"
    shoot("shipped-light")


def main():
    tap.step("the sample case is analysed with it", analysed)
    if who is None:
        print("Bail out! The window did not appear.", flush=True)
        sys.exit(1)
    tap.step("a score comes with its likelihood ratio", judged)
    if tap.failures:
        shoot(f"failed-{tap.count}")
    who.close()
    tap.done()


if __name__ == "__main__":
    main()
