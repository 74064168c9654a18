# SPDX-License-Identifier: Apache-2.0
"""What a row of the table is: a program, and which product and version it is by Debian's or by its own word."""

import dataclasses
import re
import subprocess

WEB = "http://tools.example"
TLS_WEB = "https://tools.example"
HOST = "198.51.100.10"      # of the servers of servers.py
PEER = "198.51.100.66"      # of the tracker and the Tor bridge
PYTHON = "/usr/bin/python3"  # Debian's
SECONDS = 40                # a program has at most, for itself and until Weir has named it
BROWSER_S = 100             # they start slowly where others want the processors too


@dataclasses.dataclass
class Program:
    name: str        # of the row
    package: str     # of Debian
    product: str     # id of the catalogue
    version: object  # () -> the version as the wire shows it; None: it does not show
    command: list    # run inside; its exit code is of no interest, what it says is
    library: str = ""    # product that is its library: right, but not the program's own name
    also: tuple = ()     # further products, without versions, that are right
    stdin: bytes = b""
    env: dict = dataclasses.field(default_factory=dict)
    seconds: float = SECONDS   # less where nothing is to be waited for
    addressless: bool = False  # it asks for an address (DHCP)

    def installed(self):
        state = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}", self.package], capture_output=True,
                               text=True, check=False).stdout
        return state.startswith("ii")


def upstream(package):
    """Debian's version of the package without epoch and without what Debian added."""
    def version():
        text = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True,
                              check=True).stdout
        return re.sub(r"^\d+:", "", text).rsplit("-", 1)[0].split("+")[0]
    return version


def said(command, pattern, tail=""):
    """The version that the program itself prints."""
    def version():
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        found = re.search(pattern, done.stdout + done.stderr)
        if not found:
            raise SystemExit(f"{' '.join(command)} does not print its version: {done.stdout}{done.stderr}")
        return found.group(1) + tail
    return version


def on_terminal(*command):
    """The command with a terminal of its own."""
    return ["script", "-qfec", " ".join(command), "/dev/null"]
