#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In a lab that is up: runs every program (programs_*.py) from an address of its own, takes what Weir's events say of the
software at that address, and prints both side by side, first programs as they speak in the clear, then some over TLS.
Right is a named product that the program is, with its version where the wire shows one and without where not; over TLS
the program's library is right too ("library"). Precision is over all that Weir named, recall over all programs that ran.
Exit code 0: in both tables precision is at least 95 % and recall at least 85 %, the first has at least 20 programs, and
every program said something."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.environ["LAB_SOURCE"])
sys.dont_write_bytecode = True
os.environ["LAB_SOFTWARE"] = str(pathlib.Path(__file__).resolve().parent)
from lab import Lab, until  # noqa: E402
from programs_other import mail_programs, other_programs, quiet_programs, ssh_programs  # noqa: E402
from programs_tls import tls_programs  # noqa: E402
from programs_web import browsers, code_programs, torrent_programs, web_programs  # noqa: E402
from servers import serve  # noqa: E402

PRECISION, RECALL, PROGRAMS = 0.95, 0.85, 20
LAST_WORD_S = 20  # from the end of a program to the last event of its TCP flows


class Events:
    """All events of the lab, as weirctl shows them."""

    def __init__(self, lab, place):
        self.rows, self.rest = [], b""
        with open(place / "events", "wb") as out:
            self.watch = subprocess.Popen([str(lab.bin / "weirctl"), "--config", str(lab.dir / "etc/weir.yaml"), "flow",
                                           "watch", "-o", "json"], stdout=out)
        self.file = open(place / "events", "rb")

    def of(self, addresses, since_ns):
        lines = (self.rest + self.file.read()).split(b"\n")
        self.rest = lines.pop()
        self.rows += [json.loads(line) for line in lines if line]
        return [row for row in self.rows if int(row.get("started_ns", 0)) >= since_ns and
                (row.get("initiator") in addresses or row.get("responder") in addresses)]


