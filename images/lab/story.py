#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the story in a lab that is up, step by step. Exit code 0: no step differs from what it should be."""

import os
import sys
import time

import steps_console
import steps_mail
import steps_operate
import steps_quota
import steps_refusals
import steps_software
import steps_web
from lab import Lab, Step

STORY = [
    ("Neighbours, ping and names pass", steps_web.plumbing, "any"),
    ("An allowed page loads, over HTTP and HTTPS, IPv4 and IPv6", steps_web.allowed, "any"),
    ("A gambling page is refused, over HTTP and HTTPS", steps_web.blocked, "any"),
    ("A kept-alive connection is judged request by request", steps_web.kept_alive, "any"),
    ("Mail to a partner arrives, mail to a forbidden domain does not leave", steps_mail.mail, "any"),
    ("A refused user learns why, over HTTP, TLS and DNS", steps_refusals.told, "weir"),
    ("A page says why where DNS lets the name pass", steps_refusals.page, "weir"),
    ("A limited download is slow and completes", steps_refusals.limited, "weir"),
    ("A quota is used up, by small downloads and by a long one", steps_quota.used_up, "weir"),
    ("Postfix delivers to the allowed recipients and bounces the refused one", steps_refusals.bounce, "weir"),
    ("A rule on trial records what it would block, and the page loads", steps_web.on_trial, "any"),
    ("Unauthorised software is stopped, all software is listed", steps_software.software, "any"),
    ("The policy changes under traffic; a broken one changes nothing", steps_operate.policy_edit, "weir"),
    ("Every refusal can be explained", steps_operate.explain, "weir"),
    ("The violations, as an officer reads them", steps_operate.violation_table, "weir"),
    ("An officer signs in at the console and sees them", steps_console.officer, "weir"),
    ("No frame is lost without a name", steps_operate.conservation, "weir"),
]


def main():
    lab = Lab()
    chosen = {int(number) for number in os.environ.get("LAB_STEPS", "").split(",") if number}
    started = time.monotonic()
    print(f"The lab's story over {lab.described() if lab.weir else 'a plain bridge (control)'}")
    differing = []
    for number, (title, play, where) in enumerate(STORY, start=1):
        if (chosen and number not in chosen) or (where == "weir" and not lab.weir):
            continue
        step = Step(number, title, lab)
        play(lab, step)
        if not step.end():
            differing.append(number)
    seconds = time.monotonic() - started
    if differing:
        print(f"\nDIFFERS in step {', '.join(map(str, differing))} ({seconds:.0f} s)")
    else:
        print(f"\nEvery step went as it should ({seconds:.0f} s)")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
