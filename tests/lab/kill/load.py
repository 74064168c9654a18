# SPDX-License-Identifier: Apache-2.0
"""The load under which a process dies, in a lab that is up: iperf3 over TCP and UDP and numbered datagrams (all decided
flows), clients that open one new connection after the other, and what Weir counts meanwhile."""

import collections
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, os.environ["LAB_SOURCE"])
from lab import run, until  # noqa: E402  (the lab's own helpers)

STREAM = str(pathlib.Path(__file__).parent.parent / "stream.py")
LOAD_S = 12
STREAM_S = 9.5  # after two seconds in which its flow is decided
STREAM_RATE = 2_000
TCP_RATE = "50M"
UDP_RATE = "20M"
INTERVAL_S = 0.25
ALLOWED, BLOCKED = "allowed.example", "bet.example"
RULE = "no-gambling"
IN_OUT = ["ip", "netns", "exec", os.environ["LAB_OUT"]]


def fetch(lab, name):
    """A page over a new connection; `out` of it is the status."""
    return lab.curl("--output", "/dev/null", "--write-out", "%{http_code}", "--resolve", f"{name}:80:198.51.100.10",
                    f"http://{name}/")


class Browsers:
    """A client asks for an allowed page and one for a blocked one, each time over a new connection. More of them would take the
    processor from those whose packets are counted."""

    def __init__(self, lab):
        self.lab, self.stop = lab, threading.Event()
        self.saw = {name: collections.Counter() for name in (ALLOWED, BLOCKED)}
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.browse, args=(name,)) for name in self.saw]
        for thread in self.threads:
            thread.start()

    def browse(self, name):
        while not self.stop.is_set():
            ran = fetch(self.lab, name)
            with self.lock:
                self.saw[name][ran.out if ran.code == 0 else f"curl {ran.code}"] += 1

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    @property
    def loaded(self):
        return self.saw[ALLOWED]["200"]

    @property
    def refused(self):
        """Blocked pages that ended at once with Weir's page or a reset: each is a violation."""
        return sum(count for what, count in self.saw[BLOCKED].items() if what in ("403", "curl 52", "curl 56"))

    @property
    def tried(self):
        return sum(self.saw[BLOCKED].values())


class Load:
    """All of it, from the moment when the flows that carry it are decided."""

    def __init__(self, lab):
        self.lab = lab
        self.began = counters_at_rest(lab)
        self.server = subprocess.Popen([*IN_OUT, "nice", "-n", "-10", "iperf3", "-s", "-1", "-p", "5202", "-B", "198.51.100.50"],
                                       stdout=subprocess.DEVNULL)
        self.receiver = subprocess.Popen([*IN_OUT, "nice", "-n", "-10", "/usr/bin/python3", STREAM, "receive"],
                                         stdout=subprocess.PIPE, text=True)
        self.receiver.stdout.readline()
        until(lambda: lab.outside("ss", "-Hltn", "sport = :5202").out)
        self.tcp = self.iperf(5201, "-b", TCP_RATE)
        self.udp = self.iperf(5202, "-u", "-b", UDP_RATE, "-l", "1200")
        self.source = lab.start_inside("/usr/bin/python3", STREAM, "send", str(STREAM_S), str(STREAM_RATE))
        self.flows = until(self.decided)
        self.ready = counters_from_now(lab)
        self.browsers = Browsers(lab)

    def iperf(self, port, *argv):
        return self.lab.start_inside("iperf3", "--json", "-c", "198.51.100.50", "-p", str(port), "-t", str(LOAD_S), "-i",
                                     str(INTERVAL_S), *argv, stdout=subprocess.PIPE)

    def decided(self):
        flows = [flow for port in (5201, 5202) for flow in self.lab.flows(port=port, state="decided")]
        heavy = [flow for flow in flows if sum(flow["bytes"]) > 500_000]
        stream = self.lab.flows(port=5300, state="decided")
        return heavy + stream if len(heavy) >= 2 and stream else None

    @property
    def early(self):
        """Frames that the exception table dropped while the flows of the load were not decided yet."""
        return sum(self.ready.rows.values()) - sum(self.began.rows.values())

    @property
    def lasts(self):
        return self.tcp.poll() is None and self.receiver.poll() is None

    @property
    def worker(self):
        return self.flows[0]["worker"] if self.flows else 0

    def end(self):
        """What iperf3 over TCP, iperf3 over UDP and the stream saw."""
        saw = json.loads(self.receiver.communicate(timeout=60)[0])
        reports = [json.loads(one.communicate(timeout=60)[0]) for one in (self.tcp, self.udp)]
        self.source.wait()
        self.browsers.end()
        return *reports, saw

    def give_up(self):
        self.browsers.stop.set()
        for process in (self.server, self.receiver, self.tcp, self.udp, self.source):
            if process.poll() is None:
                process.kill()
            process.wait()


@dataclasses.dataclass
class Counters:
    reasons: dict  # frames dropped by Weir, by reason
    rows: dict  # of them those of the exception table, by row
    received: int  # frames
    unfetched: int  # frames that the kernel gave to Weir's ports and that Weir did not receive
    late: int  # datagrams that reached the host outside and overran their socket, because its reader did not run


def counters(lab):
    status = lab.ask("dataplane", "status")
    reasons, rows, received = {}, {}, 0
    for port in status["ports"]:
        received += port["counters"]["received"]
        for reason, count in port["counters"]["dropped"].items():
            reasons[reason] = reasons.get(reason, 0) + count
    for worker in status["workers"]:
        for row, counts in worker["exceptions"].items():
            rows[row] = rows.get(row, 0) + counts["drop"]
    given = sum(int(run(["ip", "netns", "exec", os.environ["LAB_MID"], "cat",
                         f"/sys/class/net/{name}/statistics/rx_packets"], 5).out) for name in ("inside0", "outside0"))
    names, values = (line.split() for line in lab.outside("cat", "/proc/net/snmp").out.splitlines()
                     if line.startswith("Udp: "))
    return Counters(reasons, rows, received, given - received, int(values[names.index("RcvbufErrors")]))


def counters_from_now(lab):
    """A worker shows its counters now and then: what it counted before this call is in them."""
    before = counters(lab).received
    looks = []
    until(lambda: looks.append(counters(lab)) or looks[-1].received > before)
    return looks[-1]


def counters_at_rest(lab):
    """While frames are on their way the kernel's count runs ahead of Weir's; the smallest distance counts."""
    looks = []
    until(lambda: looks.append(counters(lab)) or len(looks) == 10)
    return dataclasses.replace(looks[-1], unfetched=min(look.unfetched for look in looks))


def recorded(lab):
    """Sightings of the blocked page that the engine has recorded."""
    return sum(row["count"] for row in lab.violations(rule=RULE))


def events_lost(lab):
    """Events that the classifiers could not deliver, as they say themselves."""
    answers = (lab.ask(f"classifier-{worker}", "status") for worker in range(lab.workers))
    return sum(answer["events"]["lost"] for answer in answers if answer)