class Play:
    """One program as it runs, and what came of it."""

    def __init__(self, lab, events, program, number, tls):
        self.lab, self.events, self.program, self.tls = lab, events, program, tls
        self.place = lab.dir / "software"
        self.log = self.place / f"program-{number}.log"
        self.addresses = (f"10.20.7.{number}", f"fd00:20::7:{number}")
        self.seen = ("0.0.0.0",) if program.addressless else self.addresses
        self.truth = program.version() if program.version else ""
        self.began_ns = self.ended = 0
        self.spoke = False  # to anybody but the resolver

    def rows(self):
        return self.events.of(self.seen, self.began_ns)

    def flows(self):
        return [flow for address in self.seen for flow in self.lab.flows(address=address)]

    def found(self):
        """{product: (version, evidence)}, the version of whichever event shows one."""
        found = {}
        for event in self.rows():
            for software in event.get("software", []):
                version = software.get("version", "")
                if version or software["product"] not in found:
                    found[software["product"]] = version, software["evidence"]
        return found

    def own(self):
        return self.found().get(self.program.product, (None,))[0] == self.truth

    def recalled(self):
        return self.own() or (self.tls and self.program.library in self.found())

    def take_address(self):
        for command in (["addr", "add", f"{self.addresses[0]}/16", "dev", "lan0"],
                        ["addr", "add", f"{self.addresses[1]}/48", "dev", "lan0", "nodad"],
                        ["route", "replace", "default", "via", "10.20.0.1", "src", self.addresses[0]],
                        ["-6", "route", "replace", "default", "via", "fd00:20::1", "src", self.addresses[1]]):
            subprocess.run(["ip", "-n", os.environ["LAB_IN"], *command], check=True)

    def run(self):
        self.take_address()
        environment = {**os.environ, "HOME": os.environ["LAB_DIR"] + "/home", "LC_ALL": "C.UTF-8", "NO_PROXY": "*",
                       **self.program.env}
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            environment.pop(name, None)
        self.began_ns = time.time_ns()
        with open(self.log, "wb") as log:
            running = subprocess.Popen(["ip", "netns", "exec", os.environ["LAB_IN"], *self.program.command], stdout=log,
                                       stderr=log, env=environment, cwd=self.place, stdin=subprocess.PIPE,
                                       start_new_session=True)
        running.stdin.write(self.program.stdin)
        running.stdin.close()
        until(lambda: running.poll() is not None or self.recalled(), self.program.seconds)
        try:
            os.killpg(running.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        running.wait()
        self.spoke = until(lambda: any(row.get("responder_port") != 53 for row in [*self.rows(), *self.flows()]), 3)
        self.ended = time.monotonic()

    def settled(self):
        return self.recalled() or time.monotonic() > self.ended + LAST_WORD_S

    def counts(self):
        """(named, right, recalled, recalled by its own name)"""
        right = 0
        for product, (version, _) in self.found().items():
            if product == self.program.product:
                right += version == self.truth
            else:
                right += version == "" and product in (*self.program.also, self.program.library)
        return len(self.found()), right, self.recalled(), self.own()

    def row(self):
        found = sorted(self.found().items())
        named, right, recalled, own = self.counts()
        verdict = "WRONG" if right < named else "right" if own else "library" if recalled else "missed"
        if not self.spoke:
            verdict = "said nothing"
        return (f"{self.program.name:<18} {self.program.product + ' ' + self.truth:<28} "
                f"{', '.join(f'{product} {version}'.strip() for product, (version, _) in found) or '-':<34} "
                f"{', '.join(evidence for _, (_, evidence) in found)[:60] or '-':<60} {verdict}")


def prepare(lab, place):
    (lab.dir / "home").mkdir()
    for name in ("lists/partial", "firefox", "firefox-tls", "rtorrent", "transmission"):
        (place / name).mkdir(parents=True)
    for name, scheme in (("sources", "http"), ("sources-tls", "https")):
        (place / name).write_text(f"deb [trusted=yes] {scheme}://tools.example/debian stable main\n")
    (place / "patch").write_text("From: ann@inside.example\nSubject: [PATCH] hello\n\nGood morning.\n")
    (place / "transmission/settings.json").write_text((lab.source / "etc/transmission.json").read_text())
    serve(lab, place)


def table(title, plays):
    """Prints it; whether it holds, and its figures."""
    print(f"\n{title:<18} {'is':<28} {'Weir named':<34} {'evidence':<60} verdict")
    for play in plays:
        print(play.row())
    names, rights, recalls, owns = (sum(column) for column in zip(*(play.counts() for play in plays)))
    precision, recall = rights / max(names, 1), recalls / len(plays)
    return (precision >= PRECISION and recall >= RECALL,
            f"{len(plays)} programs, precision {precision:.1%} ({rights}/{names}), recall {recall:.1%} ({recalls}/{len(plays)}"
            + (f", {owns} by their own name)" if owns < recalls else ")"))


def main():
    lab = Lab()
    place = lab.dir / "software"
    place.mkdir()
    prepare(lab, place)
    events, where = Events(lab, place), str(place)
    clear = [*quiet_programs(where), *torrent_programs(where), *web_programs(where), *code_programs(where), *browsers(where),
             *ssh_programs(), *mail_programs(where), *other_programs(where)]
    plays, skipped = [], []
    for number, program in enumerate([*clear, *tls_programs(where, lab.ca)], 1):
        if not program.installed():
            skipped.append(f"skipped: {program.name}: Debian's package {program.package} is not installed")
            continue
        plays.append(Play(lab, events, program, number, tls=number > len(clear)))
        plays[-1].run()
    until(lambda: all(play.settled() for play in plays), LAST_WORD_S)
    events.watch.terminate()
    good, words = zip(table("program", [play for play in plays if not play.tls]),
                      table("over TLS", [play for play in plays if play.tls]))
    print("", *skipped, "; over TLS ".join(words), sep="\n")
    good = all(good) and all(play.spoke for play in plays) and sum(not play.tls for play in plays) >= PROGRAMS
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
