# SPDX-License-Identifier: Apache-2.0
"""What the steps of the story use: run a client inside, look at what the servers saw, ask weirctl what was
recorded, and say of each step whether it went as it should."""

import dataclasses
import json
import os
import pathlib
import re
import shlex
import socket
import subprocess
import sys
import time

CLIENT = "10.20.0.10"
MAIL_CLIENT = "10.20.0.25"
RECORD_DEADLINE_S = 10.0


@dataclasses.dataclass
class Ran:
    command: str
    code: int
    out: str
    err: str

    @property
    def text(self):
        """The line a person would look at: the last words of the error, else of the output."""
        for stream in (self.err, self.out):
            lines = [line.strip() for line in stream.splitlines() if line.strip()]
            if lines:
                return lines[-1][:160]
        return ""


def run(argv, timeout, **keywords):
    try:
        done = subprocess.run(argv, capture_output=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL,
                              **keywords)
        code, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        code, out, err = 124, late.stdout or b"", b"no end within %d s" % timeout
    return Ran(shlex.join(argv), code, out.decode(errors="replace"), err.decode(errors="replace"))


def until(predicate, seconds=RECORD_DEADLINE_S):
    """Polls until the predicate gives something true; returns its last answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = predicate()
        if answer or time.monotonic() >= deadline:
            return answer
        time.sleep(0.1)


class Lab:
    def __init__(self):
        self.dir = pathlib.Path(os.environ["LAB_DIR"])
        self.source = pathlib.Path(os.environ["LAB_SOURCE"])
        self.bin = pathlib.Path(os.environ["LAB_BIN"])
        self.driver = os.environ["LAB_DRIVER"]
        self.weir = self.driver != "bridge"
        self.workers = int(os.environ["LAB_WORKERS"])
        self.ca = str(self.dir / "pki/ca.pem")
        self.inside_name = os.environ["LAB_IN"]
        self.recorded = set()  # rules that a step of this story found in the records

    def described(self):
        return f"Weir, driver {self.driver}, {self.workers} worker{'s' if self.workers > 1 else ''}"

    # The two sides.

    def inside(self, *argv, timeout=20, **keywords):
        return run(["ip", "netns", "exec", self.inside_name, *argv], timeout, **keywords)

    def start_inside(self, *argv, **keywords):
        return subprocess.Popen(["ip", "netns", "exec", self.inside_name, *argv], **keywords)

    def outside(self, *argv, timeout=20):
        return run(["ip", "netns", "exec", os.environ["LAB_OUT"], *argv], timeout)

    def curl(self, *argv, timeout=20):
        return self.inside("curl", "--silent", "--show-error", "--max-time", "8", "--cacert", self.ca, *argv,
                           timeout=timeout)

    def log(self, name):
        try:
            return (self.dir / "log" / name).read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def requests(self, name):
        """Requests that reached the web server for this name."""
        return self.log(f"web-{name}.log")

    def mail_kept(self):
        """(sender, recipients) of every message that the mail server keeps."""
        return [tuple(line.split()[1:3]) for line in self.log("mail.log") if line.startswith("stored ")]

    # What Weir recorded.

    def weirctl(self, *argv, timeout=20):
        return run([str(self.bin / "weirctl"), "--config", str(self.dir / "etc/weir.yaml"), *argv], timeout)

    def weirctl_json(self, *argv):
        ran = self.weirctl(*argv, "-o", "json")
        try:
            return json.loads(ran.out)
        except json.JSONDecodeError:
            rows = [line for line in ran.out.splitlines() if line.startswith("{")]
            return [json.loads(row) for row in rows]

    def ask(self, daemon, op, **more):
        """One question on a daemon's control socket: dataplane or classifier-0. None when nobody answers."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2.0)
                connection.connect(str(self.dir / "run" / f"{daemon}.sock"))
                connection.sendall(json.dumps({"op": op, **more}).encode() + b"\n")
                return json.loads(connection.makefile().readline())
        except (OSError, json.JSONDecodeError):
            return None

    def classifier_attached(self):
        return (self.ask("dataplane", "status") or {}).get("channel") == "attached"

    def flows(self, **wanted):
        return (self.ask("dataplane", "flows", **wanted) or {}).get("flows", [])

    def violations(self, **wanted):
        found = self.weirctl_json("violation", "list")
        return [row for row in found if all(str(row.get(key)) == str(value) for key, value in wanted.items())]

    def violation(self, **wanted):
        """The first violation like this, once the engine has recorded it; None when it does not in time."""
        return (until(lambda: self.violations(**wanted)) or [None])[0]


class Step:
    """One step as it is played: prints what was seen and collects what differs."""

    def __init__(self, number, title, lab):
        self.number, self.title, self.lab = number, title, lab
        self.differences = []
        print(f"\n{number:>2}  {title}", flush=True)

    def line(self, who, text):
        print(f"      {who:<7} {text}", flush=True)

    def client(self, ran):
        command = ran.command.split(" exec ", 1)[-1].split(" ", 1)[-1]
        command = command.replace(f" --cacert {self.lab.ca}", "").replace(" --silent --show-error --max-time 8", "")
        command = re.sub(r" --resolve [^ ]*198[^ ]*", "", command)
        self.line("client", f"{command}  ->  {ran.code} {ran.text}")

    def server(self, text):
        self.line("server", text)

    def weir(self, text):
        self.line("weir", text)

    def check(self, truth, what):
        if not truth:
            self.differences.append(what)
            self.line("DIFFERS", what)
        return truth

    def check_refused(self, ran, what):
        """Refused by a Weir; the control run expects the very same to pass."""
        if self.lab.weir:
            self.check(ran.code != 0, f"{what} should be refused")
            self.check(ran.code not in (124, 28), f"{what} should be refused at once, it hung")
        else:
            self.check(ran.code == 0, f"{what} should pass over a plain bridge")

    def check_violation(self, **wanted):
        """Weir's record of a hit, shown and returned; nothing to ask in the control run."""
        if not self.lab.weir:
            return None
        row = self.lab.violation(**wanted)
        named = " ".join(f"{key}={value}" for key, value in wanted.items())
        if self.check(row is not None, f"no violation {named} was recorded"):
            keys = ("rule", "severity", "action", "subject", "object", "count")
            self.lab.recorded.add(row["rule"])
            self.weir("violation " + " ".join(f"{key}={row[key]}" for key in keys if key in row))
        return row

    def end(self):
        print(f"    {'PASS' if not self.differences else 'DIFFERS'}", flush=True)
        return not self.differences


if __name__ == "__main__":  # lab.py DAEMON OP: the daemon's answer
    print(json.dumps(Lab().ask(*sys.argv[1:3])))
