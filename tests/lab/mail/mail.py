# SPDX-License-Identifier: Apache-2.0
"""The far client, the bad line to it, and what has to come out of a thousand mails."""

import collections
import email
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, os.environ["LAB_SOURCE"])
from lab import Lab, run  # noqa: E402

ADDRESS, MAC = "10.20.0.80", "02:00:00:00:00:50"
LOSS, REORDER, SEED = 0.02, 0.05, 20261127


class FarClient:
    """A namespace whose only way to the lab is the relay, which stands where the lab's clients are."""

    def __init__(self, lab):
        self.lab, self.name = lab, f"weir-far-{os.getpid()}"

    def ip(self, *words):
        ran = run(["ip", *words], 10)
        assert ran.code == 0, f"ip {' '.join(words)}: {ran.err}"

    def __enter__(self):
        self.ip("netns", "add", self.name)
        self.ip("link", "add", "far0", "netns", self.name, "address", MAC, "type", "veth", "peer", "name", "near0", "netns",
                self.lab.inside_name)
        for name, interface in ((self.name, "far0"), (self.lab.inside_name, "near0")):
            run(["ip", "netns", "exec", name, "ethtool", "-K", interface, *"rx off tx off sg off tso off gso off gro off".split()], 10)
            self.ip("-n", name, "link", "set", interface, "up")
        self.ip("-n", self.name, "addr", "add", f"{ADDRESS}/16", "dev", "far0")
        self.ip("-n", self.name, "route", "add", "default", "via", "10.20.0.1")
        self.relay = self.lab.start_inside("/usr/bin/python3", str(HERE / "relay.py"), "near0", "lan0", MAC, str(LOSS),
                                           str(REORDER), str(SEED), stdout=subprocess.PIPE, text=True)
        assert self.relay.stdout.readline().strip() == "ready"
        return self

    def __exit__(self, *_):
        self.relay.terminate()
        print("the line:", self.relay.communicate()[0].strip())
        run(["ip", "netns", "del", self.name], 10)

    def sessions(self, count):
        ran = run(["ip", "netns", "exec", self.name, "/usr/bin/python3", str(HERE / "sessions.py"), str(count), str(SEED)], 330)
        assert ran.code == 0, ran.err
        return [json.loads(line) for line in ran.out.splitlines()]


def kept_mail(lab):
    """Subject -> what the server keeps of it: (body's hash, recipients), once for each time."""
    kept = collections.defaultdict(list)
    for path in (lab.dir / "maildir" / "new").iterdir():
        message = email.message_from_bytes(path.read_bytes())
        body = message.get_payload().replace("\r\n", "\n").strip()
        kept[message["Subject"]].append((hashlib.sha256(body.encode()).hexdigest(),
                                         set(message["X-Envelope-To"].split(", "))))
    return kept


def main():
    lab, count = Lab(), int(sys.argv[1])
    started = time.monotonic()
    with FarClient(lab) as far:
        sessions = far.sessions(count)
    seconds = time.monotonic() - started
    kept, wrong = kept_mail(lab), []
    for one in sessions:
        name = f"mail-{one['number']}"
        wrong += [f"{name}: {text}" for text in one["wrong"]]
        if not one["wrong"] and kept[name] != [(one["sha256"], set(one["to"]))]:
            wrong.append(f"{name}: sent {one['sha256']} to {one['to']}, the server keeps {kept[name]}")
    named = [line for line in lab.log("mail.log") if "refused.example" in line]
    wrong += [f"the server heard {line}" for line in named[:5]]
    refused = sum(one.get("refused", 0) for one in sessions)
    print(f"{len(sessions)} sessions in {seconds:.0f} s, {refused} recipients refused, {len(kept)} messages kept, "
          f"{len(wrong)} wrong")
    for text in wrong[:20]:
        print("  " + text)
    return 1 if wrong or len(sessions) != count or refused == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
