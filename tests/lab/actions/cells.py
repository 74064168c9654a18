# SPDX-License-Identifier: Apache-2.0
"""What the cells of several protocols share."""

import dataclasses
import os
import re
import subprocess

from lab import until

LIMIT_BYTES_S = 500_000
LONG_BYTES = 400_000
SHORTEST_S = LONG_BYTES / LIMIT_BYTES_S * 0.7  # a token bucket lets some go first
REFERENCE = re.compile(r"[0-9a-f]{16}-\d+-\d+")


@dataclasses.dataclass
class Protocol:
    name: str
    cells: dict  # action -> function of the cell


def outside(lab, log, *command):
    """A server in the outside namespace, with its output in the lab's log folder."""
    with open(lab.dir / "log" / log, "wb") as file:
        return subprocess.Popen(["ip", "netns", "exec", os.environ["LAB_OUT"], *command], stdout=file, stderr=file,
                                stdin=subprocess.DEVNULL)


def check_reference(cell, text, rule):
    """The reference that the user was given leads to the rule."""
    found = REFERENCE.search(text)
    if cell.check(found, f"no reference in {text!r}"):
        ran = until(lambda: (said := cell.lab.weirctl("explain", found[0])).code == 0 and said)
        cell.check(ran and f"rule {rule} " in ran.out, f"{found[0]} does not lead to {rule}")
