#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In a lab that is up: runs every program (programs.py) from an address of its own, takes what Weir's events say of the
software at that address, and prints both side by side. Right is a named product that the program is, with its version
where it shows one; precision is over all that Weir named, recall over all programs. Exit code 0: precision at least 95 %,
recall at least 85 %, and at least 20 programs spoke."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, os.environ["LAB_SOURCE"])
sys.dont_write_bytecode = True
from lab import Lab, until  # noqa: E402
from programs import other_programs, web_programs  # noqa: E402

PRECISION, RECALL, PROGRAMS = 0.95, 0.85, 20
PATIENCE_S = 6


def serve(lab, place):
    """Servers that the lab does not have: SSH, rsync, and an OpenVPN port that does not answer."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{place}/host"], check=True)
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    (place / "rsyncd.conf").write_text(f"use chroot = no\n[files]\npath = {place}\n")
    for argv in (["/usr/sbin/sshd", "-D", "-f", "/dev/null", "-p", "2022", "-h", f"{place}/host", "-o", "PidFile=none"],
                 ["rsync", "--daemon", "--no-detach", f"--config={place}/rsyncd.conf"]):
        subprocess.Popen(["ip", "netns", "exec", os.environ["LAB_OUT"], *argv], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # ends with the lab
    for port in ("2022", "873"):
        if not until(lambda port=port: lab.outside("ss", "-Hltn", f"sport = :{port}").out):
            raise SystemExit(f"no server on port {port}")


class Events:
    """All events of the lab, as weirctl shows them."""

    def __init__(self, lab, place):
        self.path = place / "events"
        with open(self.path, "wb") as out:
            self.watch = subprocess.Popen([str(lab.bin / "weirctl"), "--config", str(lab.dir / "etc/weir.yaml"), "flow",
                                           "watch", "-o", "json"], stdout=out)

    def of(self, addresses):
        lines = self.path.read_text(errors="replace").splitlines()
        rows = [json.loads(line) for line in lines if line.endswith("}")]
        return [row for row in rows if row.get("initiator") in addresses]


def named(events):
    """{product: version}, the version of whichever event shows one."""
    found = {}
    for event in events:
        for software in event.get("software", []):
            found[software["product"]] = software.get("version") or found.get(software["product"], "")
    return found


def play(lab, events, program, number):
    """Runs the program from its own addresses; what Weir named, whether there was any flow but DNS, the events."""
    addresses = (f"10.20.7.{number}", f"fd00:20::7:{number}")
    for command in (["addr", "add", f"{addresses[0]}/16", "dev", "lan0"],
                    ["addr", "add", f"{addresses[1]}/48", "dev", "lan0", "nodad"],
                    ["route", "replace", "default", "via", "10.20.0.1", "src", addresses[0]],
                    ["-6", "route", "replace", "default", "via", "fd00:20::1", "src", addresses[1]]):
        subprocess.run(["ip", "-n", os.environ["LAB_IN"], *command], check=True)
    environment = {**os.environ, "HOME": str(lab.dir / "home"), "LC_ALL": "C.UTF-8", "NO_PROXY": "*"}
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        environment.pop(name, None)
    try:
        subprocess.run(["ip", "netns", "exec", os.environ["LAB_IN"], *program.command], input=program.stdin, env=environment,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        pass

    def spoke():
        return [event for event in events.of(addresses) if event.get("responder_port") != 53]
    until(lambda: spoke() and program.product in named(spoke()), PATIENCE_S)
    return named(spoke()), bool(spoke()), spoke()


def judged(program, found):
    """(named, right, recalled)"""
    right = 0
    for product, version in found.items():
        if product == program.product:
            right += program.version is None or version == program.version
        else:
            right += product in program.also
    version = found.get(program.product)
    recalled = version is not None and (program.version is None or version == program.version)
    return len(found), right, recalled


def main():
    lab = Lab()
    place = lab.dir / "software"
    (lab.dir / "home").mkdir()
    place.mkdir()
    (place / "sources").write_text("deb [trusted=yes] http://tools.example/debian stable main\n")
    (place / "lists/partial").mkdir(parents=True)
    (place / "login").write_text("x\ny\n")
    serve(lab, place)
    events = Events(lab, place)
    names = rights = recalls = spoken = 0
    programs = web_programs(str(place), lab.ca) + other_programs(str(place))
    print(f"{'program':<18} {'is':<26} {'Weir named':<46} verdict")
    for number, program in enumerate(programs, 1):
        found, spoke, rows = play(lab, events, program, number)
        count, right, recalled = judged(program, found)
        names, rights, recalls, spoken = names + count, rights + right, recalls + recalled, spoken + spoke
        truth = f"{program.product} {program.version or ''}".strip()
        shown = ", ".join(f"{product} {version}".strip() for product, version in sorted(found.items())) or "-"
        verdict = "right" if recalled and right == count else "missed" if not count else "differs"
        ja4 = sorted({row["tls"]["ja4"] for row in rows if row.get("tls", {}).get("ja4")})
        print(f"{program.name:<18} {truth:<26} {shown:<46} {verdict if spoke else 'said nothing'} {' '.join(ja4)}", flush=True)
    events.watch.terminate()
    precision, recall = rights / max(names, 1), recalls / len(programs)
    print(f"{len(programs)} programs, {spoken} spoke; precision {precision:.1%} ({rights} of {names}), "
          f"recall {recall:.1%} ({recalls} of {len(programs)})")
    return 0 if spoken >= PROGRAMS and precision >= PRECISION and recall >= RECALL else 1


if __name__ == "__main__":
    sys.exit(main())
